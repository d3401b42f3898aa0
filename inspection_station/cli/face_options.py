"""What the verbs on faces share: model, calibration, pictures, progress, and how a refusal is told."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.command_line.refusal import refuse

if TYPE_CHECKING:
    from inspection_station.matching.face import DlibFaceMatcher
    from inspection_station.matching.face_folders import Progress
    from inspection_station.matching.face_installation import FaceScale
    from inspection_station.matching.ports import FaceQuality

DONE, NEGATIVE, UNUSABLE, MISSING = 0, 1, 2, 3

ANOTHER = "give another picture"
PROMPTS = {
    "no-face": "give a picture of one face, seen from the front, that fills a good part of it",
    "several-faces": "give a picture of one person alone",
    "closer": "give a picture in which the face is larger",
    "frontal": "give a picture of a face that looks at the camera",
}


class FaceRefusal(Exception):
    """A verb that goes no further. ``which``: probe or reference; ``prompt``: what the person pictured should do."""

    def __init__(
        self, exit_code: int, code: str, what: str, do: str, which: str | None = None, prompt: str = ""
    ) -> None:
        super().__init__(code)
        self.exit_code = exit_code
        self.code = code
        self.what = what
        self.do = do
        self.which = which
        self.prompt = prompt


def add_model(parser: argparse.ArgumentParser) -> None:
    """``--model`` and ``--json``."""
    parser.add_argument(
        "--model", type=Path, metavar="FILE", help="another face model: its TOML description (default: dlib's)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def add_face_data(parser: argparse.ArgumentParser) -> None:
    """Where calibration, cohort and groups come from."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--faces", type=Path, metavar="FOLDER", help="a folder of face data, as calibrate-faces writes it"
    )
    where.add_argument("--profile", metavar="NAME", help="the face data installed for a profile")
    parser.add_argument("--key", type=Path, metavar="FILE", help="key of the packs in FOLDER (64 hexadecimal digits)")


def carried_out(options: argparse.Namespace, work: Callable[[], int]) -> int:
    """Run ``work``; every refusal is told the same way, with what to do."""
    from inspection_station.matching.face_benchmark import TooFewFaces
    from inspection_station.matching.face_calibrating import TooFewToCalibrate
    from inspection_station.matching.face_folders import NoPersons
    from inspection_station.matching.face_group_labels import MalformedLabels
    from inspection_station.matching.face_installation import UnusableKey
    from inspection_station.matching.gallery_pack import PackRefused
    from inspection_station.matching.ports import FaceModelMissing
    from inspection_station.matching.score_normalisation import CohortTooSmall

    try:
        return work()
    except FaceRefusal as refusal:
        return tell(options, refusal)
    except FaceModelMissing as missing:
        return tell(options, FaceRefusal(MISSING, "model-missing", missing.what, missing.next_action))
    except NoPersons as nobody:
        do = "give a folder that holds a folder for each person"
        return refuse(options.json, UNUSABLE, "USE-01", str(nobody), do)
    except (TooFewFaces, TooFewToCalibrate, CohortTooSmall) as few:
        return refuse(options.json, UNUSABLE, "USE-01", str(few), "give more persons, or more photographs of each")
    except MalformedLabels as wrong:
        return refuse(options.json, UNUSABLE, "USE-01", str(wrong), "write lines of person,group")
    except PackRefused as refused:
        return tell(
            options, FaceRefusal(UNUSABLE, f"pack-{refused.code.value}", refused.detail, _PACK_DO[refused.code.value])
        )
    except UnusableKey as key:
        return refuse(options.json, UNUSABLE, "USE-01", str(key), "give the right key file")


_PACK_DO = {
    "malformed": "give a face pack",
    "truncated": "fetch the pack again",
    "altered": "give the pack's own key; if it is, fetch the pack again",
    "expired": "fetch a newer pack, or build the group again",
    "other-model": "enrol the group again from its pictures: faces re-enrol",
    "other-group": "give the pack of this group",
    "older-version": "fetch the newest pack",
}


def tell(options: argparse.Namespace, refusal: FaceRefusal) -> int:
    """On standard output as JSON when asked for, always on standard error."""
    action = refusal.do or refusal.prompt or ANOTHER
    if options.json:
        error = {
            "code": refusal.code,
            "detail": refusal.what,
            "picture": refusal.which,
            "prompt": refusal.prompt or action,
            "do": action,
        }
        print(json.dumps({"error": error}, ensure_ascii=False))
    place = f"{refusal.which}: " if refusal.which else ""
    print(f"{options.verb}: {place}{refusal.code} ({refusal.what}). Do this: {action}", file=sys.stderr)
    return refusal.exit_code


def matcher_of(options: argparse.Namespace) -> DlibFaceMatcher:
    """The matcher with the model asked for, loaded. Raises ``FaceModelMissing``."""
    from inspection_station.matching.face import DlibFaceMatcher

    embedder = None
    if getattr(options, "model", None) is not None:
        from inspection_station.matching.generic_embedder import GenericOnnx, read_description

        embedder = GenericOnnx(read_description(options.model))
    matcher = DlibFaceMatcher(embedder)
    matcher.load()
    return matcher


def face_data(options: argparse.Namespace) -> tuple[Path, bytes] | None:
    """The folder of face data and its key, where one was named. Raises ``FaceRefusal``."""
    from inspection_station.matching.face_installation import pack_key, station_key

    if options.faces is not None:
        if options.key is None:
            raise FaceRefusal(UNUSABLE, "USE-01", "--faces needs --key", "give the key file of the folder's packs")
        try:
            return options.faces, pack_key(options.key)[0]
        except OSError as unread:
            raise FaceRefusal(
                UNUSABLE, "unreadable", f"the key file: {unread.strerror}", "give the key's path"
            ) from None
    if options.profile is None:
        return None
    from inspection_station.station_profile import ProfileError, load_profile
    from inspection_station.storage.errors import StoreUnavailable
    from inspection_station.storage.keys import key_source_for

    try:
        profile = load_profile(options.profile)
        return profile.data_folder / "faces", station_key(key_source_for(profile).folder_key())
    except ProfileError as wrong:
        raise FaceRefusal(UNUSABLE, "PRO-01", str(wrong), "name a profile that there is") from None
    except StoreUnavailable as locked:
        raise FaceRefusal(
            MISSING, locked.code, str(locked), "start the station once, or unlock its key store"
        ) from None


def scale_of(options: argparse.Namespace, matcher: DlibFaceMatcher, *, wanted: bool = True) -> FaceScale:
    """Calibrated bounds where face data were named, else the built-in ones. Raises ``FaceRefusal``, ``PackRefused``.

    ``wanted``: a folder that was named must hold a calibration.
    """
    from inspection_station.matching.calibration import CalibrationRefused
    from inspection_station.matching.face_installation import FaceScale, is_calibrated, load_scale
    from inspection_station.matching.thresholds import MalformedThresholds, built_in_thresholds

    training = bool(getattr(options, "training", False))
    try:
        named = face_data(options)
        demanded = wanted and options.faces is not None
        if named is not None and (demanded or is_calibrated(named[0])):
            return load_scale(
                named[0],
                key=named[1],
                model_id=matcher.model_id,
                model_sha256=matcher.model_sha256,
                now=datetime.now(UTC),
            )
        return FaceScale(built_in_thresholds(training, matcher.model_id))
    except CalibrationRefused as refused:
        code = f"calibration-{refused.code.value}"
        raise FaceRefusal(UNUSABLE, code, refused.detail, "calibrate again, or trust its signer") from None
    except MalformedThresholds as damaged:
        raise FaceRefusal(MISSING, "thresholds-missing", str(damaged), "install the station again") from None
    except OSError as unread:
        detail = f"the face data: {unread.strerror or type(unread).__name__}"
        raise FaceRefusal(UNUSABLE, "unreadable", detail, "give a folder that calibrate-faces wrote") from None


def read_picture(path: Path, which: str | None = None) -> Any:
    """A picture's pixels (BGR). Raises ``FaceRefusal``."""
    from inspection_station.matching.pictures import UnusablePicture, picture_from_file

    try:
        return picture_from_file(path)[1]
    except UnusablePicture as unusable:
        raise FaceRefusal(UNUSABLE, unusable.code.value, unusable.detail, ANOTHER, which) from None
    except OSError as unread:
        detail = unread.strerror or type(unread).__name__
        raise FaceRefusal(UNUSABLE, "unreadable", detail, "give the path of a picture", which) from None


def refused_face(prompt: str, which: str | None = None) -> FaceRefusal:
    """No template can be made of a picture."""
    return FaceRefusal(UNUSABLE, prompt, "no template can be made", PROMPTS.get(prompt, ANOTHER), which, prompt)


def quality_json(quality: FaceQuality | None) -> dict[str, Any] | None:
    """Keys of a quality; see docs/command-line.md."""
    if quality is None:
        return None
    return {
        "prompt": quality.prompt.value,
        "overall": quality.overall,
        "measures": {name: round(value, 4) for name, value in quality.measures.items()},
        "not_assessed": list(quality.not_assessed),
    }


def progress_of(options: argparse.Namespace) -> Progress | None:
    """One line of JSON a hundred pictures with ``--progress``; a count that runs on a terminal; else nothing."""
    if getattr(options, "progress", False):

        def lines(done: int, of: int, failed: int) -> None:
            if done % 100 == 0 or done == of:
                sys.stderr.write(json.dumps({"done": done, "of": of, "failed": failed}) + "\n")
                sys.stderr.flush()

        return lines
    if not sys.stderr.isatty():
        return None

    def counter(done: int, of: int, failed: int) -> None:
        sys.stderr.write(f"\r{done} of {of}, {failed} failed " + ("\n" if done == of else ""))
        sys.stderr.flush()

    return counter
