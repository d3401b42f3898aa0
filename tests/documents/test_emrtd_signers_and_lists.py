"""Who may sign documents, and whose revocation list counts when a state has renewed its key or its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT, read

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.certificates import parse_certificate, parse_revocation_list
from inspection_station.documents.emrtd.folder_verification import verify_files
from inspection_station.documents.emrtd.passive_authentication import check_signer
from inspection_station.documents.emrtd.security_object import parse_security_object
from inspection_station.documents.emrtd.security_object_form import check_security_object_form
from inspection_station.documents.emrtd.signer_form import check_signer_form
from inspection_station.documents.emrtd.trust_import import import_files
from inspection_station.documents.emrtd.trust_store import Trust, TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck
from inspection_station.training.issuing_authority import DocumentSigner
from inspection_station.training.passport_issue import issue_passport
from inspection_station.training.virtual_chip import VirtualChip

OK, FAILED, UNKNOWN = CheckResult.SUCCESSFUL, CheckResult.FAILED, CheckResult.UNDETERMINED
PASSPORT = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access="both")
FILES = PASSPORT.files
TRUST = AUTHORITY.trust_store()
LASTING_KEY = MrzKey("L898902C3", "740812", "300415")


def section(checks: Sequence[ChipCheck], number: str) -> ChipCheck:
    return next(check for check in checks if check.section == number)


def signed_by(signer: DocumentSigner) -> tuple[ChipCheck, ...]:
    sod = parse_security_object(AUTHORITY.security_object({1: FILES["DG1"]}, signer=signer))
    return check_signer(sod.signed, TRUST, DAY).checks


@pytest.mark.parametrize("usage", ["2.23.136.1.1.3", "2.23.136.1.1.8", "2.23.136.1.1.9.1", "0.4.0.127.0.7.3.11.2.1.2"])
def test_who_signs_lists_and_stamps_for_a_state_may_not_sign_its_documents(usage: str) -> None:
    checks = signed_by(AUTHORITY.list_signer(usage))
    assert section(checks, "5.6.4.3.3").result is OK
    assert section(checks, "5.6.4.3.6").result is FAILED
    assert section(checks, "5.8.2.1.2").result is FAILED


def test_a_server_s_certificate_is_named_for_it_and_a_maker_s_own_usage_is_not() -> None:
    checks = signed_by(AUTHORITY.list_signer("1.3.6.1.5.5.7.3.1"))
    assert section(checks, "5.6.4.3.6").result is OK
    assert "another use" in section(checks, "5.8.2.1.2").evidence
    assert section(signed_by(AUTHORITY.list_signer("1.2.840.113533.7.74.3")), "5.8.2.1.2").result is OK


def test_a_signer_that_may_issue_or_names_another_country_breaks_its_form() -> None:
    certificate = parse_certificate(AUTHORITY.signer().certificate.public_bytes(serialization.Encoding.DER))
    assert "may issue" in check_signer_form(replace(certificate, authority=True), None).evidence
    attributes = tuple((oid, "nl" if oid == "2.5.4.6" else value) for oid, value in certificate.subject.attributes)
    moved = replace(certificate, subject=replace(certificate.subject, attributes=attributes))
    assert "another country" in check_signer_form(moved, None).evidence


@pytest.mark.parametrize(("moment", "result"), [(b"260315000000Z", OK), (b"260601000000Z", UNKNOWN)])
def test_nobody_signs_after_the_inspection(moment: bytes, result: CheckResult) -> None:
    signed = parse_security_object(FILES["EF.SOD"]).signed
    (element,) = tlv.elements(tlv.encode(asn1.UTC_TIME, moment))
    info = replace(signed.signers[0], attributes={**signed.signers[0].attributes, "1.2.840.113549.1.9.5": element})
    check = section(check_signer(replace(signed, signers=(info,)), TRUST, DAY).checks, "5.6.4.3.4")
    assert check.result is result


@pytest.mark.parametrize(
    ("begin", "end"), [("2025-01-01", "9999-12-31"), ("0001-01-01", "9999-12-31"), ("0001-01-01", "2037-01-01")]
)
def test_a_signer_may_be_valid_since_ever_and_without_end(begin: str, end: str) -> None:
    signed = parse_security_object(FILES["EF.SOD"]).signed
    (signer,) = signed.certificates
    times = (datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in (begin, end))
    endless = replace(signer, not_before=next(times), not_after=next(times))
    check = section(check_signer(replace(signed, certificates=(endless,)), TRUST, DAY).checks, "5.6.4.3.4")
    assert check.result is OK


@pytest.mark.parametrize(("behind", "result"), [(b"\0\0", OK), (b"\x90\0", FAILED)])
def test_bytes_behind_the_security_object_are_told_unless_they_are_padding(behind: bytes, result: CheckResult) -> None:
    assert check_security_object_form(FILES["EF.SOD"] + behind).result is result


# Folders ------------------------------------------------------------------------------------------------------------


def test_offers_that_the_state_signed_and_the_folder_lacks_are_not_checked() -> None:
    without = {name: content for name, content in FILES.items() if name != "EF.CardAccess"}
    for files, result in ((FILES, OK), (without, UNKNOWN)):
        assert next(c.result for c in verify_files(files, TRUST, DAY) if c.name == "card-access") is result


def test_what_a_reading_gives_is_enough_to_check_the_offers_again() -> None:
    outcome = read(VirtualChip(PASSPORT), key=LASTING_KEY, printed=LASTING_LINES)
    checks = verify_files(outcome.files, TRUST, DAY)
    assert next(c.result for c in checks if c.name == "card-access") is OK


@pytest.mark.parametrize(("content", "result"), [(b"\x76\0", OK), (b"\x75\0", FAILED), (b"", FAILED)])
def test_of_a_group_that_nobody_looks_into_the_tag_is_looked_at(content: bytes, result: CheckResult) -> None:
    checks = verify_files({"EF.SOD": FILES["EF.SOD"], "DG4": content}, TRUST, DAY)
    assert next(c.result for c in checks if c.name == "data-group-format") is result


# Renewed roots ------------------------------------------------------------------------------------------------------

Key = ec.EllipticCurvePrivateKey
OLD_NAME, NEW_NAME = "CSCA Rollover", "CSCA Rollover Renamed"


def key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def named(name: str, country: str = "UT") -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, country), x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    subject: x509.Name, subject_key: Key, issuer: x509.Name, issuer_key: Key, *, serial: int, names_key: Key
) -> bytes:
    """``names_key``: whose key its authority key identifier names."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(subject_key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(names_key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=serial < 100, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def root(name: x509.Name, own: Key) -> bytes:
    return certificate(name, own, name, own, serial=1, names_key=own)


def revocation_list(name: x509.Name, own: Key, revoked: int, former: x509.Name | None = None) -> bytes:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(revoked).revocation_date(moment).build()
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name)
        .last_update(moment)
        .next_update(datetime(2027, 1, 1, tzinfo=UTC))
        .add_revoked_certificate(entry)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own.public_key()), critical=False)
    )
    if former is not None:
        alternatives = [x509.RFC822Name("csca@example.invalid"), x509.DirectoryName(former)]
        builder = builder.add_extension(x509.IssuerAlternativeName(alternatives), critical=False)
    return builder.sign(own, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


OLD, NEW, DS = key(), key(), key()
SERIAL = 4711
SIGNER = parse_certificate(certificate(named("DS"), DS, named(OLD_NAME), OLD, serial=SERIAL, names_key=OLD))


def revoked_in(directory: Path, files: dict[str, bytes]) -> bool | None:
    """Whether the signer under the old root is revoked; None where no list counts."""
    for name, content in files.items():
        (directory / name).write_bytes(content)
    store = TrustStore.from_directory(directory)
    found = store.revocation_list_of(store.path_for(SIGNER).chain[0])
    return None if found is None else SIGNER.serial in found.revoked


@pytest.mark.parametrize("revoked", [SERIAL, 5])
def test_one_list_under_the_newest_key_counts_for_what_the_old_one_issued(tmp_path: Path, revoked: int) -> None:
    files = {
        "old.cer": root(named(OLD_NAME), OLD),
        "new.cer": root(named(OLD_NAME), NEW),
        "list.crl": revocation_list(named(OLD_NAME), NEW, revoked),
    }
    assert revoked_in(tmp_path, files) is (revoked == SERIAL)


def test_a_key_that_only_a_link_leads_to_signs_lists_too(tmp_path: Path) -> None:
    files = {
        "old.cer": root(named(OLD_NAME), OLD),
        "link.cer": certificate(named(OLD_NAME), NEW, named(OLD_NAME), OLD, serial=2, names_key=OLD),
        "list.crl": revocation_list(named(OLD_NAME), NEW, SERIAL),
    }
    assert revoked_in(tmp_path, files) is True


def test_a_renamed_authority_s_list_counts_where_it_tells_its_former_name(tmp_path: Path) -> None:
    files = {"old.cer": root(named(OLD_NAME), OLD), "new.cer": root(named(NEW_NAME), NEW)}
    silent = revocation_list(named(NEW_NAME), NEW, SERIAL)
    assert revoked_in(tmp_path, {**files, "list.crl": silent}) is None
    telling = revocation_list(named(NEW_NAME), NEW, SERIAL, former=named(OLD_NAME))
    assert revoked_in(tmp_path, {**files, "list.crl": telling}) is True


def test_no_other_state_and_no_unknown_key_revokes_anything(tmp_path: Path) -> None:
    files = {"old.cer": root(named(OLD_NAME), OLD), "foreign.cer": root(named(NEW_NAME, "NL"), NEW)}
    foreign = revocation_list(named(NEW_NAME, "NL"), NEW, SERIAL, former=named(OLD_NAME))
    assert revoked_in(tmp_path, {**files, "list.crl": foreign}) is None
    assert revoked_in(tmp_path, {**files, "list.crl": revocation_list(named(OLD_NAME), key(), SERIAL)}) is None
    dangling = certificate(named(OLD_NAME), NEW, named(OLD_NAME), key(), serial=3, names_key=key())
    listed = revocation_list(named(OLD_NAME), NEW, SERIAL)
    assert revoked_in(tmp_path, {**files, "link.cer": dangling, "list.crl": listed}) is None


def test_such_a_list_is_taken_in(tmp_path: Path) -> None:
    given = {
        "old.cer": root(named(OLD_NAME), OLD),
        "new.cer": root(named(NEW_NAME), NEW),
        "list.crl": revocation_list(named(NEW_NAME), NEW, SERIAL, former=named(OLD_NAME)),
    }
    for name, content in given.items():
        (tmp_path / name).write_bytes(content)
    assert all(one.stored_as for one in import_files([tmp_path / name for name in given], tmp_path / "trust"))
    assert parse_revocation_list(given["list.crl"]).former_names[0].country == "UT"


def test_a_signer_that_names_a_wrong_key_is_found_by_its_issuer_s_name() -> None:
    """Its issuer's name and signature are right; the key it names belongs to another root at hand."""
    odd = parse_certificate(certificate(named("DS"), DS, named(OLD_NAME), OLD, serial=SERIAL, names_key=NEW))
    roots = [parse_certificate(root(named(OLD_NAME), OLD)), parse_certificate(root(named(NEW_NAME), NEW))]
    assert TrustStore(roots).path_for(odd).trust is Trust.ANCHORED
    assert TrustStore(roots[1:]).path_for(odd).trust is Trust.FORGED
