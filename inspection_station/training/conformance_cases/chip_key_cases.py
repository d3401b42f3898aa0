"""Cases of chip authentication, active authentication and the groups with their keys (units ISO7816_D, ISO7816_F, LDS_F
and LDS_I).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from inspection_station.documents.emrtd import asn1, message_recovery, tlv
from inspection_station.documents.emrtd.apdu import Status
from inspection_station.documents.emrtd.security_infos import ACTIVE_AUTHENTICATION, CHIP_AUTHENTICATION
from inspection_station.training.chip_keys import AgreementKey, ChipKeys, RsaSigner, agreement_key, ecdsa_signer
from inspection_station.training.conformance_cases import demands
from inspection_station.training.conformance_cases.case import (
    FROM_THE_PLAN,
    Answer,
    ConformanceCase,
    Demand,
    Observation,
    Situation,
    title_basis,
)
from inspection_station.training.conformance_cases.documents import (
    BRAINPOOL_P256R1,
    SECP224R1,
    SECP256R1,
    SEED,
    Document,
    active_signer,
    chip_keys,
    eac,
    eac_active,
)
from inspection_station.training.conformance_cases.security_object_cases import resized
from inspection_station.training.virtual_chip.case_faults import CommandFault
from inspection_station.training.virtual_chip.commands import CardCommand

_CHIP = title_basis("Doc 9303-11 §6.2", "Doc 9303-11 §9.2.5")
_ACTIVE = title_basis("Doc 9303-11 §6.1")
_CA, _AA = frozenset({"chip-authentication"}), frozenset({"active-authentication"})
_GROUP = frozenset({"data-group-format", "chip-authentication", "MalformedChipData"})
PRIME_1024, PRIME_2048 = 0, 2
_PROVEN = demands.check_made("chip-authentication", "successful")
_SIGNED = demands.check_made("active-authentication", "successful")
_SET_KEY = 0xA6


def _failed(
    id: str,
    behaviour: str,
    situations: Callable[[], Iterator[Situation]],
    because: frozenset[str],
    basis: str = FROM_THE_PLAN,
) -> ConformanceCase:
    return ConformanceCase(id, "EAC", behaviour, Answer.FAILED, situations, basis, because)


def _good(id: str, behaviour: str, situations: Callable[[], Iterator[Situation]], basis: str) -> ConformanceCase:
    return ConformanceCase(id, "EAC", behaviour, Answer.SUCCESSFUL, situations, basis)


def _group_14(*infos: bytes) -> bytes:
    return tlv.encode(0x6E, asn1.encode_set(*infos))


def _reference(number: int) -> Demand:
    """MSE named the key by this identifier."""

    def demand(seen: Observation) -> str | None:
        named = [e.objects().get(0x84) for e in seen.exchanges if e.ins == 0x22 and e.p1 == 0x41]
        return (
            None
            if named and all(one == bytes([number]) for one in named)
            else "the key was not named by its identifier"
        )

    return demand


def _keys_of(count: int) -> tuple[AgreementKey, ...]:
    """Keys numbered from 1 in different groups, so that one cannot be taken for another."""
    groups = (BRAINPOOL_P256R1, SECP256R1, SECP224R1)
    return tuple(agreement_key(SEED + n, groups[n], (2,), key_id=n + 1) for n in range(count))


def _default_key() -> AgreementKey:
    return agreement_key(SEED, SECP224R1, (1,))


def _with_keys(*keys: AgreementKey) -> Document:
    document = eac(ChipKeys(agreement=keys[0]))
    return document.with_group(14, _group_14(*(info for key in keys for info in key.infos())))


def _agreement_cases() -> Iterator[ConformanceCase]:
    def of(*parameters: tuple[int, int]) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            for parameter_id, cipher in parameters:
                yield eac(chip_keys(parameter_id, (cipher,))).situation(_PROVEN)

        return situations

    primes = tuple((parameter_id, cipher) for parameter_id in (PRIME_1024, PRIME_2048) for cipher in (1, 2))
    curves = tuple((parameter_id, cipher) for parameter_id in (SECP224R1, BRAINPOOL_P256R1) for cipher in (1, 2, 3, 4))
    yield _good("ISO7816_D_01", "DH in 1,024 and 2,048 bits, 3DES and AES", of(*primes), _CHIP)
    yield _good("ISO7816_D_02", "ECDH in 224 and 256 bits, 3DES and AES", of(*curves), _CHIP)
    for number, count in (("03", 1), ("04", 2), ("05", 3)):

        def several(count: int = count) -> Iterator[Situation]:
            keys = _keys_of(count)
            numbers = [key.key_id for key in keys]

            def one_of_them(seen: Observation) -> str | None:
                named = {e.objects().get(0x84) for e in seen.exchanges if e.ins == 0x22 and e.p1 == 0x41}
                return None if named <= {bytes([n or 0]) for n in numbers} and named else "no key was named"

            yield _with_keys(*keys).situation(_PROVEN, one_of_them, agreement_keys=keys)

        yield _good(f"ISO7816_D_{number}", f"DG14 names {count} numbered key{'s' if count > 1 else ''}", several, _CHIP)

    def unknown_reference(*statuses: int) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            for status in statuses:
                key = agreement_key(SEED, BRAINPOOL_P256R1, (2,), key_id=7)
                yield eac(ChipKeys(agreement=key)).situation(_reference(7), command_fault=_refusing_agreement(status))

        return situations

    various = (0x6300, 0x6982, 0x6985, 0x6A80, 0x6A86, 0x6A88, 0x6D00, 0x6F00)
    yield _failed("ISO7816_D_06", "the chip knows no key of that number", unknown_reference(0x6A88), _CA, _CHIP)
    yield _failed("ISO7816_D_15", "the same with eight status words", unknown_reference(*various), _CA, _CHIP)
    yield _failed(
        "ISO7816_D_07", "no element of the group, and another's key (DH)", _corrupted(PRIME_2048), _GROUP, _CHIP
    )
    yield _failed(
        "ISO7816_D_08", "no point of the curve, and another's key (ECDH)", _corrupted(BRAINPOOL_P256R1), _GROUP, _CHIP
    )

    def old_session() -> Iterator[Situation]:
        yield eac().situation(old_session_stays=True)
        yield eac(chip_keys(BRAINPOOL_P256R1, (2,))).situation(old_session_stays=True)

    yield _failed("ISO7816_D_09", "the chip goes on with its old keys", old_session, _CA, _CHIP)
    yield _good("ISO7816_D_10", "read twice", _ephemeral, _CHIP)

    def mismatch() -> Iterator[Situation]:
        key = agreement_key(SEED, BRAINPOOL_P256R1, (2,), key_id=1)
        other = replace(key, key_id=2)
        yield eac(ChipKeys(agreement=key)).with_group(14, _group_14(key.infos()[0], other.infos()[1])).situation()

    yield _failed("ISO7816_D_13", "the key is number 1, the protocol wants number 2", mismatch, _CA, _CHIP)

    def extended() -> Iterator[Situation]:
        yield eac(chip_keys(PRIME_2048, (1,))).situation(_PROVEN, demands.came(0x22, 0x41, extended=True))
        yield eac(chip_keys(PRIME_2048, (2,))).situation(_PROVEN, demands.came(0x86, extended=True))

    yield _good("ISO7816_D_14", "a key too long for short commands", extended, _CHIP)


def _refusing_agreement(status: int) -> CommandFault:
    def told(command: CardCommand) -> tuple[bytes, int] | None:
        return (b"", status) if command.ins == 0x22 and command.p1 == 0x41 else None

    return told


def _corrupted(parameter_id: int) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        key = agreement_key(SEED, parameter_id, (2,))
        stranger = agreement_key(SEED + 9, parameter_id, (2,))
        public = key.public
        outside = public[:-1] + bytes((public[-1] ^ 0x01,))
        info = key.infos()[0].replace(public, outside)
        for first in (info, stranger.infos()[0]):
            yield eac(ChipKeys(agreement=key)).with_group(14, _group_14(first, key.infos()[1])).situation()

    return situations


def _ephemeral() -> Iterator[Situation]:
    """The reader's public key must be another one each time."""
    known: set[bytes] = set()

    def fresh(seen: Observation) -> str | None:
        sent = {e.objects()[0x91] for e in seen.exchanges if e.ins == 0x22 and (e.p1, e.p2) == (0x41, _SET_KEY)}
        if not sent or sent & known:
            return "the same one-time key was used again" if sent else "no one-time key was sent"
        known.update(sent)
        return None

    for _ in range(2):
        yield eac().situation(fresh)


@dataclass(frozen=True)
class _WrongTrailer:
    """Signs with a trailer that stands for no digest."""

    signer: RsaSigner

    def __call__(self, command: CardCommand) -> tuple[bytes, int] | None:
        if command.ins != 0x88:
            return None
        bits = self.signer.n.bit_length()
        recoverable = bytes(message_recovery.capacity(bits, self.signer.digest))
        block = message_recovery.compose(bits, self.signer.digest, recoverable, command.data)
        number = int.from_bytes(block[:-2] + b"\x99\xcc", "big")
        return pow(number, self.signer.d, self.signer.n).to_bytes(bits // 8, "big"), Status.OK


def _active_cases() -> Iterator[ConformanceCase]:
    for number, digest in (("01", "sha1"), ("04", "sha224"), ("05", "sha256"), ("06", "sha384"), ("07", "sha512")):

        def signed(digest: str = digest) -> Iterator[Situation]:
            yield eac(replace(chip_keys(), signer=active_signer(digest))).situation(_SIGNED, demands.came(0x88))

        yield _good(f"ISO7816_F_{number}", f"RSA with {digest}", signed, _ACTIVE)

    def elliptic() -> Iterator[Situation]:
        for curve, digest in (("brainpoolP256r1", "sha256"), ("secp384r1", "sha384"), ("secp224r1", "sha224")):
            keys = replace(chip_keys(), signer=ecdsa_signer(SEED, curve, digest))
            yield eac(keys).situation(_SIGNED, demands.came(0x88))

    yield _good("ISO7816_F_02", "ECDSA on three curves", elliptic, _ACTIVE)

    def wrong_trailer() -> Iterator[Situation]:
        yield eac_active().situation(command_fault=_WrongTrailer(active_signer("sha256")))

    yield _failed("ISO7816_F_08", "a trailer that stands for no digest", wrong_trailer, _AA, _ACTIVE)

    def invalid_identifier() -> Iterator[Situation]:
        signer = ecdsa_signer(SEED)
        keys = replace(chip_keys(), signer=signer)
        info = tlv.encode(
            0x30,
            asn1.encode_oid(ACTIVE_AUTHENTICATION),
            asn1.encode_integer(1),
            asn1.encode_oid("0.4.0.127.0.7.1.1.4.1.99"),
        )
        yield eac(keys).with_group(14, _group_14(*_default_key().infos(), info)).situation()

    basis = title_basis("Doc 9303-11 §9.2.4")
    yield _failed("ISO7816_F_09", "DG14 announces a signature that there is not", invalid_identifier, _AA, basis)


def _group_cases() -> Iterator[ConformanceCase]:
    """DG14 (unit LDS_F) and DG15 (unit LDS_I), malformed and signed as they are."""

    def changed(
        number: int, document: Callable[[], Document], change: Callable[[bytes], bytes]
    ) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            made = document()
            yield made.with_group(number, change(made.groups[number])).situation()

        return situations

    for unit, number, tag, document in (("LDS_F", 14, b"\x6f", eac), ("LDS_I", 15, b"\x70", eac_active)):
        for case, behaviour, change in (
            ("01", "another tag", lambda group, tag=tag: tag + group[1:]),
            ("02", "its length is one short", lambda group: resized(group, -1)),
            ("03", "its length is one too long", lambda group: resized(group, 1)),
        ):
            situations = changed(number, document, change)
            yield _failed(f"{unit}_{case}", f"DG{number}: {behaviour}", situations, _MALFORMED)
    public, offer = _default_key().infos()
    identifier = asn1.encode_oid(f"{CHIP_AUTHENTICATION}.2.1")
    other_kind = public.replace(asn1.encode_oid("0.4.0.127.0.7.2.2.1.2"), asn1.encode_oid("0.4.0.127.0.7.2.2.1.3"))
    body = tlv.read(public)[0].value
    for case, behaviour, infos in (
        ("04", "the key under an identifier that there is not", (other_kind, offer)),
        ("05", "the key without its identifier", (tlv.encode(0x30, body[len(tlv.read(body)[0].raw) :]), offer)),
        ("06", "the protocol of version 10", (public, tlv.encode(0x30, identifier, asn1.encode_integer(10)))),
        ("07", "the protocol without version", (public, tlv.encode(0x30, identifier))),
    ):

        def one(infos: tuple[bytes, ...] = infos) -> Iterator[Situation]:
            yield eac().with_group(14, _group_14(*infos)).situation()

        yield _failed(f"LDS_F_{case}", f"DG14: {behaviour}", one, _GROUP)


_MALFORMED = frozenset(
    {"data-group-format", "chip-authentication", "active-authentication", "data-group-hash", "MalformedChipData"}
)


def cases() -> tuple[ConformanceCase, ...]:
    """All of them."""
    return (*_agreement_cases(), *_active_cases(), *_group_cases())
