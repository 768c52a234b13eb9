"""Bytes of rounds against messages written out one by one, and against the paper's own figures."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dssl.calculator.compute import compute
from sims.losses.mar_variants import Variant
from sims.pretraining.communication import Payload, decentralised, federated, n_bytes, payload
from theory.alignment_term.weight_schedule import EMBEDDING_BYTES, MODEL_BYTES
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

VIT = {"visible_tokens": "49", "width": "768", "model_parameters": "86000000"}
MEBI = 2**20


def vit_payload(batch):
    """ViT-B/16 with three quarters of an image hidden: 86 million parameters and 49 tokens of 768 floats an image."""
    model = jax.ShapeDtypeStruct((86_000_000,), jnp.float32)
    return payload({"encoder": model}, jax.ShapeDtypeStruct((batch, 49 * 768), jnp.float32))


def test_bytes_are_counted_over_all_leaves_and_types():
    tree = {"a": jnp.zeros((3, 4), jnp.float32), "b": [jnp.zeros(5, jnp.bfloat16), jnp.zeros((), jnp.int8)]}
    assert n_bytes(tree) == 48 + 10 + 1 == sum(leaf.nbytes for leaf in jax.tree.leaves(tree))
    assert n_bytes(jax.eval_shape(lambda: tree)) == 59
    assert n_bytes(None) == 0


@pytest.mark.parametrize("batch", [256, 128, 64, 32])
def test_messages_are_those_of_the_theory(batch):
    message = vit_payload(batch)
    expected = compute("communication_overhead", VIT | {"batch": str(batch)})["value"]
    assert (message.embeddings, message.model) == (expected["embedding_bytes"], expected["model_bytes"])
    assert message.embeddings == EMBEDDING_BYTES.exact(tokens=49, token_dim=768, batch=batch)
    assert message.model == MODEL_BYTES.exact(parameters=86_000_000)


def test_the_figures_of_the_paper_are_mebibytes_of_the_way_up():
    one = np.array([True])
    extra = {b: int(federated(vit_payload(b), one, "printed").sent[0]) - vit_payload(b).model for b in (256, 128, 64)}
    assert [round(extra[b] / MEBI, 1) for b in (256, 128, 64)] == [36.8, 18.4, 9.2]
    assert round(vit_payload(256).model / MEBI) == 328
    assert [round(100 * vit_payload(b).embeddings / vit_payload(b).model, 1) for b in (256, 128, 64, 32)] == [
        11.2,
        5.6,
        2.8,
        1.4,
    ]


def test_a_server_exchanges_with_participants_alone():
    message, present = Payload(1000, 60), np.array([True, False, True, True, False])
    plain = federated(message, present)
    np.testing.assert_array_equal(plain.sent, [1000, 0, 1000, 1000, 0])
    np.testing.assert_array_equal(plain.received, plain.sent)
    ways_down: dict[Variant, int] = {
        "printed": 1000 + 60 + 4,
        "released": 1000 + 60 + 4,
        "corrected": 1000 + 3 * 60,
    }
    for variant, down in ways_down.items():
        found = federated(message, present, variant)
        np.testing.assert_array_equal(found.sent, 1060 * present)
        np.testing.assert_array_equal(found.received, down * present)
    assert plain.total == 6000


@pytest.mark.parametrize("name", ["ring", "star", "complete", "path"])
def test_neighbours_send_by_their_degree(name):
    adjacency = topology(name, 6)
    found = decentralised(Payload(1000, 60), mixing_matrix(adjacency, "uniform"))
    sent, received = np.zeros(6, dtype=int), np.zeros(6, dtype=int)
    for i in range(6):
        for j in range(6):
            if i != j and adjacency[i, j]:
                sent[j] += 1060
                received[i] += 1060
    np.testing.assert_array_equal(found.sent, sent)
    np.testing.assert_array_equal(found.received, received)
    assert found.sent.sum() == found.received.sum()


def test_on_one_way_links_the_receiver_is_the_row():
    mixing = np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])
    found = decentralised(Payload(10), mixing)
    np.testing.assert_array_equal(found.sent, [10, 20, 0])
    np.testing.assert_array_equal(found.received, [10, 0, 20])


def test_a_complete_network_costs_more_than_a_server_by_the_number_of_neighbours():
    message = Payload(1000)
    network = decentralised(message, np.full((8, 8), 1 / 8))
    server = federated(message, np.ones(8, dtype=bool))
    assert network.total == 7 * server.total


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: Payload(-1), "not negative"),
        (lambda: federated(Payload(1), np.zeros(3, dtype=bool)), "got none of 3"),
        (lambda: decentralised(Payload(1), np.ones((2, 3))), r"got shape \(2, 3\)"),
    ],
)
def test_what_cannot_be_is_refused(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_what_a_server_hands_down_may_be_more_than_what_it_gets():
    message = replace(payload(jnp.zeros(10, jnp.float32)), handed_down=120)
    traffic = federated(message, np.array([True, False, True]))
    np.testing.assert_array_equal(traffic.sent, [40, 0, 40])
    np.testing.assert_array_equal(traffic.received, [120, 0, 120])
