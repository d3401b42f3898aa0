"""Chips that break off, answer short, or hold keys nobody speaks: each ends in its own error or check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT, passport
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.documents.emrtd import asn1, bac, tlv
from inspection_station.documents.emrtd.apdu import Channel, Command, Response
from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.documents.emrtd.ciphers import AesSuite, pad
from inspection_station.documents.emrtd.errors import (
    ChipFault,
    ChipRefused,
    MalformedChipData,
    SecureMessagingBroken,
)
from inspection_station.documents.emrtd.secure_messaging import SecureMessaging
from inspection_station.documents.emrtd.security_infos import PACE
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.chip_keys import ChipKeys, agreement_key, rsa_signer
from inspection_station.training.passport_issue import VirtualPassport, issue_passport
from inspection_station.training.virtual_chip import PROFILES, VirtualChip

FAILED, UNKNOWN = CheckResult.FAILED, CheckResult.UNDETERMINED
UNSPOKEN = "1.3.101.110"  # a curve over another kind of field
Answer = Callable[[bytes], bytes | None]


class Tampered:
    """A chip whose answers to some commands are another's."""

    def __init__(self, issued: VirtualPassport, answer: Answer) -> None:
        self._chip, self._answer = VirtualChip(issued), answer

    def transmit(self, command: bytes) -> bytes:
        told = self._answer(command)
        return self._chip.process(command) if told is None else told


def read(issued: VirtualPassport, answer: Answer = lambda _: None) -> ChipOutcome:
    trust = AUTHORITY.trust_store()
    return read_chip(Tampered(issued, answer), access_key=KEY, trust=trust, with_portrait=True, at=DAY)


def to(instruction: int, answer: str) -> Answer:
    return lambda command: bytes.fromhex(answer) if command[1] == instruction else None


def resigned(issued: VirtualPassport, **groups: bytes) -> VirtualPassport:
    """The same passport with other groups, signed anew."""
    files = {**issued.files, **groups}
    signed = {int(name[2:]): content for name, content in files.items() if name.startswith("DG")}
    return replace(issued, files={**files, "EF.SOD": AUTHORITY.security_object(signed, signer=AUTHORITY.signer())})


@pytest.mark.parametrize(
    ("instruction", "answer", "error"),
    [
        (0x84, "6f00", ChipRefused),
        (0x84, "01029000", MalformedChipData),
        (0x82, "6f00", ChipRefused),
        (0x82, "01029000", MalformedChipData),
        (0xA4, "6f00", ChipRefused),
    ],
)
def test_basic_access_that_breaks_off_is_a_typed_error(instruction: int, answer: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(passport(), to(instruction, answer))


def test_a_wrong_counter_is_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="one block"):
        SecureMessaging(AesSuite(bytes(16), bytes(16)), bytes(8))


@pytest.mark.parametrize(
    ("status", "cryptogram"),
    [
        (b"\x90", None),
        (b"\x90\x00", tlv.encode(0x87, b"\x02" + bytes(16))),
        (b"\x90\x00", tlv.encode(0x87, b"\x01" + bytes(15))),
        (b"\x90\x00", tlv.encode(0x85, b"")),
    ],
)
def test_a_sealed_answer_of_a_wrong_shape_is_broken_although_its_checksum_holds(
    status: bytes, cryptogram: bytes | None
) -> None:
    suite = AesSuite(bytes(16), bytes(16))
    session = SecureMessaging(suite, bytes(16))
    session.protect(Command(0xB0, le=4))
    body = (cryptogram or b"") + tlv.encode(0x99, status)
    checksum = suite.checksum(pad((2).to_bytes(16, "big") + body, 16))
    with pytest.raises(SecureMessagingBroken):
        session.unprotect(Response(body + tlv.encode(0x8E, checksum), 0x9000))


def key_of_no_known_kind() -> bytes:
    return tlv.encode(0x30, tlv.encode(0x30, asn1.encode_oid(UNSPOKEN)), tlv.encode(0x03, b"\0" + bytes(32)))


def test_a_chip_key_of_an_unknown_kind_is_undetermined() -> None:
    issued = issue_passport(
        LINES, PORTRAIT, authority=AUTHORITY, at=DAY, keys=ChipKeys(agreement=agreement_key(5, 13, (2,)))
    )
    info = tlv.encode(0x30, asn1.encode_oid("0.4.0.127.0.7.2.2.1.2"), key_of_no_known_kind())
    outcome = read(resigned(issued, DG14=tlv.encode(0x6E, tlv.encode(0x31, info))))
    (check,) = [c for c in outcome.reading.checks if c.section == "5.6.4.1.2"]
    assert check.result is UNKNOWN
    assert UNSPOKEN in check.evidence


def test_a_protocol_without_a_fitting_key_is_failed() -> None:
    infos = agreement_key(5, 13, (2,)).infos()[:1] + agreement_key(5, 0, (2,)).infos()[1:]
    outcome = read(resigned(passport(), DG14=tlv.encode(0x6E, asn1.encode_set(*infos))))
    (check,) = [c for c in outcome.reading.checks if c.section == "5.6.4.1.2"]
    assert check.result is FAILED
    assert "do not belong together" in check.evidence


@pytest.mark.parametrize("key", [key_of_no_known_kind(), b"\x30\x00"])
def test_an_active_authentication_key_that_cannot_be_used_is_undetermined(key: bytes) -> None:
    outcome = read(resigned(passport(), DG15=tlv.encode(0x6F, key)))
    (check,) = [c for c in outcome.reading.checks if c.section == "5.6.4.1.1"]
    assert check.result is UNKNOWN


def test_a_malformed_data_group_14_is_said_to_be_so() -> None:
    outcome = read(resigned(passport(), DG14=tlv.encode(0x6E, b"\x31\x05")))
    assert {(c.name, c.result) for c in outcome.reading.checks if "DG14" in c.evidence} >= {
        ("data-group-format", FAILED),
        ("chip-authentication", UNKNOWN),
    }


@pytest.mark.parametrize("group", [14, 15])
def test_a_key_group_that_may_not_be_read_leaves_its_check_undetermined(group: int) -> None:
    keys = ChipKeys(agreement=agreement_key(5, 13, (2,)), signer=rsa_signer(3))
    issued = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, keys=keys)
    broken = replace(issued, files={**issued.files, f"DG{group}": b""})
    outcome = read(broken)
    section = "5.6.4.1.2" if group == 14 else "5.6.4.1.1"
    (check,) = [c for c in outcome.reading.checks if c.section == section]
    assert check.result is UNKNOWN


def card_security(infos: bytes) -> VirtualPassport:
    issued = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access="both", pace=(f"{PACE}.6.2", 13))
    signed = AUTHORITY.card_security(infos, signer=AUTHORITY.signer())
    return replace(issued, files={**issued.files, "EF.CardSecurity": signed})


@pytest.mark.parametrize("infos", [tlv.encode(0x31), tlv.encode(0x31, *agreement_key(7, 12, (), 13).infos())])
def test_card_security_without_the_mapping_s_key_fails(infos: bytes) -> None:
    outcome = read(card_security(infos))
    (check,) = [c for c in outcome.reading.checks if c.section == "5.6.4.1.3"]
    assert (check.result, check.evidence) == (FAILED, "EF.CardSecurity holds no key for the mapping")


def test_a_session_that_ends_over_card_security_is_opened_again() -> None:
    issued = card_security(tlv.encode(0x31))
    reads = 0

    def ended_at_the_first_secured_read(command: bytes) -> bytes | None:
        nonlocal reads
        if command[:2] == b"\x0c\xb0" and command[2] == 0x9D:
            reads += 1
            return b"\x69\x82" if reads == 1 else None
        return None

    outcome = read(issued, ended_at_the_first_secured_read)
    (check,) = [c for c in outcome.reading.checks if c.section == "5.6.4.1.3"]
    assert check.result is FAILED
    assert outcome.portrait == PORTRAIT


def test_the_basic_access_keys_of_two_zones_differ() -> None:
    other = replace(KEY, document_number="L898902C4")
    assert bac.document_seed(KEY) != bac.document_seed(other)


def test_a_channel_that_answers_nothing_is_malformed() -> None:
    with pytest.raises(MalformedChipData):
        Channel(lambda _: b"\x90").send(Command(0x84, le=8))


KINDS = {name: p.issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY) for name, p in PROFILES.items() if name != "slow"}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.integers(1, 30), st.lists(st.binary(max_size=60), min_size=1, max_size=6))
def test_a_chip_that_turns_to_noise_at_any_command_is_a_reading_or_a_typed_error(
    name: str, after: int, noise: list[bytes]
) -> None:
    chip = VirtualChip(KINDS[name], limits=PROFILES[name].limits)
    sent = 0

    class Turning:
        def transmit(self, command: bytes) -> bytes:
            nonlocal sent
            sent += 1
            return chip.process(command) if sent < after else noise[sent % len(noise)]

    try:
        outcome = read_chip(
            Turning(), access_key=KEY, trust=AUTHORITY.trust_store(), with_portrait=True, at=DAY, everything=True
        )
    except ChipFault:
        return
    assert sent < after or outcome.reading.overall is not CheckResult.SUCCESSFUL


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.integers(2, 30), st.integers(0, 7), st.integers(0, 5000))
def test_one_bit_changed_on_the_way_never_passes_for_another_s_data(name: str, at: int, bit: int, byte: int) -> None:
    chip = VirtualChip(KINDS[name], limits=PROFILES[name].limits)
    sent = 0

    class Flipping:
        def transmit(self, command: bytes) -> bytes:
            nonlocal sent
            sent += 1
            answer = bytearray(chip.process(command))
            if sent == at:
                answer[byte % len(answer)] ^= 1 << bit
            return bytes(answer)

    try:
        outcome = read_chip(
            Flipping(), access_key=KEY, trust=AUTHORITY.trust_store(), with_portrait=True, at=DAY, printed_zone=LINES
        )
    except ChipFault:
        return
    if outcome.reading.overall is CheckResult.SUCCESSFUL:
        assert (outcome.portrait, outcome.reading.mrz_lines) == (PORTRAIT, LINES)
