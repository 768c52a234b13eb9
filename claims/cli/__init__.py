"""The subcommands of `dssl`, one file each: a dataclass of options with `run() -> exit code`."""
