"""dlib's face network as an ONNX graph, so that onnxruntime runs it outside the interpreter's lock.

Scale layers are folded into the convolution before them. Where a residual branch and its short cut differ in size or
channels dlib adds them as if the smaller were continued with zeros; the graph pads both to the larger size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from inspection_station.matching.dlib_weights import DlibNetwork, Layer, MalformedWeights, Operation, Weights, Window

_OPSET = 13
_IR_VERSION = 8

Shape = tuple[int, int, int]


def onnx_model(network: DlibNetwork) -> bytes:
    """Serialised ONNX model: ``chips`` N x side x side x 3 uint8 RGB in, ``descriptors`` N x 128 float32 out.

    The same network gives the same bytes. Raises ``MalformedWeights`` when the layers do not fit one another.
    """
    return _Graph(network).build()


class _Graph:
    def __init__(self, network: DlibNetwork) -> None:
        from onnx import helper, numpy_helper

        self._helper = helper
        self._numpy_helper = numpy_helper
        self._network = network
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._value = "chips"
        self._shape: Shape = (3, network.side, network.side)
        self._branches: list[tuple[str, Shape]] = []
        self._outputs = 0

    def build(self) -> bytes:
        self._normalise_pixels()
        layers = list(self._network.layers)
        position = 0
        while position < len(layers):
            layer = layers[position]
            following = layers[position + 1] if position + 1 < len(layers) else None
            if layer.operation is Operation.CONVOLUTION and following and following.operation is Operation.SCALE:
                self._convolve(layer, following)
                position += 2
            else:
                self._append(layer, following)
                position += 1
        if self._branches:
            raise MalformedWeights("a residual branch is left open")
        return self._model()

    def _model(self) -> bytes:
        helper = self._helper
        from onnx import TensorProto

        side = self._network.side
        chips = helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", side, side, 3])
        vectors = helper.make_tensor_value_info(self._value, TensorProto.FLOAT, ["n", self._outputs])
        graph = helper.make_graph(self._nodes, "face", [chips], [vectors], self._constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            producer_name="inspection-station",
            ir_version=_IR_VERSION,
        )
        return bytes(model.SerializeToString(deterministic=True))

    def _normalise_pixels(self) -> None:
        from onnx import TensorProto

        mean = np.array(self._network.mean, np.float32).reshape(1, 3, 1, 1)
        self._node("Cast", [], to=TensorProto.FLOAT)
        self._node("Transpose", [], perm=[0, 3, 1, 2])
        self._node("Sub", [self._constant("mean", mean)])
        self._node("Div", [self._constant("range", np.array(256.0, np.float32))])

    def _append(self, layer: Layer, following: Layer | None) -> None:
        if layer.operation is Operation.TAG:
            self._tag(following)
        elif layer.operation is Operation.RECTIFY:
            self._node("Relu", [])
        elif layer.operation is Operation.MAX_POOL and layer.window is not None:
            self._pool("MaxPool", layer.window)
        elif layer.operation is Operation.MEAN_POOL and layer.window is not None:
            self._pool("AveragePool", layer.window)
        elif layer.operation is Operation.ADD_SAVED:
            self._add_saved()
        elif layer.operation is Operation.PROJECT and layer.weights is not None:
            self._project(layer.weights)
        else:
            raise MalformedWeights(f"a layer stands where it cannot run: {layer.operation.value}")

    def _convolve(self, convolution: Layer, scale: Layer) -> None:
        weights, bias, window = convolution.weights, convolution.offsets, convolution.window
        if weights is None or bias is None or window is None or scale.weights is None or scale.offsets is None:
            raise MalformedWeights("a convolution lacks its weights")
        channels, height, width = self._shape
        if weights.shape[1] != channels or scale.weights.size != weights.shape[0]:
            raise MalformedWeights("a convolution does not fit the layer before it")
        gain = scale.weights.astype(np.float64)
        folded = (weights * gain[:, None, None, None]).astype(np.float32)
        offset = (bias * gain + scale.offsets).astype(np.float32)
        self._node(
            "Conv",
            [self._constant("weight", folded), self._constant("bias", offset)],
            kernel_shape=[window.rows, window.columns],
            strides=[window.stride_y, window.stride_x],
            pads=[window.padding_y, window.padding_x] * 2,
        )
        self._shape = (weights.shape[0], *_swept(height, width, window))

    def _pool(self, kind: str, window: Window) -> None:
        channels, height, width = self._shape
        if window.rows == 0:
            self._node("GlobalAveragePool", [])
            self._shape = (channels, 1, 1)
            return
        if window.padding_x or window.padding_y:
            raise MalformedWeights("padded pooling is not part of this network")
        self._node(kind, [], kernel_shape=[window.rows, window.columns], strides=[window.stride_y, window.stride_x])
        self._shape = (channels, *_swept(height, width, window))

    def _tag(self, following: Layer | None) -> None:
        """First tag of a block: keep the input. Two tags after the branch: keep the branch, go back to the input."""
        back_to_back = following is not None and following.operation is Operation.TAG
        if not self._branches or (len(self._branches) == 1 and back_to_back):
            self._branches.append((self._value, self._shape))
        elif len(self._branches) == 2:
            self._value, self._shape = self._branches.pop(0)
        else:
            raise MalformedWeights("tags in an order this network does not have")

    def _add_saved(self) -> None:
        if len(self._branches) != 1:
            raise MalformedWeights("a sum without its branch")
        saved, saved_shape = self._branches.pop()
        target = tuple(max(a, b) for a, b in zip(self._shape, saved_shape, strict=True))
        left = self._padded(self._value, self._shape, target)
        right = self._padded(saved, saved_shape, target)
        self._value = left
        self._node("Add", [right])
        self._shape = (target[0], target[1], target[2])

    def _padded(self, value: str, shape: Shape, target: tuple[int, ...]) -> str:
        if shape == target:
            return value
        missing = [0] * 5 + [wanted - size for wanted, size in zip(target, shape, strict=True)]
        output = f"v{len(self._nodes)}"
        pads = self._constant("pads", np.array(missing, np.int64))
        self._nodes.append(self._helper.make_node("Pad", [value, pads], [output]))
        return output

    def _project(self, weights: Weights) -> None:
        if int(np.prod(self._shape)) != weights.shape[0]:
            raise MalformedWeights("the projection does not fit the layer before it")
        self._node("Flatten", [], axis=1)
        self._node("MatMul", [self._constant("projection", weights)])
        self._outputs = int(weights.shape[1])

    def _node(self, kind: str, constants: list[str], **attributes: Any) -> None:
        output = f"v{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(kind, [self._value, *constants], [output], **attributes))
        self._value = output

    def _constant(self, stem: str, values: np.ndarray[Any, Any]) -> str:
        name = f"{stem}{len(self._constants)}"
        self._constants.append(self._numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _swept(height: int, width: int, window: Window) -> tuple[int, int]:
    rows = (height + 2 * window.padding_y - window.rows) // window.stride_y + 1
    columns = (width + 2 * window.padding_x - window.columns) // window.stride_x + 1
    if rows < 1 or columns < 1:
        raise MalformedWeights("a window is larger than its picture")
    return rows, columns
