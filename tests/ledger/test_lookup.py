"""Whatever a person writes finds the statement, the claim or the number of the paper that is meant."""

import pytest

from claims import claim_ids
from ledger import items, verdicts
from ledger.lookup import Index, joined, written
from runtime.usage import UsageError

INDEX = Index(verdicts.read(), items.load())
ITEMS = {item.key: item for item in INDEX.items}


def found_items(query: str) -> list[str]:
    return [item.key for item in INDEX.find(query).items]


@pytest.mark.parametrize("key", ITEMS)
def test_every_item_is_found_by_its_key_and_as_people_write_it(key):
    for query in (key, written(key), written(key).upper()):
        found = INDEX.find(query)
        assert key in [item.key for item in found.items]
        assert {r["claim"] for r in found.rows} >= set(ITEMS[key].answered_by)


@pytest.mark.parametrize("claim", claim_ids())
def test_every_claim_is_found_by_its_id_and_by_its_file_with_all_its_statements(claim):
    rows = [r["key"] for r in INDEX.record.rows if r["claim"] == claim]
    for query in (claim, claim.upper(), f"{claim.replace('-', '_')}.py"):
        found = INDEX.find(query)
        assert (found.how, found.claims) == ("claim", (claim,))
        assert sorted(r["key"] for r in found.rows) == sorted(rows)
        kinds = [r["statement"] for r in found.rows]
        assert kinds == sorted(kinds, key=["printed", "corrected", "expected"].index)


def test_every_key_finds_its_statement_alone():
    for key in INDEX.rows:
        found = INDEX.find(f" {key.upper()} ")
        assert (found.how, [r["key"] for r in found.rows]) == ("statement", [key])


@pytest.mark.parametrize(
    ("written_so", "key"),
    [
        ("theorem 4.4", "theorem-4.4"),
        ("Thm 4.4", "theorem-4.4"),
        ("Thm. 4.4.", "theorem-4.4"),
        ("thm4.4", "theorem-4.4"),
        ("4.4", "theorem-4.4"),
        ("Eq 17", "eq-17"),
        ("Eq. (17)", "eq-17"),
        ("eq17", "eq-17"),
        ("equation  17", "eq-17"),
        ("(17)", "eq-17"),
        ("17", "eq-17"),
        ("Corollary 4.5", "corollary-4.5"),
        ("Cor. 4.5", "corollary-4.5"),
        ("Table 1", "table-1"),
        ("tab. 1", "table-1"),
        ("Algorithm 2", "algorithm-2"),
        ("Alg. 2", "algorithm-2"),
        ("Assumption A.9", "assumption-A.9"),
        ("assumption a9", "assumption-A.9"),
        ("A.9", "assumption-A.9"),
        ("Remark A.10", "remark-A.10"),
        ("Figure 2", "figure-2"),
        ("Fig. 2a", "figure-2"),
        ("Lemma A.11", "lemma-A.11"),
        ("Section A.5", "section-A.5"),
        ("Appendix A.5", "section-A.5"),
        ("Definition 4.1", "definition-4.1"),
        ("Def. 4.1", "definition-4.1"),
        ("reviewer 1, question 3", "referee-3"),
        ("Question 3", "referee-3"),
    ],
)
def test_a_number_is_understood_however_it_is_written(written_so, key):
    assert found_items(written_so)[0] == key


@pytest.mark.parametrize(
    ("written_so", "keys"),
    [
        ("Eqs (25)-(27)", ["eq-25", "eq-26", "eq-27", "eqs-25-33-training"]),
        ("Eqs 62, 64 and 71", ["eq-62", "eq-64", "eq-71"]),
        ("Tables 3 and 4", ["table-3", "table-4"]),
        ("Theorem 4.6", ["theorem-4.6", "theorem-4.6-training"]),
        ("Section 6.1", ["section-6.1-partition"]),
        ("4", ["eq-4", "table-4", "referee-4"]),
    ],
)
def test_several_numbers_ranges_and_what_is_said_of_a_number_in_training_are_found(written_so, keys):
    assert found_items(written_so) == keys


def test_a_section_that_is_no_item_stands_for_all_in_it():
    assert {"eq-8", "eq-20", "eq-38"} <= set(found_items("A.6.2"))
    assert "eq-39" not in found_items("A.6.2")
    assert {"eq-2", "data-model"} <= set(found_items("Section 3.2"))


def test_an_equation_shows_the_statements_that_name_it_and_no_other():
    found = INDEX.find("Eq (9)")
    assert found.rows
    assert all("(9)" in f"{r['reading']} {r['text']}" for r in found.rows)


def test_the_beginning_of_an_id_finds_the_claim_where_no_other_begins_so():
    assert INDEX.find("thm-mim").claims == ("thm-mim-more-robust",)
    assert INDEX.find("thm-mim").how == "claim"
    found = INDEX.find("thm-representability")
    assert found.how == "words"
    assert len(found.claims) > 1


def test_the_stem_of_the_keys_finds_the_claim():
    assert INDEX.find("thm44").claims == INDEX.find("thm44.both-averaged").claims


def test_of_words_all_must_occur_and_their_case_is_forgiven():
    found = INDEX.find("COMPLEMENTARY sensitivity")
    assert len(found.rows) > 1
    for r in found.rows:
        text = f"{r['text']} {r['reading']} {r['key']} {INDEX.record.claims[r['claim']]['title']}".lower()
        assert "complementary" in text
        assert "sensitivity" in text
    assert len(found.rows) < min(len(INDEX.find(word).rows) for word in ("complementary", "sensitivity"))


def test_a_short_word_must_stand_alone():
    for r in INDEX.find("cl").rows:
        words = f"{r['text']} {r['reading']} {r['key']} {INDEX.record.claims[r['claim']]['title']} {r['claim']}"
        assert "cl" in "".join(c if c.isalnum() else " " for c in words.lower()).split()


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("Theorem 4.5", ["Corollary 4.5", "Theorem 4.4", "Theorem 4.6"]),
        ("Eq 99", ["Eq (89)", "Eq (88)", "Eq (87)"]),
        ("Table 9", ["Table 8", "Table 7", "Table 6"]),
        ("thm-mim-mor-robust", ["thm-mim-more-robust"]),
        ("thm44.both-averagde", ["thm44.both-averaged"]),
        ("complementery masks", ["complementary"]),
        ("zzzz", []),
    ],
)
def test_where_nothing_fits_the_three_nearest_are_named_in_one_line(wrong, nearest):
    with pytest.raises(UsageError) as error:
        INDEX.find(wrong)
    said = str(error.value)
    named = said.partition("nearest are ")[2].partition(". `dssl")[0].split(", ")
    assert wrong in said
    assert len(set(named)) == 3
    assert all(any(near in name for name in named) for near in nearest)
    assert all(INDEX.find(name).rows for name in named), "what is named can be asked for"
    assert "\n" not in said


@pytest.mark.parametrize("nothing", ["", "  ", "?!", "."])
def test_nothing_asked_is_told(nothing):
    with pytest.raises(UsageError, match="got nothing"):
        INDEX.find(nothing)


def test_the_arguments_of_a_number_are_one_question():
    assert joined(["Theorem", "4.4", "eq-stationary-gram", "Eq.", "(17)"]) == [
        "Theorem 4.4",
        "eq-stationary-gram",
        "Eq. (17)",
    ]
    assert joined(["eq-stationary-gram", "17"]) == ["eq-stationary-gram", "17"]
