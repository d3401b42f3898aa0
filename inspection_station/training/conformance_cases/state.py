"""A state that signs as a conformance case asks: root, document signer, revocation list and security objects, each part
of which can be left out or exchanged before it is signed.

Parts are named; ``changes`` maps a name to its encoding, to None where the part is missing, or to a function of what
the part would have been. Names of a certificate: «version» «serial» «signature» «issuer» «validity» «subject» «key»
«extensions», its extensions «key usage» «authority key» «subject key» «constraints», and what stands around it
«algorithm» «value». Names of a security object are listed at ``DocumentState.signed``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import parse_certificate, parse_revocation_list
from inspection_station.documents.emrtd.cms import SIGNED_DATA
from inspection_station.documents.emrtd.security_object import CARD_SECURITY_OBJECT, LDS_SECURITY_OBJECT
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.training.conformance_cases.signing import (
    PrivateKey,
    Scheme,
    digest_identifier,
    key_information,
    private_key,
)

Change = bytes | Callable[[bytes], bytes] | None
Changes = Mapping[str, Change]
DEFAULT_SCHEME = Scheme("pss", "sha256")
_KEY_USAGE, _AUTHORITY_KEY, _SUBJECT_KEY, _CONSTRAINTS = "2.5.29.15", "2.5.29.35", "2.5.29.14", "2.5.29.19"
_TRUE = b"\x01\x01\xff"
_ROOT_NAME, _SIGNER_NAME = "CSCA of the conformance cases", "Document Signer of the conformance cases"


def name(common: str, country: str = "UT") -> bytes:
    """A Name with a country and a common name."""
    state = tlv.encode(0x30, asn1.encode_oid("2.5.4.6"), tlv.encode(asn1.PRINTABLE_STRING, country.encode()))
    called = tlv.encode(0x30, asn1.encode_oid("2.5.4.3"), tlv.encode(asn1.UTF8_STRING, common.encode()))
    return tlv.encode(0x30, tlv.encode(0x31, state), tlv.encode(0x31, called))


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    """One extension."""
    return tlv.encode(0x30, asn1.encode_oid(oid), _TRUE if critical else b"", tlv.encode(0x04, value))


def key_usage(bits: int, *, critical: bool = True) -> bytes:
    """The key-usage extension: 0x80 digital signature, 0x06 certificates and revocation lists."""
    unused = (bits & -bits).bit_length() - 1
    return extension(_KEY_USAGE, tlv.encode(0x03, bytes((unused, bits))), critical=critical)


def authority_key(*parts: bytes) -> bytes:
    """The extension that names the issuer's key, from its optional parts."""
    return extension(_AUTHORITY_KEY, tlv.encode(0x30, *parts))


def moment(at: date, *, general: bool = False) -> bytes:
    """A time: UTCTime, or GeneralizedTime."""
    form, tag = ("%Y%m%d%H%M%SZ", 0x18) if general else ("%y%m%d%H%M%SZ", 0x17)
    return tlv.encode(tag, datetime.combine(at, time(), UTC).strftime(form).encode())


def validity(first: date, last: date, *, general: bool = False) -> bytes:
    """Both ends."""
    return tlv.encode(0x30, moment(first, general=general), moment(last, general=general))


def key_identifier(key: PrivateKey) -> bytes:
    """RFC 5280 §4.2.1.2 (1)."""
    body = asn1.sequence(tlv.read(key_information(key))[0])
    body.any()
    return hashlib.sha1(asn1.bits(body.any()), usedforsecurity=False).digest()


def _joined(parts: Mapping[str, bytes], changes: Changes) -> bytes:
    """The parts in their order, changed."""
    return b"".join(_changed(changes.get(part, own), own) for part, own in parts.items())


def _changed(change: Change, own: bytes) -> bytes:
    if change is None:
        return b""
    return change if isinstance(change, bytes) else change(own)


@dataclass(frozen=True)
class Holder:
    """A key with the certificate over it."""

    key: PrivateKey
    certificate: bytes
    serial: int
    issuer: bytes


@dataclass(frozen=True)
class DocumentState:
    """A state on the day ``at``.

    ``root_scheme`` signs its certificates and lists, ``scheme`` its security objects. ``signer_changes`` change the
    signer's certificate before it is signed. ``revoked``: the list names the signer.
    """

    at: date
    scheme: Scheme = DEFAULT_SCHEME
    root_scheme: Scheme = DEFAULT_SCHEME
    signer_bits: int = 2048
    root_bits: int = 3072
    signer_changes: Changes = field(default_factory=dict)
    revoked: bool = False
    expired: bool = False

    @cached_property
    def root(self) -> Holder:
        """Self-signed."""
        key = private_key(self.root_scheme.family, self.root_bits, "root")
        issuer = name(_ROOT_NAME)
        extensions = {
            "subject key": extension(_SUBJECT_KEY, tlv.encode(0x04, key_identifier(key))),
            "key usage": key_usage(0x06),
            "constraints": extension(_CONSTRAINTS, tlv.encode(0x30, _TRUE, asn1.encode_integer(0)), critical=True),
        }
        years = validity(self._year(-2), self._year(15))
        return Holder(key, self._certificate(1, issuer, issuer, years, key, key, extensions, {}), 1, issuer)

    @cached_property
    def signer(self) -> Holder:
        """The document signer, issued by the root."""
        key = private_key(self.scheme.family, self.signer_bits, "signer")
        root, serial = self.root, 0x4711
        extensions = {
            "authority key": authority_key(tlv.encode(0x80, key_identifier(root.key))),
            "subject key": extension(_SUBJECT_KEY, tlv.encode(0x04, key_identifier(key))),
            "key usage": key_usage(0x80),
        }
        years = validity(self._year(-12 if self.expired else -1), self._year(-1 if self.expired else 11))
        subject = name(_SIGNER_NAME)
        encoded = self._certificate(serial, root.issuer, subject, years, key, root.key, extensions, self.signer_changes)
        return Holder(
            key, encoded, serial, _changed(self.signer_changes.get("issuer", root.issuer), b"") or root.issuer
        )

    def _year(self, difference: int) -> date:
        return date(self.at.year + difference, 1, 1)

    def _certificate(
        self,
        serial: int,
        issuer: bytes,
        subject: bytes,
        years: bytes,
        key: PrivateKey,
        issuer_key: PrivateKey,
        extensions: Mapping[str, bytes],
        changes: Changes,
    ) -> bytes:
        parts = {
            "version": tlv.encode(0xA0, asn1.encode_integer(2)),
            "serial": asn1.encode_integer(serial),
            "signature": self.root_scheme.identifier,
            "issuer": issuer,
            "validity": years,
            "subject": subject,
            "key": key_information(key),
            "extensions": tlv.encode(0xA3, tlv.encode(0x30, _joined(extensions, changes))),
        }
        tbs = tlv.encode(0x30, _joined(parts, changes))
        signature = tlv.encode(0x03, b"\0", self.root_scheme.sign(issuer_key, tbs))
        outside = {"algorithm": self.root_scheme.identifier, "value": signature}
        return tlv.encode(0x30, tbs, _joined(outside, changes))

    def revocation_list(self) -> bytes:
        """Of this year's beginning, good for a year."""
        root = self.root
        entry = tlv.encode(0x30, asn1.encode_integer(self.signer.serial), moment(self._year(0)))
        key = authority_key(tlv.encode(0x80, key_identifier(root.key)))
        number = extension("2.5.29.20", asn1.encode_integer(1))
        tbs = tlv.encode(
            0x30,
            asn1.encode_integer(1),
            self.root_scheme.identifier,
            root.issuer,
            moment(self._year(0)),
            moment(self._year(1)),
            tlv.encode(0x30, entry) if self.revoked else b"",
            tlv.encode(0xA0, tlv.encode(0x30, key, number)),
        )
        signature = tlv.encode(0x03, b"\0", self.root_scheme.sign(root.key, tbs))
        return tlv.encode(0x30, tbs, self.root_scheme.identifier, signature)

    def trust(self, *, with_signer: bool = False) -> TrustStore:
        """What a station holds of this state: root and revocation list, the signer's certificate on request."""
        return TrustStore(
            [parse_certificate(self.root.certificate)],
            signers=[parse_certificate(self.signer.certificate)] if with_signer else (),
            revocations=[parse_revocation_list(self.revocation_list())],
        )

    def security_object(
        self,
        groups: Mapping[int, bytes],
        *,
        digest: str | None = None,
        group_digest: str | None = None,
        changes: Changes | None = None,
        hashes: Mapping[int, bytes | None] | None = None,
    ) -> bytes:
        """EF.SOD over the groups. ``digest`` is the signature's (the scheme's without it), ``group_digest`` that of the
        groups. ``hashes`` exchanges or leaves out (None) entries by number; a number of no group adds one.

        Names for ``changes`` besides those of ``signed``: «object version», «object digest», «object hashes», «object
        versions», and «kind».
        """
        changes = changes or {}
        chosen = group_digest or digest or self.scheme.digest
        values: dict[int, bytes | None] = {
            number: hashlib.new(chosen, content).digest() for number, content in groups.items()
        }
        values.update(hashes or {})
        entries = [
            tlv.encode(0x30, asn1.encode_integer(number), tlv.encode(0x04, value))
            for number, value in sorted(values.items())
            if value is not None
        ]
        parts = {
            "object version": asn1.encode_integer(0),
            "object digest": digest_identifier(chosen),
            "object hashes": tlv.encode(0x30, *entries),
            "object versions": b"",
        }
        content = tlv.encode(0x30, _joined(parts, changes))
        return tlv.encode(0x77, self.signed(LDS_SECURITY_OBJECT, content, digest or self.scheme.digest, changes))

    def card_security(self, infos: bytes, *, changes: Changes | None = None) -> bytes:
        """EF.CardSecurity with these security infos."""
        return self.signed(CARD_SECURITY_OBJECT, infos, self.scheme.digest, changes or {})

    def signed(self, kind: str, content: bytes, digest: str, changes: Changes) -> bytes:
        """SignedData. Names: «version» «digests» «content» «certificates» around the signer; «signer version» «signer
        name» «signer digest» «signer algorithm» «signer signature» inside, «content type» «message digest» among its
        attributes.
        """
        signer = self.signer
        attributes = {
            "content type": _attribute("1.2.840.113549.1.9.3", asn1.encode_oid(kind)),
            "message digest": _attribute(
                "1.2.840.113549.1.9.4", tlv.encode(0x04, hashlib.new(digest, content).digest())
            ),
        }
        chosen = (_changed(changes.get(part, own), own) for part, own in attributes.items())
        encoded = asn1.encode_set(*(attribute for attribute in chosen if attribute))
        signature = self.scheme.sign(signer.key, encoded)
        named = tlv.encode(0x30, signer.issuer, asn1.encode_integer(signer.serial))
        info = {
            "signer version": asn1.encode_integer(1),
            "signer name": named,
            "signer digest": digest_identifier(digest),
            "attributes": tlv.encode(0xA0, tlv.only(encoded, 0x31).value),
            "signer algorithm": self.scheme.identifier,
            "signer signature": tlv.encode(0x04, signature),
        }
        body = {
            "version": asn1.encode_integer(3),
            "digests": tlv.encode(0x31, digest_identifier(digest)),
            "content": tlv.encode(0x30, asn1.encode_oid(kind), tlv.encode(0xA0, tlv.encode(0x04, content))),
            "certificates": tlv.encode(0xA0, signer.certificate),
            "signers": tlv.encode(0x31, tlv.encode(0x30, _joined(info, changes))),
        }
        return tlv.encode(
            0x30, asn1.encode_oid(SIGNED_DATA), tlv.encode(0xA0, tlv.encode(0x30, _joined(body, changes)))
        )


def _attribute(oid: str, value: bytes) -> bytes:
    return tlv.encode(0x30, asn1.encode_oid(oid), tlv.encode(0x31, value))
