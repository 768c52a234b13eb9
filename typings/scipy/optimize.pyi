from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

class OptimizeResult:
    x: np.ndarray
    fun: float
    success: bool

def brentq(f: Callable[[float], Any], a: float, b: float, *, xtol: float = 2e-12, rtol: float = ...) -> float: ...
def minimize(
    fun: Callable[[np.ndarray], Any],
    x0: ArrayLike,
    *,
    method: str | None = None,
    jac: Callable[[np.ndarray], ArrayLike] | bool | None = None,
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
    constraints: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
    options: Mapping[str, Any] | None = None,
) -> OptimizeResult: ...

def differential_evolution(
    func: Callable[[np.ndarray], float],
    bounds: Sequence[tuple[float, float]],
    *,
    maxiter: int = ...,
    tol: float = ...,
    rng: np.random.Generator | int | None = None,
    polish: bool = True,
    init: str | np.ndarray = "latinhypercube",
) -> OptimizeResult: ...
