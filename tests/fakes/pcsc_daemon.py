"""The real PC/SC daemon with its virtual readers, one user at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TextIO

import pytest

from inspection_station.training import vpcd
from inspection_station.training.virtual_chip import VirtualChip

PORT = vpcd.DEFAULT_PORT
READER = "Virtual PCD 00 00"
TURN_SECONDS = 900.0
PATIENCE_SECONDS = 30.0
"""For what takes milliseconds on a machine that has nothing else to do."""


def _listening() -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("localhost", PORT)) == 0


def _without_polkit(program: str) -> tuple[str, ...]:
    """Newer daemons ask polkit about everybody, root too, and turn all away where no system bus runs."""
    option = "--disable-polkit"
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    return (option,) if option in told.stdout + told.stderr else ()


class Daemon:
    """pcscd with its virtual readers. ``ours``: this test started it, so it may also end it."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self.ours = not _listening()

    def start(self) -> None:
        """Runs afterwards, its readers listening; nothing to do where it runs already."""
        if not self.ours or self._process is not None:
            return
        Path("/run/pcscd").mkdir(exist_ok=True)
        quiet = subprocess.DEVNULL
        command = [self._program, "--foreground", *_without_polkit(self._program)]
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        for _ in range(int(PATIENCE_SECONDS / 0.05)):
            if _listening():
                break
            time.sleep(0.05)
        else:
            self.stop()
            pytest.fail("pcscd was started and its virtual reader does not listen")
        time.sleep(0.9)  # the probe's own connection counted as a card; let the daemon notice that it is gone

    def stop(self) -> None:
        """Ends what this test started, and only that."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _wait_for_turn(lock: TextIO) -> None:
    """There is one daemon a machine: other workers, and other test runs beside this one, wait for each other."""
    deadline = time.monotonic() + TURN_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                pytest.fail(f"another test run has kept the PC/SC daemon for {TURN_SECONDS:.0f} s")
            time.sleep(0.1)
        else:
            return


@contextmanager
def pcsc_daemon() -> Iterator[Daemon]:
    """The running daemon, started unless it runs. Skips where the daemon or its virtual reader is missing."""
    program = shutil.which("pcscd") or shutil.which("pcscd", path="/usr/sbin:/sbin")
    if program is None:
        pytest.skip("pcscd is not installed")
    if not Path("/etc/reader.conf.d/vpcd").exists():
        pytest.skip("vsmartcard-vpcd is not installed")
    with (Path(tempfile.gettempdir()) / "inspection-station-tests-pcscd.lock").open("w") as lock:
        _wait_for_turn(lock)
        daemon = Daemon(program)
        if daemon.ours and os.geteuid() != 0:
            pytest.skip("pcscd does not run and only root can start it")
        try:
            daemon.start()
            yield daemon
        finally:
            daemon.stop()


@contextmanager
def laid_on_the_reader(card: VirtualChip) -> Iterator[None]:
    """The chip lies on the virtual reader inside, and is gone for the daemon too afterwards."""
    stop, inserted = Event(), Event()
    # A document that is lifted must be away for longer than the daemon's 0.4 s between two looks.
    how = {"stop": stop, "inserted": inserted.set, "lifted_for": 1.0, "patience": PATIENCE_SECONDS}
    thread = Thread(target=vpcd.serve, args=(card,), kwargs=how)
    thread.start()
    try:
        assert inserted.wait(PATIENCE_SECONDS), "the daemon did not ask the card anything"
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
        time.sleep(0.6)  # the daemon looks every 0.4 s whether the card is still there
