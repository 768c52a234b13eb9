"""Triangular factors of Gaussian matrices drawn from their own law (Bartlett), instead of from data."""

import numpy as np
from jaxtyping import Float


def bartlett(rng: np.random.Generator, trials: int, n_rows: int, width: int) -> Float[np.ndarray, "trials width width"]:
    """Upper triangular R with R^T R distributed as G^T G, G standard Gaussian of shape (n_rows, width).

    Diagonal entry i is a chi with n_rows - i degrees of freedom, entries above are standard normal. With fewer rows
    than columns the last rows of R are zero, and R^T R has rank n_rows.
    Source: ledger (Bartlett's decomposition).
    """
    r = np.zeros((trials, width, width))
    filled = min(n_rows, width)
    # Row by row: filling all entries above the diagonal at once by index takes longer than drawing them.
    for i in range(min(filled, width - 1)):
        r[:, i, i + 1 :] = rng.standard_normal((trials, width - 1 - i))
    diagonal = np.arange(filled)
    r[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n_rows - diagonal, (trials, filled)))
    return r


def large_bartlett(rng: np.random.Generator, n_rows: int, width: int) -> Float[np.ndarray, "rows width"]:
    """One factor as `bartlett` draws it, without its zero rows, filled row by row for large widths."""
    filled = min(n_rows, width)
    r = np.zeros((filled, width))
    for i in range(filled):
        rng.standard_normal(out=r[i, i + 1 :])
    diagonal = np.arange(filled)
    r[diagonal, diagonal] = np.sqrt(rng.chisquare(n_rows - diagonal))
    return r


def square_root(gram: Float[np.ndarray, "*trials m m"]) -> Float[np.ndarray, "*trials m m"]:
    """R with R^T R = gram, for positive semi-definite matrices of any rank: the symmetric one.

    Eigenvectors alone would do, but their signs are the library's whim, and would decide which noise R meets.
    """
    values, vectors = np.linalg.eigh(gram)
    return (vectors * np.sqrt(np.clip(values, 0, None))[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def positive_qr(
    columns: Float[np.ndarray, "*trials rows k"],
) -> tuple[Float[np.ndarray, "*trials rows k"], Float[np.ndarray, "*trials k k"]]:
    """Q and R with Q R = columns, Q orthonormal and the diagonal of R not negative: those of Gram-Schmidt.

    Householder's signs are those of entries that may be round-off, and would decide which noise Q meets. Where columns
    depend on each other, round-off still decides on the directions that they leave open.
    """
    q, r = np.linalg.qr(columns)
    signs = np.where(np.diagonal(r, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return q * signs[..., None, :], r * signs[..., :, None]
