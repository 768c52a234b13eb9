"""A network compared with a server for given clients: the clients it leaves apart, and the links to add."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from theory.formula import OutOfDomainError
from theory.networks.edge_choice import greedy_links, with_links
from theory.networks.mixing import Mixing, perron_weights
from theory.networks.topologies import Adjacency
from theory.objectives.curvature import top_projector
from theory.training.consensus import deviation_response
from theory.training.consensus_curvature import LinearTraining, resummed
from theory.training.effective_covariance import stiffness
from theory.training.participation import crossover_step_size, decentralised_errors, partial_participation_error
from theory.training.predictions import Case, Models
from theory.training.subspace_drift import subspace_drift

LARGEST_GREEDY = 60
LARGEST_MOVING = 64  # dimensions: every link tried may need eigenvectors of its own
UNDER_CONNECTED = 2.0  # times the median squared distance from the shared optimum
ROUND_OFF = 1e-12  # lengths below it, relative to the models, are rounding
TRUSTED = 0.1  # of next order or stiffness: first order is then good to about this


def said(value: Any, rests_on: str, sure: str) -> dict[str, Any]:
    """A value, what it rests on, and how sure it is."""
    return {"value": value, "rests_on": rests_on, "sure": sure}


@dataclass(frozen=True)
class AtRest:
    """The models after mixing when training has settled, or None, and what is said of them."""

    models: Models | None
    section: dict[str, Any]


def network_sections(case: Case, n_sampled: int) -> tuple[dict[str, Any], AtRest, dict[str, Any]]:
    """The server, the network, and which of them ends nearer the wanted subspace.

    Errors: OutOfDomainError where the subspace is not unique.
    """
    partial = partial_participation_error(
        case.covariances, case.feature_dim, n_sampled, case.step_size, case.local_steps
    )
    return _federated(case, n_sampled, partial), _decentralised(case), _choice(case, n_sampled, partial)


def _federated(case: Case, n_sampled: int, partial: float) -> dict[str, Any]:
    n = len(case.covariances)
    full = 0.0  # one local step of all clients is gradient descent on the mean
    if case.local_steps > 1:
        server = np.full((n, n), 1 / n)
        full = subspace_drift(server, case.covariances, case.feature_dim, case.step_size, case.local_steps)
    return {
        "full_participation": said(
            {"mean_model_subspace_error": full},
            "Effective covariance with kappa = E - 1: one local step has no drift at all.",
            "Exact." if case.local_steps == 1 else "First order in the step size.",
        ),
        "partial_participation": said(
            {"n_sampled": n_sampled, "mean_model_subspace_error": float(np.sqrt(partial))},
            "Stationary covariance of the sampled mean gradient (Lyapunov), root mean square over rounds.",
            "First order in the step size; single rounds fluctuate about it.",
        ),
    }


def _decentralised(case: Case) -> AtRest:
    problem = (case.mixing, case.covariances, case.feature_dim, case.step_size, case.local_steps)
    try:
        found = resummed(*problem)
        case.require_attracting(found.states)
    except OutOfDomainError:
        found = None  # the clients differ too much for it; Newton may still get there
    if found is not None and found.next_order <= TRUSTED:
        models = found.states
        rests_on = "Steady state to third order in the clients' differences, curvature and all network modes included."
        sure = f"The next orders change the consensus error by {found.next_order:.2g} of itself."
    else:
        rests_on = "The models at rest, solved for by Newton's method from the shared optimum."
        sure = "Exact for models at rest; clients differ so much that training may settle elsewhere: use --simulate."
        try:
            models = case.rest
        except OutOfDomainError:
            why = (
                "Not said: no models at rest are found that training stays near, the clients differ too much. Lower "
                "--step-size, or --simulate."
            )
            return AtRest(None, said(None, rests_on, why))
    training = LinearTraining(*problem)
    wanted = top_projector(case.target, case.feature_dim)

    def error(model: Float[np.ndarray, "feature dim"]) -> float:
        basis = np.linalg.qr(model.T)[0]
        return float(np.linalg.norm(basis @ basis.T - wanted))

    consensus = training.consensus(models)
    value = {
        "consensus_post_mix": consensus,
        "consensus_pre_mix": training.consensus(models, pre_mix=True),
        "consensus_relative": consensus / float(np.sum(training.shape.optimum**2)),
        "mean_model_subspace_error": error(np.einsum("i,icd->cd", case.weights, models)),
        "mean_local_subspace_error_squared": float(np.mean([error(w) ** 2 for w in models])),
    }
    return AtRest(models, said(value, rests_on, sure))


def _choice(case: Case, n_sampled: int, server: float) -> dict[str, Any]:
    """Own models on the network against a server that samples clients, and at which step size they change places."""
    own = decentralised_errors(case.mixing, case.covariances, case.feature_dim, case.step_size, case.local_steps)
    crossing = crossover_step_size(
        case.mixing, case.covariances, case.feature_dim, n_sampled, local_steps=case.local_steps
    )
    stiff = stiffness(case.mixing, case.covariances, case.feature_dim, case.step_size, case.local_steps)
    return said(
        {
            "better_by_own_models": "decentralised" if own.local < server else "federated",
            "better_by_mean_model": "decentralised" if own.mean_model < server else "federated",
            "crossover_step_size": crossing,
        },
        "To leading order in the step size, the squared distance from the best shared model falls like the step size "
        "with a server, and like its square on a network.",
        f"Leading order; its relative error is about {stiff:.2g} here."
        + ("" if stiff <= TRUSTED else " Rough: use --simulate."),
    )


def under_connected(case: Case, adjacency: Adjacency, models: Models | None) -> dict[str, Any]:
    """Clients whose models stay far from the mean, and how far their places alone would set them apart."""
    rests_on = f"Squared distance of each client's model from the mean, above {UNDER_CONNECTED:g} times the median."
    if models is None:
        return said(None, rests_on, "Not said: the models at rest are not known.")
    mean = np.einsum("i,icd->cd", case.weights, models)
    apart = _beyond_rounding(np.sum((models - mean) ** 2, axis=(1, 2)), float(np.sum(mean**2)))
    place = _beyond_rounding(np.sum(deviation_response(case.mixing) ** 2, axis=1), 1.0)
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


def links(case: Case, adjacency: Adjacency, rule: Callable[[Adjacency], Mixing], budget: int) -> dict[str, Any]:
    """Up to `budget` links that lower the consensus error most, one after the other."""
    rests_on = "First-order consensus error of these clients' own gradients, one link after the other (greedy)."
    if len(adjacency) > LARGEST_GREEDY or (adjacency != adjacency.T).any():
        why = f"Not said: links are tried one by one on two-way networks of up to {LARGEST_GREEDY} clients."
        return said(None, rests_on, why)
    fixed = _gram(case)
    moves = case.covariances.shape[1] <= LARGEST_MOVING

    def score(denser: Adjacency) -> float:
        mixing = rule(denser)
        # Under some rules a link moves the training weights, and with them the optimum that gradients are taken at.
        moved = moves and np.abs(perron_weights(mixing) - case.weights).max() > 1e-9
        gram = _gram(replace(case, mixing=mixing)) if moved else fixed
        response = deviation_response(mixing)
        response = response - response.mean(axis=0)
        return float(np.sum((response @ gram) * response)) / len(gram)

    def at_rest(denser: Adjacency) -> float | None:
        try:
            return resummed(rule(denser), case.covariances, case.feature_dim, case.step_size, case.local_steps).value
        except OutOfDomainError:  # the clients differ too much for it
            return None

    now = score(adjacency)
    if now <= 0:
        return said([], rests_on, "These clients agree already: no link is needed.")
    present, denser, chosen = at_rest(adjacency) if moves else None, adjacency, []
    for link, value in greedy_links(adjacency, score, budget):
        denser = with_links(denser, (link,))
        after = None if present is None else at_rest(denser)
        chosen.append(
            {
                "link": list(link),
                "consensus_falls_to": value / now if present is None or after is None else after / present,
            }
        )
    if present is None:
        sure = "Ratios to the present error, to first order: on slow networks curvature makes the gains smaller."
    else:
        sure = "Ratios to the present error, of models at rest with curvature; the choice itself is first order."
    if not moves:
        sure += f" Beyond {LARGEST_MOVING} dimensions the shared optimum is held fixed while links are tried."
    return said(chosen, rests_on, sure)


def _gram(case: Case) -> Float[np.ndarray, "clients clients"]:
    flat = case.gradients_at_optimum.reshape(len(case.mixing), -1)
    return flat @ flat.T
