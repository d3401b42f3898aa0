"""Becoming known at headquarters: a one-time code and a signing request go up, a short-lived certificate comes down.

Later the certificate is renewed by a signature of the station's key, which also works after it ran out at sea.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from inspection_station.headquarters import wire
from inspection_station.headquarters.recipients import new_recipient_key, public_part
from inspection_station.inspection.outbox import StationIdentity

CODE_BYTES = 15
_PIN_BYTES = 15
_REQUEST_LIMIT = 8 << 10


class BadTicket(ValueError):
    """Not a ticket as the gateway prints it, or one that it does not know (any more)."""

    code = "SEC-05"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an operator reads out: a code that works once, and how to tell the gateway's authority (its hash)."""

    code: bytes
    pin: bytes

    @property
    def text(self) -> str:
        """Twelve groups of four letters and digits."""
        whole = base64.b32encode(self.code + self.pin).decode()
        return "-".join(whole[at : at + 4] for at in range(0, len(whole), 4))

    @classmethod
    def parse(cls, text: str) -> Ticket:
        """Raises BadTicket."""
        try:
            whole = base64.b32decode("".join(text.upper().replace("-", " ").split()))
        except (binascii.Error, ValueError) as error:
            raise BadTicket("the ticket is not one of the gateway's") from error
        if len(whole) != CODE_BYTES + _PIN_BYTES:
            raise BadTicket("the ticket is not one of the gateway's")
        return cls(whole[:CODE_BYTES], whole[CODE_BYTES:])

    @classmethod
    def new(cls, authority_fingerprint: bytes) -> Ticket:
        """A fresh code for the authority with this SHA-256."""
        return cls(secrets.token_bytes(CODE_BYTES), authority_fingerprint[:_PIN_BYTES])

    def require_authority(self, pem: str) -> None:
        """Raises BadSignature where the certificate is not that of the ticket's authority."""
        try:
            fingerprint = x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256())
        except ValueError as error:
            raise wire.Malformed("the authority's certificate cannot be read") from error
        if not secrets.compare_digest(fingerprint[:_PIN_BYTES], self.pin):
            raise wire.BadSignature("this is not the gateway that the ticket is for")


@dataclass(frozen=True, slots=True)
class StationKeys:
    """Fresh keys of a station that is not enrolled yet."""

    station: Ed25519PrivateKey
    bundle: bytes
    tls: ec.EllipticCurvePrivateKey

    @classmethod
    def new(cls) -> StationKeys:
        """All three, from the system's randomness."""
        return cls(Ed25519PrivateKey.generate(), new_recipient_key(), ec.generate_private_key(ec.SECP256R1()))


def signing_request(station: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate signing request, DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, station)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the station sends. ``training`` must be what the gateway is."""

    code: bytes
    station: str
    training: bool
    request: bytes
    station_key: bytes
    bundle_key: bytes

    def encode(self) -> bytes:
        """On the wire."""
        return wire.encode(
            ["enrol/1", self.code, self.station, self.training, self.request, self.station_key, self.bundle_key]
        )

    @classmethod
    def decode(cls, data: bytes) -> Enrolment:
        """Raises WireError."""
        code, station, training, request, key, bundle = wire.fields(wire.decode(data, _REQUEST_LIMIT), "enrol/1", 6)
        if not isinstance(training, bool):
            raise wire.Malformed("a field is not true or false")
        return cls(
            wire.octets(code, CODE_BYTES),
            wire.words(station, 64),
            training,
            wire.octets(request),
            wire.octets(key, 32),
            wire.octets(bundle),
        )


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the gateway answers, to an enrolment and to a renewal."""

    gateway: str
    certificate: str
    authority: str
    gateway_key: bytes
    gateway_bundle_key: bytes

    def encode(self) -> bytes:
        """On the wire."""
        return wire.encode(
            [
                "enrolled/1",
                self.gateway,
                self.certificate,
                self.authority,
                self.gateway_key,
                self.gateway_bundle_key,
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> Enrolled:
        """Raises WireError."""
        gateway, certificate, authority, key, bundle = wire.fields(wire.decode(data, 64 << 10), "enrolled/1", 5)
        return cls(
            wire.words(gateway, 64),
            wire.words(certificate, 1 << 14),
            wire.words(authority, 1 << 14),
            wire.octets(key, 32),
            wire.octets(bundle),
        )

    def identity(self, keys: StationKeys, address: str) -> StationIdentity:
        """What the store keeps."""
        return StationIdentity(
            keys.station.private_bytes_raw(),
            keys.bundle,
            tls_der(keys.tls),
            self.certificate,
            self.authority,
            self.gateway,
            self.gateway_key,
            self.gateway_bundle_key,
            address,
        )


def enrolment_for(ticket: Ticket, station: str, training: bool, keys: StationKeys) -> Enrolment:
    """What is sent for a ticket."""
    return Enrolment(
        ticket.code,
        station,
        training,
        signing_request(station, keys.tls),
        keys.station.public_key().public_bytes_raw(),
        public_part(keys.bundle),
    )


@dataclass(frozen=True, slots=True)
class Renewal:
    """A new signing request under the station's own signature. ``at``: seconds since 1970 by the station's clock."""

    station: str
    request: bytes
    at: int
    signature: bytes

    @classmethod
    def signed(cls, station: str, request: bytes, at: int, key: Ed25519PrivateKey) -> Renewal:
        """Ready to be sent."""
        return cls(station, request, at, key.sign(statement_of_renewal(station, request, at)))

    def require_signature(self, key: Ed25519PublicKey) -> None:
        """Raises BadSignature."""
        try:
            key.verify(self.signature, statement_of_renewal(self.station, self.request, self.at))
        except InvalidSignature as error:
            raise wire.BadSignature("a renewal is not signed by the station it names") from error

    def encode(self) -> bytes:
        """On the wire."""
        return wire.encode(["renew/1", self.station, self.request, self.at, self.signature])

    @classmethod
    def decode(cls, data: bytes) -> Renewal:
        """Raises WireError."""
        station, request, at, signature = wire.fields(wire.decode(data, _REQUEST_LIMIT), "renew/1", 4)
        return cls(wire.words(station, 64), wire.octets(request), wire.number(at), wire.octets(signature, 64))


def statement_of_renewal(station: str, request: bytes, at: int) -> bytes:
    """What a station signs to get a new certificate."""
    return wire.encode(["renewal/1", station, request, at])


def tls_der(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, DER, for the encrypted store."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
