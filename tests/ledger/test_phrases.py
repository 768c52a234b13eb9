"""Texts stored in parts come back as they were, and a new text leaves the numbers of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import phrases

CONDITIONS = (
    "n is whole and at least 2; ",
    "0 < p < 1; ",
    "the network is connected. ",
    "For all points where ",
    "x. y. ",
)
TEXTS = st.lists(st.lists(st.sampled_from(CONDITIONS) | st.text(max_size=20), max_size=6).map("".join), max_size=12)


@given(TEXTS)
def test_what_was_stored_is_restored(texts):
    table = phrases.table(texts)
    numbers = {phrase: number for number, phrase in table.items()}
    by_name = {str(number): phrase for number, phrase in table.items()}
    for text in texts:
        assert phrases.restored(phrases.stored(text, numbers), by_name) == text


def test_a_part_that_is_repeated_is_stored_once_and_keeps_its_number():
    first = ["For all points where n is whole and at least 2; p is near 1.", "n is whole and at least 2; q is near 0."]
    table = phrases.table(first)
    assert list(table.values()) == ["n is whole and at least 2; "]
    (number,) = table
    stored = phrases.stored(first[0], {phrase: n for n, phrase in table.items()})
    assert stored == ["For all points where ", number, "p is near 1."]
    more = phrases.table([*first, "A long sentence that is said. ", "A long sentence that is said. Twice."])
    assert more[number] == table[number]
    assert len(more) == 2


def test_a_number_that_is_not_in_the_table_is_an_error():
    with pytest.raises(KeyError):
        phrases.restored(["a", 7], {})
