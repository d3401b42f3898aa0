"""Where the keys of the store live: the system's key store, or, for training alone, files in the training folder.

A key store also keeps the anchor: a few words outside the database that show when the database was copied or put back.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from inspection_station.durable_names import make_names_durable
from inspection_station.given_file import read_given
from inspection_station.station_profile import StationProfile
from inspection_station.storage import key_slots
from inspection_station.storage.connection import translated
from inspection_station.storage.errors import KeyStoreMissing, KeyStoreRefused
from inspection_station.storage.key_slots import Slot

TRAINING_MARK = "TRAINING-STATION"
TRAINING_KEY = "TRAINING-KEY-NOT-SECRET"
_TRAINING_NAMES = {
    Slot.STORE_KEY: TRAINING_KEY,
    Slot.FOLDER_KEY: "TRAINING-FOLDER-KEY-NOT-SECRET",
    Slot.COMING_KEY: "TRAINING-COMING-KEY-NOT-SECRET",
    Slot.ANCHOR: "TRAINING-ANCHOR",
}

_MOST_KEY_FILE = 64 << 10

PRODUCTION_BACKENDS = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.Windows.WinVaultKeyring",
        "keyring.backends.macOS.Keyring",
    }
)


class KeySource(Protocol):
    """Gives 32-byte keys and keeps the anchor. Every call may raise KeyStoreMissing, KeyStoreRefused or WrongKey.

    ``key`` opens the database and is another one after each voyage; ``folder_key`` opens what lies beside it and stays.
    While the store moves to a fresh key, ``coming_key`` may be the one that opens it (``storage.moving``).
    """

    @property
    def training(self) -> bool: ...
    def key(self, *, create: bool) -> bytes: ...
    def folder_key(self) -> bytes: ...
    def coming_key(self) -> bytes | None: ...
    def draw_coming_key(self) -> bytes: ...
    def take_coming_key(self) -> None: ...
    def read_anchor(self) -> str | None: ...
    def write_anchor(self, text: str) -> None: ...


class KeysInSlots:
    """Implements ``KeySource`` over named places."""

    def __init__(self, slots: key_slots.Slots, *, training: bool) -> None:
        self._slots = slots
        self.training = training

    def key(self, *, create: bool) -> bytes:
        """The database's key; drawn and kept when there is none and ``create``, else WrongKey."""
        return key_slots.store_key(self._slots, create=create)

    def folder_key(self) -> bytes:
        """The key of packs and faces."""
        return key_slots.folder_key(self._slots)

    def coming_key(self) -> bytes | None:
        """The key that a move to a fresh one was begun with; None where none is under way."""
        return key_slots.coming_key(self._slots)

    def draw_coming_key(self) -> bytes:
        """Begin a move."""
        return key_slots.draw_coming_key(self._slots)

    def take_coming_key(self) -> None:
        """End a move: the key before is gone for good."""
        key_slots.take_coming_key(self._slots)

    def read_anchor(self) -> str | None:
        """The anchor, or None when none was written."""
        return self._slots.read(Slot.ANCHOR)

    def write_anchor(self, text: str) -> None:
        """Replace the anchor."""
        self._slots.write(Slot.ANCHOR, text)


class KeyringKeys(KeysInSlots):
    """The system's key store through ``keyring``, by allow-list: a backend that keeps plain text is never used.

    ``service`` separates stores on one machine. ``allowed`` names backend classes; tests put their own there.
    """

    def __init__(self, service: str, *, allowed: Iterable[str] = PRODUCTION_BACKENDS) -> None:
        super().__init__(_KeyringSlots(service, frozenset(allowed)), training=False)


class _KeyringSlots:
    def __init__(self, service: str, allowed: frozenset[str]) -> None:
        self._service = service
        self._allowed = allowed

    def read(self, slot: Slot) -> str | None:
        backend = self._backend()
        try:
            found = backend.get_password(self._service, slot.value)
        except Exception as error:
            raise _refusal(error) from error
        return found if found is None else str(found)

    def write(self, slot: Slot, text: str) -> None:
        backend = self._backend()
        try:
            backend.set_password(self._service, slot.value, text)
        except Exception as error:
            raise _refusal(error) from error

    def _backend(self) -> Any:
        try:
            chosen = importlib.import_module("keyring").get_keyring()
        except Exception as error:  # a configuration that names a backend which cannot be loaded
            raise KeyStoreMissing(f"the key store could not be found ({type(error).__name__})") from error
        # Where several backends are usable, keyring wraps them in a chain that may end in plain text: pick ours.
        for backend in getattr(chosen, "backends", None) or [chosen]:
            if f"{type(backend).__module__}.{type(backend).__qualname__}" in self._allowed:
                return backend
        raise KeyStoreMissing(f"no key store we trust on this machine (found: {type(chosen).__module__})")


def _refusal(error: Exception) -> KeyStoreMissing | KeyStoreRefused:
    """Backends raise what their desktop service raises (D-Bus, Win32 …), so every exception is a refusal."""
    errors = importlib.import_module("keyring.errors")
    if isinstance(error, errors.NoKeyringError):
        return KeyStoreMissing("no key store on this machine")
    if isinstance(error, (errors.InitError, errors.KeyringLocked)):
        return KeyStoreRefused("the key store is locked: log in to the desktop session and unlock it")
    return KeyStoreRefused(f"the key store refused ({type(error).__name__})")


def mark_training_folder(folder: Path) -> None:
    """Make ``folder`` a training folder, once and for all. Raises KeyStoreRefused where a live store lies in it."""
    with translated(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (folder / TRAINING_MARK).exists():
            return
        if any(folder.glob("*.db*")):
            raise KeyStoreRefused("a live store lies in this folder: it cannot become a training folder")
        (folder / TRAINING_MARK).write_text(
            "Training only. Nothing in this folder is real or secret.\n", encoding="utf-8"
        )
        make_names_durable(folder)


def is_training_folder(folder: Path) -> bool:
    """Whether the folder carries the mark."""
    return (folder / TRAINING_MARK).exists()


class TrainingFolderKeys(KeysInSlots):
    """Training only: the keys lie beside the database they open, and their names say so.

    Raises KeyStoreRefused for a folder without the training mark, so a live profile cannot come here by mistake.
    """

    def __init__(self, folder: Path) -> None:
        if not is_training_folder(folder):
            raise KeyStoreRefused("this folder is not marked as a training folder")
        super().__init__(_FileSlots(folder), training=True)


class _FileSlots:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, slot: Slot) -> str | None:
        path = self._folder / _TRAINING_NAMES[slot]
        with translated(self._folder):
            if not path.exists():
                return None
            if os.name == "posix" and slot is not Slot.ANCHOR:
                path.chmod(0o600)
            text = read_given(path, _MOST_KEY_FILE).decode("ascii", "replace")
        return text if slot is Slot.ANCHOR else text.strip()

    def write(self, slot: Slot, text: str) -> None:
        """All or nothing, readable by the owner alone. An anchor may lag behind a power cut: not durable."""
        path = self._folder / _TRAINING_NAMES[slot]
        temporary = path.with_name(path.name + ".new")
        with translated(self._folder):
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text if slot is Slot.ANCHOR else text + "\n")
                file.flush()
                if slot is not Slot.ANCHOR:
                    os.fsync(file.fileno())
            temporary.replace(path)
            if slot is not Slot.ANCHOR:
                make_names_durable(self._folder)


def key_source_for(profile: StationProfile) -> KeySource:
    """The key source a profile is entitled to; a training profile's folder is marked when it is first used.

    Raises KeyStoreRefused.
    """
    if not profile.training:
        return KeyringKeys(profile.key_service)
    mark_training_folder(profile.data_folder)
    return TrainingFolderKeys(profile.data_folder)
