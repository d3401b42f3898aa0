"""``faces build-group``, ``faces re-enrol`` and ``faces install``: groups made, made anew for another model, taken
over.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

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
    scale_of,
)
from inspection_station.command_line.refusal import refuse
from inspection_station.given_file import read_given
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.matching.face_folders import FiledPicture
    from inspection_station.matching.face_whitelist import GroupBuilt, Portrait

_CORES = 2


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``faces``."""
    faces = verbs.add_parser("faces", help="groups of faces on this station")
    acts = faces.add_subparsers(dest="act", metavar="ACT", required=True)

    build = acts.add_parser("build-group", help="make a group from portraits, a folder for each person, and seal it")
    build.add_argument("folder", type=Path, metavar="DIR", help="a folder for each person")
    _group_options(build)
    build.add_argument("--photographs", action="store_true", help="keep a photograph of each, shown with a candidate")
    build.set_defaults(run=lambda options: carried_out(options, lambda: build_group(options)))

    again = acts.add_parser("re-enrol", help="make a group's templates anew from its pictures, for another face model")
    again.add_argument("folder", type=Path, metavar="DIR", help="pictures of the group's persons, a folder for each")
    _group_options(again)
    again.set_defaults(run=lambda options: carried_out(options, lambda: re_enrol(options)))

    history = acts.add_parser("build-history", help="seal history photographs, found by document number")
    history.add_argument("folder", type=Path, metavar="DIR", help="a folder for each document number")
    history.add_argument("--valid-hours", type=float, default=72.0, metavar="H", help="how long they may be used")
    history.add_argument("--json", action="store_true", help="one JSON object on standard output")
    add_face_data(history)
    history.set_defaults(run=lambda options: carried_out(options, lambda: build_history(options)))

    install = acts.add_parser("install", help="take over a folder of face data that was made elsewhere")
    install.add_argument("source", type=Path, metavar="FOLDER", help="what calibrate-faces and build-group wrote")
    install.add_argument("--key", type=Path, required=True, metavar="FILE", help="key of the packs in FOLDER")
    install.add_argument("--profile", required=True, metavar="NAME", help="whose station takes it over")
    add_model(install)
    install.set_defaults(run=lambda options: carried_out(options, lambda: install_faces(options)), faces=None)


def _group_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--group", required=True, metavar="NAME", help="which group")
    parser.add_argument("--progress", action="store_true", help="a line of JSON on standard error a hundred pictures")
    add_face_data(parser)
    add_model(parser)


def build_group(options: argparse.Namespace) -> int:
    """Run ``faces build-group``."""
    from inspection_station.matching.face_folders import filed_pictures

    folder, key = _where(options, make=True)
    pictures = _listed(options.folder)
    _require_identifiers(pictures)
    built = _built(options, folder, key, pictures, _next_version(folder, key, options.group))
    if options.photographs:
        _keep_photographs(folder, key, options.group, pictures, built)
    return _told(options, built, len({filed.person for filed in filed_pictures(options.folder)}), [])


def build_history(options: argparse.Namespace) -> int:
    """Run ``faces build-history``: of each document number the first picture."""
    from inspection_station.matching.portrait_pack import document_key, history_file, write_portraits

    folder, key = _where(options, make=True)
    pictures = _first_of_each(_listed(options.folder))
    now = datetime.now(UTC)
    try:
        header = write_portraits(
            history_file(folder),
            key,
            name="history",
            version=int(now.timestamp()),
            made_at=now,
            expires_at=now + timedelta(hours=options.valid_hours),
            pictures=((document_key(number), picture) for number, picture in pictures),
        )
    except (OSError, ValueError) as failed:
        detail = getattr(failed, "strerror", None) or str(failed)
        raise FaceRefusal(UNUSABLE, "unreadable", detail, "see to the folders and the pictures' sizes") from None
    told = {"photographs": header.pictures, "expires_at": header.expires_at.isoformat()}
    print(json.dumps(told) if options.json else f"{counted(header.pictures, 'photograph')}, until {told['expires_at']}")
    return DONE


def _keep_photographs(folder: Path, key: bytes, group: str, pictures: list[FiledPicture], built: GroupBuilt) -> None:
    """The first picture of each person beside the group's templates, for as long as the group holds."""
    from inspection_station.matching.portrait_pack import portraits_file, write_portraits

    header = built.header
    try:
        write_portraits(
            portraits_file(folder, group),
            key,
            name=group,
            version=header.version,
            made_at=header.made_at,
            expires_at=header.expires_at,
            pictures=_first_of_each(pictures),
        )
    except (OSError, ValueError) as failed:
        detail = getattr(failed, "strerror", None) or str(failed)
        raise FaceRefusal(UNUSABLE, "unreadable", detail, "see to the folders and the pictures' sizes") from None


def _first_of_each(pictures: list[FiledPicture]) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    for portrait in _portraits(pictures):
        if portrait.subject not in seen:
            seen.add(portrait.subject)
            yield portrait.subject, portrait.picture


def re_enrol(options: argparse.Namespace) -> int:
    """Run ``faces re-enrol``: only persons who are in the group; who has no picture is named by count."""
    from inspection_station.matching.face_installation import group_file
    from inspection_station.matching.gallery_pack import read_header, read_pack

    folder, key = _where(options)
    try:
        header = read_header(group_file(folder, options.group), key)
        pack = read_pack(
            group_file(folder, options.group), key, model_id=header.model_id, now=header.made_at, group=options.group
        )
    except OSError as unread:
        detail = f"the group's pack: {unread.strerror or type(unread).__name__}"
        raise FaceRefusal(UNUSABLE, "unreadable", detail, "name a group that lies there") from None
    listed = {bytes(subject).decode() for subject in pack.subjects}
    pictures = [filed for filed in _listed(options.folder) if filed.person in listed]
    without = sorted(listed - {filed.person for filed in pictures})
    built = _built(options, folder, key, pictures, header.version + 1)
    return _told(options, built, len(listed), without)


def install_faces(options: argparse.Namespace) -> int:
    """Run ``faces install``."""
    from inspection_station.matching.face_installation import install, pack_key
    from inspection_station.matching.portrait_pack import install_portraits

    try:
        key = pack_key(options.key)[0]
    except OSError as unread:
        raise FaceRefusal(UNUSABLE, "unreadable", f"the key file: {unread.strerror}", "give the key's path") from None
    target, own = _where(options)
    matcher = matcher_of(options)
    try:
        now = datetime.now(UTC)
        taken = install(options.source, key, target, own, model_id=matcher.model_id, now=now)
        taken += install_portraits(options.source, key, target, own, now=now)
    except (OSError, ValueError) as failed:
        if not isinstance(failed, OSError):
            raise
        detail = failed.strerror or type(failed).__name__
        raise FaceRefusal(
            UNUSABLE, "unreadable", detail, "give a folder of face data and a profile that can write"
        ) from None
    if not taken:
        return refuse(
            options.json, UNUSABLE, "USE-01", "no face data in that folder", "give what calibrate-faces wrote"
        )
    print(json.dumps({"taken": taken}) if options.json else f"taken over: {', '.join(taken)}")
    return DONE


def _where(options: argparse.Namespace, *, make: bool = False) -> tuple[Path, bytes]:
    """Folder and key; for a group that is built, a key file that is not there is made."""
    from inspection_station.matching.face_installation import pack_key

    if make and options.faces is not None and options.key is not None and not options.key.exists():
        try:
            return options.faces, pack_key(options.key, make=True)[0]
        except OSError as unwritten:
            raise FaceRefusal(UNUSABLE, "USE-01", f"--key: {unwritten.strerror}", "give --key another place") from None
    named = face_data(options)
    if named is None:
        raise FaceRefusal(UNUSABLE, "USE-01", "--profile, or --faces and --key, is wanted", "say where the packs lie")
    return named


def _listed(folder: Path) -> list[FiledPicture]:
    from inspection_station.matching.face_folders import filed_pictures

    try:
        return filed_pictures(folder)
    except OSError as unread:
        raise FaceRefusal(UNUSABLE, "USE-01", unread.strerror or "unreadable", "give a folder of persons") from None


def _require_identifiers(pictures: list[FiledPicture]) -> None:
    """Said before hours of enrolment, not after them."""
    from inspection_station.matching.gallery_pack import SUBJECT_BYTES, subject_array

    try:
        subject_array(sorted({filed.person for filed in pictures}))
    except ValueError:  # also a name that is no UTF-8
        what = f"a person's folder has a name that is no identifier of 1 to {SUBJECT_BYTES} bytes of UTF-8"
        raise FaceRefusal(UNUSABLE, "USE-01", what, "name each folder by the person's number in the group") from None


def _next_version(folder: Path, key: bytes, name: str) -> int:
    from inspection_station.matching.face_installation import group_file
    from inspection_station.matching.gallery_pack import PackRefused, read_header

    try:
        return read_header(group_file(folder, name), key).version + 1
    except (OSError, PackRefused):  # none there, or of another key: the numbering begins anew
        return 1


def _built(
    options: argparse.Namespace, folder: Path, key: bytes, pictures: list[FiledPicture], version: int
) -> GroupBuilt:
    from inspection_station.matching.face_groups import built_in_groups
    from inspection_station.matching.face_installation import group_file, is_calibrated
    from inspection_station.matching.face_whitelist import GroupBuilder
    from inspection_station.matching.gallery import GroupRefused

    policy = built_in_groups().get(options.group)
    if policy is None:
        known = ", ".join(built_in_groups())
        raise FaceRefusal(UNUSABLE, "USE-01", f"no group of that name; there are: {known}", "name one of them")
    matcher = matcher_of(options)
    cohort = scale_of(options, matcher).cohort if is_calibrated(folder) else None
    with ThreadPoolExecutor(_CORES, thread_name_prefix="enrolment") as pool:
        builder = GroupBuilder(matcher, policy, group_file(folder, options.group), key, cohort, pool)
        try:
            return builder.build(
                _portraits(pictures),
                len(pictures),
                version=version,
                now=datetime.now(UTC),
                progress=progress_of(options),
            )
        except GroupRefused as refused:
            raise FaceRefusal(
                UNUSABLE, "group-refused", str(refused), "give other portraits, or another group"
            ) from None
        except OSError as failed:
            detail = failed.strerror or type(failed).__name__
            raise FaceRefusal(
                UNUSABLE, "unreadable", detail, "see to the folders and try again; what is done is kept"
            ) from None


def _portraits(pictures: list[FiledPicture]) -> Iterator[Portrait]:
    from inspection_station.matching.face_whitelist import Portrait
    from inspection_station.matching.pictures import MAX_BYTES

    for filed in pictures:
        yield Portrait(filed.person, read_given(filed.path, MAX_BYTES))


def _told(options: argparse.Namespace, built: GroupBuilt, persons: int, without: list[str]) -> int:
    header = built.header
    told = {
        "group": header.group,
        "version": header.version,
        "model": header.model_id,
        "persons": persons,
        "enrolled": built.enrolled,
        "resumed": built.resumed,
        "failures": [{"id": one.name, "code": one.code} for one in built.failures],
        "without_picture": without,
        "expires_at": header.expires_at.isoformat(),
        "seconds": built.seconds,
    }
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{header.group} version {header.version}: {built.enrolled} enrolled, {len(built.failures)} failed")
        print(f"{len(without)} without a picture; {built.seconds:.1f} s; expires {header.expires_at.isoformat()}")
    return NEGATIVE if built.failures or without else DONE
