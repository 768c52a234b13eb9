"""What notebook 05 says of networks, held against what its cells find and against the closed forms behind it."""

import numpy as np
import pytest

import dssl
from theory.networks.certificate import certificate
from theory.networks.spectra import closed_form_spectrum
from theory.training.published_bounds import published_bounds


@pytest.fixture(scope="module")
def found(ran):
    return ran("05")


def test_all_metropolis_networks_count_clients_alike_and_the_rings_eigenvalues_are_exact(found):
    for network in found.networks.values():
        assert network.certificate.is_valid
        assert network.certificate.is_doubly_stochastic
    closed = closed_form_spectrum("ring", 16, "mixing")
    assert closed is not None
    assert np.sort(found.networks["ring"].mixing_spectrum) == pytest.approx(sorted(map(float, closed)), abs=1e-12)


def test_the_barbell_has_many_links_and_nearly_the_smallest_gap(found):
    gaps = {name: network.spectral_gap for name, network in found.networks.items()}
    assert sorted(gaps, key=lambda name: gaps[name])[:2] == ["path", "barbell"]
    assert sorted(found.networks, key=lambda name: -found.networks[name].n_links)[1] == "barbell"


def test_two_clients_that_swap_models_obey_assumption_a3_and_never_agree():
    swap = certificate(np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert swap.is_row_stochastic
    assert not swap.is_valid


def test_the_resummed_prediction_is_as_good_as_a_simulation_and_the_bound_holds(found):
    for name, measured in found.disagreement.items():
        values = found.predicted[name]
        assert bool(found.trained[name].attrs["converged"])
        assert values["curvature_resummed"] == pytest.approx(measured, rel=0.02)
        assert measured < values["first_order"] < values["spectral_gap_bound"] * (1 + 1e-9)
        recorded = float(found.trained[name].consensus_post_mix_predicted.sel(prediction="recorded_gradients"))
        assert recorded == pytest.approx(measured, rel=1e-6)


def test_first_order_puts_some_networks_in_another_order(found):
    simulated = sorted(found.disagreement, key=lambda name: found.disagreement[name])
    assert sorted(found.by_first_order) == sorted(simulated)
    assert found.by_first_order != simulated
    resummed = sorted(simulated, key=lambda name: found.predicted[name]["curvature_resummed"])
    assert resummed == simulated


def test_one_averaging_turns_the_differences_of_unlike_neighbours_and_leaves_less_than_a_third(found):
    assert -1 / 3 < found.factor < -0.2


def test_the_recorded_example_of_uniform_averaging_is_a_network_of_five(found):
    def network(said):
        links = ",".join(said.removeprefix("N = 5, links ").split())
        return dssl.Network(f"edges:{links}", 5, mixing="uniform")

    for name, value in (("network", "before"), ("with_link", "after")):
        said = found.expected_disagreement(network(found.example[name]))
        assert said == pytest.approx(found.example[value], rel=1e-6)
    assert found.example["after"] > found.example["before"]


def test_first_order_is_too_large_on_slow_networks_most(found):
    ratio = {name: found.predicted[name]["first_order"] / value for name, value in found.disagreement.items()}
    fast = [name for name in ratio if found.networks[name].spectral_gap > 0.2]
    assert max(ratio[name] for name in fast) < 1.5 < 2 < min(ratio[name] for name in ratio if name not in fast)


def test_published_bounds_are_looser_by_another_factor_of_six(found):
    for name, values in found.predicted.items():
        network = found.networks[name]
        gain = max(network.lambda_2 / (1 - network.lambda_2), -network.mixing_spectrum[-1])
        zeta_squared = values["spectral_gap_bound"] / (found.STEP * gain) ** 2
        published = published_bounds(network.mixing_matrix, zeta_squared, found.STEP).values()
        assert values["spectral_gap_bound"] < min(b.value for b in published if b.is_bound) / 6


def test_the_barbell_agrees_much_worse_than_the_torus_with_fewer_links(found):
    assert found.n_links["barbell"] > found.n_links["torus:4x4"]
    assert found.disagreement["barbell"] > 10 * found.disagreement["torus:4x4"]


def test_to_first_order_alike_neighbours_reach_the_bound_and_unlike_ones_are_far_below(found):
    (alike, first, bound), (shuffled, _, _), (unlike, _, other) = found.placed.values()
    assert first == pytest.approx(bound, rel=1e-6)
    assert alike > shuffled > 100 * unlike
    assert bound == pytest.approx(other, rel=1e-9)  # it does not see who sits where


def test_training_ends_at_the_best_model_for_the_training_weights(found):
    fine, coarse = ({name: found.distance[step, name] for name in found.WEIGHTS} for step in (0.01, 0.02))
    assert fine["training"] < fine["objective"] / 4 < fine["equal"] / 4
    assert 1.5 < coarse["training"] / fine["training"] < 2.5
    for name in ("objective", "equal"):
        assert coarse[name] == pytest.approx(fine[name], rel=0.05)


def test_metropolis_weights_make_all_three_weights_equal(found):
    for network in found.networks.values():
        assert network.training_weights == pytest.approx(np.full(16, 1 / 16), abs=1e-9)
        assert network.objective_weights == pytest.approx(np.full(16, 1 / 16), abs=1e-9)


def test_every_connected_network_of_four_clients_was_tried(found):
    networks = {tuple(row[0]) for row in found.added}
    assert len(networks) == 37  # 38 connected labelled graphs of four nodes; the complete one lacks no link
    assert len(found.added) == sum(6 - len(links) for links in networks)


def test_links_that_raise_a_sensitivity_of_zero_are_chords_of_rings(found):
    assert found.from_zero
    for links, _, before, after in found.from_zero:
        assert sorted(np.bincount(np.ravel(links), minlength=4)) == [2, 2, 2, 2]
        assert before < 1e-9 < after
    weights = found.network_of([*found.RING, (0, 2)], "uniform").objective_weights
    assert weights[0] == pytest.approx(weights[2])
    assert weights[1] == pytest.approx(weights[3])
    assert weights[0] > weights[1]
    kept = dssl.representability(found.FOUR, objective="mim", mask="complementary", weights=weights)
    assert sorted(kept)[2] > sorted(kept)[1]


def test_the_chord_of_the_ring_is_what_raises_the_disagreement_with_metropolis_weights(found):
    rings = {tuple(links) for links, _, _, _ in found.from_zero}
    assert {tuple(links) for links, _, _, _ in found.slower["metropolis"]} == rings
    assert not found.slower["uniform"]
    assert dssl.ledger().search("cor45-trained.consensus-uniform")[0].status == "VIOLATED"


def test_a_link_that_leaves_the_other_weights_alone_never_raises_the_expected_disagreement(found):
    def fixed_step(links):
        return dssl.Network("edges:" + ",".join(f"{a}-{b}" for a, b in links), 4, mixing="laplacian", step=0.1)

    for links, link, _, _ in found.added:
        values = [found.expected_disagreement(fixed_step(these)) for these in (links, [*links, link])]
        assert values[1] <= values[0] * (1 + 1e-9)


def test_placed_in_every_way_the_chord_of_the_ring_harms_simulated_agreement(found):
    from itertools import permutations

    four = found.made_up_clients(4, seed=2)
    means = []
    for links in (found.RING, [*found.RING, (0, 2)]):
        network = found.network_of(links, "metropolis")
        ends = [
            float(
                dssl.train(
                    four[list(order)], network, feature_dim=3, rounds=2000, step_size=0.01
                ).consensus_post_mix_final
            )
            for order in permutations(range(4))
        ]
        means.append(np.mean(ends))
    assert means[1] > means[0]


def test_the_formula_with_all_eigenvalues_comes_closest(found):
    sizes = {name: abs(value) for name, value in found.correlation.items()}
    assert sizes["all eigenvalues"] > max(0.9, sizes["spectral gap"], sizes["links"] + 0.1)
    assert found.correlation["links"] < 0


def test_the_proposed_links_help_less_than_expected_and_still_more_than_halve_the_disagreement(found):
    before, after = found.gained
    assert after < before / 2
    assert before / after < found.choice.now / found.choice.reached
    assert found.choice.is_best


def test_push_sum_finds_the_best_shared_model_and_plain_averaging_does_not(found):
    assert found.off["push_sum"] < found.off["uniform"] / 20
