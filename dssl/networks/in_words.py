"""A network's report in words: each number once, with what it means, and a sentence on what follows."""

import math
from collections.abc import Mapping
from typing import Any

NEARLY_ZERO = 1e-12  # an eigenvalue below is rounding
SAME_WEIGHTS = 1e-9


def lines(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, number) of a report of `dssl.networks.report.report` or `large_report`, in the order of their use."""
    certificate, predicted = report.get("certificate", report), report.get("predicted") or {}
    functionals = report.get("functionals") or {}
    concentration = functionals.get("objective_concentration")
    rows: list[tuple[str, Any]] = [
        ("clients", report["n_clients"]),
        ("links", report["links"]),
        ("clients that one client hears, itself included, on average", certificate["average_connectivity"]),
        ("the same, as a harmonic mean", certificate["harmonic_connectivity"]),
        ("lambda_2 of the mixing matrix (second largest eigenvalue)", certificate["lambda_2"]),
        ("its smallest eigenvalue", certificate["min_eigenvalue"]),
        ("spectral gap (1 less the second largest modulus)", certificate["gap"]),
        ("rounds of averaging alone until clients differ ten times less", _rounds_to_a_tenth(1 - certificate["gap"])),
        ("lambda_2 of the Laplacian (algebraic connectivity)", certificate.get("laplacian_lambda_2")),
        ("Kirchhoff index", functionals.get("kirchhoff_index")),
        ("disagreement of the trained models, over (step size x zeta)^2", predicted.get("consensus_over_step2_zeta2")),
        ("the same before averaging", predicted.get("consensus_pre_mix_over_step2_zeta2")),
        ("drift of the averaged model: mean kappa", predicted.get("mean_kappa")),
        ("largest kappa", predicted.get("largest_kappa")),
        ("kappa of a server", predicted.get("federated_kappa")),
        ("inequality of the training weights, N sum v^2 (1 is equal)", predicted.get("training_concentration")),
        (
            "inequality of the weights in Eq (1), N sum pi^2",
            None if concentration is None else report["n_clients"] * concentration,
        ),
    ]
    return [(what, number(value)) for what, value in rows if value is not None]


def follows(report: Mapping[str, Any]) -> str:
    """What follows for training, in a sentence or two."""
    certificate, predicted = report.get("certificate"), report.get("predicted")
    if certificate is None:
        return str(report["reason"])
    if predicted is None:
        return f"Clients do not come to agree on this network. {certificate['repair']}"
    n = report["n_clients"]
    concentration = predicted["training_concentration"]
    if concentration <= 1 + SAME_WEIGHTS:
        heard = "Training counts every client the same."
    else:
        heard = f"Training does not count clients the same: it is as if {n / concentration:.3g} of {n} counted."
    disagreement = predicted["consensus_over_step2_zeta2"]
    if disagreement <= NEARLY_ZERO:
        return f"One averaging makes all models equal. {heard}"
    return f"Models keep disagreeing while they train, unless the clients' data are alike. {heard}"


LETTERS = (
    "zeta^2 is the mean squared distance of the clients' gradients from their mean. kappa is the drift of the averaged "
    "model, over the step size, that one mode of the network causes."
)


def spectrum(values: list[float]) -> str:
    """Eigenvalues on one line, in the middle left out where there are many."""
    shown = [number(x) for x in values]
    return ", ".join(shown if len(shown) <= 12 else [*shown[:6], "...", *shown[-5:]])


def _rounds_to_a_tenth(second: float) -> float | None:
    if second <= NEARLY_ZERO:
        return 1
    return None if second >= 1 else math.log(10) / -math.log(second)


def number(value: Any) -> str:
    """Six digits of a real number, and 0 for rounding."""
    if isinstance(value, float):
        return f"{0.0 if abs(value) < NEARLY_ZERO else value:.6g}"
    return str(value)
