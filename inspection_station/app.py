"""The composition root: from a profile to devices, threads, store and desk, started and stopped in a visible order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

import uuid_utils

from inspection_station import __version__
from inspection_station.composition import profile_parts as parts
from inspection_station.composition.clearance_side import clearance_lists
from inspection_station.composition.face_side import face_references
from inspection_station.composition.headquarters_side import headquarters_side
from inspection_station.composition.online_side import online_side
from inspection_station.composition.training_side import TrainingDesk, TrainingSide
from inspection_station.desk.chip_inspection import ChipInspection
from inspection_station.desk.connected_desk import ConnectedDesk
from inspection_station.desk.effect_runner import Instruments
from inspection_station.desk.exchange_side import ExchangeSide
from inspection_station.desk.face_comparison import FaceComparison
from inspection_station.desk.face_scale import face_scale
from inspection_station.desk.inspection_desk import DeskSettings, InspectionDesk
from inspection_station.desk.installed_missions import InstalledMissions
from inspection_station.desk.installed_packs import InstalledTrust, open_lists
from inspection_station.desk.installed_papers import InstalledPapers
from inspection_station.desk.late_hits import person_on
from inspection_station.desk.list_search import ListSearch
from inspection_station.desk.officer_session import OfficerSession
from inspection_station.desk.staged_update import StagedUpdate
from inspection_station.desk.view import Desk
from inspection_station.desk.zone_reading import ZoneReading
from inspection_station.documents.mrz_image import second_opinion
from inspection_station.hardware.ports import Device
from inspection_station.hardware.supervisor import DeviceRack, DeviceStatus
from inspection_station.headquarters.loop import ExchangeLoop
from inspection_station.headquarters.packs_vault import PACK_FOLDER, PackVault
from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_installation import station_key
from inspection_station.process_memory import reuse_picture_memory
from inspection_station.station_profile import ProfileError, StationProfile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import key_source_for
from inspection_station.storage.store import StationStore

if TYPE_CHECKING:
    from inspection_station.training.director import Director

log = logging.getLogger(__name__)

EARLIER_STORE = "STO-10"
TRAINING_SEED = 20261123


@dataclass(frozen=True, slots=True)
class Station:
    """A running station. ``director`` is there in training only, ``exchange`` where the station is enrolled. Close it
    by leaving ``open_station``'s stack.
    """

    profile: StationProfile
    desk: InspectionDesk
    store: StationStore
    rack: DeviceRack
    lists: ListSearch
    director: Director | None
    side: ExchangeSide
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
    reuse_picture_memory()
    clock = SystemClock()
    progress("store")
    keys = key_source_for(profile)
    store = StationStore.open(profile.data_folder, keys, station_id=profile.station_id, clock=clock)
    stack.callback(store.close)

    progress("face model")
    matcher = DlibFaceMatcher()
    matcher.load()
    shipped = parts.thresholds(profile)
    folder_key = keys.folder_key()
    scale = face_scale(profile.data_folder, folder_key, matcher, shipped, clock.now())

    progress("page reader")
    second_opinion.load()

    progress("lists")
    lists = ListSearch()
    pool = ThreadPoolExecutor(2, thread_name_prefix="matching")
    stack.callback(pool.shutdown, wait=True, cancel_futures=True)
    training = TrainingSide(profile, seed, lists, folder_key, pool) if profile.training else None
    packs = PackVault(profile.data_folder / PACK_FOLDER, folder_key)
    if training is None:
        lists.look = open_lists(packs, lists, profile.data_folder, profile.lists).look
        lists.look()
    trust = training.trust if training else InstalledTrust(packs, parts.trust(profile), clock.now)
    terminal_keys = parts.terminal_keys(profile)

    progress("face groups")
    references, faces_arrived = face_references(profile, pool, matcher, scale, station_key(folder_key), clock, packs)

    progress("fingerprints")
    fingers = parts.fingers(profile, pool)

    progress("devices")
    hearing = _Hearing()
    devices = parts.devices(profile, training.settings if training else {})
    rack = DeviceRack(devices, hearing.device_changed)
    stack.callback(rack.close)
    if training is not None:
        stack.callback(training.stage.close)  # before the devices, which may be waiting for a drawing

    online = online_side(profile, store, stack, lists, references)
    missions = InstalledMissions(packs, profile.scenario, "unassigned", clock.now)
    papers = InstalledPapers(online.lists, training.papers if training else packs, missions.under_way)
    papers.look()
    update = StagedUpdate(packs, profile.data_folder, __version__, clock.now)
    update.look()
    instruments = Instruments(
        rack=rack,
        zones=ZoneReading(),
        chips=ChipInspection(trust, terminal_keys),
        faces=FaceComparison(matcher, scale.thresholds, scale.cohort),
        lists=papers,
        pool=pool,
        clock=clock,
        chip_timeout=profile.chip_timeout_seconds,
        face_timeout=profile.face_timeout_seconds,
        fingers=fingers,
        groups=online.groups,
        history=references,
        finger_search=online.fingers,
        waiting=online.waiting,
        clearances=clearance_lists(profile, store, packs, station_key(folder_key), training, clock.now),
    )
    session = OfficerSession(parts.officer(profile, officer_id), parts.roster(profile, packs, clock.now()))
    settings = DeskSettings(
        scenario=profile.scenario,
        mission_id=training.voyage.mission if training else "unassigned",
        station_name=profile.station_name,
        training=profile.training,
        app_version=__version__,
        new_id=lambda: str(uuid_utils.uuid7()),
        undo_seconds=profile.undo_seconds,
        mission=None if training else missions.mission_id,
        packs=missions.versions,
    )
    desk = InspectionDesk(
        settings, instruments, store, session, store.late_hits, lambda record: person_on(store.record(record))
    )
    hearing.desk = desk
    store.late_hits.on_arrival = desk.late_hits_arrived
    store.on_fault(lambda fault: desk.store_changed(fault.code if fault is not None else None))
    desk.start()
    stack.callback(desk.stop)
    if store.of_an_earlier_moment:
        log.warning("the store is of an earlier moment", extra={"code": EARLIER_STORE})
        desk.tell(EARLIER_STORE)
    _look_over(store, pool, stack)
    _log_duty(profile, store, devices, session, stack)

    def arrived() -> None:
        lists.look()
        papers.look()
        update.look()

    headquarters = headquarters_side(profile, store, clock, session, lists, packs, stack, arrived, faces_arrived)
    online.follow(headquarters.loop)
    director = training.director if training else None
    return Station(profile, desk, store, rack, lists, director, headquarters.side, headquarters.loop)


def _look_over(store: StationStore, pool: Executor, stack: ExitStack) -> None:
    """Read the whole store once, beside all other work; where it is damaged, inspections stop and the officer is told
    what to do, as of every fault of the store.
    """
    ending = Event()
    stack.callback(ending.set)

    def look() -> None:
        damage = store.look_over(ending.is_set)
        if damage is not None:
            log.error("the store is damaged", extra={"code": damage.code})

    pool.submit(look)


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


def desk_for(station: Station) -> Desk:
    """The desk that screens get."""
    desk: Desk = station.desk if station.director is None else TrainingDesk(station.desk, station.director)
    return ConnectedDesk(desk, station.side)
