"""Bounds of the averaged model's drift: true, of use, and the statements about networks that rest on them."""

from itertools import permutations

import networkx as nx
import numpy as np
import pytest

from theory.networks.mixing import laplacian, mixing_matrix, perron_weights
from theory.networks.topologies import topology
from theory.objectives.curvature import curvature, top_projector
from theory.training.effective_covariance import (
    effective_covariance,
    kappa,
    represented_basis,
    stiffness,
    training_mean,
)
from theory.training.stationary_models import stationary_models
from theory.training.subspace_drift import (
    deviation_bound,
    drift_form,
    effective_subspace_bound,
    placement_mean_kappa,
    representability_bound,
    residual_bound,
    sensitivity_bound,
    subspace_drift,
    subspace_drift_bound,
)

N, D, C = 8, 10, 3


def covariances(dissimilarity: float, seed: int = 0, n: int = N) -> np.ndarray:
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(D, D)))[0]
    common = basis @ np.diag(np.r_[np.linspace(3, 2, C), np.linspace(1, 0.2, D - C)]) @ basis.T
    own = rng.normal(size=(n, D, D)) / np.sqrt(D)
    return common + dissimilarity * (own + np.swapaxes(own, 1, 2)) / 2


def aligned(dissimilarity: float, mode: np.ndarray) -> np.ndarray:
    """Covariances whose dissimilarity lies in one network mode and couples one represented direction to one other."""
    common, off = np.diag([3.0, 2.0, 1.0, 0.5]), np.zeros((4, 4))
    off[1, 2] = off[2, 1] = dissimilarity
    off[2, 2] = dissimilarity
    return common + np.sqrt(len(mode)) * mode[:, None, None] * off


CASES = [("ring", "metropolis"), ("star", "uniform"), ("complete", "uniform"), ("path", "lazy")]


@pytest.mark.parametrize("local_steps", [1, 3])
@pytest.mark.parametrize(("name", "rule"), CASES)
def test_the_first_order_bound_holds_at_small_steps(name, rule, local_steps):
    mixing = mixing_matrix(topology(name, N), rule)
    for seed in range(3):
        x = covariances(0.5, seed)
        step_size = 0.02 / stiffness(mixing, x, C, 1.0, local_steps)
        models = stationary_models(mixing, x, C, step_size, local_steps).post_mix
        mean = np.einsum("i,icd->cd", perron_weights(mixing), models)
        drift = np.linalg.norm(top_projector(mean.T @ mean, C) - top_projector(training_mean(mixing, x), C))
        assert drift <= subspace_drift_bound(mixing, x, C, step_size, local_steps) + 1e-13


def test_the_first_order_bound_is_near_its_worst_case():
    mixing = mixing_matrix(topology("ring", N), "metropolis")
    x = aligned(1e-2, np.linalg.eigh(mixing)[1][:, -2])
    drift, bound = subspace_drift(mixing, x, 2, 1e-4, 2), subspace_drift_bound(mixing, x, 2, 1e-4, 2)
    assert 0.5 * bound < drift < bound


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("name", ["ring", "star", "complete"])
def test_the_bound_for_the_effective_covariance_holds_at_any_step(name, scale):
    mixing = mixing_matrix(topology(name, N), "metropolis")
    for seed in range(5):
        x = covariances(0.5, seed)
        step = scale / stiffness(mixing, x, C, 1.0, 2)
        bound = effective_subspace_bound(mixing, x, C, step, 2)
        assert subspace_drift(mixing, x, C, step, 2) <= bound
        # Nothing has changed but the unit of the data.
        assert effective_subspace_bound(mixing, 100 * x, C, step / 100, 2) == pytest.approx(bound, rel=1e-9)


def test_the_bound_says_nothing_once_directions_may_change_places():
    mixing = mixing_matrix(topology("ring", N), "metropolis")
    assert effective_subspace_bound(mixing, covariances(1.0), C, 10.0) == np.inf


@pytest.mark.parametrize("dissimilarity", [0.05, 0.3, 1.0])
def test_the_deviation_of_models_at_rest_bounds_the_drift_at_any_step(dissimilarity):
    """A theorem, so at steps far beyond first order as well: stiffness up to 3."""
    mixing = mixing_matrix(topology("ring", N), "metropolis")
    ratios = []
    for seed in range(3):
        x = covariances(dissimilarity, seed)
        for scale in (0.05, 0.5, 3.0):
            models = stationary_models(mixing, x, C, scale / stiffness(mixing, x, C, 1.0, 1), 1).post_mix
            v = perron_weights(mixing)
            mean = np.einsum("i,icd->cd", v, models)
            drift = np.linalg.norm(top_projector(mean.T @ mean, C) - top_projector(training_mean(mixing, x), C))
            ratios.append(deviation_bound(models, x, v) / drift)
    assert min(ratios) >= 1
    # Of use: the largest here is 28, at any dissimilarity and step.
    assert max(ratios) < 35


def test_all_local_iterates_together_obey_the_deviation_bound():
    mixing, x, eta, steps = mixing_matrix(topology("ring", N), "metropolis"), covariances(0.3), 0.01, 4
    w, iterates = stationary_models(mixing, x, C, eta, steps).post_mix, []
    for _ in range(steps):
        iterates.append(w)
        w = w - 2 * eta * (w @ (np.swapaxes(w, 1, 2) @ w) - w @ x)
    models, repeated = np.concatenate(iterates), np.tile(x, (steps, 1, 1))
    gradients = 2 * (models @ (np.swapaxes(models, 1, 2) @ models) - models @ repeated)
    # They cancel up to the rotation a round, of third order in the step.
    assert np.abs(gradients.mean(axis=0)).max() < 1e-5
    mean = models.mean(axis=0)
    drift = np.linalg.norm(top_projector(mean.T @ mean, C) - top_projector(x.mean(axis=0), C))
    assert drift <= deviation_bound(models, repeated, np.full(len(models), 1 / len(models)))


def test_the_deviation_identity_is_exact():
    """W (W^T W - X) equals the terms that the bound takes the norms of."""
    mixing, x = mixing_matrix(topology("star", N), "uniform"), covariances(0.7)
    v, models = perron_weights(mixing), stationary_models(mixing, x, C, 0.02).post_mix
    w, target = np.einsum("i,icd->cd", v, models), training_mean(mixing, x)
    terms = np.zeros_like(w)
    for weight, model, covariance in zip(v, models, x, strict=True):
        e = model - w
        terms += weight * (e @ (covariance - target) - e @ e.T @ w - e @ w.T @ e - w @ e.T @ e - e @ e.T @ e)
    np.testing.assert_allclose(w @ (w.T @ w - target), terms, atol=1e-13)


def test_the_residual_bound_holds_for_any_model():
    rng, x = np.random.default_rng(3), covariances(0.0)[0]
    optimum = curvature(x, C).optimum
    for scale in (1e-4, 1e-2, 0.1):
        w = optimum + scale * rng.normal(size=optimum.shape)
        drift = np.linalg.norm(top_projector(w.T @ w, C) - top_projector(x, C))
        bound = residual_bound(w, x, float(np.linalg.norm(w @ (w.T @ w - x))))
        assert drift <= bound
        # A random residual lies partly inside the subspace, where it does no harm.
        assert bound < 10 * drift
    assert residual_bound(0.1 * optimum, x, 1.0) == np.inf


def test_the_residual_bound_does_not_depend_on_the_unit_of_the_data():
    x, rng = covariances(0.5, n=1)[0], np.random.default_rng(4)
    shape = curvature(x, C)
    w = np.sqrt(shape.values[:C])[:, None] * shape.vectors[:, :C].T + 0.02 * rng.normal(size=(C, D))
    residual = float(np.linalg.norm(w @ (w.T @ w - x)))
    bounds = [residual_bound(np.sqrt(unit) * w, unit * x, unit**1.5 * residual) for unit in (1e-3, 1.0, 1e3)]
    np.testing.assert_allclose(bounds, bounds[1])
    assert 0 < bounds[1] < np.inf


def test_the_deviation_bound_is_the_residual_bound_of_its_terms_norms():
    x, rng = covariances(0.1), np.random.default_rng(5)
    weights = rng.dirichlet(np.ones(N))
    shape = curvature(np.einsum("i,ikl->kl", weights, x), C)
    models = np.sqrt(shape.values[:C])[:, None] * shape.vectors[:, :C].T + 0.003 * rng.normal(size=(N, C, D))
    mean, target = np.einsum("i,icd->cd", weights, models), np.einsum("i,ikl->kl", weights, x)
    pulls = zip(weights, models, x, strict=True)
    norms = float(np.linalg.norm(sum(weight * w @ (w.T @ w - own) for weight, w, own in pulls)))
    for weight, model, own in zip(weights, models, x, strict=True):
        e = np.linalg.norm(model - mean)
        norms += weight * e * np.linalg.norm(own - target, 2)
        norms += weight * (e**2 * np.linalg.norm(mean, 2) * len(("e e^T W", "e W^T e", "W e^T e")) + e**3)
    wanted = residual_bound(mean, target, float(norms))
    assert deviation_bound(models, x, weights) == pytest.approx(wanted)
    assert 0 < wanted < np.inf


@pytest.mark.parametrize("matrix", [np.array([[0.6, 0.4], [0.5, 0.5]]), np.ones((1, 1))])
def test_the_mean_over_placements_needs_a_symmetric_matrix_of_two_clients(matrix):
    with pytest.raises(ValueError, match="two clients or more and a symmetric"):
        placement_mean_kappa(matrix)


def test_representability_and_sensitivity_move_at_most_as_bounded():
    rng, tightest = np.random.default_rng(4), [0.0, 0.0]
    for _ in range(300):
        first, second = (np.linalg.qr(rng.normal(size=(4, 2)))[0] for _ in range(2))
        second = np.linalg.qr(first + rng.choice([0.01, 0.3]) * second)[0]
        error = float(np.linalg.norm(first @ first.T - second @ second.T))
        r, s = np.sum(first**2, axis=1), np.sum(second**2, axis=1)
        moved = [np.abs(r - s).max(), abs(np.ptp(r) - np.ptp(s))]
        bounds = [representability_bound(error), sensitivity_bound(error)]
        assert all(m <= b + 1e-15 for m, b in zip(moved, bounds, strict=True))
        tightest = [max(t, m / b) for t, m, b in zip(tightest, moved, bounds, strict=True)]
    assert min(tightest) > 0.5
    assert representability_bound(9.0) == sensitivity_bound(9.0) == 1  # r_k lies in [0, 1]


# Networks.


@pytest.mark.parametrize(("name", "rule"), [("ring", "metropolis"), ("star", "uniform"), ("star", "data_size")])
def test_the_drift_form_has_kappa_as_eigenvalues(name, rule):
    mixing = mixing_matrix(topology(name, N), rule, sizes=range(1, N + 1) if rule == "data_size" else None)
    form = drift_form(mixing, 3)
    np.testing.assert_allclose(form, form.T, atol=1e-12)
    np.testing.assert_allclose(np.linalg.eigvalsh(form), np.sort(np.r_[kappa(mixing, 3), 0]), atol=1e-11)
    x, v = covariances(0.5), perron_weights(mixing)
    off, root = x - training_mean(mixing, x), np.sqrt(v)
    drift = sum(root[i] * form[i, j] * root[j] * off[j] @ off[i] for i in range(N) for j in range(N))
    expected = training_mean(mixing, x) + 1e-2 * drift
    np.testing.assert_allclose(effective_covariance(mixing, x, 1e-2, 3), expected, atol=1e-13)


def test_over_placements_of_clients_federated_averaging_drifts_least():
    """Mean kappa is at least E - 1 for symmetric mixing with trace at least 1; equal for the complete network only."""
    seen = 0
    for graph in nx.graph_atlas_g():
        n = graph.number_of_nodes()
        if n < 2 or not nx.is_connected(graph):
            continue
        adjacency = nx.to_numpy_array(graph, nodelist=range(n), dtype=np.dtype(bool))
        mixings = [mixing_matrix(adjacency, "metropolis")]
        if len({d for _, d in graph.degree}) == 1:
            mixings.append(mixing_matrix(adjacency, "uniform"))
        for mixing in mixings:
            for steps in (1, 4):
                seen += 1
                excess = placement_mean_kappa(mixing, steps) - (steps - 1)
                is_complete = np.allclose(mixing, 1 / n)
                assert abs(excess) < 1e-10 if is_complete else excess > 1e-3
    assert seen > 1900


def test_trace_below_one_can_beat_federated_averaging_over_placements():
    """The condition on the trace is needed: no self-weights on the complete network."""
    mixing = (np.ones((4, 4)) - np.eye(4)) / 3
    assert placement_mean_kappa(mixing, 3) < 2


def test_the_mean_over_placements_is_what_it_says():
    mixing, x = mixing_matrix(topology("path", 4), "metropolis"), covariances(0.5, n=4)
    mean = np.mean([effective_covariance(mixing, x[list(p)], 1e-2, 2) for p in permutations(range(4))], axis=0)
    off = x - x.mean(axis=0)
    expected = x.mean(axis=0) + 1e-2 * placement_mean_kappa(mixing, 2) * np.mean(off @ off, axis=0)
    np.testing.assert_allclose(mean, expected, atol=1e-14)


def added_links(largest: int):
    """Every connected network of up to `largest` clients and every link that can be added to it."""
    for graph in nx.graph_atlas_g():
        n = graph.number_of_nodes()
        if 3 <= n <= largest and nx.is_connected(graph):
            for a, b in nx.non_edges(graph):
                denser = graph.copy()
                denser.add_edge(a, b)
                yield tuple(nx.to_numpy_array(g, nodelist=range(n), dtype=np.dtype(bool)) for g in (graph, denser))


def test_with_a_fixed_laplacian_step_every_added_link_lowers_the_drift_for_any_data():
    """K falls in the Loewner order, so X_eff - X_v does, whatever the clients hold and wherever they sit."""
    seen = 0
    for sparse, dense in added_links(6):
        step = 1 / float(dense.sum(axis=1).max())
        forms = [drift_form(laplacian(a, step), 2) for a in (sparse, dense)]
        assert np.linalg.eigvalsh(forms[0] - forms[1])[0] > -1e-9
        seen += 1
    assert seen == 821


def consensus_gains(adjacency: np.ndarray, step: float) -> float:
    values = np.linalg.eigvalsh(np.diag(adjacency.sum(axis=1)) - adjacency.astype(float))[1:]
    return float(np.sum((1 / (step * values) - 1) ** 2))


def test_with_a_fixed_laplacian_step_added_links_lower_placement_averaged_consensus_while_eigenvalues_stay_positive():
    for sparse, dense in added_links(6):
        largest = np.linalg.eigvalsh(np.diag(dense.sum(axis=1)) - dense.astype(float))[-1]
        assert consensus_gains(dense, 1 / largest) <= consensus_gains(sparse, 1 / largest) + 1e-12


def test_with_a_larger_stable_step_an_added_link_can_raise_it():
    """Negative eigenvalues of M grow too: monotone in links needs more than stability."""
    square = nx.to_numpy_array(nx.cycle_graph(4), dtype=np.dtype(bool))
    chord = square.copy()
    chord[0, 2] = chord[2, 0] = True
    step = 1.99 / 4
    assert consensus_gains(chord, step) > 1.5 * consensus_gains(square, step)


@pytest.mark.parametrize("rule", ["uniform", "metropolis"])
def test_with_degree_dependent_weights_an_added_link_can_raise_the_drift(rule):
    worse = 0
    for sparse, dense in added_links(5):
        first, second = (np.linalg.norm(drift_form(mixing_matrix(a, rule), 1), 2) for a in (sparse, dense))
        worse += second > first + 1e-9
    assert worse > 0


def test_the_drift_of_models_uses_the_basis_of_the_effective_covariance():
    mixing, x = mixing_matrix(topology("ring", N), "metropolis"), covariances(0.4)
    basis = represented_basis(effective_covariance(mixing, x, 1e-3, 2), C)
    expected = np.linalg.norm(basis @ basis.T - top_projector(x.mean(axis=0), C))
    assert subspace_drift(mixing, x, C, 1e-3, 2) == pytest.approx(expected, rel=1e-10)
