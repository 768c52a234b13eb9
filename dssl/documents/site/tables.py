"""The lists of claims: by room, and by the number under which the paper prints what they answer."""

from collections.abc import Iterable, Mapping

from dssl.documents.site import markdown as md
from dssl.documents.site.cards import FOLDER, Records, came_to, label, signed
from ledger.items import Item
from ledger.lookup import printed_first
from ledger.report.index import grouped, title
from ledger.status import STATUS_WORDS
from ledger.verdicts import Row

# What a room of claims is about, for readers; the folders of `claims/` in the order of the paper.
ROOMS: Mapping[str, str] = {
    "setting": "The setting: data, networks, losses and assumptions",
    "matrices": "The matrices that training diagonalises",
    "representability": "Representability: how much of a direction a model keeps",
    "sensitivity": "Sensitivity: whether CL or MIM is more robust",
    "networks": "Networks: more links, and a server",
    "training": "Training in rounds",
    "alignment_term": "The alignment term (MAR)",
    "experiments": "The paper's experiments",
    "released_code": "The code released with the paper",
}


def by_room(records: Records) -> str:
    """The first page of the claims."""
    return md.page(
        "(claims)=\n# Every claim",
        "A claim is a group of statements: about one item of the paper, about several related items, or about a "
        "question that the paper raises. A statement is one sentence under one reading, and has one verdict. "
        "[What the words of a verdict mean](#words-of-a-verdict). The same claims "
        "[by the numbers of the paper](#by-number). Each verdict stands with the number of statements that came to "
        "it. Statements that we added to say what is true are counted only where there are no others.",
        *(_room(room, title, records) for room, title in ROOMS.items()),
        md.contents(["by_number", *(name for room in ROOMS for name in _in_room(room, records))]),
    )


def _room(room: str, title: str, records: Records) -> str:
    rows = (
        (f"[{md.plain(records.claims[name]['title'])}](#{label(name)})", counted(records.of(name)))
        for name in _in_room(room, records)
    )
    return f"## {md.plain(title)}\n\n" + md.table(("claim", "verdicts"), rows)


def _in_room(room: str, records: Records) -> list[str]:
    return sorted(name for name in records.claims if records.rooms[name] == room)


def by_number(records: Records) -> str:
    """The table from an item of the paper to what became of it."""
    parts = []
    for heading, items in grouped(records.items).items():
        cells = (
            (f"{md.plain(title(i.key))}<br>{came_to(records.answer(i))}", md.plain(i.printed), _answers(i, records))
            for i in items
        )
        parts += [
            f"## {md.plain(heading)}",
            md.table(("item, and does it hold?", "what the paper prints, in our words", "verdicts"), cells),
        ]
    return md.page(
        "(by-number)=\n# By the numbers of the paper",
        "Each verdict stands with the number of statements that came to it. Counted are the statements that the paper "
        "prints or that we expected to hold; where there are none, those that we found to be true. "
        '<a href="../report.html">The report</a> has an answer to each item in a sentence, and all readings in one '
        "table.",
        *parts,
    )


def _answers(item: Item, records: Records) -> str:
    if item.pending:
        return md.plain(f"Not answered: {item.pending}")
    found = records.index.of_item(item)
    return "<br>".join(
        f"[{md.plain(records.claims[claim]['title'])}](#{label(claim)}): "
        + counted([r for r in found if r["claim"] == claim])
        for claim in item.answered_by
    )


def counted(rows: Iterable[Row]) -> str:
    """How many of these came to each verdict; of the printed or expected ones, where there are any."""
    rows = list(printed_first(rows))
    asked = [r for r in rows if r["statement"] != "corrected"] or rows
    statuses = [r["status"] for r in asked]
    numbers = {s: statuses.count(s) for s in STATUS_WORDS if s in statuses}
    return " ".join(signed(status, n) for status, n in numbers.items())


def pages(records: Records) -> dict[str, str]:
    """The text of each list, by its file."""
    found = {"index": by_room(records), "by_number": by_number(records)}
    return {f"{FOLDER}/{name}.md": text for name, text in found.items()}
