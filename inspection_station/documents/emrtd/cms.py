"""Signed data (CMS, RFC 5652 §5): the envelope of security objects, CardSecurity and master lists.

Versions 1 to 5, DER or BER, signer named by issuer and serial number or by key identifier.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from inspection_station.documents.emrtd import asn1, signatures, tlv
from inspection_station.documents.emrtd.certificates import (
    Certificate,
    DistinguishedName,
    parse_certificate,
    parse_name,
)
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.signatures import Algorithm

SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.5"


@dataclass(frozen=True, slots=True)
class SignerIdentifier:
    """Either ``issuer`` and ``serial`` or ``key_id``."""

    issuer: DistinguishedName | None
    serial: int | None
    key_id: bytes | None

    def names(self, certificate: Certificate) -> bool:
        """Whether the certificate is the one meant."""
        if self.key_id is not None:
            return certificate.key_id == self.key_id
        return certificate.serial == self.serial and certificate.issuer == self.issuer


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signature over the content. Either ``issuer`` and ``serial`` or ``key_id`` name the signer."""

    issuer: DistinguishedName | None
    serial: int | None
    key_id: bytes | None
    digest_algorithm: Algorithm
    signature_algorithm: Algorithm
    signature: bytes
    signed_attributes: bytes | None
    attributes: dict[str, tlv.Element]

    @property
    def signing_time(self) -> datetime | None:
        """When the signer says it signed."""
        element = self.attributes.get(_SIGNING_TIME)
        return asn1.moment(element) if element is not None else None

    @property
    def identifier(self) -> SignerIdentifier:
        """Whom this signer names."""
        return SignerIdentifier(self.issuer, self.serial, self.key_id)

    def names(self, certificate: Certificate) -> bool:
        """Whether the certificate is the one this signer means."""
        return self.identifier.names(certificate)


@dataclass(frozen=True, slots=True)
class SignedData:
    """Content with its certificates and signers; ``unreadable``: encodings of certificates that break their format."""

    content_type: str
    content: bytes
    certificates: tuple[Certificate, ...]
    signers: tuple[SignerInfo, ...]
    unreadable: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """Whether one signer's signature holds; ``evidence`` says what was compared, or what does not hold."""

    holds: bool
    evidence: str


def parse_signed_data(data: bytes) -> SignedData:
    """A ContentInfo holding SignedData; MalformedChipData for anything else."""
    outer = asn1.sequence(tlv.read(tlv.to_definite(data))[0])
    if asn1.oid(outer.any()) != SIGNED_DATA:
        raise MalformedChipData("a security object that is not signed data")
    body = asn1.sequence(tlv.only(outer.take(0xA0).value, asn1.SEQUENCE))
    asn1.small_integer(body.take(asn1.INTEGER), 5)
    body.take(asn1.SET)
    encapsulated = asn1.sequence(body.take(asn1.SEQUENCE))
    content_type = asn1.oid(encapsulated.any())
    content = asn1.octets(tlv.read(encapsulated.take(0xA0).value)[0])
    carried = body.optional(0xA0)
    body.optional(0xA1)
    signers = body.take(asn1.SET)
    certificates: list[Certificate] = []
    unreadable: list[bytes] = []
    for one in carried.children() if carried is not None else ():
        if one.tag == asn1.SEQUENCE:  # other tags are attribute certificates and the like
            try:
                certificates.append(parse_certificate(one.raw))
            except MalformedChipData:
                unreadable.append(one.raw)
    return SignedData(
        content_type, content, tuple(certificates), tuple(_signer(one) for one in signers.children()), tuple(unreadable)
    )


def parse_signer_identifier(identifier: tlv.Element) -> SignerIdentifier:
    """SignerIdentifier (RFC 5652 §5.3): issuer and serial number, or key identifier."""
    if identifier.tag == asn1.SEQUENCE:
        pair = asn1.sequence(identifier)
        return SignerIdentifier(parse_name(pair.any()), asn1.integer(pair.any()), None)
    if identifier.tag == 0x80:
        return SignerIdentifier(None, None, identifier.value)
    if identifier.tag == 0xA0:  # explicitly tagged by some early issuers
        return SignerIdentifier(None, None, asn1.octets(tlv.read(identifier.value)[0]))
    raise MalformedChipData("a signer without identifier")


def _signer(element: tlv.Element) -> SignerInfo:
    body = asn1.sequence(element)
    asn1.small_integer(body.take(asn1.INTEGER), 5)
    identifier = parse_signer_identifier(body.any())
    digest = Algorithm.parse(body.take(asn1.SEQUENCE))
    signed = body.optional(0xA0)
    attributes: dict[str, tlv.Element] = {}
    for attribute in signed.children() if signed is not None else ():
        pair = asn1.sequence(attribute)
        oid = asn1.oid(pair.any())
        values = list(pair.take(asn1.SET).children())
        if oid in attributes or len(values) != 1:
            raise MalformedChipData("a signed attribute that does not have one value")
        attributes[oid] = values[0]
    algorithm = Algorithm.parse(body.take(asn1.SEQUENCE))
    return SignerInfo(
        identifier.issuer,
        identifier.serial,
        identifier.key_id,
        digest,
        algorithm,
        asn1.octets(body.take(asn1.OCTET_STRING)),
        signed.value if signed is not None else None,
        attributes,
    )


def verify_signer(signed: SignedData, signer: SignerInfo, certificate: Certificate) -> SignatureVerdict:
    """RFC 5652 §5.4, §5.6: digest over the content, then the signature over the attributes (or the content itself)."""
    digest = signer.digest_algorithm.digest
    key = certificate.public_key
    if signer.signed_attributes is None:
        messages = [signed.content]
    else:
        stated = signer.attributes.get(_MESSAGE_DIGEST)
        if stated is None or asn1.octets(stated) != hashlib.new(digest, signed.content).digest():
            return SignatureVerdict(False, f"the signed {digest.upper()} digest is not the content's")
        kind = signer.attributes.get(_CONTENT_TYPE)
        if kind is None or asn1.oid(kind) != signed.content_type:
            return SignatureVerdict(False, "the signed content type is not the content's")
        in_order = sorted(element.raw for element in tlv.elements(signer.signed_attributes))
        # As they stand first; then in DER's order, which the signature covers where the encoder did not sort them.
        messages = [tlv.encode(asn1.SET, signer.signed_attributes), tlv.encode(asn1.SET, *in_order)]
    for message in dict.fromkeys(messages):
        if signatures.verify(signer.signature_algorithm, key, signer.signature, message, digest):
            return SignatureVerdict(True, f"{key.description}, {digest.upper()}")
    return SignatureVerdict(False, f"the signature is not the signer's ({key.description}, {digest.upper()})")
