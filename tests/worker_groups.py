"""Which tests one worker keeps together, where several workers share the suite.

pytest-xdist's ``loadgroup`` writes a group's name behind a test's id, which pytest 9.2 keeps elsewhere: the groups are
lost without a word, each worker builds what a file shares, and one waits while the other has the PC/SC daemon. Here
the files say it themselves: ``xdist_group("name")`` in a file is the name of all its tests' group, and each file of
``scenarios``, whose tests share a running station, is a group of its own.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

_GROUP = re.compile(r'^pytestmark = .*xdist_group\("([^"]+)"\)', re.MULTILINE)


class KeptTogether(LoadGroupScheduling):
    """Groups by what the files say."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return _group(Path(str(self.config.rootpath), path)) or nodeid


@cache
def _group(path: Path) -> str:
    if path.parent.name == "scenarios":
        return path.stem
    found = _GROUP.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found[1] if found else ""


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> KeptTogether | None:
    """Only where groups are asked for; None leaves it to pytest-xdist."""
    return KeptTogether(config, log) if config.getvalue("dist") == "loadgroup" else None
