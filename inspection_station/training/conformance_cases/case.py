"""What a conformance case is, and how a reading of the station is held against what the case demands.

The test plan knows two answers of an inspection system. They are read off a reading so: «failed» where a check failed
or the chip was given up with a typed error; «successful» where nothing failed, the zone and the portrait were read,
and every check that passive authentication makes was successful. A reading that is neither (something could not be
decided) is «undetermined», and satisfies no case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from inspection_station.documents.emrtd.access_keys import AccessKey
from inspection_station.documents.emrtd.chip_session import ChipOutcome
from inspection_station.documents.emrtd.terminal_keys import TerminalKeys
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck
from inspection_station.training.virtual_chip.case_faults import CaseCard, Exchange


class Answer(StrEnum):
    """What an inspection comes to."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    UNDETERMINED = "undetermined"


class Outcome(StrEnum):
    """What the table says of a case."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_DEFINED = "not defined publicly"
    DELETED = "deleted"
    NOT_APPLICABLE = "not applicable"


_NEEDED = ("access", "data-group-hash", "security-object-signature", "signer-trust", "signer-validity")
NEVER_HELD_AGAINST = frozenset({"algorithm-strength"})
"""A note on outdated algorithms, which the test plan asks to be accepted (its profile DPRCTD-SHA1)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one situation came to: the checks (empty where the reading broke off), the error's class name where it
    did, the commands as the chip saw them, and how many fingers were read.
    """

    checks: tuple[ChipCheck, ...]
    error: str | None
    detail: str
    complete: bool
    exchanges: tuple[Exchange, ...]
    tolerated: frozenset[str]
    fingers: int = 0

    @property
    def answer(self) -> Answer:
        """As the module's text has it."""
        results = {check.result for check in self.checks}
        if self.error is not None or results & {CheckResult.FAILED, CheckResult.ABORTED}:
            return Answer.FAILED
        open_ones = [c for c in self.checks if c.result is CheckResult.UNDETERMINED and not self._tolerates(c)]
        made = {c.name for c in self.checks if c.result is CheckResult.SUCCESSFUL}
        if open_ones or not self.complete or not made.issuperset(_NEEDED):
            return Answer.UNDETERMINED
        return Answer.SUCCESSFUL

    def _tolerates(self, check: ChipCheck) -> bool:
        return check.name in NEVER_HELD_AGAINST or any(check.evidence.startswith(text) for text in self.tolerated)

    @property
    def reasons(self) -> frozenset[str]:
        """Names of the checks that failed, and the class of the error."""
        failed = {check.name for check in self.checks if check.result is CheckResult.FAILED}
        return frozenset(failed | ({self.error} if self.error is not None else set()))

    def told(self) -> str:
        """In a line, without personal data: evidence holds none."""
        if self.error is not None:
            return f"{self.error}: {self.detail}"
        odd = [c for c in self.checks if c.result not in (CheckResult.SUCCESSFUL, CheckResult.NOT_SUPPORTED)]
        return "; ".join(f"{c.name} {c.result.value}: {c.evidence}" for c in odd) or "every check successful"


Demand = Callable[[Observation], str | None]
"""Looks at an observation; returns what is wrong with it, or None."""


@dataclass(frozen=True)
class Situation:
    """One document on the reader: its card and what the station knows of it. ``tolerated``: beginnings of evidence
    that may stay undetermined in an inspection that is successful. With ``terminal_keys`` the fingers are asked for.
    """

    card: CaseCard
    trust: TrustStore
    key: AccessKey
    printed: tuple[str, ...]
    at: date
    tolerated: frozenset[str] = frozenset()
    demands: tuple[Demand, ...] = ()
    terminal_keys: TerminalKeys | None = None

    def asking(self, *demands: Demand) -> Situation:
        """The same with further demands."""
        return replace(self, demands=(*self.demands, *demands))


FROM_THE_PLAN = "TR-03105-5.1 v1.5"


@dataclass(frozen=True)
class ConformanceCase:
    """One case by its identifier. ``profile`` is the default document it starts from, ``behaviour`` what is set up
    differently, ``basis`` where its content comes from. ``because``: at least one of these (check names, error
    classes) must be among the reasons of a failed inspection; empty where none is asked for.
    """

    id: str
    profile: str
    behaviour: str
    expected: Answer
    situations: Callable[[], Iterable[Situation]]
    basis: str = FROM_THE_PLAN
    because: frozenset[str] = field(default_factory=frozenset)

    def complaint(self, seen: Observation, situation: Situation) -> str | None:
        """What the observation lacks, or None."""
        if seen.answer is not self.expected:
            return f"{seen.answer.value} instead of {self.expected.value} ({seen.told()})"
        if self.expected is Answer.FAILED and self.because and not self.because & seen.reasons:
            return f"failed for another reason ({seen.told()})"
        return next((wrong for demand in situation.demands if (wrong := demand(seen)) is not None), None)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one case. ``readings`` is how many documents it took; ``remark`` the complaint, or in a few words
    why it was not run.
    """

    id: str
    outcome: Outcome
    remark: str = ""
    readings: int = 0
    commands: int = 0
    ms: float = 0.0


def outcome_of(outcome: ChipOutcome, exchanges: Sequence[Exchange], tolerated: frozenset[str]) -> Observation:
    """An observation from a reading that came to its end."""
    complete = outcome.reading.mrz_lines is not None and outcome.portrait is not None
    return Observation(outcome.reading.checks, None, "", complete, tuple(exchanges), tolerated, len(outcome.fingers))


def title_basis(*sections: str) -> str:
    """For cases whose title alone is public: where their content is plain from."""
    return f"from the title and {', '.join(sections)}"
