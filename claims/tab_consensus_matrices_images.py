"""Table 6 trained again on Fashion-MNIST: rules by which neighbours average, at mean connectivity 5 and 10.

Clients of a Dirichlet draw (hsu2019) hold equally many images, so that averaging by data sizes is averaging by 1/|A_i|.
And where the theory expects a rule to matter (`thm-training-weights`): on networks whose clients have unequal numbers
of neighbours, uniform averaging trains on other shares of the classes than all images have.
"""

from itertools import product

from claims.core import Claim, Statement
from claims.reproduce.table6 import RULES
from claims.trained_orders import NAMES, READING, alike, ends_above
from theory.formula import Source

EXPERIMENT = "table6"
CONNECTIVITIES = (5, 10)
WITHIN = 1.5  # points: the largest difference between printed rules is 1.43
IRREGULAR = tuple(product(("star", "barbell"), ("mae", "simsiam")))
BECAUSE_RULES = "Linear probe under Metropolis weights minus under 1/|A_i|, Dirichlet 0.1."
PLAIN = "degree normalised"


def like_the_text(words: str, k: int) -> Statement:
    """A rule against the one that the text of the paper has."""
    text = f"Averaging by {words} ends within {WITHIN} points of averaging by 1/|A_i|, connectivity {k}."
    because = f"Linear probe under {words} minus under 1/|A_i|."
    return alike(EXPERIMENT, f"{words}, {k}", f"{PLAIN}, {k}", text, because, WITHIN)


def server_leads(words: str, k: int) -> Statement:
    """What Theorem 4.6 is to say of trained encoders."""
    text = f"A server with all clients ends above averaging by {words}, connectivity {k}."
    return ends_above(EXPERIMENT, f"{words}, {k}", "server", text, "Linear probe with a server minus without.")


def more_links_pay(words: str) -> Statement:
    """What Corollary 4.5 is to say of trained encoders."""
    text = f"Averaging by {words}, accuracy is higher at connectivity 10 than at 5."
    because = "Linear probe at connectivity 10 minus at 5."
    return ends_above(EXPERIMENT, f"{words}, 5", f"{words}, 10", text, because)


def matters_little(network: str, method: str) -> Statement:
    """Uniform averaging against equal weights, where they are not the same."""
    text = f"On a {network} {NAMES[method]} ends within {WITHIN} points whether weights are Metropolis' or 1/|A_i|."
    cells = (f"{method} {network} {rule}" for rule in ("metropolis", "uniform"))
    return alike("irregular", *cells, text, BECAUSE_RULES, WITHIN, f"{READING}, irregular networks")


def equal_weights_lead(network: str, method: str) -> Statement:
    """What training on the shares that all images have would be worth."""
    text = f"On a {network} {NAMES[method]} ends higher under Metropolis weights than under 1/|A_i|."
    cells = (f"{method} {network} {rule}" for rule in ("uniform", "metropolis"))
    because = f"{BECAUSE_RULES} Expected by `thm-training-weights`, stated after these seeds were known."
    return ends_above("irregular", *cells, text, because)


CLAIM = Claim(
    id="tab-consensus-matrices-images",
    title="Table 6 in training on images: consensus matrices",
    items=("table-6-shape",),
    source=Source("chen2026", "Table 6, A.3.2"),
    statements=(
        *(like_the_text(words, k) for k in CONNECTIVITIES for words in RULES if words != PLAIN),
        *(server_leads(words, k) for k in CONNECTIVITIES for words in RULES),
        *(more_links_pay(words) for words in RULES),
        *(matters_little(*pair) for pair in IRREGULAR),
        *(equal_weights_lead(*pair) for pair in IRREGULAR),
    ),
)
