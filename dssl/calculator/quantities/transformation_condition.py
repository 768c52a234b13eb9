"""A linear second view H x: its effect on the signal, and the conditions on H that it meets."""

import math
import pathlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from dssl.calculator.quantities import Answer
from runtime.parse import shown
from runtime.usage import nearest
from theory.data.moments import second_moment
from theory.objectives.transformations import LARGEST_DIM, NAMES, named_transformation, transformation_condition
from theory.readings import Rare
from theory.setting import Setting

TITLE = "Conditions on H for CL with dissimilar views (A.9): trace, representability, what holds"


@dataclass(frozen=True)
class Query:
    """`H`: a name, or the path of a .npy file. `angle`, in radians, is for the rotation of the first two coordinates.

    identity; flip: all coordinates reversed; translation: all shifted by one, circularly; cyclic: the signal alone
    shifted; rotation; blur: circular [1/4, 1/2, 1/4]; negation: the signal times -1.
    """

    H: str
    n_clients: int
    dim: int
    feature_dim: int | None = None
    tau: float | None = None
    mu: float | None = None
    angle: float = math.pi
    scope: Literal["fl", "local"] = "fl"
    client: int = 0
    rare: Rare = Rare.ABSENT
    rare_fraction: float = 0.0
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.angle):
            raise ValueError(f"angle must be finite; got angle={self.angle}.")
        if self.dim > LARGEST_DIM:
            raise ValueError(f"H is a dense matrix here, so dim <= {LARGEST_DIM}; got dim={self.dim}. Lower dim.")
        if self.rare is Rare.ABSENT and self.rare_fraction > 0:
            raise ValueError(
                f"A rare class of share {self.rare_fraction} must point somewhere; got rare=absent. "
                "Use rare=inside or rare=outside."
            )
        self.setting()  # refuses what lies outside the assumption space

    def setting(self) -> Setting:
        """The point of the assumption space. Errors: ValueError, in one sentence, when it lies outside."""
        return Setting.paper(
            self.dim,
            n_clients=self.n_clients,
            feature_dim=self.feature_dim,
            tau=self.tau,
            mu=self.mu,
            rare_fraction=self.rare_fraction,
        )


def answer(query: Query) -> Answer:
    """The fields of `theory.objectives.transformations.Condition`."""
    s = query.setting()
    sigma = second_moment(s, scope=query.scope, client=query.client, rare=query.rare, weights=query.weights)
    is_named = query.H in NAMES
    h = named_transformation(query.H, s.n_clients, s.dim, query.angle) if is_named else _loaded(query.H)
    condition = transformation_condition(h, s, sigma)
    value = {k: list(v) if isinstance(v, Sequence) else v for k, v in asdict(condition).items()}
    return Answer(value, "dimensionless", "ledger, from chen2026 Assumption A.9 and (55)")


def _is_file(file: pathlib.Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # a name too long, or with a null character, names none
        return False


def _loaded(path: str) -> np.ndarray:
    """The matrix in a .npy file; never a pickle, and not read at all when it is too wide."""
    file = pathlib.Path(path)
    if not path or not _is_file(file):
        if not path.endswith(".npy"):
            raise ValueError(
                f"There is no transformation {shown(path)}; the nearest are {', '.join(nearest(path, NAMES))}. "
                "Give a name or the path of a .npy file."
            )
        raise ValueError(
            f"There is no file {shown(path)}. Give H as a name ({', '.join(NAMES)}) or an existing .npy file."
        )
    try:
        with file.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }.get(version)
            shape = header(stream)[0] if header else ()
        if max(shape, default=0) > LARGEST_DIM:
            raise ValueError(f"it holds shape {shape}, wider than {LARGEST_DIM}")
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(
            f"{shown(path)} cannot be read as a matrix ({error}). Save one with numpy.save, as numbers, not objects."
        ) from None
