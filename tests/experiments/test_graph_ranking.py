"""The record of graph functionals is made again alike, and its statistics are those of scipy."""

import numpy as np
import pytest
from scipy import stats

from experiments import graph_ranking as ranking
from experiments.figure_store import difference
from experiments.real_images.record import rounded
from runtime import store

KEPT = store.read(ranking.RECORD)
PLACES = (0, 2, 150)


def stored(value):
    return store.jsonable(rounded(value))


def test_over_two_hundred_networks_of_several_families_are_on_record():
    names = {(n["name"], n["seed"]) for n in KEPT["networks"]}
    assert len(names) == len(KEPT["networks"]) >= 200
    assert len({name.split(":")[0] for name, _ in names}) >= 12


@pytest.mark.parametrize("place", PLACES)
def test_one_network_is_measured_again_alike(place):
    name, seed = KEPT["networks"][place].values()
    for rule in ranking.RULES:
        functionals = stored(ranking.functionals_of(name, seed, rule))
        for key, value in functionals.items():
            assert difference(KEPT["functionals"][rule][key][place], value, key) == ""
        for placement in ranking.PLACEMENTS:
            again = stored(ranking.measured(ranking.trainings(name, seed, rule, placement)))
            for key, value in again.items():
                kept = KEPT["measured"][f"{rule}, {placement}"][key][place]
                # Six digits are kept; a change of s is a difference of numbers of order one.
                assert value == pytest.approx(kept, rel=1e-4, abs=1e-11), (rule, placement, key)


def test_rank_correlations_on_record_are_those_of_its_columns():
    for cell in ("uniform, random", "metropolis, homophily"):
        rule = cell.split(",")[0]
        again = stored(ranking.rank_correlations({rule: KEPT["functionals"][rule]}, {cell: KEPT["measured"][cell]}))
        assert difference(KEPT["rank_correlations"][cell], again[cell]) == ""
        for measure, ranks in KEPT["rank_correlations"][cell].items():
            for functional, kept in ranks.items():
                a, b = KEPT["functionals"][rule][functional], KEPT["measured"][cell][measure]
                assert kept["rho"] == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-6)
                assert kept["low"] <= kept["rho"] <= kept["high"]


def test_the_bootstrap_interval_is_that_of_scipy():
    rng = np.random.default_rng(0)
    a = rng.standard_normal(60)
    b = np.round(a + rng.standard_normal(60), 1)
    found = ranking.rank_correlation(a, b)
    theirs = stats.bootstrap(
        (a, b),
        lambda x, y: stats.spearmanr(x, y).statistic,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=2000,
        rng=1,
    ).confidence_interval
    # Quantiles of 2000 draws of a statistic that spreads by about 0.1 have standard errors near 0.005.
    assert found["low"] == pytest.approx(theirs.low, abs=0.03)
    assert found["high"] == pytest.approx(theirs.high, abs=0.03)
    assert found["rho"] == stats.spearmanr(a, b).statistic


def test_a_difference_of_strengths_is_zero_for_equals_and_forgets_signs():
    rng = np.random.default_rng(0)
    a, outcome = rng.standard_normal((2, 40))
    same = ranking.difference_of_strengths(a, -a, outcome)
    assert max(abs(v) for v in same.values()) < 1e-12
    assert ranking.difference_of_strengths(outcome, a, outcome)["low"] > 0.3


@pytest.mark.slow
def test_the_networks_on_record_are_those_listed_each_once_up_to_isomorphism():
    assert [(n["name"], n["seed"]) for n in KEPT["networks"]] == ranking.listed()


@pytest.mark.slow
def test_the_record_is_made_again_alike():
    again = stored(ranking.record())
    for part in ("measured", "functionals", "networks"):
        for found, kept in zip(_numbers(again[part]), _numbers(KEPT[part]), strict=True):
            assert found == pytest.approx(kept, rel=1e-4, abs=1e-11)
    for found, kept in zip(_numbers(again["rank_correlations"]), _numbers(KEPT["rank_correlations"]), strict=True):
        # Two networks that nearly tie may change ranks on another machine.
        assert found == pytest.approx(kept, abs=1e-3)


def _numbers(value):
    if isinstance(value, dict):
        return [n for v in value.values() for n in _numbers(v)]
    if isinstance(value, list):
        return [n for v in value for n in _numbers(v)]
    return [] if isinstance(value, str) else [value]
