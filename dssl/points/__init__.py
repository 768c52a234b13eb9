"""One statement at points of your choice: is the point in its domain, what is claimed there, what is measured.

May use all packages that `dssl` may use, and no other room of `dssl`. Begin with `check.py`.
"""
