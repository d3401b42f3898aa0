"""Packs from a repository to a station: what is installed, what is refused, and that a good pack never gives way."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from pack_world import HOUR, Publisher, now, signer, updated, vault_in
from tuf.api.metadata import Metadata

from inspection_station.gateway.pack_repository import RepositoryUnusable
from inspection_station.headquarters.packs import PackAge, PackFault, PackKind, PackRefused
from inspection_station.headquarters.packs_source import FolderSource, LinkSource, PacksInterrupted
from inspection_station.headquarters.packs_trust import root_version
from inspection_station.headquarters.packs_update import update_packs
from inspection_station.headquarters.packs_vault import PackVault, VaultBusy

WANTED = (PackKind.CONTROL_LIST, "wanted")


@pytest.fixture(scope="module")
def cast() -> dict[str, bytes]:
    """A content large enough that a delta is shorter than a snapshot."""
    return {f"entry-{number:05}": os.urandom(40) for number in range(400)}


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "repository")


@pytest.fixture
def vault(tmp_path: Path, publisher: Publisher) -> PackVault:
    return vault_in(tmp_path / "packs", publisher)


def content_of(vault: PackVault) -> dict[str, bytes]:
    return vault.content(vault.state().packs[WANTED].label)


def refusal(act: Callable[[], object]) -> PackFault:
    with pytest.raises(PackRefused) as caught:
        act()
    return caught.value.fault


def test_a_pack_is_installed_and_then_comes_by_delta(
    publisher: Publisher, vault: PackVault, tmp_path: Path, cast: dict[str, bytes]
) -> None:
    publisher.publish(cast)
    first = updated(vault, publisher.folder, tmp_path)
    assert [label.version for label in first.installed] == [1]
    for change in range(3):
        cast = {**cast, f"entry-{change:05}": b"changed", f"new-{change}": b"new"}
        del cast[f"entry-{100 + change:05}"]
        published = publisher.publish(cast)
    second = updated(vault, publisher.folder, tmp_path)
    assert [label.version for label in second.installed] == [4]
    assert content_of(vault) == cast
    assert second.fetched_bytes < published.snapshot_bytes / 10
    assert not second.refused
    assert updated(vault, publisher.folder, tmp_path).unchanged == 1


def test_what_is_installed_survives_a_restart_and_opens_under_no_other_key(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    publisher.publish({"a": b"content"})
    updated(vault, publisher.folder, tmp_path)
    assert content_of(vault_in(tmp_path / "packs")) == {"a": b"content"}
    assert refusal(lambda: PackVault(tmp_path / "packs", b"x" * 32).state()) is PackFault.ALTERED


def test_nothing_of_a_pack_lies_on_the_disk_in_the_clear(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    secret = b"ERIKSSON ANNA MARIA L898902C3"
    publisher.publish({"a": secret})
    updated(vault, publisher.folder, tmp_path / "packs")
    files = [path for path in (tmp_path / "packs").rglob("*") if path.is_file()]
    assert len(files) == 2
    for path in files:
        data = path.read_bytes()
        assert secret not in data
        assert b"control-list" not in data
        assert b"signatures" not in data


def test_a_station_without_a_root_of_trust_takes_nothing(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish({"a": b"1"})
    assert refusal(lambda: updated(vault_in(tmp_path / "v"), publisher.folder, tmp_path)) is PackFault.NOT_TRUSTED


def test_another_repository_is_not_believed(vault: PackVault, tmp_path: Path) -> None:
    other = Publisher(tmp_path / "other")
    other.publish({"a": b"1"})
    assert refusal(lambda: updated(vault, other.folder, tmp_path)) is PackFault.UNSIGNED


def test_metadata_that_ran_out_are_a_freeze_and_what_is_installed_stays(tmp_path: Path) -> None:
    long_ago = now() - timedelta(days=8)
    publisher = Publisher(tmp_path / "repository", at=long_ago)
    publisher.publish({"a": b"1"}, at=long_ago, valid=300 * 24 * HOUR, stale=24 * HOUR)
    vault = vault_in(tmp_path / "packs", publisher)
    assert refusal(lambda: updated(vault, publisher.folder, tmp_path)) is PackFault.FREEZE
    publisher.repository.refresh(publisher.snapshot, publisher.timestamp, now())
    assert len(updated(vault, publisher.folder, tmp_path).installed) == 1


def test_a_repository_that_was_put_back_is_a_rollback(publisher: Publisher, vault: PackVault, tmp_path: Path) -> None:
    publisher.publish({"a": b"1"})
    old = (publisher.folder / "metadata" / "timestamp.json").read_bytes()
    publisher.publish({"a": b"2"})
    updated(vault, publisher.folder, tmp_path)
    (publisher.folder / "metadata" / "timestamp.json").write_bytes(old)
    assert refusal(lambda: updated(vault, publisher.folder, tmp_path)) is PackFault.ROLLBACK
    assert content_of(vault) == {"a": b"2"}


def test_an_older_version_signed_anew_is_refused_by_the_station_itself(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    for value in (b"1", b"2", b"3"):
        publisher.publish({"a": value})
    updated(vault, publisher.folder, tmp_path)
    signers = (publisher.kinds[PackKind.CONTROL_LIST], publisher.snapshot, publisher.timestamp)
    publisher.repository.withdraw(*WANTED, signers, now())
    assert updated(vault, publisher.folder, tmp_path).withdrawn == [WANTED]
    publisher.publish({"a": b"1"})  # numbered from 1 again: the role's key alone could do that
    report = updated(vault, publisher.folder, tmp_path)
    assert [(name, fault.fault) for _, name, fault in report.refused] == [("wanted", PackFault.ROLLBACK)]
    assert WANTED not in vault.state().packs


def test_the_key_of_one_kind_signs_no_other(publisher: Publisher) -> None:
    publisher.kinds[PackKind.CONTROL_LIST] = publisher.kinds[PackKind.RULES]
    with pytest.raises(RepositoryUnusable, match="does not sign"):
        publisher.publish({"a": b"1"})


def forged(publisher: Publisher, kind: PackKind, change: Callable[[dict[str, object]], None], key: object) -> None:
    """Change a role's metadata and sign them with ``key``, under the right name."""
    path = max((publisher.folder / "metadata").glob(f"*.{kind.value}.json"), key=lambda file: file.stat().st_mtime_ns)
    told = json.loads(path.read_bytes())
    change(told["signed"])
    metadata = Metadata.from_bytes(json.dumps(told).encode())
    metadata.signatures.clear()
    metadata.sign(key)  # type: ignore[arg-type]
    path.write_bytes(metadata.to_bytes())


def test_a_role_signed_by_somebody_else_hinders_no_other_kind(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    publisher.publish({"a": b"1"})
    publisher.publish({"r": b"rules"}, PackKind.RULES, "rules")
    forged(publisher, PackKind.CONTROL_LIST, lambda signed: None, signer())
    report = updated(vault, publisher.folder, tmp_path)
    assert [(kind, name, fault.fault) for kind, name, fault in report.refused] == [
        (PackKind.CONTROL_LIST, "*", PackFault.UNSIGNED)
    ]
    assert [label.kind for label in report.installed] == [PackKind.RULES]


def test_a_role_that_lists_packs_of_another_kind_is_refused(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    publisher.publish({"a": b"1"}, PackKind.RULES, "rules")

    def change(signed: dict[str, object]) -> None:
        (target,) = signed["targets"].values()  # type: ignore[attr-defined]
        target["custom"]["label"]["kind"] = "control-list"

    forged(publisher, PackKind.RULES, change, publisher.kinds[PackKind.RULES])
    report = updated(vault, publisher.folder, tmp_path)
    assert [(kind, fault.fault) for kind, _, fault in report.refused] == [(PackKind.RULES, PackFault.OTHER_ROLE)]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda data: data[:-5], PackFault.TRUNCATED),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), PackFault.ALTERED),
        (lambda data: data + b"\0", PackFault.OVERSIZED),
        (lambda data: b"", PackFault.TRUNCATED),
    ],
)
def test_a_torn_file_never_takes_the_place_of_a_good_pack(
    publisher: Publisher,
    vault: PackVault,
    tmp_path: Path,
    spoil: Callable[[bytes], bytes],
    fault: PackFault,
) -> None:
    publisher.publish({"a": b"1"})
    updated(vault, publisher.folder, tmp_path)
    publisher.publish({"a": b"2"})
    for path in (publisher.folder / "targets" / "control-list" / "wanted").iterdir():
        path.write_bytes(spoil(path.read_bytes()))
    report = updated(vault, publisher.folder, tmp_path)
    assert {refused.fault for _, _, refused in report.refused} == {fault}
    assert content_of(vault) == {"a": b"1"}


def test_a_delta_that_fails_is_told_and_the_snapshot_taken(
    publisher: Publisher, vault: PackVault, tmp_path: Path, cast: dict[str, bytes]
) -> None:
    publisher.publish(cast)
    updated(vault, publisher.folder, tmp_path)
    publisher.publish({**cast, "one": b"more"})
    (publisher.folder / "targets" / "control-list" / "wanted" / "2.delta").unlink()
    report = updated(vault, publisher.folder, tmp_path)
    assert [refused.fault for _, _, refused in report.refused] == [PackFault.MISSING]
    assert content_of(vault) == {**cast, "one": b"more"}


def test_content_that_the_station_cannot_use_is_not_installed(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    def never(content: object) -> None:
        raise ValueError("no list in it")

    publisher.publish({"a": b"1"})
    report = update_packs(vault, FolderSource(publisher.folder), tmp_path, now(), {PackKind.CONTROL_LIST: never})
    assert [refused.fault for _, _, refused in report.refused] == [PackFault.UNUSABLE]
    assert not vault.labels()


def test_the_root_is_rotated_by_two_of_three_keys_and_by_no_fewer(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    with pytest.raises(RepositoryUnusable):
        publisher.repository.rotate_root(publisher.roots[:1], now())
    publisher.repository.rotate_root(publisher.roots[1:], now())
    publisher.publish({"a": b"1"})
    updated(vault, publisher.folder, tmp_path)
    assert root_version(vault.state().trusted["root"]) == 2


@pytest.mark.parametrize(
    ("role", "kept"), [("root", 1), ("root", 0), ("targets", 0), ("snapshot", 0), ("timestamp", 0)]
)
def test_metadata_signed_by_too_few_keys_are_refused_and_what_is_installed_stays(
    publisher: Publisher, vault: PackVault, tmp_path: Path, role: str, kept: int
) -> None:
    publisher.publish({"a": b"1"})
    updated(vault, publisher.folder, tmp_path)
    publisher.repository.rotate_root(publisher.roots[1:], now())
    publisher.publish({"a": b"2"})
    newest = max((publisher.folder / "metadata").glob(f"*{role}.json"), key=lambda file: file.stat().st_mtime_ns)
    told = json.loads(newest.read_bytes())
    told["signatures"] = told["signatures"][:kept]
    newest.write_text(json.dumps(told), encoding="utf-8")
    fresh = vault_in(tmp_path / "another station", publisher)
    assert refusal(lambda: updated(fresh, publisher.folder, tmp_path)) is PackFault.UNSIGNED
    assert fresh.labels() == ()
    if role != "targets":  # which the first station has already, and does not ask for again
        assert refusal(lambda: updated(vault, publisher.folder, tmp_path)) is PackFault.UNSIGNED
        assert content_of(vault) == {"a": b"1"}
        assert root_version(vault.state().trusted["root"]) == (1 if role == "root" else 2)


def test_a_pack_is_green_then_amber_then_red(publisher: Publisher) -> None:
    label = publisher.publish({"a": b"1"}).label
    ages = [label.age(now() + hours * HOUR) for hours in (-1, 1, 25, 73)]
    assert ages == [PackAge.RED, PackAge.GREEN, PackAge.AMBER, PackAge.RED]


def test_a_second_program_that_changed_the_packs_is_noticed(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    label = publisher.publish({"a": b"1"}).label
    other = vault_in(tmp_path / "packs")
    state = vault.state()
    other.install(label, {"a": b"1"})
    with pytest.raises(VaultBusy):
        vault._save(state)
    assert vault.labels() == (label,)


class Parts:
    """A link that gives files in small parts and breaks when told."""

    def __init__(self, publisher: Publisher, size: int = 1000) -> None:
        self.publisher, self.size, self.contents = publisher, size, 0
        self.offsets: list[int] = []

    def pack_part(self, path: str, offset: int) -> tuple[bytes, int] | None:
        if path.startswith("targets/"):
            self.contents += 1
            self.offsets.append(offset)
        return self.publisher.repository.part(path, offset, self.size)


def test_a_fetch_that_was_interrupted_goes_on_where_it_ended(
    publisher: Publisher, vault: PackVault, tmp_path: Path, cast: dict[str, bytes]
) -> None:
    publisher.publish(cast)
    link = Parts(publisher)
    source = LinkSource(lambda: link.contents == 10)
    source.link = link
    with pytest.raises(PacksInterrupted):
        updated(vault, source, tmp_path)
    link.contents += 1
    updated(vault, source, tmp_path)
    assert content_of(vault) == cast
    assert link.offsets == list(range(0, max(link.offsets) + 1, 1000))


def test_a_source_that_promises_more_than_was_signed_is_not_followed(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    class Endless(Parts):
        def pack_part(self, path: str, offset: int) -> tuple[bytes, int] | None:
            if path.startswith("targets/"):
                return b"x" * 1000, 1 << 40
            return super().pack_part(path, offset)

    publisher.publish({"a": b"1"})
    source = LinkSource()
    source.link = Endless(publisher)
    report = updated(vault, source, tmp_path)
    assert [refused.fault for _, _, refused in report.refused] == [PackFault.OVERSIZED]
