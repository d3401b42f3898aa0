"""Every group that lies on the station, opened at start-up behind the splash screen, or when a pack arrives.

A pack that must not be used keeps the others from nothing: it is named with its code, and a search then says that the
group was not consulted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inspection_station.matching.face_groups import GroupPolicy
from inspection_station.matching.face_installation import FaceScale, group_file
from inspection_station.matching.gallery import FaceGallery, GalleryGroup, GroupRefused
from inspection_station.matching.gallery_pack import PackRefused, read_pack
from inspection_station.matching.gallery_rows import LEAST_FOR_MACHINE_CODE, machine_scan


@dataclass(frozen=True, slots=True)
class GalleryLoaded:
    """The gallery, and each group that is not in it: id → ``absent`` or the refusal's code."""

    gallery: FaceGallery
    not_loaded: tuple[tuple[str, str], ...]


def load_gallery(
    folder: Path,
    key: bytes,
    scale: FaceScale,
    policies: Mapping[str, GroupPolicy],
    now: datetime,
    *,
    offline_station: bool = True,
) -> GalleryLoaded:
    """Open the packs of all groups that may lie here. About half a second a million templates; raises nothing of
    theirs.

    Groups that policy keeps off a station are left out without a word unless a pack of one lies there.
    """
    gallery = FaceGallery(scale.thresholds, scale.cohort)
    missing: list[tuple[str, str]] = []
    for group_id, policy in policies.items():
        path = group_file(folder, group_id)
        if not path.is_file():
            if policy.offline or not offline_station:
                missing.append((group_id, "absent"))
            continue
        code = load_group(gallery, path, key, scale, policy, now, offline_station=offline_station)
        if code:
            missing.append((group_id, code))
    if any(len(group) >= LEAST_FOR_MACHINE_CODE for group in gallery.groups):
        machine_scan()  # now, so that the first traveller does not wait for it
    return GalleryLoaded(gallery, tuple(missing))


def load_group(
    gallery: FaceGallery,
    path: Path,
    key: bytes,
    scale: FaceScale,
    policy: GroupPolicy,
    now: datetime,
    *,
    offline_station: bool = True,
) -> str:
    """Put one pack into the gallery, in place of the group's older version; the code of the refusal, or "".

    A version older than the one at hand is refused.
    """
    at_hand = [group.version for group in gallery.groups if group.policy.group_id == policy.group_id]
    try:
        pack = read_pack(
            path,
            key,
            model_id=scale.thresholds.model_id,
            now=now,
            group=policy.group_id,
            least_version=max(at_hand, default=0),
        )
        gallery.put(GalleryGroup.of_pack(policy, pack, scale.cohort, offline_station=offline_station))
    except PackRefused as refused:
        return refused.code.value
    except GroupRefused:
        return "not-allowed"
    except OSError:
        return "unreadable"
    return ""
