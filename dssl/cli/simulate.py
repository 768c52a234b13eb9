"""`dssl simulate linear`: train linear clients over a network, and compare with every prediction."""

import dataclasses
import pathlib
import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dssl.cli._progress import Steps
from runtime import store
from runtime.usage import UsageError


@dataclass(frozen=True)
class Simulate:
    """Train linear clients from a TOML configuration: `dssl simulate linear --config run.toml --covariances X.npz`.

    Exit code 0 with the measurements, 2 for bad input and for a run that diverged (marked so, its numbers null).
    Keys of the configuration: feature_dim, step_size, rounds (needed); local_steps, participation, init, topology,
    mixing, step, sizes, order, gradient_noise, link_failure, push_sum, n_signal, n_clients, seed. Without covariances
    clients are made by its table [data]: n_clients, dim; kind (exchangeable, commuting, label_skew, spiked), level,
    concentration; of spiked clients also n_signal and n_kinds.
    """

    model: tyro.conf.Positional[Literal["linear"]]
    """What is trained: linear encoders."""
    config: pathlib.Path
    """The run, as TOML."""
    covariances: pathlib.Path | None = None
    """A .npz archive with `covariances` of shape (clients, dim, dim)."""
    mixing: pathlib.Path | None = None
    """A .npy mixing matrix; row i holds the weights that client i gives. Replaces topology and mixing of the run."""
    yes: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Begin even if training will take more than an hour."""
    explain: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Also say which exact shortcuts the training took, and what they saved."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON."""

    def run(self) -> int:
        """Trains and prints the measurements; exit code 0, or 2 when it diverged. Errors: UsageError for bad input."""
        from dssl.simulation import duration, in_words, linear
        from dssl.simulation.made_clients import clients_of
        from dssl.user_files.csv_and_npz import read_matrix

        if self.explain and self.json:
            raise UsageError("--explain is about printed words; JSON always has the key reductions. Leave it out.")
        config, data = linear.read_config(self.config)
        clients = clients_of(self.covariances, data, config.feature_dim, config.seed)
        config, covariances = clients.fitted(config), clients.covariances
        n, dim = covariances.shape[:2]
        refusal = duration.refusal(n, dim, config.feature_dim, config.rounds, config.local_steps)
        if refusal and not self.yes:
            raise UsageError(refusal)
        try:
            given = self.mixing
            mixing = linear.network(config, len(covariances)) if given is None else read_matrix(given)
            result = self._simulate(config, clients, mixing)
        except UsageError:
            raise
        except ValueError as error:
            raise UsageError(" ".join(str(error).split())) from error
        if self.json:
            print(store.dumps(result), end="")
        else:
            _show(result)
            if self.explain:
                shape = (n, clients.dim, config.feature_dim)
                for line in in_words.shortcuts(result["reductions"], shape, config.local_steps):
                    Console().print(line, highlight=False)
        if result["diverged"]:
            safe = result["stable_step_size"]
            advice = "Lower step_size." if safe is None else f"{safe:.4g} and below is safe for these clients."
            print(
                f"Training diverged at step_size={config.step_size:g}: {result['message']} {advice}",
                file=sys.stderr,
            )
            return 2
        return 0

    def _simulate(self, config: Any, clients: Any, mixing: np.ndarray) -> dict[str, Any]:
        from dssl.simulation import linear

        with Steps("rounds", config.rounds) as steps:

            def told(state: Any, done: int, rounds: int) -> None:
                steps.update(done)

            result = linear.simulate(config, clients.covariances, mixing, told, clients.start(config))
        result["reductions"] = [dataclasses.asdict(s) for s in clients.shortcuts] + result["reductions"]
        return result


def _show(result: dict[str, Any]) -> None:
    from dssl.simulation import in_words

    console = Console()
    table = Table("measured, and below it predicted", "number", "measured / predicted", box=None, padding=(0, 2, 0, 0))
    for quantity, words in in_words.QUANTITIES.items():
        if (value := result[quantity]) is None:
            continue
        table.add_row(Text(f"{words.what} ({words.unit})", style="bold"), Text(f"{value:.6g}", style="bold"), "")
        for tier, predicted in result["predictions"].get(quantity, {}).items():
            ratio = result["ratios"][quantity][tier]
            if predicted is not None:
                shown = "-" if ratio is None else f"{ratio:.4f}"
                table.add_row(f"  {in_words.prediction(tier)}", f"{predicted:.6g}", shown)
    console.print(table)
    console.print(in_words.follows(result))
    reasons = {reason for found in result["reasons"].values() for reason in found.values()}
    for reason in sorted(reasons):
        console.print(reason)
