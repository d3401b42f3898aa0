"""Verbs on fingerprints."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.command_line.refusal import refuse
from inspection_station.given_file import create_given, read_given

if TYPE_CHECKING:
    from inspection_station.matching.fingerprint.faults import UnusableFingerprint
    from inspection_station.matching.fingerprint.fvc_protocol import DatabaseResult, ErrorRates
    from inspection_station.matching.fingerprint.quality import FingerQuality
    from inspection_station.matching.fingerprint.template import FingerprintTemplate

DONE, NEGATIVE, UNUSABLE, MISSING = 0, 1, 2, 3
_DIGITS = 3


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group's verbs."""
    extract = verbs.add_parser(
        "extract-fingerprint",
        help="make a template of a picture of a finger",
        description="Write an ISO/IEC 19794-2:2005 or ANSI INCITS 378-2004 template of the finger in IMAGE. "
        "Exit code 0 done, 2 a picture that cannot be used.",
    )
    extract.add_argument("image", metavar="IMAGE", help="PNG, TIFF, BMP, PGM, JPEG, JPEG 2000, WSQ or ISO 19794-4")
    _dpi_and_json(extract)
    extract.add_argument("--out", metavar="FILE", required=True, help="where the template goes")
    extract.add_argument("--format", choices=("iso", "ansi"), default="iso", help="the standard to follow (iso)")
    extract.add_argument("--minutiae-only", action="store_true", help="leave the ridge flow out, for other systems")
    extract.set_defaults(run=extract_fingerprint)

    compare = verbs.add_parser(
        "compare-fingerprints",
        help="compare two fingers, one to one",
        description="Compare A (probe) with B (reference), each a picture or a template. "
        "Exit code 0 match, 1 no match, 2 something that cannot be used.",
    )
    compare.add_argument("probe", metavar="A")
    compare.add_argument("reference", metavar="B")
    _dpi_and_json(compare)
    compare.set_defaults(run=compare_fingerprints)

    search = verbs.add_parser(
        "search-fingerprints",
        help="search one finger among many",
        description="Search PROBE among the pictures and templates of a folder. "
        "Exit code 0 somebody reaches the bound, 1 nobody does, 2 something that cannot be used.",
    )
    search.add_argument("probe", metavar="PROBE")
    search.add_argument("--gallery", metavar="DIR", required=True, help="folder of pictures and templates")
    search.add_argument("--most", type=int, default=10, metavar="N", help="candidates to give (10)")
    _dpi_and_json(search)
    search.set_defaults(run=search_fingerprints)

    benchmark = verbs.add_parser(
        "benchmark-fingerprints",
        help="measure accuracy and speed on databases named the FVC way",
        description="Every genuine and every impostor pair of DIR, or of each folder in it (files named "
        "FINGER_IMPRESSION.tif). Exit code 0 done, 2 no such pictures.",
    )
    benchmark.add_argument("folder", metavar="DIR")
    _dpi_and_json(benchmark)
    benchmark.set_defaults(run=benchmark_fingerprints)


def _dpi_and_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dpi", type=int, metavar="N", help="resolution of the pictures (what the file states, else 500)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def extract_fingerprint(options: argparse.Namespace) -> int:
    """Run ``extract-fingerprint``."""
    from inspection_station.matching.fingerprint.extraction import extract_from_file
    from inspection_station.matching.fingerprint.faults import UnusableFingerprint
    from inspection_station.matching.fingerprint.minutiae_record import MinutiaeFormat
    from inspection_station.matching.fingerprint.template_record import template_bytes

    form = MinutiaeFormat.ANSI if options.format == "ansi" else MinutiaeFormat.ISO
    try:
        data = _bytes_of(options.image)
        extract_from_file(data, options.dpi)  # loads the compiled code, which is not the extraction's time
        began = time.perf_counter()
        found = extract_from_file(data, options.dpi)
        spent = time.perf_counter() - began
    except UnusableFingerprint as unusable:
        return _refused(options, unusable)
    except OSError as unread:
        return _unread(options, options.image, unread)
    record = template_bytes(found.template, form, with_flow=not options.minutiae_only)
    try:
        with create_given(Path(options.out)) as file:
            file.write(record)
    except OSError as unwritten:
        what = f"the template cannot be written: {unwritten.strerror or type(unwritten).__name__}"
        return refuse(options.json, UNUSABLE, "FILE", what, "name a file that can be written")
    answer = {
        "format": form.value,
        "bytes": len(record),
        "minutiae": len(found.template.minutiae),
        "quality": _quality(found.quality),
        "ms": round(spent * 1000, 1),
    }
    if options.json:
        print(json.dumps(answer))
    else:
        print(f"{answer['minutiae']} minutiae, quality {found.quality.score} of 100: {options.out}")
    return DONE


def compare_fingerprints(options: argparse.Namespace) -> int:
    """Run ``compare-fingerprints``."""
    from inspection_station.matching.fingerprint.faults import UnusableFingerprint
    from inspection_station.matching.fingerprint.matcher import compare

    path = options.probe
    try:
        probe, probe_quality = _template_of(path, options.dpi)
        path = options.reference
        reference, reference_quality = _template_of(path, options.dpi)
    except UnusableFingerprint as unusable:
        return _refused(options, unusable, "A" if path == options.probe else "B")
    except OSError as unread:
        return _unread(options, path, unread)
    compare(probe, reference)  # loads the compiled code, which is not the comparison's time
    began = time.perf_counter()
    result = compare(probe, reference)
    spent = time.perf_counter() - began
    decision = "match" if result.match else "no match"
    if options.json:
        answer = {
            "score": round(result.score, _DIGITS),
            "fmr": float(f"{result.fmr:.3g}"),
            "threshold": round(result.threshold, _DIGITS),
            "decision": decision,
            "quality_a": probe_quality,
            "quality_b": reference_quality,
            "model": result.model_id,
            "ms": round(spent * 1000, _DIGITS),
        }
        print(json.dumps(answer))
    else:
        print(
            f"{decision}: score {result.score:.2f}, match from {result.threshold:.2f}, "
            f"false-match rate {result.fmr:.2g}"
        )
    return DONE if result.match else NEGATIVE


def search_fingerprints(options: argparse.Namespace) -> int:
    """Run ``search-fingerprints``."""
    from inspection_station.matching.fingerprint.faults import UnusableFingerprint
    from inspection_station.matching.fingerprint.search import FingerprintGallery

    folder = Path(options.gallery)
    if options.most < 1:
        return refuse(options.json, UNUSABLE, "USAGE", "--most is less than one", "give a number from 1")
    try:
        probe, _ = _template_of(options.probe, options.dpi)
    except UnusableFingerprint as unusable:
        return _refused(options, unusable, "PROBE")
    except OSError as unread:
        return _unread(options, options.probe, unread)
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as unread:
        return _unread(options, options.gallery, unread)
    gallery = FingerprintGallery()
    skipped = []
    for path in paths:
        try:
            gallery.add(path.name, _template_of(str(path), options.dpi)[0])
        except UnusableFingerprint as unusable:
            skipped.append({"file": path.name, "code": unusable.code.value})
        except OSError:
            skipped.append({"file": path.name, "code": "unreadable"})
    if not len(gallery):
        what = f"none of {len(paths)} files is a picture or a template of a finger"
        return refuse(options.json, UNUSABLE, "FILE", what, "name a folder of pictures or templates")
    alone = FingerprintGallery()
    alone.add("", probe)
    alone.search(probe)  # as above
    began = time.perf_counter()
    found = gallery.search(probe, most=options.most)
    spent = time.perf_counter() - began
    candidates = [
        {
            "file": candidate.identifier,
            "score": round(candidate.comparison.score, _DIGITS),
            "fmr": float(f"{candidate.comparison.fmr:.3g}"),
            "threshold": round(candidate.comparison.threshold, _DIGITS),
            "decision": "match" if candidate.comparison.match else "no match",
        }
        for candidate in found
    ]
    if options.json:
        bound = round(found[0].comparison.threshold, _DIGITS)
        print(
            json.dumps(
                {
                    "candidates": candidates,
                    "searched": len(gallery),
                    "skipped": skipped,
                    "threshold": bound,
                    "ms": round(spent * 1000, 1),
                },
                ensure_ascii=False,
            )
        )
    else:
        for one in candidates:
            print(f"{one['decision']:9} {one['score']:8.2f}  {one['file']}")
        print(f"{len(gallery)} searched, {len(skipped)} skipped", file=sys.stderr)
    return DONE if found[0].comparison.match else NEGATIVE


def benchmark_fingerprints(options: argparse.Namespace) -> int:
    """Run ``benchmark-fingerprints``."""
    from inspection_station.matching.fingerprint.fvc_protocol import databases_in, mean_rates, run_database

    try:
        folders = databases_in(Path(options.folder))
        results = [run_database(folder, options.dpi, lambda line: print(line, file=sys.stderr)) for folder in folders]
    except OSError as unread:
        return _unread(options, options.folder, unread)
    except ValueError as few:
        return refuse(
            options.json, UNUSABLE, "FILE", str(few), "name a folder with several impressions of several fingers"
        )
    if not results:
        what = "no pictures named FINGER_IMPRESSION"
        return refuse(options.json, UNUSABLE, "FILE", what, "name a folder of an FVC database, or one that holds some")
    mean = mean_rates(results)
    if options.json:
        print(json.dumps({"databases": [_database(result) for result in results], "mean": _percent(mean)}))
        return DONE
    print(f"{'':12}{'EER %':>8}{'FMR100':>8}{'FMR1000':>8}{'ZeroFMR':>8}{'FTE':>5}{'ms':>7}{'us':>7}")
    for result in results:
        figures = "".join(f"{value:8.2f}" for value in _percent(result.rates).values())
        print(
            f"{result.name:12}{figures}{result.failed_to_enrol:5}{result.extraction_ms:7.0f}{result.comparison_us:7.0f}"
        )
    print(f"{'mean':12}" + "".join(f"{value:8.2f}" for value in _percent(mean).values()))
    return DONE


def _database(result: DatabaseResult) -> dict[str, Any]:
    return {
        "name": result.name,
        **_percent(result.rates),
        "pictures": result.pictures,
        "genuine": result.genuine,
        "impostor": result.impostor,
        "failed_to_enrol": result.failed_to_enrol,
        "extraction_ms": round(result.extraction_ms, 1),
        "comparison_us": round(result.comparison_us, 1),
    }


def _percent(rates: ErrorRates) -> dict[str, float]:
    return {
        "eer": round(rates.eer * 100, _DIGITS),
        "fmr100": round(rates.fmr100 * 100, _DIGITS),
        "fmr1000": round(rates.fmr1000 * 100, _DIGITS),
        "zero_fmr": round(rates.zero_fmr * 100, _DIGITS),
    }


def _bytes_of(path: str) -> bytes:
    from inspection_station.matching.fingerprint.finger_pictures import MAX_BYTES

    return read_given(Path(path), MAX_BYTES)


def _template_of(path: str, dpi: int | None) -> tuple[FingerprintTemplate, int]:
    """Template and quality of a picture or a template. Raises OSError and ``UnusableFingerprint``."""
    from inspection_station.matching.fingerprint.extraction import extract_from_file
    from inspection_station.matching.fingerprint.finger_pictures import is_template
    from inspection_station.matching.fingerprint.template_record import read_template

    data = _bytes_of(path)
    template = read_template(data) if is_template(data) else extract_from_file(data, dpi).template
    return template, template.quality


def _quality(quality: FingerQuality) -> dict[str, Any]:
    return {
        "score": quality.score,
        "method": quality.method,
        "prompt": quality.prompt.value,
        "measures": dict(quality.measures),
    }


def _refused(options: argparse.Namespace, unusable: UnusableFingerprint, which: str = "") -> int:
    what = f"{which}: {unusable.detail}" if which else unusable.detail
    return refuse(options.json, UNUSABLE, unusable.code.value, what, unusable.next_action)


def _unread(options: argparse.Namespace, path: str, fault: OSError) -> int:
    what = f"{path}: {fault.strerror or type(fault).__name__}"
    return refuse(options.json, UNUSABLE, "FILE", what, "name a file or folder that can be read")
