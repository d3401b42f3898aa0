"""What becomes of a verb when its output is closed, full, of another encoding, or the verb is told to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STATION = (sys.executable, "-m", "inspection_station")
posix = pytest.mark.skipif(os.name != "posix", reason="streams and signals of POSIX")


def _run(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    words = " ".join((*STATION, command))
    return subprocess.run(
        ["bash", "-c", words], capture_output=True, env={**os.environ, **environment}, timeout=120, check=False
    )


@posix
def test_a_closed_standard_output_is_no_fault() -> None:
    done = _run("doctor --json >&-")
    assert (done.returncode, done.stderr) == (0, b"")


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_under_the_output_is_told_in_one_line() -> None:
    done = _run("doctor --json >/dev/full")
    assert done.returncode == 3
    assert done.stderr.startswith(b"STO-01: the output cannot be written")
    assert done.stderr.count(b"\n") == 1


@posix
def test_a_reader_that_goes_away_is_no_fault() -> None:
    done = _run("doctor --json | true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (0, b"")


@posix
def test_output_is_utf_8_under_any_locale() -> None:
    done = _run("doctor", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0
    assert "✓" in done.stdout.decode("utf-8")


@posix
def test_a_file_name_of_odd_bytes_comes_back_whole_out_of_the_json(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/page\xff.png"
    done = subprocess.run([*STATION, "read-mrz", "--json", name], capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    (result,) = json.loads(done.stdout.decode("utf-8"))
    assert os.fsencode(result["file"]) == name
    assert done.stderr == b""


@posix
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_play_that_is_told_to_end_leaves_nothing_behind(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    play = subprocess.Popen(
        [*STATION, "play", "--travellers", "500", "--fault", "no_chip", "--progress", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
    )
    try:
        assert play.stderr is not None
        assert play.stderr.readline().startswith('{"sealed"')  # well under way, nothing left to import
        play.send_signal(sent)
        play.communicate(timeout=120)
    finally:
        play.kill()
    assert play.returncode == code
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("words", ["play --travellers 2 --fault no_chip --json", "play --travellers 3 --fault no_chip"])
def test_a_lesson_whose_reader_goes_away_is_no_fault(words: str, tmp_path: Path) -> None:
    done = _run(f"{words} | head -c 1; exit ${{PIPESTATUS[0]}}", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) == 1
    assert list(tmp_path.iterdir()) == []
