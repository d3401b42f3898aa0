"""Any face model as an ONNX file, described by a TOML file beside it: how an agency plugs in a stronger one.

Faces are aligned to the 112 x 112 pixels that ArcFace models are trained on. Their five canonical points are eye
centres, nose tip and mouth corners; dlib's are eye corners and base of the nose. Eye centres follow from the corners;
the base of the nose has a place of its own, found 0.76 eye distances below the eyes (median of 1,630 photographs).
"""

from __future__ import annotations

import hashlib
import math
import threading
import tomllib
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.given_file import read_given
from inspection_station.matching.embedder import onnx_session, unit
from inspection_station.matching.ports import DetectedFace, FaceModelMissing, Image, Vector

_CANONICAL_SIDE = 112
_CANONICAL = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [55.9, 78.4]], np.float64)
"""Eye centres of ArcFace's template (left and right in the picture) and the base of the nose, in pixels of 112."""

_MOST_BYTES = 2_000_000_000
_MOST_DESCRIPTION = 1 << 20
_GIVE = "give the model's description as docs/faces.md says"


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """How a model wants its faces. Pixels become (value - mean) / std; ``mean`` and ``std`` in the model's channel
    order.
    """

    name: str
    path: Path
    sha256: str
    side: int = _CANONICAL_SIDE
    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    std: tuple[float, float, float] = (127.5, 127.5, 127.5)
    channels: str = "rgb"
    layout: str = "nchw"
    flip: bool = True


class GenericOnnx:
    """``Embedder`` by file. Thread-safe. Its templates have an id that any change of file or settings changes."""

    def __init__(self, description: ModelDescription) -> None:
        self._described = description
        self._lock = threading.Lock()
        self._session: Any = None
        self._input = ""
        self._dimension = 0
        settings = repr(tuple(value for value in astuple(description) if not isinstance(value, Path)))
        mark = hashlib.sha256(settings.encode()).hexdigest()[:8]
        self.model_id = f"{description.name}-{description.sha256[:12]}-{mark}"

    @property
    def model_sha256(self) -> str:
        return self._described.sha256

    @property
    def dimension(self) -> int:
        """Length of a template; the model is read to know it."""
        self.load()
        return self._dimension

    def load(self) -> None:
        """Read the model. Raises ``FaceModelMissing`` when it is absent, another file, or not a model of faces."""
        with self._lock:
            if self._session is not None:
                return
            session = onnx_session(_checked_bytes(self._described))
            inputs, outputs = session.get_inputs(), session.get_outputs()
            if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
                raise FaceModelMissing("the model does not take one picture as float32", _GIVE)
            self._input = inputs[0].name
            blank = np.full((self._described.side, self._described.side, 3), 127, np.uint8)
            try:
                found = session.run(None, {self._input: self._tensor(blank)})[0]
            except Exception as refused:  # onnxruntime has no common error of its own
                raise FaceModelMissing(f"the model does not run ({type(refused).__name__})", _GIVE) from None
            if found.ndim != 2 or len(found) != 1 or not 8 <= found.shape[1] <= 4096 or not outputs:
                raise FaceModelMissing("the model does not give one vector a face", _GIVE)
            self._dimension = int(found.shape[1])
            self._session = session

    def embed(self, image: Image, face: DetectedFace) -> Vector:
        """Unit vector of a face in a BGR picture, averaged with its mirror image where the description says so."""
        return self.describe(image, face)[1]

    def describe(self, image: Image, face: DetectedFace) -> tuple[Vector, Vector]:
        """The unit vector of the face alone, and the template."""
        chip = arcface_chip(image, face, self._described.side)
        plain = unit(self._run(chip))
        if not self._described.flip:
            return plain, plain
        return plain, unit(plain + unit(self._run(np.ascontiguousarray(chip[:, ::-1]))))

    def _run(self, chip: Image) -> Vector:
        self.load()
        vector: Vector = self._session.run(None, {self._input: self._tensor(chip)})[0][0]
        return vector

    def _tensor(self, chip: Image) -> Vector:
        described = self._described
        ordered = chip[:, :, ::-1] if described.channels == "rgb" else chip
        mean, spread = np.array(described.mean, np.float32), np.array(described.std, np.float32)
        scaled = (ordered.astype(np.float32) - mean) / spread
        placed = scaled.transpose(2, 0, 1) if described.layout == "nchw" else scaled
        return np.ascontiguousarray(placed[None], dtype=np.float32)


def arcface_chip(image: Image, face: DetectedFace, side: int = _CANONICAL_SIDE) -> Image:
    """The upright BGR face, side x side, by the similarity that fits eyes and nose best (least squares)."""
    points = face.landmarks.astype(np.float64)
    seen = np.stack(((points[0] + points[1]) / 2.0, (points[2] + points[3]) / 2.0, points[4]))
    if seen[0, 0] > seen[1, 0]:  # dlib tells the corners from left to right of the picture, as a rule
        seen[[0, 1]] = seen[[1, 0]]
    turn = _similarity(seen, _CANONICAL * (side / _CANONICAL_SIDE))
    scale = math.hypot(turn[0, 0], turn[1, 0])
    source = image
    if scale < 0.5:  # warping alone would alias: reduce first
        reduced = 2.0 * scale
        source = np.asarray(cv2.resize(image, None, fx=reduced, fy=reduced, interpolation=cv2.INTER_AREA), np.uint8)
        turn = turn.copy()
        turn[:, :2] /= reduced
    return np.asarray(cv2.warpAffine(source, turn, (side, side), flags=cv2.INTER_LINEAR), np.uint8)


def _similarity(seen: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rotation, scale and shift (2 x 3) that bring ``seen`` onto ``wanted``, in complex numbers."""
    source, target = seen[:, 0] + 1j * seen[:, 1], wanted[:, 0] + 1j * wanted[:, 1]
    from_middle, to_middle = source - source.mean(), target - target.mean()
    size = float((abs(from_middle) ** 2).sum())
    factor = complex((from_middle.conj() * to_middle).sum()) / size if size > 0.0 else 1.0 + 0j
    shift = complex(target.mean()) - factor * complex(source.mean())
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def read_description(path: Path) -> ModelDescription:
    """A model's TOML description; ``file`` is a name beside it. Raises ``FaceModelMissing``."""
    try:
        told = tomllib.loads(read_given(path, _MOST_DESCRIPTION).decode("utf-8"))
        known = {"name", "file", "sha256", "side", "mean", "std", "channels", "layout", "flip", "alignment"}
        if unknown := sorted(set(told) - known):
            raise ValueError(f"unknown key {unknown[0]}")
        if told.get("alignment", "arcface") != "arcface":
            raise ValueError("alignment is «arcface»")
        name, file = str(told["name"]), str(told["file"])
        if not name.replace("-", "").replace("_", "").isalnum() or Path(file).name != file:
            raise ValueError("name is letters, digits, hyphens; file lies beside the description")
        described = ModelDescription(
            name=name,
            path=path.parent / file,
            sha256=str(told["sha256"]).lower(),
            side=_side(told.get("side", _CANONICAL_SIDE)),
            mean=_triple(told.get("mean", 127.5)),
            std=_triple(told.get("std", 127.5)),
            channels=_one_of(told.get("channels", "rgb"), ("rgb", "bgr")),
            layout=_one_of(told.get("layout", "nchw"), ("nchw", "nhwc")),
            flip=bool(told.get("flip", True)),
        )
        if len(bytes.fromhex(described.sha256)) != 32 or min(described.std) <= 0.0:
            raise ValueError("sha256 has 64 digits, std lies above 0")
    except OSError as unread:
        raise FaceModelMissing(f"the model's description cannot be read: {unread.strerror}", _GIVE) from None
    except (KeyError, TypeError, ValueError) as wrong:
        raise FaceModelMissing(f"the model's description is not whole: {wrong}", _GIVE) from None
    return described


def _checked_bytes(described: ModelDescription) -> bytes:
    try:
        model = read_given(described.path, _MOST_BYTES)
    except OSError as unread:
        raise FaceModelMissing(
            f"the model cannot be read: {unread.strerror}", "put it beside its description"
        ) from None
    if len(model) > _MOST_BYTES:
        raise FaceModelMissing("the model is too large", _GIVE)
    if hashlib.sha256(model).hexdigest() != described.sha256:
        raise FaceModelMissing("the model is not the file that its description names", "check the file and its sha256")
    return model


def _side(value: Any) -> int:
    if not isinstance(value, int) or not 32 <= value <= 512:
        raise ValueError("side is 32 to 512 pixels")
    return value


def _triple(value: Any) -> tuple[float, float, float]:
    three = [value] * 3 if isinstance(value, int | float) else list(value)
    first, second, third = (float(one) for one in three)
    if not all(math.isfinite(one) for one in (first, second, third)):
        raise ValueError("mean and std are numbers")
    return first, second, third


def _one_of(value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{' or '.join(allowed)} is wanted")
    return str(value)
