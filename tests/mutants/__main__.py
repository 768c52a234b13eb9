"""`python -m tests.mutants`: see `run.py`. Each process that is started imports this file, so it imports nothing."""

if __name__ == "__main__":
    import sys

    from tests.mutants.run import main

    sys.exit(main(sys.argv[1:]))
