"""The guideline's sections: none forgotten, and the documentation says what the code does."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT, outside_data

from inspection_station.documents.emrtd.check_report import NAMESPACE, report_of, report_xml
from inspection_station.documents.emrtd.check_sections import BY_NUMBER, SECTIONS, Standing
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.defects import DefectKind
from inspection_station.documents.emrtd.folder_verification import verify_files
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck
from inspection_station.training.passport_issue import issue_passport

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "chip-checks.md"


def test_every_section_of_the_guideline_is_there_in_its_order() -> None:
    index = outside_data().joinpath("tr03135-1_v2.5_check_index.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert [section.number for section in SECTIONS] == [line.split("\t")[0] for line in index]


def test_the_sections_said_to_be_made_on_the_chip_are_those_that_the_code_makes() -> None:
    made = {check.value[0] for check in Check} | {kind.section for kind in DefectKind}
    assert {section.number for section in SECTIONS if section.standing is Standing.CHIP} == made


def test_the_documentation_has_the_same_table() -> None:
    rows = [line for line in DOCUMENTATION.read_text(encoding="utf-8").splitlines() if line.startswith("| 5.")]
    expected = [
        f"| {s.number} | {s.title} | {s.standing.value}{': ' + s.note if s.note else ''} |".replace("``", "`")
        for s in SECTIONS
    ]
    assert rows == expected


def test_what_is_not_made_says_why() -> None:
    assert all(s.note for s in SECTIONS if s.standing in (Standing.NOT_MADE, Standing.NO_OPTICS))


def checks(trust: TrustStore) -> tuple[ChipCheck, ...]:
    files = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault="wrong_hash").files
    return verify_files(files, trust, DAY)


def test_every_check_of_a_folder_stands_once_in_the_tree(tmp_path: Path) -> None:
    AUTHORITY.write_trust(tmp_path)
    trust = TrustStore.from_directory(tmp_path)
    made = checks(trust)
    assert {check.section for check in made} <= BY_NUMBER.keys()
    report = report_of(made, ["EF.SOD"], DAY, trust)

    def count(nodes: list[dict[str, object]]) -> int:
        return sum(len(n.get("checks", ())) + count(n.get("sections", [])) for n in nodes)  # type: ignore[arg-type]

    assert count(report["tree"]) == len(made)
    assert sum(len(section["checks"]) for section in report["sections"]) == len(made)
    assert report["trust"]["version"] == trust.version.digest
    words = [c["value"] for s in report["sections"] for c in s["checks"] if "value" in c]
    assert words == ["trusted", "identical", "not identical"]


def test_the_log_as_xml_is_nested_like_the_guideline_and_holds_nothing_of_the_holder() -> None:
    trust = AUTHORITY.trust_store()
    content = report_xml(report_of(checks(trust), ["DG1", "EF.SOD"], DAY, trust))
    root = ElementTree.fromstring(content)
    assert root.tag == f"{{{NAMESPACE}}}DocumentCheckLog"
    assert root.attrib["result"] == "failed"
    numbers = [element.attrib["section"] for element in root.iter(f"{{{NAMESPACE}}}Section")]
    assert numbers[:2] == ["5.6", "5.6.4"]
    failed = root.findall(f".//{{{NAMESPACE}}}Check[@result='failed']")
    assert [element.attrib["section"] for element in failed] == ["5.6.4.4.2"]
    text = content.decode()
    assert not [part for part in ("ERIKSSON", "L898902C", "740812") if part in text]


@pytest.mark.parametrize("trust", [None, TrustStore()])
def test_a_log_without_lists_is_a_log(trust: TrustStore | None) -> None:
    odd = ChipCheck("5.6.4.3.6", "signer-trust", CheckResult.UNDETERMINED, "issued by \x00\ud800 <&>")
    told = ElementTree.fromstring(report_xml(report_of([odd], [], DAY, trust)))
    (check,) = told.iter(f"{{{NAMESPACE}}}Check")
    assert check.attrib["evidence"] == "issued by \ufffd\ufffd <&>"
