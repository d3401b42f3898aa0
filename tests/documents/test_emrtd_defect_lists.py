"""Lists of known defects: whom they may come from, which documents they concern, and what they do to the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import parse_certificate
from inspection_station.documents.emrtd.defect_lists import DEFECT_LIST, DEFECT_SIGNER, parse_defect_list
from inspection_station.documents.emrtd.defects import (
    DefectKind,
    DocumentFacts,
)
from inspection_station.documents.emrtd.deviation_lists import DEVIATION_LIST
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.documents.emrtd.folder_verification import verify_files
from inspection_station.documents.emrtd.trust_import import import_files
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck, overall_of
from inspection_station.training.defect_lists import (
    PublishedDefect,
    PublishedDeviation,
    data_groups,
    defect_content,
    defect_list,
    deviation_content,
    deviation_list,
    encoded,
    issuer_and_serial,
    status_code,
)
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import issue_passport

OK, FAILED, UNKNOWN, NONE = (
    CheckResult.SUCCESSFUL,
    CheckResult.FAILED,
    CheckResult.UNDETERMINED,
    CheckResult.NOT_SUPPORTED,
)
SIGNER = AUTHORITY.signer()
CERTIFICATE = parse_certificate(encoded(SIGNER))


def files(fault: str | None = None) -> dict[str, bytes]:
    return dict(issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault=fault).files)


SOUND = files()
HASH_OF_DG2 = asn1.encode_integer(2)


def store(directory: Path, *lists: bytes) -> TrustStore:
    AUTHORITY.write_trust(directory)
    for number, content in enumerate(lists):
        (directory / f"defects-{number}.dfl").write_bytes(content)
    return TrustStore.from_directory(directory)


def judged(trust: TrustStore, chip: Mapping[str, bytes] = SOUND) -> dict[str, CheckResult]:
    """The worst result by name."""
    checks = verify_files(chip, trust, DAY)
    return {check.name: overall_of([c for c in checks if c.name == check.name]) for check in checks}


def told(trust: TrustStore, chip: Mapping[str, bytes] = SOUND) -> list[ChipCheck]:
    return [check for check in verify_files(chip, trust, DAY) if check.name == "known-defect"]


def test_without_defects_the_document_is_sound(tmp_path: Path) -> None:
    assert overall_of(verify_files(SOUND, store(tmp_path), DAY)) is OK


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(("code", "expected"), [(0, FAILED), (1, UNKNOWN), (3, FAILED), (5, UNKNOWN), (40, UNKNOWN)])
def test_a_signer_revoked_by_a_defect_list_is_rated_by_its_status_code(
    tmp_path: Path, version: int, code: int, expected: CheckResult
) -> None:
    trust = store(
        tmp_path, defect_list(AUTHORITY, [PublishedDefect("1.1", SIGNER, status_code(code))], version=version)
    )
    found = judged(trust)
    assert found["signer-revocation"] is expected
    assert found["signer-trust"] is expected
    assert found["data-group-hash"] is UNKNOWN
    (line,) = told(trust)
    assert (line.section, line.result) == ("5.8.2.1.1", UNKNOWN)
    assert "2026-03-14" in line.evidence


def test_another_signer_s_defect_is_another_document_s(tmp_path: Path) -> None:
    other = AUTHORITY.signer("other")
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("1.1", other, status_code(3))]))
    assert len(trust.defects) == 1
    assert overall_of(verify_files(SOUND, trust, DAY)) is OK
    assert told(trust) == []


def test_a_wrong_signature_that_is_known_is_undetermined_and_never_green(tmp_path: Path) -> None:
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("2.2", SIGNER)]))
    assert judged(trust, files("wrong_signer"))["security-object-signature"] is UNKNOWN
    assert judged(trust)["security-object-signature"] is OK
    assert [line.result for line in told(trust)] == [NONE]


def test_invalid_hashes_of_a_known_issue_are_undetermined_but_unsigned_groups_still_fail(tmp_path: Path) -> None:
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("2.2", SIGNER, status_code(4))], version=2))
    assert judged(trust, files("wrong_hash"))["data-group-hash"] is UNKNOWN
    assert judged(trust, files("unsigned_group"))["data-group-hash"] is FAILED


def test_malformed_groups_that_are_known_are_undetermined(tmp_path: Path) -> None:
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("2.1", SIGNER, data_groups(2, 11))]))
    broken = {**SOUND, "DG2": b"\x75\x02\x00\x00"}
    assert judged(trust, broken)["data-group-format"] is UNKNOWN
    assert judged(trust, {**SOUND, "DG1": b"\x61\x02\x00\x00"})["data-group-format"] is FAILED


def test_common_data_that_are_known_to_differ_are_green_only_for_what_is_signed(tmp_path: Path) -> None:
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("2.3", SIGNER)]))
    fewer = SOUND["EF.COM"].replace(b"\x5c\x02\x61\x75", b"\x5c\x02\x61\x61")
    assert judged(trust, {**SOUND, "EF.COM": fewer})["common-data"] is OK
    assert judged(trust, files("unsigned_group"))["common-data"] is UNKNOWN
    assert judged(store(tmp_path / "none"), {**SOUND, "EF.COM": fewer})["common-data"] is FAILED


@pytest.mark.parametrize(
    ("code", "result"), [(0, OK), (1, UNKNOWN), (2, UNKNOWN)], ids=["root", "signer", "root and signer"]
)
def test_a_validity_that_is_known_to_be_wrong_is_not_held_against_the_signer(
    tmp_path: Path, code: int, result: CheckResult
) -> None:
    old = AUTHORITY.signer("expired")
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("1.6", old, status_code(code))]))
    expected = FAILED if code == 0 else result
    assert judged(trust, files("expired_signer"))["signer-validity"] is expected


def test_a_corrected_country_is_compared_in_the_place_of_the_wrong_one(tmp_path: Path) -> None:
    other = tlv.encode(asn1.PRINTABLE_STRING, b"nl")
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("2.5", SIGNER, other)]))
    assert judged(trust)["issuing-state"] is FAILED
    right = tlv.encode(asn1.PRINTABLE_STRING, b"UT")
    assert (
        judged(store(tmp_path / "b", defect_list(AUTHORITY, [PublishedDefect("2.5", SIGNER, right)])))["issuing-state"]
        is OK
    )
    part = tlv.encode(0x30, status_code(0), asn1.encode_oid("2.5.4.6"), tlv.encode(0xA1, other))
    named = defect_list(AUTHORITY, [PublishedDefect("2.6", SIGNER, tlv.encode(asn1.SET, part))], version=3)
    assert judged(store(tmp_path / "c", named))["issuing-state"] is FAILED


def test_a_replaced_signer_is_gone_by_instead(tmp_path: Path) -> None:
    """The signature was made with the replacement's key: with the signer it carries, nothing holds."""
    right = AUTHORITY.signer("forger")
    parameter = tlv.encode(asn1.OCTET_STRING, encoded(right))
    chip = files("wrong_signer")
    assert judged(store(tmp_path / "a"), chip)["security-object-signature"] is FAILED
    trust = store(tmp_path / "b", defect_list(AUTHORITY, [PublishedDefect("1.2", SIGNER, parameter)]))
    found = judged(trust, chip)
    assert (found["security-object-signature"], found["signer-trust"]) == (OK, OK)
    assert found["signer-revocation"] is UNKNOWN


def test_a_signer_that_the_object_names_wrongly_is_found_over_the_corrected_name(tmp_path: Path) -> None:
    other = AUTHORITY.signer("other")
    wrong_name, right_name = issuer_and_serial(SIGNER), issuer_and_serial(other)
    chip = {**SOUND, "EF.SOD": _renamed(SOUND["EF.SOD"], wrong_name, right_name)}
    assert judged(store(tmp_path / "a"), chip)["signer-trust"] is UNKNOWN
    entry = tlv.encode(0x30, right_name, tlv.encode(0x31, _known("2.4", wrong_name)))
    content = tlv.encode(0x30, asn1.encode_integer(0), _SHA256, tlv.encode(0x31, entry))
    trust = store(tmp_path / "b", _signed(content))
    found = judged(trust, chip)
    assert (found["signer-trust"], found["security-object-signature"]) == (OK, OK)


_SHA256 = asn1.encode_oid("2.16.840.1.101.3.4.2.1")


def _known(arcs: str, parameter: bytes) -> bytes:
    return tlv.encode(0x30, asn1.encode_oid(f"{DEFECT_LIST}.{arcs}"), parameter)


def _signed(content: bytes, usage: str | None = DEFECT_SIGNER, authority: IssuingAuthority = AUTHORITY) -> bytes:
    return authority.signed_list(DEFECT_LIST, content, signer=authority.list_signer(usage))


def _renamed(sod: bytes, old: bytes, new: bytes) -> bytes:
    """The signer info names another signer of the same length."""
    at = sod.rindex(old)
    assert len(old) == len(new)
    return sod[:at] + new + sod[at + len(new) :]


def test_a_document_whose_defect_nobody_here_understands_is_not_relied_on(tmp_path: Path) -> None:
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("4.99", SIGNER), PublishedDefect("3.1", SIGNER)]))
    assert [(line.section, line.result) for line in told(trust)] == [("5.8.2.3", UNKNOWN)]


def test_a_malformed_signer_without_replacement_is_undetermined(tmp_path: Path) -> None:
    parameter = tlv.encode(0x30, status_code(2), status_code(1))
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("4.6", SIGNER, parameter)], version=3))
    assert judged(trust)["signer-trust"] is UNKNOWN


# Who may speak ------------------------------------------------------------------------------------------------------


def test_a_list_whose_signature_does_not_hold_is_none(tmp_path: Path) -> None:
    content = bytearray(defect_list(AUTHORITY, [PublishedDefect("1.1", SIGNER, status_code(3))]))
    at = bytes(content).index(b"\x0a\x01\x03")
    content[at + 2] = 1
    with pytest.raises(MalformedChipData, match="does not hold"):
        parse_defect_list(bytes(content))
    trust = store(tmp_path, bytes(content))
    assert trust.defects == ()
    assert "does not hold" in trust.problems[0].reason


@pytest.mark.parametrize("usage", [None, "2.23.136.1.1.3"])
def test_a_signer_that_is_not_made_for_defect_lists_may_not_sign_one(tmp_path: Path, usage: str | None) -> None:
    content = defect_content([PublishedDefect("2.2", SIGNER)])
    trust = store(tmp_path, _signed(content, usage))
    assert trust.defects == ()
    assert "not made for" in trust.problems[0].reason


def test_a_document_signer_may_not_excuse_its_own_documents(tmp_path: Path) -> None:
    content = defect_content([PublishedDefect("2.2", SIGNER)])
    trust = store(tmp_path, AUTHORITY.signed_list(DEFECT_LIST, content, signer=SIGNER))
    assert trust.defects == ()


def test_a_stranger_s_list_comes_in_only_by_an_explicit_act_and_turns_nothing_green(tmp_path: Path) -> None:
    stranger = IssuingAuthority(99, at=DAY)
    source = tmp_path / "list.bin"
    source.write_bytes(defect_list(stranger, [PublishedDefect("2.3", SIGNER), PublishedDefect("2.2", SIGNER)]))
    directory = tmp_path / "trust"
    AUTHORITY.write_trust(directory)
    (refused,) = import_files([source], directory)
    assert refused.stored_as is None
    (taken,) = import_files([source], directory, accept_unverified=True)
    assert taken.stored_as is not None
    assert taken.stored_as.endswith(".unverified.dfl")
    trust = TrustStore.from_directory(directory)
    assert [(one.kind, one.verified) for one in trust.lists] == [("defect list", False)]
    fewer = SOUND["EF.COM"].replace(b"\x5c\x02\x61\x75", b"\x5c\x02\x61\x61")
    assert judged(trust, {**SOUND, "EF.COM": fewer})["common-data"] is UNKNOWN
    assert all("taken by hand" in line.evidence for line in told(trust))


@pytest.mark.parametrize("content", [defect_content([PublishedDefect("2.2", SIGNER)], version=2)])
def test_a_list_that_nobody_signed_comes_in_only_by_an_explicit_act(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.dfl").write_bytes(content)
    directory = tmp_path / "trust"
    (refused,) = import_files([tmp_path / "list.dfl"], directory)
    assert (refused.kind, refused.stored_as, refused.detail) == ("defect list", None, "nobody signed the list")
    (taken,) = import_files([tmp_path / "list.dfl"], directory, accept_unverified=True)
    assert taken.stored_as is not None
    assert [one.signer for one in TrustStore.from_directory(directory).lists] == [None]


def test_a_signed_list_is_imported_over_its_root(tmp_path: Path) -> None:
    (tmp_path / "new.dfl").write_bytes(defect_list(AUTHORITY, [PublishedDefect("2.2", SIGNER)]))
    roots = AUTHORITY.write_trust(tmp_path / "new")
    found = import_files([tmp_path / "new.dfl", *roots], tmp_path / "trust")
    assert found[-1].kind == "defect list"
    assert all(one.stored_as for one in found)


def test_of_a_family_of_defect_lists_the_newest_counts(tmp_path: Path) -> None:
    later = IssuingAuthority(AUTHORITY.seed, at=DAY + timedelta(days=30))
    old = defect_list(AUTHORITY, [PublishedDefect("1.1", SIGNER, status_code(3))])
    new = defect_list(later, [PublishedDefect("2.2", SIGNER)])
    trust = store(tmp_path, old, new)
    assert [defect.kind for defect in trust.defects] == [DefectKind.SECURITY_OBJECT_INVALID]
    assert any("newer" in problem.reason for problem in trust.problems)


def test_a_newer_list_that_may_not_be_believed_silences_no_older_one(tmp_path: Path) -> None:
    later = IssuingAuthority(AUTHORITY.seed, at=DAY + timedelta(days=30))
    old = defect_list(AUTHORITY, [PublishedDefect("1.1", SIGNER, status_code(3))])
    unfit = _signed(defect_content([]), None, later)
    assert [defect.kind for defect in store(tmp_path, old, unfit).defects] == [DefectKind.SIGNER_REVOKED]


def test_entries_that_cannot_be_read_are_told_and_keep_no_other_out(tmp_path: Path) -> None:
    """Status codes are a must for a revocation."""
    trust = store(tmp_path, defect_list(AUTHORITY, [PublishedDefect("1.1", SIGNER), PublishedDefect("2.2", SIGNER)]))
    assert len(trust.defects) == 1
    assert "without its parameter" in trust.problems[0].reason


@given(st.binary(max_size=300))
def test_noise_is_no_list_of_defects(noise: bytes) -> None:
    with pytest.raises(ChipFault):
        parse_defect_list(noise)


@given(st.data())
def test_an_altered_list_is_refused_or_read_and_never_crashes(data: st.DataObject) -> None:
    content = bytearray(
        data.draw(
            st.sampled_from(
                [
                    defect_content([PublishedDefect("1.1", SIGNER, status_code(3))], version=3),
                    defect_content([PublishedDefect("2.1", SIGNER, data_groups(2))]),
                    deviation_content([PublishedDeviation("2.2", HASH_OF_DG2, "P", SIGNER, (DAY, DAY), ("A1",))]),
                ]
            )
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = parse_defect_list(bytes(content))
    except ChipFault:
        return
    facts = DocumentFacts(certificate=CERTIFICATE, code="P", number="A1", issued=DAY)
    _ = [defect.covers(facts) for defect in found.defects]


def test_the_kinds_of_lists_are_told_apart() -> None:
    assert parse_defect_list(defect_list(AUTHORITY, [])).kind == "defect list"
    assert parse_defect_list(deviation_list(AUTHORITY, [])).kind == "deviation list"
    with pytest.raises(MalformedChipData):
        parse_defect_list(SOUND["EF.SOD"])
    with pytest.raises(MalformedChipData, match="no list"):
        parse_defect_list(tlv.encode(0x30, tlv.encode(0x04, b"")))
    assert DEVIATION_LIST.startswith("2.23.136")
