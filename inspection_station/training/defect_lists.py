"""Lists of defects as the training authority publishes them: the German kind (BSI TR-03129-2 §8) and the deviation list
of Doc 9303 part 12 §10, signed by a list signer under its root.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives import serialization

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.defect_lists import DEFECT_LIST, DEFECT_SIGNER, ENUMERATED
from inspection_station.documents.emrtd.deviation_lists import DEVIATION_LIST, DEVIATION_SIGNER
from inspection_station.documents.emrtd.signatures import DIGEST_OIDS
from inspection_station.training.issuing_authority import DocumentSigner, IssuingAuthority

_SHA256 = asn1.encode_oid(DIGEST_OIDS["sha256"])


@dataclass(frozen=True, slots=True)
class PublishedDefect:
    """One defect: the last arcs of its identifier («1.1» a revoked signer, «2.1» malformed groups), whom it concerns,
    and its parameter, DER.
    """

    arcs: str
    signer: DocumentSigner
    parameter: bytes = b""


@dataclass(frozen=True, slots=True)
class PublishedDeviation:
    """One deviation: the last arcs of its identifier («2.2» a wrong hash), its parameter, DER, and which documents it
    concerns.
    """

    arcs: str
    parameter: bytes = b""
    code: str | None = None
    signer: DocumentSigner | None = None
    issued: tuple[date, date] | None = None
    numbers: tuple[str, ...] = ()


def status_code(value: int) -> bytes:
    """Parameter that is a status code."""
    return tlv.encode(ENUMERATED, bytes([value]))


def data_groups(*numbers: int) -> bytes:
    """Parameter that names malformed data groups."""
    return asn1.encode_set(*(asn1.encode_integer(number) for number in numbers))


def encoded(signer: DocumentSigner) -> bytes:
    """The signer's certificate, DER."""
    return signer.certificate.public_bytes(serialization.Encoding.DER)


def issuer_and_serial(signer: DocumentSigner) -> bytes:
    """IssuerAndSerialNumber (RFC 5652 §10.2.4)."""
    name = signer.certificate.issuer.public_bytes()
    return tlv.encode(asn1.SEQUENCE, name, asn1.encode_integer(signer.certificate.serial_number))


def defect_content(defects: Sequence[PublishedDefect], *, version: int = 1) -> bytes:
    """DefectList in one of the versions 1 to 3, unsigned."""
    entries = [_defect(defect, version) for defect in defects]
    return tlv.encode(asn1.SEQUENCE, asn1.encode_integer(version - 1), _SHA256, asn1.encode_set(*entries))


def _defect(defect: PublishedDefect, version: int) -> bytes:
    oid = asn1.encode_oid(f"{DEFECT_LIST}.{defect.arcs}")
    certificate_hash = hashlib.sha256(encoded(defect.signer)).digest()
    if version == 1:
        known = tlv.encode(asn1.SEQUENCE, oid, defect.parameter)
    else:
        parameter = tlv.encode(0xA0, defect.parameter) if defect.parameter else b""
        known = tlv.encode(0xA0, oid, parameter, tlv.encode(0x81, b"as seen in training"))
    if version < 3:
        signer = issuer_and_serial(defect.signer) + tlv.encode(asn1.OCTET_STRING, certificate_hash)
    else:
        pair = tlv.encode(0xA0, tlv.read(issuer_and_serial(defect.signer))[0].value)
        signer = tlv.encode(asn1.SEQUENCE, pair, tlv.encode(0x83, certificate_hash))
    return tlv.encode(asn1.SEQUENCE, signer, tlv.encode(asn1.SET, known))


def deviation_content(deviations: Sequence[PublishedDeviation]) -> bytes:
    """DeviationList, unsigned."""
    entries = [_deviation(deviation) for deviation in deviations]
    algorithm = tlv.encode(asn1.SEQUENCE, _SHA256)
    return tlv.encode(asn1.SEQUENCE, asn1.encode_integer(0), algorithm, asn1.encode_set(*entries))


def _deviation(deviation: PublishedDeviation) -> bytes:
    documents = b"" if deviation.code is None else tlv.encode(0x80, deviation.code.ljust(2, "<").encode())
    if deviation.signer is not None:
        documents += tlv.encode(0x83, hashlib.sha256(encoded(deviation.signer)).digest())
    if deviation.issued is not None:
        days = [day.strftime("%Y%m%d000000Z").encode() for day in deviation.issued]
        documents += tlv.encode(0xA4, *(tlv.encode(asn1.GENERALIZED_TIME, day) for day in days))
    if deviation.numbers:
        numbers = [tlv.encode(asn1.PRINTABLE_STRING, number.encode()) for number in deviation.numbers]
        documents += tlv.encode(0xA5, *sorted(numbers))
    parameter = tlv.encode(0xA0, deviation.parameter) if deviation.parameter else b""
    text = tlv.encode(asn1.PRINTABLE_STRING, b"as seen in training")
    oid = asn1.encode_oid(f"{DEVIATION_LIST}.{deviation.arcs}")
    description = tlv.encode(asn1.SEQUENCE, text, oid, parameter)
    return tlv.encode(asn1.SEQUENCE, tlv.encode(asn1.SEQUENCE, documents), tlv.encode(asn1.SET, description))


def defect_list(authority: IssuingAuthority, defects: Sequence[PublishedDefect], *, version: int = 1) -> bytes:
    """A signed defect list."""
    signer = authority.list_signer(DEFECT_SIGNER)
    return authority.signed_list(DEFECT_LIST, defect_content(defects, version=version), signer=signer)


def deviation_list(authority: IssuingAuthority, deviations: Sequence[PublishedDeviation]) -> bytes:
    """A signed deviation list."""
    signer = authority.list_signer(DEVIATION_SIGNER)
    return authority.signed_list(DEVIATION_LIST, deviation_content(deviations), signer=signer)
