"""Images and who holds them: the clients' shares of them, random views, and (in `datasets/`) loaders.

May use `sims.rounds`, `sims.losses` and `theory`. Begin with `partitions.py`, or with `datasets/loading.py`.
"""
