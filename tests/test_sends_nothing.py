"""The libraries under the station report to nobody: no device id, no cache of messages, no uploader."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_network_runtime_keeps_no_device_id_and_no_messages_to_its_maker(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    for folder in (home, temporary):
        folder.mkdir()
    reported = ("ORT_", "XDG_", "CI", "GITHUB_")  # in a test farm the runtime keeps quiet by itself
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(reported)}
    subprocess.run(
        [sys.executable, "-c", "import inspection_station, onnxruntime"],
        env={**inherited, "HOME": str(home), "TMPDIR": str(temporary)},
        timeout=120,
        check=True,
    )
    assert list(home.rglob("*")) + list(temporary.rglob("*")) == []
