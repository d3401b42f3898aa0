"""The card keeps its fingers: the order of the protocol, roles, dates, and rights that end with the session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.chip_material import DAY, KEY
from fakes.finger_material import passport_with_fingers, terminals

from inspection_station.documents.emrtd import chip_authentication, lds, tlv
from inspection_station.documents.emrtd import terminal_authentication as terminal
from inspection_station.documents.emrtd.access import ChipAccess
from inspection_station.documents.emrtd.apdu import Channel, Command
from inspection_station.documents.emrtd.cv_certificates import CvCertificate, Right, Role
from inspection_station.documents.emrtd.errors import ChipRefused
from inspection_station.documents.emrtd.pace import group_of
from inspection_station.documents.emrtd.security_infos import parse_data_group_14
from inspection_station.documents.emrtd.terminal_keys import TerminalChain
from inspection_station.training.virtual_chip import VirtualChip

ROOT = "UTCVCA00001"
STATE = terminals()


class Session:
    """A card opened with PACE, by hand from there on."""

    def __init__(self, *, agree: bool = True, chip: VirtualChip | None = None) -> None:
        passport = passport_with_fingers()
        self.chip = chip or VirtualChip(passport)
        self.channel = Channel(self.chip.process)
        self.access = ChipAccess(self.channel, KEY, lambda size: bytes(range(1, size + 1)))
        self.access.open()
        self.infos = parse_data_group_14(passport.files["DG14"])
        if agree:
            self.agree()

    def agree(self) -> None:
        (offer, *_) = chip_authentication.agreements(self.infos)
        self.access.agreed = chip_authentication.authenticate(self.channel, offer, lambda size: b"\7" * size)
        self.channel.secure = self.access.agreed.messaging

    def send(self, *certificates: CvCertificate) -> None:
        key = STATE.keys().chain_for([ROOT], DAY).key
        terminal.send_chain(self.channel, TerminalChain(certificates, key), extended=True)

    def binding(self) -> terminal.Binding:
        info, session, agreed = self.access.pace_info, self.access.pace_session, self.access.agreed
        assert info is not None
        assert session is not None
        key = terminal.compressed(agreed.group, agreed.public) if agreed is not None else b""
        return terminal.Binding(terminal.compressed(group_of(info), session.chip_public), key)

    def authenticate(self) -> None:
        chain = STATE.keys().chain_for([ROOT], DAY)
        terminal.authenticate(self.channel, chain, self.binding(), extended=True)

    def status(self, number: int) -> int:
        return self.channel.send(Command(0xB0, 0x80 | number, 0, le=4)).status

    def selected(self, number: int) -> int:
        return self.channel.send(Command(0xA4, 0x02, 0x0C, bytes((1, number)))).status


def refused(act: object, *arguments: object) -> int:
    with pytest.raises(ChipRefused) as caught:
        act(*arguments)  # type: ignore[operator]
    return caught.value.status


def test_fingers_are_refused_before_and_open_after() -> None:
    session = Session()
    assert (session.status(3), session.selected(3), session.status(1)) == (0x6982, 0x6982, 0x9000)
    session.send(*STATE.chain())
    assert session.status(3) == 0x6982
    session.authenticate()
    assert (session.status(3), session.selected(3)) == (0x9000, 0x9000)
    assert session.status(4) == 0x6A82  # no such file, which a terminal with that right may know


def test_rights_end_with_the_session_and_the_selected_file_too() -> None:
    session = Session()
    session.send(*STATE.chain())
    session.authenticate()
    assert session.selected(3) == 0x9000
    session.access.reopen()
    assert session.channel.send(Command(0xB0, 0, 0, le=4)).status == 0x6986
    assert session.status(3) == 0x6982


def test_only_the_rights_of_the_whole_chain_are_granted() -> None:
    session = Session()
    session.send(*STATE.chain(rights=Right.IRISES))
    session.authenticate()
    assert session.status(3) == 0x6982


def test_chip_authentication_goes_first() -> None:
    session = Session(agree=False)
    session.send(*STATE.chain())
    assert refused(session.authenticate) == 0x6985


def test_one_attempt_a_session() -> None:
    session = Session()
    session.send(*STATE.chain())
    session.authenticate()
    assert refused(session.authenticate) == 0x6985


def test_a_signature_bound_to_another_session_is_refused() -> None:
    session = Session()
    session.send(*STATE.chain())
    chain = STATE.keys().chain_for([ROOT], DAY)
    wrong = terminal.Binding(bytes(32), session.binding().key)
    with pytest.raises(ChipRefused, match="6300"):
        terminal.authenticate(session.channel, chain, wrong, extended=True)
    assert session.status(3) == 0x6982


def test_the_challenge_must_be_asked_for() -> None:
    session = Session()
    session.send(*STATE.chain())
    holder = tlv.encode(0x83, b"UTIS00001")
    assert session.channel.send(Command(0x22, 0x81, 0xA4, holder)).ok
    assert session.channel.send(Command(0x82, data=bytes(64))).status == 0x6985


@pytest.mark.parametrize(
    ("certificate", "status"),
    [
        (STATE.certificate("UTDV00001", ROOT, Role.DV_FOREIGN, signer="UTDV00009"), 0x6300),
        (STATE.certificate("UTIS00001", ROOT, Role.TERMINAL), 0x6300),  # a root certifies no terminals
        (STATE.certificate("UTDV00001", ROOT, Role.DV_DOMESTIC, expires=DAY - timedelta(1)), 0x6300),
        (STATE.certificate("UTDV00001", "DECVCA00001", Role.DV_DOMESTIC), 0x6A88),
    ],
    ids=["forged", "role", "expired", "unknown root"],
)
def test_a_certificate_that_does_not_hold_is_refused(certificate: CvCertificate, status: int) -> None:
    assert refused(Session().send, certificate) == status


def test_a_verifier_certifies_no_verifiers() -> None:
    chain = (STATE.chain()[0], STATE.certificate("UTDV00002", "UTDV00001", Role.DV_FOREIGN))
    assert refused(Session().send, *chain) == 0x6300


def test_commands_out_of_order_or_out_of_shape_are_refused() -> None:
    session = Session()
    channel = session.channel
    assert channel.send(Command(0x2A, 0x00, 0xBE, b"\x7f\x4e\0")).status == 0x6985
    assert channel.send(Command(0x2A, 0x00, 0xAE, b"\0")).status == 0x6A86
    assert channel.send(Command(0x22, 0x81, 0xB6, b"\x84\1\1")).status == 0x6A80
    assert channel.send(Command(0x22, 0x81, 0xA4, tlv.encode(0x83, b"UTIS00001"))).status == 0x6A88
    assert channel.send(Command(0x22, 0x81, 0xB6, tlv.encode(0x83, ROOT.encode()))).ok
    assert channel.send(Command(0x2A, 0x00, 0xBE, b"\x7f\x4e\0\x5f\x37\0")).status == 0x6A80


def test_the_card_s_day_moves_on_with_certificates_it_trusts_and_stays() -> None:
    first = Session()
    later = DAY + timedelta(100)
    first.send(STATE.certificate("UTDV00001", ROOT, Role.DV_DOMESTIC, effective=later))
    first.chip.reset()
    again = Session(chip=first.chip)
    expired = STATE.certificate("UTDV00001", ROOT, Role.DV_DOMESTIC, expires=later - timedelta(1))
    assert refused(again.send, expired) == 0x6300


def test_a_foreign_verifier_s_terminals_do_not_move_the_day() -> None:
    session = Session()
    later = DAY + timedelta(100)
    foreign = STATE.certificate("UTDV00001", ROOT, Role.DV_FOREIGN)
    session.send(foreign, STATE.certificate("UTIS00001", "UTDV00001", Role.TERMINAL, effective=later))
    session.send(STATE.certificate("UTDV00001", ROOT, Role.DV_DOMESTIC, expires=later - timedelta(1)))


def test_two_roots_are_kept_and_the_oldest_goes() -> None:
    session = Session()
    session.send(STATE.link(2))
    assert terminal.read_trust_points(session.channel) == ("UTCVCA00002", ROOT)
    session.send(STATE.link(3))
    assert terminal.read_trust_points(session.channel) == ("UTCVCA00003", "UTCVCA00002")


def test_a_chip_that_keeps_nobody_out_knows_no_terminals() -> None:
    from fakes.chip_material import passport

    channel = Channel(VirtualChip(passport()).process)
    access = ChipAccess(channel, KEY, lambda size: b"\1" * size)
    access.open()
    assert channel.send(Command(0x22, 0x81, 0xB6, tlv.encode(0x83, ROOT.encode()))).status == 0x6A81
    assert lds.COM.fid == 0x011E
