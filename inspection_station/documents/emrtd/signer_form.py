"""Whether a document signer's certificate keeps to its form (Doc 9303 part 12 §7.1).

A certificate whose signature holds may still be one that was never meant to sign documents, or that no country
authority makes. Looked at beyond the signature: version, serial number, names, times, and the two extensions without
which a signer cannot be told from anything else that the same root issued.
"""

from __future__ import annotations

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import Certificate
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.signatures import FORBIDDEN, Algorithm
from inspection_station.inspection.chip import ChipCheck

_KEY_USAGE, _AUTHORITY_KEY = "2.5.29.15", "2.5.29.35"
_DIGITAL_SIGNATURE = 0x80
_OTHER_ROLES = ("2.23.136.1.1.", "0.4.0.127.0.7.3.11.")
"""Extended key usages of other signers of ICAO and BSI: of lists, seals, stamps (Doc 9303 part 12 §7.1.1 to §7.1.3)."""
_OTHER_USES = (*_OTHER_ROLES, "1.3.6.1.5.5.7.3.")
"""Those, and RFC 5280's: servers, mail, time stamps. A signer of documents names no use at all (§7.1.1, table 6), but a
maker's own that some states' authorities put into everything says nothing against it.
"""
_VERSION_3, _LAST_TWO_DIGIT_YEAR = 2, 2049


def check_signer_form(certificate: Certificate, issuer: Certificate | None) -> ChipCheck:
    """Every deviation by name (TR-03135-1 §5.8.2.1.2). ``issuer`` is the certificate that signed it, where known."""
    check = Check.SIGNER_FORM
    try:
        found = _deviations(certificate)
    except MalformedChipData as fault:
        return check.failed(Why.SIGNER_MALFORMED_THUS(fault.detail))
    if issuer is not None and certificate.issuer != issuer.subject:
        found.append("its issuer has another name than who signed it")
    return (
        check.failed(Why.FORM_DEVIATES("; ".join(found)))
        if found
        else check.successful("the signer's certificate has its form")
    )


def made_for_another_role(signer: Certificate) -> bool:
    """Whether the certificate was made for signing lists, seals or stamps: nobody may sign documents with such a key,
    however well it leads to a root.
    """
    return any(usage.startswith(_OTHER_ROLES) for usage in signer.usages)


def _deviations(certificate: Certificate) -> list[str]:
    found: list[str] = []
    fields = asn1.sequence(tlv.read(certificate.tbs)[0])
    version = fields.optional(0xA0)
    if version is None or asn1.integer(tlv.only(version.value, asn1.INTEGER)) != _VERSION_3:
        found.append("not of version 3")
    if asn1.integer(fields.take(asn1.INTEGER)) <= 0:
        found.append("a serial number that is not positive")
    if Algorithm.parse(fields.take(asn1.SEQUENCE)) != certificate.algorithm:
        found.append("two different signature algorithms")
    fields.take(asn1.SEQUENCE)
    validity = fields.take(asn1.SEQUENCE)
    if any(not _in_its_form(moment) for moment in validity.children()):
        found.append("a time that is not written as it must be")
    fields.take(asn1.SEQUENCE)
    key = Algorithm.parse(asn1.sequence(fields.take(asn1.SEQUENCE)).take(asn1.SEQUENCE))
    found.extend(
        f"{FORBIDDEN[algorithm.oid]}, which Doc 9303 never allowed"
        for algorithm in (key, certificate.algorithm)
        if algorithm.oid in FORBIDDEN
    )
    if certificate.issuer.country is None:
        found.append("no country in its issuer's name")
    if certificate.subject.country != certificate.issuer.country:
        found.append("another country than its issuer's")
    if certificate.authority:
        found.append("may issue certificates")
    if any(usage.startswith(_OTHER_USES) for usage in certificate.usages):
        found.append("made for another use than signing documents")
    return found + _extension_deviations(fields)


def _in_its_form(moment: tlv.Element) -> bool:
    """UTCTime until 2049 with two digits of the year, GeneralizedTime from then on (RFC 5280 §4.1.2.5)."""
    early = asn1.moment(moment).year <= _LAST_TWO_DIGIT_YEAR
    return moment.tag == (asn1.UTC_TIME if early else asn1.GENERALIZED_TIME)


def _extension_deviations(fields: asn1.Cursor) -> list[str]:
    extensions: dict[str, tuple[bool, tlv.Element]] = {}
    while not fields.at_end:
        field = fields.any()
        if field.tag == 0xA3:
            for one in tlv.only(field.value, asn1.SEQUENCE).children():
                body = asn1.sequence(one)
                oid = asn1.oid(body.any())
                flag = body.optional(asn1.BOOLEAN)
                extensions[oid] = flag is not None and flag.value != b"\0", tlv.read(asn1.octets(body.any()))[0]
    return _key_usage(extensions.get(_KEY_USAGE)) + _authority_key(extensions.get(_AUTHORITY_KEY))


def _key_usage(extension: tuple[bool, tlv.Element] | None) -> list[str]:
    if extension is None:
        return ["does not say what its key is for"]
    critical, usage = extension
    found = [] if critical else ["says what its key is for without making that critical"]
    if usage.tag != asn1.BIT_STRING or len(usage.value) < 2 or not usage.value[1] & _DIGITAL_SIGNATURE:
        found.append("its key is not for signatures")
    return found


def _authority_key(extension: tuple[bool, tlv.Element] | None) -> list[str]:
    if extension is None:
        return ["does not name its issuer's key"]
    return (
        [] if asn1.sequence(extension[1]).optional(0x80) is not None else ["names its issuer without the issuer's key"]
    )
