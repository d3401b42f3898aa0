"""Elliptic curves over prime fields: the table of those in use, and the arithmetic that no library offers.

Certificates carry their curve in full («explicit parameters»); it is matched against this table by all of (p, a, b,
G, n), so that a curve of someone's own making is refused. Point arithmetic is needed for curves our library lacks
(brainpoolP192r1, P224r1, P320r1) and for PACE's mapped generator. It runs on public values and one-time keys only and
is not constant in time. Constants: FIPS 186-4 D.1.2, RFC 5639 §3.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.documents.emrtd.errors import MalformedChipData

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ + ax + b over GF(p); generator (gx, gy) of prime order n."""

    name: str
    oid: str
    p: int
    a: int
    b: int
    gx: int
    gy: int
    n: int

    @property
    def field_bytes(self) -> int:
        """Bytes of one coordinate."""
        return (self.p.bit_length() + 7) // 8

    @property
    def generator(self) -> Point:
        """G."""
        return self.gx, self.gy

    def holds(self, point: Point) -> bool:
        """Whether the point lies on the curve."""
        x, y = point
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - (x * x * x + self.a * x + self.b)) % self.p == 0

    def decode(self, octets: bytes) -> Point:
        """A point from its uncompressed or compressed form (SEC 1 §2.3.4); MalformedChipData when it is not
        on the curve.
        """
        size = self.field_bytes
        if len(octets) == 1 + 2 * size and octets[0] == 4:
            point = int.from_bytes(octets[1 : 1 + size], "big"), int.from_bytes(octets[1 + size :], "big")
        elif len(octets) == 1 + size and octets[0] in (2, 3) and self.p % 4 == 3:
            x = int.from_bytes(octets[1:], "big")
            y = pow(x * x * x + self.a * x + self.b, (self.p + 1) // 4, self.p)
            point = x, y if y & 1 == octets[0] & 1 else self.p - y
        else:
            raise MalformedChipData(f"no point of {self.name}")
        if not self.holds(point):
            raise MalformedChipData(f"a point that is not on {self.name}")
        return point

    def encode(self, point: Point) -> bytes:
        """Uncompressed form."""
        size = self.field_bytes
        return b"\x04" + point[0].to_bytes(size, "big") + point[1].to_bytes(size, "big")

    def add(self, one: Point | None, other: Point | None) -> Point | None:
        """Sum of two points; None is the point at infinity."""
        if one is None or other is None:
            return other if one is None else one
        if one[0] == other[0] and (one[1] + other[1]) % self.p == 0:
            return None
        return self._affine(_add(self, (*one, 1), (*other, 1)))

    def multiply(self, scalar: int, point: Point) -> Point | None:
        """scalar · point by a four-bit window in Jacobian coordinates; None is the point at infinity."""
        scalar %= self.n
        if scalar == 0:
            return None
        table: list[tuple[int, int, int]] = [(1, 1, 0), (*point, 1)]
        for _ in range(14):
            table.append(_add(self, table[-1], table[1]))
        total = table[0]
        for shift in range((scalar.bit_length() + 3) // 4 * 4 - 4, -1, -4):
            for _ in range(4):
                total = _double(self, total)
            total = _add(self, total, table[scalar >> shift & 15])
        return self._affine(total)

    def verify(self, public: Point, digest: bytes, r: int, s: int) -> bool:
        """ECDSA over a digest (SEC 1 §4.1.4)."""
        if not (0 < r < self.n and 0 < s < self.n):
            return False
        e = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - self.n.bit_length())
        w = pow(s, -1, self.n)
        total = self.add(self.multiply(e * w, self.generator), self.multiply(r * w, public))
        return total is not None and total[0] % self.n == r

    def _affine(self, point: tuple[int, int, int]) -> Point | None:
        x, y, z = point
        if z == 0:
            return None
        inverse = pow(z, -1, self.p)
        square = inverse * inverse % self.p
        return x * square % self.p, y * square * inverse % self.p


def _double(curve: Curve, point: tuple[int, int, int]) -> tuple[int, int, int]:
    x, y, z = point
    p = curve.p
    if z == 0 or y == 0:
        return 1, 1, 0
    yy = y * y % p
    s = 4 * x * yy % p
    zz = z * z % p
    m = (3 * x * x + curve.a * zz * zz) % p
    u = (m * m - 2 * s) % p
    return u, (m * (s - u) - 8 * yy * yy) % p, 2 * y * z % p


def _add(curve: Curve, one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    x1, y1, z1 = one
    x2, y2, z2 = other
    if z1 == 0 or z2 == 0:
        return other if z1 == 0 else one
    p = curve.p
    z1z1, z2z2 = z1 * z1 % p, z2 * z2 % p
    u1, u2 = x1 * z2z2 % p, x2 * z1z1 % p
    s1, s2 = y1 * z2 * z2z2 % p, y2 * z1 * z1z1 % p
    h, r = (u2 - u1) % p, (s2 - s1) % p
    if h == 0:
        return _double(curve, one) if r == 0 else (1, 1, 0)
    hh = h * h % p
    hhh = h * hh % p
    v = u1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - s1 * hhh) % p, h * z1 * z2 % p
