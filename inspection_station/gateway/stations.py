"""Which stations may speak: tickets, enrolment, renewal, revocation, and what each reported last."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from inspection_station.gateway.authority import Authority, RequestRefused
from inspection_station.gateway.tables import certificate, enrolment, station
from inspection_station.headquarters.enrolment import Enrolled, Enrolment, Renewal, Ticket
from inspection_station.headquarters.messages import Report
from inspection_station.headquarters.recipients import require_public
from inspection_station.headquarters.wire import WireError

RENEWAL_SKEW = timedelta(hours=26)  # a station's clock may be wrong; a day's replay of a request is harmless


class NotAdmitted(Exception):
    """This one may not speak here. The text tells an operator why and an attacker nothing new."""

    def __init__(self, text: str, *, known: bool = False) -> None:
        super().__init__(text)
        self.known = known


@dataclass(frozen=True, slots=True)
class KnownStation:
    """A station that may speak."""

    station_id: str
    key: Ed25519PublicKey
    bundle_key: bytes


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC; strings of this form sort as the moments do."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_ticket(connection: Connection, authority: Authority, name: str, now: datetime, life: timedelta) -> Ticket:
    """A code that enrols one station once. A station that was enrolled before gets new keys by it."""
    ticket = Ticket.new(bytes.fromhex(authority.fingerprint))
    connection.execute(delete(enrolment).where(enrolment.c.station_id == name, enrolment.c.used_at.is_(None)))
    connection.execute(
        insert(enrolment),
        {"code_hash": _hash(ticket.code), "station_id": name, "expires_at": stamp(now + life), "used_at": None},
    )
    return ticket


def enrol(
    connection: Connection, authority: Authority, gateway_id: str, training: bool, asked: Enrolment, now: datetime
) -> Enrolled:
    """Take a station in. Raises NotAdmitted, RequestRefused."""
    used = connection.execute(
        update(enrolment)
        .where(
            enrolment.c.code_hash == _hash(asked.code),
            enrolment.c.station_id == asked.station,
            enrolment.c.used_at.is_(None),
            enrolment.c.expires_at > stamp(now),
        )
        .values(used_at=stamp(now))
    )
    if used.rowcount != 1:
        raise NotAdmitted("no ticket for this station, or it was used or has run out")
    if asked.training is not training:
        raise NotAdmitted("training and live do not mix", known=True)
    try:
        require_public(asked.bundle_key)
    except WireError as error:
        raise RequestRefused("the key for bundles is none") from error
    connection.execute(delete(station).where(station.c.station_id == asked.station))
    connection.execute(
        insert(station),
        {
            "station_id": asked.station,
            "station_key": asked.station_key,
            "bundle_key": asked.bundle_key,
            "enrolled_at": stamp(now),
        },
    )
    return _certified(connection, authority, gateway_id, asked.station, asked.request, now)


def renew(connection: Connection, authority: Authority, gateway_id: str, asked: Renewal, now: datetime) -> Enrolled:
    """A new certificate for a station that signs for itself. Raises NotAdmitted, BadSignature, RequestRefused."""
    known = known_station(connection, asked.station)
    asked.require_signature(known.key)
    if abs(asked.at - now.timestamp()) > RENEWAL_SKEW.total_seconds():
        raise NotAdmitted("the station's clock is more than a day off", known=True)
    return _certified(connection, authority, gateway_id, asked.station, asked.request, now)


def known_station(connection: Connection, name: str) -> KnownStation:
    """Raises NotAdmitted for one that was never enrolled or is revoked."""
    row = connection.execute(
        select(station.c.station_key, station.c.bundle_key, station.c.revoked_at).where(station.c.station_id == name)
    ).one_or_none()
    return _known(name, row)


def stations_of_certificates(connection: Connection, serials: Sequence[str]) -> list[KnownStation | NotAdmitted]:
    """The stations that client certificates were issued to, or why one may not speak, in the order asked."""
    rows = connection.execute(
        select(
            certificate.c.serial,
            station.c.station_id,
            station.c.station_key,
            station.c.bundle_key,
            station.c.revoked_at,
        )
        .select_from(station.join(certificate, certificate.c.station_id == station.c.station_id))
        .where(certificate.c.serial.in_(sorted(set(serials))))
    )
    found = {row.serial: row for row in rows}
    return [_known_or_not(found.get(serial)) for serial in serials]


def revoke(connection: Connection, name: str, now: datetime) -> bool:
    """Shut a station out from this moment; False where there is no such station."""
    done = connection.execute(update(station).where(station.c.station_id == name).values(revoked_at=stamp(now)))
    return done.rowcount == 1


def note_reports(connection: Connection, reports: Sequence[tuple[str, Report]], now: datetime) -> None:
    """Keep what stations said about themselves. Rows are locked in the order of their names, as by every worker."""
    if not reports:
        return
    said = [
        {
            "name": name,
            "last_seen": stamp(now),
            "program": report.program,
            "waiting": " ".join(str(count) for count in report.waiting),
            "oldest_seconds": min(report.oldest_seconds, (1 << 31) - 1),
        }
        for name, report in dict(sorted(reports, key=lambda one: one[0])).items()
    ]
    connection.execute(update(station).where(station.c.station_id == bindparam("name")), said)


def _certified(
    connection: Connection, authority: Authority, gateway_id: str, name: str, request: bytes, now: datetime
) -> Enrolled:
    issued = authority.issue(request, name, now)
    connection.execute(
        insert(certificate),
        {
            "serial": format(issued.serial_number, "x"),
            "station_id": name,
            "not_after": stamp(issued.not_valid_after_utc),
            "issued_at": stamp(now),
        },
    )
    return Enrolled(
        gateway_id,
        issued.public_bytes(serialization.Encoding.PEM).decode(),
        authority.pem,
        authority.receipts_public,
        authority.bundles_public,
    )


def _known(name: str, row: Any) -> KnownStation:
    if row is None:
        raise NotAdmitted("this station is not enrolled here")
    if row.revoked_at is not None:
        raise NotAdmitted("this station was revoked", known=True)
    return KnownStation(name, Ed25519PublicKey.from_public_bytes(bytes(row.station_key)), bytes(row.bundle_key))


def _known_or_not(row: Any) -> KnownStation | NotAdmitted:
    try:
        return _known("" if row is None else row.station_id, row)
    except NotAdmitted as refused:
        return refused


def _hash(code: bytes) -> bytes:
    return hashlib.sha256(code).digest()
