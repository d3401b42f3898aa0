"""The column of checks: failures first and tinted, then every step in order. What was not checked stays grey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from inspection_station.desk.reasons import reason_table
from inspection_station.inspection.biometrics import FingerprintCapture
from inspection_station.inspection.evidence import Missing, Taken, Waived
from inspection_station.inspection.face_search import FaceSearchResult
from inspection_station.inspection.finding_rules import findings
from inspection_station.inspection.findings import Finding, Severity
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Demand, Scenario, Step
from inspection_station.matching.face_groups import GroupPolicy, built_in_groups
from inspection_station.ui.presenters.identity import printed_date
from inspection_station.ui.presenters.reach import REACH_TONE, reach
from inspection_station.ui.presenters.tone import TONE_OF_SEVERITY, Tone
from inspection_station.wording import Wording


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One row: what was checked, its state in a word, and how old or long. ``tinted`` rows come first.

    ``badge``: whether headquarters was in reach, where it could have answered.
    """

    key: str
    tone: Tone
    title: str
    word: str
    detail: str
    age: str
    code: str
    step: Step
    tinted: bool
    badge: str = ""
    badge_tone: Tone = Tone.NOTE


def empty_rows(scenario_steps: tuple[Step, ...], wording: Wording) -> tuple[CheckRow, ...]:
    """All grey: nobody is being inspected."""
    word = wording.text("word.not-yet")
    return tuple(
        CheckRow(s.value, Tone.UNCHECKED, wording.text(f"step.{s.value}"), word, "", "", "", s, False)
        for s in scenario_steps
    )


def check_rows(inspection: Inspection, wording: Wording) -> tuple[CheckRow, ...]:
    """Every finding that stops, every missing step that stops, then the steps."""
    found = findings(inspection)
    aside = {o.finding_key for o in inspection.overrides}
    stopping = [f for f in found if f.bars and f.key not in aside]
    stopping.sort(key=lambda f: f.severity is not Severity.BAR)
    rows = [_finding_row(f, inspection, wording) for f in stopping]
    stopped = {Step(f.key.partition(":")[0]) for f in stopping}
    steps = [s for s in inspection.scenario.steps if s not in stopped]
    own = {s: [f for f in found if f.key.startswith(f"{s.value}:")] for s in steps}
    step_rows = [_step_row(s, inspection, tuple(own[s]), wording) for s in steps]
    step_rows.sort(key=lambda r: not r.tinted)
    return tuple(_with_badge(row, inspection, wording) for row in (*rows, *_told_once(step_rows, inspection)))


def _with_badge(row: CheckRow, inspection: Inspection, wording: Wording) -> CheckRow:
    found = reach(inspection, row.step)
    if found is None:
        return row
    return replace(row, badge=wording.text(f"reach.{found.value}"), badge_tone=REACH_TONE[found])


def _told_once(rows: list[CheckRow], inspection: Inspection) -> list[CheckRow]:
    """Steps that the law skips for one reason: the first row says it, the others their code alone."""
    said: set[str] = set()
    told = []
    for row in rows:
        waived = isinstance(inspection.evidence.get(row.step), Waived)
        told.append(replace(row, detail="") if waived and row.detail in said else row)
        if waived:
            said.add(row.detail)
    return told


def blocks(scenario: Scenario, step: Step, evidence: object) -> bool:
    """A required step that is missing keeps passing from being offered."""
    return scenario.demand(step) is Demand.REQUIRED and isinstance(evidence, Missing)


def zone_detail(code: str, detail: str, wording: Wording) -> str:
    """Places in a zone or lengths of its lines, in the officer's language; any other detail is for the log."""
    if code == "DOC-09":
        return wording.text("detail.places", places=detail)
    of_lines = code == "DOC-10" and all(part.isdecimal() for part in detail.split(", "))
    return wording.text("detail.lengths", lengths=detail) if of_lines else ""


def finding_detail(finding: Finding, wording: Wording, inspection: Inspection | None = None) -> str:
    """What a finding is about, in the officer's language; a part without wording is shown as it came. With its
    inspection a candidate is told by the rank under which its photograph is shown.
    """
    step, _, rest = finding.key.partition(":")
    if finding.code in _CANDIDATE and step == Step.FINGERPRINTS.value:
        return _of_fingers(finding, wording, inspection)
    if finding.code in _CANDIDATE and inspection is not None and inspection.face_search is not None:
        keys = [f"groups:candidate:{one.group_id}:{one.reference_id}" for one in inspection.face_search.candidates]
        return wording.text("detail.candidate", rank=keys.index(finding.key) + 1) if finding.key in keys else ""
    if finding.code == "LST-01" and inspection is not None and inspection.watchlist is not None:
        kinds = {one.list_id: one.kind.value for one in inspection.watchlist.consulted}
        return wording.text_or(f"list.{kinds.get(finding.detail, finding.detail)}", finding.detail)
    if finding.code == "DOC-03" and inspection is not None and inspection.document is not None:
        date = printed_date(inspection.document.mrz.date_of_expiry)
        return wording.text(f"detail.{rest}", date=date)
    if finding.code == "DOC-07":
        return rest.partition(":")[2]
    if step == Step.CHIP.value and rest not in ("missing", "waived"):
        check, _, group = rest.partition(":")
        return f"{wording.text_or(f'check.{check}', check)} {group}".rstrip()
    if finding.code in ("BIO-05", "WAV-01"):
        reason = reason_table().of(finding.detail)
        return reason.text(wording.language) if reason else finding.detail
    if finding.code in ("PMT-03", "MAN-01"):
        parts = [wording.text_or(f"identifier.{one}", one) for one in finding.detail.split(", ")]
        return wording.text("list-separator").join(parts)
    family = _DETAIL_FAMILY.get(finding.code)
    if family is not None:
        return wording.text_or(f"{family}.{finding.detail}", finding.detail)
    if finding.key == "document:doubt":
        return wording.text("detail.places", places=finding.detail)
    if finding.code in ("GRP-01", "NET-01"):
        return _away(Step(step), finding.detail.split(", "), wording)
    if finding.code == "BIO-12":
        finger, _, why = finding.detail.partition(":")
        return wording.text(
            "fingers.not-taken", finger=wording.text(f"finger.{finger}"), why=wording.text(f"absence.{why}")
        )
    if finding.code == "PRE-02":
        return wording.text_or(f"clearance.{finding.detail}", "")
    # The rest is technical, or a hit, which is shown on its page while the officer holds the key.
    return finding.detail if finding.code in _TOLD_AS_IT_CAME else ""


def _of_fingers(finding: Finding, wording: Wording, inspection: Inspection | None) -> str:
    """By the rank under which the page of the fingers tells the candidate, where there are several."""
    search = inspection.fingers.search if inspection is not None and inspection.fingers is not None else None
    found = (
        [f"fingerprints:candidate:{one.group}:{one.reference}" for one in search.candidates if not one.known]
        if search
        else []
    )
    if len(found) < 2 or finding.key not in found:
        return wording.text("step.fingerprints")
    candidate = wording.text("detail.candidate", rank=found.index(finding.key) + 1)
    return wording.text("fingers.prompt", finger=wording.text("step.fingerprints"), do=candidate)


def _away(step: Step, names: list[str], wording: Wording) -> str:
    """What was not searched, by name; many by their number."""
    if step is Step.GROUPS:
        told = [group_name(name, wording) for name in names]
    else:
        told = [wording.text_or(f"list.{name}", name) for name in names]
    if len(told) > MOST_NAMED:
        return wording.text("detail.and-more", name=told[0], count=len(told))
    return wording.text("list-separator").join(told)


def group_name(group_id: str, wording: Wording) -> str:
    """A face group's name in the officer's language; an agency's own group without an entry is shown by its id."""
    policy = known_groups().get(group_id)
    if policy is None:
        return group_id
    return policy.name_zh if wording.language == "zh_TW" else policy.name_en


@cache
def known_groups() -> Mapping[str, GroupPolicy]:
    """The groups that ship with the station."""
    return built_in_groups()


_CANDIDATE = ("BIO-04", "GRP-03")
_TOLD_AS_IT_CAME = ("PRE-05",)  # a list's name and version
MOST_NAMED = 2
"""Names that a line of the column of checks has room for."""

_DETAIL_FAMILY = {"DOC-02": "field", "BIO-03": "reference", "BIO-09": "reference", "BIO-13": "band", "PMT-02": "permit"}


def duration(milliseconds: float, wording: Wording) -> str:
    """Seconds with one decimal; nothing for a step that took no time worth saying."""
    return wording.text("unit.seconds", value=f"{milliseconds / 1000:.1f}") if milliseconds >= 50 else ""


def _finding_row(finding: Finding, inspection: Inspection, wording: Wording) -> CheckRow:
    step = Step(finding.key.partition(":")[0])
    tone = TONE_OF_SEVERITY[finding.severity]
    evidence = inspection.evidence.get(step)
    age = duration(evidence.total_ms, wording) if isinstance(evidence, Taken) else ""
    return CheckRow(
        finding.key,
        tone,
        wording.error(finding.code).what,
        wording.text(f"tone.{tone.value}"),
        finding_detail(finding, wording, inspection),
        age,
        finding.code,
        step,
        True,
    )


def _step_row(step: Step, inspection: Inspection, found: tuple[Finding, ...], wording: Wording) -> CheckRow:
    title = wording.text(f"step.{step.value}")
    evidence = inspection.evidence.get(step)

    def row(tone: Tone, word: str, detail: str = "", code: str = "", age: str = "", tinted: bool = False) -> CheckRow:
        return CheckRow(step.value, tone, title, wording.text(f"word.{word}"), detail, age, code, step, tinted)

    if step in inspection.running:
        return row(Tone.RUNNING, "running")
    if evidence is None:
        return row(Tone.UNCHECKED, "not-yet")
    if isinstance(evidence, Missing):
        what = wording.error(evidence.code).what if evidence.code else ""
        stops = blocks(inspection.scenario, step, evidence)
        return row(Tone.UNCHECKED, "missing" if stops else "not-checked", what, evidence.code, tinted=stops)
    if isinstance(evidence, Waived):
        reason = reason_table().of(evidence.reason)
        detail = reason.text(wording.language) if reason else evidence.reason
        return row(Tone.UNCHECKED, "waived" if evidence.officer_id else "skipped", detail, evidence.reason)
    age = duration(evidence.total_ms, wording)
    aside = [f for f in found if f.bars]
    if aside:
        return row(Tone.NOTE, "set-aside", wording.error(aside[0].code).what, aside[0].code, age)
    grey = [f for f in found if f.severity is Severity.UNCHECKED]
    grey.sort(key=lambda f: f.code == "NET-01")  # that headquarters is out of reach stands on the badge too
    if isinstance(evidence.result, FaceSearchResult) and not evidence.result.searched:
        code = grey[0].code if grey else "GRP-01"
        detail = _grey_detail(grey, wording) if grey else wording.error(code).what
        return row(Tone.UNCHECKED, "not-checked", detail, code, age)
    if isinstance(evidence.result, FingerprintCapture) and not evidence.result.samples:
        return row(Tone.UNCHECKED, "not-checked", wording.error("BIO-11").what, "BIO-11", age)
    if grey:
        return row(Tone.UNCHECKED, "partly", _grey_detail(grey, wording), grey[0].code, age)
    if step is Step.FINGERPRINTS and found:
        return row(Tone.OK, "taken", wording.error(found[0].code).what, found[0].code, age)
    return row(Tone.OK, "taken", "", "", age)


def _grey_detail(grey: list[Finding], wording: Wording) -> str:
    """What was not checked by name, where there is one; else what the code says."""
    first = grey[0]
    detail = finding_detail(first, wording)
    if first.code in ("GRP-01", "NET-01") and detail:
        return wording.text("lists.not-consulted", names=detail)
    if first.code == "CHP-09" and detail:
        several = wording.text("detail.and-more", name=detail, count=len(grey))
        return several if len(grey) > 1 else detail
    return wording.error(first.code).what
