"""What notebook 08 says of MAR, held against its cells, and FedMAR and DecMAR against their trainings."""

import itertools
from typing import Any

import numpy as np
import pytest

import dssl
from sims.linear import metrics
from sims.linear.mar_training import MarOptions, dec_mar, fed_mar
from theory.alignment_term.gaussian_mmd import AVERAGED_EMBEDDING_FLOOR
from theory.alignment_term.weight_schedule import probability_beyond
from theory.networks.topologies import topology


@pytest.fixture(scope="module")
def found(ran):
    return ran("08")


def test_between_equal_batches_the_unbiased_term_is_zero_and_the_released_one_is_the_offset(found):
    mean, error = found.null["unbiased"]
    assert abs(mean) < 4 * error
    mean, error = found.null["released"]
    assert abs(mean - found.OFFSET) < 4 * error


def test_the_term_grows_with_the_move_of_one_batch(found):
    for means in found.moved.values():
        assert all(a < b for a, b in itertools.pairwise(means))


def test_released_minus_unbiased_is_near_the_offset_and_not_equal_to_it(found):
    assert found.apart == pytest.approx(found.by_scale["released"] - found.by_scale["unbiased"], abs=1e-9)
    assert 1e-3 < abs(found.apart - found.OFFSET) < 5e-3


def test_only_the_printed_term_depends_on_the_unit(found):
    spread = {version: np.ptp(values) / np.abs(values).max() for version, values in found.by_scale.items()}
    assert max(spread["unbiased"], spread["released"]) < 1e-9
    assert spread["printed"] > 0.5


def test_averages_of_equal_clients_leave_a_floor(found):
    for count, (mean, error, claimed) in found.floors.items():
        limit = AVERAGED_EMBEDDING_FLOOR.value(n_averaged=count)
        assert abs(mean - claimed) < 4 * error
        assert abs(mean - limit) < 4 * error + 2 / found.WIDE  # the limit of many dimensions
    claims = [claimed for _, _, claimed in found.floors.values()]
    assert claims[0] == pytest.approx(0, abs=1e-12)
    assert all(a < b for a, b in itertools.pairwise(claims))


def test_the_printed_weight_rises_again_beyond_the_horizon_and_the_released_one_does_not(found):
    assert found.weights[False][-1] > 0.99 * 0.1 > found.weights[True][-1]
    assert np.all(np.diff(found.weights[True]) <= 0)


def test_the_printed_share_of_clients_is_selected_more_often_than_expected(found):
    exact = probability_beyond(found.HORIZON, rounds=100, n_clients=100, participation=10)
    assert found.beyond == pytest.approx(exact, abs=0.01)
    assert 0.4 < exact < 0.5


def test_as_printed_decmar_keeps_the_last_local_training_only(found):
    assert found.last == pytest.approx(np.ones(5))
    assert found.corrected == pytest.approx(np.full(5, 3))


def test_the_terms_effect_on_the_tilt_vanishes_with_the_differences_and_that_within_the_directions_stays(found):
    tilt, within = found.change.values()
    for coarse, halved in itertools.pairwise(tilt):
        assert abs(halved) < 0.6 * abs(coarse)
    for coarse, halved in itertools.pairwise(within):
        assert halved == pytest.approx(coarse, rel=0.1)
    assert abs(tilt[0]) < 1e-3 < abs(within[0]) < 1e-2
    assert max(*tilt, *within) < 0


def test_the_record_has_a_case_where_the_tilt_grows(found):
    statement = dssl.ledger().search("mar-drift.tilt")[0]
    assert statement.status == "VIOLATED"
    assert statement.witness


def test_trained_with_linear_clients_printed_decmar_is_far_off_and_released_decmar_never_uses_the_term():
    n, batches, batch, dim, features = 5, 2, 16, 8, 3
    rng = np.random.default_rng(0)
    scale = np.linspace(1.5, 0.3, dim) * (1 + 0.2 * rng.standard_normal((n, 1, 1, dim)))
    views = rng.standard_normal((n, batches, batch, dim)) * scale
    flat = views.reshape(n, -1, dim)
    second = flat.transpose(0, 2, 1) @ flat / flat.shape[1]
    start = 0.5 * rng.standard_normal((features, dim))
    wanted = np.asarray(metrics.top_projector(second.mean(axis=0), features))
    ring, starts = topology("ring", n), np.broadcast_to(start, (n, features, dim))
    settings: dict[str, Any] = {"step_size": 0.05, "rounds": 150, "local_steps": 3}

    def trained(variant: Any, weight: float, is_federated: bool = False) -> np.ndarray:
        options = MarOptions(**settings, weight_max=2.0 * weight, weight_min=0.5 * weight, variant=variant)
        if is_federated:
            return np.asarray(fed_mar(start, second, views, options).output)
        return np.asarray(dec_mar(starts, second, views, ring, options).output)

    assert np.array_equal(trained("released", 1.0), trained("released", 0.0))
    errors = [float(metrics.subspace_error(trained(variant, 1.0), wanted)) for variant in ("printed", "corrected")]
    assert errors[0] > 3 * errors[1]
    assert np.linalg.norm(trained("corrected", 1.0, True) - trained("corrected", 0.0, True)) > 0
