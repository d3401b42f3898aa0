"""The headquarters that a training station brings along: a gateway in a process of its own on this machine's loopback,
so that whoever tries the station sees records arrive. Whatever goes wrong with it is a notice: the station runs on.
"""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inspection_station.headquarters.client import enrol_over_https
from inspection_station.headquarters.enrolment import BadTicket, StationKeys, Ticket, enrolment_for
from inspection_station.headquarters.ports import HeadquartersUnreachable, LinkFault
from inspection_station.headquarters.wire import WireError
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.station_profile import StationProfile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.errors import StoreMissing, StoreUnavailable
from inspection_station.storage.keys import key_source_for
from inspection_station.storage.outbox import identity_of
from inspection_station.storage.reader import StoreReader
from inspection_station.storage.store import StationStore

log = logging.getLogger(__name__)

FOLDER = "headquarters"  # in the station's data folder
HOST = "127.0.0.1"
_READY, _REMEMBERED = "ready.json", "station.json"
_STARTING_SECONDS = 30.0  # a slow machine, and the schema made for the first time
_ENDING_SECONDS = 5.0
_T = TypeVar("_T")

if TYPE_CHECKING:
    _Process = subprocess.Popen[bytes]


class NotStarted(Exception):
    """The text says why, for the notice."""


@dataclass(frozen=True, slots=True)
class _Ready:
    address: str
    gateway: str
    ticket: str


class LoopbackHeadquarters:
    """A gateway in ``folder`` for the station of ``profile``. ``start`` returns at once; ``enrol`` waits for it only
    where the station does not know it yet; ``close`` ends it.
    """

    def __init__(self, profile: StationProfile, folder: Path, notice: Callable[[str], None]) -> None:
        self.folder = folder
        self._profile = profile
        self._notice = notice
        self._process: _Process | None = None
        self._port = 0

    def start(self, *, agencies: bool = False) -> None:
        """Begin to start the process, unless this station belongs to another headquarters or is a live one."""
        try:
            if not self._profile.training or self._is_elsewhere():
                return
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.folder / _READY).unlink(missing_ok=True)
            self._port = _free_port(self._remembered()[0])
            command = [sys.executable, "-m", "inspection_station.gateway.loopback", "--folder", str(self.folder)]
            command += ["--port", str(self._port), "--station", self._profile.station_id]
            if agencies:
                command += ["--agencies-port", str(_free_port(0))]
            with (self.folder / "process.log").open("wb") as told:
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=told, stderr=told)
        except (OSError, ValueError) as error:
            self._give_up(NotStarted(getattr(error, "strerror", None) or str(error)))

    def enrol(self) -> None:
        """Make station and gateway known to each other, before anybody else opens the station's store."""
        if self._process is None:
            return
        try:
            known, (_, gateway) = self._identity(), self._remembered()
            address = f"https://{HOST}:{self._port}"
            if known is not None and known.gateway == gateway:
                if known.address != address:
                    self._keep(replace(known, address=address))
                    self._remember(known.gateway)
                return
            ready = self._await_ready()
            keys, ticket = StationKeys.new(), Ticket.parse(ready.ticket)
            asked = enrolment_for(ticket, self._profile.station_id, True, keys)
            enrolled = self._patiently(lambda: enrol_over_https(ready.address, ticket, asked))
            self._keep(enrolled.identity(keys, ready.address))
            self._remember(ready.gateway)
        except StoreUnavailable:
            self.close()  # the station will say what is wrong with its store
        except (NotStarted, LinkFault, WireError, BadTicket, OSError, ValueError) as error:
            self._give_up(error)

    @property
    def running(self) -> bool:
        """Whether there is one."""
        return self._process is not None and self._process.poll() is None

    @property
    def where(self) -> str:
        """How to see what arrived."""
        program = Path(sys.executable).with_name("inspection-gateway")
        name = program if program.exists() else Path("inspection-gateway")
        return f"{_near(name)} records --folder {_near(self.folder)}"

    def close(self) -> None:
        """End the process and wait for it; a second call does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # it ends by itself
        for ending in (process.terminate, process.kill):
            try:
                process.wait(_ENDING_SECONDS)
                return
            except subprocess.TimeoutExpired:
                ending()
        process.wait(_ENDING_SECONDS)

    def _is_elsewhere(self) -> bool:
        known = self._identity()
        return known is not None and not known.address.startswith(f"https://{HOST}:")

    def _identity(self) -> StationIdentity | None:
        """Who the station is at headquarters. A store that cannot be read now is looked at again when it is opened."""
        try:
            reader = StoreReader.open(self._profile.data_folder, key_source_for(self._profile), clock=SystemClock())
        except StoreMissing:
            return None
        except StoreUnavailable as fault:
            log.info("the store cannot be read yet", extra={"code": fault.code})
            return None
        try:
            return reader.ask(identity_of)
        finally:
            reader.close()

    def _keep(self, identity: StationIdentity) -> None:
        profile = self._profile
        store = StationStore.open(
            profile.data_folder, key_source_for(profile), station_id=profile.station_id, clock=SystemClock()
        )
        try:
            store.outbox.enrol(identity)
        finally:
            store.close()

    def _await_ready(self) -> _Ready:
        until = time.monotonic() + _STARTING_SECONDS
        while time.monotonic() < until:
            if not self.running:
                raise NotStarted(f"its process ended; see {self.folder / 'process.log'}")
            try:
                told = json.loads((self.folder / _READY).read_text(encoding="utf-8"))
                return _Ready(told["address"], told["gateway"], told["ticket"])
            except FileNotFoundError:
                time.sleep(0.05)
            except (ValueError, KeyError) as error:
                raise NotStarted("it does not say how to reach it") from error
        raise NotStarted("it takes too long to start")

    def _patiently(self, act: Callable[[], _T]) -> _T:
        """It says that it is ready a moment before it listens."""
        until = time.monotonic() + _STARTING_SECONDS
        while True:
            try:
                return act()
            except HeadquartersUnreachable:
                if not self.running or time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def _remembered(self) -> tuple[int, str]:
        """Port and id of the gateway that was here the last time; 0 and nothing when none was."""
        try:
            found = json.loads((self.folder / _REMEMBERED).read_text(encoding="utf-8"))
            return int(found["port"]), str(found["gateway"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, ""

    def _remember(self, gateway: str) -> None:
        text = json.dumps({"port": self._port, "gateway": gateway})
        (self.folder / _REMEMBERED).write_text(text, encoding="utf-8")

    def _give_up(self, error: Exception) -> None:
        self.close()
        log.warning("no headquarters on this machine", extra={"fault": type(error).__name__})
        self._notice(f"headquarters on this machine did not start: {error}. The station runs without it.")


def _free_port(wanted: int) -> int:
    """``wanted`` where it is free, else any other. Raises OSError."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port if 1024 <= port < 1 << 16 else 0))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


def _near(path: Path) -> Path:
    """As short as it can be said from here."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path
