"""``--terminal-keys``: what a state has given for its fingers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspection_station.documents.emrtd.terminal_keys import TerminalKeys


def load_terminal_keys(path: Path) -> TerminalKeys:
    """From a folder or one file. TerminalKeysUnusable says what cannot be used; OSError where nothing can be read."""
    from inspection_station.documents.emrtd.terminal_keys import TerminalKeys
    from inspection_station.storage.terminal_passphrase import terminal_passphrase

    return TerminalKeys.load(path, terminal_passphrase)
