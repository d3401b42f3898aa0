"""The side of faces in numbers: groups and history photographs, in training or out of installed packs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from inspection_station.desk.face_references import FaceReferences, Opened, open_references
from inspection_station.desk.face_scale import FACE_FOLDER
from inspection_station.desk.installed_faces import InstalledFaces
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_groups import built_in_groups
from inspection_station.matching.face_installation import FaceScale
from inspection_station.station_profile import StationProfile
from inspection_station.storage.clock import SystemClock


def face_references(
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
