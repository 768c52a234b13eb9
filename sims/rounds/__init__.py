"""The one engine that trains clients and averages their models, round by round.

May use `theory` and the files directly in `sims`. Begin with `engine.py`, where a round of training happens.
"""
