"""Predictions for given clients on a given network, each with what it rests on.

Training here is exact-gradient training of linear encoders on the clients' own second moments. Everything is computed
from those, so that clients need to share nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from dssl.advice.advised_network import TRUSTED, links, network_sections, said, under_connected
from dssl.user_files.client_data import ClientData
from runtime.usage import UsageError
from sims.samplers.wishart import square_root
from theory.deficits import second_order_empirical
from theory.networks.mixing import Mixing
from theory.networks.topologies import Adjacency
from theory.training.dissimilarity_estimate import estimate_dissimilarity
from theory.training.predictions import Case

POINTS_A_CLIENT = 2000  # fourth moments need no more for two digits
FOURTH_MOMENTS = 1.5e11  # operations spent on them: some ten seconds
NORMAL_90 = 1.645


@dataclass(frozen=True)
class Plan:
    """How training is meant to go. `n_sampled` clients a round at the server of partial participation."""

    feature_dim: int
    step_size: float
    local_steps: int
    n_sampled: int
    augmentation_std: float
    mask_ratio: float


def default_feature_dim(data: ClientData) -> int:
    """The number of leading directions before the widest relative drop of the mean second moment's eigenvalues.

    Looked for in the first half: beyond it lies noise. Source: ledger.
    """
    values = np.linalg.eigvalsh(data.moments.mean(axis=0))[::-1]
    half = max(1, data.dim // 2)
    floor = 1e-12 * values[0]
    ratios = np.maximum(values[:half], floor) / np.maximum(values[1 : half + 1], floor)
    return int(ratios.argmax()) + 1


def advise(
    data: ClientData, adjacency: Adjacency, rule: Callable[[Adjacency], Mixing], plan: Plan, *, budget: int, seed: int
) -> dict[str, Any]:
    """Dissimilarity, what the network and the server do to it, MIM against CL, clients badly placed, links to add.

    Errors: UsageError when network and clients do not fit; OutOfDomainError as the theory's own functions.
    """
    check_plan(data, plan)
    if len(adjacency) != data.n_clients:
        raise UsageError(f"The network has {len(adjacency)} clients and the data {data.n_clients}; they must agree.")
    case = Case(rule(adjacency), data.moments, plan.feature_dim, plan.step_size, plan.local_steps)
    server, network, choice = network_sections(case, plan.n_sampled)
    return {
        "clients": _clients(data, case),
        "dissimilarity": _dissimilarity(data, case),
        "federated": server,
        "decentralised": network.section,
        "federated_or_decentralised": choice,
        "contrast_or_masks": _order(data, plan, seed),
        "under_connected": under_connected(case, adjacency, network.models),
        "links_to_add": links(case, adjacency, rule, budget),
    }


def check_plan(data: ClientData, plan: Plan) -> None:
    """Nothing. Errors: UsageError for a plan that does not fit the clients."""
    if not 1 <= plan.feature_dim < data.dim:
        raise UsageError(
            f"feature_dim lies between 1 and dim - 1 = {data.dim - 1}; got {plan.feature_dim}. Change --feature-dim."
        )
    if not 0 < plan.step_size <= data.stable_step_size:
        raise UsageError(
            f"A step size in (0, {data.stable_step_size:.4g}] cannot diverge on these clients; got "
            f"{plan.step_size:g}. Change --step-size."
        )
    if plan.local_steps < 1:
        raise UsageError(f"Clients take one local step or more; got {plan.local_steps}. Change --local-steps.")
    if not 1 <= plan.n_sampled <= data.n_clients:
        raise UsageError(
            f"A server samples from 1 to all {data.n_clients} clients a round; got {plan.n_sampled}. Change "
            "--participation."
        )
    if not 0 <= plan.augmentation_std < np.inf:
        raise UsageError(
            f"Augmentation noise is a standard deviation, finite and from 0; got {plan.augmentation_std}. Change "
            "--augmentation-std."
        )
    if not 0 < plan.mask_ratio < 1:
        raise UsageError(f"A mask hides a share between 0 and 1; got {plan.mask_ratio}. Change --mask-ratio.")


def _clients(data: ClientData, case: Case) -> dict[str, Any]:
    v = case.weights
    values = np.linalg.eigvalsh(case.target)[::-1]
    c = case.feature_dim
    return {
        "n_clients": data.n_clients,
        "dim": data.dim,
        "sizes": data.sizes,
        "feature_dim": c,
        "eigenvalue_kept": float(values[c - 1]),
        "eigenvalue_left_out": float(values[c]),
        "step_size": case.step_size,
        "stable_step_size": data.stable_step_size,
        "largest_subspace_error": float(np.sqrt(2 * min(c, data.dim - c))),
        "training_weights": {
            "least": [int(v.argmin()), float(v.min())],
            "most": [int(v.argmax()), float(v.max())],
            "equal": 1 / data.n_clients,
        },
    }


def _dissimilarity(data: ClientData, case: Case) -> dict[str, Any]:
    """zeta^2 of these clients; with numbers of samples, that of their distributions, an interval, and the noise."""
    rests_on = "4 (1/N) sum_i ||W* (X_i - X)||^2 at the optimum W* of the training-weighted moment."
    if data.sizes is None:
        sure = "Exact for the moments given; of how many samples they are is not known, so no interval."
        return said({"zeta_squared": case.dissimilarity}, rests_on, sure)
    found = estimate_dissimilarity(data.moments, data.sizes, case.weights, case.feature_dim, data.samples)
    value, reach = found.of_distributions, NORMAL_90 * found.standard_error
    source = "the samples' fourth moments" if data.samples is not None else "those of normal samples"
    sure = f"Training meets the first number exactly. The interval is for the distributions, by {source}."
    if found.of_sampling > found.given / 2:
        sure += " More than half of the first is sampling noise: with more samples the clients would be more alike."
    answer = {
        "zeta_squared": found.given,
        "of_sampling_alone": found.of_sampling,
        "zeta_squared_of_distributions": max(0.0, value),
        "interval_90": [max(0.0, value - reach), max(0.0, value + reach)],
    }
    return said(answer, rests_on, sure)


def _order(data: ClientData, plan: Plan, seed: int) -> dict[str, Any]:
    if data.sizes is None:
        return said(None, "Numbers of samples decide the order.", "Not said: give sizes beside the moments.")
    most = int(min(POINTS_A_CLIENT, FOURTH_MOMENTS / (2 * data.dim**2 * (plan.feature_dim + 4)) / data.n_clients))
    rng = np.random.default_rng(seed)
    if data.samples is not None:
        points = [x[rng.permutation(len(x))[:most]] for x in data.samples]
        source = "Fourth moments of the samples."
        thinned = int(data.sizes.max()) > most
    else:
        points = [_normal_points(rng, m, most) for m in data.moments]
        source = "Fourth moments of normal samples drawn with the given second moments."
        thinned = most < POINTS_A_CLIENT
    if thinned and sum(len(x) for x in points) < 2 * data.dim:
        why = "Not said: fourth moments of so many dimensions and features take too long. Lower --feature-dim."
        return said(None, source, why)
    if thinned:
        source += f" For time, of {most} samples a client at most."
    variances = second_order_empirical.entry_variances(points, plan.feature_dim, plan.mask_ratio)
    total = int(data.sizes.sum())
    contrast = float(second_order_empirical.deficit_cl(variances, total, plan.augmentation_std).mean())
    masks = float(second_order_empirical.deficit_mim(variances, total, 1).mean())
    worst = max(contrast, masks)
    sizes = np.ptp(data.sizes) <= 0.05 * data.sizes.mean()
    sure = "Second order, good while both deficits are small" + (
        "." if worst <= TRUSTED else f"; {worst:.2g} is not small: rough."
    )
    return said(
        {
            "deficit_contrast": contrast,
            "deficit_masks": masks,
            "more_robust": "masks" if masks < contrast else "contrast",
            "augmentation_std": plan.augmentation_std,
            "mask_ratio": plan.mask_ratio,
            "noise_at_which_they_are_equal": second_order_empirical.sigma_star(variances),
        },
        f"{source} One augmentation and one mask a sample; all clients pooled with equal weights.",
        sure + ("" if sizes else " Clients of unequal size are taken at their mean size."),
    )


def _normal_points(
    rng: np.random.Generator, moment: Float[np.ndarray, "dim dim"], count: int
) -> Float[np.ndarray, "_ dim"]:
    return rng.standard_normal((count, len(moment))) @ square_root(moment)
