"""Signers, security objects and headers of pictures that break their form: each deviation is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.asn1_pieces import DS, FILES, oid
from fakes.chip_material import AUTHORITY

from inspection_station.documents.emrtd import asn1, signatures, tlv
from inspection_station.documents.emrtd.biometric_headers import check_biometric_headers
from inspection_station.documents.emrtd.certificates import Certificate, parse_certificate
from inspection_station.documents.emrtd.common_data import listed_groups
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.finger_images import Compression
from inspection_station.documents.emrtd.security_object_form import check_security_object_form
from inspection_station.documents.emrtd.signatures import Algorithm
from inspection_station.documents.emrtd.signer_form import check_signer_form
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.virtual_chip.finger_record import FingerEntry, data_group_3

OK, FAILED, UNKNOWN = CheckResult.SUCCESSFUL, CheckResult.FAILED, CheckResult.UNDETERMINED


# Form of the signer -------------------------------------------------------------------------------------------------


def remade(*, without: str | None = None, **parts: bytes) -> Certificate:
    """The signer with parts of its certificate replaced; the signature no longer holds, its form is looked at."""
    fields = list(tlv.only(DS.tbs, 0x30).children())
    raw = [field.raw for field in fields]
    places = {"version": 0, "serial": 1, "algorithm": 2, "issuer": 3, "validity": 4, "subject": 5, "key": 6}
    for name, content in parts.items():
        if name in places:
            raw[places[name]] = content
    extensions = [one.raw for one in tlv.only(fields[7].value, 0x30).children()]
    if without is not None:
        extensions = [one for one in extensions if oid(without) not in one]
    if "extensions" in parts:
        extensions.append(parts["extensions"])
    raw[7] = tlv.encode(0xA3, tlv.encode(0x30, *extensions))
    if "unique" in parts:
        raw.insert(7, parts["unique"])
    outer = list(tlv.only(DS.raw, 0x30).children())
    algorithm = parts.get("algorithm", outer[1].raw)
    return parse_certificate(tlv.encode(0x30, tlv.encode(0x30, *raw), algorithm, outer[2].raw))


KEY_USAGE, AUTHORITY_KEY = "2.5.29.15", "2.5.29.35"


def extension(name: str, value: bytes, *, critical: bool = False) -> bytes:
    return tlv.encode(0x30, oid(name), b"\x01\x01\xff" if critical else b"", tlv.encode(0x04, value))


TIMES = tlv.encode(0x30, tlv.encode(asn1.GENERALIZED_TIME, b"20250101000000Z"), tlv.encode(0x17, b"490101000000Z"))
LATE = tlv.encode(0x30, tlv.encode(0x17, b"250101000000Z"), tlv.encode(asn1.GENERALIZED_TIME, b"20510101000000Z"))


@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        (remade(version=tlv.encode(0xA0, asn1.encode_integer(1))), "not of version 3"),
        (remade(serial=asn1.encode_integer(-5)), "not positive"),
        (remade(validity=TIMES), "a time that is not written"),
        (remade(issuer=tlv.encode(0x30)), "no country"),
        (remade(without=KEY_USAGE), "does not say what its key is for"),
        (
            remade(without=KEY_USAGE, extensions=extension(KEY_USAGE, b"\x03\x02\x07\x80")),
            "without making that critical",
        ),
        (
            remade(without=KEY_USAGE, extensions=extension(KEY_USAGE, b"\x03\x02\x01\x06", critical=True)),
            "not for signatures",
        ),
        (remade(without=AUTHORITY_KEY), "does not name its issuer's key"),
        (
            remade(
                without=AUTHORITY_KEY, extensions=extension(AUTHORITY_KEY, tlv.encode(0x30, tlv.encode(0x82, b"\5")))
            ),
            "without the issuer's key",
        ),
        (replace(DS, tbs=b"\x30\x03\x02\x01\x05"), "malformed"),
        (replace(DS, algorithm=Algorithm("1.2.840.113549.1.1.4", None)), "two different signature algorithms"),
    ],
)
def test_a_signer_that_breaks_its_form_is_named_for_it(certificate: Certificate, told: str) -> None:
    check = check_signer_form(certificate, None)
    assert check.result is FAILED
    assert told in check.evidence


def test_a_signer_that_keeps_its_form_and_one_of_another_issuer() -> None:
    assert check_signer_form(DS, None).result is OK
    assert check_signer_form(remade(validity=LATE), None).result is OK
    assert check_signer_form(remade(unique=tlv.encode(0x81, b"\0\5")), None).result is OK
    root = AUTHORITY.trust_store().anchors[0]
    assert check_signer_form(DS, root).result is OK
    assert "another name" in check_signer_form(DS, replace(root, subject=replace(root.subject, attributes=()))).evidence


def test_an_algorithm_that_doc_9303_never_allowed_is_named() -> None:
    (forbidden, *_) = sorted(signatures.FORBIDDEN)
    found = check_signer_form(remade(algorithm=tlv.encode(0x30, oid(forbidden))), None)
    assert "never allowed" in found.evidence


# Form of the security object ----------------------------------------------------------------------------------------


def object_with(swap: tuple[bytes, bytes]) -> bytes:
    """EF.SOD with bytes exchanged for as many others."""
    before, after = swap
    assert len(before) == len(after)
    assert FILES["EF.SOD"].count(before) >= 1
    return FILES["EF.SOD"].replace(before, after, 1)


LDS_OBJECT = tlv.encode(0x06, bytes.fromhex("678108010101"))
SHA256 = oid(signatures.DIGEST_OIDS["sha256"])
SHA512 = oid(signatures.DIGEST_OIDS["sha512"])


def rebuilt(**changes: bytes) -> bytes:
    """EF.SOD taken apart to its SignedData and put together again with parts replaced."""
    info = tlv.only(tlv.only(FILES["EF.SOD"], 0x77).value, 0x30)
    kind, wrapped = info.children()
    version, digests, content, certificates, signers = tlv.only(wrapped.value, 0x30).children()
    parts = {
        "version": version.raw,
        "digests": digests.raw,
        "content": content.raw,
        "certificates": certificates.raw,
        "lists": b"",
        "signers": signers.raw,
    } | changes
    body = tlv.encode(0x30, *parts.values())
    return tlv.encode(0x77, tlv.encode(0x30, kind.raw, tlv.encode(0xA0, body)))


def signer_with(**changes: bytes) -> bytes:
    info = tlv.only(tlv.only(FILES["EF.SOD"], 0x77).value, 0x30)
    signers = list(tlv.only(list(info.children())[1].value, 0x30).children())[-1]
    (one,) = signers.children()
    names = ("version", "identifier", "digest", "attributes", "algorithm", "signature")
    parts = dict(zip(names, (field.raw for field in one.children()), strict=True)) | changes
    return tlv.encode(0x31, tlv.encode(0x30, *parts.values()))


def lds_object(version: int, told: bytes = b"") -> bytes:
    hashes = tlv.encode(0x30, tlv.encode(0x30, asn1.encode_integer(1), tlv.encode(0x04, bytes(32))))
    content = tlv.encode(0x30, asn1.encode_integer(version), tlv.encode(0x30, SHA256), hashes, told)
    return tlv.encode(0x30, LDS_OBJECT, tlv.encode(0xA0, tlv.encode(0x04, content)))


def versions(lds: bytes) -> bytes:
    return tlv.encode(0x30, tlv.encode(0x13, lds), tlv.encode(0x13, b"040000"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (rebuilt(version=asn1.encode_integer(1)), "another version than 3"),
        (rebuilt(signers=signer_with(version=asn1.encode_integer(3))), "a signer of version 3"),
        (rebuilt(signers=signer_with(identifier=tlv.encode(0x80, b"\5"))), "a signer of version 1"),
        (rebuilt(signers=signer_with(digest=tlv.encode(0x30, SHA512))), "do not announce"),
        (rebuilt(signers=signer_with(attributes=b"")), "without signed attributes"),
        (rebuilt(signers=signer_with(identifier=tlv.encode(0x80, b"\5"))), "none of those whose certificates"),
        (rebuilt(certificates=tlv.encode(0xA0, b"\x30\x03\x02\x01\x05")), "a certificate that breaks its format"),
        (rebuilt(content=lds_object(1)), "version 1 without the LDS version"),
        (rebuilt(content=lds_object(0, versions(b"0107"))), "version 0 with an LDS version"),
        (rebuilt(content=lds_object(1, versions(b"0107"))), "version 1 with the LDS version 0107"),
        (b"\x77\x02\x30\x00", "malformed"),
    ],
)
def test_a_security_object_that_breaks_its_form_is_named_for_it(content: bytes, told: str) -> None:
    check = check_security_object_form(content)
    assert check.result is FAILED
    assert told in check.evidence


@pytest.mark.parametrize(
    "content",
    [
        FILES["EF.SOD"],
        tlv.only(FILES["EF.SOD"], 0x77).value,  # without its frame, as some copies have it
        rebuilt(content=lds_object(1, versions(b"0108"))),
        rebuilt(certificates=b""),
        rebuilt(lists=tlv.encode(0xA1, b"")),
    ],
)
def test_security_objects_of_both_versions_keep_their_form(content: bytes) -> None:
    assert check_security_object_form(content).result is OK


def test_a_signed_attribute_with_two_values_is_malformed() -> None:
    attribute = tlv.encode(0x30, oid("1.2.840.113549.1.9.4"), tlv.encode(0x31, b"\x04\x00", b"\x04\x01\x00"))
    check = check_security_object_form(rebuilt(signers=signer_with(attributes=tlv.encode(0xA0, attribute))))
    assert "does not have one value" in check.evidence


def test_a_security_object_of_a_digest_that_is_not_spoken_is_left_open() -> None:
    digests = tlv.encode(0x31, tlv.encode(0x30, oid("1.2.3.4")))
    assert check_security_object_form(rebuilt(digests=digests)).result is UNKNOWN


# Headers of biometric groups ----------------------------------------------------------------------------------------

DG2 = FILES["DG2"]
FINGER = FingerEntry(2, 1, 1, b"\xff\xa0", Compression.WSQ)


def group_2(*templates: bytes, count: int | None = None) -> bytes:
    number = len(templates) if count is None else count
    return tlv.encode(0x75, tlv.encode(0x7F61, tlv.encode(0x02, bytes([number])), *templates))


def header(*fields: bytes) -> bytes:
    return tlv.encode(0xA1, *fields)


OWNER, FORMAT = tlv.encode(0x87, b"\1\1"), tlv.encode(0x88, b"\0\x08")


def record(body: bytes = b"", kind: bytes = b"FAC\x00010\x00", length: int | None = None) -> bytes:
    size = 12 + len(body) if length is None else length
    return tlv.encode(0x5F2E, kind + size.to_bytes(4, "big") + body)


def template(*parts: bytes) -> bytes:
    return tlv.encode(0x7F60, *parts)


SOUND = header(OWNER, FORMAT)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (group_2(template(SOUND, record()), count=2), "not as many pictures"),
        (group_2(template(record())), "without header"),
        (group_2(template(SOUND)), "a header without picture"),
        (group_2(template(header(FORMAT), record())), "no known owner"),
        (group_2(template(header(OWNER), record())), "in no format"),
        (group_2(template(header(OWNER, tlv.encode(0x88, b"\0\7")), record())), "another format than its record"),
        (group_2(template(header(OWNER, FORMAT, tlv.encode(0x81, b"\x08")), record())), "another biometric type"),
        (group_2(template(SOUND, record(kind=b"FIR\x00010\x00"))), "another kind or version"),
        (group_2(template(SOUND, record(length=7))), "another length"),
    ],
)
def test_what_is_wrong_before_a_portrait_is_named(content: bytes, told: str) -> None:
    check = check_biometric_headers(2, content)
    assert check is not None
    assert check.result is FAILED
    assert told in check.evidence


def fingers(subtype: bytes) -> bytes:
    """DG3 whose header says another finger."""
    return data_group_3([FINGER]).replace(tlv.encode(0x82, b"\x09"), subtype, 1)


def with_shorter(content: bytes) -> bytes:
    """The same finger without a word on which it is."""
    group = tlv.only(content, 0x63).child(0x7F61)
    count, one = group.children()
    head, data = one.children()
    kept = [field.raw for field in head.children() if field.tag != 0x82]
    inner = tlv.encode(0x7F60, tlv.encode(0xA1, *kept), data.raw)
    return tlv.encode(0x63, tlv.encode(0x7F61, count.raw, inner))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (with_shorter(data_group_3([FINGER])), "does not say of what"),
        (fingers(tlv.encode(0x82, b"\x08")), "no such part"),  # neither hand
        (fingers(tlv.encode(0x82, b"\x1d")), "no such part"),  # a seventh finger
        (fingers(tlv.encode(0x82, b"\x29")), "no such part"),
    ],
)
def test_what_is_wrong_before_a_finger_is_named(content: bytes, told: str) -> None:
    check = check_biometric_headers(3, content)
    assert check is not None
    assert check.result is FAILED
    assert told in check.evidence


def test_sound_headers_and_groups_that_have_none() -> None:
    sound = [check_biometric_headers(2, DG2), check_biometric_headers(3, data_group_3([FINGER]))]
    assert [check.result for check in sound if check is not None] == [OK, OK]
    tagged = group_2(template(SOUND, tlv.encode(0x7F2E, b"")))
    check = check_biometric_headers(2, tagged)
    assert check is not None
    assert check.result is OK
    assert check_biometric_headers(1, FILES["DG1"]) is None
    assert check_biometric_headers(2, b"\x75\x05") is None


def test_a_list_of_groups_with_a_tag_of_none_is_malformed() -> None:
    with pytest.raises(MalformedChipData, match="the tag 7A"):
        listed_groups(tlv.encode(0x60, tlv.encode(0x5C, b"\x61\x7a")))
