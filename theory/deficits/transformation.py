"""Deficit with a linear second view H x at finite sample size, where the population represents the whole signal."""

import numpy as np
from jaxtyping import Float

from theory.data.moments import CornerMatrix
from theory.formula import Formula, Source
from theory.setting import Setting
from theory.symbols import augmentation_std, dim, draws, feature_dim, mu, n_clients, samples, tau


def transformed_view_deficit(
    h_signal: Float[np.ndarray, "n n"], h_noise: float, s: Setting, sigma: CornerMatrix, draws: int = 1
) -> Float[np.ndarray, " n"]:
    """1 - r_k on S, to leading order in 1/n, when the views are x + sigma xi and H x with H = (H_S, h I).

    With G = (sym(H_S Sigma_S) - h mu^2)^(-1), g its column k: (d - c)/n_total times one quarter of
    mu^2 (B + 2 h C + h^2 A) + (sigma^2 / K)(B + h^2 mu^2 |g|^2), where A = g^T Sigma g, B = g^T H Sigma H^T g and
    C = g^T Sigma H^T g.

    Source: ledger; chen2026 (55) is the loss. The audit's B-vii has h = 1, K = 1.
    Units: dimensionless; meant while small against 1.
    Errors: ValueError where the population does not have r_k = 1, or c < N.
    """
    n, c = s.n_clients, s.feature_dim
    mu2, noise2 = float(sigma.bulk), float(s.augmentation_std) ** 2 / draws
    block = sigma.corner[:n, :n]
    aligned = (h_signal @ block + block @ h_signal.T) / 2
    edge = h_noise * mu2
    least = float(np.linalg.eigvalsh(aligned)[0])
    if c < n or least <= max(edge, 0.0):
        raise ValueError(
            f"The signal must lie above the noise, {max(edge, 0.0):.6g}, with c >= N; got the eigenvalue {least:.6g}, "
            f"c={c}, N={n}. Choose an H for which the condition holds."
        )
    g = np.linalg.inv(aligned - edge * np.eye(n))
    both = g @ h_signal @ block @ h_signal.T @ g
    crossed = g @ block @ h_signal.T @ g
    coupling = mu2 * (both + 2 * h_noise * crossed + h_noise**2 * g @ block @ g)
    coupling = coupling + noise2 * (both + h_noise**2 * mu2 * g @ g)
    return (s.dim - c) / s.total_samples * np.diag(coupling) / 4


def _identity_view() -> Formula:
    n, k = n_clients, draws
    top = (n - 1) * tau**2 / 4 + 1 / n
    rest = tau**2 / 4 + 1 / n

    def power(level):
        return mu**2 * (level + mu**2) + augmentation_std**2 * (level + 2 * mu**2) / (4 * k)

    mean = power(top) / (n * top**2) + (1 - 1 / n) * power(rest) / rest**2
    return Formula(
        name="identity_view_deficit_fl",
        title="Mean 1 - r_k of federated CL when only one view is augmented: x + sigma xi against x",
        expr=(dim - feature_dim) / (n * samples) * mean,
        domain=(n >= 2, feature_dim >= n, feature_dim <= dim),
        units="dimensionless, meant where it is small against 1",
        source=Source("ledger", "the dissimilar views of chen2026 (55) with H = I"),
    )


IDENTITY_VIEW_DEFICIT_FL = _identity_view()
