"""Which drivers are installed. They announce themselves in the entry-point group and are loaded when first asked for.

A driver that cannot be imported (a missing library, a vendor's broken package) is reported with its cause; the others
work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from threading import Lock
from typing import Any, Protocol, cast

from inspection_station.hardware.errors import DeviceError, DeviceNotFound
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DriverFactory, DriverSettings

GROUP = "inspection_station.drivers"


class UnknownDriver(LookupError):
    """The profile names a driver that is not installed. The text lists those that are."""


class Announcement(Protocol):
    """What the registry needs of an entry point (``importlib.metadata.EntryPoint`` has it)."""

    @property
    def name(self) -> str: ...
    def load(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class InstalledDriver:
    """An announced driver. ``kind`` is None and ``cause`` says why when it could not be loaded."""

    name: str
    kind: DeviceKind | None
    cause: str | None = None


class DriverRegistry:
    """The announced drivers, loaded lazily and once. Thread-safe."""

    def __init__(self, announcements: Iterable[Announcement] | None = None) -> None:
        found = entry_points(group=GROUP) if announcements is None else announcements
        self._announced: dict[str, Announcement] = {a.name: a for a in found}
        self._loaded: dict[str, DriverFactory] = {}
        self._causes: dict[str, str] = {}
        self._lock = Lock()

    def names(self) -> tuple[str, ...]:
        """Names of all announced drivers, loaded or not."""
        return tuple(sorted(self._announced))

    def factory(self, name: str) -> DriverFactory:
        """The driver's factory. Raises UnknownDriver for an unknown name, DeviceNotFound when it cannot load."""
        if name not in self._announced:
            raise UnknownDriver(f"no driver {name!r}; installed: {', '.join(self.names()) or 'none'}")
        with self._lock:
            if name not in self._loaded and name not in self._causes:
                self._load(name)
            if cause := self._causes.get(name):
                raise DeviceNotFound(f"driver {name} cannot be loaded: {cause}")
            return self._loaded[name]

    def kind(self, name: str) -> DeviceKind:
        """What the driver makes."""
        return self.factory(name).kind

    def make(self, name: str, settings: DriverSettings | Mapping[str, Any] | None = None) -> Device:
        """A device, not yet opened. Raises also ValueError for a setting the driver does not know or cannot use."""
        given = settings if isinstance(settings, DriverSettings) else DriverSettings(dict(settings or {}))
        return self.factory(name)(given)

    def available(self) -> tuple[InstalledDriver, ...]:
        """Every announced driver, with the cause for each that does not load."""
        return tuple(self._describe(name) for name in self.names())

    def of_kind(self, kind: DeviceKind) -> tuple[str, ...]:
        """Names of the loadable drivers of one kind."""
        return tuple(d.name for d in self.available() if d.kind is kind)

    def attached(self, name: str) -> tuple[DeviceInfo, ...]:
        """What this driver can see now. A driver that fails while looking raises DeviceNotFound with its cause."""
        factory = self.factory(name)
        try:
            return factory.attached()
        except DeviceError:
            raise
        except Exception as fault:  # a vendor's listing call may raise anything; one driver must not hide the others
            raise DeviceNotFound(f"driver {name} cannot list its devices: {_in_short(fault)}") from fault

    def _describe(self, name: str) -> InstalledDriver:
        try:
            return InstalledDriver(name, self.kind(name))
        except DeviceNotFound:
            return InstalledDriver(name, None, self._causes[name])

    def _load(self, name: str) -> None:
        try:
            loaded = self._announced[name].load()
        except Exception as fault:  # foreign code runs at import and may raise anything
            self._causes[name] = _in_short(fault)
            return
        if not callable(loaded) or not isinstance(getattr(loaded, "kind", None), DeviceKind):
            self._causes[name] = "its entry point is not a driver factory"
            return
        self._loaded[name] = cast(DriverFactory, loaded)


def _in_short(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"
