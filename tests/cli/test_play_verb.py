"""``play`` and what keeps ``run`` and ``play`` from starting."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.x_display import bare_display

from inspection_station.cli import main
from inspection_station.log_setup import set_up_logging
from inspection_station.resource_path import resource
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TRAINING_KEY, TrainingFolderKeys
from inspection_station.storage.reader import StoreReader


@pytest.fixture(autouse=True)
def _log_is_let_go() -> Iterator[None]:
    yield
    set_up_logging(None)
    logging.getLogger("inspection_station").propagate = True


@pytest.fixture
def swiping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents are swiped instead of photographed, which is quick."""
    text = resource("profiles", "training.toml").read_text(encoding="utf-8")
    folder = tmp_path / "profiles"
    folder.mkdir()
    swipe = text.replace('driver = "training-document"', 'driver = "training-document"\ngives = "swipe"')
    (folder / "training.toml").write_text(swipe, encoding="utf-8")
    monkeypatch.setenv("STATION_PROFILES", str(folder))


def own_profile(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str) -> None:
    text = resource("profiles", "training.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{name}.toml").write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setenv("STATION_PROFILES", str(folder))


@pytest.mark.usefixtures("swiping")
def test_a_lesson_is_reported_with_stable_keys_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    words = [
        "play",
        "--travellers",
        "2",
        "--seed",
        "11",
        "--fault",
        "no_chip",
        "--fault",
        "expired",
        "--data",
        str(data),
    ]
    assert main([*words, "--progress", "--json"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert set(report) == {"travellers", "lost", "recovered"}
    assert report["lost"] == 0
    assert report["recovered"] == []
    assert [one["story"] for one in report["travellers"]] == ["no_chip", "expired"]
    for one in report["travellers"]:
        keys = {"id", "scenario", "disposition", "findings", "found", "notices", "failed", "story", "chip", "expected"}
        assert set(one) == keys | {"steps"}
        assert [found["code"] for found in one["found"]] == one["findings"]
        assert one["scenario"] == "quayside"
        assert one["disposition"] in one["expected"]
        for step in one["steps"]:
            assert set(step) == {"step", "outcome", "ms", "device_ms"}
            assert step["ms"] >= step["device_ms"] >= 0
    told = [json.loads(line)["sealed"] for line in printed.err.splitlines() if line.startswith('{"sealed"')]
    reader = StoreReader.open(data, TrainingFolderKeys(data), clock=SystemClock())
    rows = {row.inspection_id: row.record_hash for row in reader.records()}
    assert reader.check().sound
    reader.close()
    assert {one["id"]: one["hash"] for one in told} == rows
    assert list(rows) == [one["id"] for one in reversed(report["travellers"])]


@pytest.mark.usefixtures("swiping")
def test_without_json_each_traveller_is_a_line_and_the_last_line_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--travellers", "1", "--fault", "expired"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "DOC-03" in lines[0]
    assert lines[-1] == "1 traveller, 0 lost, 1 ended as the answer key says"


@pytest.mark.parametrize(
    "words",
    [
        ["--scenario", "nowhere"],
        ["--travellers", "0"],
        ["--pace", "-1"],
        ["--pace", "nan"],
        ["--fault", "no_such_story"],
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_starts(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", "--json", "--data", str(tmp_path / "data"), *words]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "USE-01"
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_made_is_told_by_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["play", "--json", "--data", str(tmp_path / "file" / "data")]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "STO-05"


@pytest.mark.usefixtures("swiping")
def test_a_store_whose_key_is_another_is_told_by_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    assert main(["play", "--travellers", "1", "--fault", "expired", "--data", str(data)]) == 0
    (data / TRAINING_KEY).write_text("v1:" + "00" * 32)
    capsys.readouterr()
    assert main(["play", "--json", "--data", str(data)]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "STO-03"


def test_a_live_store_is_never_played_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "live"
    data.mkdir()
    (data / "station.db").write_bytes(bytes(4096))
    assert main(["play", "--json", "--data", str(data)]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "STO-02"


@pytest.fixture
def screen() -> Iterator[str]:
    """The name of a real X display with a window manager."""
    if missing := [name for name in ("Xvfb", "openbox", "xdotool") if shutil.which(name) is None]:
        pytest.skip(f"not here: {', '.join(missing)}")
    # without one that gives windows the keyboard, no key arrives anywhere
    with (
        bare_display() as name,
        subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": name}, stderr=subprocess.DEVNULL) as manager,
    ):
        yield name
        manager.terminate()


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_a_live_station_without_its_key_store_says_so_on_its_screen_and_ends_when_the_officer_gives_up(
    tmp_path: Path, backend: str, screen: str
) -> None:
    command = [sys.executable, "-m", "inspection_station", "run", "--profile", "laptop"]
    surroundings = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHON_KEYRING_BACKEND": backend}
    with subprocess.Popen(
        [*command, "--data", str(tmp_path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**surroundings, "DISPLAY": screen},
    ) as station:
        until = time.monotonic() + 90
        while station.poll() is None and time.monotonic() < until:  # a key counts only once the error stands there
            subprocess.run(["xdotool", "key", "Escape"], env={**os.environ, "DISPLAY": screen}, check=False)
            time.sleep(0.5)
        if station.poll() is None:
            station.kill()
        told, complaints = station.communicate()
    assert station.returncode == 3, complaints
    assert json.loads(told)["error"]["code"] == "STO-02"
    assert "Traceback" not in complaints


def test_a_live_station_without_a_display_does_not_play_a_lesson(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert main(["run", "--profile", "cart", "--data", str(tmp_path), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "SYS-03"


@pytest.mark.skipif(sys.platform != "linux", reason="X11 is Linux's")
def test_a_display_that_does_not_answer_is_no_display(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":4242")
    assert main(["run", "--profile", "cart", "--data", str(tmp_path), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "SYS-03"


@pytest.mark.skipif(sys.platform != "linux", reason="Wayland is Linux's")
@pytest.mark.parametrize("left", ["nothing", "a file", "a socket of somebody who ended"])
def test_a_wayland_display_that_nobody_listens_on_is_no_display(
    left: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if left == "a file":
        (tmp_path / "wayland-0").touch()
    elif left != "nothing":
        with socket.socket(socket.AF_UNIX) as ended:
            ended.bind(str(tmp_path / "wayland-0"))
            ended.listen()
    for unset in ("QT_QPA_PLATFORM", "DISPLAY"):
        monkeypatch.delenv(unset, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert main(["run", "--profile", "cart", "--data", str(tmp_path / "data"), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "SYS-03"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('scenario = "quayside"', 'scenario = "nowhere"'),
        ('driver = "training-camera"', 'driver = "no-such-driver"'),
        ('driver = "training-camera"', 'driver = "training-chip"'),
        ('driver = "training-camera"', 'driver = "training-camera"\nspeed = 3'),
        ("training = true", "training = false"),
        ('language = "zh_TW"', 'language = "tlh"'),
        ('language = "zh_TW"', 'language = "zh_TW"\nlangauge = "en"'),
    ],
)
def test_a_profile_that_does_not_hold_together_is_refused_with_what_is_wrong(
    old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from contextlib import ExitStack

    from inspection_station.app import open_station
    from inspection_station.station_profile import ProfileError, load_profile
    from inspection_station.storage.errors import StoreUnavailable

    own_profile(tmp_path, monkeypatch, "own", old, new)
    if "lang" in old:
        assert main(["run", "--profile", "own", "--data", str(tmp_path / "data"), "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "PRO-01"
        return
    with ExitStack() as stack, pytest.raises((ProfileError, StoreUnavailable)):
        open_station(load_profile("own", data_folder=tmp_path / "data"), stack)
