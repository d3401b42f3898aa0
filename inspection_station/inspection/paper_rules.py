"""Findings about permits and the manifest: what headquarters' lists say of them, held against the person's class.

A list may lag behind the counter that issues permits, so a permit that is not on it bars until one officer has looked
at the permit itself; one that the list says is no longer good is set aside by two.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspection_station.inspection.findings import Finding, OverrideRule, Severity
from inspection_station.inspection.papers import Announced, ManifestAnswer, PermitAnswer, PermitStatus
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.watchlist import WatchlistResult

_ONE, _TWO, _FREE = OverrideRule.ONE_PERSON, OverrideRule.TWO_PERSONS, OverrideRule.NOT_NEEDED

PERMITS = "permits"
"""How the list is named in a finding about its age. That a manifest is old is said of the lists made of it."""


def paper_findings(result: WatchlistResult, person_class: PersonClass) -> Iterator[Finding]:
    """Of a person of whom no permit is asked, nothing is said about permits."""
    if result.manifest is not None:
        yield from _manifest(result.manifest)
    if result.permit is not None and person_class in result.permit.needed_by:
        yield from _permit(result.permit)


def _permit(answer: PermitAnswer) -> Iterator[Finding]:
    if answer.status is PermitStatus.NOT_CHECKED:
        yield Finding("watchlist:permit:not-checked", "PMT-04", Severity.UNCHECKED, _FREE)
        return
    if answer.stale:
        yield Finding("watchlist:permit:stale", "LST-01", Severity.LOOK, _ONE, PERMITS)
    if answer.status is PermitStatus.NONE:
        yield Finding("watchlist:permit:none", "PMT-01", Severity.BAR, _ONE)
    elif answer.status is not PermitStatus.VALID:
        yield Finding(f"watchlist:permit:{answer.status.value}", "PMT-02", Severity.BAR, _TWO, answer.status.value)
    if answer.differing:
        yield Finding("watchlist:permit:differs", "PMT-03", Severity.LOOK, _ONE, ", ".join(answer.differing))


def _manifest(answer: ManifestAnswer) -> Iterator[Finding]:
    if answer.status is Announced.NOT_CHECKED:
        yield Finding("watchlist:manifest:not-checked", "MAN-02", Severity.UNCHECKED, _FREE)
        return
    if answer.status is Announced.NO:
        yield Finding("watchlist:manifest:not-announced", "MAN-03", Severity.LOOK, _ONE)
    elif answer.differing:
        yield Finding("watchlist:manifest:differs", "MAN-01", Severity.LOOK, _ONE, ", ".join(answer.differing))
