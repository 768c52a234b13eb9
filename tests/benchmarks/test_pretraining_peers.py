"""The table of pre-training rounds says what was measured, and refuses to compare different work."""

import jax
import jax.numpy as jnp
import pytest

from benchmarks.pretraining_peers import disagreement, summary
from benchmarks.pretraining_worker import product_flops


def answers(*walls, **facts):
    return {turn: {"wall": wall, "parameters": 10, "steps": 6, **facts} for turn, wall in enumerate(walls)}


def test_ratios_are_taken_within_a_turn_against_the_faster_peer():
    found = {
        "engine, a": answers(1.0, 2.0, 4.0),
        "engine, b": answers(0.5),
        "PyTorch": answers(3.0, 8.0, 4.0),
        "PyTorch, else": answers(2.0, 9.0, 4.0),
    }
    a, b, peer, _ = summary(list(found), found, {}, [4.0, 8.0, 2.0], 2, 5)
    assert a == {
        "way": "engine, a",
        "ms a round": 2000.0,
        "images a second": 15.0,  # 6 steps of 5 in 2 s
        "PyTorch over it": 2.0,  # the median of 2, 4 and 1
        "share of the ceiling": 1.5,  # of 3, 3/4 and 3/2
        "turns": 3,
    }
    assert (b["PyTorch over it"], b["turns"]) == (4.0, 1)  # its own turn alone
    assert peer["PyTorch over it"] == 1.0


def test_a_missing_peer_is_said_and_leaves_no_ratio():
    found = {"engine": answers(1.0)}
    engine, peer = summary(["engine", "PyTorch"], found, {"PyTorch": "no torch"}, [1.0], 2, 5)
    assert engine["PyTorch over it"] is None
    assert peer["way"] == "PyTorch: missing, no torch"
    assert peer["ms a round"] is None
    assert list(engine) == list(peer)


@pytest.mark.parametrize("what", ["parameters", "steps"])
def test_other_work_is_not_compared(what):
    same = {"engine": answers(1.0, moved=1.0, loss=2.0), "PyTorch": answers(1.0, moved=3.0, loss=4.0)}
    assert disagreement(same) is None
    assert what in disagreement(
        same | {"PyTorch": answers(1.0, moved=3.0, loss=4.0) | {1: same["engine"][0] | {what: 7}}}
    )


@pytest.mark.parametrize("what", ["moved", "loss"])
def test_forms_that_train_something_else_are_not_compared(what):
    one = {"moved": 1.0, "loss": 2.0}
    assert what in disagreement({"engine, a": answers(1.0, **one), "engine, b": answers(1.0, **one | {what: 1.5})})


def test_products_are_counted_in_gradients_calls_and_scans():
    w, x = jnp.ones((3, 5)), jnp.ones((7, 3))

    def loss(w):
        return jnp.sum((x @ w) ** 2)

    once = 2 * 7 * 3 * 5
    assert product_flops(jax.make_jaxpr(loss)(w).jaxpr) == once
    # The gradient needs one more product, for the weights; none for the inputs.
    assert product_flops(jax.make_jaxpr(jax.jit(jax.grad(loss)))(w).jaxpr) == 2 * once
    scanned = jax.make_jaxpr(lambda w: jax.lax.scan(lambda c, _: (c + loss(w), None), 0.0, length=4))(w)
    assert product_flops(scanned.jaxpr) == 4 * once
    batched = jax.make_jaxpr(jax.vmap(jnp.matmul))(jnp.ones((2, 7, 3)), jnp.ones((2, 3, 5)))
    assert product_flops(batched.jaxpr) == 2 * once
    assert product_flops(jax.make_jaxpr(jnp.matmul)(x, jnp.ones(3)).jaxpr) == 0


def test_products_that_cannot_be_counted_are_refused():
    x = jnp.ones((4, 4))
    endless = jax.make_jaxpr(lambda x: jax.lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ x, x))(x)
    with pytest.raises(ValueError, match="in a while"):
        product_flops(endless.jaxpr)
    image = jnp.ones((1, 8, 8, 1))
    convolved = jax.make_jaxpr(lambda k: jax.lax.conv(image, k, (1, 1), "SAME"))(jnp.ones((1, 8, 3, 3)))
    with pytest.raises(ValueError, match="im2col"):
        product_flops(convolved.jaxpr)
