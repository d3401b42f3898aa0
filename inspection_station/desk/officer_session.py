"""Who is at the desk, and who may confirm as the second person (FLOWS 5.3). Codes are kept as scrypt digests only."""

from __future__ import annotations

import hashlib
import hmac
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspection_station.given_file import read_given

_COST = {"n": 2**14, "r": 8, "p": 1}  # about 50 ms and 16 MB: RFC 7914's interactive setting
_LONGEST_ROSTER = 1 << 20


class RosterError(ValueError):
    """The roster cannot be read. The text names no person."""


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """An officer who may sign: id, salt and digest of the code (hex), and whether the second signature is allowed."""

    officer_id: str
    salt: str
    digest: str
    may_second: bool


def digest_of(code: str, salt: str) -> str:
    """Digest of a code under a salt (hex)."""
    return hashlib.scrypt(code.encode("utf-8", "replace"), salt=bytes.fromhex(salt), dklen=32, **_COST).hex()


def new_entry(officer_id: str, code: str, *, may_second: bool) -> RosterEntry:
    """An entry for a new officer, with a fresh salt."""
    salt = os.urandom(16).hex()
    return RosterEntry(officer_id, salt, digest_of(code, salt), may_second)


class OfficerSession:
    """The officer on duty and the roster for second signatures. Without a roster no second signature is possible."""

    def __init__(self, officer_id: str, roster: tuple[RosterEntry, ...] = ()) -> None:
        self._officer_id = officer_id
        self._roster = {entry.officer_id: entry for entry in roster}

    @property
    def officer_id(self) -> str:
        """The officer at the desk."""
        return self._officer_id

    def confirm_second(self, officer_id: str | None, code: str) -> bool:
        """Whether this other officer signs with the right code. A wrong code and an unknown id take the same time."""
        entry = self._roster.get(officer_id or "")
        salt = entry.salt if entry else "00" * 16
        digest = entry.digest if entry else ""
        right = hmac.compare_digest(digest_of(code, salt).encode(), digest.encode())
        return right and entry is not None and entry.may_second and officer_id != self._officer_id


def load_roster(path: Path) -> tuple[RosterEntry, ...]:
    """Read a roster (TOML, ``[[officer]]`` tables). Raises RosterError."""
    try:
        data = read_given(path, _LONGEST_ROSTER)
    except OSError as error:
        raise RosterError(f"the roster cannot be read: {type(error).__name__}") from error
    return roster_of(data)


def roster_of(data: bytes) -> tuple[RosterEntry, ...]:
    """As ``load_roster``, from the file's bytes."""
    try:
        table: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
        return tuple(_entry(officer) for officer in table.get("officer", ()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RosterError(f"the roster cannot be read: {type(error).__name__}") from error


def _entry(officer: dict[str, Any]) -> RosterEntry:
    salt, digest, may_second = str(officer["salt"]), str(officer["digest"]), officer.get("may_second", False)
    if not bytes.fromhex(salt) or len(bytes.fromhex(digest)) != 32 or not isinstance(may_second, bool):
        raise ValueError("an entry's salt, digest or permission is malformed")
    return RosterEntry(str(officer["id"]), salt, digest.lower(), may_second)
