"""Corners of access, PACE, chip, active and terminal authentication that no honest chip leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT, passport
from fakes.finger_material import passport_with_fingers, terminals

from inspection_station.documents.emrtd import active_authentication, cv_certificates, pace, pace_mapping, tlv
from inspection_station.documents.emrtd.access import ChipAccess
from inspection_station.documents.emrtd.access_keys import CanKey, MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command
from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.documents.emrtd.ciphers import AesSuite
from inspection_station.documents.emrtd.curve_table import BY_NAME
from inspection_station.documents.emrtd.errors import AccessNotSpoken, MalformedChipData
from inspection_station.documents.emrtd.finger_images import finger_images
from inspection_station.documents.emrtd.key_groups import EllipticGroup, PrimeGroup, standard_group
from inspection_station.documents.emrtd.protected_groups import ProtectedGroups
from inspection_station.documents.emrtd.security_infos import PACE, Mapping, PaceInfo, SecurityInfos
from inspection_station.documents.emrtd.signatures import EcKey
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.chip_keys import ChipKeys, agreement_key, ecdsa_signer, rsa_signer
from inspection_station.training.passport_issue import issue_passport
from inspection_station.training.virtual_chip import PROFILES, ChipLimits, VirtualChip, VirtualChipConnection
from inspection_station.training.virtual_chip.finger_record import FingerEntry, data_group_3

NOTHING = SecurityInfos((), (), (), (), None, False, None, frozenset())


def read(connection: object, **more: object) -> ChipOutcome:
    return read_chip(
        connection,  # type: ignore[arg-type]
        access_key=KEY,
        trust=AUTHORITY.trust_store(),
        with_portrait=True,
        at=DAY,
        **more,  # type: ignore[arg-type]
    )


def test_keys_show_nothing_and_take_only_what_a_zone_has() -> None:
    assert repr(CanKey("574319")) == "CanKey(…)"
    for fields in (("l898902c3", "740812", "120415"), ("L898902C3", "7408123", "120415"), ("", "740812", "120415")):
        with pytest.raises(ValueError, match="key field"):
            MrzKey(*fields)


def test_a_chip_without_protection_is_reopened_without_it() -> None:
    channel = Channel(lambda sent: b"\x90\x00")
    ChipAccess(channel, KEY, bytes).reopen()
    assert channel.secure is None


def test_a_session_left_over_is_ended_by_selecting_twice() -> None:
    answers = [b"\x69\x88", b"\x90\x00"]
    channel = Channel(lambda sent: answers.pop(0))
    ChipAccess(channel, KEY, bytes).reopen()
    assert channel.commands == 2


def test_an_answer_that_never_ends_is_cut() -> None:
    with pytest.raises(MalformedChipData, match="64 KB"):
        Channel(lambda sent: bytes(256) + b"\x61\x00").send(Command(0xB0, le=256))
    assert len(Channel(lambda sent: b"\0\x61\x01").send(Command(0xB0, le=256)).data) == 513


def test_a_wrong_answer_under_new_keys_fails_chip_authentication() -> None:
    keys = ChipKeys(agreement=agreement_key(5, 13, (2,)))
    chip = VirtualChip(issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access="both", keys=keys))
    agreed = False

    class Impostor:
        """It copies every file, lets the agreement pass, and seals its next answer with keys of its own."""

        def transmit(self, command: bytes) -> bytes:
            nonlocal agreed
            if agreed:
                agreed = False
                return tlv.encode(0x99, b"\x90\x00") + tlv.encode(0x8E, bytes(8)) + b"\x90\x00"
            answer = chip.process(command)
            agreed = command[:2] == b"\x0c\x86"
            return answer

    outcome = read(Impostor())
    (check,) = [c for c in outcome.reading.checks if c.section == "5.6.4.1.2"]
    assert check.result is CheckResult.FAILED
    assert outcome.portrait == PORTRAIT


def test_ef_com_alone_may_be_asked_for_and_times_are_the_device_s() -> None:
    outcome = read(VirtualChipConnection(VirtualChip(passport())), common_data=True)
    assert "EF.COM" in outcome.files
    assert 0 <= outcome.device_ms <= outcome.total_ms


def test_what_the_chip_refused_in_its_master_file_is_not_asked_again() -> None:
    issued = PROFILES["pace-cam"].issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    assert read(VirtualChipConnection(VirtualChip(issued, limits=ChipLimits(extended=False)))).portrait == PORTRAIT


def test_a_security_object_with_an_unknown_digest_is_undetermined() -> None:
    issued = passport()
    sod = issued.files["EF.SOD"].replace(bytes.fromhex("608648016503040201"), bytes.fromhex("608648016503040229"))
    outcome = read(VirtualChipConnection(VirtualChip(replace(issued, files={**issued.files, "EF.SOD": sod}))))
    assert [c.result for c in outcome.reading.checks if c.name == "security-object-signature"] == [
        CheckResult.UNDETERMINED
    ]


@pytest.mark.parametrize(
    ("content", "result"), [(b"\x30\x00", CheckResult.FAILED), (b"", CheckResult.FAILED)], ids=["malformed", "empty"]
)
def test_card_security_that_cannot_be_used_fails_the_mapping(content: bytes, result: CheckResult) -> None:
    issued = PROFILES["pace-cam"].issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    files = {**issued.files, "EF.CardSecurity": content}
    outcome = read(VirtualChipConnection(VirtualChip(replace(issued, files=files))))
    assert [c.result for c in outcome.reading.checks if c.section == "5.6.4.1.3"] == [result]


def test_signatures_that_are_not_over_the_challenge_do_not_hold() -> None:
    rsa, ecdsa = rsa_signer(3), ecdsa_signer(3)
    rsa_key = active_authentication.public_key(tlv.encode(0x6F, rsa.info()))
    ec_key = active_authentication.public_key(tlv.encode(0x6F, ecdsa.info()))
    challenge = bytes(range(8))
    verify = active_authentication.verify
    assert not verify(rsa_key, challenge, bytes(128)).holds
    assert not verify(rsa_key, challenge, rsa.sign(bytes(8), bytes(16))).holds
    assert not verify(ec_key, challenge, bytes(64)).holds
    assert not verify(ec_key, challenge, bytes(64), "1.2.3").holds
    assert isinstance(ec_key, EcKey)
    plain = ecdsa.sign(challenge, bytes(16))
    half = len(plain) // 2
    numbers = (tlv.encode(0x02, b"\0" + plain[:half]), tlv.encode(0x02, b"\0" + plain[half:]))
    assert " in DER" in verify(ec_key, challenge, tlv.encode(0x30, *numbers)).evidence


AES = PaceInfo(f"{PACE}.6.2", Mapping.ECDH_CAM, 2, 13)


def test_pace_refuses_what_it_cannot_take() -> None:
    with pytest.raises(MalformedChipData, match="a nonce of 15 bytes"):
        pace.crypt_nonce(AES, bytes(16), bytes(15), encrypt=False)
    with pytest.raises(AccessNotSpoken):
        pace.group_of(replace(AES, parameter_id=200))
    assert pace._chip_data(AES, AesSuite(bytes(16), bytes(16)), {pace.Part.CHIP_DATA: bytes(16)}) == b""
    with pytest.raises(MalformedChipData, match="without its data object 86"):
        pace._Answer()[pace.Part.TOKEN_CHIP]


def test_a_chip_with_a_wrong_token_is_denied() -> None:
    issued = PROFILES["pace-bac"].issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    chip = VirtualChip(issued)

    class Liar:
        def transmit(self, command: bytes) -> bytes:
            answer = chip.process(command)
            last = command[:2] == b"\x00\x86" and answer.endswith(b"\x90\x00")
            return tlv.encode(0x7C, tlv.encode(0x86, bytes(8))) + b"\x90\x00" if last else answer

    with pytest.raises(pace.AccessDenied, match="proof of the password"):
        read(Liar())


def test_integrated_mapping_refuses_degenerate_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    prime = standard_group(2)
    assert isinstance(prime, PrimeGroup)
    with pytest.raises(MalformedChipData, match="unknown order"):
        pace_mapping.integrated(replace(prime, q=None), bytes(16), bytes(16), des=False)
    with pytest.raises(MalformedChipData, match="not defined over"):
        pace_mapping.integrated(EllipticGroup(BY_NAME["secp224r1"]), bytes(16), bytes(16), des=False)
    with pytest.raises(MalformedChipData, match="a nonce of 8 bytes"):
        pace_mapping.pseudo_random(bytes(8), bytes(16), prime.p, des=False)
    monkeypatch.setattr(pace_mapping, "pseudo_random", lambda *_, **__: 0)
    with pytest.raises(MalformedChipData, match="leads to one"):
        pace_mapping.integrated(prime, bytes(16), bytes(16), des=False)
    with pytest.raises(MalformedChipData, match="no point"):
        pace_mapping.integrated(EllipticGroup(BY_NAME["secp256r1"]), bytes(16), bytes(16), des=False)


def test_generic_mapping_with_a_nonce_of_zero_is_the_shared_secret() -> None:
    group = standard_group(12)
    public = group.multiply(5, group.generator)
    assert pace_mapping.generic(group, bytes(16), 3, public) == group.multiply(15, group.generator)


def test_protected_groups_without_an_agreement_are_refused_and_nothing_is_renewed() -> None:
    channel = Channel(VirtualChip(passport_with_fingers()).process)
    access = ChipAccess(channel, KEY, lambda size: b"\5" * size)
    access.open()
    groups = ProtectedGroups(channel, access, NOTHING, terminals().keys(), DAY, bytes, extended=True)
    before = channel.commands
    groups.renew()
    assert channel.commands == before
    check = groups.open()
    assert (check.result, "is not offered" in check.evidence) == (CheckResult.FAILED, True)


def test_no_certificates_resolve_to_none() -> None:
    assert cv_certificates.resolved(()) == ()


def test_too_many_fingers_are_refused() -> None:
    content = data_group_3([FingerEntry(1, 1, 1, b"\xff\xa0", quality=0)] * 17)
    with pytest.raises(MalformedChipData, match="too many"):
        finger_images(content)
