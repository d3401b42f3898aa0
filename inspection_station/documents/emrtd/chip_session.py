"""One reading of one chip, from the first command to the verdict (Doc 9303 part 11 §4, §5; TR-03135-1 §5.6).

Order: open, EF.SOD, chip authentication (whose proof is the answer that brings DG1), active authentication, DG1, DG2,
terminal authentication and DG3 where fingers are wanted and a key is there, signature. EF.COM is not read: nothing in
it is signed and everything it says is in EF.SOD.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from inspection_station.documents.emrtd import genuineness, lds, tlv
from inspection_station.documents.emrtd.access import ChipAccess
from inspection_station.documents.emrtd.access_keys import AccessKey
from inspection_station.documents.emrtd.apdu import CancelSignal, Channel
from inspection_station.documents.emrtd.bac import Random
from inspection_station.documents.emrtd.biometric_headers import check_biometric_headers
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.chip_outcome import (
    ChipOutcome,
    Connection,
    Progress,
    Resumption,
    StepTiming,
    portrait_reference,
)
from inspection_station.documents.emrtd.concluding_checks import concluded
from inspection_station.documents.emrtd.errors import AccessDenied, DocumentExchanged, MalformedChipData
from inspection_station.documents.emrtd.finger_images import FingerImage, finger_images
from inspection_station.documents.emrtd.group_reading import PROTECTED, GroupReading
from inspection_station.documents.emrtd.protected_groups import RIGHTS, ProtectedGroups
from inspection_station.documents.emrtd.security_infos import SecurityInfos, parse_data_group_14
from inspection_station.documents.emrtd.security_object import SecurityObject
from inspection_station.documents.emrtd.terminal_keys import TerminalKeys
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.documents.emrtd.zone_comparison import compare_zones
from inspection_station.inspection.chip import CheckResult, ChipCheck, ChipReading, DataGroup

__all__ = ["ChipOutcome", "Connection", "Progress", "Resumption", "StepTiming", "read_chip"]
_T = TypeVar("_T")
_BODILY = frozenset(lds.GROUPS[number - 1].name for number in PROTECTED)


def read_chip(
    connection: Connection,
    *,
    access_key: AccessKey,
    trust: TrustStore,
    with_portrait: bool,
    at: date,
    printed_zone: Sequence[str] | None = None,
    everything: bool = False,
    common_data: bool = False,
    terminal_keys: TerminalKeys | None = None,
    with_fingers: bool = False,
    resumption: Resumption | None = None,
    progress: Progress | None = None,
    cancel: CancelSignal | None = None,
    random: Random = secrets.token_bytes,
    clock: Callable[[], float] = time.perf_counter,
) -> ChipOutcome:
    """Opens the chip, reads EF.SOD, DG1 and (``with_portrait``) DG2, has it prove the keys that DG14 and DG15 name, and
    checks all against ``trust`` on the day ``at``.

    ``everything`` also reads EF.COM and whatever further groups it or EF.SOD names, fingers and irises apart: so
    groups that the state did not sign are found. ``common_data`` reads EF.COM alone and compares its list with what the
    state signed, which finds those that it admits to. ``printed_zone`` are the lines read from the page, for the
    comparison with DG1. ``with_fingers`` reads DG3 as well, where ``terminal_keys`` open it. With a ``resumption`` a
    document that is moved is waited for, and what was read and agrees with EF.SOD is not read again.

    A forged, revoked or unsigned chip is an outcome with failed checks. Raises AccessDenied (wrong key),
    AccessNotSpoken, ChipRefused, MalformedChipData (the chip breaks its protocol), DocumentExchanged (another document
    was put back), ReadingCancelled, and what the connection raises (the chip was taken away).
    """
    wanted = _Wanted(with_portrait, everything, common_data, with_fingers, terminal_keys)
    reading = _Reading(access_key, trust, at, resumption, progress, cancel, random, clock)
    return reading.run(connection, wanted, printed_zone)


@dataclass(frozen=True, slots=True)
class _Wanted:
    portrait: bool
    everything: bool
    common_data: bool
    fingers: bool
    terminal_keys: TerminalKeys | None


class _Reading:
    def __init__(
        self,
        key: AccessKey,
        trust: TrustStore,
        at: date,
        resumption: Resumption | None,
        progress: Progress | None,
        cancel: CancelSignal | None,
        random: Random,
        clock: Callable[[], float],
    ) -> None:
        self._key, self._trust, self._at, self._random = key, trust, at, random
        self._resumption, self._gone = resumption, resumption.gone if resumption is not None else ()
        self._progress, self._cancel, self._clock = progress, cancel, clock
        self._timings: list[StepTiming] = []
        self._kept: dict[str, bytes] = {}
        self._commands = 0
        self._opened = False

    def run(self, connection: Connection, wanted: _Wanted, printed: Sequence[str] | None) -> ChipOutcome:
        """One reading, taken up again as often as the resumption allows."""
        interruptions = 0
        while True:
            self._begin(connection)
            try:
                outcome = self._attempt(wanted, printed)
            except self._gone:
                if self._resumption is None or interruptions >= self._resumption.times:
                    raise
            else:
                commands = self._commands + self._channel.commands
                return replace(outcome, commands=commands, interruptions=interruptions)
            interruptions += 1
            self._commands += self._channel.commands
            self._kept |= self._groups.files
            connection = self._step("document put back", self._resumption.reconnect)

    def _begin(self, connection: Connection) -> None:
        """A new connection knows nothing of the one before: everything is proven again."""
        self._channel = Channel(connection.transmit, cancel=self._cancel, clock=self._clock)
        self._access = ChipAccess(self._channel, self._key, self._random)
        self._checks: list[ChipCheck] = []
        self._reader = lds.FileReader(self._channel, self._reopen)
        self._groups = GroupReading(self._reader, self._checks, self._kept)
        self._protected: ProtectedGroups | None = None

    def _attempt(self, wanted: _Wanted, printed: Sequence[str] | None) -> ChipOutcome:
        groups = self._groups
        self._step("access", self._open)
        sod = self._step("EF.SOD", groups.security_object)
        infos = self._prove_keys(sod)
        lines = self._step("DG1", lambda: self._zone(sod, printed))
        portrait = self._step("DG2", lambda: groups.portrait(sod)) if wanted.portrait else None
        if wanted.everything and sod is not None:
            self._step("further groups", lambda: groups.further_groups(sod))
        elif wanted.common_data and sod is not None:
            self._step("EF.COM", lambda: groups.listed(sod))
        if not wanted.portrait:
            self._checks.append(Check.DATA_GROUP_HASH.undetermined(Why.PORTRAIT_NOT_ASKED()))
        fingers = self._fingers(sod, infos, lines, wanted) if sod is not None else ()
        self._step("passive authentication", lambda: self._conclude(sod, lines, infos))
        reading = ChipReading(
            access=self._access.protocol,
            data_groups=tuple(DataGroup(n, len(c), hashlib.sha256(c).hexdigest()) for n, c in groups.files.items()),
            mrz_lines=lines,
            portrait=portrait_reference(portrait) if portrait is not None else None,
            checks=tuple(self._checks),
            access_detail=self._access.detail,
        )
        image = portrait.image if portrait is not None else None
        files = {n: c for n, c in (groups.files | self._access.files).items() if n not in _BODILY}
        return ChipOutcome(reading, image, files, tuple(self._timings), self._channel.commands, fingers)

    def _step(self, name: str, act: Callable[[], _T]) -> _T:
        started, device = self._clock(), self._channel.device_seconds
        ended = f"{name}, broken off"
        try:
            found = act()
            ended = name
        finally:
            seconds = self._clock() - started
            self._timings.append(StepTiming(ended, seconds * 1e3, (self._channel.device_seconds - device) * 1e3))
            if self._progress is not None:
                self._progress(ended, seconds)
        return found

    def _open(self) -> None:
        try:
            self._checks.extend(self._access.open())
        except AccessDenied as fault:
            if self._opened:  # the key opened what lay here before
                raise DocumentExchanged("the document that was put back does not open with the same key") from fault
            raise
        self._opened = True
        if self._access.extended_refused:
            self._reader.shorten()

    def _reopen(self) -> None:
        """After the chip ended the session: another, with whatever it had granted."""
        self._access.reopen()
        if self._protected is not None:
            self._protected.renew()

    def _prove_keys(self, sod: SecurityObject | None) -> SecurityInfos | None:
        """Chip and active authentication, as far as the state signed keys for them; what DG14 says."""
        if sod is None:
            return None
        infos = None
        if 14 in sod.hashes:
            infos = self._step("chip authentication", lambda: self._chip_authentication(sod))
        if 15 in sod.hashes:
            self._step("active authentication", lambda: self._active_authentication(sod, infos))
        return infos

    def _chip_authentication(self, sod: SecurityObject) -> SecurityInfos | None:
        content = self._groups.signed_group(14, sod, Check.CHIP_AUTHENTICATION)
        if content is None:
            return None
        try:
            infos = parse_data_group_14(content)
        except MalformedChipData as fault:
            self._checks.append(Check.DATA_GROUP_FORMAT.failed(Why.GROUP_MALFORMED(fault.detail, group="DG14")))
            self._checks.append(Check.CHIP_AUTHENTICATION.undetermined(Why.GROUP_IS_MALFORMED(group="DG14")))
            return None
        found = genuineness.check_chip_authentication(
            self._channel, self._access, infos, self._random, lambda: self._groups.content(lds.DG1)
        )
        if found is not None:
            self._checks.append(found)
        return infos

    def _active_authentication(self, sod: SecurityObject, infos: SecurityInfos | None) -> None:
        content = self._groups.signed_group(15, sod, Check.ACTIVE_AUTHENTICATION)
        if content is not None:
            self._checks.append(
                genuineness.check_active_authentication(self._channel, self._access, content, infos, self._random)
            )

    def _zone(self, sod: SecurityObject | None, printed: Sequence[str] | None) -> tuple[str, ...] | None:
        lines = self._groups.zone(sod)
        if lines is not None:
            self._checks.append(compare_zones(lines, printed, self._key))
        return lines

    def _fingers(
        self, sod: SecurityObject, infos: SecurityInfos | None, lines: tuple[str, ...] | None, wanted: _Wanted
    ) -> tuple[FingerImage, ...]:
        """DG3 where the state signed one and a key of ours opens it; for everything else the reason why not."""
        signed = sorted(number for number in PROTECTED if number in sod.hashes)
        if not signed:
            return ()
        names, keys = " and ".join(f"DG{number}" for number in signed), wanted.terminal_keys
        state = lines[0][2:5].rstrip("<") if lines is not None else "this state"
        chip_proven = any(
            c.section == Check.CHIP_AUTHENTICATION.value[0] and c.result is CheckResult.SUCCESSFUL for c in self._checks
        )
        why = None
        if keys is None:
            why = Why.NO_TERMINAL_KEYS(names, state=state)
        elif not wanted.fingers:
            why = Why.FINGERS_NOT_ASKED(names)
        elif 3 not in signed:
            why = Why.IRISES_NOT_USED(names)
        elif not chip_proven or infos is None:
            why = Why.CHIP_KEY_FIRST(names)
        if keys is None or infos is None or why is not None:
            self._checks.append(Check.TERMINAL_AUTHENTICATION.undetermined(why or Why.CHIP_KEY_FIRST(names)))
            return ()
        self._step("terminal authentication", lambda: self._authenticate_terminal(infos, keys))
        return self._step("DG3", lambda: self._finger_group(sod))

    def _authenticate_terminal(self, infos: SecurityInfos, keys: TerminalKeys) -> None:
        protected = self._protected = ProtectedGroups(
            self._channel, self._access, infos, keys, self._at, self._random, extended=self._reader.extended
        )
        self._checks.append(protected.open())

    def _finger_group(self, sod: SecurityObject) -> tuple[FingerImage, ...]:
        """DG3 taken apart; nothing of it stays outside the memory, and nothing of it is used that is not as signed."""
        if self._protected is None or not self._protected.rights & RIGHTS[3]:
            return ()
        content = self._groups.group(3, sod)
        if content is None or not sod.agrees_with(3, content):
            return ()
        headers = check_biometric_headers(3, content)
        self._checks.extend([headers] if headers is not None else [])
        try:
            return finger_images(tlv.to_definite(content))
        except MalformedChipData as fault:
            self._checks.append(Check.DATA_GROUP_FORMAT.failed(Why.GROUP_MALFORMED(fault.detail, group="DG3")))
            return ()

    def _conclude(self, sod: SecurityObject | None, lines: tuple[str, ...] | None, infos: SecurityInfos | None) -> None:
        opening = genuineness.check_opening(self._access, self._trust, self._at, sod, infos, self._checks)
        self._checks[:] = concluded([*self._checks, *opening], sod, self._groups.files, lines, self._trust, self._at)
