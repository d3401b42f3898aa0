"""Fingerprints of invented people: a finger from a seed, impressions of it that differ as on a real reader.

The finger's ridges grow by filtering spots again and again with Gabor filters of the local direction and period, the
idea of SFinGe (Cappelli, Maio, Maltoni, ICPR 2002): where patches that grew from different spots meet, minutiae appear.
An impression is the finger turned, shifted, pressed and stretched, cut by the contact area, with dirt and noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.gabor import enhanced
from inspection_station.training.personas.fingerprint_flow import HEIGHT, WIDTH, PatternKind, RidgeFlow, ridge_flow

Grey = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]

IMAGE_WIDTH, IMAGE_HEIGHT = 320, 400
"""Pixels of an impression at ``fingerprint_flow.DPI``: a platen of 16 x 20 mm."""
_SPOTS = (50, 130)
_FLECKS = 0.02  # of a ridge: places no spot has reached grow from these
_ROUGH_ROUNDS, _FINE_ROUNDS = 18, 3
_GAIN = 0.5


@dataclass(frozen=True, slots=True)
class ImpressionCondition:
    """How the finger was laid on. ``turn`` degrees; ``shift`` x, y in pixels; ``pressure`` -1 dry and light to 1 wet
    and heavy; ``stretch`` pixels of elastic distortion; ``noise`` 0 clean to 1; ``part`` share of the contact left.
    """

    turn: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    pressure: float = 0.0
    stretch: float = 2.0
    noise: float = 0.2
    part: float = 1.0


@dataclass(frozen=True, slots=True)
class InventedFinger:
    """``ridges`` float32 ``HEIGHT`` x ``WIDTH``, -1 valley to 1 ridge, at 500 dpi."""

    seed: int
    kind: PatternKind
    ridges: Field


def finger_of(person_seed: int, position: FingerPosition) -> InventedFinger:
    """A person's finger; fingers of one person have nothing in common but their owner."""
    return invented_finger(person_seed * 16 + list(FingerPosition).index(position) + 1)


@lru_cache(maxsize=24)
def invented_finger(seed: int) -> InventedFinger:
    """The whole fingertip of a seed; takes about half a second, kept for the next impression."""
    chance = Random(f"finger {seed}")
    flow = ridge_flow(chance)
    return InventedFinger(seed, flow.kind, _grown(flow, np.random.default_rng(chance.getrandbits(64))))


def any_condition(chance: Random) -> ImpressionCondition:
    """What a counter sees in a day: most impressions are fair, some dry, wet, turned or partial."""
    return ImpressionCondition(
        turn=chance.gauss(0, 8),
        shift=(chance.gauss(0, 12), chance.gauss(0, 14)),
        pressure=max(-0.9, min(0.9, chance.gauss(0, 0.35))),
        stretch=abs(chance.gauss(0, 3.0)) + 0.5,
        noise=min(1.0, abs(chance.gauss(0.15, 0.2))),
        part=chance.uniform(0.55, 0.8) if chance.random() < 0.12 else 1.0,
    )


def impression(finger: InventedFinger, number: int, condition: ImpressionCondition | None = None) -> Grey:
    """One capture of a finger: grey ``IMAGE_HEIGHT`` x ``IMAGE_WIDTH``, dark ridges, alike for the same ``number``."""
    chance = Random(f"impression {finger.seed} {number}")
    how = condition or any_condition(chance)
    rng = np.random.default_rng(chance.getrandbits(64))
    ridges, contact = _laid_on(finger.ridges, how, rng)
    ink = _pressed(ridges, how, rng)
    _draw_creases(ink, chance, how)
    near = cv2.GaussianBlur(contact, (0, 0), 9.0)
    ragged = np.where((near > 0.12) & (near < 0.9), 0.35 * _cloud(rng, 4.0), 0.0)
    touched = 1.0 / (1.0 + np.exp(-(cv2.GaussianBlur(contact, (0, 0), 3.0) + ragged - 0.5) * 14))
    platen = 226 + 6 * _cloud(rng, 80.0)
    picture = platen - ink * touched * (150 + 30 * how.pressure)
    picture += rng.normal(0, 2 + 8 * how.noise, picture.shape)
    return np.asarray(np.clip(cv2.GaussianBlur(picture, (0, 0), 0.7), 0, 255), np.uint8)


def _grown(flow: RidgeFlow, rng: np.random.Generator) -> Field:
    """Ridges out of spots. Every round carries the pattern on by about one ridge.

    They grow at half the size, where a round costs a quarter, and get their form at the whole one.
    """
    height, width = HEIGHT // 2, WIDTH // 2
    ridges = rng.normal(0, _FLECKS, (height, width)).astype(np.float32)
    spots = int(rng.integers(*_SPOTS))
    for y, x in zip(rng.integers(4, height - 4, spots), rng.integers(4, width - 4, spots), strict=True):
        ridges[y - 1 : y + 2, x - 1 : x + 2] = 1.0
    angle = np.ascontiguousarray(flow.angle[::2, ::2], np.float32)
    period = np.ascontiguousarray(flow.period[::2, ::2] / 2, np.float32)
    ridges = _carried_on(ridges, angle, period, _ROUGH_ROUNDS)
    whole = np.asarray(cv2.resize(ridges, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32)
    return _carried_on(whole, np.asarray(flow.angle, np.float32), np.asarray(flow.period, np.float32), _FINE_ROUNDS)


def _carried_on(ridges: Field, angle: Field, period: Field, rounds: int) -> Field:
    everywhere = np.full(ridges.shape, 255, np.uint8)
    for _ in range(rounds):
        ridges = np.clip(enhanced(ridges, everywhere, angle, period) * _GAIN, -1, 1).astype(np.float32)
    return ridges


def _laid_on(ridges: Field, how: ImpressionCondition, rng: np.random.Generator) -> tuple[Field, Field]:
    """The finger as it lies on the platen, and where it touches (0 or 1)."""
    y, x = np.mgrid[0:IMAGE_HEIGHT, 0:IMAGE_WIDTH].astype(np.float32)
    across, down = x - IMAGE_WIDTH / 2 - how.shift[0], y - IMAGE_HEIGHT / 2 - how.shift[1]
    cosine, sine = np.cos(np.radians(how.turn)), np.sin(np.radians(how.turn))
    own_x, own_y = cosine * across + sine * down, -sine * across + cosine * down
    # pressed flat in the middle, skin slides towards the rim
    rim = np.clip(np.hypot(own_x / (WIDTH * 0.42), own_y / (HEIGHT * 0.42)), 0, 1.2)
    slide_x, slide_y = rng.normal(0, 1, 2) * how.stretch
    own_x = own_x + slide_x * rim**2 + how.stretch * _cloud(rng, 60.0)
    own_y = own_y + slide_y * rim**2 + how.stretch * _cloud(rng, 60.0)
    at_x, at_y = (own_x + WIDTH / 2).astype(np.float32), (own_y + HEIGHT / 2).astype(np.float32)
    laid = cv2.remap(ridges, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=-1)
    wide = (0.36 + 0.05 * how.pressure) * WIDTH
    high = (0.40 + 0.04 * how.pressure) * HEIGHT
    contact = (own_x / wide) ** 2 + (own_y / high) ** 2 + 0.12 * _cloud(rng, 40.0) < 1.0
    if how.part < 1.0:
        turn = rng.uniform(0, 2 * np.pi)
        along = (own_x / wide) * np.cos(turn) + (own_y / high) * np.sin(turn)
        contact &= along < 2 * how.part - 1
    return np.asarray(laid, np.float32), contact.astype(np.float32)


def _pressed(ridges: Field, how: ImpressionCondition, rng: np.random.Generator) -> Field:
    """Ink of the ridges, 0 to 1: wet fingers widen the ridges, dry ones leave them thin and dotted."""
    dots = _cloud(rng, 1.6)
    blotches = _cloud(rng, 12.0)
    level = ridges + 0.55 * how.pressure + (0.25 + 0.5 * how.noise) * 0.5 * dots + 0.25 * how.noise * blotches
    dry = max(0.0, -how.pressure)
    level = level - dry * 0.5 * np.clip(dots, 0, None)
    ink = 1.0 / (1.0 + np.exp(-5.0 * level))
    return np.asarray(ink, np.float32)


def _draw_creases(ink: Field, chance: Random, how: ImpressionCondition) -> None:
    """Fine lines without ridges, more on dry skin."""
    for _ in range(chance.choice((0, 0, 1, 2)) + (2 if how.pressure < -0.4 else 0)):
        x, y = chance.uniform(40, IMAGE_WIDTH - 40), chance.uniform(60, IMAGE_HEIGHT - 60)
        turn, length = chance.uniform(-0.7, 0.7), chance.uniform(30, 110)
        end = (round(x + length * np.cos(turn)), round(y + length * np.sin(turn)))
        cv2.line(ink, (round(x), round(y)), end, 0.05, chance.choice((1, 2)), cv2.LINE_AA)


def _cloud(rng: np.random.Generator, size: float) -> Field:
    """Smooth noise of unit spread; ``size`` in pixels."""
    step = max(1, int(size / 4))
    shape = (IMAGE_HEIGHT // step + 2, IMAGE_WIDTH // step + 2)
    rough = rng.standard_normal(shape).astype(np.float32)
    fine = cv2.GaussianBlur(rough, (0, 0), size / step, borderType=cv2.BORDER_REFLECT)
    fine = cv2.resize(fine, (IMAGE_WIDTH, IMAGE_HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine / (fine.std() + 1e-6), np.float32)
