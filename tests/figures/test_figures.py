"""Figures are drawn from committed records, and the records come out the same when made again."""

import importlib
import pathlib
import re

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgba

from claims import catalogue
from experiments import figure_store
from figures import draw, style
from figures.on_axes import look

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "results" / "figures"


def test_every_figure_has_a_maker_of_records():
    assert draw.names() == figure_store.names()


@pytest.mark.parametrize("name", draw.names())
def test_a_figure_is_drawn_whole_from_its_record(name, tmp_path):
    paths = draw.draw(name, draw.load(name, FOLDER), tmp_path)
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".png", ".svg", ".txt"]
    assert all(p.stat().st_size > 10_000 for p in paths if p.suffix != ".txt")
    assert (tmp_path / f"{name}.txt").read_text() == (FOLDER / f"{name}.txt").read_text(), "run `dssl figures`"
    plt.close("all")


@pytest.mark.parametrize("name", draw.names())
def test_every_axis_is_named(name):
    figure = importlib.import_module(f"figures.{name}").build(draw.load(name, FOLDER))
    assert any(axis.get_xlabel() for axis in figure.axes)
    assert any(axis.get_ylabel() for axis in figure.axes)
    plt.close(figure)


@pytest.mark.parametrize("name", draw.names())
def test_a_record_names_claims_that_exist(name):
    assert set(draw.load(name, FOLDER)["claims"]) <= set(catalogue())


def test_a_quick_record_is_made_twice_alike():
    first, second = (figure_store.make("representability_by_mask", "quick") for _ in range(2))
    assert figure_store.difference(first, second) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", draw.names())
def test_a_committed_record_is_what_its_maker_makes(name):
    recorded = draw.load(name, FOLDER)
    assert figure_store.difference(recorded, figure_store.make(name, recorded["tier"])) == ""


def test_a_moved_number_is_found():
    old = {"a": [1.0, {"b": 2.0}], "c": "x"}
    assert figure_store.difference(old, {"a": [1.0, {"b": 2.1}], "c": "x"}) == "a[1].b is 2.1 and was 2.0"
    assert figure_store.difference(old, {"a": [1.0], "c": "x"}) == "a has 1 entries and had 2"
    assert figure_store.difference(old, {"a": [1.0, {"b": 2.0}], "c": "y"}) == "c is 'y' and was 'x'"
    assert "keys" in figure_store.difference(old, {"a": 1})


def test_the_same_record_draws_the_same_file(tmp_path):
    name = draw.names()[0]
    first, second = (draw.draw(name, draw.load(name, FOLDER), tmp_path / part)[1] for part in "ab")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("colour", [style.COLOUR["cl"], style.COLOUR["mim"]])
def test_the_colours_of_the_objectives_stand_for_nothing_else(colour):
    assert colour not in style.OTHERS
    sources = [p for p in (ROOT / "figures").rglob("*.py") if p.name != "look.py"]
    assert not [p for p in sources if colour in p.read_text()]
    for source in (ROOT / "notebooks").glob("[0-9]*.py"):
        lines = [line for line in source.read_text().splitlines() if colour in line]
        assert all(re.search(r"\b(cl|mim|mask|simsiam)\b", line.lower()) for line in lines), source.name


def test_the_phase_diagram_is_orange_where_cl_loses_less_and_blue_where_mim_does():
    for place, colour in ((1 / 6, style.COLOUR["cl"]), (1 / 2, "white"), (5 / 6, style.COLOUR["mim"])):
        assert look.LOSES_LESS(place) == pytest.approx(to_rgba(colour), abs=0.02)  # of 256 shades, the nearest
    record = draw.load("phase_diagram", FOLDER)
    axis = importlib.import_module("figures.phase_diagram").build(record).axes[0]
    said = {
        text.get_text().split("\n")[0]: text.get_position()[0] for text in axis.texts if "loses less" in text.get_text()
    }
    assert said["CL"] < record["sigma_star"] < said["MIM"]
    plt.close("all")


def test_an_unknown_figure_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="no figure 'nothing'; there are bound_tightness"):
        draw.draw("nothing", {}, tmp_path)
