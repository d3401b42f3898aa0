"""The diagram in the docs is the table's."""

from __future__ import annotations

from pathlib import Path

from inspection_station.inspection.diagram import document, mermaid
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.inspection.workflow import TABLE

PAGE = Path(__file__).parents[2] / "docs" / "workflow.md"


def test_the_page_in_the_docs_is_what_the_table_draws() -> None:
    assert PAGE.read_text(encoding="utf-8") == document()


def test_every_event_of_the_table_and_every_stage_of_a_scenario_is_drawn() -> None:
    page = document()
    assert all(event.__name__ in page for event in TABLE)
    for scenario in SCENARIOS.values():
        drawn = mermaid(scenario)
        assert all(Stage(step.value).name in drawn for step in scenario.steps)
        assert "CLOSED --> [*]" in drawn
