"""What every letter and every word of the project means, one line each; `docs/glossary.md` is written from here.

A letter's symbol is the one that formulas print (`theory.formula.LATEX_NAMES`). No two terms share a name or a symbol.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from theory.formula import LATEX_NAMES, Source

NO_UNIT = "dimensionless"


@dataclass(frozen=True)
class Term:
    """One word or letter: `symbol` is LaTeX, empty for a word without a letter.

    `units` is its unit and range, empty where nothing is measured; `source` says who defines it.
    """

    name: str
    symbol: str
    meaning: str
    units: str
    source: Source


def _paper(locator: str) -> Source:
    return Source("chen2026", locator)


def _ours(locator: str) -> Source:
    return Source("ledger", locator)


def _letter(name: str, meaning: str, units: str, source: Source) -> Term:
    return Term(name, LATEX_NAMES[name], meaning, units, source)


def _word(name: str, meaning: str, units: str, source: Source, symbol: str = "") -> Term:
    return Term(name, symbol, meaning, units, source)


# The data model and the two objectives.
_SETTING = (
    _letter("n_clients", "Number of clients.", "clients, at least 2", _paper("Section 3.1")),
    _letter("dim", "Number of coordinates of an input.", "coordinates", _paper("Section 3.2")),
    _letter("feature_dim", "Number of features: the rows of the encoder W.", "features", _paper("Section 3.2")),
    _letter(
        "samples_per_client",
        "Number of samples that a client holds; the paper writes |D_i|.",
        "samples",
        _paper("Section 3.2"),
    ),
    _letter(
        "draws",
        "Number of masks or augmentations drawn for each sample; not in the paper.",
        "draws",
        _ours("theory/readings.py"),
    ),
    _letter(
        "tau",
        "Size of the offsets that a sample has along the other clients' axes.",
        "data units",
        _paper("Section 3.2"),
    ),
    _letter("mu", "Standard deviation of the pixel noise.", "data units", _paper("Section 3.2")),
    _letter("mask_ratio", "Probability that a mask hides an entry.", "probability, in (0, 1)", _paper("Section 3.2")),
    _letter(
        "augmentation_std",
        "Standard deviation of the noise that an augmentation adds; 1 in the paper.",
        "data units",
        _paper("Section 3.2"),
    ),
    _letter(
        "rare_fraction",
        "Share of a client's samples that are of its rare class.",
        "share, in [0, 1)",
        _paper("Section 3.2"),
    ),
    _letter("beta", "Growth of the sample size: a client has about d^beta samples.", NO_UNIT, _paper("Section 3.2")),
    _letter("delta", "Probability with which a bound may fail.", "probability", _ours("theory/deficits")),
    _letter(
        "gamma",
        "Aspect ratio: noise coordinates per sample. The paper uses this letter for the weight of the alignment term.",
        NO_UNIT,
        _ours("theory/deficits/proportional_limit.py"),
    ),
    _letter("trace_h", "Trace of the linear map H of dissimilar augmentations.", NO_UNIT, _paper("Assumption A.9")),
    _word(
        "encoder",
        "The linear map f_W(x) = W x from an input to its features; in trained networks, a ResNet or a ViT.",
        "",
        _paper("Section 3.1"),
        "W",
    ),
    _word(
        "contrastive learning (CL)",
        "Training in which two augmented views of one image should have equal features.",
        "",
        _paper("Eq (2)"),
    ),
    _word(
        "masked image modelling (MIM)",
        "Training in which the hidden part of an image is predicted from the visible part.",
        "",
        _paper("Eqs (3) and (4)"),
    ),
    _word(
        "alignment matrix",
        "The symmetric d x d matrix that the loss hands to the encoder: at the minimum W^T W is its best positive "
        "semi-definite approximation of rank c.",
        "data units squared",
        _paper("Eqs (17) and (44)"),
        "X",
    ),
    _word(
        "signal coordinates",
        "The first N coordinate axes, one for each client; the classes of client i differ along axis i.",
        "",
        _paper("Section 3.2"),
    ),
    _word("rare class", "A class of which a client holds only a few samples.", "", _paper("Section 3.2"), "h_i"),
    _word(
        "reading",
        "One way to read the paper where it leaves a choice open, such as how masks are drawn. "
        "A statement can hold under one reading and fail under another. Its parts are listed in docs/verdicts.md.",
        "",
        _ours("theory/readings.py"),
    ),
)

# What an encoder represents.
_REPRESENTATION = (
    _word(
        "representability",
        "Squared length of coordinate axis k after projection onto the row space of the encoder: 1 if the encoder "
        "keeps the axis, 0 if it loses it.",
        "dimensionless, in [0, 1]",
        _paper("Definition 4.1"),
        "r_k",
    ),
    _word(
        "deficit",
        "What representability lacks to 1: the part of an axis that the encoder loses.",
        "dimensionless, in [0, 1]",
        _ours("theory/deficits"),
        "1 - r_k",
    ),
    _word(
        "sensitivity",
        "Largest minus smallest representability over the signal coordinates. The paper calls an encoder robust if its "
        "sensitivity is small.",
        "dimensionless, in [0, 1]",
        _paper("Theorem 4.4"),
        "s",
    ),
    _word(
        "interval width",
        "Length of the interval in which a theorem places a representability. The paper compares these widths "
        "and calls them sensitivities. Where the theorem holds, the sensitivity is at most the width.",
        "dimensionless",
        _paper("Eqs (62)-(64) and (71)-(73)"),
    ),
    _word(
        "critical noise (sigma_star)",
        "Augmentation noise at which CL and MIM with independent masks have equal deficits. CL has the smaller "
        "deficit below it, MIM above it.",
        "data units",
        _ours("theory/deficits/critical_noise.py"),
        r"\sigma^*",
    ),
    _word(
        "spectrum unevenness",
        "How unevenly the signal's directions are powered; it sets the critical noise in high dimension.",
        "dimensionless, in [1, 2]",
        _ours("theory/deficits/critical_noise.py"),
        "u",
    ),
    _word(
        "order",
        "Which of two quantities is the larger. (A second-order formula is one that keeps squares of fluctuations.)",
        "",
        _ours("ledger/checks"),
    ),
)

# Networks.
_NETWORKS = (
    _word("client", "A device that holds data of its own and trains on them.", "", _paper("Section 3.1")),
    _word(
        "federated learning (FL)",
        "A server averages the models of all clients, or of a sample.",
        "",
        _paper("Section 3.1"),
    ),
    _word(
        "decentralised learning (DecL)",
        "Clients average their models with those of their neighbours; there is no server.",
        "",
        _paper("Section 3.1"),
    ),
    _word("topology", "A network: which clients are linked.", "", _paper("Section 3.1"), "A"),
    _word(
        "round", "Every client takes its local steps; then models are averaged once.", "", _paper("Algorithms 1 and 2")
    ),
    _letter(
        "connectivity",
        "Mean size of a client's neighbourhood, the client itself included.",
        "clients, from 2 to N",
        _paper("Section 3.1"),
    ),
    _word(
        "mixing matrix",
        "M[i, j] is the weight that client i gives to the model of client j when models are averaged.",
        "dimensionless; each row sums to 1",
        _paper("Assumption A.3"),
        "M",
    ),
    _letter(
        "eigenvalue",
        "An eigenvalue of the mixing matrix other than the first, which is 1.",
        "dimensionless, in [-1, 1]",
        Source("xiao2004", "convergence of averaging"),
    ),
    _letter(
        "lambda_2",
        "Second largest eigenvalue of the mixing matrix; 1 minus it is the mixing gap.",
        "dimensionless, in [-1, 1]",
        Source("xiao2004", "convergence of averaging"),
    ),
    _letter(
        "lambda_min",
        "Smallest eigenvalue of the mixing matrix.",
        "dimensionless, in [-1, 1]",
        Source("xiao2004", "convergence of averaging"),
    ),
    _letter("mode", "Number of an eigenvector of a network; 0 is the constant one.", "", _ours("theory/networks")),
    _word(
        "spectral gap",
        "1 minus the largest modulus of the other eigenvalues of the mixing matrix.",
        "dimensionless, in [0, 1]",
        Source("xiao2004", "convergence of averaging"),
        r"1 - \max_{l \ge 2} |\lambda_l|",
    ),
    _word(
        "mixing gap",
        "1 minus the second largest eigenvalue of the mixing matrix; the spectral gap unless the smallest eigenvalue "
        "is larger in modulus.",
        "dimensionless, in [0, 2]",
        Source("xiao2004", "convergence of averaging"),
        r"1 - \lambda_2",
    ),
    _letter(
        "consensus_rate",
        "Share of the squared distance between models that one averaging removes at least. Published bounds call it p, "
        "and sometimes spectral gap.",
        "dimensionless, in (0, 1]",
        Source("koloskova2020", "Assumption 4"),
    ),
    _word(
        "objective weights",
        "The weight of each client's loss in the global objective that the paper prints.",
        "dimensionless, sum 1",
        _paper("Eq (1)"),
        r"\pi_i",
    ),
    _word(
        "training weights",
        "The weight of each client in what training settles on: the left eigenvector of the mixing matrix for the "
        "eigenvalue 1. They can differ from the objective weights.",
        "dimensionless, sum 1",
        _ours("theory/networks/mixing.py"),
        "v_i",
    ),
    _word(
        "target weights",
        "The weights of the clients in the model that a network is meant to find: objective, training or equal ones.",
        "dimensionless, sum 1",
        _ours("dssl/calculator/quantities/target_weights.py"),
    ),
    _letter(
        "weight_ratio", "Largest over smallest training weight.", "dimensionless, at least 1", _ours("theory/training")
    ),
)

# Training on a network.
_TRAINING = (
    _letter("step_size", "Length of a gradient step.", "weights per gradient", _paper("Algorithms 1 and 2")),
    _letter("local_steps", "Gradient steps of a client between two averagings.", "steps", _paper("Algorithms 1 and 2")),
    _letter("n_sampled", "Clients that a server samples in a round.", "clients", _paper("Algorithm 1")),
    _letter(
        "curvature",
        "An eigenvalue of the loss's Hessian at the optimum.",
        "gradient per weight",
        _ours("theory/objectives/curvature.py"),
    ),
    _letter(
        "dissimilarity",
        "Mean squared distance of the clients' gradients from their mean: how much the clients disagree.",
        "squared gradients",
        Source("koloskova2020", "Assumption 3"),
    ),
    _letter(
        "gradient_norm",
        "Mean over clients of the squared length of a gradient.",
        "squared gradients",
        Source("kong2021", "one-step lemma"),
    ),
    _letter(
        "noise_variance",
        "Variance of one client's stochastic gradient, all entries together.",
        "squared gradients",
        Source("koloskova2020", "Assumption 3"),
    ),
    _letter(
        "noise_spectrum",
        "Sum of lambda^2/(1 - lambda^2) over the eigenvalues of the mixing matrix but the first, divided by N.",
        NO_UNIT,
        Source("takezawa2026", "Theorem 1"),
    ),
    _word(
        "consensus error",
        "Mean squared distance of the clients' models from their mean.",
        "squared weights",
        _ours("docs/proofs/consensus.md"),
        r"\frac{1}{N} \sum_i \|W_i - \bar W\|^2",
    ),
    _word(
        "drift",
        "Distance of the subspace that the averaged model represents from that of the target's optimum.",
        NO_UNIT,
        _ours("theory/training/subspace_drift.py"),
        r"\|P - P^*\|_F",
    ),
    _word(
        "effective covariance",
        "The matrix that the averaged model of a network represents at rest: the target's, plus a term of first order "
        "in the step size.",
        "data units squared",
        _ours("docs/proofs/effective_covariance.md"),
        r"X_{\mathrm{eff}}",
    ),
    _word(
        "kappa",
        "How strongly mode l of a network pulls the averaged model from its target, per step size and squared "
        "dissimilarity of that mode.",
        "dimensionless, above -1; E - 1 with a server",
        _ours("docs/proofs/effective_covariance.md, 2"),
        r"\kappa_l",
    ),
    _word(
        "stiffness",
        "How large the steps are for a prediction of first order in the step size; about its relative error.",
        NO_UNIT,
        _ours("theory/training/effective_covariance.py"),
    ),
    _letter(
        "concentration",
        "Concentration of the Dirichlet law from which clients draw their class shares; small is unequal.",
        NO_UNIT,
        Source("hsu2019", "synthetic clients"),
    ),
    _letter("n_classes", "Number of classes.", "classes", _ours("theory/training/dissimilarity.py")),
    _letter(
        "heterogeneity",
        "Variance of the clients' class shares, over its value when every client has a single class.",
        "dimensionless, in [0, 1]",
        _ours("theory/training/dissimilarity.py"),
    ),
)

# The MAR loss.
_ALIGNMENT = (
    _word(
        "MAR",
        "Masked reconstruction plus a weighted alignment term, which draws a client's embeddings to those it receives; "
        "FedMAR with a server, DecMAR with neighbours.",
        "",
        _paper("Eq (5)"),
    ),
    _word(
        "A-MMD",
        "The alignment term of MAR: an estimate of the squared maximum mean discrepancy of two batches of embeddings, "
        "with a Gaussian kernel whose bandwidth is adapted to them.",
        NO_UNIT,
        _paper("Eq (6)"),
    ),
    _letter("weight_max", "Largest weight of the alignment term.", "unit of the loss", _paper("Eq (7)")),
    _letter("weight_min", "Smallest weight of the alignment term.", "unit of the loss", _paper("Eq (7)")),
    _letter("selections", "How often a client has been selected so far.", "rounds", _paper("Eq (7)")),
    _letter("horizon", "Number of selections at which the weight is smallest.", "rounds", _paper("Eq (7)")),
    _letter(
        "bandwidth",
        "Standard deviation of the Gaussian kernel; the paper writes sigma.",
        "embedding units",
        _paper("Eq (6)"),
    ),
    _letter(
        "std_local", "Standard deviation of a client's embeddings.", "embedding units", _ours("theory/alignment_term")
    ),
    _letter(
        "std_global",
        "Standard deviation of the received embeddings.",
        "embedding units",
        _ours("theory/alignment_term"),
    ),
    _letter("n_averaged", "Clients whose embeddings are averaged.", "clients", _paper("Algorithms 1 and 2")),
    _letter("tokens", "Visible tokens of an image.", "tokens", _paper("A.5")),
    _letter("token_dim", "Numbers of a token's embedding.", "numbers", _paper("A.5")),
    _letter("batch", "Images of a batch.", "images", _paper("A.5")),
    _letter("parameters", "Numbers of a model.", "numbers", _paper("A.5")),
)

# How statements are decided.
_VERDICTS = (
    _word(
        "statement",
        "One thing said under one reading: printed in the paper, corrected by us, or expected by us beforehand.",
        "",
        _ours("ledger/statement.py"),
    ),
    _word(
        "claim", "All statements about one item of the paper; one file in `claims/`.", "", _ours("ledger/statement.py")
    ),
    _word(
        "verdict",
        "The outcome of checking a statement: a status such as HOLDS or VIOLATED, with the evidence and a reason.",
        "",
        _ours("ledger/statement.py"),
    ),
    _word(
        "evidence",
        "How a verdict was reached, from a proof (PROVED) over a search (SEARCHED) to drawn samples (SAMPLED).",
        "",
        _ours("ledger/statement.py"),
    ),
    _word(
        "witness",
        "A case with its numbers in which a statement fails; every VIOLATED verdict has one.",
        "",
        _ours("ledger/statement.py"),
    ),
    _word(
        "bound",
        "A number that theory says a quantity does not exceed, or, for a lower bound, does not fall below.",
        "that of the quantity",
        _ours("theory/deficits"),
    ),
    _word(
        "tightness",
        "Measured quantity over its bound, at its largest: 1 is a bound that is reached.",
        NO_UNIT,
        _ours("ledger/statement.py"),
    ),
    _word(
        "margin",
        "Bound minus measured quantity, at its smallest.",
        "that of the quantity",
        _ours("ledger/statement.py"),
    ),
    _word(
        "finding",
        "What a check found at one grid point: what was claimed, what was measured, and how well it is known.",
        "that of the quantity",
        _ours("ledger/checks/kinds.py"),
    ),
    _word(
        "cell",
        "One row of an experiment: a training's configuration, run with several seeds.",
        "",
        _ours("experiments/paper"),
    ),
)

GROUPS: Mapping[str, tuple[Term, ...]] = {
    "Data and objectives": _SETTING,
    "What an encoder represents": _REPRESENTATION,
    "Networks": _NETWORKS,
    "Training on a network": _TRAINING,
    "The alignment term": _ALIGNMENT,
    "Statements and verdicts": _VERDICTS,
}


def terms() -> tuple[Term, ...]:
    """All of them, group by group."""
    return tuple(term for group in GROUPS.values() for term in group)


def repeated(found: Iterable[Term]) -> list[str]:
    """Names that two terms share, and symbols with two meanings; empty when every name and symbol has one."""
    listed = list(found)
    names = [t.name.casefold() for t in listed]
    symbols = [t.symbol for t in listed if t.symbol]
    return sorted({w for words in (names, symbols) for w in words if words.count(w) > 1})
