"""`dssl check`: one statement at points of its domain."""

import pathlib
import sys
from dataclasses import dataclass, field
from typing import Annotated

import tyro
from rich.table import Table
from rich.text import Text

from dssl.cli import _cards
from dssl.cli._optional import Words
from dssl.points import check
from dssl.points.check import Tested
from ledger.checks.on_domain import OnDomain
from ledger.paper_assumptions import SCALING, covered
from ledger.statement import Statement
from runtime import store
from runtime.usage import UsageError
from theory.domain import Domain

_ROWS = {
    "claimed": "claimed",
    "measured": "measured",
    "standard_error": "standard error",
    "resolution": "resolution",
    "allowed": "allowed beyond the claim",
}
CLAIMED = {"<=": "claimed: at most", ">=": "claimed: at least", "=": "claimed"}
VERDICTS = {0: ("holds", "green"), 1: ("fails", "red"), 3: ("outside", "yellow"), 4: ("unresolved", "yellow")}


@dataclass(frozen=True)
class Check:
    """Test one statement at points of your choice: `dssl check thm42-bounds.fl-upper --at n_clients=4 dim=128 ...`.

    Only statements with a domain can be tested at a point; without a point, the domain is shown. Exit code 0 when the
    statement holds at every point, 1 when it fails at one, 4 when a measurement does not resolve it, 3 for a point
    outside the domain, 2 on bad use.
    """

    key: Annotated[str, tyro.conf.Positional]
    """The statement's key, as in `dssl show`."""
    at: Annotated[Words, tyro.conf.arg(metavar="NAME=VALUE ...")] = field(default_factory=Words)
    """One point: a value for each parameter of the domain."""
    draw: int | None = None
    """Instead: this many random points of the domain, by its law."""
    batch: Annotated[str | None, tyro.conf.arg(metavar="FILE|-")] = None
    """Instead: a JSON list of points."""
    seed: int | None = None
    """Of --draw, and of random measurements (default: the statement's own seed)."""
    trials: int | None = None
    """Independent draws of a random measurement at each point (default: 4000)."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON: {"key", "points", "fails"}."""

    def run(self) -> int:
        """Prints each point; the exit code says the worst. Errors: UsageError for bad use."""
        given = [name for name in ("at", "draw", "batch") if getattr(self, name)]
        if self.draw is not None and self.draw < 1:
            raise UsageError(f"At least one point is drawn; got --draw {self.draw}. Use 1 or more.")
        if len(given) > 1:
            raise UsageError(f"Points come from one place; got --{given[0]} and --{given[1]}. Give one of them.")
        if self.trials is not None and self.trials < 2:
            raise UsageError(f"A random measurement needs two draws or more; got --trials {self.trials}.")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"A seed is a whole number from 0; got --seed {self.seed}.")
        statement = check.statement_of(self.key)
        if not given:
            return self._show(statement)
        tested = check.at_points(statement, self._points(statement), trials=self.trials, seed=self.seed)
        check.refuse_idle(statement, tested, trials=self.trials, seed=None if self.draw else self.seed)
        if self.json:
            print(store.dumps(check.document(self.key, tested)), end="")
        else:
            _print(statement, tested)
        return check.exit_code(tested)

    def _points(self, statement: Statement) -> list[check.Point]:
        domain = check.domain_of(statement)
        if self.draw:
            return check.drawn(statement, self.draw, 0 if self.seed is None else self.seed)
        if self.batch is not None:
            return list(check.from_json(domain, _read(self.batch)))
        return [check.from_pairs(domain, self.at)]

    def _show(self, statement: Statement) -> int:
        """The domain, and a line to try; bad use where something else was given that has no effect then."""
        if self.seed is not None or self.json or self.trials is not None:
            raise UsageError("Without a point nothing is measured; give --at, --draw or --batch.")
        domain, console = check.domain_of(statement), _cards.console()
        console.print(Text(statement.text, style="bold"))
        console.print(domain.words())
        console.print(_covered(domain))
        example = " ".join(f"{name}={_short(value)}" for name, value in check.drawn(statement, 1, 0)[0].items())
        console.print(f"Try: dssl check {self.key} --at {example}")
        return 0


def _print(statement: Statement, tested: list[Tested]) -> None:
    console = _cards.console()
    console.print(Text(statement.text, style="bold"))
    assert isinstance(statement.check, OnDomain), "whoever has a domain has this check"
    words = _ROWS | {"claimed": CLAIMED[statement.check.then.relation]}
    for one in tested:
        said, style = VERDICTS[one.exit_code()]
        console.print(Text(f"{said}  ", style=style) + Text(" ".join(f"{k}={_short(v)}" for k, v in one.at.items())))
        if one.outcome is not None:
            table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
            for name, label in words.items():
                table.add_row(label, f"{getattr(one.outcome, name):.6g}")
            console.print(table)
        if one.reason:
            console.print(f"  {one.reason}")
    if len(tested) > 1:
        codes = [one.exit_code() for one in tested]
        console.print(", ".join(f"{codes.count(c)} {said}" for c, (said, _) in VERDICTS.items() if c in codes))


def _covered(domain: Domain) -> str:
    """How much of its box, and of the paper's scaling, the domain covers."""
    found = covered(domain)
    said = f"Of {found.n_points} points drawn by the laws of these parameters, {found.box:.0%} meet the conditions."
    if found.paper is None:
        return said
    return f"{said} Of as many settings of the paper's scaling ({SCALING}), {found.paper:.0%} lie in the domain."


def _short(value: check.Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _read(source: str) -> str:
    if source == "-":
        return sys.stdin.read()
    try:
        return pathlib.Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The batch {source} cannot be read ({error}). Name a JSON file, or - for standard input."
        ) from None
