"""Face groups and history photographs of a training station: made at its first start from drawn faces, by the same code
that enrols and seals real ones, and made anew before they expire.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_groups import GroupPolicy, built_in_groups
from inspection_station.matching.face_installation import FaceScale, group_file
from inspection_station.matching.face_whitelist import GroupBuilder, Portrait
from inspection_station.matching.gallery_pack import PackRefused, read_header
from inspection_station.matching.portrait_pack import document_key, history_file, portraits_file, write_portraits
from inspection_station.training.personas.listed_faces import LISTED_FACES, history_photographs, listed_portraits

_LEFT: Final = timedelta(hours=12)
"""A lesson must not outlast its packs."""
HISTORY_VALID: Final = timedelta(days=30)


def training_policies() -> dict[str, GroupPolicy]:
    """The groups that drawn faces are in, and those that headquarters alone may search."""
    made = {face.group_id for face in LISTED_FACES}
    return {
        group_id: policy for group_id, policy in built_in_groups().items() if group_id in made or not policy.offline
    }


def make_face_data(
    folder: Path,
    key: bytes,
    matcher: DlibFaceMatcher,
    scale: FaceScale,
    policies: Mapping[str, GroupPolicy],
    now: datetime,
) -> None:
    """Make what is missing, of another model or about to expire below ``folder``. Half a second for eight faces.

    Raises ``FaceModelMissing``, OSError.
    """
    drawn = listed_portraits()
    for group_id in {face.group_id for face in LISTED_FACES}:
        version = _version(group_file(folder, group_id), key, matcher.model_id, now)
        if version is None:
            continue
        pictures = [(face.reference_id, drawn[face.reference_id]) for face in LISTED_FACES if face.group_id == group_id]
        policy = policies[group_id]
        # The photographs first: a group that is there has its pictures beside it.
        write_portraits(
            portraits_file(folder, group_id),
            key,
            name=group_id,
            version=version,
            made_at=now,
            expires_at=now + policy.valid,
            pictures=pictures,
        )
        GroupBuilder(matcher, policy, group_file(folder, group_id), key, scale.cohort).build(
            (Portrait(subject, picture) for subject, picture in pictures), len(pictures), version=version, now=now
        )
    write_portraits(
        history_file(folder),
        key,
        name="history",
        version=1,
        made_at=now,
        expires_at=now + HISTORY_VALID,
        pictures=((document_key(number), picture) for number, picture in history_photographs(now.date())),
    )


def _version(path: Path, key: bytes, model_id: str, now: datetime) -> int | None:
    """The version to make; None where the one that lies there will do."""
    try:
        header = read_header(path, key)
    except FileNotFoundError:
        return 1
    except PackRefused:  # of another store's key, or damaged
        return 1
    if header.model_id == model_id and header.expires_at - now > _LEFT:
        return None
    return header.version + 1
