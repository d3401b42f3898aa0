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

import pytest

from inspection_station.training import vpcd
from inspection_station.training.virtual_chip import VirtualChip

PORT = vpcd.DEFAULT_PORT
READER = "Virtual PCD 00 00"


def _listening() -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("localhost", PORT)) == 0


@contextmanager
def pcsc_daemon() -> Iterator[None]:
    """Starts pcscd unless it runs, and ends what it started. Skips where the daemon or its virtual reader is
    missing.
    """
    daemon = shutil.which("pcscd") or shutil.which("pcscd", path="/usr/sbin:/sbin")
    if daemon is None:
        pytest.skip("pcscd is not installed")
    if not Path("/etc/reader.conf.d/vpcd").exists():
        pytest.skip("vsmartcard-vpcd is not installed")
    with (Path(tempfile.gettempdir()) / "inspection-station-tests-pcscd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers wait their turn: there is one daemon a machine
        if _listening():
            yield
            return
        if os.geteuid() != 0:
            pytest.skip("pcscd does not run and only root can start it")
        Path("/run/pcscd").mkdir(exist_ok=True)
        process = subprocess.Popen([daemon, "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                if _listening():
                    break
                time.sleep(0.05)
            else:
                pytest.skip("pcscd was started and its virtual reader does not listen")
            time.sleep(0.5)  # the probe's own connection counted as a card; let the daemon notice that it is gone
            yield
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def laid_on_the_reader(card: VirtualChip) -> Iterator[None]:
    """The chip lies on the virtual reader inside, and is gone for the daemon too afterwards."""
    stop, inserted = Event(), Event()
    thread = Thread(target=vpcd.serve, args=(card,), kwargs={"stop": stop, "inserted": inserted.set, "lifted_for": 0.2})
    thread.start()
    try:
        assert inserted.wait(5)
        yield
    finally:
        stop.set()
        thread.join(5)
        time.sleep(0.6)  # the daemon looks every 0.4 s whether the card is still there
