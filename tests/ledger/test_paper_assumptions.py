"""Shares of a box and of the paper's scaling, on domains whose shares are known."""

import math

import pytest

from ledger import paper_assumptions
from ledger.paper_assumptions import covered
from theory.domain import Condition, Domain, Real, Whole

X = Real("x", 0.0, 1.0)
TAU = Real("tau", 0.0, math.inf, "()", reach=(0.5, 6.0), is_log=True)
MU = Real("mu", 0.0, math.inf, "()", reach=(0.05, 1.0), is_log=True)
HALF = Condition("x below 1/2", "x < 1/2", lambda p: p["x"] < 0.5)
SCALED = Condition("tau mu = 1", "\\tau\\mu = 1", lambda p: math.isclose(p["tau"] * p["mu"], 1.0))


def test_the_share_of_the_box_is_that_of_the_conditions():
    found = covered(Domain((X,), (HALF,)), 2000)
    assert found.box == pytest.approx(0.5, abs=0.04)
    assert (found.paper, found.n_points) == (None, 2000)


def test_the_papers_scaling_replaces_what_it_speaks_of_and_leaves_the_rest():
    found = covered(Domain((X, TAU, MU), (HALF, SCALED)), 2000)
    assert found.box == 0.0
    assert found.paper == pytest.approx(0.5, abs=0.04)


def test_clients_and_samples_follow_the_dimension():
    parameters = (TAU, MU, Whole("dim", 2, 4), Whole("n_clients", 2, 4), Whole("samples_per_client", 2, 4))
    grown = Condition(
        "as in the paper",
        "",
        lambda p: (
            math.isclose(p["tau"], p["dim"] ** 0.2)
            and 1.0 <= max(p["n_clients"] / p["dim"] ** 0.05, 1.0) <= 8.6
            and p["dim"] <= p["samples_per_client"] <= p["dim"] ** 2 + 1
        ),
    )
    assert covered(Domain(parameters, (grown,)), 300).paper == 1.0


def test_slow_conditions_are_asked_of_fewer_points(monkeypatch):
    monkeypatch.setattr(paper_assumptions, "LONGEST", 1e-9)
    assert covered(Domain((X,)), 400).n_points == 1
