"""Effective covariance of a network's averaged model, and its drift from the target's subspace."""

import json
import pathlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._network import Network
from dssl.user_files.csv_and_npz import checked_covariances, read_arrays
from runtime.parse import shown
from theory.data.moments import alignment_matrix
from theory.networks.mixing import perron_weights
from theory.objectives.curvature import top_projector
from theory.readings import Mask, Objective
from theory.setting import Setting
from theory.training.consensus import require_training
from theory.training.effective_covariance import effective_covariance, is_reversible, kappa, stiffness, training_mean
from theory.training.participation import decentralised_errors
from theory.training.rotation import relative_equilibrium
from theory.training.stationary_models import REPELS, growth, stationary_models
from theory.training.subspace_drift import remainder_bound, subspace_drift, subspace_drift_bound

TITLE = "Effective covariance of a network's averaged model, its drift from the target, kappa and rotation"

LATEX = r"X_{\mathrm{eff}} = X_v + \eta [ 2 E \sum_{ij} v_i Z_{ij} D_j D_i + (E - 1) \sum_i v_i D_i^2 ]"
LARGEST_SHOWN = 32  # dimensions up to which the matrix itself is listed
MOST_ENTRIES = 20_000_000  # of all clients' covariances: 160 MB
MOST_SOLVED = 400_000  # weights of all clients times local steps that are solved for exactly: seconds


@dataclass(frozen=True, kw_only=True)
class Query(Network):
    """`covariances`: a .npz file with an array of that name, (clients, dim, dim), or the nested list itself.

    Without it, those of the paper's data model in `dim` dimensions: E[x x^T] for cl, times the masks' factor for mim.
    `feature_dim` is then n_clients by default. `local_steps` is E.
    """

    step_size: float
    local_steps: int = 1
    feature_dim: int | None = None
    covariances: Any = None
    dim: int | None = None
    tau: float | None = None
    mu: float | None = None
    objective: Objective = Objective.CL
    mask: Mask = Mask.INDEPENDENT
    mask_ratio: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        require_training(self.step_size, self.local_steps)
        if self.mixing == "push_sum":
            raise ValueError(
                "Push-sum divides by a channel of its own and aims at equal weights; X_eff is of mixing that averages "
                "models. Use another mixing."
            )
        if (self.covariances is None) == (self.dim is None):
            raise ValueError("Give either covariances=FILE.npz, or dim=... for the paper's data model.")
        if self.covariances is not None and self.feature_dim is None:
            raise ValueError("feature_dim, the rank of the encoder, belongs to covariances; add feature_dim=...")


def answer(query: Query) -> Answer:
    """An object; `drift_prediction` is of first order in the step size, `drift_at_rest` exact.

    `drift_at_rest` is null for problems too large, and where training does not stay near what is found.
    """
    given = None if query.covariances is None else _read(query.covariances)
    if given is not None and query.n_clients is None:
        query = replace(query, n_clients=len(given))
    mixing = query.matrix_of_rule()
    x = _paper(query, len(mixing)) if given is None else given
    if x.size > MOST_ENTRIES:
        raise ValueError(f"At most {MOST_ENTRIES} entries of covariances are handled; got {x.shape}. Lower dim.")
    c = len(mixing) if query.feature_dim is None else query.feature_dim
    eta, steps = query.step_size, query.local_steps
    effective = effective_covariance(mixing, x, eta, steps)
    stiff = stiffness(mixing, x, c, eta, steps)
    errors = decentralised_errors(mixing, x, c, eta, steps)
    equilibrium = relative_equilibrium(mixing, x, c, eta, steps)
    drift, remainder = _at_rest(mixing, x, c, eta, steps)
    value = {
        "eigenvalues": np.sort(np.linalg.eigvals(effective).real)[::-1].tolist(),
        "training_weights": perron_weights(mixing).tolist(),
        "kappa": kappa(mixing, steps).tolist() if is_reversible(mixing) else None,
        "skew_norm": float(np.linalg.norm(effective - effective.T) / 2),
        "rotation_angles": equilibrium.angles.tolist(),
        "drift_prediction": subspace_drift(mixing, x, c, eta, steps),
        "drift_bound": subspace_drift_bound(mixing, x, c, eta, steps),
        "drift_at_rest": drift,
        "remainder_bound": remainder,
        "local_error_squared_prediction": errors.local,
        "stiffness": stiff,
    }
    if len(effective) <= LARGEST_SHOWN:
        value["matrix"] = effective.tolist()
    return Answer(
        value=value,
        units="covariances: squared data units; drift: Frobenius distance of projectors; angles: radians a round",
        source="ledger, docs/proofs/effective_covariance.md",
        latex=LATEX,
        reason=(
            "drift_prediction is of first order in the step size: no share of it bounds its error. drift_at_rest is "
            "exact, and differs from drift_prediction by at most remainder_bound, where that is given."
        ),
    )


def _at_rest(mixing: np.ndarray, x: np.ndarray, c: int, eta: float, steps: int) -> tuple[float | None, float | None]:
    """The drift of the models at rest, and how far X_eff's subspace is from theirs at most; None where not known."""
    if len(x) * c * x.shape[1] * steps > MOST_SOLVED:
        return None, None
    rest = stationary_models(mixing, x, c, eta, steps)
    if not rest.converged or not growth(mixing, x, rest.post_mix, eta, steps) <= 1 + REPELS:
        return None, None
    mean = np.einsum("i,icd->cd", perron_weights(mixing), rest.post_mix)
    drift = float(np.linalg.norm(top_projector(mean.T @ mean, c) - top_projector(training_mean(mixing, x), c)))
    bound = remainder_bound(rest.post_mix, mixing, x, c, eta, steps) if is_reversible(mixing) else np.inf
    return drift, bound if np.isfinite(bound) else None


def _paper(query: Query, n: int) -> np.ndarray:
    assert query.dim is not None
    if n * query.dim**2 > MOST_ENTRIES:
        raise ValueError(f"Dense covariances are wanted, so n_clients dim^2 <= {MOST_ENTRIES}; got dim={query.dim}.")
    s = Setting.paper(
        query.dim,
        n_clients=n,
        feature_dim=query.feature_dim,
        tau=query.tau,
        mu=query.mu,
        mask_ratio=query.mask_ratio,
        samples_per_client=1,
    )
    blocks = (alignment_matrix(s, query.objective, query.mask, scope="local", client=i) for i in range(n))
    return np.stack([block.dense() for block in blocks])


def _read(covariances: Any) -> np.ndarray:
    if isinstance(covariances, str) and covariances.startswith("["):
        try:
            covariances = json.loads(covariances)
        except (ValueError, RecursionError):
            raise ValueError(f"covariances must be a .npz file or a nested list; got {shown(covariances)}.") from None
    if isinstance(covariances, str):
        path = pathlib.Path(covariances)
        return checked_covariances(read_arrays(path, ("covariances",))["covariances"], path)
    try:
        array = np.array(covariances, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"covariances must be numbers, (clients, dim, dim); got {shown(covariances)}.") from None
    if not np.isfinite(array).all():
        raise ValueError("Every entry of covariances must be finite; one is not. Mend it.")
    return checked_covariances(array, pathlib.Path("the list"))
