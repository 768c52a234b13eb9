"""The readings of Theorem 4.4 as the page lists them: in plain words, with the recorded verdict, and how to answer.

The theorem says that CL is more sensitive than MIM. `RULES` names, for each statement that the ledger takes from the
theorem, the pair of formulas that answers it at the reader's setting; a statement without formulas says why.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ledger.report.index import SIGNS
from ledger.status import STATUS_WORDS
from ledger.verdicts import Record

CLAIM = "thm-mim-more-robust"
# How the text of a statement that was tested at one setting begins, and the page's arguments for its letters.
_AT = re.compile(r"At (N = \d+, .*?), CL has a larger sensitivity")
_LETTERS = {"N": "n_clients", "c": "feature_dim", "d": "dim", "n_i": "samples_per_client"}
_LETTERS |= {"sigma": "augmentation_std", "p": "mask_ratio"}
_MEASURED = r"{name} is whole and at least \d+ \(measured up to (\d+)\)"
NO_FORMULA = "none"


@dataclass(frozen=True)
class Rule:
    """How a reading is explained and answered: `answer` is a function of `templates/theorem.js.j2`, or `NO_FORMULA`."""

    words: str
    answer: str = NO_FORMULA


@dataclass(frozen=True)
class Reading:
    """One row of the table: the statement's key and card, the reading in words, the recorded verdict, the rule."""

    key: str
    address: str
    words: str
    verdict: str
    status: str
    answer: str
    recorded: Mapping[str, float]  # the one setting at which it was tested, by argument; empty for a searched domain
    where: str  # the same in words, or where it was searched


_MASKS = "The second mask of an image lists exactly the pixels that the first one lacks, as in the paper's text"
RULES: Mapping[str, Rule] = {
    "thm44.independent-averaged": Rule(
        "MIM trains on all pairs of masks of each image; the two masks of a pair are drawn independently. CL trains on "
        "one pair of views of each image.",
        "averagedMasks",
    ),
    "thm44.independent-one-draw": Rule(
        "As in the row above, but MIM trains on one pair of masks of each image.",
        "oneDraw",
    ),
    "thm44.both-averaged": Rule("MIM trains on all pairs of masks, and CL on all pairs of views.", "bothAveraged"),
    "thm44.population-independent": Rule("Each client has unlimited images; masks are independent.", "unlimited"),
    "thm44.complementary-modulus": Rule(
        f"{_MASKS}; MIM trains on all such pairs, and keeps the directions of largest eigenvalues without regard to "
        "their sign. (The loss would keep positive ones only.)",
        "modulus",
    ),
    "thm44.printed-mask": Rule("MIM keeps what the matrix printed in Eq (17) says.", "printedMask"),
    "thm44.complementary-averaged": Rule(f"{_MASKS}; MIM trains on all such pairs.", "complementary"),
    "thm44.complementary-one-draw": Rule(f"{_MASKS}; MIM trains on one such pair of each image.", NO_FORMULA),
    "thm44.fixed-count": Rule(f"{_MASKS}, and each mask hides equally many pixels.", NO_FORMULA),
    "thm44.reconstruction": Rule(
        "MIM minimises the error of the hidden pixels (Eq 3), instead of the difference of features (Eq 4).",
        "reconstruction",
    ),
    "thm44.leading-coordinates": Rule(
        "Models have 2N features, and sensitivity is taken over the first 2N pixels instead of the signal's N.",
    ),
    "thm44.rare-outside": Rule(
        "As in the row above, and each client has a rare class that shows in a pixel of its own."
    ),
    "thm44.offsets-per-class": Rule("All images of a class lie at the same place in other clients' pixels."),
    "thm44.limit-as-typed": Rule('The theorem as typed: "the limit of an inequality".', "typed"),
}


def readings(record: Record, cards: str | None) -> Sequence[Reading]:
    """The rows of the table, with the recorded verdicts; `cards` is the folder of the site's cards, if there is one.

    Errors: KeyError for a rule whose statement is not on record.
    """
    rows = {row["key"]: row for row in record.rows}
    return [
        Reading(
            key=key,
            address=address(key, CLAIM, cards),
            words=rule.words,
            verdict=f"{SIGNS[rows[key]['status']]} {STATUS_WORDS[rows[key]['status']]}",
            status=rows[key]["status"].lower().replace("_", "-"),
            answer=rule.answer,
            recorded=recorded_setting(rows[key]["text"]),
            where=_where(rows[key]),
        )
        for key, rule in RULES.items()
    ]


def recorded_setting(text: str) -> dict[str, float]:
    """The setting that the text of a statement names, by the page's arguments; empty where it names none."""
    found = _AT.match(text)
    if found is None:
        return {}
    pairs = (part.split(" = ") for part in re.split(", | and ", found[1]))
    return {_LETTERS[letter]: float(Fraction(value)) for letter, value in pairs}


def reach(record: Record, key: str) -> str:
    """Up to how many clients and pixels a statement was tested, in words.

    Errors: KeyError for a statement that is not on record or does not say it.
    """
    given = next((row["given"] for row in record.rows if row["key"] == key), None)
    found = [re.search(_MEASURED.format(name=name), given or "") for name in ("n_clients", "dim")]
    if None in found:
        raise KeyError(f"The record of {key} does not say up to how many clients and pixels it was measured.")
    clients, pixels = (int(one[1]) for one in found if one)
    return f"tested up to N = {clients}, d = {pixels:,}"


def _where(row: Mapping[str, Any]) -> str:
    """The setting on record of one row, the setting at which it fails, or ""."""
    if named := _AT.match(row["text"]):
        said = named[1].replace("n_i", "n").replace("sigma", "σ").replace(" and ", ", ")
        return f"at {said}"
    letters = {"n_clients": "N", "dim": "d", "beta": "β", "samples_per_client": "n", "mask_ratio": "p"}
    witness = row["witness"] or {}
    said = ", ".join(f"{letter} = {witness[name]:g}" for name, letter in letters.items() if name in witness)
    return f"at {said}" if said else ""


def address(key: str, claim: str, cards: str | None) -> str:
    """Where the card of a statement is; "" without cards. The site makes a statement's anchor from its key."""
    return "" if cards is None else f"{cards}/{claim}.html#{key.replace('.', '-')}"
