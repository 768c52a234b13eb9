"""Eigenvalues and eigenvectors of signal plus noise when dimension, samples and features grow in proportion.

The noise block of the matrix is sum_j a_j W_j - shift, the W_j white Wisharts with weight_j samples for each one of the
data, all of aspect gamma (noise coordinates a sample). With m = (1/n) tr (X_pp - z)^-1,
    z(m) = sum_j weight_j a_j / (1 + a_j m) - shift - gamma / m.
A signal direction with gap l over the pixel noise, on coordinates of squared size D without that noise, has the
resolvent entry 1 / (gamma / m + l signal(m) + D diagonal(m)): where it has a pole above the bulk an eigenvector leaves
the bulk, and within the bulk it says which share of the direction each of the bulk's eigenvectors holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq

Points = Complex[np.ndarray, " points"] | Float[np.ndarray, " points"]
# Integrals over y > 0 run over log y, from MARGIN below the bulk's width to its inverse above the largest length: what
# is cut off, and what 400 nodes leave, is 1e-6 of a share.
_NODES, _WEIGHTS = leggauss(400)
MARGIN = 1e-7
# A share of the bulk below this is taken for none.
LEAST_SHARE = 1e-5
EVENLY = 1e-7


@dataclass(frozen=True)
class LimitLaw:
    """`terms`: (weight, a) of each Wishart; `signal` and `diagonal` take m, entry by entry. gamma > 0.

    Source: ledger; paul2007 for one Wishart, `theory.deficits.proportional_limit` for two.
    """

    terms: tuple[tuple[float, float], ...]
    gamma: float
    signal: Callable[[Points], Points]
    diagonal: Callable[[Points], Points]
    shift: float = 0.0

    @cached_property
    def scale(self) -> float:
        """The size of the noise block."""
        return sum(weight * abs(a) for weight, a in self.terms) * (1 + self.gamma)

    @cached_property
    def width(self) -> float:
        """From the bulk's mean to its upper edge: the shortest length that matters."""
        mean = sum(weight * a for weight, a in self.terms) - self.shift
        return self.position(self.edge_root) - mean

    @cached_property
    def edge_root(self) -> float:
        """m at the bulk's upper edge; the m of points above the bulk lie between this and 0."""
        largest = max(a for _, a in self.terms)

        def slope(share: float) -> float:
            m = -share / largest
            return m * m * sum(weight * (a / (1 + a * m)) ** 2 for weight, a in self.terms) - self.gamma

        return -float(brentq(slope, 0.0, 1 - 1e-15, xtol=1e-300, rtol=1e-14)) / largest

    def position(self, m: float) -> float:
        """z(m). Units: those of the matrix."""
        return sum(weight * a / (1 + a * m) for weight, a in self.terms) - self.shift - self.gamma / m

    def outlier(self, gap: float, size: float = 0.0) -> tuple[float, float] | None:
        """(eigenvalue, share of the direction that its eigenvector holds), or None where the bulk swallows it."""

        def inverse(m: float) -> float:
            at = np.array([m])
            return float((self.gamma / at + gap * self.signal(at) + size * self.diagonal(at))[0])

        # 1 / resolvent falls from the edge to -inf at infinity: a Nevanlinna function.
        edge = self.edge_root
        if inverse(edge) <= 0:
            return None
        tiny = edge * 1e-3
        while inverse(tiny) > 0:
            tiny *= 1e-3
        m = float(brentq(inverse, edge, tiny, xtol=1e-300, rtol=1e-14))
        step = 1e-6 * min(-m, m - edge) if m > edge else 0.0
        if step == 0.0:
            return None
        at = np.array([m]) + 1j * step  # a derivative without cancellation
        fall = float((self.gamma / at + gap * self.signal(at) + size * self.diagonal(at))[0].imag / step)
        rise = self.gamma / m**2 - sum(weight * (a / (1 + a * m)) ** 2 for weight, a in self.terms)
        return self.position(m), rise / -fall

    def bulk_above(self, z: float) -> float:
        """The share of the noise eigenvalues above z >= 0 (strictly, at 0)."""
        return self._above(z, lambda m, _: m / self.gamma, self.scale)

    def held_above(self, z: float, gap: float, size: float = 0.0) -> float:
        """The share of a signal direction that all eigenvectors with eigenvalues above z >= 0 hold together."""
        return self._above(
            z,
            lambda m, _: 1 / (self.gamma / m + gap * self.signal(m) + size * self.diagonal(m)),
            self.scale + abs(gap) + size,
        )

    def threshold(self, share: float) -> float:
        """z such that `share` of the noise eigenvalues lie above; 0 where fewer are positive: W uses no others."""
        edge = self.position(self.edge_root)
        if edge <= 0 or self.bulk_above(0.0) <= share:
            return 0.0
        return float(brentq(lambda z: self.bulk_above(z) - share, 0.0, edge, xtol=1e-12 * self.scale))

    def represented(self, gap: float, size: float = 0.0, share: float = 0.0) -> float:
        """The share of a signal direction that W holds: its outlier and the top `share` of the bulk.

        Units: dimensionless, in [0, 1].
        """
        found = self.outlier(gap, size)
        alone = 0.0 if found is None or found[0] <= 0 else found[1]
        if share < LEAST_SHARE:
            return alone
        return min(1.0, max(alone, self.held_above(self.threshold(share), gap, size)))

    def share_left(self, gap: float, share: float, missing: float) -> float:
        """What the top `share` of the bulk leaves of the part `missing` that a direction's outlier does not hold.

        The outlier's pole is taken out of the resolvent, so that a small part is divided with relative accuracy; below
        `EVENLY` it lies evenly on the noise eigenvectors, up to the root of it.

        Source: ledger. Units: dimensionless, in [0, 1].
        """
        if share < LEAST_SHARE:
            return 1.0
        if missing < EVENLY:
            return max(0.0, 1 - share)
        found = None if missing >= 1 else self.outlier(gap)
        pole, weight = (0.0, 0.0) if found is None else (found[0], 1 - missing)
        z = self.threshold(share)

        def rest(m: Points, points: Points) -> Points:
            return 1 / (self.gamma / m + gap * self.signal(m)) - weight / (pole - points)

        above = self._above(z, rest, self.scale + abs(gap), (1 - weight) / 2)
        return min(1.0, max(0.0, 1 - above / (1 - weight)))

    def _above(
        self, z: float, resolvent: Callable[[Points, Points], Points], largest: float, half: float = 0.5
    ) -> float:
        """Mass above z of a measure of mass 2 `half`: it and (1/pi) int_0^inf Re g(z + iy) dy; no atom at 0."""
        low, high = np.log(MARGIN * self.width), np.log((largest + abs(z)) / MARGIN)
        y = np.exp(low + (high - low) * (_NODES + 1) / 2)
        steps = y * (high - low) / 2 * _WEIGHTS
        points = z + 1j * y
        mass = half + float((np.real(resolvent(self._root(points), points)) * steps).sum()) / np.pi
        if z == 0.0:
            # The integral counts half of it.
            at = np.array([1j * MARGIN * self.width])
            atom = float(np.imag(at[0]) * np.imag(resolvent(self._root(at), at))[0])
            mass -= atom / 2 if atom > 2e-4 * half else 0.0
        return mass

    def _root(self, z: Complex[np.ndarray, " points"]) -> Complex[np.ndarray, " points"]:
        """The one m with positive imaginary part, for z in the upper half plane: companion matrices."""
        factors = [np.poly1d([a, 1.0]) for _, a in self.terms]
        whole = np.poly1d([1.0])
        for factor in factors:
            whole = whole * factor
        level = -self.gamma * whole - self.shift * whole * np.poly1d([1.0, 0.0])
        for j, (weight, a) in enumerate(self.terms):
            rest = np.poly1d([weight * a, 0.0])
            for k, factor in enumerate(factors):
                rest = rest * factor if k != j else rest
            level = level + rest
        degree = len(self.terms) + 1
        left, right = np.zeros((2, degree + 1))
        left[degree + 1 - len(level.c) :] = level.c
        right[:-1] = whole.c
        monic = (left - z[:, None] * right) / (left[0] - z[:, None] * right[0])
        companion = np.zeros((len(z), degree, degree), dtype=complex)
        companion[:, 0] = -monic[:, 1:]
        companion[:, np.arange(1, degree), np.arange(degree - 1)] = 1
        roots = np.linalg.eigvals(companion)
        return roots[np.arange(len(z)), np.argmax(roots.imag, axis=1)]


def alignment_law(mu2: float, half_noise: float, gamma: float) -> LimitLaw:
    """The law of independent masks in expectation (`half_noise` 0), or of contrast with one draw: sigma^2/2 there.

    Source: ledger, `theory.deficits.proportional_limit`. Units: squared data units.
    """
    y = mu2 + half_noise
    terms = ((1.0, y),) if half_noise == 0 else ((1.0, y), (1.0, -half_noise))
    return LimitLaw(terms, gamma, lambda m: 1 / (1 + y * m), lambda m: 0 * m)
