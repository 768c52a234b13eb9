"""The commands of `dssl`, one file each: a dataclass of options whose `run()` returns the exit code.

May use the rest of `dssl` and every floor below. Begin with `main.py`, which lists the commands.
"""
