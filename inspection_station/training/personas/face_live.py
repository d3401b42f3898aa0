"""What the camera at the counter sees: one invented face, painted once, moving before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.training.personas.face_head import Head, Sheet, painted_head
from inspection_station.training.personas.face_light import Light
from inspection_station.training.personas.face_pictures import clothes
from inspection_station.training.personas.face_pose import Pose
from inspection_station.training.personas.face_scene import Picture, hall, over, place_back, place_front
from inspection_station.training.personas.face_traits import FaceTraits, traits

_RATE = 15.0  # frames a second that the movement is thought for
_GRAINS = 4


class LiveCondition(StrEnum):
    """What is right or wrong with the scene; each fault should draw its own prompt from the station."""

    GOOD = "good"
    NO_FACE = "no face"
    SEVERAL_FACES = "several faces"
    TOO_FAR = "too far"
    TOO_CLOSE = "too close"
    OFF_CENTRE = "off centre"
    TURNED_AWAY = "turned away"
    TILTED = "tilted"
    DARK = "dark"
    GLARING = "glaring"
    SIDE_LIGHT = "side light"
    BLURRED = "blurred"


@dataclass(frozen=True, slots=True)
class _Session:
    """What stays the same while a person stands before the camera."""

    traits: FaceTraits
    light: Light
    gaze: tuple[float, float]
    base: Pose
    phases: tuple[float, ...]
    gain: float
    blur: float
    noise: float


class LiveFace:
    """A camera's view of one face. ``frame(i)`` is the i-th picture at 15 a second: BGR, height x width x 3.

    The same arguments give the same bytes. The first frame costs about a second, the following some 30 ms.
    ``frame_seed`` stands for the occasion: light, stance, look, background. Not safe for several threads at once.
    """

    def __init__(
        self,
        face: int | FaceTraits,
        *,
        frame_seed: int = 0,
        size: tuple[int, int] = (1280, 720),
        condition: LiveCondition = LiveCondition.GOOD,
    ) -> None:
        self._size = size
        self._condition = condition
        self._traits = traits(face) if isinstance(face, int) else face
        self._chance = Random(f"live {self._traits.texture} {frame_seed} {condition.value}")
        self._session = _session(self._traits, self._chance, size, condition)
        self._ground: Picture | None = None
        self._people: list[tuple[Head, Sheet, _Session]] = []
        self._grain: list[npt.NDArray[np.int16]] = []

    def frame(self, index: int) -> Picture:
        """The picture at a place in time; any order may be asked for."""
        if self._ground is None:
            self._prepare()
        assert self._ground is not None
        picture = self._ground.copy()
        for head, dress, session in self._people:
            pose = _moved(session, index)
            place_back(picture, head, pose)
            # Shoulders follow the head by half.
            over(picture, dress, round((pose.x - session.base.x) * 0.5), round((pose.y - session.base.y) * 0.5))
            blink = index % 53 in (17, 18, 19)
            place_front(picture, head, pose, eyes_closed=blink)
        return self._filmed(picture, index)

    def _prepare(self) -> None:
        width, height = self._size
        draw = np.random.default_rng(self._chance.getrandbits(32))
        self._ground = hall(int(draw.integers(1 << 31)), width, height)
        if self._condition is not LiveCondition.NO_FACE:
            self._people.append(self._person(self._session))
        if self._condition is LiveCondition.SEVERAL_FACES:
            self._people.insert(0, self._person(self._companion()))
        for _ in range(_GRAINS):
            rough = (
                draw.standard_normal((height // 2 + 1, width // 2 + 1)).astype(np.float32) * 1.6 * self._session.noise
            )
            grain = cv2.resize(rough, (width, height), interpolation=cv2.INTER_LINEAR)
            self._grain.append(np.dstack([grain] * 3).astype(np.int16))

    def _person(self, session: _Session) -> tuple[Head, Sheet, _Session]:
        head = painted_head(session.traits, session.light, gaze=session.gaze, blink=True)
        return head, clothes(session.traits, session.base, self._size, 0.9 * session.light.exposure), session

    def _companion(self) -> _Session:
        """A second person at the first one's shoulder."""
        other = traits(1000 + self._chance.randrange(1000))
        own = self._session
        side = -1 if own.base.x > self._size[0] / 2 else 1
        base = replace(
            own.base, x=own.base.x + side * 265 * own.base.scale, scale=own.base.scale * 0.9, yaw=-side * 5.0
        )
        return replace(own, traits=other, base=base, phases=own.phases[::-1])

    def _filmed(self, picture: Picture, index: int) -> Picture:
        session = self._session
        if session.blur > 0.3:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), session.blur), np.uint8)
        if session.gain != 1.0:
            levels = np.arange(256, dtype=np.float32) / 255
            table = np.clip(255 * (levels**2.2 * session.gain) ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8)
            picture = np.asarray(cv2.LUT(picture, table), np.uint8)
        grain = self._grain[index % _GRAINS]
        return np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), np.uint8)


def live_frame(
    face: int | FaceTraits,
    frame_seed: int,
    *,
    size: tuple[int, int] = (1280, 720),
    condition: LiveCondition = LiveCondition.GOOD,
) -> Picture:
    """One picture of a face on an occasion of its own, BGR, height x width x 3."""
    return LiveFace(face, frame_seed=frame_seed, size=size, condition=condition).frame(frame_seed % 16)


def _session(t: FaceTraits, chance: Random, size: tuple[int, int], condition: LiveCondition) -> _Session:
    width, height = size
    warm = chance.uniform(-0.06, 0.07)
    light = Light(
        direction=(chance.uniform(-0.42, 0.42), chance.uniform(-0.55, -0.2), 0.85),
        colour=(1 + warm, 1.0, 1 - warm),
        strength=chance.uniform(0.62, 0.78),
        sky=chance.uniform(0.34, 0.48),
        exposure=chance.uniform(0.88, 1.06),
    )
    scale = height / chance.uniform(336, 380)
    if width / height < 1.5:  # 640 x 480: the face fills the frame, or its eyes are too near each other
        scale = height / chance.uniform(254, 268)
    scale = max(scale, 114.0 / (2 * t.eye_half_distance))  # people step up until the camera is content
    x, y = width / 2 + chance.uniform(-0.05, 0.05) * width, height * chance.uniform(0.40, 0.45)
    yaw, pitch, roll = chance.uniform(-7, 7), chance.uniform(-5, 4), chance.uniform(-3.5, 3.5)
    gain, blur, noise = 1.0, chance.uniform(0.3, 0.7), chance.uniform(1.5, 3.5)
    side = chance.choice((-1, 1))
    match condition:
        case LiveCondition.TOO_FAR:
            scale *= 0.33
        case LiveCondition.TOO_CLOSE:
            scale, y = scale * 1.9, height * 0.5
        case LiveCondition.OFF_CENTRE:
            x = width / 2 + side * (width / 2 - 105 * scale)
        case LiveCondition.TURNED_AWAY:
            yaw = side * chance.uniform(40, 46)
        case LiveCondition.TILTED:
            roll = side * chance.uniform(17, 22)
        case LiveCondition.DARK:
            gain, noise = chance.uniform(0.07, 0.11), 4.0
        case LiveCondition.GLARING:
            gain = chance.uniform(5.0, 6.5)
        case LiveCondition.SIDE_LIGHT:
            light = replace(light, direction=(side * 0.95, -0.15, 0.05), strength=1.25, sky=0.10)
        case LiveCondition.BLURRED:
            blur = chance.uniform(5.0, 7.0) * height / 720
        case _:
            pass
    return _Session(
        traits=_expression(t, chance),
        light=light,
        gaze=(chance.uniform(-0.7, 0.7), chance.uniform(-0.3, 0.5)),
        base=Pose(yaw, pitch, roll, x, y, scale, chance.uniform(620, 900)),
        phases=tuple(chance.uniform(0, 6.28) for _ in range(6)),
        gain=gain,
        blur=blur,
        noise=noise,
    )


def _expression(t: FaceTraits, chance: Random) -> FaceTraits:
    """Small movements of the features: nobody holds the face of the photograph."""
    return replace(
        t,
        mouth_curve=t.mouth_curve + chance.uniform(-0.5, 1.3),
        mouth_half_width=t.mouth_half_width + chance.uniform(-0.6, 1.2),
        eye_opening=t.eye_opening * chance.uniform(0.92, 1.04),
        brow_height=t.brow_height + chance.uniform(-0.7, 0.9),
        lower_lip=t.lower_lip * chance.uniform(0.93, 1.05),
    )


def _moved(session: _Session, index: int) -> Pose:
    """Standing sway: slow sines of several periods."""
    t = index / _RATE
    a, b, c, d, e, f = session.phases
    base = session.base
    return replace(
        base,
        yaw=base.yaw + 1.8 * np.sin(0.9 * t + a) + 0.6 * np.sin(2.3 * t + b),
        pitch=base.pitch + 1.2 * np.sin(0.7 * t + c),
        roll=base.roll + 0.8 * np.sin(0.6 * t + d),
        x=base.x + base.scale * (4 * np.sin(0.5 * t + e) + 1.2 * np.sin(1.9 * t + f)),
        y=base.y + base.scale * 2.0 * np.sin(0.8 * t + f),
    )
