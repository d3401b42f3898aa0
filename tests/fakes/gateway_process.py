"""A real gateway in processes of its own, over TLS, on this machine's loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inspection_station.gateway.authority import create_authority
from inspection_station.gateway.database import Database
from inspection_station.gateway.pictures import FolderPictures
from inspection_station.gateway.service import Gateway, initialise
from inspection_station.headquarters.client import enrol_over_https
from inspection_station.headquarters.enrolment import StationKeys, Ticket, enrolment_for
from inspection_station.inspection.outbox import StationIdentity

BEFORE_STREAMS = Path(__file__).with_name("gateway_before_streams.py")
STARTING = 60.0  # seconds a loaded machine may take


_PLACES: list[socket.socket] = []


def free_port() -> int:
    """A port for a server of this process or of one that it starts, however often that is started again.

    Its place is kept: whoever else asks for any port, tests beside this one too, is not given it meanwhile.
    """
    place = socket.socket()
    if sys.platform != "win32":  # there it would let anybody in; here those alone who ask for this very port
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", 0))
    port = int(place.getsockname()[1])
    if sys.platform == "win32":
        place.close()
    else:
        _PLACES.append(place)
    return port


class GatewayProcess:
    """``inspection-gateway serve`` in ``folder``; ``inside`` is the same gateway in this process, for looking.

    ``streams`` False at its start: one of before streams, of one worker.
    """

    def __init__(
        self,
        folder: Path,
        url: str | None = None,
        *,
        workers: int = 1,
        training: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        self.folder = folder
        self.streams = True
        self.url = url or f"sqlite:///{folder / 'gateway.db'}"
        self.workers = workers
        self.host = host
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        authority = create_authority(folder / "keys", ["localhost", "127.0.0.1", host], datetime.now(UTC), None)
        database = Database(self.url)
        settings = initialise(database, training)
        self.inside = Gateway(database, FolderPictures(folder / "pictures"), authority, settings)
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "gateway.log"

    @property
    def address(self) -> str:
        return f"https://{self.host}:{self.port}"

    def start(self) -> None:
        program = ["-m", "inspection_station.gateway"] if self.streams else [str(BEFORE_STREAMS)]
        command = [sys.executable, *program, "serve", "--folder", str(self.folder)]
        command += ["--database", self.url, "--bind", self.host, "--port", str(self.port)]
        command += ["--workers", str(self.workers)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            try:
                with socket.create_connection((self.host, self.port), timeout=1):
                    return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise AssertionError(f"the gateway did not start: {self.log.read_text()[-2000:]}")

    def enrolled(self, station: str, *, typed: Callable[[str], str] = str) -> StationIdentity:
        """A station as this gateway knows it from now on. ``typed``: what becomes of the ticket on its way."""
        keys = StationKeys.new()
        ticket = Ticket.parse(typed(self.inside.ticket(station, timedelta(hours=1)).text))
        asked = enrolment_for(ticket, station, self.inside.settings.training, keys)
        return enrol_over_https(self.address, ticket, asked).identity(keys, self.address)

    def kill(self) -> None:
        """As a power cut would: the whole group, without a word."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)
        self.inside.database.close()

    def _signal(self, number: int) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(60)
        self.process = None
