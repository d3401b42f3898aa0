"""The training state's document authority: Utopia's country certificate, document signers and revocation list.

Everything follows from a seed, signatures included (RFC 6979), so that a trust anchor written today opens tomorrow's
passports. None of its keys protects anything: whoever knows the seed has them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import (
    DOCUMENT_TYPES,
    parse_certificate,
    parse_revocation_list,
)
from inspection_station.documents.emrtd.cms import SIGNED_DATA
from inspection_station.documents.emrtd.curve_table import BY_NAME
from inspection_station.documents.emrtd.security_object import CARD_SECURITY_OBJECT, LDS_SECURITY_OBJECT
from inspection_station.documents.emrtd.signatures import DIGEST_OIDS
from inspection_station.documents.emrtd.trust_store import TrustStore

COUNTRY = "UT"
_SISTERS = {"TWN": "TW"}
"""Issuing states besides Utopia, with the country their certificates name."""
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_ROOT_CURVE, _SIGNER_CURVE = BY_NAME["secp384r1"], BY_NAME["secp256r1"]


def _key(seed: int, label: str) -> ec.EllipticCurvePrivateKey:
    """A private key that the seed and a label decide."""
    curve, order = (ec.SECP384R1(), _ROOT_CURVE.n) if label.startswith("csca") else (ec.SECP256R1(), _SIGNER_CURVE.n)
    material = HKDF(hashes.SHA256(), 64, b"inspection-station training", label.encode()).derive(str(seed).encode())
    return ec.derive_private_key(int.from_bytes(material, "big") % (order - 1) + 1, curve)


def _midnight(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def _serial(seed: int, label: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{label}/{seed}".encode()).digest()[:8], "big") >> 1 | 1


@dataclass(frozen=True, slots=True)
class DocumentSigner:
    """A key that signs security objects, with its certificate."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class IssuingAuthority:
    """Utopia's authority as it is on the day ``at``. Signers: ``current``, ``expired`` and ``revoked``.

    ``label`` other than the first makes another root under the same name, which no trust directory holds. Documents of
    another state that a lesson needs (nationals of Taiwan) are signed by ``for_state``, under that state's code.
    """

    def __init__(self, seed: int, *, at: date, label: str = "csca", country: str = COUNTRY) -> None:
        self.seed, self.at, self._label, self.country = seed, at, label, country
        self._root_key = _key(seed, label)
        name = [("Utopia", NameOID.ORGANIZATION_NAME), (f"CSCA Utopia {seed}", NameOID.COMMON_NAME)]
        self._root_name = _name(name, country)
        self.root = self._certificate(
            self._root_name, self._root_key, label, _midnight(at.year - 2), _midnight(at.year + 14), authority=True
        )

    def for_state(self, state: str) -> IssuingAuthority:
        """Whoever signs documents of an issuing state of the training: this authority, or its sister for TWN."""
        country = _SISTERS.get(state)
        if country is None or self.country != COUNTRY:
            return self
        return IssuingAuthority(self.seed, at=self.at, label=f"{self._label}-{country.lower()}", country=country)

    def signer(self, kind: str = "current", document_types: tuple[str, ...] = ()) -> DocumentSigner:
        """The document signer of that kind, for all documents or those of some codes alone."""
        key = _key(self.seed, f"{self._label.replace('csca', 'ds')}-{kind}")
        year = self.at.year
        first, last = (year - 12, year - 1) if kind == "expired" else (year - 1, year + 11)
        name = _name(
            [("Utopia", NameOID.ORGANIZATION_NAME), (f"Document Signer {kind}", NameOID.COMMON_NAME)], self.country
        )
        codes = [tlv.encode(asn1.PRINTABLE_STRING, code.encode()) for code in document_types]
        listed = tlv.encode(asn1.SEQUENCE, asn1.encode_integer(0), asn1.encode_set(*codes))
        allowed = [x509.UnrecognizedExtension(x509.ObjectIdentifier(DOCUMENT_TYPES), listed)] if codes else []
        certificate = self._certificate(
            name, key, f"ds-{kind}", _midnight(first), _midnight(last), authority=False, more=allowed
        )
        return DocumentSigner(certificate, key)

    def list_signer(self, usage: str | None) -> DocumentSigner:
        """Who signs lists for this authority; ``usage`` is the extended key usage that says so (None: says nothing)."""
        key = _key(self.seed, f"{self._label.replace('csca', 'ls')}-{usage}")
        name = _name([("Utopia", NameOID.ORGANIZATION_NAME), ("List Signer", NameOID.COMMON_NAME)], self.country)
        made_for = [x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage)])] if usage is not None else []
        first, last = _midnight(self.at.year - 1), _midnight(self.at.year + 3)
        certificate = self._certificate(name, key, f"ls-{usage}", first, last, authority=False, more=made_for)
        return DocumentSigner(certificate, key)

    def _certificate(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        label: str,
        first: datetime,
        last: datetime,
        *,
        authority: bool,
        more: Sequence[x509.ExtensionType] = (),
    ) -> x509.Certificate:
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root_key.public_key())
        usage = x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._root_name)
            .public_key(key.public_key())
            .serial_number(_serial(self.seed, self._label + label))
            .not_valid_before(first)
            .not_valid_after(last)
            .add_extension(own, critical=False)
            .add_extension(issuer, critical=False)
            .add_extension(usage, critical=True)
        )
        if authority:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        for extension in more:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.ExtendedKeyUsage))
        return builder.sign(self._root_key, hashes.SHA384(), ecdsa_deterministic=True)

    def revocation_list(self) -> x509.CertificateRevocationList:
        """This month's list, good for a year; it names the ``revoked`` signer."""
        issued = _midnight(self.at.year, self.at.month)
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(self.signer("revoked").certificate.serial_number)
            .revocation_date(issued)
            .build()
        )
        return (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._root_name)
            .last_update(issued)
            .next_update(_midnight(self.at.year + 1, self.at.month))
            .add_revoked_certificate(entry)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root_key.public_key()), critical=False
            )
            .sign(self._root_key, hashes.SHA384(), ecdsa_deterministic=True)
        )

    def trust_store(self) -> TrustStore:
        """Roots and revocation lists of all states of the training, Utopia's first, as a station holds them."""
        encoded = [authority._encoded() for authority in self._all_states()]
        return TrustStore(
            [parse_certificate(root) for root, _ in encoded],
            revocations=[parse_revocation_list(revocations) for _, revocations in encoded],
        )

    def write_trust(self, directory: Path) -> tuple[Path, ...]:
        """The same as files: ``csca-ut.cer`` and ``csca-ut.crl``, then those of the other states."""
        directory.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        for authority in self._all_states():
            for suffix, content in zip(("cer", "crl"), authority._encoded(), strict=True):
                written.append(directory / f"csca-{authority.country.lower()}.{suffix}")
                written[-1].write_bytes(content)
        return tuple(written)

    def _all_states(self) -> tuple[IssuingAuthority, ...]:
        return (self, *(self.for_state(state) for state in _SISTERS)) if self.country == COUNTRY else (self,)

    def _encoded(self) -> tuple[bytes, bytes]:
        """Root and revocation list, DER."""
        der = serialization.Encoding.DER
        return self.root.public_bytes(der), self.revocation_list().public_bytes(der)

    def security_object(
        self, groups: dict[int, bytes], *, signer: DocumentSigner, key: ec.EllipticCurvePrivateKey | None = None
    ) -> bytes:
        """EF.SOD over the data groups (Doc 9303 part 10 §4.6.2). ``key`` signs in the signer's place, to forge."""
        hashed = [
            tlv.encode(0x30, asn1.encode_integer(n), tlv.encode(0x04, hashlib.sha256(content).digest()))
            for n, content in sorted(groups.items())
        ]
        sha256 = tlv.encode(0x30, asn1.encode_oid(DIGEST_OIDS["sha256"]))
        content = tlv.encode(0x30, asn1.encode_integer(0), sha256, tlv.encode(0x30, *hashed))
        object_bytes = self._signed(LDS_SECURITY_OBJECT, content, signer, key or signer.key)
        return tlv.encode(0x77, object_bytes)

    def card_security(self, infos: bytes, *, signer: DocumentSigner) -> bytes:
        """EF.CardSecurity with these security infos (Doc 9303 part 10 §3.11.4)."""
        return self._signed(CARD_SECURITY_OBJECT, infos, signer, signer.key)

    def signed_list(self, kind: str, content: bytes, *, signer: DocumentSigner) -> bytes:
        """A list of that content type under a list signer's signature."""
        return self._signed(kind, content, signer, signer.key)

    def _signed(self, kind: str, content: bytes, signer: DocumentSigner, key: ec.EllipticCurvePrivateKey) -> bytes:
        """SignedData over the content (RFC 5652 §5)."""
        sha256 = tlv.encode(0x30, asn1.encode_oid(DIGEST_OIDS["sha256"]))
        signed_at = datetime.combine(self.at, time(), UTC).strftime("%y%m%d%H%M%SZ").encode()
        attributes = asn1.encode_set(
            _attribute("1.2.840.113549.1.9.3", asn1.encode_oid(kind)),
            _attribute("1.2.840.113549.1.9.4", tlv.encode(0x04, hashlib.sha256(content).digest())),
            _attribute("1.2.840.113549.1.9.5", tlv.encode(asn1.UTC_TIME, signed_at)),
        )
        signature = key.sign(attributes, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        info = tlv.encode(
            0x30,
            asn1.encode_integer(1),
            tlv.encode(
                0x30,
                self._root_name.public_bytes(),
                asn1.encode_integer(signer.certificate.serial_number),
            ),
            sha256,
            tlv.encode(0xA0, attributes[_header_length(attributes) :]),
            tlv.encode(0x30, asn1.encode_oid(_ECDSA_SHA256)),
            tlv.encode(0x04, signature),
        )
        body = tlv.encode(
            0x30,
            asn1.encode_integer(3),
            tlv.encode(0x31, sha256),
            tlv.encode(0x30, asn1.encode_oid(kind), tlv.encode(0xA0, tlv.encode(0x04, content))),
            tlv.encode(0xA0, signer.certificate.public_bytes(serialization.Encoding.DER)),
            tlv.encode(0x31, info),
        )
        return tlv.encode(0x30, asn1.encode_oid(SIGNED_DATA), tlv.encode(0xA0, body))


def _name(parts: list[tuple[str, x509.ObjectIdentifier]], country: str) -> x509.Name:
    state = x509.NameAttribute(NameOID.COUNTRY_NAME, country)
    return x509.Name([state, *(x509.NameAttribute(oid, text) for text, oid in parts)])


def _attribute(oid: str, value: bytes) -> bytes:
    return tlv.encode(0x30, asn1.encode_oid(oid), tlv.encode(0x31, value))


def _header_length(encoded: bytes) -> int:
    return len(encoded) - len(tlv.read(encoded)[0].value)
