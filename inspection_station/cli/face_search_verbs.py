"""``search-faces``: one face in a folder of persons, or in a sealed group."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.cli.face_options import (
    DONE,
    NEGATIVE,
    UNUSABLE,
    FaceRefusal,
    add_face_data,
    add_model,
    carried_out,
    face_data,
    matcher_of,
    progress_of,
    quality_json,
    read_picture,
    refused_face,
    scale_of,
)
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.matching.face import DlibFaceMatcher
    from inspection_station.matching.face_folders import EnrolmentFailure
    from inspection_station.matching.face_installation import FaceScale
    from inspection_station.matching.gallery import GalleryGroup, GroupAnswer

_MOST_CANDIDATES = 100


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``search-faces``."""
    search = verbs.add_parser(
        "search-faces",
        help="search a face among many",
        description="Candidates for the face in PROBE, likeliest first, for a person to judge. Exit code 0 somebody "
        "reaches the bound, 1 nobody does, 2 a picture, folder or pack that cannot be used, 3 face model missing.",
    )
    search.add_argument("probe", type=Path, metavar="PROBE", help="photograph")
    where = search.add_mutually_exclusive_group(required=True)
    where.add_argument("--gallery", type=Path, metavar="DIR", help="a folder for each person")
    where.add_argument("--group", action="append", metavar="NAME", help="a sealed group; may be repeated")
    search.add_argument("--top", type=_top, default=5, metavar="K", help="at most K candidates a group (default 5)")
    search.add_argument("--progress", action="store_true", help="a line of JSON on standard error a hundred pictures")
    add_face_data(search)
    add_model(search)
    search.set_defaults(run=lambda options: carried_out(options, lambda: search_faces(options)))


def _top(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST_CANDIDATES):
        raise argparse.ArgumentTypeError(f"not a number from 1 to {_MOST_CANDIDATES}")
    return int(text)


def search_faces(options: argparse.Namespace) -> int:
    """Run ``search-faces``."""
    from inspection_station.matching.face import NO_TEMPLATE
    from inspection_station.matching.gallery import FaceGallery

    image = read_picture(options.probe, "probe")
    matcher = matcher_of(options)
    face, quality = matcher.assess_portrait(image)
    if face is None or quality.prompt in NO_TEMPLATE:
        raise refused_face(quality.prompt.value, "probe")
    scale = scale_of(options, matcher, wanted=False)
    gallery = FaceGallery(scale.thresholds, scale.cohort)
    failures: tuple[EnrolmentFailure, ...] = ()
    persons: tuple[str, ...] | None = None
    now = datetime.now(UTC)
    if options.gallery is not None:
        group, persons, failures = _folder_group(options, matcher, scale, now)
        gallery.put(group)
    else:
        for name in options.group:
            gallery.put(_sealed_group(options, matcher, scale, name, now))
    started = time.perf_counter()
    template = matcher.template_of(image, face)
    embedded = time.perf_counter()
    found = gallery.search(template, now)
    searched = time.perf_counter()
    told = {
        "groups": [_answer(answer, persons) for answer in found.answers],
        "not_searched": [{"group": name, "why": why} for name, why in found.not_searched],
        "calibrated": found.calibrated,
        "scale": scale.thresholds.scale.value,
        "quality": quality_json(quality),
        "failures": [{"file": one.name, "code": one.code} for one in failures],
        "model": matcher.model_id,
        "ms": {
            "template": round((embedded - started) * 1000.0, 2),
            "search": round((searched - embedded) * 1000.0, 3),
        },
    }
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _print(found.answers, found.calibrated, persons)
        if failures:
            print(f"gave no template, not searched: {len(failures)}")
    return DONE if any(answer.alarms for answer in found.answers) else NEGATIVE


def _name(subject: str, persons: tuple[str, ...] | None) -> str:
    """Who is meant: in a folder the subjects are places in its list of persons."""
    return subject if persons is None else persons[int(subject)]


def _answer(answer: GroupAnswer, persons: tuple[str, ...] | None) -> dict[str, Any]:
    return {
        "group": answer.group_id,
        "use": answer.use.value,
        "version": answer.version,
        "searched": answer.searched,
        "bound": round(answer.bound, 5),
        "bound_measured": answer.bound_measured,
        "margin": answer.margin,
        "candidates": [
            {
                "id": _name(candidate.subject, persons),
                "score": candidate.score,
                "similarity": candidate.similarity,
                "above": candidate.above,
                "one_in": candidate.one_in,
            }
            for candidate in answer.candidates
        ],
    }


def _print(answers: tuple[GroupAnswer, ...], calibrated: bool, persons: tuple[str, ...] | None) -> None:
    for answer in answers:
        templates = counted(answer.searched, "template")
        print(f"{answer.group_id}: {templates}, bound {answer.bound:.4f}, margin {answer.margin}")
        for candidate in answer.candidates:
            mark = "*" if candidate.above else " "
            print(f" {mark} {candidate.score:8.4f}  {_name(candidate.subject, persons)}")
    if not calibrated:
        print("uncalibrated: compare by eye")


def _folder_group(
    options: argparse.Namespace, matcher: DlibFaceMatcher, scale: FaceScale, now: datetime
) -> tuple[GalleryGroup, tuple[str, ...], tuple[EnrolmentFailure, ...]]:
    """A folder of persons as a group of one search: one averaged template a person, named by place: folders' names may
    be of any length and of odd bytes.
    """
    from inspection_station.matching.face_folders import enrol_folders
    from inspection_station.matching.face_groups import GroupPolicy, GroupUse
    from inspection_station.matching.gallery import GalleryGroup
    from inspection_station.matching.ports import FaceTemplate

    try:
        faces = enrol_folders(matcher, options.gallery, progress_of(options))
    except OSError as unread:
        detail = f"the gallery: {unread.strerror or type(unread).__name__}"
        raise FaceRefusal(UNUSABLE, "unreadable", detail, "give a folder of persons") from None
    if not faces.persons:
        what = f"none of the gallery's {len(faces.failures)} pictures gave a template: nobody was searched"
        raise FaceRefusal(UNUSABLE, "no-face", what, "give photographs of faces, a folder for each person")
    policy = GroupPolicy(
        "folder",
        "資料夾",
        "Folder",
        GroupUse.PROMPT,
        0.01,
        max(len(faces.persons), 1),
        True,
        timedelta(days=1),
        options.top,
    )
    group = GalleryGroup(policy, matcher.model_id, 1, now + timedelta(days=1), scale.cohort)
    templates = [FaceTemplate(vector, matcher.model_id) for vector in faces.averaged()]
    group.add(templates, [str(place) for place in range(len(faces.persons))])
    return group, faces.persons, faces.failures


def _sealed_group(
    options: argparse.Namespace, matcher: DlibFaceMatcher, scale: FaceScale, name: str, now: datetime
) -> GalleryGroup:
    from inspection_station.matching.face_groups import built_in_groups
    from inspection_station.matching.face_installation import group_file
    from inspection_station.matching.gallery import GalleryGroup, GroupRefused
    from inspection_station.matching.gallery_pack import read_pack

    policy = built_in_groups().get(name)
    if policy is None:
        known = ", ".join(built_in_groups())
        raise FaceRefusal(UNUSABLE, "USE-01", f"no group of that name; there are: {known}", "name one of them")
    named = face_data(options)
    if named is None:
        raise FaceRefusal(
            UNUSABLE, "USE-01", "--group needs --profile, or --faces and --key", "say where its pack lies"
        )
    try:
        pack = read_pack(group_file(named[0], name), named[1], model_id=matcher.model_id, now=now, group=name)
        shown = replace(policy, candidates=options.top)
        return GalleryGroup.of_pack(shown, pack, scale.cohort)
    except GroupRefused as refused:
        raise FaceRefusal(UNUSABLE, "group-refused", str(refused), "ask headquarters by line instead") from None
    except OSError as unread:
        detail = f"the group's pack: {unread.strerror or type(unread).__name__}"
        raise FaceRefusal(UNUSABLE, "unreadable", detail, "build or install the group first") from None
