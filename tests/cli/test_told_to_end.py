"""A verb that is told to end does end, wherever the signal caught it, and it may put its things away first."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from inspection_station import cli

LONG = 20.0
"""Seconds that a verb goes on for when nobody ends it; far more than ending it takes."""


def played(monkeypatch: pytest.MonkeyPatch, verb: Callable[[], object]) -> int:
    """The exit code of ``main`` over a verb of our own, which has to be ended."""

    def run(options: argparse.Namespace) -> int:
        verb()
        until = time.monotonic() + LONG
        while time.monotonic() < until:
            time.sleep(0.02)
        return 0

    def parser() -> argparse.ArgumentParser:
        only = argparse.ArgumentParser()
        only.set_defaults(run=run, json=False)
        return only

    monkeypatch.setattr(cli, "parser", parser)
    started = time.monotonic()
    code = cli.main([])
    assert time.monotonic() - started < LONG / 2
    return code


class Thing:
    """Something that can be referred to weakly, and that may do a last thing."""

    def __init__(self, last: Callable[[], object] = lambda: None) -> None:
        self._last = last

    def __del__(self) -> None:
        self._last()


def in_a_weak_reference() -> None:
    thing = Thing()
    reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
    del thing
    assert reference() is None


def in_a_last_act() -> None:
    thing = Thing(lambda: signal.raise_signal(signal.SIGTERM))
    del thing


def swallowed_by_a_library() -> None:
    try:
        signal.raise_signal(signal.SIGTERM)
    except BaseException:
        return


def made_into_another_error() -> None:
    try:
        signal.raise_signal(signal.SIGTERM)
    except BaseException as fault:
        raise ImportError("a part could not be loaded") from fault


@pytest.mark.parametrize("place", [in_a_weak_reference, in_a_last_act, swallowed_by_a_library])
def test_an_interruption_that_python_or_a_library_swallows_comes_again(
    place: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert played(monkeypatch, place) == 128 + signal.SIGTERM
    assert "Exception ignored" not in capsys.readouterr().err
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    time.sleep(0.5)  # nothing comes after the end


def test_an_interruption_that_became_another_error_is_an_ending_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert played(monkeypatch, made_into_another_error) == 128 + signal.SIGTERM


def test_putting_away_is_not_interrupted_however_long_it_takes_and_however_often_one_presses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_away = []

    def verb() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            time.sleep(LONG)
        finally:
            for _ in range(12):
                time.sleep(0.1)
                signal.raise_signal(signal.SIGINT)
            put_away.append(True)

    assert played(monkeypatch, verb) == 128 + signal.SIGINT
    assert put_away == [True]


def test_where_there_is_no_interval_timer_a_thread_does_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(signal, "setitimer", raising=False)  # as on Windows
    before = set(threading.enumerate())
    assert played(monkeypatch, in_a_weak_reference) == 128 + signal.SIGTERM
    assert set(threading.enumerate()) <= before


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_play_ends_wherever_in_its_start_the_signal_comes(tmp_path: Path) -> None:
    for tenths in (6, 9, 13, 18):
        folder = tmp_path / str(tenths)
        folder.mkdir()
        play = subprocess.Popen(
            [sys.executable, "-m", "inspection_station", "play", "--travellers", "500", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(folder)},
        )
        try:
            time.sleep(tenths / 10)
            play.send_signal(signal.SIGINT)
            _, told = play.communicate(timeout=120)
        finally:
            play.kill()
        assert play.returncode in (130, -signal.SIGINT), told
        assert list(folder.iterdir()) == []
