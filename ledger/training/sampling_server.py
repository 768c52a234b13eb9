"""A simulated server that samples two of eight clients a round, against networks on which all eight train."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import numpy as np

from ledger.statement import Context
from sims.linear import metrics
from sims.linear.resting_clients import FEATURE_DIM, at_rest, clients, federated
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology
from theory.training.participation import crossover_step_size

SERVED, SAMPLED = 8, 2


@cache
def served(step_size: float, rounds: int) -> tuple[float, float]:
    """Mean and standard error over late rounds of the squared subspace error of a server, some clients a round."""
    x = clients(SERVED)
    start = at_rest(federated(SERVED), x, step_size)
    run = train(
        start.problem.start,
        x,
        federated(SERVED),
        TrainingOptions(step_size=step_size, rounds=rounds, participation=SAMPLED, record_every=20),
        key=jax.random.key(1),
    )
    late = run.mean_models[len(run.mean_models) // 5 :]
    errors = np.asarray(metrics.subspace_error(late, start.wanted)) ** 2
    # Rounds are correlated over some hundred of them; means of twenty long stretches are not.
    stretches = np.array([part.mean() for part in np.array_split(errors, 20)])
    return float(stretches.mean()), float(stretches.std(ddof=1) / np.sqrt(len(stretches)))


@cache
def crossing(name: str) -> float:
    """The step size at which a network's own models are as far off as the server that samples clients."""
    return crossover_step_size(_metropolis(name), clients(SERVED), FEATURE_DIM, SAMPLED)


def step_sizes() -> tuple[float, float]:
    """Three times the crossing step size of the path, and a third of it."""
    return 3 * crossing("path"), crossing("path") / 3


def rounds_of(context: Context) -> int:
    """How many rounds the server is simulated for at this tier."""
    return context.trials(24_000, 200_000)


def on_network(name: str, step_size: float) -> float:
    """The mean squared subspace error of the clients' own models, Metropolis weights, all clients taking part."""
    return at_rest(_metropolis(name), clients(SERVED), step_size).local_error_squared


def _metropolis(name: str) -> np.ndarray:
    return mixing_matrix(topology(name, SERVED), "metropolis")


def no_better_than_few_clients(point: tuple[str, float, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the network's own models are off by at least the server's squared error, less five standard errors."""
    name, eta, rounds = point
    dec, (fed, error) = on_network(name, eta), served(eta, rounds)
    return dec >= fed - 5 * error, {
        "network": name,
        "step_size": eta,
        "clients_a_round": f"{SAMPLED} of {SERVED}",
        "decentralised_squared_error_of_own_models": dec,
        "federated_squared_error": fed,
        "standard_error": error,
    }
