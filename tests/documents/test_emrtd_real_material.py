"""Two published master lists, six security objects, two CardSecurity files: every one usable, or its cause is told."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from fakes.chip_material import outside_data

from inspection_station.documents.emrtd.folder_verification import read_folder, verify_files
from inspection_station.documents.emrtd.master_list import MASTER_LIST_SIGNER, parse_master_list
from inspection_station.documents.emrtd.trust_files import read_directory
from inspection_station.documents.emrtd.trust_inventory import inventory, trust_report
from inspection_station.documents.emrtd.trust_store import Trust, TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck

LIST_DAY = date(2024, 9, 1)
DE_LIST, NL_LIST = "DE_ML_2024-08-07-07-38-24.ml", "NL_ML_2025-07-29.ml"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    """The Dutch list over its root; the German one over the root that it carries, put in by hand."""
    directory = tmp_path_factory.mktemp("trust")
    for path in outside_data("masterlists").iterdir():
        shutil.copy(path, directory / path.name)
    german = parse_master_list((directory / DE_LIST).read_bytes())
    root = next(c for c in german.carried if c.self_issued)
    (directory / "root-de.cer").write_bytes(root.raw)
    return read_directory(directory)


@pytest.fixture(scope="module")
def dutch(tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    directory = tmp_path_factory.mktemp("trust")
    for name in (NL_LIST, "NL_ROOT_CA.cer"):
        shutil.copy(outside_data("masterlists", name), directory / name)
    return read_directory(directory)


def results(checks: tuple[ChipCheck, ...]) -> dict[str, CheckResult]:
    return {check.name: check.result for check in checks}


def test_every_certificate_of_both_lists_is_an_anchor_with_a_usable_key(both: TrustStore) -> None:
    listed = {
        certificate.raw
        for name in (DE_LIST, NL_LIST)
        for certificate in parse_master_list(outside_data("masterlists", name).read_bytes()).certificates
    }
    assert len(listed) == 597
    assert listed <= {anchor.raw for anchor in both.anchors}
    assert not [one for one in inventory(both) if one["key"].startswith("not usable")]
    assert not [one for one in inventory(both) if not one["verified"]]
    assert both.problems == ()
    assert [(one.entries, one.verified) for one in both.lists] == [(541, True), (394, True)]
    report = trust_report(both, LIST_DAY)
    assert (len(report["countries"]), report["problems"]) == (120, [])


@pytest.mark.parametrize("name", [DE_LIST, NL_LIST])
def test_every_certificate_s_own_signature_can_be_checked(name: str, both: TrustStore) -> None:
    """Each is signed by itself, or leads to another of the lists: no algorithm or key of theirs is not spoken."""
    found = parse_master_list(outside_data("masterlists", name).read_bytes())
    assert MASTER_LIST_SIGNER in found.signer.usages
    unknown = [c for c in found.certificates if both.path_for(c).trust is Trust.UNKNOWN_ALGORITHM]
    assert unknown == []
    assert all(isinstance(c.signed_by(c), bool) for c in found.certificates)


@pytest.mark.parametrize("state", ["AT", "DE", "FI", "FR", "NZ", "UK"])
@pytest.mark.parametrize("lists", ["both", "dutch"])
def test_the_security_objects_of_six_states_verify(state: str, lists: str, request: pytest.FixtureRequest) -> None:
    trust = request.getfixturevalue(lists)
    checks = verify_files({"EF.SOD": outside_data("sods", f"{state}_EF_SOD.bin").read_bytes()}, trust, LIST_DAY)
    assert not [check for check in checks if check.result is CheckResult.FAILED]
    found = results(checks)
    for name in ("security-object-signature", "signer-trust", "signer-validity"):
        assert found[name] is CheckResult.SUCCESSFUL
    assert found["signer-revocation"] is CheckResult.UNDETERMINED


@pytest.mark.parametrize("state", ["DE", "FI"])
def test_both_card_security_files_verify(state: str, both: TrustStore) -> None:
    content = outside_data("sods", f"{state}_EF_CardSecurity.bin").read_bytes()
    checks = [c for c in verify_files({"EF.CardSecurity": content}, both, LIST_DAY) if "CardSecurity" in c.evidence]
    assert not [check for check in checks if check.result is CheckResult.FAILED]
    found = results(tuple(checks))
    for name in ("security-object-signature", "signer-trust", "signer-validity"):
        assert found[name] is CheckResult.SUCCESSFUL


@pytest.mark.parametrize("state", ["AT", "DE", "FI", "FR", "NZ", "UK"])
def test_a_signer_s_document_types_can_be_read_or_are_not_there(state: str, both: TrustStore) -> None:
    from inspection_station.documents.emrtd.security_object import parse_security_object

    sod = parse_security_object(outside_data("sods", f"{state}_EF_SOD.bin").read_bytes())
    assert sod.signer_certificate is not None
    types = sod.signer_certificate.document_types
    assert types is None or set(types) & {"P", "I", "ID", "A", "C", "AR"}


def test_the_reference_set_s_dg4_and_dg15_are_unsigned() -> None:
    checks = verify_files(read_folder(outside_data("bsi2008")), TrustStore(), date(2008, 6, 1))
    unsigned = [check for check in checks if "not in the security object" in check.evidence]
    assert [(c.evidence.split(":")[0], c.result) for c in unsigned if c.name == "data-group-hash"] == [
        ("DG4", CheckResult.FAILED),
        ("DG15", CheckResult.FAILED),
    ]
    signed = [c for c in checks if c.name == "data-group-hash" and c.result is CheckResult.SUCCESSFUL]
    assert [c.evidence.split(":")[0] for c in signed] == ["DG1", "DG2", "DG3", "DG14"]


def test_a_folder_s_verification_needs_no_more_than_the_files(tmp_path: Path) -> None:
    """No trust at all: nothing red, nothing green about the signer."""
    content = outside_data("sods", "NZ_EF_SOD.bin").read_bytes()
    found = results(verify_files({"EF.SOD": content}, TrustStore(), LIST_DAY))
    assert found["signer-trust"] is CheckResult.UNDETERMINED
