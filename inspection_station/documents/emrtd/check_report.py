"""The checks of a chip under the sections of BSI TR-03135-1 v2.5, as its log arranges them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from inspection_station.inspection.chip import ChipCheck, overall_of

SECTIONS = {
    "5.6.3": "Chip access protocols",
    "5.6.4.1": "Chip authenticity (AA, CA, PACE-CAM)",
    "5.6.4.2": "Security objects (passive authentication)",
    "5.6.4.3": "Issuer certificates",
    "5.6.4.4": "Integrity of chip contents",
    "5.6.4.5": "Issuing state",
    "5.7": "Combined checks",
    "5.8": "Defects",
}
"""The sections whose checks a station makes on a chip."""


def section_of(section: str) -> str:
    """The section of the report that a check belongs to."""
    return next((s for s in SECTIONS if section == s or section.startswith(s + ".")), section)


def report_of(checks: Sequence[ChipCheck], files: Sequence[str], at: date) -> dict[str, Any]:
    """Plain values for JSON: every section with its worst result, in the order of the guideline."""
    sections = []
    for number, title in SECTIONS.items():
        inside = [check for check in checks if section_of(check.section) == number]
        if not inside:
            continue
        sections.append(
            {
                "section": number,
                "title": title,
                "result": overall_of(inside).value,
                "checks": [
                    {"section": c.section, "name": c.name, "result": c.result.value, "evidence": c.evidence}
                    for c in sorted(inside, key=lambda c: tuple(int(part) for part in c.section.split(".")))
                ],
            }
        )
    return {
        "guideline": "BSI TR-03135-1 v2.5",
        "date": at.isoformat(),
        "files": list(files),
        "result": overall_of(checks).value,
        "sections": sections,
    }
