"""Who was inspected before landing: the lists of the voyage, where the scenario asks for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from inspection_station.composition.training_side import TrainingSide
from inspection_station.desk.clearance_lists import ClearanceLists, names_of_voyage
from inspection_station.desk.face_scale import FACE_FOLDER
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.inspection.scenario import SCENARIOS, Demand, Step
from inspection_station.station_profile import StationProfile
from inspection_station.storage.store import StationStore


def clearance_lists(
    profile: StationProfile,
    store: StationStore,
    packs: PackVault,
    key: bytes,
    training: TrainingSide | None,
    now: Callable[[], datetime],
) -> ClearanceLists | None:
    """``key``: of the station's face packs. In training the voyage is the lesson, and its list the lesson's own."""
    if SCENARIOS[profile.scenario].demand(Step.CLEARANCE) is Demand.NOT_DONE:
        return None
    folder = profile.data_folder / FACE_FOLDER
    if training is None:
        names = partial(names_of_voyage, packs, profile.scenario)
        return ClearanceLists(packs, store, lambda: names(now()), folder, key, store.late_hits.stopped)
    voyage = training.voyage
    return ClearanceLists(
        voyage.vault, store, lambda: frozenset({voyage.mission}), folder, key, store.late_hits.stopped
    )
