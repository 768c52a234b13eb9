from collections.abc import Callable
from typing import Self

import numpy as np

class KNeighborsClassifier:
    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        weights: str | Callable[[np.ndarray], np.ndarray] | None = "uniform",
        algorithm: str = "auto",
        metric: str = "minkowski",
    ) -> None: ...
    def fit(self, X: np.ndarray, y: np.ndarray) -> Self: ...
    def predict(self, X: np.ndarray) -> np.ndarray: ...
    def score(self, X: np.ndarray, y: np.ndarray) -> float: ...
