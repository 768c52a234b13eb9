"""`dssl plot`: files of the kind asked for, keys in either form, and a sentence for what it cannot draw."""

import numpy as np
import pytest

from dssl.cli.plot import _values, prepared
from dssl.interface import plot
from tests.command import answered


def test_keys_may_be_written_as_options_and_words_come_first():
    typed = ["deficit", "--vs", "dim", "--n-clients", "10", "objective=cl", "--beta=1.2", "--out", "a.png"]
    assert prepared(typed) == ["deficit", "n_clients=10", "objective=cl", "beta=1.2", "--vs", "dim", "--out", "a.png"]


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("dim", "100:10000:3", [100, 1000, 10000]),
        ("dim", "100:300:3lin", [100, 200, 300]),
        ("dim", "100:10000:3log", [100, 1000, 10000]),
        ("mask_ratio", "0.25,0.5", [0.25, 0.5]),
        ("augmentation_std", "0:1:3", [0.0, 0.5, 1.0]),
    ],
)
def test_values_of_an_axis(name, text, values):
    np.testing.assert_allclose(_values(name, text, "values"), values)


@pytest.mark.parametrize(
    ("arguments", "ending"),
    [
        (("deficit", "--vs", "dim", "--values", "100:1000:3", "n_clients=3", "beta=1", "objective=cl"), "png"),
        (("tightness", "--vs", "beta", "--values", "1.8,2", "n_clients=2", "dim=64", "objective=cl"), "svg"),
        (
            (
                "phase_diagram",
                "n_clients=2",
                "dim=64",
                "beta=2",
                "draws=2",
                "--x",
                "mu",
                "--x-values",
                ".2,.4",
                "--y",
                "augmentation_std",
                "--y-values",
                ".2:2:4",
            ),
            "png",
        ),
        (("network", "ring", "--n", "5"), "pdf"),
        (("spectrum", "star", "--n", "5", "matrix=laplacian"), "png"),
    ],
)
def test_what_is_drawn_is_a_file_of_its_kind(arguments, ending, tmp_path, capsys):
    out = tmp_path / f"drawn.{ending}"
    code, printed, _ = answered(capsys, "plot", *arguments, "--out", str(out))
    assert (code, printed.strip()) == (0, str(out))
    begins = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[ending]
    assert out.read_bytes().startswith(begins)


def test_two_objectives_are_two_curves_of_one_picture(tmp_path, capsys, monkeypatch):
    drawn = []
    monkeypatch.setattr(plot, "save", lambda axes, out: drawn.append(axes))
    for objective in ("cl", "mim", "cl,mim"):
        asked = (
            "deficit",
            "--vs",
            "dim",
            "--values",
            "100:1000:3",
            "n_clients=3",
            "beta=1.5",
            f"objective={objective}",
        )
        code, _, err = answered(capsys, "plot", *asked, "--out", str(tmp_path / "a.png"))
        assert code == 0, err
    cl, mim, both = ([line.get_ydata().tolist() for line in axes.get_lines()] for axes in drawn)
    assert both == cl + mim
    labels = [text.get_text() for text in drawn[-1].get_legend().get_texts()]
    assert len(set(labels)) == 2


def test_gaps_are_told_in_a_note(tmp_path, capsys):
    asked = ("deficit", "--vs", "dim", "--values", "64,100000", "--show", "bound", "n_clients=3", "objective=cl")
    code, _, err = answered(capsys, "plot", *asked, "beta=1.1", "--out", str(tmp_path / "a.png"))
    assert code == 0
    assert err.startswith("Note: deficit_bound is NaN at 1 of 2 points.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Something to draw"),
        (("deficitt",), "deficit"),
        (("deficit", "n_clients=3", "dim=64"), "--vs"),
        (("deficit", "--vs", "dims", "n_clients=3"), "dim"),
        (("deficit", "--vs", "dim", "n_clients=3"), "needs objective"),
        (("deficit", "--vs", "dim", "n_clients=3", "n_clients=4"), "given twice"),
        (("deficit", "--vs", "dim", "--n", "4", "n_clients=3"), "--n has no effect"),
        (("network", "ring", "--n", "4", "--vs", "dim"), "--vs has no effect"),
        (("spectrum", "ring", "--n", "4", "--vs", "dim"), "--vs has no effect"),
        (("deficit", "--vs", "dim", "--x", "mu", "n_clients=3"), "--x has no effect"),
        (("network", "--n", "4"), "name of one network"),
        (("spectrum", "ring", "--n", "4", "matrix=mixed"), "mixing"),
        (("network", "ring", "--n", "4", "colour=red"), "colour"),
        (("phase_diagram", "n_clients=3", "dim=64", "--x", "mu"), "--x-values"),
        (("phase_diagram", "n_clients=3", "dim=64", "mask=complementary"), "mask"),
        (("deficit", "--vs", "dim", "n_clients=3", "colour=red"), "colour"),
        (("deficit", "--vs", "dim", "--values", "64:64:3", "n_clients=3", "objective=cl", "beta=1"), "two ends"),
        (("network", "ring", "--n", "4", "--out", "ring.gif"), "ending"),
        (
            ("deficit", "--vs", "augmentation_std", "--values", "0:1:3log", "n_clients=3", "dim=9"),
            "(log) need ends above 0",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = answered(capsys, "plot", *arguments)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())
