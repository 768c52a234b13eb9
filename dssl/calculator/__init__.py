"""The calculator: one quantity of the theory for given numbers; each quantity is one file of `quantities/`.

May use `dssl.networks`, `dssl.user_files` and all packages that `dssl` may use. Begin with `compute.py`.
"""
