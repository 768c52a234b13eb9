"""`Setting`: one point of the paper's data model, Section 3.2."""

import math
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float

# Any array: the type of JAX's own would import JAX here.
Real = float | Float[Any, "..."]


def _is_concrete(value: object) -> bool:
    return isinstance(value, int | float)


@dataclass(frozen=True)
class Setting:
    """Sizes (static, hashable) and reals (traced) of the simplified non-IID model.

    Source: chen2026, Section 3.2. Units: counts, and standard deviations in the unit of the class means (1).
    Errors: ValueError when a size or a concrete real lies outside the model. Traced reals are not checked.
    """

    n_clients: int
    dim: int
    feature_dim: int
    samples_per_client: int
    tau: Real
    mu: Real
    mask_ratio: Real = 0.75
    augmentation_std: Real = 1.0
    rare_fraction: Real = 0.0

    def __post_init__(self) -> None:
        _check_sizes(self.n_clients, self.dim, self.feature_dim, self.samples_per_client)
        _check_reals(self)

    @classmethod
    def paper(
        cls,
        dim: int,
        beta: float = 1.0,
        *,
        n_clients: int | None = None,
        feature_dim: int | None = None,
        samples_per_client: int | None = None,
        tau: Real | None = None,
        mu: Real | None = None,
        mask_ratio: Real = 0.75,
        augmentation_std: Real = 1.0,
        rare_fraction: Real = 0.0,
    ) -> "Setting":
        """The paper's scaling tau = d^(1/5), mu = d^(-1/5), N = max(2, floor(d^(1/20))), n_i = ceil(d^beta), c = N.

        Each keyword replaces one of them. Source: chen2026, Theorem 4.2. The paper asks c >= 2N; with no rare class
        only N signal directions exist, so c = N is the default and c = 2N a reading.
        """
        if isinstance(dim, int) and dim < 1:
            raise ValueError(f"dim is the number of coordinates, at least 1; got dim={dim}. Raise dim.")
        n = max(2, math.floor(dim ** (1 / 20))) if n_clients is None else n_clients
        return cls(
            n_clients=n,
            dim=dim,
            feature_dim=n if feature_dim is None else feature_dim,
            samples_per_client=math.ceil(dim**beta) if samples_per_client is None else samples_per_client,
            tau=dim ** (1 / 5) if tau is None else tau,
            mu=dim ** (-1 / 5) if mu is None else mu,
            mask_ratio=mask_ratio,
            augmentation_std=augmentation_std,
            rare_fraction=rare_fraction,
        )

    @property
    def total_samples(self) -> int:
        """Samples over all clients, N n_i."""
        return self.n_clients * self.samples_per_client


def _check_sizes(n_clients: int, dim: int, feature_dim: int, samples_per_client: int) -> None:
    sizes = {"n_clients": n_clients, "dim": dim, "feature_dim": feature_dim, "samples_per_client": samples_per_client}
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int):
            raise ValueError(f"{name} must be a whole number; got {name}={size!r}.")
    if n_clients < 2:
        raise ValueError(f"The model needs at least 2 clients; got n_clients={n_clients}. Use n_clients >= 2.")
    if dim < n_clients:
        raise ValueError(
            f"Each client owns one coordinate, so dim >= n_clients; got dim={dim}, n_clients={n_clients}. Raise dim."
        )
    if not 1 <= feature_dim <= dim:
        raise ValueError(
            f"The feature dimension must lie between 1 and dim; got feature_dim={feature_dim}, dim={dim}. "
            "Lower feature_dim."
        )
    if samples_per_client < 1:
        raise ValueError(f"Each client needs at least one sample; got samples_per_client={samples_per_client}.")


def _check_reals(s: "Setting") -> None:
    for name in ("tau", "mu", "mask_ratio", "augmentation_std", "rare_fraction"):
        value = getattr(s, name)
        if _is_concrete(value) and not math.isfinite(value):
            raise ValueError(f"{name} must be finite; got {name}={value}.")
    if _is_concrete(s.tau) and s.tau <= 0:
        raise ValueError(f"tau must be positive; got tau={s.tau}. Leave it out for the paper's d^(1/5).")
    if _is_concrete(s.mu) and s.mu < 0:
        raise ValueError(f"mu is a standard deviation, so mu >= 0; got mu={s.mu}. Leave it out for d^(-1/5).")
    if _is_concrete(s.mask_ratio) and not 0 < s.mask_ratio < 1:
        raise ValueError(f"mask_ratio must lie strictly between 0 and 1; got mask_ratio={s.mask_ratio}. Try 0.75.")
    if _is_concrete(s.augmentation_std) and s.augmentation_std < 0:
        raise ValueError(
            f"augmentation_std is a standard deviation, so at least 0; got augmentation_std={s.augmentation_std}."
        )
    if _is_concrete(s.rare_fraction) and not 0 <= s.rare_fraction < 1:
        raise ValueError(f"rare_fraction must lie in [0, 1); got rare_fraction={s.rare_fraction}.")
