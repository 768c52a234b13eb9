"""The paper's experiments, one file each: `cells(preset)` are the trainings it needs, `rows(results)` its table.

Each file also has a `TITLE`, and may have `measured(results)`, what only the trained encoders can tell, by name and
seed, and `pictures(results)` for a figure. `claims.reproduction` trains, evaluates
and writes the record.
"""

import pkgutil


def names() -> list[str]:
    """Every experiment, by the listing of this folder."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
