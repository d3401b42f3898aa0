"""The chip of a training passport: files behind BAC or PACE, and keys that only it has (Doc 9303 part 10 §3, part 11
§4, §6, §9.8).

It keeps state as a card does: a selected application and file, a pending challenge, a session. A command in clear
ends a session, so a reader that lost count begins anew with SELECT; ``reset`` is what a new field does.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from inspection_station.documents.emrtd import asn1, bac, lds, pace, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey
from inspection_station.documents.emrtd.apdu import MAX_SHORT, Status
from inspection_station.documents.emrtd.ciphers import TripleDesSuite, equal, pad
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.protected_groups import RIGHTS
from inspection_station.documents.emrtd.security_infos import PaceInfo, pace_infos
from inspection_station.documents.emrtd.terminal_authentication import TRUST_POINTS, document_identity
from inspection_station.training.passport_issue import AccessOffer, PassportFault, VirtualPassport
from inspection_station.training.virtual_chip.commands import CardCommand, CardError, parse_command
from inspection_station.training.virtual_chip.key_proofs import KeyProofs
from inspection_station.training.virtual_chip.pace import PaceDialogue
from inspection_station.training.virtual_chip.secure_channel import CardSession
from inspection_station.training.virtual_chip.terminal_gate import TerminalGate

ANSWER_TO_RESET = bytes.fromhex("3B80800101")
_TORN_AFTER = 3000
_MASTER_FILE = b"\x3f\x00"


class ChipLeft(Exception):
    """The document was lifted off the reader: no answer comes any more."""


@dataclass(frozen=True, slots=True)
class ChipLimits:
    """What a chip can carry. ``largest_answer`` counts the whole answer without its status word.

    ``strict``: a read that does not fit is refused with 6700 instead of being cut. ``command_seconds`` is how long the
    chip thinks about each command.
    """

    extended: bool = True
    largest_answer: int = 8192
    strict: bool = False
    short_identifiers: bool = True
    command_seconds: float = 0.0


NO_LIMITS = ChipLimits()


class VirtualChip:
    """One chip. ``process`` takes a command APDU and returns data and status word, or raises ChipLeft."""

    def __init__(
        self,
        passport: VirtualPassport,
        *,
        limits: ChipLimits | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = limits or NO_LIMITS
        self._sleep = sleep
        self._random = random
        self._fault = passport.fault
        self._passport = passport
        files = {lds.FILES[name]: content for name, content in passport.files.items()}
        self._card_access = files.pop(lds.CARD_ACCESS, None)
        self._card_security = files.pop(lds.CARD_SECURITY, None)
        self._by_id = {file.fid: content for file, content in files.items()}
        self._by_short_id = {file.sfi: content for file, content in files.items()}
        self._gate = TerminalGate(passport.terminal_roots, passport.issued, random) if passport.terminal_roots else None
        self._static: TripleDesSuite = bac.suite_of(bac.document_seed(passport.access_key))
        self._proofs = KeyProofs(passport.keys, random)
        self._served = 0
        self.reset()

    def reset(self) -> None:
        """Power off and on again: nothing selected, no challenge, no session."""
        self._application = False
        self._current: bytes | None = None
        self._challenge: bytes | None = None
        self._end_session()
        self._next_session: CardSession | None = None
        self._pace: PaceDialogue | None = None
        self._proofs.forget()

    def process(self, command: bytes) -> bytes:
        """One exchange."""
        if self._limits.command_seconds > 0:
            self._sleep(self._limits.command_seconds)
        try:
            received = parse_command(command)
            if received.extended and not self._limits.extended:
                raise CardError(Status.WRONG_LENGTH, ends_session=True)
            if received.secured:
                return self._secured(received)
            self._end_session()
            data, status = self._answer(received)
            self._change_session()
            return data + status.to_bytes(2, "big")
        except CardError as error:
            if error.ends_session:
                self._end_session()
            return error.status.to_bytes(2, "big")

    def _end_session(self) -> None:
        """Secure messaging is over, and with it whatever it had granted."""
        self._session: CardSession | None = None
        self._identities: tuple[bytes, ...] = ()
        self._proofs.agreed = None
        if self._gate is not None:
            self._gate.forget()
            self._current = None

    def _secured(self, received: CardCommand) -> bytes:
        session = self._session
        if session is None:
            raise CardError(Status.SM_OBJECTS_WRONG)
        command = session.open(received)
        try:
            data, status = self._answer(command)
        except CardError as error:
            data, status = b"", error.status
        if self._fault is PassportFault.GARBAGE and command.ins in (0xB0, 0xB1):
            return self._random(len(data) + 16) + b"\x90\x00"
        sealed = session.seal(command, data, status)
        self._change_session()
        return sealed

    def _change_session(self) -> None:
        """New keys serve from the next command on (Doc 9303 part 11 §9.8.2)."""
        if self._next_session is not None:
            self._session, self._next_session = self._next_session, None

    def _answer(self, command: CardCommand) -> tuple[bytes, int]:
        match command.ins:
            case 0xA4:
                return self._select(command)
            case 0x84:
                return self._get_challenge(command)
            case 0x82:
                return self._external_authenticate(command)
            case 0x22:
                return self._set_protocol(command)
            case 0x2A:
                return self._verify_certificate(command)
            case 0x86:
                return self._general_authenticate(command)
            case 0x88:
                self._guard()
                return self._proofs.internal_authenticate(command), Status.OK
            case 0xB0:
                return self._read_binary(command)
            case 0xB1:
                return self._read_binary_far(command)
            case _:
                raise CardError(Status.INSTRUCTION_UNKNOWN)

    def _select(self, command: CardCommand) -> tuple[bytes, int]:
        if command.p1 == 0x04:
            if command.data != lds.APPLICATION:
                raise CardError(Status.FILE_NOT_FOUND)
            self._application, self._current = True, None
            return b"", Status.OK
        if command.p1 not in (0x00, 0x02) or len(command.data) != 2:
            raise CardError(Status.WRONG_P1_P2)
        if self._card_access is not None and command.data == _MASTER_FILE:
            self._application, self._current = False, None
            return b"", Status.OK
        if self._card_access is not None and not self._application:
            self._current = self._in_master_file(int.from_bytes(command.data, "big") & 0x1F)
            return b"", Status.OK
        self._guard()
        self._current = self._permitted(self._by_id, int.from_bytes(command.data, "big"), TRUST_POINTS.fid)
        return b"", Status.OK

    def _permitted(self, files: dict[int, bytes], number: int, trust_points: int) -> bytes:
        """The file by its identifier, short or long; fingers and irises for a terminal with that right alone."""
        if self._gate is not None and number == trust_points:
            return self._gate.trust_points
        content = files.get(number)
        if content is None:
            raise CardError(Status.FILE_NOT_FOUND)
        right = RIGHTS.get(number & 0x1F)
        if self._gate is not None and right is not None and not self._gate.granted & right:
            raise CardError(Status.SECURITY_NOT_SATISFIED)
        return content

    def _terminals(self) -> TerminalGate:
        """Who terminals are shown to; the chip must be open, and must have one."""
        self._guard()
        if self._gate is None:
            raise CardError(Status.NOT_SUPPORTED)
        return self._gate

    def _verify_certificate(self, command: CardCommand) -> tuple[bytes, int]:
        if (command.p1, command.p2) != (0x00, 0xBE):
            raise CardError(Status.WRONG_P1_P2)
        self._terminals().verify_certificate(command)
        return b"", Status.OK

    def _guard(self) -> None:
        if not self._application or self._session is None:
            raise CardError(Status.SECURITY_NOT_SATISFIED)

    def _set_protocol(self, command: CardCommand) -> tuple[bytes, int]:
        """MANAGE SECURITY ENVIRONMENT: chip authentication (§6.2.4) or PACE (§4.4.4.1)."""
        self._pace = None
        self._proofs.forget()
        match command.p1, command.p2:
            case 0x41, 0xA6:
                self._guard()
                self._next_session = self._proofs.set_key_agreement(command)
            case 0x41, 0xA4:
                self._guard()
                self._proofs.set_protocol(command)
            case 0x81, 0xB6:
                self._terminals().choose_issuer(command)
            case 0x81, 0xA4:
                self._terminals().choose_terminal(command)
            case 0xC1, 0xA4 if self._card_access is not None:
                self._pace = self._pace_dialogue(command, pace_infos(self._card_access))
            case _:
                raise CardError(Status.NOT_SUPPORTED)
        return b"", Status.OK

    def _pace_dialogue(self, command: CardCommand, offers: tuple[PaceInfo, ...]) -> PaceDialogue:
        try:
            asked = {element.tag: element.value for element in tlv.elements(command.data)}
        except MalformedChipData:
            raise CardError(Status.WRONG_DATA) from None
        passwords: dict[bytes, AccessKey | None] = {b"\1": self._passport.access_key, b"\2": self._passport.can}
        key = passwords.get(asked.get(0x83, b""))
        if key is None:
            raise CardError(Status.REFERENCED_DATA_NOT_FOUND)
        for info in offers:
            oid = tlv.read(asn1.encode_oid(info.oid))[0].value
            parameters = bytes([info.parameter_id]) if info.parameter_id is not None else b""
            if oid == asked.get(0x80) and asked.get(0x84, parameters) == parameters and pace.speaks(info):
                return PaceDialogue(info, key, self._random, self._passport.keys.mapping)
        raise CardError(Status.WRONG_DATA)

    def _general_authenticate(self, command: CardCommand) -> tuple[bytes, int]:
        if self._proofs.awaits_key:
            data, self._next_session = self._proofs.general_authenticate(command)
            return data, Status.OK
        dialogue, self._pace = self._pace, None
        if dialogue is None:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        answer, session = dialogue.step(command)
        if session is None:
            self._pace = dialogue
        else:
            self._session = session
            own = self._passport.can if dialogue.by_number else self._passport.access_key
            static = (document_identity(own),) if own is not None and self._passport.static_binding else ()
            self._identities = static or (dialogue.identity,)
        return answer, Status.OK

    def _get_challenge(self, command: CardCommand) -> tuple[bytes, int]:
        if self._gate is not None and self._session is not None and self._gate.awaits_signature:
            return self._gate.challenge(), Status.OK
        if self._passport.offer is AccessOffer.PACE:
            raise CardError(Status.INSTRUCTION_UNKNOWN)
        if not self._application:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        if command.le is None or command.le < 8:
            raise CardError(Status.WRONG_LENGTH)
        self._challenge = self._random(8)
        return self._challenge, Status.OK

    def _external_authenticate(self, command: CardCommand) -> tuple[bytes, int]:
        """Doc 9303 part 11 §4.3.1, the chip's steps. A challenge serves once."""
        if self._gate is not None and self._session is not None and self._gate.awaits_signature:
            self._gate.authenticate(command, self._identities, self._proofs.agreed)
            return b"", Status.OK
        challenge, self._challenge = self._challenge, None
        if challenge is None:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        if len(command.data) != 40:
            raise CardError(Status.WRONG_LENGTH)
        static, zero = self._static, bytes(8)
        cryptogram, checksum = command.data[:32], command.data[32:]
        if not equal(static.checksum(pad(cryptogram, 8)), checksum):
            raise CardError(Status.WRONG_KEY)
        clear = static.decrypt(zero, cryptogram)
        rnd_ifd, echoed, k_ifd = clear[:8], clear[8:16], clear[16:]
        if echoed != challenge:
            raise CardError(Status.WRONG_KEY)
        k_ic = self._random(16)
        answer = static.encrypt(zero, challenge + rnd_ifd + k_ic)
        suite, counter = bac.session(k_ifd, k_ic, rnd_ifd, challenge)
        self._session = CardSession(suite, counter)
        self._identities = (document_identity(self._passport.access_key),)
        return answer + static.checksum(pad(answer, 8)), Status.OK

    def _read_binary(self, command: CardCommand) -> tuple[bytes, int]:
        offset = command.p1 << 8 | command.p2
        if self._card_access is not None and not self._application:
            return self._read_master_file(command, offset)
        self._guard()
        if command.p1 & 0x80:
            if not self._limits.short_identifiers:
                raise CardError(Status.WRONG_P1_P2)
            self._current = self._permitted(self._by_short_id, command.p1 & 0x1F, TRUST_POINTS.sfi)
            offset = command.p2
        return self._slice(command, offset, 0)

    def _read_master_file(self, command: CardCommand, offset: int) -> tuple[bytes, int]:
        if command.p1 & 0x80:
            self._current, offset = self._in_master_file(command.p1 & 0x1F), command.p2
        return self._slice(command, offset, 0)

    def _in_master_file(self, short_id: int) -> bytes:
        """EF.CardAccess is free to read, EF.CardSecurity after PACE (Doc 9303 part 10 §3.11)."""
        if short_id == lds.CARD_ACCESS.sfi and self._card_access is not None:
            return self._card_access
        if self._card_security is None or short_id != lds.CARD_SECURITY.sfi:
            raise CardError(Status.FILE_NOT_FOUND)
        if self._session is None:
            raise CardError(Status.SECURITY_NOT_SATISFIED)
        return self._card_security

    def _read_binary_far(self, command: CardCommand) -> tuple[bytes, int]:
        """Offset in a data object, data in one (ISO/IEC 7816-4 §11.2.3)."""
        self._guard()
        try:
            offset = int.from_bytes(tlv.only(command.data, 0x54).value, "big")
        except MalformedChipData:
            raise CardError(Status.WRONG_DATA) from None
        data, status = self._slice(command, offset, 4)
        return tlv.encode(0x53, data), status

    def _slice(self, command: CardCommand, offset: int, wrapping: int) -> tuple[bytes, int]:
        if self._current is None:
            raise CardError(Status.NO_CURRENT_FILE)
        if command.le is None:
            raise CardError(Status.WRONG_LENGTH)
        if offset >= len(self._current):
            raise CardError(Status.OFFSET_OUTSIDE)
        largest = self._limits.largest_answer if command.extended else MAX_SHORT
        room = self._session.room(min(largest, self._limits.largest_answer)) if self._session else largest
        if self._limits.strict and min(command.le, len(self._current) - offset) > room:
            raise CardError(Status.WRONG_LENGTH)
        wanted = min(command.le, room) - wrapping
        data = self._current[offset : offset + wanted]
        self._served += len(data)
        if self._fault is PassportFault.TORN_READ and self._served > _TORN_AFTER:
            self._served = 0
            self.reset()
            raise ChipLeft("the document was lifted")
        short = len(data) < command.le - wrapping and offset + len(data) == len(self._current)
        return data, Status.END_OF_FILE if short and command.le not in (256, 65_536) else Status.OK
