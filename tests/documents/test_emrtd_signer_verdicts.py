"""Every way the verdict on a signer can go: trust, validity, revocation, document types, expiry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import DOCUMENT_TYPES, Certificate, parse_certificate
from inspection_station.documents.emrtd.cms import SignedData, SignerIdentifier
from inspection_station.documents.emrtd.defects import Defect, DefectKind, SignerScope
from inspection_station.documents.emrtd.document_facts import facts_of, settle
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.passive_authentication import (
    check_document_type,
    check_expiry,
    check_issuing_state,
    check_signer,
)
from inspection_station.documents.emrtd.security_object import SecurityObject, parse_security_object
from inspection_station.documents.emrtd.signatures import Algorithm
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck
from inspection_station.training.defect_lists import encoded
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import issue_passport

OK, FAILED, UNKNOWN, NONE = (
    CheckResult.SUCCESSFUL,
    CheckResult.FAILED,
    CheckResult.UNDETERMINED,
    CheckResult.NOT_SUPPORTED,
)
FILES = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY).files
SOD = parse_security_object(FILES["EF.SOD"])
SIGNED = SOD.signed
(DS,) = SIGNED.certificates
TRUST = AUTHORITY.trust_store()
ODD = Algorithm("1.2.3.4", None)


def with_signer(**changes: object) -> SignedData:
    return replace(SIGNED, signers=(replace(SIGNED.signers[0], **changes),))  # type: ignore[arg-type]


def section(checks: Sequence[ChipCheck], number: str) -> ChipCheck:
    return next(check for check in checks if check.section == number)


def judged(signed: SignedData, trust: TrustStore = TRUST, at: date = DAY) -> tuple[ChipCheck, ...]:
    return check_signer(signed, trust, at).checks


def test_what_nobody_signed_fails() -> None:
    verdict = check_signer(replace(SIGNED, signers=()), TRUST, DAY)
    assert [check.result for check in verdict.checks] == [FAILED]
    assert verdict.certificate is None


def test_an_algorithm_that_is_not_spoken_leaves_the_signature_open() -> None:
    assert section(judged(with_signer(signature_algorithm=ODD)), "5.6.4.2.2").result is UNKNOWN
    assert section(judged(with_signer(digest_algorithm=ODD)), "5.6.4.2.2").result is UNKNOWN


def test_attributes_that_break_their_format_fail_the_signature() -> None:
    broken = {"1.2.840.113549.1.9.4": tlv.Element(asn1.INTEGER, b"\x01", b"\x02\x01\x01")}
    assert section(judged(with_signer(attributes=broken)), "5.6.4.2.2").result is FAILED


def test_a_signature_without_attributes_is_over_the_content_itself() -> None:
    assert section(judged(with_signer(signed_attributes=None)), "5.6.4.2.2").result is FAILED


def test_the_content_type_that_was_signed_has_to_be_the_content_s() -> None:
    assert section(judged(replace(SIGNED, content_type="1.2.3")), "5.6.4.2.2").result is FAILED


def test_a_signer_that_is_not_carried_is_found_in_the_store_by_name_or_key() -> None:
    bare = replace(SIGNED, certificates=())
    assert section(judged(bare), "5.6.4.2.2").result is UNKNOWN
    store = TrustStore(TRUST.anchors, signers=[DS], revocations=TRUST.revocations)
    assert all(check.result is OK for check in judged(bare, store))
    by_key = replace(bare, signers=(replace(bare.signers[0], issuer=None, serial=None, key_id=DS.key_id),))
    assert section(judged(by_key, store), "5.6.4.3.6").result is OK


def test_a_signer_whose_certificate_is_broken_fails_unless_that_is_known() -> None:
    broken = replace(SIGNED, certificates=(), unreadable=(b"\x30\x03\x02\x01\x05",))
    assert section(judged(broken), "5.6.4.2.2").result is FAILED
    scope = SignerScope(issuer=SIGNED.signers[0].issuer, serial=SIGNED.signers[0].serial)
    known = Defect(DefectKind.CERTIFICATE_MALFORMED, (scope,), "a list", 2)
    store = TrustStore(TRUST.anchors, defects=[known])
    assert section(judged(broken, store), "5.6.4.2.2").result is UNKNOWN


def test_a_replacement_that_nobody_vouches_for_is_not_gone_by() -> None:
    scope = SignerScope(issuer=DS.issuer, serial=DS.serial)
    other = parse_certificate(encoded(AUTHORITY.signer("other")))
    defect = Defect(DefectKind.SIGNER_REPLACED, (scope,), "a list", replacement=other)
    assert check_signer(SIGNED, TrustStore(TRUST.anchors, defects=[defect]), DAY).certificate == other
    assert check_signer(SIGNED, TrustStore(TRUST.anchors, defects=[defect.taken_by_hand()]), DAY).certificate == DS


def test_a_corrected_signer_is_looked_for_in_object_and_store() -> None:
    wrong = with_signer(serial=5)
    scope = SignerScope(issuer=DS.issuer, serial=5)
    right = Defect(
        DefectKind.SIGNER_IDENTIFIER_WRONG,
        (scope,),
        "a list",
        corrected=SignerIdentifier(DS.issuer, DS.serial, None),
    )
    assert check_signer(wrong, TrustStore(TRUST.anchors, defects=[right]), DAY).certificate == DS
    elsewhere = TrustStore(TRUST.anchors, signers=[DS], defects=[right])
    assert check_signer(replace(wrong, certificates=()), elsewhere, DAY).certificate == DS
    assert check_signer(replace(wrong, certificates=()), TrustStore(defects=[right]), DAY).certificate is None


@pytest.mark.parametrize(
    ("anchors", "told"), [(TRUST.anchors, "anchors of this state"), ((), "no anchor of this state")]
)
def test_a_signer_of_another_root_is_undetermined_and_says_what_is_known(
    anchors: tuple[Certificate, ...], told: str
) -> None:
    other = replace(DS, authority_key=b"another")
    stranger = replace(SIGNED, certificates=(replace(other, issuer=DS.subject),))
    check = section(
        judged(replace(stranger, signers=(_naming(stranger.certificates[0]),)), TrustStore(anchors)), "5.6.4.3.6"
    )
    assert check.result is UNKNOWN
    assert told in check.evidence


def _naming(certificate: Certificate) -> object:
    return replace(SIGNED.signers[0], issuer=certificate.issuer, serial=certificate.serial)


def test_a_root_whose_key_is_not_spoken_leaves_trust_open() -> None:
    root = TRUST.anchors[0]
    odd = replace(
        root, key_info=tlv.read(tlv.encode(0x30, tlv.encode(0x30, asn1.encode_oid("1.2.3")), b"\x03\x02\x00\x00"))[0]
    )
    checks = judged(SIGNED, TrustStore([odd]))
    assert section(checks, "5.6.4.3.6").result is UNKNOWN
    assert section(checks, "5.6.4.3.5").result is UNKNOWN


def test_a_signer_that_names_a_known_key_which_did_not_sign_it_fails() -> None:
    forged = replace(SIGNED, certificates=(replace(DS, signature=DS.signature[:-1] + bytes([DS.signature[-1] ^ 1])),))
    assert section(judged(forged), "5.6.4.3.3").result is FAILED


def test_a_root_and_a_signer_of_two_countries_are_not_trusted_together() -> None:
    root = next(anchor for anchor in TRUST.anchors if anchor.key_id == DS.authority_key)
    attributes = tuple((oid, "nl" if oid == "2.5.4.6" else value) for oid, value in root.subject.attributes)
    foreign = replace(root, subject=replace(root.subject, attributes=attributes))
    checks = judged(SIGNED, TrustStore([foreign]))
    assert section(checks, "5.6.4.3.3").result is OK
    assert section(checks, "5.6.4.3.6").result is UNKNOWN
    assert "names UT" in section(checks, "5.6.4.3.6").evidence


@pytest.mark.parametrize(
    ("day", "result", "told"),
    [
        (DAY, OK, "valid until"),
        (date(2020, 1, 1), FAILED, "valid from"),
        (date(2060, 1, 1), FAILED, "expired"),
    ],
)
def test_signer_and_root_have_to_be_valid_on_the_day(day: date, result: CheckResult, told: str) -> None:
    check = section(judged(SIGNED, at=day), "5.6.4.3.4")
    assert (check.result, told in check.evidence) == (result, True)


def signed_at(moment: bytes, tag: int = asn1.UTC_TIME) -> SignedData:
    (element,) = tlv.elements(tlv.encode(tag, moment))
    return with_signer(attributes={**SIGNED.signers[0].attributes, "1.2.840.113549.1.9.5": element})


@pytest.mark.parametrize(
    ("signed", "result", "told"),
    [
        (signed_at(b"260301000000Z"), OK, "signed on 2026-03-01"),
        (signed_at(b"150301000000Z"), FAILED, "signed on 2015-03-01, when"),
        (signed_at(b"490301000000Z"), FAILED, "signed on 2049-03-01, when"),
        (signed_at(b"\x05", asn1.INTEGER), UNKNOWN, "malformed"),
        (with_signer(attributes={}), OK, "valid until"),
    ],
    ids=["then", "before", "after", "malformed", "silent"],
)
def test_a_signer_has_to_be_valid_when_it_signed_where_it_says_when(
    signed: SignedData, result: CheckResult, told: str
) -> None:
    check = section(judged(signed), "5.6.4.3.4")
    assert (check.result, told in check.evidence) == (result, True)


def test_revocation_needs_a_list_of_the_root_that_still_counts() -> None:
    assert section(judged(SIGNED, TrustStore(TRUST.anchors)), "5.6.4.3.5").result is UNKNOWN
    assert section(judged(SIGNED, at=date(DAY.year + 2, 1, 1)), "5.6.4.3.5").result is UNKNOWN
    endless = [replace(one, next_update=None) for one in TRUST.revocations]
    altered = TrustStore(TRUST.anchors, revocations=endless)
    assert section(judged(SIGNED, altered, date(DAY.year + 2, 1, 1)), "5.6.4.3.5").result is OK
    forged = [replace(one, signature=b"") for one in TRUST.revocations]
    assert section(judged(SIGNED, TrustStore(TRUST.anchors, revocations=forged)), "5.6.4.3.5").result is UNKNOWN
    unknown = [replace(one, algorithm=ODD) for one in TRUST.revocations]
    assert section(judged(SIGNED, TrustStore(TRUST.anchors, revocations=unknown)), "5.6.4.3.5").result is UNKNOWN
    older = [
        replace(one, this_update=datetime(2020, 1, 1, tzinfo=UTC), revoked=frozenset()) for one in TRUST.revocations
    ]
    both = TrustStore(TRUST.anchors, revocations=[*older, *TRUST.revocations, *older])
    assert "2026-03-01" in section(judged(SIGNED, both), "5.6.4.3.5").evidence


def signer_for(*codes: bytes) -> Certificate:
    listed = tlv.encode(0x30, asn1.encode_integer(0), asn1.encode_set(*(tlv.encode(0x13, code) for code in codes)))
    return replace(DS, extensions={DOCUMENT_TYPES: listed})


@pytest.mark.parametrize(
    ("code", "signer", "result"),
    [
        ("P<", signer_for(b"P"), OK),
        ("PM", signer_for(b"P<"), OK),
        ("PM", signer_for(b"PD", b"PM"), OK),
        ("P<", signer_for(b"PM"), FAILED),
        ("<<", signer_for(b"P"), FAILED),
        ("ID", signer_for(b"P", b"V"), FAILED),
        ("P<", DS, NONE),
        ("P<", None, UNKNOWN),
        ("P<", signer_for(b"PASSPORT"), UNKNOWN),
        ("P<", signer_for(), UNKNOWN),
        ("P<", replace(DS, extensions={DOCUMENT_TYPES: b"\x30\x05"}), UNKNOWN),
    ],
)
def test_the_document_code_has_to_be_among_the_signer_s(
    code: str, signer: Certificate | None, result: CheckResult
) -> None:
    assert check_document_type(code, signer).result is result


LONG = replace(DS, not_before=datetime(2026, 1, 1, tzinfo=UTC), not_after=datetime(2048, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("expiry", "signer", "result"),
    [
        ("260313", None, FAILED),
        ("260314", None, OK),
        ("410314", None, OK),
        ("460101", None, FAILED),
        ("460101", LONG, OK),
        ("490101", LONG, FAILED),
        ("250101", LONG, FAILED),
        ("1503<<", None, FAILED),
        ("<<<<<<", None, UNKNOWN),
        ("991332", None, UNKNOWN),
        ("AB0101", None, UNKNOWN),
        ("440229", LONG, OK),
    ],
)
def test_two_digits_of_a_year_lie_at_most_fifteen_years_ahead(
    expiry: str, signer: Certificate | None, result: CheckResult
) -> None:
    assert check_expiry(expiry, DAY, signer).result is result


def test_a_signer_without_a_country_leaves_the_state_open() -> None:
    nameless = replace(DS.issuer, attributes=())
    assert check_issuing_state("UTO", replace(DS, issuer=nameless, subject=nameless)).result is UNKNOWN


def test_a_signer_s_usages_are_none_where_they_are_broken() -> None:
    assert DS.usages == frozenset()
    assert replace(DS, extensions={"2.5.29.37": b"\x30\x05"}).usages == frozenset()


# What is known of a document ----------------------------------------------------------------------------------------


def object_over(groups: dict[int, bytes]) -> SecurityObject:
    return parse_security_object(AUTHORITY.security_object(groups, signer=AUTHORITY.signer()))


def details(day: bytes) -> bytes:
    return tlv.encode(0x6C, tlv.encode(0x5C, b"\x5f\x26"), tlv.encode(0x5F26, day))


@pytest.mark.parametrize(
    ("content", "signed", "expected"),
    [
        (details(b"20200131"), True, date(2020, 1, 31)),
        (details(b"20200131"), False, DAY),
        (details(b"20209999"), True, None),
        (tlv.encode(0x6C, tlv.encode(0x5C, b"")), True, None),
        (b"\x6c\x05", True, None),
        (None, True, DAY),
    ],
)
def test_the_day_of_issue_is_dg12_s_where_the_state_signed_it(
    content: bytes | None, signed: bool, expected: date | None
) -> None:
    groups = {1: FILES["DG1"], 12: content if signed and content is not None else b"other"}
    found = facts_of(object_over(groups), DS, LASTING_LINES, {12: content} if content is not None else {}, DAY)
    assert found.issued == expected
    assert (found.code, found.number) == ("P", "L898902C3")


def test_a_zone_that_cannot_be_read_still_tells_its_code() -> None:
    assert facts_of(SOD, DS, ("PX?",), {}, DAY).code == "PX?"[:2]
    assert facts_of(SOD, DS, None, {}, DAY).code is None


def test_signers_that_do_not_say_when_they_signed_leave_the_day_open() -> None:
    silent = replace(SOD, signed=with_signer(attributes={}))
    assert facts_of(silent, DS, None, {}, DAY).issued is None
    odd = replace(
        SOD, signed=with_signer(attributes={"1.2.840.113549.1.9.5": tlv.Element(2, b"\x01", b"\x02\x01\x01")})
    )
    assert facts_of(odd, DS, None, {}, DAY).issued is None
    nobody = replace(SOD, signed=replace(SIGNED, signers=()))
    assert facts_of(nobody, None, None, {}, DAY).signer is None
    with pytest.raises(MalformedChipData):
        _ = nobody.signer


def test_without_defects_or_a_security_object_nothing_is_settled() -> None:
    check = ChipCheck("5.6.4.5", "issuing-state", FAILED, "x")
    for trust, sod in ((TRUST, SOD), (TrustStore(defects=[Defect(DefectKind.OTHER, (), "x")]), None)):
        assert settle([check], trust, sod=sod, signer=None, lines=None, groups={}, at=DAY) == (check,)


def test_a_corrected_country_of_an_unknown_state_is_undetermined() -> None:
    scope = SignerScope(issuer=DS.issuer, serial=DS.serial)
    check = ChipCheck("5.6.4.5", "issuing-state", FAILED, "x")
    for country, vouched, result in (("UT", True, OK), ("UT", False, UNKNOWN), ("NL", True, FAILED)):
        defect = Defect(DefectKind.COUNTRY_WRONG, (scope,), "x", country=country, vouched=vouched)
        trust = TrustStore(TRUST.anchors, defects=[defect])
        (settled, *_) = settle([check], trust, sod=SOD, signer=DS, lines=LASTING_LINES, groups={}, at=DAY)
        assert settled.result is result
    (unsettled, *_) = settle([check], trust, sod=SOD, signer=DS, lines=None, groups={}, at=DAY)
    assert unsettled == check


def test_the_authority_of_another_year_has_another_version() -> None:
    assert str(TRUST.version) == str(AUTHORITY.trust_store().version)
    assert str(IssuingAuthority(8, at=DAY).trust_store().version) != str(TRUST.version)
