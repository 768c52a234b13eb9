"""A domain says where it is: points inside and outside, ends, laws, and its own words."""

import math

import numpy as np
import pytest

from ledger.paper_assumptions import covered
from ledger.points import corner_points, random_points
from theory.domain import Choice, Condition, Domain, Quantifier, Real, Whole

SIZES = (Whole("n_clients", 2, 16), Whole("dim", 4, 64, most=128))
WIDER = Condition("dim above n_clients", "d > N", lambda p: p["dim"] > p["n_clients"])
RATIO = Real("mask_ratio", 0.0, 1.0, "()")
DOMAIN = Domain((*SIZES, RATIO, Choice("mixing", ("metropolis", "uniform"))), (WIDER,))
INSIDE = {"n_clients": 3, "dim": 10, "mask_ratio": 0.5, "mixing": "uniform"}


def test_a_point_inside_is_not_refused():
    assert DOMAIN.refused(INSIDE) == ""


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"n_clients": 1}, "n_clients is whole and at least 2 (measured up to 16); got 1"),
        ({"n_clients": 2.5}, "n_clients is a whole number; got 2.5"),
        ({"dim": 129}, "dim is whole and from 4 to 128 (measured up to 64); got 129"),
        ({"mask_ratio": 0.0}, "0 < mask_ratio < 1; got 0.0"),
        ({"mask_ratio": math.nan}, "mask_ratio is a number; got nan"),
        ({"mixing": "lazy"}, "mixing is metropolis or uniform; got 'lazy'"),
        ({"n_clients": 10}, "it needs dim above n_clients"),
    ],
)
def test_a_point_outside_is_told_why(changed, why):
    assert DOMAIN.refused(INSIDE | changed) == f"Outside the domain: {why}."


def test_beyond_its_reach_a_point_is_inside():
    assert DOMAIN.refused(INSIDE | {"n_clients": 100, "dim": 128}) == ""


@pytest.mark.parametrize("changed", [{"tau": 1.0}, None])
def test_a_point_has_the_parameters_of_the_domain(changed):
    point = INSIDE | changed if changed else {k: v for k, v in INSIDE.items() if k != "dim"}
    with pytest.raises(ValueError, match=r"tau, too|dim is missing"):
        DOMAIN.refused(point)


def test_words_say_every_parameter_and_condition():
    assert DOMAIN.words() == (
        "For all points where n_clients is whole and at least 2 (measured up to 16); "
        "dim is whole and from 4 to 128 (measured up to 64); 0 < mask_ratio < 1; "
        "mixing is metropolis or uniform; dim above n_clients."
    )
    assert DOMAIN.latex() == (
        r"2 \le N,\ 4 \le d \le 128,\ p \in (0, 1),\ \text{mixing} \in \{\text{metropolis}, \text{uniform}\},\ d > N"
    )


@pytest.mark.parametrize(
    ("real", "words"),
    [
        (Real("tau", 0.0, math.inf, "()", reach=(0.5, 6.0), is_log=True), "0 < tau (measured from 0.5 to 6)"),
        (Real("mu", 0.0, 1.0, "[]"), "0 <= mu <= 1"),
        (Real("x", -math.inf, math.inf, "()", reach=(-1.0, 1.0)), "x is any number (measured from -1 to 1)"),
    ],
)
def test_a_range_reads_as_an_inequality(real, words):
    assert real.words() == words


def test_a_quantifier_brings_what_it_needs():
    with pytest.raises(ValueError, match="belongs to `with probability`"):
        Domain(SIZES, quantifier=Quantifier.WITH_PROBABILITY)
    with pytest.raises(ValueError, match="belongs to `with probability`"):
        Domain(SIZES, probability=0.95)
    with pytest.raises(ValueError, match="in the limit"):
        Domain(SIZES, quantifier=Quantifier.IN_THE_LIMIT)
    said = Domain(SIZES, quantifier=Quantifier.WITH_PROBABILITY, probability=0.95).words()
    assert said.startswith("With probability at least 0.95 at each point where")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Whole("n", 5, 3),
        lambda: Whole("n", 0, 3),
        lambda: Real("x", 0.0, math.inf),
        lambda: Real("x", 0.0, 1.0, reach=(0.5, 2.0)),
        lambda: Real("x", 0.0, 1.0, is_log=True),
        lambda: Domain((*SIZES, *SIZES)),
    ],
)
def test_a_range_that_cannot_be_measured_is_refused(make):
    with pytest.raises(ValueError, match="got"):
        make()


def test_random_points_lie_inside_and_repeat_with_the_seed():
    points = random_points(DOMAIN, 200, 3)
    assert all(DOMAIN.refused(p) == "" for p in points)
    assert points == random_points(DOMAIN, 200, 3)
    assert points != random_points(DOMAIN, 200, 4)


def test_sizes_are_log_uniform_and_every_value_comes():
    drawn = [p["n"] for p in random_points(Domain((Whole("n", 1, 7),)), 20_000, 0)]
    expected = [math.log((k + 1) / k) / math.log(8) for k in range(1, 8)]
    assert np.bincount(drawn)[1:] / 20_000 == pytest.approx(expected, abs=0.015)


def test_reals_are_uniform_or_log_uniform_over_their_reach():
    plain, log = Real("x", 0.0, 4.0), Real("x", 0.0, math.inf, "()", reach=(0.01, 100.0), is_log=True)
    assert plain.at(0.25) == 1.0
    assert log.at(0.5) == pytest.approx(1.0)


def test_corners_are_the_ends_of_the_reach_that_meet_the_conditions():
    corners = list(DOMAIN.corners())
    assert {(p["n_clients"], p["dim"]) for p in corners} == {(2, 4), (2, 64), (16, 64)}
    assert {p["mask_ratio"] for p in corners} == {0.001, 0.999}  # the ends themselves are outside
    assert len(corners) == 3 * 2 * 2
    assert all(c in corners for c in corner_points(DOMAIN, 5, 0))
    assert len(corner_points(DOMAIN, 5, 0)) == 5


def test_the_share_of_the_box_is_measured():
    half = Condition("x at most 1/2", r"x \le 1/2", lambda p: p["x"] <= 0.5)
    assert covered(Domain((Real("x", 0.0, 1.0),), (half,)), 4000).box == pytest.approx(0.5, abs=0.03)


def test_a_domain_that_conditions_empty_is_told():
    never = Condition("nothing", r"\bot", lambda p: False)
    with pytest.raises(ValueError, match="No point was found"):
        random_points(Domain((Real("x", 0.0, 1.0),), (never,)), 1, 0)
