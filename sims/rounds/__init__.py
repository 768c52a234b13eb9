"""The one engine that trains clients and averages their models, round by round.

May use `theory` and the single modules of `sims`. Begin with `engine.py`, where a round of training happens.
"""
