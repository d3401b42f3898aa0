"""``verify-chip`` on folders of elementary files, as a person or a script uses it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, LINES, PORTRAIT, outside_data

from inspection_station.cli import main
from inspection_station.training.chip_keys import ChipKeys, agreement_key, rsa_signer
from inspection_station.training.passport_issue import VirtualPassport, issue_passport

STATES = ("AT", "DE", "FI", "FR", "NZ", "UK")
LIST_DAY = "2024-09-01"


def passport(fault: str | None = None) -> VirtualPassport:
    return issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault=fault)


def laid_down(folder: Path, issued: VirtualPassport, suffix: str = "") -> Path:
    folder.mkdir()
    for name, content in issued.files.items():
        (folder / f"{name}{suffix}").write_bytes(content)
    return folder


def run(capsys: pytest.CaptureFixture[str], folder: Path, *options: str) -> tuple[int, Any]:
    code = main(["verify-chip", str(folder), "--at", DAY.isoformat(), "--json", *options])
    return code, json.loads(capsys.readouterr().out)


def trust(directory: Path) -> str:
    AUTHORITY.write_trust(directory)
    return str(directory)


def results(found: Any) -> dict[tuple[str, str], str]:
    return {(check["section"], check["name"]): check["result"] for check in found["checks"]}


@pytest.mark.parametrize("suffix", ["", ".bin"])
def test_a_sound_folder_is_successful(tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str) -> None:
    folder = laid_down(tmp_path / "chip", passport(), suffix)
    code, found = run(capsys, folder, "--trust", trust(tmp_path / "trust"))
    assert (code, found["overall"]) == (0, "successful")
    assert set(found) == {"overall", "checks", "ms"}
    assert set(found["checks"][0]) == {"section", "name", "result", "evidence"}


def test_ef_sod_alone_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "chip").mkdir()
    (tmp_path / "chip" / "EF.SOD").write_bytes(passport().files["EF.SOD"])
    code, found = run(capsys, tmp_path / "chip", "--trust", trust(tmp_path / "trust"))
    assert code == 0
    assert results(found)["5.6.4.2.2", "security-object-signature"] == "successful"
    assert results(found)["5.6.4.3.6", "signer-trust"] == "successful"
    assert results(found)["5.6.4.4.2", "data-group-hash"] == "undetermined"


@pytest.mark.parametrize(
    ("fault", "section"),
    [
        ("wrong_hash", "5.6.4.4.2"),
        ("wrong_signer", "5.6.4.2.2"),
        ("expired_signer", "5.6.4.3.4"),
        ("revoked_signer", "5.6.4.3.5"),
        ("unsigned_group", "5.6.4.4.1"),
        ("oversized_length", "5.6.4.4.2"),
    ],
)
def test_each_fault_of_the_files_ends_with_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str, section: str
) -> None:
    code, found = run(capsys, laid_down(tmp_path / "chip", passport(fault)), "--trust", trust(tmp_path / "trust"))
    assert (code, found["overall"]) == (1, "failed")
    assert section in [check["section"] for check in found["checks"] if check["result"] == "failed"]


def test_no_trust_anchor_is_undetermined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, laid_down(tmp_path / "chip", passport()))
    assert (code, found["overall"]) == (0, "undetermined")


def test_keys_and_offers_in_the_files_are_checked_as_far_as_files_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ChipKeys(agreement=agreement_key(5, 13, (2,)), signer=rsa_signer(3))
    issued = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access="pace", keys=keys)
    _, found = run(capsys, laid_down(tmp_path / "chip", issued), "--trust", trust(tmp_path / "trust"))
    assert results(found)["5.6.3.1.2", "card-access"] == "successful"
    assert results(found)["5.6.4.1", "chip-authentication"] == "undetermined"
    weaker = issue_passport(
        LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access="pace", pace=("0.4.0.127.0.7.2.2.4.2.1", 8)
    )
    mixed = replace(issued, files={**issued.files, "EF.CardAccess": weaker.files["EF.CardAccess"]})
    code, found = run(capsys, laid_down(tmp_path / "other", mixed), "--trust", str(tmp_path / "trust"))
    assert code == 1
    assert results(found)["5.6.3.1.2", "card-access"] == "failed"


def test_the_report_has_the_guideline_s_sections(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    folder = laid_down(tmp_path / "chip", passport("wrong_hash"))
    run(capsys, folder, "--trust", trust(tmp_path / "trust"), "--report", str(report))
    told = json.loads(report.read_text())
    assert (told["guideline"], told["result"], told["date"]) == ("BSI TR-03135-1 v2.5", "failed", "2026-03-14")
    sections = {section["section"]: section["result"] for section in told["sections"]}
    assert sections["5.6.4.4"] == "failed"
    assert sections["5.6.4.3"] == "successful"
    assert all(check["section"].startswith(s["section"]) for s in told["sections"] for check in s["checks"])
    assert not [line for line in LINES if line[:10] in report.read_text()]


def test_a_report_whose_name_ends_with_xml_is_xml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "log.xml"
    run(capsys, laid_down(tmp_path / "chip", passport()), "--trust", trust(tmp_path / "trust"), "--report", str(report))
    root = ElementTree.fromstring(report.read_bytes())
    assert root.tag.endswith("DocumentCheckLog")
    assert root.attrib["result"] == "successful"


@pytest.mark.parametrize("names", [[], ["notes.txt"], ["EF.SOD", "EF_SOD.bin"]])
def test_a_folder_that_cannot_be_used_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: list[str]
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"\x00")
    code, found = run(capsys, tmp_path)
    assert code == 2
    assert found["error"]["code"] == "USE-01"
    assert run(capsys, tmp_path / "nowhere")[0] == 2


@pytest.mark.parametrize(
    ("sod", "first"),
    [("sod", "dg01.bin"), ("EF_SOD.bin", "EF.DG1"), ("EF-SOD.der", "Datagroup1.BIN"), ("011D", "0101")],
)
def test_files_are_known_by_the_names_that_readers_give_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sod: str, first: str
) -> None:
    files = passport().files
    (tmp_path / "chip").mkdir()
    (tmp_path / "chip" / sod).write_bytes(files["EF.SOD"])
    (tmp_path / "chip" / first).write_bytes(files["DG1"])
    _, found = run(capsys, tmp_path / "chip", "--trust", trust(tmp_path / "trust"))
    hashed = [c["evidence"] for c in found["checks"] if c["name"] == "data-group-hash"]
    assert [told.split(":")[0] for told in hashed] == ["DG1", "DG2"]
    assert (results(found)["5.6.4.2.2", "security-object-signature"]) == "successful"


def test_headers_before_the_pictures_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issued = passport()
    odd = issued.files["DG2"].replace(b"\x87\x02\x01\x01", b"\x87\x02\x01\x02", 1)
    folder = laid_down(tmp_path / "chip", replace(issued, files={**issued.files, "DG2": odd}))
    _, found = run(capsys, folder, "--trust", trust(tmp_path / "trust"))
    (told,) = [c for c in found["checks"] if c["name"] == "biometric-header"]
    assert (told["section"], told["result"]) == ("5.8.2.2.1", "failed")
    assert "no known owner" in told["evidence"]


@pytest.mark.parametrize("content", [b"", b"\x77", b"\x77\x82\xff\xff\x30", b"\x00" * 64, b"\x77\x80" * 2000])
def test_hostile_files_are_failed_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    for name in ("EF.SOD", "EF.COM", "DG1", "DG2", "DG14", "DG15", "EF.CardAccess", "EF.CardSecurity"):
        (tmp_path / name).write_bytes(content)
    code, found = run(capsys, tmp_path)
    assert (code, found["overall"]) == (1, "failed")
    (tmp_path / "EF.SOD").write_bytes(passport().files["EF.SOD"])
    assert run(capsys, tmp_path)[0] == 1


@pytest.mark.parametrize(
    ("day", "result"), [("2026-03-14", "successful"), ("2030-04-15", "successful"), ("2030-04-16", "failed")]
)
def test_a_document_past_its_expiry_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str, result: str
) -> None:
    folder = laid_down(tmp_path / "chip", passport())
    main(["verify-chip", str(folder), "--at", day, "--json"])
    assert results(json.loads(capsys.readouterr().out))["5.7.1", "document-expiry"] == result


@pytest.mark.parametrize(
    ("allowed", "result"), [(("P",), "successful"), (("C", "PD"), "failed"), ((), "not supported")]
)
def test_a_signer_s_document_types_are_held_against_the_zone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], allowed: tuple[str, ...], result: str
) -> None:
    issued = passport()
    groups = {1: issued.files["DG1"], 2: issued.files["DG2"]}
    sod = AUTHORITY.security_object(groups, signer=AUTHORITY.signer(document_types=allowed))
    folder = laid_down(tmp_path / "chip", replace(issued, files={**issued.files, "EF.SOD": sod}))
    _, found = run(capsys, folder, "--trust", trust(tmp_path / "trust"))
    assert results(found)["5.6.4.3.2", "signer-document-type"] == result


def test_the_trust_store_s_version_stands_in_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = run(capsys, laid_down(tmp_path / "chip", passport()), "--trust", trust(tmp_path / "trust"))
    (told,) = [c["evidence"] for c in found["checks"] if c["section"] == "5.6.4.3.6"]
    assert re.search(r"trust store [0-9a-f]{12} of 2026-03-01", told)


@pytest.mark.parametrize("state", STATES)
def test_the_security_objects_of_six_states_verify_to_the_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    sod = outside_data("sods", f"{state}_EF_SOD.bin").read_bytes()
    (tmp_path / "EF.SOD").write_bytes(sod)
    lists = outside_data("masterlists")
    code, found = run(capsys, tmp_path, "--trust", str(lists), "--at", LIST_DAY)
    assert code == 0
    names = ("security-object-signature", "signer-trust", "signer-validity")
    assert {c["name"]: c["result"] for c in found["checks"] if c["name"] in names} == dict.fromkeys(names, "successful")


@pytest.mark.parametrize("state", ["DE", "FI"])
def test_card_security_files_verify_to_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str], state: str) -> None:
    content = outside_data("sods", f"{state}_EF_CardSecurity.bin").read_bytes()
    (tmp_path / "EF.CardSecurity").write_bytes(content)
    _, found = run(capsys, tmp_path, "--trust", str(outside_data("masterlists")), "--at", LIST_DAY)
    about = {c["name"]: c["result"] for c in found["checks"] if c["evidence"].startswith("EF.CardSecurity")}
    names = ("security-object-signature", "signer-trust", "signer-validity")
    assert {name: about[name] for name in names} == dict.fromkeys(names, "successful")
    assert about["signer-revocation"] == "undetermined"  # nobody gave a list


def test_the_published_sample_s_unsigned_groups_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = outside_data("bsi2008")
    code, found = run(capsys, folder, "--at", date(2008, 6, 1).isoformat())
    assert code == 1
    failed = [c for c in found["checks"] if c["result"] == "failed" and c["name"] == "data-group-hash"]
    assert [c["evidence"].split(":")[0] for c in failed] == ["DG4", "DG15"]
    assert all("not in the security object" in c["evidence"] for c in failed)
    weak = next(c for c in found["checks"] if c["name"] == "algorithm-strength")
    assert weak["result"] == "undetermined"
    assert "SHA1" in weak["evidence"]
