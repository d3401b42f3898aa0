"""PACE: every mapping, group, cipher and password; offers that are not spoken or taken back; wrong passwords."""

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey, CanKey, MrzKey
from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.documents.emrtd.errors import AccessDenied, AccessNotSpoken, ChipFault, MalformedChipData
from inspection_station.documents.emrtd.security_infos import PACE, Mapping, encode_card_access, pace_infos
from inspection_station.inspection.chip import AccessProtocol, CheckResult
from inspection_station.training.passport_issue import AccessOffer, issue_passport
from inspection_station.training.virtual_chip import VirtualChip, VirtualChipConnection

CAN = "574319"
CURVES = range(8, 19)


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


VARIANTS = [
    *((mapping, domain) for mapping in (1, 3) for domain in range(3)),
    *((mapping, domain) for mapping in (2, 4, 6) for domain in CURVES if (mapping, domain) != (4, 10)),
]


@pytest.mark.parametrize(("mapping", "domain"), VARIANTS)
def test_every_mapping_opens_the_chip_in_every_standard_group(mapping: int, domain: int) -> None:
    outcome = read(card(pace_offer=(f"{PACE}.{mapping}.2", domain)))
    assert outcome.reading.access is AccessProtocol.PACE
    assert outcome.reading.overall is CheckResult.SUCCESSFUL


@pytest.mark.parametrize(
    ("mapping", "cipher"), [(m, c) for m in (1, 2, 3, 4, 6) for c in (1, 2, 3, 4) if (m, c) != (6, 1)]
)
def test_every_mapping_opens_the_chip_with_every_cipher_and_password(mapping: int, cipher: int) -> None:
    for key in (KEY, CanKey(CAN)):
        outcome = read(card("pace", (f"{PACE}.{mapping}.{cipher}", 0 if mapping in (1, 3) else 12)), key)
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


@pytest.mark.parametrize(
    "offer",
    [
        (f"{PACE}.4.2", 10),  # integrated mapping is not defined over secp224r1
        (f"{PACE}.2.2", 3),  # a reserved number
        (f"{PACE}.2.2", 32),  # the chip's own parameters, which nobody can trust
        (f"{PACE}.2.2", 0),  # a curve asked for, a prime field named
        (f"{PACE}.1.2", 12),
    ],
)
def test_an_offer_not_spoken_is_never_passed_over_in_silence(offer: tuple[str, int]) -> None:
    chip = card(pace_offer=offer)
    outcome = read(chip)
    assert outcome.reading.access is AccessProtocol.BAC
    grey = [c for c in outcome.reading.checks if c.result is CheckResult.UNDETERMINED]
    assert [(c.section, c.name) for c in grey] == [("5.6.3.1.2", "access")]
    assert "was offered" in grey[0].evidence
    with pytest.raises(AccessNotSpoken):
        read(chip, CanKey(CAN))


class Refusing:
    """A chip that takes PACE back when it comes to it."""

    def __init__(self, chip: VirtualChip, answer: str) -> None:
        self._chip, self._answer = chip, bytes.fromhex(answer)

    def transmit(self, command: bytes) -> bytes:
        return self._answer if command[1:4] == b"\x22\xc1\xa4" else self._chip.process(command)


@pytest.mark.parametrize("answer", ["6a80", "6a88", "6f00"])
def test_a_chip_that_takes_its_offer_back_is_read_with_bac_and_the_check_failed(answer: str) -> None:
    outcome = read_chip(
        Refusing(card(), answer), access_key=KEY, trust=AUTHORITY.trust_store(), with_portrait=False, at=DAY
    )
    assert outcome.reading.access is AccessProtocol.BAC
    (failed,) = [c for c in outcome.reading.checks if c.result is CheckResult.FAILED]
    assert (failed.section, failed.name) == ("5.6.3.1.2", "access")
    assert "BAC was used" in failed.evidence


@pytest.mark.parametrize("key", [KEY, CanKey(CAN)])
def test_a_chip_that_takes_its_only_offer_back_is_not_opened(key: AccessKey) -> None:
    with pytest.raises(AccessNotSpoken):
        read_chip(
            Refusing(card("pace"), "6a80"),
            access_key=key,
            trust=AUTHORITY.trust_store(),
            with_portrait=False,
            at=DAY,
        )


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
