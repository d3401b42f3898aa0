"""Draw candidates, measure them with the station's own matcher, and write the list of good faces.

Run as ``python -m inspection_station.training.personas.screen_seeds``; needed again whenever the drawing changes.
A face is listed when its portrait and every live frame are found, when it is near to itself, and when it keeps away
from every other listed face. Distances are 1 − cosine of flip-averaged descriptors.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.ports import FacePrompt
from inspection_station.training.personas.face_live import live_frame
from inspection_station.training.personas.face_pictures import portrait
from inspection_station.training.personas.face_scene import Picture

_SIZES = ((1280, 720), (640, 480))
STRANGER = 0.075
"""Least distance of an impostor: well beyond the bound of the training thresholds (0.055 is inconclusive)."""
_Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Measures of one seed. ``frames``: live frames drawn; ``score``: the detector's lowest; ``content``: live frames
    that drew no prompt.
    """

    seed: int
    portrait: _Vector | None
    live: tuple[_Vector, ...]
    frames: int
    score: float
    content: int

    @property
    def complete(self) -> bool:
        """Found in every picture, and in all but one live frame nothing to tell the traveller."""
        return self.portrait is not None and len(self.live) == self.frames and self.content >= self.frames - 1

    @property
    def genuine(self) -> float:
        """Largest distance of a live frame to the own portrait; 2 where there is nothing to compare."""
        if self.portrait is None or not self.live:
            return 2.0
        return max(distance(self.portrait, frame) for frame in self.live)

    def apart(self, other: Candidate) -> float:
        """Smallest distance between either portrait and the other's portrait or live frames."""
        assert self.portrait is not None
        assert other.portrait is not None
        mine = [distance(self.portrait, frame) for frame in (other.portrait, *other.live)]
        theirs = [distance(other.portrait, frame) for frame in self.live]
        return min(mine + theirs)


def distance(a: _Vector, b: _Vector) -> float:
    """1 − cosine of two unit vectors."""
    return 1.0 - float(np.dot(a, b))


def measured(seed: int, occasions: int, matcher: DlibFaceMatcher) -> Candidate:
    """Draw one seed's portrait and live frames (both camera sizes in turn) and measure them."""
    own, score, _ = _template(matcher, portrait(seed), live=False)
    frames = []
    content = 0
    for occasion in range(occasions):
        picture = live_frame(seed, seed * 1009 + occasion, size=_SIZES[occasion % len(_SIZES)])
        vector, found, prompt = _template(matcher, picture, live=True)
        score = min(score, found)
        content += prompt is FacePrompt.GOOD
        if vector is not None:
            frames.append(vector)
    return Candidate(seed, own, tuple(frames), occasions, score, content)


def chosen(
    candidates: Sequence[Candidate], *, apart: float, genuine: float, score: float
) -> tuple[tuple[Candidate, float], ...]:
    """Candidates that pass, each with its distance to the nearest other listed one, by seed.

    While two of them are nearer than ``apart``, whoever is too near to the most others leaves.
    """
    listed = [c for c in candidates if c.complete and c.genuine <= genuine and c.score >= score]
    between = np.full((len(listed), len(listed)), 2.0)
    for i, one in enumerate(listed):
        for j in range(i):
            between[i, j] = between[j, i] = one.apart(listed[j])
    keep = np.ones(len(listed), bool)
    while True:
        near = ((between < apart) & keep[:, None] & keep[None, :]).sum(axis=1)
        if not near.any():
            break
        keep[int(near.argmax())] = False
    places = np.flatnonzero(keep)
    return tuple(
        (listed[i], float(np.delete(between[i, places], np.searchsorted(places, i)).min(initial=2.0))) for i in places
    )


def widest(
    candidates: Sequence[Candidate], least: int, *, genuine: float, score: float
) -> tuple[float, tuple[tuple[Candidate, float], ...]]:
    """The greatest distance apart, in steps of 0.0025, at which at least ``least`` faces are listed, and those."""
    for steps in range(60, 0, -1):
        apart = steps * 0.0025
        listed = chosen(candidates, apart=apart, genuine=genuine, score=score)
        if len(listed) >= least:
            return apart, listed
    return 0.0, chosen(candidates, apart=0.0, genuine=genuine, score=score)


def strangers(one: Candidate, listed: Sequence[tuple[Candidate, float]]) -> list[int]:
    """Listed faces that no comparison takes for this one: an impostor must be found out."""
    return [other.seed for other, _ in listed if other is not one and one.apart(other) >= STRANGER]


def table(listed: Sequence[tuple[Candidate, float]], heading: str) -> str:
    """The list as TOML."""
    rows = [
        f"[[face]]\nseed = {c.seed}\ngenuine = {c.genuine:.4f}\nnearest = {nearest:.4f}\nscore = {c.score:.2f}\n"
        f"strangers = {strangers(c, listed)}\n"
        for c, nearest in listed
    ]
    return heading + "\n" + "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when at least ``--least`` faces were listed and written, 1 otherwise (nothing is written)."""
    parser = argparse.ArgumentParser(prog="screen_seeds", description="Screen drawn faces for the training travellers.")
    parser.add_argument("--candidates", type=int, default=160)
    parser.add_argument("--occasions", type=int, default=3)
    parser.add_argument("--genuine", type=float, default=0.025, help="greatest distance of a face to itself")
    parser.add_argument("--score", type=float, default=0.4, help="least detector score of any picture")
    parser.add_argument(
        "--least", type=int, default=64, help="faces to list; they are kept as far apart as this allows"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="the table to write (resources/tables/persona_faces.toml)"
    )
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    matcher = DlibFaceMatcher()
    matcher.load()
    candidates = []
    for seed in range(options.candidates):
        candidates.append(measured(seed, options.occasions, matcher))
        if seed % 10 == 9:
            sys.stderr.write(f"{seed + 1} of {options.candidates} measured\n")
    apart, listed = widest(candidates, options.least, genuine=options.genuine, score=options.score)
    sys.stderr.write(_summary(candidates, listed) + "\n")
    if len(listed) < options.least:
        return 1
    heading = (
        "# Faces of the training travellers, written by training.personas.screen_seeds: run it again when the\n"
        "# drawing changes. Distances are 1 - cosine of flip-averaged descriptors. genuine: greatest of a live\n"
        "# frame to the own portrait; nearest: least to another listed face; score: least detector score;\n"
        "# strangers: listed faces far enough away (0.075) to play an impostor with this one's passport.\n"
        "# Says nothing about real faces.\n"
        f"# {options.candidates} candidates, {options.occasions} live frames each, apart {apart:.4f},"
        f" genuine {options.genuine}, score {options.score}.\n"
    )
    options.out.write_text(table(listed, heading), encoding="utf-8")
    return 0


def _summary(candidates: Sequence[Candidate], listed: Sequence[tuple[Candidate, float]]) -> str:
    frames = sum(c.frames for c in candidates)
    found = sum(len(c.live) for c in candidates)
    content = sum(c.content for c in candidates)
    portraits = sum(c.portrait is not None for c in candidates)
    own = sorted(c.genuine for c in candidates if c.live) or [2.0]
    return (
        f"portraits found {portraits}/{len(candidates)}, live {found}/{frames}, without prompt {content};"
        f" genuine distance median {own[len(own) // 2]:.4f}, 95 % {own[int(len(own) * 0.95)]:.4f};"
        f" listed {len(listed)}, nearest pair {min((n for _, n in listed), default=2.0):.4f}"
    )


def _template(matcher: DlibFaceMatcher, picture: Picture, *, live: bool) -> tuple[_Vector | None, float, FacePrompt]:
    face, quality = matcher.assess(picture) if live else matcher.assess_portrait(picture)
    if face is None:
        return None, -1.0, quality.prompt
    return np.asarray(matcher.template_of(picture, face).vector, np.float32), face.confidence, quality.prompt


if __name__ == "__main__":
    sys.exit(main())
