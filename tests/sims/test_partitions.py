"""Every image has one client, and the shares follow the stated law."""

import numpy as np
import pytest

from sims.partitions import Partition, class_proportions, dirichlet, iid, label_pairs

LABELS = np.repeat(np.arange(10), 60)
CASES = {
    "iid": lambda labels, seed: iid(labels, 5, seed),
    "pairs": lambda labels, seed: label_pairs(labels, seed),
    "rare": lambda labels, seed: label_pairs(labels, seed, 0.1),
    "dirichlet": lambda labels, seed: dirichlet(labels, 7, 0.1, seed),
    "single": lambda labels, seed: dirichlet(labels, 20, 1e-3, seed),
}


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_every_image_has_exactly_one_client_and_the_table_counts_them(make):
    part = make(LABELS, 3)
    assert np.array_equal(np.sort(np.concatenate(part.indices)), np.arange(len(LABELS)))
    counted = [np.bincount(LABELS[held], minlength=10).tolist() for held in part.indices]
    assert part.table.tolist() == counted
    assert part.weights.sum() == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_the_same_seed_gives_the_same_shares(make):
    one, two = make(LABELS, 3), make(LABELS, 3)
    assert all(np.array_equal(a, b) for a, b in zip(one.indices, two.indices, strict=True))


@pytest.mark.parametrize("name", ["pairs", "rare", "dirichlet", "single"])
def test_the_class_table_does_not_depend_on_the_order_of_the_images(name):
    shuffled = np.random.default_rng(0).permutation(LABELS)
    assert np.array_equal(CASES[name](LABELS, 3).table, CASES[name](shuffled, 3).table)


def test_another_seed_gives_other_shares():
    assert not np.array_equal(dirichlet(LABELS, 7, 0.1, 3).table, dirichlet(LABELS, 7, 0.1, 4).table)


def test_label_pairs_hold_two_classes_each_and_the_rare_class_its_fraction():
    assert label_pairs(LABELS, 0).table.tolist() == [[60 * (c // 2 == i) for c in range(10)] for i in range(5)]
    table = label_pairs(LABELS, 0, 0.1, rare_classes=(9, 9, 0, 0, 1)).table
    assert [table[i, h] for i, h in enumerate((9, 9, 0, 0, 1))] == [12] * 5


def test_shares_are_equal_to_within_one_image():
    sizes = dirichlet(LABELS[:-1], 7, 0.1, 0).table.sum(axis=1)
    assert sizes.max() - sizes.min() <= 1


def test_dirichlet_proportions_have_the_variance_of_their_law():
    """E |q - p|^2 = (1 - sum p^2) / (alpha + 1) for q ~ Dir(alpha p)."""
    counts, alpha = np.array([10, 20, 30, 40]), 0.5
    prior = counts / counts.sum()
    squared = ((class_proportions(counts, 4000, alpha, 11) - prior) ** 2).sum(axis=1)
    wanted = (1 - (prior**2).sum()) / (alpha + 1)
    assert abs(squared.mean() - wanted) < 4 * squared.std() / np.sqrt(len(squared))


def test_a_clients_wanted_proportions_do_not_depend_on_how_many_others_there_are():
    counts = np.full(4, 10)
    assert np.array_equal(class_proportions(counts, 3, 1.0, 5), class_proportions(counts, 9, 1.0, 5)[:3])


def test_a_huge_concentration_is_iid_and_a_tiny_one_a_class_each():
    even = dirichlet(LABELS, 5, 1e5, 0).table
    assert abs(even - 12).max() <= 5 * np.sqrt(12)
    assert np.median(dirichlet(LABELS, 4, 1e-3, 0).table.max(axis=1)) >= 60


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: iid(LABELS[:3], 4, 0), "n_clients=4"),
        (lambda: dirichlet(LABELS, 601, 1.0, 0), "n_clients=601"),
        (lambda: dirichlet(LABELS, 5, 0.0, 0), r"got 0\.0"),
        (lambda: dirichlet(LABELS, 5, float("nan"), 0), "got nan"),
        (lambda: dirichlet(LABELS, 5, 1.0, 0, min_size=500), "min_size=500"),
        (lambda: label_pairs(LABELS[LABELS < 9], 0), "got 9"),
        (lambda: label_pairs(LABELS, 0, 0.7), r"rare_fraction=0\.7"),
        (lambda: label_pairs(LABELS, 0, 0.1, rare_classes=(0, 0, 0, 0, 0)), "rare_classes"),
        (lambda: Partition((np.array([0]), np.array([], np.int64)), np.array([[1], [0]])), r"clients \[1\]"),
        (lambda: Partition((np.array([0]), np.array([0])), np.array([[1], [1]])), "came twice"),
    ],
)
def test_bad_input_is_refused_with_its_value(call, says):
    with pytest.raises(ValueError, match=says):
        call()
