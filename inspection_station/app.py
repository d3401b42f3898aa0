"""The composition root: from a profile to devices, threads, store and desk, started and stopped in a visible order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uuid_utils

from inspection_station import __version__
from inspection_station.desk import commands as c
from inspection_station.desk.chip_inspection import ChipInspection
from inspection_station.desk.effect_runner import Instruments
from inspection_station.desk.face_comparison import FaceComparison
from inspection_station.desk.face_references import FaceReferences, Opened, open_references
from inspection_station.desk.face_scale import FACE_FOLDER, face_scale
from inspection_station.desk.finger_ports import FingerJudge
from inspection_station.desk.inspection_desk import TAIPEI, DeskSettings, InspectionDesk
from inspection_station.desk.installed_faces import InstalledFaces
from inspection_station.desk.installed_packs import CHECKS, InstalledTrust, open_lists
from inspection_station.desk.list_search import ListSearch
from inspection_station.desk.officer_session import OfficerSession, RosterEntry, load_roster
from inspection_station.desk.view import Desk, DeskSnapshot, FrameSlot
from inspection_station.desk.zone_reading import ZoneReading
from inspection_station.documents.emrtd.terminal_keys import TerminalKeys, TerminalKeysUnusable
from inspection_station.documents.emrtd.trust_folder import TrustFolder
from inspection_station.documents.emrtd.trust_store import TrustSource, TrustStore
from inspection_station.documents.mrz_image import second_opinion
from inspection_station.hardware.ports import Device, DeviceKind, DriverSettings
from inspection_station.hardware.registry import DriverRegistry, UnknownDriver
from inspection_station.hardware.supervisor import DeviceRack, DeviceStatus
from inspection_station.headquarters.loop import Conversation, ExchangeLoop
from inspection_station.headquarters.packs_turn import PackTurns
from inspection_station.headquarters.packs_vault import PACK_FOLDER, PackVault
from inspection_station.headquarters.plan import Rules
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_groups import built_in_groups
from inspection_station.matching.face_installation import FaceScale, station_key
from inspection_station.matching.thresholds import FaceThresholds, ThresholdStatus, parse_thresholds
from inspection_station.process_memory import give_pictures_back
from inspection_station.resource_path import resource
from inspection_station.station_profile import ProfileError, StationProfile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import key_source_for
from inspection_station.storage.store import StationStore
from inspection_station.storage.terminal_passphrase import terminal_passphrase

if TYPE_CHECKING:
    from inspection_station.training.director import Director

log = logging.getLogger(__name__)

TRAINING_SEED = 20261123
OFFICER_OF_TRAINING = "T-001"


@dataclass(frozen=True, slots=True)
class Station:
    """A running station. ``director`` is there in training only. Close it by leaving ``open_station``'s stack."""

    profile: StationProfile
    desk: InspectionDesk
    store: StationStore
    rack: DeviceRack
    lists: ListSearch
    director: Director | None
    exchange: ExchangeLoop | None = None


def open_station(
    profile: StationProfile,
    stack: ExitStack,
    *,
    seed: int = TRAINING_SEED,
    officer_id: str | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Station:
    """Start everything; ``stack`` stops it in the opposite order. ``progress`` gets a key for the splash screen.

    Raises StoreUnavailable (key, disk, clock), FaceModelMissing, DeviceNotFound (a driver that cannot be loaded),
    ProfileError, RosterError.
    """
    if profile.scenario not in SCENARIOS:
        raise ProfileError(f"profile {profile.name}: no scenario {profile.scenario}: {', '.join(SCENARIOS)}")
    give_pictures_back()
    clock = SystemClock()
    progress("store")
    keys = key_source_for(profile)
    store = StationStore.open(profile.data_folder, keys, station_id=profile.station_id, clock=clock)
    stack.callback(store.close)

    progress("face model")
    matcher = DlibFaceMatcher()
    matcher.load()
    shipped = _thresholds(profile)
    store_key = keys.key(create=False)
    scale = face_scale(profile.data_folder, store_key, matcher, shipped, clock.now())

    progress("page reader")
    second_opinion.load()

    progress("lists")
    lists = ListSearch()
    training = _Training(profile, seed, lists) if profile.training else None
    packs = PackVault(profile.data_folder / PACK_FOLDER, store_key)
    if training is None:
        lists.look = open_lists(packs, lists, profile.data_folder, profile.lists).look
        lists.look()
    trust = training.trust if training else InstalledTrust(packs, _trust(profile), clock.now)
    terminal_keys = _terminal_keys(profile)

    pool = ThreadPoolExecutor(2, thread_name_prefix="matching")
    stack.callback(pool.shutdown, wait=True, cancel_futures=True)

    progress("face groups")
    references, faces_arrived = _face_references(profile, pool, matcher, scale, station_key(store_key), clock, packs)

    progress("fingerprints")
    fingers = _fingers(profile)

    progress("devices")
    hearing = _Hearing()
    devices = _devices(profile, training.settings if training else {})
    rack = DeviceRack(devices, hearing.device_changed)
    stack.callback(rack.close)
    if training is not None:
        stack.callback(training.stage.close)  # before the devices, which may be waiting for a drawing

    instruments = Instruments(
        rack=rack,
        zones=ZoneReading(),
        chips=ChipInspection(trust, terminal_keys),
        faces=FaceComparison(matcher, scale.thresholds, scale.cohort),
        lists=lists,
        pool=pool,
        clock=clock,
        chip_timeout=profile.chip_timeout_seconds,
        face_timeout=profile.face_timeout_seconds,
        fingers=fingers,
        groups=references,
        history=references,
    )
    session = OfficerSession(_officer(profile, officer_id), _roster(profile))
    settings = DeskSettings(
        scenario=profile.scenario,
        mission_id="training" if training else "unassigned",
        station_name=profile.station_name,
        training=profile.training,
        app_version=__version__,
        new_id=lambda: str(uuid_utils.uuid7()),
        undo_seconds=profile.undo_seconds,
    )
    desk = InspectionDesk(settings, instruments, store, session)
    hearing.desk = desk
    store.on_fault(lambda fault: desk.store_changed(fault.code if fault is not None else None))
    desk.start()
    stack.callback(desk.stop)
    _log_duty(profile, store, devices, session, stack)
    exchange = _exchange(profile, store, clock, stack, PackTurns(packs, clock, CHECKS, lists.look, faces_arrived))
    return Station(profile, desk, store, rack, lists, training.director if training else None, exchange)


def _face_references(
    profile: StationProfile,
    pool: ThreadPoolExecutor,
    matcher: DlibFaceMatcher,
    scale: FaceScale,
    key: bytes,
    clock: SystemClock,
    packs: PackVault,
) -> tuple[FaceReferences, Callable[[], None]]:
    """Groups and history photographs, opened in the pool: a million templates take a second that nobody waits for.

    Also what is to be called when packs have arrived.
    """
    folder = profile.data_folder / FACE_FOLDER
    policies = built_in_groups()
    make: Callable[[], object] = InstalledFaces(packs, folder, key).look
    if profile.training:
        from inspection_station.training.face_groups import make_face_data, training_policies

        policies = training_policies()
        make = partial(make_face_data, folder, key, matcher, scale, policies, clock.now())

    def opened() -> Opened:
        make()
        return open_references(folder, key, scale, policies, clock.now())

    references = FaceReferences(matcher, scale, policies, pool.submit(opened))
    return references, lambda: references.reopen(pool.submit(opened))


def _exchange(
    profile: StationProfile, store: StationStore, clock: SystemClock, stack: ExitStack, packs: PackTurns
) -> ExchangeLoop | None:
    """The exchange with headquarters on its own thread, where the station is enrolled there."""
    if store.outbox.identity() is None:
        return None
    conversation = Conversation(profile.station_id, store.outbox, clock, Rules())
    conversation.packs = packs
    loop = ExchangeLoop(conversation, store.outbox, clock)
    store.on_sealed(loop.wake)
    loop.start()
    stack.callback(loop.close)
    return loop


def _log_duty(
    profile: StationProfile, store: StationStore, devices: Iterable[Device], session: OfficerSession, stack: ExitStack
) -> None:
    """What started and who signed on; leaving the stack tells that both ended. How it ended, its starter tells."""
    log.info(
        "station started",
        extra={
            "version": __version__,
            "profile": profile.name,
            "training": profile.training,
            "station": profile.station_id,
            "store": store.incarnation,
            "drivers": {device.info.kind.value: device.info.driver for device in devices},
        },
    )
    stack.callback(log.info, "station stopped")
    log.info("officer signed on", extra={"officer": session.officer_id})
    stack.callback(log.info, "officer signed off", extra={"officer": session.officer_id})


class _Hearing:
    """Passes device states to the desk once there is one; the rack exists before it."""

    def __init__(self) -> None:
        self.desk: InspectionDesk | None = None

    def device_changed(self, status: DeviceStatus) -> None:
        if self.desk is not None:
            self.desk.device_changed(status)


class _Training:
    """What a training profile adds. Its modules are imported here and nowhere a live profile comes by."""

    def __init__(self, profile: StationProfile, seed: int, lists: ListSearch) -> None:
        from inspection_station.training.control_lists import training_lists
        from inspection_station.training.devices.drawing_room import DrawingRoom
        from inspection_station.training.devices.props import TravellerProps
        from inspection_station.training.devices.stage import TrainingStage
        from inspection_station.training.director import Director
        from inspection_station.training.specimen_passport import training_authority

        now = SystemClock().now()
        self.stage = TrainingStage(TravellerProps(DrawingRoom()))
        self.director = Director(self.stage, seed, now.astimezone(TAIPEI).date())
        self.trust = training_authority(now.date()).trust_store()
        self.settings: Mapping[str, Any] = {"stage": self.stage, "pace": profile.pace}
        lists.replace(training_lists(now))


class TrainingDesk:
    """The desk as a trainee sees it: asking for the next traveller makes one step up. Implements ``view.Desk``."""

    def __init__(self, desk: InspectionDesk, director: Director) -> None:
        self._desk = desk
        self._director = director
        self._called = False  # a traveller was called and has not come before the desk yet
        director.look_ahead()
        desk.subscribe(self._look)

    @property
    def frames(self) -> FrameSlot:
        return self._desk.frames

    @property
    def finger_frames(self) -> FrameSlot:
        return self._desk.finger_frames

    def snapshot(self) -> DeskSnapshot:
        return self._desk.snapshot()

    def picture(self, ref: BlobRef) -> bytes | None:
        return self._desk.picture(ref)

    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        return self._desk.subscribe(listener)

    def post(self, command: c.Command) -> None:
        """As the desk's own; BeginInspection brings the next traveller, whose document then starts the inspection."""
        if isinstance(command, c.BeginInspection):
            if self._desk.snapshot().inspection is None and not self._called:
                self._called = True  # first: the document may be read before call_next returns
                self._director.call_next()
            return
        self._desk.post(command)

    def _look(self, snapshot: DeskSnapshot) -> None:
        if snapshot.inspection is not None:
            self._called = False


def desk_for(station: Station) -> Desk:
    """The desk that screens get."""
    if station.director is None:
        return station.desk
    return TrainingDesk(station.desk, station.director)


def _devices(profile: StationProfile, extra: Mapping[str, Any]) -> list[Device]:
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


def _fingers(profile: StationProfile) -> FingerJudge | None:
    """What judges fingers, where the profile has a reader: no other station waits the second that loading it takes."""
    if DeviceKind.FINGERPRINT_READER.value not in profile.devices:
        return None
    from inspection_station.desk.finger_judging import prepared_judge

    return prepared_judge()


def _trust(profile: StationProfile) -> TrustSource:
    """The profile's trust folder, looked at again before each document; without one every signer is «not verified»,
    never trusted.
    """
    if not profile.trust_folder:
        return TrustStore()
    try:
        return TrustFolder(Path(profile.trust_folder))
    except OSError as error:
        raise ProfileError(f"profile {profile.name}: trust_folder: {error.strerror or error}") from error


def _terminal_keys(profile: StationProfile) -> TerminalKeys | None:
    """Without them the fingers in a chip are «not checked»."""
    if not profile.terminal_keys:
        return None
    try:
        return TerminalKeys.load(Path(profile.terminal_keys), terminal_passphrase)
    except (TerminalKeysUnusable, OSError) as error:
        raise ProfileError(f"profile {profile.name}: terminal_keys: {error}") from error


def _officer(profile: StationProfile, officer_id: str | None) -> str:
    """Who signs the records. A live station knows itself and its officer, or does not start."""
    if profile.training:
        return officer_id or OFFICER_OF_TRAINING
    if profile.station_id in ("", "UNSET"):
        raise ProfileError(f"profile {profile.name}: set station_id to this station's own")
    if not officer_id:
        raise ProfileError("name the officer on duty with --officer")
    return officer_id


def _thresholds(profile: StationProfile) -> FaceThresholds:
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


def _roster(profile: StationProfile) -> tuple[RosterEntry, ...]:
    if profile.training:
        return load_roster(resource("tables", "training_roster.toml"))
    path = profile.data_folder / "roster.toml"
    return load_roster(path) if path.exists() else ()
