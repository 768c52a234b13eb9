"""The alignment loss of a linear encoder and its gradient, written once for NumPy's arrays and JAX's alike.

f(W) = -tr(W X W^T) + 1/2 ||W^T W||_F^2, X the symmetric cross-moment of the two views. Training, the models at rest and
the claims all take it from here. Nothing is imported from JAX, so that NumPy's users need not wait for it.
"""

from typing import Any

from jaxtyping import Float


def loss(model: Float[Any, "*#batch feature dim"], covariance: Float[Any, "*#batch dim dim"]) -> Float[Any, "*#batch"]:
    """f(W) of every model.

    Source: chen2026, (2) and (4) as functions of the cross-moment X; only its symmetric part matters.
    Units: those of X, squared. Errors: none.
    """
    gram = model @ model.mT
    return (gram * gram).sum(axis=(-2, -1)) / 2 - ((model @ covariance) * model).sum(axis=(-2, -1))


def gradient(
    model: Float[Any, "*#batch feature dim"], covariance: Float[Any, "*#batch dim dim"]
) -> Float[Any, "*#batch feature dim"]:
    """The gradient of `loss`: 2 W (W^T W - X).

    Source: chen2026, (14) and (41), for symmetric X. Units: those of W times those of X. Errors: none.
    """
    return gradient_from_product(model, model @ covariance)


def gradient_from_product(
    model: Float[Any, "*#batch feature dim"], product: Float[Any, "*#batch feature dim"]
) -> Float[Any, "*#batch feature dim"]:
    """The gradient of `loss` from W and W X, for whoever has the product W X without the matrix X.

    Source: chen2026, (14) and (41). Units: those of `product`. Errors: none.
    """
    # W (W^T W) would make a matrix of size dim x dim, and a product of size dim x dim x feature.
    gram = model @ model.mT
    return 2.0 * (gram @ model - product)
