"""Heterogeneity of Dirichlet class shares, and zeta^2 of given classes."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dssl.calculator.quantities import Answer
from runtime.parse import shown
from theory.formula import OutOfDomainError
from theory.readings import Mask, Objective
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    SAMPLED_HETEROGENEITY,
    class_alignments,
    dissimilarity,
)

TITLE = "Heterogeneity of Dirichlet class shares, and gradient dissimilarity of classes given by their second moments"


@dataclass(frozen=True, kw_only=True)
class Query:
    """hsu2019: every client draws Dirichlet(concentration x class probabilities). released: every class draws
    Dirichlet(concentration) over clients, then clients and classes are balanced; it needs n_clients and n_classes.

    `samples_per_client` labels are drawn from the shares (none: the shares themselves). around=sample measures from the
    mean of the n_clients clients. `moments` is a .npz file with `second_moments` (classes, dim, dim), optionally
    `probabilities`, and optionally `model` (feature, dim), at which zeta^2 is then taken.
    """

    concentration: float
    convention: Literal["hsu2019", "released"] = "hsu2019"
    n_clients: int | None = None
    n_classes: int | None = None
    samples_per_client: int | None = None
    around: Literal["population", "sample"] = "population"
    moments: str | None = None
    objective: Objective = Objective.CL
    mask_ratio: float = 0.75
    mask: Mask = Mask.COMPLEMENTARY

    def __post_init__(self) -> None:
        if not 0 < self.concentration < math.inf:
            raise ValueError(f"concentration must be positive and finite; got concentration={self.concentration}.")
        if self.convention == "released" and (self.n_clients is None or self.n_classes is None):
            raise ValueError("convention=released needs n_clients and n_classes; add both.")
        if self.around == "sample" and self.n_clients is None:
            raise ValueError("around=sample is the mean of n_clients clients; add n_clients.")
        for name in ("n_clients", "n_classes", "samples_per_client"):
            given = getattr(self, name)
            if given is not None and given < 1:
                raise ValueError(f"{name} must be a whole number from 1; got {name}={given}.")
        if not 0 < self.mask_ratio < 1:
            raise ValueError(f"mask_ratio must lie between 0 and 1; got mask_ratio={self.mask_ratio}.")


def answer(query: Query) -> Answer:
    """heterogeneity, in units of one class a client; with `moments` also the dissimilarity of matrices, and zeta^2."""
    formula = RELEASED_HETEROGENEITY if query.convention == "released" else DIRICHLET_HETEROGENEITY
    about: dict[str, Any] = {
        "units": "heterogeneity is dimensionless",
        "source": str(formula.source),
        "latex": formula.latex,
    }
    counts = {"n_clients": query.n_clients, "n_classes": query.n_classes} if query.convention == "released" else {}
    try:
        shares = formula.value(concentration=query.concentration, **counts)
    except OutOfDomainError as error:
        reason = f"{error} Simulate such shares with sims.class_shares.released_shares."
        return Answer(value=None, status="out_of_domain", reason=reason, **about)
    h, n = shares, query.samples_per_client
    if n is not None:
        h = SAMPLED_HETEROGENEITY.value(heterogeneity=shares, samples_per_client=n)
    # Balanced shares have the population as their mean; independent clients lose one degree of freedom to theirs.
    is_smaller = query.around == "sample" and query.convention == "hsu2019"
    factor = 1 - 1 / query.n_clients if is_smaller and query.n_clients is not None else 1.0
    value = {"heterogeneity": factor * h}
    if query.moments is not None:
        second, probabilities, model = _loaded(query.moments)
        matrices = class_alignments(second, query.objective, query.mask_ratio, query.mask)
        value["matrix_dissimilarity"] = factor * dissimilarity(matrices, probabilities, shares, samples=n)
        if model is not None:
            value["zeta_squared"] = factor * dissimilarity(matrices, probabilities, shares, samples=n, model=model)
    return Answer(value=value, **about)


def _loaded(path: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    if not path.endswith(".npz"):
        raise ValueError(f"moments must be the path of an .npz file; got moments={shown(path)}.")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name], dtype=float) for name in file.files}
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"moments={shown(path)} cannot be read ({error}). Save it with numpy.savez.") from None
    second = arrays.get("second_moments")
    if second is None or second.ndim != 3 or second.shape[1] != second.shape[2] or 0 in second.shape:
        raise ValueError(
            f"moments must hold second_moments (classes, dim, dim); got {None if second is None else second.shape}."
        )
    probabilities, model = arrays.get("probabilities"), arrays.get("model")
    if model is not None and (model.ndim != 2 or model.shape[1] != second.shape[1]):
        raise ValueError(f"model must be (feature, {second.shape[1]}); got {model.shape}.")
    bad = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if bad:
        raise ValueError(f"moments must be finite; got entries in {bad[0]} that are not.")
    return second, np.full(len(second), 1 / len(second)) if probabilities is None else probabilities, model
