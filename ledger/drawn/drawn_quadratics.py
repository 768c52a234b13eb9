"""Clients with quadratic losses that a point names: exactly solvable, with any curvature, on any network.

Client i has the gradient H_i w + G_i, with sum_i v_i G_i = 0, so that the common optimum is w = 0. Steps have size 1:
the eigenvalues of H_i are eta h.
"""

import math

import numpy as np

from ledger.checks.on_domain import Effort, Sample
from ledger.drawn.drawn_networks import mixing_at
from sims.linear.quadratic_clients import Quadratics
from theory.domain import Choice, Ends, Parameter, Point, Real, Whole
from theory.networks.mixing import perron_weights

EQUAL, OWN = "equal", "own"
LEAST = 1e-3  # the smallest eigenvalue of a Hessian over the largest that may occur
SAME_EIGENVALUE = 1e-9
GRADIENTS = ("random", "slowest", "last")
ALIKE = (
    "Clients have convex quadratic losses with a common optimum for the training weights; eta h is at most "
    "`curvature`, h being eigenvalues of the Hessians and eta the step size. Gradients at the optimum are random, or "
    "along the network's slowest or last mode."
)
QUADRATIC = f"{ALIKE} Hessians are equal, or each client's own."


def quadratic_parameters(
    curvature: tuple[float, float],
    most: float,
    ends: Ends = "(]",
    *,
    local_steps: int = 6,
    hessians: tuple[str, ...] = (EQUAL, OWN),
) -> tuple[Parameter, ...]:
    """The clients' losses; the network and `DRAW` are to be added."""
    own: tuple[Parameter, ...] = (Choice("hessians", hessians),) if len(hessians) > 1 else ()
    return (
        Whole("dim", 1, 4),
        Whole("local_steps", 1, local_steps),
        Real("curvature", 0.0, most, ends, reach=curvature, is_log=True),
        *own,
        Choice("gradients", GRADIENTS),
    )


def quadratics_at(at: Point, rule: str = "uniform") -> Quadratics:
    """The losses, the network and the steps of a point; without `hessians` these are equal."""
    mixing = mixing_at(at, rule)
    n, p, largest = len(mixing), int(at["dim"]), float(at["curvature"])
    rng = np.random.default_rng((int(at["draw"]), 6))
    alike = at.get("hessians", EQUAL) == EQUAL
    bases = np.linalg.qr(rng.normal(size=(n, p, p)))[0]
    levels = largest * LEAST ** rng.random((n, 1, p))
    hessians = (bases * levels) @ np.swapaxes(bases, 1, 2)
    if alike:
        hessians = np.repeat(hessians[:1], n, axis=0)
    v = perron_weights(mixing)
    gradients = rng.normal(size=(n, p))
    if at.get("gradients", "random") != "random":
        root = np.sqrt(v)[:, None]
        symmetric = root * mixing / root.T
        place = -2 if at["gradients"] == "slowest" else 0
        mode = mode_along((symmetric + symmetric.T) / 2, place, np.random.default_rng((int(at["draw"]), 7)))
        gradients = (mode[:, None] / root) * gradients[0]
    return Quadratics(mixing, hessians, gradients - v @ gradients, 1.0, int(at["local_steps"]))


def mode_along(matrix: np.ndarray, place: int, rng: np.random.Generator) -> np.ndarray:
    """A unit eigenvector, (N,), of the eigenvalue at this place in ascending order.

    Of an eigenvalue that occurs more than once a random vector picks one, since the basis that LAPACK gives differs
    from machine to machine.
    """
    values, vectors = np.linalg.eigh(matrix)
    alike = vectors[:, np.abs(values - values[place]) < SAME_EIGENVALUE]
    mode = alike @ (alike.T @ rng.normal(size=len(matrix)))
    return mode / np.linalg.norm(mode)


def variance(states: np.ndarray) -> float:
    """(1/N) sum_i |x_i - mean|^2 of the rows of an array, by NumPy's variance."""
    flat = states.reshape(len(states), -1)
    return float(flat.var(axis=0).sum())


def local_sums(q: Quadratics, states: np.ndarray) -> np.ndarray:
    """The sum of every client's local gradients from `states`, (N, p), step by step."""
    x, total = states, np.zeros_like(states)
    for _ in range(q.local_steps):
        gradient = np.einsum("iab,ib->ia", q.hessians, x) + q.gradients
        total += gradient
        x = x - q.step_size * gradient
    return total


def noisy_consensus(q: Quadratics, noise_std: float, effort: Effort) -> Sample:
    """Consensus error of independent runs with noisy gradients, each averaged over its late rounds, (trials,).

    All start at the optimum and are left alone until all but a thousandth of the noise has settled: the resolution.
    """
    kept = np.abs(1 - np.linalg.eigvalsh(q.hessians)).max() ** q.local_steps
    fading = q.mixing - perron_weights(q.mixing)
    slowest = min(kept * float(np.abs(np.linalg.eigvals(fading)).max()), 1 - 1e-6)
    early = 2 + math.ceil(math.log(1e-3) / (2 * math.log(max(slowest, 1e-3))))
    late = 40 + 3 * early
    rng = np.random.default_rng(effort.seed)
    states = np.zeros((effort.trials, *q.gradients.shape))
    found = np.zeros(effort.trials)
    for i in range(early + late):
        for _ in range(q.local_steps):
            noise = noise_std * rng.standard_normal(states.shape)
            states = states - np.einsum("iab,tib->tia", q.hessians, states) - noise
        states = np.einsum("ij,tjb->tib", q.mixing, states)
        if i >= early:
            found += states.var(axis=1).sum(axis=1) / late
    return Sample(found, 1e-3 * float(found.mean()))
