"""A document that is moved in mid-reading: the reading goes on with the same one, and refuses another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT, noisy_portrait
from fakes.finger_material import passport_with_fingers, terminals

from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.chip_session import ChipOutcome, Connection, Resumption, read_chip
from inspection_station.documents.emrtd.errors import AccessDenied, DocumentExchanged
from inspection_station.hardware.errors import CardRemoved, NoCard
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.passport_issue import VirtualPassport, issue_passport, other_number
from inspection_station.training.virtual_chip import PROFILES, ChipLimits, VirtualChip

SHORT = ChipLimits(extended=False)


class Field:
    """What lies on the antenna: ``chips`` in turn, each until ``leaves`` says after how many commands it goes."""

    def __init__(self, chips: list[VirtualChip], leaves: list[int | None]) -> None:
        self._chips, self._leaves = chips, leaves
        self.sent: list[list[bytes]] = []

    def connect(self) -> Connection:
        number = len(self.sent)
        if number >= len(self._chips):
            raise NoCard("no chip within 5 s")
        chip, leaves = self._chips[number], self._leaves[number]
        chip.reset()
        self.sent.append([])
        sent = self.sent[number]

        class Laid:
            def transmit(self, command: bytes) -> bytes:
                if leaves is not None and len(sent) >= leaves:
                    raise CardRemoved("the document left")
                sent.append(command)
                return chip.process(command)

        return Laid()


def issued(profile: str = "pace-ca-aa", portrait: bytes = PORTRAIT) -> VirtualPassport:
    return PROFILES[profile].issue(LINES, portrait, authority=AUTHORITY, at=DAY)


def read(
    field: Field, *, times: int = 3, key: MrzKey = KEY, told: Callable[[str, float], None] | None = None, **more: object
) -> ChipOutcome:
    return read_chip(
        field.connect(),
        access_key=key,
        trust=AUTHORITY.trust_store(),
        with_portrait=True,
        at=DAY,
        printed_zone=LINES,
        resumption=Resumption(field.connect, (CardRemoved,), times),
        progress=told,
        **more,  # type: ignore[arg-type]
    )


def whole(passport: VirtualPassport) -> int:
    """Commands of a reading that nobody disturbs."""
    return read(Field([VirtualChip(passport, limits=SHORT)], [None])).commands


def test_wherever_it_was_moved_the_reading_ends_the_same() -> None:
    passport = issued()
    for leaves in range(0, whole(passport), 7):
        chip = VirtualChip(passport, limits=SHORT)
        outcome = read(Field([chip, chip], [leaves, None]))
        assert outcome.reading.overall is CheckResult.SUCCESSFUL
        assert (outcome.portrait, outcome.interruptions) == (PORTRAIT, 1)


def test_groups_that_were_complete_are_not_read_again() -> None:
    passport = issued()
    total = whole(passport)
    chip = VirtualChip(passport, limits=SHORT)
    field = Field([chip, chip], [total, None])
    alone = read(Field([chip, chip], [None, None]))
    assert alone.interruptions == 0
    field = Field([chip, chip], [total - 3, None])  # in the last pieces of DG2
    outcome = read(field)
    again = [sent[2] & 0x1F for sent in field.sent[1] if sent[1] == 0xB0 and sent[2] & 0x80]
    assert set(again) == {0x1C, 0x1D, 1, 2}  # CardAccess, SOD, DG1 as the proof, DG2; DG14 and DG15 are kept
    assert outcome.commands == sum(map(len, field.sent)) + 1  # and the one that nobody answered


def test_a_portrait_that_was_complete_is_kept() -> None:
    passport = passport_with_fingers()
    chip = VirtualChip(passport, limits=SHORT)
    keys = terminals().keys()
    total = read(Field([chip], [None]), terminal_keys=keys, with_fingers=True).commands
    field = Field([chip, chip], [total - 1, None])  # in DG3
    outcome = read(field, terminal_keys=keys, with_fingers=True)
    assert outcome.portrait == PORTRAIT
    assert [finger.position for finger in outcome.fingers] == [2, 7]
    assert len(field.sent[1]) < total - 60


def test_the_chip_proves_its_keys_anew_each_time() -> None:
    genuine, clone = issued(), PROFILES["pace-ca-aa"].issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault="clone")
    total = whole(genuine)
    field = Field([VirtualChip(genuine, limits=SHORT), VirtualChip(clone, limits=SHORT)], [total - 3, None])
    outcome = read(field)
    failed = {c.name for c in outcome.reading.checks if c.result is CheckResult.FAILED}
    assert {"chip-authentication", "active-authentication"} <= failed


def test_progress_and_times_tell_the_interruption() -> None:
    told: list[str] = []
    chip = VirtualChip(issued(), limits=SHORT)
    outcome = read(Field([chip, chip], [40, None]), told=lambda step, _: told.append(step))
    assert "DG2, broken off" in told
    assert told.index("document put back") == told.index("DG2, broken off") + 1
    assert told == [timing.step for timing in outcome.timings]
    assert outcome.within_budget


def test_another_passport_put_back_is_refused() -> None:
    other = issued(portrait=noisy_portrait(420, 540))
    field = Field([VirtualChip(issued(), limits=SHORT), VirtualChip(other, limits=SHORT)], [60, None])
    with pytest.raises(DocumentExchanged, match=r"EF\.SOD"):
        read(field)


def test_another_person_s_passport_put_back_is_refused_although_its_key_differs() -> None:
    other = PROFILES["pace-ca-aa"].issue(other_number(LINES), PORTRAIT, authority=AUTHORITY, at=DAY)
    field = Field([VirtualChip(issued(), limits=SHORT), VirtualChip(other, limits=SHORT)], [60, None])
    with pytest.raises(DocumentExchanged) as caught:
        read(field)
    assert caught.value.code == "CHP-06"


def test_another_zone_behind_the_same_security_object_is_refused() -> None:
    first = issued("pace-bac")
    files = {**first.files, "DG1": first.files["DG1"].replace(b"ANNA", b"ANNE")}
    second = VirtualPassport(first.mrz_lines, files, first.access_key, None, first.can, first.offer, first.keys)
    field = Field([VirtualChip(first, limits=SHORT), VirtualChip(second, limits=SHORT)], [60, None])
    with pytest.raises(DocumentExchanged, match="DG1"):
        read(field)


def test_a_security_object_that_vanished_is_another_document() -> None:
    bare = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault="no_security_object")
    signed = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    field = Field([VirtualChip(signed, limits=SHORT), VirtualChip(bare, limits=SHORT)], [40, None])
    with pytest.raises(DocumentExchanged):
        read(field)


def test_nothing_is_kept_without_a_security_object() -> None:
    chip = VirtualChip(issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault="no_security_object"))
    field = Field([chip, chip], [10, None])
    assert read(field).portrait == PORTRAIT


def test_it_ends_when_the_document_stays_away_or_moves_too_often() -> None:
    chip = VirtualChip(issued(), limits=SHORT)
    with pytest.raises(NoCard):
        read(Field([chip], [40]))
    with pytest.raises(CardRemoved):
        read(Field([chip] * 3, [40, 40, 40]), times=2)
    with pytest.raises(CardRemoved):
        read_chip(
            Field([chip], [10]).connect(), access_key=KEY, trust=AUTHORITY.trust_store(), with_portrait=True, at=DAY
        )


def test_a_wrong_key_is_no_exchange_before_anything_was_opened() -> None:
    chip = VirtualChip(issued(), limits=SHORT)
    with pytest.raises(AccessDenied):
        read(Field([chip, chip], [1, None]), key=MrzKey("L898902C4", "740812", "120415"))
