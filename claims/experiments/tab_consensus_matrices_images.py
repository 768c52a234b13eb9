"""Table 6 trained again on Fashion-MNIST: rules by which neighbours average, at mean connectivity 5 and 10.

Clients of a Dirichlet draw (hsu2019) hold equally many images, so that averaging by data sizes is averaging by 1/|A_i|.
And where the theory expects a rule to matter (`thm-training-weights`): on networks whose clients have unequal numbers
of neighbours, uniform averaging trains on other shares of the classes than all images have.
"""

from itertools import product

from experiments.paper.table6 import RULES
from ledger.checks.trained_order import NAMES, alike, ends_above
from ledger.statement import Claim, Statement
from theory.formula import Source

EXPERIMENT = "table6"
CONNECTIVITIES = (5, 10)
WITHIN = 1.5  # points: the largest difference between printed rules is 1.43
IRREGULAR = tuple(product(("star", "barbell"), ("mae", "simsiam")))
BECAUSE_RULES = "Linear probe under Metropolis weights minus under 1/|A_i|, Dirichlet 0.1."
PLAIN, DATA_SIZES = "degree normalised", "data sizes"
IN_WORDS = {
    "data sizes": "by numbers of images",
    "degree normalised": "with 1/|A_i|",
    "doubly stochastic": "with Metropolis weights",
    "push-sum": "by push-sum",
}
KEY_WORDS = {words: rule.replace("_", "-") for words, rule in RULES.items()}


def like_the_text(words: str, k: int) -> Statement:
    """A rule against the one that the text of the paper has."""
    text = f"Averaging {IN_WORDS[words]} ends within {WITHIN} points of averaging {IN_WORDS[PLAIN]}, connectivity {k}."
    because = f"Linear probe under {words} minus under 1/|A_i|."
    key = f"tab6-images.{KEY_WORDS[words]}-alike-k{k}"
    return alike(key, EXPERIMENT, f"{words}, {k}", f"{PLAIN}, {k}", text, because, WITHIN)


def server_leads(words: str, k: int) -> Statement:
    """What Theorem 4.6 is to say of trained encoders."""
    text = (
        "Training with a server and all clients ends at a higher accuracy than averaging "
        f"{IN_WORDS[words]}, connectivity {k}."
    )
    key = f"tab6-images.fl-over-{KEY_WORDS[words]}-k{k}"
    return ends_above(key, EXPERIMENT, f"{words}, {k}", "server", text, "Linear probe with a server minus without.")


def more_links_pay(words: str) -> Statement:
    """What Corollary 4.5 is to say of trained encoders."""
    text = f"Averaging {IN_WORDS[words]}, accuracy is higher at connectivity 10 than at 5."
    because = "Linear probe at connectivity 10 minus at 5."
    key = f"tab6-images.{KEY_WORDS[words]}-k10-over-k5"
    replaces = ("tab6-images.data-size-k10-over-k5",) if words == PLAIN else ()
    return ends_above(key, EXPERIMENT, f"{words}, 5", f"{words}, 10", text, because, replaces=replaces)


def matters_little(network: str, method: str) -> Statement:
    """Uniform averaging against equal weights, where they are not the same."""
    text = f"On a {network} {NAMES[method]} ends within {WITHIN} points under Metropolis weights and under 1/|A_i|."
    equal, uneven = (f"{method} {network} {rule}" for rule in ("metropolis", "uniform"))
    key = f"tab6-images.{network}-{method}-alike"
    return alike(key, "irregular", equal, uneven, text, BECAUSE_RULES, WITHIN, kind="expected")


def equal_weights_lead(network: str, method: str) -> Statement:
    """What training on the shares that all images have would be worth."""
    text = f"On a {network} {NAMES[method]} ends at a higher accuracy under Metropolis weights than under 1/|A_i|."
    uneven, equal = (f"{method} {network} {rule}" for rule in ("uniform", "metropolis"))
    because = f"{BECAUSE_RULES} Expected by `thm-training-weights`, stated after these seeds were known."
    key = f"tab6-images.{network}-{method}-ordered"
    return ends_above(key, "irregular", uneven, equal, text, because, kind="expected", is_seen=True)


CLAIM = Claim(
    id="tab-consensus-matrices-images",
    title="Table 6 in training on images: consensus matrices",
    items=("table-6-shape",),
    source=Source("chen2026", "Table 6, A.3.2"),
    statements=(
        *(like_the_text(words, k) for k in CONNECTIVITIES for words in RULES if words != PLAIN),
        *(server_leads(words, k) for k in CONNECTIVITIES for words in RULES if words not in (PLAIN, DATA_SIZES)),
        *(more_links_pay(words) for words in RULES if words != DATA_SIZES),
        *(matters_little(*pair) for pair in IRREGULAR),
        *(equal_weights_lead(*pair) for pair in IRREGULAR),
    ),
)
