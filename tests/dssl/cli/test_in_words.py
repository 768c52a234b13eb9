"""What commands print in words: each key explained, each number once, long work announced, progress without a bar."""

import re

import pytest

from dssl.calculator import compute
from dssl.calculator.key_words import KEYS
from dssl.cli import _progress
from dssl.networks import in_words
from dssl.networks.report import load, report
from dssl.simulation import duration
from dssl.simulation import in_words as of_training
from tests.command import dssl
from theory.networks.mixing import mixing_matrix
from theory.networks.rule_names import Rule


def test_every_key_has_words_and_no_words_lack_a_key():
    assert {key.name for name in compute.names() for key in compute.keys(name)} == set(KEYS)


@pytest.mark.parametrize("name", compute.names())
def test_help_of_a_quantity_explains_each_key(name, capsys):
    assert dssl("compute", name, "--help") == 0
    said = " ".join(capsys.readouterr().out.split())
    for key in compute.keys(name):
        assert f" {key.name} " in said
        assert KEYS[key.name].meaning[1:] in said
    assert said.count("needs:") == any(key.default == "required" for key in compute.keys(name))


def test_help_of_what_there_is_not_is_refused(capsys):
    assert dssl("compute", "deficitt", "--help") == 2
    assert "deficit" in capsys.readouterr().err


def test_an_answer_begins_with_its_number_and_says_what_was_assumed(capsys):
    asked = ("compute", "deficit", "objective=mim", "n_clients=4", "dim=1024", "beta=1.2")
    assert dssl(*asked) == 0
    out = capsys.readouterr().out
    assert re.match(r"deficit +[\d.e-]+\s", out)
    assumed = " ".join(out.partition("assumed")[2].split())
    for words in ("tau = 4,", "mu = 0.25,", "samples_per_client = 4096,", "draws = expected,"):
        assert words in assumed
    assert ", dim = " not in assumed
    assert "latex" not in out
    assert dssl(*asked, "--forms") == 0
    assert "latex" in capsys.readouterr().out
    assert dssl(*asked, "--forms", "--json") == 2


@pytest.mark.parametrize("extra", [("samples_per_client=100", "beta=1.2"), ()])
def test_samples_come_from_one_of_two_keys(extra, capsys):
    assert dssl("compute", "deficit", "objective=mim", "n_clients=4", "dim=1000", *extra) == 2
    assert "Give samples_per_client, or beta" in capsys.readouterr().err


def _report(name: str, n: int, rule: Rule):
    network = load(name, n, rule)
    return report(
        network, local_steps=1, goal="consensus", budget=0, with_links=lambda adjacency: mixing_matrix(adjacency, rule)
    )


def test_a_networks_words_carry_its_numbers_once():
    lines = in_words.lines(_report("star", 6, "uniform"))
    assert len({what for what, _ in lines}) == len(lines)
    found = dict(lines)
    assert found["lambda_2 of the mixing matrix (second largest eigenvalue)"] == "0.5"
    assert found["spectral gap (1 less the second largest modulus)"] == "0.5"
    assert float(found["rounds of averaging alone until clients differ ten times less"]) == pytest.approx(3.32193)


@pytest.mark.parametrize(
    ("name", "rule", "words"),
    [
        ("complete", "metropolis", "One averaging makes all models equal. Training counts every client the same."),
        (
            "ring",
            "metropolis",
            "keep disagreeing while they train, unless the clients' data are alike.",
        ),
        ("star", "uniform", "as if 4.57 of 6 counted"),
    ],
)
def test_what_follows_of_a_network(name, rule, words):
    assert words in in_words.follows(_report(name, 6, rule))


def test_a_training_of_years_is_refused_with_what_fits():
    assert duration.refusal(8, 6, 2, 1000, 1) == ""
    said = duration.refusal(8, 6, 2, 10**12, 1)
    found = re.search(r"(\d+) rounds fit into an hour", said)
    assert found is not None
    fits = int(found[1])
    assert duration.refusal(8, 6, 2, fits, 1) == ""
    assert duration.refusal(8, 6, 2, 2 * fits, 1) != ""
    assert "--yes" in said


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "less than"), (60, "about 1 minute"), (7300, "about 2 hours")])
def test_durations_in_words(seconds, words):
    assert duration.in_words(seconds).startswith(words)


def test_what_follows_of_a_training_says_how_near_the_prediction_is():
    result = {"message": "Settled.", "ratios": {"consensus_post_mix": {"first_order": 1.01}}}
    assert "to 0.01 of its size" in of_training.follows(result)
    result["ratios"]["consensus_post_mix"] = {"first_order": 1.5}
    assert "but for a factor of 1.5" in of_training.follows(result)
    assert of_training.follows({"message": "Settled.", "ratios": {}}) == "Settled."


def test_without_a_terminal_progress_is_a_line_now_and_then(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    with _progress.Steps("claims", 4, every=10) as steps:
        for done, at in ((1, 4.0), (2, 12.0), (3, 15.0), (4, 30.0)):
            now[0] = at
            steps.update(done)
    assert capsys.readouterr().err == "claims: 2 of 4 after 12 s, about 12 s left\n"
