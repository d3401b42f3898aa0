"""Cases of application selection, Basic Access Control, secure messaging and reading (units ISO7816_A to ISO7816_C)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from inspection_station.documents.emrtd import lds, tlv
from inspection_station.documents.emrtd.apdu import MAX_EXTENDED, MAX_SHORT, Status
from inspection_station.training.conformance_cases import demands, documents
from inspection_station.training.conformance_cases.case import (
    Answer,
    ConformanceCase,
    Demand,
    Situation,
    title_basis,
)
from inspection_station.training.conformance_cases.documents import Document, bac, plain
from inspection_station.training.passport_issue import data_group_2
from inspection_station.training.virtual_chip.card import ChipLimits
from inspection_station.training.virtual_chip.case_faults import (
    AirFault,
    CaseCard,
    CommandFault,
    WrongMutualAuthentication,
    bare_status,
    secured_objects,
    status_for,
)
from inspection_station.training.virtual_chip.commands import CardCommand

_SELECTION = title_basis("Doc 9303-10 §3.4")
_BASIC = title_basis("Doc 9303-11 §4.3")
_MESSAGING = title_basis("Doc 9303-11 §9.8")
_READING = title_basis("Doc 9303-10 §3.6", "ISO/IEC 7816-4 §11.2")
_DENIED = frozenset({"AccessDenied"})
_BROKEN = frozenset({"SecureMessagingBroken", "MalformedChipData", "ChipRefused"})


def _one(document: Callable[[], Document], *wanted: Demand, **card: Any) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        yield document().situation(*wanted, **card)

    return situations


def _selection_cases() -> Iterator[ConformanceCase]:
    good = Answer.SUCCESSFUL
    without = demands.never(0x82, "it authenticated although nothing asks for it")
    yield ConformanceCase("ISO7816_A_01", "PLAIN", "nothing protects the files", good, _one(plain, without), _SELECTION)
    order = demands.in_order(0xA4, 0x84, 0x82, 0xB0)
    yield ConformanceCase("ISO7816_A_02", "BAC", "as it should be", good, _one(bac, order), _SELECTION)

    def refused() -> Iterator[Situation]:
        for status in (Status.FILE_NOT_FOUND, Status.NOT_SUPPORTED, Status.UNSPECIFIED):
            fault = status_for(0xA4, status, only=lambda command: command.p1 == 0x04)
            yield bac().situation(demands.nothing_read, command_fault=fault)

    yield ConformanceCase(
        "ISO7816_A_03",
        "BAC",
        "the application cannot be selected: 6A82, 6A81, 6F00",
        Answer.FAILED,
        refused,
        _SELECTION,
        frozenset({"ChipRefused"}),
    )


def _basic_access_cases() -> Iterator[ConformanceCase]:
    def wrong(part: str) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            document = bac()
            fault = WrongMutualAuthentication(document.passport().access_key, part)
            yield document.situation(demands.nothing_read, air_fault=fault)

        return situations

    failed = Answer.FAILED
    yield ConformanceCase(
        "ISO7816_B_01", "BAC", "the chip's proof has a wrong checksum", failed, wrong("checksum"), _BASIC, _DENIED
    )
    yield ConformanceCase(
        "ISO7816_B_02", "BAC", "the chip's proof is encrypted otherwise", failed, wrong("cryptogram"), _BASIC, _DENIED
    )

    def refused() -> Iterator[Situation]:
        for status in (Status.WRONG_KEY, Status.SECURITY_NOT_SATISFIED):
            yield bac().situation(demands.nothing_read, command_fault=status_for(0x82, status))

    yield ConformanceCase(
        "ISO7816_B_03", "BAC", "the chip refuses the reader's proof: 6300, 6982", failed, refused, _BASIC, _DENIED
    )


def _messaging_cases() -> Iterator[ConformanceCase]:
    def without(tag: int) -> AirFault:
        return secured_objects(0xB0, lambda objects: {t: v for t, v in objects.items() if t != tag})

    def flipped(tag: int) -> AirFault:
        def change(objects: dict[int, bytes]) -> dict[int, bytes]:
            return {t: v[:-1] + bytes((v[-1] ^ 1,)) if t == tag else v for t, v in objects.items()}

        return secured_objects(0xB0, change)

    def empty(command: CardCommand) -> tuple[bytes, int] | None:
        return (b"", Status.OK) if command.ins == 0xB0 else None

    def air(*faults: AirFault) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            for fault in faults:
                yield bac().situation(air_fault=fault)

        return situations

    def unanswered() -> Iterator[Situation]:
        yield bac().situation(air_fault=without(0x87))
        yield bac().situation(command_fault=empty)

    for number, behaviour, situations in (
        ("04", "6987 and 6988 in clear", air(bare_status(0xB0, 0x6987), bare_status(0xB0, 0x6988))),
        ("05", "no checksum", air(without(0x8E))),
        ("06", "no cryptogram, with and without a fitting checksum", unanswered),
        ("07", "no protected status word", air(without(0x99))),
        ("08", "a wrong checksum", air(flipped(0x8E))),
        ("09", "a wrong cryptogram", air(flipped(0x87))),
    ):
        behaviour = f"answers to READ BINARY: {behaviour}"
        yield ConformanceCase(f"ISO7816_B_{number}", "BAC", behaviour, Answer.FAILED, situations, _MESSAGING, _BROKEN)


def _past_the_end(status: Callable[[int], int], *, with_data: bool) -> Callable[[CaseCard], CommandFault]:
    """What a chip says to a read that reaches past the end of the file; ``status`` gets how many bytes are left.

    «As many as there are» reaches past no end.
    """

    def of(card: CaseCard) -> CommandFault:
        def told(command: CardCommand) -> tuple[bytes, int] | None:
            if command.ins != 0xB0 or command.le in (None, MAX_SHORT, MAX_EXTENDED):
                return None
            content, offset = card.at(command)
            left = len(content) - offset if content is not None else 0
            if content is None or (command.le or 0) <= left:
                return None
            return (content[offset:] if with_data else b"", status(left))

        return told

    return of


def _ends(fault: Callable[[CaseCard], CommandFault]) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        for limits in (ChipLimits(), ChipLimits(extended=False)):
            situation = bac().situation(limits=limits)
            situation.card.answer_with(fault(situation.card))
            yield situation

    return situations


def _named_length(card: CaseCard, command: CardCommand) -> tuple[bytes, int] | None:
    """6Cxx to every read that asks for more than is left, «as many as there are» too."""
    content, offset = card.at(command)
    left = len(content) - offset if content is not None else 0
    if command.ins != 0xB0 or not 0 < left < min(command.le or 0, MAX_SHORT):
        return None
    return b"", 0x6C00 | left


def _reading_cases() -> Iterator[ConformanceCase]:
    good = Answer.SUCCESSFUL

    def missing() -> Iterator[Situation]:
        for file in (lds.DG1, lds.DG2):

            def told(command: CardCommand, file: lds.ElementaryFile = file) -> tuple[bytes, int] | None:
                by_short = command.ins == 0xB0 and command.p1 == 0x80 | file.sfi
                by_long = command.ins == 0xA4 and command.data == file.fid.to_bytes(2, "big")
                return (b"", Status.FILE_NOT_FOUND) if by_short or by_long else None

            yield bac().situation(command_fault=told)

    yield ConformanceCase(
        "ISO7816_C_01",
        "BAC",
        "6A82 for DG1, then for DG2",
        Answer.FAILED,
        missing,
        _READING,
        frozenset({"data-group-hash"}),
    )

    def large() -> Iterator[Situation]:
        group = tlv.encode(
            0x75, tlv.read(data_group_2(documents.portrait(width=960, height=1280, wanted=42_000)))[0].value
        )
        for limits in (ChipLimits(), ChipLimits(extended=False), ChipLimits(extended=False, largest_answer=180)):
            yield bac().with_group(2, group).situation(demands.came(0xB1), limits=limits)

    yield ConformanceCase("ISO7816_C_02", "BAC", "DG2 of more than 32 KB", good, _without_last_demand(large), _READING)
    yield ConformanceCase(
        "ISO7816_C_07", "BAC", "DG2 beyond what an even READ BINARY can address", good, large, _READING
    )
    yield ConformanceCase(
        "ISO7816_C_04",
        "BAC",
        "6B00 past the end",
        good,
        _ends(_past_the_end(lambda _: 0x6B00, with_data=False)),
        _READING,
    )
    yield ConformanceCase(
        "ISO7816_C_05",
        "BAC",
        "6282 past the end",
        good,
        _ends(_past_the_end(lambda _: 0x6282, with_data=True)),
        _READING,
    )

    def named() -> Iterator[Situation]:
        for limits in (ChipLimits(), ChipLimits(extended=False)):
            situation = bac().situation(limits=limits)
            card = situation.card
            card.answer_with(partial(_named_length, card))
            yield situation

    yield ConformanceCase("ISO7816_C_06", "BAC", "6Cxx with what is left", good, named, _READING)


def _without_last_demand(situations: Callable[[], Iterator[Situation]]) -> Callable[[], Iterator[Situation]]:
    """Large files may be read by any command."""
    return lambda: (replace(situation, demands=()) for situation in situations())


def cases() -> tuple[ConformanceCase, ...]:
    """All of them."""
    return (*_selection_cases(), *_basic_access_cases(), *_messaging_cases(), *_reading_cases())
