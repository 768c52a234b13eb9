"""`advise`: where given clients should train, as `dssl advise` says it, for data that are already in Python."""

import os
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

import numpy as np

from dssl.interface.network_sources import found, libraries, numbers_of
from dssl.interface.networks import Network, argument, in_python, network_of, refusals
from runtime.extras import missing
from runtime.parse import shown
from runtime.usage import UsageError
from theory.networks.rule_names import Rule

if TYPE_CHECKING:
    import pandas

    from dssl.advice.request import MixedNetwork
    from dssl.user_files.client_data import ClientData
    from dssl.user_files.tables import Choice

_WHERE = "data"
ObjectiveName = Literal["equal-clients", "equal-samples"]
OptionName = Literal["server", "server-sampled", "network", "alone"]


@dataclass(frozen=True)
class Option:
    """One way to train: its name, how far it ends from the best shared subspace, give or take, and how that was found.

    `distance` is the mean over clients of ||P_i - P*||_F^2 / (2c), from 0 (the subspace of the c best shared
    directions) to 1 (at right angles to it); `uncertainty` is in the same unit. Both are None where training may
    diverge.
    """

    name: str
    distance: float | None
    uncertainty: float | None
    rests_on: str


@dataclass(frozen=True, repr=False)
class Advice:
    """Where to train, and why.

    `recommendation` is the name of an option, or None when the best ones are too close to call or all may diverge.
    `reason` says why in a sentence or two. `objective` is the name of what the shared model is for. `options` stand in
    this order: server, server-sampled, network, alone. `details` is all that `dssl advise --json` prints.

    Source: ledger, `dssl/advice/options.py`. Units: see `Option`. Errors: none; `dssl.advise` makes it.

    >>> import dssl
    >>> import numpy as np
    >>> first = np.array([[4.0, 0.2], [0.2, 1.0]])
    >>> moments = {"second_moments": np.stack([first, first * [[1, -1], [-1, 1]]])}
    >>> advice = dssl.advise(moments, "path", without=["server-sampled", "network"])
    >>> advice  # doctest: +ELLIPSIS
    Advice: server. When every client counts the same, server ends nearest to the best shared subspace: 0; next is...
    Distance from the best shared subspace, from 0 to 1:
      server  0 +- 1e-12
      alone   0.004386 +- 1e-12
    >>> advice.options[1].name
    'alone'
    """

    recommendation: str | None
    reason: str
    objective: str
    options: tuple[Option, ...]
    details: dict[str, Any] = field(hash=False)

    def to_pandas(self) -> "pandas.DataFrame":
        """The options as a table: a row for each, by name; columns distance, uncertainty and rests_on.

        With `simulate`, also the distance reached (simulated), and whether it had settled (is_settled).

        Units: see `Option`. Errors: UsageError without pandas.
        """
        try:
            import pandas
        except ImportError:
            raise missing("A table of the options", "pandas") from None
        rows = [asdict(option) for option in self.options]
        for row, trained in zip(rows, self.details.get("simulated", {}).get("options", ()), strict=False):
            row |= {name: trained[name] for name in ("simulated", "is_settled")}
        return pandas.DataFrame(rows).set_index("name")

    def __repr__(self) -> str:
        widest = max(len(option.name) for option in self.options)
        lines = [f"  {option.name:{widest}}  {_distance(option)}" for option in self._ranked()]
        head = f"Advice: {self.recommendation or 'none'}. {self.reason}"
        return "\n".join([head, "Distance from the best shared subspace, from 0 to 1:", *lines])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("option", "distance", "how it was found"))
        rows = "".join(
            f"<tr><td>{_marked(option.name, self.recommendation)}</td><td>{escape(_distance(option))}</td>"
            f"<td>{escape(option.rests_on)}</td></tr>"
            for option in self._ranked()
        )
        told = f"<p><b>{escape(self.recommendation or 'none')}</b>. {escape(self.reason)}</p>"
        return f"{told}<table><tr>{head}</tr>{rows}</table>"

    def _ranked(self) -> list[Option]:
        return sorted(self.options, key=lambda option: np.inf if option.distance is None else option.distance)


def advise(
    data: Any,
    network: Any,
    *,
    client_column: str | None = None,
    weight_column: str | None = None,
    objective: ObjectiveName = "equal-clients",
    mixing: Rule | None = None,
    feature_dim: int | None = None,
    step_size: float | None = None,
    local_steps: int = 1,
    participation: int | None = None,
    without: OptionName | Sequence[OptionName] = (),
    center: bool = False,
    augmentation_std: float | None = None,
    mask_ratio: float | None = None,
    add: int | None = None,
    simulate: bool = False,
    rounds: int | None = None,
    seed: int = 0,
) -> Advice:
    """Whether these clients should train with a server, on a network, or alone: what `dssl advise` says.

    `data` is one of:

    - the path of a .npz archive or a .csv, .tsv or .parquet file, as on the command line;
    - a list with an array (samples, dim) for each client, or one array (clients, samples, dim);
    - a pandas table: a sample a row, with the client's number or name in a column `client`, and numbers in all others;
    - a dict of arrays named as in the archive: `samples` or `embeddings`, with `client`, the number or name of every
      row's client; or `second_moments`, if known with `sizes` and `means`.

    Of a table, `client_column` names another column of clients, and `weight_column` one that says how many equal
    samples a row stands for. (In a file without a header they are numbers of columns, from 1: "1".)

    `network` is a `dssl.Network`, or anything that one is made of; then `mixing` is the rule that gives weights,
    "metropolis" if left out. Where the data and the network name the clients, these are matched by name. Else client k
    of the data, or the k-th name in alphabetical order, is the network's client k, in the order of `Network.labels`;
    where only one side has names, `details["cautions"]` says who is who. `objective` says
    whether every client counts the same, or every sample. `feature_dim` is the number of features that the encoder
    keeps: where the spectrum drops most, if not given. `step_size` is a tenth of the largest that provably cannot
    diverge, if not given. `participation` clients a round train at the server that samples them, a quarter if not
    given. `without` names options that are not to be had. `center` takes every client's mean off its samples.
    `augmentation_std` (1 if not given, in the data's units) and `mask_ratio` (0.75) are for the comparison of contrast
    and masks. `add` links are proposed at most, 3 if not given. `simulate` also trains every option, for `rounds`
    rounds (5000). `seed` draws all that is random.

    Source: ledger, `dssl/advice/advise.py`. Units: see `Option`; in `details`, those of the data.
    Errors: UsageError for data, a network and options that do not fit each other, and for options without effect.

    >>> import dssl
    >>> import numpy as np
    >>> spread = np.ones((4, 6))
    >>> spread[:, :2] = 3
    >>> spread[range(4), range(2, 6)] = 2
    >>> samples = spread[:, None, :] * np.random.default_rng(0).normal(size=(4, 200, 6))
    >>> advice = dssl.advise(samples, "ring", local_steps=5)
    >>> advice.recommendation
    'server'
    >>> [option.name for option in advice.options if option.distance > 0.001]
    ['alone']
    """
    with refusals():
        from dssl.advice import request
        from dssl.user_files.tables import Choice
        from runtime.store import jsonable

        client_column = argument("client_column", client_column, str | None)
        weight_column = argument("weight_column", weight_column, str | None)
        hints = get_type_hints(request.Request)
        options: dict[str, Any] = {
            "objective": objective,
            "feature_dim": feature_dim,
            "step_size": step_size,
            "local_steps": local_steps,
            "participation": participation,
            "without": (without,) if isinstance(without, str) else without,
            "center": center,
            "augmentation_std": augmentation_std,
            "mask_ratio": mask_ratio,
            "add": add,
            "simulate": simulate,
            "rounds": rounds,
            "seed": seed,
        }
        asked = request.Request(**{name: argument(name, value, hints[name]) for name, value in options.items()})
        clients, plan = request.planned(_clients(data, Choice(client_column, weight_column)), asked)
        mixed = _mixed(network, clients, argument("mixing", mixing, Rule | None), asked.seed)
        told = request.answer(clients, mixed, plan, asked)
        if asked.simulate:
            told["simulated"] = request.simulation(clients, mixed, plan, asked, told)
        return _advice(jsonable(told))


def _mixed(network: Any, data: "ClientData", mixing: Rule | None, seed: int) -> "MixedNetwork":
    """The network for these clients, once it is sure to bring them to agree.

    Where the data and the network name their clients, these are matched by name, else by number.
    """
    from dssl.advice import request
    from dssl.advice.cautions import who_is_who
    from dssl.networks.report import require_agreement, require_same_names

    sizes = None if isinstance(network, Network) else request.sizes_for(mixing, data)
    if data.names is not None and sizes is not None and not isinstance(network, str):
        labels = [str(label) for label in found(network, None, 0)[2]]
        if set(labels) == set(data.names):  # else it is refused below, or numbers its clients
            sizes = sizes[[data.names.index(label) for label in labels]]
    net = network_of(network, data.n_clients, "the data", seed=seed, mixing=mixing, sizes=sizes)
    is_push_sum = net.mixing == "push_sum"
    require_agreement(net.mixing_matrix.T if is_push_sum else net.mixing_matrix)
    is_given, labels = net.mixing == "given", net.labels
    if numbers_of(labels) is not None:
        labels = tuple(range(net.n_clients))
    elif data.names is not None:
        require_same_names(labels, data.names, "the network")
        words = [str(label) for label in labels]
        order = np.array([words.index(name) for name in data.names])
        there, back = np.ix_(order, order), np.ix_(np.argsort(order), np.argsort(order))
        return request.MixedNetwork(
            net.adjacency[there], lambda links: net.mixing_of(links[back])[there], is_given, is_push_sum
        )
    told = tuple(who_is_who(labels, data.names))
    return request.MixedNetwork(net.adjacency, net.mixing_of, is_given, is_push_sum, told)


def _advice(details: dict[str, Any]) -> Advice:
    options = tuple(
        Option(row["name"], row["distance"], row["uncertainty"], in_python(row["rests_on"]))
        for row in details["options"]
    )
    return Advice(details["recommendation"], in_python(details["reason"]), details["objective"], options, details)


def _clients(data: Any, choice: "Choice") -> "ClientData":
    from dssl.user_files import client_data
    from dssl.user_files.tables import Frame

    if isinstance(data, str | os.PathLike):
        return client_data.read_clients(pathlib.Path(data), choice)
    if "pandas" in libraries(data) and hasattr(data, "columns"):
        return client_data.of_table(Frame(data, _WHERE), choice)
    client_data.refuse_choice(choice, _WHERE)
    if isinstance(data, Mapping):
        return client_data.of_arrays({str(name): _array(name, values) for name, values in data.items()}, _WHERE)
    if isinstance(data, list | tuple):
        return _of_list(data)
    if hasattr(data, "__array__"):
        return client_data.of_samples(_finite("samples", np.asarray(data)), None, _WHERE)
    raise UsageError(
        "The clients are a path, a list of arrays (samples, dim), an array (clients, samples, dim), a pandas table "
        f"with a column client, or a dict of arrays; got {shown(data)}."
    )


def _array(name: object, values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:
        raise UsageError(
            f"{name} in {_WHERE} must be one array of numbers; its parts have unlike lengths. Clients with unlike "
            "numbers of samples come as a list of arrays, one for each."
        ) from None


def _finite(name: str, array: np.ndarray) -> np.ndarray:
    from dssl.user_files.csv_and_npz import checked_arrays

    return checked_arrays({name: array}, (name,), (name,), _WHERE)[name]


def _of_list(data: Sequence[Any]) -> "ClientData":
    from dssl.user_files.client_data import of_clients

    samples = tuple(_finite(f"client {k}", _array(f"client {k}", x)) for k, x in enumerate(data))
    for k, x in enumerate(samples):
        if x.ndim != 2 or x.shape[1] != samples[0].shape[-1]:
            raise UsageError(
                f"Each client in {_WHERE} needs an array (samples, dim), with the same dim for all; got shape "
                f"{x.shape} for client {k}, and {samples[0].shape} for client 0."
            )
    return of_clients(samples, _WHERE)


def _distance(option: Option) -> str:
    if option.distance is None:
        return "none, training diverges"
    return f"{option.distance:.4g} +- {option.uncertainty:.2g}"


def _marked(name: str, recommendation: str | None) -> str:
    return f"<b>{escape(name)}</b>" if name == recommendation else escape(name)
