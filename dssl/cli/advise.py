"""`dssl advise`: where to train your own clients, what to expect, and what to change."""

import contextlib
import math
import pathlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from dssl.cli._options import refusals
from runtime import store
from theory.networks.rule_names import Rule


@dataclass(frozen=True)
class Advise:
    """Where to train your clients, server or network: `dssl advise --data clients.npz --topology links.csv`.

    Every option's models at rest are compared with the best shared subspace of one objective, in one unit. The data are
    a .npz archive: `samples` or `embeddings` (clients, samples, dim), or (samples, dim) beside `client`, the number or
    name of every row's client; or only `second_moments` (clients, dim, dim), with `sizes` (clients,) and `means`
    (clients, dim) if known, so that no sample leaves a client. Or a .csv, .tsv or .parquet file: one sample a row, with
    a column `client`. Clients are numbered from 0, or named by words. The network is a .csv file of links (two clients
    a row), a name, such as ring or er:4, or a .npy adjacency or mixing matrix. Exit code 0 with the advice, 2 for bad
    input.
    """

    data: pathlib.Path
    """The clients, as a .npz archive or a .csv, .tsv or .parquet file."""
    topology: str
    """A .csv file of links, the name of a network, or a .npy matrix."""
    client_column: str | None = None
    """The column of a table that says whose a sample is: its name, or its number from 1 where the file has no header;
    client if not given."""
    weight_column: str | None = None
    """The column of a table that says how many equal samples a row stands for; one if not given."""
    objective: Literal["equal-clients", "equal-samples"] = "equal-clients"
    """What the model is for: every client counts the same, or every sample does. A server weighs clients so."""
    mixing: Rule | None = None
    """How neighbours are averaged; metropolis if not given."""
    feature_dim: int | None = None
    """Features that the encoder keeps; where the spectrum drops most if not given."""
    step_size: float | None = None
    """Step size; a tenth of the largest that provably cannot diverge if not given."""
    local_steps: int = 1
    """Gradient steps between two mixings."""
    participation: int | None = None
    """Clients a round at a server that samples them; a quarter if not given."""
    without: tuple[Literal["server", "server-sampled", "network", "alone"], ...] = ()
    """Options that you do not have, such as server: they are not compared."""
    center: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Take every client's own mean off its samples first."""
    augmentation_std: float | None = None
    """Standard deviation of the noise that contrast adds to every view, in the data's units; 1 if not given."""
    mask_ratio: float | None = None
    """Share of coordinates that a mask hides; 0.75 if not given."""
    add: int | None = None
    """How many links to propose at most; 3 if not given."""
    simulate: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Train every option, too, and hold its distance against what comes out."""
    rounds: int | None = None
    """Rounds of that training; 5000 if not given."""
    seed: int = 0
    """Draws intervals, random networks and sampled clients."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON."""

    def run(self) -> int:
        """Prints the advice; exit code 0. Errors: UsageError for bad input."""
        options = ("mixing", "feature_dim", "step_size", "local_steps", "seed")
        with refusals(options, {"n_clients": "clients"}):
            result = self._advise()
        if self.json:
            print(store.dumps(result), end="")
        else:
            _show(result)
        return 0

    def _advise(self) -> dict[str, Any]:
        from dssl.advice import request
        from dssl.networks.report import read_labelled
        from dssl.user_files.client_data import read_clients
        from dssl.user_files.tables import Choice

        asked = request.Request(**{field.name: getattr(self, field.name) for field in fields(request.Request)})
        clients = read_clients(self.data, Choice(self.client_column, self.weight_column))
        data, plan = request.planned(clients, asked)
        found, labels = read_labelled(self.topology, data.n_clients, seed=self.seed, names=data.names)
        network = request.mixed(found, self.topology, data, self.mixing, labels)
        result = request.answer(data, network, plan, asked)
        if self.simulate:
            with _progress(asked.rounds or request.ROUNDS) as advance:
                result["simulated"] = request.simulation(data, network, plan, asked, result, advance)
        return result


@contextlib.contextmanager
def _progress(rounds: int) -> Iterator[Callable[[str, int], None]]:
    """What is told of each option and the rounds done, and shows them as bars on standard error."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def advance(name: str, done: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=rounds)
            bar.update(tasks[name], completed=done)

        yield advance


TITLES = {
    "options": "Distance from the best shared subspace",
    "cautions": "Mind",
    "clients": "Your clients",
    "dissimilarity": "How different they are",
    "optimum_of_samples": "How sure the best shared subspace is",
    "decentralised": "Models on your network",
    "contrast_or_masks": "Contrast (CL) or masks (MIM)",
    "under_connected": "Clients that stand out",
    "links_to_add": "Links to add",
    "simulated": "Simulated against predicted",
}
# What a name in JSON means; the others say it with spaces for underscores.
WORDS = {
    "n_clients": "clients",
    "sizes": "samples of each",
    "feature_dim": "features the encoder keeps",
    "eigenvalue_kept": "least eigenvalue of the objective's matrix kept",
    "eigenvalue_left_out": "largest eigenvalue left out",
    "stable_step_size": "largest step size that cannot diverge",
    "training_weights": "weight in training on the network",
    "zeta_squared": "dissimilarity of gradients, zeta^2",
    "of_sampling_alone": "expected of finite samples alone",
    "zeta_squared_of_distributions": "so the distributions themselves have",
    "interval_90": "90% interval of that",
    "mean_model_distance": "distance of the mean of all models",
    "consensus_post_mix": "consensus error after mixing",
    "consensus_pre_mix": "consensus error before mixing",
    "consensus_relative": "consensus error over the model's squared size",
    "distance": "distance of the samples' optimum from that of the distributions, about",
    "deficit_contrast": "signal lost by contrast (0 to 1)",
    "deficit_masks": "signal lost by masks (0 to 1)",
    "more_robust": "loses less of the signal",
    "noise_at_which_they_are_equal": "augmentation noise at which they are equal",
}


def _show(result: dict[str, Any]) -> None:
    # Long lines are the terminal's to wrap; text in brackets is text.
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print("Advice", style="bold")
    console.print(f"  Objective: {result['objective_in_words']} (--objective {result['objective']}).")
    console.print(f"  Recommendation: {result['recommendation'] or 'none'}. {result['reason']}")
    for name, title in TITLES.items():
        part = result.get(name)
        if not part:
            continue
        console.print(f"\n{title}", style="bold")
        if name == "options":
            _options(console, result)
        elif name == "cautions":
            for line in part:
                console.print(f"  {line}")
        elif name == "simulated":
            console.print(f"  after {part['rounds']} rounds from a random start")
            for row in part["options"]:
                note = "" if row["is_settled"] or row["simulated"] is None else ", still moving"
                seen, said = _length(row["simulated"]), _length(row["predicted"])
                console.print(f"  {row['name']}: {seen}, predicted {said}{note}")
        elif set(part) == {"value", "rests_on", "sure"}:
            _say(console, part)
        else:
            _lines(console, part)


def _options(console: Console, result: dict[str, Any]) -> None:
    console.print(f"  In the unit: {result['unit']}.")
    for option in sorted(result["options"], key=_rank):
        reach = "" if option["distance"] is None else f" +- {option['uncertainty']:.2g}"
        console.print(f"  {option['name']}: {_length(option['distance'])}{reach}")
        console.print(f"    {option['rests_on']}", style="dim")
    close = [" and ".join(pair["options"]) for pair in result["comparisons"] if pair["nearer"] is None]
    if close:
        console.print(f"  Too close to call: {'; '.join(close)}.")


def _rank(option: dict[str, Any]) -> float:
    return math.inf if option["distance"] is None else option["distance"]


def _length(distance: float | None) -> str:
    return "none, training diverges" if distance is None else _text(distance)


def _say(console: Console, answer: dict[str, Any]) -> None:
    _lines(console, answer["value"])
    console.print(f"  Rests on: {answer['rests_on']}", style="dim")
    console.print(f"  How sure: {answer['sure']}", style="dim")


def _lines(console: Console, value: Any) -> None:
    if isinstance(value, list):
        for entry in value:
            console.print("  " + ", ".join(f"{k.replace('_', ' ')} {_text(v)}" for k, v in entry.items()))
        if not value:
            console.print("  none")
    elif value is None:
        console.print("  no answer")
    else:
        for name, inner in value.items():
            shown = _text(inner)
            if name == "training_weights":
                (least, low), (most, high) = inner["least"], inner["most"]
                shown = f"least client {least} ({_text(low)}), most client {most} ({_text(high)})"
                if high - low <= 1e-12:
                    shown = f"all alike ({_text(inner['equal'])})"
            elif name == "interval_90":
                shown = f"{_text(inner[0])} to {_text(inner[1])}"
            elif name == "names":
                shown = ", ".join(inner)
            elif isinstance(inner, dict):
                shown = ", ".join(f"{k} {_text(v)}" for k, v in inner.items())
            console.print(f"  {WORDS.get(name, name.replace('_', ' '))}: {shown}")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if hasattr(value, "tolist"):
        values = value.tolist()
        return f"{_text(values[0])}" if len(set(values)) == 1 else f"{_text(min(values))} to {_text(max(values))}"
    if isinstance(value, list):  # a link
        return "-".join(map(str, value))
    return "-" if value is None else str(value)
