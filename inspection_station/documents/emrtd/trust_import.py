"""Taking certificates, revocation lists, master lists and lists of defects into a trust directory, one file at a time,
each for a reason.

A list comes in when its signer leads to an anchor that is there already and is made for signing such lists. Any other
is taken only by an explicit act, and its name says so from then on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import parse_certificate, parse_revocation_list, pem_blocks
from inspection_station.documents.emrtd.cms import SIGNED_DATA
from inspection_station.documents.emrtd.defect_lists import DefectList, parse_defect_list
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.documents.emrtd.master_list import MasterList, parse_master_list
from inspection_station.documents.emrtd.trust_files import MAX_FILE, UNVERIFIED, list_roots, refusal_of
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.given_file import read_given

_LISTS = (".ml", ".dfl", ".bin")
"""Endings of files that may need a root beside them."""


@dataclass(frozen=True, slots=True)
class TrustImport:
    """What became of one file: ``kind`` of its contents, the name it was stored under (None: refused), and why."""

    file: str
    kind: str
    stored_as: str | None
    detail: str


def import_files(paths: Sequence[Path], directory: Path, *, accept_unverified: bool = False) -> tuple[TrustImport, ...]:
    """Takes files into a trust directory, certificates first, so that a list may lead to a root beside it; then again
    what was refused, as long as one list brings the root that another leads to.

    OSError where the directory cannot be written. A file that cannot be used is refused and keeps no other out.
    """
    directory.mkdir(parents=True, exist_ok=True)
    found: dict[Path, list[TrustImport]] = {}
    waiting = sorted(paths, key=lambda p: (p.suffix.lower() in _LISTS, p.name))
    while True:
        for path in waiting:
            found[path] = _import(path, directory, accept_unverified=False)
        refused = [path for path in waiting if not all(one.stored_as for one in found[path])]
        if len(refused) == len(waiting):
            break
        waiting = refused
    for path in refused if accept_unverified else ():
        found[path] = _import(path, directory, accept_unverified=True)
    return tuple(one for of_path in found.values() for one in of_path)


def _import(path: Path, directory: Path, *, accept_unverified: bool) -> list[TrustImport]:
    name = path.name
    try:
        data = read_given(path, MAX_FILE)
        if len(data) > MAX_FILE:
            raise MalformedChipData("larger than 32 MB")
        blocks = pem_blocks(data)
    except MalformedChipData as fault:
        return [TrustImport(name, "unknown", None, fault.detail)]
    except OSError as fault:
        return [TrustImport(name, "unknown", None, fault.strerror or "cannot be read")]
    if blocks:
        return [_import_der(name, der, directory, accept_unverified) for _, der in blocks]
    return [_import_der(name, data, directory, accept_unverified)]


def _import_der(name: str, der: bytes, directory: Path, accept_unverified: bool) -> TrustImport:
    """Tries each kind in turn: the bytes decide, not the file's name."""
    reasons: list[str] = []
    if _is_signed_data(der):
        for list_kind in (_master_list, _defect_list):
            try:
                return list_kind(name, der, directory, accept_unverified)
            except ChipFault as fault:
                reasons.append(fault.detail)
        return TrustImport(name, "signed list", None, "; ".join(dict.fromkeys(reasons)))
    for kind in (_certificate, _revocation_list):
        try:
            return kind(name, der, directory)
        except ChipFault as fault:
            reasons.append(fault.detail)
    try:
        return _defect_list(name, der, directory, accept_unverified)
    except ChipFault:
        told = f"no certificate ({reasons[0]}), no revocation list ({reasons[1]}) and no signed list"
        return TrustImport(name, "unknown", None, told)


def _is_signed_data(der: bytes) -> bool:
    try:
        return asn1.oid(asn1.sequence(tlv.read(tlv.to_definite(der))[0]).any()) == SIGNED_DATA
    except MalformedChipData:
        return False


def _certificate(name: str, der: bytes, directory: Path) -> TrustImport:
    certificate = parse_certificate(der)
    own = certificate.authority_key in (None, certificate.key_id)
    country = (certificate.subject.country or "xx").lower()
    if certificate.self_issued and own:
        if not certificate.signed_by(certificate):
            return TrustImport(name, "root", None, "its own key did not sign it")
        kind = "root"
    else:
        kind = "link" if certificate.authority else "signer"
    stored = _store(directory, f"{kind}-{country}-{_mark(der)}.cer", der)
    return TrustImport(name, kind, stored, f"{certificate.subject.shown}, until {certificate.not_after:%Y-%m-%d}")


def _revocation_list(name: str, der: bytes, directory: Path) -> TrustImport:
    found = parse_revocation_list(der)
    store = TrustStore.from_directory(directory)
    issuers = [
        c for c in (*store.anchors, *store.connecting) if c.subject == found.issuer or c.key_id == found.authority_key
    ]
    if not issuers:
        return TrustImport(name, "revocation list", None, f"no certificate of its issuer is here: {found.issuer.shown}")
    if not any(found.signed_by(issuer) for issuer in issuers):
        return TrustImport(name, "revocation list", None, "its issuer's key did not sign it")
    stored = _store(directory, f"crl-{(found.issuer.country or 'xx').lower()}-{_mark(der)}.crl", der)
    return TrustImport(
        name, "revocation list", stored, f"{len(found.revoked)} revoked, of {found.this_update:%Y-%m-%d}"
    )


def _master_list(name: str, der: bytes, directory: Path, accept_unverified: bool) -> TrustImport:
    found = parse_master_list(der)
    told = f"{len(found.certificates)} certificates, {len(found.unusable)} of them unusable"
    return _list(name, der, directory, found, "master list", "list", ".ml", told, accept_unverified)


def _defect_list(name: str, der: bytes, directory: Path, accept_unverified: bool) -> TrustImport:
    found = parse_defect_list(der)
    told = f"{len(found.defects)} defects, {len(found.unusable)} entries unusable"
    return _list(name, der, directory, found, found.kind, "defects", ".dfl", told, accept_unverified)


def _list(
    name: str,
    der: bytes,
    directory: Path,
    found: MasterList | DefectList,
    kind: str,
    stem: str,
    suffix: str,
    told: str,
    accept_unverified: bool,
) -> TrustImport:
    signer = found.signer
    country = ((signer.subject.country if signer is not None else None) or "xx").lower()
    stem = f"{stem}-{country}-{_mark(der)}"
    store = TrustStore.from_directory(directory)
    refusal = refusal_of(found, list_roots(store))
    if refusal is None:
        return TrustImport(name, kind, _store(directory, stem + suffix, der), told)
    if not accept_unverified:
        led = f": {signer.issuer.shown}" if signer is not None else ""
        return TrustImport(name, kind, None, refusal + led)
    stored = _store(directory, stem + UNVERIFIED + suffix, der)
    return TrustImport(name, kind, stored, f"{told}; taken by hand: {refusal}")


def _mark(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()[:12]


def _store(directory: Path, name: str, content: bytes) -> str:
    """Whole or not at all."""
    partial = directory / f".{name}.part"
    partial.write_bytes(content)
    os.replace(partial, directory / name)
    return name
