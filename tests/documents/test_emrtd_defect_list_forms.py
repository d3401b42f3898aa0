"""The forms that lists of defects come in: references, versions, criteria, and what is wrong with them."""

from __future__ import annotations

import hashlib

import pytest
from fakes.chip_material import AUTHORITY, DAY, passport

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import parse_certificate
from inspection_station.documents.emrtd.defect_effects import settled
from inspection_station.documents.emrtd.defect_lists import DEFECT_LIST, parse_defect_list
from inspection_station.documents.emrtd.defects import Defect, DefectKind, DocumentFacts
from inspection_station.documents.emrtd.deviation_lists import DEVIATION_LIST
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.documents.emrtd.security_object import CARD_SECURITY_OBJECT, LDS_SECURITY_OBJECT
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.inspection.chip import CheckResult, ChipCheck
from inspection_station.training.defect_lists import encoded, issuer_and_serial, status_code

SIGNER = AUTHORITY.signer()
CERTIFICATE = parse_certificate(encoded(SIGNER))
OTHER = parse_certificate(encoded(AUTHORITY.signer("other")))
SHA256 = asn1.encode_oid("2.16.840.1.101.3.4.2.1")
NAME = SIGNER.certificate.issuer.public_bytes()
PAIR = issuer_and_serial(SIGNER)
PAIR_INSIDE = tlv.read(PAIR)[0].value
AUTHORITY_KEY = CERTIFICATE.authority_key or b""


def known(arcs: str = "2.2", parameter: bytes = b"") -> bytes:
    return tlv.encode(0x30, asn1.encode_oid(f"{DEFECT_LIST}.{arcs}"), parameter)


def entry(*before: bytes, defects: tuple[bytes, ...] = ()) -> bytes:
    return tlv.encode(0x30, *before, tlv.encode(0x31, *(defects or (known(),))))


def listed(*entries: bytes, version: int = 1, algorithm: bytes = SHA256) -> bytes:
    return tlv.encode(0x30, asn1.encode_integer(version - 1), algorithm, tlv.encode(0x31, *entries))


def covered(content: bytes) -> tuple[list[bool | None], list[bool | None]]:
    """For the document of the signer that is meant, and for one of another signer under the same root."""
    found = parse_defect_list(content)
    assert found.unusable == ()
    return (
        [defect.covers(DocumentFacts(certificate=CERTIFICATE)) for defect in found.defects],
        [defect.covers(DocumentFacts(certificate=OTHER)) for defect in found.defects],
    )


@pytest.mark.parametrize(
    "reference",
    [
        (tlv.encode(0x30, tlv.encode(0xA0, PAIR_INSIDE)),),
        (tlv.encode(0x30, tlv.encode(0xA0, PAIR)),),
        (tlv.encode(0x30, tlv.encode(0x81, CERTIFICATE.key_id)),),
        (tlv.encode(0x30, tlv.encode(0xA1, tlv.encode(0x04, CERTIFICATE.key_id))),),
        (tlv.encode(0x30, tlv.encode(0x83, hashlib.sha256(CERTIFICATE.raw).digest())),),
        (tlv.encode(0x30, tlv.encode(0xA3, tlv.encode(0x04, hashlib.sha256(CERTIFICATE.raw).digest()))),),
        (tlv.encode(0x30, tlv.encode(0x82, b"UT01"), tlv.encode(0x81, CERTIFICATE.key_id)),),
    ],
)
def test_each_reference_to_a_signer_is_understood(reference: tuple[bytes, ...]) -> None:
    assert covered(listed(entry(*reference), version=3)) == ([True], [False])


@pytest.mark.parametrize(
    "reference",
    [
        tlv.encode(0x30, tlv.encode(0xA0, NAME)),
        tlv.encode(0x30, tlv.encode(0xA1, tlv.encode(0x80, AUTHORITY_KEY))),
        tlv.encode(0x30, tlv.encode(0xA1, tlv.encode(0x30, tlv.encode(0x80, AUTHORITY_KEY)))),
    ],
)
def test_a_reference_to_an_authority_concerns_all_of_its_signers(reference: bytes) -> None:
    assert covered(listed(entry(reference), version=3)) == ([True], [True])


def test_two_references_are_alternatives() -> None:
    signer = tlv.encode(0x30, tlv.encode(0x81, CERTIFICATE.key_id))
    authority = tlv.encode(0x30, tlv.encode(0xA0, NAME))
    assert covered(listed(entry(signer, authority), version=3)) == ([True, True], [False, True])


@pytest.mark.parametrize(
    "identifier", [PAIR, tlv.encode(0x80, CERTIFICATE.key_id), tlv.encode(0xA0, tlv.encode(0x04, CERTIFICATE.key_id))]
)
def test_the_older_versions_name_the_signer_as_a_signature_does(identifier: bytes) -> None:
    assert covered(listed(entry(identifier))) == ([True], [False])


def test_the_digest_may_stand_as_a_whole_algorithm() -> None:
    content = listed(entry(PAIR), algorithm=tlv.encode(0x30, SHA256))
    signed = AUTHORITY.signed_list(DEFECT_LIST, content, signer=AUTHORITY.list_signer(None))
    assert covered(signed) == ([True], [False])


def test_a_digest_that_is_not_spoken_refuses_the_list() -> None:
    with pytest.raises(AlgorithmUnknown):
        parse_defect_list(listed(entry(PAIR), algorithm=asn1.encode_oid("1.2.3")))


@pytest.mark.parametrize("explicit", [False, True])
def test_the_newer_form_of_a_defect_is_understood(explicit: bool) -> None:
    fields = asn1.encode_oid(f"{DEFECT_LIST}.1.1") + tlv.encode(0xA0, status_code(3)) + tlv.encode(0x81, b"why")
    newer = tlv.encode(0xA0, tlv.encode(0x30, fields) if explicit else fields)
    (defect,) = parse_defect_list(listed(entry(PAIR, defects=(newer,)), version=2)).defects
    assert (defect.kind, defect.code) == (DefectKind.SIGNER_REVOKED, 3)


NAME_PART = tlv.encode(
    0x30, status_code(1), asn1.encode_oid("2.5.4.6"), tlv.encode(0xA0, b"\x13\x01x"), tlv.encode(0xA1, b"\x13\x02UT")
)


@pytest.mark.parametrize(
    ("arcs", "parameter", "kind"),
    [
        ("1.3", b"", DefectKind.CHIP_KEYS_COMPROMISED),
        ("1.4", b"", DefectKind.ACTIVE_KEYS_COMPROMISED),
        ("1.5", status_code(2), DefectKind.PROTOCOL_FAILURE),
        ("2.3", tlv.encode(0x30, b""), DefectKind.COMMON_DATA_WRONG),
        ("2.6", tlv.encode(0x31, NAME_PART), DefectKind.OTHER),
        ("4.1", tlv.encode(0x30, b""), DefectKind.CARD_SECURITY_MALFORMED),
        ("4.2", b"", DefectKind.CHIP_SECURITY_MALFORMED),
        ("4.3", b"", DefectKind.POWER_DOWN_NEEDED),
        ("4.4", status_code(1), DefectKind.CERTIFICATE_MALFORMED),
        ("4.17", b"", DefectKind.DOCUMENT_UNUSABLE),
        ("7.1", b"", DefectKind.OTHER),
    ],
)
def test_each_kind_of_defect_is_understood(arcs: str, parameter: bytes, kind: DefectKind) -> None:
    found = parse_defect_list(listed(entry(PAIR, defects=(known(arcs, parameter),))))
    assert ([defect.kind for defect in found.defects], found.unusable) == ([kind], ())


@pytest.mark.parametrize(
    ("content", "version"),
    [
        (entry(), 1),
        (entry(), 3),
        (entry(tlv.encode(0x04, b"x")), 1),
        (entry(tlv.encode(0x30, tlv.encode(0x82, b"UT01"))), 3),
        (entry(tlv.encode(0x30, tlv.encode(0xA1, tlv.encode(0x02, b"\x01")))), 3),
        (entry(tlv.encode(0x30, tlv.encode(0xA1, b""))), 3),
        (entry(tlv.encode(0x30, tlv.encode(0xA1, tlv.encode(0x30, b"")))), 3),
        (entry(tlv.encode(0x30, tlv.encode(0xA0, b""))), 3),
        (entry(PAIR, defects=(tlv.encode(0x30, b""),)), 1),
        (entry(PAIR, defects=(tlv.encode(0xA0, b""),)), 2),
        (entry(PAIR, defects=(known("1.1", tlv.encode(0x0A, b"")),)), 1),
        (entry(PAIR, defects=(known("2.6", tlv.encode(0x31, tlv.encode(0x30, b""))),)), 1),
        (entry(PAIR, defects=(known("1.2", tlv.encode(0x04, b"no certificate")),)), 1),
        (entry(PAIR, defects=(known("2.4"),)), 1),
    ],
)
def test_an_entry_that_is_malformed_is_told_and_not_used(content: bytes, version: int) -> None:
    found = parse_defect_list(listed(content, version=version))
    assert found.defects == ()
    assert len(found.unusable) == 1


def test_a_list_without_its_signer_s_certificate_is_refused() -> None:
    content = AUTHORITY.signed_list(DEFECT_LIST, listed(), signer=AUTHORITY.list_signer(None))
    certificate = encoded(AUTHORITY.list_signer(None))
    at = content.index(certificate)
    swapped = content[:at] + b"\x31" + content[at + 1 :]
    with pytest.raises(MalformedChipData, match="without its signer"):
        parse_defect_list(swapped)


# Deviations ---------------------------------------------------------------------------------------------------------


def deviations(documents: bytes, *, algorithm: bytes = b"", described: bytes = b"") -> bytes:
    text = tlv.encode(0x0C, b"why")
    description = described or tlv.encode(0x30, text, asn1.encode_oid(f"{DEVIATION_LIST}.2.4"))
    one = tlv.encode(0x30, tlv.encode(0x30, documents), tlv.encode(0x31, description))
    return tlv.encode(0x30, asn1.encode_integer(0), algorithm, tlv.encode(0x31, one))


@pytest.mark.parametrize(
    "criterion",
    [
        tlv.encode(0xA1, PAIR_INSIDE),
        tlv.encode(0x82, CERTIFICATE.key_id),
        tlv.encode(0x83, hashlib.sha256(CERTIFICATE.raw).digest()),
    ],
)
def test_each_way_to_name_a_signer_is_understood(criterion: bytes) -> None:
    content = deviations(criterion, algorithm=tlv.encode(0x30, SHA256))
    (defect,) = parse_defect_list(content).defects
    assert defect.covers(DocumentFacts(certificate=CERTIFICATE)) is True
    assert defect.covers(DocumentFacts(certificate=OTHER)) is False


@pytest.mark.parametrize(
    "criterion",
    [
        tlv.encode(0xA1, NAME),
        tlv.encode(0x83, bytes(32)),
        tlv.encode(0x82, b"key") + tlv.encode(0xA4, tlv.encode(0x18, b"20260101000000Z")),
        tlv.encode(0x99, b"x"),
    ],
    ids=["half a name", "a digest of no algorithm", "half a period", "an unknown criterion"],
)
def test_a_criterion_that_is_malformed_is_told_and_not_used(criterion: bytes) -> None:
    algorithm = b"" if criterion[0] == 0x83 else tlv.encode(0x30, SHA256)
    found = parse_defect_list(
        tlv.encode(
            0x30,
            asn1.encode_integer(0),
            algorithm or tlv.encode(0x30, asn1.encode_oid("1.2.3")),
            tlv.encode(0x31, tlv.encode(0x30, tlv.encode(0x30, criterion), tlv.encode(0x31))),
        )
    )
    assert found.defects == ()
    assert len(found.unusable) == 1


def test_a_security_object_is_no_list_of_defects() -> None:
    with pytest.raises(ChipFault):
        parse_defect_list(passport().files["EF.SOD"])


# Which object a defect concerns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content_type", "expected"),
    [
        (DefectKind.SECURITY_OBJECT_INVALID, LDS_SECURITY_OBJECT, CheckResult.UNDETERMINED),
        (DefectKind.SECURITY_OBJECT_INVALID, CARD_SECURITY_OBJECT, CheckResult.FAILED),
        (DefectKind.CARD_SECURITY_MALFORMED, LDS_SECURITY_OBJECT, CheckResult.FAILED),
        (DefectKind.CARD_SECURITY_MALFORMED, CARD_SECURITY_OBJECT, CheckResult.UNDETERMINED),
    ],
)
def test_a_defect_of_one_security_object_does_not_excuse_the_other(
    kind: DefectKind, content_type: str, expected: CheckResult
) -> None:
    check = ChipCheck("5.6.4.2.2", "security-object-signature", CheckResult.FAILED, "the signature is not the signer's")
    trust = ChipCheck("5.6.4.3.3", "signer-trust", CheckResult.FAILED, "x")
    found = settled([check, trust], [Defect(kind, (), "a list")], content_type)
    assert [one.result for one in found] == [expected, CheckResult.FAILED]


def test_the_day_is_that_of_the_signature() -> None:
    content = AUTHORITY.signed_list(DEFECT_LIST, listed(), signer=AUTHORITY.list_signer(None))
    signed_at = parse_defect_list(content).signed_at
    assert signed_at is not None
    assert signed_at.date() == DAY
