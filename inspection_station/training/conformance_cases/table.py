"""The table for people: one line for each identifier of the test plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from inspection_station.training.conformance_cases.case import CaseResult, Outcome
from inspection_station.training.conformance_cases.catalogue import DEVIATIONS, IndexEntry, cases, complete, index

_HEAD = """# Chip conformance

What became of each of the {total} cases of BSI TR-03105 Part 5.1 v1.5, «Test plan for ICAO compliant inspection systems
with EACv1». This file is written by

```
inspection-station conformance chip --table docs/chip-conformance.md
```

which lays a virtual chip for each case on the PC/SC daemon's virtual reader and has the station's own code read it. A
test runs all of them over the daemon and holds this file against what came out.

- **passed**: run, and the inspection came to the answer that the case demands. «Successful» is an inspection in which
  nothing failed, zone and portrait were read, and passive authentication succeeded in every part; «failed» is one in
  which a check failed or the chip was given up with a typed error. Most failing cases also name the check or the error
  that has to be the reason, and many look at the commands that reached the chip.
- **failed**: run, and it came to something else; where the station does so on purpose, the line says why.
- **not defined publicly**: TR-03105 moved the case into ICAO's TR «RF and Protocol Testing» Part 4 and gives the title
  alone, which leaves open what is set up or what should follow.
- **not applicable**, **deleted**: not run, for the reason given.

Where «from» says «title», the content of a moved case is taken from its title and the section of Doc 9303 that makes
it plain. The readings are thorough ones: EF.COM and every group that EF.SOD or EF.COM names. The documents are
Utopia's: the default ones of the plan's chapter 4 with another zone and portrait, without fingers and irises where a
case does not speak of them. DSA keys live in the 2,048-bit groups of Doc 9303-11 §9.5.1.

{counts}
"""


def summary(results: Sequence[CaseResult]) -> dict[str, int]:
    """How many identifiers came to which outcome."""
    counted = Counter(result.outcome for _, result in complete(results))
    return {outcome.value: counted[outcome] for outcome in Outcome}


def table(results: Sequence[CaseResult]) -> str:
    """Markdown. ValueError where a case that can be run is not among the results."""
    counts = summary(results)
    lines = ["| outcome | cases |", "| --- | ---: |", *(f"| {name} | {count} |" for name, count in counts.items())]
    text = [_HEAD.format(total=sum(counts.values()), counts="\n".join(lines))]
    unit = ""
    for entry, result in complete(results):
        if (own := entry.id.rsplit("_", 1)[0]) != unit:
            unit = own
            text.append(f"## {unit}\n\n| id | about | outcome | set up | from |\n| --- | --- | --- | --- | --- |")
        text.append(_row(entry, result))
        if _last_of_unit(entry):
            text.append("")
    return "\n".join(text).rstrip() + "\n"


def _last_of_unit(entry: IndexEntry) -> bool:
    entries = index()
    at = entries.index(entry)
    return at + 1 == len(entries) or entries[at + 1].id.rsplit("_", 1)[0] != entry.id.rsplit("_", 1)[0]


def _row(entry: IndexEntry, result: CaseResult) -> str:
    case = cases().get(entry.id)
    moved = f" ({entry.moved_to} of ICAO's part 4)" if entry.moved_to is not None else ""
    if case is None:
        return f"| {entry.id} | {entry.title} | {result.outcome.value} | {result.remark} | {moved.strip(' ()')} |"
    why = f". By decision: {DEVIATIONS[entry.id]}" if entry.id in DEVIATIONS else ""
    remark = f"; {result.remark}{why}" if result.outcome is Outcome.FAILED else ""
    set_up = f"{case.profile}: {case.behaviour} → {case.expected.value}{remark.replace('|', '/')}"
    return f"| {entry.id} | {entry.title} | {result.outcome.value} | {set_up} | {case.basis}{moved} |"
