"""Records of figures on networks come out the same when part of them is made again, and show what they are said to."""

import pathlib

import numpy as np
import pytest

from experiments import figure_store
from figures import draw

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "results" / "figures"
NETWORK_FIGURES = (
    "consensus_by_topology",
    "dirichlet_dissimilarity",
    "drift_against_kappa",
    "functional_ranking",
    "mar_and_drift",
    "published_bounds",
    "witnesses",
)


def committed(name):
    return draw.load(name, FOLDER)


@pytest.mark.parametrize("name", NETWORK_FIGURES)
def test_rows_made_again_are_rows_of_the_committed_record(name):
    rows = committed(name)["rows"]
    made = figure_store.make(name, "quick")["rows"]
    assert 0 < len(made) < len(rows)
    for row in made:
        assert any(figure_store.difference(row, known) == "" for known in rows), row


def test_the_fixed_point_is_the_simulated_consensus_error_and_the_gap_bound_is_never_below_it():
    rows = committed("consensus_by_topology")["rows"]
    simulated = np.array([r["simulated"] for r in rows])
    np.testing.assert_allclose([r["fixed_point"] for r in rows], simulated, rtol=1e-6)
    bounded = [r for r in rows if r["gap_bound"] is not None]
    assert len(bounded) > len(rows) / 2
    assert all(r["gap_bound"] >= r["simulated"] for r in bounded)


def test_x_eff_predicts_the_simulated_drift_where_mixing_is_fast_and_no_drift_crosses_its_bound():
    rows = committed("drift_against_kappa")["rows"]
    fast = [r for r in rows if r["network"] in ("complete", "exponential", "torus 4x4", "random 4-regular")]
    assert len(fast) >= 20
    np.testing.assert_allclose([r["simulated"] for r in fast], [r["effective_covariance"] for r in fast], rtol=0.05)
    assert all(r["simulated"] <= r["bound"] for r in rows)


def test_every_pair_of_witnesses_contradicts_what_is_printed():
    pairs = {row["pair"]: row["networks"] for row in committed("witnesses")["rows"]}
    for sparse, dense in pairs.values():
        assert len(dense["links"]) >= len(sparse["links"])
    numbers = {pair: [n["numbers"] for n in networks] for pair, networks in pairs.items()}
    before, after = numbers["one more link"]
    assert before["s"] < 1e-12
    assert after["s"] > 0.04
    network, server = numbers["beats the server"]
    assert 100 * network["drift"] < server["drift"]
    sparse, dense = numbers["more links, less agreement"]
    assert 10 * sparse["consensus_error"] < dense["consensus_error"]
    path, star = numbers["same links, other target"]
    assert 5 * path["mean_model_error"] < star["mean_model_error"]
    assert star["consensus_error"] < path["consensus_error"] / 100


def test_drawn_heterogeneity_and_dissimilarity_agree_with_their_closed_forms():
    """Within four standard errors, and the approximate closed form of the released shares within its 1% besides."""
    for row in committed("dirichlet_dissimilarity")["rows"]:
        for series in (row["heterogeneity"], *row["zeta_squared"].values()):
            drawn = series["sampled"]
            compared = [
                (mean, error, closed)
                for mean, error, closed in zip(
                    drawn["mean"], drawn["standard_error"], drawn["closed_form"], strict=True
                )
                if closed is not None
            ]
            assert len(compared) >= 5
            for mean, error, closed in compared:
                assert abs(mean - closed) <= 4 * error + (0.01 * closed if row["convention"] == "released" else 0)


def test_bounds_with_known_constants_are_never_below_the_simulation_and_the_noise_is_predicted():
    rows = committed("published_bounds")["rows"]
    for row in rows:
        least = min(row["kong2021"], row["takezawa2026"], row["ledger_bound"])
        assert least >= row["simulated"] - 4 * row["standard_error"]
    noisy = [r for r in rows if r["part"] == "noise"]
    for row in noisy:
        # The prediction is at the optimum, which noise leaves a little.
        wide = 4 * row["standard_error"] + 0.01 * row["simulated"]
        assert abs(row["ledger_prediction"] - row["simulated"]) <= wide


def test_mar_turns_embeddings_and_tilts_subspaces_only_beyond_first_order():
    rows = committed("mar_and_drift")["rows"]
    assert max(r["settled"] for r in rows) < 1e-6

    def change(level, part):
        free, pulled = (
            next(r for r in rows if (r["reading"], r["level"], r["weight"]) == ("pooled", level, weight))
            for weight in (0.0, 10.0)
        )
        return 1 - pulled[part] / free[part]

    # Half the heterogeneity halves the relative effect on tilt; that on the turns inside the subspace stays.
    assert change(0.15, "tilt") < 0.6 * change(0.3, "tilt")
    assert change(0.15, "in_row") > 0.75 * change(0.3, "in_row") > 0.15
    assert change(0.3, "drift") < 0
    assert abs(change(0.3, "size")) < 0.01


def test_the_ranking_is_over_two_hundred_networks_and_leaves_average_connectivity_behind():
    record = committed("functional_ranking")
    assert record["n_networks"] >= 200
    for row in record["rows"]:
        assert row["low"] <= row["rho"] <= row["high"]
    of_uniform = {
        (r["measure"], r["functional"]): r
        for r in record["rows"]
        if (r["rule"], r["placement"]) == ("uniform", "random")
    }
    for measure, best in (("consensus", "squared_mode_sum"), ("mean_model_error", "training_concentration")):
        # Connectivity should protect, so its strength is at most minus the lower end of its interval.
        assert of_uniform[measure, best]["low"] > -of_uniform[measure, "average_connectivity"]["low"]
