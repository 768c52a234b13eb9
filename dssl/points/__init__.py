"""One statement at points of your choice. A point gives each parameter of the statement a value, such as n_clients=8.

Is the point in the statement's domain, what is claimed there, what is measured, and does the claim hold?

May use all packages that `dssl` may use, and no other room of `dssl`. Begin with `check.py`.
"""
