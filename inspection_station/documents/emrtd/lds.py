"""The logical data structure on the chip: its files and how to read them well (Doc 9303 part 10 §3, §4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.apdu import MAX_SHORT, Channel, Command, Response, Status
from inspection_station.documents.emrtd.errors import ChipRefused, MalformedChipData

APPLICATION = bytes.fromhex("A0000002471001")
MAX_FILE = 65_536
_MAX_COMMANDS = 2048


@dataclass(frozen=True, slots=True)
class ElementaryFile:
    """A file: its name, short and long identifier, and the tag its content begins with (None: no single tag)."""

    name: str
    sfi: int
    fid: int
    tag: int | None


GROUP_TAGS = (0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70)
COM = ElementaryFile("EF.COM", 0x1E, 0x011E, 0x60)
SOD = ElementaryFile("EF.SOD", 0x1D, 0x011D, 0x77)
CARD_ACCESS = ElementaryFile("EF.CardAccess", 0x1C, 0x011C, 0x31)
CARD_SECURITY = ElementaryFile("EF.CardSecurity", 0x1D, 0x011D, 0x30)
GROUPS = tuple(ElementaryFile(f"DG{n}", n, 0x0100 + n, tag) for n, tag in enumerate(GROUP_TAGS, 1))
FILES = {file.name: file for file in (COM, SOD, CARD_ACCESS, CARD_SECURITY, *GROUPS)}
DG1, DG2 = GROUPS[0], GROUPS[1]


def select_application(channel: Channel) -> Response:
    """SELECT the eMRTD application. No Le: some chips refuse one here."""
    return channel.send(Command(0xA4, 0x04, 0x0C, APPLICATION))


class FileReader:
    """Reads files whole, in as few commands as the chip and the reader allow.

    Starts with the largest extended read and falls back for good when it is refused; ``reopen`` sets secure
    messaging up anew where the chip ended the session over it. Short identifiers first, SELECT where they are
    refused.
    """

    BLOCKS = (65_536, 256, 223, 191, 159, 127, 95, 63)
    """Bytes asked for. One less than a multiple of 16 fills AES's blocks with the padding that has to follow."""

    def __init__(self, channel: Channel, reopen: Callable[[], None], *, extended: bool = True) -> None:
        self._channel = channel
        self._reopen = reopen
        self._blocks = list(self.BLOCKS if extended else self.BLOCKS[1:])
        self._short_identifiers = True
        self._refused = MAX_SHORT
        self.fallbacks = 0

    @property
    def extended(self) -> bool:
        """Whether extended lengths still serve."""
        return self._blocks[0] > 256

    def shorten(self) -> None:
        """The chip has shown elsewhere that it takes no extended lengths."""
        self._blocks = [block for block in self._blocks if block <= 256]

    def read(self, file: ElementaryFile) -> bytes:
        """The file's content, exactly as long as its own length field says.

        Raises ChipRefused (status 6A82 where the file is not there, 6982 where it may not be read) and
        MalformedChipData for a content that does not begin with the file's tag, is larger than 64 KB or never
        ends.
        """
        content = self._open(file)
        if file.tag is not None and tlv.read_tag(content, 0)[0] != file.tag:
            raise MalformedChipData(f"{file.name} does not begin with its tag")
        while len(content) < 6 and len(content) < _needed(content):
            content += self._more(file, len(content), _needed(content) - len(content))
        total = tlv.total_length(content)
        if total > MAX_FILE:
            raise MalformedChipData(f"{file.name} claims {total} bytes")
        commands = 0
        while len(content) < total:
            commands += 1
            if commands > _MAX_COMMANDS:
                raise MalformedChipData(f"{file.name} comes in more than {_MAX_COMMANDS} pieces")
            content += self._more(file, len(content), total - len(content))
        return content[:total]

    def _open(self, file: ElementaryFile) -> bytes:
        if self._short_identifiers:
            response = self._with_fallback(lambda le: Command(0xB0, 0x80 | file.sfi, 0, le=le), MAX_FILE)
            if response.data and response.status in (Status.OK, Status.END_OF_FILE):
                return response.data
            if response.status in (Status.FILE_NOT_FOUND, Status.SECURITY_NOT_SATISFIED):
                raise ChipRefused(file.name, response.status)
            self._short_identifiers = False
        self._select(file)
        response = self._with_fallback(lambda le: Command(0xB0, 0, 0, le=le), MAX_FILE, file)
        if not response.data or response.status not in (Status.OK, Status.END_OF_FILE):
            raise ChipRefused(file.name, response.status)
        return response.data

    def _select(self, file: ElementaryFile) -> None:
        response = self._channel.send(Command(0xA4, 0x02, 0x0C, file.fid.to_bytes(2, "big")))
        if not response.ok:
            raise ChipRefused(file.name, response.status)

    def _more(self, file: ElementaryFile, at: int, wanted: int) -> bytes:
        if at <= 0x7FFF:
            response = self._with_fallback(lambda le: Command(0xB0, at >> 8, at & 0xFF, le=le), wanted, file)
            data = response.data
        else:  # offsets beyond 15 bits go into a data object (ISO/IEC 7816-4 §11.2.3)
            offset = tlv.encode(0x54, at.to_bytes(2 if at <= 0xFFFF else 3, "big"))
            response = self._with_fallback(lambda le: Command(0xB1, data=offset, le=le), wanted + 4, file)
            data = tlv.only(response.data, 0x53).value if response.data else b""
        if response.status not in (Status.OK, Status.END_OF_FILE, Status.OFFSET_OUTSIDE):
            raise ChipRefused(f"{file.name} at {at}", response.status)
        if not data:
            raise MalformedChipData(f"{file.name} ends at {at} bytes, {wanted} short of its length")
        return data[:wanted]

    def _with_fallback(
        self, command: Callable[[int], Command], wanted: int, selected: ElementaryFile | None = None
    ) -> Response:
        """Sends with the largest block that still works. ``selected`` is the file to open again after a new session."""
        while True:
            block = self._blocks[0]
            secured = self._channel.secure is not None
            asked = min(block, wanted)
            response = self._channel.send(command(asked))
            if response.status >> 8 == 0x6C and not response.data and response.secured:
                # The chip names the length that it would serve (ISO/IEC 7816-4 §5.6), here under secure messaging.
                exact = response.status & 0xFF or MAX_SHORT
                if exact < asked:
                    response = self._channel.send(command(exact))
            lost = secured and self._channel.secure is None
            length_refused = response.status == Status.WRONG_LENGTH or response.status >> 8 == 0x6C
            probing = wanted >= block and len(self._blocks) > 1 and response.status in _PERHAPS_LENGTH
            if not (length_refused or probing) or len(self._blocks) == 1:
                if response.ok and wanted >= block:
                    self._try_between(block)
                return response
            self._refused = block if not lost else 0
            self._blocks.pop(0)
            self.fallbacks += 1
            if lost:
                self._reopen()
                if selected is not None:
                    self._select(selected)

    def _try_between(self, block: int) -> None:
        """Next time half-way up to what was refused, where that is far enough to be worth a refusal. Not between 223
        and 256, where secure messaging leaves nothing to gain, and not where a refusal ends the session.
        """
        if block + _WORTH_TRYING < self._refused < MAX_SHORT:
            self._blocks.insert(0, (block + self._refused) // 2)


_WORTH_TRYING = 16  # bytes
_PERHAPS_LENGTH = (Status.SM_OBJECTS_WRONG, Status.SM_OBJECTS_MISSING, Status.UNSPECIFIED)
"""What chips answer to a length they cannot serve, besides 6700 and 6Cxx."""


def _needed(head: bytes) -> int:
    """How many bytes the header of a file takes, as far as its first bytes tell."""
    if len(head) < 2:
        return 2
    return 2 + (head[1] & 0x7F if head[1] & 0x80 else 0)
