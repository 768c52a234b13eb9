"""Table 5 and Figure 3 trained again: how near models of single clients are to each other and to the global one.

The printed reading compares distances in units of weights. A method that moves its weights less has shorter ones
without agreeing more, so the same pairs are also compared by the share of both ways that lies between the two (at most
1, by the triangle inequality), and by how alike their features of the same images are, which has no unit at all. What
is true of the distances was seen on the same trainings: masks go further from the start.
"""

import numpy as np
from jaxtyping import Float

from experiments.paper._results import Results
from experiments.paper.table5 import PAIRS, label_of, name, share_of
from ledger import parts
from ledger.checks.trained_order import NAMES, Column, TrainedAlike, measured, ordered
from ledger.reading import read_as
from ledger.statement import Claim, Instead, Statement
from theory.formula import Source

COMPARED = (("mae", "simsiam"), ("mar", "simsiam"), ("mar", "mae"))
MODELS = {"first": "the first client", "last": "the last client", "global": "the server"}
# In keys: two clients, or one of them and the server.
PAIR_WORDS = {("first", "last"): "clients", ("first", "global"): "first", ("last", "global"): "last"}
# What is true in place of those that fail, by key. A distance is a share of the ways times the ways.
INSTEAD: dict[str, Instead] = {
    "tab5-trained.weights-mae-simsiam-first": (
        "tab5-trained.share-mae-simsiam-first",
        "tab5-trained.ways-mae-simsiam-first",
    ),
    "tab5-trained.weights-mae-simsiam-last": (
        "tab5-trained.share-mae-simsiam-last",
        "tab5-trained.ways-mae-simsiam-last",
    ),
    "tab5-trained.weights-mar-simsiam-first": (
        "tab5-trained.share-mar-simsiam-first",
        "tab5-trained.ways-mar-simsiam-first",
    ),
    "tab5-trained.weights-mar-simsiam-last": (
        "tab5-trained.share-mar-simsiam-last",
        "tab5-trained.ways-mar-simsiam-last",
    ),
    "tab5-trained.weights-mar-mae-clients": ("tab5-trained.mar-mae-alone",),
    "tab5-trained.share-mar-mae-clients": ("tab5-trained.mar-mae-alone",),
    "tab5-trained.cka-mar-mae-clients": ("tab5-trained.mar-mae-alone",),
    "tab5-trained.weights-mar-mae-first": "not known",
    "tab5-trained.share-mar-mae-first": "not known",
    "tab5-trained.share-mar-mae-last": "not known",
    "tab5-trained.cka-mar-simsiam-last": "not known",
}


def are_one(near: str, far: str, pair: tuple[str, str]) -> bool:
    """Whether two methods come to the same two trainings."""
    return all(label_of(near, model) == label_of(far, model) for model in pair)


def nearer(near: str, far: str, pair: tuple[str, str]) -> Statement:
    """Distances as Table 5 has them."""
    one, other = (MODELS[model] for model in pair)
    text = f"The encoders of {one} and of {other} lie closer together under {NAMES[near]} than under {NAMES[far]}."
    sides = measured(name(near, *pair)), measured(name(far, *pair))
    because = f"{NAMES[far]}'s distance minus {NAMES[near]}'s, added up over arrays."
    key = f"tab5-trained.weights-{near}-{far}-{PAIR_WORDS[pair]}"
    return ordered(
        *(key, "table5", *sides, text, because),
        unit="",
        family="geometry",
        instead=INSTEAD.get(key, ()),
        are_one=are_one(near, far, pair),
    )


def shares_more(near: str, far: str, pair: tuple[str, str]) -> Statement:
    """The same distances against the ways gone."""
    one, other = (MODELS[model] for model in pair)
    text = (
        f"Measured by how far both have gone from their start, the encoders of {one} and of {other} lie closer "
        f"together under {NAMES[near]} than under {NAMES[far]}."
    )
    sides = measured(share_of(near, *pair)), measured(share_of(far, *pair))
    reading = read_as(parts.OVER_THE_WAY, parts.SMALL_ENCODERS)
    because = f"{NAMES[far]}'s share minus {NAMES[near]}'s."
    key = f"tab5-trained.share-{near}-{far}-{PAIR_WORDS[pair]}"
    return ordered(
        *(key, "table5", *sides, text, because),
        kind="expected",
        reading=reading,
        unit="",
        family="geometry",
        instead=INSTEAD.get(key, ()),
        are_one=are_one(near, far, pair),
    )


def sees_alike(near: str, far: str, pair: tuple[str, str]) -> Statement:
    """What the pictures of Figure 3 are to show, as a number."""
    one, other = (MODELS[model] for model in pair)
    text = f"Features of {one} and of {other} are more alike under {NAMES[near]} than under {NAMES[far]}."
    sides = measured(name(far, *pair)), measured(name(near, *pair))
    because = f"{NAMES[near]}'s linear CKA minus {NAMES[far]}'s, images held out."
    reading = read_as(parts.CKA, parts.SMALL_ENCODERS)
    key = f"tab5-trained.cka-{near}-{far}-{PAIR_WORDS[pair]}"
    return ordered(
        *(key, "figure3", *sides, text, because),
        kind="expected" if far == "mae" else "printed",  # the paper sets masks against contrast, not MAR against MAE
        reading=reading,
        unit="",
        family="geometry",
        instead=INSTEAD.get(key, ()),
        are_one=are_one(near, far, pair),
    )


SEEN = "Seen on these trainings, not stated before them."


def ways(method: str, pair: tuple[str, str]) -> Column:
    """How far both encoders of a pair went from their start, added up."""

    def column(results: Results) -> Float[np.ndarray, " seeds"]:
        return np.array(results.measured[name(method, *pair)]) / np.array(results.measured[share_of(method, *pair)])

    return column


def goes_further(far: str, near: str, pair: tuple[str, str]) -> Statement:
    """Why distances are longer under masks. Of two whose client alone is the same the server's is compared."""
    one, other = (MODELS[model] for model in pair)
    who, words = f"Encoders of {one} and of {other} together go", PAIR_WORDS[pair]
    if label_of(far, pair[0]) == label_of(near, pair[0]):
        who, words = f"The encoder of {other} goes", "server"
    text = f"{who} further from the start under {NAMES[far]} than under {NAMES[near]}."
    because = f"{NAMES[far]}'s ways minus {NAMES[near]}'s, added up over arrays. {SEEN}"
    sides = ways(near, pair), ways(far, pair)
    key = f"tab5-trained.ways-{far}-{near}-{words}"
    return ordered(key, "table5", *sides, text, because, kind="corrected", unit="", family="geometry", is_seen=True)


def is_one_alone() -> Statement:
    """MAR of a client by itself."""
    pair = ("first", "last")
    check = TrainedAlike(
        "table5",
        measured(name("mar", *pair)),
        measured(name("mae", *pair)),
        "A client alone has nobody to align with: MAR's distance minus MAE's.",
        within=1e-9,
        unit="",
        family="geometry",
    )
    text = "The encoders of two clients alone lie as far apart under MAR as under MAE: they are the same."
    return Statement(
        "tab5-trained.mar-mae-alone", "corrected", text, check, reading=read_as(parts.SMALL_ENCODERS), spoil=-1.0
    )


CLAIM = Claim(
    id="tab-weight-distances-training",
    title="Table 5 and Figure 3 in training: how near clients' models are",
    items=("table-5-shape", "figure-3"),
    source=Source("chen2026", "Table 5, Figure 3, A.3.1"),
    statements=(
        *(make(*both, pair) for make in (nearer, shares_more, sees_alike) for both in COMPARED for pair in PAIRS),
        is_one_alone(),
        *(goes_further("mae", "simsiam", pair) for pair in PAIRS),
        *(goes_further("mar", "simsiam", pair) for pair in PAIRS if "global" in pair),  # alone it is MAE
        goes_further("mae", "mar", ("first", "global")),
    ),
)
