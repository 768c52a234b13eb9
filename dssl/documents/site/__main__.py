"""The command behind `make docs`: `python -m dssl.documents.site --out build/site_sources`."""

import argparse
import pathlib
import sys

from dssl.documents.site import sources
from runtime.usage import UsageError


def main() -> None:
    """Writes the sources and says how many pages they are; exit code 2 where an example or a record fails."""
    parser = argparse.ArgumentParser(prog="python -m dssl.documents.site", description=sources.__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the sources, which is emptied")
    parser.add_argument("--skip-examples", action="store_true", help="leave the outputs of the examples out")
    options = parser.parse_args()
    try:
        written = sources.write(options.out, runs_examples=not options.skip_examples)
    except UsageError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(f"{len(written)} files in {options.out}")


if __name__ == "__main__":
    main()
