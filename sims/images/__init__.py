"""Images and who holds them: shares of clients, random views, and the loaders of the data sets below.

May use `sims.rounds`, `sims.losses` and `theory`. Begin with `partitions.py`, or with `datasets/loading.py`.
"""
