"""The paper's experiments, one file each: `cells(preset)` are the trainings it needs, `rows(results)` its table.

A file also has a `TITLE`. It may have `measured(results)`, numbers that only the trained encoders can tell, by name
and seed, and `pictures(results)` for a figure. May use `experiments.pretraining`, `runtime`, `sims` and `theory`.
Begin with `table1.py`; `_printed.py` has the numbers that the paper prints.
"""

import pkgutil


def names() -> list[str]:
    """Every experiment, by the listing of this folder."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
