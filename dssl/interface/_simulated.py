"""The mean deficit of simulated data sets at every point of a setting, refused at once where it would take too long."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from dssl.interface.settings import Setting
from runtime.usage import UsageError
from sims.samplers import block_lanczos, matrix_law, matrix_trials
from sims.samplers.montecarlo import LARGEST_MATRIX_DIM, sample_representability, truncation_share
from sims.samplers.signal_rows import signal_rows
from sims.stats import Estimate, deficit, estimate
from theory.readings import EXPECTED, Mask, Objective, Reading, Scope, Selection
from theory.setting import Setting as Point

LONGEST = 60.0  # seconds
_FEWEST_TRIALS = 10
_MOST_NUMBERS = 2e8  # of one data set, which is drawn whole where masks are: 1.6 GB
_SHARES = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)  # of the sizes, in search of what fits
_LONGEST_PLAN = 5.0  # seconds


@dataclass(frozen=True)
class Drawn:
    """What is simulated, beside the point: as the keys of `dssl.deficit`, `trials` data sets each."""

    objective: Objective
    scope: Scope
    reading: Reading
    trials: int

    @property
    def members(self) -> Literal["fl", "local"]:
        """Whose data train the encoder, in the words of the sampler."""
        return "fl" if self.scope is Scope.FL else "local"


def drawn(objective: Any, scope: Any, mask: Any, selection: Any, draws: Any, trials: Any) -> Drawn:
    """The keys, checked. Errors: UsageError for a value that a key does not have."""
    if isinstance(trials, bool) or not isinstance(trials, int) or trials < 2:
        raise UsageError(f"trials is a whole number of simulations from 2, such as 100; got trials={trials!r}.")
    for name, value, kinds in (
        ("objective", objective, Objective),
        ("scope", scope, Scope),
        ("mask", mask, Mask),
        ("selection", selection, Selection),
    ):
        if value not in list(kinds):
            raise UsageError(f"{name} must be one of {', '.join(kinds)}; got {name}={value!r}.")
    try:
        kind = Objective(objective)
        plain = 1 if kind is Objective.CL else EXPECTED
        reading = Reading(mask=Mask(mask), draws=plain if draws is None else draws, selection=Selection(selection))
        return Drawn(kind, Scope(scope), reading, trials)
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from None


def deficits(setting: Setting, what: Drawn, seed: int) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Mean deficit and its standard error, each in the shape of the setting.

    Errors: UsageError where the simulations would take more than a minute, saying what would not.
    """
    points = [_point(p) for p in setting.points()]
    _require_short(points, what)
    found = [_deficit(s, what, seed + i) for i, s in enumerate(points)]
    mean, error = (np.reshape([getattr(f, name) for f in found], setting.shape) for name in ("mean", "standard_error"))
    return mean, error


def cost(s: Point, what: Drawn) -> tuple[float, float]:
    """Seconds that the simulations of one point take, rather too many: to begin, and for each trial.

    Measured on one core. Infinite where a data set or a matrix is too large to hold.
    """
    n_members = s.n_clients if what.scope is Scope.FL else 1
    rows = n_members * s.samples_per_client
    if not matrix_law.has_law(what.objective, what.reading):
        numbers = rows * s.dim
        drawing = 9e-8 * numbers * int(what.reading.draws) * (1 + s.dim / 2000)
        return 0.0, drawing + 3e-10 * s.dim**3 if numbers <= _MOST_NUMBERS else math.inf
    # The clean rows of a class are counted by their patterns, or by their bits.
    operations = min(60 * 2.0 ** (s.n_clients - 1), s.samples_per_client / 256 * s.n_clients**2)
    counting = 5e-9 * n_members * operations
    planning = block_lanczos.PILOT_TRIALS * counting
    # The sampler plans once more.
    if planning <= _LONGEST_PLAN and _is_small_matrix_enough(s, what):
        return 2 * planning, 1e-3 + 2e-6 * s.n_clients**3 + counting
    matrix = 3e-3 + 2.5e-7 * s.dim**2 + 1.5e-10 * s.dim**3 if s.dim <= LARGEST_MATRIX_DIM else math.inf
    return 2 * planning, matrix + counting


def _is_small_matrix_enough(s: Point, what: Drawn) -> bool:
    """Whether block Lanczos, which draws small matrices only, serves here: what the sampler would find."""
    if what.objective is Objective.MIM and not matrix_trials.is_plain(what.reading):
        return False
    if what.reading.selection is not Selection.PSD:
        return False
    rows = signal_rows(s, what.reading, what.members, 0)
    terms = block_lanczos.noises(s, what.objective, what.reading, rows)
    most = block_lanczos.most_levels(terms, s.dim, rows.width)
    share = truncation_share(s, rows, what.trials)
    return not isinstance(block_lanczos.plan(s, what.objective, what.reading, rows, what.trials, share, most), str)


def _point(given: dict[str, Any]) -> Point:
    """The point of theory. Errors: UsageError for one without samples."""
    if "samples_per_client" not in given and "beta" not in given:
        raise UsageError("A simulation draws samples; got a setting without them. Give it samples_per_client, or beta.")
    if given["dim"] == math.inf:
        raise UsageError("A simulation draws images of dim pixels; got dim=inf. Give a finite dim.")
    if given.get("rare_fraction"):
        raise UsageError(
            f"Rare classes are not simulated here; got rare_fraction={given['rare_fraction']}. Leave it out."
        )
    return Point.paper(**{name: value for name, value in given.items() if name != "rare_fraction"})


def _deficit(s: Point, what: Drawn, seed: int) -> Estimate:
    try:
        sample = sample_representability(
            seed, s, objective=what.objective, scope=what.members, reading=what.reading, trials=what.trials
        )
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from None
    # Alone, client 0 has its own coordinate 0, and the others' after it.
    columns = {Scope.FL: slice(None), Scope.LOCAL_OWN: slice(0, 1), Scope.LOCAL_OTHER: slice(1, None)}[what.scope]
    return estimate(deficit(sample.r[:, columns]))


def _require_short(points: Sequence[Point], what: Drawn) -> None:
    """Errors: UsageError where all points together would take too long, with what would not."""
    fixed, each = _total(points, what)
    wanted = fixed + what.trials * each
    if wanted <= LONGEST:
        return
    long = (
        f"would take about {wanted / 60:.2g} minutes, and one is allowed"
        if wanted < math.inf
        else "needs too much memory"
    )
    raise UsageError(
        f"Simulating {len(points)} point{'s'[: len(points) != 1]} with trials={what.trials} {long}; "
        f"{_what_fits(points, what, fixed, each)}"
    )


def _total(points: Sequence[Point], what: Drawn) -> tuple[float, float]:
    costs = [cost(s, what) for s in points]
    return sum(fixed for fixed, _ in costs), sum(each for _, each in costs)


def _what_fits(points: Sequence[Point], what: Drawn, fixed: float, each: float) -> str:
    """The most trials that fit; where even few do not, the largest sizes that do with few."""
    if (trials := int((LONGEST - fixed) / each)) >= _FEWEST_TRIALS:
        return f"trials={trials} would fit."
    few = dataclasses.replace(what, trials=min(_FEWEST_TRIALS, what.trials))
    for share in _SHARES:
        smaller = [_shrunk(s, share) for s in points]
        fixed, each = _total(smaller, few)
        if fixed + few.trials * each <= LONGEST:
            dim, samples = max(s.dim for s in smaller), max(s.samples_per_client for s in smaller)
            return f"trials={few.trials} with dim up to {dim} and samples_per_client up to {samples} would fit."
    return "take fewer clients, or fewer values."


def _shrunk(s: Point, share: int) -> Point:
    dim = max(s.dim // share, s.feature_dim, s.n_clients)
    return dataclasses.replace(s, dim=dim, samples_per_client=max(1, s.samples_per_client // share))
