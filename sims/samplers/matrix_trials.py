"""Top subspaces of X drawn from its law: whole factors when two objectives share data, else only some directions."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from sims.samplers import block_lanczos, matrix_law
from sims.samplers.literal import CrossMoments
from sims.samplers.revealed import RevealedGrams
from sims.samplers.signal_rows import SignalRows
from sims.samplers.subspace import encoder_subspace, krylov_subspace, top_subspace
from theory.readings import EXPECTED, Loss, Mask, Objective, Reading, Selection
from theory.setting import Setting

Task = tuple[Objective, Reading]
# Few enough to stay in cache, enough to share the cost of a call.
TRIALS_AT_ONCE = 8


def basis_of(moments: CrossMoments, s: Setting, reading: Reading) -> Float[np.ndarray, "dim rank"]:
    """Orthonormal basis of the row space that the loss of `reading` ends in."""
    if reading.loss is Loss.RECONSTRUCTION and moments.within is not None:
        return encoder_subspace(moments, s.feature_dim)
    return top_subspace(moments.alignment(), s.feature_dim, reading.selection)


def is_plain(reading: Reading) -> bool:
    """Whether MIM's X is the second moment of the samples but for a factor."""
    return reading.draws == EXPECTED and reading.mask is Mask.INDEPENDENT and reading.loss is Loss.ALIGNMENT


def can_reveal(s: Setting, task: Task, rows: SignalRows) -> bool:
    """Whether X is a sum of Gram matrices with noise, more rows than the start, and only its top is asked for."""
    objective, reading = task
    if objective is Objective.MIM and not is_plain(reading):
        return False
    wide_enough = s.feature_dim <= rows.width < min(s.dim, rows.n_rows)
    return reading.selection is Selection.PSD and wide_enough and float(s.mu) > 0


def revealed_trials(
    rng: np.random.Generator, s: Setting, task: Task, rows: SignalRows, trials: int
) -> tuple[Float[np.ndarray, "trials m"], float]:
    """r at the coordinates that clean rows touch, for every trial, and the largest angle that iteration left.

    A trial whose iteration does not settle gets the rest of its own matrix and a full decomposition: drawing another
    matrix instead would prefer those that settle.
    Source: ledger. Units: dimensionless, in [0, 1].
    """
    terms, m = block_lanczos.noises(s, *task, rows), rows.width
    parts, angle = [], 0.0
    for start in range(0, trials, TRIALS_AT_ONCE):
        n = min(TRIALS_AT_ONCE, trials - start)
        x = RevealedGrams(rng, terms, s.dim, block_lanczos.start_roots(rng, terms, rows, n))
        found = krylov_subspace(x.apply, np.repeat(np.eye(s.dim, m)[None], n, axis=0), s.feature_dim)
        r = np.einsum("tkc,tkc->tk", found.basis[:, :m], found.basis[:, :m])
        for t in np.flatnonzero(~found.settled):
            r[t] = (top_subspace(x.dense(int(t)), s.feature_dim)[:m] ** 2).sum(axis=1)
        angle = max(angle, float(found.angle[found.settled].max(initial=0.0)))
        parts.append(r)
    return np.concatenate(parts), angle


def joint_bases(
    rng: np.random.Generator, s: Setting, tasks: Sequence[Task], rows: SignalRows
) -> tuple[list[np.ndarray], float]:
    """One basis a task, jointly when there are several, and the largest angle that iteration left."""
    needs_sample = len(tasks) > 1 or tasks[0][0] is Objective.MIM or tasks[0][1].draws == EXPECTED
    sample = matrix_law.draw_sample_factor(rng, s, rows) if needs_sample else None
    bases, angle = [], 0.0
    for objective, reading in tasks:
        if objective is Objective.CL and reading.draws != EXPECTED:
            x = matrix_law.contrastive(rng, s, rows, int(reading.draws), sample)
        elif objective is Objective.CL or is_plain(reading):
            assert sample is not None
            x = matrix_law.SignedGrams(((1 / rows.n_rows, sample),))
        else:
            assert sample is not None
            bases.append(basis_of(matrix_law.masked_moments(sample, rows.n_rows, s, reading), s, reading))
            continue
        if reading.selection is Selection.PSD and s.feature_dim <= rows.width:
            start = np.eye(s.dim, rows.width)[None]
            found = krylov_subspace(lambda v, x=x: x.apply(v[0])[None], start, s.feature_dim)
            if found.settled[0]:
                bases.append(found.basis[0])
                angle = max(angle, float(found.angle[0]))
                continue
        bases.append(top_subspace(x.dense(), s.feature_dim, reading.selection))
    return bases, angle
