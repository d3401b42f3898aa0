"""What a profile names, made: devices, trust, keys, thresholds, officer and roster, or refused with ProfileError."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Any

from inspection_station.desk.finger_later import JudgeLater
from inspection_station.desk.finger_ports import FingerJudge
from inspection_station.desk.installed_roster import installed_roster
from inspection_station.desk.officer_session import RosterEntry, load_roster
from inspection_station.documents.emrtd.terminal_keys import TerminalKeys, TerminalKeysUnusable
from inspection_station.documents.emrtd.trust_folder import TrustFolder
from inspection_station.documents.emrtd.trust_store import TrustSource, TrustStore
from inspection_station.hardware.ports import Device, DeviceKind, DriverSettings
from inspection_station.hardware.registry import DriverRegistry, UnknownDriver
from inspection_station.headquarters.packs import PackShelf
from inspection_station.matching.thresholds import FaceThresholds, ThresholdStatus, parse_thresholds
from inspection_station.resource_path import resource
from inspection_station.station_profile import ProfileError, StationProfile
from inspection_station.storage.terminal_passphrase import terminal_passphrase

OFFICER_OF_TRAINING = "T-001"


def devices(profile: StationProfile, extra: Mapping[str, Any]) -> list[Device]:
    """The devices; ``extra`` goes into the settings of training devices. A training driver is for training profiles."""
    registry = DriverRegistry()
    made: list[Device] = []
    for kind, entry in profile.devices.items():
        settings = dict(entry.settings)
        if entry.driver.startswith("training-"):
            if not profile.training:
                raise ProfileError(f"profile {profile.name}: {entry.driver} belongs to a training profile")
            settings = {**extra, **settings}
        try:
            device = registry.make(entry.driver, DriverSettings(settings))
        except (UnknownDriver, ValueError) as error:
            raise ProfileError(f"profile {profile.name}: devices.{kind}: {error}") from error
        if device.info.kind.value != kind:
            raise ProfileError(f"profile {profile.name}: {entry.driver} is a {device.info.kind.value}, not a {kind}")
        made.append(device)
    return made


def fingers(profile: StationProfile, pool: Executor) -> FingerJudge | None:
    """What judges fingers, where the profile has a reader; loaded in the pool, so that no start waits for it."""
    if DeviceKind.FINGERPRINT_READER.value not in profile.devices:
        return None

    def load() -> FingerJudge | None:
        from inspection_station.desk.finger_judging import prepared_judge

        return prepared_judge()

    return JudgeLater(load, pool)


def trust(profile: StationProfile) -> TrustSource:
    """The profile's trust folder, looked at again before each document; without one every signer is «not verified»,
    never trusted.
    """
    if not profile.trust_folder:
        return TrustStore()
    try:
        return TrustFolder(Path(profile.trust_folder))
    except OSError as error:
        raise ProfileError(f"profile {profile.name}: trust_folder: {error.strerror or error}") from error


def terminal_keys(profile: StationProfile) -> TerminalKeys | None:
    """Without them the fingers in a chip are «not checked»."""
    if not profile.terminal_keys:
        return None
    try:
        return TerminalKeys.load(Path(profile.terminal_keys), terminal_passphrase)
    except (TerminalKeysUnusable, OSError) as error:
        raise ProfileError(f"profile {profile.name}: terminal_keys: {error}") from error


def officer(profile: StationProfile, officer_id: str | None) -> str:
    """Who signs the records. A live station knows itself and its officer, or does not start."""
    if profile.training:
        return officer_id or OFFICER_OF_TRAINING
    if profile.station_id in ("", "UNSET"):
        raise ProfileError(f"profile {profile.name}: set station_id to this station's own")
    if not officer_id:
        raise ProfileError("name the officer on duty with --officer")
    return officer_id


def thresholds(profile: StationProfile) -> FaceThresholds:
    """The profile's set. Bounds for drawn faces never judge real ones, nor the other way round."""
    sets = parse_thresholds(resource("tables", "face_thresholds.toml").read_text(encoding="utf-8"))
    chosen = sets.get(profile.face_thresholds)
    if chosen is None:
        raise ProfileError(f"profile {profile.name}: no face_thresholds {profile.face_thresholds}: {', '.join(sets)}")
    if (chosen.status is ThresholdStatus.TRAINING) is not profile.training:
        raise ProfileError(
            f"profile {profile.name}: face_thresholds {profile.face_thresholds} are not for this profile"
        )
    return chosen


def roster(profile: StationProfile, packs: PackShelf, now: datetime) -> tuple[RosterEntry, ...]:
    """Who may sign: the training roster; else the one that headquarters sent, or the file in the data folder."""
    if profile.training:
        return load_roster(resource("tables", "training_roster.toml"))
    sent = installed_roster(packs, now)
    if sent is not None:
        return sent
    path = profile.data_folder / "roster.toml"
    return load_roster(path) if path.exists() else ()
