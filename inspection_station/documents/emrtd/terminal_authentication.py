"""Terminal authentication, version 1 (Doc 9303 part 11 §7.1; BSI TR-03110-1 §3.5, TR-03110-3 B.3): the station shows
the chip that a state allows it to read fingers.

It binds to the session that chip authentication made, so that goes first. A chip takes one attempt a session.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inspection_station.documents.emrtd import lds, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey, MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command, Response, Status
from inspection_station.documents.emrtd.cv_certificates import trust_points
from inspection_station.documents.emrtd.errors import ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.key_groups import EllipticGroup, KeyGroup
from inspection_station.documents.emrtd.terminal_keys import TerminalChain

TRUST_POINTS: Final = lds.ElementaryFile("EF.CVCA", 0x1C, 0x011C, None)
"""Where the chip names the CVCA keys it trusts, unless DG14 says otherwise (TR-03110-3 A.6.2)."""
CHALLENGE_BYTES: Final = 8
_FILE_BYTES: Final = 36
_PIECE: Final = 200
"""Of a certificate in a chained short command: with secure messaging around it, it stays below 255 bytes."""
_CHAINED: Final = 0x10


@dataclass(frozen=True, slots=True)
class Binding:
    """What a signature is bound to: ``identity`` of the chip or its session, and the compressed one-time ``key`` of
    chip authentication.
    """

    identity: bytes
    key: bytes


def compressed(group: KeyGroup, public: bytes) -> bytes:
    """Comp of a public key: the abscissa of a point, SHA-1 of an element of a prime field (TR-03110-3 A.2.2.3)."""
    if isinstance(group, EllipticGroup):
        return public[1 : 1 + group.curve.field_bytes]
    return hashlib.sha1(public, usedforsecurity=False).digest()


def document_identity(key: AccessKey) -> bytes:
    """The document number with its check digit as the zone has it, or the card access number."""
    if isinstance(key, MrzKey):
        return key.information[: max(9, len(key.document_number)) + 1]
    return key.number.encode("ascii")


def read_trust_points(channel: Channel, file: lds.ElementaryFile = TRUST_POINTS) -> tuple[str, ...]:
    """References that EF.CVCA names, the newest first. It has no length of its own, so one read takes it whole.

    ChipRefused where it cannot be read, MalformedChipData where it names no key.
    """
    response = channel.send(Command(0xB0, 0x80 | file.sfi, 0, le=_FILE_BYTES))
    if not _has_data(response):
        selected = channel.send(Command(0xA4, 0x02, 0x0C, file.fid.to_bytes(2, "big")))
        if not selected.ok:
            raise ChipRefused(file.name, selected.status)
        response = channel.send(Command(0xB0, 0, 0, le=_FILE_BYTES))
    if not _has_data(response):
        raise ChipRefused(file.name, response.status)
    return trust_points(response.data)


def _has_data(response: Response) -> bool:
    return bool(response.data) and response.status in (Status.OK, Status.END_OF_FILE)


def send_chain(channel: Channel, chain: TerminalChain, *, extended: bool) -> None:
    """Every certificate under its issuer's key (MSE:Set DST, PSO: VERIFY CERTIFICATE). ChipRefused names the
    certificate that the chip did not take.
    """
    for certificate in chain.certificates:
        issuer = tlv.encode(0x83, certificate.authority.encode("latin-1"))
        _require(channel.send(Command(0x22, 0x81, 0xB6, issuer)), f"the key {certificate.authority}")
        verified = _send(channel, Command(0x2A, 0x00, 0xBE, certificate.body + certificate.signature), extended)
        _require(verified, f"the certificate {certificate.holder}")


def authenticate(channel: Channel, chain: TerminalChain, binding: Binding, *, extended: bool) -> None:
    """MSE:Set AT, GET CHALLENGE, EXTERNAL AUTHENTICATE after the chain was sent. ChipRefused where the chip does not
    take the signature.
    """
    holder = tlv.encode(0x83, chain.key.certificate.holder.encode("latin-1"))
    _require(channel.send(Command(0x22, 0x81, 0xA4, holder)), f"the key {chain.key.certificate.holder}")
    challenge = channel.send(Command(0x84, le=CHALLENGE_BYTES))
    _require(challenge, "GET CHALLENGE")
    if len(challenge.data) != CHALLENGE_BYTES:
        raise MalformedChipData(f"a challenge of {len(challenge.data)} bytes instead of {CHALLENGE_BYTES}")
    signature = chain.key.sign(binding.identity + challenge.data + binding.key)
    _require(_send(channel, Command(0x82, data=signature), extended), "EXTERNAL AUTHENTICATE")


def _require(response: Response, what: str) -> None:
    if not response.ok:
        raise ChipRefused(what, response.status)


def _send(channel: Channel, command: Command, extended: bool) -> Response:
    """Whole where it is short or the chip takes extended lengths, else in a chain (ISO/IEC 7816-4 §5.3.3)."""
    if extended or len(command.data) <= _PIECE:
        return channel.send(command)
    pieces = list(_pieces(command))
    for piece in pieces[:-1]:
        response = channel.send(piece)
        if not response.ok:
            return response
    return channel.send(pieces[-1])


def _pieces(command: Command) -> Iterator[Command]:
    for at in range(0, len(command.data), _PIECE):
        last = at + _PIECE >= len(command.data)
        data = command.data[at : at + _PIECE]
        yield Command(command.ins, command.p1, command.p2, data, cla=0 if last else _CHAINED)
