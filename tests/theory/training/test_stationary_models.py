"""Models at rest, solved for: against plain rounds, and the order of what the short prediction leaves out."""

import numpy as np
import pytest

from sims.linear.heterogeneity import commuting
from theory.formula import OutOfDomainError
from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology
from theory.objectives.curvature import curvature, top_projector
from theory.training.effective_covariance import training_mean
from theory.training.stationary_models import REPELS, growth, second_order_models, stationary_models

N, D, C = 6, 8, 2


def covariances(dissimilarity: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(D, D)))[0]
    common = basis @ np.diag([3.0, 2.2, 0.9, 0.7, 0.5, 0.4, 0.3, 0.2]) @ basis.T
    own = rng.normal(size=(N, D, D)) / np.sqrt(D)
    return common + dissimilarity * (own + np.swapaxes(own, 1, 2)) / 2


def plain_rounds(models, x, mixing, step_size, local_steps, rounds):
    """Algorithm 2 as a loop over clients."""
    for _ in range(rounds):
        trained = []
        for w, covariance in zip(models, x, strict=True):
            for _ in range(local_steps):
                w = w - step_size * 2 * (w @ (w.T @ w) - w @ covariance)
            trained.append(w)
        models = [np.asarray(sum(m * w for m, w in zip(row, trained, strict=True))) for row in mixing]
    return np.array(models)


def grams(models):
    return np.swapaxes(models, 1, 2) @ models


MIXINGS: dict[str, tuple[str, Rule]] = {
    "ring": ("ring", "metropolis"),
    "star": ("star", "uniform"),
    "all": ("complete", "uniform"),
    "one-way": ("directed_ring", "uniform"),
}


@pytest.mark.parametrize("local_steps", [1, 3])
@pytest.mark.parametrize("network", MIXINGS)
def test_rounds_of_training_end_where_the_equations_say(network, local_steps):
    name, rule = MIXINGS[network]
    mixing, x, eta = mixing_matrix(topology(name, N), rule), covariances(0.6), 0.03
    rest = stationary_models(mixing, x, C, eta, local_steps)
    assert rest.converged
    start = np.repeat(curvature(training_mean(mixing, x), C).optimum[None], N, axis=0)
    trained = plain_rounds(start, x, mixing, eta, local_steps, 450 // local_steps)
    # Gram matrices do not turn; 450 steps leave exp(-2 eta gap 450) of the distance, below 1e-14.
    np.testing.assert_allclose(grams(trained), grams(rest.post_mix), atol=1e-11)


@pytest.mark.parametrize("network", MIXINGS)
def test_one_round_only_turns_the_models_at_rest(network):
    name, rule = MIXINGS[network]
    mixing, x = mixing_matrix(topology(name, N), rule), covariances(0.6)
    rest = stationary_models(mixing, x, C, 0.03, 3)
    after = plain_rounds(rest.post_mix, x, mixing, 0.03, 3, 1)
    np.testing.assert_allclose(after, rest.rotation @ rest.post_mix, atol=1e-12)
    np.testing.assert_allclose(plain_rounds(rest.post_mix, x, np.eye(N), 0.03, 3, 1), rest.pre_mix, atol=1e-12)


def test_the_short_prediction_is_wrong_by_third_order_in_the_dissimilarity():
    mixing = mixing_matrix(topology("ring", N), "metropolis")
    errors, drifts = [], []
    for dissimilarity in (0.4, 0.2, 0.1, 0.05):
        x = covariances(dissimilarity)
        exact, short = (
            f(mixing, x, C, 0.03, 2) for f in (lambda *a: stationary_models(*a).post_mix, second_order_models)
        )
        first, second = (top_projector(w.T @ w, C) for w in (exact.mean(axis=0), short.mean(axis=0)))
        errors.append(np.linalg.norm(first - second))
        drifts.append(np.linalg.norm(first - top_projector(x.mean(axis=0), C)))
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    assert abs(slopes[-1] - 3) < 0.25
    # Its relative error is then of first order: the drift itself is of second.
    assert abs(np.log2(drifts[-2] / drifts[-1]) - 2) < 0.25


def test_the_short_prediction_holds_where_small_steps_do_not():
    """At a step so large that X_eff is off by half, second order in the dissimilarity is still within 2%."""
    mixing, x, eta = mixing_matrix(topology("ring", N), "metropolis"), covariances(0.3), 0.03
    target = top_projector(x.mean(axis=0), C)
    exact = stationary_models(mixing, x, C, eta, 3).post_mix.mean(axis=0)
    short = second_order_models(mixing, x, C, eta, 3).mean(axis=0)
    drift = top_projector(exact.T @ exact, C) - target
    assert np.linalg.norm(top_projector(short.T @ short, C) - target - drift) < 0.02 * np.linalg.norm(drift)


def test_one_local_step_of_everyone_is_central_training():
    x = covariances(0.8)
    rest = stationary_models(np.full((N, N), 1 / N), x, C, 0.03, 1)
    np.testing.assert_allclose(
        grams(rest.post_mix)[0], grams(curvature(x.mean(axis=0), C).optimum[None])[0], atol=1e-12
    )


@pytest.mark.parametrize(("network", "step_size"), [("path", 0.05), ("star", 0.02), ("all", 0.05)])
@pytest.mark.parametrize("local_steps", [1, 5])
def test_the_paper_s_diagonal_clients_with_ties_inside_what_is_represented_are_solved_for(
    network, step_size, local_steps
):
    """c = N = 4: two to four top eigenvalues of X_v are equal, and so are those of the means' products."""
    name, rule = MIXINGS.get(network, (network, "metropolis"))
    mixing, x = mixing_matrix(topology(name, 4), rule), commuting(4, 6)
    top = np.linalg.eigvalsh(training_mean(mixing, x))[-4:]
    assert np.diff(top).min() < 1e-12
    rest = stationary_models(mixing, x, 4, step_size, local_steps)
    assert rest.converged
    start = np.repeat(curvature(training_mean(mixing, x), 4).optimum[None], 4, axis=0)
    trained = plain_rounds(start, x, mixing, step_size, local_steps, 600 // local_steps)
    np.testing.assert_allclose(grams(trained), grams(rest.post_mix), atol=1e-11)


def test_the_mean_that_mixing_preserves_only_turns_in_a_round():
    mixing, x = mixing_matrix(topology("star", N), "uniform"), covariances(0.6)
    rest, v = stationary_models(mixing, x, C, 0.02, 2), perron_weights(mixing)
    before, after = (np.einsum("i,icd->cd", v, w) for w in (rest.pre_mix, rest.post_mix))
    # One round turns everything by the same rotation, the mean included.
    np.testing.assert_allclose(before, rest.rotation @ after, atol=1e-12)


def test_a_step_beyond_stability_is_turned_away():
    with pytest.raises(OutOfDomainError, match="Lower it"):
        stationary_models(np.full((N, N), 1 / N), covariances(0.1), C, 0.2)


def hardly_heard(extra: float, heard: float = 1e-4) -> tuple[np.ndarray, np.ndarray]:
    """A client whom the others give the weight `heard`, with a covariance `extra` larger; it keeps half of its own."""
    mixing = np.full((N, N), heard)
    mixing[:-1, :-1] = (1 - heard) * mixing_matrix(topology("ring", N - 1), "metropolis")
    mixing[-1] = np.eye(N)[[0, -1]].mean(axis=0)
    x, own = covariances(0.1), np.random.default_rng(3).normal(size=D)
    x[-1] += extra * np.outer(own, own) / (own @ own)
    return mixing, x


@pytest.mark.parametrize(("extra", "step_size", "local_steps"), [(100, 0.0115, 1), (150, 0.005, 1), (150, 0.005, 3)])
def test_models_at_rest_that_training_leaves_are_told_by_their_growth(extra, step_size, local_steps):
    mixing, x = hardly_heard(extra)
    rest = stationary_models(mixing, x, C, step_size, local_steps)
    assert rest.converged  # at rest indeed, and far inside what the curvature of X_v allows
    found = growth(mixing, x, rest.post_mix, step_size, local_steps)
    assert found > 1.1
    pushed = rest.post_mix + 1e-9 * np.random.default_rng(4).normal(size=rest.post_mix.shape)
    apart = []
    for _ in range(60):
        pushed = plain_rounds(pushed, x, mixing, step_size, local_steps, 1)
        apart.append(np.linalg.norm(grams(pushed) - grams(rest.post_mix)))
        if apart[-1] > 1e-4:
            break
    # What remains is the second order in a deviation of 1e-4, and eigenvalues below the largest.
    assert apart[-1] / apart[-2] == pytest.approx(found, rel=0.02)
    trained = plain_rounds(rest.post_mix + 1e-9, x, mixing, step_size, local_steps, 2000)
    assert np.linalg.norm(grams(trained) - grams(rest.post_mix)) > 1


@pytest.mark.parametrize("network", MIXINGS)
def test_models_at_rest_that_training_ends_at_do_not_repel(network):
    name, rule = MIXINGS[network]
    mixing, x = mixing_matrix(topology(name, N), rule), covariances(0.6)
    rest = stationary_models(mixing, x, C, 0.03, 2)
    # C = 2 leaves one common rotation, which a round neither stretches nor shrinks.
    assert growth(mixing, x, rest.post_mix, 0.03, 2) == pytest.approx(1, abs=REPELS / 2)


def test_growth_of_a_single_model_of_two_entries_is_that_of_its_slower_mode():
    x = np.diag([2.0, 1.0])[None]
    rest = stationary_models(np.ones((1, 1)), x, 1, 0.1)
    # Modes 2 (theta_1 - theta_2) = 2 and 4 theta_1 = 8 shrink to 0.8 and 0.2.
    assert growth(np.ones((1, 1)), x, rest.post_mix, 0.1) == pytest.approx(0.8, rel=1e-12)


def test_a_search_for_rest_that_overflows_says_that_it_did_not_converge():
    """And without a warning, which is an error here."""
    mixing, x = hardly_heard(600.0)
    assert not stationary_models(mixing, x, C, 0.05, 3).converged
