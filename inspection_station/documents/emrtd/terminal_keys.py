"""The keys a state has given this station for reading fingers: a chain of card-verifiable certificates and the
terminal's private key, from a folder or one file.

Certificates: DER, one after another, or PEM («CV CERTIFICATE»). Keys: PKCS #8, DER or PEM, best encrypted; the
passphrase is asked for only where a key needs one.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_private_key

from inspection_station.documents.emrtd import curve_table
from inspection_station.documents.emrtd.cv_certificates import (
    CvCertificate,
    Padding,
    Right,
    Role,
    parse_cv_certificates,
    resolved,
)
from inspection_station.documents.emrtd.errors import ChipFault
from inspection_station.documents.emrtd.signatures import RsaKey
from inspection_station.given_file import read_given

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Passphrase = Callable[[], bytes | None]
"""Gives the passphrase of the private keys, or None where there is none."""

CERTIFICATE_ENDINGS = (".cvcert", ".cvc", ".cv")
KEY_ENDINGS = (".pem", ".key", ".p8", ".pkcs8", ".der")
MAX_FILES, MAX_FILE_BYTES = 256, 1_000_000
_LONGEST_CHAIN = 8
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{3,40})-----\s(.*?)-----END \1-----", re.DOTALL)


class TerminalKeysUnusable(ValueError):
    """The terminal's keys cannot be used; the text names the file or certificate, never a secret. ``code`` is the
    officer's.
    """

    code = "CHP-10"


class NoChain(Exception):
    """No chain leads from what the chip trusts to a key of ours; the text says why."""


@dataclass(frozen=True, slots=True, repr=False)
class TerminalKey:
    """A terminal's certificate with its private key."""

    certificate: CvCertificate
    private: PrivateKey

    def __repr__(self) -> str:
        return f"TerminalKey({self.certificate.holder})"

    def sign(self, message: bytes) -> bytes:
        """In the scheme of the certificate: RSA as long as its modulus, ECDSA plain (TR-03110-3 A.7.3)."""
        scheme = self.certificate.key.scheme
        if isinstance(self.private, rsa.RSAPrivateKey):
            if scheme.padding is Padding.PKCS1:
                return self.private.sign(message, padding.PKCS1v15(), scheme.hash)
            return self.private.sign(
                message, padding.PSS(padding.MGF1(scheme.hash), scheme.hash.digest_size), scheme.hash
            )
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(scheme.hash)))
        size = (curve_table.BY_NAME[self.private.curve.name].n.bit_length() + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


@dataclass(frozen=True, slots=True)
class TerminalChain:
    """What goes to the chip: certificates in order, the last one the terminal's, and its key."""

    certificates: tuple[CvCertificate, ...]
    key: TerminalKey

    @property
    def rights(self) -> Right:
        """What the whole chain allows (TR-03110-3 §2.7: rights are narrowed on the way down)."""
        rights = Right.FINGERS | Right.IRISES
        for certificate in self.certificates:
            rights &= certificate.rights
        return rights


class TerminalKeys:
    """All chains and keys of one station. Made by ``load``; ValueError kinds as there."""

    def __init__(self, certificates: Sequence[CvCertificate], private_keys: Sequence[PrivateKey]) -> None:
        try:
            self._certificates = resolved(certificates)
        except ChipFault as fault:
            raise TerminalKeysUnusable(f"a key that does not lie on its issuer's curve: {fault.detail}") from None
        keys = [key for private in private_keys for key in _matched(private, self._certificates)]
        if not keys:
            raise TerminalKeysUnusable("there is no private key of a terminal")
        _require_signatures(self._certificates)
        self._by_body = {key.certificate.body: key for key in keys}

    @staticmethod
    def load(path: Path, passphrase: Passphrase = lambda: None) -> TerminalKeys:
        """From a folder (``.cvcert``, ``.pem`` and their like) or one file. TerminalKeysUnusable says which file or
        certificate cannot be used and why.
        """
        certificates: list[CvCertificate] = []
        keys: list[PrivateKey] = []
        for file in _files(path):
            try:
                content = read_given(file, MAX_FILE_BYTES)
            except OSError as fault:
                raise TerminalKeysUnusable(f"{file.name} cannot be read: {fault.strerror}") from fault
            if len(content) > MAX_FILE_BYTES:
                raise TerminalKeysUnusable(f"{file.name} is larger than {MAX_FILE_BYTES} bytes")
            for label, block in _blocks(file.name, content):
                if label.endswith("PRIVATE KEY"):
                    keys.append(_private_key(file.name, block, passphrase))
                    continue
                try:
                    certificates.extend(parse_cv_certificates(block))
                except ChipFault as fault:
                    raise TerminalKeysUnusable(f"{file.name}: {fault.detail}") from fault
        return TerminalKeys(certificates, keys)

    @property
    def states(self) -> tuple[str, ...]:
        """Two-letter countries whose CVCA stands above a chain, sorted."""
        authorities = {c.authority[:2] for c in self._certificates if c.role in (Role.DV_DOMESTIC, Role.DV_FOREIGN)}
        return tuple(sorted(authorities))

    def chain_for(self, trusted: Sequence[str], day: date) -> TerminalChain:
        """The shortest chain below one of the keys that the chip trusts, valid on that day. NoChain says why there is
        none.
        """
        refusals: list[str] = []
        row: list[tuple[CvCertificate, ...]] = [
            (c,) for point in trusted for c in self._certificates if c.authority == point and not c.self_signed
        ]
        for _ in range(_LONGEST_CHAIN):
            longer: list[tuple[CvCertificate, ...]] = []
            for way in row:
                last = way[-1]
                refusal = last.refused_on(day)
                if refusal is not None:
                    refusals.append(refusal)
                elif (key := self._by_body.get(last.body)) is not None:
                    return TerminalChain(way, key)
                else:
                    longer.extend((*way, c) for c in self._certificates if _follows(last, c))
            row = longer
        if refusals:
            raise NoChain(refusals[0])
        raise NoChain("no terminal keys for " + ", ".join(sorted({point[:2] for point in trusted})))


def _follows(issuer: CvCertificate, certificate: CvCertificate) -> bool:
    right_kind = certificate.role in issuer.role.issues
    return right_kind and certificate.authority == issuer.holder and not certificate.self_signed


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    endings = (*CERTIFICATE_ENDINGS, *KEY_ENDINGS)
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in endings)
    if len(found) > MAX_FILES:
        raise TerminalKeysUnusable(f"more than {MAX_FILES} files")
    return found


def _blocks(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Kind and DER of everything in a file."""
    if content.startswith(b"\x7f\x21"):
        yield "CV CERTIFICATE", content
        return
    if b"-----BEGIN " not in content:
        yield "PRIVATE KEY", content
        return
    for match in _BLOCK.finditer(content):
        label = match[1].decode("ascii")
        if label not in ("CV CERTIFICATE", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"):
            raise TerminalKeysUnusable(f"{name} holds a «{label}», which has no place here")
        try:
            yield label, base64.b64decode(b"".join(match[2].split()), validate=True)
        except binascii.Error:
            raise TerminalKeysUnusable(f"{name} holds a «{label}» that is not base64") from None


def _private_key(name: str, der: bytes, passphrase: Passphrase) -> PrivateKey:
    try:
        key = _loaded(name, der, passphrase)
    except UnsupportedAlgorithm:
        raise TerminalKeysUnusable(f"{name}: a private key of a kind that is not spoken here") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TerminalKeysUnusable(f"{name}: a private key that is neither RSA nor elliptic")
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name not in curve_table.BY_NAME:
        raise TerminalKeysUnusable(f"{name}: a private key on the curve {key.curve.name}, which chips do not use")
    return key


def _loaded(name: str, der: bytes, passphrase: Passphrase) -> object:
    try:
        return load_der_private_key(der, None)
    except TypeError:
        secret = passphrase()  # encrypted
    except ValueError:
        raise TerminalKeysUnusable(f"{name}: neither a certificate nor a private key in PKCS #8") from None
    if not secret:
        raise TerminalKeysUnusable(f"{name}: the private key is encrypted and no passphrase is set")
    try:
        return load_der_private_key(der, secret)
    except ValueError:
        raise TerminalKeysUnusable(f"{name}: the passphrase does not open the private key") from None


def _matched(private: PrivateKey, certificates: Sequence[CvCertificate]) -> list[TerminalKey]:
    """The private key with every terminal's certificate made for it."""
    public = private.public_key().public_numbers()
    fitting = []
    for certificate in certificates:
        if isinstance(public, rsa.RSAPublicNumbers):
            fits = certificate.key.key == RsaKey(public.n, public.e)
        else:
            fits = certificate.key.point == curve_table.BY_NAME[public.curve.name].encode((public.x, public.y))
        if fits and certificate.role is Role.TERMINAL:
            fitting.append(_tried(TerminalKey(certificate, private)))
    if not fitting:
        raise TerminalKeysUnusable("a private key without a terminal's certificate for it")
    return fitting


def _tried(key: TerminalKey) -> TerminalKey:
    """It can sign in its scheme: better known now than with a traveller waiting."""
    try:
        key.sign(b"")
    except ValueError:
        raise TerminalKeysUnusable(f"{key.certificate.holder}: a key too small for its scheme") from None
    return key


def _require_signatures(certificates: Sequence[CvCertificate]) -> None:
    """Every certificate whose issuer is here must be signed by it: a chip would refuse the chain without a reason."""
    for certificate in certificates:
        issuers = [c for c in certificates if c.holder == certificate.authority and c.key.key is not None]
        try:
            if issuers and not any(certificate.signed_by(issuer.key) for issuer in issuers):
                raise TerminalKeysUnusable(f"{certificate.holder} is not signed by {certificate.authority}")
        except ChipFault as fault:
            raise TerminalKeysUnusable(f"{certificate.holder}: {fault.detail}") from fault
