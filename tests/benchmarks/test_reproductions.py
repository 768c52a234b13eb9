"""Whole reproductions are timed from nothing, and equal cells count once."""

import json
import pathlib

import pytest

from benchmarks import reproductions


def test_a_row_counts_different_trainings_and_the_whole_time(tmp_path, monkeypatch):
    asked: list[list[str]] = []
    clock = iter([100.0, 220.0])

    def stand_in(command, check):
        asked.append(command)
        out = pathlib.Path(command[command.index("--out") + 1])
        out.mkdir()
        cells = {"a": ["a0", "a1", "a2"], "b": ["b0", "b1", "b2"], "again": ["a0", "a1", "a2"]}
        (out / "table8.json").write_text(json.dumps({"seeds": [0, 1, 2], "cells": cells}))

    monkeypatch.setattr(reproductions.subprocess, "run", stand_in)
    monkeypatch.setattr(reproductions.time, "perf_counter", lambda: next(clock))
    options = reproductions.Options(("table8",), seeds=3, jobs=2)
    row = reproductions.run(options, "table8", tmp_path / "new")
    assert (row["trainings"], row["side by side"], row["minutes"], row["s a training"]) == (6, 2, 2.0, 20.0)
    assert asked[0][2:5] == ["dssl", "reproduce", "table8"]
    with pytest.raises(ValueError, match="would not be timed"):
        reproductions.run(options, "table8", tmp_path / "new")
