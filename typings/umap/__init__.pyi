"""The types of the part of umap-learn that is used here. What is missing is an error of the type checker: add it."""

import numpy as np

class UMAP:
    def __init__(
        self, n_neighbors: int = 15, n_components: int = 2, *, random_state: int | None = None, n_jobs: int = -1
    ) -> None: ...
    def fit_transform(self, X: np.ndarray) -> np.ndarray: ...
