"""Trainings on record: each is one line of one file, under the hash of its configuration.

There are three files, with one JSON object a line. `trainings.jsonl` has the trainings. They refer to `starts.jsonl`,
which has the measures of encoders at random, because many trainings share a start; and to `builds.jsonl`, which says in
words what settings came to. The first line of a file says its schema. The first line of `trainings.jsonl` also names
the columns of `numbers`, and the common settings: a training lists only the settings that differ from these.
"""

import hashlib
import json
import math
import pathlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.pretraining.settings import Pretraining, as_table, from_table
from runtime import store
from runtime.usage import UsageError
from sims.evaluation import probes

SCHEMA = 1
TRAININGS, STARTS, BUILDS = "trainings.jsonl", "starts.jsonl", "builds.jsonl"
REMEDY = "Restore it from git."
DIGITS = 12  # of a hash: two of a million trainings agree by chance with probability 2e-3
MEASURES = (
    "linear_probe.accuracy",
    "linear_probe.n_test",
    "linear_probe.converged",
    "linear_probe.inverse_penalty",
    "knn.accuracy",
    "knn.n_test",
    "uniformity",
    "alignment",
    "effective_rank",
    "feature_dim",
    "representability.by_class",
)
_APART = tuple(f"{pair}.{of}" for pair in ("local_to_global", "local_to_local") for of in ("mean", "least", "most"))
COLUMNS = (
    "loss",
    *(f"trained.{name}" for name in MEASURES),
    "bytes.sent",
    "bytes.received",
    *(f"weight_distance.{per}.{name}" for per in ("per_array", "per_model") for name in _APART),
    "privacy.epsilon",
    "privacy.delta",
    "privacy.releases",
    "images",
)
# Statements are decided by these, so they keep all digits. The others are only shown; another processor moves their
# third digit, because training amplifies rounding.
DECIDING = ("linear_probe.accuracy", "uniformity", "knn.accuracy")
SHOWN_DIGITS = 5
# Computed from other columns, or from the settings, when a line is read.
_DERIVED = ("standard_error", "sensitivity", "rounds", "rounds_done", "fine_tuned")


@dataclass(frozen=True)
class Training:
    """A finished training: what was trained, and what `experiments.pretraining.evaluated.evaluate` found."""

    chosen: Pretraining
    evaluation: Mapping[str, Any]


def training_id(chosen: Pretraining) -> str:
    """The hash of a configuration: of what decides the result, in an order of its own.

    The network is left out where there is none, the client where all train, and passes where steps are counted. The
    order of fields and of the method's options has no part in it, nor has whether a number is written 1 or 1.0.
    """
    table: dict[str, Any] = as_table(chosen) | {"options": sorted(map(list, chosen.options))}
    for name in ("alpha", "learning_rate"):
        table[name] = float(table[name])
    for names, has_effect in (
        (("topology", "mixing"), chosen.setting == "decl"),
        (("client",), chosen.setting == "local"),
        (("epochs",), chosen.steps == 0),
    ):
        if not has_effect:
            table = {name: value for name, value in table.items() if name not in names}
    return _hash(table)


def load(folder: pathlib.Path) -> dict[str, Training]:
    """All trainings on record in a folder, by hash; none where there is no such folder.

    Errors: UsageError in one sentence for a damaged file, a newer schema, or a line that refers to nothing.
    """
    if not (folder / TRAININGS).exists():
        return {}
    head, rows = _read(folder / TRAININGS)
    _, starts = _read(folder / STARTS)
    _, builds = _read(folder / BUILDS)
    columns = head.get("columns")
    if not isinstance(columns, list) or not isinstance(defaults := head.get("defaults"), dict):
        raise UsageError(f"{folder / TRAININGS} does not begin with its columns and defaults. {REMEDY}")
    found: dict[str, Training] = {}
    for name, row in rows.items():
        where = f"{folder / TRAININGS}, training {name},"
        try:
            chosen = from_table(defaults | row["settings"], where)
            start = _nested(head["measures"], starts[row["start"]]["numbers"]) if row["start"] else {}
            evaluation = _nested(columns, row["numbers"]) | {"random_start": start}
            if row["built"]:
                evaluation["built"] = builds[row["built"]]["built"]
        except (KeyError, TypeError, ValueError) as error:
            reason = "holds no settings" if isinstance(error, UsageError) else f"lacks or misnames {error}"
            raise UsageError(f"{where} cannot be read: it {reason}. {REMEDY}") from None
        found[name] = Training(chosen, _completed(evaluation, chosen))
    return found


def save(folder: pathlib.Path, trainings: Iterable[Training]) -> None:
    """Writes trainings beside those that a folder has; one of a configuration on record takes the old one's place.

    Errors: UsageError as `load`, and where the folder cannot be written; ValueError for a measure without a column.
    """
    kept = load(folder)
    kept |= {training_id(one.chosen): one for one in trainings}
    head = _read(folder / TRAININGS)[0] if (folder / TRAININGS).exists() else {}
    tables = {name: _settings(one.chosen) for name, one in kept.items()}
    # Those of the file stay as they are, so that a new training does not change the lines of all others.
    defaults = head.get("defaults") or _most_common(tables.values())
    starts: dict[str, dict[str, Any]] = {}
    builds: dict[str, dict[str, Any]] = {}
    rows: dict[str, dict[str, Any]] = {}
    for name in sorted(kept, key=lambda name: _place(kept[name].chosen)):
        evaluation, chosen = kept[name].evaluation, kept[name].chosen
        known = dict(_flat({k: v for k, v in evaluation.items() if k not in ("random_start", "built")}))
        start = _numbers(dict(_flat(evaluation.get("random_start", {}))), MEASURES)
        rows[name] = {
            "settings": {k: v for k, v in tables[name].items() if k not in defaults or defaults[k] != v},
            "built": _refer(builds, {"built": evaluation["built"]}) if "built" in evaluation else None,
            "start": _refer(starts, {"numbers": start}) if start else None,
            "numbers": _numbers(known, COLUMNS),
        }
        assert training_id(chosen) == name, "a training is stored under its own hash"
    store.make_folder(folder)
    # What is referred to comes first: whoever reads between two of these finds every reference.
    _write(folder / BUILDS, {}, builds)
    _write(folder / STARTS, {}, starts)
    _write(folder / TRAININGS, {"columns": COLUMNS, "measures": MEASURES, "defaults": defaults}, rows)


def _settings(chosen: Pretraining) -> dict[str, Any]:
    return store.jsonable(as_table(chosen))


def _most_common(tables: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The most common value of each setting that all have, the first of equally common ones."""
    tables = list(tables)
    found = {}
    for name in sorted(set.intersection(*map(set, tables))) if tables else ():
        if name != "seed":
            texts = Counter(json.dumps(table[name]) for table in tables)
            found[name] = json.loads(max(sorted(texts), key=texts.__getitem__))
    return found


def _place(chosen: Pretraining) -> tuple[Any, ...]:
    """Where a line stands: the seeds of one configuration are neighbours."""
    table = _settings(chosen)
    seed = table.pop("seed")
    return chosen.method, chosen.encoder, chosen.setting, json.dumps(table, sort_keys=True), seed


def _refer(kept: dict[str, dict[str, Any]], value: dict[str, Any]) -> str:
    name = _hash(value)[:8]
    kept[name] = value
    return name


def _hash(value: Any) -> str:
    text = json.dumps(store.jsonable(value), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _flat(value: Mapping[str, Any], where: str = "") -> Iterable[tuple[str, Any]]:
    for name, one in value.items():
        path = f"{where}{name}"
        if isinstance(one, Mapping):
            yield from _flat(one, f"{path}.")
        elif one is not None and name not in _DERIVED:
            yield path, one


def _numbers(known: Mapping[str, Any], columns: tuple[str, ...]) -> list[Any]:
    """In the order of the columns, None where there is nothing; nothing at the end is left out."""
    if unknown := sorted(set(known) - set(columns)):
        raise ValueError(f"A training's record has a column for each measure; got {', '.join(unknown)}. Add a column.")
    values = [_short(name, known.get(name)) for name in columns]
    while values and values[-1] is None:
        values.pop()
    return values


def _short(column: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_short(column, one) for one in value]
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    if value.is_integer():
        return int(value)
    if column == "loss":
        return float(str(np.float32(value)))  # the same number of 32 bits, in half as many digits
    return value if column.endswith(DECIDING) else float(f"{value:.{SHOWN_DIGITS}g}")


def _nested(columns: Iterable[str], values: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, value in zip(columns, values, strict=False):
        if value is None:
            continue
        *path, name = column.split(".")
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[name] = _restored(name, value)
    for part in (found.get("trained"), found):
        if isinstance(part, dict) and "linear_probe" in part:
            _complete_measures(part)
    return found


def _restored(name: str, value: Any) -> Any:
    if name == "converged":
        return bool(value)
    if name == "loss":
        return float(np.float32(value))
    return value if name in ("n_test", "feature_dim", "releases", "images") or isinstance(value, list) else float(value)


def _complete_measures(found: dict[str, Any]) -> None:
    """Puts back what follows from the numbers that are stored."""
    for probe in (found["linear_probe"], found.get("knn", {})):
        if "n_test" in probe:
            probe["standard_error"] = probes.Probe(probe["accuracy"], probe["n_test"]).standard_error
    found["fine_tuned"] = {}
    if "representability" in found:
        by_class = [float(share) for share in found["representability"]["by_class"]]
        found["representability"] = {"by_class": by_class, "sensitivity": float(np.ptp(by_class))}
    else:
        found["representability"] = None


def _completed(evaluation: dict[str, Any], chosen: Pretraining) -> dict[str, Any]:
    for apart in evaluation.get("weight_distance", {}).values():
        apart.setdefault("local_to_local", None)  # one client is apart from nobody
    return {"rounds_done": chosen.rounds, "rounds": chosen.rounds} | evaluation


def _read(path: pathlib.Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The first line of a file, and the others by what they are called."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        head, rows = lines[0], lines[1:]
        store.check_schema(path, head, SCHEMA)
        found = {row.pop("id"): row for row in rows}
    except FileNotFoundError:
        raise UsageError(f"There is no {path}, to which other records refer. {REMEDY}") from None
    except (
        OSError,
        UnicodeDecodeError,
        json.JSONDecodeError,
        IndexError,
        KeyError,
        AttributeError,
        TypeError,
    ) as error:
        raise UsageError(f"{path} holds no records of one line each ({error}). {REMEDY}") from None
    if len(found) != len(rows):
        raise UsageError(f"{path} holds a record twice. {REMEDY}")
    return head, found


def _write(path: pathlib.Path, head: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> None:
    lines = [{"schema": SCHEMA, **head}, *({"id": name, **row} for name, row in rows.items())]
    store.write(path, "".join(store.line(one) + "\n" for one in lines))
