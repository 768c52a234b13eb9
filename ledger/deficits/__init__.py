"""Statements about deficits on a domain: proven bounds, means over data sets, populations listed case by case.

May use `ledger.drawn`, `ledger.checks`, `sims` and `theory`. Begin with `finite_sample_bounds.py`.
"""
