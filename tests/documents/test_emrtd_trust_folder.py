"""A trust directory that changes while the station works: taken up between two documents, and never for the worse."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT

from inspection_station.documents.emrtd.folder_verification import verify_files
from inspection_station.documents.emrtd.trust_folder import SETTLING_SECONDS, TrustFolder
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.defect_lists import PublishedDefect, defect_list, status_code
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import issue_passport

CHIP = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY).files
REVOKED = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault="revoked_signer").files


class Hands:
    """Somebody at the directory, at a time of their own."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.now = directory, 1_800_000_000.0

    def clock(self) -> float:
        return self.now

    def write(self, name: str, content: bytes, *, whole: bool = True) -> None:
        path = self.directory / name
        path.write_bytes(content)
        os.utime(path, (self.now, self.now))
        if whole:
            self.wait()

    def wait(self) -> None:
        self.now += SETTLING_SECONDS + 0.1


@pytest.fixture
def hands(tmp_path: Path) -> Hands:
    directory = tmp_path / "trust"
    for path in AUTHORITY.write_trust(directory):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return Hands(directory)


@pytest.fixture
def folder(hands: Hands) -> TrustFolder:
    return TrustFolder(hands.directory, clock=hands.clock)


def result(store: TrustStore, name: str, chip: dict[str, bytes] | None = None) -> CheckResult:
    return next(c.result for c in verify_files(chip or CHIP, store, DAY) if c.name == name and c.section != "5.6.4.3.3")


def test_nothing_is_read_again_while_nothing_changes(folder: TrustFolder) -> None:
    assert folder.current() is folder.current()


def test_it_holds_what_the_directory_holds(folder: TrustFolder, hands: Hands) -> None:
    assert folder.current().version == TrustStore.from_directory(hands.directory).version


def test_a_new_list_counts_from_the_next_document_on(folder: TrustFolder, hands: Hands) -> None:
    before = folder.current()
    assert result(before, "signer-trust") is CheckResult.SUCCESSFUL
    hands.write("new.dfl", defect_list(AUTHORITY, [PublishedDefect("1.1", AUTHORITY.signer(), status_code(3))]))
    after = folder.current()
    assert result(after, "signer-trust") is CheckResult.FAILED
    assert result(before, "signer-trust") is CheckResult.SUCCESSFUL
    assert str(before.version) != str(after.version)
    told = next(c.evidence for c in verify_files(CHIP, after, DAY) if c.name == "signer-trust" and c.section[-1] == "6")
    assert str(after.version) in told


def test_a_new_revocation_list_and_a_new_root_are_taken_up(folder: TrustFolder, hands: Hands) -> None:
    (hands.directory / "csca-ut.crl").unlink()
    folder.current()
    hands.wait()
    assert result(folder.current(), "signer-revocation", dict(REVOKED)) is CheckResult.UNDETERMINED
    AUTHORITY.write_trust(hands.directory / "aside")
    hands.write("again.crl", (hands.directory / "aside" / "csca-ut.crl").read_bytes())
    assert result(folder.current(), "signer-revocation", dict(REVOKED)) is CheckResult.FAILED
    stranger = IssuingAuthority(99, at=DAY)
    stranger.write_trust(hands.directory / "aside")
    anchors = len(folder.current().anchors)
    hands.write("stranger.cer", (hands.directory / "aside" / "csca-ut.cer").read_bytes())
    assert len(folder.current().anchors) == anchors + 1


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_torn_file_never_takes_a_good_one_s_place(folder: TrustFolder, hands: Hands, kept: int) -> None:
    good = folder.current()
    content = (hands.directory / "csca-ut.cer").read_bytes()
    hands.write("csca-ut.cer", content[:kept])
    store = folder.current()
    assert result(store, "signer-trust") is CheckResult.SUCCESSFUL
    assert store.version == good.version
    (problem,) = store.problems
    assert problem.file == "csca-ut.cer"
    assert "stays in use" in problem.reason
    hands.write("csca-ut.cer", content)
    assert folder.current().problems == ()


def test_a_file_that_is_being_written_waits_until_it_rests(folder: TrustFolder, hands: Hands) -> None:
    """A bundle cut between two certificates is whole to look at."""
    roots = [AUTHORITY, IssuingAuthority(99, at=DAY)]
    bundle = b"".join(pem(root) for root in roots)
    hands.write("bundle.pem", bundle)
    assert len(folder.current().anchors) == 3
    hands.write("bundle.pem", pem(AUTHORITY), whole=False)
    assert len(folder.current().anchors) == 3
    hands.write("bundle.pem", bundle + pem(IssuingAuthority(98, at=DAY)), whole=False)
    assert len(folder.current().anchors) == 3
    hands.wait()
    assert len(folder.current().anchors) == 4


def pem(authority: IssuingAuthority) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return authority.root.public_bytes(serialization.Encoding.PEM)


def test_a_bundle_that_breaks_off_inside_a_certificate_is_not_used(folder: TrustFolder, hands: Hands) -> None:
    bundle = pem(AUTHORITY) + pem(IssuingAuthority(99, at=DAY))
    hands.write("bundle.pem", bundle)
    folder.current()
    hands.write("bundle.pem", bundle[:-60])
    assert len(folder.current().anchors) == 3
    assert "breaks off" in folder.current().problems[0].reason


def test_a_list_that_may_not_be_believed_never_takes_a_good_one_s_place(folder: TrustFolder, hands: Hands) -> None:
    entry = [PublishedDefect("1.1", AUTHORITY.signer(), status_code(3))]
    hands.write("list.dfl", defect_list(AUTHORITY, entry))
    assert result(folder.current(), "signer-trust") is CheckResult.FAILED
    hands.write("list.dfl", defect_list(IssuingAuthority(99, at=DAY), []))
    assert result(folder.current(), "signer-trust") is CheckResult.FAILED
    assert "stays in use" in folder.current().problems[0].reason
    later = IssuingAuthority(AUTHORITY.seed, at=DAY + timedelta(days=1))
    hands.write("list.dfl", defect_list(later, []))
    assert result(folder.current(), "signer-trust") is CheckResult.SUCCESSFUL


def test_what_is_taken_away_for_good_counts_no_more_but_a_moment_s_absence_does_not(
    folder: TrustFolder, hands: Hands
) -> None:
    content = (hands.directory / "csca-ut.cer").read_bytes()
    (hands.directory / "csca-ut.cer").unlink()
    assert result(folder.current(), "signer-trust") is CheckResult.SUCCESSFUL
    hands.write("csca-ut.cer", content, whole=False)
    assert result(folder.current(), "signer-trust") is CheckResult.SUCCESSFUL
    (hands.directory / "csca-ut.cer").unlink()
    folder.current()
    hands.wait()
    assert result(folder.current(), "signer-trust") is CheckResult.UNDETERMINED


def test_a_directory_that_cannot_be_read_leaves_everything_as_it_was(folder: TrustFolder, hands: Hands) -> None:
    shutil.rmtree(hands.directory)
    assert result(folder.current(), "signer-trust") is CheckResult.SUCCESSFUL
    assert folder.problem is not None


def test_a_new_file_that_is_no_good_is_told_once_and_forgotten_when_it_goes(folder: TrustFolder, hands: Hands) -> None:
    hands.write("noise.ml", b"\x30\x80")
    assert [p.file for p in folder.current().problems] == ["noise.ml"]
    assert folder.current() is folder.current()
    (hands.directory / "noise.ml").unlink()
    folder.current()
    hands.wait()
    assert folder.current().problems == ()


def test_a_missing_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        TrustFolder(tmp_path / "nowhere")


def test_a_store_made_by_hand_is_always_current() -> None:
    store = AUTHORITY.trust_store()
    assert store.current() is store
    assert TrustStore().version.day is None
    assert len(str(TrustStore().version)) == 12
