"""Where the key of the store lives: the system's key store, or, for training alone, a file in the training folder.

A key store also keeps the anchor: a few words outside the database that show when the database was copied or put back.
"""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from inspection_station.station_profile import StationProfile
from inspection_station.storage.connection import KEY_BYTES, translated
from inspection_station.storage.errors import KeyStoreMissing, KeyStoreRefused, WrongKey

TRAINING_MARK = "TRAINING-STATION"
TRAINING_KEY = "TRAINING-KEY-NOT-SECRET"
_TRAINING_ANCHOR = "TRAINING-ANCHOR"
_FORM = "v1:"

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
    """Gives the 32-byte key and keeps the anchor. Every call may raise KeyStoreMissing, KeyStoreRefused or WrongKey."""

    @property
    def training(self) -> bool: ...
    def key(self, *, create: bool) -> bytes: ...
    def read_anchor(self) -> str | None: ...
    def write_anchor(self, text: str) -> None: ...


class KeyringKeys:
    """The system's key store through ``keyring``, by allow-list: a backend that keeps plain text is never used.

    ``service`` separates stores on one machine. ``allowed`` names backend classes; tests put their own there.
    """

    training = False

    def __init__(self, service: str, *, allowed: Iterable[str] = PRODUCTION_BACKENDS) -> None:
        self._service = service
        self._allowed = frozenset(allowed)

    def key(self, *, create: bool) -> bytes:
        """The key; drawn and kept when there is none and ``create``, else WrongKey: the database outlived its key."""
        backend = self._backend()
        text = self._get(backend, "store key")
        if text is None:
            if not create:
                raise WrongKey("the key store holds no key for this store")
            text = _FORM + secrets.token_hex(KEY_BYTES)
            self._set(backend, "store key", text)
            if self._get(backend, "store key") != text:
                raise KeyStoreRefused("the key store did not keep the key it was given")
        return _parse(text)

    def read_anchor(self) -> str | None:
        """The anchor, or None when none was written."""
        return self._get(self._backend(), "store anchor")

    def write_anchor(self, text: str) -> None:
        """Replace the anchor."""
        self._set(self._backend(), "store anchor", text)

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

    def _get(self, backend: Any, account: str) -> str | None:
        try:
            found = backend.get_password(self._service, account)
        except Exception as error:
            raise _refusal(error) from error
        return found if found is None else str(found)

    def _set(self, backend: Any, account: str, text: str) -> None:
        try:
            backend.set_password(self._service, account, text)
        except Exception as error:
            raise _refusal(error) from error


def _refusal(error: Exception) -> KeyStoreMissing | KeyStoreRefused:
    """Backends raise what their desktop service raises (D-Bus, Win32 …), so every exception is a refusal."""
    errors = importlib.import_module("keyring.errors")
    if isinstance(error, errors.NoKeyringError):
        return KeyStoreMissing("no key store on this machine")
    if isinstance(error, (errors.InitError, errors.KeyringLocked)):
        return KeyStoreRefused("the key store is locked: log in to the desktop session and unlock it")
    return KeyStoreRefused(f"the key store refused ({type(error).__name__})")


def _parse(text: str) -> bytes:
    if not text.startswith(_FORM):
        raise WrongKey("the key store's entry is not one of ours")
    try:
        key = bytes.fromhex(text.removeprefix(_FORM).strip())
    except ValueError as error:
        raise WrongKey("the key store's entry is damaged") from error
    if len(key) != KEY_BYTES:
        raise WrongKey("the key store's entry is damaged")
    return key


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


def is_training_folder(folder: Path) -> bool:
    """Whether the folder carries the mark."""
    return (folder / TRAINING_MARK).exists()


class TrainingFolderKeys:
    """Training only: the key lies beside the database it opens, and its name says so.

    Raises KeyStoreRefused for a folder without the training mark, so a live profile cannot come here by mistake.
    """

    training = True

    def __init__(self, folder: Path) -> None:
        if not is_training_folder(folder):
            raise KeyStoreRefused("this folder is not marked as a training folder")
        self._folder = folder

    def key(self, *, create: bool) -> bytes:
        """The key of the file; drawn when there is no file and ``create``."""
        path = self._folder / TRAINING_KEY
        with translated(self._folder):
            if not path.exists():
                if not create:
                    raise WrongKey("the training folder holds no key for its store")
                _replace(path, _FORM + secrets.token_hex(KEY_BYTES) + "\n")
            elif os.name == "posix":
                path.chmod(0o600)
            return _parse(path.read_text(encoding="ascii", errors="replace"))

    def read_anchor(self) -> str | None:
        """The anchor, or None when none was written."""
        path = self._folder / _TRAINING_ANCHOR
        with translated(self._folder):
            return path.read_text(encoding="ascii", errors="replace") if path.exists() else None

    def write_anchor(self, text: str) -> None:
        """Replace the anchor."""
        with translated(self._folder):
            _replace(self._folder / _TRAINING_ANCHOR, text, durable=False)


def _replace(path: Path, text: str, *, durable: bool = True) -> None:
    """All or nothing, readable by the owner alone. An anchor may lag behind a power cut, so it need not be durable."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    temporary.replace(path)


def key_source_for(profile: StationProfile) -> KeySource:
    """The key source a profile is entitled to; a training profile's folder is marked when it is first used.

    Raises KeyStoreRefused.
    """
    if not profile.training:
        return KeyringKeys(profile.key_service)
    mark_training_folder(profile.data_folder)
    return TrainingFolderKeys(profile.data_folder)
