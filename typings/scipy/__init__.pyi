"""The types of the part of scipy that is used here, arrays left without shapes.

scipy ships no types, and reading its source costs the checker more time than anything else. What is missing here is an
error of the type checker: add it. `tests/test_typings.py` asks the installed scipy for every name.
"""

from scipy import (
    integrate as integrate,
)
from scipy import (
    linalg as linalg,
)
from scipy import (
    ndimage as ndimage,
)
from scipy import (
    optimize as optimize,
)
from scipy import (
    signal as signal,
)
from scipy import (
    sparse as sparse,
)
from scipy import (
    spatial as spatial,
)
from scipy import (
    special as special,
)
from scipy import (
    stats as stats,
)
