"""One simulated training from a configuration, each client with a linear model, beside every prediction for it.

May use `dssl.calculator`, `dssl.networks`, `dssl.user_files` and all packages that `dssl` may use. Begin with
`linear.py`.
"""
