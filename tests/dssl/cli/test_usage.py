"""Bad use of the command line: one sentence, which names options as they are typed, and exit code 2."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from dssl.cli import _usage
from dssl.cli._options import in_options
from dssl.cli.topology import Topology
from runtime.usage import UsageError
from tests.command import answered

BAD: list[tuple[str, str]] = [
    ("topology", "dssl topology needs NAME, which was not given. Add it; see dssl topology --help."),
    ("advise", "dssl advise needs --data and --topology, which were not all given."),
    ("simulate --config a.toml", "dssl simulate needs MODEL"),
    ("simulate quadratic --config a.toml", "model is one of linear; got 'quadratic'."),
    ("topology ring --n five", "--n takes a whole number; got 'five'. Change it."),
    ("topology ring --n 4 --step x", "--step takes a number; got 'x'."),
    ("topology ring --n 4 --sizes 1 b", "--sizes cannot be read: "),
    ("topology ring --nn 5", "dssl topology has no option --nn; the nearest is --n. See dssl topology --help."),
    ("topology ring --xyzzy", "dssl topology has no option --xyzzy. See dssl topology --help."),
    ("topology ring extra", "dssl topology takes no 'extra' there."),
    ("topology ring --n", "--n needs a value; got none."),
    ("topology ring --mixing best", "--mixing is one of uniform, metropolis, "),
    ("topology ring --n 5 --n 6", "--n was given twice"),
    ("topology ring --n=5 --n 6", "--n was given twice"),
    ("topology ring --local-steps 2 --local_steps 3", "--local-steps was given twice"),
    ("pretrain --out new --option a=1 --option b=2", "--option was given twice"),
    ("pretrain --out new --preset ci --option a=1 a=2", "a was given twice, as 1 and 2; give it once."),
    ("pretrain --out new --preset ci --option mask_ratio", "Options are given as name=value; got 'mask_ratio'."),
    # names of the library as options
    ("topology ring", "The topology ring needs a number of clients; add --n\n"),
    ("topology hypercube --n 6", "got --n 6. Try"),
    (
        "topology ring --n 5 --step 0.1",
        "--step belongs to --mixing laplacian; got --step 0.1 with --mixing metropolis.",
    ),
    ("topology ring --n 5 --mixing data_size", "Add --sizes\n"),
    ("topology ring --n 5 --sizes 1 2", "--sizes belong to --mixing data_size"),
    ("topology m.npy --n 4", "m.npy is for 3 clients; got --n 4."),
    ("advise --data c.npz --topology hypercube", "got 6 clients. Try"),
    ("advise --data c.npz --topology m.npy", "m.npy is for 3 clients; got 6 clients."),
    ("plot network ring", "needs a number of clients; add --n\n"),
    ("compute spectrum topology=ring", "add n_clients=..."),  # here it is the key that is typed
    ("pretrain --preset ci --setting decl --topology hypercube --clients 6 --out new", "got --clients 6."),
]


@pytest.mark.parametrize(("line", "said"), BAD, ids=[line for line, _ in BAD])
def test_bad_use_is_one_sentence_with_the_options_as_typed(capsys, tmp_path, monkeypatch, line, said):
    monkeypatch.chdir(tmp_path)
    np.savez("c.npz", samples=np.random.default_rng(0).normal(size=(6, 9, 3)))
    np.save("m.npy", np.full((3, 3), 1 / 3))
    code, out, err = answered(capsys, *line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert not any(mark in err for mark in "│╭─")
    assert not pathlib.Path("new").exists()


def test_help_is_still_printed_whole(capsys):
    code, out, err = answered(capsys, "topology", "--help")
    assert (code, err) == (0, "")
    assert "--local-steps" in out


def test_what_is_not_understood_is_still_one_sentence():
    box = "╭─ New ─╮\n│ Something else. │\n│ ───── │\n│ Twice. │\n╰───╯\n"
    assert _usage.sentence(box, Topology, "topology") == "Something else. Twice. See dssl topology --help."


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_terminal_without_lines_gets_the_same_sentence(encoding):
    asked = [sys.executable, "-m", "dssl", "topology", "ring", "--nn", "5"]
    ended = subprocess.run(asked, capture_output=True, text=True, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert ended.returncode == 2
    assert ended.stderr == "dssl topology has no option --nn; the nearest is --n. See dssl topology --help.\n"


def test_claims_may_be_asked_for_one_after_the_other(capsys):
    code, _, err = answered(capsys, "verify", "--claim", "a7.identical-blocks", "--claim", "no-such-claim-at-all")
    assert code == 2
    assert "no-such-claim-at-all" in err


def test_a_value_may_look_like_any_word_but_options_come_once():
    assert _usage.parsed(Topology, "topology", ["ring", "--n", "5", "--json"]).n == 5
    with pytest.raises(UsageError, match="--json was given twice"):
        _usage.parsed(Topology, "topology", ["ring", "--json", "--json"])


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("got step=0.5, n_clients=7.", "got --step 0.5, --n 7."),
        ("One step at a time.", "One step at a time."),
        ("Raise n_clients.", "Raise --n."),
        ("An n_clients_of_mine stays.", "An n_clients_of_mine stays."),
        ("The --step belongs here.", "The --step belongs here."),
    ],
)
def test_only_arguments_become_options(sentence, wanted):
    assert in_options(sentence, ("n", "step"), {"n_clients": "n"}) == wanted
