"""Advice for given clients: on which network or server to train, what to expect, and which links to add.

May use `dssl.calculator`, `dssl.networks`, `dssl.user_files` and all packages that `dssl` may use. Begin with
`advise.py`.
"""
