"""What a point of a domain names: networks, clients' matrices, data, transformations and embeddings, as plain arrays.

A point such as n_clients=5, network=random, draw=19 always gives the same arrays. May use `ledger.checks`, `sims` and
`theory`. Begin with `drawn_networks.py`.
"""
