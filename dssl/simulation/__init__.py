"""One simulated training of linear clients from a configuration, beside every prediction for it.

May use `dssl.calculator`, `dssl.networks`, `dssl.user_files` and every floor below. Begin with `linear.py`.
"""
