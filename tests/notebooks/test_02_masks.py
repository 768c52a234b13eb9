"""What notebook 02 says of masks, held against its cells, the exact block and the samplers."""

import numpy as np
import pytest
import sympy as sp

import dssl
from sims.samplers.montecarlo import sample_representability
from theory.data.moments import signal_second_moment, symbolic_fl_block
from theory.readings import EXPECTED, Mask, Objective, Reading
from theory.setting import Setting


@pytest.fixture(scope="module")
def found(ran):
    return ran("02")


def test_complementary_masks_never_compare_a_pixel_with_itself(found):
    p, size = 0.75, 4
    assert found.together["independent"] == pytest.approx(np.full((size, size), p * (1 - p)))
    off = 1 - np.eye(size)
    assert found.together["complementary"] == pytest.approx(p * (1 - p) * off)
    assert found.together["fixed_count"] == pytest.approx(p * (1 - p) * size / (size - 1) * off)


def test_the_mean_products_are_those_of_the_papers_images(found):
    exact = np.mean([signal_second_moment(found.N, found.TAU, i) for i in range(found.N)], axis=0)
    wanted = exact + found.MU**2 * np.eye(found.N)
    assert found.block == pytest.approx(wanted, abs=0.1)


def test_without_its_diagonal_the_exact_block_has_one_positive_eigenvalue():
    block = symbolic_fl_block(3)
    off_diagonal = block - sp.diag(*[block[i, i] for i in range(3)])
    tau = next(iter(off_diagonal.free_symbols))
    at = {float(value.subs(tau, 2)): count for value, count in off_diagonal.eigenvals().items()}
    assert sorted(at.values()) == [1, 2]
    assert [count for value, count in at.items() if value > 0] == [1]
    assert [count for value, count in at.items() if value < 0] == [2]


def test_the_drawn_block_has_one_positive_eigenvalue_without_its_diagonal(found):
    assert (np.linalg.eigvalsh(found.without) > 0).sum() == 1
    assert (np.linalg.eigvalsh(found.block) > 0).all()


def test_complementary_masks_keep_one_nth_and_a_client_alone_loses_its_own_direction(found):
    for mask, r in found.kept.items():
        share = 1 if mask in ("independent", "printed") else 1 / found.N
        assert r == pytest.approx(np.full(found.N, share), abs=1e-9)
    assert found.alone == pytest.approx(np.where(np.arange(found.N) == 2, 0, 1 / (found.N - 1)), abs=1e-9)


def test_with_limited_images_the_order_of_theorem_44_is_reversed_by_complementary_masks(found):
    means = {name: mean for name, (mean, _) in found.sensitivity.items()}
    assert means["MIM, independent"] < means["CL"] < means["MIM, complementary"]
    assert max(means.values()) < 0.01
    assert np.mean(found.found["MIM, complementary"]) == pytest.approx(1 / found.N, rel=0.02)
    assert np.mean(found.found["MIM, independent"]) > 0.99


@pytest.mark.parametrize(
    ("name", "objective", "reading"),
    [
        ("CL", Objective.CL, Reading(draws=1)),
        ("MIM, independent", Objective.MIM, Reading(draws=EXPECTED)),
        ("MIM, complementary", Objective.MIM, Reading(mask=Mask.COMPLEMENTARY, draws=EXPECTED)),
    ],
)
def test_the_notebooks_simulation_agrees_with_the_samplers(found, name, objective, reading):
    setting = Setting.paper(96, n_clients=6, samples_per_client=2000)
    sample = sample_representability(2, setting, objective=objective, reading=reading, trials=40).sensitivity()
    mean, error = found.sensitivity[name]
    assert abs(mean - sample.mean) < 4 * np.hypot(error, sample.standard_error)


def test_the_record_says_the_same(found):
    keys = {"thm44.independent-averaged": "HOLDS", "thm44.complementary-averaged": "VIOLATED"}
    assert {key: dssl.ledger().search(key)[0].status for key in keys} == keys
