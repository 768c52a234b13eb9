"""Packages that dssl-ledger works without, but not all of it: what is said where one is missing."""

from runtime.usage import UsageError

EXTRAS = {"pandas": "tables", "umap-learn": "features", "xarray": "trajectories"}  # the extra that installs it


def missing(what: str, package: str) -> UsageError:
    """The error where `what` takes a package that is not there: which one, and what to type.

    Units: none. Errors: none; the caller raises what comes out.
    """
    wanted = f'"dssl-ledger[{EXTRAS[package]}]"' if package in EXTRAS else package
    return UsageError(f"{what} takes {package}, which is not installed. Type pip install {wanted}.")
