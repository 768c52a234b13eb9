"""The readings of Theorem 4.4 as the page lists them: in plain words, with the recorded verdict, and how to answer.

The theorem says that CL is more sensitive than MIM. `RULES` names, for each statement that the ledger takes from the
theorem, the pair of formulas that answers it at the reader's setting; a statement without formulas says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.report.index import SIGNS
from ledger.status import STATUS_WORDS
from ledger.verdicts import Record

CLAIM = "thm-mim-more-robust"
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
        )
        for key, rule in RULES.items()
    ]


def address(key: str, claim: str, cards: str | None) -> str:
    """Where the card of a statement is; "" without cards. The site makes a statement's anchor from its key."""
    return "" if cards is None else f"{cards}/{claim}.html#{key.replace('.', '-')}"
