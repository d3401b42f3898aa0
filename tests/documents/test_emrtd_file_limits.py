"""Files that are almost right: each breach of form has its own words, and folders their limits."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.data_groups import portraits
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.folder_verification import FolderNotUsable, read_folder, verify_files
from inspection_station.documents.emrtd.master_list import MASTER_LIST, MASTER_LIST_SIGNER, parse_master_list
from inspection_station.documents.emrtd.portrait_format import portrait_format
from inspection_station.documents.emrtd.security_object import parse_card_security, parse_security_object
from inspection_station.documents.emrtd.trust_files import MAX_FILE, read_directory
from inspection_station.documents.emrtd.trust_import import import_files
from inspection_station.documents.emrtd.trust_store import Trust, TrustStore
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.defect_lists import encoded
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import issue_passport

FILES = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY).files
SHA256 = tlv.encode(0x30, asn1.encode_oid("2.16.840.1.101.3.4.2.1"))
ROOT = AUTHORITY.trust_store().anchors[0].raw


def signed(kind: str, content: bytes, usage: str | None = MASTER_LIST_SIGNER) -> bytes:
    return AUTHORITY.signed_list(kind, content, signer=AUTHORITY.list_signer(usage))


def master_list(*certificates: bytes) -> bytes:
    return tlv.encode(0x30, asn1.encode_integer(0), tlv.encode(0x31, *certificates))


def security_object(*pairs: bytes) -> bytes:
    content = tlv.encode(0x30, asn1.encode_integer(0), SHA256, tlv.encode(0x30, *pairs))
    return tlv.encode(0x77, signed("2.23.136.1.1.1", content))


def pair(group: int) -> bytes:
    return tlv.encode(0x30, asn1.encode_integer(group), tlv.encode(0x04, bytes(32)))


@pytest.mark.parametrize(
    ("pairs", "told"),
    [((), "without hashes"), ((pair(1), pair(1)), "twice"), ((pair(0),), "twice"), ((pair(17),), "up to")],
)
def test_a_security_object_with_impossible_hashes_is_malformed(pairs: tuple[bytes, ...], told: str) -> None:
    with pytest.raises(MalformedChipData, match=told):
        parse_security_object(security_object(*pairs))


def test_signed_data_of_another_kind_are_not_taken_for_the_right_one() -> None:
    other = signed("1.2.3", b"\x30\x00")
    for parse in (parse_security_object, parse_card_security, parse_master_list):
        with pytest.raises(MalformedChipData, match="another kind"):
            parse(other)


def test_a_training_master_list_counts_only_from_a_signer_that_is_made_for_it(tmp_path: Path) -> None:
    """Neither a document signer nor a defect list signer may bring in roots, however well they lead to one."""
    stranger = IssuingAuthority(99, at=DAY).trust_store().anchors[0].raw
    good, unfit = tmp_path / "good", tmp_path / "unfit"
    for directory, usage in ((good, MASTER_LIST_SIGNER), (unfit, None)):
        AUTHORITY.write_trust(directory)
        (directory / "list.ml").write_bytes(signed(MASTER_LIST, master_list(stranger), usage))
    assert stranger in {anchor.raw for anchor in read_directory(good).anchors}
    store = read_directory(unfit)
    assert stranger not in {anchor.raw for anchor in store.anchors}
    assert "not made for" in store.problems[0].reason
    (refused,) = import_files([unfit / "list.ml"], good)
    assert refused.stored_as is None


def test_a_root_that_a_state_struck_off_its_list_is_trusted_no_longer(tmp_path: Path) -> None:
    """Also where the older list is still there; one of another state is untouched by it."""
    stranger = IssuingAuthority(99, at=DAY).trust_store().anchors[0].raw
    later = IssuingAuthority(AUTHORITY.seed, at=date(DAY.year, DAY.month + 1, 1))
    AUTHORITY.write_trust(tmp_path)
    (tmp_path / "older.ml").write_bytes(signed(MASTER_LIST, master_list(ROOT, stranger)))
    assert stranger in {anchor.raw for anchor in read_directory(tmp_path).anchors}
    newer = later.signed_list(MASTER_LIST, master_list(ROOT), signer=later.list_signer(MASTER_LIST_SIGNER))
    (tmp_path / "newer.ml").write_bytes(newer)
    store = read_directory(tmp_path)
    assert stranger not in {anchor.raw for anchor in store.anchors}
    assert [(one.file, one.reason) for one in store.problems] == [
        ("older.ml", "a newer list of the same authority is here")
    ]
    assert [one.file for one in store.lists] == ["newer.ml"]


def test_a_master_list_tells_which_of_its_certificates_it_cannot_use(tmp_path: Path) -> None:
    AUTHORITY.write_trust(tmp_path)
    (tmp_path / "list.ml").write_bytes(signed(MASTER_LIST, master_list(ROOT, b"\x30\x03\x02\x01\x05")))
    found = parse_master_list((tmp_path / "list.ml").read_bytes())
    assert (len(found.certificates), len(found.unusable)) == (1, 1)
    assert read_directory(tmp_path).problems[0].reason == found.unusable[0]


def test_a_master_list_without_its_signer_or_with_a_wrong_signature_is_none() -> None:
    content = signed(MASTER_LIST, master_list(ROOT))
    with pytest.raises(MalformedChipData, match="does not hold"):
        parse_master_list(content[:-1] + bytes([content[-1] ^ 1]))
    at = content.index(encoded(AUTHORITY.list_signer(MASTER_LIST_SIGNER)))
    with pytest.raises(MalformedChipData, match="without its signer"):
        parse_master_list(content[:at] + b"\x31" + content[at + 1 :])


def test_a_root_that_did_not_sign_itself_or_cannot_be_checked_is_told(tmp_path: Path) -> None:
    (tmp_path / "wrong.cer").write_bytes(ROOT[:-1] + bytes([ROOT[-1] ^ 1]))
    unknown = ROOT.replace(asn1.encode_oid("1.2.840.10045.2.1"), asn1.encode_oid("1.2.840.10045.2.9"))
    (tmp_path / "odd.cer").write_bytes(unknown)
    store = read_directory(tmp_path)
    assert store.anchors == ()
    assert [problem.file for problem in store.problems] == ["odd.cer", "wrong.cer"]
    assert [one.stored_as for one in import_files([tmp_path / "wrong.cer"], tmp_path / "in")] == [None]


def test_files_beyond_all_measure_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.ml").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    assert read_directory(tmp_path).problems[0].reason == "larger than 32 MB"
    (refused,) = import_files([tmp_path / "huge.ml"], tmp_path / "in")
    assert refused.stored_as is None
    (tmp_path / "bundle.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA")
    assert [one.stored_as for one in import_files([tmp_path / "bundle.pem"], tmp_path / "in")] == [None]


def test_a_folder_has_its_limits(tmp_path: Path) -> None:
    many, large = tmp_path / "many", tmp_path / "large"
    many.mkdir()
    large.mkdir()
    for number in range(70):
        (many / f"note{number}.bin").write_bytes(b"")
    with pytest.raises(FolderNotUsable, match="more than"):
        read_folder(many)
    with (large / "DG2").open("wb") as file:
        file.truncate(2_000_000)
    with pytest.raises(FolderNotUsable, match="larger"):
        read_folder(large)


def test_a_zone_without_a_security_object_is_held_against_the_day_alone() -> None:
    checks = verify_files({"DG1": FILES["DG1"]}, TrustStore(), DAY)
    assert {check.name for check in checks} == {"security-object-signature", "data-group-format", "document-expiry"}


def test_algorithms_that_are_not_spoken_leave_whole_files_open() -> None:
    odd = {
        name: FILES["EF.SOD"].replace(
            asn1.encode_oid("2.16.840.1.101.3.4.2.1"), asn1.encode_oid("2.16.840.1.101.3.4.2.9")
        )
        for name in ("EF.SOD",)
    }
    checks = verify_files({**FILES, **odd}, TrustStore(), DAY)
    found = [check.result for check in checks if check.name == "security-object-signature"]
    assert found == [CheckResult.UNDETERMINED]


def test_a_file_whose_offers_are_malformed_fails() -> None:
    checks = verify_files({**FILES, "EF.CardAccess": b"\x31\x05"}, TrustStore(), DAY)
    assert [c.result for c in checks if c.name == "card-access"] == [CheckResult.FAILED]
    checks = verify_files({**FILES, "EF.CardAccess": b"\x31\x00"}, TrustStore(), DAY)
    assert [c.result for c in checks if c.name == "card-access"] == [CheckResult.UNDETERMINED]


JP2 = PORTRAIT[: PORTRAIT.index(b"\xff\x4f\xff\x51")]


@pytest.mark.parametrize(
    "picture",
    [
        b"GIF89a",
        b"\xff\xd8\xff\xe0\x00\x01",
        b"\xff\xd8\xff\xe0\x00\x01" + bytes(20),
        b"\xff\xd8\xff\xe0\x00\x04ab" + bytes(20),
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x00\x00\x00\x03" + bytes(20),
        JP2,
        bytes.fromhex("FF4FFF51") + bytes(8),
        bytes.fromhex("FF4FFF51") + bytes(40),
    ],
)
def test_a_picture_that_is_none_or_has_no_size_is_refused(picture: bytes) -> None:
    with pytest.raises(MalformedChipData):
        portrait_format(picture)


def faces(*records: bytes, count: int = 1) -> bytes:
    return tlv.encode(
        0x75, tlv.encode(0x7F61, tlv.encode(0x02, bytes([count])), *(tlv.encode(0x7F60, r) for r in records))
    )


def record(count: int, length: int | None = None, body: bytes = b"") -> bytes:
    size = 14 + len(body) if length is None else length
    return tlv.encode(0x5F2E, b"FAC\x00010\x00" + size.to_bytes(4, "big") + count.to_bytes(2, "big") + body)


@pytest.mark.parametrize(
    "content",
    [
        faces(b""),
        faces(tlv.encode(0x5F2E, b"FAC\0")),
        faces(record(1, 9999)),
        faces(record(0)),
        faces(record(1)),
        faces(record(1, body=(5).to_bytes(4, "big") + bytes(40))),
        faces(record(1, body=(999).to_bytes(4, "big") + bytes(40))),
    ],
)
def test_a_record_of_faces_whose_lengths_do_not_fit_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedChipData):
        portraits(content)


def test_too_many_portraits_are_refused() -> None:
    face = (32).to_bytes(4, "big") + bytes(28)
    with pytest.raises(MalformedChipData, match="too many"):
        portraits(faces(record(16, body=face * 16), record(16, body=face * 16)))


@pytest.mark.parametrize(
    ("element", "read"),
    [
        (b"\x05\x00", asn1.octets),
        (b"\x03\x02\x01\x00", asn1.bits),
        (b"\x02\x00", asn1.integer),
        (b"\x06\x00", asn1.oid),
        (b"\x06\x01\x81", asn1.oid),
        (b"\x30\x00", asn1.text),
        (b"\x02\x01\x01", asn1.moment),
        (b"\x17\x0d991332000000Z", asn1.moment),
    ],
)
def test_each_kind_of_asn1_refuses_another(element: bytes, read: object) -> None:
    with pytest.raises(MalformedChipData):
        read(tlv.read(element)[0])  # type: ignore[operator]


def test_a_time_without_seconds_is_read() -> None:
    assert asn1.moment(tlv.read(b"\x17\x0b2601021530Z")[0]).minute == 30


def test_each_result_can_be_told() -> None:
    assert Check.ISSUING_STATE.aborted(Why.NO_ISSUING_STATE()).result is CheckResult.ABORTED
    assert AUTHORITY.trust_store().path_for(AUTHORITY.trust_store().anchors[0]).trust is not Trust.FORGED
