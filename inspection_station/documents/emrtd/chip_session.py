"""One reading of one chip, from the first command to the verdict (Doc 9303 part 11 §4, §5; TR-03135-1 §5.6).

Order: open, EF.SOD, chip authentication (whose proof is the answer that brings DG1), active authentication, DG1, DG2,
signature. EF.COM is not read: nothing in it is signed and everything it says is in EF.SOD.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from inspection_station.documents.emrtd import genuineness, lds, passive_authentication
from inspection_station.documents.emrtd.access import ChipAccess
from inspection_station.documents.emrtd.access_keys import AccessKey
from inspection_station.documents.emrtd.algorithm_strength import check_algorithms
from inspection_station.documents.emrtd.apdu import CancelSignal, Channel, Status
from inspection_station.documents.emrtd.bac import Random
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.common_data import check_common_data, listed_groups
from inspection_station.documents.emrtd.data_groups import Portrait, portraits, zone_lines
from inspection_station.documents.emrtd.document_facts import settle
from inspection_station.documents.emrtd.errors import ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.group_format import check_format
from inspection_station.documents.emrtd.security_infos import SecurityInfos, parse_data_group_14
from inspection_station.documents.emrtd.security_object import SecurityObject, parse_security_object
from inspection_station.documents.emrtd.security_object_form import check_security_object_form
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.documents.emrtd.zone_comparison import compare_zones
from inspection_station.inspection.chip import ChipCheck, ChipReading, DataGroup
from inspection_station.inspection.document import BlobRef

_T = TypeVar("_T")
Progress = Callable[[str, float], None]
"""Called as each step ends with its name and the seconds it took."""


class Connection(Protocol):
    """An open channel to a chip; ``hardware.ports.ChipConnection`` fits."""

    def transmit(self, command: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class StepTiming:
    """A step and its milliseconds: in all, and of them in reader and chip."""

    step: str
    total_ms: float
    device_ms: float


@dataclass(frozen=True, slots=True)
class ChipOutcome:
    """What a reading gave. ``portrait`` is the encoded picture of DG2; ``files`` are contents by name («EF.SOD»,
    «DG1»).
    """

    reading: ChipReading
    portrait: bytes | None
    files: Mapping[str, bytes]
    timings: tuple[StepTiming, ...]
    commands: int

    @property
    def total_ms(self) -> float:
        """Of all steps."""
        return sum(t.total_ms for t in self.timings)

    @property
    def device_ms(self) -> float:
        """Of them, in reader and chip."""
        return sum(t.device_ms for t in self.timings)


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
    comparison with DG1. A forged, revoked or unsigned chip is an outcome with failed checks. Raises AccessDenied
    (wrong key), AccessNotSpoken, ChipRefused, MalformedChipData (the chip breaks its protocol), ReadingCancelled, and
    what the connection raises (the chip was taken away).
    """
    return _Reading(connection, access_key, trust, at, progress, cancel, random, clock).run(
        with_portrait, everything, printed_zone, common_data
    )


class _Reading:
    def __init__(
        self,
        connection: Connection,
        key: AccessKey,
        trust: TrustStore,
        at: date,
        progress: Progress | None,
        cancel: CancelSignal | None,
        random: Random,
        clock: Callable[[], float],
    ) -> None:
        self._channel = Channel(connection.transmit, cancel=cancel, clock=clock)
        self._access = ChipAccess(self._channel, key, random)
        self._reader = lds.FileReader(self._channel, self._access.reopen)
        self._random = random
        self._key, self._trust, self._at = key, trust, at
        self._progress, self._clock = progress, clock
        self._files: dict[str, bytes] = {}
        self._checks: list[ChipCheck] = []
        self._timings: list[StepTiming] = []
        self._absent = False

    def run(
        self, with_portrait: bool, everything: bool, printed: Sequence[str] | None, common_data: bool
    ) -> ChipOutcome:
        self._step("access", self._open)
        sod = self._step("EF.SOD", self._security_object)
        infos = self._prove_keys(sod)
        lines = self._step("DG1", lambda: self._zone(sod, printed))
        portrait = self._step("DG2", lambda: self._portrait(sod)) if with_portrait else None
        if everything and sod is not None:
            self._step("further groups", lambda: self._further_groups(sod))
        elif common_data and sod is not None:
            self._step("EF.COM", lambda: self._listed(sod))
        if not with_portrait:
            self._checks.append(Check.DATA_GROUP_HASH.undetermined("DG2: not read, the portrait was not asked for"))
        self._step("passive authentication", lambda: self._authenticate(sod, lines, infos))
        reading = ChipReading(
            access=self._access.protocol,
            data_groups=tuple(DataGroup(n, len(c), hashlib.sha256(c).hexdigest()) for n, c in self._files.items()),
            mrz_lines=lines,
            portrait=_reference(portrait) if portrait is not None else None,
            checks=tuple(self._checks),
            access_detail=self._access.detail,
        )
        image = portrait.image if portrait is not None else None
        return ChipOutcome(reading, image, self._files, tuple(self._timings), self._channel.commands)

    def _step(self, name: str, act: Callable[[], _T]) -> _T:
        started, device = self._clock(), self._channel.device_seconds
        found = act()
        seconds = self._clock() - started
        self._timings.append(StepTiming(name, seconds * 1e3, (self._channel.device_seconds - device) * 1e3))
        if self._progress is not None:
            self._progress(name, seconds)
        return found

    def _open(self) -> None:
        self._checks.extend(self._access.open())
        self._reader = lds.FileReader(self._channel, self._access.reopen, extended=not self._access.extended_refused)

    def _security_object(self) -> SecurityObject | None:
        try:
            content = self._files["EF.SOD"] = self._reader.read(lds.SOD)
        except ChipRefused as refusal:
            if refusal.status != Status.FILE_NOT_FOUND:
                raise
            self._checks.append(Check.SECURITY_OBJECT_SIGNATURE.failed("the chip holds no security object"))
            return None
        try:
            return parse_security_object(content)
        except AlgorithmUnknown as fault:
            self._checks.append(Check.SECURITY_OBJECT_SIGNATURE.undetermined(f"not spoken here: {fault.detail}"))
            return None
        except MalformedChipData as fault:
            self._checks.append(Check.SECURITY_OBJECT_SIGNATURE.failed(f"malformed: {fault.detail}"))
            return None

    def _content(self, file: lds.ElementaryFile) -> bytes:
        """Read once."""
        if file.name not in self._files:
            self._files[file.name] = self._reader.read(file)
        return self._files[file.name]

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
        content = self._signed_group(14, sod, Check.CHIP_AUTHENTICATION)
        if content is None:
            return None
        try:
            infos = parse_data_group_14(content)
        except MalformedChipData as fault:
            self._checks.append(Check.DATA_GROUP_FORMAT.failed(f"DG14: {fault.detail}"))
            self._checks.append(Check.CHIP_AUTHENTICATION.undetermined("DG14 is malformed"))
            return None
        found = genuineness.check_chip_authentication(
            self._channel, self._access, infos, self._random, lambda: self._content(lds.DG1)
        )
        if found is not None:
            self._checks.append(found)
        return infos

    def _active_authentication(self, sod: SecurityObject, infos: SecurityInfos | None) -> None:
        content = self._signed_group(15, sod, Check.ACTIVE_AUTHENTICATION)
        if content is not None:
            self._checks.append(
                genuineness.check_active_authentication(self._channel, self._access, content, infos, self._random)
            )

    def _signed_group(self, number: int, sod: SecurityObject, check: Check) -> bytes | None:
        """A data group with a key, if it is as the state signed it; else None, and ``check`` says why it cannot be
        made. A group that the state signed and the chip lacks is what a copy without the key looks like.
        """
        content = self._group(number, sod)
        if content is not None and sod.agrees_with(number, content):
            return content
        if content is not None:
            self._checks.append(check.undetermined(f"DG{number} is not as signed"))
        elif self._absent:
            self._checks.append(check.failed(f"the state signed DG{number}, which the chip does not have"))
        else:
            self._checks.append(check.undetermined(f"DG{number} cannot be read"))
        return None

    def _group(self, number: int, sod: SecurityObject | None) -> bytes | None:
        """A data group, or None with the check that says why there is none."""
        file = lds.GROUPS[number - 1]
        self._absent = False
        try:
            content = self._content(file)
        except ChipRefused as refusal:
            evidence = f"{file.name}: cannot be read, status {refusal.status:04X}"
            signed = sod is not None and number in sod.hashes
            self._absent = refusal.status == Status.FILE_NOT_FOUND
            if self._absent and signed:
                self._checks.append(Check.DATA_GROUP_HASH.failed(f"{file.name}: signed but not on the chip"))
            else:
                self._checks.append(Check.DATA_GROUP_HASH.undetermined(evidence))
            return None
        if sod is None:
            self._checks.append(Check.DATA_GROUP_HASH.undetermined(f"{file.name}: no security object to compare with"))
        else:
            self._checks.extend(passive_authentication.check_hashes(sod, {number: content}))
        return content

    def _zone(self, sod: SecurityObject | None, printed: Sequence[str] | None) -> tuple[str, ...] | None:
        content = self._group(1, sod)
        if content is None:
            self._checks.append(Check.MRZ_AGAINST_CHIP.undetermined("DG1 could not be read"))
            return None
        try:
            lines = zone_lines(content)
        except MalformedChipData as fault:
            self._checks.append(Check.DATA_GROUP_FORMAT.failed(f"DG1: {fault.detail}"))
            self._checks.append(Check.MRZ_AGAINST_CHIP.undetermined("DG1 is malformed"))
            return None
        self._checks.append(compare_zones(lines, printed, self._key))
        return lines

    def _portrait(self, sod: SecurityObject | None) -> Portrait | None:
        content = self._group(2, sod)
        if content is None:
            return None
        try:
            return portraits(content)[0]
        except MalformedChipData as fault:
            self._checks.append(Check.DATA_GROUP_FORMAT.failed(f"DG2: {fault.detail}"))
            return None

    def _listed(self, sod: SecurityObject) -> frozenset[int]:
        """The groups that EF.COM lists, with the check of its list; none where it gives none."""
        try:
            common = self._content(lds.COM)
            self._checks.append(check_common_data(common, sod))
            return listed_groups(common)
        except ChipRefused as refusal:
            self._checks.append(Check.COMMON_DATA.undetermined(f"EF.COM cannot be read, status {refusal.status:04X}"))
        except MalformedChipData as fault:
            self._checks.append(Check.COMMON_DATA.failed(f"malformed: {fault.detail}"))
        return frozenset()

    def _further_groups(self, sod: SecurityObject) -> None:
        """What EF.COM and EF.SOD name beyond the usual. Fingers and irises open to terminal authentication only."""
        for number in sorted((set(sod.hashes) | self._listed(sod)) - {2}):
            if number in (3, 4):
                self._checks.append(
                    Check.DATA_GROUP_HASH.undetermined(f"DG{number}: not read, it needs a terminal's key")
                )
            elif lds.GROUPS[number - 1].name not in self._files:
                content = self._group(number, sod)
                form = check_format(number, content) if content is not None else None
                self._checks.extend([form] if form is not None else [])

    def _authenticate(
        self, sod: SecurityObject | None, lines: tuple[str, ...] | None, infos: SecurityInfos | None
    ) -> None:
        self._check_opening(sod, infos)
        if sod is None:
            missing = "no security object to go by"
            for check in (
                Check.GENUINENESS,
                Check.SIGNER_TRUST,
                Check.SIGNER_VALIDITY,
                Check.SIGNER_REVOCATION,
                Check.ISSUING_STATE,
            ):
                self._checks.append(check.undetermined(missing))
            return
        verdict = passive_authentication.check_signer(sod.signed, self._trust, self._at)
        self._checks.extend(verdict.checks)
        self._checks.append(check_security_object_form(self._files["EF.SOD"]))
        self._checks.append(check_algorithms(sod, verdict.certificate))
        if lines is None:
            self._checks.append(Check.ISSUING_STATE.undetermined("DG1 gives no issuing state"))
        else:
            self._checks.append(passive_authentication.check_issuing_state(lines[0][2:5], verdict.certificate))
            self._checks.append(passive_authentication.check_document_type(lines[0][:2], verdict.certificate))
        groups = {n: self._files[file.name] for n, file in enumerate(lds.GROUPS, 1) if file.name in self._files}
        self._checks[:] = settle(
            self._checks, self._trust, sod=sod, signer=verdict.certificate, lines=lines, groups=groups, at=self._at
        )

    def _check_opening(self, sod: SecurityObject | None, infos: SecurityInfos | None) -> None:
        """Chip-authentication mapping, the offers that opened the chip, and a word where nothing proves it genuine."""
        mapped, card_security = genuineness.check_chip_mapping(self._access, self._trust, self._at)
        signed, where = (infos, "DG14") if infos is not None else (card_security, "EF.CardSecurity")
        offers = genuineness.check_card_access(self._access, signed, where)
        self._checks.extend(check for check in (mapped, offers) if check is not None)
        proofs = (Check.CHIP_AUTHENTICATION, Check.ACTIVE_AUTHENTICATION, Check.PACE_CAM)
        if sod is not None and not any(c.section == proof.value[0] for c in self._checks for proof in proofs):
            self._checks.append(Check.GENUINENESS.not_supported("the state signed no key that only this chip has"))


def _reference(portrait: Portrait) -> BlobRef:
    digest = hashlib.sha256(portrait.image).hexdigest()
    return BlobRef(digest, portrait.format.media_type, len(portrait.image))
