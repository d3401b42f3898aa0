"""Cases with EF.SOD: its algorithms, its parts and their versions, and how it fits EF.COM (unit LDS_H)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.training.conformance_cases import documents
from inspection_station.training.conformance_cases.case import (
    FROM_THE_PLAN,
    Answer,
    ConformanceCase,
    Situation,
    title_basis,
)
from inspection_station.training.conformance_cases.documents import DAY, Document, eac
from inspection_station.training.conformance_cases.signing import Scheme, digest_identifier
from inspection_station.training.conformance_cases.state import Changes, DocumentState, key_identifier
from inspection_station.training.passport_issue import common_data

SOD_SECTION = "Doc 9303-10 §4.6.2"
_FORM = frozenset({"security-object-form"})
_SIGNATURE = frozenset({"security-object-signature", "security-object-form"})
_HASH = frozenset({"data-group-hash"})
_MD5 = digest_identifier("md5")
_SHA1, _SHA224, _SHA256, _SHA384, _SHA512 = "sha1", "sha224", "sha256", "sha384", "sha512"
_CURVES = {_SHA1: (224, 256), _SHA224: (224, 256), _SHA256: (256, 256), _SHA384: (384, 384), _SHA512: (512, 512)}


@lru_cache(maxsize=64)
def _state(family: str, digest: str, root: Scheme | None = None, *, bare: bool = False) -> DocumentState:
    """A state whose chain speaks one scheme, or whose root speaks another."""
    bits, root_bits = (2048, 3072)
    if family.startswith("ecdsa"):
        bits, root_bits = _CURVES[digest]
    if family == "dsa":
        bits = root_bits = {_SHA1: 160, _SHA224: 224, _SHA256: 256}[digest]
    if root is not None and root.family.startswith("ecdsa"):
        root_bits = _CURVES[root.digest][1]
    own_root = root or Scheme(family, digest)
    return DocumentState(DAY, Scheme(family, digest, bare), own_root, bits, root_bits)


def _signed_by(state: DocumentState, **options: Any) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        yield eac().signed_with(state, **options).situation()

    return situations


def _algorithm_cases() -> Iterator[ConformanceCase]:
    chains = {
        "01": ("rsa", _SHA1),
        "02": ("pss", _SHA1),
        "03": ("pss", _SHA256),
        "04": ("rsa", _SHA224),
        "05": ("rsa", _SHA256),
        "06": ("rsa", _SHA384),
        "07": ("rsa", _SHA512),
        "08": ("dsa", _SHA1),
        "09": ("ecdsa", _SHA1),
        "10": ("ecdsa-plain", _SHA1),
        "11": ("ecdsa-plain", _SHA224),
        "12": ("ecdsa-plain", _SHA256),
        "13": ("ecdsa-plain", _SHA384),
        "14": ("ecdsa-plain", _SHA512),
        "70": ("ecdsa", _SHA224),
        "71": ("ecdsa", _SHA256),
        "72": ("ecdsa", _SHA384),
        "73": ("ecdsa", _SHA512),
        "94": ("pss", _SHA224),
        "95": ("pss", _SHA384),
        "96": ("pss", _SHA512),
        "97": ("dsa", _SHA224),
        "98": ("dsa", _SHA256),
    }
    for number, (family, digest) in chains.items():
        yield _successful(number, f"the chain signs {family} with {digest}", _signed_by(_state(family, digest)))
    for number, digest in zip(("79", "80", "81", "82", "83"), (_SHA1, _SHA224, _SHA256, _SHA384, _SHA512), strict=True):
        state = _state("rsa", digest, bare=True)
        yield _successful(number, f"the signature names RSA alone, the digest is {digest}", _signed_by(state))
    yield _successful("15", "EF.SOD without certificates; the station holds the signer's", _without_certificate)
    yield _successful(
        "74",
        "groups hashed with SHA-224, the object with SHA-256",
        _signed_by(_state("pss", _SHA256), group_digest=_SHA224),
    )
    yield _successful(
        "75", "digests SHA-224, signed with PSS and SHA-256", _signed_by(_state("pss", _SHA256), digest=_SHA224)
    )
    mixed = _state("rsa", _SHA256, Scheme("ecdsa", _SHA224))
    yield _successful("76", "signed with RSA, its certificate with ECDSA", _signed_by(mixed, digest=_SHA224))
    yield _successful(
        "77", "the certificates signed with PSS and SHA-224", _signed_by(_state("pss", _SHA256, Scheme("pss", _SHA224)))
    )
    yield _successful(
        "78", "the certificates signed with PKCS#1 v1.5", _signed_by(_state("pss", _SHA256, Scheme("rsa", _SHA256)))
    )


def _successful(number: str, behaviour: str, situations: Callable[[], Iterable[Situation]]) -> ConformanceCase:
    return ConformanceCase(f"LDS_H_{number}", "EAC", behaviour, Answer.SUCCESSFUL, situations)


def _without_certificate() -> Iterator[Situation]:
    state = _state("rsa", _SHA256)
    document = eac().signed_with(state, changes={"certificates": None})
    yield document.situation(trust=state.trust(with_signer=True))


def _failing(
    number: str,
    behaviour: str,
    *changes: Changes,
    basis: str = FROM_THE_PLAN,
    because: frozenset[str] = _SIGNATURE,
    state: DocumentState | None = None,
    **options: Any,
) -> ConformanceCase:
    def situations() -> Iterator[Situation]:
        for one in changes or ({},):
            document = eac() if state is None else replace(eac(), state=state)
            yield document.with_sod_changes(one, **options).situation()

    return ConformanceCase(f"LDS_H_{number}", "EAC", behaviour, Answer.FAILED, situations, basis, because)


def _titled(number: str, behaviour: str, *changes: Changes, **options: Any) -> ConformanceCase:
    return _failing(number, behaviour, *changes, basis=title_basis(SOD_SECTION, "RFC 5652 §5"), **options)


def _other_kind(encapsulated: bytes) -> bytes:
    """EncapsulatedContentInfo under another object identifier."""
    body = asn1.sequence(tlv.read(encapsulated)[0])
    body.any()
    return tlv.encode(0x30, asn1.encode_oid("2.23.136.1.1.2"), body.any().raw)


def _no_kind(encapsulated: bytes) -> bytes:
    body = asn1.sequence(tlv.read(encapsulated)[0])
    body.any()
    return tlv.encode(0x30, body.any().raw)


def _next_serial(named: bytes) -> bytes:
    body = asn1.sequence(tlv.read(named)[0])
    issuer, serial = body.any().raw, asn1.integer(body.any())
    return tlv.encode(0x30, issuer, asn1.encode_integer(serial + 1))


def _flipped(octets: bytes) -> bytes:
    """An OCTET STRING with its last bit changed."""
    value = tlv.read(octets)[0].value
    return tlv.encode(0x04, value[:-1] + bytes((value[-1] ^ 1,)))


def _by_key(key: bytes) -> bytes:
    return tlv.encode(0x80, key)


def _wrong_digest() -> bytes:
    return tlv.encode(
        0x30, asn1.encode_oid("1.2.840.113549.1.9.4"), tlv.encode(0x31, tlv.encode(0x04, hashlib.sha256(b"").digest()))
    )


def _part_cases() -> Iterator[ConformanceCase]:
    integer = asn1.encode_integer
    signer_key = key_identifier(documents.DEFAULT_STATE.signer.key)
    yield _titled("20", "signed data of version 1", {"version": integer(1)}, because=_FORM)
    yield _titled("21", "signed data without version", {"version": None})
    yield _titled("22", "signed data announcing MD5", {"digests": tlv.encode(0x31, _MD5)})
    yield _titled("23", "signed data without digests, or with none", {"digests": None}, {"digests": tlv.encode(0x31)})
    yield _titled("24", "content of another kind", {"content": _other_kind})
    yield _titled("25", "content without its kind", {"content": _no_kind})
    yield _titled("26", "signer info of version 2", {"signer version": integer(2)}, because=_FORM)
    yield _titled("27", "signer info without version", {"signer version": None})
    yield _titled("28", "signer info naming another serial number", {"signer name": _next_serial})
    yield _titled(
        "29",
        "signer info of version 3 naming another key",
        {"signer version": integer(3), "signer name": _by_key(bytes(20))},
    )
    yield _titled("30", "signer info with MD5 as digest", {"signer digest": _MD5})
    yield _titled("31", "signer info without digest", {"signer digest": None})
    yield _titled("32", "a signed digest that is not the content's", {"message digest": _wrong_digest()})
    yield _titled("33", "no signed digest", {"message digest": None})
    yield _failing(
        "36",
        "signer info signed with RSA and MD5",
        state=replace(_state("rsa", "md5"), root_scheme=_PSS),
        digest=_SHA256,
    )
    yield _titled("37", "a wrong signature", {"signer signature": _flipped})
    yield _titled("38", "no signature", {"signer signature": None})
    yield _titled("39", "security object of version 2", {"object version": integer(2)})
    yield _titled("40", "security object without version", {"object version": None})
    yield _titled("41", "groups hashed with MD5", {"object digest": _MD5})
    yield _titled("42", "security object without digest", {"object digest": None})
    yield _failing(
        "84", "signer info of version 3 naming issuer and serial number", {"signer version": integer(3)}, because=_FORM
    )
    yield _failing("85", "signer info of version 1 naming the key", {"signer name": _by_key(signer_key)}, because=_FORM)


_PSS = Scheme("pss", _SHA256)


def _lds_version(told: str) -> bytes:
    """LDSVersionInfo."""
    return tlv.encode(
        0x30, tlv.encode(asn1.PRINTABLE_STRING, told.encode()), tlv.encode(asn1.PRINTABLE_STRING, b"040000")
    )


def _version_cases() -> Iterator[ConformanceCase]:
    integer, versions = asn1.encode_integer, "object versions"
    one = {"object version": integer(1)}
    basis = title_basis("Doc 9303-10 §4.6.2.3")

    def situations() -> Iterator[Situation]:
        yield eac().with_sod_changes({**one, versions: _lds_version("0108")}).situation()

    yield ConformanceCase(
        "LDS_H_86",
        "EAC",
        "version 1 telling LDS 1.8",
        Answer.SUCCESSFUL,
        situations,
        title_basis("Doc 9303-10 §4.6.2.3"),
    )
    yield _failing("87", "version 0 telling LDS 1.8", {versions: _lds_version("0108")}, basis=basis, because=_FORM)
    yield _failing(
        "88",
        "version 1 telling LDS 1.7, or none",
        {**one, versions: _lds_version("0107")},
        one,
        basis=basis,
        because=_FORM,
    )


def _hash_cases() -> Iterator[ConformanceCase]:
    noise: Mapping[int, bytes | None] = {10: bytes(32)}
    basis = title_basis(SOD_SECTION, "Doc 9303-11 §5.1")
    yield _failing("43", "another hash for DG2", hashes={2: bytes(32)}, because=_HASH, basis=basis)
    yield _failing("44", "no hash for DG1", hashes={1: None}, because=_HASH, basis=basis)
    yield _failing("45", "a hash for DG10, which is not there", hashes=noise, because=_HASH)
    yield _failing("46", "DG1 under the number 255", {"object hashes": _renumbered})
    yield _failing("47", "the hash of DG2 without its number", {"object hashes": _unnumbered})

    def corrupted() -> Iterator[Situation]:
        group = documents.face_group()
        group = group[:-1] + bytes((group[-1] ^ 0xFF,))
        yield replace(eac().with_group(2, group), sod_options={"hashes": {2: bytes(32)}}).situation()

    yield ConformanceCase(
        "LDS_H_69", "EAC", "another hash for DG2, whose last byte is another", Answer.FAILED, corrupted, because=_HASH
    )


def _entries(hashes: bytes) -> list[tlv.Element]:
    return list(tlv.read(hashes)[0].children())


def _renumbered(hashes: bytes) -> bytes:
    first, *others = _entries(hashes)
    value = list(first.children())[1].raw
    return tlv.encode(0x30, tlv.encode(0x30, b"\x02\x01\xff", value), *(one.raw for one in others))


def _unnumbered(hashes: bytes) -> bytes:
    first, second, *others = _entries(hashes)
    value = list(second.children())[1].raw
    return tlv.encode(0x30, first.raw, tlv.encode(0x30, value), *(one.raw for one in others))


def _file_cases() -> Iterator[ConformanceCase]:
    basis = title_basis(SOD_SECTION)

    def changed(change: Callable[[bytes], bytes]) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            document = eac()
            yield replace(document, sod=change(document.security_object())).situation()

        return situations

    for number, behaviour, change in (
        ("17", "the file's tag is 78", lambda sod: b"\x78" + sod[1:]),
        ("18", "its length is one short", lambda sod: resized(sod, -1)),
        ("19", "its length is one too long", lambda sod: resized(sod, 1)),
    ):
        yield ConformanceCase(f"LDS_H_{number}", "EAC", behaviour, Answer.FAILED, changed(change), basis)


def resized(file: bytes, by: int) -> bytes:
    """The file with another length in its outermost header, and the same content."""
    element = tlv.read(file)[0]
    head = tlv.encode_tag(element.tag)
    size = len(file) - len(head) - len(element.value)
    length = (len(element.value) + by).to_bytes(max(1, size - 1), "big")
    return head + (bytes([0x80 | size - 1]) + length if size > 1 else length) + element.value


def _agreement_cases() -> Iterator[ConformanceCase]:
    """EF.SOD against EF.COM."""
    finger = tlv.encode(0x63, tlv.encode(0x7F61, tlv.encode(0x02, b"\x00")))
    because = frozenset({"common-data"})

    def of(document: Document) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            yield document.situation()

        return situations

    pace = documents.pace()
    com = common_data(pace.groups)
    more = replace(pace.with_group(3, finger), com=com, sod_options={"hashes": {3: b"\xff" * 32}})
    less = replace(eac(), sod_options={"hashes": {2: None}})
    other = replace(pace.with_group(3, finger), com=com, sod_options={"hashes": {2: None}})
    for number, profile, behaviour, document in (
        ("90", "PACE", "a hash for DG3, which EF.COM does not list", more),
        ("91", "EAC", "no hash for DG2, which EF.COM lists", less),
        ("92", "PACE", "a hash for DG3 in the place of DG2's", other),
    ):
        yield ConformanceCase(f"LDS_H_{number}", profile, behaviour, Answer.FAILED, of(document), because=because)


def cases() -> tuple[ConformanceCase, ...]:
    """All of them."""
    return (
        *_algorithm_cases(),
        *_part_cases(),
        *_version_cases(),
        *_hash_cases(),
        *_file_cases(),
        *_agreement_cases(),
    )
