"""Linear clients at rest, for searches over many networks; a few are checked by simulated training.

`theory.training.stationary_models` solves the same equation by Newton, compiled once for every size of network. A
search over all small networks meets many sizes and needs no more than the plain iteration: its step is that Newton's
first guess.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import networkx as nx
import numpy as np
from jaxtyping import Float

from sims.linear.heterogeneity import exchangeable
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.formula import OutOfDomainError
from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.rule_names import Rule
from theory.networks.topologies import Adjacency
from theory.objectives.curvature import top_projector
from theory.training.consensus import client_variance
from theory.training.consensus_curvature import LinearTraining
from theory.training.stationary_models import equal_curvature_inverse

Models = Float[np.ndarray, "clients feature dim"]
Covariances = Float[np.ndarray, "clients dim dim"]
Mixing = Float[np.ndarray, "clients clients"]
ITERATIONS = 500
# The iteration ends within a few round-offs of rest; asked for fewer, it would circle.
ROUND_OFF = 256 * np.finfo(float).eps
DIM, FEATURE_DIM = 6, 2


def adjacency_of(graph: nx.Graph) -> Adjacency:
    """The adjacency of a graph whose nodes are numbered from 0."""
    return nx.to_numpy_array(graph, nodelist=range(graph.number_of_nodes()), dtype=np.dtype(bool))


def mixing_of(graph: nx.Graph, rule: Rule, step: float | None = None) -> Mixing:
    """The mixing matrix of a rule on a graph."""
    return mixing_matrix(adjacency_of(graph), rule, step=step)


def clients(n_clients: int, level: float = 0.3, seed: int = 0) -> Covariances:
    """Independent clients of one law, small enough to train by the hundred."""
    return exchangeable(seed, n_clients, DIM, FEATURE_DIM, level)


def federated(n_clients: int) -> Mixing:
    """M = 11^T / N: a server that all clients report to."""
    return np.full((n_clients, n_clients), 1 / n_clients)


def placements(covariances: Covariances) -> Iterator[Covariances]:
    """The same clients in every order on the network."""
    for order in permutations(range(len(covariances))):
        yield covariances[list(order)]


@dataclass(frozen=True)
class Trained:
    """What training came to: the models after mixing, and the problem they were trained on."""

    problem: LinearTraining
    models: Models

    @property
    def consensus(self) -> float:
        """(1/N) sum_i |W_i - W-bar|_F^2."""
        return client_variance(self.models)

    @property
    def projector(self) -> Float[np.ndarray, "dim dim"]:
        """What the averaged model represents; the average is the one that mixing preserves."""
        return projector(np.einsum("i,icd->cd", perron_weights(self.problem.mixing), self.models))

    @property
    def wanted(self) -> Float[np.ndarray, "dim dim"]:
        """What the optimum for the plain mean of the clients represents, as federated learning has it."""
        return top_projector(self.problem.covariances.mean(axis=0), self.problem.feature_dim)

    @property
    def error(self) -> float:
        """|P - P*|_F of the averaged model, P* the optimum for the plain mean of the clients."""
        return float(np.linalg.norm(self.projector - self.wanted))

    @property
    def drift(self) -> float:
        """|P - P*|_F of the averaged model, P* the optimum for the clients as this network weighs them."""
        return float(np.linalg.norm(self.projector - projector(self.problem.start[0])))

    @property
    def local_error_squared(self) -> float:
        """The mean over clients of |P_i - P*|_F^2, P* the optimum for the plain mean of the clients."""
        return float(np.mean([np.linalg.norm(projector(w) - self.wanted) ** 2 for w in self.models]))

    @property
    def representability(self) -> Float[np.ndarray, " dim"]:
        """r_k of the averaged model."""
        return np.diag(self.projector).copy()


def at_rest(
    mixing: Mixing, covariances: Covariances, step_size: float, local_steps: int = 1, feature_dim: int = FEATURE_DIM
) -> Trained:
    """Training at rest, on the branch of the optimum: a round turns all models alike and changes nothing else.

    Errors: OutOfDomainError when the iteration does not settle, the clients differing too much for it.
    """
    problem = LinearTraining(mixing, covariances, feature_dim, step_size, local_steps)
    shape, models, v = problem.shape, problem.start, perron_weights(mixing)
    inverse = equal_curvature_inverse(mixing, shape, step_size, local_steps)
    for _ in range(ITERATIONS):
        with np.errstate(over="ignore", invalid="ignore"):
            after = np.einsum("ij,jcd->icd", mixing, problem.local(models))
            before_mean, after_mean = (np.einsum("i,icd->cd", v, w) for w in (models, after))
            turned = after_mean @ before_mean.T
        if not (np.isfinite(after).all() and np.isfinite(turned).all()):
            break
        left, _, right = np.linalg.svd(turned)
        change = (left @ right).T @ after - models
        if np.abs(change).max() <= ROUND_OFF * np.abs(models).max():
            return Trained(problem, models)
        models = models - shape.from_modes(inverse(shape.to_modes(change)))
    raise OutOfDomainError(
        f"Training at rest was not found in {ITERATIONS} iterations at step_size={step_size}: the clients differ too "
        "much for it. Simulate."
    )


def simulated(
    mixing: Mixing,
    covariances: Covariances,
    step_size: float,
    local_steps: int = 1,
    feature_dim: int = FEATURE_DIM,
    *,
    rounds: int,
) -> Trained:
    """The same training run round by round, all clients starting at the optimum."""
    problem = LinearTraining(mixing, covariances, feature_dim, step_size, local_steps)
    run = train(
        problem.start,
        covariances,
        mixing,
        TrainingOptions(step_size=step_size, local_steps=local_steps, rounds=rounds, collapse=False),
    )
    return Trained(problem, run.post_mix)


def projector(model: Float[np.ndarray, "feature dim"]) -> Float[np.ndarray, "dim dim"]:
    """The projector on the rows of a model."""
    basis = np.linalg.qr(model.T)[0]
    return basis @ basis.T
