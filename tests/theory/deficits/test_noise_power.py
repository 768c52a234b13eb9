"""The variance of one sample's coupling, proved from the moments of masks and Gaussians, not from the formula."""

import itertools

import pytest
import sympy as sp

from theory.deficits.closed_forms import PI, noise_power
from theory.readings import Mask, Objective
from theory.symbols import augmentation_std, dim, draws, mask_ratio, mu

sigma, K, p = augmentation_std, draws, mask_ratio
N_SIGNAL = 2
X_S = sp.symbols("x1:3")  # the signal coordinates of one sample
G = sp.symbols("g1:3")  # any direction in them
X_L = sp.Symbol("x_l")  # a coordinate outside the signal: N(0, mu^2), independent of everything else


def gaussian_mean(expr: sp.Expr, variances: dict) -> sp.Expr:
    """E of a polynomial over independent centred Gaussians, from E z^(2m) = (2m-1)!! var^m."""
    poly = sp.Poly(sp.expand(expr), *variances)
    total = sp.Integer(0)
    for powers, coefficient in poly.terms():
        if all(power % 2 == 0 for power in powers):
            moments = (
                sp.factorial2(q - 1) * v ** (q // 2) for q, v in zip(powers, variances.values(), strict=True) if q
            )
            total += coefficient * sp.prod(moments)
    return sp.expand(total)


def quadratic_form() -> sp.Expr:
    return sp.expand(sum(a * x for a, x in zip(G, X_S, strict=True)) ** 2)


def diagonal_form() -> sp.Expr:
    return sp.expand(sum(a**2 * x**2 for a, x in zip(G, X_S, strict=True)))


def squared_norm() -> sp.Expr:
    return sum((a**2 for a in G), sp.Integer(0))


def claimed(objective: Objective, mask: Mask = Mask.INDEPENDENT) -> sp.Expr:
    """noise_power read as a quadratic form: lam -> (g x)^2, constants -> |g|^2, the diagonal -> sum g_k^2 x_k^2."""
    lam, diagonal = sp.symbols("lam diagonal")
    power = sp.expand(noise_power(objective, mask, False, lam, diagonal))
    constant = power.subs({lam: 0, diagonal: 0})
    return sp.expand(
        power.coeff(lam, 1) * quadratic_form() + power.coeff(diagonal, 1) * diagonal_form() + constant * squared_norm()
    )


def two_draws(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """E of the square of a mean of K exchangeable terms from E t^2 and E t t'."""
    return sp.expand(first / K + (1 - 1 / K) * second)


def test_augmentation_adds_half_sigma_squared_times_what_it_meets():
    a, b, a2, b2 = (sp.symbols(f"{name}1:4") for name in ("a", "b", "c", "e"))  # two draws of both views, l last

    def term(u, v):
        """(sym of view one times view two) at (l, S), along g."""
        first = sum(G[k] * (X_S[k] + u[k]) for k in range(N_SIGNAL))
        second = sum(G[k] * (X_S[k] + v[k]) for k in range(N_SIGNAL))
        return ((X_L + u[2]) * second + (X_L + v[2]) * first) / 2

    variances = {X_L: mu**2} | {z: sigma**2 for z in (*a, *b, *a2, *b2)}
    square = gaussian_mean(term(a, b) ** 2, variances)
    cross = gaussian_mean(term(a, b) * term(a2, b2), variances)
    assert sp.expand(two_draws(square, cross) - claimed(Objective.CL)) == 0


def mask_mean(term, mask: Mask, d: int = 4, masked: int = 2) -> sp.Expr:
    """E over the masks of a function of (m, m'), m' the second view's mask, over the coordinates (k1, k2, l)."""
    total = sp.Integer(0)
    if mask is Mask.FIXED_COUNT:
        kept = list(itertools.combinations(range(d), d - masked))
        for keep in kept:
            m = [sp.Integer(k in keep) for k in range(d)]
            total += term(m, [1 - x for x in m]) * sp.Rational(1, len(kept))
        return sp.expand(total)
    for m in itertools.product((0, 1), repeat=3):
        weight = sp.prod((1 - p) if bit else p for bit in m)
        if mask is Mask.COMPLEMENTARY:
            total += weight * term(m, [1 - bit for bit in m])
            continue
        for other in itertools.product((0, 1), repeat=3):
            total += weight * sp.prod(p if bit else (1 - p) for bit in other) * term(m, other)
    return sp.expand(total)


@pytest.mark.parametrize("mask", [Mask.INDEPENDENT, Mask.COMPLEMENTARY, Mask.FIXED_COUNT])
def test_mask_noise_is_what_enumeration_of_the_masks_gives(mask):
    def along(m, other):
        pairs = zip(G, X_S, range(N_SIGNAL), strict=True)
        return sum(g * x * (m[2] * other[k] + m[k] * other[2]) for g, x, k in pairs) / 2

    d, masked = 4, 2
    mean = PI if mask is not Mask.FIXED_COUNT else sp.Rational(masked * (d - masked), d * (d - 1))
    square = mu**2 * mask_mean(lambda m, o: sp.expand(along(m, o) ** 2), mask, d, masked)
    # Two draws of one sample are independent given it, so their product has the squared mean mask.
    cross = mu**2 * mean**2 * quadratic_form()
    want = claimed(Objective.MIM, mask)
    if mask is Mask.FIXED_COUNT:
        want = want.subs({dim: d, p: sp.Rational(masked, d)})
    assert sp.simplify(two_draws(square, cross) / mean**2 - want) == 0


@pytest.mark.parametrize("mask", [Mask.INDEPENDENT, Mask.COMPLEMENTARY])
def test_the_mean_mask_between_two_coordinates_is_p_times_one_minus_p(mask):
    mean = mask_mean(lambda m, o: (m[2] * o[0] + m[0] * o[2]) / sp.Integer(2), mask)
    assert sp.expand(mean - PI) == 0


def test_second_moments_of_the_symmetrised_mask():
    mean_square = mask_mean(lambda m, o: ((m[2] * o[0] + m[0] * o[2]) / sp.Integer(2)) ** 2, Mask.INDEPENDENT)
    mixed = mask_mean(
        lambda m, o: (m[2] * o[0] + m[0] * o[2]) * (m[2] * o[1] + m[1] * o[2]) / sp.Integer(4), Mask.INDEPENDENT
    )
    assert sp.expand(mean_square - (PI + PI**2) / 2) == 0
    assert sp.expand(mixed - (PI + 2 * PI**2) / 4) == 0


@pytest.mark.parametrize("objective", list(Objective))
def test_in_expectation_over_draws_only_the_data_s_noise_is_left(objective):
    lam, diagonal = sp.symbols("lam diagonal")
    for mask in (Mask.INDEPENDENT, Mask.COMPLEMENTARY, Mask.FIXED_COUNT):
        sampled = noise_power(objective, mask, False, lam, diagonal)
        assert sp.simplify(sp.limit(sampled, K, sp.oo) - noise_power(objective, mask, True, lam, diagonal)) == 0
