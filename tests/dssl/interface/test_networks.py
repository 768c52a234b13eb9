"""`dssl.Network`: the same network from every kind of source, numbers against closed forms, loops and the command."""

import copy
import itertools
import json
import pathlib
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from dssl.interface.networks import Network
from runtime.usage import UsageError
from tests.command import answered
from theory.networks.mixing import mixing_matrix
from theory.training.consensus import consensus_exchangeable

N = 6
PAIRS = [(k, (k + 1) % N) for k in range(N)]


def adjacency(pairs: list[tuple[int, int]] = PAIRS, n: int = N) -> np.ndarray:
    matrix = np.zeros((n, n), dtype=bool)
    for a, b in pairs:
        matrix[a, b] = matrix[b, a] = True
    return matrix


def both_ways() -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(N))
    graph.add_edges_from([*PAIRS, *((b, a) for a, b in PAIRS)])
    return graph


def loops_and_repeats() -> nx.MultiGraph:
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(N))
    graph.add_edges_from([*PAIRS, *PAIRS, (0, 0)])
    return graph


class OwnGraph(nx.Graph):
    """A graph whose class is not of networkx's modules."""


def own_graph() -> nx.Graph:
    graph = OwnGraph()
    graph.add_nodes_from(range(N))
    graph.add_edges_from(PAIRS)
    return graph


def shuffled_table() -> pd.DataFrame:
    return pd.DataFrame(PAIRS, columns=["Target", "Source"]).assign(km=1.5).sample(frac=1, random_state=0)


SOURCES: dict[str, Callable[[pathlib.Path], Any]] = {
    "a name": lambda folder: "edges:0-1,1-2,2-3,3-4,4-5,0-5",
    "a .csv file": lambda folder: str(folder / "ring.csv"),
    "a path": lambda folder: folder / "ring.csv",
    "a .npy file": lambda folder: str(folder / "ring.npy"),
    "booleans": lambda folder: adjacency(),
    "whole numbers": lambda folder: adjacency().astype(int),
    "floats": lambda folder: adjacency().astype(float),
    "a graph": lambda folder: nx.cycle_graph(N),
    "a graph with both directions": lambda folder: both_ways(),
    "a graph with loops and repeats": lambda folder: loops_and_repeats(),
    "a graph of the user's class": lambda folder: own_graph(),
    "a table": lambda folder: pd.DataFrame(PAIRS),
    "a table with named columns": lambda folder: shuffled_table(),
}


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    np.save(tmp_path / "ring.npy", adjacency())
    (tmp_path / "ring.csv").write_text("".join(f"{a},{b}\n" for a, b in PAIRS))
    return tmp_path


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_gives_the_same_network(folder, kind):
    found, wanted = Network(SOURCES[kind](folder)), Network("ring", N)
    np.testing.assert_array_equal(found.adjacency, wanted.adjacency)
    np.testing.assert_array_equal(found.mixing_matrix, mixing_matrix(adjacency(), "metropolis"))
    assert found.labels == tuple(range(N))
    assert (found.n_clients, found.n_links, found.mixing) == (N, N, "metropolis")


def test_one_way_links_are_read_alike_from_arrays_files_and_graphs(tmp_path):
    hears = np.zeros((3, 3))
    hears[1, 0] = hears[2, 1] = hears[0, 2] = hears[0, 1] = 1  # 1 hears 0, 2 hears 1, and 0 hears both
    np.save(tmp_path / "oneway.npy", hears)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(3))
    graph.add_edges_from([(0, 1), (1, 2), (2, 0), (1, 0)])
    for source in (hears, hears.astype(bool), str(tmp_path / "oneway.npy"), graph):
        found = Network(source, mixing="push_sum")
        np.testing.assert_array_equal(found.adjacency, hears.astype(bool))
        assert found.n_links == 4
        assert not found.is_two_way
        assert found.laplacian_spectrum is None
        assert found.laplacian_lambda_2 is None
        np.testing.assert_allclose(found.mixing_matrix.sum(axis=0), 1)
        np.testing.assert_allclose(found.training_weights, 1 / 3, rtol=1e-12)
    with pytest.raises(UsageError, match="both ways"):
        Network(hears)


@pytest.mark.parametrize("label", [int, float, str, np.int64])
def test_equal_graphs_are_equal_networks_whatever_the_order_of_their_nodes(label):
    """A node labelled k is client k: the order in which nodes are added is no part of a graph."""
    links, wanted = [(0, 1), (1, 2), (1, 3), (3, 4)], adjacency([(0, 1), (1, 2), (1, 3), (3, 4)], 5)
    for order in itertools.permutations(range(5)):
        graph = nx.Graph()
        graph.add_nodes_from(label(k) if label is not str else str(k) for k in order)
        graph.add_edges_from((label(a), label(b)) for a, b in links)
        found = Network(graph)
        np.testing.assert_array_equal(found.adjacency, wanted)
        assert [int(name) for name in found.labels] == list(range(5))
    table = pd.DataFrame([("3", "4"), ("1", "3"), ("2", "1"), ("1", "0")])
    np.testing.assert_array_equal(Network(table).adjacency, wanted)


def test_labels_stand_in_the_order_of_nodes_or_of_appearance():
    graph = nx.Graph()
    graph.add_nodes_from([9, 2, 5, 7])  # not sorted
    graph.add_edges_from([(2, 5), (2, 7), (2, 9)])
    found = Network(graph)
    assert found.labels == (9, 2, 5, 7)
    assert found.adjacency.sum(axis=1).tolist() == [1, 3, 1, 1]
    table = pd.DataFrame({"hospital": ["Ulm", "Bonn", "Bonn"], "other": ["Bonn", "Kiel", "Jena"]})
    found = Network(table)
    assert found.labels == ("Ulm", "Bonn", "Kiel", "Jena")
    assert found.adjacency.sum(axis=1).tolist() == [1, 3, 1, 1]
    assert Network(pd.DataFrame({"a": [30, 30], "b": [20, 10]})).labels == (10, 20, 30)


def test_a_mixing_matrix_is_taken_as_it_is(tmp_path):
    mixing = mixing_matrix(adjacency(), "lazy")
    np.save(tmp_path / "mixing.npy", mixing)
    for source in (mixing, str(tmp_path / "mixing.npy")):
        found = Network(source, N)
        assert found.mixing == "given"
        np.testing.assert_array_equal(found.mixing_matrix, mixing)
        np.testing.assert_array_equal(found.adjacency, adjacency())


def test_rows_of_a_mixing_matrix_may_miss_1_by_rounding_only():
    mixing = mixing_matrix(adjacency(), "lazy")
    assert Network(mixing * (1 + 0.9e-9)).n_clients == N
    with pytest.raises(UsageError, match=r"row 0 sums to 1\.0000000011"):
        Network(mixing * (1 + 1.1e-9))


def test_nothing_of_a_network_changes():
    mixing = mixing_matrix(adjacency(), "lazy")
    found = Network(mixing)
    mixing[0, 0] = 7
    assert found.mixing_matrix[0, 0] != 7
    for name in ("adjacency", "mixing_matrix", "mixing_spectrum", "training_weights", "objective_weights"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, name)[0] = 1
    with pytest.raises(AttributeError, match="Make a new one"):
        found.mixing = "uniform"
    with pytest.raises(AttributeError, match="does not change"):
        del found.labels
    assert found.mixing_spectrum is found.mixing_spectrum
    for other in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        np.testing.assert_array_equal(other.mixing_matrix, found.mixing_matrix)


def near(value: float) -> Any:
    """Lanczos finds the ends of large spectra to about 1e-12."""
    return pytest.approx(value, rel=1e-6, abs=1e-11)


@pytest.mark.parametrize("n", [5, 8, 1200])
def test_numbers_of_a_ring_are_those_of_its_closed_forms(n):
    """1200 clients are beyond what has a whole spectrum here."""
    found = Network("ring", n)
    angles = 2 * np.pi * np.arange(n) / n
    mixing, laplacian = (1 + 2 * np.cos(angles)) / 3, 2 - 2 * np.cos(angles)
    beta = np.sort(np.abs(mixing))[-2]
    assert found.lambda_2 == near(np.sort(mixing)[-2])
    assert found.laplacian_lambda_2 == near(np.sort(laplacian)[1])
    assert found.spectral_gap == near(1 - beta)
    assert found.consensus_rate == near(1 - beta**2)
    np.testing.assert_allclose(found.training_weights, 1 / n, rtol=1e-9)
    np.testing.assert_allclose(found.objective_weights, 1 / n, rtol=1e-12)
    if n < 1000:
        spectrum = found.laplacian_spectrum
        assert spectrum is not None
        np.testing.assert_allclose(found.mixing_spectrum, np.sort(mixing)[::-1], atol=1e-12)
        np.testing.assert_allclose(spectrum, np.sort(laplacian), atol=1e-12)
        assert found.certificate.gap == found.spectral_gap
        assert found.certificate.respects_graph


@pytest.mark.parametrize("rule", ["metropolis", "lazy", "laplacian"])
def test_the_consensus_rate_is_what_the_worst_averaging_leaves(rule):
    found, rng = Network("path", 7, mixing=rule), np.random.default_rng(0)
    left = [np.var(found.mixing_matrix @ x) / np.var(x) for x in rng.normal(size=(500, 7))]
    assert max(left) <= 1 - found.consensus_rate + 1e-12
    worst = np.linalg.eigh(found.mixing_matrix)[1][:, -2]
    assert np.var(found.mixing_matrix @ worst) / np.var(worst) == pytest.approx(1 - found.consensus_rate, rel=1e-9)


@pytest.mark.parametrize(("n", "mixing"), [(7, "uniform"), (7, "data_size"), (1100, "uniform"), (1100, "lazy")])
def test_weights_of_a_star_are_what_averaging_and_its_columns_say(n, mixing):
    sizes = tuple(range(1, n + 1)) if mixing == "data_size" else None
    found = Network("star", n, mixing=mixing, sizes=sizes)
    v = found.training_weights
    np.testing.assert_allclose(v @ found.mixing_matrix, v, rtol=1e-9)
    assert v.sum() == pytest.approx(1)
    assert (v > 0).all()
    pi = [sum(float(found.mixing_matrix[i, k]) for i in range(n)) / n for k in range(n)]
    np.testing.assert_allclose(found.objective_weights, pi, rtol=1e-9)


def test_a_step_and_sizes_reach_the_rule():
    found = Network("ring", N, mixing="laplacian", step=0.1)
    np.testing.assert_allclose(found.mixing_matrix, np.eye(N) - 0.1 * (2 * np.eye(N) - adjacency()))
    sizes = np.arange(1.0, N + 1)
    found = Network("complete", N, mixing="data_size", sizes=sizes)
    np.testing.assert_allclose(found.mixing_matrix, np.tile(sizes / sizes.sum(), (N, 1)))
    large = Network("ring", 1200, mixing="laplacian", step=0.1)
    assert large.mixing_matrix[0, :2].tolist() == pytest.approx([0.8, 0.1])


def test_a_seed_draws_the_random_networks():
    first, same, other = (Network("er:5", 12, seed=seed).adjacency for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def lowest(n: int, budget: int, score: Callable[[np.ndarray], float]) -> tuple[float, float]:
    """The score of a path, and the lowest with up to `budget` more links, by trying all sets."""
    path = adjacency([(k, k + 1) for k in range(n - 1)], n)
    free = [(a, b) for a, b in itertools.combinations(range(n), 2) if not path[a, b]]
    found = []
    for size in range(budget + 1):
        for links in itertools.combinations(free, size):
            denser = path.copy()
            for a, b in links:
                denser[a, b] = denser[b, a] = True
            found.append(score(denser))
    return found[0], min(found)


def test_best_links_are_those_of_an_exhaustive_search():
    def score(links: np.ndarray) -> float:
        return consensus_exchangeable(mixing_matrix(links, "metropolis"), 1.0, 1.0)

    now, reached = lowest(6, 2, score)
    graph = nx.path_graph(list("abcdef"))
    choice = Network(graph).best_links(2)
    assert choice.is_best
    assert choice.now == pytest.approx(now, rel=1e-12)
    assert choice.reached == pytest.approx(reached, rel=1e-9)
    graph.add_edges_from(choice.links)  # the labels are the graph's own
    assert Network(graph).best_links(0).now == pytest.approx(reached, rel=1e-9)
    values = [value for _, value in choice.greedy]
    assert values == sorted(values, reverse=True)
    assert all(link in itertools.combinations("abcdef", 2) for link, _ in choice.greedy)


def test_too_many_sets_of_links_leave_the_greedy_choice():
    choice = Network("path", 16).best_links(4)
    assert not choice.is_best
    assert choice.links == tuple(link for link, _ in choice.greedy)
    assert choice.reached == choice.greedy[-1][1] < choice.now


def test_links_for_the_training_weights_make_them_more_equal():
    star = Network("star", 5, mixing="uniform")
    choice = star.best_links(1, goal="weights")
    assert choice.now == pytest.approx(5 * float((star.training_weights**2).sum()))
    assert choice.reached < choice.now


@pytest.mark.parametrize(
    ("name", "options", "keywords"),
    [
        ("ring", ("--n", "8"), {}),
        ("er:4", ("--n", "9", "--seed", "3", "--mixing", "uniform"), {"seed": 3, "mixing": "uniform"}),
        ("path", ("--n", "6", "--mixing", "laplacian", "--step", "0.5"), {"mixing": "laplacian", "step": 0.5}),
    ],
)
def test_a_report_says_what_the_command_says(capsys, name, options, keywords):
    asked = ("--local-steps", "3", "--add", "1", "--goal", "drift", "--certify")
    code, out, err = answered(capsys, "topology", name, *options, *asked, "--json")
    assert code == 0, err
    found = Network(name, int(options[1]), **keywords)
    assert found.report(local_steps=3, add=1, goal="drift", certify=True) == json.loads(out)
    assert found.predictions(local_steps=3) == json.loads(out)["predicted"]


def test_a_report_of_a_large_network_says_what_the_command_says(capsys):
    code, out, err = answered(capsys, "topology", "ring", "--n", "1200", "--json")
    assert code == 0, err
    assert Network("ring", 1200).report() == json.loads(out)


def test_a_network_shows_its_main_numbers():
    graph = nx.path_graph(["<b>", "c", "d"])
    found = Network(graph, mixing="uniform")
    assert repr(found) == "<dssl.Network: 3 clients, 2 links, mixing uniform>"
    html = found._repr_html_()
    assert f"<td>{found.spectral_gap:.6g}</td>" in html
    assert "<tr><th>consensus_rate</th><td>none</td></tr>" in html  # uniform weights of a path are not symmetric
    assert "consensus_rate</th><td>0.555556</td>" in Network(graph)._repr_html_()


TABLE = pd.DataFrame({"source": ["a", "b"], "target": ["b", "c"]})
WEIGHTED = nx.Graph([(0, 1, {"weight": 1.0}), (1, 2, {"weight": 2.0})])
REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    ("rign", {"n_clients": 4}, "ring"),
    ("ring", {}, "n_clients"),
    ("ring", {"n_clients": "8"}, "n_clients must be none or a whole number"),
    ("ring", {"n_clients": 4, "mixing": "best"}, "one of uniform, metropolis, .* got mixing=.best."),
    ("ring", {"n_clients": 4, "step": 0.1}, "step belongs to mixing=laplacian"),
    ("ring", {"n_clients": 4, "sizes": [1, 2, 3, 4]}, "sizes belong to"),
    ("ring", {"n_clients": 1200, "step": 0.1}, "step belongs to mixing=laplacian"),
    ("ring", {"n_clients": 1200, "sizes": [1.0] * 1200}, "sizes belong to"),
    ("ring", {"n_clients": 4, "mixing": "data_size"}, "number of samples of every client"),
    ("ring", {"n_clients": 4, "mixing": "data_size", "sizes": [1, 2]}, "one number a client"),
    ("ring", {"n_clients": 4, "mixing": "data_size", "sizes": "many"}, "sizes must be"),
    ("ring", {"n_clients": 4, "mixing": "laplacian", "step": 2.0}, "largest degree"),
    ("er:3", {"n_clients": 6, "seed": -1}, "seed"),
    ("missing.csv", {}, "missing.csv cannot be read"),
    (adjacency(), {"n_clients": 7}, "has 6 clients; got n_clients=7"),
    (adjacency(), {"seed": 3}, "seed draws the networks of names"),
    (adjacency([(0, 1), (1, 2)]), {}, "clients 3 is isolated|client 3 is isolated"),
    (adjacency() | np.eye(N, dtype=bool), {}, "no self loops"),
    (np.full((N, N), 1 / N), {"mixing": "metropolis"}, "gives the weights already, and mixing"),
    (np.full((N, N), 0.5), {}, r"^Rows of a mixing matrix sum to 1, to within 1e-09; row 0 sums to 3\."),
    (np.array([[0.9, 0.2], [0.1, 0.8]]), {}, "here columns do, and row 0 sums to 1.1. Transpose the matrix"),
    (np.diag([1.0, 0.0]), {}, "client 1 keeps nothing .* zeros and ones with an empty diagonal would be an adjacency"),
    (np.full((3, 3), np.float32(1 / 3)), {}, "row 0 sums to 1.00000002.* In double precision"),
    (np.full((N, N), 1 / N), {"step": 0.1}, "gives the weights already, and step"),
    (np.full((N, N), 1 / N), {"sizes": [1.0] * N}, "gives the weights already, and sizes"),
    (np.zeros((2, 3)), {}, r"square matrix; got shape \(2, 3\)"),
    (np.full((2, 2), np.nan), {}, "nan at"),
    (np.array([["a", "b"], ["c", "d"]]), {}, "real numbers"),
    (np.array([[1.0]]), {}, "2 to 20000 clients"),
    (np.array([[0]]), {}, "2 to 20000 clients"),
    (nx.Graph(), {}, "this graph of 0 nodes has none"),
    (nx.empty_graph(3), {}, "this graph of 3 nodes has none"),
    (nx.disjoint_union(nx.path_graph(2), nx.path_graph(2)), {}, "clients 0, 1 are cut off"),
    (nx.Graph([("a", "b"), ("c", "d")]), {}, "order of nodes"),
    (WEIGHTED, {}, "Links have no weights"),
    (nx.cycle_graph(4), {"n_clients": 5}, "has 4 clients; got n_clients=5"),
    (TABLE.assign(weight=[1, 2]), {}, "column weight; links have no weights"),
    (TABLE[["source"]], {}, "two columns"),
    (TABLE[:0], {}, "two columns and a link a row"),
    (pd.DataFrame({"a": ["x", None], "b": ["y", "x"]}), {}, "Row 1 of the table names one client"),
    (pd.DataFrame({"a": ["x", "y"], "b": ["y", "y"]}), {}, "'y' with itself"),
    (pd.DataFrame({"a": ["x", "u"], "b": ["y", "v"]}), {}, "order of labels"),
    (pd.DataFrame({"a": [["x"]], "b": [["y"]]}), {}, "Labels of clients are words or numbers"),
    (pd.Series([1, 2]), {}, "A network is a name"),
    ([(0, 1), (1, 2)], {}, "A network is a name"),
    (None, {}, "A network is a name"),
    (3, {}, "A network is a name"),
]


@pytest.mark.parametrize("case", range(len(REFUSED)), ids=[f"{k}: {said}" for k, (_, _, said) in enumerate(REFUSED)])
def test_what_does_not_fit_is_refused_in_one_sentence(case):
    source, keywords, said = REFUSED[case]
    with pytest.raises(UsageError, match=said) as refused:
        Network(source, **keywords)
    assert "--" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None  # nothing from deep inside


def test_a_file_of_another_size_and_a_seed_for_a_file_are_refused(folder):
    with pytest.raises(UsageError, match=r"is for 6 clients; got n_clients=7\. Mend one of them"):
        Network(folder / "ring.npy", 7)
    with pytest.raises(UsageError, match=r"ring\.csv is a file\. Leave seed=2 out"):
        Network(folder / "ring.csv", seed=2)


LARGE: dict[str, Callable[[Network], object]] = {
    "mixing_spectrum": lambda net: net.mixing_spectrum,
    "laplacian_spectrum": lambda net: net.laplacian_spectrum,
    "certificate": lambda net: net.certificate,
    "predictions": lambda net: net.predictions(),
    "best_links": lambda net: net.best_links(),
}


@pytest.mark.parametrize("name", LARGE)
def test_what_takes_all_eigenvalues_of_a_large_network_is_refused(name):
    with pytest.raises(UsageError, match=f"{name} takes all eigenvalues, .* up to 1000 clients; here are 1001"):
        LARGE[name](Network("path", 1001))


ONE_WAY = np.roll(np.eye(3), 1, axis=1)
APART = np.kron(np.eye(2), np.full((2, 2), 0.5))
ASKED: list[tuple[Callable[[], object], str]] = [
    (lambda: Network("star", 5, mixing="uniform").consensus_rate, "symmetric mixing matrix"),
    (lambda: Network(APART).consensus_rate, "contracts"),
    (lambda: Network(APART).training_weights, "keeps groups apart"),
    (lambda: Network(APART).predictions(), "does not bring clients to agree. Clients 0, 1 hear nobody else"),
    (lambda: Network(np.full((3, 3), 1 / 3)).best_links(), "was given, and no rule"),
    (lambda: Network("ring", 61).best_links(), "up to 60 clients; here are 61"),
    (lambda: Network(ONE_WAY, mixing="uniform").best_links(), "links go both ways"),
    (lambda: Network("star", 4, mixing="push_sum").predictions(), "rows sum to 1, and under push_sum"),
    (lambda: Network("ring", 6).best_links(-1), "from 0; got 1, -1"),
    (lambda: Network("ring", 6).best_links(1, goal="speed"), "goal must be one of"),  # pyright: ignore
    (lambda: Network("ring", 6).predictions(0), "whole number from 1"),
    (lambda: Network("ring", 6).report(local_steps=1.5), "local_steps must be a whole number"),  # pyright: ignore
    (lambda: Network("ring", 1200).report(local_steps=2), "takes no options"),
    (lambda: Network("ring", 1200, mixing="sinkhorn").report(), "networks need links that go both ways"),
]


@pytest.mark.parametrize("case", range(len(ASKED)), ids=[said for _, said in ASKED])
def test_what_cannot_be_said_is_refused_in_one_sentence(case):
    ask, said = ASKED[case]
    with pytest.raises(UsageError, match=said) as refused:
        ask()
    assert "--" not in str(refused.value)


def test_the_module_imports_nothing_heavy():
    asked = (
        "import sys, dssl.interface.networks; "
        "print([m for m in ('jax', 'scipy', 'networkx', 'sympy', 'pandas', 'xarray', 'sims') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_nothing_is_printed(capsys):
    found = Network("ring", 8)
    for shown in (repr, Network._repr_html_, Network.report, Network.best_links):
        shown(found)
    assert capsys.readouterr() == ("", "")
