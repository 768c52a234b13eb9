"""Table 6 trained again on Fashion-MNIST: rules by which neighbours average, at mean connectivity 5 and 10.

Clients of a Dirichlet draw (hsu2019) hold equally many images, so that averaging by data sizes is averaging by 1/|A_i|.
And where the theory expects a rule to matter (`thm-training-weights`): on networks whose clients have unequal numbers
of neighbours, uniform averaging trains on other shares of the classes than all images have.
"""

from claims.core import Claim, Statement
from claims.reproduce.table6 import RULES
from claims.trained_orders import READING, TrainedAlike, TrainedOrder, accuracy
from theory.formula import Source

EXPERIMENT = "table6"
CONNECTIVITIES = (5, 10)
WITHIN = 1.5  # points: the largest difference between printed rules is 1.43
PLAIN = "degree normalised"
METHODS = {"mae": "MAE", "simsiam": "SimSiam"}


def alike(words: str, k: int) -> Statement:
    """A rule against the one that the text of the paper has."""
    return Statement(
        "printed",
        f"Averaging by {words} ends within {WITHIN} points of averaging by 1/|A_i|, connectivity {k}.",
        TrainedAlike(
            EXPERIMENT,
            accuracy(f"{words}, {k}"),
            accuracy(f"{PLAIN}, {k}"),
            f"Linear probe under {words} minus under 1/|A_i|.",
            WITHIN,
        ),
        reading=READING,
        spoil=-1.0,
    )


def server_leads(words: str, k: int) -> Statement:
    """What Theorem 4.6 is to say of trained encoders."""
    return Statement(
        "printed",
        f"A server with all clients ends above averaging by {words}, connectivity {k}.",
        TrainedOrder(
            EXPERIMENT, accuracy(f"{words}, {k}"), accuracy("server"), "Linear probe with a server minus without."
        ),
        reading=READING,
    )


def more_links_pay(words: str) -> Statement:
    """What Corollary 4.5 is to say of trained encoders."""
    return Statement(
        "printed",
        f"Averaging by {words}, accuracy is higher at connectivity 10 than at 5.",
        TrainedOrder(
            EXPERIMENT,
            accuracy(f"{words}, 5"),
            accuracy(f"{words}, 10"),
            "Linear probe at connectivity 10 minus at 5.",
        ),
        reading=READING,
    )


def alike_on(network: str, method: str) -> Statement:
    """Uniform averaging against equal weights, where they are not the same."""
    return Statement(
        "printed",
        f"On a {network} {METHODS[method]} ends within {WITHIN} points whether weights are Metropolis' or 1/|A_i|.",
        TrainedAlike(
            "irregular",
            accuracy(f"{method} {network} metropolis"),
            accuracy(f"{method} {network} uniform"),
            "Linear probe under Metropolis weights minus under 1/|A_i|, Dirichlet 0.1.",
            WITHIN,
        ),
        reading=f"{READING}, irregular networks",
        spoil=-1.0,
    )


CLAIM = Claim(
    id="tab-consensus-matrices-images",
    title="Table 6 in training on images: consensus matrices",
    items=("table-6-shape",),
    source=Source("chen2026", "Table 6, A.3.2"),
    statements=(
        *(alike(words, k) for k in CONNECTIVITIES for words in RULES if words != PLAIN),
        *(server_leads(words, k) for k in CONNECTIVITIES for words in RULES),
        *(more_links_pay(words) for words in RULES),
        *(alike_on(network, method) for network in ("star", "barbell") for method in METHODS),
    ),
)
