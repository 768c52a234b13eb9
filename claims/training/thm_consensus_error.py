"""How far the clients' models stand apart at rest: exactly, predicted, and bounded.

The paper has no such statement. The bounds it stands among speak of a spectral gap and of gradient dissimilarity; here
is what these linear models do, from an identity down to a bound by the gap.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import (
    DRAW,
    NETWORKS,
    ONE_WAY,
    REVERSIBLE,
    SYMMETRIC,
    mixing_at,
    network_parameters,
)
from ledger.drawn.drawn_quadratics import (
    ALIKE,
    EQUAL,
    QUADRATIC,
    local_sums,
    noisy_consensus,
    quadratic_parameters,
    quadratics_at,
    variance,
)
from ledger.drawn.drawn_trainings import (
    BETWEEN,
    CLIENTS,
    RESTING,
    SLOW,
    STEP,
    averaged,
    client_parameters,
    measurement,
    problem_at,
    rest_at,
    resting,
    resting_parameters,
    simulated,
    slow,
    turned,
)
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.trained_networks import Training
from theory.domain import Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.networks.mixing import perron_weights
from theory.training.consensus import (
    CURVED_MODE_GAIN,
    FLAT_MODE_GAIN,
    LEDGER,
    client_variance,
    consensus_exchangeable,
    consensus_first_order,
    consensus_identity,
    consensus_trajectory,
    mode_gains,
)
from theory.training.consensus_bounds import (
    GAP_BOUND,
    consensus_gap_bound,
    consensus_transient_bound,
    gap_bound_holds,
    reversible_spectrum,
)
from theory.training.consensus_noise import CURVED_NOISE_GAIN, consensus_noise
from theory.training.small_steps import SmallSteps

ROUND_OFF = 1e-8  # relative: what linear systems of slow networks leave
NOTHING = 1e-26  # what rounding leaves of squared distances between models of size 1 that are equal
SMALLEST_NEGATIVE = -1e-12  # an eigenvalue above it is none below 0
EVERYONE = 6  # clients up to which all placements are gone through
PAIR = {"n_clients": 2, "network": "path", "mixing": "lazy", "draw": 1}


def two_clients() -> tuple[sp.Matrix, sp.Matrix]:
    """dev = -eta Z P, and what a round makes of it, for any two clients whose weighted gradients cancel."""
    a, b, t, eta = sp.symbols("a b t eta", positive=True)
    mixing = sp.Matrix([[1 - a, a], [b, 1 - b]])
    weights = sp.ones(2, 1) * sp.Matrix([[b, a]]) / (a + b)
    slopes = sp.Matrix([a * t, -b * t])
    deviation = -eta * ((sp.eye(2) - mixing + weights).inv() - sp.eye(2)) * slopes
    return deviation, (mixing - weights) * (deviation - eta * slopes)


# Any losses: quadratic ones have models at rest under any mixing matrix and number of local steps.
ANY_NETWORK = network_parameters(12, least=2, networks=(*NETWORKS, ONE_WAY))
SLOW_UNIFORM = slow("uniform")
UNIFORM = "Mixing is uniform averaging over whom a client hears, itself included."
QUADRATICS = Domain(
    (*ANY_NETWORK, *quadratic_parameters((1e-2, 1.0), 1.0), DRAW),
    (
        SLOW_UNIFORM,
        Condition(
            "links that go both ways, unless gradients are random",
            r"\text{undirected or random gradients}",
            lambda at: at["network"] != ONE_WAY or at["gradients"] == "random",
        ),
    ),
    assumes=f"{UNIFORM} {QUADRATIC}",
)


def identity(at: Point) -> float:
    """Consensus error from the local gradients at rest, summed by a plain loop."""
    q = quadratics_at(at)
    return consensus_identity(q.mixing, local_sums(q, before_steps(at)), q.step_size)


def before_steps(at: Point) -> np.ndarray:
    """The models at rest after mixing, (N, p)."""
    return quadratics_at(at).rest


def at_rest(at: Point, effort: Effort) -> Sample:
    """Consensus error of the models at rest, which one linear system for all clients gives."""
    return measurement(variance(before_steps(at)), NOTHING)


def known(error: float) -> Sample:
    """A consensus error of models of size 1, as well as their rounding lets it be known."""
    return measurement(error, 1e-14 * float(np.sqrt(error)) + NOTHING)


# Every round of simulated training.
PATHS = (
    *client_parameters(),
    Whole("local_steps", 1, 8),
    Whole("rounds", 1, 30),
    Real("stiffness", 0.0, 1.0, "()", reach=(0.01, 0.9), is_log=True),
)
STEPS = f"{UNIFORM} {CLIENTS} {STEP} It is divided by the number of local steps."
ROUNDS = Domain(
    (*ANY_NETWORK, *PATHS, Real("start", 0.0, np.inf, "[)", reach=(0.01, 1.0), is_log=True), DRAW),
    (BETWEEN, SLOW_UNIFORM),
    assumes=f"{STEPS} Clients start at the common optimum plus random matrices of norm `start`.",
)


@lru_cache(maxsize=32)
def path(items: tuple[tuple[str, Any], ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Models before training, after every round, and the sums of local gradients of every round."""
    at = dict(items)
    problem = problem_at({k: v for k, v in at.items() if k not in ("rounds", "start")})
    moved = np.random.default_rng((int(at["draw"]), 7)).normal(size=problem.start.shape)
    moved *= float(at.get("start", 0.0)) / np.linalg.norm(moved, axis=(1, 2), keepdims=True)
    return problem.start + moved, *simulated(problem, problem.start + moved, int(at["rounds"]))


def path_at(at: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for a point."""
    return path(tuple(sorted(at.items())))


def trajectory(at: Point) -> np.ndarray:
    """Consensus error after every round from the sums of local gradients so far, (rounds,)."""
    start, _, sums = path_at(at)
    mixing = mixing_at(at, "uniform")
    return consensus_trajectory(mixing, sums, problem_of(at).step_size, start)


def problem_of(at: Point) -> Any:
    """The training of a point of `ROUNDS` or `COMMON_START`."""
    return problem_at({k: v for k, v in at.items() if k not in ("rounds", "start")})


def seen(at: Point, effort: Effort) -> Sample:
    """Consensus error after every round, (1, rounds)."""
    return measurement([variance(models) for models in path_at(at)[1]], NOTHING)


COMMON_START = Domain(
    (*ANY_NETWORK, *PATHS, DRAW), (BETWEEN, SLOW_UNIFORM), assumes=f"{STEPS} Clients start at the common optimum."
)


def transient_bound(at: Point) -> float:
    """The bound after `rounds` rounds, from the largest dissimilarity of a round's mean local gradients."""
    problem, rounds = problem_of(at), int(at["rounds"])
    worst = max(client_variance(one / problem.local_steps) for one in path_at(at)[2])
    return consensus_transient_bound(problem.mixing, worst, problem.step_size, problem.local_steps, rounds=rounds)


def after_rounds(at: Point, effort: Effort) -> Sample:
    """Consensus error after `rounds` rounds."""
    return known(variance(path_at(at)[1][-1]))


# Training until nothing moves.
SETTLED = Domain(
    (
        *network_parameters(6, least=2, rules=(*SYMMETRIC, "uniform")),
        Whole("dim", 2, 6),
        Whole("feature_dim", 1, 3),
        Real("gap", 0.0, 1.0, "(]", reach=(0.3, 0.9)),
        Real("difference", 0.0, 0.5, "(]", reach=(0.05, 0.5), is_log=True),
        Whole("local_steps", 1, 5),
        Real("stiffness", 0.0, 1.0, "()", reach=(0.5, 0.95)),
        DRAW,
    ),
    (BETWEEN, SLOW),
    assumes=f"{CLIENTS} {STEP} It is divided by the number of local steps. Clients start at the common optimum.",
)


def solved(at: Point) -> float:
    """Consensus error of the models at rest that are solved for."""
    return client_variance(rest_at(at).models)


def trained(at: Point, effort: Effort) -> Sample:
    """Consensus error of training simulated until the slowest mode of the loss has settled."""
    p = problem_at(at)
    rounds = int(25 / (2 * p.shape.gap * p.step_size * p.local_steps)) + 100
    models = p.start
    for _ in range(rounds):
        for _ in range(p.local_steps):
            models = models - p.step_size * 2 * models @ (np.swapaxes(models, 1, 2) @ models - p.covariances)
        models = np.tensordot(p.mixing, models, 1)
    return measurement(variance(models), NOTHING)


# Curvature.
ONE_HESSIAN = Domain(
    (
        *network_parameters(12, least=2, rules=SYMMETRIC),
        *quadratic_parameters((1e-3, 1.9), 2.0, "()", hessians=(EQUAL,)),
        DRAW,
    ),
    (SLOW,),
    assumes=ALIKE,
)


def curved_modes(at: Point) -> float:
    """Consensus error mode by mode of the network and of the common Hessian."""
    q = quadratics_at(at)
    levels, vectors = np.linalg.eigh(q.hessians[0])
    network = np.linalg.eigh(q.mixing)[1][:, ::-1][:, 1:]
    parts = network.T @ q.gradients @ vectors
    gains = np.stack([mode_gains(q.mixing, q.step_size, q.local_steps, float(h)) for h in levels], axis=1)
    return float(np.sum((gains * parts) ** 2) / len(q.mixing))


ONE_MODE = Domain(
    (
        Real("eigenvalue", 0.0, 1.0, "[)", reach=(0.01, 0.99)),
        Real("curvature", 0.0, 1.0, "(]", reach=(1e-6, 1.0), is_log=True),
        Whole("local_steps", 1, 20),
    ),
    assumes="`eigenvalue` is that of a mode of the mixing matrix, `curvature` the step size times the loss's.",
)


def flat_gain(at: Point) -> float:
    """The response without curvature."""
    return FLAT_MODE_GAIN.value(step_size=1.0, eigenvalue=float(at["eigenvalue"]), local_steps=int(at["local_steps"]))


def response(at: Point, effort: Effort) -> Sample:
    """How far one mode is off at rest per unit gradient, from its local steps one by one."""
    kept, pushed = 1.0, 0.0
    for _ in range(int(at["local_steps"])):
        kept, pushed = kept * (1 - float(at["curvature"])), pushed * (1 - float(at["curvature"])) + 1
    lam = float(at["eigenvalue"])
    return measurement(lam * pushed / (1 - lam * kept), 1e-12)


def relative(sample: Sample) -> Sample:
    """The same, known up to the rounding of a linear system."""
    return measurement(sample.values[0], 1e-10 * float(sample.values[0]) + NOTHING)


# First order.
def first_order(at: Point) -> float:
    """The root of the consensus error to first order."""
    p = problem_at(at)
    return float(np.sqrt(consensus_first_order(p.mixing, p.gradient(p.start), p.step_size)))


def spread_at_rest(at: Point, effort: Effort) -> Sample:
    """The root of the consensus error at rest."""
    models = rest_at(at).models
    return measurement(np.sqrt(variance(models)), 1e-13)


def off_first_order(at: Point) -> float:
    """By how much that root can be off: of second order in the step size."""
    p, trained = problem_at(at), rest_at(at)
    steps = SmallSteps(p.mixing, p.covariances, p.feature_dim, p.step_size)
    return steps.off_spread(turned(averaged(trained), p.start[0])[0])


PLACED = Domain(
    (
        *network_parameters(EVERYONE, least=2, rules=SYMMETRIC),
        Whole("local_steps", 1, 20),
        Real("step_size", 0.0, np.inf, "()", reach=(1e-3, 1.0), is_log=True),
        DRAW,
    ),
    (SLOW,),
    assumes="Clients have random gradients at the common optimum, with mean 0.",
)


def gradients_at(at: Point) -> np.ndarray:
    """Random gradients with mean 0, (N, 3)."""
    g = np.random.default_rng((int(at["draw"]), 8)).normal(size=(int(at["n_clients"]), 3))
    return g - g.mean(axis=0)


def exchangeable(at: Point) -> float:
    """The closed form of the mean over placements."""
    zeta = client_variance(gradients_at(at))
    return consensus_exchangeable(mixing_at(at), zeta, float(at["step_size"]), int(at["local_steps"]))


def every_placement(at: Point, effort: Effort) -> Sample:
    """First-order consensus error, averaged over all placements of the clients.

    For more than `EVERYONE` clients by pairs: every two places meet every two clients equally often.
    """
    mixing, g = mixing_at(at), gradients_at(at)
    n, factor = len(g), (float(at["step_size"]) * int(at["local_steps"])) ** 2
    response = np.linalg.inv(np.eye(n) - mixing + 1 / n) - np.eye(n)
    if n <= EVERYONE:
        placed = g[np.array(list(permutations(range(n))))]
        moved = np.einsum("ij,pjk->pik", response, placed)
        return measurement(factor * float(moved.var(axis=1).sum(axis=1).mean()), factor * NOTHING)
    form = response.T @ (np.eye(n) - 1 / n) @ response / n
    products = g @ g.T
    own = np.trace(products) / n
    other = (products.sum() - np.trace(products)) / (n * (n - 1))
    return measurement(factor * (np.trace(form) * own + (form.sum() - np.trace(form)) * other), factor * NOTHING)


# Bounds by the gap.
CONVEX = Domain(
    (
        *network_parameters(12, least=2, rules=REVERSIBLE),
        *quadratic_parameters((1e-4, 30.0), np.inf, "()"),
        DRAW,
    ),
    (
        SLOW,
        Condition(
            "equal Hessians, or one local step",
            r"H_i = H \text{ or } E = 1",
            lambda at: at["hessians"] == EQUAL or at["local_steps"] == 1,
        ),
        Condition(
            "curvature at most 1, or one local step and mixing without a negative eigenvalue",
            r"\eta h \le 1 \text{ or } (E = 1, \lambda_N \ge 0)",
            lambda at: at["curvature"] <= 1 or (at["local_steps"] == 1 and is_positive(at)),
        ),
    ),
    assumes=QUADRATIC,
)


def is_positive(at: Point) -> bool:
    """Whether the mixing matrix has no negative eigenvalue."""
    return bool(reversible_spectrum(mixing_at(at))[1][-1] >= SMALLEST_NEGATIVE)


def convex_gap_bound(at: Point) -> float:
    """The gap bound of quadratic losses."""
    q = quadratics_at(at)
    return consensus_gap_bound(q.mixing, q.dissimilarity, q.step_size, q.local_steps)


LINEAR = Domain(
    resting_parameters((1e-3, 2.5), most=3.0),
    (
        BETWEEN,
        SLOW,
        Condition(
            "gradients that rise from the optimum to rest: <m + p - q, T(W) - T(W*) + mean> <= |m + p|^2",
            r"\langle m + p - q,\ T(W) - T(W^*) + \overline{T(W^*)}\rangle \le |m + p|^2",
            lambda at: gradients_rise(at),
        ),
    ),
    assumes=f"{RESTING} T are the local steps, and W - W* is split into its mean m and the parts p and q in modes "
    "of the network with positive and negative eigenvalues.",
)


def gradients_rise(at: Point) -> bool:
    """The inequality on the losses from which the gap bound is proved, at rest."""
    p, rest = problem_at(at), rest_at(at)
    models = turned(averaged(rest), p.start[0])[1] @ rest.models
    stepped = p.local(p.start)
    stepped = stepped - np.tensordot(perron_weights(p.mixing), stepped, 1) + p.start
    return gap_bound_holds(p.mixing, models - p.start, p.local(models) - stepped)


def linear_gap_bound(at: Point) -> float:
    """The gap bound of linear alignment losses."""
    p = problem_at(at)
    return consensus_gap_bound(p.mixing, client_variance(p.gradient(p.start)), p.step_size)


def linear_at_rest(at: Point, effort: Effort) -> Sample:
    """Consensus error of linear alignment losses at rest."""
    return known(variance(rest_at(at).models))


# Noise.
NOISY = Domain(
    (
        *network_parameters(6, least=2, networks=(*NETWORKS, ONE_WAY)),
        Whole("dim", 1, 4),
        Whole("local_steps", 1, 4),
        Real("curvature", 0.0, 2.0, "()", reach=(0.05, 1.8), is_log=True),
        Real("gradient_noise", 0.0, np.inf, "()", reach=(0.01, 10.0), is_log=True),
        DRAW,
    ),
    (SLOW_UNIFORM,),
    quantifier=Quantifier.IN_EXPECTATION,
    assumes=f"{UNIFORM} Clients have one quadratic loss, whose largest eigenvalue times the step size is `curvature` "
    "at most; every entry of every gradient gets independent normal noise of standard deviation `gradient_noise`.",
)


def noise(at: Point) -> float:
    """What noise adds to the consensus error."""
    q = quadratics_at(at)
    levels = np.linalg.eigvalsh(q.hessians[0])
    return consensus_noise(q.mixing, float(at["gradient_noise"]), 1.0, q.local_steps, curvatures=levels)


def noise_seen(at: Point, effort: Effort) -> Sample:
    """Consensus error of simulated runs, late in each."""
    return noisy_consensus(quadratics_at(at), float(at["gradient_noise"]), effort)


def largest_flat_gain(training: Training, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is consensus at most zeta^2 times the largest squared gain of the identity?"""
    eigenvalues = np.linalg.eigvalsh(training.mixing)[:-1]
    bound = training.step_size**2 * training.dissimilarity * float(np.max((eigenvalues / (1 - eigenvalues)) ** 2))
    measured = client_variance(training.rest)
    return measured <= spoil * bound, {**training.at, "said_bound": bound, "measured": measured}


def two_sided(context: Context) -> list[Training]:
    """Complete networks of two sides that hold different data, smallest first."""
    found = []
    for half in (2, 3, 4):
        links = ",".join(f"{i}-{j}" for i in range(half) for j in range(half, 2 * half))
        found.append(Training(f"edges:{links}", clients="alternating", level=0.1, step_size=0.1, n_clients=2 * half))
    return found


CLAIM = Claim(
    id="thm-consensus-error",
    title="Consensus error of a network: identity, predictions, bounds",
    items=("network-consensus",),
    source=Source("ledger", f"{LEDGER}, 1-6"),
    statements=(
        Statement(
            "consensus.two-clients",
            "corrected",
            "With two clients the deviation from the weighted mean at rest is -eta Z P. Here Z = (I - M + 1 "
            "v^T)^-1 - I, and P are the clients' summed local gradients.",
            Identity(
                lambda: two_clients()[0],
                lambda: two_clients()[1],
                "A round leaves this deviation as it is. Computed for two clients with any weights; "
                "consensus.recorded-gradients has every other number.",
            ),
            latex=r"\mathrm{dev} = -\eta Z P,\quad Z = (I - M + \mathbf 1 v^\top)^{-1} - I",
        ),
        Statement(
            "consensus.recorded-gradients",
            "corrected",
            "The consensus error at rest is exactly |(I - J) eta Z P|^2 / N. P are the clients' summed local "
            "gradients at rest, J takes the plain mean, and Z = (I - M + 1 v^T)^-1 - I. For symmetric M this is "
            "(eta^2/N) times the sum over l of (lam_l/(1 - lam_l))^2 |sum_i u_l(i) P_i|^2, u_l being the "
            "eigenvectors.",
            OnDomain(
                QUADRATICS,
                Then("=", identity, at_rest, within=ROUND_OFF),
                "At rest the deviations dev satisfy dev = (M - 1 v^T)(dev - eta P). Models at rest are computed "
                "from one linear system.",
                Evidence.NUMERIC,
                points=(8, 400),
            ),
            latex=r"\tfrac1N\sum_i\|W_i-\overline W\|_F^2 = \tfrac{\eta^2}{N}\sum_{l\ge2}"
            r"\Big(\tfrac{\lambda_l}{1-\lambda_l}\Big)^2\Big\|\sum_i u_l(i)\,P_i\Big\|_F^2",
            spoil=0.99,
        ),
        Statement(
            "consensus.every-round",
            "corrected",
            "In every round, from any start, the consensus error follows exactly from the start and from the "
            "clients' gradients in all rounds so far.",
            OnDomain(
                ROUNDS,
                Then("=", trajectory, seen, within=1e-9),
                "Let dev be the deviations from the weighted mean and P the summed local gradients. A round turns "
                "dev into (M - 1 v^T)(dev - eta P). This is compared with simulated rounds.",
                Evidence.NUMERIC,
                points=(8, 400),
            ),
            spoil=0.99,
        ),
        Statement(
            "consensus.simulated-at-rest",
            "corrected",
            "Simulated training ends at the models at rest that we compute.",
            OnDomain(
                SETTLED,
                Then("=", solved, trained, within=1e-6),
                "The consensus error of simulated rounds is compared with that of the solution.",
                Evidence.NUMERIC,
                points=(3, 40),
                corners=(1, 16),
            ),
            spoil=0.99,
        ),
        Statement(
            "consensus.equal-hessians",
            "corrected",
            "Let the clients' losses be quadratics with one Hessian. The consensus error at rest is 1/N times a "
            "sum over the network's modes (eigenvalue lam) and the Hessian's eigenvalues h. Its terms are (lam (1 "
            "- rho)/h / (1 - lam rho))^2 times the squared gradient in that mode and direction, with rho = (1 - "
            "eta h)^E.",
            OnDomain(
                ONE_HESSIAN,
                Then("=", curved_modes, at_rest, within=ROUND_OFF),
                "Each pair of a mode and a direction is a problem of its own. Models at rest are computed from "
                "one linear system.",
                Evidence.NUMERIC,
                points=(4, 400),
                corners=(3, 64),
            ),
            latex=rf"\tfrac1N\sum_{{l\ge2}}\sum_h\Big({CURVED_MODE_GAIN.latex}\Big)^2\|G_{{lh}}\|^2",
            spoil=0.99,
            replaces=("consensus.curvature-resummed",),
        ),
        Statement(
            "consensus.first-order",
            "corrected",
            "The square root of the consensus error at rest is eta |(I - J) Z G|/sqrt N, up to a remainder of "
            "second order in the step size. G are the clients' gradients at the common optimum, Z is the "
            "network's response, and J takes the plain mean.",
            resting(
                Then("=", first_order, spread_at_rest, remainder=off_first_order),
                "The clients' deviations are expanded to first order in the step size. The change by curvature is "
                "bounded.",
                named=[PAIR | {"dim": 3, "feature_dim": 1, "gap": 0.5, "difference": 0.5, "stiffness": 1e-3}],
            ),
            spoil=0.95,
        ),
        Statement(
            "consensus.first-order-placements",
            "corrected",
            "Averaged over all placements, the consensus error to first order is zeta^2 eta^2 E^2 times the mean "
            "of (lam_l/(1 - lam_l))^2 over l = 2..N. zeta^2 is the mean squared gradient at the common optimum.",
            OnDomain(
                PLACED,
                Then("=", exchangeable, every_placement, within=ROUND_OFF),
                "All placements are gone through, one by one.",
                Evidence.NUMERIC,
                points=(8, 300),
            ),
            spoil=0.99,
        ),
        Statement(
            "consensus.curvature-lowers-response",
            "corrected",
            "If a mode of the network has an eigenvalue that is not negative, curvature can only lower its response.",
            OnDomain(
                ONE_MODE,
                Then("<=", flat_gain, response),
                "Curvature shrinks what local steps keep of a difference and what they add to it. The response "
                "falls with both.",
                Evidence.NUMERIC,
                points=(12, 500),
                named=[{"eigenvalue": 0.5, "curvature": 1e-6, "local_steps": 3}],
            ),
            latex=rf"{CURVED_MODE_GAIN.latex} \le {FLAT_MODE_GAIN.latex}",
            spoil=0.99,
        ),
        Statement(
            "consensus.largest-gain-bound",
            "expected",
            "The consensus error is at most eta^2 zeta^2 times the largest (lam_l/(1 - lam_l))^2.",
            ForAll(
                two_sided,
                largest_flat_gain,
                "Curvature can raise the response of a mode with lam < 0 from |lam|/(1 + |lam|) up to |lam|. The "
                "example has two sides with different data, and all links between them.",
                Evidence.NUMERIC,
            ),
            latex=r"\eta^2\zeta^2\max_{l\ge2}\Big(\tfrac{\lambda_l}{1-\lambda_l}\Big)^2",
            instead=("consensus.gap-bound-convex",),
        ),
        Statement(
            "consensus.gap-bound-convex",
            "corrected",
            "The consensus error at rest is at most eta^2 E^2 zeta^2 max(lam_2/(1 - lam_2), -lam_N)^2 "
            "v_max/v_min. zeta^2 is the variance of the clients' gradients at the common optimum.",
            OnDomain(
                CONVEX,
                Then("<=", convex_gap_bound, lambda at, effort: relative(at_rest(at, effort))),
                "Proved in docs/proofs/consensus.md from the fact that gradients rise from the optimum to the "
                "models at rest. Models at rest are computed from one linear system.",
                Evidence.NUMERIC,
                points=(12, 600),
                named=[
                    PAIR | {"dim": 1, "local_steps": e, "curvature": 1e-4, "hessians": "equal", "gradients": "slowest"}
                    for e in (1, 4)
                ],
            ),
            latex=GAP_BOUND.latex,
            spoil=0.95,
            replaces=("consensus.gap-bound", "published.gap-bound"),
        ),
        Statement(
            "consensus.gap-bound-linear",
            "corrected",
            "Linear alignment losses are not convex. The gap bound (consensus.gap-bound-convex) holds for them, "
            "too, if gradients rise from the optimum to the models at rest, on average over the clients.",
            OnDomain(
                LINEAR,
                Then("<=", linear_gap_bound, linear_at_rest),
                "The proof of the gap bound uses nothing else of the losses.",
                Evidence.NUMERIC,
                points=(6, 300),
                corners=(3, 64),
                named=[PAIR | {"dim": 3, "feature_dim": 1, "gap": 0.5, "difference": 0.5, "stiffness": 1e-3}],
            ),
            spoil=0.95,
        ),
        Statement(
            "consensus.transient-bound",
            "corrected",
            "After T rounds from a common start the consensus error is at most eta^2 E^2 (sum over k <= T of |(I "
            "- J) M^k|)^2 D. D is the largest dissimilarity of the clients' mean local gradients in any of these "
            "rounds.",
            OnDomain(
                COMMON_START,
                Then("<=", transient_bound, after_rounds),
                "The deviations of all rounds add up, each shrunk by the rounds after it. Compared with simulated "
                "rounds.",
                Evidence.NUMERIC,
                points=(8, 400),
                named=[
                    {"n_clients": 3, "network": "path", "draw": 61, "local_steps": 1, "rounds": 1, "stiffness": 0.01}
                    | {"dim": 2, "feature_dim": 1, "gap": 0.5, "difference": 0.5}
                ],
            ),
            spoil=0.95,
            latex=r"\eta^2E^2\Big(\beta\tfrac{1-\beta^T}{1-\beta}\Big)^2\max_t\zeta_t^2",
        ),
        Statement(
            "consensus.stochastic-gradients",
            "corrected",
            "Let every gradient entry have noise of variance sigma^2. For each mode lam of the network and each "
            "curvature h this adds eta^2 sigma^2/N times lam^2/(1 - lam^2 (1 - eta h)^2E) times the sum of (1 - "
            "eta h)^2k over k < E to the consensus error. On one-way links a discrete Lyapunov equation gives the "
            "term.",
            OnDomain(
                NOISY,
                Then("=", noise, noise_seen, within=0.05),
                "Compared with simulated runs with independent noise.",
                Evidence.SAMPLED,
                points=(3, 60),
                trials=(600, 2000),
                corners=(1, 16),
            ),
            latex=r"\frac{\sigma^2}{N}\sum_{l\ge2}\sum_h" + CURVED_NOISE_GAIN.latex,
            spoil=0.85,
        ),
    ),
)
