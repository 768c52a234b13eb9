"""Simulations: functions of a random key (a seed) and a setting that return measurements.

They do not use the bounds of the theory, so that a bound and its measurement cannot share an error.
They may use `theory` and none of the other packages; they write no files and read none but data sets. Begin with the
subfolder of your topic, or with `stats.py` for how a sample becomes a number with an error.
"""

import theory.float64 as _float64  # noqa: F401  (float64 is on before any array is made)
