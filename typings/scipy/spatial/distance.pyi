import numpy as np
from numpy.typing import ArrayLike

def pdist(X: ArrayLike) -> np.ndarray: ...
