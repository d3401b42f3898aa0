"""The report of a calibration or benchmark: one HTML file with its plots inside, readable for years without any other.

It names no person and no picture: counts and rates only, so that it may be shown to those who oversee the agency.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

from inspection_station.matching.calibration import FaceCalibration
from inspection_station.matching.error_rates import TARGETS, ScoreTally
from inspection_station.matching.face_benchmark import FaceBenchmark

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 560, 380, 64, 48
_FMR = tuple(10.0 ** (-power / 8.0) for power in range(8, 49))
_COLOURS = {"stock": "#9a6a00", "flip": "#0b6bcb", "snorm": "#1a7f37", "snorm_clear": "#6f42c1"}
_NAMES = {
    "stock": "stock: Euclidean distance of one descriptor",
    "flip": "flip: cosine of flip-averaged templates",
    "snorm": "S-norm by a cohort",
    "snorm_clear": "S-norm, both pictures clear",
}
_DET_CAPTION = (
    "False non-matches against false matches; lower is better. "
    "Curves end where fewer than 30 false matches were possible."
)
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #d0d7de;padding:.3rem .7rem;text-align:right}"
    "td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}figcaption{color:#57606a}"
)


def face_report(measured: FaceBenchmark, calibration: FaceCalibration | None = None) -> str:
    """HTML of what was measured, and of the calibration made from it."""
    curves = {name: measured.all_pairs.of(name) for name in ("stock", "flip", "snorm")}
    curves["snorm_clear"] = measured.clear_pairs.snorm
    curves = {name: tally for name, tally in curves.items() if tally.impostor and tally.genuine}
    parts = [
        "<h1>Face comparison: what was measured</h1>",
        _summary(measured, calibration),
        "<h2>Error rates</h2>",
        _rates_table(curves),
        _figure(_det_plot(curves), _DET_CAPTION),
    ]
    if measured.groups:
        parts += ["<h2>By group, at the bounds for everybody</h2>", _groups_table(measured)]
        parts.append(
            _figure(_group_plot(measured), "False-match rate of each group at the bound that gives 1e-3 over all.")
        )
    if calibration is not None:
        parts += ["<h2>Calibration</h2>", _calibration(calibration)]
    parts += ["<h2>Pictures that gave no template</h2>", _failures(measured)]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Face comparison</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _summary(measured: FaceBenchmark, calibration: FaceCalibration | None) -> str:
    counts = measured.as_json()["counts"]
    cohort = measured.as_json()["cohort"]
    rows = [
        ("Model", measured.faces.model_id),
        ("Persons, pictures enrolled", f"{counts['persons']:,}, {counts['enrolled']:,}"),
        ("Failed to enrol", f"{counts['failed_to_enrol']:,} ({_percent(counts['failure_to_enrol_rate'])})"),
        ("Pairs of one person, of two", f"{counts['genuine']:,}, {counts['impostor']:,}"),
        ("Cohort", f"{cohort['kind']}: {cohort['templates']:,} templates, the {cohort['nearest']} nearest of them"),
    ]
    if calibration is not None:
        rows.insert(0, ("Data", f"{calibration.source}, {calibration.made_on.isoformat()}"))
    return _table(("", ""), rows)


def _rates_table(curves: dict[str, ScoreTally]) -> str:
    rows = []
    for name, tally in curves.items():
        cells = []
        for fmr in TARGETS.values():
            bound = tally.bound_at(fmr)
            missed = tally.false_non_match_rate(bound) if bound is not None else None
            cells.append(_percent(missed) + ("" if tally.supported(fmr) else " *"))
        rows.append((_NAMES[name], _percent(tally.equal_error_rate()), *cells))
    head = ("", "EER", *(f"FNMR at FMR {name}" for name in TARGETS))
    return _table(head, rows) + "<p>* fewer than 30 false matches possible: an indication only.</p>"


def _groups_table(measured: FaceBenchmark) -> str:
    rows = []
    for name, told in measured.as_json()["groups"].items():
        cells = []
        for kind in ("stock", "flip", "snorm"):
            between = told[kind]["fmr_interval"]["1e-3"]
            ends = f" ({_percent(between[0])} to {_percent(between[1])})" if between else ""
            cells += [_percent(told[kind]["fmr"]["1e-3"]) + ends, _percent(told[kind]["fnmr"]["1e-3"])]
        rows.append((name, f"{told['persons']:,}", f"{told['impostor']:,}", *cells))
    head = ["group", "persons", "pairs of two"]
    for kind in ("stock", "flip", "S-norm"):
        head += [f"FMR {kind}", f"FNMR {kind}"]
    return _table(head, rows) + "<p>In brackets: 95 % interval over persons, redrawn 1,000 times.</p>"


def _calibration(calibration: FaceCalibration) -> str:
    rows = [
        ("Match from z", f"{calibration.match:.3f} (FMR {calibration.match_fmr:g})"),
        ("Inconclusive from z", f"{calibration.inconclusive:.3f} (FMR {calibration.inconclusive_fmr:g})"),
        ("Model file SHA-256", calibration.model_sha256),
        ("Cohort SHA-256", calibration.cohort_sha256),
        ("For training only", "yes" if calibration.training else "no"),
    ]
    rates = [(f"{score:.3f}", f"{rate:.1e}", f"one in {1 / rate:,.0f}") for score, rate in calibration.rates]
    return _table(("", ""), rows) + _table(("z", "FMR", "shown as"), rates)


def _failures(measured: FaceBenchmark) -> str:
    by_code: dict[str, int] = {}
    for failure in measured.faces.failures:
        by_code[failure.code] = by_code.get(failure.code, 0) + 1
    if not by_code:
        return "<p>None.</p>"
    return _table(("why", "pictures"), [(code, str(count)) for code, count in sorted(by_code.items())])


def _det_plot(curves: dict[str, ScoreTally]) -> str:
    """Both axes logarithmic: FMR 1e-6…0.1, FNMR 0.1 %…100 %."""
    parts = [_axes((-6, -1), (-3, 0), "false-match rate", "false non-match rate")]
    for place, (name, tally) in enumerate(curves.items()):
        points = []
        for fmr in _FMR:
            bound = tally.bound_at(fmr)
            missed = tally.false_non_match_rate(bound) if bound is not None and tally.supported(fmr) else None
            if missed:
                points.append((_x(math.log10(fmr), (-6, -1)), _y(math.log10(missed), (-3, 0))))
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        colour = _COLOURS[name]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        label = 30 + 18 * place
        parts.append(f'<text x="{_WIDTH - 12}" y="{label}" text-anchor="end" fill="{colour}">{_NAMES[name]}</text>')
    return _svg(parts)


def _group_plot(measured: FaceBenchmark) -> str:
    """Bars: FMR of each group at the common 1e-3 bound, logarithmic."""
    parts = [_axes(None, (-5, 0), "", "false-match rate")]
    groups = list(measured.as_json()["groups"].items())
    step = (_WIDTH - _LEFT - 12) / max(len(groups), 1)
    for place, (name, told) in enumerate(groups):
        left = _LEFT + place * step
        for number, kind in enumerate(("stock", "flip", "snorm")):
            rate = told[kind]["fmr"]["1e-3"]
            top = _y(max(-5.0, math.log10(rate)) if rate else -5.0, (-5, 0))
            wide = step / 4.0
            x, height = left + wide * (number + 0.5), _HEIGHT - _BOTTOM - top
            parts.append(
                f'<rect x="{x:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{height:.1f}" fill="{_COLOURS[kind]}"/>'
            )
        middle = left + step / 2
        parts.append(f'<text x="{middle:.1f}" y="{_HEIGHT - 26}" text-anchor="middle">{html.escape(name[:24])}</text>')
    line = _y(-3.0, (-5, 0))
    parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 12}" y1="{line:.1f}" y2="{line:.1f}" stroke="#cf222e"/>')
    return _svg(parts)


def _axes(across: tuple[int, int] | None, up: tuple[int, int], x_name: str, y_name: str) -> str:
    parts = []
    for power in range(up[0], up[1] + 1):
        y = _y(power, up)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 12}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">1e{power}</text>')
    if across is not None:
        for power in range(across[0], across[1] + 1):
            x = _x(power, across)
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="12" y2="{_HEIGHT - _BOTTOM}" stroke="#d0d7de"/>')
            parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">1e{power}</text>')
    parts.append(f'<text x="{_WIDTH / 2:.0f}" y="{_HEIGHT - 8}" text-anchor="middle">{x_name}</text>')
    parts.append(f'<text x="14" y="{_HEIGHT / 2:.0f}" transform="rotate(-90 14 {_HEIGHT / 2:.0f})">{y_name}</text>')
    return "".join(parts)


def _x(value: float, span: tuple[int, int]) -> float:
    return _LEFT + (value - span[0]) / (span[1] - span[0]) * (_WIDTH - _LEFT - 12)


def _y(value: float, span: tuple[int, int]) -> float:
    inside = min(span[1], max(span[0], value))
    return _HEIGHT - _BOTTOM - (inside - span[0]) / (span[1] - span[0]) * (_HEIGHT - _BOTTOM - 12)


def _svg(parts: Iterable[str]) -> str:
    drawn = "".join(parts)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" font-size="12" '
        f'font-family="system-ui,sans-serif" xmlns="http://www.w3.org/2000/svg">{drawn}</svg>'
    )


def _figure(drawing: str, caption: str) -> str:
    return f"<figure>{drawing}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>" if any(head) else f"<table>{body}</table>"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"
