"""Where training on a network ends, in formulas.

How much the clients' models disagree (consensus error), what the averaged model represents (effective covariance), how
far it is from the best shared model (drift), and whether training comes to rest. May use every other room of `theory`.
Begin with `predictions.py`, which lists every prediction for one training, from the cheapest to the exact one.
"""
