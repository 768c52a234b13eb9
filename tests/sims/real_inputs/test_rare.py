"""A rare class among real inputs: its axis, its share, and when the population sees it."""

import numpy as np
import pytest

from sims.real_inputs.rare import foreign_axis, own_axes, rare_population
from sims.real_inputs.representability import population_representability
from sims.real_inputs.views import View
from theory.readings import Objective

RNG = np.random.default_rng(8)
OWN = tuple(RNG.standard_normal((400, 5)) @ np.diag([3.0, 2.0, 0.5, 0.4, 0.3]) for _ in range(2))
FOREIGN = RNG.standard_normal((100, 5)) @ np.diag([3.0, 0.1, 0.1, 0.1, 2.0])


def test_the_foreign_axis_is_orthogonal_to_the_own_axes_and_carries_the_most_power_there():
    axes, following = own_axes(OWN, 2)
    found = foreign_axis(axes, FOREIGN)
    np.testing.assert_allclose(axes.T @ found.axis, 0, atol=1e-12)
    np.testing.assert_allclose(np.mean((FOREIGN @ found.axis) ** 2), found.power, rtol=1e-12)
    others = RNG.standard_normal((500, 5))
    others -= (others @ axes) @ axes.T
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    assert np.mean((FOREIGN @ others.T) ** 2, axis=0).max() <= found.power
    moment = sum(x.T @ x / len(x) for x in OWN) / 2
    np.testing.assert_allclose(following, np.sort(np.linalg.eigvalsh(moment))[-3], rtol=1e-12)
    np.testing.assert_allclose(
        axes @ axes.T @ moment, moment @ axes @ axes.T, atol=1e-12
    )  # an invariant subspace, of the two largest
    assert np.trace(axes.T @ moment @ axes) == pytest.approx(np.sort(np.linalg.eigvalsh(moment))[-2:].sum())


@pytest.mark.parametrize("fraction", [0.0, 0.02, 0.1])
def test_the_rare_class_has_the_share_asked_for_and_no_image_twice(fraction):
    pop = rare_population(OWN, FOREIGN, fraction, 2)
    borrowed = [x[400:] for x in pop.clients]
    for x, own in zip(pop.clients, OWN, strict=True):
        assert np.array_equal(x[:400], own)
        assert (len(x) - 400) / len(x) == pytest.approx(fraction, abs=1 / 400)
    every = np.concatenate(borrowed)
    assert len(np.unique(every, axis=0)) == len(every)


def test_the_axes_do_not_depend_on_the_fraction():
    assert np.array_equal(rare_population(OWN, FOREIGN, 0.0, 2).axes, rare_population(OWN, FOREIGN, 0.1, 2).axes)


def test_the_population_sees_the_class_once_its_power_passes_the_next_own_axis():
    """Diagonal second moments: the third axis is the foreign one iff rho power > (1 - rho) next eigenvalue."""
    own = (np.sqrt(5) * np.diag([3.0, 2.0, 0.5, 0.4, 0.3]),)
    foreign = np.tile([[0.0, 0.0, 0.0, 0.0, 2.0]], (5, 1))
    rows = np.concatenate([own[0]] * 40)
    for fraction, seen in ((0.0, 0.0), (0.02, 0.0), (0.2, 1.0)):
        held = rare_population((rows,), np.tile(foreign, (20, 1)), fraction, 2)
        r = population_representability(held.moment(), View(Objective.CL), held.axes)
        np.testing.assert_allclose(r, [1, 1, seen], atol=1e-12)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rare_population(OWN, FOREIGN, 0.6, 2), r"rare_fraction=0\.6"),
        (lambda: rare_population(OWN, FOREIGN, 0.4, 2), "has 100 points; got rare_fraction=0.4, which needs 534"),
        (lambda: own_axes(OWN, 5), "n_signal=5"),
    ],
)
def test_bad_input_is_refused_with_its_value(call, says):
    with pytest.raises(ValueError, match=says):
        call()
