"""Certificates and revocation lists of the document PKI (Doc 9303 part 12 §7; RFC 5280).

Parsed from their own bytes and verified over them: libraries refuse one real country certificate in five (explicit
curves, odd extensions, trailing bytes), and none of that is the officer's concern.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from inspection_station.documents.emrtd import asn1, signatures, tlv
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.signatures import Algorithm, PublicKey

COUNTRY, COMMON_NAME = "2.5.4.6", "2.5.4.3"
_SUBJECT_KEY, _AUTHORITY_KEY, _BASIC_CONSTRAINTS = "2.5.29.14", "2.5.29.35", "2.5.29.19"
_EXTENDED_USAGE, DOCUMENT_TYPES = "2.5.29.37", "2.23.136.1.1.6.2"
_ISSUER_ALTERNATIVES, _DIRECTORY_NAME = "2.5.29.18", 0xA4
MAX_CERTIFICATE = 64 * 1024


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A name as compared: attributes with case and spacing folded (RFC 5280 §7.1). ``shown`` is for people."""

    attributes: tuple[tuple[str, str], ...]
    shown: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DistinguishedName) and self.attributes == other.attributes

    def __hash__(self) -> int:
        return hash(self.attributes)

    @property
    def country(self) -> str | None:
        """Two-letter country in upper case, None when the name has none."""
        return next((value.upper() for oid, value in self.attributes if oid == COUNTRY), None)


def parse_name(element: tlv.Element) -> DistinguishedName:
    """From a Name."""
    attributes: list[tuple[str, str]] = []
    shown: list[str] = []
    asn1.sequence(element)
    for relative in element.children():
        for pair in relative.children():
            body = asn1.sequence(pair)
            oid, value = asn1.oid(body.any()), asn1.text(body.any())
            attributes.append((oid, " ".join(value.casefold().split())))
            shown.append(value)
    return DistinguishedName(tuple(sorted(attributes)), ", ".join(shown))


@dataclass(frozen=True, slots=True)
class Certificate:
    """An X.509 certificate. Times are UTC; key identifiers are None where the extension is missing."""

    raw: bytes
    tbs: bytes
    serial: int
    issuer: DistinguishedName
    issuer_raw: bytes
    subject: DistinguishedName
    not_before: datetime
    not_after: datetime
    key_info: tlv.Element
    subject_key: bytes | None
    authority_key: bytes | None
    authority: bool
    algorithm: Algorithm
    signature: bytes
    extensions: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def public_key(self) -> PublicKey:
        """The subject's key; MalformedChipData or AlgorithmUnknown when it cannot be used."""
        return signatures.parse_public_key(self.key_info)

    @property
    def self_issued(self) -> bool:
        """Issuer and subject carry the same name."""
        return self.issuer == self.subject

    @property
    def key_id(self) -> bytes:
        """Subject key identifier, computed as in RFC 5280 §4.2.1.2 (1) where the extension is missing."""
        if self.subject_key is not None:
            return self.subject_key
        body = asn1.sequence(self.key_info)
        body.any()
        return hashlib.sha1(asn1.bits(body.any()), usedforsecurity=False).digest()

    @property
    def usages(self) -> frozenset[str]:
        """Object identifiers of the extended key usage (RFC 5280 §4.2.1.12); empty without the extension or where it is
        malformed.
        """
        value = self.extensions.get(_EXTENDED_USAGE)
        try:
            return frozenset(map(asn1.oid, tlv.only(value, asn1.SEQUENCE).children())) if value else frozenset()
        except MalformedChipData:
            return frozenset()

    @property
    def document_types(self) -> tuple[str, ...] | None:
        """Document codes that this signer may sign for (Doc 9303 part 12 §7.1.1.6), fillers removed; None without the
        extension. MalformedChipData where it is broken, as it is in some real signers.
        """
        value = self.extensions.get(DOCUMENT_TYPES)
        if value is None:
            return None
        body = asn1.sequence(tlv.only(value, asn1.SEQUENCE))
        asn1.small_integer(body.take(asn1.INTEGER), 0)
        codes = tuple(asn1.text(one).strip("<").upper() for one in body.take(asn1.SET).children())
        if not codes or any(not 1 <= len(code) <= 2 for code in codes):
            raise MalformedChipData("a list of document types that names none, or something longer")
        return codes

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's key made the signature. Names and validity are not looked at."""
        return signatures.verify(self.algorithm, issuer.public_key, self.signature, self.tbs)


def parse_certificate(data: bytes) -> Certificate:
    """DER (or BER) of one certificate; bytes behind it are ignored, as real lists have them."""
    if len(data) > MAX_CERTIFICATE:
        raise MalformedChipData("a certificate larger than 64 KB")
    try:
        return _certificate(tlv.read(data)[0])
    except MalformedChipData:  # only then is it worth looking for indefinite lengths: lists hold hundreds of them
        return _certificate(tlv.read(tlv.to_definite(data))[0])


def _certificate(outer: tlv.Element) -> Certificate:
    body = asn1.sequence(outer)
    tbs = body.take(asn1.SEQUENCE)
    algorithm = Algorithm.parse(body.take(asn1.SEQUENCE))
    signature = asn1.bits(body.take(asn1.BIT_STRING))
    fields = asn1.sequence(tbs)
    fields.optional(0xA0)
    serial = asn1.integer(fields.take(asn1.INTEGER))
    fields.take(asn1.SEQUENCE)
    issuer = fields.take(asn1.SEQUENCE)
    validity = asn1.sequence(fields.take(asn1.SEQUENCE))
    not_before, not_after = asn1.moment(validity.any()), asn1.moment(validity.any())
    subject = fields.take(asn1.SEQUENCE)
    key_info = fields.take(asn1.SEQUENCE)
    extensions: dict[str, bytes] = {}
    while not fields.at_end:
        field = fields.any()
        if field.tag == 0xA3:
            extensions = _extensions(field.value)
    return Certificate(
        raw=outer.raw,
        tbs=tbs.raw,
        serial=serial,
        issuer=parse_name(issuer),
        issuer_raw=issuer.raw,
        subject=parse_name(subject),
        not_before=not_before,
        not_after=not_after,
        key_info=key_info,
        subject_key=_subject_key(extensions.get(_SUBJECT_KEY)),
        authority_key=_authority_key(extensions.get(_AUTHORITY_KEY)),
        authority=_is_authority(extensions.get(_BASIC_CONSTRAINTS)),
        algorithm=algorithm,
        signature=signature,
        extensions=MappingProxyType(extensions),
    )


def _extensions(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for extension in tlv.only(data, asn1.SEQUENCE).children():
        body = asn1.sequence(extension)
        oid = asn1.oid(body.any())
        body.optional(asn1.BOOLEAN)
        found.setdefault(oid, asn1.octets(body.any()))
    return found


def _subject_key(value: bytes | None) -> bytes | None:
    return None if value is None else asn1.octets(tlv.read(value)[0])


def _authority_key(value: bytes | None) -> bytes | None:
    if value is None:
        return None
    identifier = asn1.sequence(tlv.read(value)[0]).optional(0x80)
    return identifier.value if identifier is not None else None


def _is_authority(value: bytes | None) -> bool:
    if value is None:
        return False
    flag = asn1.sequence(tlv.read(value)[0]).optional(asn1.BOOLEAN)
    return flag is not None and flag.value != b"\0"


@dataclass(frozen=True, slots=True)
class RevocationList:
    """An X.509 CRL (Doc 9303 part 12 §7.1.4). ``next_update`` is None where the list promises none. ``former_names``
    are those under which the authority issued before it changed its name.
    """

    issuer: DistinguishedName
    this_update: datetime
    next_update: datetime | None
    revoked: frozenset[int]
    authority_key: bytes | None
    tbs: bytes
    algorithm: Algorithm
    signature: bytes
    former_names: tuple[DistinguishedName, ...] = ()

    def covers(self, issuer: Certificate) -> bool:
        """Whether it is the list of those whom this issuer made signers. A state publishes one list, under the newest
        of its keys, for what it issued under all of them.
        """
        return (
            issuer.subject == self.issuer or issuer.subject in self.former_names or issuer.key_id == self.authority_key
        )

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's key made the signature."""
        return signatures.verify(self.algorithm, issuer.public_key, self.signature, self.tbs)


def parse_revocation_list(data: bytes) -> RevocationList:
    """DER of one CRL."""
    outer, _ = tlv.read(tlv.to_definite(data))
    body = asn1.sequence(outer)
    tbs = body.take(asn1.SEQUENCE)
    algorithm = Algorithm.parse(body.take(asn1.SEQUENCE))
    signature = asn1.bits(body.take(asn1.BIT_STRING))
    fields = asn1.sequence(tbs)
    fields.optional(asn1.INTEGER)
    fields.take(asn1.SEQUENCE)
    issuer = parse_name(fields.take(asn1.SEQUENCE))
    this_update = asn1.moment(fields.any())
    times = (asn1.UTC_TIME, asn1.GENERALIZED_TIME)
    next_update = asn1.moment(fields.any()) if fields.peek() in times else None
    revoked: set[int] = set()
    entries = fields.optional(asn1.SEQUENCE)
    for entry in entries.children() if entries is not None else ():
        revoked.add(asn1.integer(asn1.sequence(entry).any()))
    extensions = fields.optional(0xA0)
    found = _extensions(extensions.value) if extensions is not None else {}
    return RevocationList(
        issuer=issuer,
        this_update=this_update,
        next_update=next_update,
        revoked=frozenset(revoked),
        authority_key=_authority_key(found.get(_AUTHORITY_KEY)),
        tbs=tbs.raw,
        algorithm=algorithm,
        signature=signature,
        former_names=_directory_names(found.get(_ISSUER_ALTERNATIVES)),
    )


def _directory_names(value: bytes | None) -> tuple[DistinguishedName, ...]:
    """The names of that kind among alternative names (RFC 5280 §4.2.1.6)."""
    names = tlv.only(value, asn1.SEQUENCE).children() if value is not None else ()
    return tuple(parse_name(tlv.read(one.value)[0]) for one in names if one.tag == _DIRECTORY_NAME)


_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END \1-----")


def pem_blocks(data: bytes) -> list[tuple[str, bytes]]:
    """(label, DER) of every block in a PEM file; empty when it is none. MalformedChipData for one that breaks off."""
    found = _PEM.findall(data)
    if len(found) < data.count(b"-----BEGIN "):
        raise MalformedChipData("a PEM block that breaks off")
    try:
        return [(label.decode(), base64.b64decode(body, validate=False)) for label, body in found]
    except binascii.Error:
        raise MalformedChipData("a PEM block that is not base64") from None
