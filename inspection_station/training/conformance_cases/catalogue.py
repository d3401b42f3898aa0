"""Every case of BSI TR-03105 Part 5.1 v1.5 by its identifier: the ones that are run, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from inspection_station.training.conformance_cases import (
    access_cases,
    chip_key_cases,
    data_group_cases,
    pace_cases,
    security_object_cases,
    signer_cases,
    terminal_cases,
)
from inspection_station.training.conformance_cases.case import CaseResult, ConformanceCase, Outcome

_DEFINED_HERE, _DELETED = "here", "deleted"


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A case as the test plan lists it. ``moved_to`` is its identifier in ICAO's plan, None where TR-03105 defines it;
    ``deleted`` cases stand in the list by their number alone.
    """

    id: str
    title: str
    moved_to: str | None
    deleted: bool


@lru_cache(maxsize=1)
def index() -> tuple[IndexEntry, ...]:
    """All of them, in the plan's order."""
    text = resources.files(__package__).joinpath("index.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return tuple(
        IndexEntry(id, title, None if defined in (_DEFINED_HERE, _DELETED) else defined, defined == _DELETED)
        for id, title, defined in rows
    )


@lru_cache(maxsize=1)
def cases() -> Mapping[str, ConformanceCase]:
    """The cases that can be run, by identifier, in the plan's order."""
    made = (
        *access_cases.cases(),
        *chip_key_cases.cases(),
        *data_group_cases.cases(),
        *pace_cases.cases(),
        *security_object_cases.cases(),
        *signer_cases.cases(),
        *terminal_cases.cases(),
    )
    by_id = {case.id: case for case in made}
    if len(by_id) != len(made):
        raise ValueError("two cases with one identifier")
    return {entry.id: by_id[entry.id] for entry in index() if entry.id in by_id}


_IRISES = "irises are never read (no use for DG4 here)"
_REFUSED_KEYS = "the station refuses keys with such a certificate when they are loaded"
_NOT_APPLICABLE = {
    "LDS_E": _IRISES,
    "ISO7816_E_17": _REFUSED_KEYS,
    "ISO7816_E_18": _REFUSED_KEYS,
    "ISO7816_E_30": _IRISES,
    "LDS_K": "EF.ATR/INFO is not read: what the chip can carry is found by trying",
}
"""By unit or identifier."""
_LACKING = "a station without fitting keys leaves the fingers undetermined (TR-03135-1): it does not blame the document"
DEVIATIONS = {
    "ISO7816_E_08": _LACKING,
    "ISO7816_E_19": _LACKING,
    "ISO7816_E_23": "a wrong short identifier is no reason to stop: the file is found by its long one",
    "ISO7816_E_24": _LACKING,
}
"""Cases that fail, and the decision behind it."""
_UNKNOWN = {
    "ISO7816_C_03": "what the chip answers to such a read",
    "ISO7816_C_08": "whether the picture or its stated size is nothing, and what follows",
    "ISO7816_D_11": "what is wrong with the specification",
    "ISO7816_D_12": "what is wrong with the specification",
    "ISO7816_G_30": "how the proof is encoded instead",
    "ISO7816_G_35": "whether the station has to refuse or to pass over it",
    "LDS_C_12": "which type, and whether it is to be refused",
    "LDS_C_26": "which value, and whether it is to be refused",
    "LDS_C_27": "which value, and whether it is to be refused",
    "LDS_H_89": "whether an unknown version is to be refused",
}
_DESCRIPTION = "which value, and whether a description of the face is to be refused"


def without_run(entry: IndexEntry) -> CaseResult:
    """What the table says of a case that is not among ``cases``."""
    if entry.deleted:
        return CaseResult(entry.id, Outcome.DELETED)
    reason = _NOT_APPLICABLE.get(entry.id) or _NOT_APPLICABLE.get(entry.id.rsplit("_", 1)[0])
    if reason is not None:
        return CaseResult(entry.id, Outcome.NOT_APPLICABLE, reason)
    return CaseResult(entry.id, Outcome.NOT_DEFINED, f"not public: {_UNKNOWN.get(entry.id, _DESCRIPTION)}")


def complete(results: Sequence[CaseResult]) -> Iterator[tuple[IndexEntry, CaseResult]]:
    """Every entry of the index with its result; ValueError where one that can be run was not."""
    known = {result.id: result for result in results}
    for entry in index():
        if entry.id not in known and entry.id in cases():
            raise ValueError(f"{entry.id} was not run")
        yield entry, known.get(entry.id) or without_run(entry)
