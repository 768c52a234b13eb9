"""Tables of samples: clients with names, columns of one's choice, weights that count, and columns that count rows."""

import itertools
import json
import sys
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from dssl import Network, advise
from dssl.user_files.client_data import read_clients
from dssl.user_files.csv_and_npz import read_links
from dssl.user_files.tables import Choice
from runtime.usage import UsageError
from tests.command import answered

NAMES = ("Bonn", "Jena", "Kiel", "Ulm")  # in the order of the alphabet
N, SAMPLES, DIM = len(NAMES), 30, 4
X = np.random.default_rng(0).normal(size=(N, SAMPLES, DIM)) * np.array([3, 2, 1, 0.5]) * (1 + np.eye(N))[:, None]
STAR = nx.Graph([("Kiel", "Ulm"), ("Kiel", "Bonn"), ("Kiel", "Jena")])


def frame(owners: Any = NAMES, name: str = "client") -> pd.DataFrame:
    table = pd.DataFrame(X.reshape(-1, DIM), columns=["a", "b", "c", "d"])
    table.insert(1, name, np.repeat(np.asarray(owners), SAMPLES))
    return table


def shuffled(table: pd.DataFrame) -> pd.DataFrame:
    return table.sample(frac=1, random_state=0)


def distances(advice: Any) -> list[float]:
    return [option.distance for option in advice.options if option.name != "server-sampled"]


def test_clients_are_matched_to_the_network_by_name():
    by_number = Network(nx.star_graph(N - 1), mixing="uniform")  # client 0 in the middle
    order = [2, 0, 1, 3]  # Kiel first
    wanted = distances(advise(X[order], by_number, feature_dim=1))
    for table in (frame(), shuffled(frame())):
        found = advise(table, Network(STAR, mixing="uniform"), feature_dim=1)
        assert distances(found) == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        assert found.details["clients"]["names"] == list(NAMES)
        assert found.details["clients"]["training_weights"]["most"][0] == "Kiel"
        assert not any("names them" in line for line in found.details["cautions"])
    assert distances(advise(X, by_number, feature_dim=1)) != pytest.approx(wanted, rel=1e-3)


def test_a_rule_by_sizes_gives_each_name_its_own_size():
    table = frame().drop(index=range(20))  # Bonn has 10 samples
    found = advise(table, STAR, mixing="data_size", feature_dim=1)
    ragged = [X[2], X[0][20:], X[1], X[3]]
    wanted = advise(ragged, nx.star_graph(N - 1), mixing="data_size", feature_dim=1)
    assert distances(found) == pytest.approx(distances(wanted), rel=1e-9, abs=1e-12)


def test_files_and_tables_say_the_same(capsys, tmp_path):
    shuffled(frame()).to_csv(tmp_path / "x.csv", index=False)
    (tmp_path / "links.csv").write_text("from,to\nUlm,Kiel\nKiel,Bonn\nJena,Kiel\n")
    asked = ("--data", str(tmp_path / "x.csv"), "--topology", str(tmp_path / "links.csv"), "--feature-dim", "1")
    code, out, err = answered(capsys, "advise", *asked, "--json")
    assert code == 0, err
    for network in (tmp_path / "links.csv", STAR):
        assert advise(shuffled(frame()), network, feature_dim=1).details == json.loads(out)
    code, out, _ = answered(capsys, "advise", *asked)
    assert (code, "Kiel" in out) == (0, True)


def test_names_stand_where_numbers_would(capsys, tmp_path):
    clients = np.repeat(X[:1], 8, axis=0) + np.random.default_rng(1).normal(size=(8, SAMPLES, DIM)) * 0.3
    clients[5] *= 20
    names = [f"clinic {letter}" for letter in "abcdefgh"]
    owners = np.repeat(names, SAMPLES)
    np.savez(tmp_path / "x.npz", samples=clients.reshape(-1, DIM), client=owners)
    (tmp_path / "path.csv").write_text("".join(f"{a},{b}\n" for a, b in itertools.pairwise(names)))
    asked = ("advise", "--data", str(tmp_path / "x.npz"), "--feature-dim", "1", "--json", "--topology")
    named = json.loads(answered(capsys, *asked, str(tmp_path / "path.csv"))[1])
    np.savez(tmp_path / "x.npz", samples=clients)
    numbered = json.loads(answered(capsys, *asked, "path")[1])
    assert "Client clinic f stands out" in named["cautions"][0]
    assert "Client 5 stands out" in numbered["cautions"][0]
    links = [[names[k] for k in entry["link"]] for entry in numbered["links_to_add"]["value"]]
    assert links
    assert [entry["link"] for entry in named["links_to_add"]["value"]] == links
    apart = [names[entry["client"]] for entry in numbered["under_connected"]["value"]]
    assert apart
    assert [entry["client"] for entry in named["under_connected"]["value"]] == apart
    assert named["options"] == numbered["options"]


@pytest.mark.parametrize(
    ("owners", "network", "said"),
    [
        (
            NAMES,
            "ring",
            "The network numbers the clients and the data name them, in alphabetical order: client 0 is Bonn",
        ),
        (
            range(N),
            STAR,
            "The data number the clients and the network names them, in the network's order: client 0 is Kiel",
        ),
    ],
)
def test_where_only_one_side_has_names_the_advice_says_who_is_who(owners, network, said):
    assert advise(frame(list(owners)), network, feature_dim=1).details["cautions"][-1].startswith(said)


def test_another_column_may_name_the_clients(capsys, tmp_path):
    wanted = advise(frame(), "ring", feature_dim=1).details
    other = frame(name="Hospital")
    assert advise(other, "ring", client_column="hospital", feature_dim=1).details == wanted
    other.to_csv(tmp_path / "x.csv", index=False, sep="|")
    asked = ("--data", str(tmp_path / "x.csv"), "--topology", "ring", "--feature-dim", "1", "--json")
    code, out, err = answered(capsys, "advise", *asked, "--client-column", "hospital")
    assert code == 0, err
    assert json.loads(out) == wanted


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", " ", "   "])
def test_a_file_may_have_no_header_and_any_delimiter(tmp_path, mark):
    rows = frame().itertuples(index=False)
    (tmp_path / "x.csv").write_text("".join(mark.join(map(str, row)) + "\n" for row in rows))
    found = read_clients(tmp_path / "x.csv", Choice(client="2"))
    assert found.names == NAMES
    np.testing.assert_allclose(found.moments, [x.T @ x / SAMPLES for x in X], rtol=1e-12)


def test_names_of_columns_may_be_numbers_where_the_clients_column_is_named(tmp_path):
    table = frame(name="site")
    table.columns = ["0", "site", "1", "2", "3"]
    table.to_csv(tmp_path / "x.csv", index=False)
    assert read_clients(tmp_path / "x.csv", Choice(client="site")).sizes.tolist() == [SAMPLES] * N  # pyright: ignore


def test_a_weight_is_as_many_equal_samples(capsys, tmp_path):
    counts = np.random.default_rng(2).integers(1, 4, size=N * SAMPLES)
    repeated = frame().loc[np.repeat(np.arange(N * SAMPLES), counts)]
    wanted = advise(repeated, "ring", feature_dim=1, objective="equal-samples").details
    weighted = frame().assign(Weight=counts)
    found = advise(weighted, "ring", weight_column="weight", feature_dim=1, objective="equal-samples").details
    assert found == wanted
    weighted.to_csv(tmp_path / "x.csv", index=False, header=False)
    asked = ("--data", str(tmp_path / "x.csv"), "--topology", "ring", "--feature-dim", "1", "--json")
    columns = ("--client-column", "2", "--weight-column", "6", "--objective", "equal-samples")
    code, out, err = answered(capsys, "advise", *asked, *columns)
    assert code == 0, err
    assert json.loads(out) == wanted


def test_parquet_is_read_where_pandas_and_its_engine_are(tmp_path, monkeypatch):
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(pd, "read_parquet", lambda path: frame())
    assert read_clients(tmp_path / "x.parquet").names == NAMES

    def without_engine(path: object) -> None:
        raise ImportError("no engine")

    monkeypatch.setattr(pd, "read_parquet", without_engine)
    with pytest.raises(UsageError, match=r"takes pyarrow, which is not installed. Type pip install pyarrow\.$"):
        read_clients(tmp_path / "x.parquet")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        UsageError, match=r'takes pandas, which is not installed. Type pip install "dssl-ledger\[tables'
    ):
        read_clients(tmp_path / "x.parquet")


def test_links_may_join_names(tmp_path):
    (tmp_path / "a.csv").write_text("Ulm,Bonn\nBonn,Kiel\n")
    (tmp_path / "b.csv").write_text("from;to\nUlm;Bonn\nBonn;Kiel\n")
    (tmp_path / "c.csv").write_text("Ulm Bonn\nBonn Kiel\n")
    for name in "abc":
        assert read_links(tmp_path / f"{name}.csv") == [("Ulm", "Bonn"), ("Bonn", "Kiel")]
    assert Network(tmp_path / "a.csv").labels == ("Ulm", "Bonn", "Kiel")


def test_links_to_add_are_told_by_name(capsys, tmp_path):
    (tmp_path / "path.csv").write_text("Ulm,Bonn\nBonn,Kiel\nKiel,Jena\n")
    told = json.loads(answered(capsys, "topology", str(tmp_path / "path.csv"), "--add", "1", "--json")[1])
    assert told == Network(tmp_path / "path.csv").report(add=1)
    assert told["names"] == ["Ulm", "Bonn", "Kiel", "Jena"]
    a, b = told["links_to_add"]["greedy"][0]["link"]
    shown = answered(capsys, "topology", str(tmp_path / "path.csv"), "--add", "1")[1]
    assert f"{told['names'][a]}-{told['names'][b]}: " in shown


@pytest.mark.parametrize("header", [True, False])
def test_the_index_that_pandas_writes_is_no_coordinate(capsys, tmp_path, header):
    """Taken as one, it would outweigh all others."""
    frame().to_csv(tmp_path / "x.csv", header=header)
    column = () if header else ("--client-column", "3")
    asked = ("--data", str(tmp_path / "x.csv"), "--topology", "ring", *column)
    code, out, err = answered(capsys, "advise", *asked)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Column 1 of " in err
    assert "counts rows, as the index that pandas writes" in err
    assert "index=False" in err


COUNTING: dict[str, pd.DataFrame] = {
    "an index": frame().reset_index(),
    "an index in another order": shuffled(frame()).reset_index(),
    "an index of a file": shuffled(frame()).rename_axis("Unnamed: 0").reset_index(),
    "numbers from 0": frame().assign(id=range(N * SAMPLES)),
    "numbers from 1": frame().assign(id=range(1, N * SAMPLES + 1)),
    "numbers within each client": frame().assign(id=list(range(SAMPLES)) * N),
}


@pytest.mark.parametrize("kind", COUNTING)
def test_a_column_that_counts_rows_is_refused(kind):
    with pytest.raises(UsageError, match="counts rows"):
        advise(COUNTING[kind], "ring")


def test_a_column_that_only_looks_like_counting_is_a_coordinate():
    ranks = frame().assign(rank=np.random.default_rng(3).permutation(N * SAMPLES), sign=[0, 1] * (N * SAMPLES // 2))
    assert advise(ranks, "ring").details["clients"]["dim"] == DIM + 2


def test_a_first_row_that_counts_columns_is_no_sample(tmp_path):
    table = frame(range(N))
    table.columns = range(DIM + 1)
    table.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(UsageError, match="counts the columns, 0,1,2,3,4"):
        read_clients(tmp_path / "x.csv", Choice(client="2"))


def test_an_index_beside_links_is_refused_by_its_name(tmp_path):
    pd.DataFrame({"a": [0, 1], "b": [1, 2]}).to_csv(tmp_path / "links.csv")
    with pytest.raises(UsageError, match=r"first column of .* has no name, as the index"):
        read_links(tmp_path / "links.csv")


def text(**columns: str) -> dict[str, Any]:
    return columns


REFUSED: list[tuple[Any, Any, dict[str, Any], str]] = [
    (
        frame(),
        nx.relabel_nodes(STAR, {"Ulm": "Köln"}),
        {},
        "must have the same names; Köln only in the network, Ulm only in",
    ),
    (frame(name="site"), "ring", {}, "needs one column named client .* it has 'a, site, b, c, d'"),
    (frame().assign(site=1), "ring", text(client_column="site"), "has a column client, and client_column names site"),
    (frame(), "ring", text(client_column="site"), "needs one column named site"),
    (frame().assign(weight=1), "ring", {}, "has a column weight, .* add weight_column weight"),
    (frame().assign(weight=1), "ring", text(weight_column="n"), "needs one column named n"),
    (frame(), "ring", text(weight_column="client"), "client_column and weight_column name one column"),
    (
        frame().assign(n=0.5),
        "ring",
        text(weight_column="n"),
        "Row 0 of data has '0.5' in column n; a weight is the number",
    ),
    (frame().assign(n=1e9), "ring", text(weight_column="n"), "at most 2e.08 numbers are held"),
    (frame().assign(n="x"), "ring", text(weight_column="n"), "'x' in column n; a weight"),
    (X, "ring", text(client_column="site"), "client_column site is for tables, and data holds arrays"),
    ({"samples": X}, "ring", text(weight_column="n"), "weight_column n is for tables"),
    (
        frame(["Ulm", "1", "2", "3"]),
        "ring",
        {},
        "Row 0 of data has 'Ulm' in column client, and other rows have numbers",
    ),
    (frame(["Ulm", None, "Kiel", "Bonn"]), "ring", {}, "Row 30 of data has '' in column client"),
    (frame()[:61], "ring", {}, "Client Kiel in data has 1 samples"),
]


@pytest.mark.parametrize("case", range(len(REFUSED)), ids=[said for *_, said in REFUSED])
def test_what_contradicts_the_table_is_refused_in_one_sentence(case):
    data, network, keywords, said = REFUSED[case]
    with pytest.raises(UsageError, match=said) as refused:
        advise(data, network, **keywords)
    assert "--" not in str(refused.value)


FILES = [
    ("1,2,3\n4,5,6\n", (), "needs one column named client in its first row, which holds numbers"),
    ("1,2,3\n4,5,6\n", ("--client-column", "4"), "from 1 to 3; got 4"),
    ("1,2,3\n4,5,6\n", ("--client-column", "site"), "from 1 to 3; got site"),
    ("1,2,3\n4,5,6\n", ("--client-column", "1", "--weight-column", "1"), "name one column"),
    ("1,2,3\n4,5\n", ("--client-column", "1"), "Row 2 of"),
]


@pytest.mark.parametrize(("content", "asked", "said"), FILES)
def test_a_file_without_a_header_is_told_how_to_name_columns(capsys, tmp_path, content, asked, said):
    (tmp_path / "x.csv").write_text(content)
    code, out, err = answered(capsys, "advise", "--data", str(tmp_path / "x.csv"), "--topology", "ring", *asked)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
