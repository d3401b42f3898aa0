"""A virtual chip that a conformance case sets up: it remembers every command and may answer some of them wrongly.

Faults come in two kinds. One sees the command in clear, secure messaging taken off, and answers in the chip's place:
what it answers is sealed like any answer. The other sees the bytes on the air and changes them, as a chip does whose
secure messaging is broken.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from inspection_station.documents.emrtd import bac, tlv
from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.apdu import Status
from inspection_station.documents.emrtd.ciphers import pad
from inspection_station.training.chip_keys import AgreementKey
from inspection_station.training.passport_issue import VirtualPassport
from inspection_station.training.virtual_chip.card import ChipLimits, VirtualChip
from inspection_station.training.virtual_chip.commands import CardCommand, CardError, parse_command
from inspection_station.training.virtual_chip.key_proofs import KeyProofs

CommandFault = Callable[[CardCommand], tuple[bytes, int] | None]
"""Answers a command in the chip's place with data and status word; None leaves it to the chip."""
AirFault = Callable[[CardCommand, bytes], bytes]
"""Gets a command as the chip understood it and the answer as it would go out; returns what goes out."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command as it reached the chip. ``data`` is in clear where the chip could open it; ``status`` is what went
    out on the air.
    """

    ins: int
    p1: int
    p2: int
    data: bytes
    secured: bool
    chained: bool
    extended: bool
    status: int

    def objects(self) -> dict[int, bytes]:
        """Its data objects by tag."""
        return {element.tag: element.value for element in tlv.elements(self.data)}

    @property
    def reads(self) -> int | None:
        """The short identifier of the file that this READ BINARY opens, else None."""
        return self.p1 & 0x1F if self.ins == 0xB0 and self.p1 & 0x80 else None


class CaseCard(VirtualChip):
    """One chip of one case.

    ``open_files``: no access protocol at all. ``master_files`` are further files of the master file by short
    identifier, readable always. ``agreement_keys`` are static keys besides the passport's own, chosen by their
    identifier. ``old_session_stays``: the chip goes on with its old keys after chip authentication.
    ``other_identity``: what it takes itself for in terminal authentication, instead of its document number.
    """

    def __init__(
        self,
        passport: VirtualPassport,
        *,
        limits: ChipLimits | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        command_fault: CommandFault | None = None,
        air_fault: AirFault | None = None,
        open_files: bool = False,
        master_files: Mapping[int, bytes] | None = None,
        agreement_keys: tuple[AgreementKey, ...] = (),
        old_session_stays: bool = False,
        other_identity: bytes | None = None,
    ) -> None:
        self.exchanges: list[Exchange] = []
        self._understood: CardCommand | None = None
        self._command_fault, self._air_fault = command_fault, air_fault
        self._open_files, self._master_files = open_files, dict(master_files or {})
        self._old_session_stays, self._other_identity = old_session_stays, other_identity
        self._more_proofs = {
            key.key_id: KeyProofs(replace(passport.keys, agreement=key), random) for key in agreement_keys
        }
        super().__init__(passport, limits=limits, random=random)

    def process(self, command: bytes) -> bytes:
        """One exchange, remembered."""
        self._understood = None
        answer = super().process(command)
        try:
            on_air = parse_command(command)
        except CardError:
            on_air = CardCommand(command[0] if command else 0, 0, 0, 0, b"", None, False)
        understood = self._understood or on_air
        if self._air_fault is not None:
            answer = self._air_fault(replace(understood, cla=on_air.cla), answer)
        self.exchanges.append(
            Exchange(
                on_air.ins,
                on_air.p1,
                on_air.p2,
                understood.data,
                on_air.secured,
                bool(on_air.cla & 0x10),
                on_air.extended,
                int.from_bytes(answer[-2:], "big"),
            )
        )
        return answer

    def _answer(self, command: CardCommand) -> tuple[bytes, int]:
        self._understood = command
        if self._command_fault is not None and (told := self._command_fault(command)) is not None:
            return told
        if command.ins == 0xB0 and not self._application and command.p1 & 0x80:
            content = self._master_files.get(command.p1 & 0x1F)
            if content is not None:
                self._current = content
                return self._slice(command, command.p2, 0)
        if command.ins == 0x22 and command.p1 == 0x41:
            self._choose_key(command)
        answer = super()._answer(command)
        if self._other_identity is not None and command.ins == 0x82:
            self._identities = (self._other_identity,)
        return answer

    @property
    def open(self) -> bool:
        """Whether access was granted."""
        return self._session is not None

    def answer_with(self, fault: CommandFault) -> None:
        """Sets the fault after the card was made, for faults that need the card."""
        self._command_fault = fault

    def at(self, command: CardCommand) -> tuple[bytes | None, int]:
        """The file that a READ BINARY reads, None where there is none or it is not open, and the offset in it."""
        if self._session is None or not self._application:
            return None, 0
        if command.p1 & 0x80:
            return self._by_short_id.get(command.p1 & 0x1F), command.p2
        return self._current, command.p1 << 8 | command.p2

    def _choose_key(self, command: CardCommand) -> None:
        """The static key that MSE names by its identifier."""
        named = next((element.value for element in tlv.elements(command.data) if element.tag == 0x84), None)
        proofs = self._more_proofs.get(int.from_bytes(named, "big")) if named is not None else None
        if proofs is not None:
            self._proofs = proofs

    def _guard(self) -> None:
        if not self._open_files:
            super()._guard()
        elif not self._application:
            raise CardError(Status.SECURITY_NOT_SATISFIED)

    def _change_session(self) -> None:
        if self._old_session_stays:
            self._next_session = None
        super()._change_session()


def without_basic_access(command: CardCommand) -> tuple[bytes, int] | None:
    """GET CHALLENGE unknown: a chip that knows no Basic Access Control."""
    return (b"", Status.INSTRUCTION_UNKNOWN) if command.ins == 0x84 else None


def status_for(ins: int, status: int, *, only: Callable[[CardCommand], bool] | None = None) -> CommandFault:
    """Every command with this instruction (that ``only`` lets through) gets a status word and no data."""

    def told(command: CardCommand) -> tuple[bytes, int] | None:
        return (b"", status) if command.ins == ins and (only is None or only(command)) else None

    return told


def bare_status(ins: int, status: int) -> AirFault:
    """The answer is a status word in clear, although the command was protected."""

    def changed(command: CardCommand, answer: bytes) -> bytes:
        return status.to_bytes(2, "big") if command.ins == ins and command.secured else answer

    return changed


def secured_objects(ins: int, change: Callable[[dict[int, bytes]], dict[int, bytes]]) -> AirFault:
    """Changes the data objects of protected answers to one instruction: by tag, in order."""

    def changed(command: CardCommand, answer: bytes) -> bytes:
        if command.ins != ins or not command.secured or len(answer) <= 2:
            return answer
        objects = {element.tag: element.value for element in tlv.elements(answer[:-2])}
        return b"".join(tlv.encode(tag, value) for tag, value in change(objects).items()) + answer[-2:]

    return changed


def dynamic_data(step: int, change: Callable[[dict[int, bytes]], dict[int, bytes]]) -> AirFault:
    """Changes the data objects in the answer to the PACE command that carries ``step`` (0 for the first, which
    carries nothing).
    """

    def changed(command: CardCommand, answer: bytes) -> bytes:
        if not is_step(command, step) or len(answer) <= 2:
            return answer
        inside = {element.tag: element.value for element in tlv.only(answer[:-2], 0x7C).children()}
        return tlv.encode(0x7C, *(tlv.encode(tag, value) for tag, value in change(inside).items())) + answer[-2:]

    return changed


def is_step(command: CardCommand, step: int) -> bool:
    """Whether this is the GENERAL AUTHENTICATE of PACE that carries the data object ``step`` (0: none)."""
    if command.ins != 0x86 or command.secured:
        return False
    inside = list(tlv.only(command.data, 0x7C).children())
    return (inside[0].tag if inside else 0) == step


def answer_to_step(step: int, answer: bytes) -> AirFault:
    """The whole answer to that PACE command is another."""

    def changed(command: CardCommand, told: bytes) -> bytes:
        return answer if is_step(command, step) else told

    return changed


class WrongMutualAuthentication:
    """The answer to EXTERNAL AUTHENTICATE made anew with something wrong: the fault of a chip that has other keys.

    ``part`` is «checksum» or «cryptogram»: which of the two is not what it should be, the other fitting it.
    """

    def __init__(self, key: MrzKey, part: str) -> None:
        self._suite = bac.suite_of(bac.document_seed(key))
        self._part = part

    def __call__(self, command: CardCommand, answer: bytes) -> bytes:
        if command.ins != 0x82 or len(answer) != 42:
            return answer
        cryptogram, checksum = answer[:32], answer[32:40]
        if self._part == "checksum":
            return cryptogram + bytes(octet ^ 0xFF for octet in checksum) + answer[40:]
        other = bytes((cryptogram[0] ^ 0x01,)) + cryptogram[1:]
        return other + self._suite.checksum(pad(other, 8)) + answer[40:]
