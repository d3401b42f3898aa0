"""Trains the zone's character classifier on our own drawings and writes its weights.

Run ``python -m inspection_station.training.mrz_glyph_training`` from the checkout. Drawing takes most of the time, the
better part of an hour for 3,000 zones; ``--cells FILE`` keeps what was drawn and takes it from there the next time. The
network has two hidden layers and is trained with Adam (Kingma & Ba 2015) in NumPy.

``--onto WEIGHTS`` goes on from a network trained before, on other samples, and writes the two joined: their scores are
averaged, since they err in different places; what is no character the later one alone tells.

How the shipped weights came about: an earlier state of this command drew 3,000 zones without what no zone has and
trained on them; from that network the steps of ``--onto`` went on with 1,400 zones of seed 1, and the two were joined.
That second part was carried out step by step by a script, not by one run of this command, so that running it gives
weights alike and not the same ones: measure them before they are shipped (``tests/benchmarks/test_mrz_reading.py``).
Run whole were small ones: 40 zones and one pass name 41 % of the characters of zones not seen; 250 zones and four
passes onto the shipped weights 99.8 % (those alone 99.7 %), and 85 % of what no zone has (80 %).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING
from inspection_station.documents.mrz_image.glyphs import CELL_HEIGHT, CELL_WIDTH, evened
from inspection_station.training.mrz_glyph_samples import Labels, sample_cells, varied
from inspection_station.whole_file import whole_file

_log = logging.getLogger(__name__)

_HIDDEN = (320, 128)
_BATCH = 256
_RATE, _RATE_ONTO = 1e-3, 5e-4
_KEPT_NOTHING = 0.35  # of the samples that are no character
_NOTHING_IS_RARE = 2.0  # logarithm: how much rarer it is on pages than among the samples

_LEAST_AGREEMENT = 0.8

Matrix = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class Network:
    """Dense layers with rectifiers between them, and Adam's two moments for each."""

    def __init__(self, rng: np.random.Generator, parameters: Sequence[Matrix] = ()) -> None:
        sizes = (CELL_WIDTH * CELL_HEIGHT, *_HIDDEN, NOTHING + 1)
        self.parameters: list[Matrix] = list(parameters)
        for fan_in, fan_out in pairwise(sizes) if not parameters else ():
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


def train(cells: Pixels, labels: Labels, *, seed: int, passes: int, onto: Sequence[Matrix] = ()) -> Network:
    """A network taught the cells ``passes`` times over, varied anew each time; the rate falls to zero.

    With ``onto``, weights and offsets layer by layer, it goes on from there.
    """
    rng = np.random.default_rng(seed)
    network = Network(rng, [parameter.copy() for parameter in onto])
    highest = _RATE_ONTO if onto else _RATE
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
            rate = highest * 0.5 * (1 + np.cos(np.pi * done / steps))
            losses.append(network.learn(evened(batch), labels[chosen], float(rate)))
            done += 1
        if losses:
            _log.info("pass %d of %d: loss %.4f", turn + 1, passes, float(np.mean(losses)))
    return network


def joined(earlier: Sequence[Matrix], later: Sequence[Matrix]) -> list[Matrix]:
    """Two networks side by side as one: the mean of their scores of each character, the later one's of nothing."""
    first, last = [], []
    for parameters, share_of_nothing in ((earlier, 0.0), (later, 1.0)):
        share = np.full(NOTHING + 1, 0.5, np.float32)
        share[NOTHING] = share_of_nothing
        scores, offsets = parameters[4], parameters[5]
        # Scores count by their differences alone: about the mean of the characters, two networks' are comparable.
        last.append((scores - scores[:, :NOTHING].mean(axis=1, keepdims=True)) * share)
        first.append((offsets - offsets[:NOTHING].mean()) * share)
    (rows, columns), (more_rows, more_columns) = earlier[2].shape, later[2].shape
    middle = np.zeros((rows + more_rows, columns + more_columns), np.float32)
    middle[:rows, :columns], middle[rows:, columns:] = earlier[2], later[2]
    whole = [
        np.hstack([earlier[0], later[0]]),
        np.hstack([earlier[1], later[1]]),
        middle,
        np.hstack([earlier[3], later[3]]),
        np.vstack(last),
        first[0] + first[1],
    ]
    whole[5][NOTHING] -= _NOTHING_IS_RARE
    return whole


def load(path: Path) -> list[Matrix]:
    """Weights and offsets, layer by layer, as ``save`` wrote them."""
    with np.load(path) as stored:
        layers = sum(name.startswith("weights") for name in stored.files)
        return [
            stored[f"{kind}{layer}"].astype(np.float32) for layer in range(layers) for kind in ("weights", "offsets")
        ]


def save(parameters: Sequence[Matrix], path: Path) -> None:
    """Write weights and offsets, layer by layer, at half precision, as ``classifier`` reads them."""
    stored = {}
    for layer in range(len(parameters) // 2):
        stored[f"weights{layer}"] = parameters[2 * layer].astype(np.float16)
        stored[f"offsets{layer}"] = parameters[2 * layer + 1].astype(np.float16)
    with whole_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **stored)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, train, drop the zones that a first network shows to be cut wrongly, train again, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--zones", type=int, default=3000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--passes", type=int, default=12)
    options.add_argument("--onto", type=Path)
    options.add_argument("--cells", type=Path)
    options.add_argument("--out", type=Path, required=True)
    chosen = options.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    zones = _drawn(chosen.seed, chosen.zones, chosen.cells)
    onto = load(chosen.onto) if chosen.onto else []
    first = Network(np.random.default_rng(), onto) if onto else train(*_together(zones), seed=chosen.seed, passes=3)
    zones = [zone for zone in zones if agreement(first, *zone) > _LEAST_AGREEMENT]
    _log.info("%d of %d zones kept", len(zones), chosen.zones)
    if not zones:
        options.error("too few zones for a first network to tell which are cut wrongly; give more, 40 at least")
    cells, labels = _together(zones)
    kept = (labels != NOTHING) | (np.random.default_rng(chosen.seed).random(len(labels)) < _KEPT_NOTHING)
    taught = train(cells[kept], labels[kept], seed=chosen.seed, passes=chosen.passes, onto=onto).parameters
    save(joined(onto, taught) if onto else taught, chosen.out)


def _drawn(seed: int, zones: int, kept: Path | None) -> list[tuple[Pixels, Labels]]:
    """Sample zones; those in the file ``kept`` if there is one, else drawn, and written there."""
    if kept is not None and kept.exists():
        with np.load(kept) as stored:
            parts = np.cumsum(stored["sizes"])[:-1]
            return list(zip(np.split(stored["cells"], parts), np.split(stored["labels"], parts), strict=True))
    drawn = [(np.clip(cells, 0, 255).astype(np.uint8), labels) for cells, labels in sample_cells(seed, zones)]
    if kept is not None:
        cells, labels = _together(drawn)
        with whole_file(kept) as file:
            np.savez(file, allow_pickle=False, cells=cells, labels=labels, sizes=[len(part) for _, part in drawn])
    return drawn


def _together(zones: list[tuple[Pixels, Labels]]) -> tuple[Pixels, Labels]:
    return np.concatenate([cells for cells, _ in zones]), np.concatenate([labels for _, labels in zones])


def agreement(network: Network, cells: Pixels, labels: Labels) -> float:
    """Share of a zone's characters that a network names as labelled: low where the grid was laid a cell aside."""
    scores = network.outputs(evened(cells.astype(np.float32)))[-1]
    characters = labels != NOTHING
    return float((scores.argmax(axis=1) == labels)[characters].mean())


if __name__ == "__main__":
    main()
