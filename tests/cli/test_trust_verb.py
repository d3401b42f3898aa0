"""``trust import``, ``list`` and ``report``: what comes in, what does not, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT, outside_data

from inspection_station import station_profile
from inspection_station.cli import main
from inspection_station.training.defect_lists import PublishedDefect, defect_list
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import issue_passport


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["trust", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def written(directory: Path, authority: IssuingAuthority = AUTHORITY) -> list[str]:
    return [str(path) for path in authority.write_trust(directory)]


def test_what_is_imported_verifies_a_chip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = str(tmp_path / "trust")
    code, found = run(capsys, "import", *written(tmp_path / "new"), "--trust", trust)
    assert (code, sorted(one["kind"] for one in found)) == (0, ["revocation list"] * 2 + ["root"] * 2)
    (tmp_path / "chip").mkdir()
    issued = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    for name, content in issued.files.items():
        (tmp_path / "chip" / name).write_bytes(content)
    code = main(["verify-chip", str(tmp_path / "chip"), "--trust", trust, "--at", DAY.isoformat(), "--json"])
    assert (code, json.loads(capsys.readouterr().out)["overall"]) == (0, "successful")


def test_importing_twice_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files, trust = written(tmp_path / "new"), tmp_path / "trust"
    for _ in range(2):
        assert run(capsys, "import", *files, "--trust", str(trust))[0] == 0
    assert len(list(trust.iterdir())) == 4


def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = tmp_path / "trust"
    (tmp_path / "noise.cer").write_bytes(bytes(range(256)))
    (tmp_path / "empty.ml").write_bytes(b"")
    stranger = written(tmp_path / "other", IssuingAuthority(99, at=DAY))
    lists = [path for path in stranger if path.endswith(".crl")]
    refused = [str(tmp_path / "noise.cer"), str(tmp_path / "empty.ml"), str(tmp_path / "nowhere.cer"), *lists]
    code, found = run(capsys, "import", *refused, "--trust", str(trust))
    assert code == 1
    assert all(one["stored_as"] is None and one["detail"] for one in found)
    assert list(trust.iterdir()) == []


def test_a_revocation_list_of_another_key_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = str(tmp_path / "trust")
    run(capsys, "import", *written(tmp_path / "new"), "--trust", trust)
    twin = IssuingAuthority(AUTHORITY.seed, at=DAY, label="csca-unknown")
    lists = [path for path in written(tmp_path / "twin", twin) if path.endswith("ut.crl")]
    code, (found,) = run(capsys, "import", *lists, "--trust", trust)
    assert (code, found["stored_as"]) == (1, None)


def test_the_inventory_and_the_report_say_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = str(tmp_path / "trust")
    run(capsys, "import", *written(tmp_path / "new"), "--trust", trust)
    code, found = run(capsys, "list", "--trust", trust)
    assert (code, [one["country"] for one in found]) == (0, ["TW", "UT"])
    assert set(found[0]) == {"country", "subject", "not_before", "not_after", "key", "sha256", "verified"}
    code, report = run(capsys, "report", "--trust", trust, "--at", DAY.isoformat())
    assert code == 0
    assert (report["anchors"], report["expired"], report["revocation_lists"], report["problems"]) == (2, 0, 2, [])
    assert report["countries"]["UT"] == {"anchors": 1, "revocation_lists": 1}
    assert run(capsys, "report", "--trust", trust, "--at", "2090-01-01")[1]["expired"] == 2


def test_lists_of_defects_are_imported_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = str(tmp_path / "trust")
    content = defect_list(AUTHORITY, [PublishedDefect("2.2", AUTHORITY.signer())])
    (tmp_path / "german.bin").write_bytes(content)
    code, found = run(capsys, "import", str(tmp_path / "german.bin"), *written(tmp_path / "new"), "--trust", trust)
    assert (code, found[-1]["kind"]) == (0, "defect list")
    _, report = run(capsys, "report", "--trust", trust)
    assert report["defects"] == 1
    assert [(one["kind"], one["entries"], one["verified"]) for one in report["lists"]] == [("defect list", 1, True)]
    assert main(["trust", "report", "--trust", trust]) == 0
    assert "defect list" in capsys.readouterr().out


def test_without_a_directory_the_profile_s_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    AUTHORITY.write_trust(tmp_path / "trust")
    training = (Path(station_profile.__file__).parents[1] / "resources" / "profiles" / "training.toml").read_text()
    (tmp_path / "own.toml").write_text(f"trust_folder = {str(tmp_path / 'trust')!r}\n" + training)
    monkeypatch.setenv("STATION_PROFILES", str(tmp_path))
    code, found = run(capsys, "list", "--profile", "own")
    assert (code, len(found)) == (0, 2)
    assert run(capsys, "report", "--profile", "own")[1]["anchors"] == 2
    code, told = run(capsys, "report", "--profile", "training")
    assert (code, told["error"]["code"]) == (2, "USE-01")
    code, told = run(capsys, "import", str(tmp_path / "x"), "--profile", "none such")
    assert (code, told["error"]["code"]) == (2, "PRO-01")


@pytest.mark.parametrize("act", ["list", "report"])
def test_no_directory_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], act: str) -> None:
    assert run(capsys, act, "--trust", str(tmp_path / "nowhere"))[0] == 2


def test_real_lists_come_in_over_the_roots_beside_them_one_vouching_for_the_other_s_older_root(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, trust = outside_data("masterlists"), str(tmp_path / "trust")
    everything = [str(path) for path in sorted(folder.iterdir()) if path.suffix in (".cer", ".ml")]
    code, found = run(capsys, "import", *everything, "--trust", trust)
    assert (code, [one["stored_as"] for one in found if one["stored_as"] is None]) == (0, [])
    _, report = run(capsys, "report", "--trust", trust)
    assert (report["anchors"], report["unverified"], report["problems"]) == (597, 0, [])
    assert sorted((one["entries"], one["verified"]) for one in report["lists"]) == [(394, True), (541, True)]


def test_a_real_list_comes_in_over_its_root_and_another_only_by_an_explicit_act(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing German was put in by hand here, and the Dutch list vouches for nobody as a signer of lists."""
    folder, trust = outside_data("masterlists"), str(tmp_path / "trust")
    everything = [str(p) for p in sorted(folder.iterdir()) if p.suffix == ".ml" or p.name == "NL_ROOT_CA.cer"]
    code, found = run(capsys, "import", *everything, "--trust", trust)
    refused = [one for one in found if one["stored_as"] is None]
    assert (code, [one["kind"] for one in refused]) == (1, ["master list"])
    assert run(capsys, "report", "--trust", trust)[1]["anchors"] == 394
    (other,) = [path for path in everything if path.endswith(refused[0]["file"])]
    code, (taken,) = run(capsys, "import", other, "--trust", trust, "--accept-unverified")
    assert code == 0
    assert taken["stored_as"].endswith(".unverified.ml")
    _, report = run(capsys, "report", "--trust", trust)
    assert report["problems"] == []
    assert report["anchors"] - report["unverified"] == 394
    assert report["unverified"] > 0
    _, listed = run(capsys, "list", "--trust", trust)
    assert sum(not one["verified"] for one in listed) == report["unverified"]
    assert not [one for one in listed if one["key"].startswith("not usable")]
