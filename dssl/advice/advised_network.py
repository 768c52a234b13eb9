"""A network of given clients at rest: how far they disagree, who is left apart, and the links to add."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from dssl.advice.at_rest import Models, Rest, Training, at_rest
from dssl.advice.objectives import Objective
from theory.networks.edge_choice import greedy_links, with_links
from theory.networks.mixing import Mixing, perron_weights
from theory.networks.topologies import Adjacency
from theory.objectives.curvature import curvature
from theory.training.consensus import client_variance, deviation_response

LARGEST_GREEDY = 60
LARGEST_MOVING = 64  # dimensions: every link tried may need eigenvectors of its own
UNDER_CONNECTED = 2.0  # times the median squared distance from the shared optimum
ROUND_OFF = 1e-12  # lengths below it, relative to the models, are rounding


def said(value: Any, rests_on: str, sure: str) -> dict[str, Any]:
    """A value, what it rests on, and how sure it is."""
    return {"value": value, "rests_on": rests_on, "sure": sure}


def gradients_at_optimum(training: Training) -> Models:
    """Every client's gradient at the optimum W* of the training-weighted second moment X_v: -2 W* (X_i - X_v).

    Source: ledger. Units: those of the gradient. Errors: OutOfDomainError as `curvature`.
    """
    start = curvature(training.target, training.feature_dim).optimum
    return 2 * start @ (training.target - training.moments)


def dissimilarity(training: Training) -> float:
    """zeta^2, the mean over clients of the squared gradient at the optimum, about its mean. Errors: as above."""
    return client_variance(gradients_at_optimum(training))


def network_section(training: Training, wanted: Objective, rest: Rest) -> dict[str, Any]:
    """How far the clients' models disagree at rest, and where their mean lies."""
    models, local = rest.models, training.local(rest.models)
    consensus = client_variance(models)
    mean = np.einsum("i,icd->cd", perron_weights(training.mixing), models)
    value = {
        "consensus_post_mix": consensus,
        "consensus_pre_mix": client_variance(local),
        "consensus_relative": consensus / float(np.sum(np.maximum(curvature_values(training), 0.0))),
        "mean_model_distance": float(wanted.distances(mean)),
    }
    rests_on = "The models at rest, solved for by Newton's method; training stays near them."
    sure = "Exact for training that starts near the optimum of its weighted mean."
    if not rest.is_solved:
        rests_on, sure = "Training.", "Still moving when it was stopped. Lower --step-size, or --simulate."
    return said(value, rests_on, sure)


def curvature_values(training: Training) -> Float[np.ndarray, " feature"]:
    """The eigenvalues that the optimum of the training-weighted mean keeps; their sum is its squared length."""
    return np.linalg.eigvalsh(training.target)[::-1][: training.feature_dim]


def under_connected(training: Training, adjacency: Adjacency, models: Models) -> dict[str, Any]:
    """Clients whose models stay far from the mean, and how far their places alone would set them apart."""
    rests_on = f"Squared distance of each client's model from the mean, above {UNDER_CONNECTED:g} times the median."
    mean = np.einsum("i,icd->cd", perron_weights(training.mixing), models)
    apart = _beyond_rounding(np.sum((models - mean) ** 2, axis=(1, 2)), float(np.sum(mean**2)))
    response = deviation_response(training.mixing) * training.shares
    place = _beyond_rounding(np.sum(response**2, axis=1), 1.0)
    median, usual = float(np.median(apart)), float(np.median(place))
    flagged = [
        {
            "client": int(i),
            "neighbours": int(adjacency[i].sum()),
            "times_the_median": float(apart[i] / median),
            "by_place_alone": float(place[i] / usual) if usual > 0 else 1.0,
        }
        for i in np.argsort(-apart)
        if median > 0 and apart[i] > UNDER_CONNECTED * median
    ]
    sure = (
        "As sure as the consensus error. By place alone: were all clients equally unlike. Where that is large, "
        "links to the client help; else its data set it apart."
    )
    return said(flagged, rests_on, sure)


def _beyond_rounding(squared: Float[np.ndarray, " client"], size: float) -> Float[np.ndarray, " client"]:
    """Squared lengths, 0 for those that rounding alone makes of equal models of squared length `size`."""
    return np.where(squared > ROUND_OFF**2 * size, squared, 0.0)


def cannot_choose_links(adjacency: Adjacency, *, is_given: bool, is_push_sum: bool) -> str | None:
    """Why no links can be proposed on this network; None where they can."""
    if is_given:
        return "Not said: the weights were given, and no rule says what a link would make of them."
    if is_push_sum or len(adjacency) > LARGEST_GREEDY or (adjacency != adjacency.T).any():
        return f"Not said: links are tried one by one on two-way networks of up to {LARGEST_GREEDY} clients."
    return None


def links(
    training: Training, adjacency: Adjacency, rule: Callable[[Adjacency], Mixing], rest: Rest, budget: int
) -> dict[str, Any]:
    """Up to `budget` links that lower the consensus error most, one after the other."""
    rests_on = "First-order consensus error of these clients' own gradients, one link after the other (greedy)."
    fixed = _gram(training)
    moves = training.moments.shape[1] <= LARGEST_MOVING

    def score(denser: Adjacency) -> float:
        mixing = rule(denser)
        # Under some rules a link moves the training weights, and with them the optimum that gradients are taken at.
        moved = moves and np.abs(perron_weights(mixing) - training.weights).max() > 1e-9
        gram = _gram(replace(training, mixing=mixing)) if moved else fixed
        response = deviation_response(mixing)
        response = response - response.mean(axis=0)
        return float(np.sum((response @ gram) * response)) / len(gram)

    def reached(denser: Adjacency) -> float | None:
        found = at_rest(replace(training, mixing=rule(denser)))
        return client_variance(found.models) if found.is_solved else None

    now = score(adjacency)
    if now <= 0:
        return said([], rests_on, "These clients agree already: no link is needed.")
    present = client_variance(rest.models) if moves and rest.is_solved else None
    denser, chosen = adjacency, []
    for link, value in greedy_links(adjacency, score, budget):
        denser = with_links(denser, (link,))
        after = None if not present else reached(denser)
        chosen.append(
            {"link": list(link), "consensus_falls_to": value / now if not present or after is None else after / present}
        )
    if not present:
        sure = "Ratios to the present error, to first order: on slow networks curvature makes the gains smaller."
    else:
        sure = "Ratios to the present error, of models at rest with curvature; the choice itself is first order."
    if not moves:
        sure += f" Beyond {LARGEST_MOVING} dimensions the shared optimum is held fixed while links are tried."
    return said(chosen, rests_on, sure)


def _gram(training: Training) -> Float[np.ndarray, "clients clients"]:
    flat = gradients_at_optimum(training).reshape(len(training.mixing), -1)
    return flat @ flat.T
