"""Results are strict JSON, and are replaced whole or not at all."""

import json
import math
import os

import numpy as np
import pytest
import sympy as sp

from ledger.statement import Status
from runtime import store
from runtime.usage import UsageError


def test_every_kind_of_number_becomes_strict_json():
    value = {
        "array": np.array([1.0, np.inf]),
        "nan": math.nan,
        "exact": sp.Rational(1, 3),
        "status": Status.HOLDS,
        "count": np.int64(3),
        "flag": np.bool_(True),
        "set": {2, 1},
    }
    assert json.loads(store.dumps(value)) == {
        "array": [1.0, "inf"],
        "nan": None,
        "exact": "1/3",
        "status": "HOLDS",
        "count": 3,
        "flag": True,
        "set": [1, 2],
    }


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    store.write(path, "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UsageError, match="No space"):
        store.write(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_or_a_missing_folder_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "no" / "x.json"):
        with pytest.raises(UsageError, match="cannot be written"):
            store.check_writable(path)


def test_a_damaged_record_is_named(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{")
    with pytest.raises(UsageError, match=r"x\.json"):
        store.read(path)
    assert store.read(tmp_path / "absent.json") is None


def test_a_record_holds_one_row_a_line():
    value = {"name": "x", "long": list(range(200)), "rows": [{"a": 1, "b": [1.5, math.inf]}] * 40, "nothing": []}
    lines = store.rows(value).splitlines()
    assert json.loads(store.rows(value)) == json.loads(store.dumps(value))
    assert lines.count('  {"a":1,"b":[1.5,"inf"]},') == 39
    assert ' "name":"x",' in lines
    assert len(lines) == 40 + len(["{", "name", "long", "rows", "]", "nothing", "}"])


def test_a_record_that_is_missing_newer_or_no_record_is_one_sentence(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(UsageError, match=r"There is no record .*x\.json\. Restore it from git\."):
        store.record(path, 1)
    for content, says in (
        ('{"schema": 2}', "a record of schema 2, and this program reads schemas up to 1"),
        ('{"schema": -1}', "by a whole number; got -1"),
        ("[1]", "is no record: an object"),
    ):
        path.write_text(content)
        with pytest.raises(UsageError, match=says):
            store.record(path, 1)
    path.write_text('{"a": 1}')
    assert store.record(path, 1) == {"a": 1}
