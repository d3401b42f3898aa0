"""Cases with the document signer's certificate, which is signed as it is: what is wrong in it is the state's own
mistake (unit LDS_H, 48 to 68), and the one with a revocation list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.training.conformance_cases.case import (
    FROM_THE_PLAN,
    Answer,
    ConformanceCase,
    Situation,
    title_basis,
)
from inspection_station.training.conformance_cases.documents import DAY, bac, eac
from inspection_station.training.conformance_cases.signing import Scheme
from inspection_station.training.conformance_cases.state import (
    DEFAULT_SCHEME,
    Change,
    DocumentState,
    authority_key,
    key_identifier,
    key_usage,
    name,
    validity,
)

_SECTION = "Doc 9303-12 §7.1"
_FORM = frozenset({"signer-form"})
_ANY = frozenset({"signer-form", "security-object-form", "security-object-signature", "MalformedChipData"})


def _situations(state: DocumentState) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        yield replace(eac(), state=state).situation()

    return situations


def _case(
    number: str, behaviour: str, part: str, change: Change, *, titled: bool = False, because: frozenset[str] = _FORM
) -> ConformanceCase:
    state = DocumentState(DAY, signer_changes={part: change})
    basis = title_basis(_SECTION) if titled else FROM_THE_PLAN
    return ConformanceCase(f"LDS_H_{number}", "EAC", behaviour, Answer.FAILED, _situations(state), basis, because)


def _without_key_identifier() -> bytes:
    """The authority's name and number in the place of its key."""
    issuer = DocumentState(DAY).root.issuer
    named = tlv.encode(0xA1, tlv.encode(0xA4, issuer))
    return authority_key(named, tlv.encode(0x82, b"\x01"))


def _md5_key(information: bytes) -> bytes:
    """The same key under an identifier that no key has."""
    body = asn1.sequence(tlv.read(information)[0])
    body.any()
    return tlv.encode(0x30, Scheme("rsa", "md5").identifier, body.any().raw)


def _without_country() -> bytes:
    called = tlv.encode(
        0x30, asn1.encode_oid("2.5.4.3"), tlv.encode(asn1.UTF8_STRING, b"CSCA of the conformance cases")
    )
    return tlv.encode(0x30, tlv.encode(0x31, called))


def _flipped(signature: bytes) -> bytes:
    return signature[:-1] + bytes((signature[-1] ^ 1,))


def cases() -> tuple[ConformanceCase, ...]:
    """All of them."""
    version_2 = tlv.encode(0xA0, asn1.encode_integer(1))
    other_algorithm = Scheme("rsa", "sha256").identifier
    years = validity(DAY.replace(year=DAY.year - 1), DAY.replace(year=DAY.year + 10), general=True)
    md5 = Scheme("rsa", "md5")
    trusted = frozenset({"signer-trust", "security-object-form", "security-object-signature"})
    return (
        _case("48", "version 2", "version", version_2, titled=True),
        _case("49", "no version", "version", None, titled=True),
        _case("50", "no serial number", "serial", None, because=_ANY),
        _case("51", "another algorithm inside than outside", "signature", other_algorithm),
        _case("52", "no algorithm inside", "signature", None, because=_ANY),
        _case("53", "an issuer without country", "issuer", _without_country(), titled=True),
        _case("54", "an issuer of another name than the root's", "issuer", name("CSCA of somebody else")),
        _case("55", "no issuer", "issuer", None, because=_ANY),
        _case("56", "GeneralizedTime before 2050", "validity", years),
        _case("57", "no validity", "validity", None, because=_ANY),
        _case("58", "a key under the identifier of RSA with MD5", "key", _md5_key),
        _case("59", "no key", "key", None, because=_ANY),
        _case("60", "the authority's key is not identified", "authority key", _without_key_identifier()),
        _case("61", "nothing says which authority's key", "authority key", None),
        _case("62", "key usage not critical", "key usage", key_usage(0x80, critical=False)),
        _case("63", "key usage without signatures", "key usage", key_usage(0x20)),
        _case("64", "no key usage", "key usage", None),
        ConformanceCase(
            "LDS_H_65",
            "EAC",
            "the chain signs RSA with MD5",
            Answer.FAILED,
            _situations(DocumentState(DAY, md5, md5)),
            because=frozenset({"security-object-signature", "signer-form"}),
        ),
        _case("66", "no algorithm outside", "algorithm", None, because=_ANY),
        _case("67", "a wrong signature", "value", _flipped, titled=True, because=trusted),
        _case("68", "no signature", "value", None, titled=True, because=_ANY),
        _revoked(),
    )


def _revoked() -> ConformanceCase:
    def situations() -> Iterator[Situation]:
        state = DocumentState(DAY, DEFAULT_SCHEME, revoked=True)
        yield replace(bac(), state=state).situation()

    basis = title_basis("Doc 9303-11 §5.1", "Doc 9303-12 §7.1.4")
    because = frozenset({"signer-revocation"})
    return ConformanceCase(
        "ISO7816_B_10", "BAC", "the signer is in the revocation list", Answer.FAILED, situations, basis, because
    )


__all__ = ["cases", "key_identifier"]
