"""`experiment`: the accuracies of the neural networks that the project has trained, from its records."""

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from runtime.usage import UsageError, unknown

if TYPE_CHECKING:
    from experiments.paper._results import Results

PerSeed = Float[np.ndarray, " seeds"]


@dataclass(frozen=True)
class Difference:
    """The mean over seeds of a difference, and the ends of its 95% interval (Student's t for paired seeds)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Experiment:
    """One recorded experiment: encoders trained in several ways (`cells`), each with the same seeds.

    `measured` has what was measured on the encoders beside accuracy, such as distances between them: by name, a number
    for each seed. `usual_std` is how much a difference of two cells' accuracies varies between seeds, in points.

    Source: results/experiments/. Units: see the methods. Errors: none; `dssl.experiment` makes it.

    >>> import dssl
    >>> dssl.experiment("figure2a").title
    'Figure 2a: decentralised MAE against connectivity'
    """

    name: str
    title: str
    cells: tuple[str, ...]
    n_seeds: int
    usual_std: float
    measured: dict[str, PerSeed] = field(repr=False, hash=False)
    _results: "Results" = field(repr=False, compare=False)

    def accuracy(self, cell: str, when: Literal["trained", "start"] = "trained") -> PerSeed:
        """Accuracy of a linear classifier on the encoder's features, at each seed; `start` is before any training.

        Source: ledger, `results/trainings/`. Units: percent of test images. Errors: UsageError for another cell or
        moment.

        >>> import dssl
        >>> accuracies = dssl.experiment("table1").accuracy("mae vit iid")
        >>> bool(50 < accuracies.mean() < 100)
        True
        """
        self._require(cell)
        if when not in ("trained", "start"):
            raise unknown("moment", str(when), ("trained", "start"), "Encoders were measured at these two.")
        return self._results.scores(cell, "trained" if when == "trained" else "random_start")

    def _require(self, cell: str) -> None:
        if cell not in self.cells:
            raise unknown("cell of this experiment", str(cell), self.cells, f"It has {', '.join(self.cells)}.")


def experiment(name: str) -> Experiment:
    """A recorded experiment with trained neural networks, such as "table1" or "figure2b".

    Nothing is trained. `dssl reproduce NAME` trains again. The claims about an experiment, and faults that were found
    in its trainings, are in the record: `dssl.claim("Table 1")`.

    Source: results/experiments/. Units: see `Experiment`. Errors: UsageError for a name without a record.

    >>> import dssl
    >>> found = dssl.experiment("table1")
    >>> found.cells[:2]
    ('simsiam resnet iid', 'simsiam resnet label')
    """
    from ledger.checks.trained_order import FOLDER, recorded, usual_std

    names = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
    results = recorded(name) if name in names else None
    if results is None:
        raise unknown("recorded experiment", str(name), names, f"There are {', '.join(names)}.")
    title = importlib.import_module(f"experiments.paper.{name}").TITLE
    cells = tuple(cell for cell in results.cells if results.found[cell])
    measured = {key: np.array(values) for key, values in results.measured.items()}
    return Experiment(name, title, cells, results.n_seeds, usual_std(name), measured, results)


def difference(first: Any, second: Any, least_std: float = 0.0) -> Difference:
    """The mean of first minus second, seed by seed, with a 95% interval: in 95% of such experiments it has the truth.

    Entry k of both belongs to seed k, so that what the two share at a seed cancels. Few seeds may lie close together by
    chance: `least_std` is then taken for the standard deviation of one seed's difference, where theirs is smaller.

    Source: Student's t for the mean of independent normal differences. Units: those of the numbers.
    Errors: UsageError for fewer than two seeds, unlike numbers of them, and entries that are not finite.

    >>> import dssl
    >>> found = dssl.difference([71.0, 72.0, 73.0], [70.0, 70.5, 71.0])
    >>> round(found.mean, 2), bool(found.low < 1.5 < found.high)
    (1.5, True)
    """
    from sims.evaluation.robustness import paired_difference

    try:
        one, other = (np.asarray(values, dtype=float) for values in (first, second))
        found = paired_difference(one, other, least_std=least_std)
    except (TypeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    return Difference(found.mean, found.low, found.high)
