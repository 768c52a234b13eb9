"""The calculator's catalogue: one file per quantity, found by listing this folder.

Each file holds `TITLE` (a line of words), a frozen dataclass `Query` whose fields are the arguments that a user gives
(with types and defaults), and `answer(query) -> Answer`. `Query.__post_init__` raises ValueError with one clear
sentence on bad input. May use `dssl.networks`, `dssl.user_files` and all packages that `dssl` may use. Begin with
`deficit.py`; a new file is a new quantity.
"""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Answer:
    """What the calculator says.

    `value` is a number, list or object. `status` is "void" when the formula gives nothing there (a bound with no
    content) and "out_of_domain" when its derivation does not cover the point; then `reason` says why and `value` is
    None. `exact` is the closed form with the numbers put in, if one exists; `latex` the general formula.
    """

    value: Any
    units: str
    source: str
    exact: str = ""
    latex: str = ""
    status: Literal["ok", "void", "out_of_domain"] = "ok"
    reason: str = ""
