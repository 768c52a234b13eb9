"""The eigenvalues of a network: of its mixing matrix or of its Laplacian."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._network import Network
from theory.networks.spectra import closed_form_spectrum, laplacian_spectrum, mixing_spectrum

TITLE = "Eigenvalues of a network's mixing matrix, descending, or Laplacian, ascending"

LONGEST_EXACT = 24  # clients whose eigenvalues are shown in closed form


@dataclass(frozen=True, kw_only=True)
class Query(Network):
    """`parts` says what is listed of complex eigenvalues, which one-way links bring: real parts or [re, im] pairs."""

    matrix: Literal["mixing", "laplacian"] = "mixing"
    parts: Literal["real", "pairs"] = "real"


def answer(query: Query) -> Answer:
    """A list, one entry a client."""
    if query.matrix == "laplacian":
        return Answer(
            value=[float(x) for x in laplacian_spectrum(query.adjacency())],
            units="links",
            source="fiedler1973",
            exact=_exact(query),
        )
    eigenvalues = mixing_spectrum(query.matrix_of_rule())
    about: dict[str, Any] = {"units": "dimensionless", "source": "ledger", "exact": _exact(query)}
    if query.parts == "pairs":
        return Answer(value=[[float(x.real), float(x.imag)] for x in eigenvalues], **about)
    widest = float(np.abs(np.imag(eigenvalues)).max())
    reason = (
        f"Real parts of complex eigenvalues, the largest imaginary part being {widest:.6g}; parts=pairs lists both."
        if widest > 1e-9
        else ""
    )
    return Answer(value=[float(x.real) for x in eigenvalues], reason=reason, **about)


def _exact(query: Query) -> str:
    """The closed form where one is known, in the order of `value`; empty for long lists."""
    network = query.adjacency()
    # Where all clients have equally many neighbours, metropolis weights are the uniform ones.
    is_uniform = query.mixing == "uniform" or (query.mixing == "metropolis" and np.ptp(network.sum(axis=1)) == 0)
    if not (query.matrix == "laplacian" or is_uniform) or len(network) > LONGEST_EXACT:
        return ""
    values = closed_form_spectrum(query.topology, query.n_clients, query.matrix)
    if values is None:
        return ""
    sign = 1 if query.matrix == "laplacian" else -1
    return "[" + ", ".join(str(v) for v in sorted(values, key=lambda v: sign * complex(v.evalf()).real)) + "]"
