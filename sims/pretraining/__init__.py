"""Self-supervised training of image encoders by many clients: methods, encoders, and what a client does.

May use `sims.linear`, `sims.images`, `sims.rounds`, `sims.losses` and `theory`. Begin with `training.py`; each method
is a file of `methods/`, such as `methods/mar.py`, and each encoder a file of `encoders/`.
"""
