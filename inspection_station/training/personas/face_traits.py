"""What a drawn face looks like, as numbers.

Lengths in millimetres, x to the viewer's right, y down, origin between the eyes.

Drawn from the edges of their ranges: what the descriptor tells people apart by (eye tilt, spacing and height, nose and
mouth height, brows, beard, glasses, skin) is spread as wide as a human face allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

ADULT = 18


@dataclass(frozen=True, slots=True)
class FaceTraits:
    """One invented person. Angles in degrees; shares and strengths 0…1 unless said otherwise."""

    sex: str
    age: int
    melanin: float
    undertone: float  # −1 cool … 1 warm
    half_width: float  # of the head at the temples
    chin: float  # y of the chin
    crown: float  # height of the crown over the eyes
    jaw: float  # width of the jaw, 1 is average
    cheek: float  # width of the cheekbones, 1 is average
    chin_width: float
    eye_half_distance: float
    eye_height: float  # y of both eyes
    eye_half_width: float
    eye_opening: float
    eye_tilt: float
    lid_crease: float
    iris: int  # index of a colour
    brow_height: float  # over the eye, mm
    brow_thickness: float
    brow_tilt: float
    brow_arch: float
    nose_tip: float  # y
    nose_half_width: float
    nose_bridge: float  # height of the ridge, mm
    mouth: float  # y
    mouth_half_width: float
    upper_lip: float
    lower_lip: float
    mouth_curve: float  # mm that the corners rise
    hair_style: str
    hair_colour: int
    hair_grey: float
    hairline: float  # y at the middle, negative
    parting: float  # x
    beard: str
    glasses: str
    freckles: float
    scarf_hue: float
    shirt_hue: float
    shirt_kind: str
    socket: float  # depth of the eye sockets, 0 flat … 1 deep
    fullness: float  # of the cheeks, −1 hollow … 1 round
    lean: float  # small asymmetry, −1…1
    texture: int  # seed of noise


WOMENS_HAIR = ("long", "bob", "bun", "long_waves", "afro", "short", "headscarf")
MENS_HAIR = ("crop", "short", "buzz", "receding", "bald", "afro", "side")


@lru_cache(maxsize=1024)
def traits(face_seed: int) -> FaceTraits:
    """The face of a seed. Every tenth is a child."""
    chance = Random(f"face {face_seed}")
    grown = _adult(chance)
    return _as_child(grown, chance) if face_seed % 10 == 4 else grown


def _as_child(t: FaceTraits, chance: Random) -> FaceTraits:
    """Of the age of eight to thirteen: a short face low on a large head, large eyes, small nose, round cheeks."""
    nose_tip, chin = 0.76 * t.nose_tip, 0.83 * t.chin
    return replace(
        t,
        age=chance.randint(8, 13),
        hair_grey=0.0,
        beard="none",
        glasses="none",
        hair_style=chance.choice(("long", "bob", "bun", "long_waves") if t.sex == "F" else ("crop", "short", "side")),
        half_width=0.94 * t.half_width,
        chin=chin,
        jaw=0.95,
        chin_width=0.86,
        eye_half_distance=0.93 * t.eye_half_distance,
        eye_opening=max(9.6, t.eye_opening) + 0.9,
        brow_thickness=0.72 * t.brow_thickness,
        brow_tilt=min(4.0, t.brow_tilt),
        nose_tip=nose_tip,
        nose_half_width=0.84 * t.nose_half_width,
        nose_bridge=0.6 * t.nose_bridge,
        mouth=nose_tip + (chin - nose_tip) * (t.mouth - t.nose_tip) / (t.chin - t.nose_tip),
        mouth_half_width=0.84 * t.mouth_half_width,
        mouth_curve=t.mouth_curve + 0.4,
        socket=0.3 * t.socket,
        fullness=0.6 + 0.4 * t.fullness,
    )


def _adult(chance: Random) -> FaceTraits:
    sex = "F" if chance.random() < 0.5 else "M"
    age = int(chance.triangular(19, 74, 32))
    woman = sex == "F"
    melanin = chance.betavariate(0.75, 0.8)
    grey = _grey(age, chance)
    hair_styles = WOMENS_HAIR if woman else MENS_HAIR
    weights = (
        (4, 3, 3, 3, 1 + 3 * (melanin > 0.65), 2, 1.2)
        if woman
        else (4, 4, 2, 2 * (age > 35), 1 * (age > 30), 2 * (melanin > 0.6), 3)
    )
    style = chance.choices(hair_styles, weights)[0]
    beard = "none"
    if not woman and age >= 21:
        beard = chance.choices(("none", "stubble", "moustache", "goatee", "full"), (5, 2, 1, 1.5, 2))[0]
    glasses = chance.choices(("none", "round", "square"), (6, 1.4, 1.4))[0]
    scale = 0.965 if woman else 1.0
    chin = scale * _edge(chance, 101, 122)
    nose_tip = scale * _edge(chance, 34.5, 53.5)
    return FaceTraits(
        sex=sex,
        age=age,
        melanin=melanin,
        undertone=chance.uniform(-1, 1),
        half_width=scale * _edge(chance, 61, 73.5),
        chin=chin,
        crown=scale * chance.uniform(104, 112),
        jaw=_edge(chance, 0.9, 1.03) if woman else _edge(chance, 0.96, 1.1),
        cheek=_edge(chance, 0.96, 1.06),
        chin_width=_edge(chance, 0.85, 1.05) if woman else _edge(chance, 0.92, 1.16),
        eye_half_distance=scale * _edge(chance, 27.4, 36.8),
        eye_height=_edge(chance, -8.0, 7.0),
        eye_half_width=_edge(chance, 12.6, 16.8),
        eye_opening=_edge(chance, 7.8, 12.8),
        eye_tilt=_edge(chance, -7.0, 10.5),
        lid_crease=chance.choice((0.12, 0.5, 0.75, 0.9)),
        iris=_iris(melanin, chance),
        brow_height=_edge(chance, 12.5, 23.0) + (1.5 if woman else 0.0),
        brow_thickness=_edge(chance, 2.2, 4.8) if woman else _edge(chance, 3.0, 6.8),
        brow_tilt=_edge(chance, -6.0, 10.0),
        brow_arch=chance.uniform(1.5, 5.0) if woman else chance.uniform(0.3, 3.0),
        nose_tip=nose_tip,
        nose_half_width=(_edge(chance, 12.0, 18.0) if woman else _edge(chance, 13.0, 20.5))
        + 2.5 * melanin * chance.random(),
        nose_bridge=_edge(chance, 7, 15),
        mouth=nose_tip + (chin - nose_tip) * _edge(chance, 0.31, 0.52),
        mouth_half_width=scale * _edge(chance, 20.0, 29.5),
        upper_lip=_edge(chance, 2.6, 7.4) + 1.5 * max(0.0, melanin - 0.5),
        lower_lip=_edge(chance, 4.6, 9.6) + 2.0 * max(0.0, melanin - 0.5),
        mouth_curve=chance.uniform(0.1, 2.2),
        hair_style=style,
        hair_colour=_hair_colour(melanin, chance),
        hair_grey=grey,
        hairline=-_edge(chance, 58, 70) * scale,
        parting=chance.choice((-1, 1)) * chance.uniform(8, 34),
        beard=beard,
        glasses=glasses,
        freckles=chance.uniform(0.4, 1.0) if melanin < 0.3 and chance.random() < 0.35 else 0.0,
        scarf_hue=chance.random(),
        shirt_hue=chance.random(),
        shirt_kind=chance.choice(("crew", "collar", "jacket", "vee")),
        socket=_edge(chance, 0.0, 1.0),
        fullness=_edge(chance, -1.0, 1.0),
        lean=chance.uniform(-1, 1),
        texture=chance.getrandbits(31),
    )


def relative(of: FaceTraits, seed: int) -> FaceTraits:
    """A twin: the same person but for what birth and life change a little. Hair and dress differ, bones hardly."""
    chance = Random(f"relative {seed}")
    changed: dict[str, object] = {}
    for name, spread in _TWIN_SPREAD.items():
        changed[name] = getattr(of, name) + chance.gauss(0, spread)
    styles = [
        s for s in (WOMENS_HAIR if of.sex == "F" else MENS_HAIR) if s not in ("bald", "receding", "headscarf", "afro")
    ]
    return replace(
        of,
        **changed,  # type: ignore[arg-type]
        hair_style=of.hair_style if of.hair_style in ("bald", "headscarf", "afro") else chance.choice(styles),
        shirt_hue=chance.random(),
        lean=-of.lean,
        texture=chance.getrandbits(31),
    )


_TWIN_SPREAD = {
    "chin": 0.8,
    "jaw": 0.008,
    "eye_opening": 0.25,
    "eye_tilt": 0.4,
    "brow_height": 0.5,
    "brow_thickness": 0.2,
    "nose_tip": 0.4,
    "mouth": 0.5,
    "mouth_half_width": 0.5,
}


def _edge(chance: Random, low: float, high: float) -> float:
    return low + (high - low) * chance.betavariate(0.45, 0.45)


def _grey(age: int, chance: Random) -> float:
    return min(1.0, max(0.0, (age - 43) / 30 * chance.uniform(0.4, 1.5)))


def _iris(melanin: float, chance: Random) -> int:
    """0 dark brown, 1 brown, 2 hazel, 3 green, 4 blue, 5 grey."""
    return chance.choices(
        range(6), (2, 3, 2, 1.5, 2.5, 1.5) if melanin < 0.3 else (5, 3, 0.5 * (melanin < 0.6), 0, 0, 0)
    )[0]


def _hair_colour(melanin: float, chance: Random) -> int:
    """0 black, 1 dark brown, 2 brown, 3 auburn, 4 dark blond."""
    return chance.choices(range(5), (3, 3, 3, 1.5, 2) if melanin < 0.3 else (6, 2, 0.4 * (melanin < 0.6), 0, 0))[0]
