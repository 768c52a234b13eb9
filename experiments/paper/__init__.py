"""The paper's experiments, one file each: `cells(preset)` lists the trainings that it needs, `rows(results)` its table.

Each file has a `TITLE`. Two functions are optional: `measured(results)` returns numbers that are read off the trained
encoders, by name and seed; `pictures(results)` returns what a figure needs. May use `experiments.pretraining`,
`runtime`, `sims` and `theory`. Begin with `table1.py`; `_printed.py` has the numbers that the paper prints.
"""

import pkgutil


def names() -> list[str]:
    """Every experiment, by the listing of this folder."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
