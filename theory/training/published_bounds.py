"""Published bounds of the consensus error in our letters, to compare with simulation and with our own bounds.

What could be read at the source, and what could not:
- Kong et al. 2021: the lemma, its constants and its proof, as zhu2026 restates them (Lemma D.1, Corollary D.2).
- Takezawa et al. 2026 (arXiv 2606.09154): abstract read; the constants 24 and 3 come from a public reading note of its
  Lemma 4 (papernotes.org), the paper's own text being out of reach.
- Koloskova et al. 2020 (arXiv 2003.10422): constants out of reach; the orders zeta^2/p^2 and sigma^2/p stand here
  without any, and docs/proofs/consensus.md, 7 derives the least ones that make them true: 4 and 1.
- Vogels et al. 2022: the definition as in the authors' code (epfml/topology-in-decentralized-learning).
- Versini et al. 2026 (arXiv 2601.07021): only the abstract could be read, a bias of first order in the step that grows
  with heterogeneity; it prints no constant, so there is no function. `theory.training.effective_covariance` is its
  closed form for this model.
All but Vogels are for a symmetric mixing matrix and one local step. E local steps enter here as one step along their
sum: zeta^2 E^2 and sigma^2 E.
"""

from dataclasses import dataclass

import numpy as np
import sympy as sp
from scipy import linalg

from theory.formula import Formula, OutOfDomainError, Source
from theory.networks.mixing import Mixing
from theory.symbols import dissimilarity, lambda_2, local_steps, step_size
from theory.training.consensus import require_dissimilarity, require_training

rate = sp.Symbol("consensus_rate", positive=True)  # p = 1 - max_{l >= 2} lambda_l^2
noise_variance = sp.Symbol("noise_variance", nonnegative=True)  # sigma^2 = E |noise|^2 of one stochastic gradient
gradient_norm = sp.Symbol("gradient_norm", nonnegative=True)  # phi^2, mean over clients of |gradient|^2
noise_spectrum = sp.Symbol("noise_spectrum", nonnegative=True)  # (1/N) sum_{l >= 2} lambda_l^2/(1 - lambda_l^2)

_DOMAIN = (rate <= 1,)

KONG2021 = Formula(
    name="kong2021",
    title="Consensus error while the mean squared gradient stays below phi^2",
    expr=24 * (1 - rate) / rate**2 * step_size**2 * (local_steps**2 * gradient_norm + local_steps * noise_variance),
    domain=_DOMAIN,
    units="squared weights",
    source=Source("kong2021", "one-step lemma and its corollary; read in zhu2026, Lemma D.1 and Corollary D.2"),
)

TAKEZAWA2026 = Formula(
    name="takezawa2026",
    title="Consensus error with the noise's part over the full spectrum",
    expr=step_size**2
    * (24 * (1 - rate) / rate**2 * local_steps**2 * dissimilarity + 3 * noise_spectrum * local_steps * noise_variance),
    domain=_DOMAIN,
    units="squared weights",
    source=Source("takezawa2026", "Lemma 4; constants from a public reading note"),
)

KOLOSKOVA2020_ORDER = Formula(
    name="koloskova2020_order",
    title="Order of the consensus error in the consensus rate, without its constants",
    expr=step_size**2 * (local_steps**2 * dissimilarity / rate**2 + local_steps * noise_variance / rate),
    domain=_DOMAIN,
    units="squared weights, up to a constant",
    source=Source("koloskova2020", "consensus terms of the rates; constants not read"),
)

KOLOSKOVA2020_CONSTANT = Formula(
    name="koloskova2020_constant",
    title="The constant of zeta^2/p^2 that clients with constant gradients along the slowest mode need",
    expr=(1 - rate) * (1 + sp.sqrt(1 - rate)) ** 2,
    domain=_DOMAIN,
    units="dimensionless, below 4, and towards 4 as p tends to 0",
    source=Source("ledger", "docs/proofs/consensus.md, 7"),
)

FACTOR_OVER_GAP_BOUND = Formula(
    name="factor_over_gap_bound",
    title="Heterogeneity's part of the bound of Takezawa et al. over the gap bound",
    expr=24 / (1 + lambda_2) ** 2,
    domain=(lambda_2 < 1,),
    units="dimensionless, between 6 and 24",
    source=Source("ledger", "docs/proofs/consensus.md, 7; no eigenvalue of larger modulus than lambda_2 >= 0"),
)


@dataclass(frozen=True)
class PublishedBound:
    """A published bound's `value` for a network, its source, and whether the value is a bound or only its order."""

    value: float
    source: str
    is_bound: bool

    def tightness(self, measured: float) -> float:
        """measured / value: at most 1 where the bound holds."""
        return measured / self.value if self.value else (np.inf if measured else 0.0)


def published_bounds(
    mixing: Mixing,
    dissimilarity: float,
    step_size: float,
    local_steps: int = 1,
    *,
    gradient_norm: float | None = None,
    noise_variance: float = 0.0,
) -> dict[str, PublishedBound]:
    """Every published consensus bound at this point, by the key of its work.

    `dissimilarity` is zeta^2, largest over the run; `gradient_norm` phi^2 likewise, zeta^2 if not given (at the optimum
    they agree); `noise_variance` sigma^2 = E |noise|^2 of a client's stochastic gradient, all entries together.

    Source: the works' own, see each. Units: squared weights.
    Errors: OutOfDomainError for a mixing matrix that is not symmetric or does not contract; ValueError for bad numbers.
    """
    require_training(step_size, local_steps)
    require_dissimilarity(dissimilarity)
    at = {
        "consensus_rate": consensus_rate(mixing),
        "noise_spectrum": full_spectrum_of_noise(mixing),
        "dissimilarity": float(dissimilarity),
        "gradient_norm": float(dissimilarity if gradient_norm is None else gradient_norm),
        "noise_variance": float(noise_variance),
        "step_size": float(step_size),
        "local_steps": int(local_steps),
    }
    return {
        formula.source.key: PublishedBound(formula.value(**at), str(formula.source), formula is not KOLOSKOVA2020_ORDER)
        for formula in (KONG2021, TAKEZAWA2026, KOLOSKOVA2020_ORDER)
    }


def consensus_rate(mixing: Mixing) -> float:
    """p = 1 - max over l >= 2 of lambda_l^2, the largest p with |M W - mean|^2 <= (1 - p) |W - mean|^2.

    Source: koloskova2020, Assumption 4 in its deterministic form; takezawa2026, Lemma 1. Units: dimensionless.
    Errors: OutOfDomainError for a matrix that is not symmetric, or with p = 0.
    """
    p = 1 - float(np.max(_other_eigenvalues(mixing) ** 2, initial=0.0))
    if not p > 1e-14:
        raise OutOfDomainError(f"The cited bounds need a mixing matrix that contracts; here p = {p:.3g}.")
    return p


def full_spectrum_of_noise(mixing: Mixing) -> float:
    """(1/N) sum over l >= 2 of lambda_l^2/(1 - lambda_l^2).

    Source: takezawa2026, Theorem 1. Units: dimensionless. Errors: as `consensus_rate`.
    """
    squares = _other_eigenvalues(mixing) ** 2
    return float(np.sum(squares / (1 - squares)) / len(mixing))


def effective_neighbours(mixing: Mixing, decay: float) -> float:
    """How many independent clients' worth of averaging the noise of a client sees: 1 alone, N when perfectly mixed.

    (1/(1 - decay)) over the mean over clients of the stationary variance of x <- M (sqrt(decay) x + noise). With
    decay = (1 - eta h)^2, one local step and doubly stochastic M it is our noise term: |noise part of consensus| =
    eta^2 sigma^2 (1/n - 1/N)/(1 - decay) a parameter.

    Source: vogels2022, Section 3, `random_walks.py` of the authors' code. Units: clients.
    Errors: ValueError unless 0 <= decay < 1.
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay lies in [0, 1), (1 - eta h)^2 for gradient steps; got decay={decay}.")
    covariance = linalg.solve_discrete_lyapunov(np.sqrt(decay) * mixing, mixing @ mixing.T)
    return float(len(mixing) / ((1 - decay) * np.trace(covariance)))


def _other_eigenvalues(mixing: Mixing) -> np.ndarray:
    if not np.allclose(mixing, mixing.T, rtol=0, atol=1e-12):
        raise OutOfDomainError("The cited bounds are for symmetric mixing matrices; this one is not.")
    return np.linalg.eigvalsh(mixing)[:-1]
