"""Statements about trained linear encoders on a domain: small steps, models at rest, servers that sample clients.

May use `ledger.drawn`, `ledger.checks`, `sims` and `theory`. Begin with `small_steps.py`.
"""
