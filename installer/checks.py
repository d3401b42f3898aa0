"""Checks that no linter makes: file lengths, where threads may start, no mocks, no address in the lock.

Prints what is wrong and exits 1.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CEILING = 400
STARTS_THREADS = re.compile(r"\b(?:Thread|start_new_thread|Timer|ThreadPoolExecutor|ProcessPoolExecutor)\(")
MAY_START_THREADS = frozenset(
    f"inspection_station/{name}.py"
    for name in (
        "app",
        "cli/face_group_verbs",
        "command_line/interruption",
        "composition/online_side",
        "desk/exchange_side",
        "desk/inspection_desk",
        "gateway/loopback",
        "hardware/child_process",
        "hardware/drivers/swipe_rehearsal",
        "hardware/drivers/uvc_camera",
        "hardware/drivers/wsbd_sensor",
        "hardware/drivers/wsbd_simulator",
        "hardware/worker",
        "headquarters/loop",
        "headquarters/online_checks",
        "headquarters/uploads",
        "storage/anchor",
        "storage/writer",
        "training/devices/daemon_slot",
        "training/devices/drawing_child",
        "training/devices/drawing_room",
        "training/vpcd",
        "ui/opening",
        "ui/pictures",
        "ui/power",
    )
)


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def problems() -> list[str]:
    found = []
    for path in tracked("*.py"):
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        name = path.relative_to(ROOT).as_posix()
        if lines > CEILING:
            found.append(f"{name}: {lines} lines, the ceiling is {CEILING}")
        if name.startswith("inspection_station/") and name not in MAY_START_THREADS and STARTS_THREADS.search(text):
            found.append(f"{name}: starts a thread; only the files named in installer/checks.py may")
        if "unittest.mock" in text and name != "installer/checks.py":
            found.append(f"{name}: a fake implements the port instead of a mock")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    if "://" in lock or "--index-url" in lock:
        found.append("requirements.lock: names an address")
    if lock.count("--hash=sha256:") < lock.count("=="):
        found.append("requirements.lock: a pin without a hash")
    return found


if __name__ == "__main__":
    wrong = problems()
    for line in wrong:
        sys.stderr.write(line + "\n")
    sys.exit(1 if wrong else 0)
