"""How far long work is: a bar in a terminal; where output goes to a file or a pipe, a line now and then."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

EVERY = 30.0  # seconds between two lines


class Steps:
    """Shows how many of `total` steps are done, on standard error, with the time left.

    `every`: the seconds between two lines where there is no terminal; work that ends sooner prints none.
    """

    def __init__(self, what: str, total: int, every: float = EVERY) -> None:
        self._what, self._total, self._every = what, total, every
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=total)
        self._begun = self._told = time.monotonic()

    def __enter__(self) -> "Steps":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def update(self, done: int, doing: str = "") -> None:
        """So many steps are done; `doing` names the last one."""
        self._bar.update(self._task, completed=done, description=doing or self._what)
        now = time.monotonic()
        if self._bar.disable and now - self._told >= self._every and done < self._total:
            self._told = now
            left = (now - self._begun) * (self._total - done) / done if done else None
            said = "" if left is None else f", about {_time(left)} left"
            print(f"{self._what}: {done} of {self._total} after {_time(now - self._begun)}{said}", file=sys.stderr)


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
