"""Renewing the station's certificate in time, and also when it ran out long ago."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inspection_station.headquarters.client import renew_over_https
from inspection_station.headquarters.enrolment import Renewal, signing_request, tls_der
from inspection_station.headquarters.wire import Malformed
from inspection_station.inspection.outbox import StationIdentity

_AHEAD = timedelta(days=4)  # of seven: a failed attempt has days left


def runs_out(identity: StationIdentity) -> datetime:
    """When the station's certificate ends. Raises Malformed."""
    try:
        return x509.load_pem_x509_certificate(identity.certificate.encode()).not_valid_after_utc
    except ValueError as error:
        raise Malformed("the station's certificate cannot be read") from error


def due(identity: StationIdentity, now: datetime) -> bool:
    """Whether it is time to renew."""
    return runs_out(identity) - now < _AHEAD


def renewed(station: str, identity: StationIdentity, now: datetime) -> StationIdentity:
    """The identity with a fresh TLS key and certificate. Raises LinkFault, WireError."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = Ed25519PrivateKey.from_private_bytes(identity.station_key)
    renewal = Renewal.signed(station, signing_request(station, key), int(now.timestamp()), signer)
    answer = renew_over_https(identity, renewal)
    return replace(identity, tls_key=tls_der(key), certificate=answer.certificate)
