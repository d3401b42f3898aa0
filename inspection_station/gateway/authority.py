"""The gateway's keys and its own certificate authority: it alone says which stations may speak to it."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from inspection_station.durable_names import make_names_durable
from inspection_station.headquarters.recipients import new_recipient_key, public_part

STATION_LIFE = timedelta(days=7)  # a software key; renewed by the station's signature, also after it ran out
_SERVER_LIFE = timedelta(days=398)
_RENEWED_BEFORE = timedelta(days=30)
_AUTHORITY_LIFE = timedelta(days=3650)
_BACKDATED = timedelta(hours=1)  # clocks at sea are wrong

_FILES = ("authority.key", "authority.pem", "server.key", "server.pem", "receipts.key", "bundles.key")


class RequestRefused(Exception):
    """A certificate signing request that is none, or is not signed by its own key, or has a weak key."""


class KeysMissing(Exception):
    """The gateway's folder holds no keys: run ``inspection-gateway init``."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Everything secret that the gateway has, in memory."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    receipts: Ed25519PrivateKey
    bundles: bytes

    @property
    def receipts_public(self) -> bytes:
        """Raw Ed25519 key that stations verify receipts with."""
        return self.receipts.public_key().public_bytes_raw()

    @property
    def bundles_public(self) -> bytes:
        """What stations seal bundles for."""
        return public_part(self.bundles)

    @property
    def pem(self) -> str:
        """The authority's certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the authority's certificate, hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def issue(self, request_der: bytes, station: str, now: datetime) -> x509.Certificate:
        """A client certificate for a station. Its name is ours to give: the request's is ignored.

        Raises RequestRefused.
        """
        try:
            request = x509.load_der_x509_csr(request_der)
            sound = request.is_signature_valid
        except (ValueError, TypeError, InvalidSignature) as error:
            raise RequestRefused("not a certificate signing request") from error
        key = request.public_key()
        if not sound or not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.key_size < 256:
            raise RequestRefused("the request is not signed by a key on a curve of 256 bits or more")
        return (
            _builder(station, self.certificate.subject, now, STATION_LIFE)
            .public_key(key)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(_issuer_of(self.key), critical=False)
            .sign(self.key, hashes.SHA256())
        )


def _issuer_of(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    """RFC 5280 section 4.2.1.1: clients that hold to it, Python's own from 3.13 on, refuse a certificate without."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def holds_keys(folder: Path) -> bool:
    """Whether there are keys, if only some of them: none are ever drawn over them."""
    return any((folder / name).is_file() for name in _FILES)


def create_authority(folder: Path, hosts: list[str], now: datetime, passphrase: bytes | None) -> Authority:
    """New keys, an authority and a server certificate for ``hosts``. Raises FileExistsError where there are keys."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_names_durable(folder.parent)
    if holds_keys(folder):
        raise FileExistsError("this folder holds a gateway's keys already")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Inspection gateway {secrets.token_hex(4)}")])
    certificate = (
        _builder("", name, now, _AUTHORITY_LIFE, subject=name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(_KEY_USAGE_AUTHORITY, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issuer_of(key), critical=False)
        .sign(key, hashes.SHA256())
    )
    authority = Authority(folder, certificate, key, Ed25519PrivateKey.generate(), new_recipient_key())
    _write(folder / "authority.key", _pem_key(key, passphrase))
    _write(folder / "authority.pem", authority.pem.encode())
    _write(folder / "receipts.key", _pem_key(authority.receipts, passphrase))
    _write(folder / "bundles.key", _sealed(authority.bundles, passphrase))
    renew_server_certificate(authority, hosts, now, passphrase)
    return authority


def renew_server_certificate(authority: Authority, hosts: list[str], now: datetime, passphrase: bytes | None) -> None:
    """A new key and certificate for the names and addresses under which stations reach the gateway."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(hosts[0], authority.certificate.subject, now, _SERVER_LIFE)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issuer_of(authority.key), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    _write(authority.folder / "server.key", _pem_key(key, passphrase))
    _write(authority.folder / "server.pem", certificate.public_bytes(serialization.Encoding.PEM))


def renew_if_due(authority: Authority, now: datetime, passphrase: bytes | None) -> bool:
    """A new server certificate for the same names when the one that is there ends within 30 days."""
    there = x509.load_pem_x509_certificate((authority.folder / "server.pem").read_bytes())
    if there.not_valid_after_utc - now >= _RENEWED_BEFORE:
        return False
    names = there.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    renew_server_certificate(authority, [str(name.value) for name in names], now, passphrase)
    return True


def load_authority(folder: Path, passphrase: bytes | None) -> Authority:
    """Raises KeysMissing; ValueError or TypeError for a passphrase that does not fit."""
    if not all((folder / name).exists() for name in _FILES):
        raise KeysMissing("no gateway's keys in this folder")
    key = serialization.load_pem_private_key((folder / "authority.key").read_bytes(), passphrase)
    receipts = serialization.load_pem_private_key((folder / "receipts.key").read_bytes(), passphrase)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(receipts, Ed25519PrivateKey):
        raise ValueError("the gateway's keys are of another kind")
    certificate = x509.load_pem_x509_certificate((folder / "authority.pem").read_bytes())
    return Authority(folder, certificate, key, receipts, _opened((folder / "bundles.key").read_bytes(), passphrase))


_KEY_USAGE_AUTHORITY = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _builder(
    name: str, issuer: x509.Name, now: datetime, life: timedelta, subject: x509.Name | None = None
) -> x509.CertificateBuilder:
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) if subject is None else subject
    return (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + life)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem_key(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey, passphrase: bytes | None) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption(),
    )


def _sealed(secret: bytes, passphrase: bytes | None) -> bytes:
    """A raw secret under the passphrase; as it is without one."""
    if not passphrase:
        return secret
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    key = Scrypt(salt=salt, length=32, n=1 << 15, r=8, p=1).derive(passphrase)
    return b"sealed1:" + salt + nonce + AESGCM(key).encrypt(nonce, secret, None)


def _opened(data: bytes, passphrase: bytes | None) -> bytes:
    if not data.startswith(b"sealed1:"):
        return data
    rest = data.removeprefix(b"sealed1:")
    key = Scrypt(salt=rest[:16], length=32, n=1 << 15, r=8, p=1).derive(passphrase or b"")
    try:
        return AESGCM(key).decrypt(rest[16:28], rest[28:], None)
    except InvalidTag as error:
        raise ValueError("the passphrase does not open the gateway's keys") from error


def _write(path: Path, data: bytes) -> None:
    """All or nothing, on the medium, for the owner's eyes alone."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    make_names_durable(path.parent)
