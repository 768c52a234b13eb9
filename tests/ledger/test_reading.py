"""A reading is made of named parts: one wording for each, at most one for each open choice, none that nobody uses."""

import re

import pytest

from claims import catalogue
from ledger import in_words, parts, verdicts
from ledger.checks.parts_of_choices import PART_OF
from ledger.reading import ANY, JOINT, Axis, Reading, read_as
from ledger.statement import Statement
from theory import readings

STATEMENTS = [s for claim in catalogue().values() for s in claim.statements]
# Numbers that are no condition: of a theorem, an equation or a line, the unit 2^20 bytes, and the name of a model.
NAMED = re.compile(r"Theorem \d\.\d|Eq \(\d+\)|in \(\d+\)|line 10|2\^20 bytes|ViT-B/16")
ENUMERATED = (readings.Mask, readings.Offsets, readings.Rare, readings.Coordinates, readings.Selection, readings.Loss)
# The paper's own loss: a statement under it has nothing to say about it.
UNSAID = {readings.Loss.ALIGNMENT}


def bare(words: str) -> str:
    """The words without what two wordings of one part could differ in."""
    small = re.sub(r"\b(a|an|the|of|in|as|on)\b|[^a-z0-9()=]", " ", words.lower())
    return " ".join(sorted(re.sub(r"s$", "", word) for word in small.split()))


def test_no_two_parts_are_worded_alike():
    assert len({bare(part.words) for part in parts.EVERY}) == len(parts.EVERY) > 60
    assert len({part.means for part in parts.EVERY}) == len(parts.EVERY)


def test_every_part_and_every_axis_is_used_and_no_statement_has_a_part_of_its_own():
    used = {part for s in STATEMENTS for part in s.reading.parts}
    assert used == set(parts.EVERY)
    assert {part.axis for part in used} == set(Axis)


@pytest.mark.parametrize("part", parts.EVERY, ids=lambda part: part.words)
def test_a_part_has_no_number_of_a_condition_and_a_sentence_that_explains_it(part):
    assert not re.search(r"\d", NAMED.sub("", part.words))
    assert JOINT.strip() not in part.words
    assert re.fullmatch(r"[A-Z].{20,}\.", part.means)


@pytest.mark.parametrize("member", [member for choice in ENUMERATED for member in choice])
def test_a_choice_that_the_theory_enumerates_has_one_part(member):
    assert (member in PART_OF) != (member in UNSAID)
    assert len(set(PART_OF.values())) == len(PART_OF)


def test_parts_are_joined_in_the_order_of_the_axes_and_found_again():
    found = read_as(parts.ONE_AUGMENTATION, parts.COMPLEMENTARY, parts.MASKS_AVERAGED)
    assert str(found) == "complementary masks; masks averaged; one augmentation a sample"
    assert found == read_as(parts.COMPLEMENTARY, parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION)
    assert [words for words, _ in parts.meanings(str(found))] == [part.words for part in found.parts]
    assert str(ANY) == "any"


def test_a_choice_is_settled_once():
    with pytest.raises(ValueError, match="settles each choice once; got 'complementary masks' and 'independent masks'"):
        read_as(parts.COMPLEMENTARY, parts.SIMILAR, parts.INDEPENDENT)


def test_what_is_no_part_is_refused():
    with pytest.raises(ValueError, match=r"made of parts of ledger/parts\.py; got 'similar views'"):
        Reading(("similar views",))  # pyright: ignore[reportArgumentType]


def test_a_reading_in_free_words_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"named parts, such as read_as\(.*\); thm44.words got 'masks averaged'"):
        Statement("thm44.words", "printed", "Words.", STATEMENTS[0].check, reading="masks averaged")  # pyright: ignore[reportArgumentType]


def test_every_recorded_reading_is_explained_part_by_part():
    rows = [row for row in verdicts.recorded() if row["reading"] != "any"]
    assert len(rows) > 500
    for row in rows:
        assert all(meaning for _, meaning in parts.meanings(row["reading"])), row["key"]
        assert len(in_words.reading(row)) == row["reading"].count(JOINT) + 1


def test_words_without_a_meaning_on_file_stand_alone():
    assert in_words.reading({"reading": "as typed; as nobody reads"})[1:] == ["as nobody reads"]
    assert in_words.reading_words({"reading": "any"}) == "any reading"
    assert in_words.reading({"reading": "any"})[0].startswith("any reading: ")
