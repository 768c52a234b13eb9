import numpy as np
from numpy.typing import ArrayLike

def correlate1d(input: ArrayLike, weights: ArrayLike, axis: int = -1, *, mode: str = "reflect") -> np.ndarray: ...
def map_coordinates(
    input: ArrayLike, coordinates: ArrayLike, *, order: int = 3, mode: str = "constant"
) -> np.ndarray: ...
