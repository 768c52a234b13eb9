"""`dssl advise`: where to train your own clients, what to expect, and what to change."""

import math
import pathlib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from runtime import store
from runtime.usage import UsageError
from theory.networks.rule_names import Rule


@dataclass(frozen=True)
class Advise:
    """Where to train your clients, server or network: `dssl advise --data clients.npz --topology links.csv`.

    Every option's models at rest are compared with the best shared subspace of one objective, in one unit. The data are
    a .npz archive: `samples` or `embeddings` (clients, samples, dim), or (samples, dim) beside `client`, the owner of
    every row; or only `second_moments` (clients, dim, dim), with `sizes` (clients,) and `means` (clients, dim) if
    known, so that no sample leaves a client. Or a .csv file: one sample a row, with a header and a column `client`. The
    network is a .csv file of links (two client numbers from 0 a row), a name, such as ring or er:4, or a .npy adjacency
    or mixing matrix. Exit code 0 with the advice, 2 for bad input.
    """

    data: pathlib.Path
    """The clients, as a .npz archive or a .csv file."""
    topology: str
    """A .csv file of links, the name of a network, or a .npy matrix."""
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
        try:
            result = self._advise()
        except UsageError:
            raise
        except ValueError as error:
            raise UsageError(" ".join(str(error).split())) from error
        if self.json:
            print(store.dumps(result), end="")
        else:
            _show(result)
        return 0

    def _check(self) -> None:
        if self.participation is not None and "server-sampled" in self.without:
            raise UsageError("--participation is of the server that --without server-sampled leaves out. Drop one.")
        if self.local_steps < 1 or (self.add or 0) < 0 or (self.rounds or 1) < 1 or self.seed < 0:
            raise UsageError(
                "--local-steps and --rounds are whole numbers from 1, --add and --seed from 0; got "
                f"{self.local_steps}, {self.rounds}, {self.add} and {self.seed}."
            )
        if self.rounds is not None and not self.simulate:
            raise UsageError(
                f"--rounds {self.rounds} is of training, which only --simulate does. Add it, or drop --rounds."
            )

    def _advise(self) -> dict[str, Any]:
        from dssl.advice import advise
        from dssl.advice.advised_network import cannot_choose_links
        from dssl.user_files.client_data import centred, read_clients

        self._check()
        data = read_clients(self.data)
        if self.center:
            data = centred(data)
        if data.sizes is None:
            for option, value in (("--augmentation-std", self.augmentation_std), ("--mask-ratio", self.mask_ratio)):
                if value is not None:
                    raise UsageError(
                        f"{option} has no effect here: contrast and masks are compared by numbers of samples, and "
                        "the archive has none. Add sizes, or leave it out."
                    )
        plan = advise.Plan(
            feature_dim=advise.default_feature_dim(data, self.objective)
            if self.feature_dim is None
            else self.feature_dim,
            step_size=data.stable_step_size / 10 if self.step_size is None else self.step_size,
            local_steps=self.local_steps,
            n_sampled=max(1, data.n_clients // 4) if self.participation is None else self.participation,
            augmentation_std=1.0 if self.augmentation_std is None else self.augmentation_std,
            mask_ratio=0.75 if self.mask_ratio is None else self.mask_ratio,
            objective=self.objective,
            without=self.without,
        )
        advise.check_plan(data, plan)
        adjacency, rule, is_given = self._network(data)
        is_push_sum = self.mixing == "push_sum"
        why_not = cannot_choose_links(adjacency, is_given=is_given, is_push_sum=is_push_sum)
        if self.add is not None and why_not:
            raise UsageError(f"--add has no effect on this network. {why_not} Leave it out.")
        result = advise.advise(
            data,
            adjacency,
            rule,
            plan,
            budget=3 if self.add is None else self.add,
            seed=self.seed,
            is_push_sum=is_push_sum,
            is_given=is_given,
        )
        if self.simulate:
            training = advise.training_of(data, rule(adjacency), plan, is_push_sum=is_push_sum)
            result["simulated"] = self._simulate(data, training, plan, result)
        return result

    def _network(self, data: Any) -> tuple[Any, Any, bool]:
        """Who hears whom, the rule that gives weights, and whether they are given instead."""
        import numpy as np

        from dssl.networks.report import Network, read
        from theory.networks.certificate import certificate
        from theory.networks.mixing import mixing_matrix
        from theory.networks.topologies import require_connected

        found = read(self.topology, data.n_clients, seed=self.seed)
        if isinstance(found, Network):
            matrix = found.mixing
            if np.isin(matrix, (0.0, 1.0)).all() and not matrix.diagonal().any():  # one-way links
                require_connected(found.adjacency)
                found = found.adjacency
            elif self.mixing is not None:
                raise UsageError(
                    f"{self.topology} gives weights and --mixing {self.mixing} others. Leave --mixing out, or give "
                    "links (.csv or a 0/1 matrix)."
                )
            else:
                told = certificate(matrix)
                if not (told.is_nonnegative and told.is_row_stochastic and told.is_primitive):
                    raise UsageError(f"This mixing matrix does not bring clients to agree. {told.repair}")
                return found.adjacency, lambda _: matrix, True
        mixing = self.mixing or "metropolis"
        sizes = None
        if mixing in ("data_size", "released"):
            if data.sizes is None:
                raise UsageError(f"mixing={mixing} weighs clients by samples; add sizes to the archive.")
            sizes = data.sizes
        if (found != found.T).any() and mixing in ("metropolis", "lazy", "laplacian"):
            raise UsageError(
                f"--mixing {mixing} needs links that go both ways, and this network is directed. Use --mixing "
                "push_sum, uniform or sinkhorn."
            )
        return found, lambda adjacency: mixing_matrix(adjacency, mixing, sizes=sizes), False

    def _simulate(self, data: Any, training: Any, plan: Any, result: dict[str, Any]) -> dict[str, Any]:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        from dssl.advice.objectives import objective
        from dssl.advice.sampled_server import Sampling
        from dssl.advice.simulated import simulated

        rounds = self.rounds or 5000
        sampling = Sampling(plan.n_sampled, plan.step_size, plan.local_steps)
        wanted = objective(data, plan.objective, plan.feature_dim)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            tasks: dict[str, Any] = {}

            def advance(name: str, done: int) -> None:
                if name not in tasks:
                    tasks[name] = bar.add_task(name, total=rounds)
                bar.update(tasks[name], completed=done)

            found = simulated(training, wanted, sampling, rounds, self.seed, advance)
        return {
            "rounds": rounds,
            "options": [
                {
                    "name": option["name"],
                    "simulated": found[option["name"]]["distance"],
                    "predicted": option["distance"],
                    "is_settled": found[option["name"]]["is_settled"],
                }
                for option in result["options"]
            ],
        }


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
    "training_weights": "say in training on the network (weight)",
    "zeta_squared": "dissimilarity of gradients, zeta^2",
    "of_sampling_alone": "of it, by finite samples alone",
    "zeta_squared_of_distributions": "so the distributions themselves have",
    "interval_90": "90% interval of that",
    "mean_model_distance": "distance of the mean of all models",
    "consensus_post_mix": "consensus error after mixing",
    "consensus_pre_mix": "consensus error before mixing",
    "consensus_relative": "consensus error over the model's squared size",
    "distance": "distance of the samples' optimum from that of the distributions, about",
    "deficit_contrast": "signal lost by contrast (0 to 1)",
    "deficit_masks": "signal lost by masks (0 to 1)",
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
