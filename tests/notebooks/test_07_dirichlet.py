"""What notebook 07 says of Dirichlet shares, held against its cells and against the formulas behind it."""

import numpy as np
import pytest

from sims.class_shares import released_shares
from sims.linear.objective import optimum
from theory.readings import Objective
from theory.training.dissimilarity import class_alignments, dissimilarity


@pytest.fixture(scope="module")
def found(ran):
    return ran("07")


def test_the_model_is_the_best_one_for_all_images(found):
    best = optimum(np.einsum("c,cij->ij", found.p, found.S), found.FEATURES)
    assert pytest.approx(best.T @ best, rel=1e-6, abs=1e-9) == found.W.T @ found.W


@pytest.mark.parametrize("convention", ["hsu2019", "released"])
def test_drawn_shares_have_the_heterogeneity_and_the_dissimilarity_of_the_formulas(found, convention):
    for alpha in found.ALPHAS:
        means, errors = found.seen[convention, alpha]
        claimed = found.formula(convention, float(alpha)) * np.array([1, found.MOST])
        # The formula for the released draw is an interpolation, good to 1%.
        assert np.all(np.abs(means - claimed) < 4 * errors + 0.02 * means), alpha


def test_the_constant_is_the_dissimilarity_with_one_class_each(found):
    assert pytest.approx(dissimilarity(found.S, found.p, 1.0, model=found.W), rel=1e-9) == found.MOST
    assert found.dissimilarity(np.eye(10)) == pytest.approx(found.MOST, rel=1e-9)
    assert found.heterogeneity(np.eye(10)) == pytest.approx(1)


def test_the_notebooks_balancing_is_that_of_the_released_code(found):
    ours = found.drawn_shares("released", 1.0, np.random.default_rng(3))
    assert ours == pytest.approx(released_shares(3, 10, 20, 1.0), rel=1e-6)


def test_the_same_concentration_means_different_things(found):
    assert found.ratio > 2


def test_few_images_add_a_part_that_falls_like_one_over_their_number(found):
    for case, (mean, error, claimed) in found.few.items():
        assert abs(mean - claimed) < 4 * error, case
    assert found.few[1e5, 10][2] / found.few[1e5, 1000][2] == pytest.approx(100, abs=1)


def test_the_formula_for_few_images_is_the_projects(found):
    for (alpha, n), (_, _, claimed) in found.few.items():
        wanted = dissimilarity(
            found.S, found.p, 1 / (1 + alpha), samples=int(n), within_class_variance=found.WITHIN / 4, model=found.W
        )
        assert claimed == pytest.approx((1 - 1 / found.N) * wanted, rel=1e-9)


def test_the_five_drawn_values_of_unequal_shares_lie_below_the_formula_together(found):
    assert all(found.few[0.3, n][0] < found.few[0.3, n][2] for n in found.SIZES)


def test_relative_to_their_mean_classes_differ_nearly_alike_with_and_without_the_diagonal(found):
    assert found.one_class["without diagonal"] == pytest.approx(found.one_class["all products"], rel=0.05)


def test_without_the_diagonal_only_the_constant_changes(found):
    for (_, share), objective in zip(found.one_class.items(), (Objective.CL, Objective.MIM), strict=True):
        matrices = class_alignments(found.S, objective, 0.75)
        mean = np.einsum("c,cij->ij", found.p, matrices)
        assert share == pytest.approx(dissimilarity(matrices, found.p, 1.0) / np.sum(mean**2), rel=1e-9)
