"""Verbs on faces: ``compare-faces`` and ``face-quality``; the other groups of verbs on faces register here too."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from inspection_station.cli import face_group_verbs, face_measure_verbs, face_search_verbs
from inspection_station.cli.face_options import (
    DONE,
    NEGATIVE,
    add_face_data,
    add_model,
    carried_out,
    matcher_of,
    quality_json,
    read_picture,
    refused_face,
    scale_of,
)

if TYPE_CHECKING:
    from inspection_station.matching.face_comparison import CompareOutcome


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group's verbs."""
    compare = verbs.add_parser(
        "compare-faces",
        help="compare two photographs of faces, one to one",
        description="Compare the face in A (probe) with the face in B (reference): JPEG, PNG or JPEG 2000. "
        "Exit code 0 match, 1 no match or inconclusive, 2 a picture that cannot be used, 3 face model missing.",
    )
    compare.add_argument("probe", type=Path, metavar="A", help="photograph, for instance a live frame")
    compare.add_argument("reference", type=Path, metavar="B", help="photograph, for instance a chip portrait")
    compare.add_argument(
        "--training", action="store_true", help="use the bounds for drawn training faces (never for real ones)"
    )
    add_face_data(compare)
    add_model(compare)
    compare.set_defaults(run=lambda options: carried_out(options, lambda: compare_faces(options)))

    quality = verbs.add_parser(
        "face-quality",
        help="judge a photograph of a face",
        description="What five points and pixels tell of a face, and what to tell the person. Exit code 0 good "
        "or usable, 1 something to mend, 2 a picture that cannot be used, 3 face model missing.",
    )
    quality.add_argument("image", type=Path, metavar="IMAGE", help="photograph")
    quality.add_argument("--frame", action="store_true", help="judge it as a camera frame (framing and ISO bounds too)")
    quality.add_argument("--json", action="store_true", help="one JSON object on standard output")
    quality.set_defaults(run=lambda options: carried_out(options, lambda: face_quality(options)))

    face_search_verbs.register(verbs)
    face_measure_verbs.register(verbs)
    face_group_verbs.register(verbs)


def compare_faces(options: argparse.Namespace) -> int:
    """Run ``compare-faces``."""
    from inspection_station.inspection.biometrics import ComparisonBand
    from inspection_station.matching.face_comparison import PictureRejected, compare_pictures

    probe = read_picture(options.probe, "probe")
    reference = read_picture(options.reference, "reference")
    matcher = matcher_of(options)
    scale = scale_of(options, matcher)
    try:
        outcome = compare_pictures(matcher, probe, reference, scale.thresholds, cohort=scale.cohort)
    except PictureRejected as rejected:
        raise refused_face(rejected.prompt.value, rejected.which) from None
    _report(options, outcome)
    return DONE if outcome.decision is ComparisonBand.MATCH else NEGATIVE


def _report(options: argparse.Namespace, outcome: CompareOutcome) -> None:
    from inspection_station.matching.face_quality import PRESENTATION_ATTACK_NOT_PERFORMED

    result = outcome.result
    if not options.json:
        doubt = "" if outcome.calibrated else " (uncalibrated: compare by eye)"
        chance = f", one stranger in {result.one_in:,.0f}" if result.one_in is not None else ""
        print(
            f"{outcome.decision.value}{doubt}: {outcome.scale.value} {result.score:.4f}, "
            f"match from {result.threshold:.4f}{chance}"
        )
        return
    print(
        json.dumps(
            {
                "score": result.score,
                "scale": outcome.scale.value,
                "similarity": outcome.similarity,
                "threshold": round(result.threshold, 5),
                "decision": outcome.decision.value,
                "band": result.band.value,
                "calibrated": outcome.calibrated,
                "fmr": None if result.one_in is None else 1.0 / result.one_in,
                "one_in": result.one_in,
                "quality_a": quality_json(outcome.probe_quality),
                "quality_b": quality_json(outcome.reference_quality),
                "presentation_attack": PRESENTATION_ATTACK_NOT_PERFORMED,
                "model": result.model_id,
                "ms": outcome.ms,
            }
        )
    )


def face_quality(options: argparse.Namespace) -> int:
    """Run ``face-quality``."""
    import time

    from inspection_station.matching.face_quality import PRESENTATION_ATTACK_NOT_PERFORMED
    from inspection_station.matching.ports import FacePrompt

    image = read_picture(options.image)
    matcher = matcher_of(options)
    started = time.perf_counter()
    face, quality = matcher.assess(image) if options.frame else matcher.assess_portrait(image)
    ms = round((time.perf_counter() - started) * 1000.0, 1)
    if options.json:
        told = quality_json(quality) or {}
        box = None if face is None else dict(zip(("x", "y", "width", "height"), face.box, strict=True))
        size = {"width": int(image.shape[1]), "height": int(image.shape[0])}
        attack = {"presentation_attack": PRESENTATION_ATTACK_NOT_PERFORMED}
        print(json.dumps({**told, "face": box, "picture": size, **attack, "ms": ms}))
    else:
        print(f"{quality.prompt.value}: overall {quality.overall:.2f}; not assessed: {', '.join(quality.not_assessed)}")
    return DONE if quality.prompt is FacePrompt.GOOD else NEGATIVE
