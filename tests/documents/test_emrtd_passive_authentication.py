"""Real security objects, and our own with everything that can be wrong with them."""

from datetime import date

import pytest
from fakes.chip_material import AUTHORITY, DAY, LINES, PORTRAIT, chip, outside_data, passport, read

from inspection_station.documents.emrtd import passive_authentication
from inspection_station.documents.emrtd.data_groups import portraits
from inspection_station.documents.emrtd.issuing_states import certificate_country, signs_for
from inspection_station.documents.emrtd.security_object import parse_card_security, parse_security_object
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck

OK, FAILED, UNKNOWN = CheckResult.SUCCESSFUL, CheckResult.FAILED, CheckResult.UNDETERMINED


@pytest.fixture(scope="module")
def master_lists() -> TrustStore:
    return TrustStore.from_directory(outside_data("masterlists"))


def results(checks: tuple[ChipCheck, ...]) -> dict[str, CheckResult]:
    return {check.name: check.result for check in checks}


@pytest.mark.parametrize("state", ["AT", "DE", "FI", "FR", "NZ", "UK"])
def test_real_security_objects_verify_up_to_their_state(state: str, master_lists: TrustStore) -> None:
    sod = parse_security_object(outside_data("sods", f"{state}_EF_SOD.bin").read_bytes())
    verdict = passive_authentication.check_signer(sod.signed, master_lists, date(2024, 9, 1))
    found = results(verdict.checks)
    assert found["security-object-signature"] is OK
    assert found["signer-trust"] is OK
    assert found["signer-validity"] is OK
    assert found["signer-revocation"] is UNKNOWN  # nobody gave a list
    assert {1, 2} <= sod.hashes.keys()


@pytest.mark.parametrize("state", ["DE", "FI"])
def test_real_card_security_verifies_up_to_its_state(state: str, master_lists: TrustStore) -> None:
    signed = parse_card_security(outside_data("sods", f"{state}_EF_CardSecurity.bin").read_bytes())
    found = results(passive_authentication.check_signer(signed, master_lists, date(2024, 9, 1)).checks)
    assert found["security-object-signature"] is OK
    assert found["signer-trust"] is OK


def test_a_real_security_object_without_anchors_is_undetermined_and_not_failed() -> None:
    sod = parse_security_object(outside_data("sods", "NZ_EF_SOD.bin").read_bytes())
    found = results(passive_authentication.check_signer(sod.signed, TrustStore(), date(2024, 9, 1)).checks)
    assert found["security-object-signature"] is OK
    assert found["signer-trust"] is UNKNOWN


def test_a_changed_bit_anywhere_in_what_is_signed_is_noticed(master_lists: TrustStore) -> None:
    content = bytearray(outside_data("sods", "FR_EF_SOD.bin").read_bytes())
    sod = parse_security_object(bytes(content))
    at = content.index(sod.hashes[1])
    content[at] ^= 1
    altered = parse_security_object(bytes(content))
    found = results(passive_authentication.check_signer(altered.signed, master_lists, date(2024, 9, 1)).checks)
    assert found["security-object-signature"] is FAILED


def test_the_reference_set_shows_its_two_unsigned_groups() -> None:
    folder = outside_data("bsi2008")
    sod = parse_security_object((folder / "EF_SOD.bin").read_bytes())
    groups = {n: (folder / f"Datagroup{n}.bin").read_bytes() for n in (1, 2, 3, 4, 14, 15)}
    checks = passive_authentication.check_hashes(sod, groups)
    assert [c.result for c in checks] == [OK, OK, OK, FAILED, OK, FAILED]
    assert [c.evidence.split(":")[0] for c in checks if c.result is FAILED] == ["DG4", "DG15"]
    found = results(passive_authentication.check_signer(sod.signed, TrustStore(), date(2008, 9, 1)).checks)
    assert found["security-object-signature"] is OK  # brainpoolP224r1, spelled out, SHA-1
    assert found["signer-trust"] is UNKNOWN


@pytest.mark.parametrize("name", ["ICAO_39794_5_AP_DG2_AllFields.dat", "ICAO_39794_5_AP_DG2_MandFields.dat"])
def test_portraits_in_the_new_format_are_found(name: str) -> None:
    expected = outside_data("iso39794", "ICAO_39794_5_AP_DG2_Face.jpg").read_bytes()
    assert [p.image for p in portraits(outside_data("iso39794", name).read_bytes())] == [expected]


def test_a_sound_passport_passes_every_check() -> None:
    outcome = read(chip())
    assert outcome.reading.overall is OK
    assert {check.result for check in outcome.reading.checks} <= {OK, CheckResult.NOT_SUPPORTED}
    assert outcome.portrait == PORTRAIT
    assert outcome.reading.mrz_lines == LINES


@pytest.mark.parametrize(
    ("fault", "check", "result"),
    [
        ("wrong_hash", "data-group-hash", FAILED),
        ("wrong_signer", "security-object-signature", FAILED),
        ("unknown_csca", "signer-trust", UNKNOWN),
        ("expired_signer", "signer-validity", FAILED),
        ("revoked_signer", "signer-revocation", FAILED),
        ("wrong_dg1", "mrz-against-chip", FAILED),
        ("no_security_object", "security-object-signature", FAILED),
    ],
)
def test_each_fault_shows_in_its_own_check(fault: str, check: str, result: CheckResult) -> None:
    outcome = read(chip(fault))
    assert [c.result for c in outcome.reading.checks if c.name == check and c.result is not OK] == [result]
    assert outcome.reading.overall is result


def test_no_trust_store_leaves_grey_and_never_green_or_red() -> None:
    outcome = read(chip(), trust=TrustStore())
    assert outcome.reading.overall is UNKNOWN
    assert not [c for c in outcome.reading.checks if c.result is FAILED]


def test_an_unread_portrait_is_said_to_be_unchecked() -> None:
    outcome = read(chip(), with_portrait=False)
    assert outcome.portrait is None
    assert "DG2" not in outcome.files
    unread = [c for c in outcome.reading.checks if c.name == "data-group-hash" and c.result is UNKNOWN]
    assert ["not read" in c.evidence for c in unread] == [True]


def test_another_name_on_the_page_than_in_the_chip_is_named_by_field_only() -> None:
    printed = (LINES[0].replace("ANNA", "ANNE"), LINES[1])
    check = next(c for c in read(chip(), printed=printed).reading.checks if c.name == "mrz-against-chip")
    assert check.result is FAILED
    assert "name" in check.evidence
    assert "ANN" not in check.evidence


def test_without_the_printed_zone_the_key_s_three_fields_are_compared() -> None:
    for fault, result in ((None, OK), ("wrong_dg1", FAILED)):
        checks = read(chip(fault), printed=None).reading.checks
        assert next(c for c in checks if c.name == "mrz-against-chip").result is result


def test_a_list_past_its_date_leaves_revocation_undetermined() -> None:
    checks = read(chip(), at=date(DAY.year + 2, 1, 1)).reading.checks
    assert next(c for c in checks if c.name == "signer-revocation").result is UNKNOWN


def test_a_state_signed_by_another_country_fails() -> None:
    sod = parse_security_object(passport().files["EF.SOD"])
    assert passive_authentication.check_issuing_state("UTO", sod.signer_certificate).result is OK
    assert passive_authentication.check_issuing_state("NLD", sod.signer_certificate).result is FAILED
    assert passive_authentication.check_issuing_state("QQQ", sod.signer_certificate).result is UNKNOWN
    assert passive_authentication.check_issuing_state("UTO", None).result is UNKNOWN
    assert "is in no table" in passive_authentication.check_issuing_state("<<<", sod.signer_certificate).evidence


def test_codes_of_the_zone_and_of_certificates_meet() -> None:
    assert certificate_country("D<<") == "DE"
    assert certificate_country("TWN") == "TW"
    assert certificate_country("ZZZ") is None
    assert signs_for("cn", "HKG") is True
    assert signs_for("FR", "GBR") is False


def test_versions_of_the_security_object_are_told() -> None:
    old = parse_security_object(outside_data("sods", "AT_EF_SOD.bin").read_bytes())
    new = parse_security_object(outside_data("sods", "DE_EF_SOD.bin").read_bytes())
    assert (old.version, old.lds_version) == (0, None)
    assert (new.version, new.lds_version) == (1, "0108")


def test_the_authority_is_the_same_for_the_same_seed() -> None:
    again = passport()
    assert dict(again.files) == dict(passport().files)
    assert AUTHORITY.trust_store().anchors[0].fingerprint == AUTHORITY.trust_store().anchors[0].fingerprint
