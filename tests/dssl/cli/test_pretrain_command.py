"""`dssl pretrain` and `dssl evaluate`: an interrupted run is the run, and one sentence for every mistake."""

import json
import pathlib
import signal
import struct
import subprocess
import sys
import time
from dataclasses import replace
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from dssl.cli import pretrain
from dssl.cli.main import main
from experiments.pretraining import checkpoints, evaluated, methods, settings
from experiments.pretraining.checkpoints import Saved
from runtime import memory
from runtime.usage import UsageError
from sims.evaluation import probes
from sims.images.datasets.loading import load
from sims.pretraining import privacy
from sims.pretraining.encoders.presets import encoder
from sims.pretraining.encoders.resnet import ResNet
from sims.pretraining.methods.mae import Mae
from sims.pretraining.methods.mar import Mar
from sims.rounds import engine
from tests.command import answered

ROUNDS = 4
TINY = ("--preset", "ci", "--train-per-class", "8", "--alpha", "0.5", "--rounds", str(ROUNDS))
ROUNDS_LEFT_OUT = TINY[:-2]  # an option given twice is refused
DECL = (*TINY, "--setting", "decl")
PUSHED = (*DECL, "--method", "mar", "--mixing", "push_sum")  # embeddings that neighbours keep, and weights of push-sum


def end_of(folder: pathlib.Path) -> Saved:
    saved = checkpoints.load(folder, settings.prepare(checkpoints.settings_of(folder)))
    assert saved is not None
    return saved


def assert_same_bits(one: Saved, other: Saved) -> None:
    assert one.losses == other.losses
    for a, b in zip(
        jax.tree.leaves((one.state, one.trained)), jax.tree.leaves((other.state, other.trained)), strict=True
    ):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def stop_after(monkeypatch: pytest.MonkeyPatch, number: int, error: type[BaseException]) -> None:
    """The next training ends with an error after so many rounds."""
    watch = pretrain.Live.watch

    def stopping(self: pretrain.Live, done: int, loss: float) -> None:
        watch(self, done, loss)
        if done == number:
            raise error

    monkeypatch.setattr(pretrain.Live, "watch", stopping)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """Trainings that nothing interrupted, with a server and on a ring."""
    folders = {}
    for name, arguments in (("fl", TINY), ("decl", DECL)):
        folders[name] = tmp_path_factory.mktemp(name) / "run"
        # As in every test, or each would compile anew.
        with jax.numpy_rank_promotion("raise"), pytest.raises(SystemExit) as ended:
            main(["pretrain", *arguments, "--out", str(folders[name])])
        assert ended.value.code == 0
    return folders


@pytest.mark.parametrize(("name", "arguments"), [("fl", TINY), ("decl", DECL)])
def test_a_run_that_was_interrupted_goes_on_bit_for_bit(capsys, tmp_path, monkeypatch, whole, name, arguments):
    out = str(tmp_path / "run")
    with monkeypatch.context() as m:
        stop_after(m, 3, KeyboardInterrupt)
        code, _, err = answered(capsys, "pretrain", *arguments, "--every", "2", "--out", out)
    assert code == 130
    assert f"3 of {ROUNDS} rounds are saved. Go on with dssl pretrain --resume --out {out}" in err
    assert end_of(tmp_path / "run").round == 3
    assert answered(capsys, "pretrain", "--resume", "--out", out)[0] == 0
    assert_same_bits(end_of(tmp_path / "run"), end_of(whole[name]))


def test_a_run_that_broke_goes_on_from_its_last_checkpoint(capsys, tmp_path, monkeypatch, whole):
    out = str(tmp_path / "run")
    with monkeypatch.context() as m:
        stop_after(m, 3, RuntimeError)
        with pytest.raises(RuntimeError):
            main(["pretrain", *TINY, "--every", "2", "--out", out])
    assert end_of(tmp_path / "run").round == 2
    assert answered(capsys, "pretrain", *TINY, "--resume", "--out", out)[0] == 0
    assert_same_bits(end_of(tmp_path / "run"), end_of(whole["fl"]))


@pytest.mark.parametrize("arguments", [TINY, PUSHED], ids=["mae", "mar"])
def test_a_run_that_was_killed_goes_on_bit_for_bit(capsys, tmp_path, whole, arguments):
    unbroken = whole["fl"]
    if arguments is PUSHED:
        unbroken = tmp_path / "unbroken"
        assert answered(capsys, "pretrain", *arguments, "--out", str(unbroken))[0] == 0
        assert end_of(unbroken).state.local.pool is not None
    out = tmp_path / "run"
    command = [sys.executable, "-m", "dssl", "pretrain", *arguments, "--every", "1", "--out", str(out)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE)
    until = time.monotonic() + 300
    while (
        not (out / "checkpoints" / "1" / "finished.json").exists()
        and time.monotonic() < until
        and running.poll() is None
    ):
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    _, said = running.communicate()
    assert running.returncode == -signal.SIGKILL, said.decode()
    assert 1 <= end_of(out).round < ROUNDS
    assert answered(capsys, "pretrain", "--resume", "--out", str(out))[0] == 0
    assert_same_bits(end_of(out), end_of(unbroken))


def test_memory_is_given_back_between_rounds(capsys, tmp_path, monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(memory, "trim_if_short", lambda: asked.append(1))
    linear = ("--encoder", "linear", "--method", "simsiam", "--out", str(tmp_path / "run"))
    assert answered(capsys, "pretrain", *TINY, *linear)[0] == 0
    assert len(asked) == ROUNDS


def test_checkpoints_hold_the_clients_before_they_were_mixed(whole):
    for name, clients in (("fl", 2), ("decl", 4)):
        saved = end_of(whole[name])
        prepared = settings.prepare(checkpoints.settings_of(whole[name]))
        trained = saved.trained["encoder"]["embed"]["kernel"]
        final = saved.state.params["encoder"]["embed"]["kernel"]
        assert len(trained) == clients
        if name == "fl":
            here = np.asarray(saved.state.local.is_recent) > 0
            weights = prepared.partition.weights[here]
            mixed = np.einsum("i,ijk->jk", weights / weights.sum(), trained)[None]
        else:
            assert prepared.mixing is not None
            mixed = np.einsum("ij,jkl->ikl", prepared.mixing, trained)
        np.testing.assert_allclose(final, mixed, rtol=1e-5, atol=1e-6)


def test_a_finished_run_is_left_as_it_is(capsys, whole):
    before = end_of(whole["fl"])
    code, out, _ = answered(capsys, "pretrain", "--resume", "--out", str(whole["fl"]))
    assert code == 0
    assert f"{ROUNDS} rounds done" in out
    assert_same_bits(end_of(whole["fl"]), before)


def test_other_settings_do_not_go_on_with_a_run(capsys, whole):
    code, _, err = answered(capsys, "pretrain", *DECL, "--seed", "3", "--resume", "--out", str(whole["decl"]))
    assert code == 2
    assert "holds a training with seed=0; got seed=3" in err
    assert err.count("\n") == 1


def test_a_folder_with_something_in_it_is_not_written_into(capsys, tmp_path, whole):
    (tmp_path / "mine.txt").write_text("mine")
    for out in (tmp_path, whole["fl"]):
        code, _, err = answered(capsys, "pretrain", *TINY, "--out", str(out))
        assert (code, err.count("\n")) == (2, 1)
        assert f"{out} holds something already" in err
    code, _, err = answered(capsys, "pretrain", "--resume", "--out", str(tmp_path))
    assert (code, err.count("\n")) == (2, 1)
    assert "holds no pre-training" in err


def damaged(source: pathlib.Path, target: pathlib.Path, how: str) -> pathlib.Path:
    """A copy of a training with its last checkpoint damaged."""
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    last = target / "checkpoints" / str(ROUNDS)
    largest = max((p for p in last.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    content = bytearray(largest.read_bytes())
    if how == "truncated":
        largest.write_bytes(content[: len(content) // 2])
    elif how == "a bit flipped":
        content[len(content) // 2] ^= 1
        largest.write_bytes(content)
    elif how == "a file missing":
        largest.unlink()
    else:
        (last / "finished.json").write_text("{")
    return last


@pytest.mark.parametrize("how", ["truncated", "a bit flipped", "a file missing", "unreadable notes"])
def test_a_damaged_checkpoint_is_one_sentence(capsys, tmp_path, whole, how):
    last = damaged(whole["fl"], tmp_path / "run", how)
    for command in (("evaluate", str(tmp_path / "run")), ("pretrain", "--resume", "--out", str(tmp_path / "run"))):
        code, _, err = answered(capsys, *command)
        assert (code, err.count("\n")) == (2, 1)
        assert f"The checkpoint {last} " in err
        assert "Delete that folder" in err


def test_after_a_damaged_checkpoint_the_one_before_goes_on(capsys, tmp_path, whole):
    last = damaged(whole["fl"], tmp_path / "run", "truncated")
    subprocess.run(["rm", "-r", str(last)], check=True)
    assert end_of(tmp_path / "run").round == ROUNDS - 1
    assert answered(capsys, "pretrain", "--resume", "--out", str(tmp_path / "run"))[0] == 0
    assert_same_bits(end_of(tmp_path / "run"), end_of(whole["fl"]))


def test_an_evaluation_stands_beside_the_random_start(capsys, tmp_path, monkeypatch, whole):
    code, out, _ = answered(capsys, "evaluate", str(whole["fl"]), "--json")
    assert code == 0
    found = json.loads(out)
    assert found["rounds_done"] == found["rounds"] == ROUNDS
    chosen = checkpoints.settings_of(whole["fl"])
    prepared = settings.prepare(chosen)
    # The start is the model that the very first round begins with.
    start = jax.tree.map(lambda leaf: leaf[0], first_models(monkeypatch, tmp_path, capsys))
    assert found["random_start"] == evaluated.measures(chosen, prepared, start)
    assert found["trained"] != found["random_start"]
    images = prepared.train.images.reshape(len(prepared.train.images), -1) / 255
    features = probes.features_of(prepared.method.encoder, start, prepared.train.images)
    shares = found["random_start"]["representability"]["by_class"]
    for k in range(10):
        offset = images[prepared.train.labels == k].mean(axis=0)
        offset -= np.mean([images[prepared.train.labels == c].mean(axis=0) for c in range(10)], axis=0)
        along = (images - images.mean(axis=0)) @ offset
        design = np.column_stack([np.ones(len(along)), features])
        fit, _, rank, _ = np.linalg.lstsq(design, along, rcond=1e-5)
        left = along - design @ fit
        # Normalised features add up to zero: one of them tells nothing new.
        n, p = len(features), rank - 1
        assert p == features.shape[1] - 1
        adjusted = 1 - (left @ left) / (along @ along) * (n - 1) / (n - 1 - p)  # the textbook's adjusted R^2
        assert shares[k] == pytest.approx(adjusted, abs=1e-4)  # float32 features, two factorisations
    assert found["random_start"]["representability"]["sensitivity"] == pytest.approx(max(shares) - min(shares))
    each = found["bytes_by_client"]
    assert each["rounds_taken_part"] == np.asarray(end_of(whole["fl"]).state.local.selections).tolist()
    assert {tuple(each[name]) for name in ("sent", "received")} == {(found["bytes"]["sent"],) * 4}
    n_numbers = sum(leaf[0].size for leaf in jax.tree.leaves(end_of(whole["fl"]).state.params))
    assert found["bytes"] == {"sent": 4.0 * n_numbers, "received": 4.0 * n_numbers}
    both = found["weight_distance"]["per_model"]
    # Two clients of equal size: their mean lies half way.
    assert both["local_to_global"]["mean"] == pytest.approx(both["local_to_local"]["mean"] / 2, rel=1e-4)
    code, out, _ = answered(capsys, "evaluate", str(whole["decl"]))
    assert code == 0
    assert "random start" in out
    assert "representability of classes" in out


def idx_folder(folder: pathlib.Path, side: int, n: int) -> pathlib.Path:
    """Grey images of three classes, the brighter the higher, n to train on and n to test."""
    rng = np.random.default_rng(5)
    folder.mkdir()
    for prefix in ("train", "t10k"):
        labels = np.arange(n) % 3
        images = 60 * labels[:, None, None] + rng.integers(0, 60, (n, side, side))
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", length) for length in array.shape)
            (folder / f"{prefix}-{name}-ubyte").write_bytes(head + array.astype(np.uint8).tobytes())
    return folder


def test_what_was_learnt_is_measured_on_other_images_scaled_to_those_of_training(capsys, tmp_path, whole):
    others = idx_folder(tmp_path / "others", side=20, n=30)
    code, out, _ = answered(capsys, "evaluate", str(whole["fl"]), "--data", str(others), "--fine-tune", "1", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["images"] == {"data": str(others), "test_per_class": 0, "train_per_class": 0}
    chosen = checkpoints.settings_of(whole["fl"])
    prepared = settings.prepare(chosen)
    train, test = (load(others, split, 28) for split in ("train", "test"))
    by_hand = replace(prepared, train=train, test=test)
    encoders = evaluated.global_encoder(end_of(whole["fl"])), evaluated.start_encoder(chosen, prepared)
    for name, one in zip(("trained", "random_start"), encoders, strict=True):
        assert found[name] == evaluated.measures(chosen, by_hand, one, (1.0,))
        assert found[name]["linear_probe"]["n_test"] == 30
    code, out, _ = answered(capsys, "evaluate", str(whole["fl"]), "--json")
    own = json.loads(out)
    assert own["images"] is None
    # What does not look at images stays.
    assert all(found[name] == own[name] for name in ("settings", "bytes", "weight_distance", "built"))
    # Three images a class held out of those to train on.
    more = ("--data", str(others), "--test-per-class", "3", "--train-per-class", "5")
    code, out, err = answered(capsys, "evaluate", str(whole["fl"]), *more)
    assert code == 0, err
    assert f"On other images than training saw: {others}" in out.replace("\n", "")


def test_raw_pixels_are_probed_as_features_are(capsys, whole):
    code, out, _ = answered(capsys, "evaluate", str(whole["fl"]), "--pixels", "--json")
    assert code == 0
    prepared = settings.prepare(checkpoints.settings_of(whole["fl"]))
    flat = [some.images.reshape(len(some.images), -1) / 255 for some in (prepared.train, prepared.test)]
    # Pixels that never vary tell nothing, and scales do not matter to features that are standardised.
    scaled = StandardScaler().fit(flat[0])
    found = json.loads(out)["pixels"]
    model = LogisticRegression(C=found["inverse_penalty"], max_iter=5000)
    model.fit(scaled.transform(flat[0]), prepared.train.labels)
    by_hand = model.score(scaled.transform(flat[1]), prepared.test.labels)
    assert found["accuracy"] == pytest.approx(by_hand, abs=0.011)  # one image of a hundred near a tie
    assert "Linear probe of raw pixels" in answered(capsys, "evaluate", str(whole["fl"]), "--pixels")[1]
    assert "pixels" not in json.loads(answered(capsys, "evaluate", str(whole["fl"]), "--json")[1])


def test_other_images_that_do_not_fit_are_refused_in_one_sentence(capsys, tmp_path, whole):
    for name in ("a", "b"):
        (tmp_path / "colour" / name).mkdir(parents=True)
        Image.fromarray(np.full((9, 9, 3), 7, np.uint8)).save(tmp_path / "colour" / name / "x.png")
    for arguments, message in (
        (("--data", str(tmp_path / "none")), "which is not there"),
        (("--data", str(tmp_path / "colour")), "has no sub-folder 'test'"),
        (("--data", str(tmp_path / "colour"), "--test-per-class", "1"), "none be left to train on"),
        (("--data", str(tmp_path / "colour"), "--test-per-class", "2"), "has 1 images; got per_class=2"),
        (("--test-per-class", "1"), "belong to --data; it is missing"),
        (("--data", "fashion-mnist", "--test-per-class", "-1"), "test_per_class is a whole number from 0"),
    ):
        code, _, err = answered(capsys, "evaluate", str(whole["fl"]), *arguments)
        assert (code, err.count("\n")) == (2, 1)
        assert message in err


def test_one_plain_step_with_a_server_is_taken_as_one_of_its_model(capsys, tmp_path, monkeypatch):
    seen = []
    run = engine.run

    def looking(update, *args, **options):
        seen.append((update.form, update.descent.steps, update.descent.optimizer))
        return run(update, *args, **options)

    monkeypatch.setattr(engine, "run", looking)
    plain = (
        *ROUNDS_LEFT_OUT,
        "--encoder",
        "linear",
        "--method",
        "simsiam",
        "--optimizer",
        "sgd",
        "--steps",
        "1",
        "--rounds",
        "1",
    )
    assert answered(capsys, "pretrain", *plain, "--out", str(tmp_path / "fl"))[0] == 0
    assert answered(capsys, "pretrain", *plain, "--setting", "decl", "--out", str(tmp_path / "decl"))[0] == 0
    assert seen == [("collapsed", 1, "sgd"), ("loop", 1, "sgd")]
    table = json.loads((tmp_path / "fl" / "settings.json").read_text())
    assert (table["optimizer"], table["steps"]) == ("sgd", 1)
    whole_epochs = settings.as_table(settings.settings("ci", "fl"))
    assert not {"optimizer", "steps"} & set(whole_epochs)


def test_a_resnet_is_normalised_by_batch_where_that_is_asked_for(capsys, tmp_path):
    """Nobody sends statistics; encoders are measured with those of training images."""
    out = tmp_path / "run"
    resnet = (*ROUNDS_LEFT_OUT, "--encoder", "resnet", "--method", "simsiam", "--rounds", "1")
    assert answered(capsys, "pretrain", *resnet, "--norm", "batch", "--out", str(out))[0] == 0
    saved, chosen = end_of(out), checkpoints.settings_of(out)
    assert chosen.norm == "batch"
    prepared = settings.prepare(chosen)
    by_default = encoder("resnet", "ci")
    assert isinstance(by_default, ResNet)
    assert prepared.method.encoder == replace(by_default, norm="batch")
    by_group = settings.prepare(replace(chosen, norm="group"))
    assert by_group.method.encoder == by_default
    sent = evaluated.traffic(chosen, prepared, saved)["sent"]
    assert sent == sum(leaf[0].nbytes for leaf in jax.tree.leaves(saved.state.params))
    trained = evaluated.global_encoder(saved)
    fixed = probes.for_evaluation(prepared.method.encoder, trained, prepared.train.images)
    probed = probes.linear_probe(
        *(probes.features_of(prepared.method.encoder, fixed, prepared.train.images), prepared.train.labels),
        *(probes.features_of(prepared.method.encoder, fixed, prepared.test.images), prepared.test.labels),
        seed=chosen.seed,
    )
    found = evaluated.measures(chosen, prepared, trained)
    assert found["linear_probe"]["accuracy"] == probed.accuracy
    assert "norm='batch'" in evaluated.built(prepared)
    assert "norm" not in settings.as_table(by_group_settings := replace(chosen, norm="group"))
    assert settings.from_table(settings.as_table(by_group_settings), "here") == by_group_settings


def test_sizes_likely_not_meant_are_remarked_on_beside_training(capsys, tmp_path):
    tiny = ("--preset", "ci", "--train-per-class", "2", "--rounds", "1", "--encoder", "linear")
    code, _, err = answered(capsys, "pretrain", *tiny, "--out", str(tmp_path / "run"))
    assert code == 0
    assert err == (
        "Note: Clients hold 5 images on average, less than a batch of 16, which repeats them. Give more images with "
        "--data, fewer --clients, or a smaller --batch.\n"
    )


def test_images_are_scaled_to_a_side_and_old_settings_have_none():
    chosen = settings.settings("ci", "fl", side=14, data="fashion-mnist")
    prepared = settings.prepare(chosen)
    assert prepared.train.images.shape[1:] == prepared.test.images.shape[1:] == (14, 14, 1)
    table = json.loads(json.dumps(settings.as_table(chosen)))
    assert table["side"] == 14
    assert settings.from_table(table, "here") == chosen
    assert "side" not in settings.as_table(replace(chosen, side=0))


@pytest.mark.parametrize(("present", "rule"), [(2, "uniform"), (3, "push_sum"), (4, "push_sum"), (4, "uniform")])
def test_bytes_between_neighbours_are_those_of_who_is_there_on_average(whole, present, rule):
    chosen = replace(checkpoints.settings_of(whole["decl"]), topology="star", participation=present, mixing=rule)
    prepared, saved = settings.prepare(chosen), end_of(whole["decl"])
    one = 4 * sum(leaf[0].size for leaf in jax.tree.leaves(saved.state.params))
    one += saved.state.channel.dtype.itemsize * (rule == "push_sum")
    linked = (np.asarray(prepared.mixing) != 0) & ~np.eye(4, dtype=bool)
    sent, times = np.zeros(4), np.zeros(4)
    for group in combinations(range(4), present):  # each as likely
        here = np.isin(np.arange(4), group)
        sent += one * (linked & here[:, None] & here[None, :]).sum(axis=0)
        times += here
    found = evaluated.traffic_by_client(chosen, prepared, saved)
    np.testing.assert_allclose(found["sent"], sent / times, rtol=1e-12)
    np.testing.assert_array_equal(found["received"], found["sent"])
    assert evaluated.traffic(chosen, prepared, saved)["sent"] == pytest.approx(np.mean(sent / times), rel=1e-12)


def first_models(monkeypatch, tmp_path, capsys):
    """The encoder that a round of training is given, seen from outside."""
    seen = []
    run = engine.run

    def looking(update, params, *args, **options):
        seen.append(params)
        return run(update, params, *args, **options)

    with monkeypatch.context() as m:
        m.setattr(engine, "run", looking)
        assert answered(capsys, "pretrain", *TINY, "--out", str(tmp_path / "again"))[0] == 0
    return seen[0]["encoder"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "simsam"), "the nearest valid are simsiam"),
        (("--method", "mae", "--encoder", "linear"), "mae trains a Vit; got the encoder Linear"),
        (("--option", "mask_ration=0.5"), "There is no option of mae 'mask_ration'"),
        (("--option", "mask_ratio"), "Options are given as name=value; got 'mask_ratio'"),
        (("--option", "mask_ratio=high"), "mask_ratio must be a number"),
        (("--alpha", "0"), "alpha is positive"),
        (("--partition", "iid", "--alpha", "0.1"), "alpha belongs to Dirichlet partitions"),
        (("--partition", "label_pairs", "--clients", "7"), "make 5 clients; got --clients 7"),
        (("--clients", "1000"), "got --clients 1000"),
        (("--participation", "5"), "got participation=5"),
        (("--setting", "decl", "--topology", "er:9"), "got 9.0"),
        (("--setting", "local", "--client", "4"), "Clients count from 0 to 3; got client=4"),
        (("--rounds", "0"), "rounds=0"),
        (("--norm", "batch"), "norm is that of a ResNet; got norm=batch with vit"),
        (("--every", "0"), "--every is a whole number of rounds from 1; got 0"),
        (("--learning-rate", "-1"), "learning_rate=-1"),
        (("--data", "/nowhere"), "/nowhere"),
        (("--test-per-class", "600"), "per_class=600"),
    ],
)
def test_bad_settings_are_one_sentence_and_leave_nothing_behind(capsys, tmp_path, arguments, message):
    code, _, err = answered(capsys, "pretrain", "--preset", "ci", *arguments, "--out", str(tmp_path / "run"))
    assert (code, err.count("\n")) == (2, 1)
    assert message in err
    assert not (tmp_path / "run").exists()


def test_training_that_overflows_says_so_and_keeps_the_round_before(capsys, tmp_path, monkeypatch):
    out = tmp_path / "run"
    rounds_seen = []

    def is_tame(tree):
        rounds_seen.append(tree)
        return jnp.asarray(len(rounds_seen) <= 2)  # the third round is too large

    monkeypatch.setattr(engine, "_is_tame_jitted", is_tame)
    code, _, err = answered(capsys, "pretrain", *TINY, "--every", "1", "--out", str(out))
    assert (code, err.count("\n")) == (2, 1)
    assert "Training overflowed in round 3; got learning_rate=0.001. Lower it." in err
    assert end_of(out).round == 2


def test_the_papers_counts_are_the_paper_preset():
    fl = settings.settings("paper", "fl", alpha=0.1)
    assert (fl.clients, fl.participation, fl.epochs, fl.rounds, fl.batch) == (100, 5, 2, 100, 128)
    assert fl.learning_rate == 1.5e-4 / 2
    decl = settings.settings("paper", "decl")
    assert (decl.clients, decl.participation, decl.epochs, decl.rounds) == (20, 20, 1, 25)


def test_the_ceiling_goes_through_as_many_images_as_the_clients():
    fl, central = (settings.settings("laptop", setting) for setting in ("fl", "central"))
    assert central.clients == 1
    assert central.rounds * central.epochs == fl.rounds * fl.epochs * fl.participation / fl.clients


def test_at_laptop_a_resnet_has_more_rounds_with_neighbours_unless_told_otherwise():
    vit = settings.settings("laptop", "decl")
    resnet = settings.settings("laptop", "decl", encoder="resnet")
    assert resnet == replace(vit, encoder="resnet", rounds=2 * vit.rounds)
    assert settings.settings("laptop", "decl", encoder="resnet", rounds=7).rounds == 7
    for preset, setting in (("laptop", "fl"), ("paper", "decl"), ("ci", "decl")):
        own = settings.settings(preset, setting)
        assert settings.settings(preset, setting, encoder="resnet") == replace(own, encoder="resnet")


def test_settings_come_back_from_their_file_as_they_were():
    chosen = settings.settings("laptop", "decl", method="mar", options=(("weight_max", "1"),), alpha=0.1)
    table = json.loads(json.dumps(settings.as_table(chosen)))
    assert settings.from_table(table, "here") == chosen
    with pytest.raises(UsageError, match="here holds no settings"):
        settings.from_table(table | {"more": 1}, "here")


def test_one_client_alone_trains_on_its_own_images():
    fl, local = (
        settings.prepare(settings.settings("ci", setting, partition="feature", client=client))
        for setting, client in (("fl", None), ("local", 2))
    )
    np.testing.assert_array_equal(local.partition.indices[0], fl.partition.indices[2])
    assert fl.skew is not None
    assert local.skew is not None
    np.testing.assert_array_equal(local.skew.brightness, np.asarray(fl.skew.brightness)[2:3])
    assert local.participation is None


def test_a_method_is_told_with_its_source_and_every_option_it_takes(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")
    code, listed, _ = answered(capsys, "methods")
    assert code == 0
    names = methods.names()
    assert [line.split()[0] for line in listed.splitlines()] == names
    for name in names:
        code, told, _ = answered(capsys, "methods", name)
        assert code == 0
        assert "\nSource: " in told
        assert "Errors:" not in told
        chosen = encoder("resnet" if name == "masked_reconstruction" else "vit", "ci")
        with pytest.raises(UsageError) as refused:
            methods.build(name, chosen, (("nothing", "1"),), horizon=3.0, most_heard=2)
        taken = str(refused.value).rpartition("It takes ")[2].rstrip(".").split(", ")
        options = [line.split()[0] for line in told.partition("option ")[2].splitlines()[1:]]
        assert options == taken
        # Each default may as well be given.
        for one in methods.describe(name).options:
            if one.default != "as the training's settings":
                methods.build(name, chosen, ((one.name, one.default),), horizon=3.0, most_heard=2)
    assert {
        line.split()[-1] for line in answered(capsys, "methods", "mar")[1].splitlines() if "mask_ratio" in line
    } == {"mae"}
    code, _, error = answered(capsys, "methods", "fedu3")
    assert code == 2
    assert "the nearest valid are fedu, fedu2" in error


def test_every_method_can_be_built_for_a_network_of_some_kind():
    names = methods.names()
    assert {"mae", "mar", "simsiam", "ssd"} <= set(names)
    for name in names:
        made = []
        for kind in ("vit", "resnet", "linear"):
            try:
                made.append(settings.build(name, encoder(kind, "ci"), (), horizon=3.0, most_heard=2))
            except UsageError as error:
                assert "got the encoder" in str(error)  # noqa: PT017
        assert made
        assert all(one.encoder is not None for one in made)


def test_options_reach_the_method_and_what_it_builds_on():
    vit = encoder("vit", "ci")
    made = settings.build("mar", vit, (("weight_max", "0.5"), ("mask_ratio", "0.5")), horizon=3.0, most_heard=2)
    assert isinstance(made, Mar)
    assert isinstance(made.masked, Mae)
    assert (made.weight_max, made.masked.mask_ratio, made.horizon, made.most_heard) == (0.5, 0.5, 3.0, 2)


def test_private_embeddings_are_accounted_for(capsys, tmp_path):
    out = str(tmp_path / "run")
    options = ("--option", "clip_norm=1", "noise_multiplier=4")
    code, _, err = answered(
        capsys,
        "pretrain",
        *ROUNDS_LEFT_OUT,
        "--setting",
        "decl",
        "--method",
        "mar",
        "--rounds",
        "2",
        *options,
        "--out",
        out,
    )
    assert code == 0, err
    code, said, _ = answered(capsys, "evaluate", out, "--json")
    assert code == 0
    spent = json.loads(said)["privacy"]
    # Two messages of a Gaussian mechanism are one with the noise over the root of two.
    assert spent == {"epsilon": pytest.approx(privacy.epsilon(4 / np.sqrt(2), 1e-5, 1), rel=1e-3)} | {
        "delta": 1e-5,
        "releases": 2,
    }
    assert "epsilon" in answered(capsys, "evaluate", out)[1]


def test_nothing_is_spent_where_nobody_is_there_to_be_sent_to():
    """On a network of which one takes part at a time; of two they may be neighbours."""
    options = (("clip_norm", "1"), ("noise_multiplier", "4"))
    for participation, releases in ((1, None), (2, 3)):
        chosen = settings.settings("ci", "decl", method="mar", participation=participation, options=options)
        prepared = settings.prepare(chosen)
        blank = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), checkpoints.blank_state(prepared))
        state = blank._replace(local=blank.local._replace(selections=jnp.full(4, 3)))
        spent = evaluated.privacy_spent(chosen, prepared, checkpoints.Saved(state, ()))
        assert (spent and spent["releases"]) == releases
