"""The description of a network before any data are seen: certificate, spectra, predictions, links worth adding."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse

from dssl.user_files.csv_and_npz import adjacency_of, is_adjacency, read_links, read_matrix
from runtime.usage import UsageError
from theory.formula import OutOfDomainError
from theory.networks import mixing_rules
from theory.networks.certificate import certificate
from theory.networks.certified_spectra import certified_laplacian_spectrum, certified_mixing_spectrum
from theory.networks.edge_choice import best_links, greedy_links
from theory.networks.graph_functionals import graph_functionals, training_concentration
from theory.networks.mixing import Mixing, mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.sparse_spectra import algebraic_connectivity as sparse_algebraic_connectivity
from theory.networks.sparse_spectra import mixing_ends
from theory.networks.spectra import laplacian_spectrum, mixing_spectrum
from theory.networks.topologies import Adjacency, from_edges, is_undirected, require_connected, topology
from theory.training.consensus import consensus_exchangeable
from theory.training.effective_covariance import is_reversible, kappa

Goal = Literal["consensus", "drift", "weights"]
LARGEST_DENSE = 1000  # clients: beyond, only the ends of spectra are asked for, of sparse matrices
LARGEST_GREEDY = 60  # clients: one choice tries every missing link, each with its own eigenvalues
FILES = (".csv", ".tsv", ".npy")
Labels = tuple[int, ...] | tuple[str, ...]
SPARSE_RULES: Mapping[str, Callable[[Any], Any]] = {
    "uniform": mixing_rules.uniform,
    "metropolis": mixing_rules.metropolis,
    "lazy": mixing_rules.lazy,
    "laplacian": mixing_rules.laplacian,
}


@dataclass(frozen=True)
class Network:
    """A network and how it mixes. `mixing` is None until a rule is chosen."""

    adjacency: Adjacency
    mixing: Mixing
    is_given: bool  # whether the mixing matrix came from a file, so that no rule can rebuild it with more links


def load(
    name: str, n_clients: int | None, rule: Rule, *, seed: int = 0, step: float | None = None, sizes: Any = None
) -> Network:
    """The network of a name, a CSV file of links, or a .npy adjacency or mixing matrix.

    A matrix of zeros and ones with an empty diagonal is an adjacency; any other is a mixing matrix.
    Errors: UsageError for a file that cannot be read or does not fit `n_clients`; ValueError as the rule.
    """
    found = read(name, n_clients, seed=seed)
    if isinstance(found, Network):
        return found
    return Network(found, mixing_matrix(found, rule, sizes=sizes, step=step), is_given=False)


def read(name: str, n_clients: int | None, *, seed: int = 0) -> Adjacency | Network:
    """The connected network of a name or file without its weights; a `Network` where the file holds the weights.

    Errors: as `load`.
    """
    return read_labelled(name, n_clients, seed=seed)[0]


def read_labelled(
    name: str, n_clients: int | None, *, seed: int = 0, names: Sequence[str] | None = None
) -> tuple[Adjacency | Network, Labels]:
    """As `read`, and the labels of the clients: their numbers, or, in a file of links, their names.

    Clients that are named stand in the order of `names`, which must be theirs, or else of appearance.

    Errors: as `load`; UsageError for other names than `names`.
    """
    path = pathlib.Path(name)
    if path.suffix in (".csv", ".tsv"):
        links = read_links(path)
        labels: Labels = _labels(links, n_clients, names, path)
        place: dict[Any, int] = {label: k for k, label in enumerate(labels)}
        network = from_edges([(place[a], place[b]) for a, b in links], len(labels))
        try:
            require_connected(network)
        except ValueError as error:
            named = isinstance(labels[0], str)
            raise UsageError(
                f"{error} Clients are counted from 0 in the order {', '.join(map(str, labels[:10]))}."
                if named
                else str(error)
            ) from None
        return network, labels
    found = _of_name_or_matrix(name, n_clients, seed)
    return found, tuple(range(len(found if isinstance(found, np.ndarray) else found.mixing)))


def _labels(
    links: Sequence[tuple[Any, Any]], n_clients: int | None, names: Sequence[str] | None, path: pathlib.Path
) -> Labels:
    """The clients that links are between, each once, in order."""
    found = dict.fromkeys(client for link in links for client in link)
    if isinstance(links[0][0], int):
        n = n_clients or 1 + max(found)
        if max(found) >= n:
            raise UsageError(
                f"{path} names client {max(found)}, and there are {n} clients, numbered from 0. Mend one of them."
            )
        return tuple(range(n))
    if names is not None:
        require_same_names(found, names, str(path))
        return tuple(names)
    if n_clients not in (None, len(found)):
        raise UsageError(f"{path} names {len(found)} clients, and here are {n_clients}. Mend one of them.")
    return tuple(found)


def with_names(told: dict[str, Any], labels: Sequence[Any]) -> dict[str, Any]:
    """A report that also lists the clients' names, where these are more than their numbers."""
    return told if list(labels) == list(range(len(labels))) else {**told, "names": [str(label) for label in labels]}


def require_same_names(labels: Iterable[Any], names: Sequence[str], what: str) -> None:
    """Nothing where the network `what` has clients of these names. Errors: UsageError naming those that differ."""
    own = {str(label) for label in labels}
    only = [
        f"{label} only in {where}"
        for where, more in ((what, own - set(names)), ("the data", set(names) - own))
        for label in sorted(more)
    ]
    if only:
        raise UsageError(
            f"The clients of the data and of {what} must have the same names; {', '.join(only[:6])}. Mend one of them."
        )


def _of_name_or_matrix(name: str, n_clients: int | None, seed: int) -> Adjacency | Network:
    path = pathlib.Path(name)
    if path.suffix not in FILES:
        return topology(name, n_clients, seed=seed)
    matrix = read_matrix(path)
    if n_clients not in (None, len(matrix)):
        raise UsageError(f"{path} is for {len(matrix)} clients; got n_clients={n_clients}. Mend one of them.")
    if not is_adjacency(matrix):
        return Network(adjacency_of(matrix), matrix, is_given=True)
    network = matrix.astype(bool)
    require_connected(network)
    return network


def mixing_of_denser(adjacency: Adjacency, rule: Rule, *, sizes: Any = None, step: float | None = None) -> Mixing:
    """The mixing matrix of a network with links added. A Laplacian step too large for it gives way to the rule's own.

    Errors: ValueError as the rule.
    """
    if step is not None and step * adjacency.sum(axis=1).max() > 1:  # weights would turn negative
        step = None
    return mixing_matrix(adjacency, rule, sizes=sizes, step=step)


def disagreement(repair: str) -> UsageError:
    """What to say of a mixing matrix under which clients never come to agree, with what to mend."""
    return UsageError(f"This mixing matrix does not bring clients to agree. {repair}")


def require_agreement(mixing: Mixing) -> None:
    """Nothing, when clients that mix so come to agree. Errors: UsageError with what to mend."""
    found = certificate(mixing)
    if not found.brings_agreement:
        raise disagreement(found.repair)


def score(goal: Goal, local_steps: int) -> Callable[[Mixing], float]:
    """What a link should lower.

    consensus: stationary consensus error over eta^2 E^2 zeta^2, clients placed at random. drift: the mean kappa, the
    averaged model's drift over eta. weights: N sum v^2, 1 when training listens to all clients alike.
    """
    return {
        "consensus": lambda mixing: consensus_exchangeable(mixing, 1.0, 1.0),
        "drift": lambda mixing: float(kappa(mixing, local_steps).mean()),
        "weights": lambda mixing: len(mixing) * training_concentration(mixing),
    }[goal]


def report(
    network: Network,
    *,
    local_steps: int,
    goal: Goal,
    budget: int,
    with_links: Callable[[Adjacency], Mixing],
) -> dict[str, Any]:
    """Certificate, spectra, functionals, predictions per unit of step size and dissimilarity, and links to add.

    `with_links` makes the mixing matrix of a denser network. Errors: ValueError as the certificate.
    """
    adjacency, mixing = network.adjacency, network.mixing
    found = certificate(mixing, None if network.is_given else adjacency)
    agrees = found.brings_agreement
    eigenvalues = mixing_spectrum(mixing)
    undirected = is_undirected(adjacency)
    return {
        "n_clients": len(adjacency),
        "links": int(adjacency.sum() // (2 if undirected else 1)),
        "certificate": {
            **dataclasses.asdict(found),
            "is_doubly_stochastic": found.is_doubly_stochastic,
            "is_reversible": bool(agrees and is_reversible(mixing)),
        },
        "mixing_spectrum": [float(x.real) for x in eigenvalues],
        "laplacian_spectrum": laplacian_spectrum(adjacency) if undirected else None,
        "functionals": graph_functionals(adjacency, mixing) if agrees and undirected else None,
        "predicted": _predicted(mixing, local_steps) if agrees else None,
        "links_to_add": _links_to_add(network, local_steps, goal, budget, with_links) if agrees else None,
    }


def large_report(adjacency: Adjacency, rule: str, step: float | None = None) -> dict[str, Any]:
    """What can be said of a large two-way network without its whole spectrum: sizes, ends of spectra, connectivity.

    Errors: UsageError for a rule that has no sparse form, and for a directed network.
    """
    if rule not in SPARSE_RULES or not is_undirected(adjacency):
        raise UsageError(
            f"Beyond {LARGEST_DENSE} clients networks need links that go both ways and --mixing "
            f"{', '.join(SPARSE_RULES)}; got {rule} for {len(adjacency)} clients."
        )
    links = sparse.csr_array(adjacency)
    mixing = SPARSE_RULES[rule](links) if step is None else mixing_rules.laplacian(links, step)
    ends = mixing_ends(mixing)
    closed = np.asarray(links.sum(axis=1)).ravel() + 1
    return {
        "n_clients": len(closed),
        "links": int(links.nnz // 2),
        "lambda_2": ends.lambda_2,
        "min_eigenvalue": ends.smallest,
        "gap": ends.gap,
        "laplacian_lambda_2": sparse_algebraic_connectivity(links),
        "average_connectivity": float(closed.mean()),
        "harmonic_connectivity": float(1 / (1 / closed).mean()),
        "reason": f"Beyond {LARGEST_DENSE} clients only the ends of the spectra are computed.",
    }


def certified(network: Network) -> dict[str, Any]:
    """Intervals [low, high] that hold the eigenvalues training depends on, by interval arithmetic; or why none."""
    try:
        mixing = certified_mixing_spectrum(network.mixing)
        found = {"lambda_2": _interval(mixing[1]), "min_eigenvalue": _interval(mixing[-1])}
        if is_undirected(network.adjacency):
            found["laplacian_lambda_2"] = _interval(certified_laplacian_spectrum(network.adjacency)[1])
        return found
    except OutOfDomainError as error:
        return {"reason": str(error)}


def _interval(ball: Any) -> list[float]:
    """Doubles outside a ball on either side: rounding of either end is one step further out."""
    return [float(np.nextafter(float(ball.lower()), -np.inf)), float(np.nextafter(float(ball.upper()), np.inf))]


def _predicted(mixing: Mixing, local_steps: int) -> dict[str, Any]:
    """Factors that a step size and a dissimilarity turn into errors; `dssl simulate` does so for given clients."""
    modes = kappa(mixing, local_steps) if is_reversible(mixing) else None
    return {
        "local_steps": local_steps,
        "consensus_over_step2_zeta2": local_steps**2 * consensus_exchangeable(mixing, 1.0, 1.0),
        "consensus_pre_mix_over_step2_zeta2": local_steps**2 * consensus_exchangeable(mixing, 1.0, 1.0, pre_mix=True),
        "mean_kappa": None if modes is None else float(modes.mean()),
        "largest_kappa": None if modes is None else float(np.abs(modes).max()),
        "federated_kappa": local_steps - 1,
        "training_concentration": len(mixing) * training_concentration(mixing),
    }


def _links_to_add(
    network: Network, local_steps: int, goal: Goal, budget: int, with_links: Callable[[Adjacency], Mixing]
) -> dict[str, Any]:
    n = len(network.adjacency)
    if network.is_given:
        return {"reason": "The mixing matrix came from a file: no rule says what weights a new link would have."}
    if not is_undirected(network.adjacency):
        return {"reason": "Links are proposed for networks whose links go both ways."}
    if n > LARGEST_GREEDY:
        return {"reason": f"Links are tried one by one up to {LARGEST_GREEDY} clients; here are {n}."}
    measure = score(goal, local_steps)

    def of(adjacency: Adjacency) -> float:
        return measure(with_links(adjacency))

    chosen = greedy_links(network.adjacency, of, budget)
    result: dict[str, Any] = {
        "goal": goal,
        "budget": budget,
        "now": of(network.adjacency),
        "greedy": [{"link": list(link), "reached": value} for link, value in chosen],
    }
    try:
        links, value = best_links(network.adjacency, of, budget)
        result["best"] = {"links": [list(link) for link in links], "reached": value}
    except OutOfDomainError as error:
        result["reason"] = str(error)
    return result
