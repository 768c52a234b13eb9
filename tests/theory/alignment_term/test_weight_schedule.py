"""The weight of the MAR term and what its embeddings cost, against numbers worked out another way."""

import itertools
import math
from fractions import Fraction

import pytest
import sympy as sp

from theory.alignment_term.weight_schedule import (
    ALIGNMENT_WEIGHT,
    CLAMPED_ALIGNMENT_WEIGHT,
    EMBEDDING_BYTES,
    MODEL_BYTES,
    probability_beyond,
)

PAPER = {"weight_max": 0.1, "weight_min": 0.001, "horizon": 10}


@pytest.mark.parametrize("formula", [ALIGNMENT_WEIGHT, CLAMPED_ALIGNMENT_WEIGHT])
def test_the_weight_is_half_way_at_half_the_horizon(formula):
    assert formula.exact(**PAPER, selections=5) == sp.Rational(101, 2000)


@pytest.mark.parametrize("selections", [0, 3, 10])
def test_the_clamp_changes_nothing_up_to_the_horizon(selections):
    printed, clamped = (f.exact(**PAPER, selections=selections) for f in (ALIGNMENT_WEIGHT, CLAMPED_ALIGNMENT_WEIGHT))
    assert sp.simplify(printed - clamped) == 0


def test_beyond_the_horizon_the_printed_weight_rises_and_the_clamped_one_stays():
    printed = [ALIGNMENT_WEIGHT.exact(**PAPER, selections=s) for s in (10, 15, 20)]
    clamped = [CLAMPED_ALIGNMENT_WEIGHT.exact(**PAPER, selections=s) for s in (10, 15, 20)]
    assert printed == [sp.Rational(1, 1000), sp.Rational(101, 2000), sp.Rational(1, 10)]
    assert clamped == [sp.Rational(1, 1000)] * 3


@pytest.mark.parametrize("formula", [ALIGNMENT_WEIGHT, CLAMPED_ALIGNMENT_WEIGHT])
def test_the_compiled_weight_is_the_exact_one(formula):
    for selections in (0, 7, 13):
        exact = float(formula.exact(**PAPER, selections=selections))
        assert float(formula.compiled(**PAPER, selections=float(selections))) == pytest.approx(exact, rel=1e-14)


def test_the_count_beyond_the_horizon_is_found_by_listing_all_selections():
    """Two of five clients in each of four rounds: every one of the ten to the fourth histories."""
    histories = list(itertools.product(itertools.combinations(range(5), 2), repeat=4))
    for horizon in range(5):
        beyond = sum(sum(0 in chosen for chosen in history) > horizon for history in histories)
        found = probability_beyond(horizon, rounds=4, n_clients=5, participation=2)
        assert found == pytest.approx(float(Fraction(beyond, len(histories))), rel=1e-12, abs=1e-15)


def test_a_horizon_at_the_mean_is_passed_by_two_clients_in_five():
    total = sum(math.comb(200, k) * 5**k * 95 ** (200 - k) for k in range(11, 201))
    exact = float(Fraction(total, 100**200))
    assert probability_beyond(10, rounds=200, n_clients=100, participation=5) == pytest.approx(exact, rel=1e-12)
    assert 0.4 < exact < 0.43


def test_one_client_a_round_may_take_part():
    # At most once in two rounds of three clients: all but both rounds.
    assert probability_beyond(1, rounds=2, n_clients=3, participation=1) == pytest.approx(1 / 9)


def test_selections_outside_the_network_are_refused():
    with pytest.raises(ValueError, match="participation=6"):
        probability_beyond(3, rounds=4, n_clients=5, participation=6)
    with pytest.raises(ValueError, match="horizon=-1"):
        probability_beyond(-1, rounds=4, n_clients=5, participation=2)


def test_bytes_are_four_a_number():
    assert EMBEDDING_BYTES.exact(tokens=49, token_dim=768, batch=256) == 38_535_168
    assert MODEL_BYTES.exact(parameters=86_000_000) == 344_000_000
