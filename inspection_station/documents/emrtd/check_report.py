"""The log of a document's checks in the structure of BSI TR-03135-1 v2.5: its sections, nested as they are there, with
the lists that were used.

The guideline's own schemas (``dc4v4.xsd`` and those beside it, §6.2) could not be had: names and nesting here follow
its text, and the namespace is our own, so that nobody takes the one for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

from inspection_station import __version__
from inspection_station.documents.emrtd.check_sections import BY_NUMBER, SECTIONS
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck, overall_of

GUIDELINE = "BSI TR-03135-1 v2.5"
NAMESPACE = "urn:inspection-station:tr-03135-log:1"
_TOP = ("5.6.3", "5.6.4.1", "5.6.4.2", "5.6.4.3", "5.6.4.4", "5.6.4.5", "5.7", "5.8")
"""Sections under which a reader of the log looks; ``tree`` has all of them."""
_WORDS: dict[str, dict[CheckResult, str]] = {
    "5.6.4.3.6": {CheckResult.SUCCESSFUL: "trusted", CheckResult.FAILED: "not trusted"},
    "5.6.4.4.2": {CheckResult.SUCCESSFUL: "identical", CheckResult.FAILED: "not identical"},
}
"""Where the guideline has words of its own for a result (tables 5.38 and 5.42)."""


def section_of(section: str) -> str:
    """The section of the report that a check belongs to."""
    return next((s for s in _TOP if section == s or section.startswith(s + ".")), section)


def report_of(
    checks: Sequence[ChipCheck],
    files: Sequence[str],
    at: date,
    trust: TrustStore | None = None,
    made: datetime | None = None,
) -> dict[str, Any]:
    """Plain values for JSON. ``sections`` are flat, ``tree`` is nested as the guideline is; each node has the worst
    result beneath it. ``at`` is the day that the checks were made for, ``made`` (aware) when.
    """
    sections = []
    for number in _TOP:
        inside = [check for check in checks if section_of(check.section) == number]
        if inside:
            node = {"section": number, "title": BY_NUMBER[number].title, "result": overall_of(inside).value}
            sections.append({**node, "checks": [_told(check) for check in _in_order(inside)]})
    return {
        "guideline": GUIDELINE,
        "software": {"name": "inspection-station", "version": __version__},
        "date": at.isoformat(),
        "made": (made or datetime.now(UTC)).isoformat(timespec="seconds"),
        "files": list(files),
        "trust": _trust(trust),
        "result": overall_of(checks).value,
        "sections": sections,
        "tree": _tree(checks, "5", 1),
    }


def _told(check: ChipCheck) -> dict[str, Any]:
    word = _WORDS.get(check.section, {}).get(check.result)
    told: dict[str, Any] = {"section": check.section, "name": check.name, "result": check.result.value}
    return {**told, **({"value": word} if word else {}), "evidence": check.evidence}


def _in_order(checks: Iterable[ChipCheck]) -> list[ChipCheck]:
    return sorted(checks, key=lambda check: tuple(int(part) for part in check.section.split(".")))


def _tree(checks: Sequence[ChipCheck], above: str, level: int) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for section in SECTIONS:
        if section.level != level or not section.number.startswith(above + "."):
            continue
        inside = [c for c in checks if c.section == section.number or c.section.startswith(section.number + ".")]
        if not inside:
            continue
        node: dict[str, Any] = {"section": section.number, "title": section.title, "result": overall_of(inside).value}
        own = [_told(check) for check in inside if check.section == section.number]
        below = _tree(inside, section.number, level + 1)
        nodes.append({**node, **({"checks": own} if own else {}), **({"sections": below} if below else {})})
    return nodes


def _trust(trust: TrustStore | None) -> dict[str, Any] | None:
    """The guideline's «UsedLists»: which lists the verdict rests on, and the digest of everything together."""
    if trust is None:
        return None
    day = trust.version.day
    return {
        "version": trust.version.digest,
        "day": day.isoformat() if day is not None else None,
        "lists": [
            {
                "kind": one.kind,
                "entries": one.entries,
                "signed": one.signed_at.isoformat() if one.signed_at is not None else None,
                "signer_sha256": one.signer,
                "sha256": one.sha256,
                "verified": one.verified,
            }
            for one in trust.lists
        ],
    }


def report_xml(report: dict[str, Any]) -> bytes:
    """The same as XML: ``DocumentCheckLog`` with ``UsedLists`` and nested ``Section`` and ``Check`` elements."""
    root = ElementTree.Element("DocumentCheckLog", {"xmlns": NAMESPACE, "guideline": report["guideline"]})
    root.attrib |= {"result": report["result"], "date": report["date"], "made": report["made"]}
    ElementTree.SubElement(root, "Component", report["software"])
    files = ElementTree.SubElement(root, "ChipFiles")
    for name in report["files"]:
        ElementTree.SubElement(files, "File", {"name": name})
    trust = report["trust"]
    if trust is not None:
        used = ElementTree.SubElement(root, "UsedLists", _attributes(trust))
        for one in trust["lists"]:
            ElementTree.SubElement(used, "List", _attributes(one))
    for node in report["tree"]:
        _section_xml(root, node)
    ElementTree.indent(root)
    encoded: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return encoded + b"\n"


def _section_xml(parent: ElementTree.Element, node: dict[str, Any]) -> None:
    element = ElementTree.SubElement(parent, "Section", _attributes(node))
    for check in node.get("checks", ()):
        ElementTree.SubElement(element, "Check", _attributes(check))
    for below in node.get("sections", ()):
        _section_xml(element, below)


def _attributes(values: dict[str, Any]) -> dict[str, str]:
    plain = {key: value for key, value in values.items() if value is not None and not isinstance(value, list)}
    return {
        key: str(value).lower() if isinstance(value, bool) else _printable(str(value)) for key, value in plain.items()
    }


def _printable(text: str) -> str:
    """Names in certificates can hold what XML cannot."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
