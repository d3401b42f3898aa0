"""What a directory of certificates is worth, file by file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fakes.chip_material import AUTHORITY, outside_data, passport

from inspection_station.documents.emrtd.certificates import Certificate, parse_certificate
from inspection_station.documents.emrtd.master_list import parse_master_list
from inspection_station.documents.emrtd.security_object import parse_security_object
from inspection_station.documents.emrtd.trust_store import Trust, TrustStore

Key = ec.EllipticCurvePrivateKey
NAME = x509.Name(
    [x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"), x509.NameAttribute(NameOID.COMMON_NAME, "CSCA Link Test")]
)


def certificate(subject_key: Key, issuer_key: Key, *, name: str = "CSCA Link Test", authority: bool = True) -> bytes:
    """A certificate whose issuer is always «CSCA Link Test»: its keys alone tell a link from a root."""
    subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"), x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(NAME)
        .public_key(subject_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def signer() -> Certificate:
    found = parse_security_object(passport().files["EF.SOD"]).signer_certificate
    assert found is not None
    return found


def test_a_written_directory_is_what_the_authority_trusts(tmp_path: Path) -> None:
    AUTHORITY.write_trust(tmp_path)
    store = TrustStore.from_directory(tmp_path)
    assert store.problems == ()
    assert store.path_for(signer()).trust is Trust.ANCHORED
    assert store.revocation_list_of(store.anchors[0]) is not None


def test_bad_files_are_reported_and_do_not_keep_good_ones_out(tmp_path: Path) -> None:
    AUTHORITY.write_trust(tmp_path)
    (tmp_path / "empty.cer").write_bytes(b"")
    (tmp_path / "noise.crl").write_bytes(bytes(range(256)))
    (tmp_path / "text.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "broken.ml").write_bytes(b"\x30\x80")
    (tmp_path / "readme.txt").write_text("not looked at")
    (tmp_path / "folder.cer").mkdir()
    store = TrustStore.from_directory(tmp_path)
    assert {p.file for p in store.problems} == {"empty.cer", "noise.crl", "text.pem", "broken.ml", "folder.cer"}
    assert store.path_for(signer()).trust is Trust.ANCHORED


def test_a_list_under_an_ending_that_says_nothing_of_it_is_told_and_not_passed_over(tmp_path: Path) -> None:
    AUTHORITY.write_trust(tmp_path)
    (tmp_path / "csca-ut.cer").rename(tmp_path / "csca-ut.bin")
    (tmp_path / "notes.txt").write_text("who put these here", encoding="utf-8")
    (tmp_path / "older").mkdir()
    store = TrustStore.from_directory(tmp_path)
    assert [problem.file for problem in store.problems] == ["csca-ut.bin"]
    assert ".cer" in store.problems[0].reason


def test_a_missing_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        TrustStore.from_directory(tmp_path / "nowhere")


def test_pem_holds_several_certificates(tmp_path: Path) -> None:
    one, other = key(), key()
    blocks = [
        x509.load_der_x509_certificate(certificate(k, k, name="CSCA Link Test")).public_bytes(
            serialization.Encoding.PEM
        )
        for k in (one, other)
    ]
    (tmp_path / "both.pem").write_bytes(b"".join(blocks))
    assert len(TrustStore.from_directory(tmp_path).anchors) == 2


def test_a_signer_under_a_new_key_is_reached_over_the_link_certificate(tmp_path: Path) -> None:
    old, new, ds = key(), key(), key()
    (tmp_path / "old-root.cer").write_bytes(certificate(old, old))
    (tmp_path / "link.cer").write_bytes(certificate(new, old))
    document_signer = parse_certificate(certificate(ds, new, name="DS", authority=False))
    path = TrustStore.from_directory(tmp_path).path_for(document_signer)
    assert path.trust is Trust.ANCHORED
    assert len(path.chain) == 2


def test_a_link_certificate_alone_is_no_anchor(tmp_path: Path) -> None:
    old, new, ds = key(), key(), key()
    (tmp_path / "link.cer").write_bytes(certificate(new, old))
    document_signer = parse_certificate(certificate(ds, new, name="DS", authority=False))
    assert TrustStore.from_directory(tmp_path).path_for(document_signer).trust is Trust.NO_ANCHOR


def test_a_signer_that_names_a_known_key_which_did_not_sign_is_forged() -> None:
    root, forger, ds = key(), key(), key()
    store = TrustStore([parse_certificate(certificate(root, root))])
    named = x509.load_der_x509_certificate(certificate(ds, root, name="DS", authority=False))
    builder = (
        x509.CertificateBuilder()
        .subject_name(named.subject)
        .issuer_name(named.issuer)
        .public_key(ds.public_key())
        .serial_number(5)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
    )
    forged = builder.sign(forger, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    assert store.path_for(parse_certificate(forged)).trust is Trust.FORGED


def test_certificates_that_certify_each_other_end() -> None:
    one, other, ds = key(), key(), key()
    ring = [parse_certificate(certificate(one, other)), parse_certificate(certificate(other, one))]
    document_signer = parse_certificate(certificate(ds, one, name="DS", authority=False))
    assert TrustStore(connecting=ring).path_for(document_signer).trust is Trust.NO_ANCHOR


def test_a_document_signer_cannot_issue_another(tmp_path: Path) -> None:
    root, ds, second = key(), key(), key()
    (tmp_path / "root.cer").write_bytes(certificate(root, root))
    (tmp_path / "ds.cer").write_bytes(certificate(ds, root, name="DS", authority=False))
    store = TrustStore.from_directory(tmp_path)
    assert len(store.signers) == 1
    assert store.path_for(parse_certificate(certificate(second, ds, name="DS 2"))).trust is not Trust.ANCHORED


def test_real_lists_are_taken_only_from_a_signer_that_leads_to_an_anchor(tmp_path: Path) -> None:
    folder = outside_data("masterlists")
    store = TrustStore.from_directory(folder)
    assert (len(store.anchors), store.problems) == (597, ())
    (tmp_path / "nl.ml").write_bytes((folder / "NL_ML_2025-07-29.ml").read_bytes())
    assert TrustStore.from_directory(tmp_path).anchors == ()
    (tmp_path / "nl.cer").write_bytes((folder / "NL_ROOT_CA.cer").read_bytes())
    (tmp_path / "de.ml").write_bytes((folder / "DE_ML_2024-08-07-07-38-24.ml").read_bytes())
    store = TrustStore.from_directory(tmp_path)
    assert len(store.anchors) == 394
    assert [p.file for p in store.problems] == ["de.ml"]  # nobody put in a German root by hand
    (tmp_path / "de.cer").write_bytes((folder / "DE_ROOT_CA_CSCA07.cer").read_bytes())
    assert TrustStore.from_directory(tmp_path).problems == ()  # the Dutch list holds the older root, which signed it


def test_a_list_taken_by_hand_vouches_for_no_other(tmp_path: Path) -> None:
    folder = outside_data("masterlists")
    (tmp_path / "nl.unverified.ml").write_bytes((folder / "NL_ML_2025-07-29.ml").read_bytes())
    (tmp_path / "de.ml").write_bytes((folder / "DE_ML_2024-08-07-07-38-24.ml").read_bytes())
    (tmp_path / "de.cer").write_bytes((folder / "DE_ROOT_CA_CSCA07.cer").read_bytes())
    assert [p.file for p in TrustStore.from_directory(tmp_path).problems] == ["de.ml"]


@pytest.mark.parametrize(("name", "count"), [("DE_ML_2024-08-07-07-38-24.ml", 541), ("NL_ML_2025-07-29.ml", 394)])
def test_every_certificate_of_real_lists_is_usable(name: str, count: int) -> None:
    found = parse_master_list(outside_data("masterlists", name).read_bytes())
    assert (len(found.certificates), found.unusable) == (count, ())
    assert all(c.public_key.description for c in found.certificates)
