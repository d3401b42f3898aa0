"""The training state's document authority: Utopia's country certificate, document signers and revocation list.

Everything follows from a seed, signatures included (RFC 6979), so that a trust anchor written today opens tomorrow's
passports. None of its keys protects anything: whoever knows the seed has them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import parse_certificate, parse_revocation_list
from inspection_station.documents.emrtd.cms import SIGNED_DATA
from inspection_station.documents.emrtd.curve_table import BY_NAME
from inspection_station.documents.emrtd.security_object import LDS_SECURITY_OBJECT
from inspection_station.documents.emrtd.signatures import DIGEST_OIDS
from inspection_station.documents.emrtd.trust_store import TrustStore

COUNTRY = "UT"
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

    ``label`` other than the first makes another root under the same name, which no trust directory holds.
    """

    def __init__(self, seed: int, *, at: date, label: str = "csca") -> None:
        self.seed, self.at, self._label = seed, at, label
        self._root_key = _key(seed, label)
        name = [("Utopia", NameOID.ORGANIZATION_NAME), (f"CSCA Utopia {seed}", NameOID.COMMON_NAME)]
        self._root_name = _name(name)
        self.root = self._certificate(
            self._root_name, self._root_key, label, _midnight(at.year - 2), _midnight(at.year + 14), authority=True
        )

    def signer(self, kind: str = "current") -> DocumentSigner:
        """The document signer of that kind."""
        key = _key(self.seed, f"{self._label.replace('csca', 'ds')}-{kind}")
        year = self.at.year
        first, last = (year - 12, year - 1) if kind == "expired" else (year - 1, year + 11)
        name = _name([("Utopia", NameOID.ORGANIZATION_NAME), (f"Document Signer {kind}", NameOID.COMMON_NAME)])
        certificate = self._certificate(name, key, f"ds-{kind}", _midnight(first), _midnight(last), authority=False)
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
        """Root and revocation list, as a station of the training holds them."""
        root = self.root.public_bytes(serialization.Encoding.DER)
        revocations = self.revocation_list().public_bytes(serialization.Encoding.DER)
        return TrustStore([parse_certificate(root)], revocations=[parse_revocation_list(revocations)])

    def write_trust(self, directory: Path) -> tuple[Path, ...]:
        """The same as files: ``csca-ut.cer`` and ``csca-ut.crl``."""
        directory.mkdir(parents=True, exist_ok=True)
        root, revocations = directory / "csca-ut.cer", directory / "csca-ut.crl"
        root.write_bytes(self.root.public_bytes(serialization.Encoding.DER))
        revocations.write_bytes(self.revocation_list().public_bytes(serialization.Encoding.DER))
        return root, revocations

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
        signed_at = datetime.combine(self.at, time(), UTC).strftime("%y%m%d%H%M%SZ").encode()
        attributes = asn1.encode_set(
            _attribute("1.2.840.113549.1.9.3", asn1.encode_oid(LDS_SECURITY_OBJECT)),
            _attribute("1.2.840.113549.1.9.4", tlv.encode(0x04, hashlib.sha256(content).digest())),
            _attribute("1.2.840.113549.1.9.5", tlv.encode(asn1.UTC_TIME, signed_at)),
        )
        signature = (key or signer.key).sign(attributes, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
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
            tlv.encode(0x30, asn1.encode_oid(LDS_SECURITY_OBJECT), tlv.encode(0xA0, tlv.encode(0x04, content))),
            tlv.encode(0xA0, signer.certificate.public_bytes(serialization.Encoding.DER)),
            tlv.encode(0x31, info),
        )
        return tlv.encode(0x77, tlv.encode(0x30, asn1.encode_oid(SIGNED_DATA), tlv.encode(0xA0, body)))


def _name(parts: list[tuple[str, x509.ObjectIdentifier]]) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, COUNTRY)
    return x509.Name([country, *(x509.NameAttribute(oid, text) for text, oid in parts)])


def _attribute(oid: str, value: bytes) -> bytes:
    return tlv.encode(0x30, asn1.encode_oid(oid), tlv.encode(0x31, value))


def _header_length(encoded: bytes) -> int:
    return len(encoded) - len(tlv.read(encoded)[0].value)
