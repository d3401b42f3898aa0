"""Groups in which a chip agrees on keys (Doc 9303 part 11 §9.5, §9.6): curves and prime fields behind one face.

An element is carried in the form in which it is sent: an uncompressed point, or an unsigned integer without leading
zeros. ``decode`` is the only way in for bytes of a stranger; it refuses what is not an element of the group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from inspection_station.documents.emrtd import asn1, curve_table, tlv
from inspection_station.documents.emrtd.curves import Curve
from inspection_station.documents.emrtd.errors import MalformedChipData

PKCS3_KEY, X942_KEY = "1.2.840.113549.1.3.1", "1.2.840.10046.2.1"
STANDARD_PARAMETERS = "0.4.0.127.0.7.1.2"
"""Names a group by its number in table 12 of §9.5.1."""
_LARGEST_PRIME = 4096
"""Bits, twice those of the largest group of §9.5.1: a power in a larger one would cost the station seconds."""


class KeyGroup(Protocol):
    """What key agreement needs of a group. ``public_tag`` is the tag of a public value in a key object (§9.4)."""

    @property
    def name(self) -> str: ...
    @property
    def order(self) -> int: ...
    @property
    def generator(self) -> bytes: ...
    @property
    def public_tag(self) -> int: ...
    def decode(self, octets: bytes) -> bytes: ...
    def multiply(self, secret: int, element: bytes) -> bytes: ...
    def combine(self, one: bytes, other: bytes) -> bytes: ...
    def shared_secret(self, element: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class EllipticGroup:
    """The points of a curve."""

    curve: Curve

    @property
    def name(self) -> str:
        """Of the curve."""
        return self.curve.name

    @property
    def order(self) -> int:
        """Of the generator."""
        return self.curve.n

    @property
    def generator(self) -> bytes:
        """G."""
        return self.curve.encode(self.curve.generator)

    @property
    def public_tag(self) -> int:
        """86 of table 11."""
        return 0x86

    def decode(self, octets: bytes) -> bytes:
        """A point; MalformedChipData for anything that is not on the curve."""
        return self.curve.encode(self.curve.decode(octets))

    def multiply(self, secret: int, element: bytes) -> bytes:
        """secret · element; MalformedChipData where that is infinity."""
        product = self.curve.multiply(secret, self.curve.decode(element))
        if product is None:
            raise MalformedChipData("a public key that leads to infinity")
        return self.curve.encode(product)

    def combine(self, one: bytes, other: bytes) -> bytes:
        """Sum; MalformedChipData where that is infinity."""
        total = self.curve.add(self.curve.decode(one), self.curve.decode(other))
        if total is None:
            raise MalformedChipData("points that add up to infinity")
        return self.curve.encode(total)

    def shared_secret(self, element: bytes) -> bytes:
        """Its x, as long as the field (§9.7.1)."""
        return element[1 : 1 + self.curve.field_bytes]


@dataclass(frozen=True, slots=True)
class PrimeGroup:
    """Powers of g modulo p. ``q`` is the order of g, None where the chip's parameters do not tell it (PKCS #3)."""

    name: str
    p: int
    g: int
    q: int | None = None

    @property
    def order(self) -> int:
        """Of the generator; where it is unknown, what its powers repeat after."""
        return self.q if self.q is not None else self.p - 1

    @property
    def generator(self) -> bytes:
        """g."""
        return _octets(self.g)

    @property
    def public_tag(self) -> int:
        """84 of table 10."""
        return 0x84

    def decode(self, octets: bytes) -> bytes:
        """A public value from 2 to p-2, of order q where q is known (RFC 2631 §2.1.5); else MalformedChipData."""
        value = int.from_bytes(octets, "big")
        if not 1 < value < self.p - 1 or (self.q is not None and pow(value, self.q, self.p) != 1):
            raise MalformedChipData(f"no public value of the {self.name}")
        return _octets(value)

    def multiply(self, secret: int, element: bytes) -> bytes:
        """element to the power of secret; MalformedChipData where that is 1."""
        power = pow(int.from_bytes(element, "big"), secret, self.p)
        if power <= 1:
            raise MalformedChipData("a public key that leads to one")
        return _octets(power)

    def combine(self, one: bytes, other: bytes) -> bytes:
        """Product; MalformedChipData where that is 1."""
        product = int.from_bytes(one, "big") * int.from_bytes(other, "big") % self.p
        if product <= 1:
            raise MalformedChipData("public values whose product is one")
        return _octets(product)

    def shared_secret(self, element: bytes) -> bytes:
        """As long as p (PKCS #3 §8.3)."""
        return element.rjust((self.p.bit_length() + 7) // 8, b"\0")


def _octets(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def prime_group(p: int, g: int, q: int | None = None) -> PrimeGroup:
    """A group that a chip spells out; MalformedChipData for one that no key agreement could use."""
    for known in STANDARD_GROUPS.values():
        if isinstance(known, PrimeGroup) and (known.p, known.g) == (p, g):
            return known
    if not (512 <= p.bit_length() <= _LARGEST_PRIME and p & 1 and 1 < g < p - 1):
        raise MalformedChipData("a prime group out of bounds")
    if q is not None and (not 128 <= q.bit_length() <= p.bit_length() or (p - 1) % q or pow(g, q, p) != 1):
        raise MalformedChipData("a prime group whose order does not fit")
    return PrimeGroup(f"{p.bit_length()}-bit group", p, g, q)


def standard_group(number: int) -> KeyGroup:
    """The group with this number in table 12 of §9.5.1; MalformedChipData where the number is not taken."""
    if number not in STANDARD_GROUPS:
        raise MalformedChipData(f"domain parameters {number} are not standardised")
    return STANDARD_GROUPS[number]


_CURVES = (
    "secp192r1",
    "brainpoolP192r1",
    "secp224r1",
    "brainpoolP224r1",
    "secp256r1",
    "brainpoolP256r1",
    "brainpoolP320r1",
    "secp384r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
    "secp521r1",
)
# Prime, generator and order of the groups of RFC 5114 §2.1 to §2.3.
_PRIME_GROUPS = """
B10B8F96A080E01DDE92DE5EAE5D54EC52C99FBCFB06A3C69A6A9DCA52D23B616073E28675A23D189838EF1E2EE652C013EC\
B4AEA906112324975C3CD49B83BFACCBDD7D90C4BD7098488E9C219A73724EFFD6FAE5644738FAA31A4FF55BCCC0A151AF5F\
0DC8B4BD45BF37DF365C1A65E68CFDA76D4DA708DF1FB2BC2E4A4371
A4D1CBD5C3FD34126765A442EFB99905F8104DD258AC507FD6406CFF14266D31266FEA1E5C41564B777E690F5504F2131602\
17B4B01B886A5E91547F9E2749F4D7FBD7D3B9A92EE1909D0D2263F80A76A6A24C087A091F531DBF0A0169B6A28AD662A4D1\
8E73AFA32D779D5918D08BC8858F4DCEF97C2A24855E6EEB22B3B2E5
F518AA8781A8DF278ABA4E7D64B7CB9D49462353
AD107E1E9123A9D0D660FAA79559C51FA20D64E5683B9FD1B54B1597B61D0A75E6FA141DF95A56DBAF9A3C407BA1DF15EB3D\
688A309C180E1DE6B85A1274A0A66D3F8152AD6AC2129037C9EDEFDA4DF8D91E8FEF55B7394B7AD5B7D0B6C12207C9F98D11\
ED34DBF6C6BA0B2C8BBC27BE6A00E0A0B9C49708B3BF8A317091883681286130BC8985DB1602E714415D9330278273C7DE31\
EFDC7310F7121FD5A07415987D9ADC0A486DCDF93ACC44328387315D75E198C641A480CD86A1B9E587E8BE60E69CC928B2B9\
C52172E413042E9B23F10B0E16E79763C9B53DCF4BA80A29E3FB73C16B8E75B97EF363E2FFA31F71CF9DE5384E71B81C0AC4\
DFFE0C10E64F
AC4032EF4F2D9AE39DF30B5C8FFDAC506CDEBE7B89998CAF74866A08CFE4FFE3A6824A4E10B9A6F0DD921F01A70C4AFAAB73\
9D7700C29F52C57DB17C620A8652BE5E9001A8D66AD7C17669101999024AF4D027275AC1348BB8A762D0521BC98AE2471504\
22EA1ED409939D54DA7460CDB5F6C6B250717CBEF180EB34118E98D119529A45D6F834566E3025E316A330EFBB77A86F0C1A\
B15B051AE3D428C8F8ACB70A8137150B8EEB10E183EDD19963DDD9E263E4770589EF6AA21E7F5F2FF381B539CCE3409D13CD\
566AFBB48D6C019181E1BCFE94B30269EDFE72FE9B6AA4BD7B5A0F1C71CFFF4C19C418E1F6EC017981BC087F2A7065B384B8\
90D3191F2BFA
801C0D34C58D93FE997177101F80535A4738CEBCBF389A99B36371EB
87A8E61DB4B6663CFFBBD19C651959998CEEF608660DD0F25D2CEED4435E3B00E00DF8F1D61957D4FAF7DF4561B2AA3016C3\
D91134096FAA3BF4296D830E9A7C209E0C6497517ABD5A8A9D306BCF67ED91F9E6725B4758C022E0B1EF4275BF7B6C5BFC11\
D45F9088B941F54EB1E59BB8BC39A0BF12307F5C4FDB70C581B23F76B63ACAE1CAA6B7902D52526735488A0EF13C6D9A51BF\
A4AB3AD8347796524D8EF6A167B5A41825D967E144E5140564251CCACB83E6B486F6B3CA3F7971506026C0B857F689962856\
DED4010ABD0BE621C3A3960A54E710C375F26375D7014103A4B54330C198AF126116D2276E11715F693877FAD7EF09CADB09\
4AE91E1A1597
3FB32C9B73134D0B2E77506660EDBD484CA7B18F21EF205407F4793A1A0BA12510DBC15077BE463FFF4FED4AAC0BB555BE3A\
6C1B0C6B47B1BC3773BF7E8C6F62901228F8C28CBB18A55AE31341000A650196F931C77A57F2DDF463E5E9EC144B777DE62A\
AAB8A8628AC376D282D6ED3864E67982428EBC831D14348F6F2F9193B5045AF2767164E1DFC967C1FB3F2E55A4BD1BFFE83B\
9C80D052B985D182EA0ADB2A3B7313D3FE14C8484B1E052588B9B7D2BBD2DF016199ECD06E1557CD0915B3353BBB64E0EC37\
7FD028370DF92B52C7891428CDC67EB6184B523D1DB246C32F63078490F00EF8D647D148D47954515E2327CFEF98C582664B\
4C0F6CC41659
8CF83642A709A097B447997640129DA299B1A47D1EB3750BA308B0FE64F5FBD3
"""


def _standard_groups() -> dict[int, KeyGroup]:
    found: dict[int, KeyGroup] = {}
    numbers = [int(word, 16) for word in _PRIME_GROUPS.split()]
    for number in range(3):
        p, g, q = numbers[3 * number : 3 * number + 3]
        found[number] = PrimeGroup(f"{p.bit_length()}/{q.bit_length()}-bit group", p, g, q)
    for number, name in enumerate(_CURVES, 8):
        found[number] = EllipticGroup(curve_table.BY_NAME[name])
    return found


STANDARD_GROUPS = _standard_groups()


def standard_parameters(number: int) -> bytes:
    """AlgorithmIdentifier that names a standard group (§9.5.1)."""
    return tlv.encode(asn1.SEQUENCE, asn1.encode_oid(STANDARD_PARAMETERS), asn1.encode_integer(number))
