"""Networks of figures and notebooks, and training on them until the models rest."""

import numpy as np

from sims.linear import objective
from sims.linear.training import Trajectory, train
from sims.linear.training_options import TrainingOptions
from theory.networks.mixing import Mixing, mixing_matrix
from theory.networks.topologies import is_undirected, topology
from theory.training.predictions import Case

N_CLIENTS = 16
# One or more of every family that `theory.networks.topologies` lists, by the name that a reader knows it by.
FAMILIES = {
    "complete": "complete",
    "star": "star",
    "directed exponential": "directed_exponential",
    "exponential": "exponential",
    "hypercube": "hypercube",
    "torus 4x4": "torus:4x4",
    "random 4-regular": "regular:4",
    "circulant 1, 2": "circulant:1,2",
    "Erdos-Renyi, |A| = 5": "er:5",
    "Erdos-Renyi, p = 0.3": "er_p:0.3",
    "small world": "small_world:4:0.3",
    "Barabasi-Albert": "ba:2",
    "geometric": "geometric:0.45",
    "two cliques, 2 bridges": "two_cliques:2",
    "barbell": "barbell",
    "ring": "ring",
    "directed ring": "directed_ring",
    "path": "path",
}


def mixing_of(name: str, seed: int = 1) -> Mixing:
    """Metropolis weights on a named network of `N_CLIENTS`; equal shares where links have directions.

    Every one of these weighs all clients alike, so that all networks have one and the same target.
    """
    adjacency = topology(name, N_CLIENTS, seed=seed)
    return mixing_matrix(adjacency, "metropolis" if is_undirected(adjacency) else "uniform")


def trained(case: Case, rounds: int) -> Trajectory:
    """All clients from the optimum of the target. Errors: ValueError when training diverges."""
    start = np.repeat(objective.optimum(case.target, case.feature_dim)[None], len(case.mixing), axis=0)
    run = train(
        start,
        case.covariances,
        case.mixing,
        TrainingOptions(step_size=case.step_size, local_steps=case.local_steps, rounds=rounds),
    )
    if run.diverged:
        raise ValueError(f"Training diverged: {run.message} Lower step_size={case.step_size}.")
    return run
