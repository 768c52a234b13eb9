"""Rows of the results file: dated, under their heading, in the table whose columns they have."""

import jax
import pytest

from benchmarks import record
from benchmarks.record import machine, table

HERE = {"day": "2026-01-02"}
STAMP = f"| 2026-01-02 | {machine()} |"


def write(path, *arguments):
    record.record(*arguments, path=path, **HERE)
    return path.read_text()


def test_a_run_of_the_same_columns_joins_the_table(tmp_path):
    path = tmp_path / "RESULTS.md"
    write(path, "speed", [{"sampler": "a", "ms": 1.23456}])
    text = write(path, "speed", [{"sampler": "b", "ms": 2.0}, {"sampler": "c", "ms": 30}])
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines == [
        "| date | machine | sampler | ms |",
        "| --- | --- | --- | ---: |",
        f"{STAMP} a | 1.235 |",
        f"{STAMP} b | 2 |",
        f"{STAMP} c | 30 |",
    ]
    assert text.startswith(record.HEAD)
    assert text.count("## speed") == 1


def test_other_columns_start_a_table_and_another_title_a_section(tmp_path):
    path = tmp_path / "RESULTS.md"
    write(path, "speed", [{"ms": 1}])
    write(path, "memory", [{"gib": 2}], "Limit: 4.")
    text = write(path, "speed", [{"us": 3}], "Another clock.")
    first, second = text.split("\n## memory\n")
    assert first.count("| date |") == 2
    assert first.rstrip().endswith("Another clock.")
    assert second.rstrip().endswith("Limit: 4.")
    # The next run goes into the last table, above the notes, which are said once.
    text = write(path, "speed", [{"us": 4}], "Another clock.")
    tail = text.split("\n## memory\n")[0].split("| us |\n")[1].splitlines()
    assert tail == ["| --- | --- | ---: |", f"{STAMP} 3 |", f"{STAMP} 4 |", "", "Another clock."]
    assert text.count("Another clock.") == 1


def test_what_stands_there_stays(tmp_path):
    path = tmp_path / "RESULTS.md"
    before = "# Mine\n\nWords.\n\n## speed of this\n\n| a |\n| --- |\n| 1 |\n\nA note.\n\n## more\n\nEnd.\n"
    path.write_text(before)
    text = write(path, "speed", [{"ms": 1}])
    assert text == before + f"\n## speed\n\n| date | machine | ms |\n| --- | --- | ---: |\n{STAMP} 1 |\n"


def test_rows_of_different_columns_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"rows of one set of columns; got \['a', 'b'\]"):
        table([{"a": 1}, {"b": 2}])
    with pytest.raises(ValueError, match="no rows"):
        record.record("speed", [], path=tmp_path / "RESULTS.md")
    assert not (tmp_path / "RESULTS.md").exists()


def test_a_cell_keeps_its_column():
    assert table([{"a": "x|y", "b": None}])[2] == "| x\\|y | – |"
    assert table([{"a": True}, {"a": 1}])[1] == "| --- |"


def test_the_machine_is_its_cpus_and_its_jax(monkeypatch):
    monkeypatch.setattr(record.os, "cpu_count", lambda: 3)
    cpu = type("Device", (), {"platform": "cpu", "device_kind": "cpu"})
    monkeypatch.setattr(record.jax, "devices", lambda: [cpu])
    monkeypatch.setattr(record, "vectors", lambda: None)
    assert machine() == f"3 CPUs, jax {jax.__version__}"
    monkeypatch.setattr(record, "vectors", lambda: "AVX2")
    assert machine() == f"3 CPUs, AVX2, jax {jax.__version__}"
    gpu = type("Device", (), {"platform": "gpu", "device_kind": "NVIDIA X"})
    monkeypatch.setattr(record.jax, "devices", lambda: [gpu])
    assert machine() == f"3 CPUs, AVX2, NVIDIA X, jax {jax.__version__}"


@pytest.mark.parametrize(
    ("text", "widest"),
    [
        ("model name\t: X\nflags\t\t: fpu avx avx2 avx512f bmi1\n", "AVX-512"),
        ("flags\t\t: fpu avx avx2 bmi1\nflags\t\t: avx512f\n", "AVX2"),
        ("flags\t\t: fpu avx2x\n", None),
        ("Features\t: fp asimd\n", None),
        (None, None),
    ],
)
def test_vectors_are_those_of_the_first_processor(text, widest, tmp_path):
    told = tmp_path / "cpuinfo"
    if text is not None:
        told.write_text(text)
    assert record.vectors(told) == widest
