"""Clients and links from CSV files as they are exported in different countries, and means that are taken off."""

import json
import pathlib

import numpy as np
import pytest

from dssl.user_files.client_data import centred, read_clients
from dssl.user_files.csv_and_npz import read_links
from runtime.usage import UsageError
from tests.command import answered

N, DIM, SAMPLES = 4, 5, 40


@pytest.fixture
def samples() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, SAMPLES, DIM)) * np.sqrt([4.0, 3.0, 0.5, 0.3, 0.2]) + 0.2 * rng.random((N, 1, DIM))


def table(samples: np.ndarray, mark: str = ",", point: str = ".") -> str:
    head = mark.join(["a", "b", "Client", "c", "d", "e"])
    rows = [
        mark.join(
            [
                *(repr(float(v)).replace(".", point) for v in x[:2]),
                str(i),
                *(repr(float(v)).replace(".", point) for v in x[2:]),
            ]
        )
        for i, client in enumerate(samples)
        for x in client
    ]
    return "\n".join(["# exported", head, *rows]) + "\n"


@pytest.mark.parametrize(("mark", "point"), [(",", "."), (";", "."), (";", ","), ("\t", ",")])
def test_a_table_says_what_the_archive_says(tmp_path, samples, mark, point):
    np.savez(tmp_path / "x.npz", samples=samples)
    (tmp_path / "x.csv").write_text(table(samples, mark, point), encoding="utf-8-sig")
    one, other = read_clients(tmp_path / "x.npz"), read_clients(tmp_path / "x.csv")
    np.testing.assert_allclose(other.moments, one.moments, rtol=1e-12, atol=1e-14)
    assert other.sizes is not None
    assert other.sizes.tolist() == [SAMPLES] * N


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rows"),
        ("1,2,3\n4,5,6\n", "column named client"),
        ("client,a,client\n0,1,2\n", "column named client"),
        ("client,a,b\n", "no samples"),
        ("client,a,b\n0,1,2\n0,1\n", "Row 3"),
        ("client,a,b\n0,1,2\n\n0,1,2,3\n", "Row 4"),
        ("client,a,b\n0,1,2,5\n", "decimal comma"),
        ("client;a;b\n0;1;x\n", "'x' in column b"),
        ("client;a;b\n0;1;\n", "'' in column b"),
        ("client;a;b\n0;1;1.234,5\n", "'1.234,5'"),
        ("client,a,b\n0,1,nan\n", "'nan'"),
        ("client,a,weight\n0,1,2\n", "column weight"),
        ("client,a,b\nzero,1,2\n", "Two clients or more"),
        ("client,a,b\n0,1,2\nzero,1,2\n", "Row 3"),
        ("client,a,b\nUlm,1,2\n,1,2\n", "'' in column client"),
        ("client,a,b\n0,1,2\n0,1,2\n2,1,2\n2,1,2\n", "Client 1"),
        ("client,a\n0,1\n0,2\n1,3\n1,4\n", "two dimensions"),
    ],
)
def test_a_bad_table_is_one_sentence_and_exit_code_2(capsys, tmp_path, text, said):
    (tmp_path / "x.csv").write_text(text)
    code, out, err = answered(capsys, "advise", "--data", str(tmp_path / "x.csv"), "--topology", "ring")
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "text", ["0,1\n1,2\n", "a;b\n0;1\n1;2\n", "from\tto\n0\t1\n1\t2\n", "0,1,\n1,2,\n", "# n\n0;1;\n1;2;\n"]
)
def test_links_may_be_divided_by_semicolons_or_tabs(tmp_path, text):
    (tmp_path / "links.csv").write_text(text)
    assert read_links(tmp_path / "links.csv") == [(0, 1), (1, 2)]


@pytest.mark.parametrize("text", ["a,b,w\n0,1,0.5\n", "0;1;0,5\n", "0,1\n1,2,3\n"])
def test_a_column_of_weights_is_refused_and_not_ignored(tmp_path, text):
    (tmp_path / "links.csv").write_text(text)
    with pytest.raises(UsageError, match="no weights"):
        read_links(tmp_path / "links.csv")


def test_centring_takes_every_clients_own_mean_off(tmp_path, samples):
    np.savez(tmp_path / "x.npz", samples=samples + 100 * np.arange(N)[:, None, None])
    found = centred(read_clients(tmp_path / "x.npz"))
    for moment, x in zip(found.moments, samples, strict=True):
        np.testing.assert_allclose(moment, np.cov(x.T, bias=True), atol=1e-10)
    moments = np.stack([x.T @ x / SAMPLES for x in samples])
    np.savez(tmp_path / "m.npz", second_moments=moments, means=samples.mean(axis=1))
    np.testing.assert_allclose(centred(read_clients(tmp_path / "m.npz")).moments, found.moments, atol=1e-10)
    np.savez(tmp_path / "same.npz", samples=np.ones((N, SAMPLES, DIM)))
    with pytest.raises(UsageError, match="Nothing is left of client 0"):
        centred(read_clients(tmp_path / "same.npz"))


def cautions(capsys: pytest.CaptureFixture[str], path: pathlib.Path, *more: str) -> list[str]:
    code, out, err = answered(
        capsys, "advise", "--data", str(path), "--topology", "ring", "--feature-dim", "2", *more, "--json"
    )
    assert code == 0, err
    return json.loads(out)["cautions"]


def test_what_stands_out_draws_a_caution(capsys, tmp_path, samples):
    np.savez(tmp_path / "plain.npz", samples=samples)
    assert cautions(capsys, tmp_path / "plain.npz") == []
    np.savez(tmp_path / "mean.npz", samples=samples + 100, labels=np.zeros(3))
    mean, slow, unused = cautions(capsys, tmp_path / "mean.npz")
    assert "the mean dominates" in mean
    assert "rounds to fall e-fold" in slow  # steps are as small as the mean is large
    assert "labels" in unused
    assert len(cautions(capsys, tmp_path / "mean.npz", "--center")) == 1
    large = samples * np.array([1, 1, 30, 1])[:, None, None]
    np.savez(tmp_path / "large.npz", samples=large)
    assert "Client 2 stands out" in cautions(capsys, tmp_path / "large.npz")[0]
    np.savez(tmp_path / "moments.npz", second_moments=np.stack([x.T @ x / SAMPLES for x in samples + 100]))
    assert "give means" in cautions(capsys, tmp_path / "moments.npz")[0]
    rows = np.concatenate([samples[0], *(x[:4] for x in samples[1:])])
    np.savez(tmp_path / "big.npz", samples=rows, client=np.repeat(np.arange(N), [SAMPLES, 4, 4, 4]))
    told = cautions(capsys, tmp_path / "big.npz", "--objective", "equal-samples")
    assert any("Client 0 holds 77% of all samples" in line for line in told)
    assert not any("holds" in line for line in cautions(capsys, tmp_path / "big.npz"))
