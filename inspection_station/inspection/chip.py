"""What the chip said and what was verified of it. Doc 9303 parts 10–12; checks and results after BSI TR-03135-1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from inspection_station.inspection.document import BlobRef


class AccessProtocol(StrEnum):
    """How the chip was opened (Doc 9303 part 11 §4)."""

    NONE = "none"
    BAC = "BAC"
    PACE = "PACE"


class CheckResult(StrEnum):
    """The five results of TR-03135-1. «No trust anchor» is undetermined, never failed."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    NOT_SUPPORTED = "not supported"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class CheckReason:
    """Why a check did not come out as it should, for screens to word: a stable code (kebab-case) and its values by name
    (dates, states, names of data groups; no personal data).
    """

    code: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ChipCheck:
    """One check: TR-03135-1 section, stable name (kebab-case), result, and why in a few words without personal data.
    ``reason`` says the same in a code; a check that is as it should be has none.

    Names used by findings: ``access``, ``data-group-hash``, ``security-object-signature``, ``signer-trust``,
    ``signer-revocation``, ``signer-validity``, ``mrz-against-chip``, ``issuing-state``, ``chip-authentication``,
    ``active-authentication``, ``card-access``, ``common-data``, ``signer-form``,
    ``security-object-form``, ``biometric-header``, ``algorithm-strength``.
    """

    section: str
    name: str
    result: CheckResult
    evidence: str
    reason: CheckReason | None = None


@dataclass(frozen=True, slots=True)
class DataGroup:
    """An elementary file that was read: its name («DG1», «EF.SOD»), length in bytes and SHA-256 (hex)."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ChipReading:
    """One reading of the chip. ``mrz_lines`` come from DG1; ``portrait`` from DG2 when it was asked for."""

    access: AccessProtocol
    data_groups: tuple[DataGroup, ...]
    mrz_lines: tuple[str, ...] | None
    portrait: BlobRef | None
    checks: tuple[ChipCheck, ...]
    access_detail: str = ""

    @property
    def overall(self) -> CheckResult:
        """Worst of the checks: failed, then aborted, then undetermined; successful only if something succeeded."""
        return overall_of(self.checks)


def overall_of(checks: Iterable[ChipCheck]) -> CheckResult:
    """Worst of them: failed, then aborted, then undetermined; successful only if something succeeded."""
    results = {check.result for check in checks}
    for worst in (CheckResult.FAILED, CheckResult.ABORTED, CheckResult.UNDETERMINED):
        if worst in results:
            return worst
    return CheckResult.SUCCESSFUL if CheckResult.SUCCESSFUL in results else CheckResult.UNDETERMINED
