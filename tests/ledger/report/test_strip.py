"""Tightness on a logarithmic scale: where the mark stands, and which mark it is."""

import itertools
import math
import re

import pytest

from ledger.report.strip import MARGIN, WIDTH, place, strip


def test_equal_factors_are_equal_steps_and_1_is_in_the_middle():
    assert place(1.0) == WIDTH / 2
    assert place(10.0) - place(1.0) == pytest.approx(place(1.0) - place(0.1))
    assert place(4.0) - place(2.0) == pytest.approx(place(0.5) - place(0.25))


def test_what_is_off_the_scale_stands_at_its_end():
    assert place(0.0) == place(-1.0) == place(1e-9) == MARGIN
    assert place(math.inf) == place(1e9) == WIDTH - MARGIN


@pytest.mark.parametrize(
    ("tightness", "is_good", "mark"),
    [
        (0.5, True, "<circle"),
        (1.02, True, "<circle"),
        (2.0, False, 'class="cross"'),
        (math.inf, False, "l-7 -5v10z"),
        ("inf", False, "l-7 -5v10z"),
        (0.0, True, "l7 -5v10z"),
    ],
)
def test_a_disc_holds_a_cross_does_not_and_an_arrow_is_off_the_scale(tightness, is_good, mark):
    found = strip(tightness, is_good=is_good)
    marks = [m for m in ("<circle", 'class="cross"', "l-7 -5v10z", "l7 -5v10z") if m in found]
    assert marks == [mark]
    assert ('class="good"' in found) == is_good


def test_marks_of_different_tightness_can_be_told_apart():
    at = [float(re.findall(r'cx="([\d.]+)"', strip(t, is_good=True))[0]) for t in (0.1, 0.5, 0.9)]
    assert min(b - a for a, b in itertools.pairwise(at)) > 4


def test_without_a_number_there_is_no_strip():
    assert strip(None, is_good=True) == ""
    assert 'aria-label="tightness ∞"' in strip(math.inf, is_good=False)
