"""Section 3.2: the classes, the rare class, and the sizes asked for, each against what the proofs need of it.

q must be drawn anew for every sample and coordinate. The rare class uses a class index as a coordinate. Only N
directions carry signal, so c >= 2N leaves c - N of them to chance; and N = d^(1/20) is two clients for every d below
3^20.
"""

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from ledger.checks.enumerated import all_offsets, block_given_offsets
from ledger.checks.kinds import ForAll, Identity
from ledger.statement import Claim, Context, Evidence, Statement
from theory import symbols as sy
from theory.data.moments import second_moment, symbolic_local_block
from theory.formula import Source
from theory.readings import Rare
from theory.setting import Setting

CLIENTS = (2, 3, 4)
VALUES = {sy.tau: 2, sy.mu: 0}  # no pixel noise, with which every block has full rank
DIMS = (1, 10**3, 10**5, 2**20 - 1, 2**20, 10**8, 3**20 - 1, 3**20, 10**11, 4**20 - 1)


def _local_signal(_: Context) -> Iterable[tuple[str, sp.Matrix]]:
    for n in CLIENTS:
        yield f"N = {n}", symbolic_local_block(n, 0).subs(VALUES)


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


def _at_most_two(case: tuple[str, sp.Matrix], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    name, block = case
    return block.rank() <= 2 * spoil, {"case": name, "rank": block.rank()}


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


def _rare_adds_direction(choice: tuple[int, int, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    n, i, h = choice
    where = Rare.OUTSIDE if h > n else Rare.INSIDE
    s = Setting(n, 4 * n, n, 100, tau=2.0, mu=0.5, rare_fraction=0.1)
    matrix = second_moment(s, scope="local", client=i - 1, rare=where, rare_coordinates=[h - 1])
    above = sum(count for value, count in matrix.spectrum() if value > matrix.bulk * (1 + 1e-9))
    return above == spoil * (n + int(h > n)), {"n_clients": n, "client": i, "h_i": h, "directions_above_noise": above}


def _feature_dims(_: Context) -> Iterable[tuple[int, int]]:
    for n in (2, 3, 6):
        for dim in (64, 10**6):
            yield n, dim


def _gap_at(n_features: int, n: int, dim: int) -> tuple[float, float]:
    spectrum = second_moment(Setting.paper(dim, n_clients=n)).spectrum()
    # The noise level may stand there a million times, and no index here is beyond 2N.
    values = list(itertools.chain.from_iterable([value] * min(count, 4 * n) for value, count in spectrum))
    return values[n_features - 1], values[n_features]


def _is_determined(features_per_client: int):
    def predicate(point: tuple[int, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
        n, dim = point
        last, following = _gap_at(features_per_client * n, n, dim)
        # Spoiled, the last eigenvalue kept is put at the one left out.
        last = last if spoil == 1.0 else following
        return last > following, {"n_clients": n, "dim": dim, "kept": last, "left_out": following}

    return predicate


def _n_clients(dim: int) -> int:
    # Exact in integers: the largest n with n^20 <= dim.
    return next(n for n in itertools.count(1) if (n + 1) ** 20 > dim)


def _several_clients(dim: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    return _n_clients(dim) >= 2 * spoil, {"dim": dim, "n_clients": _n_clients(dim), "d^(1/20)": dim ** (1 / 20)}


def _first_dims(dim: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    predicted = 1 + int(dim >= 2**20) + int(dim >= math.ceil(spoil * 3**20))
    return _n_clients(dim) == predicted, {"dim": dim, "n_clients": _n_clients(dim)}


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
            ForAll(_local_signal, _spans_the_signal, "E[x x^T] without noise has full rank N.", Evidence.SEARCHED),
            reading="offsets drawn for every sample",
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
                "Two fixed class means span two directions, however the offsets fell.",
                Evidence.ENUMERATED,
            ),
            reading="offsets drawn once per class",
            latex=r"x^{(2i-1)} = e_i - \tau \sum_{k \ne i} q^{(2i-1,k)} e_k + \mu\xi",
            instead=("data.two-directions-per-class",),
            about=("data-model",),
        ),
        Statement(
            "data.labels-cancel",
            "expected",
            "Equal class sizes: the two labels of a client cancel in the mean at its own coordinate.",
            Identity(
                lambda: sp.zeros(1, 3),
                lambda: sp.Matrix([[sum(symbolic_local_block(n, 0)[0, 1:]) for n in (2, 3, 4)]]),
                "So the label is uncorrelated with every offset: row i of E[x x^T] is zero off the diagonal.",
            ),
            reading="offsets drawn for every sample",
            about=("data-model",),
        ),
        Statement(
            "data.rare-class-one-law",
            "printed",
            "The rare class h_i of client i is the class of that number: it has one law wherever it appears.",
            ForAll(
                _rare_choices,
                _one_law_per_class,
                "On its owner, class h sits at coordinate ceil(h/2) with offsets; as a rare class it sits "
                "at coordinate h.",
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
            ForAll(_rare_choices, _rare_is_new, "From i = 2 on, h_i = i is allowed: e_i again.", Evidence.ENUMERATED),
            instead=("data.rare-class-beyond-n",),
            about=("rare-class",),
        ),
        Statement(
            "data.determined-c-2n",
            "expected",
            "With c = 2N features and no rare class what is learned is determined.",
            ForAll(
                _feature_dims,
                _is_determined(2),
                "Beyond the N signal directions every eigenvalue is mu^2: the other c - N features are arbitrary.",
                Evidence.NUMERIC,
            ),
            reading="c = 2N",
            latex=r"c \ge 2N",
            instead=("data.determined-c-n",),
            about=("feature-dimension",),
        ),
        Statement(
            "data.clients-image-sizes",
            "expected",
            "N = d^(1/20), rounded down, gives the two clients that A.1 needs at the image sizes of the experiments, "
            "d = 32 * 32 * 3 and 224 * 224 * 3.",
            ForAll(
                lambda _: (32 * 32 * 3, 224 * 224 * 3),
                _several_clients,
                "2^20 is 1.05e6: the runs with 20 and 100 clients need a constant far above 1 in N = Theta(d^(1/20)).",
                Evidence.ENUMERATED,
            ),
            reading="constant 1",
            latex=r"N = \Theta(d^{1/20})",
            instead=("data.clients-by-dimension",),
            about=("client-growth",),
        ),
        Statement(
            "data.two-directions-per-class",
            "corrected",
            "With offsets drawn once per class at most two directions carry signal.",
            ForAll(_frozen_signal, _at_most_two, "All draws of q listed for two to four clients.", Evidence.SEARCHED),
            reading="offsets drawn once per class",
            spoil=0.5,
            about=("data-model",),
        ),
        Statement(
            "data.rare-class-beyond-n",
            "corrected",
            "The rare class adds a direction to the N of the signal exactly when h_i > N.",
            ForAll(_rare_choices, _rare_adds_direction, "All choices for two to four clients.", Evidence.NUMERIC),
            about=("rare-class",),
        ),
        Statement(
            "data.determined-c-n",
            "corrected",
            "With c = N features and no rare class what is learned is determined.",
            ForAll(_feature_dims, _is_determined(1), "The N-th eigenvalue is above mu^2.", Evidence.NUMERIC),
            reading="c = N",
            about=("feature-dimension",),
        ),
        Statement(
            "data.clients-by-dimension",
            "corrected",
            "N = d^(1/20), rounded down, is 1 below d = 2^20, 2 from there to below 3^20, and then 3 to below 4^20.",
            ForAll(
                lambda _: DIMS,
                _first_dims,
                "Whole-number arithmetic, at both ends of each range and between.",
                Evidence.SEARCHED,
            ),
            reading="constant 1",
            about=("client-growth",),
        ),
    ),
)
