"""Table 5 and Figure 3 trained again: how near models of single clients are to each other and to the global one.

The printed reading compares distances in units of weights. A method that moves its weights less has shorter ones
without agreeing more, so the same pairs are also compared by the share of both ways that lies between the two (at most
1, by the triangle inequality), and by how alike their features of the same images are, which has no unit at all.
"""

from claims.core import Claim, Statement
from claims.reproduce.table5 import PAIRS, name, share_of
from claims.trained_orders import READING, TrainedOrder, measured
from theory.formula import Source

METHODS = {"mae": "MAE", "mar": "MAR", "simsiam": "SimSiam"}
COMPARED = (("mae", "simsiam"), ("mar", "simsiam"), ("mar", "mae"))
MODELS = {"first": "the first client", "last": "the last client", "global": "the server"}


def nearer(near: str, far: str, pair: tuple[str, str]) -> Statement:
    """Distances as Table 5 has them."""
    return Statement(
        "printed",
        f"The encoders of {MODELS[pair[0]]} and of {MODELS[pair[1]]} lie closer together under {METHODS[near]} than "
        f"under {METHODS[far]}.",
        TrainedOrder(
            "table5",
            measured(name(near, *pair)),
            measured(name(far, *pair)),
            f"{METHODS[far]}'s distance minus {METHODS[near]}'s, added up over arrays.",
            unit="",
        ),
        reading=READING,
    )


def shares_more(near: str, far: str, pair: tuple[str, str]) -> Statement:
    """The same distances against the ways gone."""
    return Statement(
        "printed",
        f"Measured by how far both have gone from their start, the encoders of {MODELS[pair[0]]} and of "
        f"{MODELS[pair[1]]} lie closer together under {METHODS[near]} than under {METHODS[far]}.",
        TrainedOrder(
            "table5",
            measured(share_of(near, *pair)),
            measured(share_of(far, *pair)),
            f"{METHODS[far]}'s share minus {METHODS[near]}'s.",
            unit="",
        ),
        reading=f"{READING}, distances over the ways from the start",
    )


def sees_alike(near: str, far: str, pair: tuple[str, str]) -> Statement:
    """What the pictures of Figure 3 are to show, as a number."""
    return Statement(
        "printed",
        f"Features of {MODELS[pair[0]]} and of {MODELS[pair[1]]} are more alike under {METHODS[near]} than under "
        f"{METHODS[far]}.",
        TrainedOrder(
            "figure3",
            measured(name(far, *pair)),
            measured(name(near, *pair)),
            f"{METHODS[near]}'s linear CKA minus {METHODS[far]}'s, images held out.",
            unit="",
        ),
        reading=f"{READING}, linear CKA",
    )


CLAIM = Claim(
    id="tab-weight-distances-training",
    title="Table 5 and Figure 3 in training: how near clients' models are",
    items=("table-5-shape", "figure-3"),
    source=Source("chen2026", "Table 5, Figure 3, A.3.1"),
    statements=tuple(
        make(near, far, pair) for make in (nearer, shares_more, sees_alike) for near, far in COMPARED for pair in PAIRS
    ),
)
