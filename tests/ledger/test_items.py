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


def entry(key: str, more: str = "") -> str:
    return f'[[item]]\nkey = "{key}"\nwhere = "b"\nprinted = "c"\npending = "d"\n{more}\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[item]]\nkey = "a"\nwhere = "b"\nprinted = "c"', "neither"),
        ('[[item]]\nkey = "a"\nwhere = "b"\nprinted = "c"\npending = "d"\nanswered_by = ["e"]', "both"),
        ('[[item]]\nkey = "a"\nwhere = "b"\npending = "d"', "'printed'"),
        ('[[item]]\nkey = "a"\nwhere = "b"\nprinted = "c"\npending = "d"\nverdict = "e"', "'verdict'"),
        ('[[item]]\nkey = "a"\nwhere = "b"\nprinted = "c"\npending = "d"\n' * 2, "twice"),
        (entry("a", 'uses = ["z"]'), "'a' names 'z', which is no item"),
        (entry("a", 'uses = ["a"]'), "'a' names itself"),
        (entry("a", 'uses = ["b"]\nexamines = ["b"]') + entry("b"), "'a' names 'b' twice"),
        (entry("a", 'uses = ["b"]') + entry("b", 'notation = ["c"]') + entry("c", 'repeats = ["a"]'), "circle: "),
    ],
)
def test_a_bad_entry_is_refused(text, says, tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=says):
        items.load(path)


def test_a_circle_is_named_in_the_order_in_which_its_items_lean_on_each_other(tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_text(entry("a", 'uses = ["b"]') + entry("b", 'uses = ["c"]') + entry("c", 'uses = ["a"]'))
    with pytest.raises(ValueError, match=r"circle: (a, b, c, a|b, c, a, b|c, a, b, c)\."):
        items.load(path)


def test_links_are_read(tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_text(
        entry("a", 'uses = ["b"]\nrepeats = ["c"]\nnotation = ["d"]\nexamines = ["e"]') + "".join(map(entry, "bcde"))
    )
    first = items.load(path)[0]
    assert (first.uses, first.repeats, first.notation, first.examines) == (("b",), ("c",), ("d",), ("e",))
    assert first.rests_on == ("b", "c")
    assert first.linked == ("b", "c", "d", "e")


def test_the_items_that_name_another_are_found_under_how_they_do(tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_text(
        entry("a") + entry("b", 'uses = ["a"]') + entry("c", 'examines = ["a"]') + entry("d", 'uses = ["a"]')
    )
    assert items.named_by("a", items.load(path)) == {"uses": ["b", "d"], "examines": ["c"]}


def equations(first: int, last: int) -> set[str]:
    return {f"eq-{n}" for n in range(first, last + 1)}


@pytest.mark.parametrize(
    ("key", "cited"),
    [
        ("eq-21", {"eq-18", "eq-19", "eq-20"}),
        ("eq-24", equations(21, 23)),
        ("eq-31", equations(21, 23)),
        ("eq-38", equations(21, 23)),
        ("eq-40", equations(11, 14)),
        ("eq-45", equations(19, 23)),
        ("eq-49", equations(27, 33)),
        ("eq-51", equations(36, 38)),
        ("eq-57", equations(20, 23)),
        ("eq-60", equations(27, 33) | {"eq-59"}),
        ("eq-61", equations(36, 38)),
        ("eq-78", equations(62, 77)),
        ("theorem-4.3", {"lemma-A.11", "eq-59", "eq-60", "eq-61"}),
        ("theorem-4.4", {"theorem-4.2", "theorem-4.3", "eq-70", "eq-77"}),
        ("theorem-4.6", {"theorem-4.2", "theorem-4.3", "corollary-4.5", "eq-87", "eq-89"}),
    ],
)
def test_an_item_rests_on_what_its_printed_proof_cites(key, cited):
    assert cited <= set(next(item for item in ITEMS if item.key == key).rests_on)


def test_every_equation_of_the_proofs_leads_to_a_main_result():
    by_key, found = {item.key: item for item in ITEMS}, set()
    waiting = ["theorem-4.4", "theorem-4.6"]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += [*by_key[key].rests_on, *by_key[key].notation]
    assert equations(8, 89) <= found


def test_an_experiment_or_a_question_derives_nothing():
    assert [i.key for i in ITEMS if i.examines and i.rests_on] == []
