"""Reading dlib's serialised face network (``dlib_face_recognition_resnet_model_v1.dat``).

dlib writes a network as nested templates: first the chain of version numbers from the outermost layer to the
innermost, then every layer from the input outwards. Tags and skips leave nothing but their version number, so the
residual topology is recovered from that chain. Integers are a control byte (low nibble: length; top bit: sign) and
little-endian magnitude; floats are mantissa and binary exponent; tensors are four sizes and raw float32 values.

The network (dlib's example ``dnn_face_recognition_ex``): 150 x 150 RGB, 29 convolutions in residual blocks,
128 outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]

_MAX_TENSOR_VALUES = 8_000_000
_MAX_CHAIN = 1_000


class MalformedWeights(ValueError):
    """The file is not dlib's face network, or is torn. The message names the position, never content."""


class Operation(StrEnum):
    """What a layer of the chain does."""

    CONVOLUTION = "con_4"
    SCALE = "affine_"
    RECTIFY = "relu_"
    MAX_POOL = "max_pool_2"
    MEAN_POOL = "avg_pool_2"
    ADD_SAVED = "add_prev_"
    PROJECT = "fc_2"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Window:
    """Convolution or pooling geometry in pixels; ``rows`` 0 means the whole plane."""

    rows: int
    columns: int
    stride_y: int
    stride_x: int
    padding_y: int
    padding_x: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, input first.

    ``weights``: convolution out x in x rows x columns, scale 1-D gain, projection in x out. ``offsets``: per channel.
    """

    operation: Operation
    weights: Weights | None = None
    offsets: Weights | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class DlibNetwork:
    """The whole network. ``mean`` is subtracted from RGB, then pixels are divided by 256."""

    mean: tuple[float, float, float]
    side: int
    layers: tuple[Layer, ...]


class _Stream:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self.position = 0

    @property
    def exhausted(self) -> bool:
        return self.position == len(self._data)

    def take(self, count: int) -> memoryview:
        piece = self._data[self.position : self.position + count]
        if len(piece) != count:
            raise MalformedWeights(f"torn at byte {self.position}")
        self.position += count
        return piece

    def integer(self) -> int:
        control = self.take(1)[0]
        size = control & 0x0F
        if size > 8 or control & 0x70:
            raise MalformedWeights(f"no integer at byte {self.position - 1}")
        magnitude = int.from_bytes(self.take(size), "little")
        return -magnitude if control & 0x80 else magnitude

    def real(self) -> float:
        mantissa, exponent = self.integer(), self.integer()
        if not -1_100 < exponent < 900:
            raise MalformedWeights(f"no number at byte {self.position}")
        return float(mantissa) * 2.0**exponent

    def text(self) -> str:
        size = self.integer()
        if not 0 <= size <= 64:
            raise MalformedWeights(f"no layer name at byte {self.position}")
        return bytes(self.take(size)).decode("latin-1")

    def flags(self, count: int) -> None:
        if any(flag not in b"01" for flag in self.take(count)):
            raise MalformedWeights(f"no flags at byte {self.position - count}")

    def tensor(self) -> Weights:
        if self.integer() != 2:
            raise MalformedWeights(f"unknown tensor version at byte {self.position}")
        shape = tuple(self.integer() for _ in range(4))
        count = 1
        for size in shape:
            if not 0 <= size <= _MAX_TENSOR_VALUES:
                raise MalformedWeights(f"impossible tensor at byte {self.position}")
            count *= size
        if count > _MAX_TENSOR_VALUES:
            raise MalformedWeights(f"impossible tensor at byte {self.position}")
        values = np.frombuffer(self.take(4 * count), dtype="<f4").astype(np.float32)
        if not np.isfinite(values).all():
            raise MalformedWeights(f"weights that are no numbers before byte {self.position}")
        return values.reshape(shape)

    def alias(self) -> tuple[int, int, int, int]:
        if self.integer() != 1:
            raise MalformedWeights(f"unknown tensor view at byte {self.position}")
        return self.integer(), self.integer(), self.integer(), self.integer()

    def rates(self) -> None:
        """Learning rates and decays of training; not needed to run."""
        for _ in range(4):
            self.real()

    def window(self) -> Window:
        return Window(*(self.integer() for _ in range(6)))


def read_dlib_network(data: bytes) -> DlibNetwork:
    """Parse the bytes of the .dat file. Raises ``MalformedWeights`` for anything else."""
    stream = _Stream(data)
    if stream.integer() != 1 or stream.text() != "loss_metric_2":
        raise MalformedWeights("not a network trained with dlib's metric loss")
    stream.real()
    stream.real()
    chain = _version_chain(stream)
    if stream.text() != "input_rgb_image_sized":
        raise MalformedWeights("the network does not take a sized RGB picture")
    mean = (stream.real(), stream.real(), stream.real())
    side, columns = stream.integer(), stream.integer()
    if side != columns or not 16 <= side <= 1024:
        raise MalformedWeights("the network's picture is not a square")
    layers = []
    for depth, version in enumerate(reversed(chain)):
        if version == 1:
            layers.append(Layer(Operation.TAG))
            continue
        layers.append(_layer(stream))
        stream.flags(3)
        for _ in range(3):
            stream.tensor()
        if depth == 0:
            stream.integer()  # sample expansion factor, kept by the innermost layer alone
    if not stream.exhausted:
        raise MalformedWeights(f"more than a network at byte {stream.position}")
    return DlibNetwork(mean, side, tuple(layers))


def _version_chain(stream: _Stream) -> list[int]:
    """Versions from the outermost layer inwards: 2 a layer, 1 a tag or skip, 3 the layer on the input (the last)."""
    chain: list[int] = []
    while not chain or chain[-1] != 3:
        version = stream.integer()
        if version not in (1, 2, 3) or len(chain) >= _MAX_CHAIN:
            raise MalformedWeights(f"unknown layer version at byte {stream.position}")
        chain.append(version)
    return chain


def _layer(stream: _Stream) -> Layer:
    name = stream.text()
    if name == Operation.CONVOLUTION:
        return _convolution(stream)
    if name == Operation.SCALE:
        values, gain, offset = stream.tensor().ravel(), stream.alias(), stream.alias()
        if stream.integer() != 0 or values.size != 2 * gain[1] or gain != offset:
            raise MalformedWeights(f"unexpected scale layer before byte {stream.position}")
        return Layer(Operation.SCALE, values[: gain[1]], values[gain[1] :])
    if name in (Operation.RECTIFY, Operation.ADD_SAVED):
        return Layer(Operation(name))
    if name in (Operation.MAX_POOL, Operation.MEAN_POOL):
        return Layer(Operation(name), window=stream.window())
    if name == Operation.PROJECT:
        outputs, inputs, values = stream.integer(), stream.integer(), stream.tensor()
        stream.alias()
        stream.alias()
        stream.integer()
        stream.rates()
        if values.size != inputs * outputs:
            raise MalformedWeights("the projection has a bias or a wrong size")
        return Layer(Operation.PROJECT, values.reshape(inputs, outputs))
    raise MalformedWeights(f"unknown layer before byte {stream.position}")


def _convolution(stream: _Stream) -> Layer:
    values = stream.tensor().ravel()
    filters = stream.integer()
    window = stream.window()
    shape, biases = stream.alias(), stream.alias()
    stream.rates()
    count = shape[0] * shape[1] * shape[2] * shape[3]
    if (
        shape[0] != filters
        or shape[2:] != (window.rows, window.columns)
        or biases != (1, filters, 1, 1)
        or values.size != count + filters
    ):
        raise MalformedWeights(f"inconsistent convolution before byte {stream.position}")
    return Layer(Operation.CONVOLUTION, values[:count].reshape(shape), values[count:], window)
