"""The population written out for Theorems 4.2 and 4.3 against the closed matrices, and networks against fractions."""

import networkx as nx
import numpy as np
import pytest

from ledger.checks.on_domain import Effort
from ledger.printed import printed_networks, printed_order, printed_theorems, printed_widths
from theory.data.moments import alignment_matrix
from theory.deficits import printed_sensitivity as ps
from theory.deficits.on_networks import expected_deficits
from theory.networks import small_networks
from theory.objectives.representability import leading_representability, representability
from theory.readings import Mask, Objective
from theory.setting import Setting

DIM, N = 1024, 5
AT = {"n_clients": N, "network": "star", "dim": DIM, "draw": 3}


@pytest.mark.parametrize("scope", ["local", "fl"])
def test_deficits_under_complementary_masks_are_those_of_the_exact_matrix(scope):
    matrix = alignment_matrix(Setting.paper(DIM, n_clients=N), Objective.MIM, Mask.COMPLEMENTARY, scope=scope)
    wanted = 1 - representability(matrix, N, N)[0]
    if scope == "local":
        np.testing.assert_allclose(printed_theorems.complementary_local(AT, DIM), wanted[1:], atol=1e-12)
    else:
        np.testing.assert_allclose(printed_theorems.complementary_federated(AT, DIM), wanted, atol=1e-12)


def test_leading_coordinates_without_signal_share_what_features_are_left():
    matrix = alignment_matrix(Setting.paper(DIM, n_clients=N, feature_dim=2 * N), Objective.MIM)
    wanted = 1 - leading_representability(matrix, 2 * N, 2 * N)
    np.testing.assert_allclose(printed_theorems.leading_coordinates(AT, DIM), wanted, atol=1e-12)


def test_shares_and_deficits_of_a_network_are_those_of_fractions():
    graph = nx.star_graph(N - 1)
    adjacency = nx.to_numpy_array(graph).astype(bool)
    shares = printed_theorems.objective_shares(adjacency)
    np.testing.assert_allclose(shares, [float(w) for w in small_networks.weights(graph)], rtol=1e-14)
    np.testing.assert_allclose(printed_networks.expected_deficits(adjacency, DIM), expected_deficits(graph), rtol=1e-12)


def test_an_added_link_is_one_that_was_missing():
    before, after = printed_networks.network_at(AT), printed_networks.with_one_link(AT)
    assert (after & ~before).sum() == 2
    assert not (before & ~after).any()
    assert printed_networks.missing_links(np.ones((3, 3), bool)) == []


@pytest.mark.parametrize("formula", [ps.DEC_MIM, ps.DEC_CL_H_PROOF, ps.FED_CL_H])
def test_a_width_at_a_point_is_that_of_the_printed_formula(formula):
    at = {"dim": 10**6, "connectivity": 3.0, "mask_ratio": 0.75, "trace_h": 2.0}
    at |= {"error_mim": 0.5, "error_cl": 2.0, "shift_fl": 0.1}
    assert printed_widths.width(formula, at) == pytest.approx(formula.value(**at), rel=1e-12)
    wide = printed_widths.width(formula, at, printed_widths.GROWTH)
    assert wide == pytest.approx(formula.value(**{**at, "dim": 10**6 * 2**20}), rel=1e-12)


def test_with_little_augmentation_noise_masking_costs_more():
    """The closed form has the critical noise of three clients in 32 dimensions far above a tenth."""
    setting = Setting.paper(32, 1.4, n_clients=3, augmentation_std=0.1)
    found = printed_order.differences(setting, printed_order.INDEPENDENT_ONE_DRAW, "deficit", Effort(400, 1))
    assert found.shape == (50,)
    assert found.mean() < -5 * found.std() / np.sqrt(50)
