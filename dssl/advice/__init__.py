"""Advice for given clients on a given network: what to expect, and which links to add.

May use `dssl.calculator`, `dssl.networks` and every floor below. Begin with `advise.py`; `client_data.py` refuses a
file of clients that it cannot use.
"""
