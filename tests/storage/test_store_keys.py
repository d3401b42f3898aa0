"""Where the key comes from: a key store we trust, or the training folder, and nothing in between."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest
from keyring.backends import chainer, fail, null
from store_stories import SteppingClock, decided, record

from inspection_station.station_profile import load_profile
from inspection_station.storage.errors import KeyStoreMissing, KeyStoreRefused, WrongKey
from inspection_station.storage.keys import (
    TRAINING_KEY,
    TRAINING_MARK,
    KeyringKeys,
    TrainingFolderKeys,
    key_source_for,
    mark_training_folder,
)
from inspection_station.storage.store import StationStore


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A key store in this process."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("locked")


class BrokenKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("the desktop service died")


class ForgetfulKeyring(MemoryKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        return


ALLOWED = frozenset(
    f"{kind.__module__}.{kind.__qualname__}" for kind in (MemoryKeyring, LockedKeyring, BrokenKeyring, ForgetfulKeyring)
)


@pytest.fixture(autouse=True)
def own_backend() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def keys_in(backend: keyring.backend.KeyringBackend, service: str = "station") -> KeyringKeys:
    keyring.set_keyring(backend)
    return KeyringKeys(service, allowed=ALLOWED)


def test_the_key_is_drawn_once_and_kept() -> None:
    keys = keys_in(MemoryKeyring())
    key = keys.key(create=True)
    assert len(key) == 32
    assert keys.key(create=False) == keys.key(create=True) == key


def test_two_services_have_two_keys() -> None:
    backend = MemoryKeyring()
    assert keys_in(backend, "one").key(create=True) != keys_in(backend, "two").key(create=True)


def test_no_key_is_drawn_for_a_database_that_lost_its_own() -> None:
    backend = MemoryKeyring()
    with pytest.raises(WrongKey):
        keys_in(backend).key(create=False)
    assert backend.kept == {}


@pytest.mark.parametrize("backend", [fail.Keyring(), null.Keyring()], ids=["fail", "null"])
def test_a_machine_without_a_key_store_we_trust_is_told_so(backend: keyring.backend.KeyringBackend) -> None:
    keyring.set_keyring(backend)
    with pytest.raises(KeyStoreMissing) as refusal:
        KeyringKeys("station").key(create=True)
    assert refusal.value.code == "STO-02"


def test_a_key_store_that_cannot_even_be_looked_for_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("configured backend cannot be loaded")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    with pytest.raises(KeyStoreMissing):
        KeyringKeys("station").key(create=True)
    monkeypatch.undo()


def test_a_backend_that_is_not_on_the_list_is_never_used() -> None:
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    with pytest.raises(KeyStoreMissing):
        KeyringKeys("station").key(create=True)
    assert backend.kept == {}


def test_of_several_backends_only_a_trusted_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = MemoryKeyring()
    several = chainer.ChainerBackend()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [null.Keyring(), trusted])
    assert len(keys_in(several).key(create=True)) == 32
    assert ("station", "store key") in trusted.kept


@pytest.mark.parametrize(
    "backend", [LockedKeyring(), BrokenKeyring(), ForgetfulKeyring()], ids=["locked", "dies", "forgets"]
)
def test_a_key_store_that_does_not_give_or_keep_is_a_refusal(backend: MemoryKeyring) -> None:
    with pytest.raises(KeyStoreRefused) as refusal:
        keys_in(backend).key(create=True)
    assert refusal.value.code == "STO-02"


@pytest.mark.parametrize("text", ["", "v1:", "v1:zz", "v1:" + "00" * 31, "hunter2"])
def test_an_entry_that_is_no_key_of_ours_is_refused_and_kept(text: str) -> None:
    backend = MemoryKeyring()
    backend.kept["station", "store key"] = text
    with pytest.raises(WrongKey):
        keys_in(backend).key(create=True)
    assert backend.kept["station", "store key"] == text


def test_a_store_lives_on_a_key_store(tmp_path: Path) -> None:
    keys, clock = keys_in(MemoryKeyring()), SteppingClock()
    for number in range(2):
        store = StationStore.open(tmp_path, keys, station_id="s", clock=clock)
        receipt = store.seal(record(f"{number}"), {}, decided()).result(60)
        store.close()
        assert receipt.sequence == number + 1


def test_a_locked_key_store_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreRefused):
        StationStore.open(tmp_path, keys_in(LockedKeyring()), station_id="s", clock=SteppingClock())
    assert not (tmp_path / "station.db").exists()


def test_the_training_key_lies_in_the_training_folder_for_its_owner_alone(tmp_path: Path) -> None:
    mark_training_folder(tmp_path)
    key = TrainingFolderKeys(tmp_path).key(create=True)
    assert TrainingFolderKeys(tmp_path).key(create=False) == key
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / TRAINING_KEY).stat().st_mode) == 0o600
        (tmp_path / TRAINING_KEY).chmod(0o644)
        TrainingFolderKeys(tmp_path).key(create=False)
        assert stat.S_IMODE((tmp_path / TRAINING_KEY).stat().st_mode) == 0o600


def test_a_folder_without_the_training_mark_gets_no_training_key(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreRefused):
        TrainingFolderKeys(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_a_live_store_never_becomes_a_training_folder(tmp_path: Path) -> None:
    StationStore.open(tmp_path, keys_in(MemoryKeyring()), station_id="s", clock=SteppingClock()).close()
    with pytest.raises(KeyStoreRefused):
        mark_training_folder(tmp_path)
    assert not (tmp_path / TRAINING_MARK).exists()


def test_a_torn_training_key_is_refused(tmp_path: Path) -> None:
    mark_training_folder(tmp_path)
    (tmp_path / TRAINING_KEY).write_bytes(b"v1:\xff")
    with pytest.raises(WrongKey):
        TrainingFolderKeys(tmp_path).key(create=True)


def test_a_profile_gets_the_keys_it_is_entitled_to(tmp_path: Path) -> None:
    training = load_profile("training", data_folder=tmp_path / "t")
    assert key_source_for(training).training
    live = replace(training, training=False, data_folder=tmp_path / "l")
    assert not key_source_for(live).training
    assert not (tmp_path / "l").exists()


REAL = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from store_stories import decided, record
    from inspection_station.storage.clock import SystemClock
    from inspection_station.storage.errors import StoreUnavailable
    from inspection_station.storage.keys import KeyringKeys
    from inspection_station.storage.store import StationStore
    try:
        for number in range(2):
            keys = KeyringKeys("station-test")
            store = StationStore.open(Path(sys.argv[1]), keys, station_id="s", clock=SystemClock())
            print(store.seal(record(str(number)), {}, decided()).result(60).sequence, store.check().incarnations)
            store.close()
    except StoreUnavailable as fault:
        print(type(fault).__name__, fault.code)
    """
)


def in_desktop_session(tmp_path: Path, *, unlock: bool) -> list[str]:
    for program in ("dbus-run-session", "gnome-keyring-daemon"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    start = "gnome-keyring-daemon --start --components=secrets"
    if unlock:
        start = "printf 'invented\\n' | gnome-keyring-daemon --unlock --components=secrets"
    script = f'{start} >/dev/null 2>&1; exec {sys.executable} -c "$PROGRAM" {tmp_path}/data {Path(__file__).parent}'
    environment = {"PROGRAM": REAL, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.splitlines() or [done.stderr[-400:]]


def test_a_real_desktop_key_store_keeps_key_and_anchor(tmp_path: Path) -> None:
    assert in_desktop_session(tmp_path, unlock=True) == ["1 1", "2 1"]


def test_a_real_desktop_key_store_that_is_locked_is_a_refusal(tmp_path: Path) -> None:
    assert in_desktop_session(tmp_path, unlock=False) == ["KeyStoreRefused STO-02"]


def test_a_new_station_keeps_packs_and_store_under_two_keys() -> None:
    keys = keys_in(MemoryKeyring())
    store, folder = keys.key(create=True), keys.folder_key()
    assert store != folder
    assert keys.coming_key() is None
    coming = keys.draw_coming_key()
    assert keys.coming_key() == coming
    assert keys.key(create=False) == store
    keys.take_coming_key()
    keys.take_coming_key()
    assert keys.key(create=False) == coming
    assert keys.folder_key() == folder
    assert keys.coming_key() is None


def test_packs_of_a_station_that_began_with_one_key_stay_readable() -> None:
    backend = MemoryKeyring()
    backend.kept["station", "store key"] = "v1:" + "11" * 32
    keys = keys_in(backend)
    assert keys.folder_key() == keys.key(create=False)
    keys.take_coming_key()  # nothing was begun: nothing happens
    keys.draw_coming_key()
    keys.take_coming_key()
    assert keys.folder_key() == bytes.fromhex("11" * 32)
    assert keys.key(create=False) != keys.folder_key()
