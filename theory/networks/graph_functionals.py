"""Numbers that describe a network, each proposed here or elsewhere as a measure of what it does to training.

S1 = sum lambda_l / (1 - lambda_l) and S2, the same with squares, run over the modes l >= 2 of the mixing matrix. With
clients placed at random S2 is what the consensus error is proportional to, and S1 the drift of the averaged model.
"""

import numpy as np
from jaxtyping import Float

from theory.networks import objective_weights
from theory.networks.mixing import Mixing, objective_weights_of, perron_weights
from theory.networks.spectra import laplacian_spectrum, mixing_spectrum, second_modulus
from theory.networks.topologies import Adjacency, require_connected


def graph_functionals(adjacency: Adjacency, mixing: Mixing) -> dict[str, float]:
    """Every functional of this file, by its function's name.

    Source: the functions. Units: theirs. Errors: ValueError for a disconnected or a directed network.
    """
    require_connected(adjacency)
    of_mixing = (mode_sum, squared_mode_sum, mixing_gap, spectral_gap, objective_concentration, training_concentration)
    of_network = (average_connectivity, harmonic_connectivity, algebraic_connectivity, kirchhoff_index)
    return {f.__name__: f(mixing) for f in of_mixing} | {f.__name__: f(adjacency) for f in of_network}


def mode_sum(mixing: Mixing) -> float:
    """S1 = sum over l >= 2 of lambda_l / (1 - lambda_l), the trace of Z; Kemeny's constant is S1 + N - 1.

    Source: ledger; horn2012 for the trace. Units: rounds. Errors: ValueError when the eigenvalue 1 is repeated.
    """
    return float((_others(mixing) / (1 - _others(mixing))).sum().real)


def squared_mode_sum(mixing: Mixing) -> float:
    """S2 = sum over l >= 2 of (lambda_l / (1 - lambda_l))^2.

    Source: ledger. Units: rounds squared. Errors: as `mode_sum`.
    """
    return float(((_others(mixing) / (1 - _others(mixing))) ** 2).sum().real)


def mixing_gap(mixing: Mixing) -> float:
    """1 - lambda_2 of the mixing matrix, by real parts.

    Source: xiao2004. Units: dimensionless, in [0, 2]. Errors: none.
    """
    return float(1 - mixing_spectrum(mixing)[1].real)


def spectral_gap(mixing: Mixing) -> float:
    """1 - max over l >= 2 of |lambda_l|.

    Source: xiao2004. Units: dimensionless, in [0, 1]. Errors: none.
    """
    return 1 - second_modulus(mixing)


def objective_concentration(mixing: Mixing) -> float:
    """sum pi_i^2, between 1/N and 1: how unequally Eq (1) listens to the clients.

    Source: ledger. Units: dimensionless. Errors: none.
    """
    return float((objective_weights_of(mixing) ** 2).sum())


def training_concentration(mixing: Mixing) -> float:
    """sum v_i^2, between 1/N and 1: how unequally training listens to the clients.

    Source: ledger. Units: dimensionless. Errors: as `theory.networks.mixing.perron_weights`.
    """
    return float((perron_weights(mixing) ** 2).sum())


def average_connectivity(adjacency: Adjacency) -> float:
    """|A-bar|, the mean size of a neighbourhood, the client included.

    Source: chen2026, Section 3.1. Units: clients. Errors: none.
    """
    return float(objective_weights.average_connectivity(_closed(adjacency)))


def harmonic_connectivity(adjacency: Adjacency) -> float:
    """The harmonic mean of the sizes of neighbourhoods; Eq (29) sums 1/|A_i| and calls the outcome |A-bar|.

    Source: chen2026, Eqs (29)-(30). Units: clients. Errors: none.
    """
    return float(1 / (1 / _closed(adjacency).sum(axis=1)).mean())


def algebraic_connectivity(adjacency: Adjacency) -> float:
    """lambda_2 of the Laplacian.

    Source: fiedler1973. Units: links. Errors: ValueError for a directed network.
    """
    return float(laplacian_spectrum(adjacency)[1])


def kirchhoff_index(adjacency: Adjacency) -> float:
    """N sum over l >= 2 of 1 / mu_l, the sum of resistances between all pairs of clients.

    Source: klein1993. Units: unit resistances. Errors: ValueError for a directed or a disconnected network.
    """
    require_connected(adjacency)
    eigenvalues = laplacian_spectrum(adjacency)
    return float(len(eigenvalues) * (1 / eigenvalues[1:]).sum())


def _others(mixing: Mixing) -> np.ndarray:
    eigenvalues = mixing_spectrum(mixing)[1:]
    if abs(1 - eigenvalues[0]) < 1e-12:
        raise ValueError("Sums over modes need a single eigenvalue 1; this matrix keeps groups apart. Connect them.")
    return eigenvalues


def _closed(adjacency: Adjacency) -> Float[np.ndarray, "clients clients"] | Adjacency:
    return adjacency | np.eye(len(adjacency), dtype=bool)
