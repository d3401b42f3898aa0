"""The converter reads dlib's file or refuses it; the converted network equals dlib's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.matching import embedder_setup
from inspection_station.matching.dlib_weights import MalformedWeights, Operation, read_dlib_network
from inspection_station.matching.embedder import CHIP_SIDE, DlibOnnx
from inspection_station.matching.embedder_graph import onnx_model
from inspection_station.matching.ports import FaceModelMissing


@pytest.fixture(scope="session")
def weights() -> bytes:
    try:
        return embedder_setup.network_file().read_bytes()
    except FaceModelMissing as missing:
        pytest.skip(missing.what)


def test_the_network_has_twenty_nine_convolutions_and_128_outputs(weights: bytes) -> None:
    network = read_dlib_network(weights)
    assert sum(layer.operation is Operation.CONVOLUTION for layer in network.layers) == 29
    assert network.side == CHIP_SIDE
    projection = network.layers[-1].weights
    assert projection is not None
    assert projection.shape == (256, 128)


def test_descriptors_equal_dlibs_own_within_a_hundred_thousandth(weights: bytes) -> None:
    import dlib

    chips = np.random.default_rng(4).integers(0, 256, (6, CHIP_SIDE, CHIP_SIDE, 3), np.uint8)
    chips[5] = 128
    own = DlibOnnx().raw(chips)
    theirs = dlib.face_recognition_model_v1(str(embedder_setup.network_file()))
    expected = np.array([theirs.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in chips])
    assert np.abs(own - expected).max() < 1e-5


def test_the_same_network_is_converted_to_the_same_bytes(weights: bytes) -> None:
    assert onnx_model(read_dlib_network(weights)) == onnx_model(read_dlib_network(weights))


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.001, 0.4, 0.9999999])
def test_a_torn_file_is_refused(weights: bytes, share: float) -> None:
    with pytest.raises(MalformedWeights):
        read_dlib_network(weights[: int(len(weights) * share)])


def test_a_file_with_something_behind_the_network_is_refused(weights: bytes) -> None:
    with pytest.raises(MalformedWeights):
        read_dlib_network(weights + b"\x00")


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedWeights):
        read_dlib_network(data)


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 400), value=st.integers(0, 255))
def test_a_damaged_header_never_escapes_as_another_exception(weights: bytes, place: int, value: int) -> None:
    damaged = bytearray(weights)
    damaged[place] = value
    try:
        onnx_model(read_dlib_network(bytes(damaged)))
    except MalformedWeights:
        return


def test_the_converted_network_is_kept_and_a_damaged_copy_is_made_again(
    weights: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATION_CACHE", str(tmp_path / "cache"))
    first = embedder_setup.converted_model()
    (kept,) = (tmp_path / "cache").iterdir()
    assert embedder_setup.converted_model() == first
    kept.write_bytes(kept.read_bytes()[:-1000])
    assert embedder_setup.converted_model() == first
    assert len(kept.read_bytes()) == len(first.onnx) + 32
    kept.write_bytes(b"")
    assert embedder_setup.converted_model() == first


def test_a_cache_that_cannot_be_written_costs_time_only(
    weights: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("STATION_CACHE", str(blocked / "cache"))
    assert embedder_setup.converted_model().onnx


def test_the_set_up_command_reports_what_it_made(
    weights: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_CACHE", str(tmp_path))
    assert embedder_setup.main() == 0
    assert "face model ready" in capsys.readouterr().out


def test_a_missing_model_is_named_with_what_to_do() -> None:
    with pytest.raises(FaceModelMissing) as missing:
        embedder_setup.model_file("no_such_model.dat")
    assert "install" in missing.value.next_action
