"""The training state's authority over terminals: a CVCA, a verifier and an inspection system, with link certificates
(BSI TR-03110-3 C.1, D.2). Everything follows from a seed; nothing of it protects anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from inspection_station.documents.emrtd import asn1, curve_table, tlv
from inspection_station.documents.emrtd.cv_certificates import (
    AUTHORITY,
    BODY,
    EFFECTIVE,
    EXPIRES,
    HOLDER,
    INSPECTION_SYSTEM,
    PROFILE,
    PUBLIC_KEY,
    SCHEMES,
    SIGNATURE,
    TEMPLATE,
    TERMINAL_PROTOCOL,
    CvCertificate,
    Padding,
    Right,
    Role,
    parse_cv_parts,
)
from inspection_station.documents.emrtd.terminal_keys import PrivateKey, TerminalKey, TerminalKeys
from inspection_station.training.chip_keys import RSA_EXPONENT, rsa_primes, secret_below

COUNTRY = "UT"
ECDSA_SHA256 = f"{TERMINAL_PROTOCOL}.2.3"
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}
ALL_RIGHTS = Right.FINGERS | Right.IRISES


@dataclass(frozen=True, slots=True)
class TerminalAuthority:
    """One state's hierarchy as it is on the day ``at``. ``scheme`` is an identifier below id-TA; ``curve`` and ``bits``
    say on what its keys live.
    """

    seed: int
    at: date
    scheme: str = ECDSA_SHA256
    curve: str = "brainpoolP256r1"
    bits: int = 2048
    country: str = COUNTRY

    def reference(self, holder: str, number: int = 1) -> str:
        """«UTCVCA00001»."""
        return f"{self.country}{holder}{number:05d}"

    def private_key(self, label: str) -> PrivateKey:
        """That label and the seed decide it."""
        if SCHEMES[self.scheme].padding is Padding.ECDSA:
            order = curve_table.BY_NAME[self.curve].n
            return ec.derive_private_key(secret_below(self.seed, f"ta {label}", order), _CURVES[self.curve]())
        p, q = rsa_primes(self.seed, self.bits, f"ta {label} ")
        e, d = RSA_EXPONENT, pow(RSA_EXPONENT, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(e, p * q)
        return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()

    def certificate(
        self,
        holder: str,
        issuer: str,
        role: Role,
        *,
        rights: Right = ALL_RIGHTS,
        effective: date | None = None,
        expires: date | None = None,
        signer: str | None = None,
    ) -> CvCertificate:
        """One certificate; ``holder`` and ``issuer`` are references and at once the labels of their keys. ``signer``
        signs in the issuer's place, to forge.
        """
        first = effective or self.at - timedelta(days=30)
        last = expires or self.at + timedelta(days=365)
        bits = bytes([role << 6 | rights])
        body = tlv.encode(
            BODY,
            tlv.encode(PROFILE, b"\0"),
            tlv.encode(AUTHORITY, issuer.encode("latin-1")),
            self._public_key(holder, whole=role is Role.CVCA),
            tlv.encode(HOLDER, holder.encode("latin-1")),
            tlv.encode(TEMPLATE, asn1.encode_oid(INSPECTION_SYSTEM), tlv.encode(0x53, bits)),
            tlv.encode(EFFECTIVE, _digits(first)),
            tlv.encode(EXPIRES, _digits(last)),
        )
        root = self._signing_key(signer or issuer)
        return parse_cv_parts(body, tlv.encode(SIGNATURE, root.sign(body)))

    def _signing_key(self, label: str) -> TerminalKey:
        """A key that signs in the scheme of this authority."""
        body = tlv.encode(
            BODY,
            tlv.encode(PROFILE, b"\0"),
            tlv.encode(AUTHORITY, label.encode("latin-1")),
            self._public_key(label, whole=True),
            tlv.encode(HOLDER, label.encode("latin-1")),
            tlv.encode(TEMPLATE, asn1.encode_oid(INSPECTION_SYSTEM), tlv.encode(0x53, b"\0")),
            tlv.encode(EFFECTIVE, _digits(self.at)),
            tlv.encode(EXPIRES, _digits(self.at)),
        )
        return TerminalKey(parse_cv_parts(body, tlv.encode(SIGNATURE, b"\0")), self.private_key(label))

    def _public_key(self, label: str, *, whole: bool) -> bytes:
        """``whole``: with its domain parameters."""
        numbers = self.private_key(label).public_key().public_numbers()
        scheme = asn1.encode_oid(self.scheme)
        if isinstance(numbers, rsa.RSAPublicNumbers):
            n, e = (value.to_bytes((value.bit_length() + 7) // 8, "big") for value in (numbers.n, numbers.e))
            return tlv.encode(PUBLIC_KEY, scheme, tlv.encode(0x81, n), tlv.encode(0x82, e))
        curve = curve_table.BY_NAME[self.curve]
        point = tlv.encode(0x86, curve.encode((numbers.x, numbers.y)))
        if not whole:
            return tlv.encode(PUBLIC_KEY, scheme, point)
        size = curve.field_bytes
        fields = [value.to_bytes(size, "big") for value in (curve.p, curve.a % curve.p, curve.b)]
        order = curve.n.to_bytes((curve.n.bit_length() + 7) // 8, "big")
        values = (*fields, curve.encode(curve.generator), order)
        parameters = [tlv.encode(0x81 + n, value) for n, value in enumerate(values)]
        return tlv.encode(PUBLIC_KEY, scheme, *parameters, point, tlv.encode(0x87, b"\x01"))

    def root(self, number: int = 1) -> CvCertificate:
        """The self-signed certificate that a chip is personalised with."""
        name = self.reference("CVCA", number)
        return self.certificate(name, name, Role.CVCA)

    def link(self, number: int = 2) -> CvCertificate:
        """From root ``number - 1`` to its successor."""
        return self.certificate(self.reference("CVCA", number), self.reference("CVCA", number - 1), Role.CVCA)

    def chain(
        self, *, root: int = 1, rights: Right = ALL_RIGHTS, expires: date | None = None
    ) -> tuple[CvCertificate, CvCertificate]:
        """A verifier below that root, and an inspection system below it with these rights."""
        verifier, system = self.reference("DV"), self.reference("IS")
        return (
            self.certificate(verifier, self.reference("CVCA", root), Role.DV_DOMESTIC, expires=expires),
            self.certificate(system, verifier, Role.TERMINAL, rights=rights, expires=expires),
        )

    def keys(self, *, root: int = 1, links: int = 0, rights: Right = ALL_RIGHTS) -> TerminalKeys:
        """What the state gives to a station: root, ``links`` up to ``root``, verifier, system, and its key."""
        first = root - links
        chained = [self.link(number) for number in range(first + 1, root + 1)]
        certificates = [self.root(first), *chained, *self.chain(root=root, rights=rights)]
        return TerminalKeys(certificates, [self.private_key(self.reference("IS"))])

    def write_keys(self, directory: Path, passphrase: bytes | None = None) -> tuple[Path, ...]:
        """The same as files: certificates and the private key, encrypted where there is a passphrase."""
        directory.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        for certificate in (self.root(), *self.chain()):
            written.append(directory / f"{certificate.holder}.cvcert")
            written[-1].write_bytes(certificate.encoded)
        sealed: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase is not None:
            sealed = serialization.BestAvailableEncryption(passphrase)
        key = self.private_key(self.reference("IS"))
        written.append(directory / f"{self.reference('IS')}.pem")
        written[-1].touch(mode=0o600)
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        written[-1].write_bytes(key.private_bytes(pem, pkcs8, sealed))
        return tuple(written)


def _digits(day: date) -> bytes:
    return bytes(int(digit) for digit in day.strftime("%y%m%d"))
