"""Evaluation of a pre-training: probes and the geometry of features, beside those of its random start."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from experiments.pretraining.checkpoints import Saved
from experiments.pretraining.settings import Prepared, Pretraining
from sims.evaluation import feature_geometry, probes
from sims.images.datasets.labelled_images import pixels
from sims.images.views import two_views
from sims.losses.mar_variants import Variant
from sims.pretraining import communication, privacy
from sims.pretraining.encoders import PyTree
from sims.pretraining.methods.mar import Mar

DELTA = 1e-5  # of the privacy that is accounted for
SHAPE_IMAGES = 1000  # for uniformity, alignment and rank, which go over pairs


def evaluate(
    chosen: Pretraining,
    prepared: Prepared,
    saved: Saved,
    fine_tune_at: Sequence[float] = (),
    random_start: dict[str, Any] | None = None,
    on: Prepared | None = None,
) -> dict[str, Any]:
    """Measures of the global encoder and of the encoder that training began with, on images held out; and bytes.

    The global model is the server's, or the mean of all clients' (chen2026, Algorithm 2, its last line).
    `weight_distance` is over encoders, from the clients that trained last, before mixing, to the global one and between
    them: Table 5's sum over arrays, and the plain Euclidean distance.
    `random_start` are its measures where they are known; `built` is what the settings came to (`built`). `on` has other
    images than those of the training, to measure on.
    Units: accuracies in [0, 1], bytes for each client that takes part and each round.
    Errors: ValueError for features that are not finite or a fraction outside (0, 1].
    """
    on = prepared if on is None else on
    if random_start is None:
        random_start = measures(chosen, on, start_encoder(chosen, prepared), fine_tune_at)
    final = global_encoder(saved)
    found: dict[str, Any] = {
        "rounds_done": saved.round,
        "rounds": chosen.rounds,
        "built": built(prepared),
        "loss": saved.losses[-1] if saved.losses else None,
        "trained": measures(chosen, on, final, fine_tune_at),
        "random_start": random_start,
        "bytes": traffic(chosen, prepared, saved),
    }
    spent = privacy_spent(chosen, prepared, saved)
    if spent is not None:
        found["privacy"] = spent
    if saved.trained is not None and len(prepared.partition.indices) > 1:
        found["weight_distance"] = distances(_of_those_here(saved)["encoder"], final)
    return found


def built(prepared: Prepared) -> str:
    """The method and the descent with all their settings, those too that are the code's own and may move with it."""
    revision = prepared.method.revision
    return f"{prepared.method}, {prepared.descent}" + (f", revision {revision}" if revision > 1 else "")


def start_encoder(chosen: Pretraining, prepared: Prepared) -> PyTree:
    """The encoder that training began with."""
    key_model = jax.random.split(jax.random.key(chosen.seed))[0]  # as `sims.pretraining.training.pretrain` splits it
    return prepared.method.init(key_model, prepared.train.images.shape[1:])["encoder"]


def global_encoder(saved: Saved) -> PyTree:
    """The encoder of the server, or the mean over clients; under push-sum of the models that it stands for."""
    channel = saved.state.channel

    def mean(leaf: Any) -> Any:
        if len(leaf) == len(channel):
            leaf = leaf / channel.astype(leaf.dtype).reshape((-1,) + (1,) * (leaf.ndim - 1))
        return leaf.mean(axis=0)

    return jax.tree.map(mean, saved.state.params["encoder"])


def client_encoders(saved: Saved) -> list[PyTree]:
    """The encoders of the clients that trained in the last round, before they were mixed."""
    if saved.trained is None:
        raise ValueError("Clients' own models are kept when all rounds are done; training is not. Go on with --resume.")
    models = _of_those_here(saved)["encoder"]
    return [jax.tree.map(lambda leaf, i=i: leaf[i], models) for i in range(len(jax.tree.leaves(models)[0]))]


def _of_those_here(saved: Saved) -> PyTree:
    """The models of clients that trained in the last round; on a network those of the others are kept beside them."""
    here = np.flatnonzero(np.asarray(saved.state.local.is_recent) > 0)
    n = len(jax.tree.leaves(saved.trained)[0])
    return saved.trained if n == len(here) else jax.tree.map(lambda leaf: leaf[here], saved.trained)


def measures(
    chosen: Pretraining, prepared: Prepared, encoder: PyTree, fine_tune_at: Sequence[float] = ()
) -> dict[str, Any]:
    """Probes and geometry of one encoder. Errors: ValueError as `evaluate`."""
    train, test, kind = prepared.train, prepared.test, prepared.method.encoder
    fixed = probes.for_evaluation(kind, encoder, train.images)
    known = probes.features_of(kind, fixed, train.images)
    seen = probes.features_of(kind, fixed, test.images)
    probe = _linear_probe(prepared, known, seen, chosen.seed)
    neighbours = probes.knn(known, train.labels, seen, test.labels, k=min(20, len(train.labels)))
    some = test.images[:: -(-len(test.images) // SHAPE_IMAGES)]
    shown = two_views(jax.random.key(chosen.seed), jnp.asarray(some, jnp.float32) / 255)
    views = [np.asarray(kind.features(fixed, view)) for view in shown]
    return {
        "linear_probe": told(probe),
        "knn": _of(neighbours),
        "fine_tuned": {str(share): _of(_fine_tuned(chosen, prepared, encoder, share)) for share in fine_tune_at},
        "uniformity": feature_geometry.uniformity(seen),
        "alignment": feature_geometry.alignment(views[0], views[1]),
        "effective_rank": feature_geometry.effective_rank(seen),
        "feature_dim": kind.feature_dim,
        "representability": representability(known, train.images, train.labels),
    }


def pixel_probe(prepared: Prepared, seed: int) -> probes.Probe:
    """The linear probe of pixels in place of features: what any encoder is worth is beside it."""
    train, test = (pixels(some).astype(np.float32) for some in (prepared.train, prepared.test))
    return _linear_probe(prepared, train, test, seed)


def _linear_probe(prepared: Prepared, train: np.ndarray, test: np.ndarray, seed: int) -> probes.Probe:
    # The products of a probe are small: BLAS on several threads makes it fifty times slower beside other work.
    with threadpool_limits(1):
        return probes.linear_probe(train, prepared.train.labels, test, prepared.test.labels, seed=seed)


def representability(features: np.ndarray, images: np.ndarray, labels: np.ndarray) -> dict[str, Any] | None:
    """r_k of the directions in which classes differ, less what chance gives, and their sensitivity, max - min.

    None where images are too few for so many features, or a class's mean is that of all.
    Source: `sims.evaluation.feature_geometry.feature_representability`; chen2026, Section 4 for the sensitivity.
    """
    flat = images.reshape(len(images), -1).astype(np.float64) / 255
    try:
        directions = feature_geometry.class_directions(flat, labels)
        shares = feature_geometry.feature_representability(features, flat, directions).above_floor
    except ValueError:
        return None
    return {"by_class": shares.tolist(), "sensitivity": float(np.ptp(shares))}


def distances(clients: PyTree, final: PyTree) -> dict[str, Any]:
    """Mean, least and most distance of clients' encoders to the global one and to each other, in both readings."""
    n = len(jax.tree.leaves(clients)[0])
    models = [jax.tree.map(lambda leaf, i=i: leaf[i], clients) for i in range(n)]
    found: dict[str, Any] = {}
    for per in ("array", "model"):
        to_global = [feature_geometry.weight_distance(model, final, per) for model in models]
        apart = [feature_geometry.weight_distance(a, b, per) for a, b in combinations(models, 2)]
        found[f"per_{per}"] = {"local_to_global": _summary(to_global), "local_to_local": _summary(apart)}
    return found


def traffic(chosen: Pretraining, prepared: Prepared, saved: Saved) -> dict[str, float]:
    """Bytes that a client sends and receives in a round in which it takes part, as a mean; 0 for one alone."""
    by_client = traffic_by_client(chosen, prepared, saved)
    return {name: float(amounts.mean()) for name, amounts in by_client.items()}


def traffic_by_client(
    chosen: Pretraining, prepared: Prepared, saved: Saved
) -> dict[str, Float[np.ndarray, " clients"]]:
    """The same for each client, expected over who else takes part where not all do: neighbours talk if both do.

    Push-sum sends the weight of a model beside it.
    """
    n = len(prepared.partition.indices)
    if n == 1:
        return {"sent": np.zeros(1), "received": np.zeros(1)}
    model = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), saved.state.params)
    pool = saved.state.local.pool
    sent = None if pool is None else jax.ShapeDtypeStruct(pool.shape[1:], pool.dtype)
    present = prepared.participation or n
    if prepared.mixing is not None:
        beside = saved.state.channel.dtype.itemsize if chosen.mixing == "push_sum" else 0
        message = communication.payload(model, sent)
        total = communication.decentralised(replace(message, model=message.model + beside), prepared.mixing)
        both = (present - 1) / (n - 1)
        return {"sent": both * total.sent, "received": both * total.received}
    up, down = prepared.method.travels(model)
    message = replace(communication.payload(up, sent), handed_down=communication.n_bytes(down))
    # Other methods that send embeddings hand them round as sets, too.
    named = prepared.method.variant if isinstance(prepared.method, Mar) else "corrected"
    variant = None if sent is None else cast(Variant, named)
    total = communication.federated(message, np.arange(n) < present, variant)
    return {"sent": np.full(n, float(total.sent[0])), "received": np.full(n, float(total.received[0]))}


def privacy_spent(chosen: Pretraining, prepared: Prepared, saved: Saved) -> dict[str, float] | None:
    """What the embeddings sent so far may tell of one image of a client: epsilon at delta.

    None where all is told, and where nobody sends: to clients alone, or neighbours that never both take part.
    The image may be in every message of the client that sent most. Models are sent beside the embeddings and
    are not private. Source: `sims.pretraining.privacy`.
    """
    mechanism = prepared.method.mechanism if isinstance(prepared.method, Mar) else None
    if mechanism is None or saved.state.local.pool is None:
        return None
    is_sending = traffic_by_client(chosen, prepared, saved)["sent"] > 0
    releases = int(np.max(saved.state.local.selections, initial=0, where=is_sending))
    if not releases:
        return None
    spent = privacy.epsilon(mechanism.noise_multiplier, DELTA, releases)
    return {"epsilon": spent, "delta": DELTA, "releases": releases}


def _fine_tuned(chosen: Pretraining, prepared: Prepared, encoder: PyTree, share: float) -> probes.Probe:
    train, test = prepared.train, prepared.test
    return probes.fine_tune(
        prepared.method.encoder, encoder, train.images, train.labels, test.images, test.labels, share, chosen.seed
    )


def told(probe: probes.Probe) -> dict[str, Any]:
    """A linear probe as evaluations tell it."""
    return _of(probe) | {"converged": probe.converged, "inverse_penalty": probe.inverse_penalty}


def _of(probe: probes.Probe) -> dict[str, Any]:
    return {"accuracy": probe.accuracy, "standard_error": probe.standard_error, "n_test": probe.n_test}


def _summary(values: list[float]) -> dict[str, float] | None:
    return {"mean": float(np.mean(values)), "least": min(values), "most": max(values)} if values else None
