"""A setting is of the type that the driver's default has, whether a profile or somebody at a command line gave it."""

from __future__ import annotations

from typing import Any

import pytest

from inspection_station.hardware.drivers.uvc_camera import factory as cameras
from inspection_station.hardware.ports import DriverSettings
from inspection_station.hardware.settings import SettingsReader, TypedSetting


def taken(value: object, default: Any, **bounds: float) -> object:
    reader = SettingsReader("shoebox", DriverSettings({"key": value}))
    found = reader.take("key", default, **bounds)
    reader.finish()
    return found


@pytest.mark.parametrize(
    ("typed", "default", "wanted"),
    [
        ("7", "", "7"),
        ("007", "", "007"),
        ("true", "", "true"),
        ("7", 1, 7),
        ("0.5", 1.0, 0.5),
        ("7", 1.0, 7.0),
        ("true", False, True),
        ("false", True, False),
    ],
)
def test_what_was_typed_becomes_what_the_driver_takes(typed: str, default: object, wanted: object) -> None:
    found = taken(TypedSetting(typed), default)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(("typed", "default"), [("x", 1), ("0.5", 1), ("yes", False), ("1", False), ("", 1.0)])
def test_what_is_of_no_such_type_is_refused(typed: str, default: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        taken(TypedSetting(typed), default)


@pytest.mark.parametrize("value", [7, 0.5, True, "nan", None])
def test_a_profile_says_a_type_itself(value: object) -> None:
    with pytest.raises(ValueError, match="must be str" if value != "nan" else "must be float"):
        taken(value, "" if value != "nan" else 1.0)


@pytest.mark.parametrize("value", [float("nan"), TypedSetting("nan"), TypedSetting("inf"), -1.0])
def test_a_number_that_is_none_lies_in_no_bounds(value: object) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        taken(value, 1.0, low=0.0, high=60.0)


def test_a_camera_is_isolated_only_where_that_was_said() -> None:
    assert type(cameras(DriverSettings({"isolate": TypedSetting("false")}))).__name__ == "UvcCamera"
    with pytest.raises(ValueError, match="isolate"):
        cameras(DriverSettings({"isolate": "no"}))
