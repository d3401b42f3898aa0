"""Readings that chips, files and folders make hard: each has its own words, and nothing is read twice in vain."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LASTING_LINES, LINES, PORTRAIT, passport, read

from inspection_station.documents.emrtd import asn1, lds, pace_mapping, tlv
from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command, Response
from inspection_station.documents.emrtd.certificates import pem_blocks
from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.documents.emrtd.command_trace import TracedConnection
from inspection_station.documents.emrtd.curve_table import BY_NAME
from inspection_station.documents.emrtd.defect_lists import parse_defect_list
from inspection_station.documents.emrtd.errors import ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.key_groups import EllipticGroup
from inspection_station.documents.emrtd.trust_inventory import key_of
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.documents.emrtd.zone_comparison import compare_zones
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.chip_keys import agreement_key
from inspection_station.training.passport_issue import issue_passport
from inspection_station.training.virtual_chip import PROFILES, ChipLimits, VirtualChip, VirtualChipConnection

FILES = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY).files
GROUP = tlv.encode(0x61, bytes(range(200)))


class Scripted:
    """A channel under secure messaging whose chip serves ``content``, and refuses what ``refuse`` says."""

    def __init__(self, content: bytes, *, exact: int | None = None, ends_session: bool = False) -> None:
        self.content, self.exact, self.ends_session = content, exact, ends_session
        self.secure: object | None = object()
        self.sent: list[Command] = []

    def send(self, command: Command) -> Response:
        self.sent.append(command)
        if command.ins == 0xA4:
            return Response(b"", 0x9000, True)
        if command.p1 & 0x80:
            return Response(b"", 0x6A86, True)
        le = command.le or 0
        if self.exact is not None and le > self.exact:
            return Response(b"", 0x6C00 | self.exact, True)
        if self.ends_session and le > 256:
            self.secure = None
            return Response(b"", 0x6700, False)
        at = command.p1 << 8 | command.p2
        return Response(self.content[at : at + le], 0x9000, True)

    def reopen(self) -> None:
        self.secure = object()


def test_a_length_that_the_chip_names_is_asked_for() -> None:
    chip = Scripted(GROUP, exact=96)
    reader = lds.FileReader(chip, chip.reopen)  # type: ignore[arg-type]
    assert reader.read(lds.DG1) == GROUP
    assert 96 in [c.le for c in chip.sent if c.ins == 0xB0]


def test_a_length_named_that_is_no_shorter_is_not_asked_for_again() -> None:
    chip = Scripted(GROUP)
    chip.send = lambda command: Response(b"", 0x6C00, True)  # type: ignore[method-assign]
    reader = lds.FileReader(chip, chip.reopen, extended=False)  # type: ignore[arg-type]
    with pytest.raises(ChipRefused):
        reader.read(lds.DG1)


def test_a_file_that_stops_short_of_its_length_is_malformed() -> None:
    chip = Scripted(GROUP[:100])
    with pytest.raises(MalformedChipData, match="short of its length"):
        lds.FileReader(chip, chip.reopen).read(lds.DG1)  # type: ignore[arg-type]


def test_a_file_is_selected_again_in_the_session_after_the_one_that_was_lost() -> None:
    chip = Scripted(GROUP, ends_session=True)
    reader = lds.FileReader(chip, chip.reopen)  # type: ignore[arg-type]
    assert reader.read(lds.DG1) == GROUP
    assert [c.ins for c in chip.sent].count(0xA4) == 2
    assert not reader.extended


@pytest.mark.parametrize("largest", [112, 144, 176, 208, 240])
def test_the_largest_block_that_a_narrow_chip_serves_is_found(largest: int) -> None:
    """Within a tenth of the commands that its limit makes necessary, beyond those that find it out."""
    issued = PROFILES["pace-ca-aa"].issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    limits = ChipLimits(extended=False, largest_answer=largest, strict=True)
    outcome = read(VirtualChip(issued, limits=limits))
    assert outcome.portrait == PORTRAIT
    room = (largest - 18) // 16 * 16 - 1
    inside = [content for name, content in outcome.files.items() if "Card" not in name]
    least = sum(-(-len(content) // room) for content in inside)
    finding_out = 13  # refusals from 65,536 down and the session lost over the first
    assert outcome.commands - finding_out <= 1.1 * (10 + least)


def everything_of(files: dict[str, bytes]) -> ChipOutcome:
    return read_chip(
        VirtualChipConnection(VirtualChip(replace(passport(), files=files))),
        access_key=KEY,
        trust=AUTHORITY.trust_store(),
        with_portrait=True,
        at=DAY,
        everything=True,
    )


def test_a_common_data_file_that_is_malformed_fails_once_and_the_rest_is_read() -> None:
    outcome = everything_of({**FILES, "EF.COM": b"\x60\x02\x5c\x05"})
    (check,) = [c for c in outcome.reading.checks if c.name == "common-data"]
    assert check.result is CheckResult.FAILED
    assert outcome.portrait == PORTRAIT


def test_a_common_data_file_that_lists_what_is_no_group_fails_once() -> None:
    odd = tlv.encode(0x60, tlv.encode(0x5C, b"\x61\x7a"))
    outcome = everything_of({**FILES, "EF.COM": odd})
    (check,) = [c for c in outcome.reading.checks if c.name == "common-data"]
    assert check.result is CheckResult.FAILED


def test_a_common_data_file_that_is_none_fails_once() -> None:
    outcome = everything_of({**FILES, "EF.COM": b"\x61\x02\x5c\x00"})
    (check,) = [c for c in outcome.reading.checks if c.name == "common-data"]
    assert (check.result, "malformed" in check.evidence) == (CheckResult.FAILED, True)


def test_a_common_data_file_that_is_refused_leaves_its_check_open() -> None:
    files = {name: content for name, content in FILES.items() if name != "EF.COM"}
    outcome = everything_of(files)
    (check,) = [c for c in outcome.reading.checks if c.name == "common-data"]
    assert (check.result, "cannot be read" in check.evidence) == (CheckResult.UNDETERMINED, True)


# EF.CardSecurity ----------------------------------------------------------------------------------------------------


def mapping_check(card_security: bytes, trust: TrustStore) -> tuple[CheckResult, str]:
    issued = PROFILES["pace-cam"].issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    if card_security:
        issued = replace(issued, files={**issued.files, "EF.CardSecurity": card_security})
    outcome = read(VirtualChip(issued), trust=trust)
    (check,) = [c for c in outcome.reading.checks if c.section == "5.6.4.1.3"]
    return check.result, check.evidence


def infos(*more: bytes) -> bytes:
    return AUTHORITY.card_security(tlv.encode(asn1.SET, *more), signer=AUTHORITY.signer())


def test_a_mapping_key_is_worth_what_its_signer_is_worth() -> None:
    trust = AUTHORITY.trust_store()
    assert mapping_check(b"", trust)[0] is CheckResult.SUCCESSFUL
    assert mapping_check(b"", TrustStore())[0] is CheckResult.UNDETERMINED
    expired = AUTHORITY.card_security(tlv.encode(asn1.SET), signer=AUTHORITY.signer("expired"))
    assert "signer-validity: the signer's certificate expired" in mapping_check(expired, trust)[1]
    other = agreement_key(5, 12, (), key_id=12).infos()
    assert "holds no key for the mapping" in mapping_check(infos(*other), trust)[1]
    own = agreement_key(99, 13, (), key_id=13).infos()
    assert "does not have the key" in mapping_check(infos(*own), trust)[1]


def test_card_security_of_an_algorithm_that_is_not_spoken_leaves_the_mapping_open() -> None:
    digest = bytes.fromhex("0609608648016503040201")
    odd = infos().replace(digest, digest[:-1] + b"\x29")
    assert mapping_check(odd, AUTHORITY.trust_store())[0] is CheckResult.UNDETERMINED


KEY_OF_NO_CURVE = tlv.encode(
    0x30,
    tlv.encode(0x30, asn1.encode_oid("1.2.840.10045.2.1"), asn1.encode_oid("1.2.3.4")),
    tlv.encode(0x03, b"\0\4\5\6"),
)


def test_offers_of_pace_that_are_signed_nowhere_are_undetermined() -> None:
    issued = issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access="both")
    groups = {1: issued.files["DG1"], 2: issued.files["DG2"]}
    sod = AUTHORITY.security_object(groups, signer=AUTHORITY.signer())
    files = {name: content for name, content in issued.files.items() if name != "DG14"} | {"EF.SOD": sod}
    outcome = read(VirtualChip(replace(issued, files=files)))
    (check,) = [c for c in outcome.reading.checks if c.name == "card-access"]
    assert (check.result, check.evidence) == (CheckResult.UNDETERMINED, "the offers of PACE are signed nowhere")


# Small things -------------------------------------------------------------------------------------------------------


def test_lengths_and_nesting_that_only_attackers_write() -> None:
    with pytest.raises(MalformedChipData, match="indefinite"):
        tlv.total_length(b"\x75\x80\x7f\x61")
    with pytest.raises(MalformedChipData, match="elements"):
        tlv.to_definite(b"\x30\x80" + b"\x05\x00" * 200_000)


def test_the_mapping_onto_a_curve_over_no_field_finds_no_point() -> None:
    curve = BY_NAME["secp256r1"]
    with pytest.raises(MalformedChipData, match="no point"):
        pace_mapping.integrated(EllipticGroup(replace(curve, p=5 * curve.p)), bytes(16), bytes(16), des=False)


def test_a_certificate_without_a_key_identifier_has_that_of_its_key() -> None:
    signer = AUTHORITY.trust_store().anchors[0]
    assert replace(signer, subject_key=None).key_id == signer.key_id


def test_pem_that_is_not_base64_is_malformed() -> None:
    with pytest.raises(MalformedChipData, match="not base64"):
        pem_blocks(b"-----BEGIN CERTIFICATE-----\nABCDE\n-----END CERTIFICATE-----\n")


def test_a_root_whose_key_cannot_be_used_is_listed_with_its_cause() -> None:
    root = AUTHORITY.trust_store().anchors[0]
    odd = replace(root, key_info=tlv.read(KEY_OF_NO_CURVE)[0])
    assert key_of(odd).startswith("not usable: curve 1.2.3.4")


def test_signed_data_of_another_kind_are_no_list_of_defects() -> None:
    with pytest.raises(MalformedChipData):
        parse_defect_list(AUTHORITY.signed_list("1.2.3.4", b"\x30\x00", signer=AUTHORITY.list_signer(None)))


@pytest.mark.parametrize(
    ("number", "result"),
    [("L898902C3", CheckResult.SUCCESSFUL), ("L898902C4", CheckResult.FAILED)],
)
def test_without_the_printed_zone_the_fields_of_the_key_are_compared(number: str, result: CheckResult) -> None:
    assert compare_zones(LINES, None, MrzKey(number, "740812", "120415")).result is result


def test_a_long_number_of_the_key_runs_over_into_the_optional_data() -> None:
    chip = ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<")
    assert compare_zones(chip, None, MrzKey("D23145890734", "340712", "950712")).result is CheckResult.SUCCESSFUL
    assert compare_zones(chip, None, MrzKey("D23145890735", "340712", "950712")).result is CheckResult.FAILED


def test_a_trace_tells_headers_lengths_and_times_and_no_data() -> None:
    lines: list[str] = []
    ticks = iter(range(100))
    connection = TracedConnection(VirtualChipConnection(VirtualChip(passport())), lines.append, lambda: next(ticks))
    Channel(connection.transmit).send(Command(0xA4, 0x04, 0x0C, bytes.fromhex("A0000002471001")))
    told = json.loads(lines[0])
    assert (told["command"], told["header"], told["sent"], told["status"]) == ("SELECT", "00a4040c", 12, "9000")
    assert "A0000002471001" not in lines[0].upper()

    class Gone:
        def transmit(self, command: bytes) -> bytes:
            raise ConnectionError("lifted")

    with pytest.raises(ConnectionError):
        TracedConnection(Gone(), lines.append, lambda: next(ticks)).transmit(b"\x00")
    assert json.loads(lines[1]) | {"ms": 0} == {
        "n": 1,
        "command": "unknown",
        "header": "00",
        "secured": False,
        "sent": 1,
        "received": None,
        "status": None,
        "ms": 0,
    }
