import os
import pathlib
import subprocess
import sys

import numpy as np

from sims.wishart import square_root

# Draws from one seed, of the sampler whose start block takes a square root, and of clients along an eigenvector.
DRAWS = """
import sys
import numpy as np
from sims import heterogeneity, montecarlo
from theory.readings import Objective, Reading
from theory.setting import Setting
from theory.topologies import topology
s = Setting.paper(256, n_clients=4, samples_per_client=65536, augmentation_std=1.0)
asked = dict(objective=Objective.CL, scope="fl", reading=Reading(draws=1), trials=1000)
r = montecarlo.sample_representability(6, s, **asked).r
x = [heterogeneity.homophily(0, topology(name, 16), 8, 3, 0.3) for name in ("ring", "hypercube", "star")]
np.savez(sys.argv[1], r=r, x=np.stack(x))
"""


def test_a_square_root_does_not_depend_on_which_eigenvectors_a_library_returns(monkeypatch):
    g = np.random.default_rng(0).standard_normal((5, 2, 4))
    gram = np.swapaxes(g, 1, 2) @ g  # of rank two: an eigenvalue is repeated
    root = square_root(gram)
    np.testing.assert_allclose(np.swapaxes(root, 1, 2) @ root, gram, atol=1e-12)
    eigh = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda a: (eigh(a)[0], eigh(a)[1] * np.array([-1, 1, -1, 1])))
    np.testing.assert_allclose(square_root(gram), root, atol=1e-12)


def test_one_seed_draws_alike_with_the_linear_algebra_of_another_processor(tmp_path):
    found = []
    for core in ("Haswell", "Prescott"):
        path = tmp_path / f"{core}.npz"
        subprocess.run(
            [sys.executable, "-c", DRAWS, str(path)],
            check=True,
            cwd=pathlib.Path(__file__).parents[2],
            env=os.environ | {"OPENBLAS_CORETYPE": core, "JAX_PLATFORMS": "cpu"},
        )
        found.append(np.load(path))
    for name in ("r", "x"):
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=0, atol=1e-11)
