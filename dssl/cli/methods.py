"""`dssl methods`: the methods that can be trained, how each differs from its publication, and its options."""

from dataclasses import dataclass

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Methods:
    """List the methods of self-supervision, or tell of one: `dssl methods fedu2`.

    Of one: its source, what of the published method is kept and what is changed, and the options that `dssl pretrain
    --option` takes. Exit code 2 for an unknown method.
    """

    name: tyro.conf.Positional[str] = ""
    """A method; without one, all are listed."""

    def run(self) -> int:
        """Prints the list, or what is told of one method; exit code 0. Errors: UsageError for an unknown method."""
        from experiments.pretraining.methods import describe, names

        console = Console(soft_wrap=False, highlight=False)
        if not self.name:
            table = Table(box=None, show_header=False, pad_edge=False)
            for name in names():
                table.add_row(Text(name), Text(describe(name).sentence))
            console.print(table)
            return 0
        found = describe(self.name)
        console.print(Text(found.sentence), Text(found.text), sep="\n\n")
        table = Table("option", "type", "if not given", "of", box=None, pad_edge=False)
        for one in found.options:
            table.add_row(*(Text(word) for word in (one.name, one.kind, one.default, one.method)))
        console.print("", table, sep="\n")
        return 0
