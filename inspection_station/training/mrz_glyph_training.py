"""Trains the zone's character classifier on our own drawings and writes its weights.

Run ``python -m inspection_station.training.mrz_glyph_training`` from the checkout; about half an hour on one
core. The network has two hidden layers and is trained with Adam (Kingma & Ba 2015) in NumPy.
"""

from __future__ import annotations

import argparse
import logging
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING
from inspection_station.documents.mrz_image.glyphs import CELL_HEIGHT, CELL_WIDTH, evened
from inspection_station.resource_path import resource
from inspection_station.training.mrz_glyph_samples import Labels, sample_cells, varied

_log = logging.getLogger(__name__)

_HIDDEN = (320, 128)
_BATCH = 256

_LEAST_AGREEMENT = 0.8

Matrix = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class Network:
    """Dense layers with rectifiers between them, and Adam's two moments for each."""

    def __init__(self, rng: np.random.Generator) -> None:
        sizes = (CELL_WIDTH * CELL_HEIGHT, *_HIDDEN, NOTHING + 1)
        self.parameters: list[Matrix] = []
        for fan_in, fan_out in pairwise(sizes):
            spread = np.sqrt(2 / fan_in)
            self.parameters.append((rng.standard_normal((fan_in, fan_out)) * spread).astype(np.float32))
            self.parameters.append(np.zeros(fan_out, np.float32))
        self._first = [np.zeros_like(parameter) for parameter in self.parameters]
        self._second = [np.zeros_like(parameter) for parameter in self.parameters]
        self._steps = 0

    def outputs(self, rows: Matrix) -> list[Matrix]:
        """What each layer gives, the input first and the class scores last."""
        signals = [rows]
        last = len(self.parameters) // 2 - 1
        for layer in range(last + 1):
            signal = signals[-1] @ self.parameters[2 * layer] + self.parameters[2 * layer + 1]
            signals.append(np.maximum(signal, 0) if layer < last else signal)
        return signals

    def learn(
        self, rows: Matrix, labels: Labels, rate: float, *, decay: float = 1e-4, smoothing: float = 0.02
    ) -> float:
        """One step of Adam on the cross entropy with smoothed labels. Returns the loss before the step."""
        signals = self.outputs(rows)
        shifted = signals[-1] - signals[-1].max(axis=1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        target = np.full_like(logarithms, smoothing / logarithms.shape[1])
        target[np.arange(len(labels)), labels] += 1 - smoothing
        slope = (np.exp(logarithms) - target) / len(labels)
        slopes: list[Matrix] = []
        for layer in range(len(self.parameters) // 2 - 1, -1, -1):
            slopes[:0] = [signals[layer].T @ slope, slope.sum(axis=0)]
            if layer:
                slope = (slope @ self.parameters[2 * layer].T) * (signals[layer] > 0)
        self._steps += 1
        for index, gradient in enumerate(slopes):
            first, second = self._first[index], self._second[index]
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient * gradient - second)
            step = first / (1 - 0.9**self._steps) / (np.sqrt(second / (1 - 0.999**self._steps)) + 1e-8)
            parameter = self.parameters[index]
            parameter -= (rate * (step + (decay * parameter if parameter.ndim == 2 else 0))).astype(np.float32)
        return float(-(target * logarithms).sum() / len(labels))


def train(cells: Pixels, labels: Labels, *, seed: int, passes: int) -> Network:
    """A network taught the cells ``passes`` times over, varied anew each time; the rate falls to zero."""
    rng = np.random.default_rng(seed)
    network = Network(rng)
    steps = passes * (len(cells) // _BATCH)
    done = 0
    for turn in range(passes):
        order = rng.permutation(len(cells))
        losses = []
        for first in range(0, len(order) - _BATCH + 1, _BATCH):
            chosen = order[first : first + _BATCH]
            batch = cells[chosen].astype(np.float32)
            half = _BATCH // 2
            batch[half:] = varied(batch[half:], rng)
            rate = 1e-3 * 0.5 * (1 + np.cos(np.pi * done / steps))
            losses.append(network.learn(evened(batch), labels[chosen], float(rate)))
            done += 1
        _log.info("pass %d of %d: loss %.4f", turn + 1, passes, float(np.mean(losses)))
    return network


def save(network: Network, path: Path) -> None:
    """Write the weights at half precision, as ``classifier`` reads them."""
    stored = {}
    for layer in range(len(network.parameters) // 2):
        stored[f"weights{layer}"] = network.parameters[2 * layer].astype(np.float16)
        stored[f"offsets{layer}"] = network.parameters[2 * layer + 1].astype(np.float16)
    np.savez_compressed(path, allow_pickle=False, **stored)


def main() -> None:
    """Draw, train, drop the zones that a first network shows to be cut wrongly, train again, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--zones", type=int, default=3000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--passes", type=int, default=12)
    options.add_argument("--out", type=Path, default=resource("tables") / "mrz_glyphs.npz")
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    zones = [
        (np.clip(cells, 0, 255).astype(np.uint8), labels) for cells, labels in sample_cells(chosen.seed, chosen.zones)
    ]
    first = train(*_joined(zones), seed=chosen.seed, passes=3)
    zones = [zone for zone in zones if agreement(first, *zone) > _LEAST_AGREEMENT]
    _log.info("%d of %d zones kept", len(zones), chosen.zones)
    save(train(*_joined(zones), seed=chosen.seed, passes=chosen.passes), chosen.out)


def _joined(zones: list[tuple[Pixels, Labels]]) -> tuple[Pixels, Labels]:
    return np.concatenate([cells for cells, _ in zones]), np.concatenate([labels for _, labels in zones])


def agreement(network: Network, cells: Pixels, labels: Labels) -> float:
    """Share of a zone's characters that a network names as labelled: low where the grid was laid a cell aside."""
    scores = network.outputs(evened(cells.astype(np.float32)))[-1]
    characters = labels != NOTHING
    return float((scores.argmax(axis=1) == labels)[characters].mean())


if __name__ == "__main__":
    main()
