"""Every item of the paper has an entry, and every entry an answer or a reason."""

import pytest

from claims import claim_ids
from ledger import items

ITEMS = items.load()


def test_every_item_of_the_paper_is_in_the_ledger():
    assert items.unanswered(ITEMS, claim_ids())["missing"] == []


def test_every_answer_is_a_claim():
    assert items.unanswered(ITEMS, claim_ids())["no such claim"] == []


def test_a_gap_and_a_dangling_answer_are_seen():
    lost = items.unanswered(ITEMS[1:], [c for c in claim_ids() if c != ITEMS[1].answered_by[0]])
    assert lost["no such claim"]
    assert items.unanswered([], [])["missing"] == items.required()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[item]]\nkey = "a"\nwhere = "b"\nprinted = "c"', "neither"),
        ('[[item]]\nkey = "a"\nwhere = "b"\nprinted = "c"\npending = "d"\nanswered_by = ["e"]', "both"),
        ('[[item]]\nkey = "a"\nwhere = "b"\npending = "d"', "'printed'"),
        ('[[item]]\nkey = "a"\nwhere = "b"\nprinted = "c"\npending = "d"\nverdict = "e"', "'verdict'"),
        ('[[item]]\nkey = "a"\nwhere = "b"\nprinted = "c"\npending = "d"\n' * 2, "twice"),
    ],
)
def test_a_bad_entry_is_refused(text, says, tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=says):
        items.load(path)
