"""Entropic optimal transport between weighted points, with marginals kept exactly or only approximately."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def sinkhorn(
    cost: Float[Array, "rows columns"],
    rows: Float[Array, " rows"],
    columns: Float[Array, " columns"],
    entropy: float,
    relaxation: float | None = None,
    sweeps: int = 50,
) -> Float[Array, "rows columns"]:
    """The plan P of least <cost, P> + entropy KL(P | rows x columns) whose marginals are `rows` and `columns`.

    With `relaxation` the marginals may differ, at the price of relaxation x (KL of the row sums + KL of the column
    sums). A sweep ends with the columns: without `relaxation` their sums are exact, those of rows as good as the
    number of sweeps. Source: sinkhorn1967 for the scaling; chizat2018 for its relaxed form.
    Units: cost / entropy has to stay below 80, which is not checked inside a trace.
    Errors: ValueError for an entropy, a relaxation or sweeps that are not positive.
    """
    if entropy <= 0 or (relaxation is not None and relaxation <= 0) or sweeps < 1:
        raise ValueError(
            "A positive entropy, a positive relaxation (or None) and at least one sweep were wanted; got "
            f"entropy={entropy}, relaxation={relaxation}, sweeps={sweeps}."
        )
    power = 1.0 if relaxation is None else relaxation / (relaxation + entropy)
    kernel = jnp.exp(-cost / entropy)

    def sweep(_, scales):
        # A marginal of 0 needs 0 / 0 = 0 where no other point is left to send to.
        u = _ratio(jnp.ones_like(rows), kernel @ (columns * scales[1])) ** power
        return u, _ratio(jnp.ones_like(columns), kernel.T @ (rows * u)) ** power

    u, v = jax.lax.fori_loop(0, sweeps, sweep, (jnp.ones_like(rows), jnp.ones_like(columns)))
    return (rows * u)[:, None] * kernel * (columns * v)[None, :]


def transport_cost(
    cost: Float[Array, "rows columns"],
    rows: Float[Array, " rows"],
    columns: Float[Array, " columns"],
    entropy: float,
    relaxation: float | None = None,
    sweeps: int = 50,
) -> Float[Array, ""]:
    """What the plan of `sinkhorn` pays, its penalties included; the gradient in the cost is the plan itself.

    At the best plan the objective is stationary in the plan, so nothing has to be differentiated through the sweeps.
    Source: chizat2018. Units: those of the cost. Errors: those of `sinkhorn`.
    """
    plan = sinkhorn(jax.lax.stop_gradient(cost), rows, columns, entropy, relaxation, sweeps)
    penalties = entropy * _divergence(plan, rows[:, None] * columns[None, :])
    if relaxation is not None:
        penalties += relaxation * _divergence(plan.sum(axis=1), rows)
        penalties += relaxation * _divergence(plan.sum(axis=0), columns)
    return jnp.sum(cost * plan) + penalties


def _divergence(p: Array, q: Array) -> Float[Array, ""]:
    """KL(p | q) = sum p log(p / q) - p + q of masses that need not sum to 1."""
    is_some = p > 0
    logs = jnp.where(is_some, p * jnp.log(jnp.where(is_some, p, 1) / jnp.where(is_some, q, 1)), 0)
    return jnp.sum(logs - p + q)


def _ratio(a: Array, b: Array) -> Array:
    return jnp.where(b > 0, a / jnp.where(b > 0, b, 1), 0)
