"""The proof map of a small made-up paper, where every case is seen by eye, and its agreement with the real record."""

import dataclasses
import itertools

import pytest

from ledger import items, verdicts
from ledger.items import Item
from ledger.lookup import Index
from ledger.report.index import item_status
from ledger.report.proof_map import RESULTS, build

PAPER = "chen2026, Eq (1)"


def row(claim: str, *statuses: str, kind: str = "printed", source: str = PAPER) -> list[verdicts.Row]:
    return [
        {"key": f"{claim}.{i}", "claim": claim, "status": s, "statement": kind, "source": source, "about": []}
        for i, s in enumerate(statuses)
    ]


def item(key: str, uses: str = "", repeats: str = "", notation: str = "", examines: str = "") -> Item:
    a, b, c, d = (tuple(words.split()) for words in (uses, repeats, notation, examines))
    return Item(key, "words", "p. 1", (f"claim-{key}",), uses=a, repeats=b, notation=c, examines=d)


# wrong <- middle <- end, and sound <- end; end <- asked; copy repeats what middle says; named takes a letter of wrong.
SMALL = (
    item("end", uses="middle sound"),
    item("middle", uses="wrong"),
    item("wrong"),
    item("sound"),
    item("copy", repeats="middle"),
    item("named", uses="sound", notation="wrong"),
    item("asked", examines="end"),
)
ROWS = [
    *row("claim-end", "HOLDS", "VIOLATED"),
    *row("claim-middle", "VACUOUS", "ILL_FORMED"),
    *row("claim-wrong", "VIOLATED"),
    *row("claim-sound", "HOLDS"),
    *row("claim-copy", "HOLDS"),
    *row("claim-named", "HOLDS"),
    *row("claim-asked", "INCONCLUSIVE"),
]
SMALL_MAP = build(SMALL, ROWS)
REAL_ITEMS, REAL_ROWS = items.load(), verdicts.recorded()
REAL = build(REAL_ITEMS, REAL_ROWS)


def test_each_item_comes_after_what_it_leans_on():
    seen: set[str] = set()
    for key, step in REAL.steps.items():
        assert set(step.item.linked) <= seen
        seen.add(key)


def test_what_no_printed_statement_can_carry_breaks():
    found = {key: step.breaks for key, step in SMALL_MAP.steps.items()}
    assert found == {
        "end": "part", "middle": "all", "wrong": "all", "sound": "no", "copy": "no", "named": "no", "asked": "no"
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["expected", "corrected"])
def test_what_the_paper_does_not_print_breaks_nothing(kind):
    assert build([item("a")], row("claim-a", "VIOLATED", kind=kind)).steps["a"].breaks == "no"


def test_what_another_source_prints_breaks_nothing_in_the_paper():
    other = row("claim-a", "VIOLATED", source="chen2026code, `ammd.py`")
    assert build([item("a")], other).steps["a"].breaks == "no"


def test_a_break_goes_on_through_uses_and_repeats_and_through_nothing_else():
    assert SMALL_MAP.broken_before("end") == SMALL_MAP.broken_before("copy") == ["wrong", "middle"]
    assert SMALL_MAP.broken_before("named") == SMALL_MAP.broken_before("asked") == []
    assert SMALL_MAP.after["wrong"] == {"middle", "end", "copy"}


def test_a_proof_breaks_first_where_nothing_before_breaks():
    assert SMALL_MAP.first_broken(SMALL_MAP.steps) == ["wrong"]


def test_the_map_has_every_item_of_the_ledger_with_its_recorded_status():
    index = Index(verdicts.Record(list(REAL_ROWS)), REAL_ITEMS)
    assert set(REAL.steps) == {i.key for i in REAL_ITEMS}
    assert {k: s.status for k, s in REAL.steps.items()} == {i.key: item_status(index.of_item(i)) for i in REAL_ITEMS}


def test_an_item_that_breaks_has_no_printed_statement_that_holds():
    for step in REAL.steps.values():
        printed = [r for r in step.rows if r["statement"] == "printed" and r["source"].startswith("chen2026,")]
        held = {r["status"] for r in printed} & {"HOLDS", "INCONCLUSIVE", "OUT_OF_DOMAIN"}
        assert (step.breaks in ("all", "slip")) == (bool(printed) and not held)


def test_nothing_falls_with_a_slip_and_what_breaks_beside_it_still_fells():
    slipped = [dataclasses.replace(i, slip="It is mended so.") if i.key == "wrong" else i for i in SMALL]
    graph = build(slipped, ROWS)
    assert graph.steps["wrong"].breaks == "slip"
    assert graph.broken_before("middle") == []
    assert graph.broken_before("end") == ["middle"]
    assert graph.first_broken(graph.steps) == ["middle"]


def test_an_item_of_which_something_holds_is_no_slip():
    part = dataclasses.replace(item("end"), slip="It is mended so.")
    assert build([part], row("claim-end", "HOLDS", "VIOLATED")).steps["end"].breaks == "part"


def test_a_slip_stands_only_with_items_whose_printed_statements_all_fail():
    slips = {i.key for i in REAL_ITEMS if i.slip}
    assert slips == {k for k, s in REAL.steps.items() if s.breaks == "slip"}
    assert slips


def test_one_step_takes_all_main_results_without_the_others():
    """Eq (17) alone: with every other first break mended, all five results still fall."""
    others = [k for k in REAL.first_broken(REAL.steps) if k != "eq-17"]
    graph = build([dataclasses.replace(i, slip="Mended.") if i.key in others else i for i in REAL_ITEMS], REAL_ROWS)
    assert all("eq-17" in graph.broken_before(key) for key in RESULTS)
    assert graph.first_broken(graph.broken_before("theorem-4.2")) == ["eq-17"]


def test_a_chain_is_a_shortest_way_of_steps_that_each_use_the_one_before():
    assert SMALL_MAP.chain("wrong", "end") == ["wrong", "middle", "end"]
    assert SMALL_MAP.chain("wrong", "copy") == ["wrong", "middle", "copy"]
    assert SMALL_MAP.chain("wrong", "named") == SMALL_MAP.chain("end", "wrong") == []
    direct = build([item("a"), item("b", uses="a"), item("c", uses="b a")], [])
    assert direct.chain("a", "c") == ["a", "c"]
    for key in RESULTS:
        for first in REAL.first_broken(REAL.broken_before(key)):
            found = REAL.chain(first, key)
            assert (found[0], found[-1]) == (first, key)
            assert all(a in REAL.steps[b].item.rests_on for a, b in itertools.pairwise(found))


def test_of_ways_of_one_length_the_chain_takes_the_one_over_items_that_break():
    ways = [item("start"), item("fine", uses="start"), item("bad", uses="start"), item("goal", uses="fine bad")]
    rows = [*row("claim-start", "VIOLATED"), *row("claim-fine", "HOLDS"), *row("claim-bad", "VIOLATED")]
    assert build(ways, rows).chain("start", "goal") == ["start", "bad", "goal"]


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [("VIOLATED ILL_FORMED", True), ("VIOLATED HOLDS", False), ("VIOLATED INCONCLUSIVE", False), ("VIOLATED", False)],
)
def test_verdicts_that_differ_may_all_be_failures(statuses, wanted):
    assert build([item("a")], row("claim-a", *statuses.split())).steps["a"].none_holds == wanted


def test_the_main_results_rest_on_each_other_as_the_paper_says():
    assert {"theorem-4.2", "theorem-4.3"} <= REAL.before["theorem-4.4"] & REAL.before["corollary-4.5"]
    assert set(RESULTS) - {"theorem-4.4", "theorem-4.6"} <= REAL.before["theorem-4.6"]


def test_nothing_rests_on_the_stationary_condition():
    """Eq (16) fails, and only its notation is used: the paper's Eckart-Young step takes its place."""
    assert REAL.steps["eq-16"].breaks == "all"
    assert REAL.after["eq-16"] == frozenset()
