"""Every image has one client, and the shares follow the stated law."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sims.class_shares import released_joint_shares
from sims.images.partitions import Partition, class_proportions, dirichlet, dirichlet_balanced, iid, label_pairs

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


BALANCED = {"balanced": lambda labels, seed: dirichlet_balanced(labels, 6, 0.5, seed)}


@pytest.mark.parametrize("make", (CASES | BALANCED).values(), ids=CASES | BALANCED)
def test_the_same_seed_gives_the_same_shares(make):
    one, two = make(LABELS, 3), make(LABELS, 3)
    assert all(np.array_equal(a, b) for a, b in zip(one.indices, two.indices, strict=True))


@pytest.mark.parametrize("name", ["iid", "pairs", "rare", "dirichlet", "single", "balanced"])
def test_the_class_table_does_not_depend_on_the_order_of_the_images(name):
    shuffled = np.random.default_rng(0).permutation(LABELS)
    make = (CASES | BALANCED)[name]
    assert np.array_equal(make(LABELS, 3).table, make(shuffled, 3).table)


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
        (lambda: dirichlet_balanced(LABELS, 5, float("inf"), 0), "got inf"),
        (lambda: dirichlet_balanced(LABELS, 5, 1.0, 0, sweeps=3), "sweeps=3"),
        (lambda: dirichlet_balanced(LABELS, 601, 1.0, 0), "n_clients=601"),
        (lambda: dirichlet_balanced(LABELS, 600, 1.0, 0), "got none"),
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


def test_proportions_too_small_for_normal_numbers_still_choose_a_class():
    # When classes run out, a client of this draw wants only what it gave less than 1e-308; found by seeds.
    split = dirichlet(LABELS, 3, 0.01, 7)
    assert sorted(np.concatenate(split.indices).tolist()) == list(range(600))
    assert split.table.sum(axis=1).tolist() == [200, 200, 200]


def test_balanced_clients_of_balanced_classes_hold_what_the_released_code_gives():
    """Written like the released loop; classes of one size run dry by rounding only, so no share is scaled."""
    shares = np.random.default_rng(5).dirichlet(np.full(6, 1.0), size=10).T
    shares /= shares.sum()
    for _ in range(100):
        columns, rows = shares.sum(axis=0, keepdims=True), shares.sum(axis=1, keepdims=True)
        shares /= columns
        shares /= rows
    table = dirichlet_balanced(LABELS, 6, 1.0, 5).table
    assert np.array_equal(table, np.floor(shares * len(LABELS)))
    assert np.all(len(LABELS) / 6 - table.sum(axis=1) < 10)  # less than one image a class is lost
    assert np.all((60 - table.sum(axis=0) >= 0) & (60 - table.sum(axis=0) < 6))  # and less than one a client


def test_a_class_asked_for_more_than_it_has_scales_all_its_shares_alike():
    labels = np.repeat(np.arange(3), (30, 3000, 3000))
    table = dirichlet_balanced(labels, 4, 5.0, 1).table
    shares = released_joint_shares(1, 3, 4, 5.0)
    assert table[:, 0].tolist() == np.floor(30 * shares[:, 0] / shares[:, 0].sum()).tolist()
    assert table[:, 1:].tolist() == np.floor(len(labels) * shares[:, 1:]).tolist()


def test_a_huge_concentration_is_balanced_and_a_small_one_leaves_classes_to_few():
    assert abs(dirichlet_balanced(LABELS, 6, 1e7, 0).table - 10).max() <= 1
    few = dirichlet_balanced(LABELS, 5, 0.05, 2).table
    assert np.mean(few.max(axis=0) / few.sum(axis=0)) > 0.8


CLASSES = st.lists(st.integers(1, 40), min_size=2, max_size=6)
MAKERS = {
    "iid": lambda labels, n, alpha, seed: iid(labels, n, seed),
    "dirichlet": dirichlet,
    "balanced": lambda labels, n, alpha, seed: dirichlet_balanced(labels, n, alpha, seed),
}


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=60, deadline=None)
@given(
    counts=CLASSES, n_clients=st.integers(1, 8), alpha=st.floats(0.05, 100), seed=st.integers(0, 2**31), data=st.data()
)
def test_any_partition_uses_an_image_once_and_counts_exactly(name, counts, n_clients, alpha, seed, data):
    ordered = np.repeat(np.arange(len(counts)), counts)
    assume(len(ordered) >= n_clients)
    labels = ordered[np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(ordered))]
    make = MAKERS[name]
    try:
        part = make(labels, n_clients, alpha, seed)
    except ValueError:  # a client without an image: only where numbers are rounded down
        assert name == "balanced"
        return
    held = np.concatenate(part.indices)
    assert len(np.unique(held)) == len(held)
    assert held.min() >= 0
    assert held.max() < len(labels)
    assert all((np.diff(mine) > 0).all() for mine in part.indices)
    assert part.table.tolist() == [np.bincount(labels[mine], minlength=len(counts)).tolist() for mine in part.indices]
    assert (part.table.sum(axis=0) <= counts).all()
    if name != "balanced":
        assert part.table.sum(axis=0).tolist() == counts
        assert np.ptp(part.table.sum(axis=1)) <= 1
    assert np.array_equal(part.table, make(ordered, n_clients, alpha, seed).table)


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 30), pairs=st.integers(2, 5), rare=st.floats(0, 0.5), seed=st.integers(0, 2**31))
def test_label_pairs_of_equal_classes_are_equal_shares_with_the_rare_class_in_its_fraction(size, pairs, rare, seed):
    labels = np.repeat(np.arange(2 * pairs), size)
    table = label_pairs(labels, seed, rare).table
    assert table.sum(axis=0).tolist() == [size] * (2 * pairs)
    assert table.sum(axis=1).tolist() == [2 * size] * pairs
    assert [table[i, 2 * (i + 1) % (2 * pairs)] for i in range(pairs)] == [round(rare * 2 * size)] * pairs
