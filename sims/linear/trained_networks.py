"""Linear clients trained on a network, simulated or at rest: the problems of the claims about training.

Eight clients of `sims.linear.heterogeneity`, each the same matrix plus one of its own. That training ends at the models
at rest that are solved for is itself a statement of `thm-consensus-error`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Array, Float, Key

from sims.linear import heterogeneity
from sims.linear.resting_clients import at_rest
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from sims.linear.trajectory import Trajectory
from sims.rounds import engine
from theory.networks.mixing import mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector
from theory.training.consensus import client_variance
from theory.training.consensus_curvature import LinearTraining, steady_states
from theory.training.effective_covariance import training_mean

Models = Float[np.ndarray, "clients feature dim"]
Clients = Literal["exchangeable", "homophily", "alternating"]
N_CLIENTS, DIM, FEATURE_DIM = 8, 6, 2


@dataclass(frozen=True)
class Training:
    """One way of training: who mixes how with whom, how unlike the clients are (`level` in [0, 1]), and the steps."""

    network: str
    rule: Rule = "metropolis"
    clients: Clients = "exchangeable"
    level: float = 0.2
    step_size: float = 0.01
    local_steps: int = 1
    n_clients: int = N_CLIENTS
    seed: int = 1

    @property
    def at(self) -> Mapping[str, Any]:
        """The problem in words and numbers, for a witness."""
        return {
            "network": self.network,
            "n_clients": self.n_clients,
            "mixing": self.rule,
            "clients": self.clients,
            "heterogeneity": self.level,
            "step_size": self.step_size,
            "local_steps": self.local_steps,
        }

    @property
    def mixing(self) -> Float[np.ndarray, "clients clients"]:
        """M under the rule; clients hold 1, 2, 3, ... samples where it weighs by them."""
        return mixing_of(self.network, self.rule, self.n_clients)

    @property
    def covariances(self) -> Float[np.ndarray, "clients dim dim"]:
        """X_i of every client: a matrix that all share and one of its own, the latter with weight `level`."""
        return clients_of(self.clients, self.network, self.n_clients, self.level, self.seed)

    @property
    def problem(self) -> tuple[Any, Any, int, float, int]:
        """The leading arguments of every function of `theory` about training."""
        return self.mixing, self.covariances, FEATURE_DIM, self.step_size, self.local_steps

    @property
    def linear(self) -> LinearTraining:
        """The same problem as `theory.training` solves it, with the optimum that training starts from."""
        return LinearTraining(*self.problem)

    @cached_property
    def gradients(self) -> Models:
        """Every client's gradient at the optimum of the training-weighted loss."""
        training = self.linear
        return training.gradient(training.start)

    @property
    def dissimilarity(self) -> float:
        """zeta^2 at that optimum."""
        return client_variance(self.gradients)

    @property
    def target(self) -> Float[np.ndarray, "dim dim"]:
        """The projector on what the optimum of the training-weighted loss represents."""
        return top_projector(training_mean(self.mixing, self.covariances), FEATURE_DIM)

    @cached_property
    def rest(self) -> Models:
        """The models at rest, after mixing: by Newton, which is compiled for eight clients, or by plain iteration."""
        if self.n_clients == N_CLIENTS:
            return steady_states(*self.problem)
        mixing, covariances, feature_dim, step_size, local_steps = self.problem
        return at_rest(mixing, covariances, step_size, local_steps, feature_dim).models

    def with_steps(self, step_size: float) -> "Training":
        """The same training at another step size."""
        return replace(self, step_size=step_size)

    def run(
        self,
        rounds: int,
        *,
        key: Key[Array, ""] | None = None,
        resume: engine.State | None = None,
        **more: Any,
    ) -> Trajectory:
        """Rounds of training from the common optimum, simulated; `more` are further fields of `TrainingOptions`."""
        options = TrainingOptions(step_size=self.step_size, local_steps=self.local_steps, rounds=rounds, **more)
        return train(self.linear.start, self.covariances, self.mixing, options, key=key, resume=resume)


@cache
def mixing_of(network: str, rule: Rule, n_clients: int) -> Float[np.ndarray, "clients clients"]:
    """The mixing matrix; clients hold 1, 2, 3, ... samples where the rule weighs by them."""
    sizes = np.arange(1, n_clients + 1) if rule == "data_size" else None
    return mixing_matrix(topology(network, n_clients), rule, sizes=sizes)


@cache
def clients_of(
    kind: Clients, network: str, n_clients: int, level: float, seed: int
) -> Float[np.ndarray, "clients dim dim"]:
    """The clients' matrices: unlike at random, or most like their neighbours, or least."""
    if kind == "exchangeable":
        return heterogeneity.exchangeable(seed, n_clients, DIM, FEATURE_DIM, level)
    family = heterogeneity.homophily if kind == "homophily" else heterogeneity.alternating
    return family(seed, topology(network, n_clients), DIM, FEATURE_DIM, level)
