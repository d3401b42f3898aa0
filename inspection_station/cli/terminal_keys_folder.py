"""``--terminal-keys``: what a state has given for its fingers, and where the passphrase comes from."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from inspection_station.documents.emrtd.terminal_keys import TerminalKeys

PASSPHRASE_VARIABLE: Final = "STATION_TERMINAL_PASSPHRASE"
_SERVICE, _ENTRY = "inspection-station", "terminal keys"


def load_terminal_keys(path: Path) -> TerminalKeys:
    """From a folder or one file. TerminalKeysUnusable says what cannot be used; OSError where nothing can be read."""
    from inspection_station.documents.emrtd.terminal_keys import TerminalKeys

    return TerminalKeys.load(path, passphrase)


def passphrase() -> bytes | None:
    """Of the private keys: from the environment or the system's key store, never from the command line, which every
    process can see. None where neither has one.
    """
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is None:
        from inspection_station.storage.keys import PRODUCTION_BACKENDS

        keyring = importlib.import_module("keyring")
        kind = type(keyring.get_keyring())
        if f"{kind.__module__}.{kind.__qualname__}" in PRODUCTION_BACKENDS:
            given = keyring.get_password(_SERVICE, _ENTRY)
    return given.encode() if given else None
