"""What notebook 06 says of servers and neighbours, held against its cells and against the formulas behind it."""

from itertools import product

import numpy as np
import pytest

import dssl
from sims.linear.objective import random_start
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.data.moments import alignment_matrix
from theory.deficits.weighted import weighted_deficit
from theory.networks.mixing import mixing_matrix, objective_weights_of
from theory.networks.small_networks import connected_networks
from theory.networks.topologies import from_networkx
from theory.objectives.linear_alignment import gradient
from theory.objectives.representability import representability
from theory.readings import Mask, Objective
from theory.setting import Setting
from theory.training.effective_covariance import kappa
from theory.training.participation import crossover_step_size, partial_participation_error
from theory.training.subspace_drift import placement_mean_kappa


@pytest.fixture(scope="module")
def found(ran):
    return ran("06")


def test_the_ideal_models_sensitivity_is_zero_exactly_where_weights_are_equal(found):
    assert all((spread < 1e-9) == (s < 1e-9) for spread, s in found.ideal.values())
    assert [name for name, (_, s) in found.ideal.items() if s < 1e-9] == ["complete", "ring", "hypercube"]


def test_on_all_networks_of_three_to_six_clients_sensitivity_is_zero_exactly_where_weights_are_equal():
    for graph in connected_networks(3, 6):
        s = Setting.paper(64, n_clients=len(graph), samples_per_client=1000)
        weights = list(objective_weights_of(mixing_matrix(from_networkx(graph), "uniform")))
        r, _ = representability(
            alignment_matrix(s, Objective.MIM, Mask.COMPLEMENTARY, weights=weights), s.feature_dim, len(graph)
        )
        assert (np.ptp(r) < 1e-12) == (np.ptp(weights) < 1e-12)


def test_the_rings_model_ends_far_nearer_and_its_distance_shrinks_like_the_square_of_the_step(found):
    assert all(fl > 10 * dec for fl, dec in zip(found.off["complete"], found.off["ring"], strict=True))
    assert found.slope["complete"] == pytest.approx(1, abs=0.1)
    assert found.slope["ring"] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("n", [2, 3])
def test_kappa_between_two_sides_is_zero_for_as_many_local_steps(n):
    links = ",".join(f"{a}-{b}" for a, b in product(range(n), range(n, 2 * n)))
    between = dssl.kappa(dssl.Network(f"edges:{links}", 2 * n), local_steps=n)[-1]
    assert between == pytest.approx(0, abs=1e-12)
    assert kappa(np.full((2 * n, 2 * n), 1 / (2 * n)), n) == pytest.approx(n - 1)


@pytest.mark.parametrize("steps", [2, 3, 5])
def test_with_more_local_steps_kappa_is_smaller_in_size_exactly_for_negative_eigenvalues(steps):
    for graph in connected_networks(3, 5):
        matrix = mixing_matrix(from_networkx(graph), "metropolis")
        network = dssl.Network(np.array(matrix != 0) & ~np.eye(len(matrix), dtype=bool), mixing="metropolis")
        rest = np.array(network.mixing_spectrum)[1:]
        sizes = np.abs(dssl.kappa(network, local_steps=steps))
        is_clear = np.abs(rest) > 1e-9
        assert np.array_equal((sizes < steps - 1)[is_clear], (rest < 0)[is_clear])


def test_with_one_local_step_the_server_reaches_the_best_model_and_the_ring_does_not(found):
    assert found.one_step["complete"] < 1e-9 < 1e-6 < found.one_step["ring"]
    ring = dssl.kappa(dssl.Network("ring", 4), local_steps=1)[-1]
    assert ring < 0 < abs(ring)


def test_with_one_local_step_a_server_does_what_one_client_with_all_images_does(found):
    clients = found.alternating
    start = random_start(0, clients, found.FEATURES)
    options = TrainingOptions(step_size=0.02, rounds=200, collapse=False)
    served, alone = train(start, clients, np.full((4, 4), 1 / 4), options).post_mix[0], start[0]
    for _ in range(200):
        alone = alone - 0.02 * gradient(alone, clients.mean(axis=0))
    assert np.asarray(served) == pytest.approx(np.asarray(alone), abs=1e-12)


def test_some_placements_beat_the_server_and_the_mean_of_placements_does_not(found):
    for values in found.ends.values():
        assert len(values) == 20
        assert values.mean() > found.level
    assert (found.ends["two sides"] < found.level).sum() == 2
    assert (found.ends["ring"] < found.level).sum() == 2
    assert found.ends["two sides"].min() < found.level / 10


def test_averaged_over_placements_kappa_is_above_the_servers_on_all_small_networks():
    for graph in connected_networks(3, 6):
        n = len(graph)
        if graph.number_of_edges() < n * (n - 1) / 2:
            for steps in (1, 2, 3, 5):
                assert placement_mean_kappa(mixing_matrix(from_networkx(graph), "metropolis"), steps) > steps - 1


def test_a_server_that_draws_clients_is_off_by_a_square_that_shrinks_like_the_step_and_as_predicted(found):
    assert found.power["server"] == pytest.approx(np.ones(3), abs=0.2)
    assert found.power["regular:4"] == pytest.approx(np.full(3, 2), abs=0.12)
    assert np.all(np.diff(found.power["ring"]) < 0)  # it comes nearer to 2 as the step falls
    assert found.power["ring"][-1] < 1.5 < 1.8 < found.power["ring"][0] < 2
    for k, step in enumerate(found.SIZES):
        predicted = partial_participation_error(found.twenty, found.FEATURES, found.SAMPLED, float(step))
        measured, error = found.squares["server"][k], found.squares["error"][k]
        assert abs(measured - predicted) < 4 * error + 0.1 * measured


def test_networks_win_below_the_predicted_step_size_and_lose_above(found):
    for name, network in found.NETWORKS.items():
        crossing = crossover_step_size(network.mixing_matrix, found.twenty, found.FEATURES, found.SAMPLED)
        for k, step in enumerate(found.SIZES):
            gap, error = found.squares["server"][k] - found.squares[name][k], 2 * found.squares["error"][k]
            if step < crossing / 2:
                assert gap > error
            if step > 2 * crossing:
                assert gap < -error
    assert np.all(np.array(found.squares["regular:4"]) < found.squares["server"])
    assert found.apart[0] < -2
    assert abs(found.apart[1]) < 1  # a tie
    assert min(found.apart[2:]) > 2


def test_the_exact_matrices_are_the_papers_and_training_on_them_keeps_all_directions_alike(found):
    s = Setting.paper(found.PIXELS, n_clients=found.N, samples_per_client=400)
    for client, matrix in enumerate(found.papers):
        exact = alignment_matrix(s, Objective.CL, scope="local", client=client).dense()
        assert matrix == pytest.approx(exact, abs=1e-12)
    assert max(found.spread.values()) < 1e-9


def test_with_few_images_unequal_weights_cost_and_missing_links_do_not(found):
    s = Setting.paper(found.PIXELS, n_clients=found.N, samples_per_client=found.IMAGES)
    for name, network in found.CASES.items():
        theory = weighted_deficit(s, list(network.training_weights)).mean()
        error = found.lost[name].std(ddof=1) / np.sqrt(found.DATA_SETS)
        assert abs(found.lost[name].mean() - theory) < 4 * error + 0.05 * theory
    server = found.sensitivities["server"]
    assert (found.sensitivities["ring"] < server).any()
    assert np.abs(found.sensitivities["ring"] - server).max() < 0.1 * server.mean()
    assert found.furthest["ring"] == pytest.approx(np.abs(found.sensitivities["ring"] - server).max() / server.mean())
    assert found.lost["star, uniform averaging"].mean() > 1.3 * found.lost["server"].mean()
    assert found.lost["star, equal weights"].mean() == pytest.approx(found.lost["server"].mean(), rel=0.02)


@pytest.mark.parametrize("local_steps", [1, 2, 3, 5])
def test_a_servers_drift_grows_with_local_steps_as_predicted(found, local_steps):
    clients = found.made_up_clients(8, seed=4)
    options = {"rounds": 8000 // local_steps, "step_size": 0.004, "local_steps": local_steps}
    distance, run = found.end(clients, dssl.Network("complete", 8), **options)
    predicted = float(run.mean_model_subspace_error_predicted.sel(prediction="fixed_point"))
    if local_steps == 1:
        assert distance < 1e-9
    else:
        assert distance == pytest.approx(predicted, rel=0.05)
        step = dssl.effective_covariance(
            dssl.Network("complete", 8),
            step_size=0.004,
            local_steps=local_steps,
            feature_dim=2,
            covariances=clients.tolist(),
        )["drift_prediction"]
        assert distance == pytest.approx(step, rel=0.05)
