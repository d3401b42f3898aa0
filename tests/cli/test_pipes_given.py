"""Every verb that opens what somebody names refuses a pipe without a writer, alone or in a folder, and never waits."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from inspection_station.cli import main
from inspection_station.gateway.command import main as gateway_main
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TRAINING_KEY, TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")

_HANGING_SECONDS = 60


@pytest.fixture(autouse=True)
def _hanging_is_ended() -> Iterator[None]:
    def ended(number: int, frame: FrameType | None) -> None:
        raise AssertionError("a verb waits for a pipe that nobody writes to")

    before = signal.signal(signal.SIGALRM, ended)
    signal.alarm(_HANGING_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.fixture
def station(tmp_path: Path) -> Path:
    place = tmp_path / "station"
    mark_training_folder(place)
    StationStore.open(place, TrainingFolderKeys(place), station_id="TRAINING-1", clock=SystemClock()).close()
    return place


def _refusal(capsys: pytest.CaptureFixture[str], code: int) -> dict[str, str]:
    told = json.loads(capsys.readouterr().out)
    found = told[0] if isinstance(told, list) else told
    assert code == 2, found
    error: dict[str, str] = found["error"]
    assert error["code"]
    return error


@pytest.mark.parametrize(
    "words",
    [
        "read-mrz PIPE",
        "extract-fingerprint PIPE --out OUT",
        "compare-fingerprints PIPE PIPE",
        "search-fingerprints PIPE --gallery FOLDER",
        "verify-chip PIPE",
        "read-chip --can 123456 --terminal-keys PIPE",
        "benchmark-fingerprints PIPE",
        "benchmark-faces PIPE",
        "calibrate-faces PIPE",
        "search-faces PIPE --gallery FOLDER",
        "compare-faces PIPE PIPE",
        "compare-faces PIPE PIPE --faces FOLDER --key PIPE",
        "face-quality PIPE",
        "faces build-group FOLDER --group voyage-whitelist --faces FOLDER --key PIPE",
        "faces build-history FOLDER --faces FOLDER --key PIPE",
        "bundle inspect PIPE",
        "bundle import PIPE --data STATION",
        "bundle export OUT --escrow PIPE --data STATION",
        "pack trust PIPE --data STATION",
        "pack import PIPE --data STATION",
    ],
)
def test_a_pipe_without_a_writer_is_refused_by_every_verb(
    words: str, tmp_path: Path, pipe: Path, station: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    places = {"PIPE": pipe, "FOLDER": tmp_path / "folder", "STATION": station, "OUT": tmp_path / "out"}
    _refusal(capsys, main([*(str(places.get(word, word)) for word in words.split()), "--json"]))


def test_a_pipe_among_the_certificates_to_be_taken_is_refused_with_its_reason(
    tmp_path: Path, pipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trust", "import", str(pipe), "--trust", str(tmp_path / "trust"), "--json"]) != 0
    assert "A pipe that nothing comes through" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("benchmark-faces FOLDER", ["person/one.jpg", "person/two.jpg", "other/one.png"]),
        ("calibrate-faces FOLDER", ["person/one.jpg", "person/two.jpg", "other/one.png"]),
        ("benchmark-fingerprints FOLDER", ["1_1.png", "1_2.png", "2_1.png"]),
        ("verify-chip FOLDER", ["EF.SOD", "DG1.bin"]),
        ("read-chip --can 123456 --terminal-keys FOLDER", ["terminal.pem", "authority.cvcert"]),
        ("pack import FOLDER --data STATION", ["metadata/timestamp.json", "metadata/1.root.json"]),
    ],
)
def test_a_folder_of_pipes_is_a_folder_of_nothing(
    words: str, names: list[str], tmp_path: Path, station: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in names:
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(tmp_path / "folder" / name)
    if words.startswith("pack"):
        root = tmp_path / "root.json"
        assert gateway_main(["init-packs", str(tmp_path / "offline"), "--folder", str(tmp_path / "gateway")]) == 0
        (tmp_path / "offline" / "root.json").rename(root)
        assert main(["pack", "trust", str(root), "--data", str(station), "--json"]) == 0
        capsys.readouterr()
    places = {"FOLDER": tmp_path / "folder", "STATION": station}
    _refusal(capsys, main([*(str(places.get(word, word)) for word in words.split()), "--json"]))


@pytest.mark.parametrize("name", ["station.db", TRAINING_KEY])
@pytest.mark.parametrize("words", ["records list", "store check", "bundle import STATION/TRAINING-STATION"])
def test_a_pipe_in_the_place_of_a_store_or_its_key_is_no_store(
    words: str, name: str, station: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (station / name).unlink()
    os.mkfifo(station / name)
    code = main([*words.replace("STATION/", f"{station}/").split(), "--data", str(station), "--json"])
    told, said = capsys.readouterr()
    if words == "store check" and name == "station.db":  # its very finding
        assert code == 1
        assert json.loads(told)["sound"] is False
        assert said.startswith("STO-09")
    else:
        assert code == 3
        assert json.loads(told)["error"]["code"].startswith("STO-")


@pytest.mark.parametrize("name", ["cohort.faces", "groups/voyage-whitelist.faces", "calibration.json"])
def test_a_pipe_among_face_data_is_refused_or_left_out(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / name).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / "data" / name)
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"no picture")
    words = ["compare-faces", str(picture), str(picture), "--faces", str(tmp_path / "data"), "--key", str(key)]
    _refusal(capsys, main([*words, "--json"]))


@pytest.mark.parametrize(
    "words",
    ["import-bundle PIPE", "publish-pack control-list PIPE", "publish-pack face-group PIPE --face-key PIPE"],
)
def test_headquarters_refuses_a_pipe_without_a_writer(
    words: str, tmp_path: Path, pipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gateway"
    assert gateway_main(["init", "--folder", str(folder)]) == 0
    assert gateway_main(["init-packs", str(tmp_path / "offline"), "--folder", str(folder)]) == 0
    capsys.readouterr()
    named = [str(pipe) if word == "PIPE" else word for word in words.split()]
    _refusal(capsys, gateway_main([*named, "--folder", str(folder), "--json"]))


def test_a_key_of_packs_that_is_a_pipe_cannot_be_used(
    tmp_path: Path, pipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "gateway")
    assert gateway_main(["init-packs", str(tmp_path / "offline"), "--folder", folder]) == 0
    capsys.readouterr()
    words = ["withdraw-pack", "control-list", "none", "--key", str(pipe), "--folder", folder, "--json"]
    assert gateway_main(words) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "PCK-06"


def test_a_pipe_that_nobody_reads_is_not_written_to(pipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _refusal(capsys, main(["read-chip", "--can", "123456", "--trace", str(pipe), "--json"]))
