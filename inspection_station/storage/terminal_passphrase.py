"""The passphrase of the private keys that a state gave for reading its fingers (terminal authentication)."""

from __future__ import annotations

import importlib
import os
from typing import Final

from inspection_station.storage.keys import PRODUCTION_BACKENDS

PASSPHRASE_VARIABLE: Final = "STATION_TERMINAL_PASSPHRASE"
_SERVICE, _ENTRY = "inspection-station", "terminal keys"


def terminal_passphrase() -> bytes | None:
    """From the environment or the system's key store, never from the command line, which every process can see.

    None where neither has one.
    """
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is None:
        keyring = importlib.import_module("keyring")
        kind = type(keyring.get_keyring())
        if f"{kind.__module__}.{kind.__qualname__}" in PRODUCTION_BACKENDS:
            given = keyring.get_password(_SERVICE, _ENTRY)
    return given.encode() if given else None
