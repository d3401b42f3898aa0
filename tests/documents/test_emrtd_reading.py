"""Reading from chips of every habit, and from chips that are hostile."""

from threading import Event

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT, chip, passport, read
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.documents.emrtd import lds, tlv
from inspection_station.documents.emrtd.access_keys import CanKey, MrzKey
from inspection_station.documents.emrtd.apdu import Channel
from inspection_station.documents.emrtd.chip_session import read_chip
from inspection_station.documents.emrtd.errors import (
    AccessDenied,
    AccessNotSpoken,
    ChipFault,
    ChipRefused,
    MalformedChipData,
    ReadingCancelled,
)
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.hardware.errors import CardRemoved
from inspection_station.inspection.chip import AccessProtocol, CheckResult
from inspection_station.training.passport_issue import VirtualPassport, issue_passport
from inspection_station.training.virtual_chip import ChipLimits, VirtualChip

LIMITS = [
    ChipLimits(),
    ChipLimits(largest_answer=2048),
    ChipLimits(largest_answer=2048, strict=True),
    ChipLimits(extended=False),
    ChipLimits(extended=False, strict=True),
    ChipLimits(extended=False, largest_answer=230, strict=True),
    ChipLimits(extended=False, largest_answer=160, strict=True),
    ChipLimits(short_identifiers=False),
    ChipLimits(extended=False, short_identifiers=False, strict=True),
]


NO_CARD_ACCESS = (b"\x6a\x82", b"\x6a\x82")


class Script:
    """A chip that answers what it was told, whatever it is asked."""

    def __init__(self, *answers: bytes, then: bytes = b"\x6f\x00") -> None:
        self._answers = list(answers)
        self._then = then
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self._answers.pop(0) if self._answers else self._then


class OpenChip:
    """An early chip without access control: files in clear, by short identifier or selection."""

    def __init__(self, files: dict[int, bytes]) -> None:
        self._files = files
        self._current = b""

    def transmit(self, command: bytes) -> bytes:
        ins, p1, p2 = command[1], command[2], command[3]
        if ins == 0xA4:
            return b"\x90\x00"
        if ins != 0xB0:
            return b"\x6d\x00"
        offset = p1 << 8 | p2
        if p1 & 0x80:
            if p1 & 0x1F not in self._files:
                return b"\x6a\x82"
            self._current, offset = self._files[p1 & 0x1F], p2
        if len(command) > 5:
            return b"\x67\x00"
        return self._current[offset : offset + (command[4] or 256)] + b"\x90\x00"


@pytest.mark.parametrize("limits", LIMITS, ids=str)
def test_chips_of_every_habit_are_read_whole(limits: ChipLimits) -> None:
    outcome = read(chip(limits=limits))
    assert outcome.reading.overall is CheckResult.SUCCESSFUL
    assert outcome.reading.access is AccessProtocol.BAC
    assert outcome.portrait == PORTRAIT


def test_an_extended_chip_is_read_in_few_commands() -> None:
    assert read(chip()).commands <= 10  # is there PACE (two), SELECT, two of access, SOD, DG1, and 15 KB in pieces of 8
    assert read(chip(limits=ChipLimits(extended=False))).commands <= 92


def test_steps_are_told_as_they_end_with_the_device_s_share() -> None:
    told: list[str] = []
    outcome = read_chip(
        Direct(chip()),
        access_key=KEY,
        trust=TrustStore(),
        with_portrait=True,
        at=DAY,
        progress=lambda step, seconds: told.append(step),
    )
    assert told == [t.step for t in outcome.timings] == ["access", "EF.SOD", "DG1", "DG2", "passive authentication"]
    assert all(0 <= t.device_ms <= t.total_ms for t in outcome.timings)


class Direct:
    """A chip without anything between it and the reader."""

    def __init__(self, card: VirtualChip) -> None:
        self.transmit = card.process


def test_a_session_left_over_from_another_reader_does_no_harm() -> None:
    card = chip()
    assert read(card).reading.overall is CheckResult.SUCCESSFUL
    assert read(card).reading.overall is CheckResult.SUCCESSFUL  # no reset in between


def test_a_wrong_key_is_access_denied_without_naming_it() -> None:
    with pytest.raises(AccessDenied) as caught:
        read(chip(), key=MrzKey("L898902C4", "740812", "120415"))
    assert caught.value.code == "CHP-02"
    assert "L898902C4" not in str(caught.value)


def test_a_chip_with_another_zone_s_keys_denies_access() -> None:
    with pytest.raises(AccessDenied):
        read(chip("wrong_key"))


@pytest.mark.parametrize("status", ["6300", "6982", "6983", "6985", "6988", "6a80", "6a88"])
def test_every_refusal_of_the_key_is_access_denied(status: str) -> None:
    script = Script(*NO_CARD_ACCESS, b"\x90\x00", bytes(8) + b"\x90\x00", bytes.fromhex(status))
    with pytest.raises(AccessDenied):
        _read(script)


def test_a_chip_without_the_application_is_refused_with_its_status() -> None:
    with pytest.raises(ChipRefused) as caught:
        _read(Script(*NO_CARD_ACCESS, b"\x6a\x82"))
    assert caught.value.status == 0x6A82


def test_a_chip_with_no_known_access_is_not_spoken() -> None:
    with pytest.raises(AccessNotSpoken):
        _read(Script(*NO_CARD_ACCESS, b"\x90\x00", b"\x6d\x00", b"\x69\x82"))


def test_a_chip_without_access_control_is_read_in_clear() -> None:
    files = passport().files
    opened = OpenChip({0x1D: files["EF.SOD"], 1: files["DG1"], 2: files["DG2"]})
    outcome = read_chip(
        opened,
        access_key=KEY,
        trust=AUTHORITY.trust_store(),
        with_portrait=True,
        at=DAY,
        printed_zone=LINES,
    )
    assert outcome.reading.access is AccessProtocol.NONE
    assert outcome.reading.overall is CheckResult.SUCCESSFUL


def test_a_signed_group_that_is_not_on_the_chip_fails() -> None:
    files = passport().files
    opened = OpenChip({0x1D: files["EF.SOD"], 1: files["DG1"]})
    outcome = read_chip(opened, access_key=KEY, trust=AUTHORITY.trust_store(), with_portrait=True, at=DAY)
    failed = [c for c in outcome.reading.checks if c.result is CheckResult.FAILED]
    assert [c.name for c in failed] == ["data-group-hash"]
    assert "not on the chip" in failed[0].evidence


def _read(script: Script) -> None:
    read_chip(script, access_key=KEY, trust=TrustStore(), with_portrait=True, at=DAY)


@pytest.mark.parametrize("fault", ["garbage", "oversized_length"])
def test_garbage_and_impossible_lengths_are_malformed(fault: str) -> None:
    with pytest.raises(MalformedChipData) as caught:
        read(chip(fault))
    assert caught.value.code == "CHP-07"


def test_a_document_lifted_in_mid_reading_is_card_removed() -> None:
    with pytest.raises(CardRemoved) as caught:
        read(chip("torn_read"))
    assert caught.value.code == "CHP-01"


def test_a_cancelled_reading_stops_at_the_next_command() -> None:
    cancel, card = Event(), chip()
    sent = 0

    class Connection:
        def transmit(self, command: bytes) -> bytes:
            nonlocal sent
            sent += 1
            if sent == 4:
                cancel.set()
            return card.process(command)

    with pytest.raises(ReadingCancelled):
        read_chip(Connection(), access_key=KEY, trust=TrustStore(), with_portrait=True, at=DAY, cancel=cancel)
    assert sent == 4


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_a_chip_that_answers_noise_ends_in_a_typed_error(answers: list[bytes]) -> None:
    with pytest.raises(ChipFault):
        _read(Script(*answers))


@given(st.lists(st.binary(max_size=300), max_size=8))
@settings(max_examples=50)
def test_noise_behind_a_granted_access_ends_in_a_typed_error(noise: list[bytes]) -> None:
    card, answers = chip(), list(noise)
    sent = 0

    class Connection:
        def transmit(self, command: bytes) -> bytes:
            nonlocal sent
            sent += 1
            if sent <= 5:
                return card.process(command)
            return answers.pop(0) if answers else b"\x6f\x00"

    with pytest.raises(ChipFault):
        read_chip(Connection(), access_key=KEY, trust=TrustStore(), with_portrait=True, at=DAY)


def reader_of(transmit: Script) -> lds.FileReader:
    return lds.FileReader(Channel(transmit.transmit), lambda: None, extended=False)


def test_a_file_that_never_ends_is_malformed() -> None:
    with pytest.raises(MalformedChipData, match="pieces"):
        reader_of(Script(b"\x75\x82\xff\x00\x01\x90\x00", then=b"\x01\x90\x00")).read(lds.DG2)


def test_a_file_that_stops_short_is_malformed() -> None:
    with pytest.raises(MalformedChipData, match="short"):
        reader_of(Script(b"\x75\x82\x01\x00\x01\x90\x00", then=b"\x62\x82")).read(lds.DG2)


def test_a_file_that_begins_with_another_tag_is_malformed() -> None:
    with pytest.raises(MalformedChipData, match="tag"):
        reader_of(Script(b"\x61\x01\x00\x90\x00")).read(lds.DG2)


def test_a_header_that_comes_in_single_bytes_is_put_together() -> None:
    content = b"\x61\x81\x02\x01\x02"
    script = Script(*(bytes([octet]) + b"\x90\x00" for octet in content))
    assert reader_of(script).read(lds.DG1) == content


def test_files_beyond_32_kb_are_read_with_the_other_instruction() -> None:
    plain = passport()
    large = tlv.encode(0x75, bytes(range(256)) * 200)
    card = VirtualChip(VirtualPassport(plain.mrz_lines, {**plain.files, "DG2": large}, plain.access_key, None))
    outcome = read(card)
    assert outcome.files["DG2"] == large
    assert outcome.portrait is None
    assert "data-group-format" in [c.name for c in outcome.reading.checks if c.result is CheckResult.FAILED]


def test_the_card_access_number_says_what_it_needs() -> None:
    with pytest.raises(AccessNotSpoken, match="PACE"):
        read_chip(Direct(chip()), access_key=CanKey("123456"), trust=TrustStore(), with_portrait=True, at=DAY)


@pytest.mark.parametrize("number", ["12345", "1234567", "12345a", "１２３４５６", ""])
def test_a_card_access_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        CanKey(number)


@pytest.mark.parametrize("fields", [("", "740812", "120415"), ("L89", "7408", "120415"), ("l89", "740812", "120415")])
def test_key_fields_the_zone_cannot_have_are_refused(fields: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="key field"):
        MrzKey(*fields)


@pytest.mark.parametrize("access", ["bac", "pace"])
def test_a_chip_that_ends_the_session_over_a_length_is_opened_again(access: str) -> None:
    issued = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access=access)
    card = VirtualChip(issued, limits=ChipLimits(extended=False, strict=True))
    outcome = read(card)
    assert outcome.reading.overall is CheckResult.SUCCESSFUL
    assert outcome.portrait == PORTRAIT


def with_file(name: str, content: bytes) -> VirtualChip:
    plain = passport()
    return VirtualChip(VirtualPassport(plain.mrz_lines, {**plain.files, name: content}, plain.access_key, None))


def failed(card: VirtualChip) -> list[str]:
    return [c.name for c in read(card).reading.checks if c.result is CheckResult.FAILED]


def test_a_malformed_security_object_is_a_failed_check_and_not_a_crash() -> None:
    assert failed(with_file("EF.SOD", tlv.encode(0x77, b"\x30\x03\x02\x01\x05"))) == ["security-object-signature"]


def test_a_malformed_zone_is_a_failed_check_and_no_lines() -> None:
    card = with_file("DG1", tlv.encode(0x61, tlv.encode(0x5F1F, b"A" * 50)))
    outcome = read(card)
    assert outcome.reading.mrz_lines is None
    assert failed(card) == ["data-group-hash", "data-group-format"]


def test_a_group_that_may_not_be_read_is_undetermined() -> None:
    files = passport().files

    class Closed(OpenChip):
        def transmit(self, command: bytes) -> bytes:
            return b"\x69\x82" if command[1:3] == b"\xb0\x81" else super().transmit(command)

    card = Closed({0x1D: files["EF.SOD"], 1: b"", 2: files["DG2"]})
    outcome = read_chip(card, access_key=KEY, trust=AUTHORITY.trust_store(), with_portrait=True, at=DAY)
    assert outcome.reading.overall is CheckResult.UNDETERMINED
    assert outcome.reading.mrz_lines is None


def test_a_security_object_that_may_not_be_read_is_refused_with_its_status() -> None:
    files = passport().files

    class Closed(OpenChip):
        def transmit(self, command: bytes) -> bytes:
            return b"\x69\x82" if command[1:3] == b"\xb0\x9d" and command[4] != 8 else super().transmit(command)

    with pytest.raises(ChipRefused) as caught:
        read_chip(Closed({0x1D: files["EF.SOD"]}), access_key=KEY, trust=TrustStore(), with_portrait=True, at=DAY)
    assert caught.value.status == 0x6982
