"""From PACE's nonce to a one-time generator: generic and integrated mapping (Doc 9303 part 11 §4.4.3.3, appendix B)."""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from inspection_station.documents.emrtd.curves import Curve
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.key_groups import EllipticGroup, KeyGroup, PrimeGroup

_CONSTANTS = {
    16: ("A668892A7C41E3CA739F40B057D85904", "A4E136AC725F738B01C1F60217C188AD"),
    32: (
        "D463D65234124EF7897054986DCA0A174E28DF758CBAA03F240616414D5A1676",
        "54BD7255F0AAF831BEC3423FCF39D69B6CBF066677D0FAAE5AADD99DF8E53517",
    ),
}


def nonce_bytes(key_bytes: int) -> int:
    """Length of the chip's nonce: the least whole number of blocks that holds a key (§4.4.3.3)."""
    return 16 if key_bytes <= 16 else 32


def generic(group: KeyGroup, nonce: bytes, own_secret: int, other_public: bytes) -> bytes:
    """Ĝ = s·G + H, H the secret that both sides share (§4.4.3.3.1)."""
    shared = group.multiply(own_secret, other_public)
    secret = int.from_bytes(nonce, "big") % group.order
    return group.combine(group.multiply(secret, group.generator), shared) if secret else shared


def can_integrate(group: KeyGroup) -> bool:
    """Whether integrated mapping is defined: it is not over secp224r1, whose prime leaves 1 modulo 4 (table 12)."""
    return isinstance(group, PrimeGroup) or (isinstance(group, EllipticGroup) and group.curve.p % 4 == 3)


def integrated(group: KeyGroup, nonce: bytes, other_nonce: bytes, *, des: bool) -> bytes:
    """Ĝ = f(R(s, t)): ``nonce`` is the chip's s, ``other_nonce`` the reader's t (§4.4.3.3.2)."""
    if isinstance(group, PrimeGroup):
        if group.q is None:
            raise MalformedChipData("integrated mapping over a group of unknown order")
        number = pseudo_random(nonce, other_nonce, group.p, des=des)
        generator = pow(number, (group.p - 1) // group.q, group.p)
        if generator <= 1:
            raise MalformedChipData("a mapping that leads to one")
        return generator.to_bytes((generator.bit_length() + 7) // 8, "big")
    if not isinstance(group, EllipticGroup) or not can_integrate(group):
        raise MalformedChipData(f"integrated mapping is not defined over {group.name}")
    return _point_of(group.curve, pseudo_random(nonce, other_nonce, group.curve.p, des=des))


def pseudo_random(nonce: bytes, other_nonce: bytes, p: int, *, des: bool) -> int:
    """R(s, t) modulo p: a chain of encryptions, 64 bits longer than p."""
    return int.from_bytes(pseudo_random_octets(nonce, other_nonce, p, des=des), "big") % p


def pseudo_random_octets(nonce: bytes, other_nonce: bytes, p: int, *, des: bool) -> bytes:
    """R(s, t) before it is reduced."""
    size, key_bytes = len(nonce), len(other_nonce)
    if size not in _CONSTANTS:
        raise MalformedChipData(f"a nonce of {size} bytes")
    chain, output = (bytes.fromhex(constant) for constant in _CONSTANTS[size])
    key = _encrypt(other_nonce, nonce, des=des)
    found = b""
    while 8 * len(found) < p.bit_length() + 64:
        key = key[:key_bytes]
        found += _encrypt(key, output, des=des)
        key = _encrypt(key, chain, des=des)
    return found


def _encrypt(key: bytes, data: bytes, *, des: bool) -> bytes:
    block = 8 if des else 16
    algorithm = TripleDES(key + key[:8]) if des else algorithms.AES(key)
    context = Cipher(algorithm, modes.CBC(bytes(block))).encryptor()
    return context.update(data) + context.finalize()


def _point_of(curve: Curve, t: int) -> bytes:
    """Point encoding of appendix B (Brier and others, CRYPTO 2010) for p ≡ 3 modulo 4, cofactor 1.

    One of two abscissas always lies on the curve; the square root of its ordinate's square is one power.
    """
    p, a, b = curve.p, curve.a % curve.p, curve.b
    alpha = -t * t % p
    beta = (alpha + alpha * alpha) % p
    if beta == 0:
        raise MalformedChipData("a nonce that maps to no point")
    x2 = -b * pow(a, -1, p) * (1 + pow(beta, -1, p)) % p
    square = (x2 * x2 * x2 + a * x2 + b) % p
    root = pow(square, p - 1 - (p + 1) // 4, p)
    if root * root * square % p == 1:
        point = x2, root * square % p
    else:
        point = alpha * x2 % p, root * pow(t, 3, p) * square % p
    if not curve.holds(point):
        raise MalformedChipData("a nonce that maps to no point")
    return curve.encode(point)
