"""Keys, groups, signatures and algorithms that no honest issuer makes: each is refused, left open or named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from fakes.asn1_pieces import CURVE, DS, PRIME, SOD, key_info, numbers, oid
from fakes.chip_material import AUTHORITY

from inspection_station.documents.emrtd import active_authentication, asn1, message_recovery, signatures, tlv
from inspection_station.documents.emrtd.agreement_keys import parse_agreement_key
from inspection_station.documents.emrtd.algorithm_strength import check_algorithms
from inspection_station.documents.emrtd.curve_table import BY_NAME
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.group_format import check_format
from inspection_station.documents.emrtd.key_groups import (
    EllipticGroup,
    PrimeGroup,
    prime_group,
    standard_group,
    standard_parameters,
)
from inspection_station.documents.emrtd.security_infos import MAX_KEYS, parse_security_infos
from inspection_station.documents.emrtd.signatures import Algorithm, AlgorithmUnknown, DsaKey, EcKey, RsaKey
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.chip_keys import agreement_key

OK, FAILED, UNKNOWN = CheckResult.SUCCESSFUL, CheckResult.FAILED, CheckResult.UNDETERMINED


# Keys ---------------------------------------------------------------------------------------------------------------

POINT = CURVE.encode(CURVE.generator)


@pytest.mark.parametrize(
    ("info", "fault"),
    [
        (key_info(signatures.RSA_KEY, numbers(1 << 2047, 65537)), MalformedChipData),  # even
        (key_info(signatures.RSA_KEY, numbers((1 << 2047) + 1, 1)), MalformedChipData),
        (key_info(signatures.RSA_KEY, numbers(15, 3)), MalformedChipData),
        (key_info("1.2.3.4", b"\x30\x00"), AlgorithmUnknown),
        (key_info(signatures.EC_KEY, POINT), MalformedChipData),  # of no curve
        (key_info(signatures.EC_KEY, POINT, oid("1.2.3.4")), AlgorithmUnknown),
        (key_info(signatures.EC_KEY, POINT, numbers(1)), MalformedChipData),  # a curve that breaks off
        (
            key_info(
                signatures.EC_KEY,
                POINT,
                tlv.encode(0x30, asn1.encode_integer(1), tlv.encode(0x30, oid("1.2.840.10045.1.2"), numbers(5))),
            ),
            AlgorithmUnknown,
        ),
    ],
    ids=["even modulus", "exponent 1", "small modulus", "kind", "no curve", "curve", "half a curve", "binary field"],
)
def test_a_public_key_that_cannot_be_used_is_refused_for_its_reason(
    info: tlv.Element, fault: type[MalformedChipData]
) -> None:
    with pytest.raises(fault):
        signatures.parse_public_key(info)


def test_active_authentication_with_a_dsa_key_is_not_spoken() -> None:
    assert isinstance(PRIME, PrimeGroup)
    assert PRIME.q is not None
    info = key_info(
        signatures.DSA_KEY,
        asn1.encode_integer(pow(PRIME.g, 5, PRIME.p)),
        numbers(PRIME.p, PRIME.q, PRIME.g),
    )
    assert isinstance(signatures.parse_public_key(info), DsaKey)
    with pytest.raises(AlgorithmUnknown, match="DSA"):
        active_authentication.public_key(tlv.encode(0x6F, info.raw))
    check = check_format(15, tlv.encode(0x6F, info.raw))
    assert check is not None
    assert check.result is UNKNOWN


@pytest.mark.parametrize(
    ("info", "fault"),
    [
        (key_info("1.2.3.4", b"\x02\x01\x05"), AlgorithmUnknown),
        (key_info("1.2.840.10046.2.1", asn1.encode_integer(5)), MalformedChipData),  # of no group
        (key_info("1.2.840.113549.1.3.1", asn1.encode_integer(-5), numbers(PRIME.p, PRIME.g)), MalformedChipData),
        (key_info("1.2.840.113549.1.3.1", asn1.encode_integer(5), numbers((1 << 511) + 2, 2)), MalformedChipData),
        (
            key_info("1.2.840.10046.2.1", asn1.encode_integer(5), numbers((1 << 1023) + 1, 2, (1 << 160) + 7)),
            MalformedChipData,
        ),
    ],
    ids=["kind", "no group", "negative", "even prime", "order"],
)
def test_an_agreement_key_that_cannot_be_used_is_refused(info: tlv.Element, fault: type[MalformedChipData]) -> None:
    with pytest.raises(fault):
        parse_agreement_key(info)


def test_agreement_keys_name_their_group_or_spell_it_out() -> None:
    assert isinstance(PRIME, PrimeGroup)
    public = PRIME.multiply(5, PRIME.generator)
    value = asn1.encode_integer(int.from_bytes(public, "big"))
    named = key_info("0.4.0.127.0.7.1.2", value)
    info = tlv.read(tlv.encode(0x30, standard_parameters(2), tlv.encode(0x03, b"\0", value)))[0]
    assert parse_agreement_key(info) == (PRIME, public)
    spelled = key_info("1.2.840.10046.2.1", value, numbers(PRIME.p, PRIME.g, PRIME.q or 0))
    assert parse_agreement_key(spelled) == (PRIME, public)
    elliptic = key_info(signatures.EC_KEY, POINT, oid(CURVE.oid))
    assert parse_agreement_key(elliptic) == (EllipticGroup(CURVE), POINT)
    with pytest.raises(MalformedChipData):
        parse_agreement_key(named)  # names no group by number


def test_groups_refuse_what_leads_to_their_neutral_element() -> None:
    assert isinstance(PRIME, PrimeGroup)
    elliptic = EllipticGroup(CURVE)
    with pytest.raises(MalformedChipData, match="infinity"):
        elliptic.multiply(CURVE.n, POINT)
    negative = CURVE.encode((CURVE.gx, CURVE.p - CURVE.gy))
    with pytest.raises(MalformedChipData, match="infinity"):
        elliptic.combine(POINT, negative)
    assert PRIME.q is not None
    with pytest.raises(MalformedChipData, match="leads to one"):
        PRIME.multiply(PRIME.q, PRIME.generator)
    inverse = pow(PRIME.g, -1, PRIME.p).to_bytes(256, "big")
    with pytest.raises(MalformedChipData, match="product is one"):
        PRIME.combine(PRIME.generator, inverse)
    own = prime_group((1 << 1023) + 3, 5)
    assert own.name == "1024-bit group"
    with pytest.raises(MalformedChipData, match="not standardised"):
        standard_group(5)


# Signatures ---------------------------------------------------------------------------------------------------------


def test_identifiers_that_name_no_digest_need_one_from_elsewhere() -> None:
    rsa = RsaKey((1 << 2047) + 9, 65537)
    with pytest.raises(AlgorithmUnknown, match="no digest"):
        signatures.verify(Algorithm(signatures.RSA_KEY, None), rsa, b"\5", b"x")
    assert not signatures.verify(Algorithm(signatures.RSA_KEY, None), rsa, b"\5", b"x", "sha256")


def test_a_plain_signature_of_odd_length_is_false() -> None:
    key = EcKey(CURVE, CURVE.generator, explicit=False)
    plain = Algorithm("0.4.0.127.0.7.1.1.4.1.3", None)
    assert not signatures.verify(plain, key, b"\1\2\3", b"x")
    assert not signatures.verify(plain, key, b"", b"x")


def test_a_curve_that_the_system_s_library_lacks_is_computed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    class Without:
        def __init__(self, *_: object) -> None:
            pass

        def public_key(self) -> object:
            raise UnsupportedAlgorithm("built without this curve")

    monkeypatch.setattr(ec, "EllipticCurvePublicNumbers", Without)
    key = EcKey(CURVE, CURVE.generator, explicit=False)
    hashed = bytes(31) + b"\1"
    point = CURVE.multiply(7, CURVE.generator)
    assert point is not None
    r = point[0] % CURVE.n
    s = pow(7, -1, CURVE.n) * (1 + r) % CURVE.n
    assert signatures.verify_ecdsa(key, (r, s), "sha256", hashed)
    assert not signatures.verify_ecdsa(key, (r, s + 1), "sha256", hashed)


def test_a_dsa_group_that_no_library_takes_is_not_spoken() -> None:
    assert isinstance(PRIME, PrimeGroup)
    assert PRIME.q is not None
    odd = DsaKey(PRIME.p, (1 << 200) + 1, PRIME.g, 4)
    with pytest.raises(AlgorithmUnknown, match="a group of 201 bits"):
        signatures.verify(Algorithm("1.2.840.10040.4.3", None), odd, numbers(1, 1), b"x")


def pss(*fields: bytes) -> Algorithm:
    return Algorithm(signatures.RSA_PSS, tlv.read(tlv.encode(0x30, *fields))[0])


def test_pss_of_a_mask_or_key_that_is_not_spoken() -> None:
    rsa = RsaKey((1 << 511) + 9, 65537)
    mask = tlv.encode(0xA1, tlv.encode(0x30, oid("1.2.3.4"), tlv.encode(0x30, oid("1.3.14.3.2.26"))))
    with pytest.raises(AlgorithmUnknown, match="mask generator"):
        signatures.verify(pss(mask), rsa, bytes(64), b"x")
    trailer = tlv.encode(0xA3, asn1.encode_integer(1))
    assert not signatures.verify(pss(trailer), EcKey(CURVE, CURVE.generator, explicit=False), b"", b"x")
    even = RsaKey((1 << 2047) + 9, 65536)
    with pytest.raises(AlgorithmUnknown, match="RSA 2048 with PSS sha1, salt 20"):
        signatures.verify(Algorithm(signatures.RSA_PSS, None), even, bytes(256), b"x")


@pytest.mark.parametrize("block", [b"\x6b" + b"\xbb" * 40, b"\x6b\xbb\xbc" + bytes(40), b"\x4b" + bytes(40)])
def test_a_representative_whose_header_breaks_its_form_recovers_nothing(block: bytes) -> None:
    assert message_recovery.recover(block + b"\xbc") is None


# Strength -----------------------------------------------------------------------------------------------------------


def test_algorithms_that_are_not_spoken_or_weak_leave_their_strength_open() -> None:
    odd = replace(SOD.signed.signers[0], digest_algorithm=Algorithm("1.2.3.4", None))
    unknown = replace(SOD, signed=replace(SOD.signed, signers=(odd,)))
    assert "digest is not spoken" in check_algorithms(unknown, DS).evidence
    strange = replace(DS, key_info=key_info("1.2.3.4", b"\x30\x00"))
    assert "key is not spoken" in check_algorithms(SOD, strange).evidence
    weak = replace(DS, key_info=key_info(signatures.RSA_KEY, numbers((1 << 1023) + 1, 65537)))
    found = check_algorithms(SOD, weak)
    assert (found.result, "RSA 1024" in found.evidence) == (UNKNOWN, True)
    old = replace(
        DS,
        key_info=key_info(
            signatures.EC_KEY,
            BY_NAME["secp192r1"].encode(BY_NAME["secp192r1"].generator),
            oid(BY_NAME["secp192r1"].oid),
        ),
    )
    assert check_algorithms(SOD, old).result is UNKNOWN
    assert check_algorithms(SOD, None).result is OK
    assert check_algorithms(SOD, DS).result is OK


def test_a_chip_that_would_keep_the_station_calculating_is_refused() -> None:
    """Nobody has vouched for these keys when they are looked at, so neither their size nor their number is free."""
    with pytest.raises(MalformedChipData, match="out of bounds"):
        prime_group((1 << 4097) | 1, 2)
    infos = agreement_key(5, 13, (2,)).infos()
    assert len(parse_security_infos(tlv.encode(0x31, *infos[:1] * MAX_KEYS)).keys) == MAX_KEYS
    with pytest.raises(MalformedChipData, match="more than"):
        parse_security_infos(tlv.encode(0x31, *infos[:1] * (MAX_KEYS + 1)))


def test_the_way_to_the_anchor_is_as_strong_as_what_it_signs() -> None:
    (root,) = (anchor for anchor in AUTHORITY.trust_store().anchors if anchor.key_id == DS.authority_key)
    assert check_algorithms(SOD, DS, (root,)).result is OK
    narrow = BY_NAME["secp192r1"]
    weak = replace(root, key_info=key_info(signatures.EC_KEY, narrow.encode(narrow.generator), oid(narrow.oid)))
    assert "secp192r1" in check_algorithms(SOD, DS, (weak,)).evidence
    assert "secp192r1" in check_algorithms(SOD, DS, (weak, root)).evidence
    mask = tlv.read(tlv.encode(0x30))[0]  # RSASSA-PSS without parameters: SHA-1 (RFC 4055 §3.1)
    for algorithm in (Algorithm("1.2.840.10045.4.1", None), Algorithm(signatures.RSA_PSS, mask)):
        old = replace(DS, algorithm=algorithm)
        assert "SHA1" in check_algorithms(SOD, old, (root,)).evidence
        assert check_algorithms(SOD, old).result is OK  # it leads nowhere: nothing rests on that signature
    assert check_algorithms(SOD, replace(DS, algorithm=Algorithm("1.2.3.4", None)), (root,)).result is OK


def test_a_signature_that_is_no_number_below_the_modulus_opens_to_nothing() -> None:
    key = RsaKey((1 << 1023) + 1, 65537)
    for signature in (bytes(129), b"\xff" * 128):
        assert message_recovery.representative(key, signature) is None
