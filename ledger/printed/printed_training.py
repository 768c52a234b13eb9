"""What was expected of trained networks beside Theorem 4.6: a server's averaged model is the better one.

Clients are at rest, without the alignment term; a server is the network in which everyone hears everyone alike.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn import aligned_clients as clients
from ledger.drawn.drawn_networks import DRAW, mixing_at, network_parameters
from ledger.statement import Evidence
from theory.domain import Domain, Point, Whole

SPREAD = 0.3
ROUND_OFF = 1e-10
LEAST = 1e-7  # a distance or a sensitivity that is more than round-off
Quality = Callable[[np.ndarray, np.ndarray], float]  # of an averaged model, given the optimum's projector
TWO_KINDS = "Clients are of two kinds, drawn for each."
UNSTRUCTURED = "Each client has a matrix of its own; the mean has its eigenvectors in no special directions."


def projector_of(model: np.ndarray) -> np.ndarray:
    """The projector on the rows of a model, (d, d)."""
    rows = np.linalg.svd(model, full_matrices=False)[2]
    return rows.T @ rows


def distance(model: np.ndarray, wanted: np.ndarray) -> float:
    """|P - P*|_F."""
    return float(np.linalg.norm(projector_of(model) - wanted))


def sensitivity(model: np.ndarray, wanted: np.ndarray) -> float:
    """max - min of r_k over all coordinates."""
    return float(np.ptp(np.diag(projector_of(model))))


def server_is_no_worse(
    quality: Quality, because: str, named: Sequence[Point] = (), *, local_steps: int, two_kinds: bool
) -> OnDomain:
    """A distance or a sensitivity of the network's averaged model is at least that of the server's: their ratio is 1.

    Where the server's own is round-off there is no ratio, and the point is not resolved.
    """

    def ratio(at: Point, effort: Effort) -> Sample:
        n, c = int(at["n_clients"]), int(at["feature_dim"])
        matrices, _ = clients.matrices_at(at, SPREAD, "masked")
        if two_kinds:
            kinds = np.random.default_rng((int(at["draw"]), 12)).integers(0, 2, n)
            matrices = matrices[kinds]
        wanted = clients.optimum(matrices.mean(axis=0), c)[1]
        found = [
            quality(clients.at_rest(matrices, matrices, mixing, c, local_steps=local_steps).mean(axis=0), wanted)
            for mixing in (mixing_at(at), np.full((n, n), 1 / n))
        ]
        network, server = found
        if server < LEAST:
            return Sample(np.array([np.nan]))
        return Sample(np.array([network / server]), ROUND_OFF / server)

    return OnDomain(
        Domain(
            (*network_parameters(8), Whole("dim", 2, 6), Whole("feature_dim", 1, 3), DRAW),
            (clients.FEWER_FEATURES,),
            assumes=f"Linear encoders at rest, {local_steps} local step{'s' * (local_steps > 1)} a round, all clients, "
            f"Metropolis weights; matrices differ by {SPREAD:g} where eigenvalues are about 1. "
            + (TWO_KINDS if two_kinds else UNSTRUCTURED),
        ),
        Then(">=", lambda at: 1.0, ratio),
        because,
        Evidence.NUMERIC,
        named=named,
    )
