"""Deficit of masks read literally (what one hides the other shows) at finite sample size.

X is E[x x^T] of the sample without its diagonal. The signal's part of X has eigenvalues lambda - D, with D the common
diagonal: one is positive (none with two clients, and none for a client's own coordinate), the others are negative. A
direction with eigenvalue at most 0 is not lost whole: together with the noise coordinates that it couples to it forms a
star, whose positive eigenvectors hold up to half of it. So no expansion around the population gives the deficit. The
limit in which d and n grow in proportion does: `theory.deficits.limit_law`.

With one draw of the masks a sample, X = Gram(x) / 4 - Gram(x eps) / 4 with eps = +-1: two Wisharts again, correlated.
"""

from numpy.polynomial.hermite_e import hermegauss

from theory.deficits.closed_forms import is_expected
from theory.deficits.limit_law import LimitLaw, Points
from theory.formula import OutOfDomainError
from theory.readings import EXPECTED, Scope
from theory.setting import Setting

# (gap, size of the diagonal without pixel noise, how many directions, share of the scope's coordinates)
Level = tuple[float, float, int, float]
LEAST_PER_CLIENT = 20
SAME_TERM = 1e-5
_NODES, _WEIGHTS = hermegauss(20)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def literal_deficit(s: Setting, scope: Scope = Scope.FL, draws: int | str = EXPECTED) -> float:
    """The mean over the scope of 1 - r_k under complementary masks, averaged exactly or drawn K times a sample.

    The limit of d and n in proportion, N fixed, at gamma = (d - N) / n; with two clients in the federated matrix
    averaged over the sampled correlation of the two signal coordinates, which the population lacks. Features that no
    signal direction needs take the largest of the bulk. Masks with a fixed count differ by 1/d: the same limit.

    Source: ledger; chen2026, Section 3.2, for the masks. Units: dimensionless, in [0, 1]; `literal_allowance` says how
    far a finite size may be from it.
    Errors: OutOfDomainError where `literal_allowance` refuses; ValueError for draws that are neither
    "expected" nor a whole number from 1.
    """
    _refuse_outside(s, scope, draws)
    return 1 - _held(s, scope, draws, s.feature_dim)


def literal_allowance(s: Setting, scope: Scope = Scope.FL, draws: int | str = EXPECTED) -> float:
    """How far the mean deficit of finitely many samples and coordinates may lie from the limit.

    N over their number, and the share of the scope that N further features would hold. The limit leaves out the N
    signal coordinates' own fluctuations, of relative size N/n, and N of d coordinates. Where a direction's eigenvalue
    is about to leave the bulk, the bulk's few largest eigenvectors hold some of the direction: a share that falls only
    like d^(-1/3), and further features measure it.

    An order, not a proof: random points of the domain are held against literal data by the claim
    `literal.limit-of-the-deficit`, and `tests/theory/deficits/test_literal_masks.py` adds the other scopes.

    Source: ledger. Units: those of the deficit.
    Errors: OutOfDomainError where N over the number is above 1/20, for c < N, without pixel noise, and for one client
    where its own coordinate tilts towards other signal coordinates as much as towards the noise.
    """
    _refuse_outside(s, scope, draws)
    clients = s.n_clients
    least = min(s.dim - clients, effective_samples(s, scope, draws))
    further = _held(s, scope, draws, s.feature_dim + clients) - _held(s, scope, draws, s.feature_dim)
    return clients / least + max(0.0, further)


def _held(s: Setting, scope: Scope, draws: int | str, features: int) -> float:
    """The limit of the mean of r_k over the scope, with so many features."""
    averaged, n, noise = is_expected(draws), _samples(s, scope), s.dim - s.n_clients
    law = literal_law(float(s.mu) ** 2, noise / n, float(s.mask_ratio), None if averaged else int(draws))
    if s.n_clients > 2 or scope is not Scope.FL:
        return _represented(law, _levels(s, scope), features, noise)
    # The masked product of the two coordinates has mean 0 and this spread.
    mu2 = float(s.mu) ** 2
    spread = ((1 + mu2) * (float(s.tau) ** 2 / 2 + mu2) / effective_samples(s, scope, draws)) ** 0.5
    size, held = float(s.tau) ** 2 / 4 + 1 / 2, 0.0
    for z, weight in zip(_NODES, _WEIGHTS, strict=True):
        pair = [(size + spread * z, size, 1, 0.5), (size - spread * z, size, 1, 0.5)]
        held += weight * _represented(law, pair, features, noise)
    return held


def _refuse_outside(s: Setting, scope: Scope, draws: int | str) -> None:
    """Errors: OutOfDomainError, as `literal_allowance` says."""
    n, noise, clients = effective_samples(s, scope, draws), s.dim - s.n_clients, s.n_clients
    if s.feature_dim < clients:
        raise OutOfDomainError(
            f"The deficit holds for feature_dim >= n_clients; got feature_dim={s.feature_dim}, n_clients={clients}. "
            "Raise feature_dim."
        )
    if float(s.mu) == 0 or min(noise, n) < LEAST_PER_CLIENT * clients:
        raise OutOfDomainError(
            "Under complementary masks the deficit is a limit of many noise coordinates and samples: wanted are mu > 0 "
            f"and {LEAST_PER_CLIENT} n_clients = {LEAST_PER_CLIENT * clients} of each at least; got "
            f"mu={float(s.mu):.6g}, dim - n_clients = {noise}, and {n:.6g} samples in the matrix after the loss to "
            "drawn masks. Raise them."
        )
    if scope is not Scope.FL:
        mu2 = float(s.mu) ** 2
        # Tilt by the signal over tilt by the noise, squared: of first order with two clients, else of second.
        tilt = float(s.tau) ** 2 / (mu2 * noise) / 2 if clients == 2 else 25 * clients**2 / (mu2 * noise * n)
        if tilt > 1 / 4:
            raise OutOfDomainError(
                "Under complementary masks a client's own coordinate must couple to the pixel noise more than to the "
                f"other clients' coordinates: wanted is a ratio of at most 1/4; got {tilt:.3g}. Raise dim or mu."
            )


def effective_samples(s: Setting, scope: Scope, draws: int | str) -> float:
    """Samples in the scope's matrix, fewer by what drawn masks add to the variance of an entry of it.

    Two coordinates differ in their masks with probability 2 p (1-p), and then half their product enters.

    Source: ledger. Errors: ValueError for draws that are neither "expected" nor a whole number from 1.
    """
    pi = float(s.mask_ratio) * (1 - float(s.mask_ratio))
    loss = 1.0 if is_expected(draws) else 1 + (1 / (2 * pi) - 1) / int(draws)
    return _samples(s, scope) / loss


def literal_law(mu2: float, gamma: float, mask_ratio: float, draws: int | None = None) -> LimitLaw:
    """The law of X over p(1-p), masks averaged (`draws` None) or drawn K times a sample.

    A sample enters by U = (x, x eps_1 .. x eps_K) and X = U^T J U, J = diag(1, -1/K, ..)/(4 p (1-p)). Its noise entries
    have covariance mu^2 C, C = v v^T + f diag(0, 1, ..), v = (1, e, ..), e = 1 - 2p, f = 1 - e^2. The even combination
    of the eps leaves a 2 x 2 problem, and the K - 1 others one number.

    Source: ledger. Units: squared data units.
    """
    if draws is None:
        return LimitLaw(((1.0, mu2),), gamma, lambda m: 1 / (1 + mu2 * m), lambda m: 0 * m - 1, shift=mu2)
    e = 1 - 2 * mask_ratio
    f = 1 - e * e  # 4 p (1 - p)
    b = e * draws**0.5
    shared = mu2 * f
    # M = (J^-1 + m mu^2 C)^-1 with J^-1 = diag(f, -f K), written out.
    half = mu2 * draws**-0.5

    def parts(m: Points) -> tuple[Points, Points, Points, Points]:
        first, cross, second = f + m * mu2, m * mu2 * b, -f * draws + m * mu2 * (b * b + f)
        return first, cross, second, first * second - cross**2

    def signal(m: Points) -> Points:
        first, cross, second, det = parts(m)
        return (second - 2 * b * cross + b * b * first) / det

    def diagonal(m: Points) -> Points:
        first, _, _, det = parts(m)
        return f * (first / det + (draws - 1) / (-f * draws + m * shared))

    # Eigenvalues of mu^2 J C: trace mu^2 (1 - (b^2 + f)/K)/f, determinant -mu^4/(K f).
    trace, det = mu2 * (1 - (b * b + f) / draws) / f, -(half**2) / f
    root = (trace * trace / 4 - det) ** 0.5
    terms = [(1.0, trace / 2 + root)]
    below, others = trace / 2 - root, -mu2 / draws
    if abs(below - others) < SAME_TERM * abs(below):  # p = 1/2: two poles in one place would be a root of their own
        terms.append((float(draws), (below + (draws - 1) * others) / draws))
    else:
        terms += [(1.0, below), (draws - 1.0, others)][: min(draws, 2)]
    return LimitLaw(tuple(terms), gamma, signal, diagonal)


def _represented(law: LimitLaw, levels: list[Level], features: int, noise: int) -> float:
    """Mean of r_k over the scope: the largest outliers, then the bulk's top by the features that are left."""
    outliers = [law.outlier(gap, size) for gap, size, _, _ in levels]
    above = sorted(
        ((*found, count, weight) for found, (*_, count, weight) in zip(outliers, levels, strict=True) if found),
        reverse=True,
    )
    left, held = features, 0.0
    for position, share, count, weight in above:
        taken = min(count, left) if position > 0 else 0
        held += weight * share * taken / count
        left -= taken
    if left == 0:
        return held
    share = min(1.0, left / noise)
    return sum(weight * law.represented(gap, size, share) for gap, size, _, weight in levels if weight > 0)


def _levels(s: Setting, scope: Scope) -> list[Level]:
    """All directions of the matrix; those outside the scope have weight 0 but take features too."""
    n, quarter = s.n_clients, float(s.tau) ** 2 / 4
    if scope is Scope.FL:
        rest = quarter + 1 / n
        between = (n - 2) * quarter / n
        levels = [(rest + n * between, rest + between, 1, 1 / n), (rest, rest + between, n - 1, 1 - 1 / n)]
    else:
        own, other = (1.0, 0.0) if scope is Scope.LOCAL_OWN else (0.0, 1.0)
        levels = [(1.0, 1.0, 1, own), (n * quarter, 2 * quarter, 1, other / (n - 1))]
        levels.append((quarter, 2 * quarter, n - 2, other * (n - 2) / (n - 1)))
    return [level for level in levels if level[2] > 0]


def _samples(s: Setting, scope: Scope) -> int:
    return s.total_samples if scope is Scope.FL else s.samples_per_client
