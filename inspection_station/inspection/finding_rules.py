"""From evidence to findings: one rule a step, each a pure function. What was not checked is a finding too (grey).

A finding's key starts with its step, so that taking the step again makes an override of the old finding void.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspection_station.inspection.biometrics import (
    ComparisonBand,
    ComparisonResult,
    FingerprintCapture,
    NotCompared,
    ReferenceKind,
)
from inspection_station.inspection.chip import CheckResult, ChipCheck, ChipReading
from inspection_station.inspection.clearance import ClearanceResult, ClearanceStatus
from inspection_station.inspection.document import MrzSource, TravelDocument
from inspection_station.inspection.evidence import Evidence, Missing, Taken, Waived
from inspection_station.inspection.face_search import HEADQUARTERS_ONLY, FaceProbe, FaceSearchResult, GroupUse
from inspection_station.inspection.findings import Finding, OverrideRule, Severity
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.paper_rules import paper_findings
from inspection_station.inspection.scenario import Demand, Step
from inspection_station.inspection.watchlist import WatchlistResult

_ONE, _TWO, _FREE = OverrideRule.ONE_PERSON, OverrideRule.TWO_PERSONS, OverrideRule.NOT_NEEDED

# Check name -> officer's code, severity and override when the check failed. Names are those of ``ChipCheck``.
_FAILED_CHECKS: dict[str, tuple[str, Severity, OverrideRule]] = {
    "data-group-hash": ("CHP-03", Severity.BAR, _TWO),
    "security-object-signature": ("CHP-05", Severity.BAR, _TWO),
    "signer-trust": ("CHP-05", Severity.BAR, _TWO),
    "signer-revocation": ("CHP-05", Severity.BAR, _TWO),
    "signer-validity": ("CHP-05", Severity.LOOK, _ONE),
    "mrz-against-chip": ("CHP-06", Severity.BAR, _TWO),
    "issuing-state": ("CHP-06", Severity.BAR, _TWO),
    "access": ("CHP-02", Severity.LOOK, _ONE),
    "chip-authentication": ("CHP-11", Severity.BAR, _TWO),
    "active-authentication": ("CHP-11", Severity.BAR, _TWO),
    "terminal-authentication": ("CHP-02", Severity.LOOK, _ONE),
    "card-access": ("CHP-08", Severity.BAR, _TWO),
    "common-data": ("CHP-08", Severity.LOOK, _ONE),
    "signer-document-type": ("CHP-05", Severity.LOOK, _ONE),
    "signer-form": ("CHP-05", Severity.LOOK, _ONE),
    "data-group-format": ("CHP-08", Severity.LOOK, _ONE),  # signed by its state all the same, or its hash says so
    "biometric-header": ("CHP-08", Severity.LOOK, _ONE),
    "security-object-form": ("CHP-05", Severity.LOOK, _ONE),
}

# A missing chip that should make the officer look: a refused key hints at a misread or altered page, garbage at a fake.
_SUSPICIOUS_CHIP_CODES = frozenset({"CHP-02", "CHP-07"})

REFUSED = "BIO-10"
"""The traveller refuses that biometrics are taken (Immigration Act art. 91(3))."""


def findings(inspection: Inspection) -> tuple[Finding, ...]:
    """All findings of an inspection as it stands, in step order; the same state always gives the same findings."""
    found: list[Finding] = []
    for step in inspection.scenario.steps:
        evidence = inspection.evidence.get(step)
        if evidence is not None:
            found.extend(_of_step(inspection, step, evidence))
    return tuple(found)


def barring(inspection: Inspection) -> tuple[Finding, ...]:
    """Findings that bar passing and that nobody has set aside."""
    set_aside = {o.finding_key for o in inspection.overrides}
    return tuple(f for f in findings(inspection) if f.bars and f.key not in set_aside)


def _of_step(inspection: Inspection, step: Step, evidence: Evidence) -> Iterator[Finding]:
    if isinstance(evidence, Missing):
        yield from _missing(inspection, step, evidence)
    elif isinstance(evidence, Waived):
        if evidence.officer_id is None:
            yield Finding(f"{step.value}:article-91", "BIO-05", Severity.NOTE, _FREE, evidence.reason)
        else:
            yield Finding(f"{step.value}:waived", "WAV-01", Severity.UNCHECKED, _FREE, evidence.reason)
    else:
        yield from _taken(inspection, step, evidence)


def _missing(inspection: Inspection, step: Step, evidence: Missing) -> Iterator[Finding]:
    if inspection.scenario.demand(step) is Demand.IF_AVAILABLE and evidence.code == "":
        return  # never asked for, e.g. the document at disembarkation
    if evidence.code == REFUSED:  # art. 91(3): entry may be refused for it, so nobody passes it over alone
        yield Finding(f"{step.value}:missing", evidence.code, Severity.BAR, _TWO, evidence.detail)
        return
    looks = step is Step.CHIP and evidence.code in _SUSPICIOUS_CHIP_CODES
    yield Finding(
        f"{step.value}:missing",
        evidence.code,
        Severity.LOOK if looks else Severity.UNCHECKED,
        _ONE if looks else _FREE,
        evidence.detail,
    )


def _taken(inspection: Inspection, step: Step, evidence: Taken) -> Iterator[Finding]:
    result = evidence.result
    if isinstance(result, TravelDocument):
        yield from _document(result, inspection.expired)
    elif isinstance(result, ChipReading):
        yield from (finding for check in result.checks if (finding := _chip_check(check)) is not None)
    elif isinstance(result, WatchlistResult):
        yield from _lists(result)
        yield from paper_findings(result, inspection.collection.person_class)
    elif isinstance(result, FaceSearchResult):
        yield from _groups(result)
    elif isinstance(result, FingerprintCapture):
        yield from _fingers(result)
    elif isinstance(result, ClearanceResult):
        yield from _clearance(result)
    elif isinstance(result, tuple):
        for item in result:
            if isinstance(item, ComparisonResult):
                yield from _comparison(item)
            elif isinstance(item, NotCompared) and item.code:
                key = f"comparison:not-compared:{item.reference.value}"
                yield Finding(key, item.code, Severity.UNCHECKED, _FREE, item.detail)


def _document(document: TravelDocument, expired: bool | None) -> Iterator[Finding]:
    mrz = document.mrz
    for field in mrz.failed_fields():
        yield Finding(f"document:check:{field.value}", "DOC-02", Severity.LOOK, _ONE, field.value)
    for field in mrz.malformed_fields:
        yield Finding(f"document:malformed:{field.value}", "DOC-02", Severity.LOOK, _ONE, field.value)
    if mrz.doubts:
        places = ", ".join(f"{d.line + 1}:{d.column + 1}" for d in mrz.doubts)
        yield Finding("document:doubt", "DOC-06", Severity.LOOK, _ONE, places)
    for code in mrz.unknown_codes:
        yield Finding(f"document:code:{code}", "DOC-07", Severity.LOOK, _ONE)
    if expired is True:
        yield Finding("document:expired", "DOC-03", Severity.BAR, _TWO)
    elif expired is None:
        yield Finding("document:expiry-unknown", "DOC-03", Severity.LOOK, _ONE)
    if document.source is MrzSource.MANUAL:
        yield Finding("document:typed", "DOC-08", Severity.NOTE, _FREE)


def _chip_check(check: ChipCheck) -> Finding | None:
    if check.result in (CheckResult.SUCCESSFUL, CheckResult.NOT_SUPPORTED):
        return None
    # Each data group for itself: who sets a missing signature of one aside says nothing of another's hash.
    group = dict(check.reason.values).get("group") if check.reason is not None else None
    key = f"chip:{check.name}" + (f":{group}" if group is not None else "")
    if check.result is CheckResult.FAILED:
        code, severity, override = _FAILED_CHECKS.get(check.name, ("CHP-08", Severity.BAR, _TWO))
        return Finding(key, code, severity, override, check.evidence)
    code = "CHP-04" if check.name == "signer-trust" else "CHP-09"
    return Finding(key, code, Severity.UNCHECKED, _FREE, check.evidence)


def _comparison(result: ComparisonResult) -> Iterator[Finding]:
    reference = result.reference.value
    if result.probe is not FaceProbe.LIVE and result.reference is not ReferenceKind.CHIP_PORTRAIT:
        reference = f"{result.probe.value} with {reference}"
    if result.band is ComparisonBand.NO_MATCH:
        yield Finding(f"comparison:no-match:{reference}", "BIO-03", Severity.BAR, _TWO, reference)
    elif result.band is ComparisonBand.INCONCLUSIVE:
        yield Finding(f"comparison:inconclusive:{reference}", "BIO-03", Severity.LOOK, _ONE, reference)
    elif result.band is ComparisonBand.UNCALIBRATED:
        yield Finding(f"comparison:uncalibrated:{reference}", "BIO-09", Severity.LOOK, _ONE, reference)


def _fingers(result: FingerprintCapture) -> Iterator[Finding]:
    for compared in result.comparisons:
        if compared.band is not ComparisonBand.MATCH:
            yield Finding(f"fingerprints:{compared.band.value}", "BIO-13", Severity.LOOK, _ONE, compared.band.value)
    for finger in result.not_taken:
        key = f"fingerprints:not-taken:{finger.position.value}"
        yield Finding(key, "BIO-12", Severity.NOTE, _FREE, f"{finger.position.value}:{finger.why.value}")
    # Who else has these fingers, headquarters alone can say; until it has, nobody has looked.
    if result.search is None or result.search.code:
        detail = "" if result.samples else "none taken"
        yield Finding("fingerprints:not-searched", "BIO-11", Severity.UNCHECKED, _FREE, detail)
        return
    for one in result.search.candidates:
        if not one.known:
            key = f"fingerprints:candidate:{one.group}:{one.reference}"
            yield Finding(key, "BIO-04", Severity.BAR, _TWO, one.group)
    if any(one.known for one in result.search.candidates):
        yield Finding("fingerprints:known", "BIO-14", Severity.NOTE, _FREE)


def _lists(result: WatchlistResult) -> Iterator[Finding]:
    for hit in result.hits:
        yield Finding(f"watchlist:hit:{hit.list_id}:{hit.entry_id}", "LST-03", Severity.BAR, _TWO, hit.kind.value)
    for consulted in result.consulted:
        if consulted.stale:
            yield Finding(f"watchlist:stale:{consulted.list_id}", "LST-01", Severity.LOOK, _ONE, consulted.list_id)
    if result.not_consulted:
        yield Finding("watchlist:not-consulted", "NET-01", Severity.UNCHECKED, _FREE, ", ".join(result.not_consulted))
    if not result.consulted:
        yield Finding("watchlist:none", "LST-04", Severity.LOOK, _ONE)


# Who may set a candidate aside, by what the group is for. A whitelist only informs: it neither bars nor clears.
_CANDIDATES: dict[GroupUse, tuple[str, Severity, OverrideRule]] = {
    GroupUse.ALERT: ("BIO-04", Severity.BAR, _TWO),
    GroupUse.PROMPT: ("GRP-03", Severity.LOOK, _ONE),
    GroupUse.WHITELIST: ("GRP-04", Severity.NOTE, _FREE),
}


def _groups(result: FaceSearchResult) -> Iterator[Finding]:
    for candidate in result.candidates:
        code, severity, override = _CANDIDATES[candidate.use]
        key = f"groups:candidate:{candidate.group_id}:{candidate.reference_id}"
        yield Finding(key, code, severity, override, candidate.group_id)
    found = {candidate.group_id for candidate in result.candidates}
    for group in result.searched:
        if group.use is GroupUse.WHITELIST and group.group_id not in found:
            yield Finding(f"groups:not-listed:{group.group_id}", "GRP-05", Severity.NOTE, _FREE, group.group_id)
    away = [group.group_id for group in result.not_searched if group.reason != HEADQUARTERS_ONLY]
    if away:
        yield Finding("groups:not-searched", "GRP-01", Severity.UNCHECKED, _FREE, ", ".join(away))
    away = [group.group_id for group in result.not_searched if group.reason == HEADQUARTERS_ONLY]
    if away:
        yield Finding("groups:headquarters-only", "NET-01", Severity.UNCHECKED, _FREE, ", ".join(away))


def _clearance(result: ClearanceResult) -> Iterator[Finding]:
    if result.stale:
        yield Finding("clearance:stale", "PRE-05", Severity.LOOK, _ONE, result.list_version)
    if result.status is ClearanceStatus.CLEARED:
        return
    code = "PRE-01" if result.status is ClearanceStatus.ALREADY_LANDED else "PRE-02"
    yield Finding(f"clearance:{result.status.value}", code, Severity.BAR, _TWO, result.status.value)
