"""The losses: alignment, reconstruction and contrast, their minimisers, and which directions a minimiser keeps.

May use `theory.data`. Begin with `representability.py`, which turns an alignment matrix into representabilities.
"""
