"""The page of the proof map: every item is drawn and said in words, and every link leads somewhere."""

import hashlib
import json
import pathlib
import re

import pytest

from dssl.documents.site import cards, proof_items, proof_map
from ledger import attack_record, items, verdicts
from ledger.items import Item
from ledger.report import index
from ledger.report.proof_map import RESULTS, build

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECORD = verdicts.read()
RECORDS = cards.Records(
    rows={r["key"]: r for r in RECORD.rows},
    claims=RECORD.claims,
    items=items.load(),
    rooms={},
    attacks=attack_record.recorded(),
)
ROWS = list(RECORDS.rows.values())
GRAPH = build(RECORDS.items, ROWS)
PAGE = proof_map.page(GRAPH, RECORDS)
DATA = proof_map.data(GRAPH)
LIBRARIES = ROOT / "docs/site/_static/libraries"


def test_the_picture_has_every_item_with_its_recorded_verdict_and_sign():
    about = {r["key"]: tuple(r["about"]) for r in ROWS}
    status = {i.key: index.item_status(i, ROWS, about) for i in RECORDS.items}
    assert {n["key"]: n["status"] for n in DATA["nodes"]} == status
    assert all(n["sign"] == index.SIGNS[n["status"]] for n in DATA["nodes"])


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


def test_evidence_and_attacks_stand_with_each_statement():
    said = proof_items.item("eq-19", GRAPH, RECORDS)
    assert "Evidence: " in said
    attacked = next(k for k, s in GRAPH.steps.items() if any(r["key"] in RECORDS.attacks for r in s.deciding))
    assert "Attacked: " in proof_items.item(attacked, GRAPH, RECORDS)


def test_what_falls_and_still_holds_is_said_to_hold_by_our_own_check():
    step = GRAPH.steps["eq-89"]
    assert (step.status, proof_map.falls(GRAPH, "eq-89")) == ("HOLDS", True)
    said = proof_items.item("eq-89", GRAPH, RECORDS)
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
        assert by_name[f"only what {proof_items.name(key)} rests on"] >= {key, *GRAPH.before[key]}
    assert set(DATA["views"][0]["keys"]) >= {*RESULTS, *GRAPH.before["theorem-4.6"]}
    assert by_name["everything"] == set(GRAPH.steps)
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
