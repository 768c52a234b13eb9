"""One recorded verdict in words, line by line: kind, place, status, evidence, what was tried, numbers, the witness.

Plain text without layout; whoever shows it wraps it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger import attack_record
from ledger.parts import meanings
from ledger.verdicts import Row, counts

KIND_WORDS: Mapping[str, str] = {
    "printed": "printed in the paper",
    "corrected": "corrected: not printed, but found here to be true",
    "expected": "expected: not printed; we expected it before we tried",
}
STATUS_MEANINGS: Mapping[str, str] = {
    "HOLDS": "the check found nothing against the statement; the evidence says whether that is a proof",
    "VIOLATED": "the statement fails; the witness is a case where it does",
    "VACUOUS": "the statement says nothing: its condition is never met, or what it says is true whatever happens",
    "ILL_FORMED": "as it is printed, the statement has no definite meaning",
    "INCONCLUSIVE": "the numbers at hand can neither confirm nor refute the statement",
    "OUT_OF_DOMAIN": "the statement does not apply to the case that it was tried on",
    "PENDING": "no check has answered yet",
}
EVIDENCE_MEANINGS: Mapping[str, str] = {
    "PROVED": "proved: decided by computer algebra, for all values of the letters that stand in the formula.",
    "ENUMERATED": "enumerated: all of finitely many cases were decided without rounding; one is enough to refute.",
    "CERTIFIED": "certified: decided by interval arithmetic, which keeps track of every rounding error.",
    "NUMERIC": "numeric: computed in double precision at chosen points. Nothing is certain between them.",
    "SEARCHED": "searched: many cases were tried, in search of one where the statement fails.",
    "SAMPLED": "sampled: decided from random draws, within their statistical error.",
    "READING": "reading: decided by looking at the printed text. There is nothing to compute.",
}
_NO_PROOF: Mapping[str, str] = {
    "NUMERIC": "Passing at them is no proof.",
    "SEARCHED": "None was found, which is no proof.",
    "SAMPLED": "Passing is no proof.",
}
# How a check of many points ends its reason; see `ForAll` in ledger/checks/kinds.py.
_TRIED = re.compile(r"\s*\((\d+) points searched\.\)$")
# Names that say too little when only their underscores are taken out.
_NAMES: Mapping[str, str] = {
    "H": "transformation H",
    "after": "afterwards",
    "alpha": "exponent alpha",
    "at": "at the point",
    "at_scale_1": "value at scale 1",
    "allowed": "exponent that the statement allows",
    "beta": "exponent beta of the number of samples",
    "by_at_least": "claimed to be larger by at least",
    "claimed": "claimed value",
    "derived": "derived here",
    "difference_there": "difference of the two sides there",
    "dim": "dimension d",
    "dims": "dimensions d",
    "error_cl": "relative error of CL",
    "error_mim": "relative error of MIM",
    "exponent_of_the_deficit": "exponent of d in the deficit",
    "feature_dim": "number of features c",
    "gram": "W^T W",
    "interval": "95% interval of the difference",
    "kinds_of_clients": "kind of each client",
    "mask_ratio": "mask ratio p",
    "mean_said_greater": "mean of the side said to be greater",
    "mean_said_lesser": "mean of the side said to be smaller",
    "measured": "measured value",
    "n_clients": "number of clients N",
    "p": "mask ratio p",
    "printed": "printed in the paper",
    "q": "offsets q",
    "r": "representability r",
    "representability": "representability r of each coordinate",
    "s": "sensitivity s",
    "s_cl": "sensitivity of CL",
    "s_dec": "sensitivity of decentralised learning",
    "s_dec_minus_s_fed": "sensitivity, decentralised minus federated",
    "s_fed": "sensitivity of federated learning",
    "s_mim": "sensitivity of MIM",
    "scope": "where it is trained",
    "shift_fl": "shift of the federated entries",
    "sigma": "augmentation noise sigma",
    "step_size": "step size eta",
    "text": "in the text",
    "tr_H": "trace of H",
    "trace_h": "trace of H",
    "trace_leading": "trace of H on the leading directions",
    "trace_signal": "trace of H on the signal",
    "wanted_larger": "values said to be larger",
    "wanted_smaller": "values said to be smaller",
    "with_link": "network with the link",
    "with_term": "with the alignment term",
    "without": "without the alignment term",
}
# How an item of the paper leans on others, and how others lean on it.
LEANS: Mapping[str, tuple[str, str]] = {
    "uses": ("Uses", "Used by"),
    "repeats": ("Repeats the argument of", "Its argument is repeated by"),
    "notation": ("Takes only notation from", "Only its notation is taken by"),
    "examines": ("Asks about", "Asked about by"),
}
# The letters of the names that formulas have as text; `theory.symbols` has both, and would bring sympy along.
_LETTERS: Mapping[str, str] = {"mask_ratio": "p", "n_clients": "N", "feature_dim": "c", "dim": "d"}
_LONGEST_LIST = 6
# Relative: a margin below that differs from machine to machine, and says nothing.
_ROUND_OFF = 1e-12
_DECIMAL = re.compile(r"[+-]?\d+\.\d{6,}(?:e[+-]?\d+)?")
# Who is meant by the author and year that begin a source; the others are called by name and year.
_WORKS: Mapping[str, str] = {
    "chen2026": "the paper",
    "chen2026code": "the code released with the paper",
    "ledger": "not in the paper, derived in this project",
}


def lines(row: Row, known: Mapping[str, Row], attack: Row | None = None) -> list[tuple[str, str]]:
    """All that the record has of a statement, with a label each; where one label has several lines, the first has it.

    `known` has the rows of the statements that are true instead, by key; `attack` is the last recorded one.
    """
    belongs = "belongs to " if row["statement"] != "printed" and row["source"].startswith("chen2026") else ""
    parts: list[tuple[str, Sequence[str]]] = [
        ("statement", [row["text"]]),
        ("where", [row["given"]] if row["given"] else []),
        ("reading", reading(row)),
        ("kind", [KIND_WORDS[row["statement"]]]),
        ("place", [f"{belongs}{place(row['source'])}; claim {row['claim']}"]),
        ("verdict", [verdict(row)]),
        ("reason", [reason(row)]),
        ("evidence", [evidence(row)]),
        ("numbers", numbers(row)),
        ("attacks", [attack_record.in_words(attack)] if attack else []),
        ("witness", [f"{name}: {said}" for name, said in witness(row)]),
        ("true instead", instead(row, known)),
        ("reproduce", [f"dssl verify --claim {row['key']}"]),
    ]
    return [("" if i else label, text) for label, texts in parts for i, text in enumerate(texts)]


def reading_words(row: Row) -> str:
    """The words of the reading, such as "independent masks; in the population", without what they mean."""
    return "any reading" if row["reading"] == "any" else row["reading"]


def reading(row: Row) -> list[str]:
    """The parts of the reading, each with what it means; words that have no meaning on file stand alone."""
    if row["reading"] == "any":
        return [f"{reading_words(row)}: what the paper leaves open makes no difference here"]
    return [f"{words}: {meaning}" if meaning else words for words, meaning in meanings(row["reading"])]


def instead(row: Row, known: Mapping[str, Row]) -> list[str]:
    """What is true where a statement fails, in full sentences; nothing where the record names nothing."""
    if row["instead"] is None:
        return []
    if isinstance(row["instead"], str):
        return ["It is not known what is true instead."]
    return [_said(known[k]) if k in known else k for k in row["instead"]]


def _said(row: Row) -> str:
    reading = "" if row["reading"] == "any" else f" [{row['reading']}]"
    return f"{row['text']}{reading} ({row['status']}, {row['key']})"


def tally(rows: Iterable[Row]) -> str:
    """How many statements of each kind came to each status."""
    rows = list(rows)
    found = [
        f"{kind}: " + ", ".join(f"{n} {status}" for status, n in statuses.items())
        for kind, statuses in counts(rows).items()
        if statuses
    ]
    return f"{len(rows)} statement{'' if len(rows) == 1 else 's'}. {'; '.join(found)}."


def place(source: str) -> str:
    """Where a statement stands: "chen2026, Theorem 4.4" as "the paper, Theorem 4.4"."""
    if not source:
        return "not on record"
    head, comma, rest = source.partition(", ")
    return f"{_work(head)}{': ' if head == 'ledger' else comma}" + re.sub(
        r"\b[a-z]+\d{4}(?:code)?\b", lambda m: _work(m[0]), rest
    )


def verdict(row: Row) -> str:
    """The status and what it means: "VIOLATED: the statement fails; ..."."""
    return f"{row['status']}: {STATUS_MEANINGS[row['status']]}."


def reason(row: Row) -> str:
    """The reason without the number of points tried, which `evidence` tells."""
    return _TRIED.sub("", row["reason"])


def evidence(row: Row) -> str:
    """How the verdict was reached, and how much was tried."""
    parts = [EVIDENCE_MEANINGS[row["evidence"]]]
    if row["status"] == "HOLDS" and row["evidence"] in _NO_PROOF:
        parts.append(_NO_PROOF[row["evidence"]])
    tried = _TRIED.search(row["reason"])
    if tried:
        parts.append(f"Cases tried: {tried[1]}.")
    elif row.get("given") and row.get("scale"):
        parts.append(f"Points of the domain that were tried: {row['scale']['points']}.")
    return " ".join(parts)


def numbers(row: Row) -> list[str]:
    """Tightness, margin and typical sizes, each with what it means."""
    lines, sizes = [], row["scale"] or {}
    if row["tightness"] is not None:
        lines.append(f"tightness {value(row['tightness'])} (the ratio of the two sides, at the worst case)")
    if row["margin"] is not None:
        margin = 0.0 if abs(row["margin"]) <= _ROUND_OFF * max(sizes.get("claimed", 1.0), 1.0) else row["margin"]
        within = row["status"] == "HOLDS" and margin < 0
        said = "; below 0, but within round-off, a stated remainder and five standard errors" if within else ""
        lines.append(f"margin {value(margin)} (the room left at the worst case{said})")
    if said := ", ".join(f"{n.replace('_', ' ')} {value(v)}" for n, v in sizes.items() if n != "points"):
        lines.append(f"{sizes['points']} point{'s'[: sizes['points'] != 1]}; typical sizes (geometric means): {said}")
    return lines


def witness(row: Row) -> list[tuple[str, str]]:
    """The witness as names and values, both for reading."""
    found = ((_NAMES.get(name, name.replace("_", " ")), value(v)) for name, v in (row["witness"] or {}).items())
    return [(name, said) for name, said in found if said]


def value(v: Any) -> str:
    """A recorded value for reading: six digits, lists and tables cut to six entries, powers as ^."""
    if v is None:
        return "none"
    if isinstance(v, bool):
        return "yes" if v else "no"
    if isinstance(v, float):
        return f"{v:.6g}"
    if isinstance(v, Mapping):
        return _short([_pair(_LETTERS.get(name, name.replace("_", " ")), inside) for name, inside in v.items()], "; ")
    if isinstance(v, Sequence) and not isinstance(v, str):
        return f"[{_short([value(inside) for inside in v])}]"
    if not isinstance(v, str):
        return str(v)
    matrix = re.fullmatch(r"Matrix\((\[.*\])\)", v)
    text = (matrix[1] if matrix else v).replace("**", "^")
    text = re.sub(rf"\b(?:{'|'.join(_LETTERS)})\b", lambda m: _LETTERS[m[0]], text)
    return _DECIMAL.sub(lambda m: f"{float(m[0]):.6g}", "infinity" if text == "oo" else text)


def _pair(name: str, v: Any) -> str:
    return f"{name} ({value(v)})" if isinstance(v, Mapping) else f"{name} = {value(v)}"


def _short(parts: Sequence[str], joint: str = ", ") -> str:
    if len(parts) <= _LONGEST_LIST:
        return joint.join(parts)
    return joint.join([*parts[: _LONGEST_LIST - 1], f"... ({len(parts)} in all)"])


def _work(name: str) -> str:
    found = re.fullmatch(r"([a-z]+)(\d{4})", name)
    return _WORKS.get(name, f"{found[1].capitalize()} {found[2]}" if found else name)
