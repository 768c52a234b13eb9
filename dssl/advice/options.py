"""The ways to train, each with its distance from the wanted subspace, and which of them is best."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from dssl.advice.at_rest import Ends, Rest, Training, ends
from dssl.advice.objectives import IN_WORDS, Objective, ObjectiveName, alone
from dssl.advice.sampled_server import Sampling, sampled_server
from dssl.user_files.client_data import ClientData

ROUND_OFF = 1e-12  # of distances: what eigenvectors in double precision leave
SAME = 1e-3  # a difference that hardly matters, in the unit of distances
OptionName = Literal["server", "server-sampled", "network", "alone"]
NAMES: tuple[OptionName, ...] = get_args(OptionName)


@dataclass(frozen=True)
class Option:
    """A way to train; how far its clients' models at rest lie from the wanted subspace, give or take; and why.

    No distance where training may diverge.
    """

    name: str
    distance: float | None
    uncertainty: float | None
    rests_on: str

    def as_dict(self) -> dict[str, Any]:
        """What stands in JSON."""
        return {
            "name": self.name,
            "distance": self.distance,
            "uncertainty": self.uncertainty,
            "rests_on": self.rests_on,
        }


def options(
    data: ClientData, training: Training, wanted: Objective, sampling: Sampling, *, seed: int
) -> tuple[list[Option], Rest]:
    """Server, sampled server, network and every client alone, in this order, and the network's models at rest.

    Source: ledger. Units: as `Objective.distances`. Errors: as `at_rest`.
    """
    server = _server(training, wanted)
    found = ends(training)
    network = of_rest("network", found, wanted, "The network's own rounds")
    own = _alone(data, wanted)
    rivals = [
        (o.distance, o.uncertainty)
        for o in (server, network, own)
        if o.distance is not None and o.uncertainty is not None
    ]
    sampled = sampled_server(data.moments, wanted, sampling, rivals=rivals, seed=seed)
    what = (
        f"Simulated: {sampling.n_sampled} of {data.n_clients} clients drawn each round, averaged by the objective's "
        f"weights of those drawn; {sampled.rounds} rounds. The uncertainty is a 99.8% interval."
    )
    if not sampled.is_settled:
        what += " Too few rounds to be sure that training had settled."
    option = Option("server-sampled", sampled.distance, sampled.uncertainty + ROUND_OFF, what)
    return [server, option, network, own], found.rests[0]


def of_rest(name: str, found: Ends, wanted: Objective, what: str) -> Option:
    """The option whose clients end with one of these models, depending on the start.

    A tilt e moves the root of a squared distance by no more than e. Between ends that differ, the middle is told, and
    half of their range again is added to what other starts may do.
    """
    if found.n_diverged:
        tried = len(found.rests) + found.n_diverged
        why = f"{what}, which diverge from {found.n_diverged} of {tried} starts at this step size. Lower --step-size."
        return Option(name, None, None, why)
    c, middles, reach = wanted.feature_dim, [], 0.0
    for rest in found.rests:
        each = wanted.distances(rest.models)
        middles.append(float(each.mean()))
        reach = max(reach, float(np.mean((2 * np.sqrt(c * each) * rest.error + rest.error**2) / c)))
    low, high = min(middles), max(middles)
    why = f"{what}, solved for models at rest by Newton's method; training stays near them."
    if not all(rest.is_solved for rest in found.rests):
        why = (
            f"{what}, trained, and still moving at the end: the uncertainty is ten times what the last half changed, "
            "and what one more round does."
        )
    if high - low > reach + ROUND_OFF:
        why += (
            f" Where training ends depends on where it starts: {len(found.rests)} starts gave {low:.4g} to {high:.4g}."
        )
        reach += high - low
    return Option(name, (low + high) / 2, min(1.0, reach) + ROUND_OFF, why)


def _server(training: Training, wanted: Objective) -> Option:
    if training.local_steps == 1:
        why = "Exact: with one local step, the server's rounds are gradient descent on the objective's own loss."
        return Option("server", 0.0, ROUND_OFF, why)
    n = len(training.moments)
    mixing = np.repeat(wanted.weights[None], n, axis=0)
    common = (training.feature_dim, training.step_size, training.local_steps)
    found = ends(Training(mixing, training.moments, *common, np.ones(n)))
    return of_rest("server", found, wanted, "Rounds of all clients, averaged by the objective's weights")


def _alone(data: ClientData, wanted: Objective) -> Option:
    ends = np.array([alone(moment, wanted) for moment in data.moments])
    low, high = ends.mean(axis=0)
    why = "Exact: a client that trains alone ends at the leading eigenvectors of its own second moment."
    is_open = np.flatnonzero(ends[:, 1] > ends[:, 0])
    if len(is_open):
        why = (
            f"The leading eigenvectors of each client's own second moment. Those of {len(is_open)} clients are not "
            f"unique ({data.who(int(is_open[0]))} first): where they end depends on the start, as far as the "
            "uncertainty."
        )
    return Option("alone", float((low + high) / 2), float((high - low) / 2) + ROUND_OFF, why)


def nearer(one: Option, other: Option) -> Option | None:
    """The option that ends nearer to the wanted subspace; None when uncertainties cover the difference.

    An option that may diverge is never nearer than one that does not.
    """
    if one.distance is None or one.uncertainty is None:
        return None if other.distance is None else other
    if other.distance is None or other.uncertainty is None:
        return one
    if abs(one.distance - other.distance) <= one.uncertainty + other.uncertainty:
        return None
    return one if one.distance < other.distance else other


def recommendation(found: list[Option], objective: ObjectiveName) -> tuple[str | None, str]:
    """The name of the option nearest to the wanted subspace, or None when that is too close to call; and the reason."""
    ranked = sorted(found, key=_rank)
    best, words = ranked[0], IN_WORDS[objective]
    if best.distance is None:
        return None, "Every option may diverge at this step size. Lower --step-size."
    rivals = [option for option in ranked[1:] if nearer(best, option) is None]
    if rivals:
        listed = ", ".join(f"{option.name} {_shown(option)}" for option in [best, *rivals])
        why = f"Too close to call when {words}: the distances of {listed} differ by no more than their uncertainty."
        return None, why
    second = ranked[1]
    if second.distance is None:
        return best.name, f"When {words}, {best.name} is the only option that does not diverge: {_shown(best)}."
    why = f"When {words}, {best.name} ends nearest to the best shared subspace: {_shown(best)}; next is {second.name} "
    why += f"with {_shown(second)}."
    if second.distance - best.distance < SAME:
        why += f" The difference is below {SAME:g} of the largest distance there is, and hardly matters."
    return best.name, why


def comparisons(found: list[Option]) -> list[dict[str, Any]]:
    """Every pair of options: which is nearer, or None when that is too close to call."""
    pairs = [(one, other, nearer(one, other)) for i, one in enumerate(found) for other in found[i + 1 :]]
    return [{"options": [one.name, other.name], "nearer": best and best.name} for one, other, best in pairs]


def _rank(option: Option) -> float:
    return math.inf if option.distance is None else option.distance


def _shown(option: Option) -> str:
    if option.distance is None or option.uncertainty is None:
        return "that may diverge"
    reach = 0.0 if option.uncertainty <= 2 * ROUND_OFF else option.uncertainty
    return f"{option.distance:.4g}" + (f" +- {reach:.2g}" if reach else "")
