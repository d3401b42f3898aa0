"""Signed lists of known defects: the German defect list (BSI TR-03129-2 §8, versions 1 to 3) and the deviation list of
Doc 9303 part 12 §10, both as signed data.

A signature that does not hold refuses the list; whether its signer may speak is the trust store's affair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import COUNTRY, Certificate, parse_certificate, parse_name
from inspection_station.documents.emrtd.cms import (
    SIGNED_DATA,
    SignedData,
    parse_signed_data,
    parse_signer_identifier,
    verify_signer,
)
from inspection_station.documents.emrtd.defects import AuthorityScope, Defect, DefectKind, Scope, SignerScope
from inspection_station.documents.emrtd.deviation_lists import DEVIATION_LIST, DEVIATION_SIGNER, parse_deviations
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.documents.emrtd.signatures import DIGESTS, Algorithm, AlgorithmUnknown

DEFECT_LIST = "0.4.0.127.0.7.3.1.5"
DEFECT_SIGNER = "0.4.0.127.0.7.3.11.2.1.2"
ENUMERATED = 0x0A
_REPLACED, _MALFORMED_GROUPS = f"{DEFECT_LIST}.1.2", f"{DEFECT_LIST}.2.1"
_WRONG_SIGNER, _WRONG_COUNTRY, _WRONG_NAME = (f"{DEFECT_LIST}.2.{arc}" for arc in (4, 5, 6))
_CERTIFICATE_MALFORMED = f"{DEFECT_LIST}.4.6"
_OTHER_APPLICATION, _DOCUMENT = f"{DEFECT_LIST}.3", f"{DEFECT_LIST}.4"
_KINDS = {
    f"{DEFECT_LIST}.1.1": DefectKind.SIGNER_REVOKED,
    _REPLACED: DefectKind.SIGNER_REPLACED,
    f"{DEFECT_LIST}.1.3": DefectKind.CHIP_KEYS_COMPROMISED,
    f"{DEFECT_LIST}.1.4": DefectKind.ACTIVE_KEYS_COMPROMISED,
    f"{DEFECT_LIST}.1.5": DefectKind.PROTOCOL_FAILURE,
    f"{DEFECT_LIST}.1.6": DefectKind.VALIDITY_WRONG,
    _MALFORMED_GROUPS: DefectKind.GROUP_MALFORMED,
    f"{DEFECT_LIST}.2.2": DefectKind.SECURITY_OBJECT_INVALID,
    f"{DEFECT_LIST}.2.3": DefectKind.COMMON_DATA_WRONG,
    _WRONG_SIGNER: DefectKind.SIGNER_IDENTIFIER_WRONG,
    _WRONG_COUNTRY: DefectKind.COUNTRY_WRONG,
    _WRONG_NAME: DefectKind.COUNTRY_WRONG,
    f"{DEFECT_LIST}.4.1": DefectKind.CARD_SECURITY_MALFORMED,
    f"{DEFECT_LIST}.4.2": DefectKind.CHIP_SECURITY_MALFORMED,
    f"{DEFECT_LIST}.4.3": DefectKind.POWER_DOWN_NEEDED,
    f"{DEFECT_LIST}.4.4": DefectKind.CERTIFICATE_MALFORMED,
    _CERTIFICATE_MALFORMED: DefectKind.CERTIFICATE_MALFORMED,
}
_NEEDS_CODE = (DefectKind.SIGNER_REVOKED, DefectKind.PROTOCOL_FAILURE, DefectKind.VALIDITY_WRONG)


@dataclass(frozen=True, slots=True)
class DefectList:
    """A list that is whole. ``signer`` is None where nobody signed it; ``own_usage`` is the extended key usage that its
    signer has to carry; ``unusable`` says why for each entry left out.
    """

    kind: str
    defects: tuple[Defect, ...]
    signer: Certificate | None
    carried: tuple[Certificate, ...]
    signed_at: datetime | None
    own_usage: str
    unusable: tuple[str, ...]
    sha256: str

    @property
    def may_be_signed_so(self) -> bool:
        """Whether the signer's certificate is made for such lists."""
        return self.signer is not None and self.own_usage in self.signer.usages


def parse_defect_list(data: bytes) -> DefectList:
    """Either list; MalformedChipData when it is none or its signature does not hold, AlgorithmUnknown where that cannot
    be told. Without signature its content is taken as it stands.
    """
    outer = asn1.sequence(tlv.read(tlv.to_definite(data))[0])
    first = outer.any()
    if first.tag == asn1.OID and asn1.oid(first) == SIGNED_DATA:
        signed = parse_signed_data(data)
        return _list(signed.content_type, signed.content, signed, data)
    if first.tag != asn1.INTEGER:
        raise MalformedChipData("no list of defects")
    kind = DEFECT_LIST if outer.any().tag == asn1.OID else DEVIATION_LIST
    return _list(kind, data, SignedData(kind, data, (), ()), data)


def _list(kind: str, content: bytes, signed: SignedData, raw: bytes) -> DefectList:
    parsers: dict[str, tuple[str, str, Callable[[bytes, str], tuple[list[Defect], list[str]]]]] = {
        DEFECT_LIST: ("defect list", DEFECT_SIGNER, _parse_defects),
        DEVIATION_LIST: ("deviation list", DEVIATION_SIGNER, _parse_own_deviations(signed)),
    }
    if kind not in parsers:
        raise MalformedChipData("signed data of another kind than a list of defects")
    name, usage, parse = parsers[kind]
    signer, signed_at = _verified(signed, name)
    country = (signer.subject.country if signer is not None else None) or "unknown origin"
    source = f"the {name} of {country}" + (f", {signed_at:%Y-%m-%d}" if signed_at is not None else "")
    defects, unusable = parse(content, source)
    return DefectList(
        name,
        tuple(defects),
        signer,
        signed.certificates,
        signed_at,
        usage,
        tuple(unusable),
        hashlib.sha256(raw).hexdigest(),
    )


def _verified(signed: SignedData, name: str) -> tuple[Certificate | None, datetime | None]:
    """The signer whose signature holds, and when it signed; None where nobody signed."""
    if not signed.signers:
        return None, None
    info, certificate = next(
        ((s, c) for s in signed.signers for c in signed.certificates if s.names(c)), (signed.signers[0], None)
    )
    if certificate is None:
        raise MalformedChipData(f"a {name} without its signer's certificate")
    verdict = verify_signer(signed, info, certificate)
    if not verdict.holds:
        raise MalformedChipData(f"a {name} whose signature does not hold: {verdict.evidence}")
    return certificate, info.signing_time


def _parse_own_deviations(signed: SignedData) -> Callable[[bytes, str], tuple[list[Defect], list[str]]]:
    """A state speaks of its own documents only: its country is the signer's."""
    countries = [c.subject.country for s in signed.signers for c in signed.certificates if s.names(c)]
    country = countries[0] if countries else None
    return lambda content, source: parse_deviations(content, source, country)


def _parse_defects(content: bytes, source: str) -> tuple[list[Defect], list[str]]:
    body = asn1.sequence(tlv.only(content, asn1.SEQUENCE))
    version = asn1.small_integer(body.take(asn1.INTEGER), 2)
    algorithm = body.any()
    oid = asn1.oid(algorithm) if algorithm.tag == asn1.OID else Algorithm.parse(algorithm).oid
    if oid not in DIGESTS:
        raise AlgorithmUnknown(f"digest algorithm {oid}")
    found: list[Defect] = []
    unusable: list[str] = []
    for number, element in enumerate(body.take(asn1.SET).children(), 1):
        try:
            found.extend(_entry(element, version, DIGESTS[oid], source))
        except ChipFault as fault:
            unusable.append(f"entry {number}: {fault.detail}")
    return found, unusable


def _entry(element: tlv.Element, version: int, digest: str, source: str) -> list[Defect]:
    body = asn1.sequence(element)
    scopes: list[Scope] = []
    before: list[tlv.Element] = []
    while not body.at_end and body.peek() != asn1.SET:
        before.append(body.any())
    if version < 2:
        identifier = parse_signer_identifier(before[0]) if before else None
        hashed = asn1.octets(before[1]) if len(before) > 1 else None
        if identifier is None:
            raise MalformedChipData("a defect that names no signer")
        scopes.append(SignerScope(hashed, digest, identifier.key_id, identifier.issuer, identifier.serial))
    else:
        scopes.extend(_reference(one, digest) for one in before)
    if not scopes:
        raise MalformedChipData("a defect that names no certificate")
    # A reference to the signer and one to its authority are alternatives (§8.1.1).
    known = [_known(one, source) for one in body.take(asn1.SET).children()]
    return [
        defect for each in known if each is not None for defect in (replace(each, scopes=(scope,)) for scope in scopes)
    ]


def _reference(element: tlv.Element, digest: str) -> Scope:
    """SignerCertificateReference or CaCertificateReference. Both are sequences of tagged fields that may be absent, so
    the fields' own shapes tell them apart.
    """
    fields = {one.tag & 0x1F: one for one in element.children()}
    name, serial, signer_key, authority_key = None, None, None, None
    if 0 in fields:
        inside = list(fields[0].children())
        if len(inside) == 1:
            children = list(inside[0].children())
            named = len(children) == 2 and children[1].tag == asn1.INTEGER
            inside = children if named else inside
        if not inside:
            raise MalformedChipData("a reference to a certificate that names none")
        name = parse_name(inside[0])
        serial = asn1.integer(inside[1]) if len(inside) > 1 else None
    if 1 in fields:
        key, authority = _key_identifier(fields[1])
        signer_key, authority_key = (None, key) if authority else (key, None)
    digest_value = _octets(fields[3]) if 3 in fields else None
    if authority_key is not None or (name is not None and serial is None):
        return AuthorityScope(authority_key, name)
    if signer_key is None and digest_value is None and serial is None:
        raise MalformedChipData("a reference to a certificate that names none")
    return SignerScope(digest_value, digest, signer_key, name, serial)


def _key_identifier(element: tlv.Element) -> tuple[bytes, bool]:
    """A key identifier, and whether it stands as an authority's."""
    if not element.constructed:
        return element.value, False
    first = next(element.children(), None)
    if first is not None and first.tag == asn1.SEQUENCE:
        first = next(first.children(), None)
    if first is None or first.tag not in (0x80, asn1.OCTET_STRING):
        raise MalformedChipData("a key identifier that is none")
    return first.value, first.tag == 0x80


def _octets(element: tlv.Element) -> bytes:
    return tlv.only(element.value, asn1.OCTET_STRING).value if element.constructed else element.value


def _known(element: tlv.Element, source: str) -> Defect | None:
    """KnownDefect or KnownDefectV2; None for one of an application that is not read here."""
    if element.tag == 0xA0:
        inside = list(element.children())
        fields = list(inside[0].children()) if len(inside) == 1 and inside[0].tag == asn1.SEQUENCE else inside
        parameter = next((tlv.read(one.value)[0] for one in fields[1:] if one.tag == 0xA0), None)
    else:
        asn1.sequence(element)
        fields = list(element.children())
        parameter = fields[1] if len(fields) > 1 else None
    if not fields:
        raise MalformedChipData("a defect without its type")
    oid = asn1.oid(fields[0])
    if oid.startswith(_OTHER_APPLICATION + "."):
        return None
    kind = _KINDS.get(oid, DefectKind.DOCUMENT_UNUSABLE if oid.startswith(_DOCUMENT + ".") else DefectKind.OTHER)
    return _with_parameter(oid, kind, parameter, source)


def _with_parameter(oid: str, kind: DefectKind, parameter: tlv.Element | None, source: str) -> Defect:
    if parameter is None:
        if kind in _NEEDS_CODE or oid in (_REPLACED, _MALFORMED_GROUPS, _WRONG_SIGNER, _WRONG_COUNTRY, _WRONG_NAME):
            raise MalformedChipData(f"a defect without its parameter: {kind.value[1]}")
        return Defect(kind, (), source)
    if oid == _REPLACED:
        return Defect(kind, (), source, replacement=parse_certificate(asn1.octets(parameter)))
    if oid == _MALFORMED_GROUPS:
        groups = frozenset(asn1.small_integer(one, 16) for one in parameter.children())
        return Defect(kind, (), source, groups=groups)
    if oid == _WRONG_SIGNER:
        return Defect(kind, (), source, corrected=parse_signer_identifier(parameter))
    if oid == _WRONG_COUNTRY:
        return Defect(kind, (), source, country=asn1.text(parameter).upper())
    if oid == _WRONG_NAME:
        country = _corrected_country(parameter)
        return Defect(kind if country else DefectKind.OTHER, (), source, country=country)
    if oid == _CERTIFICATE_MALFORMED:
        return Defect(kind, (), source, _enumerated(asn1.sequence(parameter).any()))
    return Defect(kind, (), source, _enumerated(parameter) if parameter.tag == ENUMERATED else None)


def _corrected_country(parameter: tlv.Element) -> str | None:
    """From DistinguishedNameDefectInformation: the issuer's country, where that is what is wrong."""
    for part in parameter.children():
        fields = list(part.children())
        if len(fields) < 3:
            raise MalformedChipData("a correction of a name that is none")
        if _enumerated(fields[0]) == 0 and asn1.oid(fields[1]) == COUNTRY:
            return asn1.text(tlv.read(fields[-1].value)[0]).upper()
    return None


def _enumerated(element: tlv.Element) -> int:
    if element.tag != ENUMERATED or not 0 < len(element.value) <= 4:
        raise MalformedChipData("a status code that is none")
    return int.from_bytes(element.value, "big", signed=True)
