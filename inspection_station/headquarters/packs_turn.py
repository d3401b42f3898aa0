"""Packs over the link, on the exchange's thread, when nothing of the station's own waits. Records always come first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from inspection_station.headquarters.packs import PackFault, PackKind, PackRefused
from inspection_station.headquarters.packs_source import LinkSource, PackLink, PacksInterrupted, PackSource
from inspection_station.headquarters.packs_update import Check, PackReport, update_packs
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.headquarters.ports import Clock, LinkFault

log = logging.getLogger(__name__)

_EVERY_SECONDS = 600.0
_AFTER_FAULT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class PackStatus:
    """How packs stand: when headquarters was last asked to the end, and the code of what stood in the way, or empty.
    ``own``: the station has no root of trust and needs none, since it lives off packs of its own.
    """

    last_checked: datetime | None = None
    fault: str = ""
    own: bool = False


class PackTurns:
    """Asks for packs now and then. Only one thread may call ``turn``.

    ``training``: without a root of trust there is nothing to ask for and nothing amiss. Once a trainer has put one in,
    the station practises with that headquarters' packs like any other.
    """

    def __init__(
        self,
        vault: PackVault,
        clock: Clock,
        checks: Mapping[PackKind, Check],
        *on_changed: Callable[[], None],
        training: bool = False,
    ) -> None:
        self._vault, self._clock, self._training = vault, clock, training
        self._checks, self._on_changed = checks, on_changed
        self._due = 0.0
        self._urgent: Callable[[], bool] = lambda: False
        self._source = LinkSource(lambda: self._urgent())
        self.status = PackStatus()

    def turn(self, link: PackLink, urgent: Callable[[], bool]) -> None:
        """Bring packs up to date if that is due; ends early, to go on next time, when ``urgent`` says so.

        A fault of packs or of the link is kept in ``status`` and tried again; what ``urgent`` raises passes.
        """
        if self._clock.monotonic() < self._due:
            return
        self._urgent, self._source.link = urgent, link
        try:
            report = update_packs(self._vault, self._source, self._vault.folder, self._clock.now(), self._checks)
        except PacksInterrupted:
            return
        except (PackRefused, LinkFault, OSError) as fault:
            if self._training and isinstance(fault, PackRefused) and fault.fault is PackFault.NOT_TRUSTED:
                self._end(PackStatus(own=True), _AFTER_FAULT_SECONDS)
                return
            code = str(getattr(fault, "code", "STO-05"))
            log.warning("packs could not be brought up to date", extra={"code": code})
            self._end(PackStatus(self.status.last_checked, code), _AFTER_FAULT_SECONDS)
            return
        refused = report.refused[0][2].code if report.refused else ""
        self._end(PackStatus(self._clock.now(), refused), _EVERY_SECONDS)
        self._hear(report)

    def hasten(self) -> None:
        """Ask at the next turn, whatever pause was kept."""
        self._due = 0.0

    def take_from(self, source: PackSource) -> PackReport:
        """Bring packs up to date from a stick instead of the link; on the same thread as ``turn``.

        Raises PackRefused, VaultBusy, OSError.
        """
        report = update_packs(self._vault, source, self._vault.folder, self._clock.now(), self._checks)
        self._hear(report)
        return report

    def _hear(self, report: PackReport) -> None:
        if report.changed:
            for hear in self._on_changed:
                hear()

    def _end(self, status: PackStatus, pause: float) -> None:
        self.status = status
        self._due = self._clock.monotonic() + pause
