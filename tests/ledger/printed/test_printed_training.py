"""Networks and servers at rest against simulated training with two local steps."""

import numpy as np
import pytest

from ledger.checks.on_domain import Effort
from ledger.drawn import aligned_clients as clients
from ledger.drawn.drawn_networks import mixing_at
from ledger.printed import printed_training as printed
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions

AT = {"n_clients": 4, "network": "ring", "dim": 4, "feature_dim": 2, "draw": 3}


@pytest.mark.parametrize("local_steps", [1, 2])
def test_the_averaged_model_at_rest_is_that_of_training(local_steps):
    matrices, _ = clients.matrices_at(AT, 0.3, "masked")
    best, wanted = clients.optimum(matrices.mean(axis=0), 2)
    options = TrainingOptions(step_size=clients.STEP_SIZE, rounds=4000, local_steps=local_steps)
    run = train(np.broadcast_to(best, (4, 2, 4)), matrices, mixing_at(AT), options)
    found = clients.at_rest(matrices, matrices, mixing_at(AT), 2, local_steps=local_steps).mean(axis=0)
    trained = np.asarray(run.pre_mix).mean(axis=0)
    np.testing.assert_allclose(printed.projector_of(found), printed.projector_of(trained), atol=1e-10)
    assert printed.distance(found, wanted) == pytest.approx(printed.distance(trained, wanted), abs=1e-9)
    assert printed.sensitivity(found, wanted) == pytest.approx(printed.sensitivity(trained, wanted), abs=1e-9)


def test_with_one_local_step_a_server_ends_at_its_optimum():
    """Its distance is round-off, so that there is no ratio to it; with two steps there is."""
    for local_steps, is_round_off in ((1, True), (2, False)):
        check = printed.server_is_no_worse(printed.distance, "", local_steps=local_steps, two_kinds=True)
        assert np.isnan(check.then.measured(AT, Effort(1, 1)).values[0]) == is_round_off
