"""PACE with generic mapping: the standard's worked example, every curve and cipher, and wrong passwords."""

import json
from typing import Any

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT, outside_data
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd import asn1, pace, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey, CanKey, MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command
from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.documents.emrtd.ciphers import AesSuite
from inspection_station.documents.emrtd.errors import AccessDenied, AccessNotSpoken, ChipFault, MalformedChipData
from inspection_station.documents.emrtd.security_infos import PACE, Mapping, encode_card_access, pace_infos
from inspection_station.inspection.chip import AccessProtocol, CheckResult
from inspection_station.training.passport_issue import AccessOffer, issue_passport
from inspection_station.training.virtual_chip import VirtualChip, VirtualChipConnection

CAN = "574319"
DOMAINS = range(8, 19)


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    found = json.loads(outside_data("icao9303", "part11_worked_examples.json").read_text())["G1_PACE_ECDH_GM"]
    assert isinstance(found, dict)
    return found


def raw(example: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(example[name])


def card(access: str = "both", pace_offer: tuple[str, int] = (f"{PACE}.2.2", 13)) -> VirtualChip:
    issued = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access=access, can=CAN, pace=pace_offer)
    return VirtualChip(issued)


def read(chip: VirtualChip, key: AccessKey = KEY) -> ChipOutcome:
    return read_chip(
        VirtualChipConnection(chip),
        access_key=key,
        trust=AUTHORITY.trust_store(),
        with_portrait=True,
        at=DAY,
        printed_zone=LINES,
    )


def test_the_worked_example_comes_out_byte_by_byte(example: dict[str, Any]) -> None:
    """Doc 9303 part 11, appendix G.1: the chip's side is played from the example."""
    dynamic = [
        tlv.encode(0x80, raw(example, "z")),
        tlv.encode(0x82, b"\x04" + raw(example, "map_pk_ic")),
        tlv.encode(0x84, b"\x04" + raw(example, "pk_ic")),
        tlv.encode(0x86, raw(example, "t_ic")),
    ]
    answers = [b"\x90\x00", *(tlv.encode(0x7C, data) + b"\x90\x00" for data in dynamic)]
    sent: list[bytes] = []

    def transmit(command: bytes) -> bytes:
        sent.append(command)
        return answers[len(sent) - 1]

    (info,) = pace_infos(tlv.encode(0x31, raw(example, "paceinfo")))
    assert info.description == "PACE-ECDH-GM with AES-128 on brainpoolP256r1"
    number, birth, expiry = (field[:-1] for field in example["mrz"].split("|"))
    key = MrzKey(number, birth, expiry)
    assert pace.password_seed(key) == raw(example, "K")
    assert pace.crypt_nonce(info, key, raw(example, "z"), encrypt=False) == raw(example, "s")
    secrets = [int(example["map_sk_ifd"], 16), int(example["sk_ifd"], 16)]
    session = pace.authenticate(Channel(transmit), info, key, lambda n: secrets.pop(0))
    assert sent[0].hex() == "0022c1a40f800a04007f00070202040202830101"
    assert sent[1].hex() == "10860000027c0000"
    assert raw(example, "map_pk_ifd") in sent[2]
    assert raw(example, "pk_ifd") in sent[3]
    assert sent[4] == bytes.fromhex("008600000c7c0a8508") + raw(example, "t_ifd") + b"\0"
    expected = AesSuite(raw(example, "ks_enc"), raw(example, "ks_mac"))
    protected = session.protect(Command(0xA4, 4, 0x0C, b"\xa0"))
    counter = (1).to_bytes(16, "big")
    assert expected.encrypt(counter, b"\xa0\x80" + bytes(14)) in protected.data


def test_the_generator_is_mapped_as_in_the_example(example: dict[str, Any]) -> None:
    (info,) = pace_infos(tlv.encode(0x31, raw(example, "paceinfo")))
    assert info.curve is not None
    theirs = info.curve.decode(b"\x04" + raw(example, "map_pk_ic"))
    mapped = pace.mapped_generator(info.curve, raw(example, "s"), int(example["map_sk_ifd"], 16), theirs)
    assert info.curve.encode(mapped)[1:] == raw(example, "G_hat")


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_standard_curve_opens_the_chip(domain: int) -> None:
    outcome = read(card(pace_offer=(f"{PACE}.2.2", domain)))
    assert outcome.reading.access is AccessProtocol.PACE
    assert outcome.reading.overall is CheckResult.SUCCESSFUL


@pytest.mark.parametrize("cipher", [1, 2, 3, 4])
def test_every_cipher_opens_the_chip_with_either_password(cipher: int) -> None:
    for key in (KEY, CanKey(CAN)):
        outcome = read(card("pace", (f"{PACE}.2.{cipher}", 12)), key)
        assert outcome.reading.access is AccessProtocol.PACE
        assert outcome.reading.overall is CheckResult.SUCCESSFUL


def test_the_number_on_the_card_opens_it_twice_without_a_reset() -> None:
    chip = card()
    for _ in range(2):
        assert read(chip, CanKey(CAN)).reading.access is AccessProtocol.PACE


@pytest.mark.parametrize("key", [CanKey("574310"), MrzKey("L898902C4", "740812", "120415")])
def test_a_wrong_password_is_access_denied_and_never_tried_with_bac(key: AccessKey) -> None:
    sent: list[int] = []
    chip = card()

    class Connection:
        def transmit(self, command: bytes) -> bytes:
            sent.append(command[1])
            return chip.process(command)

    with pytest.raises(AccessDenied):
        read_chip(Connection(), access_key=key, trust=AUTHORITY.trust_store(), with_portrait=True, at=DAY)
    assert 0x84 not in sent


def test_a_chip_without_pace_says_so_to_a_card_access_number() -> None:
    with pytest.raises(AccessNotSpoken, match="no PACE"):
        read(card(AccessOffer.BAC), CanKey(CAN))


@pytest.mark.parametrize("mapping", [1, 3, 4, 6])
def test_an_offer_not_spoken_is_never_passed_over_in_silence(mapping: int) -> None:
    chip = card(pace_offer=(f"{PACE}.{mapping}.2", 0 if mapping in (1, 3) else 12))
    outcome = read(chip)
    assert outcome.reading.access is AccessProtocol.BAC
    grey = [c for c in outcome.reading.checks if c.result is CheckResult.UNDETERMINED]
    assert [(c.section, c.name) for c in grey] == [("5.6.3.1.2", "access")]
    assert "was offered" in grey[0].evidence
    with pytest.raises(AccessNotSpoken):
        read(chip, CanKey(CAN))


def test_the_strongest_cipher_offered_is_taken_and_its_parameters_named() -> None:
    files = [encode_card_access(f"{PACE}.2.{cipher}", 12) for cipher in (2, 4, 1)]
    offers = tlv.encode(0x31, *(tlv.read(file)[0].value for file in files))
    issued = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access="pace")
    chip = VirtualChip(
        type(issued)(
            issued.mrz_lines,
            {**issued.files, "EF.CardAccess": offers},
            issued.access_key,
            None,
            None,
            AccessOffer.PACE,
        )
    )
    assert read(chip).reading.access_detail == "PACE-ECDH-GM with AES-256 on secp256r1"


def test_unknown_security_infos_are_passed_over() -> None:
    other = tlv.encode(0x30, asn1.encode_oid("0.4.0.127.0.7.2.2.3.2.1"), asn1.encode_integer(1))
    known = tlv.read(encode_card_access(f"{PACE}.2.2", 13))[0].value
    (info,) = pace_infos(tlv.encode(0x31, other, known))
    assert info.mapping is Mapping.ECDH_GM


@given(st.binary(max_size=120))
def test_noise_for_card_access_is_offers_or_malformed(noise: bytes) -> None:
    try:
        assert isinstance(pace_infos(noise), tuple)
    except MalformedChipData as fault:
        assert fault.code == "CHP-07"  # noqa: PT017


@given(st.lists(st.binary(max_size=120), max_size=5), st.integers(3, 7))
def test_a_chip_that_turns_to_noise_in_mid_pace_ends_in_a_typed_error(noise: list[bytes], after: int) -> None:
    chip, answers, sent = card(), list(noise), 0

    class Connection:
        def transmit(self, command: bytes) -> bytes:
            nonlocal sent
            sent += 1
            if sent < after:
                return chip.process(command)
            return answers.pop(0) if answers else b"\x6f\x00"

    with pytest.raises(ChipFault):
        read_chip(Connection(), access_key=KEY, trust=AUTHORITY.trust_store(), with_portrait=False, at=DAY)


def test_a_chip_that_mirrors_the_reader_s_key_is_malformed() -> None:
    chip = card()

    class Mirror:
        def transmit(self, command: bytes) -> bytes:
            answer = chip.process(command)
            if command[1] == 0x86 and command[7:8] == b"\x83":
                point = tlv.only(command[5:-1], 0x7C).child(0x83).value
                return tlv.encode(0x7C, tlv.encode(0x84, point)) + b"\x90\x00"
            return answer

    with pytest.raises(MalformedChipData, match="own public key"):
        read_chip(Mirror(), access_key=KEY, trust=AUTHORITY.trust_store(), with_portrait=False, at=DAY)
