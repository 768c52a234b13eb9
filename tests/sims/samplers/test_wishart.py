import os
import pathlib
import subprocess
import sys

import numpy as np

from sims.samplers.wishart import positive_qr, square_root

# Draws from one seed: of the sampler whose start block takes a square root, of the one whose directions come one by one
# (some trials need the whole matrix), of both objectives at once, and of clients along an eigenvector.
DRAWS = """
import sys
import numpy as np
from sims.samplers import montecarlo
from sims.linear import heterogeneity
from theory.readings import Objective, Rare, Reading
from theory.setting import Setting
from theory.networks.topologies import topology
s = Setting.paper(256, n_clients=4, samples_per_client=65536, augmentation_std=1.0)
asked = dict(objective=Objective.CL, scope="fl", reading=Reading(draws=1), trials=1000)
r = montecarlo.sample_representability(6, s, **asked).r
few = Setting.paper(64, n_clients=4, samples_per_client=32, augmentation_std=1.0)
asked |= dict(reading=Reading(draws=1, rare=Rare.OUTSIDE), trials=60)
revealed = montecarlo.sample_representability(6, few, **asked).r
pair = montecarlo.sample_pair(6, s, trials=200)
x = [heterogeneity.homophily(0, topology(name, 16), 8, 3, 0.3) for name in ("ring", "hypercube", "star")]
np.savez(sys.argv[1], r=r, x=np.stack(x), revealed=revealed, pair=np.stack([one.r for one in pair]))
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
            cwd=pathlib.Path(__file__).parents[3],
            env=os.environ | {"OPENBLAS_CORETYPE": core, "JAX_PLATFORMS": "cpu"},
        )
        found.append(np.load(path))
    for name, within in (("r", 1e-11), ("x", 1e-11), ("revealed", 1e-9), ("pair", 1e-9)):
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=0, atol=within)


def test_the_positive_factors_do_not_hang_on_round_off():
    """Columns that begin with zeros: Householder's signs are those of what is left there."""
    rng = np.random.default_rng(3)
    columns = np.concatenate([np.zeros((4, 3, 3)), rng.standard_normal((4, 6, 3))], axis=1)
    noise = 1e-18 * rng.standard_normal(columns.shape) * (columns == 0)
    found = [positive_qr(columns + way * noise) for way in (-1, 1)]
    plain = [np.linalg.qr(columns + way * noise)[0] for way in (-1, 1)]
    assert np.abs(plain[0] - plain[1]).max() > 0.1
    for (q, r), (other_q, other_r) in zip(found, found[::-1], strict=True):
        np.testing.assert_allclose(q, other_q, rtol=0, atol=1e-14)
        np.testing.assert_allclose(r, other_r, rtol=0, atol=1e-14)
        np.testing.assert_allclose(q @ r, columns, rtol=0, atol=1e-14)
        assert (np.diagonal(r, axis1=1, axis2=2) > 0).all()
    dependent = np.repeat(columns[:, :, :1], 3, axis=2)
    q, r = positive_qr(dependent)
    np.testing.assert_allclose(q @ r, dependent, rtol=0, atol=1e-14)
    np.testing.assert_allclose(np.swapaxes(q, 1, 2) @ q, np.broadcast_to(np.eye(3), (4, 3, 3)), rtol=0, atol=1e-14)
