"""The state diagram, drawn from the transition table so that it cannot tell another story than the code.

``python -m inspection_station.inspection.diagram`` prints Markdown with a Mermaid diagram for one scenario or all.
"""

from __future__ import annotations

import sys

from inspection_station.inspection import events as e
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import SCENARIOS, Demand, Scenario, Step
from inspection_station.inspection.workflow import TABLE

_ANSWERS: dict[Step, type] = {
    Step.DOCUMENT: e.DocumentRead,
    Step.CHIP: e.ChipRead,
    Step.FACE: e.FaceCaptured,
    Step.FINGERPRINTS: e.FingerprintsCaptured,
    Step.CLEARANCE: e.ClearanceChecked,
    Step.COMPARISON: e.FacesCompared,
    Step.GROUPS: e.FaceGroupsSearched,
    Step.WATCHLIST: e.WatchlistsSearched,
}


def mermaid(scenario: Scenario) -> str:
    """One scenario's stages as a Mermaid state diagram. Any settled step can be taken again until the decision."""
    lines = ["stateDiagram-v2", f"    [*] --> {scenario.steps[0].value.upper()}: InspectionStarted"]
    stages = [Stage(step.value) for step in scenario.steps] + [Stage.DECISION]
    for step, following in zip(scenario.steps, stages[1:], strict=True):
        here = Stage(step.value)
        answer = _ANSWERS[step]
        if here not in TABLE[answer].stages:
            raise ValueError(f"{answer.__name__} is not taken at {here.value}")
        lines.append(f"    {here.name} --> {following.name}: {answer.__name__} / StepFailed")
        if scenario.demand(step) is Demand.REQUIRED:
            lines.append(f"    DECISION --> {here.name}: StepRetried")
    for event, row in TABLE.items():
        if row.after_decision and not row.answer:
            lines.append(f"    DECISION --> DECISION: {event.__name__}")
    lines.append(
        "    DECISION --> DECISION: FindingOverridden / StepWaived / NoteAdded / DecisionTaken / SealingFailed"
    )
    lines.append("    DECISION --> CLOSED: RecordSealed")
    lines.append("    CLOSED --> [*]")
    return "\n".join(lines)


def event_table() -> str:
    """The transition table as Markdown: event, stages at which it is taken, what happens elsewhere."""
    rows = ["| event | taken at | else |", "| --- | --- | --- |"]
    for event, row in TABLE.items():
        if row.stages == frozenset(Stage) - {Stage.CLOSED}:
            stages = "every open stage"
        elif row.stages == frozenset(Stage) - {Stage.CLOSED, Stage.DOCUMENT}:
            stages = "every open stage after the document"
        else:
            stages = ", ".join(stage.value for stage in Stage if stage in row.stages)
        when = "after the decision" if row.after_decision else "before the decision"
        rows.append(f"| {event.__name__} | {stages}, {when} | {'dropped' if row.answer else 'refused'} |")
    return "\n".join(rows)


def document() -> str:
    """The whole page ``docs/workflow.md``."""
    parts = [
        "# The workflow",
        "Drawn from the transition table by `python -m inspection_station.inspection.diagram`; a test holds it.",
        "A stage is the first step without evidence. Steps whose inputs are there run side by side, so an answer may "
        "come at an earlier stage than its own. A decision that lets nobody pass can be taken at any stage.",
        event_table(),
    ]
    for scenario in SCENARIOS.values():
        parts.append(f"## {scenario.name}")
        demands = ", ".join(f"{step.value}: {scenario.demand(step).value}" for step in scenario.steps)
        parts.append(f"{demands}. Ends in {', '.join(d.value for d in scenario.dispositions)}.")
        parts.append(f"```mermaid\n{mermaid(scenario)}\n```")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
