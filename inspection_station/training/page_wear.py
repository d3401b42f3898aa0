"""What happens to a page between paper and picture: posture, lens, light, gloss, noise and compression.

``Wear`` is a value, so that a lesson or a test can say exactly what it did; ``random_wear`` draws one of a severity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class Severity(StrEnum):
    """CLEAN: a full-page reader. MODERATE: a steady camera. HARD: a hand-held shot in bad light."""

    CLEAN = "clean"
    MODERATE = "moderate"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Wear:
    """How the page was taken.

    ``skew_degrees`` turns it clockwise; ``quarter_turns`` adds 90 degrees each; ``perspective`` and ``curl`` are
    in parts of the page's height; ``margin`` is the table seen around it in parts of its width; ``pixels_wide`` the
    picture's width before quarter turns; ``blur`` and ``motion`` in pixels of the picture; ``noise`` in grey levels
    (standard deviation), and so is ``grain``, the streaks of the table around the page; ``jpeg`` a quality from 1 to
    100, 0 for none; ``light`` the share of light lost from one side to the other; ``gloss`` the number of reflections
    and ``gloss_strength`` the share of contrast they take.
    """

    skew_degrees: float = 0.0
    quarter_turns: int = 0
    perspective: float = 0.0
    curl: float = 0.0
    margin: float = 0.06
    pixels_wide: int = 1500
    blur: float = 0.0
    motion: float = 0.0
    noise: float = 0.0
    jpeg: int = 0
    light: float = 0.0
    gloss: int = 0
    gloss_strength: float = 0.6
    contrast: float = 1.0
    grain: float = 0.0


def random_wear(severity: Severity, rng: np.random.Generator) -> Wear:
    """A wear of the severity; HARD skews by up to 8 degrees either way.

    Blur is of the lens and the hand, so that it grows with the number of pixels that look at the page.
    """
    if severity is Severity.CLEAN:
        return Wear(
            skew_degrees=rng.uniform(-1, 1),
            pixels_wide=int(rng.integers(1300, 2000)),
            blur=rng.uniform(0, 0.7),
            noise=rng.uniform(0, 3),
            jpeg=int(rng.integers(85, 97)),
        )
    pixels_wide = int(rng.integers(1100, 2000))
    sharpness = pixels_wide / 1500
    moderate = Wear(
        skew_degrees=rng.uniform(-4, 4),
        perspective=rng.uniform(-0.03, 0.03),
        curl=rng.uniform(-0.01, 0.01),
        margin=rng.uniform(0.04, 0.2),
        pixels_wide=pixels_wide,
        blur=rng.uniform(0.4, 1.3) * sharpness,
        noise=rng.uniform(2, 8),
        jpeg=int(rng.integers(60, 92)),
        light=rng.uniform(0, 0.35),
        gloss=int(rng.integers(0, 2)),
        gloss_strength=rng.uniform(0.2, 0.5),
        contrast=rng.uniform(0.75, 1),
    )
    if severity is Severity.MODERATE:
        return moderate
    return replace(
        moderate,
        skew_degrees=float(rng.choice([-1, 1])) * rng.uniform(3, 8),
        perspective=rng.uniform(-0.06, 0.06),
        curl=rng.uniform(-0.02, 0.02),
        blur=rng.uniform(0.9, 2.0) * sharpness,
        motion=rng.uniform(0, 3) * sharpness,
        noise=rng.uniform(7, 18),
        jpeg=int(rng.integers(30, 65)),
        light=rng.uniform(0.2, 0.6),
        gloss=int(rng.integers(1, 4)),
        gloss_strength=rng.uniform(0.4, 0.7),
        contrast=rng.uniform(0.55, 0.9),
    )


def wear_page(page: Picture, wear: Wear, *, seed: int = 0) -> Picture:
    """The picture a camera takes of the page: BGR, of another size. The same arguments give the same picture."""
    rng = np.random.default_rng(seed)
    picture = _pose(page, wear, rng).astype(np.float32)
    height, width = picture.shape[:2]
    if wear.contrast < 1:
        picture = 128 + (picture - 128) * wear.contrast
    if wear.light:
        picture *= _falling_light(height, width, wear.light, rng)[..., None]
    if wear.gloss:
        patches = [_reflection(height, width, rng) for _ in range(wear.gloss)]
        share = np.maximum.reduce(patches)[..., None] * wear.gloss_strength
        picture = picture * (1 - share) + 250 * share
    if wear.blur > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), wear.blur)
    if wear.motion >= 1:
        picture = cv2.filter2D(picture, -1, _streak(wear.motion, rng.uniform(0, np.pi)))
    if wear.noise:
        grain = rng.standard_normal((height, width, 1)) + 0.5 * rng.standard_normal((height, width, 3))
        picture = picture + wear.noise * grain.astype(np.float32)
    finished = np.rot90(np.clip(picture, 0, 255).astype(np.uint8), -wear.quarter_turns)
    finished = np.ascontiguousarray(finished)
    if wear.jpeg:
        _, packed = cv2.imencode(".jpg", finished, [cv2.IMWRITE_JPEG_QUALITY, wear.jpeg])
        finished = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return finished


def _pose(page: Picture, wear: Wear, rng: np.random.Generator) -> Picture:
    """The page on a dark table: curled, seen from the side, turned, and scaled to the picture's width."""
    if wear.curl:
        page = _curl(page, wear.curl)
    height, width = page.shape[:2]
    angle = np.radians(wear.skew_degrees)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]], np.float64) / 2
    seen = corners @ turned.T
    if wear.perspective:
        seen += rng.uniform(-1, 1, seen.shape) * abs(wear.perspective) * height
    seen -= seen.min(axis=0)
    extent = seen.max(axis=0)
    border = wear.margin * extent[0]
    scale = wear.pixels_wide / (extent[0] + 2 * border)
    seen = (seen + border) * scale
    size = (wear.pixels_wide, round((extent[1] + 2 * border) * scale))
    matrix = cv2.getPerspectiveTransform(
        (corners + np.array([width, height]) / 2).astype(np.float32), seen.astype(np.float32)
    )
    if scale < 0.75:
        page = cv2.GaussianBlur(page, (0, 0), 0.35 / scale)
    table = rng.integers(35, 100, 3).tolist()
    posed = cv2.warpPerspective(
        page, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=table
    )
    if wear.grain:
        covered = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size) > 0
        streaks = cv2.GaussianBlur(rng.standard_normal(size[::-1]).astype(np.float32), (0, 0), sigmaX=40, sigmaY=2)
        streaked = posed + (wear.grain / streaks.std() * streaks * ~covered)[..., None]
        posed = np.clip(streaked, 0, 255).astype(np.uint8)
    return np.asarray(posed, np.uint8)


def _curl(page: Picture, amount: float) -> Picture:
    """Bend lines into a shallow bow, as a page that does not lie flat."""
    height, width = page.shape[:2]
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bow = amount * height * (1 - ((across / width - 0.5) * 2) ** 2)
    return np.asarray(
        cv2.remap(page, across, (down + bow).astype(np.float32), cv2.INTER_LINEAR, borderValue=(200, 200, 200)),
        np.uint8,
    )


def _falling_light(height: int, width: int, loss: float, rng: np.random.Generator) -> NDArray[np.float32]:
    direction = rng.uniform(0, 2 * np.pi)
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    along = (across * np.cos(direction) + down * np.sin(direction)) / np.sqrt(2)
    return np.asarray(1 - loss * (along + 1) / 2, np.float32)


def _reflection(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A soft-edged lamp: an oval patch anywhere on the page, as likely on the zone as elsewhere."""
    patch = np.zeros((height, width), np.float32)
    centre = (int(rng.uniform(0.1, 0.9) * width), int(rng.uniform(0.3, 0.95) * height))
    axes = (int(rng.uniform(0.04, 0.15) * width), int(rng.uniform(0.03, 0.12) * height))
    cv2.ellipse(patch, centre, axes, rng.uniform(0, 180), 0, 360, 1.0, -1)
    return np.asarray(cv2.blur(cv2.blur(patch, (31, 31)), (31, 31)), np.float32)


def _streak(length: float, angle: float) -> NDArray[np.float32]:
    reach = int(np.ceil(length)) | 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    step = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    ends = [tuple(int(v) for v in np.round((reach + sign * step) * 16)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    total = float(kernel.sum())
    return kernel / total if total else kernel
