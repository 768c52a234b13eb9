"""How far a number may be from the recorded one: computed sides hardly at all, drawn ones as far as versions differ."""

import copy

import pytest

from ledger import verdicts


def row(evidence: str = "NUMERIC", margin: float = 0.5, **scale: float) -> verdicts.Row:
    """A row that the tests change one number of."""
    sizes = {"points": 8, "claimed": 2.0, "measured": 1.0, "remainder": 0.1} | scale
    return {
        **{"key": "made.up", "claim": "made-up", "statement": "corrected", "status": "HOLDS", "evidence": evidence},
        **{"tightness": 0.5, "margin": margin, "scale": sizes, "witness": None, "reason": "Because."},
    }


def moved(recorded: verdicts.Row, name: str, by: float) -> bool:
    """Whether the row moves when one size, or another number, is multiplied by 1 + `by`."""
    found = copy.deepcopy(recorded)
    holder = found["scale"] if name in found["scale"] else found
    holder[name] *= 1 + by
    return verdicts.moves([recorded], [found], numbers=True) != []


@pytest.mark.parametrize("evidence", ["NUMERIC", "SAMPLED"])
@pytest.mark.parametrize("name", ["claimed", "remainder"])
def test_a_computed_side_may_differ_in_its_last_digit_only(evidence, name):
    assert not moved(row(evidence), name, 1e-5)
    assert moved(row(evidence), name, 1e-4)


@pytest.mark.parametrize("name", ["measured", "margin"])
def test_a_measured_side_may_differ_as_versions_do_and_a_drawn_one_more(name):
    assert not moved(row(), name, 2.5e-3)
    assert moved(row(), name, 5e-3)
    assert not moved(row("SAMPLED"), name, 5e-3)
    assert moved(row("SAMPLED"), name, 1e-2)


def test_by_how_little_an_equation_is_missed_may_differ_but_not_by_how_much():
    """The margin of an equation is below 0, and mostly round-off."""
    assert not moved(row(margin=-1e-6), "margin", 3.0)
    assert moved(row(margin=-0.5), "margin", 0.1)
    assert moved(row(margin=1e-6), "margin", 3.0)
