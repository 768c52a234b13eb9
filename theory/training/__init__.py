"""What training on a network comes to: consensus error, effective covariance, drift, and models at rest.

May use every other room of `theory`. Begin with `predictions.py`, which lists every prediction for one training, from
the cheapest to the exact one.
"""
