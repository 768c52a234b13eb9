"""`dssl pretrain`: many clients train an encoder on their own images."""

import pathlib
import shlex
import sys
import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dssl.cli._options import refusals
from runtime import cores
from runtime.parse import pairs
from runtime.usage import UsageError
from theory.networks.rule_names import Rule

_NOT_SETTINGS = ("out", "every", "resume", "option")


@dataclass(frozen=True)
class Pretrain:
    """Pre-train an encoder on clients' images: `dssl pretrain --preset ci --method mae --out DIR`.

    What is not given is the preset's: ci for seconds, laptop for minutes on two cores, paper for the counts of its
    Appendix A.2. `dssl methods` tells of methods and their options. Checkpoints go into DIR; with --resume training
    goes on from the last one, bit for bit as if it had not been interrupted. Exit code 2 for bad input, 130 for Ctrl-C,
    which saves.
    """

    out: pathlib.Path
    """A new or empty folder; with --resume, one that training was interrupted in."""
    resume: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Go on with the training in --out; its settings need not be given again."""
    preset: Literal["ci", "laptop", "paper"] | None = None
    """Sizes; laptop if not given."""
    encoder: Literal["vit", "resnet", "linear"] | None = None
    """What is trained; vit if not given."""
    norm: Literal["group", "batch"] | None = None
    """How a ResNet is normalised: group if not given; batch takes a batch's own statistics, which no client sends."""
    method: str | None = None
    """Self-supervision; mae if not given, simsiam for a linear encoder. For a ResNet mae is masked_reconstruction."""
    option: tuple[str, ...] = ()
    """Options of the method: --option mask_ratio=0.5 strength=1."""
    setting: Literal["fl", "decl", "central", "local"] | None = None
    """A server, neighbours on a network, all images in one place, or one client by itself; fl if not given."""
    topology: str | None = None
    """The network of decl, such as er:5 or ring."""
    mixing: Rule | None = None
    """How neighbours are averaged; uniform if not given."""
    partition: Literal["iid", "label_pairs", "dirichlet", "dirichlet_balanced", "feature"] | None = None
    """Who holds which image; dirichlet if not given. feature: equal shares, one augmentation for each client."""
    alpha: float | None = None
    """Concentration of a Dirichlet partition; inf, which is IID, if not given."""
    clients: int | None = None
    """Clients in all."""
    participation: int | None = None
    """Clients a round."""
    client: int | None = None
    """Which client trains, for --setting local."""
    rounds: int | None = None
    """Rounds in all."""
    epochs: int | None = None
    """Passes over a client's images in a round."""
    steps: int | None = None
    """Batches of a client in a round in place of --epochs; one, with sgd and a server, is much faster."""
    batch: int | None = None
    """Images a step."""
    optimizer: Literal["adamw", "sgd"] | None = None
    """How a client descends; adamw if not given."""
    learning_rate: float | None = None
    """The highest rate; it falls as a cosine over all rounds."""
    data: str | None = None
    """fashion-mnist (embedded), fashion-mnist-full, a folder or a file."""
    side: int | None = None
    """Pixels that images are scaled to, their central square; 0 leaves them as they are."""
    test_per_class: int | None = None
    """Images of each class held out; 0 takes the test images that the data come with."""
    train_per_class: int | None = None
    """Images of each class to train on; 0 is all."""
    seed: int | None = None
    """Draws held-out images, clients, network, start and batches; 0 if not given."""
    every: int | None = None
    """Rounds between two checkpoints; a tenth of all if not given."""

    def run(self) -> int:
        """Trains to the last round; exit code 0, or 130 when interrupted. Errors: UsageError for bad input."""
        cores.use_all()
        with refusals(("clients",), {"n_clients": "clients"}):
            return self._train()

    def _train(self) -> int:
        from experiments.pretraining import checkpoints, run, settings

        if self.every is not None and self.every < 1:
            raise UsageError(f"--every is a whole number of rounds from 1; got {self.every}. Raise it.")
        given = {k: v for k, v in vars(self).items() if k not in _NOT_SETTINGS and v is not None}
        if self.option:
            given["options"] = tuple(pairs(self.option, "Options are given as name=value").items())
        if self.resume:
            chosen = checkpoints.settings_of(self.out)
            wanted = settings.changed(chosen, given)
            checkpoints.check_same(self.out, chosen, wanted)
            prepared = settings.prepare(chosen)
        else:
            chosen = settings.settings(**given)
            prepared = settings.prepare(chosen)
            checkpoints.begin(self.out, chosen)
        for remark in settings.remarks(chosen, prepared):
            print(f"Note: {remark}", file=sys.stderr)
        begun = checkpoints.load(self.out, prepared)
        done = 0 if begun is None else begun.round
        every = self.every or max(1, chosen.rounds // 10)
        try:
            with Live(chosen.rounds, done, prepared.participation or len(prepared.partition.indices)) as live:
                end = run.train(chosen, prepared, self.out, begun, every, live.watch)
        except Exception:
            if not self.resume:  # the corrected command may take the folder
                checkpoints.withdraw(self.out)
            raise
        except KeyboardInterrupt:  # also a second one, on the way out of the first
            rounds = checkpoints.rounds_saved(self.out)
            print(
                f"Interrupted; {rounds} of {chosen.rounds} rounds are saved. Go on with "
                f"dssl pretrain --resume --out {shlex.quote(str(self.out))}",
                file=sys.stderr,
            )
            return 130
        print(
            f"{end.round} rounds done, last loss {end.losses[-1]:.4f}. "
            f"See what was learnt with dssl evaluate {shlex.quote(str(self.out))}"
        )
        return 0


class Live:
    """Round, loss, clients a second and the time left, on a terminal; nothing elsewhere."""

    def __init__(
        self, rounds: int, done: int, clients: int, bar: Progress | None = None, title: str = "rounds"
    ) -> None:
        console = Console(stderr=True)
        self._owns = bar is None
        self._bar = bar or Progress(*COLUMNS, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(title, total=rounds, completed=done, loss="", speed="")
        self._clients = clients
        self._first: tuple[int, float] | None = None

    def __enter__(self) -> "Live":
        if self._owns:
            self._bar.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def close(self) -> None:
        """Takes the bar away."""
        if self._owns:
            self._bar.stop()
        else:
            self._bar.remove_task(self._task)

    def watch(self, number: int, loss: float) -> None:
        """Shows the state after a round; speed is counted from the first one, which compiles."""
        now = time.monotonic()
        speed = ""
        if self._first is None:
            self._first = number, now
        elif now > self._first[1]:
            speed = f"{(number - self._first[0]) * self._clients / (now - self._first[1]):.3g} clients/s"
        self._bar.update(self._task, completed=number, loss=f"loss {loss:.4f}", speed=speed)


COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[loss]}"),
    TextColumn("{task.fields[speed]}"),
    TimeRemainingColumn(),
)
