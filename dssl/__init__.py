"""The package of the command `dssl`, and what `import dssl` offers.

It may use all other packages of this project. Python programs use the names below; each is imported when it is first
used, from `interface/`. The command begins in `cli/main.py`; begin there.

Before anything heavy is imported, `main` makes sure of two things. Ctrl-C during the import of JAX, which takes
seconds, prints one line and no traceback. And if Python would import somebody else's package called `theory`, `sims` or
the like instead of ours, the user is told which.
"""

import importlib
import importlib.util
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dssl.interface import plot
    from dssl.interface.advice import Advice, advise
    from dssl.interface.experiments import Experiment, difference, experiment
    from dssl.interface.images import example_images
    from dssl.interface.networks import Network
    from dssl.interface.quantities import (
        a_mmd,
        communication_overhead,
        concentration_threshold,
        consensus,
        deficit,
        deficit_bound,
        deficit_limit,
        dirichlet_dissimilarity,
        effective_covariance,
        exponent,
        gaussian_mmd,
        kappa,
        mae_deficit,
        order_probability,
        population_spectrum,
        rare_recovery,
        representability,
        sigma_star,
        spectrum,
        target_weights,
        transformation_condition,
        weight_schedule,
    )
    from dssl.interface.records import claim, ledger
    from dssl.interface.settings import Setting
    from dssl.interface.simulations import Simulated, simulated_deficit
    from dssl.interface.statements import check, compute, falsify
    from dssl.interface.training import train
    from runtime.usage import UsageError
    from theory.formula import OutOfDomainError

__all__ = [
    "Advice",
    "Experiment",
    "Network",
    "OutOfDomainError",
    "Setting",
    "Simulated",
    "UsageError",
    "a_mmd",
    "advise",
    "check",
    "claim",
    "communication_overhead",
    "compute",
    "concentration_threshold",
    "consensus",
    "deficit",
    "deficit_bound",
    "deficit_limit",
    "difference",
    "dirichlet_dissimilarity",
    "effective_covariance",
    "example_images",
    "experiment",
    "exponent",
    "falsify",
    "gaussian_mmd",
    "kappa",
    "ledger",
    "mae_deficit",
    "order_probability",
    "plot",
    "population_spectrum",
    "rare_recovery",
    "representability",
    "sigma_star",
    "simulated_deficit",
    "spectrum",
    "target_weights",
    "train",
    "transformation_condition",
    "weight_schedule",
]
# The module of each name that is not a quantity's.
_PLACES = {
    "Advice": "dssl.interface.advice",
    "Experiment": "dssl.interface.experiments",
    "Network": "dssl.interface.networks",
    "OutOfDomainError": "theory.formula",
    "Setting": "dssl.interface.settings",
    "Simulated": "dssl.interface.simulations",
    "UsageError": "runtime.usage",
    "advise": "dssl.interface.advice",
    "check": "dssl.interface.statements",
    "claim": "dssl.interface.records",
    "compute": "dssl.interface.statements",
    "difference": "dssl.interface.experiments",
    "example_images": "dssl.interface.images",
    "experiment": "dssl.interface.experiments",
    "falsify": "dssl.interface.statements",
    "ledger": "dssl.interface.records",
    "simulated_deficit": "dssl.interface.simulations",
    "train": "dssl.interface.training",
}

# The other packages of this distribution, whose names are general enough for somebody else to have used them too.
_PACKAGES = ("theory", "sims", "runtime", "experiments", "ledger", "claims", "figures")


def __getattr__(name: str) -> Any:
    """Imports what is asked for the first time."""
    if name == "__version__":
        from importlib.metadata import version

        return version("dssl-ledger")
    if name not in __all__:
        raise AttributeError(f"dssl has no {name}; `dir(dssl)` lists what it has.")
    if name == "plot":
        return importlib.import_module("dssl.interface.plot")
    value = getattr(importlib.import_module(_PLACES.get(name, "dssl.interface.quantities")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def main() -> None:
    """Runs `dssl` and exits with its code; 130 after a Ctrl-C, 2 when another package stands in the place of ours."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # whoever ignores or handles it goes on doing so
        signal.signal(signal.SIGINT, _leave)
    try:
        if complaint := _shadowed():
            print(complaint, file=sys.stderr)
            sys.exit(2)
        from dssl.cli.main import main as command
    finally:
        signal.signal(signal.SIGINT, before)
    command()


def _shadowed() -> str:
    """An error message if Python would import a foreign package in place of one of ours; "" if it would not."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)  # looks for the package and does not import it
        if spec is None:
            return f"dssl needs its package {name!r}, and Python finds none; install dssl-ledger again."
        found = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
        folder = os.path.dirname(found) if spec.origin else found
        wanted = os.path.join(ours, name)
        if folder != wanted and os.path.realpath(folder) != os.path.realpath(wanted):
            return (
                f"dssl needs its own package {name!r} in {wanted}, and Python finds another one in {folder}; "
                "run dssl from another folder, or install it into an environment without that package."
            )
    return ""


def _leave(number: int, frame: object) -> None:
    # No exception: some of what is imported would swallow it, some end in a traceback of its own.
    os.write(2, b"Interrupted before anything was begun.\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
