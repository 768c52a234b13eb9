"""`dssl verify`: every claim decided again, every constant computed again, and both compared with the record."""

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dssl.cli import _cards
from dssl.cli._progress import Steps
from ledger import items, lookup, verdicts
from ledger.lookup import Found
from ledger.verdicts import Record, Row
from ledger.workers import CONSTANTS, Load, Outcome, run, schedule
from runtime import store
from runtime.effort import Tier
from runtime.usage import UsageError

NARROW = 90  # Columns, below which the table of all statements leaves tightness out, so that no key is broken.


@dataclass(frozen=True)
class Chosen:
    """What is decided: the claims, of some only the keys in `only`, and what each question of --claim meant."""

    claims: tuple[str, ...]
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    asked: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Verify:
    """Decide every claim, compute every derived constant, and compare with the record.

    Exit code 0 when every status and kind of evidence is the recorded one, and in the quick tier every tightness,
    margin and witness, too, and every constant stands; 1 when one moved or a check broke (the difference is printed),
    2 on bad use, 130 when interrupted. Only --accept writes the record of verdicts, in one step; constants are left
    out then, and with --claim.
    """

    tier: Tier = "quick"
    """How hard to try: quick ends within two minutes on two cores."""
    claim: Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="WHAT ...")] = ()
    """Decide only these, and print each statement in full: claims, keys, numbers such as "Theorem 4.4", or words, as
    in `dssl show`. May be given again."""
    claims: pathlib.Path | None = None
    """Decide claims of your own in place of the paper's: a Python file with a CLAIM, as CONTRIBUTING.md shows, or a
    folder of such files. Their record is FILE.json or FOLDER/verdicts.json, if not given."""
    json: Annotated[str | None, tyro.conf.arg(metavar="PATH|-")] = None
    """Write verdicts, moves and timings as JSON to a file, or to standard output (then the table is left out)."""
    accept: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Record what was found."""
    reword: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Rewrite texts, sources and what is true instead in the record from the code. Nothing is decided."""
    timings: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print the seconds of each claim."""
    workers: int = 2
    """How many processes share the claims."""
    recorded: pathlib.Path = store.VERDICTS
    """The record to compare with."""

    def run(self) -> int:
        """Decides, compares and prints; exit code 0, or 1 for what moved or broke. Errors: UsageError for bad use."""
        if self.workers < 1:
            raise UsageError(f"At least one worker is needed; got --workers {self.workers}. Use 1 or more.")
        if self.json is not None and self.json != "-":
            store.check_writable(pathlib.Path(self.json))
        if self.accept and self.tier != "quick":
            raise UsageError("The record holds the quick tier; got --accept with --tier full. Leave out one of them.")
        if self.claims is not None:
            return self._own(self.claims)
        if self.accept or self.reword:
            store.check_writable(self.recorded)
        if self.reword:
            return self._reword()
        from claims import catalogue, claim_ids

        record = verdicts.read(self.recorded, lambda: catalogue().values(), may_be_missing=self.accept)
        chosen = self._chosen(record)
        claims = schedule(chosen.claims or claim_ids(), record.rows)
        constants = None if chosen.claims or self.accept else store.CONSTANTS
        from claims import claim

        outcomes = _decide(claim, claims, self.tier, self.workers, chosen.only, constants)
        return self._conclude(record, outcomes, chosen)

    def _own(self, path: pathlib.Path) -> int:
        """Claims that are not the paper's, and their record."""
        from ledger import own_claims

        if self.claim or self.reword:
            raise UsageError("--claim and --reword are for the claims of the paper; one came beside --claims. Drop it.")
        own = own_claims.find(path)
        place = own.record if self.recorded == store.VERDICTS else self.recorded
        if self.accept:
            store.check_writable(place)
        elif not place.exists():
            raise UsageError(f"{place} is not there, so nothing is on record. Write it: {self._accepting}.")
        record = verdicts.read(place, may_be_missing=self.accept)
        outcomes = _decide(own, [name for name, _ in own.files], self.tier, self.workers, {}, None)
        return replace(self, recorded=place)._conclude(record, outcomes, Chosen(()))

    @property
    def _accepting(self) -> str:
        """The command that records what was found."""
        return f"dssl verify{'' if self.claims is None else f' --claims {self.claims}'} --accept"

    def _reword(self) -> int:
        from claims import catalogue

        if self.accept or self.claim or self.json is not None:
            raise UsageError("--reword decides nothing; got --accept, --claim or --json too. Give it alone.")
        record = verdicts.read(self.recorded, lambda: catalogue().values())
        reworded, gone, new = verdicts.reworded(record, catalogue().values())
        store.write(self.recorded, verdicts.text(reworded.rows, reworded.claims))
        console = Console(stderr=True)
        console.print(f"{len(reworded.rows)} statements in {self.recorded} have the words of the code.", soft_wrap=True)
        for keys, what in ((gone, "left out, since no statement has the key anymore"), (new, "not on record yet")):
            if keys:
                console.print(f"{len(keys)} {what}: {', '.join(keys)}.", soft_wrap=True)
        return 0

    def _chosen(self, record: Record) -> Chosen:
        """What --claim asks for; all claims without it."""
        asked = tuple(_find(query, record) for group in self.claim for query in lookup.joined(group))
        whole = {found.claims[0] for found in asked if found.how == "claim"}  # with statements not on record yet
        keys: dict[str, set[str]] = {}
        for r in (r for found in asked for r in found.rows):
            keys.setdefault(r["claim"], set()).add(r["key"])
        only = {claim: frozenset(k) for claim, k in keys.items() if claim not in whole}
        return Chosen(tuple(keys), only, asked)

    def _conclude(self, record: Record, outcomes: list[Outcome], chosen: Chosen) -> int:
        constants = next((o for o in outcomes if o.claim == CONSTANTS), None)
        rows = sorted((r for o in outcomes for r in o.rows), key=verdicts.sort_key)
        about = {o.claim: o.about for o in outcomes if o.about is not None}
        broken = [o for o in outcomes if o.error]
        # Of a claim that broke nothing is known, so nothing of it has moved.
        decided = [o.claim for o in outcomes if not o.error and o is not constants] if chosen.claims or broken else None
        moved = verdicts.moves(record.rows, rows, decided, chosen.only, numbers=self.tier == "quick")
        if self.json is not None:
            _write_json(self.json, self.tier, Record(rows, about), moved, outcomes)
        if self.json != "-":
            if chosen.asked:
                _print_cards(chosen.asked, record, Record(rows, about))
            else:
                _report(_cards.console(), rows)
            if self.timings:
                _print_timings(_cards.console(), outcomes)
        accepting = None if self.accept else self._accepting
        _complain(Console(stderr=True), moved, broken, accepting, is_own=bool(self.claims))
        if constants is not None:
            _tell_constants(constants)
        if broken:
            return 1
        if self.accept:
            kept = verdicts.merged(record.rows, rows, decided, chosen.only)
            table = {**record.claims, **about} if chosen.claims else about
            store.write(self.recorded, verdicts.text(kept, table))
            Console(stderr=True).print(f"Recorded in {self.recorded}.", soft_wrap=True)
            return 0
        if not moved:
            is_one = len(rows) == 1
            said = "The verdict is the recorded one." if is_one else f"All {len(rows)} verdicts are the recorded ones."
            Console(stderr=True).print(said)
        return 1 if moved or (constants is not None and constants.moved) else 0


def _find(query: str, record: Record) -> Found:
    """What a question of --claim means; claims and statements that are not on record yet are found in the code.

    Errors: UsageError with the nearest names when nothing fits.
    """
    from claims import claim, claim_ids

    ledger = items.load()
    index = lookup.Index(record, ledger)
    try:
        return index.find(query)
    except UsageError:
        stem = query.strip().lower().split(".")[0].replace("_", "-")
        known = {r["claim"] for r in record.rows}
        # The claim of that name; else the one whose keys begin so, and those of which nothing is on record.
        new = {stem} & set(claim_ids()) or {c for c in claim_ids() if c not in known}
        new |= {r["claim"] for r in record.rows if r["key"].split(".")[0] == stem}
        if not new:
            raise
        claims = [claim(c) for c in new]
        rows = [r for r in record.rows if r["claim"] not in new]
        rows += [_undecided(verdicts.words(s, c)) for c in claims for s in c.statements]
        about = {**record.claims, **{c.id: verdicts.about(c) for c in claims}}
        return lookup.Index(Record(rows, about), ledger).find(query)


def _undecided(words: Row) -> Row:
    return {**words, "status": "PENDING", "evidence": "READING", "tightness": None, "margin": None, "witness": None,
            "reason": "Not decided yet."}  # fmt: skip


def _decide(
    load: Load,
    claims: Sequence[str],
    tier: Tier,
    n_workers: int,
    only: Mapping[str, frozenset[str]],
    constants: pathlib.Path | None,
) -> list[Outcome]:
    outcomes = []
    with Steps("deciding", len(claims) + (constants is not None)) as steps:
        for outcome in run(load, claims, tier, n_workers, only=only, constants=constants):
            outcomes.append(outcome)
            steps.update(len(outcomes), outcome.claim)
    return outcomes


def _write_json(
    target: str,
    tier: Tier,
    found: Record,
    moved: list[verdicts.Move],
    outcomes: list[Outcome],
) -> None:
    text = store.dumps(
        {
            **verdicts.document(found.rows, found.claims),
            "tier": tier,
            "moved": [vars(m) for m in moved],
            "errors": [{"claim": o.claim, "error": o.error} for o in outcomes if o.error],
            "constants_moved": [vars(m) for o in outcomes for m in o.moved],
            "timings": {o.claim: round(o.seconds, 3) for o in sorted(outcomes, key=lambda o: o.claim)},
        }
    )
    if target == "-":
        print(text, end="")
    else:
        store.write(pathlib.Path(target), text)


def _print_cards(asked: Iterable[Found], record: Record, fresh: Record) -> None:
    """The answer to each question as `dssl show` prints it, with the verdicts found just now."""
    known = {r["key"]: r for r in (*record.rows, *fresh.rows)}
    found = {r["key"] for r in fresh.rows}
    for one in asked:
        decided = tuple(known[r["key"]] for r in one.rows if r["key"] in found)
        if one.how == "claim":  # all of it was decided, also what the record lacks
            decided = lookup.printed_first(r for r in fresh.rows if r["claim"] == one.claims[0])
        if decided:
            answer = replace(one, rows=decided)
            _cards.console().print(_cards.cards(answer, {**record.claims, **fresh.claims}, known))


def _report(console: Console, rows: list[Row]) -> None:
    """A line for every statement, and the counts."""
    is_wide = console.width >= NARROW
    columns = ("statement", "kind", "verdict", "evidence", "tightness")
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in columns if is_wide else columns[:-1]:
        table.add_column(name, overflow="fold")
    for r in rows:
        tightness = f"{r['tightness']:.3g}" if isinstance(r["tightness"], int | float) else r["tightness"] or ""
        status = Text(r["status"], style=_cards.STYLES.get(r["status"], ""))
        cells = (Text(r["key"]), Text(r["statement"]), status, Text(r["evidence"]), Text(tightness))
        table.add_row(*(cells if is_wide else cells[:-1]))
    console.print(table)
    for kind, found in verdicts.counts(rows).items():
        console.print(Text(f"{kind}: " + (", ".join(f"{n} {s}" for s, n in found.items()) or "none")))


def _print_timings(console: Console, outcomes: list[Outcome]) -> None:
    table = Table("claim", "seconds")
    for outcome in sorted(outcomes, key=lambda o: -o.seconds):
        table.add_row(Text(outcome.claim), f"{outcome.seconds:.2f}")
    console.print(table)


def _tell_constants(found: Outcome) -> None:
    console = Console(stderr=True)
    for m in found.moved:
        _print_move(console, m.name, m.recorded or "absent", m.found or "absent")
    if found.moved:
        console.print(
            f"{len(found.moved)} of {found.n_constants} derived constants moved. If that is right: "
            "`dssl constants --accept`, and a line in CHANGELOG.md."
        )
    elif not found.error:
        console.print(f"All {found.n_constants} derived constants stand.")


def _print_move(console: Console, name: str, recorded: str, found: str) -> None:
    console.print(Text(name, style="bold"))
    console.print(Text(f"- {recorded}", style="red"), Text(f"+ {found}", style="green"), sep="\n")


def _complain(
    console: Console, moved: list[verdicts.Move], broken: list[Outcome], accepting: str | None, *, is_own: bool
) -> None:
    """Tells what broke and what moved; `accepting` is the command that records it, None where that is being done."""
    for outcome in broken:
        console.print(Text(f"The check of {outcome.claim} broke:\n{outcome.error}", style="red"))
    for move in moved:
        _print_move(console, move.key, move.recorded, f"{move.found}  {move.reason}")
    if moved:
        changelog = "" if is_own else ", and a line in CHANGELOG.md"  # of this project
        right = "" if accepting is None else f" If that is right: `{accepting}`{changelog}."
        console.print(f"{len(moved)} verdict{'s' if len(moved) > 1 else ''} moved.{right}")
