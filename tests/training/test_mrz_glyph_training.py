"""The classifier's training: samples carry the right labels, a network learns them, and its file can be read back."""

from __future__ import annotations

import numpy as np
import pytest

from inspection_station.documents.mrz_image.classifier import NOTHING, classify
from inspection_station.documents.mrz_image.glyphs import ALPHABET, CELL_HEIGHT, CELL_WIDTH
from inspection_station.resource_path import resource
from inspection_station.training.mrz_glyph_samples import sample_cells, varied
from inspection_station.training.mrz_glyph_training import agreement, joined, load, main, save, train


def _few_zones() -> tuple[np.ndarray, np.ndarray]:
    zones = list(sample_cells(seed=3, zones=8))
    cells = np.concatenate([cells for cells, _ in zones]).clip(0, 255).astype(np.uint8)
    return cells, np.concatenate([labels for _, labels in zones])


def test_samples_are_cells_with_the_labels_that_the_shipped_classifier_reads():
    shares = []
    for cells, labels in sample_cells(seed=3, zones=5):
        assert cells.shape[1:] == (CELL_HEIGHT, CELL_WIDTH)
        assert set(labels.tolist()) <= set(range(len(ALPHABET) + 1))
        characters = labels != NOTHING
        shares.append((classify(cells).argmax(axis=1) == labels)[characters].mean())
    assert np.median(shares) > 0.95  # a zone now and then is cut a cell aside; training drops it


def test_what_no_zone_has_is_a_class_of_its_own():
    labels = np.concatenate([labels for _, labels in sample_cells(seed=3, zones=5)])
    assert 0.08 < (labels == NOTHING).mean() < 0.25


def test_the_same_seed_gives_the_same_samples():
    one, other = (next(sample_cells(seed=8, zones=3)) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


def test_a_network_learns_and_is_saved_as_weights_and_offsets(tmp_path):
    cells, labels = _few_zones()
    network = train(cells, labels, seed=1, passes=12)
    assert agreement(network, cells, labels) > 0.3  # by chance: 0.03
    save(network.parameters, tmp_path / "weights.npz")
    with np.load(tmp_path / "weights.npz") as stored:
        assert stored["weights0"].shape[0] == CELL_HEIGHT * CELL_WIDTH
        assert stored["weights2"].shape[1] == NOTHING + 1


def test_a_network_goes_on_from_another_and_the_two_are_joined_to_one(tmp_path):
    cells, labels = _few_zones()
    earlier = train(cells, labels, seed=1, passes=12)
    save(earlier.parameters, tmp_path / "earlier.npz")
    later = train(cells, labels, seed=2, passes=3, onto=load(tmp_path / "earlier.npz"))
    assert agreement(later, cells, labels) > agreement(earlier, cells, labels) - 0.02
    both = type(later)(np.random.default_rng(), joined(earlier.parameters, later.parameters))
    assert agreement(both, cells, labels) > 0.3


def test_variation_keeps_shape_and_level():
    cells = np.full((5, CELL_HEIGHT, CELL_WIDTH), 120, np.float32)
    changed = varied(cells, np.random.default_rng(1))
    assert changed.shape == cells.shape
    assert abs(float(changed.mean()) - 120) < 2


def test_the_command_draws_trains_and_writes_weights_that_go_on_from_others(tmp_path):
    cells, out = tmp_path / "drawn", tmp_path / "new" / "weights"
    shipped = resource("tables") / "mrz_glyphs.npz"
    given = ["--zones", "6", "--passes", "1", "--cells", str(cells), "--out", str(out), "--onto", str(shipped)]
    main(given)
    drawn, first = cells.read_bytes(), out.read_bytes()
    main(given)
    assert cells.read_bytes() == drawn  # taken from there, not drawn anew
    assert [a.shape for a in load(out)] == [a.shape for a in joined(load(shipped), load(shipped))]
    assert len(first) > 100_000


def test_the_command_says_so_where_there_is_too_little_to_learn_from(tmp_path, capsys):
    with pytest.raises(SystemExit) as told:
        main(["--zones", "2", "--passes", "1", "--out", str(tmp_path / "weights.npz")])
    assert told.value.code == 2
    assert "give more" in capsys.readouterr().err
    assert not (tmp_path / "weights.npz").exists()


def test_the_command_writes_nowhere_unless_it_is_told_where(capsys):
    with pytest.raises(SystemExit):
        main(["--zones", "1"])
    assert "--out" in capsys.readouterr().err
