"""Images and who holds them: shares of clients, random views, and loaders, in `datasets`, of data sets.

May use `sims.rounds`, `sims.losses` and `theory`. Begin with `partitions.py`, or with `datasets/loading.py`.
"""
