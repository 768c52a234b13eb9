"""How far the first order in the step size can be off at rest: constants, for one local step a round.

Setting. Client i has the positive semi-definite matrix X_i and the loss f_i(W) = -tr(W X_i W^T) + |W^T W|^2/2; x is the
largest eigenvalue of any X_i, v the training weights, X_v = sum v_i X_i, D_i = X_i - X_v, |A|_v^2 = sum_i v_i |A_i|^2,
z the spectral norm of V^1/2 Z V^-1/2. Rest is W = M (W - eta g), g_i = grad f_i(W_i), Wb = sum v_i W_i, e_i = W_i - Wb.

1. Size. A step takes |W|_2 = s to at most s (1 + 2 eta (x - s^2)) if 6 eta s^2 <= 1, and mixing takes no norm above the
   largest. So models at rest with 6 eta |W_i|_2^2 <= 1 have |W_i|_2^2 <= x, and models that start so stay so for
   6 eta x <= 1. On that ball the gradients are Lipschitz with the constant 6 x: the derivative along d is
   2 (d (W^T W - X) + W d^T W + W W^T d).
2. Spread. e = -eta Z g, and Z takes away what is common to all clients: e = 2 eta Z (Wb D) - eta Z Delta, where
   Delta_i = grad f_i(W_i) - grad f_i(Wb) has |Delta|_v <= 6 x |e|_v. With q = 6 eta x z < 1 hence
   |e|_v <= 2 eta z |Wb D|_v/(1 - q), and e is off from e0 = 2 eta Z (Wb D) by at most q |e|_v.
3. Averaged model. That the gradients cancel, sum v_i g_i = 0, says
   Wb (Wb^T Wb - X_v) = sum v e D - sum v (e e^T Wb + e Wb^T e + Wb e^T e + e e^T e).
   With e0 for e, sum v e D is Wb (X_eff - X_v). As |e_i|_2 <= 2 sqrt x, Wb (Wb^T Wb - X_eff) is at most
   q |e|_v d + 5 sqrt x |e|_v^2 with d^2 = sum v_i |D_i|_2^2, and Wb (Wb^T Wb - X_v) at most |e|_v d + 5 sqrt x |e|_v^2.
   `subspace_drift.residual_bound` turns either into a distance of subspaces.
4. Target. S, the part of X_eff's top eigenvectors outside those Q of X_v, obeys a Sylvester equation whose spectra are
   gap - |X_eff - X_v|_2 apart: |S|_F (gap - 2 |X_eff - X_v|_2) <= |Q'^T (X_eff - X_v) Q|_F. The right side over the gap
   is what `subspace_drift.subspace_drift_bound` bounds.
5. Clients. W_i = Wb (I + 2 eta sum_j Z_ij D_j) - eta sum_j Z_ij Delta_j, and the last sum is at most
   6 x (sum_j Z_ij^2/v_j)^1/2 |e|_v. Rows that change by r turn by a sine of at most |r|_F over the least singular
   value; rows of P_eff in place of Wb's change by |P(Wb) - P_eff|_F at most, which I + T, |T|_2 = t < 1, enlarges by
   up to (1 + t)/(1 - t).
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

from theory.networks.mixing import Weights, perron_weights
from theory.objectives.curvature import curvature
from theory.training.consensus import deviation_response
from theory.training.effective_covariance import (
    Covariances,
    Mixing,
    Square,
    effective_covariance,
    training_mean,
)
from theory.training.subspace_drift import residual_bound, subspace_drift_bound

Models = Float[np.ndarray, "clients feature dim"]
LIPSCHITZ = 6.0  # of the gradients, over the largest eigenvalue of a client's matrix
SQUARES = 5.0  # of the terms of second order in the spread


@dataclass(frozen=True)
class SmallSteps:
    """Remainders of the first order at one problem. Meant for `stiffness` below 1; infinite from 1 on."""

    mixing: Mixing
    covariances: Covariances
    feature_dim: int
    step_size: float

    @cached_property
    def weights(self) -> Weights:
        """v."""
        return perron_weights(self.mixing)

    @cached_property
    def differences(self) -> Covariances:
        """D_i."""
        return self.covariances - training_mean(self.mixing, self.covariances)

    @cached_property
    def effective(self) -> Square:
        """X_eff."""
        return effective_covariance(self.mixing, self.covariances, self.step_size)

    @cached_property
    def response(self) -> Mixing:
        """Z."""
        return deviation_response(self.mixing)

    @cached_property
    def largest(self) -> float:
        """x, the largest eigenvalue of a client's matrix."""
        return float(np.linalg.eigvalsh(self.covariances).max())

    @property
    def stiffness(self) -> float:
        """q = 6 eta x z. Source: ledger, 2 above. Units: dimensionless. Errors: none."""
        return LIPSCHITZ * self.step_size * self.largest * response_norm(self.mixing)

    @property
    def spread(self) -> float:
        """A bound of (sum v_i |W_i - Wb|^2)^1/2 at rest. Source: ledger, 2 above. Units: weights. Errors: none."""
        if self.stiffness >= 1:
            return math.inf
        pulls = math.sqrt(self.largest) * min(math.sqrt(self.feature_dim) * self.typical(2), self.typical("fro"))
        return 2 * self.step_size * response_norm(self.mixing) * pulls / (1 - self.stiffness)

    def residual(self, *, effective: bool) -> float:
        """A bound of |Wb (Wb^T Wb - X)|_F at rest, X being X_eff or else X_v.

        Source: ledger, 3 above. Units: of W^3. Errors: none.
        """
        factor = self.stiffness if effective else 1.0
        return factor * self.spread * self.typical(2) + SQUARES * math.sqrt(self.largest) * self.spread**2

    def off_effective(self, mean: Float[np.ndarray, "feature dim"]) -> float:
        """A bound of |P(Wb) - P_eff|_F for the averaged model `mean` at rest: of second order in the step size.

        Source: ledger, 3 above. Units: dimensionless. Errors: as `theory.objectives.curvature.curvature`.
        """
        return residual_bound(mean, self.effective, self.residual(effective=True))

    def off_target(self, mean: Float[np.ndarray, "feature dim"]) -> float:
        """A bound of |P(Wb) - P*|_F for the averaged model `mean` at rest: of first order in the step size.

        Source: ledger, 3 above. Units: dimensionless. Errors: as `theory.objectives.curvature.curvature`.
        """
        return residual_bound(mean, training_mean(self.mixing, self.covariances), self.residual(effective=False))

    def beyond_first_order(self, mean: Float[np.ndarray, "feature dim"]) -> float:
        """By how much |P(Wb) - P*|_F can exceed `subspace_drift_bound` at rest: of second order in the step size.

        Source: ledger, 3 and 4 above. Units: dimensionless. Errors: as `subspace_drift_bound`.
        """
        target = training_mean(self.mixing, self.covariances)
        gap = curvature(target, self.feature_dim).gap
        closed = 2 * float(np.linalg.norm(self.effective - target, 2))
        if closed >= gap:
            return math.inf
        first = subspace_drift_bound(self.mixing, self.covariances, self.feature_dim, self.step_size)
        return first * closed / (gap - closed) + self.off_effective(mean)

    def off_spread(self, mean: Float[np.ndarray, "feature dim"]) -> float:
        """By how much the root of the consensus error at rest can be off its first order, of second order in the step.

        `mean` is the averaged model, turned towards the optimum W*: e0 has it where the first order has W*.

        Source: ledger, 2 above; the plain mean squared distance is at most |e|_v^2/(N v_min). Units: weights.
        Errors: as `off_effective`.
        """
        optimum = curvature(training_mean(self.mixing, self.covariances), self.feature_dim).optimum
        other = 2 * self.step_size * response_norm(self.mixing) * float(np.linalg.norm(mean - optimum, 2))
        off = self.stiffness * self.spread + other * self.typical("fro")
        return off / math.sqrt(len(self.weights) * float(self.weights.min()))

    def off_local(self, models: Models) -> float:
        """A bound of |P(W_i) - P_i|_F for every client at rest, P_i that of `effective_covariance.local_projectors`.

        Source: ledger, 5 above. Units: dimensionless. Errors: as `off_effective`.
        """
        tilts = 2 * self.step_size * np.einsum("ij,jkl->ikl", self.response, self.differences)
        largest = float(np.abs(np.linalg.eigvalsh(tilts)).max())
        if largest >= 1:
            return math.inf
        rows = np.sqrt((self.response**2 / self.weights).sum(axis=1))
        left_out = self.step_size * LIPSCHITZ * self.largest * rows * self.spread
        least = np.linalg.svd(models, compute_uv=False)[:, -1]
        common = self.off_effective(np.einsum("i,icd->cd", self.weights, models)) * (1 + largest) / (1 - largest)
        return math.sqrt(2) * (common + float((left_out / least).max()))

    def typical(self, order: Literal["fro", 2]) -> float:
        """(sum v_i |D_i|^2)^1/2 in this norm. Source: ledger. Units: those of the covariances. Errors: none."""
        return math.sqrt(float(self.weights @ np.linalg.norm(self.differences, order, axis=(1, 2)) ** 2))


def response_norm(mixing: Mixing) -> float:
    """z = |V^1/2 Z V^-1/2|_2: how far, at most, a round's pulls take the clients apart at rest, over the step size.

    Source: ledger, 2 above. Units: dimensionless. Errors: as `deviation_response`.
    """
    root = np.sqrt(perron_weights(mixing))
    return float(np.linalg.norm(root[:, None] * deviation_response(mixing) / root, 2))
