"""Simulations: pure functions of a random key and a setting that return measurements, without looking at bounds.

They may use `theory` and none of the other floors; they write no files. Begin with the room whose name fits, or with
`stats.py` for how a sample becomes a number with an error.
"""

import theory.float64 as _float64  # noqa: F401  (float64 is on before any array is made)
