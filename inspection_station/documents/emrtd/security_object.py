"""The document security object EF.SOD (Doc 9303 part 10 §4.6.2): signed hashes of the data groups, versions 0 and 1."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import Certificate
from inspection_station.documents.emrtd.cms import SignedData, SignerInfo, parse_signed_data
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.signatures import Algorithm

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
CARD_SECURITY_OBJECT = "0.4.0.127.0.7.3.2.1"


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """What EF.SOD signs. ``hashes`` by data group number; ``lds_version`` («0107») is there from version 1 on."""

    version: int
    digest: str
    hashes: dict[int, bytes]
    lds_version: str | None
    signed: SignedData

    @property
    def signer(self) -> SignerInfo:
        """The one signature; MalformedChipData when there is none."""
        if not self.signed.signers:
            raise MalformedChipData("a security object that nobody signed")
        return self.signed.signers[0]

    @property
    def signer_certificate(self) -> Certificate | None:
        """The document signer's certificate where the object carries it (it must from version 1 on)."""
        return next((c for c in self.signed.certificates if self.signer.names(c)), None)

    def agrees_with(self, group: int, content: bytes) -> bool | None:
        """Whether the data group's content has the signed hash; None where the object does not name the group."""
        expected = self.hashes.get(group)
        return None if expected is None else hashlib.new(self.digest, content).digest() == expected


def parse_security_object(ef_sod: bytes) -> SecurityObject:
    """From the content of EF.SOD; MalformedChipData for anything that is not one."""
    tag, _ = tlv.read_tag(ef_sod, 0)
    content = tlv.only(tlv.to_definite(ef_sod), 0x77).value if tag == 0x77 else ef_sod
    signed = parse_signed_data(content)
    if signed.content_type != LDS_SECURITY_OBJECT:
        raise MalformedChipData("signed data of another kind than a document security object")
    body = asn1.sequence(tlv.only(signed.content, asn1.SEQUENCE))
    version = asn1.small_integer(body.take(asn1.INTEGER), 1)
    digest = Algorithm.parse(body.take(asn1.SEQUENCE)).digest
    hashes: dict[int, bytes] = {}
    for entry in body.take(asn1.SEQUENCE).children():
        pair = asn1.sequence(entry)
        group, value = asn1.small_integer(pair.take(asn1.INTEGER), 16), asn1.octets(pair.take(asn1.OCTET_STRING))
        if group in hashes or group == 0:
            raise MalformedChipData("a security object that names a data group twice")
        hashes[group] = value
    if not hashes:
        raise MalformedChipData("a security object without hashes")
    versions = body.optional(asn1.SEQUENCE)
    lds_version = asn1.text(asn1.sequence(versions).any()) if versions is not None else None
    return SecurityObject(version, digest, hashes, lds_version, signed)


def parse_card_security(content: bytes) -> SignedData:
    """EF.CardSecurity (Doc 9303 part 11 §9.2.11): signed security infos, wrapped like a security object."""
    signed = parse_signed_data(content)
    if signed.content_type != CARD_SECURITY_OBJECT:
        raise MalformedChipData("signed data of another kind than a card security object")
    return signed
