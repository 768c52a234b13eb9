"""`dssl topology`: the effect of a network on training, and the links that would help most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from dssl.cli._options import refusals
from dssl.networks import in_words
from dssl.networks.report import (
    LARGEST_DENSE,
    Goal,
    Network,
    certified,
    disagreement,
    large_report,
    mixing_of_denser,
    read_labelled,
    report,
    with_names,
)
from runtime import store
from runtime.usage import UsageError
from theory.networks.mixing import Rule, mixing_matrix


@dataclass(frozen=True)
class Topology:
    """Certify a network, predict what it does to training, and propose links: `dssl topology ring --n 20`.

    Exit code 0 when clients come to agree on it, 2 for bad input and for a mixing matrix that needs mending (the
    certificate is printed all the same, with what to mend).
    """

    name: tyro.conf.Positional[str]
    """ring, torus:4x5, er:5, edges:0-1,1-2 and so on; or a .csv file of links (two clients a row: numbers from 0, or
    names), a .npy adjacency or mixing matrix."""
    n: int | None = None
    """Number of clients, where the name leaves it open."""
    mixing: Rule = "metropolis"
    """How neighbours are averaged."""
    step: float | None = None
    """The step of mixing=laplacian."""
    sizes: tuple[float, ...] | None = None
    """Samples of every client, for mixing=data_size."""
    seed: int = 0
    """Draws the random networks."""
    local_steps: int = 1
    """Gradient steps between two mixings."""
    add: int = 2
    """How many links to propose at most."""
    goal: Goal = "consensus"
    """What links should lower: disagreement, drift of the averaged model, or inequality of the training weights."""
    certify: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Enclose lambda_2 and its like by interval arithmetic, up to 256 clients."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON."""

    def run(self) -> int:
        """Prints the report; exit code 0. Errors: UsageError for bad input, and for mixing that needs mending."""
        if self.local_steps < 1:
            raise UsageError(f"--local-steps is a whole number from 1; got {self.local_steps}.")
        if self.add < 0:
            raise UsageError(f"--add is a number of links from 0; got {self.add}.")
        with refusals(("n", "mixing", "step", "sizes", "seed", "local_steps", "add", "goal"), {"n_clients": "n"}):
            result = self._report()
        if self.json:
            print(store.dumps(result), end="")
        else:
            _show(result)
        repair = result.get("certificate", {}).get("repair")
        if repair:
            raise disagreement(repair)
        return 0

    def _report(self) -> dict[str, Any]:
        found, labels = read_labelled(self.name, self.n, seed=self.seed)
        if not isinstance(found, Network):
            if len(found) > LARGEST_DENSE:
                self._refuse_on_large(len(found))
                return with_names(large_report(found, self.mixing, self.step), labels)
            found = Network(found, mixing_matrix(found, self.mixing, sizes=self.sizes, step=self.step), is_given=False)
        result = report(
            found,
            local_steps=self.local_steps,
            goal=self.goal,
            budget=self.add,
            with_links=lambda a: mixing_of_denser(a, self.mixing, sizes=self.sizes, step=self.step),
        )
        return with_names({**result, "certified": certified(found)} if self.certify else result, labels)

    def _refuse_on_large(self, n_clients: int) -> None:
        """Errors: UsageError for an option that has no effect on a network of which only few numbers are computed."""
        idle = {
            "--step": self.step is not None and self.mixing != "laplacian",
            "--sizes": self.sizes is not None,
            "--local-steps": self.local_steps != 1,
            "--add": self.add != 2,
            "--goal": self.goal != "consensus",
            "--certify": self.certify,
        }
        for option, is_given in idle.items():
            if is_given:
                raise UsageError(
                    f"Beyond {LARGEST_DENSE} clients {option} has no effect with --mixing {self.mixing}; here are "
                    f"{n_clients}. Leave it out."
                )


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for what, value in in_words.lines(result):
        table.add_row(what, value)
    console.print(table)
    for title, name in (("mixing matrix", "mixing_spectrum"), ("Laplacian", "laplacian_spectrum")):
        if result.get(name) is not None:
            console.print(f"eigenvalues of the {title}: {in_words.spectrum(result[name])}")
    for name, value in result.get("certified", {}).items():
        shown = value if isinstance(value, str) else f"[{value[0]!r}, {value[1]!r}]"
        console.print(f"certified {name}: {shown}")
    console.print(in_words.follows(result))
    if result.get("predicted"):
        console.print(in_words.LETTERS)
    names = result.get("names")
    links = result.get("links_to_add") or {}
    if links.get("budget"):
        console.print(f"Links to add, for {links['goal']}: {in_words.number(links['now'])} now.")
        for step in links["greedy"]:
            console.print(f"  {_link(step['link'], names)}: {in_words.number(step['reached'])}")
        if not links["greedy"]:
            console.print("  none alone: every single link would raise it.")
        if "best" in links:
            best = links["best"]
            shown = ", ".join(_link(link, names) for link in best["links"]) or "none"
            console.print(f"  best of all sets: {shown}: {in_words.number(best['reached'])}")
    if "reason" in links:
        console.print(links["reason"])


def _link(link: Sequence[int], names: Sequence[str] | None) -> str:
    return "-".join(str(client if names is None else names[client]) for client in link)
