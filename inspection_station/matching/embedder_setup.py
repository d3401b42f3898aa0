"""The converted face network: made once, kept in the cache, checked each time it is read.

Run ``python -m inspection_station.matching.embedder_setup`` at installation so that the first start does not wait.
The cache is ``$STATION_CACHE`` or the user's cache directory. A cached file carries its own digest; one that was torn
or altered by accident is made again. (Against an attacker who writes in the cache the station's file rights protect,
as they protect the program.)
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from inspection_station.matching.ports import FaceModelMissing

_LOG = logging.getLogger(__name__)

_MODELS_PACKAGE = "face_recognition_models"
_NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
_LANDMARKS = "shape_predictor_5_face_landmarks.dat"
_INSTALL = "install the package face-recognition-models (make run does it) and start again"
_LAYOUT = 1  # raise when the graph changes, so that an older cached file is not taken for the new one
_DIGEST_SIZE = 32

# The network as published with face_recognition_models 0.3.0; the model id of every template is derived from it.
PUBLISHED_SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"


@dataclass(frozen=True, slots=True)
class ConvertedModel:
    """ONNX bytes and the digest of the network they were made from."""

    onnx: bytes
    source_sha256: str


def model_file(name: str) -> Path:
    """Path of a file of face_recognition_models, without importing it (its import may end the program).

    Raises ``FaceModelMissing``.
    """
    found = importlib.util.find_spec(_MODELS_PACKAGE)
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "models" / name
        if path.is_file():
            return path
    raise FaceModelMissing(f"face model file {name} is not installed", _INSTALL)


def network_file() -> Path:
    """dlib's face network."""
    return model_file(_NETWORK)


def landmark_file() -> Path:
    """dlib's five-point shape predictor (public domain)."""
    return model_file(_LANDMARKS)


def cache_directory() -> Path:
    """Where converted models are kept."""
    if override := os.environ.get("STATION_CACHE"):
        return Path(override)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("inspection-station"))


def converted_model() -> ConvertedModel:
    """The converted network, from the cache or made now (0.3 s). A cache that cannot be written only costs time.

    Raises ``FaceModelMissing`` when the source is absent, altered or torn.
    """
    source = network_file().read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    if digest != PUBLISHED_SHA256:
        raise FaceModelMissing("the face network is not the published one", _INSTALL)
    cached = cache_directory() / f"face-{digest[:16]}-{_LAYOUT}.onnx"
    if (known := _read_checked(cached)) is not None:
        return ConvertedModel(known, digest)
    model = _convert(source)
    _write_checked(cached, model)
    return ConvertedModel(model, digest)


def _convert(source: bytes) -> bytes:
    from inspection_station.matching.dlib_weights import MalformedWeights, read_dlib_network
    from inspection_station.matching.embedder_graph import onnx_model

    try:
        return onnx_model(read_dlib_network(source))
    except MalformedWeights as torn:
        raise FaceModelMissing(f"the face network cannot be read: {torn}", _INSTALL) from torn


def _read_checked(path: Path) -> bytes | None:
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    digest, model = kept[:_DIGEST_SIZE], kept[_DIGEST_SIZE:]
    if hashlib.sha256(model).digest() != digest:
        _LOG.warning("converted face model in the cache is damaged; it is made again")
        return None
    return model


def _write_checked(path: Path, model: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(model).digest() + model)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as refused:
        _LOG.warning("converted face model could not be kept (%s); the next start makes it again", refused.strerror)


def main() -> int:
    """Make the converted network ready. Exit code 0, or 3 when a model file is missing."""
    try:
        model = converted_model()
        landmark_file()
    except FaceModelMissing as missing:
        sys.stderr.write(f"{missing.what}: {missing.next_action}\n")
        return 3
    sys.stdout.write(f"face model ready: {len(model.onnx) / 1e6:.0f} MB, source {model.source_sha256[:16]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
