"""A chip's files, read earlier and kept in a folder, verified as far as files can be: what the state signed, and
whether the files are what it signed. Whether the chip was genuine, a folder cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from inspection_station.documents.emrtd import lds, passive_authentication, security_infos
from inspection_station.documents.emrtd.algorithm_strength import check_algorithms
from inspection_station.documents.emrtd.biometric_headers import check_biometric_headers
from inspection_station.documents.emrtd.certificates import Certificate
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.common_data import check_common_data
from inspection_station.documents.emrtd.data_groups import zone_lines
from inspection_station.documents.emrtd.document_facts import settle
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.genuineness import compare_offers
from inspection_station.documents.emrtd.group_format import check_format
from inspection_station.documents.emrtd.security_object import (
    SecurityObject,
    parse_card_security,
    parse_security_object,
)
from inspection_station.documents.emrtd.security_object_form import check_security_object_form
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.documents.mrz_layouts import layout_of
from inspection_station.inspection.chip import ChipCheck
from inspection_station.inspection.document import MrzField

MAX_FILES = 64
_NAMES = {"sod": lds.SOD, "com": lds.COM, "cardaccess": lds.CARD_ACCESS, "cardsecurity": lds.CARD_SECURITY}
_ENDING = re.compile(r"(sod|com|cardaccess|cardsecurity|(?:dg|datagroup)0?(\d{1,2}))$")
_IDENTIFIERS = {f"{file.fid:04x}": file.name for file in (lds.COM, lds.SOD, *lds.GROUPS)}
_COPY = re.compile(r"\s*\(\d+\)$")
"""«DG1 (2)»: what a desktop calls a second copy."""
_NO_FILE = frozenset({".txt", ".md", ".json", ".xml", ".log", ".jpg", ".jp2", ".png"})


class FolderNotUsable(ValueError):
    """The folder holds no elementary files, or the same one twice."""


def file_name(stem: str) -> str | None:
    """Which elementary file a name stands for: «EF.SOD», «EF_SOD», «DG1», «Datagroup14», «011D» …; None for none."""
    plain = re.sub(r"[^a-z0-9]", "", _COPY.sub("", stem).lower())
    found = _ENDING.search(plain)
    if found is None:
        return _IDENTIFIERS.get(plain)
    if found[2] is None:
        return _NAMES[found[1]].name
    number = int(found[2])
    return lds.GROUPS[number - 1].name if 1 <= number <= 16 else None


def read_folder(directory: Path) -> dict[str, bytes]:
    """Contents by name. FolderNotUsable, or OSError where it cannot be read. Files of other names are passed over."""
    files: dict[str, bytes] = {}
    entries = sorted(entry for entry in directory.iterdir() if entry.is_file())
    if len(entries) > MAX_FILES:
        raise FolderNotUsable(f"more than {MAX_FILES} files")
    for entry in entries:
        known = entry.suffix.lower() not in _NO_FILE
        name = (file_name(entry.name) or file_name(entry.stem)) if known else None
        if name is None:
            continue
        if name in files:
            raise FolderNotUsable(f"{name} is there twice")
        if entry.stat().st_size > lds.MAX_FILE * 16:
            raise FolderNotUsable(f"{name} is larger than a chip could hold")
        files[name] = entry.read_bytes()
    if not files:
        raise FolderNotUsable("no elementary files there")
    return files


def verify_files(files: Mapping[str, bytes], trust: TrustStore, at: date) -> tuple[ChipCheck, ...]:
    """Every check that files allow, on the day ``at``. Never raises for what the files hold."""
    found: list[ChipCheck] = []
    sod = _security_object(files, found)
    lines = _zone(files)
    groups = {number: files[file.name] for number, file in enumerate(lds.GROUPS, 1) if file.name in files}
    for number, content in groups.items():
        headers = check_biometric_headers(number, content)
        found.extend([check_format(number, content), *([headers] if headers is not None else [])])
    signer = None
    if sod is not None:
        signer = _authenticate(files, groups, sod, trust, at, found)
    if lines is not None:
        found.extend(_zone_checks(lines, signer, at, signed=sod is not None))
    found.extend(_security_files(files, trust, at))
    return settle(found, trust, sod=sod, signer=signer, lines=lines, groups=groups, at=at)


def _authenticate(
    files: Mapping[str, bytes],
    groups: Mapping[int, bytes],
    sod: SecurityObject,
    trust: TrustStore,
    at: date,
    found: list[ChipCheck],
) -> Certificate | None:
    """Passive authentication of all there is; the signer's certificate where one could be had."""
    verdict = passive_authentication.check_signer(sod.signed, trust, at)
    found.extend(verdict.checks)
    found.append(check_security_object_form(files[lds.SOD.name]))
    found.append(check_algorithms(sod, verdict.certificate, verdict.chain))
    found.extend(passive_authentication.check_hashes(sod, groups))
    absent = [f"DG{number}" for number in sorted(sod.hashes.keys() - groups.keys())]
    if absent:
        found.append(Check.DATA_GROUP_HASH.undetermined(Why.GROUP_NOT_HERE(group=", ".join(absent))))
    if lds.COM.name in files:
        found.append(check_common_data(files[lds.COM.name], sod))
    else:
        found.append(Check.COMMON_DATA.not_supported("no EF.COM in the folder"))
    if {14, 15} & sod.hashes.keys():
        found.append(Check.GENUINENESS.undetermined(Why.ONLY_THE_CHIP()))
    return verdict.certificate


def _zone_checks(lines: tuple[str, ...], signer: Certificate | None, at: date, *, signed: bool) -> Iterator[ChipCheck]:
    """What DG1 says against its signer and the day."""
    if signed:
        yield passive_authentication.check_issuing_state(lines[0][2:5], signer)
        yield passive_authentication.check_document_type(lines[0][:2], signer)
    layout = layout_of(lines)
    if layout is not None:
        yield passive_authentication.check_expiry(layout.fields[MrzField.DATE_OF_EXPIRY].of(lines), at, signer)


def _security_object(files: Mapping[str, bytes], found: list[ChipCheck]) -> SecurityObject | None:
    check = Check.SECURITY_OBJECT_SIGNATURE
    if lds.SOD.name not in files:
        found.append(check.undetermined(Why.NO_SECURITY_OBJECT_HERE()))
        return None
    try:
        return parse_security_object(files[lds.SOD.name])
    except AlgorithmUnknown as fault:
        found.append(check.undetermined(Why.NOT_SPOKEN(fault.detail)))
    except MalformedChipData as fault:
        found.append(check.failed(Why.MALFORMED(fault.detail)))
    return None


def _zone(files: Mapping[str, bytes]) -> tuple[str, ...] | None:
    """The lines of DG1, None where it is missing or malformed."""
    try:
        return zone_lines(files[lds.DG1.name]) if lds.DG1.name in files else None
    except MalformedChipData:
        return None


def _security_files(files: Mapping[str, bytes], trust: TrustStore, at: date) -> list[ChipCheck]:
    """EF.CardSecurity's own signature, and the offers of EF.CardAccess against the signed ones."""
    found: list[ChipCheck] = []
    signed: tuple[str, security_infos.SecurityInfos] | None = None
    if lds.CARD_SECURITY.name in files:
        name = lds.CARD_SECURITY.name
        try:
            card_security = parse_card_security(files[name])
            signed = name, security_infos.parse_security_infos(card_security.content)
        except MalformedChipData as fault:
            found.append(Check.SECURITY_OBJECT_SIGNATURE.failed(Why.FILE_MALFORMED(fault.detail, group=name)))
        else:
            for check in passive_authentication.check_signer(card_security, trust, at).checks:
                found.append(replace(check, evidence=f"{name}: {check.evidence}"))
    group = lds.GROUPS[13].name
    if group in files:
        with suppress(MalformedChipData):  # its format check says so
            signed = group, security_infos.parse_data_group_14(files[group])
    if lds.CARD_ACCESS.name in files:
        found.append(_card_access(files[lds.CARD_ACCESS.name], signed))
    elif signed is not None and signed[1].pace_encodings:
        found.append(Check.CARD_ACCESS.undetermined(Why.OFFERS_NOT_HERE(signed[0], group=lds.CARD_ACCESS.name)))
    return found


def _card_access(content: bytes, signed: tuple[str, security_infos.SecurityInfos] | None) -> ChipCheck:
    check = Check.CARD_ACCESS
    try:
        offered = security_infos.parse_security_infos(content).pace_encodings
    except MalformedChipData as fault:
        return check.failed(Why.MALFORMED(fault.detail))
    if signed is None:
        return check.undetermined(Why.NO_OFFERS_SIGNED())
    return compare_offers(offered, signed[1].pace_encodings, signed[0])
