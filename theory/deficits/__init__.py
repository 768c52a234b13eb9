"""Deficits and sensitivities of CL and MIM: closed forms, finite-sample bounds, limits, and the critical noise.

May use `theory.data`, `theory.objectives` and `theory.networks`. Begin with `closed_forms.py`, which has the closed
forms of the deficit and the sensitivity of both objectives; `finite_sample.py` has the proven bounds.
"""
