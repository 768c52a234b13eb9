"""`dssl advise`: predictions for your own clients on your own network, and what to change."""

import pathlib
from dataclasses import dataclass
from typing import Annotated, Any

import tyro
from rich.console import Console

from runtime import store
from runtime.usage import UsageError
from theory.networks.rule import Rule


@dataclass(frozen=True)
class Advise:
    """Predict training on your clients and network: `dssl advise --data clients.npz --topology links.csv`.

    The data are a .npz archive: `samples` or `embeddings` (clients, samples, dim), or (samples, dim) beside `client`,
    the owner of every row; or only `second_moments` (clients, dim, dim), with `sizes` (clients,) if known, so that no
    sample leaves a client. The network is a .csv file of links (two client numbers from 0 a row) or a name, such as
    ring or er:4. Exit code 0 with the advice, 2 for bad input.
    """

    data: pathlib.Path
    """The clients, as a .npz archive."""
    topology: str
    """A .csv file of links, or the name of a network."""
    mixing: Rule = "metropolis"
    """How neighbours are averaged."""
    feature_dim: int | None = None
    """Features that the encoder keeps; where the spectrum drops most if not given."""
    step_size: float | None = None
    """Step size; a tenth of the largest that provably cannot diverge if not given."""
    local_steps: int = 1
    """Gradient steps between two mixings."""
    participation: int | None = None
    """Clients a round at a server that samples them; a quarter if not given."""
    augmentation_std: float = 1.0
    """Standard deviation of the noise that contrast adds to every view, in the data's units."""
    mask_ratio: float = 0.75
    """Share of coordinates that a mask hides."""
    add: int = 3
    """How many links to propose at most."""
    simulate: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Train, and hold the predictions against what comes out."""
    rounds: int = 5000
    """Rounds of that training."""
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

    def _advise(self) -> dict[str, Any]:
        from dssl.advice import advise
        from dssl.networks.report import load
        from dssl.user_files.client_data import read_clients
        from theory.networks.mixing import mixing_matrix

        if self.local_steps < 1 or self.add < 0 or self.rounds < 1 or self.seed < 0:
            raise UsageError(
                "--local-steps and --rounds are whole numbers from 1, --add and --seed from 0; got "
                f"{self.local_steps}, {self.rounds}, {self.add} and {self.seed}."
            )
        data = read_clients(self.data)
        plan = advise.Plan(
            feature_dim=advise.default_feature_dim(data) if self.feature_dim is None else self.feature_dim,
            step_size=data.stable_step_size / 10 if self.step_size is None else self.step_size,
            local_steps=self.local_steps,
            n_sampled=max(1, data.n_clients // 4) if self.participation is None else self.participation,
            augmentation_std=self.augmentation_std,
            mask_ratio=self.mask_ratio,
        )
        advise.check_plan(data, plan)
        sizes = self._sizes(data)
        network = load(self.topology, data.n_clients, self.mixing, seed=self.seed, sizes=sizes)
        if network.is_given:
            raise UsageError("advise chooses weights by --mixing; give links (.csv or a 0/1 matrix) instead.")
        result = advise.advise(
            data,
            network.adjacency,
            lambda adjacency: mixing_matrix(adjacency, self.mixing, sizes=sizes),
            plan,
            budget=self.add,
            seed=self.seed,
        )
        if self.simulate:
            result["simulated"] = self._simulate(data, network.mixing, plan, result)
        return result

    def _sizes(self, data: Any) -> Any:
        if self.mixing not in ("data_size", "released"):
            return None
        if data.sizes is None:
            raise UsageError(f"mixing={self.mixing} weighs clients by samples; add sizes to the archive.")
        return data.sizes

    def _simulate(self, data: Any, mixing: Any, plan: Any, result: dict[str, Any]) -> dict[str, Any]:
        import numpy as np
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        from dssl.simulation.linear import Config, simulate

        n = data.n_clients
        server = np.full((n, n), 1 / n)
        common = {
            "feature_dim": plan.feature_dim,
            "step_size": plan.step_size,
            "local_steps": plan.local_steps,
            "rounds": self.rounds,
            "seed": self.seed,
        }
        runs = {
            "decentralised": (Config(**common), mixing),
            "partial_participation": (Config(**common, participation=plan.n_sampled), server),
        }
        found: dict[str, Any] = {}
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            for name, (config, matrix) in runs.items():
                task = bar.add_task(name, total=self.rounds)

                def advance(state: Any, done: int, rounds: int, task: Any = task) -> None:
                    bar.update(task, completed=done)

                found[name] = simulate(config, data.moments, matrix, advance)
        dec, partial = found["decentralised"], found["partial_participation"]
        expected = result["decentralised"]["value"] or {}
        pairs = {
            name: (dec[name], expected.get(name))
            for name in (
                "consensus_pre_mix",
                "consensus_post_mix",
                "mean_model_subspace_error",
                "mean_local_subspace_error_squared",
            )
        }
        pairs["partial_participation_subspace_error"] = (
            float(np.sqrt(partial["late_mean_model_subspace_error_squared"])),
            result["federated"]["partial_participation"]["value"]["mean_model_subspace_error"],
        )
        return {
            "rounds": self.rounds,
            "settled": dec["converged"],
            "message": dec["message"],
            **{
                name: {"simulated": seen, "predicted": said, "ratio": seen / said if said else None}
                for name, (seen, said) in pairs.items()
            },
        }


TITLES = {
    "clients": "Your clients",
    "dissimilarity": "How different they are",
    "federated": "A server",
    "full_participation": "all clients every round",
    "partial_participation": "some clients a round",
    "decentralised": "Your network",
    "federated_or_decentralised": "Server or network",
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
    "eigenvalue_kept": "least second moment kept",
    "eigenvalue_left_out": "largest second moment left out",
    "stable_step_size": "largest step size that cannot diverge",
    "largest_subspace_error": "largest subspace error there can be",
    "training_weights": "say in training (weight)",
    "zeta_squared": "dissimilarity of gradients, zeta^2",
    "of_sampling_alone": "of it, by finite samples alone",
    "zeta_squared_of_distributions": "so the distributions themselves have",
    "interval_90": "90% interval of that",
    "n_sampled": "clients a round",
    "mean_model_subspace_error": "subspace error of the mean model",
    "mean_local_subspace_error_squared": "squared subspace error of a client's own model, on average",
    "consensus_post_mix": "consensus error after mixing",
    "consensus_pre_mix": "consensus error before mixing",
    "consensus_relative": "consensus error over the model's squared size",
    "better_by_own_models": "better by the clients' own models",
    "crossover_step_size": "step size from which a server is better",
    "deficit_contrast": "signal lost by contrast (0 to 1)",
    "deficit_masks": "signal lost by masks (0 to 1)",
    "noise_at_which_they_are_equal": "augmentation noise at which they are equal",
    "partial_participation_subspace_error": "subspace error at a server that samples clients",
}


def _show(result: dict[str, Any]) -> None:
    # Long lines are the terminal's to wrap; text in brackets is text.
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for name, part in result.items():
        console.print(f"\n{TITLES[name]}", style="bold")
        if name == "federated":
            for inner, answer in part.items():
                _say(console, TITLES[inner], answer)
        elif set(part) == {"value", "rests_on", "sure"}:
            _say(console, "", part)
        else:
            _lines(console, part)


def _say(console: Console, title: str, answer: dict[str, Any]) -> None:
    if title:
        console.print(f"  {title}:")
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
