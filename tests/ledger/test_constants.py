"""Constants come from code, carry their proof, and a moved digit is seen."""

import itertools

import pytest
import sympy as sp

from dssl.cli.constants import Constants
from ledger.constants import POINTS, constants, module_formulas, moved, recorded
from runtime import store


@pytest.fixture(scope="module")
def found():
    return constants()


def test_every_module_formula_is_evaluated_somewhere(found):
    names = [c.name for c in found]
    lost = [f.name for f in module_formulas() if not any(n.startswith(f"{f.name} at") for n in names)]
    assert not lost, f"add the arguments of {lost} to a point of ledger.constants"


def test_names_are_unique_and_points_are_used(found):
    assert len({c.name for c in found}) == len(found)
    for where in POINTS:
        assert any(c.name.endswith(where) for c in found)


def test_the_record_is_current(found):
    assert not moved(recorded(), found)


def test_one_moved_digit_is_seen(found):
    record = [dict(vars(c)) for c in found]
    value = record[5]["value"]
    record[5]["value"] = value[:-1] + str((int(value[-1]) + 1) % 10)
    assert [m.name for m in moved(record, found)] == [record[5]["name"]]


def test_a_lost_proof_is_seen(found):
    certified = next(c for c in found if c.is_certified)
    record = [dict(vars(c)) for c in found if c is not certified] + [{**vars(certified), "is_certified": False}]
    assert [m.name for m in moved(record, found)] == [certified.name]


def test_check_exits_1_on_a_moved_digit_and_prints_old_new_and_source(found, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("ledger.constants.constants", lambda: found)
    record = [dict(vars(c)) for c in found]
    path = tmp_path / "constants.json"
    store.write(path, store.dumps(record))
    assert Constants(check=True, recorded=path).run() == 0
    record[0]["value"] = "0.5"
    store.write(path, store.dumps(record))
    assert Constants(check=True, recorded=path).run() == 1
    said = capsys.readouterr().out
    assert all(part in said for part in ("old    0.5", found[0].value, found[0].source))


def test_digits_outside_their_enclosure_are_not_certified():
    import sympy as sp

    from ledger.constants import _is_certified

    digits = str(sp.N(sp.sqrt(2), 30))
    assert _is_certified(sp.sqrt(2), {}, digits)
    wrong = digits[:-3] + "000"
    assert not _is_certified(sp.sqrt(2), {}, wrong)
    assert sum(1 for _ in itertools.islice(module_formulas(), 3)) == 3


@pytest.mark.parametrize(("count", "closed"), [(2, 2 / sp.sqrt(sp.pi)), (3, 3 / sp.sqrt(sp.pi))])
def test_the_mean_range_of_few_normals_is_the_closed_one(found, count, closed):
    value = next(c.value for c in found if c.name == f"expected_normal_range at N={count}")
    assert value == str(sp.N(closed, 30))
