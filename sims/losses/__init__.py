"""Losses on embeddings, differentiable, one a file.

May use `theory` and the single modules of `sims`. Begin with `adaptive_mmd.py`, the distance in the MAR loss.
"""
