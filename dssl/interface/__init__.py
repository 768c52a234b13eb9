"""What `import dssl` offers: the same words as the command line, for notebooks and programs.

Nothing here prints, and nothing heavy is imported before it is needed. May use all rooms of `dssl` but `dssl.cli`.
Begin with `settings.py`; `quantities.py` has one function for each quantity of the calculator.
"""
