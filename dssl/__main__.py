"""`python -m dssl` is the command `dssl`."""

from dssl import main

if __name__ == "__main__":
    main()
