"""What is given to a pre-training is checked before it is used, replaced or left aside; nothing is trained here."""

import math

import jax
import numpy as np
import pytest

from experiments.pretraining import settings as pretraining
from experiments.pretraining.settings import Pretraining, settings
from runtime.usage import UsageError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"clients": 0}, "clients is a whole number from 1 to 1000000000; got clients=0"),
        ({"clients": -5}, "got clients=-5"),
        ({"clients": 7, "participation": 9}, "Between 1 and clients=7 take part in a round; got participation=9"),
        ({"participation": 0}, "got participation=0"),
        ({"epochs": 0}, "got epochs=0"),
    ],
)
@pytest.mark.parametrize("setting", ["fl", "central", "local"])
def test_what_one_place_does_not_use_is_checked_all_the_same(setting, given, message):
    with pytest.raises(UsageError, match=message):
        settings("ci", setting, **given)


def test_the_images_of_as_many_clients_go_through_one_place():
    chosen = settings("ci", "central", clients=8, participation=4, rounds=6)
    assert (chosen.clients, chosen.participation, chosen.rounds) == (1, 1, 6)
    assert settings("laptop", "central", clients=50, participation=5).rounds == 250 * 5 * 2 / 50


@pytest.mark.parametrize(
    "name", ["clients", "rounds", "epochs", "batch", "test_per_class", "train_per_class", "side", "client", "seed"]
)
@pytest.mark.parametrize("digits", [19, 20, 400])
@pytest.mark.parametrize("preset", ["ci", "paper"])
def test_counts_that_no_machine_holds_are_refused_in_one_short_sentence(preset, name, digits):
    with pytest.raises(UsageError, match=rf"^{name} is a whole number from [01] to \d+; got {name}=") as refused:
        settings(preset, "local" if name == "client" else "fl", **{name: 10**digits})
    assert len(str(refused.value)) < 150


def test_the_largest_seed_draws_clients_and_a_network():
    seed = 2**63 - 1
    prepared = pretraining.prepare(settings("ci", "decl", topology="er:3", alpha=0.5, seed=seed))
    other = pretraining.prepare(settings("ci", "decl", topology="er:3", alpha=0.5, seed=seed - 1))
    assert not np.array_equal(prepared.partition.table, other.partition.table)
    # The start of training draws from a key of it.
    shape = prepared.train.images.shape[1:]
    assert set(jax.eval_shape(lambda: prepared.method.init(jax.random.key(seed), shape))) == {"encoder", "decoder"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"alpha": 5e-324}, "alpha lies between 1e-30 and 1e"),
        ({"alpha": 1e-31}, "got alpha=1e-31"),
        ({"alpha": 1e308}, r"got alpha=1e\+308"),
        ({"learning_rate": 1e-40}, "learning_rate lies between 1e-30 and 1e"),
        ({"learning_rate": math.inf}, "got learning_rate=inf"),
        ({"learning_rate": math.nan}, "got learning_rate=nan"),
    ],
)
def test_numbers_that_could_not_be_read_back_from_their_file_are_refused(given, message):
    with pytest.raises(UsageError, match=message):
        settings("ci", **given)


@pytest.mark.parametrize("given", [{"alpha": 1e-30}, {"alpha": 1e30}, {"alpha": math.inf}, {"learning_rate": 1e-30}])
def test_the_outermost_numbers_come_back_from_their_file(given):
    chosen = settings("ci", **given)
    assert pretraining.from_table(pretraining.as_table(chosen), "here") == chosen


def test_the_least_concentration_gives_a_class_each():
    table = pretraining.prepare(settings("ci", alpha=1e-30)).partition.table
    assert table.max(axis=1).tolist() == [20] * 4


def test_a_linear_encoder_trains_by_a_method_that_takes_it():
    chosen = settings("ci", encoder="linear")
    assert chosen.method == "simsiam"
    assert pretraining.prepare(chosen).method.encoder.feature_dim > 0
    assert settings("ci", encoder="linear", method="byol").method == "byol"
    assert {settings("ci", encoder=kind).method for kind in ("vit", "resnet")} == {"mae"}
    with pytest.raises(UsageError, match="mae trains a Vit; got the encoder Linear"):
        pretraining.prepare(settings("ci", encoder="linear", method="mae"))


@pytest.mark.parametrize("setting", ["fl", "central", "local"])
@pytest.mark.parametrize("given", [{"topology": "nonsense"}, {"topology": "ring"}, {"mixing": "metropolis"}])
def test_a_network_is_refused_where_there_is_none(setting, given):
    ((name, value),) = given.items()
    with pytest.raises(UsageError, match=f"got {name}='{value}' with setting={setting}.*Leave --{name} out"):
        settings("ci", setting, **given)
    assert getattr(settings("ci", "decl", **given), name) == value


def test_settings_that_were_stored_with_a_server_and_its_unused_network_still_come_back():
    chosen = settings("ci")
    assert (chosen.topology, chosen.mixing) == ("er:5", "uniform")
    assert isinstance(pretraining.from_table(pretraining.as_table(chosen), "here"), Pretraining)


@pytest.mark.parametrize(
    ("preset", "setting", "given", "said"),
    [
        ("paper", "fl", {}, ["hold 40 images on average, less than a batch of 128", "28 x 28 make 4 patches"]),
        ("paper", "decl", {}, ["28 x 28 make 4 patches"]),
        ("paper", "decl", {"encoder": "resnet"}, []),
        ("paper", "decl", {"side": 56}, []),
        ("laptop", "fl", {}, []),
        ("laptop", "fl", {"batch": 40}, []),
        ("laptop", "fl", {"batch": 41}, ["hold 40 images on average, less than a batch of 41"]),
        ("ci", "fl", {}, []),
    ],
)
def test_sizes_that_were_made_for_other_images_are_remarked_on(preset, setting, given, said):
    chosen = pretraining.settings(preset, setting, **given)
    found = pretraining.remarks(chosen, pretraining.prepare(chosen))
    assert len(found) == len(said)
    assert all(words in remark for words, remark in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("setting", "given", "message"),
    [
        ("fl", {"client": 2}, "Only the setting local trains one client"),
        ("decl", {"client": 0}, "got client=0 with setting=decl. Leave --client out"),
        ("fl", {"epochs": 3, "steps": 2}, "got epochs=3 and steps=2. Leave one out"),
    ],
)
def test_what_would_have_no_effect_is_refused(setting, given, message):
    with pytest.raises(UsageError, match=message):
        settings("ci", setting, **given)
    assert settings("ci", "local", client=2).client == 2
    assert settings("ci", steps=2).steps == 2


def test_label_pairs_are_all_together_in_one_place():
    prepared = pretraining.prepare(settings("ci", "central", partition="label_pairs"))
    assert [len(held) for held in prepared.partition.indices] == [len(prepared.train.labels)]


@pytest.mark.parametrize(
    ("setting", "given", "message"),
    [
        ("central", {"partition": "feature"}, "got setting=central, which has one"),
        ("decl", {"topology": "complete", "participation": 2}, "got topology='complete' with participation=2"),
        ("fl", {"partition": "feature", "options": (("masks", "fixed"),)}, "got partition=feature and"),
        (
            "fl",
            {"partition": "feature", "method": "simsiam", "options": (("views", "fixed"),)},
            "got partition=feature",
        ),
        (
            "fl",
            {"method": "mar", "encoder": "resnet", "norm": "batch", "options": (("clip_norm", "1"),)},
            "an encoder that normalises over the batch",
        ),
        ("local", {"method": "mar", "options": (("clip_norm", "1"),)}, "and one client has nobody to send any to"),
        ("central", {"method": "mar", "options": (("clip_norm", "1"),)}, "got setting=central and"),
    ],
)
def test_what_would_not_mean_what_it_says_is_refused(setting, given, message):
    with pytest.raises(ValueError, match=message):
        pretraining.prepare(settings("ci", setting, **given))
