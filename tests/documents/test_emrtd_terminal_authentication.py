"""Fingers: opened with a state's keys, refused without, bound to the session, and never outside the memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT
from fakes.finger_material import fingers, passport_with_fingers, terminals

from inspection_station.documents.emrtd import asn1, lds, tlv
from inspection_station.documents.emrtd import terminal_authentication as terminal
from inspection_station.documents.emrtd.access_keys import AccessKey, CanKey, MrzKey
from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.documents.emrtd.cv_certificates import TERMINAL_PROTOCOL, Right
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.security_infos import (
    TERMINAL_AUTHENTICATION,
    TrustPointsFile,
    parse_security_infos,
)
from inspection_station.documents.emrtd.terminal_keys import TerminalKeys
from inspection_station.inspection.chip import CheckResult, ChipCheck
from inspection_station.training.chip_keys import ChipKeys, agreement_key
from inspection_station.training.passport_issue import VirtualPassport, issue_passport
from inspection_station.training.virtual_chip import PROFILES, ChipLimits, VirtualChip
from inspection_station.training.virtual_chip.terminal_authority import TerminalAuthority

OK, FAILED, UNKNOWN = CheckResult.SUCCESSFUL, CheckResult.FAILED, CheckResult.UNDETERMINED
Answer = Callable[[bytes], bytes | None]


class Wire:
    """A card whose answers may be another's; keeps what was sent."""

    def __init__(self, card: VirtualChip, answer: Answer = lambda _: None) -> None:
        self._card, self._answer = card, answer
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        told = self._answer(command)
        return self._card.process(command) if told is None else told


def read(
    card: VirtualChip | Wire, keys: TerminalKeys | None, key: AccessKey = KEY, *, with_fingers: bool = True
) -> ChipOutcome:
    return read_chip(
        Wire(card) if isinstance(card, VirtualChip) else card,
        access_key=key,
        trust=AUTHORITY.trust_store(),
        with_portrait=True,
        at=DAY,
        printed_zone=LINES,
        terminal_keys=keys,
        with_fingers=with_fingers,
    )


def card(name: str = "eac-pace", passport: VirtualPassport | None = None) -> VirtualChip:
    return VirtualChip(passport or passport_with_fingers(name), limits=PROFILES[name].limits)


def check(outcome: ChipOutcome) -> ChipCheck:
    (found,) = [c for c in outcome.reading.checks if c.name == "terminal-authentication"]
    return found


def issued(agreement: int = 13, cipher: int = 2, access: str = "both", **more: object) -> VirtualPassport:
    return issue_passport(
        LINES,
        PORTRAIT,
        authority=AUTHORITY,
        at=DAY,
        access=access,
        can="574319",
        keys=ChipKeys(agreement=agreement_key(7, agreement, (cipher,))),
        fingers=fingers(),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("name", ["eac", "eac-pace", "eac-static"])
def test_a_state_s_keys_open_the_fingers(name: str) -> None:
    outcome = read(card(name), terminals(name).keys())
    assert (check(outcome).result, outcome.reading.overall) == (OK, OK)
    assert [finger.position for finger in outcome.fingers] == [2, 7]
    bound = {"eac": "document number", "eac-pace": "session", "eac-static": "password (static)"}[name]
    assert bound in check(outcome).evidence


@pytest.mark.parametrize("arc", ["1.1", "1.3", "1.4", "1.5", "2.1", "2.2", "2.4", "2.5"])
def test_every_scheme_opens_them(arc: str) -> None:
    state = TerminalAuthority(7, DAY, f"{TERMINAL_PROTOCOL}.{arc}", bits=1024)
    passport = issued(terminal_roots=(state.root(),))
    assert check(read(VirtualChip(passport), state.keys())).result is OK


@pytest.mark.parametrize("agreement", [0, 2, 10, 12, 18])
@pytest.mark.parametrize("access", ["bac", "both"])
def test_terminal_authentication_follows_every_kind_of_chip_authentication(agreement: int, access: str) -> None:
    passport = issued(agreement, access=access, terminal_roots=(terminals().root(),))
    assert check(read(VirtualChip(passport), terminals().keys())).result is OK


def test_pace_over_a_prime_field_binds_too() -> None:
    pace = ("0.4.0.127.0.7.2.2.4.1.2", 2)
    passport = issued(0, pace=pace, terminal_roots=(terminals().root(),))
    assert "session" in check(read(VirtualChip(passport), terminals().keys())).evidence


@pytest.mark.parametrize("static", [False, True])
def test_the_card_access_number_serves_as_well(static: bool) -> None:
    passport = issued(terminal_roots=(terminals().root(),), static_binding=static)
    assert check(read(VirtualChip(passport), terminals().keys(), CanKey("574319"))).result is OK


def test_rsa_certificates_go_to_a_chip_without_extended_lengths_in_pieces() -> None:
    state = TerminalAuthority(7, DAY, f"{TERMINAL_PROTOCOL}.1.2", bits=1024)
    passport = issued(terminal_roots=(state.root(),))
    wire = Wire(VirtualChip(passport, limits=ChipLimits(extended=False)))
    assert check(read(wire, state.keys())).result is OK
    assert any(sent[0] == 0x1C and sent[1] == 0x2A for sent in wire.sent)


def test_a_piece_that_is_refused_ends_the_chain() -> None:
    state = TerminalAuthority(7, DAY, f"{TERMINAL_PROTOCOL}.1.2", bits=1024)
    passport = issued(terminal_roots=(state.root(),))
    wire = Wire(
        VirtualChip(passport, limits=ChipLimits(extended=False)),
        lambda sent: b"\x68\x84" if sent[0] == 0x1C and sent[1] == 0x2A else None,
    )
    found = check(read(wire, state.keys()))
    assert (found.result, "6884" in found.evidence) == (FAILED, True)


def test_nothing_of_the_fingers_is_among_the_files_and_no_picture_is_shown() -> None:
    outcome = read(card(), terminals().keys())
    assert "DG3" not in outcome.files
    assert "DG3" in [group.name for group in outcome.reading.data_groups]  # its digest, which redaction takes out
    assert "image" not in repr(outcome.fingers)
    assert "FingerImage" not in repr(outcome)


def test_without_keys_nothing_is_tried_and_the_state_is_named() -> None:
    wire = Wire(card())
    outcome = read(wire, None)
    assert (check(outcome).result, check(outcome).evidence) == (UNKNOWN, "DG3: not checked, no terminal keys for UTO")
    assert outcome.fingers == ()
    assert not any(sent[1] == 0x2A for sent in wire.sent)


def test_keys_of_another_state_are_not_tried() -> None:
    other = TerminalAuthority(9, DAY, country="DE").keys()
    wire = Wire(card())
    found = check(read(wire, other))
    assert (found.result, found.evidence) == (UNKNOWN, "not checked: no terminal keys for UT")
    assert not any(sent[1] == 0x2A for sent in wire.sent)


def test_fingers_that_nobody_asked_for_are_not_read() -> None:
    outcome = read(card(), terminals().keys(), with_fingers=False)
    assert check(outcome).evidence == "DG3: not checked, the fingers were not asked for"
    assert outcome.fingers == ()


def test_keys_without_the_right_to_fingers_open_none() -> None:
    outcome = read(card(), terminals().keys(rights=Right.IRISES))
    assert outcome.fingers == ()
    assert check(outcome).result is UNKNOWN
    assert "no right" in check(outcome).evidence


def test_a_chip_that_has_come_further_in_time_refuses_old_certificates() -> None:
    passport = replace(passport_with_fingers(), issued=DAY + timedelta(500))
    outcome = read(VirtualChip(passport), terminals().keys())
    assert (check(outcome).result, outcome.fingers) == (FAILED, ())
    assert "the certificate UTDV00001: status 6300" in check(outcome).evidence
    assert outcome.portrait == PORTRAIT


def test_a_clone_is_not_shown_the_state_s_keys() -> None:
    passport = PROFILES["eac-pace"].issue(
        LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault="clone", fingers=fingers()
    )
    wire = Wire(VirtualChip(passport))
    assert check(read(wire, terminals().keys())).evidence.endswith("the chip did not prove its key, which goes first")
    assert not any(sent[1] == 0x2A for sent in wire.sent)


def test_irises_alone_are_not_read() -> None:
    passport = passport_with_fingers()
    files = {name: content for name, content in passport.files.items() if name != "DG3"}
    files["DG4"] = tlv.encode(0x76, b"")
    signed = {int(name[2:]): content for name, content in files.items() if name.startswith("DG")}
    files["EF.SOD"] = AUTHORITY.security_object(signed, signer=AUTHORITY.signer())
    outcome = read(VirtualChip(replace(passport, files=files)), terminals().keys())
    assert check(outcome).evidence == "DG4: not checked, irises are not used here"


def altered_fingers(content: bytes, *, resigned: bool) -> VirtualPassport:
    passport = passport_with_fingers()
    files = {**passport.files, "DG3": content}
    if resigned:
        signed = {int(name[2:]): data for name, data in files.items() if name.startswith("DG")}
        files["EF.SOD"] = AUTHORITY.security_object(signed, signer=AUTHORITY.signer())
    return replace(passport, files=files)


def test_fingers_that_are_not_as_signed_are_not_used() -> None:
    content = fingers()[:-1] + bytes([fingers()[-1] ^ 1])
    outcome = read(VirtualChip(altered_fingers(content, resigned=False)), terminals().keys())
    assert outcome.fingers == ()
    assert outcome.reading.overall is FAILED


def test_malformed_fingers_fail_their_format() -> None:
    outcome = read(VirtualChip(altered_fingers(tlv.encode(0x63, b"\x7f\x61\x05"), resigned=True)), terminals().keys())
    assert ("data-group-format", FAILED) in [(c.name, c.result) for c in outcome.reading.checks]


def test_a_session_lost_over_the_fingers_is_opened_again_with_all_its_rights() -> None:
    passport = passport_with_fingers()
    reads = 0

    def once(sent: bytes) -> bytes | None:
        nonlocal reads
        reads += sent[:3] == b"\x0c\xb0\x83"
        return b"\x69\x88" if reads == 1 and sent[:3] == b"\x0c\xb0\x83" else None

    outcome = read(Wire(VirtualChip(passport), once), terminals().keys())
    assert [finger.position for finger in outcome.fingers] == [2, 7]


@pytest.mark.parametrize(
    ("instruction", "second", "answer", "told"),
    [
        (0xB0, 0x9C, "6a82", "does not say whom it trusts"),
        (0x22, 0x81, "6a88", "the key UTCVCA00001: status 6A88"),
        (0x2A, 0x00, "6300", "the certificate UTDV00001: status 6300"),
        (0x82, 0x00, "6300", "EXTERNAL AUTHENTICATE: status 6300"),
    ],
)
def test_a_refusal_at_any_step_fails_and_the_reading_goes_on(
    instruction: int, second: int, answer: str, told: str
) -> None:
    wire = Wire(
        card(),
        lambda sent: (
            bytes.fromhex(answer) if (sent[0] & 0x0C, sent[1], sent[2]) == (0x0C, instruction, second) else None
        ),
    )
    outcome = read(wire, terminals().keys())
    assert check(outcome).result is FAILED
    assert told in check(outcome).evidence
    assert outcome.portrait == PORTRAIT


def test_a_chip_that_offers_no_chip_authentication_is_not_asked() -> None:
    passport = issue_passport(
        LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fingers=fingers(), terminal_roots=(terminals().root(),)
    )
    assert "did not prove its key" in check(read(VirtualChip(passport), terminals().keys())).evidence


def test_a_new_root_is_learnt_by_a_link_and_kept() -> None:
    chip, state = card(), terminals()
    assert check(read(chip, state.keys(root=2, links=1))).evidence.startswith("ECDSA with SHA256, 3 certificates")
    chip.reset()
    assert "2 certificates below UTCVCA00002" in check(read(chip, state.keys(root=2, links=1))).evidence
    chip.reset()
    assert "2 certificates below UTCVCA00001" in check(read(chip, state.keys())).evidence


def test_infos_say_where_the_trust_points_lie() -> None:
    version, fid = asn1.encode_integer(1), tlv.encode(0x04, b"\x01\x1c")

    def infos(*parts: bytes) -> TrustPointsFile | None:
        info = tlv.encode(0x30, asn1.encode_oid(TERMINAL_AUTHENTICATION), version, *parts)
        return parse_security_infos(tlv.encode(0x31, info)).trust_points_file

    assert infos() is None
    assert infos(tlv.encode(0x30, fid)) == TrustPointsFile(0x011C, None)
    assert infos(tlv.encode(0x30, fid, b"\x04\x01\x1c")) == TrustPointsFile(0x011C, 0x1C)
    for wrong in (b"\x04\x01\x1c", fid + b"\x04\x02\x1c\x1c"):
        with pytest.raises(MalformedChipData):
            infos(tlv.encode(0x30, wrong))


@pytest.mark.parametrize(("sfi", "result"), [(None, OK), (b"\x1c", OK), (b"\x05", OK)])
def test_the_file_is_read_where_the_chip_says_it_lies(sfi: bytes | None, result: CheckResult) -> None:
    passport = passport_with_fingers()
    parts = [tlv.encode(0x04, b"\x01\x1c")] + ([tlv.encode(0x04, sfi)] if sfi is not None else [])
    old = tlv.encode(0x30, asn1.encode_oid(TERMINAL_AUTHENTICATION), asn1.encode_integer(1))
    new = tlv.encode(0x30, asn1.encode_oid(TERMINAL_AUTHENTICATION), asn1.encode_integer(1), tlv.encode(0x30, *parts))
    infos = [e.raw for e in tlv.only(tlv.only(passport.files["DG14"], 0x6E).value, 0x31).children()]
    changed = tlv.encode(0x6E, asn1.encode_set(*(new if info == old else info for info in infos)))
    files = {**passport.files, "DG14": changed}
    signed = {int(name[2:]): data for name, data in files.items() if name.startswith("DG")}
    files["EF.SOD"] = AUTHORITY.security_object(signed, signer=AUTHORITY.signer())
    assert check(read(VirtualChip(replace(passport, files=files)), terminals().keys())).result is result


def test_identities_are_the_number_with_its_check_digit_or_the_card_access_number() -> None:
    assert terminal.document_identity(KEY) == b"L898902C36"
    assert terminal.document_identity(MrzKey("AB1234567890", "740812", "120415"))[:12] == b"AB1234567890"
    assert terminal.document_identity(CanKey("574319")) == b"574319"


def test_a_short_challenge_is_malformed() -> None:
    wire = Wire(card(), lambda sent: None)

    class Short:
        def send(self, command: object) -> object:
            from inspection_station.documents.emrtd.apdu import Response

            return Response(b"\1\2", 0x9000)

    chain = terminals().keys().chain_for(["UTCVCA00001"], DAY)
    with pytest.raises(MalformedChipData, match="2 bytes instead of 8"):
        terminal.authenticate(Short(), chain, terminal.Binding(b"", b""), extended=True)  # type: ignore[arg-type]
    assert wire.sent == []


def test_an_empty_trust_file_is_refused_with_its_status() -> None:
    from inspection_station.documents.emrtd.apdu import Channel
    from inspection_station.documents.emrtd.errors import ChipRefused

    empty = Channel(lambda sent: b"\x90\x00")
    with pytest.raises(ChipRefused):
        terminal.read_trust_points(empty)
    with pytest.raises(ChipRefused):
        terminal.read_trust_points(Channel(lambda sent: b"\x6a\x82"), lds.ElementaryFile("EF.CVCA", 1, 1, None))
