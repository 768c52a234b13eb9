"""The command that writes the page: `python -m dssl.documents.explorer --out explorer.html`."""

import argparse
import pathlib
import sys

from dssl.documents.explorer import page
from runtime import store
from runtime.usage import UsageError


def main() -> None:
    """Writes the page and says where; exit code 2 where it cannot be written."""
    parser = argparse.ArgumentParser(prog="python -m dssl.documents.explorer", description=page.__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(page.NAME), help="the file to write")
    parser.add_argument("--cards", help="the folder of the site's claims, relative to the page; links lead there")
    options = parser.parse_args()
    try:
        store.check_writable(options.out)
        store.write(options.out, page.build(options.cards))
    except UsageError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(f"Open {options.out} in a browser; it needs no server.")


if __name__ == "__main__":
    main()
