"""Section 3.2: the classes, the rare class, and the sizes asked for, each against what the proofs need of it.

q must be drawn anew for every sample and coordinate. The rare class uses a class index as a coordinate. Only N
directions carry signal, so c >= 2N leaves c - N of them to chance; and N = d^(1/20) is two clients for every d below
3^20.
"""

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.enumerated import all_offsets, block_given_offsets
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.deficits.listed_population import falling_shares
from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.drawn_networks import DRAW
from ledger.drawn.listed_moments import FL, MODEL, SCOPE, listed_block, listed_moment, signal_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from theory import symbols as sy
from theory.data.moments import second_moment, symbolic_local_block
from theory.data.population_spectra import evaluate, spectrum
from theory.domain import Choice, Condition, Domain, Point, Real, Whole
from theory.formula import Source
from theory.readings import Objective, Rare
from theory.setting import Setting

CLIENTS = (2, 3, 4)
VALUES = {sy.tau: 2, sy.mu: 0}  # no pixel noise, with which every block has full rank


def _frozen_signal(_: Context) -> Iterable[tuple[str, sp.Matrix]]:
    """Every way in which two classes can have drawn their offsets once and for all."""
    for n in CLIENTS:
        for offsets in itertools.product(all_offsets(n), repeat=2):
            yield f"N = {n}, q = {offsets}", block_given_offsets(n, 0, offsets).subs(VALUES)


def _frozen_beyond_two(context: Context) -> Iterable[tuple[str, sp.Matrix]]:
    return ((name, block) for name, block in _frozen_signal(context) if block.rows > 2)


def _spans_the_signal(case: tuple[str, sp.Matrix], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    name, block = case
    return spoil * block.rank() >= block.rows, {"case": name, "rank": block.rank(), "signal_coordinates": block.rows}


def _rare_choices(_: Context) -> Iterable[tuple[int, int, int]]:
    """(N, i, h_i) with h_i any class that client i does not own, all counted from 1 as in the paper."""
    for n in CLIENTS:
        for i in range(1, n + 1):
            for h in range(1, 2 * n + 1):
                if h not in (2 * i - 1, 2 * i):
                    yield n, i, h


def _owner_mean(h: int, n: int) -> list[sp.Expr]:
    """The mean image of class h on the client that owns it, on the first 2N coordinates."""
    owner = (h + 1) // 2
    mean = [-sy.tau / 2 if k <= n and k != owner else sp.Integer(0) for k in range(1, 2 * n + 1)]
    mean[owner - 1] = sp.Integer(1 if h % 2 else -1)
    return mean


def _one_law_per_class(choice: tuple[int, int, int], _: float) -> tuple[bool, Mapping[str, Any]]:
    n, i, h = choice
    rare_mean = [sp.Integer(int(k == h)) for k in range(1, 2 * n + 1)]
    return _owner_mean(h, n) == rare_mean, {
        "n_clients": n,
        "client": i,
        "class": h,
        "mean_as_rare_class": str(rare_mean),
        "mean_on_its_owner": str(_owner_mean(h, n)),
    }


def _rare_is_new(choice: tuple[int, int, int], _: float) -> tuple[bool, Mapping[str, Any]]:
    n, i, h = choice
    return h != i, {"n_clients": n, "client": i, "h_i": h, "coordinate_of_rare_class": h, "coordinate_of_client": i}


def _feature_dims(_: Context) -> Iterable[tuple[int, int]]:
    for n in (2, 3, 6):
        for dim in (64, 10**6):
            yield n, dim


def _gap_at(n_features: int, n: int, dim: int) -> tuple[float, float]:
    spectrum = second_moment(Setting.paper(dim, n_clients=n)).spectrum()
    # The noise level may stand there a million times, and no index here is beyond 2N.
    values = list(itertools.chain.from_iterable([value] * min(count, 4 * n) for value, count in spectrum))
    return values[n_features - 1], values[n_features]


def _is_determined(point: tuple[int, int], _: float) -> tuple[bool, Mapping[str, Any]]:
    n, dim = point
    last, following = _gap_at(2 * n, n, dim)
    return last > following, {"n_clients": n, "dim": dim, "kept": last, "left_out": following}


def _n_clients(dim: int) -> int:
    # Exact in integers: the largest n with n^20 <= dim.
    return next(n for n in itertools.count(1) if (n + 1) ** 20 > dim)


def _several_clients(dim: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    return _n_clients(dim) >= 2 * spoil, {"dim": dim, "n_clients": _n_clients(dim), "d^(1/20)": dim ** (1 / 20)}


N_SAMPLES = 64  # of one client, so that both of its classes occur in all but one of 10^19 draws
PER_CLASS = Domain(
    (Whole("n_clients", 2, 32), Real("tau", 0.0, math.inf, "()", reach=(0.3, 20.0), is_log=True), DRAW),
    assumes="One client's two frequent classes, offsets drawn once per class; pixel noise and rare class are left out.",
)
PER_SAMPLE = Domain(
    (Whole("n_clients", 2, 8), Real("tau", 0.0, math.inf, "()", reach=(0.3, 20.0), is_log=True)),
    assumes="One client's two frequent classes, offsets drawn for every sample; pixel noise is left out.",
)
RARE_PLACE = Domain(
    (
        Whole("n_clients", 2, 8),
        Whole("client", 1, 8),
        Whole("rare_class", 1, 16),
        Real("rare_fraction", 0.0, 1.0, "()", reach=(0.01, 0.9)),
        Real("tau", 0.0, math.inf, "()", reach=(0.3, 20.0), is_log=True),
    ),
    (
        Condition("client at most n_clients", r"i \le N", lambda p: p["client"] <= p["n_clients"]),
        Condition("rare_class at most 2 n_clients", r"h_i \le 2N", lambda p: p["rare_class"] <= 2 * p["n_clients"]),
        Condition(
            "rare_class not one of the client's own two",
            r"h_i \notin \{2i-1, 2i\}",
            lambda p: (p["rare_class"] + 1) // 2 != p["client"],
        ),
    ),
    assumes="One client's data with the rare class h_i at the coordinate of that number; pixel noise is left out.",
)
WITH_N_FEATURES = Domain(
    (*signal_parameters(widest=24), SCOPE),
    (Condition("dim above n_clients", r"N < d", lambda p: p["n_clients"] < p["dim"]),),
    assumes=f"{MODEL} As many features as clients.",
)
BELOW_FOUR_CLIENTS = Domain((Whole("dim", 1, 4**20 - 1, most=4**20 - 1),))


def _signal_directions(at: Point, _: Effort) -> Sample:
    """The rank of a client's samples (64, N), drawn with one q for each class."""
    n, rng = int(at["n_clients"]), np.random.default_rng((int(at["draw"]), 6))
    client, offsets = int(rng.integers(n)), rng.integers(0, 2, (2, n))
    which = rng.integers(0, 2, N_SAMPLES)
    x = -float(at["tau"]) * offsets[which]
    x[:, client] = 1.0 - 2 * which
    return Sample(np.array([np.linalg.matrix_rank(x)]))


def _spanned(at: Point, _: Effort) -> Sample:
    block = listed_block(int(at["n_clients"]), float(at["tau"]), 0)
    return Sample(np.array([np.linalg.matrix_rank(block, hermitian=True)]))


def _directions(at: Point, _: Effort) -> Sample:
    """The rank of E[x x^T] on the first 2N coordinates, all labels and offsets listed."""
    n, rare = int(at["n_clients"]), float(at["rare_fraction"])
    moment = np.zeros((2 * n, 2 * n))
    moment[:n, :n] = (1 - rare) * listed_block(n, float(at["tau"]), int(at["client"]) - 1)
    moment[int(at["rare_class"]) - 1, int(at["rare_class"]) - 1] += rare
    return Sample(np.array([np.linalg.matrix_rank(moment, hermitian=True)]))


def _closed_gap(at: Point) -> float:
    levels = evaluate(spectrum(Objective.CL, scope="fl" if at["scope"] == FL else "local"), at)
    (last, _), (noise, _) = levels[-2:]
    return last - noise


def _listed_gap(at: Point, _: Effort) -> Sample:
    """The gap after the N-th eigenvalue of the listed matrix."""
    values, n = np.linalg.eigvalsh(listed_moment(at))[::-1], int(at["n_clients"])
    return Sample(np.array([values[n - 1] - values[n]]), ROUND_OFF * float(values[0]))


def _weights(at: Point) -> np.ndarray:
    return falling_shares(int(at["n_clients"]), float(at["power"]))


def _closed_moment(at: Point) -> np.ndarray:
    """The mean second moment, as `theory` has it."""
    setting = Setting.paper(
        int(at["dim"]),
        n_clients=int(at["n_clients"]),
        tau=float(at["tau"]),
        mu=float(at["mu"]),
        rare_fraction=float(at["rare_fraction"]),
    )
    return second_moment(setting, rare=Rare(at["rare"]), weights=_weights(at).tolist()).dense()


def _summed_moment(at: Point, _: Effort) -> Sample:
    """The same, client by client: all offsets listed, and the rare class at its coordinate."""
    n, share, dim = int(at["n_clients"]), float(at["rare_fraction"]), int(at["dim"])
    moment = float(at["mu"]) ** 2 * np.eye(dim)
    for i, weight in enumerate(_weights(at)):
        rare = n + i if at["rare"] == Rare.OUTSIDE.value else (i + 1) % n
        moment[:n, :n] += weight * (1 - share) * listed_block(n, float(at["tau"]), i)
        moment[rare, rare] += weight * share
    return Sample(moment[None], ROUND_OFF * float(np.abs(moment).max()))


WITH_RARE = Domain(
    (
        *(Whole("n_clients", 2, 6), Whole("dim", 4, 24)),
        Real("tau", 0.0, math.inf, "()", reach=(0.3, 20.0), is_log=True),
        Real("mu", 0.0, math.inf, "()", reach=(0.02, 3.0), is_log=True),
        Choice("rare", (Rare.INSIDE.value, Rare.OUTSIDE.value)),
        Real("rare_fraction", 0.0, 1.0, "()", reach=(0.01, 0.9)),
        Real("power", 0.0, math.inf, "[)", reach=(0.0, 2.0)),
    ),
    (Condition("dim at least 2 n_clients", r"d \ge 2N", lambda p: p["dim"] >= 2 * p["n_clients"]),),
    assumes="Each client holds rare_fraction of one rare class: the next client's coordinate (inside), or a coordinate "
    "of its own beyond the signal (outside). Clients' weights fall like i^(-power).",
)


def _by_powers(at: Point) -> float:
    return 1.0 + sum(int(at["dim"]) >= n**20 for n in (2, 3))


def _by_root(at: Point, _: Effort) -> Sample:
    return Sample(np.array([float(_n_clients(int(at["dim"])))]))


CLAIM = Claim(
    id="sec-data-model",
    title="The data model: classes, rare class and sizes",
    items=("data-model", "rare-class", "feature-dimension", "client-growth"),
    source=Source("chen2026", "Section 3.2 and Theorem 4.2"),
    statements=(
        Statement(
            "data.span-per-sample",
            "expected",
            "The data of a client's two frequent classes span all N signal coordinates.",
            OnDomain(
                PER_SAMPLE,
                Then("=", lambda at: float(at["n_clients"]), _spanned),
                "E[x x^T] without noise has full rank N.",
                Evidence.NUMERIC,
                points=(16, 200),
            ),
            reading=read_as(parts.PER_SAMPLE),
            latex=r"x = \pm e_i - \tau \sum_{k \ne i} q_k e_k + \mu\xi",
            replaces=("offsets.rank-independent",),
            about=("data-model",),
        ),
        Statement(
            "data.span-per-class",
            "expected",
            "The data of a client's two frequent classes span all N signal coordinates.",
            ForAll(
                _frozen_beyond_two,
                _spans_the_signal,
                "Each class has one fixed mean. Two means span two directions, whatever the offsets are.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PER_CLASS),
            latex=r"x^{(2i-1)} = e_i - \tau \sum_{k \ne i} q^{(2i-1,k)} e_k + \mu\xi",
            instead=("data.two-directions-per-class",),
            about=("data-model",),
        ),
        Statement(
            "data.labels-cancel",
            "expected",
            "With classes of equal size the two labels of a client cancel in the mean at the client's own coordinate.",
            Identity(
                lambda: sp.zeros(1, 3),
                lambda: sp.Matrix([[sum(symbolic_local_block(n, 0)[0, 1:]) for n in (2, 3, 4)]]),
                "So the label is uncorrelated with every offset, and row i of E[x x^T] is zero off the diagonal.",
            ),
            reading=read_as(parts.PER_SAMPLE),
            about=("data-model",),
        ),
        Statement(
            "data.rare-class-one-law",
            "printed",
            "The rare class h_i of client i is the class of that number: it has one law wherever it appears.",
            ForAll(
                _rare_choices,
                _one_law_per_class,
                "On the client that owns it, class h lies at coordinate ceil(h/2) and has offsets. As a rare "
                "class it lies at coordinate h.",
                Evidence.ENUMERATED,
            ),
            latex=r"x^{(h_i)} = e_{h_i} + \mu\xi",
            instead="not known",
            about=("rare-class",),
        ),
        Statement(
            "data.rare-class-direction",
            "expected",
            "The rare class of a client differs from its frequent classes in direction.",
            ForAll(
                _rare_choices,
                _rare_is_new,
                "For clients i >= 2 the choice h_i = i is allowed, and class h_i then has the direction e_i, too.",
                Evidence.ENUMERATED,
            ),
            instead=("data.rare-class-beyond-n",),
            about=("rare-class",),
        ),
        Statement(
            "data.determined-c-2n",
            "expected",
            "With c = 2N features and no rare class the learned subspace is determined.",
            ForAll(
                _feature_dims,
                _is_determined,
                "Beyond the N signal directions all eigenvalues are mu^2. So the other c - N features are arbitrary.",
                Evidence.NUMERIC,
            ),
            latex=r"c \ge 2N",
            instead=("data.determined-c-n",),
            about=("feature-dimension",),
        ),
        Statement(
            "data.clients-image-sizes",
            "expected",
            "N = d^(1/20), rounded down, gives at least the two clients that A.1 needs, at the image sizes of the "
            "experiments: d = 32 * 32 * 3 and 224 * 224 * 3.",
            ForAll(
                lambda _: (32 * 32 * 3, 224 * 224 * 3),
                _several_clients,
                "Two clients need d of at least 2^20, or 1.05e6. The runs with 20 and 100 clients need a constant "
                "far above 1 in N = Theta(d^(1/20)).",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.UNIT_CONSTANT),
            latex=r"N = \Theta(d^{1/20})",
            instead=("data.clients-by-dimension",),
            about=("client-growth",),
        ),
        Statement(
            "data.two-directions-per-class",
            "corrected",
            "With offsets drawn once per class at most two directions carry signal, whatever N is.",
            OnDomain(
                PER_CLASS,
                Then("<=", lambda at: 2.0, _signal_directions),
                "A class has one mean, and a client has two classes.",
                Evidence.SAMPLED,
                points=(20, 400),
            ),
            reading=read_as(parts.PER_CLASS),
            about=("data-model",),
        ),
        Statement(
            "data.second-moment",
            "corrected",
            "The weighted mean of the clients' E[x x^T] is mu^2 I plus two parts. On the signal it has (1 - "
            "rare_fraction) times the weighted mean of the clients' signal moments. At the coordinate of each "
            "rare class it has rare_fraction times the weight of its client.",
            OnDomain(
                WITH_RARE,
                Then("=", _closed_moment, _summed_moment),
                "A sample is of one class only. So the moments of the classes add up by the classes' shares.",
                Evidence.NUMERIC,
                points=(24, 400),
            ),
            about=("data-model", "rare-class"),
        ),
        Statement(
            "data.rare-class-beyond-n",
            "corrected",
            "The rare class h_i adds a direction to the N signal coordinates exactly if h_i > N.",
            OnDomain(
                RARE_PLACE,
                Then("=", lambda at: float(at["n_clients"] + (at["rare_class"] > at["n_clients"])), _directions),
                "The two frequent classes span all N coordinates of the signal.",
                Evidence.NUMERIC,
                points=(16, 200),
            ),
            about=("rare-class",),
        ),
        Statement(
            "data.determined-c-n",
            "corrected",
            "With c = N features and no rare class the learned subspace is determined. Eigenvalue number N "
            "exceeds the next one by tau^2/4 + 1/N for the average of all clients. For one client it does by the "
            "smaller of 1 and tau^2/4 (tau^2/2 if N = 2).",
            OnDomain(
                WITH_N_FEATURES,
                Then("=", _closed_gap, _listed_gap),
                "All eigenvalues beyond the signal are mu^2.",
                Evidence.NUMERIC,
                points=(8, 60),
            ),
            about=("feature-dimension",),
        ),
        Statement(
            "data.clients-by-dimension",
            "corrected",
            "N = d^(1/20), rounded down, is 1 below d = 2^20, 2 from there to below 3^20, and then 3 to below 4^20.",
            OnDomain(
                BELOW_FOUR_CLIENTS,
                Then("=", _by_powers, _by_root),
                "The whole part of the root is computed with whole numbers, at both ends of each range and between.",
                Evidence.NUMERIC,
                named=[{"dim": n**20 - below} for n in (2, 3) for below in (0, 1)],
            ),
            reading=read_as(parts.UNIT_CONSTANT),
            about=("client-growth",),
        ),
    ),
)
