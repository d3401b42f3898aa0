"""What tells one document from another when known defects are looked up: its signer, its zone and its day of issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from inspection_station.documents import mrz
from inspection_station.documents.emrtd.certificates import Certificate
from inspection_station.documents.emrtd.defect_effects import with_known_defects
from inspection_station.documents.emrtd.defects import DocumentFacts
from inspection_station.documents.emrtd.detail_groups import document_details
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.security_object import SecurityObject
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.documents.errors import MalformedMrz
from inspection_station.inspection.chip import ChipCheck

_DETAILS = 12


def settle(
    checks: Sequence[ChipCheck],
    trust: TrustStore,
    *,
    sod: SecurityObject | None,
    signer: Certificate | None,
    lines: Sequence[str] | None,
    groups: Mapping[int, bytes],
    at: date,
) -> tuple[ChipCheck, ...]:
    """All checks of a document as its known defects leave them (TR-03135-1 §5.8). ``lines`` are DG1's, ``groups``
    the data groups that were read.
    """
    if sod is None or not trust.defects:
        return tuple(checks)
    defects = trust.defects_of(facts_of(sod, signer, lines, groups, at))
    return with_known_defects(checks, defects, lines[0][2:5] if lines else None)


def facts_of(
    sod: SecurityObject,
    signer: Certificate | None,
    lines: Sequence[str] | None,
    groups: Mapping[int, bytes],
    at: date,
) -> DocumentFacts:
    """From what the chip holds. The day of issue is DG12's where that is as signed, else when EF.SOD was signed."""
    code, number = None, None
    if lines:
        try:
            zone = mrz.parse(tuple(lines), today=at)
            code, number = zone.document_code.strip("<"), zone.document_number.strip("<")
        except MalformedMrz:
            code = lines[0][:2].strip("<")
    carried = (*(c.raw for c in sod.signed.certificates), *sod.signed.unreadable)
    named = sod.signed.signers[0].identifier if sod.signed.signers else None
    return DocumentFacts(named, signer, carried, code, number, _day_of_issue(sod, groups))


def _day_of_issue(sod: SecurityObject, groups: Mapping[int, bytes]) -> date | None:
    content = groups.get(_DETAILS)
    if content is not None and sod.agrees_with(_DETAILS, content):
        try:
            digits = document_details(content).date_of_issue
            return datetime.strptime(digits[:8], "%Y%m%d").date() if digits else None
        except (MalformedChipData, ValueError):
            return None
    try:
        signed_at = sod.signed.signers[0].signing_time if sod.signed.signers else None
    except MalformedChipData:
        return None
    return signed_at.date() if signed_at is not None else None
