"""Whether the chip is the one that was issued: chip authentication, active authentication, chip-authentication mapping,
and the offers that opened it.
"""

from dataclasses import replace

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT, outside_data
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd import active_authentication, message_recovery, tlv
from inspection_station.documents.emrtd.chip_authentication import agreements
from inspection_station.documents.emrtd.chip_session import ChipOutcome, Connection, read_chip
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.key_groups import EllipticGroup, PrimeGroup
from inspection_station.documents.emrtd.security_infos import PACE, parse_data_group_14, parse_security_infos
from inspection_station.documents.emrtd.security_object import parse_card_security
from inspection_station.documents.emrtd.signatures import RsaKey, parse_public_key
from inspection_station.inspection.chip import CheckResult, ChipCheck
from inspection_station.training.chip_keys import ChipKeys, agreement_key, ecdsa_signer, rsa_signer
from inspection_station.training.passport_issue import VirtualPassport, issue_passport
from inspection_station.training.virtual_chip import ChipLimits, VirtualChip, VirtualChipConnection
from inspection_station.training.virtual_chip.case_faults import CaseCard
from inspection_station.training.virtual_chip.commands import CardCommand

OK, FAILED, UNKNOWN = CheckResult.SUCCESSFUL, CheckResult.FAILED, CheckResult.UNDETERMINED
AA, CA, CAM, CARD_ACCESS = "5.6.4.1.1", "5.6.4.1.2", "5.6.4.1.3", "5.6.3.1.2"
MAPPING = (f"{PACE}.6.2", 13)
GROUPS = [0, 1, 2, *range(8, 19)]


def issued(
    keys: ChipKeys | None = None, fault: str | None = None, access: str = "bac", pace: tuple[str, int] = MAPPING
) -> VirtualPassport:
    return issue_passport(
        LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault=fault, access=access, pace=pace, keys=keys
    )


def read(passport: VirtualPassport, limits: ChipLimits | None = None) -> ChipOutcome:
    return read_over(VirtualChipConnection(VirtualChip(passport, limits=limits)))


def read_over(connection: Connection) -> ChipOutcome:
    trust = AUTHORITY.trust_store()
    return read_chip(connection, access_key=KEY, trust=trust, with_portrait=True, at=DAY, printed_zone=LINES)


def check(outcome: ChipOutcome, section: str, name: str | None = None) -> ChipCheck:
    (found,) = [c for c in outcome.reading.checks if c.section == section and name in (None, c.name)]
    return found


def agreeing(group: int = 13, *ciphers: int, key_id: int | None = None) -> ChipKeys:
    return ChipKeys(agreement=agreement_key(5, group, ciphers or (2,), key_id))


@pytest.mark.parametrize("group", GROUPS)
def test_chip_authentication_succeeds_in_every_standard_group(group: int) -> None:
    outcome = read(issued(agreeing(group)))
    assert check(outcome, CA).result is OK
    assert outcome.reading.overall is OK
    assert outcome.portrait == PORTRAIT


@pytest.mark.parametrize("group", [0, 12])
@pytest.mark.parametrize("cipher", [1, 2, 3, 4])
@pytest.mark.parametrize("access", ["bac", "pace"])
def test_chip_authentication_succeeds_with_every_cipher_after_either_access(
    group: int, cipher: int, access: str
) -> None:
    outcome = read(issued(agreeing(group, cipher, key_id=7), access=access, pace=(f"{PACE}.2.2", 12)))
    assert check(outcome, CA).result is OK
    assert outcome.reading.overall is OK


def test_the_strongest_agreement_of_several_is_taken() -> None:
    outcome = read(issued(agreeing(13, 1, 2, 4)))
    assert check(outcome, CA).evidence == "CA-ECDH with AES-256 on brainpoolP256r1"


@pytest.mark.parametrize("group", [0, 13])
def test_a_chip_that_knows_3des_by_general_authenticate_only_still_proves_its_key(group: int) -> None:
    key = replace(agreement_key(5, group, (1,)), by_template=False)
    outcome = read(issued(ChipKeys(agreement=key)))
    assert check(outcome, CA).result is OK
    assert outcome.reading.overall is OK


def test_a_disturbed_key_agreement_is_a_failed_check_and_the_reading_goes_on() -> None:
    chip = VirtualChip(issued(agreeing(13, 1)))

    class Disturbed:
        def transmit(self, command: bytes) -> bytes:
            return chip.process(command[:3] + b"\xa5" + command[4:] if command[1:4] == b"\x22\x41\xa6" else command)

    outcome = read_over(Disturbed())
    assert check(outcome, CA).result is FAILED
    assert check(outcome, "5.7.2").result is OK


def test_proving_the_key_costs_no_command_of_its_own() -> None:
    plain, proven = read(issued()), read(issued(agreeing()))
    assert proven.commands - plain.commands == 3  # DG14, MSE:Set AT, GENERAL AUTHENTICATE


SIGNERS = [
    *(rsa_signer(3, 1024, digest) for digest in ("sha1", "sha224", "sha256", "sha384", "sha512")),
    rsa_signer(3, 1024, "sha1", smaller=True),
    rsa_signer(3, 2048, "sha256"),
    *(ecdsa_signer(3, curve) for curve in ("secp224r1", "secp256r1", "brainpoolP256r1", "brainpoolP384r1")),
    ecdsa_signer(3, "brainpoolP512r1", "sha512"),
    ecdsa_signer(3, "secp521r1", "sha384"),
]


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda s: f"{type(s).__name__}-{s.digest}")
@pytest.mark.parametrize("access", ["bac", "pace"])
def test_active_authentication_succeeds_with_every_kind_of_key(signer: object, access: str) -> None:
    assert isinstance(signer, type(SIGNERS[0]) | type(SIGNERS[-1]))
    outcome = read(issued(ChipKeys(signer=signer), access=access, pace=(f"{PACE}.2.2", 12)))
    assert check(outcome, AA).result is OK
    assert outcome.reading.overall is OK


def test_a_signature_too_long_for_the_chip_s_answers_is_undetermined() -> None:
    outcome = read(issued(ChipKeys(signer=rsa_signer(3, 2048, "sha256"))), ChipLimits(extended=False))
    assert check(outcome, AA).result is UNKNOWN
    assert check(outcome, "5.7.2").result is OK


def test_one_chip_proves_all_its_keys() -> None:
    keys = ChipKeys(agreement=agreement_key(5, 13, (4,)), signer=ecdsa_signer(3))
    outcome = read(issued(keys, access="pace"))
    assert [check(outcome, section).result for section in (AA, CA, CAM)] == [OK, OK, OK]
    assert outcome.reading.overall is OK


def test_a_chip_without_such_keys_is_said_to_have_none() -> None:
    found = check(read(issued()), "5.6.4.1")
    assert (found.name, found.result) == ("chip-authentication", CheckResult.NOT_SUPPORTED)


@pytest.mark.parametrize("fault", ["clone", "keys_missing"])
@pytest.mark.parametrize(
    ("keys", "section"),
    [
        (agreeing(), CA),
        (agreeing(0, 1), CA),
        (ChipKeys(signer=rsa_signer(3)), AA),
        (ChipKeys(signer=ecdsa_signer(3)), AA),
    ],
)
def test_a_copy_of_the_files_fails_to_prove_the_key_and_is_read_all_the_same(
    keys: ChipKeys, section: str, fault: str
) -> None:
    outcome = read(issued(keys, fault))
    failed = [c for c in outcome.reading.checks if c.result is FAILED]
    assert [c.section for c in failed] == [section]
    assert outcome.portrait == PORTRAIT
    assert check(outcome, "5.7.2").result is OK


@pytest.mark.parametrize("fault", ["clone", "keys_missing"])
def test_a_copy_fails_chip_authentication_mapping(fault: str) -> None:
    outcome = read(issued(ChipKeys(), fault, access="pace"))
    assert check(outcome, CAM).result is FAILED
    assert outcome.portrait == PORTRAIT


def without(passport: VirtualPassport, name: str) -> VirtualPassport:
    return replace(passport, files={key: value for key, value in passport.files.items() if key != name})


@pytest.mark.parametrize(("name", "section"), [("DG14", CA), ("DG15", AA)])
def test_a_copy_that_hides_the_key_the_state_signed_is_found(name: str, section: str) -> None:
    keys = ChipKeys(agreement=agreement_key(5, 13, (2,)), signer=rsa_signer(3))
    outcome = read(without(issued(keys), name))
    assert check(outcome, section).result is FAILED
    assert "does not have" in check(outcome, section).evidence


class Withholding:
    """A copy's answer to one command, sealed like any answer: reading the file ``sfi``, or the instruction ``ins``."""

    def __init__(self, status: int, *, sfi: int | None = None, ins: int | None = None) -> None:
        self._status, self._sfi, self._ins = status, sfi, ins

    def __call__(self, command: CardCommand) -> tuple[bytes, int] | None:
        if self._sfi is None:
            asked = command.ins == self._ins
        elif command.ins == 0xA4:
            asked = command.data == bytes([1, self._sfi])
        else:
            asked = command.ins == 0xB0 and command.p1 == 0x80 | self._sfi
        return (b"", self._status) if asked else None


@pytest.mark.parametrize(("sfi", "section"), [(14, CA), (15, AA)])
@pytest.mark.parametrize(
    ("status", "result"), [(0x6982, FAILED), (0x6985, FAILED), (0x6A81, FAILED), (0x6400, UNKNOWN)]
)
def test_a_copy_that_withholds_the_key_the_state_signed_is_found(
    sfi: int, section: str, status: int, result: CheckResult
) -> None:
    keys = ChipKeys(agreement=agreement_key(5, 13, (2,)), signer=rsa_signer(3))
    card = CaseCard(issued(keys), command_fault=Withholding(status, sfi=sfi))
    found = read_chip(
        VirtualChipConnection(card),
        access_key=KEY,
        trust=AUTHORITY.trust_store(),
        with_portrait=True,
        at=DAY,
        printed_zone=LINES,
    )
    assert check(found, section).result is result


@pytest.mark.parametrize("status", [0x6700, 0x6982, 0x6985, 0x6D00, 0x6F00])
def test_a_copy_that_will_not_sign_is_found_whatever_it_answers(status: int) -> None:
    card = CaseCard(issued(ChipKeys(signer=rsa_signer(3))), command_fault=Withholding(status, ins=0x88))
    found = read_over(VirtualChipConnection(card))
    assert check(found, AA).result is FAILED


def test_a_key_that_is_not_as_signed_proves_nothing() -> None:
    genuine, other = issued(agreeing(13)), issued(agreeing(12))
    outcome = read(replace(genuine, files={**genuine.files, "DG14": other.files["DG14"]}, keys=other.keys))
    assert check(outcome, CA).result is UNKNOWN
    assert outcome.reading.overall is FAILED  # its hash


def test_chip_authentication_mapping_needs_the_state_s_signature_over_its_key() -> None:
    stranger = type(AUTHORITY)(99, at=DAY)
    genuine = issued(access="pace")
    infos = parse_card_security(genuine.files["EF.CardSecurity"]).content
    forged = stranger.card_security(infos, signer=stranger.signer())
    outcome = read(replace(genuine, files={**genuine.files, "EF.CardSecurity": forged}))
    assert check(outcome, CAM).result in (FAILED, UNKNOWN)
    for broken in (b"\x30\x03\x02\x01\x01", genuine.files["EF.SOD"][4:]):
        outcome = read(replace(genuine, files={**genuine.files, "EF.CardSecurity": broken}))
        assert check(outcome, CAM).result is FAILED
    assert check(read(without(genuine, "EF.CardSecurity")), CAM).result is FAILED


def test_the_offers_that_opened_the_chip_are_those_the_state_signed() -> None:
    outcome = read(issued(access="both", pace=(f"{PACE}.2.2", 13)))
    assert check(outcome, CARD_ACCESS, "card-access").result is OK


def test_a_chip_that_withholds_the_signed_offer_of_pace_is_a_downgrade() -> None:
    outcome = read(issued(fault="downgrade", pace=(f"{PACE}.2.2", 13)))
    found = check(outcome, CARD_ACCESS)
    assert (found.name, found.result) == ("card-access", FAILED)
    assert "withheld" in found.evidence


def test_offers_other_than_the_signed_ones_are_found() -> None:
    genuine = issued(access="both", pace=(f"{PACE}.2.4", 17))
    weaker = issued(access="both", pace=(f"{PACE}.2.1", 8))
    outcome = read(replace(genuine, files={**genuine.files, "EF.CardAccess": weaker.files["EF.CardAccess"]}))
    assert check(outcome, CARD_ACCESS, "card-access").result is FAILED


def test_the_keys_of_published_chips_are_understood() -> None:
    curve = parse_data_group_14(outside_data("bsi2008", "Datagroup14.bin").read_bytes())
    assert curve.terminal_authentication
    (agreement,) = agreements(curve)
    assert agreement.description == "CA-ECDH with 3DES on brainpoolP224r1"
    field = parse_data_group_14(outside_data("icao9303", "spec_sample_encoded_dg14.bin").read_bytes())
    (agreement,) = agreements(field)
    assert agreement.description == "CA-DH with 3DES on 1024-bit group"
    assert isinstance(active_authentication.public_key(outside_data("bsi2008", "Datagroup15.bin").read_bytes()), RsaKey)


@pytest.mark.parametrize("state", ["DE", "FI"])
def test_the_card_security_of_published_chips_is_understood(state: str) -> None:
    signed = parse_card_security(outside_data("sods", f"{state}_EF_CardSecurity.bin").read_bytes())
    infos = parse_security_infos(signed.content)
    assert infos.keys
    assert infos.pace
    assert not infos.keys_not_spoken


def test_chips_from_before_the_announcement_speak_3des() -> None:
    (info,) = agreement_key(5, 13, ()).infos()
    (agreement,) = agreements(parse_security_infos(tlv.encode(0x31, info)))
    assert (agreement.cipher, agreement.oid) == (1, "0.4.0.127.0.7.2.2.3.2.1")


@pytest.mark.parametrize("group", GROUPS)
def test_key_infos_of_training_chips_come_back_as_they_went(group: int) -> None:
    key = agreement_key(5, group, (2, 4), key_id=300)
    infos = parse_security_infos(tlv.encode(0x31, *key.infos()))
    assert [(k.group, k.public, k.key_id) for k in infos.keys] == [(key.group, key.public, 300)]
    assert isinstance(infos.keys[0].group, EllipticGroup if group >= 8 else PrimeGroup)


@given(st.binary(max_size=300))
def test_noise_for_a_representative_is_none_or_taken_apart(noise: bytes) -> None:
    found = message_recovery.recover(noise)
    assert found is None or len(found.recoverable) + len(found.hashed) < len(noise)


@given(st.binary(max_size=130), st.binary(min_size=8, max_size=8))
def test_noise_is_no_signature(noise: bytes, challenge: bytes) -> None:
    for signer in (SIGNERS[0], SIGNERS[-1]):
        key = parse_public_key(tlv.read(signer.info())[0])
        assert not active_authentication.verify(key, challenge, noise).holds


@given(st.integers(0, 1023), st.binary(min_size=8, max_size=8))
def test_a_signature_with_one_bit_changed_does_not_hold(bit: int, challenge: bytes) -> None:
    signer = SIGNERS[0]
    key = parse_public_key(tlv.read(signer.info())[0])
    signature = signer.sign(challenge, b"nonce")
    assert active_authentication.verify(key, challenge, signature).holds
    changed = int.from_bytes(signature, "big") ^ 1 << bit
    assert not active_authentication.verify(key, challenge, changed.to_bytes(128, "big")).holds


@pytest.mark.parametrize("padding", [b"\x6a", b"\x6b\xba", b"\x6b\xbb\xbb\xba"])
def test_padding_before_the_message_is_passed_over(padding: bytes) -> None:
    block = message_recovery.compose(1024, "sha256", bytes(64), b"rest")
    found = message_recovery.recover(padding + block[1:])
    assert found is not None
    assert found.covers(b"rest")


@pytest.mark.parametrize("start", [b"\x4a", b"\x6b\x00", b"\x6b" + b"\xbb" * 200])
def test_another_header_is_no_representative(start: bytes) -> None:
    block = message_recovery.compose(1024, "sha256", bytes(64), b"rest")
    assert message_recovery.recover(start + block[1:]) is None


@given(st.binary(max_size=200))
def test_noise_for_data_group_14_is_infos_or_malformed(noise: bytes) -> None:
    for content in (tlv.encode(0x6E, noise), tlv.encode(0x6E, tlv.encode(0x31, noise))):
        try:
            parse_data_group_14(content)
        except MalformedChipData:
            continue
