"""Where given clients should train, and predictions for them on a given network, each with what it rests on.

Training here is exact-gradient training of linear encoders on the clients' own second moments. Everything is computed
from those, so that clients need to share nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from dssl.advice.advised_network import (
    cannot_choose_links,
    dissimilarity,
    links,
    network_section,
    said,
    under_connected,
)
from dssl.advice.at_rest import Rest, Training
from dssl.advice.cautions import cautions
from dssl.advice.objectives import (
    IN_WORDS,
    UNIT,
    Objective,
    ObjectiveName,
    client_weights,
    objective,
    optimum_by_samples,
)
from dssl.advice.options import NAMES, Option, OptionName, comparisons, options, recommendation
from dssl.advice.sampled_server import Sampling
from dssl.user_files.client_data import ClientData
from runtime.usage import UsageError
from sims.samplers.wishart import square_root
from theory.deficits import closed_forms_of_points
from theory.networks.mixing import Mixing, perron_weights, ratio_matrix
from theory.networks.topologies import Adjacency
from theory.training.dissimilarity_estimate import estimate_dissimilarity

POINTS_A_CLIENT = 2000  # fourth moments need no more for two digits
FOURTH_MOMENTS = 1.5e11  # operations spent on them: some ten seconds
NORMAL_90 = 1.645
TRUSTED = 0.1  # of deficits: second order is then good to about this


@dataclass(frozen=True)
class Plan:
    """How training is meant to go, and what for. `n_sampled` clients a round train at the server that samples them."""

    feature_dim: int
    step_size: float
    local_steps: int
    n_sampled: int
    augmentation_std: float
    mask_ratio: float
    objective: ObjectiveName = "equal-clients"
    without: tuple[OptionName, ...] = ()  # options that are not to be had


def default_feature_dim(data: ClientData, name: ObjectiveName = "equal-clients") -> int:
    """The number of leading directions before the widest relative drop of eigenvalues of the objective's matrix.

    Looked for in the first half: beyond it lies noise. Source: ledger. Errors: UsageError as `client_weights`.
    """
    values = np.linalg.eigvalsh(np.einsum("i,ijk->jk", client_weights(data, name), data.moments))[::-1]
    half = max(1, data.dim // 2)
    floor = 1e-12 * values[0]
    ratios = np.maximum(values[:half], floor) / np.maximum(values[1 : half + 1], floor)
    return int(ratios.argmax()) + 1


def advise(
    data: ClientData,
    adjacency: Adjacency,
    rule: Callable[[Adjacency], Mixing],
    plan: Plan,
    *,
    budget: int,
    seed: int,
    is_push_sum: bool = False,
    is_given: bool = False,
) -> dict[str, Any]:
    """What to train on: every option's distance from the objective's optimum, a recommendation, and what it rests on.

    Besides: dissimilarity, models on the network, MIM against CL, clients badly placed, links to add. `rule` makes the
    mixing matrix of a network (of unit column sums if `is_push_sum`); it takes no links but these if `is_given`.

    Errors: UsageError when network and clients do not fit; OutOfDomainError as the theory's own functions.
    """
    if len(adjacency) != data.n_clients:
        raise UsageError(f"The network has {len(adjacency)} clients and the data {data.n_clients}; they must agree.")
    found, wanted, training, rest = _compared(data, rule(adjacency), plan, seed, is_push_sum=is_push_sum)
    by_samples = optimum_by_samples(data, wanted)
    why_not = cannot_choose_links(adjacency, is_given=is_given, is_push_sum=is_push_sum)
    return {
        **_in_words(found, wanted),
        "cautions": cautions(data, wanted, plan.step_size, plan.local_steps, by_samples),
        "clients": _clients(data, training, wanted),
        "dissimilarity": _dissimilarity(data, training),
        "optimum_of_samples": _of_samples(data, by_samples),
        "decentralised": network_section(training, wanted, rest),
        "contrast_or_masks": _order(data, plan, seed),
        "under_connected": under_connected(training, adjacency, rest.models),
        "links_to_add": said(None, "Consensus error.", why_not)
        if why_not
        else links(training, adjacency, rule, rest, budget),
    }


def where_to_train(
    data: ClientData, mixing: Mixing, plan: Plan, seed: int, *, is_push_sum: bool = False
) -> dict[str, Any]:
    """The objective, every option's distance, and the recommendation: the part of `advise` that compares options.

    Errors: as `advise`.
    """
    found, wanted, _, _ = _compared(data, mixing, plan, seed, is_push_sum=is_push_sum)
    return _in_words(found, wanted)


def _compared(
    data: ClientData, mixing: Mixing, plan: Plan, seed: int, *, is_push_sum: bool
) -> tuple[list[Option], Objective, Training, Rest]:
    check_plan(data, plan)
    wanted = objective(data, plan.objective, plan.feature_dim)
    training = training_of(data, mixing, plan, is_push_sum=is_push_sum)
    sampling = Sampling(plan.n_sampled, plan.step_size, plan.local_steps)
    found, rest = options(data, training, wanted, sampling, seed=seed)
    return [option for option in found if option.name not in plan.without], wanted, training, rest


def _in_words(found: list[Option], wanted: Objective) -> dict[str, Any]:
    name, reason = recommendation(found, wanted.name)
    return {
        "objective": wanted.name,
        "objective_in_words": IN_WORDS[wanted.name],
        "unit": UNIT,
        "options": [option.as_dict() for option in found],
        "recommendation": name,
        "reason": reason,
        "comparisons": comparisons(found),
    }


def training_of(data: ClientData, mixing: Mixing, plan: Plan, *, is_push_sum: bool = False) -> Training:
    """The plan on a network. Under push-sum, models mix by B = R^-1 C R once the channel has settled at N r.

    Source: ledger, docs/proofs/effective_covariance.md, 11. Errors: as `perron_weights`.
    """
    shares = np.ones(data.n_clients)
    if is_push_sum:
        shares = 1 / (data.n_clients * perron_weights(mixing.T))
        mixing = ratio_matrix(mixing)
    return Training(mixing, data.moments, plan.feature_dim, plan.step_size, plan.local_steps, shares)


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
    if not 1 <= plan.n_sampled < data.n_clients:
        raise UsageError(
            f"A server that samples hears from 1 to {data.n_clients - 1} of {data.n_clients} clients a round, as all "
            f"of them is the option server; got {plan.n_sampled}. Change --participation."
        )
    if len(set(plan.without)) > len(NAMES) - 2:
        raise UsageError(
            f"Two options or more are compared; of {', '.join(NAMES)}, --without leaves fewer. Name fewer."
        )
    if not 0 <= plan.augmentation_std < np.inf:
        raise UsageError(
            f"Augmentation noise is a standard deviation, finite and from 0; got {plan.augmentation_std}. Change "
            "--augmentation-std."
        )
    if not 0 < plan.mask_ratio < 1:
        raise UsageError(f"A mask hides a share between 0 and 1; got {plan.mask_ratio}. Change --mask-ratio.")


def _clients(data: ClientData, training: Training, wanted: Objective) -> dict[str, Any]:
    v, values, c = training.weights, wanted.values, wanted.feature_dim
    return {
        "n_clients": data.n_clients,
        "dim": data.dim,
        "sizes": data.sizes,
        "feature_dim": c,
        "eigenvalue_kept": float(values[c - 1]),
        "eigenvalue_left_out": float(values[c]),
        "step_size": training.step_size,
        "stable_step_size": data.stable_step_size,
        "training_weights": {
            "least": [int(v.argmin()), float(v.min())],
            "most": [int(v.argmax()), float(v.max())],
            "equal": 1 / data.n_clients,
        },
    }


def _dissimilarity(data: ClientData, training: Training) -> dict[str, Any]:
    """zeta^2 of these clients; with numbers of samples, that of their distributions, an interval, and the noise."""
    rests_on = "4 (1/N) sum_i ||W* (X_i - X)||^2 at the optimum W* of the training-weighted moment."
    if data.sizes is None:
        sure = "Exact for the moments given; of how many samples they are is not known, so no interval."
        return said({"zeta_squared": dissimilarity(training)}, rests_on, sure)
    found = estimate_dissimilarity(data.moments, data.sizes, training.weights, training.feature_dim, data.samples)
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


def _of_samples(data: ClientData, by_samples: float | None) -> dict[str, Any]:
    """How far the optimum of the samples is from that of their distributions, in the unit of all distances."""
    rests_on = "Sampling noise of the entries that turn the wanted subspace, over the gaps of eigenvalues."
    if by_samples is None:
        return said(None, rests_on, "Not said: of how many samples the moments are is not known.")
    source = "the samples' fourth moments" if data.samples is not None else "those of normal samples"
    sure = (
        f"First order, by {source}: good while small. All options are judged on the samples given; on new samples, "
        "differences below this number may turn out otherwise."
    )
    return said({"distance": min(1.0, by_samples)}, rests_on, sure)


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
    variances = closed_forms_of_points.entry_variances(points, plan.feature_dim, plan.mask_ratio)
    total = int(data.sizes.sum())
    contrast = float(closed_forms_of_points.deficit_cl(variances, total, plan.augmentation_std).mean())
    masks = float(closed_forms_of_points.deficit_mim(variances, total, 1).mean())
    worst = max(contrast, masks)
    sizes = np.ptp(data.sizes) <= 0.05 * data.sizes.mean()
    sure = "Second order, good while both deficits are small" + (
        "." if worst <= TRUSTED else f"; {worst:.2g} is not small: rough."
    )
    return said(
        {
            "deficit_contrast": contrast,
            "deficit_masks": masks,
            # The name is promised. What it says is which of the two losses is the smaller.
            "more_robust": "masks" if masks < contrast else "contrast",
            "augmentation_std": plan.augmentation_std,
            "mask_ratio": plan.mask_ratio,
            "noise_at_which_they_are_equal": closed_forms_of_points.sigma_star(variances),
        },
        f"{source} One augmentation and one mask a sample; all clients pooled with equal weights.",
        sure + ("" if sizes else " Clients of unequal size are taken at their mean size."),
    )


def _normal_points(
    rng: np.random.Generator, moment: Float[np.ndarray, "dim dim"], count: int
) -> Float[np.ndarray, "_ dim"]:
    return rng.standard_normal((count, len(moment))) @ square_root(moment)
