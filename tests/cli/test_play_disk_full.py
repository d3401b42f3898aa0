"""A lesson on a disk that runs full ends by itself, with its code, and what was sealed stays."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inspection_station.cli.play import STORE_PATIENCE_SECONDS
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys
from inspection_station.storage.reader import StoreReader

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file systems and limits of Linux"),
    pytest.mark.slow,
]

PLAY = (sys.executable, "-m", "inspection_station", "play", "--fault", "no_chip", "--progress", "--json")


def run(command: list[str]) -> tuple[subprocess.CompletedProcess[str], float]:
    """The ended process, and the seconds from the last record to the end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as play:
        assert play.stderr is not None
        lines, last = [], time.monotonic()
        for line in play.stderr:
            lines.append(line)
            if line.startswith('{"sealed"'):
                last = time.monotonic()
        assert play.stdout is not None
        told = play.stdout.read()
    done = subprocess.CompletedProcess(command, play.returncode, told, "".join(lines))
    return done, time.monotonic() - last


@pytest.fixture
def mounting() -> list[str]:
    """How a small file system can be mounted here for one command: as root, or in a user namespace of our own."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare(1) here")
    for words in ([unshare, "--mount"], [unshare, "--user", "--map-root-user", "--mount"]):
        tried = [*words, "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
        if subprocess.run(tried, capture_output=True, check=False).returncode == 0:
            return words
    pytest.skip("this machine does not let a file system be mounted")


def test_a_lesson_on_a_full_disk_ends_with_its_code(mounting: list[str], tmp_path: Path) -> None:
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    for folder in (disk, kept):
        folder.mkdir()
    play = shlex.join([*PLAY, "--travellers", "400", "--data", str(disk / "data")])
    copied = f"cp -a {shlex.quote(str(disk))}/data {shlex.quote(str(kept))}"
    script = (
        f"mount -t tmpfs -o size=2500k tmpfs {shlex.quote(str(disk))} && {{ {play}; code=$?; {copied}; exit $code; }}"
    )
    done, since_the_last = run([*mounting, "sh", "-c", script])
    assert done.returncode == 3, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "STO-01"
    assert "make room" in error["do"]
    assert "Traceback" not in done.stderr
    assert since_the_last < STORE_PATIENCE_SECONDS + 60  # drawing a traveller takes its time on a busy machine
    told = [json.loads(line)["sealed"]["id"] for line in done.stderr.splitlines() if line.startswith('{"sealed"')]
    data = kept / "data"
    reader = StoreReader.open(data, TrainingFolderKeys(data), clock=SystemClock())
    try:
        assert {row.inspection_id for row in reader.records(500)} == set(told) != set()
        assert reader.check().sound
    finally:
        reader.close()


def test_a_lesson_whose_store_may_not_grow_ends_with_its_code(tmp_path: Path) -> None:
    """As anybody: the operating system refuses files above a size, so that no space can be kept back."""
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000));"
    words = [*PLAY[3:], "--travellers", "400", "--data", str(tmp_path / "data")]
    code = f"{limit} from inspection_station.cli import main; sys.exit(main({words!r}))"
    done, _ = run([sys.executable, "-c", code])
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["error"]["code"] == "STO-01"
    assert "Traceback" not in done.stderr
    log = (tmp_path / "data" / "log" / "station.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["code"] for line in lines if line["event"] == "store refused"] == ["STO-01"]
    [ended] = [line for line in lines if line["event"] == "play ended"]
    assert (ended["why"], ended["code"]) == ("refused", "STO-01")
