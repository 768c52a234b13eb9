"""Slots: the places of a page, between {{ and }}, that records and formulas fill while the site is made.

A page that uses them holds no result of its own. A slot that speaks of a verdict names the statement and what became of
it, and cannot be filled once the record says something else. An unknown name of any kind is an error, too.
"""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jinja2

from dssl.documents.site import cards, slot_numbers
from dssl.documents.site import markdown as md
from ledger.in_words import EVIDENCE_MEANINGS
from ledger.status import KINDS, STATUS_WORDS, Evidence, Status
from ledger.verdicts import Row
from runtime.usage import UsageError

# How `which` may choose statements, and the field of a row that each looks at. A value may be a pattern: "fig2.*".
_CHOICES: Mapping[str, str] = {"kind": "statement", "claim": "claim", "evidence": "evidence", "keys": "key"}
_OTHERS = "other"  # statements that neither hold nor fail


@dataclass
class Slots:
    """Fills the slots of pages from these records, and keeps what they spoke of.

    `captions` has the caption of each figure by its name, and `numbers` further names for slots, functions among them.
    `used` keeps the keys of statements that slots named, `claims` a row of each claim whose statements were named
    together, and `figures` the names of figures.
    """

    records: cards.Records
    captions: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    claims: dict[str, Row] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)

    def filled(self, text: str, name: str) -> str:
        """The page with its slots filled; `name` stands in errors.

        Errors: UsageError for a slot that cannot be filled, or that is not well formed.
        """
        try:
            return self._environment.from_string(text).render()
        except jinja2.TemplateError as error:
            line = f", line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
            raise UsageError(f"{name}{line}: {error.message} Mend the slot.") from None
        except (TypeError, ValueError, UsageError) as error:
            raise UsageError(f"{name}: {error} Mend the slot, and the sentence around it.") from None

    @cached_property
    def _environment(self) -> jinja2.Environment:
        found = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
        found.globals = {
            "holds": self.holds,
            "fails": self.fails,
            "undecided": self.undecided,
            "empty": self.empty,
            "meaningless": self.meaningless,
            "every": self.every,
            "never": self.never,
            "readings": self.readings,
            "count": self.count,
            "evidence": self.evidence,
            "witness": self.witness,
            "attacks": self.attacks,
            "evidence_table": self.evidence_table,
            "figure": self.figure,
            "rests_on": self.rests_on,
            **slot_numbers.FUNCTIONS,
            **self.numbers,
        }
        found.filters |= slot_numbers.FILTERS
        return found

    def holds(self, key: str, words: str = "holds") -> str:
        """The words as a link to a statement that holds."""
        return self._said(key, Status.HOLDS, words)

    def fails(self, key: str, words: str = "fails") -> str:
        """The words as a link to a statement that fails."""
        return self._said(key, Status.VIOLATED, words)

    def undecided(self, key: str, words: str = "is undecided") -> str:
        """The words as a link to a statement that is not decided."""
        return self._said(key, Status.INCONCLUSIVE, words)

    def empty(self, key: str, words: str = "says nothing") -> str:
        """The words as a link to a statement that says nothing."""
        return self._said(key, Status.VACUOUS, words)

    def meaningless(self, key: str, words: str = "has no definite meaning") -> str:
        """The words as a link to a statement without a definite meaning."""
        return self._said(key, Status.ILL_FORMED, words)

    def _said(self, key: str, status: Status, words: str) -> str:
        found = self._row(key)["status"]
        if found != status:
            raise UsageError(f"The page says that {key} is {status}, and the record says {found}.")
        self.used.add(key)
        return f"[{words}](#{key})"

    def every(self, status: str, words: str, **which: str) -> str:
        """The words, where all statements of `which` (as in `count`) have that status; a link if they are one claim."""
        rows = self._rows(which)
        if other := [r["key"] for r in rows if r["status"] != Status(status)]:
            raise UsageError(f"The page says that all of {which} are {status}; these are not: {', '.join(other)}.")
        claims = {r["claim"]: r for r in rows}
        if len(claims) > 1:
            self.used |= {r["key"] for r in rows}
            return words
        self.claims |= claims
        return f"[{words}](#{cards.label(rows[0]['claim'])})"

    def never(self, status: str, words: str, **which: str) -> str:
        """The words, where no statement of `which` (as in `count`) has that status."""
        if found := [r["key"] for r in self._rows(which) if r["status"] == Status(status)]:
            raise UsageError(f"The page says that none of {which} is {status}; these are: {', '.join(found)}.")
        return words

    def readings(self, claim: str, kind: str = "printed") -> str:
        """A table of one claim's statements of a kind: under which reading each was decided, how, and which way."""
        rows = sorted(self._rows({"claim": claim, "kind": kind}), key=lambda r: (r["status"], r["key"]))
        self.used |= {r["key"] for r in rows}
        cells = (
            (cards.signed(r["status"]), f"[{md.plain(r['reading'])}](#{r['key']})", r["evidence"].lower()) for r in rows
        )
        return md.table(("verdict", "reading", "evidence"), cells)

    def count(self, status: str | None = None, **which: str) -> int:
        """How many statements have that status (any, if none is given).

        Of those with a `kind`, of a `claim`, with an `evidence`, or with `keys` like a pattern such as "fig2.*".
        """
        wanted = None if status is None else Status(status)
        return sum(wanted in (None, r["status"]) for r in self._rows(which))

    def evidence(self, key: str) -> str:
        """How a statement was decided, in one word: proved, enumerated, numeric and so on."""
        return self._row(key)["evidence"].lower()

    def witness(self, key: str, name: str) -> Any:
        """One number of the case in which a statement fails."""
        found = self._row(key)["witness"] or {}
        if name not in found:
            raise UsageError(f"The witness of {key} has no {name!r}; it has {', '.join(found) or 'nothing'}.")
        return found[name]

    def attacks(self) -> dict[str, Any]:
        """The recorded attacks in all: on how many statements, for how many seconds each, at how many points."""
        rows = list(self.records.attacks.values())
        if not rows:
            raise UsageError("There are no attacks on record.")
        return {
            "statements": len(rows),
            "points": sum(r["tried"] for r in rows),
            "seconds": max(r["seconds"] for r in rows),
            "failed": sum(r.get("witness") is not None for r in rows),
        }

    def evidence_table(self) -> str:
        """A table: how many statements were decided by each kind of evidence, and which way."""
        sides = {Status.HOLDS: "hold", Status.VIOLATED: "fail"}
        heads = ("evidence", "what it means", *sides.values(), _OTHERS)
        lines = []
        for kind in EVIDENCE_MEANINGS:
            found = [sides.get(r["status"], _OTHERS) for r in self.records.rows.values() if r["evidence"] == kind]
            if found:
                numbers = [str(found.count(side)) for side in (*sides.values(), _OTHERS)]
                lines.append((kind.lower(), md.plain(EVIDENCE_MEANINGS[kind].partition(": ")[2]), *numbers))
        return md.table(heads, lines)

    def figure(self, name: str, alt: str) -> str:
        """A figure of the project with its caption below it; `alt` says what it shows to those who do not see it."""
        if name not in self.captions:
            raise UsageError(f"There is no figure {name!r}.")
        self.figures.append(name)
        return f"```{{figure}} figures/{name}.svg\n:alt: {alt}\n\n{self.captions[name]}\n```"

    def rests_on(self) -> str:
        """All statements that slots have named so far, by verdict and evidence, as a list of links.

        A claim whose statements were named together stands there once, in the place of the first of them.
        """
        groups: dict[tuple[str, str], list[str]] = {}
        named = [(self._row(key), key, f"#{key}") for key in sorted(self.used)]
        named += [(row, f"{claim}.*", f"#{cards.label(claim)}") for claim, row in sorted(self.claims.items())]
        for row, words, target in named:
            groups.setdefault((row["status"], row["evidence"]), []).append(f"[{md.code(words)}]({target})")
        statuses, kinds = list(STATUS_WORDS), list(Evidence)
        ranked = sorted(groups, key=lambda group: (statuses.index(group[0]), kinds.index(Evidence(group[1]))))
        return "\n".join(
            f"- {cards.signed(status)} {evidence.lower()}: {', '.join(groups[status, evidence])}"
            for status, evidence in ranked
        )

    def _row(self, key: str) -> Row:
        if key not in self.records.rows:
            raise UsageError(f"There is no statement {key!r} on record.")
        return self.records.rows[key]

    def _rows(self, which: Mapping[str, str]) -> list[Row]:
        """The rows that `which` chooses. Errors: UsageError where there are none, and for an unknown choice or kind."""
        if unknown := which.keys() - _CHOICES.keys():
            raise UsageError(f"Statements are chosen by {', '.join(_CHOICES)}; got {', '.join(sorted(unknown))}.")
        if which.get("kind", KINDS[0]) not in KINDS:
            raise UsageError(f"There is no kind {which['kind']!r} of statements.")
        rows = [
            row
            for row in self.records.rows.values()
            if all(fnmatch.fnmatchcase(row[_CHOICES[name]], pattern) for name, pattern in which.items())
        ]
        if not rows:
            raise UsageError(f"No statement on record is chosen by {dict(which)}.")
        return rows
