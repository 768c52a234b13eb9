"""Representability by Monte Carlo: many independent data sets, by one of three exact samplers."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sims.placement import is_accelerated
from sims.samplers import block_lanczos, block_lanczos_jax, joint_lanczos, matrix_law, matrix_trials
from sims.samplers.block_lanczos import Plan
from sims.samplers.literal import literal_moments
from sims.samplers.signal_rows import SignalRows, signal_rows
from sims.samplers.subspace import squared_projections
from sims.stats import Estimate, deficit, estimate, sensitivity
from theory.readings import Coordinates, Loss, Objective, Reading, Selection
from theory.setting import Setting

Method = Literal["auto", "literal", "matrix", "lanczos"]
# Where block Lanczos runs: "auto" compiles it on an accelerator and keeps to numpy on a CPU, whose generator is faster.
Backend = Literal["auto", "numpy", "jax"]
Task = tuple[Objective, Reading]
PLAIN = Reading()
LARGEST_MATRIX_DIM = 20_000


@dataclass(frozen=True)
class RVSample:
    """r_k for every trial over the signal coordinates (over the leading c where the reading asks for them).

    `extra` holds r at the rare coordinates outside the signal. `truncation` bounds the error of any r by the method;
    0 means round-off only. `method` names the sampler that was used.
    """

    r: np.ndarray
    extra: np.ndarray
    truncation: float
    method: str

    def deficit(self) -> Estimate:
        """Mean over trials and coordinates of 1 - r_k, with its standard error."""
        return estimate(deficit(self.r))

    def sensitivity(self) -> Estimate:
        """Mean over trials of max_k r_k - min_k r_k, with its standard error."""
        return estimate(sensitivity(self.r))


def sample_representability(
    seed: int,
    s: Setting,
    *,
    objective: Objective,
    scope: Literal["fl", "local"] = "fl",
    client: int = 0,
    reading: Reading = PLAIN,
    trials: int,
    method: Method = "auto",
    transformation: np.ndarray | None = None,
    backend: Backend = "auto",
) -> RVSample:
    """r_k of `trials` independent data sets; the same seed gives the same numbers.

    "literal" draws the data, "matrix" the d x d matrix from its law, "lanczos" only a small block matrix; "auto" takes
    the cheapest that is exact for the reading. `transformation` is H, the second view of dissimilar CL (literal only).
    `backend` says where "lanczos" runs for one objective: two forms of one law, whose random numbers differ.

    Source: chen2026, Definition 4.1 and Section 3.2. Units: dimensionless, in [0, 1].
    Errors: ValueError for a method that cannot draw this reading, saying which can.
    """
    return _sample(seed, s, ((objective, reading),), scope, client, trials, method, transformation, backend)[0]


def sample_pair(
    seed: int,
    s: Setting,
    *,
    scope: Literal["fl", "local"] = "fl",
    client: int = 0,
    reading: Reading = PLAIN,
    trials: int,
    method: Method = "auto",
    cl_draws: int | str = 1,
) -> tuple[RVSample, RVSample]:
    """(CL, MIM) from the same data sets, trial by trial, so that P(s^C > s^M) can be counted.

    `reading` speaks of MIM; CL takes `cl_draws` augmentations a sample (the paper compares expected masks with one).

    Source: chen2026, Theorem 4.4. Errors: those of `sample_representability`.
    """
    contrastive = dataclasses.replace(reading, draws=cl_draws, loss=Loss.ALIGNMENT)
    tasks = ((Objective.CL, contrastive), (Objective.MIM, reading))
    cl, mim = _sample(seed, s, tasks, scope, client, trials, method, None)
    return cl, mim


def _sample(
    seed: int,
    s: Setting,
    tasks: Sequence[Task],
    scope: Literal["fl", "local"],
    client: int,
    trials: int,
    method: Method,
    transformation: np.ndarray | None,
    backend: Backend = "auto",
) -> tuple[RVSample, ...]:
    if backend not in ("auto", "numpy", "jax"):
        raise ValueError(f'backend must be "auto", "numpy" or "jax"; got backend={backend!r}.')
    if trials < 1:
        raise ValueError(f"At least one trial is needed; got trials={trials}.")
    rows = signal_rows(s, tasks[0][1], scope, client)
    chosen = _method(s, tasks, rows, trials, method, transformation)
    rng = np.random.default_rng(seed)
    if not isinstance(chosen, str):
        return _lanczos(rng, s, tasks, chosen, rows, trials, backend)
    if chosen == "matrix" and len(tasks) == 1 and matrix_trials.can_reveal(s, tasks[0], rows):
        r, angle = matrix_trials.revealed_trials(rng, s, tasks[0], rows, trials)
        return (_shown(r, s, tasks[0], rows, angle**2, chosen),)
    values: tuple[list[np.ndarray], ...] = tuple([] for _ in tasks)
    angle = 0.0
    for child in rng.spawn(trials):
        if chosen == "literal":
            moments = literal_moments(child, s, tasks, scope=scope, client=client, transformation=transformation)
            bases = [matrix_trials.basis_of(m, s, reading) for m, (_, reading) in zip(moments, tasks, strict=True)]
        else:
            bases, off = matrix_trials.joint_bases(child, s, tasks, rows)
            angle = max(angle, off)
        for task_values, basis in zip(values, bases, strict=True):
            task_values.append(squared_projections(basis))
    return tuple(_shown(np.array(r), s, task, rows, angle**2, chosen) for task, r in zip(tasks, values, strict=True))


def _shown(r: np.ndarray, s: Setting, task: Task, rows: SignalRows, truncation: float, method: str) -> RVSample:
    """The coordinates that the reading asks for."""
    n_shown = s.feature_dim if task[1].coordinates is Coordinates.LEADING else s.n_clients
    return RVSample(r[:, :n_shown], r[:, list(rows.rare_columns)], truncation, method)


def _method(
    s: Setting,
    tasks: Sequence[Task],
    rows: SignalRows,
    trials: int,
    method: Method,
    transformation: np.ndarray | None,
) -> Literal["literal", "matrix"] | tuple[Plan, ...]:
    """The sampler to use, checked against what it can draw; for block Lanczos, what it draws."""
    if method not in ("auto", "literal", "matrix", "lanczos"):
        raise ValueError(f'method must be "auto", "literal", "matrix" or "lanczos"; got method={method!r}.')
    if transformation is not None and any(o is not Objective.CL for o, _ in tasks):
        raise ValueError("A transformation H belongs to CL with dissimilar views; got it with MIM. Leave it out.")
    has_law = transformation is None and all(matrix_law.has_law(o, reading) for o, reading in tasks)
    if not has_law and method in ("matrix", "lanczos"):
        raise ValueError(f'Sampled masks and dissimilar views have no matrix law; got method="{method}". Use literal.')
    plans = _plans(s, tasks, rows, trials) if has_law and method in ("auto", "lanczos") else None
    if isinstance(plans, tuple):
        return plans
    if method == "lanczos":
        raise ValueError(f'{plans} Use method="matrix".')
    chosen = ("matrix" if has_law else "literal") if method == "auto" else method
    if s.dim > LARGEST_MATRIX_DIM:
        raise ValueError(f"A d x d matrix needs dim <= {LARGEST_MATRIX_DIM}; got dim={s.dim}. {plans or 'Lower dim.'}")
    return chosen


def _plans(s: Setting, tasks: Sequence[Task], rows: SignalRows, trials: int) -> tuple[Plan, ...] | str:
    """What block Lanczos draws for every task, or why it does not serve here."""
    for objective, reading in tasks:
        if objective is Objective.MIM and not matrix_trials.is_plain(reading):
            return "Block Lanczos needs independent masks in expectation and the alignment loss."
        if reading.selection is not Selection.PSD:
            return 'Block Lanczos finds the largest eigenvalues; got selection="modulus".'
    terms = [block_lanczos.noises(s, objective, reading, rows) for objective, reading in tasks]
    most = block_lanczos.most_levels(terms[0], s.dim, rows.width)
    if len({*terms}) > 1:
        most = joint_lanczos.most_levels(terms[0], s.dim, rows.width)
    share, plans = truncation_share(s, rows, trials), []
    for objective, reading in tasks:
        found = block_lanczos.plan(s, objective, reading, rows, trials, share, most)
        if isinstance(found, str):
            return found
        plans.append(found)
    return tuple(plans)


def truncation_share(s: Setting, rows: SignalRows, trials: int) -> float:
    """Truncation allowed, as a share of the deficit: a tenth of the relative standard error of its mean.

    The deficit of one coordinate and trial is about a chi-square with as many degrees of freedom as there are noise
    coordinates; the mean is over trials and coordinates. Unequal deficits only make the standard error larger.
    Source: ledger. Units: dimensionless.
    """
    return 0.1 * math.sqrt(2 / (max(1, s.dim - rows.width) * rows.width * trials))


def _lanczos(
    rng: np.random.Generator,
    s: Setting,
    tasks: Sequence[Task],
    plans: tuple[Plan, ...],
    rows: SignalRows,
    trials: int,
    backend: Backend,
) -> tuple[RVSample, ...]:
    if len({p.noises for p in plans}) > 1:
        contrast, plain = plans
        found = joint_lanczos.sample(rng, contrast, plain, s, rows, trials)
    else:
        # Without augmentation noise the matrices of CL and MIM are the same.
        compiled = backend == "jax" or (backend == "auto" and is_accelerated())
        form = block_lanczos_jax if compiled else block_lanczos
        found = [form.sample(rng, plans[0], s, rows, trials)] * len(tasks)
    return tuple(_shown(r, s, task, rows, off, "lanczos") for task, (r, off) in zip(tasks, found, strict=True))
