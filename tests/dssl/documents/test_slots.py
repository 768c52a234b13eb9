"""Slots are filled from records, and refuse what the records do not say."""

import dataclasses

import pytest

from dssl.documents.site import slot_numbers, sources
from dssl.documents.site.slots import Slots
from ledger.status import STATUS_WORDS
from runtime.usage import UsageError

RECORDS = sources.records()
ROWS = RECORDS.rows
SAYING = {
    "holds": "HOLDS",
    "fails": "VIOLATED",
    "undecided": "INCONCLUSIVE",
    "empty": "VACUOUS",
    "meaningless": "ILL_FORMED",
}


@pytest.fixture
def slots() -> Slots:
    return Slots(RECORDS, captions={"scaling": "Its caption."})


def first(status: str) -> str:
    return next(key for key, row in ROWS.items() if row["status"] == status)


@pytest.mark.parametrize(("word", "status"), SAYING.items())
def test_a_slot_about_a_verdict_links_to_the_statement(word, status, slots):
    key = first(status)
    assert slots.filled(f'It {{{{ {word}("{key}", "does") }}}}.', "page") == f"It [does](#{key})."
    assert slots.used == {key}


@pytest.mark.parametrize(("word", "status"), SAYING.items())
def test_a_slot_refuses_every_other_verdict(word, status, slots):
    for other in set(SAYING.values()) - {status}:
        with pytest.raises(UsageError, match=f"the record says {other}"):
            slots.filled(f'{{{{ {word}("{first(other)}") }}}}', "page")


@pytest.mark.parametrize(
    ("slot", "said"),
    [
        ('{{ holds("thm44.nothing") }}', "no statement 'thm44.nothing'"),
        ('{{ evidence("thm44.nothing") }}', "no statement 'thm44.nothing'"),
        ('{{ constant("nothing at all") }}', "no constant 'nothing at all'"),
        ('{{ record("figures/nothing") }}', "no record 'figures/nothing'"),
        ('{{ record("figures/witnesses").nothing }}', "has no attribute 'nothing'"),
        ('{{ compute("nothing", dim=3) }}', "nothing"),
        ('{{ compute("sigma_star", n_clients=3) }}', "dim"),
        ('{{ count(claim="nothing") }}', "No statement on record"),
        ('{{ count(kind="invented") }}', "no kind 'invented'"),
        ('{{ count("MAYBE") }}', "MAYBE"),
        ('{{ count(room="sensitivity") }}', "chosen by"),
        ('{{ witness("thm44.both-averaged", "nothing") }}', "has no 'nothing'"),
        ('{{ figure("nothing", "words") }}', "no figure 'nothing'"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ 1 | nothing }}", "nothing"),
        ('{{ holds("a", }}', "page, line 1"),
        ("{{ 1.5 | whole }}", "A count was wanted"),
    ],
)
def test_a_slot_refuses_names_that_are_not_known(slot, said, slots):
    with pytest.raises(UsageError, match=said):
        slots.filled(slot, "page")


def test_counts_are_those_of_the_record(slots):
    for kind in ("printed", "corrected", "expected"):
        for status in STATUS_WORDS:
            expected = sum(r["statement"] == kind and r["status"] == status for r in ROWS.values())
            assert slots.filled(f'{{{{ count("{status}", kind="{kind}") }}}}', "page") == str(expected)
    assert slots.count(keys="fig2.*") == sum(key.startswith("fig2.") for key in ROWS)


def test_all_of_a_claim_are_named_at_once_only_if_they_agree(slots):
    claim = "eq-gradient-of-alignment-loss"
    assert slots.every("HOLDS", "right", claim=claim) == f"[right](#claim-{claim})"
    assert slots.never("VIOLATED", "all", claim=claim) == "all"
    with pytest.raises(UsageError, match=r"these are not: .*thm44\.both-averaged"):
        slots.every("HOLDS", "right", claim="thm-mim-more-robust")
    with pytest.raises(UsageError, match=r"these are: .*thm44\.both-averaged"):
        slots.never("VIOLATED", "none", claim="thm-mim-more-robust")


def test_what_a_page_rests_on_is_every_statement_that_it_named_once(slots):
    held, failed = first("HOLDS"), first("VIOLATED")
    page = f'{{{{ holds("{held}") }}}}{{{{ holds("{held}") }}}}{{{{ fails("{failed}") }}}}{{{{ rests_on() }}}}'
    listed = slots.filled(page, "page").split("\n")
    assert [line.count("](#") for line in listed] == [3 + 1, 1]  # the first line has the three slots before it
    assert f"holds]{{.verdict .holds}} {ROWS[held]['evidence'].lower()}: [`{held}`](#{held})" in listed[0]
    assert f"fails]{{.verdict .violated}} {ROWS[failed]['evidence'].lower()}: [`{failed}`](#{failed})" in listed[1]


def test_the_table_of_evidence_counts_every_statement_once(slots):
    cells = [line.split("|")[3:6] for line in slots.evidence_table().splitlines()[2:]]
    assert sum(int(cell) for row in cells for cell in row) == len(ROWS)


def test_a_table_of_readings_has_each_statement_of_the_claim(slots):
    table = slots.readings("thm-mim-more-robust")
    wanted = [k for k, r in ROWS.items() if r["claim"] == "thm-mim-more-robust" and r["statement"] == "printed"]
    assert [key for key in wanted if f"(#{key})" not in table] == []
    assert len(table.splitlines()) == 2 + len(wanted)


def test_a_figure_has_its_caption_and_words_for_those_who_do_not_see_it(slots):
    text = slots.filled('{{ figure("scaling", "Two panels.") }}', "page")
    assert text.split("\n") == ["```{figure} figures/scaling.svg", ":alt: Two panels.", "", "Its caption.", "```"]
    assert slots.figures == ["scaling"]


def test_numbers_are_those_of_the_calculator_and_of_the_records(slots):
    asked = (
        '{{ compute("representability", objective="mim", mask="complementary", n_clients=4, dim=30)[0] | fixed(2) }}'
    )
    assert slots.filled(asked, "page") == "0.25"
    assert slots.filled('{{ constant("expected_normal_range at N=2") | fixed(3) }}', "page") == "1.128"


def test_the_matrix_of_the_example_is_the_second_moment_without_pixel_noise():
    # 1 on the client's own axis; tau^2/2 on the others, and half of that between them.
    assert slot_numbers.matrix("mim", n_clients=3, tau=2, scope="local") == (
        r"\begin{pmatrix} 1 & 0 & 0 \\ 0 & 2 & 1 \\ 0 & 1 & 2 \end{pmatrix}"
    )
    # Off the diagonal of the mean: one of three clients has tau^2/4 = 1 there. Eigenvalues of (J - I)/3.
    found = slot_numbers.eigenvalues("mim", mask="complementary", n_clients=3, tau=2)
    assert found == r"\tfrac{2}{3},\; -\tfrac{1}{3},\; -\tfrac{1}{3}"


@pytest.mark.parametrize(
    ("value", "n", "shown"),
    [(1009.4, 2, "1,000"), (0.000234, 2, "0.00023"), (101.2, 3, "101"), (0.5, 2, "0.50"), (2, 1, "2")],
)
def test_digits_are_significant_ones(value, n, shown):
    assert slot_numbers.digits(value, n) == shown


def test_attacks_are_added_up(slots):
    found = slots.attacks()
    assert found["statements"] == len(RECORDS.attacks)
    assert found["points"] == sum(r["tried"] for r in RECORDS.attacks.values())
    assert all(ROWS[key]["status"] == "HOLDS" for key in RECORDS.attacks)  # as the article says of them


def test_an_error_begins_with_the_name_of_the_page(slots):
    with pytest.raises(UsageError, match=r"^04_theorems\.md: "):
        slots.filled('{{ holds("nothing") }}', "04_theorems.md")


def test_without_attacks_on_record_nothing_is_said_of_them():
    with pytest.raises(UsageError, match="no attacks on record"):
        Slots(dataclasses.replace(RECORDS, attacks={})).filled("{{ attacks().points }}", "page")
