"""Distances between two sets of embeddings, differentiable, one a file, for use inside a loss.

May use `theory` and the files directly in `sims`. Begin with `adaptive_mmd.py`, the distance in the MAR loss. The MAR
loss itself, reconstruction plus a weight times that distance, is the method `mar` in `sims.pretraining.methods`.
"""
