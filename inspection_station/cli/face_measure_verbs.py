"""``benchmark-faces`` and ``calibrate-faces``: how well faces are told apart, and bounds made from it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inspection_station.cli.face_options import DONE, add_model, carried_out, matcher_of, progress_of
from inspection_station.command_line.refusal import refuse, refuse_writing

if TYPE_CHECKING:
    from inspection_station.matching.face import DlibFaceMatcher
    from inspection_station.matching.face_benchmark import FaceBenchmark
    from inspection_station.matching.face_calibrating import CalibrationRun
    from inspection_station.matching.face_folders import FaceFolders
    from inspection_station.matching.score_normalisation import Cohort

_USAGE = 2


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both verbs."""
    benchmark = verbs.add_parser(
        "benchmark-faces",
        help="measure error rates on photographs, a folder for each person",
        description="Equal error rate and false non-matches at false-match rates of 1e-2, 1e-3, 1e-4: stock Euclidean "
        "distance, flip-averaged cosine, S-norm. Nothing is written.",
    )
    benchmark.add_argument("folder", type=Path, metavar="DIR", help="a folder for each person")
    benchmark.add_argument(
        "--cohort", type=Path, metavar="DIR", help="photographs of other persons, filed alike, to normalise by"
    )
    _common(benchmark)
    benchmark.set_defaults(run=lambda options: carried_out(options, lambda: benchmark_faces(options)))

    calibrate = verbs.add_parser(
        "calibrate-faces",
        help="make a cohort and bounds from photographs, a folder for each person",
        description="Cohort, bounds for target false-match rates, figures by group, a report with plots. With --out "
        "a signed calibration and a sealed cohort for the stations.",
    )
    calibrate.add_argument("folder", type=Path, metavar="DIR", help="a folder for each person; lawfully held")
    calibrate.add_argument("--out", type=Path, metavar="FOLDER", help="write calibration and sealed cohort there")
    calibrate.add_argument("--key", type=Path, metavar="FILE", help="key of the packs; made if the file is not there")
    calibrate.add_argument(
        "--signing-key", type=Path, metavar="FILE", help="Ed25519 private key (PEM); made if the file is not there"
    )
    calibrate.add_argument("--source", default="", metavar="TEXT", help="what the photographs are, for the report")
    calibrate.add_argument("--match-fmr", type=float, default=1e-4, metavar="RATE", help="default 1e-4")
    calibrate.add_argument("--inconclusive-fmr", type=float, default=1e-3, metavar="RATE", help="default 1e-3")
    calibrate.add_argument("--training", action="store_true", help="of drawn faces: for the training profile alone")
    _common(calibrate)
    calibrate.set_defaults(run=lambda options: carried_out(options, lambda: calibrate_faces(options)))


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--groups", type=Path, metavar="FILE", help="person,group lines, JSON, or a list of one group")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write a report with plots (HTML) and the figures")
    parser.add_argument("--progress", action="store_true", help="a line of JSON on standard error a hundred pictures")
    add_model(parser)


def benchmark_faces(options: argparse.Namespace) -> int:
    """Run ``benchmark-faces``."""
    from inspection_station.matching.face_benchmark import run_benchmark
    from inspection_station.matching.face_folders import enrol_folders

    if (code := _unreadable(options, "folder", "cohort")) is not None:
        return code
    try:
        groups = _groups(options)
        matcher = matcher_of(options)
        faces = enrol_folders(matcher, options.folder, progress_of(options))
        cohort, left_out = _cohort(options, matcher, faces)
        measured = run_benchmark(faces, cohort, groups, left_out)
    except OSError as unread:
        return _refuse_reading(options, unread)
    told = measured.as_json()
    if options.report is not None and (code := _write_report(options, measured, None)) is not None:
        return code
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
        return DONE
    _print_rates(measured)
    return DONE


def calibrate_faces(options: argparse.Namespace) -> int:
    """Run ``calibrate-faces``."""
    from inspection_station.matching.face_calibrating import calibrate
    from inspection_station.matching.face_folders import enrol_folders

    if (code := _unreadable(options, "folder")) is not None:
        return code
    if options.out is not None and (options.key is None or options.signing_key is None):
        what = "--out needs --key and --signing-key"
        return refuse(options.json, _USAGE, "USE-01", what, "name both files; those that are not there are made")
    if not 0.0 < options.match_fmr < options.inconclusive_fmr < 1.0:
        what = "the match bound's rate lies below the inconclusive bound's, both between 0 and 1"
        return refuse(options.json, _USAGE, "USE-01", what)
    try:
        groups = _groups(options)
        matcher = matcher_of(options)
        run = calibrate(
            enrol_folders(matcher, options.folder, progress_of(options)),
            model_sha256=matcher.model_sha256,
            source=options.source or "photographs of the agency",
            made_on=datetime.now(UTC).date(),
            groups=groups,
            match_fmr=options.match_fmr,
            inconclusive_fmr=options.inconclusive_fmr,
            training=options.training,
        )
    except OSError as unread:
        return _refuse_reading(options, unread)
    if options.report is not None and (code := _write_report(options, run.benchmark, run)) is not None:
        return code
    made: list[str] = []
    if options.out is not None:
        try:
            made = _write_calibration(options, run)
        except OSError as unwritten:
            return refuse_writing(options.json, "--out", unwritten)
    _print_calibration(options, run, made)
    return DONE


def _write_calibration(options: argparse.Namespace, run: CalibrationRun) -> list[str]:
    """Write what stations need; the key files that had to be made."""
    from inspection_station.matching.face_installation import pack_key, save_calibration, signing_key

    key, key_made = pack_key(options.key, make=True)
    signing, signing_made = signing_key(options.signing_key, make=True)
    save_calibration(options.out, run.calibration, run.cohort, key=key, signing=signing, now=datetime.now(UTC))
    return [name for name, was in (("key", key_made), ("signing-key", signing_made)) if was]


def _print_calibration(options: argparse.Namespace, run: CalibrationRun, made: list[str]) -> None:
    from dataclasses import asdict

    if options.json:
        told = {**asdict(run.calibration), "made_on": run.calibration.made_on.isoformat()}
        written = {"written": options.out is not None, "keys_made": made}
        print(json.dumps({**told, **written, "benchmark": run.benchmark.as_json()}, ensure_ascii=False))
        return
    _print_rates(run.benchmark)
    found = run.calibration
    print(f"match from z {found.match:.3f} (one stranger in {1 / found.match_fmr:,.0f})")
    print(f"inconclusive from z {found.inconclusive:.3f} (one stranger in {1 / found.inconclusive_fmr:,.0f})")
    if options.out is None:
        print("nothing was written: name --out, --key and --signing-key for stations", file=sys.stderr)


def _print_rates(measured: FaceBenchmark) -> None:
    told = measured.as_json()
    counts = told["counts"]
    print(f"{counts['persons']} persons, {counts['enrolled']} pictures, {counts['failed_to_enrol']} failed to enrol")
    print(f"{counts['genuine']:,} pairs of one person, {counts['impostor']:,} of two; cohort: {told['cohort']['why']}")
    print(f"{'':12}{'EER':>9}" + "".join(f"{'FNMR@' + name:>12}" for name in ("1e-2", "1e-3", "1e-4")))
    for kind in ("stock", "flip", "snorm", "snorm_clear"):
        cells = [told[kind]["eer"], *told[kind]["fnmr"].values()]
        shown = "".join(f"{'–' if cell is None else f'{100 * cell:.2f} %':>12}" for cell in cells)
        print(f"{kind:<12}{shown[3:]}")
    for name, group in told["groups"].items():
        rates = ", ".join(f"{kind} {group[kind]['fmr']['1e-3']}" for kind in ("stock", "flip", "snorm"))
        print(f"{name}: false-match rate at the bound of 1e-3: {rates}")


def _cohort(options: argparse.Namespace, matcher: DlibFaceMatcher, tested: FaceFolders) -> tuple[Cohort | None, int]:
    """Templates of ``--cohort`` without the tested persons; how many pictures gave none and are left out."""
    if options.cohort is None:
        return None, 0
    from inspection_station.matching.cohort import cohort_apart
    from inspection_station.matching.face_folders import enrol_folders

    found = enrol_folders(matcher, options.cohort, progress_of(options))
    return cohort_apart(found, tested), len(found.failures)


def _groups(options: argparse.Namespace) -> dict[str, str] | None:
    from inspection_station.matching.face_group_labels import read_group_labels

    return read_group_labels(options.groups) if options.groups is not None else None


def _unreadable(options: argparse.Namespace, *names: str) -> int | None:
    for name in names:
        path = getattr(options, name)
        if path is not None and not path.is_dir():
            return refuse(options.json, _USAGE, "USE-01", f"{name} is not a folder", "give a folder of persons")
    return None


def _refuse_reading(options: argparse.Namespace, error: OSError) -> int:
    reason = error.strerror or type(error).__name__
    return refuse(
        options.json, _USAGE, "USE-01", f"cannot be read: {reason}", "give files and folders that can be read"
    )


def _write_report(options: argparse.Namespace, measured: FaceBenchmark, run: CalibrationRun | None) -> int | None:
    from inspection_station.matching.face_report import face_report
    from inspection_station.whole_file import replace_file

    page = face_report(measured, run.calibration if run is not None else None)
    told = measured.as_json()
    del told["counts"]["failures"]  # names of files are names of persons: not in what is handed on
    figures = json.dumps(told, ensure_ascii=False, indent=1)
    try:
        replace_file(options.report / "faces.html", page.encode())
        replace_file(options.report / "faces.json", figures.encode())
    except OSError as unwritten:
        return refuse_writing(options.json, "--report", unwritten)
    return None
