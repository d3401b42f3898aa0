"""A station's profile: which devices, which store, which screen. TOML; an unknown key refuses to start.

Shipped profiles lie under ``resources/profiles``; an agency's own are looked up first in ``$STATION_PROFILES``.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import platformdirs

from inspection_station.resource_path import resource

DEFAULT_PROFILE = "training"


class ProfileError(ValueError):
    """The profile cannot be used; the text names the file's key, never a secret."""


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """One device: the driver's entry-point name and its settings."""

    driver: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StationProfile:
    """Everything a station is told before it starts. ``devices`` by kind, e.g. ``document reader``.

    ``trust_folder`` holds certificates, ``terminal_keys`` what states gave for reading the fingers in their chips.
    ``pace`` scales the time that training devices take: 1 as in life, 0 without waiting.
    ``retention_days``: how long a record's content stays once headquarters holds it for good.
    ``pass_by_itself_seconds``: how long a green verdict stands before it passes by itself, where the scenario lets it;
    0: never. ``confirm_every``: of so many one waits for the officer all the same; 0: none.
    ``voyage_budget_megabytes`` (10⁶ bytes): what pictures of one voyage may cost on a dear link, 0 without a limit.
    """

    name: str
    training: bool
    scenario: str
    station_id: str
    station_name: str
    language: str
    data_folder: Path
    key_service: str
    face_thresholds: str
    devices: Mapping[str, DeviceProfile]
    lists: tuple[str, ...] = ()
    trust_folder: str = ""
    terminal_keys: str = ""
    chip_timeout_seconds: float = 5.0
    face_timeout_seconds: float = 30.0
    kiosk: bool = False
    touch_target: int = 44
    theme: str = "day"
    undo_seconds: float = 10.0
    pass_by_itself_seconds: float = 1.0
    confirm_every: int = 20
    pace: float = 1.0
    retention_days: float = 30.0
    voyage_budget_megabytes: float = 0.0


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LIMITS = {
    "chip_timeout_seconds": (0.5, 60.0),
    "face_timeout_seconds": (1.0, 600.0),
    "undo_seconds": (0.0, 120.0),
    "pass_by_itself_seconds": (0.0, 60.0),
    "confirm_every": (0, 10_000),
    "pace": (0.0, 100.0),
    "retention_days": (0.0, 3650.0),
    "voyage_budget_megabytes": (0.0, 1_000_000.0),
    "touch_target": (24, 200),
}
_KINDS: dict[str, tuple[type, str]] = {
    "str": (str, "a text"),
    "bool": (bool, "true or false"),
    "int": (int, "a number"),
}
_REQUIRED = frozenset({"training", "scenario", "station_id", "station_name", "language", "face_thresholds", "devices"})
_ALLOWED = frozenset(f.name for f in fields(StationProfile)) - {"name", "data_folder"}


def available_profiles() -> tuple[str, ...]:
    """Names of the profiles that can be loaded, sorted."""
    return tuple(sorted({p.stem for folder in _folders() for p in folder.glob("*.toml") if p.is_file()}))


def load_profile(name: str | None = None, *, data_folder: Path | None = None) -> StationProfile:
    """Read a profile by name. Raises ProfileError when it is missing, malformed, or has a key nobody knows."""
    # An empty name is an unset variable of somebody's script: it must not start another profile than was meant.
    wanted = name if name is not None else os.environ.get("STATION_PROFILE") or DEFAULT_PROFILE
    if not _NAME.fullmatch(wanted):
        raise ProfileError(f"{wanted!r} is not the name of a profile; there are: {', '.join(available_profiles())}")
    for folder in _folders():
        path = folder / f"{wanted}.toml"
        if path.is_file():
            try:
                table = tomllib.loads(path.read_text(encoding="utf-8"))
            except OSError as error:
                raise ProfileError(f"profile {wanted}: cannot be read: {error.strerror}") from error
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ProfileError(f"profile {wanted}: not valid TOML: {error}") from error
            return parse_profile(wanted, table, data_folder=data_folder)
    raise ProfileError(f"no profile named {wanted!r}; there are: {', '.join(available_profiles())}")


def parse_profile(name: str, table: Mapping[str, Any], *, data_folder: Path | None = None) -> StationProfile:
    """Build a profile from its table; see ``load_profile`` for errors."""
    unknown = sorted(set(table) - _ALLOWED)
    if unknown:
        raise ProfileError(f"profile {name}: unknown key {', '.join(unknown)}")
    missing = sorted(_REQUIRED - set(table))
    if missing:
        raise ProfileError(f"profile {name}: missing key {', '.join(missing)}")
    for key, value in table.items():
        if (wanted := _wanted(key, value)) is not None:
            raise ProfileError(f"profile {name}: {key} is {wanted}")
    values = dict(table)
    values["devices"] = {kind: _device(name, kind, entry) for kind, entry in table["devices"].items()}
    values["lists"] = tuple(table.get("lists", ()))
    values.setdefault("key_service", "inspection-station")
    return StationProfile(name=name, data_folder=data_folder or default_data_folder(name), **values)


def _wanted(key: str, value: Any) -> str | None:
    """What the key takes, when this value is not that; None when it is."""
    if key == "devices":
        return None if isinstance(value, Mapping) else "a table of devices"
    if key == "lists":
        return None if isinstance(value, list) and all(isinstance(v, str) for v in value) else "a list of texts"
    kind = next(f.type for f in fields(StationProfile) if f.name == key)
    if kind == "float":
        well = isinstance(value, (int, float)) and not isinstance(value, bool)
        wanted = "a number"
    else:
        expected, wanted = _KINDS[str(kind)]
        well = isinstance(value, expected) and isinstance(value, bool) == (expected is bool)
    if not well:
        return wanted
    if value == "" and key not in ("trust_folder", "terminal_keys"):
        return "not empty"
    low, high = _LIMITS.get(key, (None, None))
    if low is not None and high is not None and not low <= value <= high:
        return f"a number from {low:g} to {high:g}"
    return None


def default_data_folder(name: str) -> Path:
    """Where a profile keeps its store: ``$STATION_DATA/NAME``, else the user's data folder."""
    root = os.environ.get("STATION_DATA")
    return (Path(root) if root else Path(platformdirs.user_data_dir("inspection-station", appauthor=False))) / name


def _device(name: str, kind: str, entry: Any) -> DeviceProfile:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("driver"), str):
        raise ProfileError(f"profile {name}: devices.{kind} needs a driver")
    return DeviceProfile(entry["driver"], {k: v for k, v in entry.items() if k != "driver"})


def _folders() -> list[Path]:
    own = os.environ.get("STATION_PROFILES")
    return [*([Path(own)] if own else []), resource("profiles")]
