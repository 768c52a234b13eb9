"""Geometry of features: uniformity, alignment, effective rank, representability, model distances, planes to plot."""

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import jax
import numpy as np
import scipy.linalg
from jaxtyping import Float, Float32, Float64, Integer
from sklearn.decomposition import PCA

from sims.pretraining.encoders import PyTree

Features = Float[np.ndarray, "n feature"]
Per = Literal["model", "array"]
BLOCK = 1024
NEIGHBOURS = 15  # UMAP's default
# Features are float32: what varies less than this, relative to the largest feature, is round-off.
ROUND_OFF = 8 * float(np.finfo(np.float32).eps)


def uniformity(features: Features, t: float = 2.0) -> float:
    """log of the mean over pairs of different images of exp(-t |u - v|^2), with u and v features of length one.

    Source: wang2020, Section 4.1. SSD prints it with the sign turned, so that more is more uniform.
    Units: from -4 t (not reached by more than two) for spread features up to 0 where all point one way.
    Errors: ValueError for fewer than two features, or one of length zero or not finite.
    """
    unit = _directions(features)
    if len(unit) < 2 or not t > 0:
        raise ValueError(f"Two features and a positive t were wanted; got {len(unit)} features and t={t}.")
    total = 0.0
    for i in range(0, len(unit), BLOCK):
        rows = unit[i : i + BLOCK]
        squared = np.maximum(2 - 2 * rows @ unit[i:].T, 0)
        # Of this block against itself and what follows, each pair once.
        total += float(np.sum(np.triu(np.exp(-t * squared), k=1)))
    return float(np.log(total / (len(unit) * (len(unit) - 1) / 2)))


def alignment(first: Features, second: Features, alpha: float = 2.0) -> float:
    """Mean of |u - v|^alpha over images, u and v being features of two views of one image, scaled to length one.

    Source: wang2020, Section 4.1. Units: in [0, 2^alpha], 0 where views do not matter.
    Errors: ValueError for different shapes, or features of length zero or not finite.
    """
    if first.shape != second.shape:
        raise ValueError(f"Two views of the same images were wanted; got {first.shape} and {second.shape} features.")
    return float(np.mean(np.linalg.norm(_directions(first) - _directions(second), axis=1) ** alpha))


def effective_rank(features: Features) -> float:
    """exp of the entropy of the singular values of the features about their mean, scaled to sum to one.

    Source: roy2007; taking the mean away is ledger: a common offset is no dimension.
    Units: from 1 for features on a line up to the rank; 0 where they do not vary beyond float32 round-off.
    Errors: ValueError for features that are not finite.
    """
    sizes = _spectrum(features)[1]
    if len(sizes) == 0:
        return 0.0
    shares = sizes / sizes.sum()
    return float(np.exp(-np.sum(shares * np.log(shares))))


def linear_cka(first: Features, second: Float[np.ndarray, "n other"]) -> float:
    """How alike two encoders' features of the same images are, whatever the axes and scale of either.

    |X' Y|^2 over |X' X| |Y' Y| in Frobenius norms, X and Y about their means.
    Source: kornblith2019, Equation 3 with linear kernels; robert1976, as the RV coefficient.
    Units: in [0, 1], 1 for features that a rotation and a scale make equal.
    Errors: ValueError for different numbers of images, or features that do not vary or are not finite.
    """
    if len(first) != len(second):
        raise ValueError(f"Features of the same images were wanted; got {len(first)} and {len(second)} of them.")
    (left, a), (right, b) = _spectrum(first), _spectrum(second)
    if not len(a) or not len(b):
        raise ValueError("Features that vary were wanted; got the same for all images. Look at the loss.")
    shared = np.sum(((left * a).T @ (right * b)) ** 2)
    return float(shared / (np.linalg.norm(a**2) * np.linalg.norm(b**2)))


@dataclass(frozen=True)
class FeatureRepresentability:
    """`shares[k]` of direction k, and `floor`, the share that features unrelated to the images have on average."""

    shares: Float64[np.ndarray, " directions"]
    floor: float

    @property
    def above_floor(self) -> Float64[np.ndarray, " directions"]:
        """0 on average for unrelated features, 1 for those that determine the direction (the adjusted R^2)."""
        return (self.shares - self.floor) / (1 - self.floor)


def feature_representability(
    features: Features, images: Float[np.ndarray, "n dim"], directions: Float[np.ndarray, "directions dim"]
) -> FeatureRepresentability:
    """r_k for any encoder: the share of the images' variance along direction k that is linear in the features.

    Source: ledger, not the paper's. For a linear encoder W and images of covariance S it is Definition 4.1 of chen2026
    in whitened coordinates, the squared length of S^(1/2) d_k, scaled to one, in the row space of W S^(1/2); that is
    r_k itself where S is isotropic. Units: in [0, 1]; over whitened orthonormal directions at most the rank in sum.
    Errors: ValueError for different numbers of images, as many features as images less one, a direction in which
    images do not vary, or entries that are not finite.
    """
    if len(features) != len(images) or directions.shape[1] != images.shape[1]:
        raise ValueError(
            "Features of each image and directions of an image's size were wanted; got features "
            f"{features.shape}, images {images.shape}, directions {directions.shape}."
        )
    left, sizes = _spectrum(features)
    if len(sizes) >= len(images) - 1:
        raise ValueError(
            f"{len(images)} images are explained by any {len(sizes)} features. Use ten times as many images."
        )
    wanted = (images - images.mean(axis=0)) @ directions.T.astype(np.float64)
    along = np.linalg.norm(wanted, axis=0)
    if not np.isfinite(along).all() or along.min() <= ROUND_OFF * max(along.max(), 1e-300):
        raise ValueError(f"Images that vary along each direction were wanted; got lengths {along}. Drop the others.")
    shares = np.minimum(np.sum((left.T @ (wanted / along)) ** 2, axis=0), 1.0)
    return FeatureRepresentability(shares, len(sizes) / (len(images) - 1))


def principal_axes(images: Float[np.ndarray, "n dim"], n_axes: int) -> Float64[np.ndarray, "n_axes dim"]:
    """Orthonormal directions in which images vary most, as rows; there `feature_representability` needs no whitening.

    Errors: ValueError for more axes than images less one, or pixels.
    """
    most = min(len(images) - 1, images.shape[1])
    if not 1 <= n_axes <= most:
        raise ValueError(f"Between 1 and {most} axes were wanted; got n_axes={n_axes}.")
    return PCA(n_axes, svd_solver="full").fit(images.astype(np.float64)).components_


def class_directions(
    images: Float[np.ndarray, "n dim"], labels: Integer[np.ndarray, " n"]
) -> Float64[np.ndarray, "classes dim"]:
    """From the mean over classes to each class's mean, of length one: what stands for the paper's e_k on real images.

    Source: ledger. Errors: ValueError for a class whose mean is that of all.
    """
    means = np.stack([images[labels == c].mean(axis=0, dtype=np.float64) for c in np.unique(labels)])
    offsets = means - means.mean(axis=0)
    if np.linalg.norm(offsets, axis=1).min() <= ROUND_OFF * np.linalg.norm(means):
        raise ValueError(f"Classes with a mean of their own were wanted; one of {len(means)} has that of all. Drop it.")
    return _directions(offsets)


def weight_distance(first: PyTree, second: PyTree, per: Per = "model") -> float:
    """Euclidean distance of two models' parameters: of all at once, or added up over the arrays of the tree.

    Source: chen2026, Table 5. The text adds up layers, the released code (`l2_weight_distance`) takes all at once.
    Units: those of the weights. Per model it grows as the square root of their number, so compare one architecture.
    Errors: ValueError for trees of different shape, arrays that are not finite, or another `per`.
    """
    if per not in get_args(Per):
        raise ValueError(f"per must be one of {get_args(Per)}; got per={per!r}.")
    shapes = [jax.tree.map(np.shape, tree) for tree in (first, second)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"Models of one architecture were wanted; got arrays {shapes[0]} and {shapes[1]}.")
    pairs = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    norms = np.array([np.linalg.norm(np.asarray(a, np.float64) - np.asarray(b, np.float64)) for a, b in pairs])
    if not np.isfinite(norms).all():
        raise ValueError(f"Finite weights were wanted; got distances {norms}. Look at the loss.")
    return float(np.sum(norms)) if per == "array" else float(np.linalg.norm(norms))


def project(features: Features, dims: int = 20, seed: int = 0) -> Float32[np.ndarray, "n 2"]:
    """Features in the plane: their `dims` principal components, then UMAP; one seed gives one picture.

    Source: chen2026, Appendix A.3.1 (20 components); mcinnes2018. Only neighbourhoods mean anything: two pictures, of
    two models, share no axes.
    Errors: ValueError for too few features or components; ImportError without umap-learn.
    """
    most = min(len(features) - 1, features.shape[1])
    if not 1 <= dims <= most or len(features) <= NEIGHBOURS:
        raise ValueError(
            f"More than {NEIGHBOURS} features and between 1 and {most} components were wanted; got {len(features)} "
            f"features, dims={dims}."
        )
    _check_finite(features)
    try:
        with warnings.catch_warnings():
            # It misses TensorFlow, for a part that is not used here.
            warnings.simplefilter("ignore", ImportWarning)
            from umap import UMAP
    except ImportError as error:
        raise ImportError("Projecting features to the plane needs umap-learn: pip install umap-learn.") from error
    components = PCA(dims, svd_solver="full").fit_transform(features.astype(np.float64))
    plane = UMAP(n_components=2, n_neighbors=NEIGHBOURS, random_state=seed, n_jobs=1).fit_transform(components)
    return np.asarray(plane, np.float32)


def _directions(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    wrong = int(np.sum(~(np.isfinite(lengths) & (lengths > 0))))
    if wrong:
        raise ValueError(
            f"A direction needs a finite length above 0; got {wrong} of {len(vectors)} without. Drop them."
        )
    return vectors / lengths


def _spectrum(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal basis of the centred features as functions of the image, and their singular values."""
    _check_finite(features)
    wide = features.astype(np.float64)
    left, sizes, _ = scipy.linalg.svd(wide - wide.mean(axis=0), full_matrices=False)
    kept = sizes > ROUND_OFF * max(np.linalg.norm(wide), 1e-300)
    return left[:, kept], sizes[kept]


def _check_finite(features: np.ndarray) -> None:
    wrong = int(np.sum(~np.isfinite(features)))
    if wrong:
        raise ValueError(f"Finite features were wanted; got {wrong} entries that are not. Look at the loss.")
