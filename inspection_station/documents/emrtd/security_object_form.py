"""Whether EF.SOD keeps to its form (Doc 9303 part 10 §4.6.2; RFC 5652 §5): versions that fit what they stand for,
digests that may be used, a signer who is among the certificates. What cannot be taken apart at all is refused earlier.
"""

from __future__ import annotations

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.cms import SignedData, parse_signed_data
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.signatures import Algorithm, AlgorithmUnknown
from inspection_station.inspection.chip import ChipCheck

_SIGNED_DATA_VERSION = 3
_BY_ISSUER, _BY_KEY = 1, 3
"""Versions of SignerInfo by how it names the signer (RFC 5652 §5.3)."""
_TOLD_FROM = "0108"
"""The LDS version with which version 1 came (part 10 §4.6.2.3)."""


def check_security_object_form(ef_sod: bytes) -> ChipCheck:
    """Every deviation by name (TR-03135-1 §5.8.2.2.2)."""
    check = Check.SECURITY_OBJECT_FORM
    try:
        found = _deviations(ef_sod)
    except MalformedChipData as fault:
        return check.failed(Why.MALFORMED(fault.detail))
    except AlgorithmUnknown as fault:
        return check.undetermined(Why.NOT_SPOKEN(fault.detail))
    return check.failed(Why.FORM_DEVIATES("; ".join(found))) if found else check.successful("EF.SOD has its form")


def _deviations(ef_sod: bytes) -> list[str]:
    found: list[str] = []
    encoded = tlv.to_definite(ef_sod)
    if any(ef_sod[tlv.extent(ef_sod) :]):
        found.append("bytes behind its end")
    content = encoded if encoded[:1] == b"\x30" else tlv.to_definite(tlv.only(encoded, 0x77).value)
    found.extend(_certificates(parse_signed_data(content)))
    outer = asn1.sequence(tlv.read(content)[0])
    outer.any()
    body = asn1.sequence(tlv.only(outer.take(0xA0).value, asn1.SEQUENCE))
    if asn1.integer(body.take(asn1.INTEGER)) != _SIGNED_DATA_VERSION:
        found.append(f"signed data of another version than {_SIGNED_DATA_VERSION}")
    announced = {Algorithm.parse(one).digest for one in body.take(asn1.SET).children()}
    encapsulated = asn1.sequence(body.take(asn1.SEQUENCE))
    encapsulated.any()
    signed = asn1.octets(tlv.read(encapsulated.take(0xA0).value)[0])
    while body.peek() in (0xA0, 0xA1):
        body.any()
    for signer in body.take(asn1.SET).children():
        found.extend(_signer(signer, announced))
    return found + _versions(tlv.only(signed, asn1.SEQUENCE))


def _certificates(signed: SignedData) -> list[str]:
    if signed.unreadable:
        return ["a certificate that breaks its format"]
    if signed.certificates and not any(s.names(c) for s in signed.signers for c in signed.certificates):
        return ["a signer who is none of those whose certificates it carries"]
    return []


def _signer(element: tlv.Element, announced: set[str]) -> list[str]:
    info = asn1.sequence(element)
    version, identifier = asn1.integer(info.take(asn1.INTEGER)), info.any()
    found = []
    if version != (_BY_ISSUER if identifier.tag == asn1.SEQUENCE else _BY_KEY):
        found.append(f"a signer of version {version}, which names the signer in another way")
    if Algorithm.parse(info.take(asn1.SEQUENCE)).digest not in announced:
        found.append("a signer's digest that the signed data do not announce")
    if info.peek() != 0xA0:
        found.append("a signer without signed attributes")
    return found


def _versions(security_object: tlv.Element) -> list[str]:
    """Version 0 tells no LDS version, version 1 does: then it stands in EF.SOD and cannot be changed (§4.6.2.3)."""
    body = asn1.sequence(security_object)
    version = asn1.integer(body.take(asn1.INTEGER))
    body.take(asn1.SEQUENCE)
    body.take(asn1.SEQUENCE)
    told = body.optional(asn1.SEQUENCE)
    if told is None:
        return ["version 1 without the LDS version that it should tell"] if version else []
    if not version:
        return ["version 0 with an LDS version that it cannot tell"]
    lds_version = asn1.text(asn1.sequence(told).any())
    return [f"version 1 with the LDS version {lds_version}"] if lds_version < _TOLD_FROM else []
