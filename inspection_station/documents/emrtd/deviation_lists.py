"""The content of a deviation list: what a state says is wrong with documents it issued (Doc 9303 part 12 §10, part 3
§7).
"""

from __future__ import annotations

from datetime import date

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import parse_name
from inspection_station.documents.emrtd.defects import Defect, DefectKind, IssueScope, Scope, SignerScope
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.documents.emrtd.signatures import DIGESTS, Algorithm

DEVIATION_LIST = "2.23.136.1.1.7"
DEVIATION_SIGNER = "2.23.136.1.1.8"
MAX_NUMBERS = 2_000_000
_GROUP_OF_SOD, _GROUP_OF_COM = 20, 21
_KINDS = {
    f"{DEVIATION_LIST}.1.1": DefectKind.CERTIFICATE_MALFORMED,
    f"{DEVIATION_LIST}.1.2": DefectKind.CERTIFICATE_MALFORMED,
    f"{DEVIATION_LIST}.1.3": DefectKind.CERTIFICATE_MALFORMED,
    f"{DEVIATION_LIST}.1.4": DefectKind.ACTIVE_KEYS_COMPROMISED,
    f"{DEVIATION_LIST}.2.1": DefectKind.GROUP_MALFORMED,
    f"{DEVIATION_LIST}.2.2": DefectKind.GROUP_HASH_WRONG,
    f"{DEVIATION_LIST}.2.3": DefectKind.SECURITY_OBJECT_INVALID,
    f"{DEVIATION_LIST}.2.4": DefectKind.COMMON_DATA_WRONG,
    f"{DEVIATION_LIST}.3": DefectKind.PRINTED_ZONE_WRONG,
    f"{DEVIATION_LIST}.3.1": DefectKind.PRINTED_ZONE_WRONG,
    f"{DEVIATION_LIST}.3.2": DefectKind.CHECK_DIGIT_WRONG,
}
_OF_GROUPS = (DefectKind.GROUP_MALFORMED, DefectKind.GROUP_HASH_WRONG)


def parse_deviations(content: bytes, source: str, country: str | None) -> tuple[list[Defect], list[str]]:
    """Defects of the documents of ``country``, and why for each entry that could not be used."""
    body = asn1.sequence(tlv.only(content, asn1.SEQUENCE))
    asn1.small_integer(body.take(asn1.INTEGER), 0)
    algorithm = body.optional(asn1.SEQUENCE)
    digest = DIGESTS.get(Algorithm.parse(algorithm).oid) if algorithm is not None else None
    found: list[Defect] = []
    unusable: list[str] = []
    for number, element in enumerate(body.take(asn1.SET).children(), 1):
        try:
            found.extend(_deviation(element, source, country, digest))
        except ChipFault as fault:
            unusable.append(f"entry {number}: {fault.detail}")
    return found, unusable


def _deviation(element: tlv.Element, source: str, country: str | None, digest: str | None) -> list[Defect]:
    body = asn1.sequence(element)
    scopes = _documents(body.take(asn1.SEQUENCE), country, digest)
    return [_description(one, scopes, source) for one in body.take(asn1.SET).children()]


def _documents(element: tlv.Element, country: str | None, digest: str | None) -> tuple[Scope, ...]:
    """Every criterion has to fit (§10); none at all would mean every document of the state."""
    code: str | None = None
    issued: tuple[date, date] | None = None
    numbers: frozenset[str] | None = None
    signer: SignerScope | None = None
    for field in element.children():
        match field.tag:
            case 0x80:
                code = field.value.decode("ascii", "replace").strip("< ").upper()
            case 0xA1:
                inside = list(field.children())
                if len(inside) != 2:
                    raise MalformedChipData("a signer without issuer and serial number")
                signer = SignerScope(issuer=parse_name(inside[0]), serial=asn1.integer(inside[1]))
            case 0x82:
                signer = SignerScope(key_id=field.value)
            case 0x83:
                if digest is None:
                    raise MalformedChipData("a digest of a certificate without its algorithm")
                signer = SignerScope(digest=field.value, digest_algorithm=digest)
            case 0xA4:
                days = [asn1.moment(one).date() for one in field.children()]
                if len(days) != 2:
                    raise MalformedChipData("a period of issue without beginning and end")
                issued = days[0], days[1]
            case 0xA5:
                numbers = _numbers(field)
            case _:
                raise MalformedChipData(f"a criterion of unknown kind {field.tag:X}")
    if code is None and signer is None and issued is None and numbers is None:
        raise MalformedChipData("a deviation that names no documents")
    if country is None and signer is None:  # nobody signed the list, so only a document signer tells the state
        raise MalformedChipData("a deviation of no known state")
    issue = IssueScope(country, code, issued, numbers)
    return (issue,) if signer is None else (signer, issue)


def _numbers(field: tlv.Element) -> frozenset[str]:
    found: set[str] = set()
    for one in field.children():
        found.add(asn1.text(one).strip("< ").upper())
        if len(found) > MAX_NUMBERS:
            raise MalformedChipData(f"a deviation of more than {MAX_NUMBERS} documents")
    return frozenset(found)


def _description(element: tlv.Element, scopes: tuple[Scope, ...], source: str) -> Defect:
    body = asn1.sequence(element)
    body.optional(asn1.PRINTABLE_STRING)
    body.optional(asn1.UTF8_STRING)
    oid = asn1.oid(body.any())
    parameter = body.optional(0xA0)
    kind = _KINDS.get(oid, DefectKind.OTHER)
    if kind not in _OF_GROUPS:
        return Defect(kind, scopes, source)
    if parameter is None:
        raise MalformedChipData(f"a deviation without its data group: {kind.value[1]}")
    group = asn1.small_integer(tlv.read(parameter.value)[0], _GROUP_OF_COM)
    if group == _GROUP_OF_SOD:
        return Defect(DefectKind.SECURITY_OBJECT_INVALID, scopes, source)
    if group == _GROUP_OF_COM:
        return Defect(DefectKind.COMMON_DATA_WRONG, scopes, source)
    return Defect(kind, scopes, source, groups=frozenset({group}))
