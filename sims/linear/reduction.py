"""The smaller training that has the same solution as a given one, where there is one: fewer clients, fewer dimensions.

The proofs are in `sims.linear.equitable` and `sims.linear.invariant`. Both need exact gradients. Fewer clients also
need that all of them train in every round, over links that do not fail.
"""

from dataclasses import dataclass, field, replace

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sims.linear.equitable import Quotient, quotient
from sims.linear.invariant import Invariant, invariant
from sims.linear.training_options import TrainingOptions
from sims.linear.trajectory import Models, Progress, Shortcut, Trajectory
from sims.rounds import engine

# Looking for a smaller subspace may take this share of the time that training takes, and no more.
_SHARE = 0.02
BECAUSE_EQUAL = "Each stands for a class of clients that are equal and stand in equal positions."
BECAUSE_INVARIANT = "They span a subspace that holds the start and that no client's matrix leaves."


@dataclass(frozen=True)
class Reduction:
    """A training with fewer clients, in fewer dimensions, or both: its start, data and mixing."""

    n_clients: int
    dim: int
    initial: Float[np.ndarray, "classes feature rank"]
    covariances: Float[np.ndarray, "classes rank rank"]
    mixing: Float[np.ndarray, "period classes classes"]
    classes: Quotient | None = field(repr=False)
    inside: Invariant | None = field(repr=False)

    @property
    def shortcuts(self) -> tuple[Shortcut, ...]:
        """What is trained in place of what."""
        n, _, rank = self.initial.shape
        of_clients = () if self.classes is None else (Shortcut("clients", n, self.n_clients, BECAUSE_EQUAL),)
        of_dimensions = () if self.inside is None else (Shortcut("dimensions", rank, self.dim, BECAUSE_INVARIANT),)
        return of_clients + of_dimensions

    @property
    def shares(self) -> Float[np.ndarray, " classes"] | None:
        """The share of the clients for which each trained client stands; None where each stands for itself."""
        return None if self.classes is None else self.classes.shares

    def of_classes(self, values: Float[np.ndarray, " clients"]) -> Float[np.ndarray, " classes"]:
        """Sums over the clients of each class."""
        return values if self.classes is None else np.bincount(self.classes.labels, values)

    def expanded(self, models: Models) -> np.ndarray:
        """The models of all clients, in the coordinates of the data."""
        found = self.in_all_dimensions(models)
        return found if self.classes is None else found[self.classes.labels]

    def in_all_dimensions(self, models: Float[Array | np.ndarray, "*batch feature rank"]) -> np.ndarray:
        """Models in the coordinates of the data."""
        return np.asarray(models) if self.inside is None else self.inside.expanded(models)

    def state(self, small: engine.State) -> engine.State:
        """A state of the smaller training as one of all clients."""
        channel = small.channel if self.classes is None else jnp.ones(self.n_clients)
        return small._replace(params=jnp.asarray(self.expanded(small.params)), channel=channel)

    def small_state(self, state: engine.State | None) -> engine.State | None:
        """The state of all clients that `initial` was made of, as one of the smaller training."""
        if state is None:
            return None
        channel = state.channel if self.classes is None else jnp.ones(len(self.initial))
        return state._replace(params=jnp.asarray(self.initial), channel=channel)

    def told(self, progress: Progress | None) -> Progress | None:
        """`progress`, which is told of all clients."""
        return None if progress is None else lambda state, done, rounds: progress(self.state(state), done, rounds)

    def whole(self, run: Trajectory, weights: Float[np.ndarray, " clients"]) -> Trajectory:
        """The trajectory of all clients; `weights` are those of the mean that their mixing preserves."""
        return replace(
            run,
            before=self.expanded(run.before),
            pre_mix=self.expanded(run.pre_mix),
            post_mix=self.expanded(run.post_mix),
            mean_models=self.in_all_dimensions(run.mean_models),
            weights=weights,
            state=self.state(run.state),
            reductions=self.shortcuts,
        )


def reduction(
    initial: Float[np.ndarray, "clients feature dim"],
    covariances: Float[np.ndarray, "clients dim dim"],
    matrices: Float[np.ndarray, "period clients clients"],
    options: TrainingOptions,
) -> Reduction | None:
    """The smaller training, where there is one that saves at least half of the clients or dimensions."""
    if options.gradient_noise > 0:  # it is drawn for each client and each dimension
        return None
    n, dim = len(initial), initial.shape[-1]
    is_sure = options.participation is None and options.link_failure == 0 and not options.push_sum
    classes = quotient(list(matrices), [covariances, initial], n // 2) if is_sure else None
    if classes is not None:
        initial, covariances, matrices = initial[classes.members], covariances[classes.members], classes.mixing
    inside = None
    if _is_worth_looking(initial, options):
        inside = invariant(initial, covariances, dim // 2)
    if inside is not None:
        initial, covariances = inside.initial, inside.covariances
    if classes is None and inside is None:
        return None
    return Reduction(n, dim, initial, covariances, matrices, classes, inside)


def _is_worth_looking(initial: Float[np.ndarray, "clients feature dim"], options: TrainingOptions) -> bool:
    """Whether growing a subspace to half of all dimensions is quick beside training: d^3 beside 2 n c d^2 a step."""
    n, c, d = initial.shape
    return d <= _SHARE * 2 * n * c * options.rounds * options.local_steps
