"""The page of the proof map: every item is drawn and said in words, and every link leads somewhere."""

import dataclasses
import hashlib
import json
import pathlib
import re

import pytest

from dssl.documents.site import cards, markdown, proof_items, proof_map, sources
from ledger import in_words
from ledger.items import Item
from ledger.report import index
from ledger.report.proof_map import RESULTS, build

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECORDS = sources.records()
ROWS = list(RECORDS.rows.values())
GRAPH = build(RECORDS.items, ROWS)
PAGE = proof_map.page(GRAPH, RECORDS)
DATA = proof_map.data(GRAPH)
LIBRARIES = ROOT / "docs/site/_static/libraries"


def test_the_picture_has_every_item_with_its_recorded_verdict_and_sign():
    status = {i.key: index.item_status(RECORDS.index.of_item(i)) for i in RECORDS.items}
    for n in DATA["nodes"]:
        wanted = "VIOLATED" if n["status"] == proof_items.NONE_HOLDS else status[n["key"]]
        assert n["sign"].strip("()") == index.SIGNS[wanted], n["key"]
        assert n["status"] in (status[n["key"]], proof_items.NONE_HOLDS)
    assert {n["key"] for n in DATA["nodes"]} == set(status)


def test_every_item_is_said_in_words_once_and_its_address_is_its_own():
    names = re.findall(r"^:name: (\S+)$", PAGE, re.MULTILINE)
    assert sorted(names) == sorted(n["slug"] for n in DATA["nodes"])
    assert len(set(names)) == len(names) == len(RECORDS.items)


def test_the_words_name_all_that_an_item_uses():
    said = proof_items.item("eq-49", GRAPH, RECORDS)
    for key in GRAPH.steps["eq-49"].item.linked:
        assert f"(#{proof_items.slug(key)})" in said
    assert "Repeats the argument of" in said


def test_every_link_of_the_page_leads_to_an_item_a_claim_or_a_statement():
    known = {
        *(proof_items.slug(i.key) for i in RECORDS.items),
        *map(cards.label, RECORDS.claims),
        *RECORDS.rows,
        *re.findall(r"^\((\S+)\)=$", PAGE, re.MULTILINE),
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= known


def test_every_item_that_fails_says_what_is_true_instead_or_that_it_is_not_known():
    for key, step in GRAPH.steps.items():
        failing = [r for r in step.deciding if r["instead"] is not None]
        said = proof_items.item(key, GRAPH, RECORDS)
        assert ("What is true instead" in said) == bool(failing), key
        for row in failing:
            for other in row["instead"] if isinstance(row["instead"], list) else ():
                assert f"(#{other})" in said


def test_only_a_verdict_on_what_the_paper_does_not_print_has_its_sign_in_brackets():
    signs = {n["key"]: n["sign"] for n in DATA["nodes"]}
    for key, step in GRAPH.steps.items():
        assert signs[key].startswith("(") == any(r["statement"] != "printed" for r in step.deciding), key
    assert signs["eq-3"] == "(✗)"


def test_verdicts_that_differ_where_none_holds_are_shown_as_a_failure():
    status = {n["key"]: n["status"] for n in DATA["nodes"]}
    assert status["eq-32"] == proof_items.NONE_HOLDS
    assert "none holds" in proof_items.item("eq-32", GRAPH, RECORDS)
    assert status["theorem-4.6"] == "MIXED"


def test_an_item_that_breaks_says_why_and_shows_a_case_right_under_it():
    said = proof_items.item("eq-16", GRAPH, RECORDS)
    (row,) = GRAPH.steps["eq-16"].failing
    _, _, after = said.partition("**Breaks**")
    why = after.split("\n\n")[1]
    assert why.startswith("Why\\: ")
    assert markdown.plain(f"Why: {in_words.reason(row)}") in why
    for step in GRAPH.steps.values():
        has_reason = "\n\nWhy" in proof_items.item(step.item.key, GRAPH, RECORDS)
        assert has_reason == (step.breaks != "no"), step.item.key
    assert "A case where it fails\\: " in proof_items.item("eq-17", GRAPH, RECORDS)


def test_a_slip_says_why_it_does_no_harm_and_fells_nothing():
    said = proof_items.item("svd-remark", GRAPH, RECORDS)
    assert markdown.plain(GRAPH.steps["svd-remark"].item.slip) in said
    assert not re.search("falls? with it|breaks first here", said)


@pytest.mark.parametrize("key", RESULTS)
def test_a_main_result_names_what_would_mend_it_and_that_is_ours_and_holds(key):
    mends = GRAPH.steps[key].item.mends
    assert mends
    for statement in mends:
        row = RECORDS.rows[statement]
        assert (row["statement"], row["status"]) == ("corrected", "HOLDS")
    said = proof_items.item(key, GRAPH, RECORDS).split("What would mend it")[1]
    places = [said.index(f"(#{statement})") for statement in mends]
    assert places == sorted(places)


def test_what_we_found_to_be_true_comes_before_other_readings_of_the_print():
    said = proof_items.item("theorem-4.6", GRAPH, RECORDS)
    places = [said.index(f"(#thm46.{key})") for key in ("equal-weights", "complementary-population")]
    assert places == sorted(places)
    assert "As printed, under another reading: " in said


def test_what_trained_models_do_is_said_and_who_asks_has_its_verdict():
    said = proof_items.item("theorem-4.6", GRAPH, RECORDS)
    answer = next(i for i in RECORDS.items if i.key == "theorem-4.6-training").answer
    assert f"For trained models\n: - {proof_items.link('theorem-4.6-training')}" in said
    assert markdown.plain(answer) in said
    asking = [k for k, s in GRAPH.steps.items() if "theorem-4.6" in s.item.examines]
    line = said[said.index("Asked about by\n: ") :].splitlines()[1]
    for key in asking:
        assert f"{proof_items.sign(GRAPH.steps[key])} {proof_items.link(key)}" in line


def test_each_main_result_has_a_chain_from_each_place_where_its_proof_breaks_first():
    results = PAGE[PAGE.index("(main-results)=") : PAGE.index("## Every item in words")]
    for key in RESULTS:
        found = [GRAPH.chain(first, key) for first in GRAPH.first_broken(GRAPH.broken_before(key))]
        assert found
        for keys in found:
            said = " → ".join(f"{proof_items.sign(GRAPH.steps[k])} {proof_items.link(k)}" for k in keys)
            assert said in results
            assert said in proof_items.item(key, GRAPH, RECORDS)
            assert said in proof_items.item(keys[0], GRAPH, RECORDS)


def test_each_main_result_stands_with_its_answer():
    results = PAGE[PAGE.index("(main-results)=") : PAGE.index("## Every item in words")]
    for item in RECORDS.items:
        if item.key in RESULTS:
            assert markdown.plain(item.answer) in results


def test_one_item_that_falls_is_not_one_among_several():
    assert f"1 item falls with it: {proof_items.link('theorem-4.6')}" in proof_items.item("eq-87", GRAPH, RECORDS)


def test_a_card_leads_to_the_map_and_counts_in_words():
    claim = "thm-federated-no-less-robust"
    card = cards.card(claim, dataclasses.replace(RECORDS, rooms={claim: "networks"}))
    assert f"(#{proof_items.slug('theorem-4.6')})" in card
    rows = [r for r in ROWS if r["claim"] == claim and r["statement"] == "printed"]
    held = sum(r["status"] == "HOLDS" for r in rows)
    assert f"- printed: {cards.signed('HOLDS', held)}" in card
    assert "ILL_FORMED" not in card[: card.index("## Each statement in full")]


def test_evidence_and_attacks_stand_with_each_statement():
    said = proof_items.item("eq-19", GRAPH, RECORDS)
    assert "Evidence: " in said
    attacked = next(k for k, s in GRAPH.steps.items() if any(r["key"] in RECORDS.attacks for r in s.deciding))
    assert "Attacked: " in proof_items.item(attacked, GRAPH, RECORDS)


def test_what_falls_and_still_holds_is_said_to_hold_by_our_own_check():
    fallen = [
        k for k, s in GRAPH.steps.items() if s.status == "HOLDS" and s.kind == "printed" and proof_map.falls(GRAPH, k)
    ]
    said = proof_items.item(fallen[0], GRAPH, RECORDS)
    assert "**Falls**" in said
    assert "holds all the same. Our own check found that" in said


def test_the_lines_drawn_lead_wherever_all_lines_lead():
    """Lines that others imply are left out; what an item rests on is the same without them."""
    resting = ("uses", "repeats")
    drawn: dict[str, set[str]] = {key: set() for key in GRAPH.steps}
    for edge in DATA["edges"]:
        if edge["drawn"] and edge["how"] in resting:
            drawn[edge["to"]].add(edge["from"])
    reached: dict[str, set[str]] = {}
    for key in GRAPH.steps:
        reached[key] = drawn[key].union(*(reached[other] for other in drawn[key]))
    assert reached == {key: set(found) for key, found in GRAPH.before.items()}
    n_resting = [e for e in DATA["edges"] if e["how"] in resting]
    assert len([e for e in n_resting if e["drawn"]]) < len(n_resting)


def test_each_part_of_the_map_has_all_that_its_items_rest_on():
    by_name = {view["name"]: set(view["keys"]) for view in DATA["views"]}
    for key in RESULTS:
        words = f"only {proof_items.name(key)} and the {len(GRAPH.before[key])} items that it rests on"
        assert by_name[words] == {key, *GRAPH.before[key]}
    assert set(DATA["views"][0]["keys"]) >= {*RESULTS, *GRAPH.before["theorem-4.6"]}
    assert by_name[f"everything ({len(GRAPH.steps)} items)"] == set(GRAPH.steps)
    assert all(view["keys"] for view in DATA["views"])


def test_words_of_the_ledger_cannot_end_the_script_that_holds_the_data():
    broken = build([Item("a", "</script>", "b", pending="c")], [])
    held = proof_map._as_json({"nodes": [step.item.printed for step in broken.steps.values()]})
    assert "</script" not in held
    assert json.loads(held) == {"nodes": ["</script>"]}


@pytest.mark.parametrize("name", ["dagre"])
def test_a_library_is_the_file_that_its_readme_names_and_has_its_licence(name):
    readme = (LIBRARIES / "README.md").read_text(encoding="utf-8")
    (script,) = (LIBRARIES / name).glob("*.js")
    assert hashlib.sha256(script.read_bytes()).hexdigest() in readme
    assert "Permission is hereby granted" in (LIBRARIES / name / "LICENSE").read_text(encoding="utf-8")
