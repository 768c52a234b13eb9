"""How long the README's commands took, and what they leave on the disk, from the record of `benchmarks.commands`."""

import pathlib

from runtime import store

RECORD = store.RESULTS / "command_times.json"
_SCHEMA = 1
_REMEDY = "Restore it from git, or measure again: `python -m benchmarks.commands --record`."


def commands(path: pathlib.Path = RECORD) -> str:
    """The paragraph on the two commands. Errors: UsageError for a missing or damaged record."""
    r = store.record(path, _SCHEMA, _REMEDY)
    s = r["seconds"]
    return (
        f"Measured on {r['date']}, on a machine with {r['processors']} processors. The first `make verify` took "
        f"{_time(s['first verify'])}, with the installation of packages (over a fast connection to the internet) "
        f"and the compilation of our programs for this machine; each later one took {_time(s['verify'])}. "
        f"`make test` took {_time(s['test'])}. Packages take up "
        f"{_bytes(r['bytes']['environment'])} in the folder `.venv`. Compiled programs are kept for the next run: "
        f"{_bytes(r['bytes']['programs'])} in `~/.cache/dssl-ledger`."
    )


def trainings(path: pathlib.Path = RECORD) -> str:
    """The sentence on how long the example of a training takes. Errors: as in `commands`."""
    r = store.record(path, _SCHEMA, _REMEDY)
    s = r["seconds"]
    return (
        f"The command above took {_time(s['pretrain ci'])} on {r['processors']} processors, and "
        f"{_time(s['pretrain laptop'])} with the preset `laptop` in place of `ci`."
    )


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.1f} minutes"


def _bytes(number: float) -> str:
    size, unit = (number / 1e9, "GB") if number >= 1e9 else (number / 1e6, "MB")
    return f"{size:.2g} {unit}" if size < 100 else f"{size:.0f} {unit}"
