"""What somebody asks for, found in a record: a statement's key, a claim's id, a number of the paper, or words.

Nothing is decided and no claim is imported: the record and the ledger of the paper's items are all that is read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from typing import Literal

from ledger.items import Item, numbered
from ledger.status import KINDS
from ledger.verdicts import About, Record, Row
from runtime.parse import shown
from runtime.usage import UsageError

# How people write what the paper numbers, by the word with which the ledger's keys begin.
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "eq": ("eq", "eqs", "eqn", "eqns", "equation", "equations"),
    "theorem": ("theorem", "theorems", "thm", "thms", "th"),
    "corollary": ("corollary", "corollaries", "cor"),
    "lemma": ("lemma", "lemmas", "lem"),
    "definition": ("definition", "definitions", "def", "defn"),
    "assumption": ("assumption", "assumptions", "assum", "ass", "asm"),
    "remark": ("remark", "remarks", "rem", "rmk"),
    "algorithm": ("algorithm", "algorithms", "alg", "algo"),
    "table": ("table", "tables", "tab", "tabs"),
    "figure": ("figure", "figures", "fig", "figs"),
    "section": ("section", "sections", "sec", "secs", "appendix", "app", "§"),
    "referee": ("referee", "referees", "question", "questions"),
}
_KIND = {spelling: kind for kind, spellings in _SPELLINGS.items() for spelling in spellings}
# A number as the paper writes it: 17, 4.4, A.9; also A9, and 2a for a part of Figure 2.
_NUMBER = r"(?:[a-z]\.?)?\d+(?:\.\d+)*[a-z]?"
_KINDS = "|".join(sorted(_KIND, key=len, reverse=True))
_QUERY = re.compile(rf"(?:(?P<kind>{_KINDS})[\s.:_-]*)?(?P<numbers>\(?{_NUMBER}.*)")
_PART = re.compile(rf"\(?\s*({_NUMBER})\s*\)?(?:\s*(?:-|–|to)\s*\(?\s*({_NUMBER})\s*\)?)?")
_ASKED_ABOUT = re.compile(r"reviewer 1[, ]+(?=question)")
WHOLE_WORD = 3  # A word of so many letters must stand alone, so that "cl" does not find "client".

# How an item is told from the one of the same number: in these, trained models are asked what the item says.
_TRAINED: Mapping[str, str] = {
    "training": "in training",
    "shape": "our trainings",
    "training-neural": "deep encoders in training",
    "nonlinear": "deep encoders",
}

N_NEAREST = 3

How = Literal["statement", "claim", "item", "words"]


@dataclass(frozen=True)
class Found:
    """What a query means. `rows` are the statements to show, by claim in the order of `claims`, printed ones first.

    `items` are what the paper numbers so, or what a claim answers; `nearby` other items whose place names the number.
    """

    query: str
    how: How
    rows: tuple[Row, ...]
    claims: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    nearby: tuple[Item, ...] = ()


@dataclass(frozen=True)
class _Numbers:
    """A query such as "Eqs (25)-(33)": the kind, or None where only a number came, and the numbers."""

    kind: str | None
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Index:
    """A record and the ledger's items, ready to be asked."""

    record: Record
    items: Sequence[Item]

    @cached_property
    def rows(self) -> Mapping[str, Row]:
        """The rows of the record by their keys."""
        return {r["key"]: r for r in self.record.rows}

    def find(self, query: str) -> Found:
        """What `query` means: tried as a key, a claim's id, an item's key, a number of the paper, and then as words.

        Errors: UsageError that names the three nearest when nothing fits.
        """
        asked = " ".join(query.split()).lower().strip(" .,;:?!'\"")
        if not asked:
            raise UsageError('A key, a claim, a number such as "Theorem 4.4" or words were wanted; got nothing.')
        if asked in self.rows:
            row = self.rows[asked]
            return Found(query, "statement", (row,), (row["claim"],), self.answered(row["claim"]))
        claim = re.sub(r"\.py$", "", asked).replace("_", "-")
        begun = [c for c in self._by_claim if c.startswith(claim)] if "-" in claim else []
        if len(begun) == 1:  # the beginning of an id is enough where no other begins so
            claim = begun[0]
        if claim in self._by_claim:
            return Found(query, "claim", printed_first(self._by_claim[claim]), (claim,), self.answered(claim))
        named = [i for i in self.items if asked in (i.key.lower(), written(i.key).lower()) and not _is_plain(i)]
        if named:
            return self._of_items(query, named, [])
        numbers = _numbers(asked)
        items, nearby = self._numbered(numbers) if numbers else ([], [])
        if items:
            return self._of_items(query, items, nearby)
        rows = [r for r in self.record.rows if r["key"].split(".")[0] == asked]
        if rows:  # the stem of a claim's keys, such as thm44
            claim = rows[0]["claim"]
            how: How = "claim" if len(rows) == len(self._by_claim[claim]) else "item"
            return Found(query, how, printed_first(rows), (claim,), self.answered(claim))
        if numbers:
            raise self._unnumbered(query, numbers)
        rows = [r for r in self.record.rows if all(_occurs(word, self._text[r["key"]]) for word in asked.split())]
        if not rows or not any(map(str.isalnum, asked)):
            raise self._unknown(query, asked)
        return Found(query, "words", tuple(rows), tuple(dict.fromkeys(r["claim"] for r in rows)))

    def of_item(self, item: Item) -> tuple[Row, ...]:
        """The statements that answer one item, by claim, those that the paper prints first."""
        claims = (c for c in item.answered_by if c in self._by_claim)
        return printed_first(r for c in claims for r in self._about(c, [item]))

    def answered(self, claim: str) -> tuple[Item, ...]:
        """The items of the paper that a claim answers."""
        return tuple(i for i in self.items if claim in i.answered_by)

    @cached_property
    def _by_claim(self) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {}
        for r in self.record.rows:
            rows.setdefault(r["claim"], []).append(r)
        return rows

    @cached_property
    def _text(self) -> dict[str, str]:
        """What words are looked for in, by key: a statement's text, reading, key, and its claim's id and title."""
        titles: Mapping[str, About] = self.record.claims
        return {
            r["key"]: " ".join(
                (r["text"], r["reading"], r["key"], r["claim"], titles.get(r["claim"], {}).get("title", ""))
            ).lower()
            for r in self.record.rows
        }

    def _numbered(self, asked: _Numbers) -> tuple[list[Item], list[Item]]:
        """The items with one of these numbers, and those whose place in the paper names one."""
        items = [i for i in self.items if _has(i, asked)]
        within = [i for i in self.items if i not in items and _lies_at(i, asked)]
        # A section that is no item itself stands for everything in it.
        return (items, within) if items or asked.kind not in ("section", None) else (within, [])

    def _of_items(self, query: str, items: Sequence[Item], nearby: Sequence[Item]) -> Found:
        claims = tuple(dict.fromkeys(c for item in items for c in item.answered_by if c in self._by_claim))
        rows = tuple(r for c in claims for r in printed_first(self._about(c, items)))
        return Found(query, "item", rows, claims, tuple(items), tuple(nearby))

    def _about(self, claim: str, items: Sequence[Item]) -> list[Row]:
        """A claim's statements that say to be about one of these items; all where none says so of some item."""
        of_claim, found = self._by_claim[claim], []
        for item in items:
            if claim in item.answered_by:
                found += [r for r in of_claim if item.key in r["about"]] or of_claim
        return [r for r in of_claim if r in found]

    def _unnumbered(self, query: str, asked: _Numbers) -> UsageError:
        """The error for a number that the ledger lacks, with the nearest that it has.

        Theorems, corollaries, assumptions and their like are numbered together (4.4, 4.5, A.9): the same number comes
        first. Equations, tables and figures are numbered apart.
        """
        is_shared = "." in asked.numbers[0]

        def distance(label: str) -> tuple[bool, bool, list[int]]:
            kind, number = _KIND[label.split()[0].lower()], label.split()[1].strip("()")
            apart = [abs(a - b) for a, b in zip(_ordinals(number), _ordinals(asked.numbers[0]), strict=False)]
            return (not is_shared or number != asked.numbers[0], asked.kind not in (None, kind), apart)

        near = sorted((written(i.key) for i in self.items if _is_plain(i)), key=distance)[:N_NEAREST]
        return UsageError(
            f"The paper's {shown(query)} has no entry in the ledger; the nearest are {', '.join(near)}. "
            "`dssl show --all` lists every statement."
        )

    def _unknown(self, query: str, asked: str) -> UsageError:
        """The error for what is no name, with the names and the statements that are most like it."""
        names = [*self._by_claim, *self.rows, *(i.key for i in self.items)]
        spelled_alike = get_close_matches(asked, names, N_NEAREST, cutoff=0.75)
        known = sorted({w for text in self._text.values() for w in re.findall(r"[a-z][a-z0-9-]+", text)})
        words = [w for word in asked.split() for w in get_close_matches(word, known, 1, cutoff=0.7)]
        n_found = {key: sum(_occurs(w, text) for w in words) for key, text in self._text.items()}
        worded_alike = sorted((k for k in n_found if n_found[k]), key=lambda k: -n_found[k])[:N_NEAREST]
        likeness = {name: SequenceMatcher(None, asked, name.lower()).ratio() for name in names}
        most_like = sorted(names, key=lambda name: -likeness[name])[:N_NEAREST]
        near = [*dict.fromkeys([*spelled_alike, *worded_alike, *most_like])][:N_NEAREST]
        return UsageError(
            f"Nothing is called {shown(query)}, and no statement has all of these words; the nearest are "
            f"{', '.join(near)}. `dssl show --all` lists every statement."
        )


def printed_first(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows with those that the paper prints before the others."""
    return tuple(sorted(rows, key=lambda r: KINDS.index(r["statement"])))


def written(item_key: str) -> str:
    """An item's key as people write it: theorem-4.4 as Theorem 4.4, eq-17 as Eq (17).

    What is asked of trained models says so: table-1-shape is Table 1, our trainings.
    A key without a number comes back as it is.
    """
    found = numbered(item_key)
    if found is None or found.kind not in _SPELLINGS:
        return item_key
    name = "Eq" if found.kind == "eq" else "Question" if found.kind == "referee" else found.kind.capitalize()
    first, last = (f"({n})" if found.kind == "eq" and n else n for n in (found.first, found.last))
    number = f"s {first}-{last}" if last else f" {first}"
    words = _TRAINED.get(found.words, found.words.replace("-", " "))
    return name + number + (f", {words}" if words else "")


def joined(words: Iterable[str]) -> list[str]:
    """Arguments of a command line, those of one number as one: Theorem 4.4 may be written without quotes."""
    queries: list[str] = []
    for word in words:
        is_number = _PART.fullmatch(word.lower()) is not None
        if queries and is_number and queries[-1].lower().rstrip(".") in _KIND:
            queries[-1] = f"{queries[-1]} {word}"
        else:
            queries.append(word)
    return queries


def _numbers(asked: str) -> _Numbers | None:
    """The query read as numbers of the paper; None when it is none."""
    found = _QUERY.fullmatch(_ASKED_ABOUT.sub("", asked))
    if found is None:
        return None
    numbers: list[str] = []
    for part in re.split(r"\s*(?:,|;|&|\band\b)\s*", found["numbers"]):
        match = _PART.fullmatch(part.strip())
        if match is None:
            return None
        first, last = match[1], match[2]
        if last and first.isdigit() and last.isdigit() and len(first + last) < 8:
            numbers += [str(n) for n in range(int(first), int(last) + 1)]
        else:
            numbers += [n for n in (first, last) if n]
    if not found["kind"] and found["numbers"].startswith("("):
        return _Numbers("eq", tuple(numbers))
    return _Numbers(_KIND[found["kind"]] if found["kind"] else None, tuple(map(_plain, numbers)))


def _plain(number: str) -> str:
    """A.9 for a9 and a.9; the part 2a of a figure is looked up with the figure."""
    number = re.sub(r"^([a-z])\.?(?=\d)", lambda m: f"{m[1].upper()}.", number)
    return number.rstrip("abcdefghijklmnopqrstuvwxyz")


def _ordinals(number: str) -> list[int]:
    """What a number is ordered by: A.10 comes after A.9, and both after 4.4."""
    return [int(part) if part.isdigit() else 1000 + ord(part[0]) for part in number.split(".")]


def _is_plain(item: Item) -> bool:
    """Whether an item is a number of the paper and no more: theorem-4.4, but not theorem-4.6-training."""
    found = numbered(item.key)
    return found is not None and found.kind in _SPELLINGS and not found.last and not found.words


def _has(item: Item, asked: _Numbers) -> bool:
    found = numbered(item.key)
    if found is None or found.kind not in _SPELLINGS or asked.kind not in (None, found.kind):
        return False
    if found.last:
        return any(n.isdigit() and int(found.first) <= int(n) <= int(found.last) for n in asked.numbers)
    return found.first in asked.numbers


def _lies_at(item: Item, asked: _Numbers) -> bool:
    """Whether the item's place in the paper names the number: "Section 3.2" or "A.6.2" for a section."""
    for number in map(re.escape, asked.numbers):
        after = rf"{number}(?![\w]|\.\d)"
        if asked.kind == "eq":
            pattern = rf"Eqs? \({number}\)"
        elif asked.kind in ("section", None):
            pattern = rf"(?:^|; )(?:Section )?{after}" if number.startswith("A") else rf"Sections? {after}"
        else:
            pattern = rf"{asked.kind.capitalize()} {after}"
        if re.search(pattern, item.where):
            return True
    return False


def _occurs(word: str, text: str) -> bool:
    """Whether a word of the text begins like `word`, or is it where `word` is short."""
    begins = r"(?<![a-z0-9])" if word[0].isalnum() else ""
    ends = r"(?![a-z0-9])" if len(word) <= WHOLE_WORD and word[-1].isalnum() else ""
    return re.search(begins + re.escape(word) + ends, text) is not None
