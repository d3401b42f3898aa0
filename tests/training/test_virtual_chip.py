"""The virtual passport as a card, and read by others than ourselves."""

import hashlib
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from asn1crypto import cms
from fakes.chip_material import AUTHORITY, DAY, LINES, PORTRAIT, chip, passport, read
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.errors import MalformedMrz
from inspection_station.hardware.errors import CardRemoved
from inspection_station.hardware.ports import ChipConnection
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import PassportFault, issue_passport, other_number
from inspection_station.training.specimen_passport import specimen_passport, training_authority
from inspection_station.training.virtual_chip import VirtualChip, VirtualChipConnection

SELECT = bytes.fromhex("00A4040C07A0000002471001")


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00B09D0000", "6982"),  # a file before access is granted
        ("00A4020C02011D", "6982"),
        ("00A4040C07A0000002471002", "6a82"),  # another application
        ("0084000008", "6985"),  # a challenge before the application
        ("0082000028" + "00" * 40 + "28", "6985"),  # an answer to no challenge
        ("0020000000", "6d00"),
        ("00", "6700"),
        ("00B0000005AA", "6700"),
        ("0CB09D000D9701008E08000000000000000000", "6988"),  # secure messaging without a session
    ],
)
def test_what_comes_too_early_or_crooked_is_refused(command: str, status: str) -> None:
    assert chip().process(bytes.fromhex(command)).hex() == status


def test_a_challenge_serves_once() -> None:
    card = chip()
    card.process(SELECT)
    assert card.process(bytes.fromhex("0084000008"))[-2:].hex() == "9000"
    attempt = bytes.fromhex("0082000028" + "00" * 40 + "28")
    assert card.process(attempt).hex() == "6300"
    assert card.process(attempt).hex() == "6985"


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_any_commands_get_an_answer_with_a_status(commands: list[bytes]) -> None:
    card = chip()
    card.process(SELECT)
    for command in commands:
        assert len(card.process(command)) >= 2


def test_a_reset_forgets_everything() -> None:
    card = chip()
    card.process(SELECT)
    card.reset()
    assert card.process(bytes.fromhex("0084000008")).hex() == "6985"


def test_a_closed_connection_says_that_the_document_is_gone() -> None:
    connection: ChipConnection = VirtualChipConnection(chip())
    connection.disconnect()
    with pytest.raises(CardRemoved):
        connection.transmit(SELECT)


def test_the_air_can_be_given_its_time() -> None:
    slept: list[float] = []
    connection = VirtualChipConnection(chip(), latency=0.01, seconds_per_byte=0.001, sleep=slept.append)
    connection.transmit(SELECT)
    assert slept == [pytest.approx(0.01 + 0.001 * (len(SELECT) + 2))]


def test_a_fault_by_a_wrong_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no_such_fault"):
        passport("no_such_fault")


def test_a_zone_that_is_none_cannot_be_issued() -> None:
    with pytest.raises(MalformedMrz):
        issue_passport(("P<UTO",), PORTRAIT, authority=AUTHORITY, at=DAY)


def test_the_other_number_has_right_check_digits() -> None:
    changed = other_number(LINES)
    assert changed != LINES
    assert other_number(other_number(LINES))[1][1:9] == LINES[1][1:9]


def test_another_authority_does_not_trust_this_one() -> None:
    stranger = IssuingAuthority(8, at=DAY)
    reading = read(chip(), trust=stranger.trust_store()).reading
    assert reading.overall.value == "undetermined"


def test_another_implementation_reads_the_security_object() -> None:
    files = passport().files
    signed = cms.ContentInfo.load(tlv.read(files["EF.SOD"])[0].value)["content"]
    content = signed["encap_content_info"]["content"].contents
    (signer,) = signed["signer_infos"]
    attributes = {a["type"].native: a["values"][0].native for a in signer["signed_attrs"]}
    assert attributes["message_digest"] == hashlib.sha256(tlv.read(content)[0].raw).digest()
    assert hashlib.sha256(files["DG2"]).digest() in content


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_security_object_up_to_the_root(tmp_path: Path) -> None:
    AUTHORITY.write_trust(tmp_path)
    (tmp_path / "sod").write_bytes(tlv.read(passport().files["EF.SOD"])[0].value)
    pem = tmp_path / "root.pem"
    subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", tmp_path / "csca-ut.cer", "-out", pem],
        check=True,
        capture_output=True,
    )
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", tmp_path / "sod", "-CAfile", pem]
    moment = str(int((DAY - date(1970, 1, 1)).total_seconds()))
    done = subprocess.run(
        [*command, "-purpose", "any", "-attime", moment, "-out", tmp_path / "content"], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


def test_every_traveller_has_a_passport_of_the_one_authority() -> None:
    trust = training_authority(DAY).trust_store()
    seen = set()
    for seed in (1, 2):
        issued = specimen_passport(seed, at=DAY)
        outcome = read(VirtualChip(issued), key=issued.access_key, trust=trust, printed=issued.mrz_lines)
        assert outcome.reading.overall.value == "successful"
        assert outcome.portrait is not None
        assert 8_000 < len(outcome.portrait) < 20_000
        seen.add(outcome.reading.mrz_lines)
    assert len(seen) == 2


def test_every_fault_can_be_issued() -> None:
    assert {passport(fault).fault for fault in PassportFault} == set(PassportFault)
