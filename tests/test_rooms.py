"""Every room says what is in it, what it may use and where to begin, and names only files that are there."""

import ast
import pathlib
import re

import pytest

from ledger import items

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLOORS = ("theory", "sims", "runtime", "experiments", "ledger", "claims", "figures", "dssl")
ROOMS = sorted(str(p.parent.relative_to(ROOT)) for floor in FLOORS for p in (ROOT / floor).rglob("__init__.py"))
CLAIMED = [room for room in ROOMS if room.startswith("claims/")]
ITEMS = items.load()


def told(room: str) -> str:
    """The docstring of a room, on one line."""
    source = (ROOT / room / "__init__.py").read_text(encoding="utf-8")
    return " ".join((ast.get_docstring(ast.parse(source)) or "").split())


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_may_use_and_where_to_begin(room):
    assert re.search(r"\bmay use\b|\bMay use\b|\buses\b", told(room))
    assert re.search(r"\b[Bb]egins?\b", told(room))


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_that_a_room_names_is_there(room):
    named = re.findall(r"`([\w/]+\.(?:py|toml))`", told(room))
    assert named or room == "claims"
    assert [name for name in named if not (ROOT / room / name).exists()] == []


@pytest.mark.parametrize("room", CLAIMED)
def test_a_room_of_claims_lists_where_each_item_of_the_paper_is_decided(room):
    text = told(room)
    for path in (ROOT / room).glob("[a-z]*.py"):
        answers = path.stem.replace("_", "-")
        decided = items.numbers(item.key for item in ITEMS if answers in item.answered_by)
        assert f"- `{path.name}`: {decided}" in text


def test_numbers_of_items_are_said_as_people_write_them():
    keys = ("theorem-4.4", "eq-8", "eq-10", "eq-9", "eq-12", "corollary-4.5-training", "eqs-25-33-training")
    assert items.numbers(keys) == "Eqs (8)-(10), (12), Theorem 4.4, Eqs (25)-(33), Corollary 4.5 in our own trainings"
    assert items.numbers(["section-5", "section-5-training-neural"]) == "Section 5, also in our own trainings"
    assert items.numbers(["eq-3"]) == "Eq (3)"
    assert items.numbers(["released-code", "referee-2"]) == ""
