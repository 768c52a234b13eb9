"""Answers in a sentence: what is written by hand agrees with the verdicts, and what is made from them says them."""

import pytest

from ledger import items, lookup, verdicts
from ledger.items import Item
from ledger.report import answers
from ledger.report.answers import Outcome
from ledger.verdicts import Record, Row

ITEMS = {item.key: item for item in items.load()}
RECORD = verdicts.read()
INDEX = lookup.Index(RECORD, list(ITEMS.values()))
WRITTEN = [item for item in ITEMS.values() if item.answer]


@pytest.mark.parametrize("item", WRITTEN, ids=lambda i: i.key)
def test_a_written_answer_comes_to_what_the_verdicts_come_to(item):
    found = answers.outcome(INDEX.of_item(item))
    assert item.outcome == found, f"{item.key}: the verdicts come to {found}; write the answer anew"


@pytest.mark.parametrize("item", [i for i in WRITTEN if i.outcome == "depends"], ids=lambda i: i.key)
def test_where_it_depends_the_sentence_says_on_what(item):
    assert item.answer.startswith("It depends on ")


def test_what_readers_ask_for_most_has_a_written_answer():
    assert [i.key for i in ITEMS.values() if answers.is_asked_for(i) and not i.answer] == []
    assert {"theorem-4.4", "lemma-A.11", "table-8", "algorithm-1"} <= {
        i.key for i in ITEMS.values() if answers.is_asked_for(i)
    }


@pytest.mark.parametrize("key", ["lemma-A.11", "theorem-4.4", "assumption-A.1", "figure-2"])
def test_verdicts_that_move_contradict_a_written_answer(key):
    """Here the recorded verdicts are replaced: the comparison above sees it."""
    other = {"lemma-A.11": "HOLDS", "theorem-4.4": "VIOLATED", "assumption-A.1": "INCONCLUSIVE", "figure-2": "HOLDS"}
    moved = [{**r, "status": other[key]} for r in INDEX.of_item(ITEMS[key])]
    assert ITEMS[key].outcome != answers.outcome(moved)


def row(status: str, text: str = "One.", kind: str = "printed", instead: list[str] | None = None) -> Row:
    return {"key": "a.b", "status": status, "text": text, "statement": kind, "instead": instead}


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([row("HOLDS"), row("HOLDS", "Two.")], Outcome.HOLDS),
        ([row("VIOLATED"), row("INCONCLUSIVE", "Two.")], Outcome.FAILS),
        ([row("VIOLATED"), row("ILL_FORMED", "Two.")], Outcome.FAILS),
        ([row("HOLDS"), row("VIOLATED")], Outcome.DEPENDS),
        ([row("HOLDS"), row("VIOLATED", "Two.")], Outcome.PARTLY),
        ([row("HOLDS"), row("INCONCLUSIVE")], Outcome.PARTLY),
        ([row("INCONCLUSIVE")], Outcome.UNDECIDED),
        ([row("VACUOUS"), row("ILL_FORMED", "Two.")], Outcome.EMPTY),
        ([row("ILL_FORMED"), row("INCONCLUSIVE")], Outcome.UNDECIDED),
        ([], Outcome.PENDING),
        # Printed statements decide; where there are none, the expected ones; else ours.
        ([row("VIOLATED"), row("HOLDS", kind="expected"), row("HOLDS", kind="corrected")], Outcome.FAILS),
        ([row("VIOLATED", kind="expected"), row("HOLDS", kind="corrected")], Outcome.FAILS),
        ([row("HOLDS", kind="corrected")], Outcome.HOLDS),
    ],
)
def test_what_verdicts_come_to(rows, wanted):
    assert answers.outcome(rows) == wanted


@pytest.mark.parametrize(
    ("statuses", "says"),
    [
        (["HOLDS"], "The one printed statement holds."),
        (["VIOLATED"] * 2, "Both printed statements fail."),
        (["ILL_FORMED"] * 3, "All 3 printed statements have no definite meaning."),
        (["VIOLATED", "HOLDS", "HOLDS"], "Of 3 printed statements, 2 hold and 1 fails."),
        (["HOLDS", "VIOLATED", "INCONCLUSIVE"], "Of 3 printed statements, 1 holds, 1 fails and 1 stays undecided."),
    ],
)
def test_counts_in_words(statuses, says):
    assert answers.count([row(s) for s in statuses]) == says


def test_an_answer_that_nobody_wrote_names_what_is_true_instead():
    item = Item("eq-9", "words", "A.6", ("a",))
    known = {"a.true": row("HOLDS", "This is true.", "corrected")}
    failed = [row("VIOLATED", instead=["a.true"])]
    assert answers.answer(item, failed, known).words == "It fails as printed. True instead: This is true."
    said = answers.answer(item, [*failed, row("HOLDS")], known)
    assert said.words == "It depends on the reading. Where it fails, this is true: This is true."
    assert (said.first, said.rest) == ("It depends on the reading.", said.words[27:])
    assert answers.answer(item, [row("VIOLATED", instead=["gone.key"])], known).words == "It fails as printed."
    assert answers.answer(item, [row("INCONCLUSIVE")], known).words.startswith("It is undecided")
    assert answers.answer(item, list(known.values()), {}).words.endswith("This is true.")


def test_an_answer_without_its_outcome_is_refused():
    with pytest.raises(ValueError, match="stand together"):
        Item("eq-9", "words", "A.6", ("a",), answer="It holds.")
    with pytest.raises(ValueError, match="stand together"):
        Item("eq-9", "words", "A.6", ("a",), outcome="holds")


def test_every_item_has_an_answer_and_only_its_own_statements_decide():
    for item in ITEMS.values():
        said = answers.answer(item, INDEX.of_item(item), INDEX.rows)
        assert said.words, item.key
        assert said.count.endswith(".") == bool(item.answered_by), item.key
    rows = [{**row("HOLDS"), "key": k, "claim": "c", "about": a} for k, a in (("c.a", ["eq-9"]), ("c.b", []))]
    index = lookup.Index(Record(rows, {}), [])
    assert [r["key"] for r in index.of_item(Item("eq-9", "words", "A.6", ("c",)))] == ["c.a"]
    assert [r["key"] for r in index.of_item(Item("eq-8", "words", "A.6", ("c",)))] == ["c.a", "c.b"]
