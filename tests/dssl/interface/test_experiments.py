"""`dssl.experiment`, `dssl.difference` and `dssl.example_images`: the numbers of the records and of the images."""

from typing import Any

import numpy as np
import pytest

import dssl
from ledger.checks.trained_order import FOLDER, recorded
from sims.evaluation.robustness import paired_difference
from sims.images.datasets import fashion_mnist

WRONG: list[Any] = ["tabel1", 1.5]  # of wrong names and types on purpose


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_an_experiment_has_the_accuracies_of_its_record(name):
    found, results = dssl.experiment(name), recorded(name)
    assert results is not None
    assert found.cells
    assert found.n_seeds == results.n_seeds
    for cell in found.cells:
        np.testing.assert_array_equal(found.accuracy(cell), results.scores(cell))
        np.testing.assert_array_equal(found.accuracy(cell, "start"), results.scores(cell, "random_start"))
    assert {key: values.tolist() for key, values in found.measured.items()} == results.measured


def test_a_difference_is_the_paired_one():
    first, second = np.array([71.0, 74.0, 73.0]), np.array([70.0, 70.5, 71.0])
    found, wanted = dssl.difference(first, second), paired_difference(first, second)
    assert (found.mean, found.low, found.high) == (wanted.mean, wanted.low, wanted.high)
    wide = dssl.difference(first, second, least_std=5.0)
    assert wide.mean == found.mean
    assert wide.low < found.low


def test_example_images_are_means_over_squares_between_0_and_1():
    images, held = dssl.example_images(4), fashion_mnist.load()
    assert np.bincount(images.labels).tolist() == [500] * 10
    assert images.pixels[7, 0] == pytest.approx(held.images[7, :4, :4].mean() / 255, rel=1e-12)
    assert 0 <= images.pixels.min() < images.pixels.max() <= 1


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: dssl.experiment(WRONG[0]), "table1"),
        (lambda: dssl.experiment("table1").accuracy("mae"), "There is no cell"),
        (lambda: dssl.experiment("table1").accuracy("mae vit iid", WRONG[0]), "There is no moment"),
        (lambda: dssl.difference([1.0], [2.0]), "seeds"),
        (lambda: dssl.difference(["a", "b"], [1.0, 2.0]), "could not convert"),
        (lambda: dssl.example_images(5), "must divide"),
        (lambda: dssl.example_images(WRONG[1]), "block"),
    ],
)
def test_bad_use_is_one_sentence(ask, words):
    with pytest.raises(dssl.UsageError, match=words) as refused:
        ask()
    assert "\n" not in str(refused.value)
