"""`Network`: who hears whom, how clients average their models, and what that does to training.

A network comes from a name, a file, an array, a networkx graph or a table of links. Libraries are imported by the
functions that need them, so that `import dssl` is quick; networkx and pandas are told by the names of their modules.
"""

import contextlib
import pathlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np
from jaxtyping import Float, Inexact

from dssl.interface.network_sources import Adjacency, Mixing, found
from runtime.parse import parse
from runtime.usage import UsageError
from theory.networks.rule_names import Rule

if TYPE_CHECKING:
    from scipy import sparse

    from dssl.networks.report import Goal
    from theory.networks.certificate import Certificate
    from theory.networks.sparse_spectra import SpectrumEnds

Link = tuple[Any, Any]
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")
_ARGUMENTS = {"n": "n_clients", "topology": "network"}  # options of the command line that have another name here


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Turns any ValueError inside into a UsageError, which names arguments where the command line has options."""
    try:
        yield
    except ValueError as error:
        raise UsageError(in_python(" ".join(str(error).split()))) from None


def in_python(sentence: str) -> str:
    """The sentence with the names of arguments, such as step_size, in place of options such as --step-size."""
    return _OPTION.sub(lambda found: _ARGUMENTS.get(found[1], found[1].replace("-", "_")), sentence)


def argument(name: str, value: Any, hint: Any) -> Any:
    """The value as the type `hint`. Errors: UsageError naming the argument, what was wanted and what came."""
    plain = value.tolist() if isinstance(value, np.generic | np.ndarray) else value
    return parse(name, plain, hint, is_text=False)


@dataclass(frozen=True)
class LinkChoice:
    """Links worth adding to a network, and what they lower on the scale of `Network.best_links`.

    `now` is the number of the network as it is, and `reached` the number once all `links` are added. `greedy` has a
    pair for each link added one after the other, the best at its turn: the link, and the number then. A link is a pair
    of labels. `is_best` says that every set of links was tried; where these are too many, `links` are the greedy ones.
    """

    now: float
    links: tuple[Link, ...]
    reached: float
    greedy: tuple[tuple[Link, float], ...]
    is_best: bool


class Network:
    """A network of clients and how they average their models. It never changes; numbers are computed when asked for.

    `source` is one of:

    - a name, as on the command line: "ring", "torus:4x5", "er:5", "edges:0-1,1-2"; `n_clients` where the name leaves
      it open, and `seed`, which draws the random ones;
    - the path of a .csv file of links, two clients a row (numbers from 0, or names), or of a .npy file with an array
      as below;
    - an array (clients, clients). Of zeros and ones with an empty diagonal it is an adjacency, whose entry (i, j) says
      that client i hears client j. Any other is a mixing matrix: entry (i, j) is the weight that i gives to j's model,
      and rows sum to 1, to within 1e-9;
    - a networkx graph. Nodes that are labelled by the numbers 0 to N - 1 are the clients of these numbers; with other
      labels, client k is the k-th node in the order in which nodes were added. The head of an arrow hears the tail;
    - a pandas table of links that go both ways: its columns `source` and `target`, or its first two. Clients are in the
      order of their numbers, or of appearance if the labels are words.

    `mixing` is the rule that gives weights: "metropolis" if left out. `step` belongs to the rule "laplacian", and
    `sizes`, the samples of every client, to "data_size". A mixing matrix takes none of them.

    `n_clients` is a count. `labels` names the clients: by numbers from 0 where the source has no names. `adjacency` is
    a read-only array of booleans. `mixing` is the rule, or "given" for a mixing matrix.

    Source: chen2026, Section 3.1 (networks, uniform averaging); each rule of `theory/networks/mixing_rules.py` has its
    own. Errors: UsageError, in one sentence, for a source that is none of these, for a network that is not connected,
    and for arguments that do not fit each other.

    >>> import dssl
    >>> ring = dssl.Network("ring", 20)
    >>> ring
    <dssl.Network: 20 clients, 20 links, mixing metropolis>
    >>> round(ring.spectral_gap, 4)
    0.0326
    """

    n_clients: int
    labels: tuple[Any, ...]
    adjacency: Adjacency
    mixing: Rule | Literal["given"]
    _weights: "Mixing | sparse.csr_array"
    _step: float | None
    _sizes: tuple[float, ...] | None
    _is_large: bool

    def __init__(
        self,
        source: Any,
        n_clients: int | None = None,
        *,
        mixing: Rule | None = None,
        seed: int = 0,
        step: float | None = None,
        sizes: Any = None,
    ) -> None:
        from dssl.networks.report import LARGEST_DENSE

        n_clients = argument("n_clients", n_clients, int | None)
        mixing = argument("mixing", mixing, Rule | None)
        seed = argument("seed", seed, int)
        step = argument("step", step, float | None)
        sizes = argument("sizes", sizes.tolist() if hasattr(sizes, "tolist") else sizes, tuple[float, ...] | None)
        with refusals():
            adjacency, given, labels = found(source, n_clients, seed)
            if given is not None:
                _refuse_beside_weights(mixing=mixing, step=step, sizes=sizes)
                weights = _frozen(given)
            else:
                weights = _mixed(adjacency, mixing or "metropolis", step, sizes)
        self.__dict__.update(
            n_clients=len(adjacency),
            labels=labels,
            adjacency=_frozen(adjacency),
            mixing="given" if given is not None else mixing or "metropolis",
            _weights=weights,
            _step=step,
            _sizes=sizes,
            _is_large=len(adjacency) > LARGEST_DENSE,
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"A Network does not change, so {name} cannot be set. Make a new one: dssl.Network(...).")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"A Network does not change, so {name} cannot be deleted.")

    def __repr__(self) -> str:
        return f"<dssl.Network: {self.n_clients} clients, {self.n_links} links, mixing {self.mixing}>"

    def _repr_html_(self) -> str:
        numbers = {"clients": str(self.n_clients), "links": str(self.n_links), "mixing": self.mixing}
        for name in ("lambda_2", "spectral_gap", "consensus_rate", "laplacian_lambda_2"):
            numbers[name] = _as_text(lambda name=name: getattr(self, name))
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in numbers.items())
        return f"<table>{rows}</table>"

    @cached_property
    def is_two_way(self) -> bool:
        """Whether every link goes both ways."""
        return bool((self.adjacency == self.adjacency.T).all())

    @cached_property
    def n_links(self) -> int:
        """The number of links. One that goes both ways counts once, if all do; else each direction counts."""
        return int(self.adjacency.sum()) // (2 if self.is_two_way else 1)

    @cached_property
    def mixing_matrix(self) -> Mixing:
        """The weight that client i gives to client j's model, at (i, j). Read-only.

        Source: the rule's own. Units: dimensionless; rows sum to 1, under the rule "push_sum" columns.

        >>> import dssl
        >>> dssl.Network("path", 3).mixing_matrix.round(2).tolist()
        [[0.67, 0.33, 0.0], [0.33, 0.33, 0.33], [0.0, 0.33, 0.67]]
        """
        return self._weights if isinstance(self._weights, np.ndarray) else _frozen(self._weights.toarray())

    @cached_property
    def mixing_spectrum(self) -> Inexact[np.ndarray, " clients"]:
        """The eigenvalues of the mixing matrix by descending real part; complex only where some are. Read-only.

        Source: ledger. Units: dimensionless. Errors: UsageError beyond 1000 clients.
        """
        self._require_dense("mixing_spectrum", "Use lambda_2 and spectral_gap.")
        from theory.networks.spectra import mixing_spectrum

        return _frozen(mixing_spectrum(self.mixing_matrix))

    @cached_property
    def laplacian_spectrum(self) -> Float[np.ndarray, " clients"] | None:
        """The eigenvalues of the Laplacian, ascending: 0 first. None where some link goes one way only. Read-only.

        Source: fiedler1973. Units: links. Errors: UsageError beyond 1000 clients.
        """
        if not self.is_two_way:
            return None
        self._require_dense("laplacian_spectrum", "Use laplacian_lambda_2.")
        from theory.networks.spectra import laplacian_spectrum

        return _frozen(laplacian_spectrum(self.adjacency))

    @property
    def lambda_2(self) -> float:
        """The second largest eigenvalue of the mixing matrix, by real part.

        Source: xiao2004. Units: dimensionless. Errors: UsageError beyond 1000 clients without a real spectrum.
        """
        return self._ends.lambda_2 if self._is_large else float(self.mixing_spectrum[1].real)

    @cached_property
    def laplacian_lambda_2(self) -> float | None:
        """The second smallest eigenvalue of the Laplacian (algebraic connectivity); None where links go one way.

        Source: fiedler1973. Units: links. Errors: none.
        """
        if not self.is_two_way:
            return None
        from theory.networks import graph_functionals, sparse_spectra

        return (sparse_spectra if self._is_large else graph_functionals).algebraic_connectivity(self.adjacency)

    @cached_property
    def spectral_gap(self) -> float:
        """One minus the second largest modulus of an eigenvalue of the mixing matrix.

        Source: xiao2004. Units: dimensionless. Errors: as `lambda_2`.
        """
        from theory.networks import graph_functionals

        return self._ends.gap if self._is_large else graph_functionals.spectral_gap(self.mixing_matrix)

    @cached_property
    def consensus_rate(self) -> float:
        """p = 1 - beta^2, beta the second largest modulus: one averaging leaves 1 - p of a disagreement, or less.

        The disagreement is the mean squared distance of the models from their average.

        Source: koloskova2020, Assumption 4, for a mixing matrix that is not random. Units: dimensionless, in (0, 1].
        Errors: UsageError for a mixing matrix that is not symmetric (there an averaging may leave more), for one that
        does not contract, and beyond 1000 clients as `lambda_2`.

        >>> import dssl
        >>> round(dssl.Network("ring", 4).consensus_rate, 4)
        0.8889
        """
        from theory.training.published_bounds import consensus_rate

        off: Any = self._weights - self._weights.T
        if abs(off).max() > 1e-12:
            raise UsageError(
                "consensus_rate wants a symmetric mixing matrix, where eigenvalues say what one averaging leaves; this "
                'one is not. Use mixing="metropolis", or spectral_gap.'
            )
        with refusals():
            return 1 - (1 - self.spectral_gap) ** 2 if self._is_large else consensus_rate(self.mixing_matrix)

    @cached_property
    def certificate(self) -> "Certificate":
        """Which properties that theorems ask for the mixing matrix has, and how to mend the first that it lacks.

        Source: ledger, `theory/networks/certificate.py`. Units: see there. Errors: UsageError beyond 1000 clients.

        >>> import dssl
        >>> dssl.Network("ring", 6).certificate.is_doubly_stochastic
        True
        """
        self._require_dense("certificate", "Use lambda_2 and spectral_gap.")
        from theory.networks.certificate import certificate

        with refusals():
            return certificate(self.mixing_matrix, None if self.mixing == "given" else self.adjacency)

    @cached_property
    def training_weights(self) -> Float[np.ndarray, " clients"]:
        """v, the weight of each client's loss in the sum that training comes to minimise. Read-only.

        v^T M = v^T for the mixing matrix M: it is the left Perron vector.

        Source: ledger, docs/proofs/effective_covariance.md, 1. Units: dimensionless, sum 1.
        Errors: UsageError for a mixing matrix that keeps groups of clients apart, or without such weights.

        >>> import dssl
        >>> dssl.Network("star", 4, mixing="uniform").training_weights.round(3).tolist()
        [0.4, 0.2, 0.2, 0.2]
        """
        from theory.networks.mixing import perron_weights
        from theory.networks.training_weights import uniform_weights

        if isinstance(self._weights, np.ndarray):
            with refusals():
                return _frozen(perron_weights(self.mixing_matrix))
        # What is held sparse has weights in closed form; solving for them would take a minute.
        is_uniform = self.mixing == "uniform"
        return _frozen(uniform_weights(self.adjacency) if is_uniform else np.full(self.n_clients, 1 / self.n_clients))

    @cached_property
    def objective_weights(self) -> Float[np.ndarray, " clients"]:
        """pi = M^T 1/N, the weight of each client's loss in the paper's global objective. Read-only.

        Source: chen2026, Eq (1), with one model for all clients. Units: dimensionless, sum 1. Errors: none.
        """
        from theory.networks.mixing import objective_weights_of

        weights: Any = self._weights
        return _frozen(objective_weights_of(weights) if isinstance(weights, np.ndarray) else weights.mean(axis=0))

    def best_links(self, budget: int = 2, goal: "Goal" = "consensus", local_steps: int = 1) -> LinkChoice:
        """The links whose addition lowers one number most: at most `budget` of them, for up to 60 clients.

        goal "consensus": the clients' disagreement after training, over step_size^2 E^2 zeta^2, E the `local_steps` and
        zeta^2 the clients' dissimilarity. "drift": how far training tilts the averaged model, over the step size (the
        mean of kappa). "weights": N sum v^2, 1 when training listens to all clients alike.

        Source: ledger. Units: dimensionless. Errors: UsageError for more clients, links that go one way, a mixing
        matrix that was given, and clients that never come to agree.

        >>> import dssl
        >>> choice = dssl.Network("ring", 12).best_links(1)
        >>> choice.links, round(choice.now, 3), round(choice.reached, 3)
        (((0, 6),), 19.688, 16.944)
        """
        if self.mixing == "given":
            raise UsageError(
                "The mixing matrix was given, and no rule says what weights a new link would have. Make the network of "
                "its links, and name a rule by mixing."
            )
        self._require_dense("best_links", "Take a smaller network.")
        told = self.report(local_steps=local_steps, goal=goal, add=argument("budget", budget, int))
        found = told["links_to_add"]
        if found is None:
            self._refuse_disagreement(told)
        if "now" not in found:
            raise UsageError(found["reason"])
        greedy = tuple((self._labelled(entry["link"]), entry["reached"]) for entry in found["greedy"])
        if "best" not in found:
            reached = greedy[-1][1] if greedy else found["now"]
            return LinkChoice(found["now"], tuple(link for link, _ in greedy), reached, greedy, is_best=False)
        links = tuple(map(self._labelled, found["best"]["links"]))
        return LinkChoice(found["now"], links, found["best"]["reached"], greedy, is_best=True)

    def predictions(self, local_steps: int = 1) -> dict[str, Any]:
        """What training ends with, over powers of the step size and of the clients' dissimilarity, by name.

        Source: ledger, docs/proofs/consensus.md and effective_covariance.md. Units: dimensionless.
        Errors: UsageError for clients that never come to agree, and beyond 1000 clients.

        >>> import dssl
        >>> round(dssl.Network("ring", 20).predictions()["consensus_over_step2_zeta2"], 4)
        98.3875
        """
        self._require_dense("predictions", "Take a smaller network.")
        told = self.report(local_steps=local_steps, add=0)
        return told["predicted"] or self._refuse_disagreement(told)

    def report(
        self, *, local_steps: int = 1, goal: "Goal" = "consensus", add: int = 2, certify: bool = False
    ) -> dict[str, Any]:
        """All that `dssl topology --json` prints, as lists and numbers by name.

        `add` links are proposed at most; `certify` adds intervals that hold eigenvalues, up to 256 clients. Beyond 1000
        clients only the ends of the spectra are computed, and these options have no effect.

        Source: `dssl/networks/report.py`. Units: see `dssl topology --help`. Errors: UsageError for options out of
        range, and for options without effect.

        >>> import dssl
        >>> sorted(dssl.Network("ring", 2000).report())[:3]
        ['average_connectivity', 'gap', 'harmonic_connectivity']
        """
        from dssl.networks import report
        from runtime.store import jsonable

        local_steps, add = argument("local_steps", local_steps, int), argument("add", add, int)
        goal, certify = argument("goal", goal, report.Goal), argument("certify", certify, bool)
        if local_steps < 1 or add < 0:
            raise UsageError(
                f"local_steps is a whole number from 1, and links to add from 0; got {local_steps}, {add}."
            )
        if self._is_large:
            if (local_steps, goal, add, certify) != (1, "consensus", 2, False):
                raise UsageError(f"Beyond {report.LARGEST_DENSE} clients a report takes no options. Leave them out.")
            with refusals():
                return jsonable(
                    report.with_names(report.large_report(self.adjacency, self.mixing, self._step), self.labels)
                )
        found = report.Network(self.adjacency, self.mixing_matrix, is_given=self.mixing == "given")
        with refusals():
            told = report.report(found, local_steps=local_steps, goal=goal, budget=add, with_links=self.mixing_of)
            told = {**told, "certified": report.certified(found)} if certify else told
            return jsonable(report.with_names(told, self.labels))

    def mixing_of(self, adjacency: Adjacency) -> Mixing:
        """The mixing matrix that this network's rule makes of other links; of a given matrix, that matrix.

        A Laplacian step that is too large for these links gives way to the rule's own.

        Source: the rule's own. Units: dimensionless. Errors: UsageError as the rule.
        """
        from dssl.networks.report import mixing_of_denser

        if self.mixing == "given":
            return self.mixing_matrix
        with refusals():
            return mixing_of_denser(adjacency, self.mixing, sizes=self._sizes, step=self._step)

    @cached_property
    def _ends(self) -> "SpectrumEnds":
        from theory.networks.sparse_spectra import mixing_ends

        with refusals():
            return mixing_ends(self._weights)

    def _labelled(self, link: list[int]) -> Link:
        return self.labels[link[0]], self.labels[link[1]]

    def _require_dense(self, name: str, remedy: str) -> None:
        if self._is_large:
            raise UsageError(
                f"{name} takes all eigenvalues, which are computed for up to 1000 clients; here are {self.n_clients}. "
                f"{remedy}"
            )

    def _refuse_disagreement(self, told: dict[str, Any]) -> NoReturn:
        if self.mixing == "push_sum":
            raise UsageError(
                "This is for averaging by weights whose rows sum to 1, and under push_sum columns do. dssl.train "
                "predicts push_sum for given clients."
            )
        from dssl.networks.report import disagreement

        raise disagreement(told["certificate"]["repair"])


def network_of(source: Any, n_clients: int, what: str, *, seed: int, **options: Any) -> Network:
    """A `Network` of as many clients as `what` has: one that is there, or one made of anything that `Network` takes.

    Errors: UsageError for another number of clients, for options beside a `Network`, and as `Network`.
    """
    from dssl.networks.report import FILES

    if isinstance(source, Network):
        for name, value in options.items():
            if value is not None:
                raise UsageError(
                    f"The network has its weights already, and {name} would change them. Leave {name} out."
                )
        found = source
    elif isinstance(source, str) and pathlib.Path(source).suffix not in FILES:
        found = Network(source, n_clients, seed=seed, **options)
    else:
        found = Network(source, **options)
    if found.n_clients != n_clients:
        raise UsageError(f"The network has {found.n_clients} clients and {what} {n_clients}; they must agree.")
    return found


def _refuse_beside_weights(**options: Any) -> None:
    for name, value in options.items():
        if value is not None:
            raise UsageError(
                f"The matrix gives the weights already, and {name} would give others. Leave {name} out, or give links: "
                "an adjacency of zeros and ones with an empty diagonal."
            )


def _mixed(
    adjacency: Adjacency, rule: Rule, step: float | None, sizes: tuple[float, ...] | None
) -> "Mixing | sparse.csr_array":
    """The weights of a rule: a sparse matrix for large networks where the rule makes one. Errors: ValueError as it."""
    from scipy import sparse

    from dssl.networks.report import LARGEST_DENSE, SPARSE_RULES
    from theory.networks import mixing_rules
    from theory.networks.mixing import mixing_matrix

    if len(adjacency) <= LARGEST_DENSE or rule not in SPARSE_RULES:
        return _frozen(mixing_matrix(adjacency, rule, sizes=sizes, step=step))
    if sizes is not None or (step is not None and rule != "laplacian"):
        mixing_matrix(np.eye(2)[::-1], rule, sizes=sizes, step=step)  # says which of them the rule does not take
    links = sparse.csr_array(adjacency)
    return SPARSE_RULES[rule](links) if step is None else mixing_rules.laplacian(links, step)


def _frozen(array: Any) -> Any:
    array.flags.writeable = False
    return array


def _as_text(number: Callable[[], float | None]) -> str:
    try:
        value = number()
    except UsageError:
        return "none"
    return "none" if value is None else f"{value:.6g}"
