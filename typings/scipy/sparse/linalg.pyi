from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.sparse import csc_array, sparray

class ArpackNoConvergence(RuntimeError): ...

class LinearOperator:
    def __init__(
        self, shape: tuple[int, int], matvec: Callable[[np.ndarray], np.ndarray], *, dtype: Any = None
    ) -> None: ...

class SuperLU:
    U: csc_array

# Eigenvalues alone, or with their vectors.
def eigs(
    A: LinearOperator,
    k: int = 6,
    *,
    which: str = "LM",
    v0: np.ndarray | None = None,
    maxiter: int | None = None,
    tol: float = 0,
    return_eigenvectors: bool = True,
) -> Any: ...
def eigsh(
    A: sparray | np.ndarray,
    k: int = 6,
    *,
    sigma: float | None = None,
    which: str = "LM",
    v0: np.ndarray | None = None,
    ncv: int | None = None,
    maxiter: int | None = None,
    return_eigenvectors: bool = True,
) -> Any: ...
def gmres(
    A: LinearOperator, b: np.ndarray, *, rtol: float = 1e-5, maxiter: int | None = None
) -> tuple[np.ndarray, int]: ...
def splu(
    A: csc_array,
    permc_spec: str | None = None,
    diag_pivot_thresh: float | None = None,
    *,
    options: Mapping[str, Any] | None = None,
) -> SuperLU: ...
