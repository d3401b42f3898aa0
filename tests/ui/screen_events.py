"""Letting the screen go on. No part of ``conftest``: which of the rooms' that name means depends on who came last."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication


def settle_events() -> None:
    for _ in range(4):
        QApplication.processEvents()


def soon(true: Callable[[], object]) -> None:
    """Until it is so."""
    for _ in range(3000):
        if true():
            return
        QTest.qWait(20)
    raise AssertionError("did not come about in time")
