"""Verbs on faces."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspection_station.matching.face_comparison import CompareOutcome
    from inspection_station.matching.ports import FaceQuality, Image

MATCH, NO_MATCH, UNUSABLE, MISSING = 0, 1, 2, 3

_ANOTHER = "give another picture"
_PROMPTS = {
    "no-face": "give a picture of one face, seen from the front, that fills a good part of it",
    "several-faces": "give a picture of one person alone",
    "closer": "give a picture in which the face is larger",
}


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group's verbs."""
    compare = verbs.add_parser(
        "compare-faces",
        help="compare two photographs of faces, one to one",
        description="Compare the face in A (probe) with the face in B (reference): JPEG, PNG or JPEG 2000. "
        "Exit code 0 match, 1 no match or inconclusive, 2 a picture that cannot be used, 3 face model missing.",
    )
    compare.add_argument("probe", metavar="A", help="photograph, for instance a live frame")
    compare.add_argument("reference", metavar="B", help="photograph, for instance a chip portrait")
    compare.add_argument(
        "--training", action="store_true", help="use the bounds for drawn training faces (never for real ones)"
    )
    compare.add_argument("--json", action="store_true", help="one JSON object on standard output")
    compare.set_defaults(run=compare_faces)


def compare_faces(options: argparse.Namespace) -> int:
    """Run ``compare-faces``."""
    from inspection_station.matching.face import DlibFaceMatcher
    from inspection_station.matching.face_comparison import PictureRejected, compare_pictures
    from inspection_station.matching.pictures import UnusablePicture
    from inspection_station.matching.ports import FaceModelMissing
    from inspection_station.matching.thresholds import MalformedThresholds, built_in_thresholds

    which = "probe"
    try:
        probe = _picture(options.probe)
        which = "reference"
        reference = _picture(options.reference)
        matcher = DlibFaceMatcher()
        matcher.load()
        outcome = compare_pictures(matcher, probe, reference, built_in_thresholds(options.training))
    except UnusablePicture as unusable:
        return _refuse(options, UNUSABLE, unusable.code.value, unusable.detail, which, _ANOTHER)
    except PictureRejected as rejected:
        code = rejected.prompt.value
        return _refuse(
            options, UNUSABLE, code, "no template can be made", rejected.which, code, _PROMPTS.get(code, _ANOTHER)
        )
    except OSError as unread:
        detail = unread.strerror or type(unread).__name__
        return _refuse(options, UNUSABLE, "unreadable", detail, which, "give the path of a picture")
    except FaceModelMissing as missing:
        return _refuse(options, MISSING, "model-missing", missing.what, None, missing.next_action)
    except MalformedThresholds as damaged:
        return _refuse(options, MISSING, "thresholds-missing", str(damaged), None, "install the station again")
    return _report(options, outcome)


def _picture(path: str) -> Image:
    from inspection_station.matching.pictures import MAX_BYTES, PictureFault, UnusablePicture, decode_picture

    with Path(path).open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnusablePicture(PictureFault.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    return decode_picture(data)


def _report(options: argparse.Namespace, outcome: CompareOutcome) -> int:
    from inspection_station.inspection.biometrics import ComparisonBand

    result = outcome.result
    if options.json:
        print(
            json.dumps(
                {
                    "score": result.score,
                    "threshold": round(result.threshold, 5),
                    "decision": outcome.decision.value,
                    "band": result.band.value,
                    "calibrated": outcome.calibrated,
                    "one_in": result.one_in,
                    "quality_a": _quality(outcome.probe_quality),
                    "quality_b": _quality(outcome.reference_quality),
                    "presentation_attack": "not performed; the officer observes",
                    "model": result.model_id,
                    "ms": outcome.ms,
                }
            )
        )
    else:
        doubt = "" if outcome.calibrated else " (uncalibrated: compare by eye)"
        print(f"{outcome.decision.value}{doubt}: similarity {result.score:.4f}, match from {result.threshold:.4f}")
    return MATCH if outcome.decision is ComparisonBand.MATCH else NO_MATCH


def _quality(quality: FaceQuality | None) -> dict[str, Any] | None:
    if quality is None:
        return None
    return {
        "prompt": quality.prompt.value,
        "overall": quality.overall,
        "measures": {name: round(value, 4) for name, value in quality.measures.items()},
        "not_assessed": list(quality.not_assessed),
    }


def _refuse(
    options: argparse.Namespace, exit_code: int, code: str, detail: str, which: str | None, prompt: str, do: str = ""
) -> int:
    """Say what is wrong with which picture: on standard output as JSON when asked for, always on standard error."""
    action = do or prompt
    if options.json:
        print(json.dumps({"error": {"code": code, "detail": detail, "picture": which, "prompt": prompt, "do": action}}))
    place = f"{which}: " if which else ""
    print(f"compare-faces: {place}{code} ({detail}). Do this: {action}", file=sys.stderr)
    return exit_code
