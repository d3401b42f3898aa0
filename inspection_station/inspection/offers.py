"""Which decisions can be taken now, and what stands against the others."""

from __future__ import annotations

from inspection_station.inspection.disposition import Decision, Disposition
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.findings import Override, OverrideRule
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Demand


def blockers(inspection: Inspection, disposition: Disposition) -> tuple[str, ...]:
    """What keeps a disposition from being offered; empty when it is offered.

    Keys: ``scenario``, ``decided``, ``step:NAME`` (not settled, or required and missing), ``finding:KEY``.
    """
    found: list[str] = []
    if disposition not in inspection.scenario.dispositions:
        found.append("scenario")
    if inspection.decision is not None:
        found.append("decided")
    if disposition.lets_pass:
        for step in inspection.scenario.steps:
            evidence = inspection.evidence.get(step)
            required = inspection.scenario.demand(step) is Demand.REQUIRED
            if evidence is None or (required and isinstance(evidence, Missing)):
                found.append(f"step:{step.value}")
        found.extend(f"finding:{finding.key}" for finding in barring(inspection))
    return tuple(found)


def offered(inspection: Inspection) -> tuple[Disposition, ...]:
    """Dispositions that can be taken now, in the scenario's order."""
    return tuple(d for d in inspection.scenario.dispositions if not blockers(inspection, d))


def decision_blockers(inspection: Inspection, decision: Decision) -> tuple[str, ...]:
    """As ``blockers``, and ``reason`` where the disposition needs one and none is named."""
    found = blockers(inspection, decision.disposition)
    if decision.disposition.needs_reason and not decision.reasons:
        found += ("reason",)
    return found


def override_blockers(inspection: Inspection, override: Override) -> tuple[str, ...]:
    """What keeps a finding from being set aside: ``no-such-finding``, ``not-needed``, ``never``, ``second-officer``,
    ``reason``, ``decided``."""
    if inspection.decision is not None:
        return ("decided",)
    finding = next((f for f in findings(inspection) if f.key == override.finding_key), None)
    if finding is None:
        return ("no-such-finding",)
    if finding.override is OverrideRule.NOT_NEEDED:
        return ("not-needed",)
    if finding.override is OverrideRule.NEVER:
        return ("never",)
    found: list[str] = []
    if finding.override is OverrideRule.TWO_PERSONS and override.second_officer_id in (None, "", override.officer_id):
        found.append("second-officer")
    if not override.reason:
        found.append("reason")
    return tuple(found)
