"""Card-verifiable certificates, chains, and the files a state gives its keys in."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fakes.chip_material import DAY
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd import cv_certificates as cv
from inspection_station.documents.emrtd.curve_table import BY_NAME
from inspection_station.documents.emrtd.cv_certificates import Right, Role
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.documents.emrtd.terminal_keys import NoChain, TerminalKeys, TerminalKeysUnusable
from inspection_station.training.virtual_chip.terminal_authority import TerminalAuthority

STATE = TerminalAuthority(7, DAY)
ROOT, SECOND = "UTCVCA00001", "UTCVCA00002"


def of_scheme(arc: str, bits: int = 1024) -> TerminalAuthority:
    return TerminalAuthority(7, DAY, f"{cv.TERMINAL_PROTOCOL}.{arc}", bits=bits)


def changed(certificate: cv.CvCertificate, tag: int, value: bytes | None) -> bytes:
    """The certificate with one of its objects another, or gone; its signature no longer fits."""
    parts = []
    for part in tlv.only(certificate.body, cv.BODY).children():
        if part.tag != tag:
            parts.append(part.raw)
        elif value is not None:
            parts.append(tlv.encode(tag, value))
    return tlv.encode(cv.CERTIFICATE, tlv.encode(cv.BODY, *parts), certificate.signature)


@pytest.mark.parametrize("arc", ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2.1", "2.2", "2.3", "2.4", "2.5"])
def test_every_scheme_signs_a_chain_that_verifies(arc: str) -> None:
    state = of_scheme(arc, bits=1536 if arc == "1.6" else 1024)
    certificates = [state.root(), *state.chain()]
    (read,) = (cv.parse_cv_certificates(b"".join(c.encoded for c in certificates)),)
    known = cv.resolved(read)
    issuers = {c.holder: c.key for c in known}
    assert [c.role for c in known] == [Role.CVCA, Role.DV_DOMESTIC, Role.TERMINAL]
    assert all(c.signed_by(issuers[c.authority]) for c in known)
    assert not known[2].signed_by(issuers[ROOT])
    assert state.keys().chain_for([ROOT], DAY).key.certificate.holder == "UTIS00001"


def test_curves_are_inherited_down_the_chain_alone() -> None:
    root, verifier, terminal = cv.resolved([STATE.root(), *STATE.chain()])
    assert (STATE.chain()[1].key.key, terminal.key.curve) == (None, BY_NAME["brainpoolP256r1"])
    assert verifier.key.curve == root.key.curve
    assert [c.key.key for c in cv.resolved(STATE.chain())] == [None, None]
    with pytest.raises(AlgorithmUnknown):
        terminal.signed_by(STATE.chain()[0].key)


def test_a_certificate_says_what_it_is() -> None:
    link = STATE.link()
    assert (link.link, link.self_signed, link.country, STATE.root().self_signed) == (True, False, "UT", True)
    assert link.rights == Right.FINGERS | Right.IRISES
    assert link.key.scheme.description == "ECDSA with SHA256"
    assert cv.parse_cv_certificates(link.encoded) == (link,)


def test_dates_are_told_and_links_outlive_theirs() -> None:
    late = STATE.certificate("UTIS00001", "UTDV00001", Role.TERMINAL, expires=DAY)
    assert late.refused_on(DAY) is None
    assert late.refused_on(DAY + timedelta(1)) == f"UTIS00001 expired on {DAY.isoformat()}"
    assert "valid only from" in (late.refused_on(date(2020, 1, 1)) or "")
    old = STATE.certificate(SECOND, ROOT, Role.CVCA, expires=DAY - timedelta(9))
    assert old.refused_on(DAY) is None


@pytest.mark.parametrize(
    ("tag", "value", "error"),
    [
        (cv.PROFILE, b"\1", MalformedChipData),
        (cv.HOLDER, None, MalformedChipData),
        (cv.HOLDER, b"UT", MalformedChipData),
        (cv.HOLDER, b"UT\0\0\0", MalformedChipData),
        (cv.EFFECTIVE, b"260314", MalformedChipData),
        (cv.EFFECTIVE, bytes((2, 6, 1, 3, 0, 1)), MalformedChipData),
        (cv.TEMPLATE, asn1.encode_oid("0.4.0.127.0.7.3.1.2.2") + b"\x53\1\0", AlgorithmUnknown),
        (cv.TEMPLATE, asn1.encode_oid(cv.INSPECTION_SYSTEM) + b"\x53\2\0\0", AlgorithmUnknown),
        (cv.PUBLIC_KEY, asn1.encode_oid(f"{cv.TERMINAL_PROTOCOL}.3.1"), AlgorithmUnknown),
        (cv.PUBLIC_KEY, asn1.encode_oid(f"{cv.TERMINAL_PROTOCOL}.1.2") + b"\x81\1\5\x82\1\3", MalformedChipData),
        (cv.PUBLIC_KEY, asn1.encode_oid(f"{cv.TERMINAL_PROTOCOL}.2.3"), MalformedChipData),
        (cv.PUBLIC_KEY, asn1.encode_oid(f"{cv.TERMINAL_PROTOCOL}.2.3") + b"\x81\1\5\x86\1\4", MalformedChipData),
        (
            cv.PUBLIC_KEY,
            asn1.encode_oid(f"{cv.TERMINAL_PROTOCOL}.2.3") + b"\x81\1\5\x82\1\1\x83\1\1\x84\1\4\x85\1\7\x86\1\4",
            AlgorithmUnknown,
        ),
    ],
)
def test_a_certificate_that_breaks_its_form_is_refused(tag: int, value: bytes | None, error: type[ChipFault]) -> None:
    with pytest.raises(error):
        cv.parse_cv_certificates(changed(STATE.root(), tag, value))


def test_what_is_no_certificate_is_refused() -> None:
    for data in (b"", b"\x30\0", b"\x7f\x21\0", STATE.root().encoded * (cv.MAX_CERTIFICATES + 1)):
        with pytest.raises(MalformedChipData):
            cv.parse_cv_certificates(data)


@given(st.binary(max_size=200))
def test_noise_is_no_certificate(noise: bytes) -> None:
    with pytest.raises(ChipFault):
        cv.parse_cv_certificates(noise)


@given(st.data())
def test_a_bit_changed_in_a_certificate_is_refused_or_unsigned(data: st.DataObject) -> None:
    root, verifier = STATE.root(), STATE.chain()[0]
    altered = bytearray(verifier.encoded)
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        (found,) = cv.parse_cv_certificates(bytes(altered))
        assert not found.signed_by(root.key)
    except ChipFault:
        return


def test_signatures_of_a_wrong_shape_are_not_signatures() -> None:
    key, rsa_key, pss_key = STATE.root().key, of_scheme("1.2").root().key, of_scheme("1.4").root().key
    for signature in (b"", b"\1", b"\0\0", bytes(64)):
        assert not key.verifies(signature, b"message")
        assert not rsa_key.verifies(signature, b"message")
        assert not pss_key.verifies(signature, b"message")


def test_an_rsa_key_too_small_for_its_scheme_is_not_spoken() -> None:
    small = cv.CvKey(cv.SCHEMES[f"{cv.TERMINAL_PROTOCOL}.1.6"], cv.RsaKey((1 << 511) + 187, 3))
    with pytest.raises(AlgorithmUnknown):
        small.verifies(bytes(64), b"message")


def test_ef_cvca_names_one_key_or_two() -> None:
    first, second = tlv.encode(0x42, ROOT.encode()), tlv.encode(0x42, SECOND.encode())
    assert cv.trust_points(first.ljust(36, b"\0")) == (ROOT,)
    assert cv.trust_points(second + first + bytes(9)) == (SECOND, ROOT)
    for wrong in (b"", bytes(36), first * 3, first + b"\0\1", b"\x42\x20AB"):
        with pytest.raises(MalformedChipData):
            cv.trust_points(wrong)


def test_the_chain_is_the_shortest_below_what_the_chip_trusts() -> None:
    keys = STATE.keys(root=2, links=1)
    assert [c.holder for c in keys.chain_for([ROOT], DAY).certificates] == [SECOND, "UTDV00001", "UTIS00001"]
    assert [c.holder for c in keys.chain_for([SECOND, ROOT], DAY).certificates] == ["UTDV00001", "UTIS00001"]
    assert keys.states == ("UT",)


def test_where_no_chain_leads_the_reason_is_told() -> None:
    with pytest.raises(NoChain, match="no terminal keys for DE, FR"):
        STATE.keys().chain_for(["FRCVCA00001", "DECVCA00001"], DAY)
    with pytest.raises(NoChain, match="expired on"):
        STATE.keys().chain_for([ROOT], DAY + timedelta(400))
    with pytest.raises(NoChain, match="valid only from"):
        STATE.keys().chain_for([ROOT], DAY - timedelta(60))


def test_rights_are_narrowed_on_the_way_down() -> None:
    chain = STATE.keys(rights=Right.IRISES).chain_for([ROOT], DAY)
    assert chain.rights == Right.IRISES


def test_a_forged_certificate_among_the_keys_is_refused_by_name() -> None:
    forged = STATE.certificate("UTDV00001", ROOT, Role.DV_DOMESTIC, signer="UTDV00009")
    with pytest.raises(TerminalKeysUnusable, match="UTDV00001 is not signed by UTCVCA00001"):
        TerminalKeys([STATE.root(), forged, STATE.chain()[1]], [STATE.private_key("UTIS00001")])


def test_certificates_of_mixed_kinds_are_refused() -> None:
    other = TerminalAuthority(7, DAY, curve="secp384r1")
    with pytest.raises(TerminalKeysUnusable, match="curve"):
        TerminalKeys([STATE.root(), *other.chain()], [other.private_key("UTIS00001")])


def test_a_root_too_small_to_verify_with_is_told() -> None:
    key = tlv.encode(0x81, ((1 << 511) + 187).to_bytes(64, "big")) + tlv.encode(0x82, b"\3")
    scheme = asn1.encode_oid(f"{cv.TERMINAL_PROTOCOL}.1.6")
    (small,) = cv.parse_cv_certificates(changed(STATE.root(), cv.PUBLIC_KEY, scheme + key))
    with pytest.raises(TerminalKeysUnusable, match="RSA 512"):
        TerminalKeys([small, *STATE.chain()], [STATE.private_key("UTIS00001")])


def test_a_key_too_small_for_its_scheme_is_refused_before_it_is_needed() -> None:
    big, small = of_scheme("1.6", 1536), of_scheme("1.6", 1024)
    body = tlv.only(big.root().body, cv.BODY).value.replace(
        big._public_key(ROOT, whole=True), small._public_key(ROOT, whole=True)
    )
    root = cv.parse_cv_parts(tlv.encode(cv.BODY, body.replace(b"\xc3", b"\x03")), big.root().signature)
    with pytest.raises(TerminalKeysUnusable, match="too small"):
        TerminalKeys([root], [small.private_key(ROOT)])


def test_keys_without_their_certificate_are_refused() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(TerminalKeysUnusable, match="without a terminal's certificate"):
        TerminalKeys(STATE.chain(), [stranger])
    with pytest.raises(TerminalKeysUnusable, match="no private key"):
        TerminalKeys(STATE.chain(), [])


def test_a_folder_is_loaded_and_an_encrypted_key_opens_with_its_passphrase(tmp_path: Path) -> None:
    STATE.write_keys(tmp_path, b"open sesame")
    (tmp_path / "readme.txt").write_text("passed over")
    keys = TerminalKeys.load(tmp_path, lambda: b"open sesame")
    chain = keys.chain_for([ROOT], DAY)
    assert repr(chain.key) == "TerminalKey(UTIS00001)"
    assert chain.certificates[-1].key.verifies(chain.key.sign(b"hello"), b"hello")
    for wrong, reason in ((None, "no passphrase is set"), (b"open barley", "does not open")):
        with pytest.raises(TerminalKeysUnusable, match=reason):
            TerminalKeys.load(tmp_path, lambda given=wrong: given)


def test_one_file_may_hold_everything(tmp_path: Path) -> None:
    blocks = [
        f"-----BEGIN CV CERTIFICATE-----\n{base64.b64encode(c.encoded).decode()}\n-----END CV CERTIFICATE-----\n"
        for c in (STATE.root(), *STATE.chain())
    ]
    key = STATE.private_key("UTIS00001").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "all.pem"
    file.write_bytes("".join(blocks).encode() + key)
    assert TerminalKeys.load(file).states == ("UT",)


def test_keys_in_der_and_of_rsa_are_loaded(tmp_path: Path) -> None:
    state = of_scheme("1.4")
    (tmp_path / "chain.cvcert").write_bytes(b"".join(c.encoded for c in (state.root(), *state.chain())))
    der = state.private_key("UTIS00001").private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.p8").write_bytes(der)
    assert TerminalKeys.load(tmp_path).chain_for([ROOT], DAY).key.certificate.key.scheme.description.startswith("RSA")


def foreign_key(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"noise", "neither a certificate nor"),
        (b"\x7f\x21\x01", "a.key: "),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "has no place here"),
        (b"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", "not base64"),
        (foreign_key(ed25519.Ed25519PrivateKey.generate()), "neither RSA nor elliptic"),
        (foreign_key(ec.generate_private_key(ec.SECP256K1())), "which chips do not use"),
        (bytes(1_000_001), "larger than"),
    ],
    ids=["noise", "cut", "certificate", "base64", "edwards", "koblitz", "large"],  # fresh keys would name each run anew
)
def test_a_file_that_cannot_be_used_is_named_with_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.key").write_bytes(content)
    with pytest.raises(TerminalKeysUnusable, match=reason):
        TerminalKeys.load(tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TerminalKeysUnusable, match=r"gone\.pem cannot be read"):
        TerminalKeys.load(tmp_path / "gone.pem")


def test_a_folder_with_too_many_files_is_refused(tmp_path: Path) -> None:
    for number in range(257):
        (tmp_path / f"{number}.cvcert").touch()
    with pytest.raises(TerminalKeysUnusable, match="more than 256"):
        TerminalKeys.load(tmp_path)
