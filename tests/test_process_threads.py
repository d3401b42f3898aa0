"""How many threads the program's linear algebra takes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

VARIABLE = "OPENBLAS_NUM_THREADS"


@pytest.mark.parametrize(("given", "taken"), [(None, "1"), ("3", "3")])
def test_linear_algebra_keeps_to_one_thread_unless_one_is_told_otherwise(given: str | None, taken: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if given is not None:
        environment[VARIABLE] = given
    # As every verb and the gateway begin: nothing that computes is loaded before the package.
    said = (
        "import sys, inspection_station.cli, inspection_station.gateway.command, os;"
        f"print('numpy' in sys.modules, os.environ['{VARIABLE}'])"
    )
    done = subprocess.run([sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", taken]
