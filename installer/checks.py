"""Checks that no linter makes: file lengths, no address in the lock, no doubled pin. Prints what is wrong, exits 1."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CEILING = 400


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
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > CEILING:
            found.append(f"{path.relative_to(ROOT)}: {lines} lines, the ceiling is {CEILING}")
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
