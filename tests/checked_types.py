"""The checker of types that functions of `theory` and `sims` run under in tests, where `CHECK_TYPES=1` asks for it."""

import os

from beartype import BeartypeConf, beartype

IS_ON = os.environ.get("CHECK_TYPES") == "1"
# An int is a float, as for type checkers (PEP 484): 1 is as good as 1.0.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
