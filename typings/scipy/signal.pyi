import numpy as np
from numpy.typing import ArrayLike

def correlate(in1: ArrayLike, in2: ArrayLike, mode: str = "full") -> np.ndarray: ...
