"""The station's keys in named places of a key store, whichever that is.

``store key`` opens the database and is replaced when a voyage is closed: what was destroyed then cannot be read with
any key that is left. ``folder key`` opens what lies beside the database (packs, faces) and stays. ``store key to
come`` is drawn, and kept, before a database under it exists, so that no crash leaves a database without its key.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import Protocol

from inspection_station.storage.connection import KEY_BYTES
from inspection_station.storage.errors import KeyStoreRefused, WrongKey

_FORM = "v1:"


class Slot(StrEnum):
    """Names in the key store; never change one, stations in use have them."""

    STORE_KEY = "store key"
    FOLDER_KEY = "folder key"
    COMING_KEY = "store key to come"
    ANCHOR = "store anchor"


class Slots(Protocol):
    """Named texts that are kept. Every call may raise KeyStoreMissing or KeyStoreRefused."""

    def read(self, slot: Slot) -> str | None: ...
    def write(self, slot: Slot, text: str) -> None: ...


def store_key(slots: Slots, *, create: bool) -> bytes:
    """The database's key; drawn and kept when there is none and ``create``, else WrongKey: the database outlived it.

    A new station gets its folder key at the same time.
    """
    found = slots.read(Slot.STORE_KEY)
    if found is None:
        if not create:
            raise WrongKey("the key store holds no key for this store")
        if slots.read(Slot.FOLDER_KEY) is None:
            _draw(slots, Slot.FOLDER_KEY)
        return _draw(slots, Slot.STORE_KEY)
    return parsed(found)


def folder_key(slots: Slots) -> bytes:
    """The key of what lies beside the database. Where no station of this kind was begun with one, it is the store's."""
    found = slots.read(Slot.FOLDER_KEY)
    return store_key(slots, create=False) if found is None else parsed(found)


def coming_key(slots: Slots) -> bytes | None:
    """The key that a move was begun with, where that is another than the database's."""
    found = slots.read(Slot.COMING_KEY)
    if found is None or found == slots.read(Slot.STORE_KEY):
        return None
    return parsed(found)


def draw_coming_key(slots: Slots) -> bytes:
    """A fresh key, kept beside the one in use; one that was never taken is forgotten."""
    return _draw(slots, Slot.COMING_KEY)


def take_coming_key(slots: Slots) -> None:
    """From now on the key to come is the database's; the one before is nowhere any more. A second time does nothing."""
    found = slots.read(Slot.COMING_KEY)
    if found is None:
        return
    parsed(found)
    if slots.read(Slot.FOLDER_KEY) is None:  # begun by an earlier program: its packs lie under the store's first key
        slots.write(Slot.FOLDER_KEY, _FORM + store_key(slots, create=False).hex())
    slots.write(Slot.STORE_KEY, found)


def parsed(text: str) -> bytes:
    """32 bytes. Raises WrongKey."""
    if not text.startswith(_FORM):
        raise WrongKey("the key store's entry is not one of ours")
    try:
        key = bytes.fromhex(text.removeprefix(_FORM).strip())
    except ValueError as error:
        raise WrongKey("the key store's entry is damaged") from error
    if len(key) != KEY_BYTES:
        raise WrongKey("the key store's entry is damaged")
    return key


def _draw(slots: Slots, slot: Slot) -> bytes:
    text = _FORM + secrets.token_hex(KEY_BYTES)
    slots.write(slot, text)
    if (slots.read(slot) or "").strip() != text:
        raise KeyStoreRefused("the key store did not keep the key it was given")
    return parsed(text)
