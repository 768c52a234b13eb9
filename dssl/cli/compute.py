"""`dssl compute`: the calculator over the formula catalogue."""

import pathlib
import sys
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

import tyro
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dssl.calculator import compute
from dssl.cli._settings import fields_and_keys
from runtime import store
from runtime.parse import pairs
from runtime.usage import UsageError


@dataclass(frozen=True)
class Compute:
    """Compute one quantity: `dssl compute sigma_star n_clients=3 dim=inf mask_ratio=0.75`.

    Exit code 0 with a value, or with the reason where the formula says nothing (void) or does not apply
    (out_of_domain); 2 for a bad name, key or value. A batch gives every good entry its result, each bad one the status
    "error" with the reason, and exits 2 if there is one.
    """

    query: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """NAME key=value ...; numbers may be 1e6 or inf, lists a,b,c or JSON. `dssl compute NAME --help` shows its keys."""
    is_listing: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(name="list")] = False
    """List the quantities, or the keys of the one named."""
    batch: Annotated[str | None, tyro.conf.arg(metavar="FILE|-")] = None
    """A JSON list of {"name", "args"}: one process, a JSON list of results."""
    forms: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Also print the formula, in the letters of the keys and as LaTeX."""
    trials: int | None = None
    """Of a deficit: also draw so many data sets, and print the mean deficit measured on them."""
    seed: int | None = None
    """With --trials: chooses the data that are drawn (default 0)."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON: {"name", "value", "exact", "status", "units", "source", "latex", "reason", "assumed"}; --trials adds
    "simulated"."""

    def run(self) -> int:
        """Prints answers or the list; exit code 0, or 2 for a batch with a bad entry. Errors: UsageError."""
        if self.forms and (self.json or self.is_listing):
            raise UsageError("--forms is about printed answers; JSON always has both forms. Leave it out.")
        if self.seed is not None and self.trials is None:
            raise UsageError(f"--seed chooses the data of --trials; got --seed {self.seed} alone. Add --trials 100.")
        if self.trials is not None and (self.is_listing or self.query[:1] != ("deficit",)):
            got = "--list" if self.is_listing else self.query[0] if self.query else "no quantity"
            raise UsageError(f"--trials simulates one deficit; got {got}. Leave --trials out.")
        if self.is_listing:
            return _list(self.query, self.json)
        if self.batch is not None:
            return self._run_batch(self.batch)
        if not self.query:
            raise UsageError("A quantity was wanted; got none. `dssl compute --list` shows all.")
        given = pairs(self.query[1:], "Arguments are written key=value")
        result = compute.compute(self.query[0], given)
        if self.trials is not None:
            result["simulated"] = _simulated(given, self.trials, self.seed or 0)
        _print([result], self.json, self.forms, is_list=False)
        return 0

    def _run_batch(self, source: str) -> int:
        if self.query:
            raise UsageError(f"With --batch the queries come from the file; got {self.query[0]!r} too. Remove it.")
        results, is_good = compute.batch(_read(source))
        _print(results, self.json, self.forms, is_list=True)
        return 0 if is_good else 2


def _read(source: str) -> str:
    if source == "-":
        return sys.stdin.read()
    try:
        return pathlib.Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The batch {source} cannot be read ({error}). Name a JSON file, or - for standard input."
        ) from None


def _simulated(given: dict[str, str], trials: int, seed: int) -> dict[str, float]:
    """The measured mean deficit. Errors: UsageError as `dssl.simulated_deficit`."""
    from dssl.interface.settings import Setting
    from dssl.interface.simulations import simulated_deficit

    fields, keys = fields_and_keys("deficit", given, get_type_hints(compute.query_of("deficit")))
    return simulated_deficit(Setting(**fields), **keys, trials=trials, seed=seed)._asdict()


def _list(query: tuple[str, ...], as_json: bool) -> int:
    names = compute.names()
    if query:
        compute.title(query[0])  # an unknown name is an error here as everywhere
        names = [query[0]]
    catalogue = [{"name": n, "title": compute.title(n), "keys": [vars(k) for k in compute.keys(n)]} for n in names]
    if as_json:
        print(store.dumps(catalogue), end="")
        return 0
    console = Console()
    for entry in catalogue:
        needed = [k["name"] for k in entry["keys"] if k["default"] == "required"]
        others = [
            k["name"] if k["default"] == "None" else f"{k['name']}={k['default']}"
            for k in entry["keys"]
            if k["default"] != "required"
        ]
        console.print(Text(entry["name"], style="bold"))
        for lead, words in (("", [entry["title"]]), ("needs ", needed), ("takes ", others)):
            if words:
                console.print(Padding(Text(lead, style="dim") + Text(", ".join(words)), (0, 0, 0, 2)))
    return 0


def help_of(name: str) -> None:
    """Prints what a quantity is, and each of its keys. Errors: UsageError for an unknown name."""
    console = Console()
    console.print(Text(name, style="bold") + Text(f": {compute.title(name)}", style="not bold"))
    keys = compute.keys(name)
    for heading, some in (
        ("needs", [k for k in keys if k.default == "required"]),
        ("takes", [k for k in keys if k.default != "required"]),
    ):
        if not some:
            continue
        console.print(f"\n{heading}:")
        for key in some:
            default = "" if key.default in ("required", "None") else f" (default {key.default})"
            unit = f" Unit: {key.unit}." if key.unit else ""
            takes = key.allowed.removeprefix("None or ")
            allowed = f" {takes[:1].upper()}{takes[1:]}."
            words = Text(f"{key.meaning[:1].upper()}{key.meaning[1:]}.{allowed}{unit}{default}")
            console.print(Text(f"  {key.name}", style="bold"))
            console.print(Padding(words, (0, 0, 0, 6)))
    if about := compute.about(name):
        console.print()
        console.print(Text(about))


def _print(results: list[dict[str, Any]], as_json: bool, with_forms: bool, *, is_list: bool) -> None:
    if as_json:
        print(store.dumps(results if is_list else results[0]), end="")
        return
    console = Console()
    for result in results:
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        for name, value in _lines(result, with_forms):
            table.add_row(Text(name, style="bold"), Text(value))
        console.print(table, "" if is_list else Text(), sep="", end="\n" if is_list else "")


def _lines(result: dict[str, Any], with_forms: bool) -> list[tuple[str, str]]:
    """What is printed of an answer: the number, what it means, what was assumed, where it comes from."""
    shown = {"units": result["units"], "reason": result["reason"]}
    if result["status"] != "ok":
        shown = {"status": result["status"], **shown}
    if "simulated" in result:
        mean, error, trials = (result["simulated"][name] for name in ("mean", "standard_error", "trials"))
        shown["simulated"] = f"{mean:.6g}, the mean of {trials} data sets (standard error {error:.2g})"
    shown["assumed"] = ", ".join(f"{key} = {_short(value)}" for key, value in result["assumed"].items())
    shown["source"] = result["source"]
    if with_forms:
        shown |= {"exact": result["exact"] or "no closed form for these numbers", "latex": result["latex"]}
    return [*_values(result["name"], result["value"]), *((name, text) for name, text in shown.items() if text)]


def _values(name: str, value: Any) -> list[tuple[str, str]]:
    """A number on one line with its name; an object with one line for each of its entries."""
    if not isinstance(value, dict):
        return [] if value is None else [(name, str(value))]
    inner = [line for key, entry in value.items() for line in _values(key, entry)]
    return [(name, ""), *((f"  {key}", text) for key, text in inner)]


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
