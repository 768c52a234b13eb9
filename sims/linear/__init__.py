"""Linear clients trained on a network: the setting in which theory predicts every number.

May use `sims.rounds`, `sims.losses` and `theory`. Begin with `training.py`, which runs one training;
`trained_networks.py` has the problems on which claims about training are decided.
"""
