"""Reading a driver's settings: types are checked, defaults filled in, and a key nobody reads is refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from inspection_station.hardware.ports import DriverSettings

T = TypeVar("T", bool, int, float, str)


class TypedSetting(str):
    """A setting as somebody typed it on a command line: it becomes whatever type the driver's default is of."""

    def as_type_of(self, default: object) -> object:
        """Raises ValueError where the text is none of that type."""
        if isinstance(default, bool):
            return {"true": True, "false": False}[self] if self in ("true", "false") else str(self)
        return type(default)(self) if isinstance(default, (int, float)) else str(self)


class SettingsReader:
    """Takes settings one by one; ``finish`` refuses what is left over, so that no misspelt key passes unnoticed."""

    def __init__(self, driver: str, settings: DriverSettings) -> None:
        self._driver = driver
        self._left: dict[str, Any] = dict(settings.values)

    def take(
        self, key: str, default: T, *, low: float | None = None, high: float | None = None, among: tuple[T, ...] = ()
    ) -> T:
        """The value of ``key`` in the type of ``default``. Raises ValueError for another type or out of bounds."""
        value = self._left.pop(key, default)
        if isinstance(value, TypedSetting):
            with suppress(ValueError):
                value = value.as_type_of(default)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(default):
            raise ValueError(f"{self._driver}: setting {key!r} must be {type(default).__name__}")
        if isinstance(value, (int, float)) and not (
            (low is None or value >= low) and (high is None or value <= high) and value == value  # no NaN either
        ):
            raise ValueError(f"{self._driver}: setting {key!r} must lie between {low} and {high}")
        if among and value not in among:
            raise ValueError(f"{self._driver}: setting {key!r} must be one of {', '.join(map(str, among))}")
        return value

    def take_any(self, key: str, default: Any) -> Any:
        """A value of any type, for settings that only code passes (a stage, a table)."""
        return self._left.pop(key, default)

    def finish(self) -> None:
        """Raise ValueError naming the settings that the driver does not have."""
        if self._left:
            unknown = ", ".join(sorted(map(str, self._left)))
            raise ValueError(f"{self._driver}: unknown setting {unknown}")


def as_settings(values: Mapping[str, Any]) -> DriverSettings:
    """A plain table as settings."""
    return DriverSettings(dict(values))
