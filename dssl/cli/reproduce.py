"""`dssl reproduce`: one of the paper's experiments, over seeds."""

import math
import pathlib
import sys
from dataclasses import dataclass
from typing import Any, Literal

import tyro
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dssl.cli.pretrain import COLUMNS, Live
from runtime import cores
from runtime.usage import UsageError

WIDE = 240


@dataclass(frozen=True)
class Reproduce:
    """Run one of the paper's experiments: `dssl reproduce table1 --preset laptop --out DIR`.

    Trains every cell at every seed into DIR, evaluates it on images held out, and writes DIR/NAME.json with accuracies
    by seed and paired 95% intervals; for a figure also the picture. What is finished in DIR is not trained again, so
    the same command goes on after an interruption. Exit code 2 for bad input, 130 for Ctrl-C.
    """

    name: tyro.conf.Positional[str]
    """Of the paper: table1, table2, table5, table6, table7, table8, figure2a, figure2b, figure3. Of ours: ceiling (what
    pre-training is worth), augmentations and irregular (where theory expects another order), ssd (its parts), choices
    (what the presets choose)."""
    out: pathlib.Path
    """A new folder, or one of an earlier reproduction."""
    preset: Literal["ci", "laptop", "paper"] = "laptop"
    """Sizes, as of dssl pretrain."""
    seeds: int | None = None
    """Trainings of every cell; the paper's three if not given, two for ci."""
    jobs: int | None = None
    """Trainings side by side, each on cores of its own, of some two GiB (and of what was freed, while there is room);
    if not given one a core, up to eight, and one on an accelerator."""
    data: str | None = None
    """Images in place of the embedded ones: fashion-mnist-full, a folder or a file."""
    side: int | None = None
    """Pixels that images are scaled to, their central square."""
    test_per_class: int | None = None
    """Images of each class held out; 0 takes the test images that the data come with. The preset's if not given."""

    def run(self) -> int:
        """Trains, records and draws; exit code 0, or 130 when interrupted. Errors: UsageError for bad input."""
        cores.use_all()
        from experiments import reproduction
        from experiments.pretraining import settings

        n_seeds = reproduction.SEEDS[self.preset] if self.seeds is None else self.seeds
        given = {"data": self.data, "side": self.side, "test_per_class": self.test_per_class}
        images = {name: value for name, value in given.items() if value is not None}
        todo = reproduction.plan(self.name, self.preset, n_seeds, images)
        jobs = _jobs(self.jobs)
        console = Console(stderr=True)
        try:
            for remark in settings.remarks(todo[0][2], settings.prepare(todo[0][2])):
                print(f"Note: {remark}", file=sys.stderr)
            with Progress(*COLUMNS, console=console, transient=True, disable=not console.is_terminal) as bar:
                shown = _Shown(bar, len(todo))
                record = reproduction.reproduce(self.name, self.preset, n_seeds, self.out, shown.watch, jobs, images)
        except KeyboardInterrupt:
            print(
                f"Interrupted; what is trained is kept in {self.out}, and the same command goes on from there.",
                file=sys.stderr,
            )
            return 130
        except UsageError:
            raise
        except ValueError as error:
            raise UsageError(" ".join(str(error).split())) from error
        _show(record)
        print(f"Record: {self.out / self.name}.json")
        for path in _drawn(self.name, record, self.out):
            print(f"Figure: {path}")
        return 0


class _Shown:
    """Bars: of all trainings, and of each that runs now."""

    def __init__(self, bar: Progress, n_cells: int) -> None:
        self._bar = bar
        self._all = bar.add_task("trainings", total=n_cells, loss="", speed="")
        self._running: dict[int, Live] = {}

    def watch(self, told: Any) -> None:
        """Shows one step of progress, a `experiments.reproduction.Progress`."""
        if told.loss is not None:
            self._running[told.process].watch(told.round, told.loss)
            return
        if told.process in self._running:
            self._running[told.process].close()
        title = f"{told.label}, seed {told.cell.seed}"
        self._running[told.process] = Live(told.cell.rounds, told.round, told.clients, self._bar, title)
        self._bar.update(self._all, completed=told.finished)


def _jobs(wanted: int | None) -> int:
    from sims.placement import is_accelerated

    if not is_accelerated():
        return cores.n_used() if wanted is None else wanted
    if wanted is not None and wanted > 1:
        raise UsageError(f"On an accelerator trainings run one after another; got --jobs {wanted}. Leave it out.")
    return 1


def _drawn(name: str, record: dict[str, Any], out: pathlib.Path) -> list[pathlib.Path]:
    from figures import experiments as drawings  # seconds to import

    return drawings.draw(name, record, out) if name in drawings.names() else []


def _show(record: dict[str, Any]) -> None:
    columns = list(dict.fromkeys(column for row in record["rows"] for column in row))
    table = Table(*columns, box=None, padding=(0, 2, 0, 0))
    for row in record["rows"]:
        table.add_row(*(_text(row.get(column)) for column in columns))
    # A file or a pipe has no width to keep to.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(record["title"], style="bold")
    console.print(table)
    console.print(
        f"{len(record['seeds'])} seeds; accuracies: mean ± standard deviation over seeds, in percent, of a linear "
        "probe; differences: mean [95% interval], paired over seeds."
    )


def _text(value: Any) -> str:
    if isinstance(value, dict) and "low" in value:
        bounded = math.isfinite(float(value["high"]))  # no standard deviation over seeds, no interval
        interval = f"[{_plain(value['low']):.2f}, {_plain(value['high']):.2f}]" if bounded else "at every seed"
        return f"{_plain(value['mean']):+.2f} {interval}"
    if isinstance(value, dict):
        return f"{value['mean']:.2f} ± {value['deviation']:.2f}"
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _plain(value: float) -> float:
    """To the digits shown, without a minus before 0.00."""
    return round(value, 2) + 0.0
