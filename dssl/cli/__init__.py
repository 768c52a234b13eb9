"""The commands of `dssl`, one file each: a dataclass of options whose `run()` returns the exit code.

May use the rest of `dssl` and all packages that `dssl` may use. Begin with `main.py`, which lists the commands.
"""
