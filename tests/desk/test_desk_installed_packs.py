"""Packs in use: a search names the versions it was held against, and nothing out of date is ever «nothing found»."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pack_world import HOUR, STORE_KEY, Publisher, control_list, now, updated, vault_in

from inspection_station.desk.installed_packs import CHECKS, InstalledLists, InstalledTrust, open_lists
from inspection_station.desk.list_search import ListSearch
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.documents.mrz import parse
from inspection_station.headquarters.packs import PackFault, PackKind
from inspection_station.headquarters.packs_source import FolderSource
from inspection_station.headquarters.packs_update import update_packs
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.manifest import PreCheck, manifest_of, manifest_parts
from inspection_station.matching.watchlist_lists import MalformedList, load_lists
from inspection_station.matching.watchlist_parts import lists_of, parts_of

SPECIMEN = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"


@pytest.fixture
def zone() -> MachineReadableZone:
    return parse(SPECIMEN, today=date(2026, 11, 23))


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "repository")


@pytest.fixture
def vault(tmp_path: Path, publisher: Publisher) -> PackVault:
    return vault_in(tmp_path / "packs", publisher)


def publish(publisher: Publisher, *numbers: str, **more: object) -> None:
    publisher.publish(parts_of(load_lists(control_list(*numbers))), **more)  # type: ignore[arg-type]


def searched(vault: PackVault, *expected: str) -> ListSearch:
    search = ListSearch()
    search.look = InstalledLists(vault, search, (), expected).look
    return search


def test_a_list_taken_apart_is_the_same_put_together() -> None:
    text = """
    [[list]]
    list_id = "wanted"
    kind = "wanted"
    version = "1"
    issued_at = "2026-11-23T02:00:00Z"
    stale_after = "2026-11-24T02:00:00Z"
    [[list.entries]]
    entry_id = "0001"
    documents = [{number = "X1234567", issuing_state = "UTO"}, "Y7654321"]
    names = [{primary = "MÜLLER", secondary = "ANNA MARIA"}, {primary = "MILLER", weak = true}]
    born = ["1971-05-02", "1971-05", "1971", "1970/1973"]
    nationalities = ["UTO"]
    sex = "F"
    personal_numbers = ["A123456789"]
    """
    lists = load_lists(text)
    assert lists_of(parts_of(lists)) == lists


def test_an_installed_list_is_searched_at_once_and_its_pack_is_named(
    publisher: Publisher, vault: PackVault, zone: MachineReadableZone, tmp_path: Path
) -> None:
    search = searched(vault, "wanted")
    assert "wanted" in search.search(zone, now()).not_consulted
    publish(publisher, "X1234567")
    updated(vault, publisher.folder, tmp_path)
    assert not search.search(zone, now()).hits
    publish(publisher, "X1234567", "L898902C3")
    updated(vault, publisher.folder, tmp_path)
    result = search.search(zone, now())
    assert [hit.entry_id for hit in result.hits] == ["L898902C3"]
    assert [one.version for one in result.consulted] == ["2026-11-23.1 · wanted 2"]
    assert result.not_consulted == ("RMAS",)


def test_a_list_gets_amber_then_red_and_red_is_not_checked(
    publisher: Publisher, vault: PackVault, zone: MachineReadableZone, tmp_path: Path
) -> None:
    publish(publisher, "L898902C3")
    updated(vault, publisher.folder, tmp_path)
    search = searched(vault)

    def at(moment: datetime) -> tuple[list[bool], int, tuple[str, ...]]:
        result = search.search(zone, moment)
        return [one.stale for one in result.consulted], len(result.hits), result.not_consulted

    assert at(now()) == ([False], 1, ("RMAS",))
    assert at(now() + 25 * HOUR) == ([True], 1, ("RMAS",))
    assert at(now() + 73 * HOUR) == ([], 0, ("lost-documents", "RMAS"))
    assert [consulted.stale for consulted, _ in search.lists(now() + 73 * HOUR)] == [True]


def test_a_damaged_list_is_not_consulted_and_hinders_no_other(
    publisher: Publisher, vault: PackVault, zone: MachineReadableZone, tmp_path: Path
) -> None:
    publish(publisher, "X1234567")
    other = load_lists(control_list("L898902C3", list_id="refused"))
    publisher.publish(parts_of(other), name="refused")
    updated(vault, publisher.folder, tmp_path)
    damaged = next(pack.file for (_, name), pack in vault.state().packs.items() if name == "wanted")
    (vault.folder / damaged).write_bytes(b"torn")
    result = searched(PackVault(vault.folder, STORE_KEY)).search(zone, now())
    assert [hit.list_id for hit in result.hits] == ["refused"]
    assert result.not_consulted == ("wanted", "RMAS")


def test_a_vault_that_does_not_open_leaves_every_list_not_consulted(
    publisher: Publisher, vault: PackVault, zone: MachineReadableZone, tmp_path: Path
) -> None:
    publish(publisher, "X1234567")
    updated(vault, publisher.folder, tmp_path)
    result = searched(PackVault(vault.folder, b"another key of thirty-two bytes!"), "wanted").search(zone, now())
    assert result.consulted == ()
    assert result.not_consulted == ("control lists", "wanted", "RMAS")


def test_a_list_that_is_none_never_takes_the_place_of_a_good_one(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    publish(publisher, "X1234567")
    updated(vault, publisher.folder, tmp_path)
    publisher.publish({"noise": b"not a list"})
    report = update_packs(vault, FolderSource(publisher.folder), tmp_path, now(), CHECKS)
    assert [refused.fault for _, _, refused in report.refused] == [PackFault.UNUSABLE]
    assert vault.labels()[0].version == 1


def test_lists_in_files_are_searched_beside_packs_and_a_missing_one_is_told(
    vault: PackVault, zone: MachineReadableZone, tmp_path: Path
) -> None:
    (tmp_path / "own.json").write_text(control_list("L898902C3", list_id="own"), encoding="utf-8")
    search = ListSearch()
    open_lists(vault, search, tmp_path, ("own.json", "gone.toml", "wanted")).look()
    result = search.search(zone, now())
    assert [hit.list_id for hit in result.hits] == ["own"]
    assert set(result.not_consulted) == {"gone", "wanted", "RMAS"}


MANIFEST = """
[manifest]
voyage = "EXPLORER-118"
version = "2"
issued_at = {issued}
stale_after = {stale}
[[manifest.travellers]]
entry_id = "1"
documents = ["X1234567"]
pre_check = "clear"
[[manifest.travellers]]
entry_id = "2"
documents = [{{number = "L898902C3", issuing_state = "UTO"}}]
names = [{{primary = "ERIKSSON", secondary = "ANNA MARIA"}}]
born = [1974-08-12]
pre_check = "{outcome}"
"""


def manifest(outcome: str) -> str:
    issued, stale = now() - HOUR, now() + HOUR * 24
    return MANIFEST.format(outcome=outcome, issued=issued.isoformat(), stale=stale.isoformat())


def test_a_manifest_tells_who_was_announced_and_who_was_not_cleared(
    publisher: Publisher, vault: PackVault, zone: MachineReadableZone, tmp_path: Path
) -> None:
    search = searched(vault)
    for outcome, kinds in (("refuse", [ListKind.REFUSED_ENTRY]), ("refer", [ListKind.ALERT]), ("clear", [])):
        publisher.publish(manifest_parts(manifest(outcome)), PackKind.MANIFEST, "explorer-118")
        report = update_packs(vault, FolderSource(publisher.folder), tmp_path, now(), CHECKS)
        assert not report.refused
        result = search.search(zone, now())
        assert [hit.kind for hit in result.hits] == kinds
        version = f"2 · explorer-118 {report.installed[0].version}"
        assert [(one.list_id, one.version) for one in result.consulted] == [
            ("EXPLORER-118-refer", version),
            ("EXPLORER-118-refuse", version),
        ]
    issued = manifest_of(vault.content(vault.labels(PackKind.MANIFEST)[0]))
    assert len(issued) == 2
    found = issued.announced("L898902C<3", "UTO")
    assert found is not None
    assert (found[0], found[1].entry_id) == (PreCheck.CLEAR, "2")
    assert issued.announced("Z0000000", "UTO") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('voyage = "EXPLORER-118"', 'voyage = "../x"'),
        ('pre_check = "clear"', 'pre_check = "fine"'),
        ('entry_id = "2"', 'entry_id = "1"'),
        ("[manifest]", "[other]"),
        ('version = "2"', 'colour = "2"'),
        ('documents = ["X1234567"]', ""),
        ("[manifest]", "[manifest"),
    ],
)
def test_a_manifest_that_does_not_say_what_it_must_is_not_published(old: str, new: str) -> None:
    with pytest.raises(MalformedList):
        manifest_parts(manifest("refer").replace(old, new, 1))


def test_certificates_of_a_pack_are_trusted_until_its_validity_ends(
    publisher: Publisher, vault: PackVault, tmp_path: Path, authority: x509.Certificate
) -> None:
    content = {"utopia.cer": authority.public_bytes(Encoding.DER)}
    moment = [now()]
    trust = InstalledTrust(vault, TrustStore(), lambda: moment[0])
    assert not trust.current().knows_country("UT")
    publisher.publish(content, PackKind.TRUST_ANCHORS, "icao")
    report = update_packs(vault, FolderSource(publisher.folder), tmp_path, now(), CHECKS)
    assert not report.refused
    assert trust.current().knows_country("UT")
    moment[0] += 73 * HOUR
    assert not trust.current().knows_country("UT")


def test_a_pack_of_certificates_with_anything_else_in_it_is_refused(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    publisher.publish({"utopia.cer": b"noise"}, PackKind.TRUST_ANCHORS, "icao")
    report = update_packs(vault, FolderSource(publisher.folder), tmp_path, now(), CHECKS)
    assert [refused.fault for _, _, refused in report.refused] == [PackFault.UNUSABLE]


@pytest.fixture(scope="module")
def authority() -> x509.Certificate:
    """A self-signed authority of an invented country."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"), x509.NameAttribute(NameOID.COMMON_NAME, "Utopia CSCA")]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now() - HOUR)
        .not_valid_after(now() + 1000 * HOUR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
