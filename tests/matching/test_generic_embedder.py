"""Any model by file: alignment, settings, identity, and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_comparison import compare, compare_pictures
from inspection_station.matching.generic_embedder import GenericOnnx, arcface_chip, read_description
from inspection_station.matching.pictures import decode_picture
from inspection_station.matching.ports import DetectedFace, FaceModelMissing, IncomparableTemplates
from inspection_station.matching.thresholds import ThresholdStatus, built_in_thresholds


def _model(side: int = 112, size: int = 16, kind: str = "nchw") -> bytes:
    """A tiny network: the picture's mean colours in a few fields, projected."""
    from onnx import TensorProto, helper, numpy_helper

    shape = [1, 3, side, side] if kind == "nchw" else [1, side, side, 3]
    weights = np.random.default_rng(1).normal(size=(3 * 49, size)).astype(np.float32)
    nodes = [
        *([] if kind == "nchw" else [helper.make_node("Transpose", ["x"], ["c"], perm=[0, 3, 1, 2])]),
        helper.make_node(
            "AveragePool", ["x" if kind == "nchw" else "c"], ["p"], kernel_shape=[16, 16], strides=[16, 16]
        ),
        helper.make_node("Flatten", ["p"], ["f"], axis=1),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, size])],
        [numpy_helper.from_array(weights, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(made.SerializeToString())


def _described(folder: Path, model: bytes | None = None, **changes: object) -> Path:
    data = _model() if model is None else model
    (folder / "tiny.onnx").write_bytes(data)
    lines = {
        "name": '"tiny"', "file": '"tiny.onnx"', "sha256": f'"{hashlib.sha256(data).hexdigest()}"',
        "mean": "127.5", "std": "128.0", **changes,
    }  # fmt: skip
    path = folder / "tiny.toml"
    path.write_text("\n".join(f"{key} = {value}" for key, value in lines.items() if value is not None))
    return path


def _face(points: list[tuple[float, float]]) -> DetectedFace:
    return DetectedFace((0, 0, 100, 100), np.array(points, np.float32), 1.0)


def test_eyes_and_nose_come_to_their_places_however_the_face_is_turned() -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    eyes, nose = [(260.0, 200.0), (380.0, 230.0)], (300.0, 300.0)
    corners = [(eyes[0][0] - 20, eyes[0][1] - 5), (eyes[0][0] + 20, eyes[0][1] + 5)]
    corners += [(eyes[1][0] + 20, eyes[1][1] + 5), (eyes[1][0] - 20, eyes[1][1] - 5)]
    for x, y in eyes:
        cv2.circle(picture, (int(x), int(y)), 12, (255, 255, 255), -1)
    chip = arcface_chip(picture, _face([*corners, nose]))
    assert chip.shape == (112, 112, 3)
    halves = [np.argwhere(chip[:, part].max(axis=2) > 128) for part in (slice(0, 56), slice(56, 112))]
    assert halves[0].mean(axis=0)[::-1] == pytest.approx((38.3, 51.7), abs=3)
    assert halves[1].mean(axis=0)[::-1] == pytest.approx((17.5, 51.5), abs=3)
    assert arcface_chip(picture, _face([*corners, nose]), 224).shape == (224, 224, 3)


def test_a_model_by_file_makes_unit_templates_that_its_mirror_image_shares(tmp_path: Path) -> None:
    model = GenericOnnx(read_description(_described(tmp_path)))
    picture = np.random.default_rng(2).integers(0, 255, (300, 300, 3), np.uint8)
    points = [(90.0, 120.0), (130.0, 120.0), (210.0, 120.0), (170.0, 120.0), (150.0, 190.0)]
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 12), np.uint8)
    plain, template = model.describe(picture, _face(points))
    assert model.dimension == 16
    assert float(np.linalg.norm(template)) == pytest.approx(1.0, abs=1e-5)
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    turned = [(299.0 - x, y) for x, y in points]
    again = model.embed(mirrored, _face([turned[2], turned[3], turned[0], turned[1], turned[4]]))
    assert float(again @ template) > 0.99
    assert float(plain @ template) < 0.99999


def test_layout_and_channel_order_are_obeyed(tmp_path: Path) -> None:
    picture = np.random.default_rng(2).integers(0, 255, (300, 300, 3), np.uint8)
    face = _face([(90.0, 120.0), (130.0, 120.0), (210.0, 120.0), (170.0, 120.0), (150.0, 190.0)])
    made = {}
    for name, changes in {
        "nchw": {},
        "nhwc": {"layout": '"nhwc"', "model": _model(kind="nhwc")},
        "bgr": {"channels": '"bgr"'},
        "alone": {"flip": "false"},
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        model = GenericOnnx(read_description(_described(folder, **changes)))  # type: ignore[arg-type]
        made[name] = (model.model_id, model.embed(picture, face))
    assert np.allclose(made["nchw"][1], made["nhwc"][1], atol=1e-4)
    assert not np.allclose(made["nchw"][1], made["bgr"][1], atol=1e-3)
    assert len({model_id for model_id, _ in made.values()}) == 4  # any setting makes another model


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": f'"{"0" * 64}"'}, {"sha256": '"ab"'}, {"file": '"../tiny.onnx"'}, {"file": '"absent.onnx"'},
        {"side": "7"}, {"std": "0"}, {"mean": "[1, 2]"}, {"layout": '"hwc"'}, {"unknown": "1"}, {"name": None},
        {"alignment": '"other"'}, {"model": b"no network"}, {"model": _model(side=64)}, {"std": "nan"},
    ],
)  # fmt: skip
def test_a_model_that_is_not_what_it_says_is_refused_with_what_to_do(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(FaceModelMissing) as missing:
        GenericOnnx(read_description(_described(tmp_path, **changes))).load()  # type: ignore[arg-type]
    assert missing.value.next_action


def test_its_templates_meet_no_others_and_without_calibration_everything_is_by_eye(
    tmp_path: Path, matcher: DlibFaceMatcher, face_pictures: Path
) -> None:
    other = DlibFaceMatcher(GenericOnnx(read_description(_described(tmp_path))))
    one, two = (decode_picture((face_pictures / "fixtures" / name).read_bytes()) for name in ("obama.jpg", "biden.jpg"))
    bounds = built_in_thresholds(model_id=other.model_id)
    assert bounds.status is ThresholdStatus.NONE
    outcome = compare_pictures(other, one, two, bounds)
    assert outcome.result.band is ComparisonBand.UNCALIBRATED
    assert outcome.result.one_in is None
    with pytest.raises(IncomparableTemplates):
        compare(other.template(one), matcher.template(one), bounds)
