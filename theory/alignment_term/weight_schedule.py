"""The weight of the alignment term over rounds, with and without a clamp, and the bytes that embeddings add."""

import sympy as sp
from scipy import stats

from theory.formula import Formula, Source

weight_max, weight_min = sp.symbols("weight_max weight_min", nonnegative=True)  # gamma_max, gamma_min
selections, horizon = sp.symbols("selections horizon", positive=True)  # omega, Omega
batch, tokens, token_dim, parameters = sp.symbols("batch tokens token_dim parameters", integer=True, positive=True)

BYTES_PER_FLOAT32 = 4


def _cosine(share: sp.Expr) -> sp.Expr:
    """gamma_min + (gamma_max - gamma_min) (1 + cos(pi share)) / 2."""
    return weight_min + (weight_max - weight_min) * (1 + sp.cos(sp.pi * share)) / 2


ALIGNMENT_WEIGHT = Formula(
    name="alignment_weight",
    title="Weight of the alignment term after a number of selections, as printed: it rises again beyond the horizon",
    expr=_cosine(selections / horizon),
    domain=(),
    units="the unit of the loss",
    source=Source("chen2026", "Eq (7)"),
)

CLAMPED_ALIGNMENT_WEIGHT = Formula(
    name="clamped_alignment_weight",
    title="Weight of the alignment term with the count cut off at the horizon, as the released code has it",
    expr=_cosine(sp.Min(1, selections / horizon)),
    domain=(),
    units="the unit of the loss",
    source=Source("ledger", "Eq (7) of chen2026 with omega / Omega at most 1"),
)

EMBEDDING_BYTES = Formula(
    name="embedding_bytes",
    title="Bytes of the visible-token embeddings of one batch, in float32",
    expr=BYTES_PER_FLOAT32 * tokens * token_dim * batch,
    domain=(),
    units="bytes",
    source=Source("chen2026", "A.5"),
)

MODEL_BYTES = Formula(
    name="model_bytes",
    title="Bytes of a model's parameters, in float32",
    expr=sp.Integer(BYTES_PER_FLOAT32) * parameters,
    domain=(),
    units="bytes",
    source=Source("chen2026", "A.5"),
)


def probability_beyond(horizon: float, *, rounds: int, n_clients: int, participation: int) -> float:
    """The probability that a client is selected more often than `horizon` in `rounds` rounds.

    `participation` of `n_clients` clients are drawn without replacement each round, afresh every round, so one client's
    count is binomial with share participation / n_clients.

    Source: ledger; chen2026, Section 5 proposes the mean of that count as the horizon. Units: dimensionless, in [0, 1].
    Errors: ValueError unless 1 <= participation <= n_clients, rounds >= 0 and horizon >= 0.
    """
    if not 1 <= participation <= n_clients:
        raise ValueError(f"Between 1 and {n_clients} clients take part in a round; got participation={participation}.")
    if rounds < 0 or not horizon >= 0:
        raise ValueError(f"rounds and horizon are at least 0; got rounds={rounds}, horizon={horizon}.")
    return float(stats.binom.sf(horizon, rounds, participation / n_clients))
