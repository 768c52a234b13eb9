"""`dssl.advise`: the same advice from every kind of data, and what `dssl advise --json` says of the same clients."""

import dataclasses
import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from dssl.interface.advice import Advice, Option, _advice, advise
from dssl.interface.networks import Network
from runtime.usage import UsageError
from tests.command import answered
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

N, SAMPLES, DIM = 4, 60, 5


def draw() -> np.ndarray:
    x = np.random.default_rng(0).standard_normal((N, SAMPLES, DIM)) * np.sqrt([4.0, 3.0, 0.5, 0.3, 0.2])
    return x + 0.3 * np.random.default_rng(1).random((N, 1, DIM))


X = draw()
ROWS, OWNERS = X.reshape(-1, DIM), np.repeat(np.arange(N), SAMPLES)
MOMENTS = np.stack([x.T @ x / SAMPLES for x in X])
QUICK: dict[str, Any] = {"feature_dim": 2, "without": ("alone",)}


def table(rows: np.ndarray = ROWS, owners: Any = OWNERS) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list("abcde")[: rows.shape[1]])
    frame.insert(2, "Client", owners)
    return frame


def archive(folder: pathlib.Path) -> pathlib.Path:
    np.savez(folder / "clients.npz", samples=X)
    return folder / "clients.npz"


DATA: dict[str, Callable[[pathlib.Path], Any]] = {
    "a path": archive,
    "the name of a file": lambda folder: str(archive(folder)),
    "an open archive": lambda folder: np.load(archive(folder)),
    "an array": lambda folder: X,
    "a list of arrays": lambda folder: list(X),
    "lists of numbers": lambda folder: X.tolist(),
    "a table": lambda folder: table(),
    "a table of words that are numbers": lambda folder: table().astype({"a": str}),
    "a dict of samples": lambda folder: {"samples": X},
    "a dict of rows": lambda folder: {"embeddings": ROWS, "client": OWNERS},
}


@pytest.mark.parametrize("kind", DATA)
def test_every_kind_of_data_gives_the_advice_of_the_command(capsys, tmp_path, kind):
    asked = ("--feature-dim", "2", "--local-steps", "3", "--add", "1", "--without", "alone")
    code, out, err = answered(
        capsys, "advise", "--data", str(archive(tmp_path)), "--topology", "ring", *asked, "--json"
    )
    assert code == 0, err
    found = advise(DATA[kind](tmp_path), "ring", local_steps=3, add=1, **QUICK)
    assert found.details == json.loads(out)


def test_second_moments_are_enough(capsys, tmp_path):
    held = {"second_moments": MOMENTS, "sizes": np.full(N, SAMPLES), "means": X.mean(axis=1)}
    np.savez(tmp_path / "moments.npz", **held)
    asked = ("--center", "--objective", "equal-samples", "--mask-ratio", "0.5", "--seed", "3", "--participation", "2")
    code, out, err = answered(
        capsys, "advise", "--data", str(tmp_path / "moments.npz"), "--topology", "ring", *asked, "--json"
    )
    assert code == 0, err
    found = advise(held, "ring", center=True, objective="equal-samples", mask_ratio=0.5, seed=3, participation=2)
    assert found.details == json.loads(out)


def test_clients_of_unlike_numbers_of_samples_come_as_a_list():
    sizes = [20, 60, 3, 40]
    ragged = [x[:n] for x, n in zip(X, sizes, strict=True)]
    rows = {"samples": np.concatenate(ragged), "client": np.repeat(np.arange(N), sizes)}
    assert advise(ragged, "ring", **QUICK).details == advise(rows, "ring", **QUICK).details
    shuffled = table(rows["samples"], rows["client"]).sample(frac=1, random_state=0)
    first, second = (advise(data, "ring", **QUICK).options for data in (ragged, shuffled))
    for one, other in zip(first, second, strict=True):  # sums in another order
        assert one.distance == pytest.approx(other.distance, rel=1e-6, abs=1e-13)


def test_the_network_may_be_anything_that_a_network_is_made_of():
    wanted = advise(X, "ring", **QUICK)
    for network in (Network("ring", N), topology("ring", N), nx.cycle_graph(N)):
        assert advise(X, network, **QUICK).details == wanted.details
    given = advise(X, mixing_matrix(topology("ring", N), "metropolis"), **QUICK)
    assert given.options == wanted.options
    assert "weights were given" in given.details["links_to_add"]["sure"]


def test_clients_are_matched_by_their_numbers_and_not_by_the_order_of_nodes():
    star, reverse = nx.star_graph(N - 1), nx.Graph()
    reverse.add_nodes_from(reversed(range(N)))
    reverse.add_edges_from(star.edges)
    one, other = (advise(X, graph, mixing="uniform", **QUICK) for graph in (star, reverse))
    assert one.details == other.details
    assert one.options != advise(X[::-1], star, mixing="uniform", **QUICK).options


def test_where_the_network_names_its_clients_the_advice_says_who_is_who():
    assert advise(X, nx.cycle_graph(N), **QUICK).details["cautions"] == []
    told = advise(X, nx.relabel_nodes(nx.cycle_graph(N), dict(enumerate(["Ulm", "Bonn", "Kiel", "Jena"]))), **QUICK)
    assert told.details["cautions"][-1].endswith(
        "client 0 is Ulm, client 1 is Bonn, client 2 is Kiel, client 3 is Jena."
    )
    assert told.options == advise(X, nx.cycle_graph(N), **QUICK).options
    graph = nx.Graph([(3, 1), (1, 2), (2, 4)])  # not from 0
    assert "client 0 is 3, client 1 is 1" in advise(X, graph, **QUICK).details["cautions"][-1]


def test_a_rule_may_stand_in_the_network_or_beside_its_name():
    beside = advise(X, "star", mixing="uniform", **QUICK)
    assert advise(X, Network("star", N, mixing="uniform"), **QUICK).details == beside.details
    assert beside.options != advise(X, "star", **QUICK).options
    ragged = [X[0][:20], *X[1:]]
    by_size = advise(ragged, "star", mixing="data_size", **QUICK)
    own = Network("star", N, mixing="data_size", sizes=[20, 60, 60, 60])
    assert advise(ragged, own, **QUICK).details == by_size.details
    one_way = nx.DiGraph([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)])
    push = advise(X, one_way, mixing="push_sum", **QUICK)
    assert push.options[2].distance is not None
    assert "two-way networks" in push.details["links_to_add"]["sure"]


def test_a_seed_draws_the_network_and_the_clients_that_are_sampled():
    six = np.concatenate([X, X[:2]])
    drawn = advise(six, "er:3", seed=7, **QUICK)
    assert drawn == advise(six, Network("er:3", 6, seed=7), seed=7, **QUICK)
    assert drawn.options[2] != advise(six, "er:3", seed=8, **QUICK).options[2]
    first, same, other = (advise(six, "ring", seed=seed, **QUICK).options for seed in (1, 1, 2))
    assert first == same
    assert [one.name for one, another in zip(first, other, strict=True) if one != another] == ["server-sampled"]


def test_as_many_links_are_proposed_as_were_asked_for():
    clients = 0.5 * X[:1] + np.random.default_rng(2).standard_normal((8, SAMPLES, DIM)) * X.std(axis=(0, 1))
    for add, wanted in ((0, 0), (1, 1), (2, 2), (None, 3)):
        assert len(advise(clients, "path", add=add, **QUICK).details["links_to_add"]["value"]) == wanted


def test_advice_is_its_details_in_short():
    found = advise(X, "ring", local_steps=5, feature_dim=2)
    assert (found.recommendation, found.reason) == (found.details["recommendation"], found.details["reason"])
    assert found.objective == "equal-clients"
    assert [dataclasses.asdict(option) for option in found.options] == found.details["options"]
    assert [option.name for option in found.options] == ["server", "server-sampled", "network", "alone"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.reason = "another"  # pyright: ignore[reportAttributeAccessIssue]: that is the point
    best = min(found.options, key=lambda option: option.distance or 0.0)
    assert found.recommendation == best.name


def test_advice_is_shown_in_lines_and_as_a_table():
    found = advise(X, "ring", local_steps=5, feature_dim=2)
    head, _, *lines = repr(found).split("\n")
    assert head == f"Advice: {found.recommendation}. {found.reason}"
    shown = [line.split()[0] for line in lines]
    distances = {option.name: option.distance for option in found.options}
    assert shown == sorted(distances, key=lambda name: distances[name] or 0.0)
    assert lines[0].split()[1] == f"{distances[shown[0]]:.4g}"
    html = found._repr_html_()
    assert html.count("<tr>") == 5
    assert f"<td><b>{found.recommendation}</b></td>" in html
    frame = found.to_pandas()
    assert frame.loc["alone", "distance"] == distances["alone"]
    assert list(frame.columns) == ["distance", "uncertainty", "rests_on"]
    unsure = Advice(None, "a < b & --step-size", "equal-clients", (Option("server", None, None, "<i>"),), {})
    assert "&lt;i&gt;" in unsure._repr_html_()
    assert "a &lt; b" in unsure._repr_html_()
    assert repr(unsure).startswith("Advice: none. ")
    assert "none, training diverges" in repr(unsure)


def test_sentences_name_arguments_where_the_command_has_options():
    told = {**advise(X, "ring", **QUICK).details, "reason": "Every option may diverge. Lower --step-size."}
    assert _advice(told).reason.endswith("Lower step_size.")
    assert _advice(told).details["reason"].endswith("Lower --step-size.")


def test_a_simulation_stands_beside_what_was_predicted(capsys, tmp_path):
    asked = ("--feature-dim", "2", "--simulate", "--rounds", "200", "--without", "alone", "--json")
    code, out, err = answered(capsys, "advise", "--data", str(archive(tmp_path)), "--topology", "ring", *asked)
    assert code == 0, err
    found = advise(X, "ring", simulate=True, rounds=200, **QUICK)
    assert found.details["simulated"] == json.loads(out)["simulated"]
    assert found.details["simulated"]["rounds"] == 200
    longer = advise(X, "ring", simulate=True, rounds=400, **QUICK).details["simulated"]["options"]
    other = advise(X, "ring", simulate=True, rounds=200, seed=1, **QUICK).details["simulated"]["options"]
    for told in (longer, other):
        pairs = zip(told, found.details["simulated"]["options"], strict=True)
        assert all(one["simulated"] != another["simulated"] for one, another in pairs)
    frame = found.to_pandas()
    assert frame.loc["network", "simulated"] == found.details["simulated"]["options"][2]["simulated"]
    assert "is_settled" in frame.columns
    assert "simulated" not in advise(X, "ring", **QUICK).to_pandas().columns


def spoiled(value: Any) -> pd.DataFrame:
    frame = table().astype({"b": object}).rename(index=lambda k: f"row{k}")
    frame.iloc[7, 1] = value
    return frame


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    ("missing.npz", {}, "missing.npz"),
    (None, {}, "The clients are a path"),
    (7, {}, "The clients are a path"),
    (pd.Series([1.0]), {}, "Samples in data must have shape"),
    (ROWS, {}, r"must have shape \(clients, samples, dim\), .* got \(240, 5\)"),
    (X[:1], {}, "Two clients or more were wanted; data has 1"),
    (X[:, :1], {}, "Client 0 in data has 1 samples"),
    (X[:, :, :1], {}, "two dimensions"),
    (X * np.nan, {}, r"samples in data has nan at \(0, 0, 0\)"),
    (X.astype(str), {}, "samples in data must hold real numbers"),
    ([], {}, "data has 0"),
    ([1.0, 2.0], {}, r"got shape \(\) for client 0"),
    ([X[0], X[1][:, :3]], {}, r"got shape \(60, 3\) for client 1, and \(60, 5\) for client 0"),
    ([X[0], X[1] * np.inf], {}, r"client 1 in data has (-)?inf at"),
    ([X[0], [[1.0, 2.0], [3.0]]], {}, "client 1 in data must be one array of numbers"),
    ([X[0], X[1][:0]], {}, "Client 1 in data has 0 samples"),
    ({"X": X}, {}, "data must hold an array named samples or .* it holds X"),
    ({}, {}, "it holds none"),
    ({"samples": X, "embeddings": X}, {}, "data holds both samples and embeddings"),
    ({"samples": X, "sizes": np.full(N, 9)}, {}, "data holds samples and sizes"),
    ({"samples": X, "weights": np.ones(N)}, {}, "data holds weights.*choose how clients count by objective"),
    ({"samples": [[[1.0], [2.0]], [[1.0]]]}, {}, "samples in data must be one array of numbers"),
    ({"samples": ROWS, "client": OWNERS + 1}, {}, "Client 0 in data has 0 samples"),
    ({"second_moments": -MOMENTS}, {}, "no negative eigenvalue; client 0 in data"),
    ({"second_moments": np.triu(MOMENTS)}, {}, "not symmetric"),
    ({"second_moments": MOMENTS}, {"center": True}, "center needs the mean"),
    ({"second_moments": MOMENTS}, {"objective": "equal-samples"}, "objective equal-samples counts samples"),
    ({"second_moments": MOMENTS}, {"mask_ratio": 0.5}, "mask_ratio has no effect here"),
    ({"second_moments": MOMENTS}, {"augmentation_std": 2.0}, "augmentation_std has no effect here"),
    ({"second_moments": MOMENTS}, {"mixing": "data_size"}, "weighs clients by samples"),
    (table().drop(columns="Client"), {}, "needs one column named client"),
    (table().assign(client=0), {}, "needs one column named client"),
    (table().assign(weight=1.0), {}, "data has a column weight"),
    (spoiled("zero"), {}, "Row row7 of data has 'zero' in column b; a finite number was wanted"),
    (spoiled(None), {}, "Row row7 of data has '' in column b"),
    (spoiled(np.inf), {}, "Row row7 of data has 'inf' in column b"),
    (table().assign(when=pd.Timestamp("2020-01-01")), {}, "Column when of data has entries of type datetime"),
    (table(owners=OWNERS + 0.5), {}, "client in data must number the clients 0, 1, 2"),
    (table()[:0], {}, "no samples at all"),
    (X, {"network": Network("ring", 5)}, "The network has 5 clients and the data 4"),
    (X, {"network": "rign"}, "ring"),
    (X, {"network": Network("ring", N), "mixing": "uniform"}, "has its weights already, and mixing"),
    (X, {"network": np.full((N, N), 1 / N), "mixing": "uniform"}, "gives the weights already, and mixing"),
    (X, {"network": np.full((N, N), 1 / N), "add": 1}, "add has no effect on this network"),
    (X, {"network": np.kron(np.eye(2), np.full((2, 2), 0.5))}, "does not bring clients to agree"),
    (X, {"network": Network("ring", N, mixing="laplacian", step=0.5)}, "fixed rhythm"),
    (X, {"network": np.roll(np.eye(N), 1, axis=1)}, "both ways"),
    (X, {"objective": "fair"}, "objective must be one of equal-clients, equal-samples"),
    (X, {"mixing": "best"}, "got mixing=.best."),
    (X, {"without": "cloud"}, "without must be a list .* server, server-sampled, network, alone"),
    (X, {"without": ("server", "network", "alone")}, "without leaves fewer"),
    (X, {"without": ("server-sampled",), "participation": 2}, "participation is of the server"),
    (X, {"feature_dim": 5}, r"feature_dim lies between 1 and dim - 1 = 4; got 5\. Change feature_dim"),
    (X, {"feature_dim": "two"}, "feature_dim must be none or a whole number"),
    (X, {"step_size": 1.0}, "Change step_size"),
    (X, {"participation": 4}, "Change participation"),
    (X, {"mask_ratio": 1.0}, "Change mask_ratio"),
    (X, {"augmentation_std": -1.0}, "Change augmentation_std"),
    (X, {"local_steps": 0}, "local_steps and rounds are whole numbers from 1"),
    (X, {"rounds": 9}, "rounds 9 is of training, which only simulate does"),
    (X, {"rounds": 0, "simulate": True}, "local_steps and rounds are whole numbers from 1"),
    (X, {"add": -1}, "add and seed from 0"),
    (X, {"seed": -1}, "add and seed from 0"),
    (X, {"center": 1}, "center must be true or false"),
]


@pytest.mark.parametrize("case", range(len(REFUSED)), ids=[f"{k}: {said}" for k, (_, _, said) in enumerate(REFUSED)])
def test_what_does_not_fit_is_refused_in_one_sentence(case):
    data, keywords, said = REFUSED[case]
    with pytest.raises(UsageError, match=said) as refused:
        advise(data, **{"network": "ring", "feature_dim": 2} | keywords)
    assert "--" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_one_option_to_leave_out_may_be_a_word():
    assert advise(X, "ring", feature_dim=2, without="alone") == advise(X, "ring", feature_dim=2, without=["alone"])


def test_without_pandas_the_extra_is_named(monkeypatch):
    found = advise(X, "ring", **QUICK)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r'pip install "dssl-ledger\[tables\]"'):
        found.to_pandas()


def test_nothing_is_printed(capsys):
    found = advise(X, "ring", simulate=True, rounds=20, **QUICK)
    for shown in (repr, Advice._repr_html_, Advice.to_pandas):
        shown(found)
    assert capsys.readouterr() == ("", "")
