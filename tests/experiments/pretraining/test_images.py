"""Images to train and to test on belong together, or what is wrong is said in the words of who asked for them."""

import pathlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from experiments.pretraining import settings
from runtime.usage import UsageError
from sims.evaluation.probes import linear_probe

SHADE = {"bird": 70, "cat": 80, "dog": 120, "fish": 160}


def images_of(data: pathlib.Path, **given: Any) -> tuple[settings.LabelledImages, settings.LabelledImages]:
    """What a training is given; the test images that come with the data, unless told otherwise."""
    counts: dict[str, Any] = {"test_per_class": 0, "train_per_class": 0, "clients": 2, "participation": 2}
    prepared = settings.prepare(settings.settings("ci", data=str(data), **(counts | given)))
    return prepared.train, prepared.test


def folder_of(folder: pathlib.Path, **splits: dict[str, int]) -> pathlib.Path:
    """An image folder: of each split, the classes and the side of their images; the shade tells the class."""
    for split, classes in splits.items():
        for name, side in classes.items():
            (folder / split / name).mkdir(parents=True)
            for n in range(2):
                Image.new("RGB", (side, side), (SHADE[name],) * 3).save(folder / split / name / f"{n}.png")
    return folder


def idx_folder(folder: pathlib.Path, train: list[int], test: list[int]) -> pathlib.Path:
    """Grey images of 7 x 7 pixels, one for each label."""
    for prefix, labels in (("train", train), ("t10k", test)):
        for name, array in (("images-idx3", np.zeros((len(labels), 7, 7))), ("labels-idx1", np.array(labels))):
            head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
            (folder / f"{prefix}-{name}-ubyte").write_bytes(head + array.astype(np.uint8).tobytes())
    return folder


def refusal(data: pathlib.Path, **given: object) -> str:
    with pytest.raises(UsageError) as caught:
        images_of(data, **given)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_class_has_one_number_though_the_test_images_lack_others(tmp_path: pathlib.Path):
    folder_of(tmp_path, train={"cat": 7, "dog": 7, "fish": 7}, test={"dog": 7, "fish": 7})
    train, test = images_of(tmp_path)
    assert test.class_names == train.class_names == ("cat", "dog", "fish")
    assert test.labels.tolist() == [1, 1, 2, 2]
    for data in (train, test):
        assert data.images[:, 0, 0, 0].tolist() == [SHADE[data.class_names[label]] for label in data.labels]


def test_a_test_class_that_training_lacks_is_refused_by_name(tmp_path: pathlib.Path):
    folder_of(tmp_path, train={"cat": 7, "dog": 7}, test={"bird": 7, "cat": 7})
    message = refusal(tmp_path)
    assert "tests on 'bird', of which training has none" in message
    assert "--test-per-class" in message
    assert images_of(tmp_path, test_per_class=1)[1].class_names == ("cat", "dog")


def test_classes_of_a_folder_of_idx_files_go_by_their_numbers(tmp_path: pathlib.Path):
    train, test = images_of(idx_folder(tmp_path, [0, 2, 1, 4], [2, 0, 1]))
    assert (test.labels.tolist(), test.class_names) == ([2, 0, 1], train.class_names)


@pytest.mark.parametrize("number", [3, 5])
def test_a_number_that_training_lacks_is_refused(tmp_path: pathlib.Path, number: int):
    """3 has a name, being below the largest number in training, and no image to learn it from."""
    assert f"tests on '{number}', of which" in refusal(idx_folder(tmp_path, [0, 2, 1, 4], [2, number]))


def test_test_images_of_another_size_need_a_side(tmp_path: pathlib.Path):
    folder_of(tmp_path, train={"cat": 14, "dog": 14}, test={"cat": 7, "dog": 7})
    message = refusal(tmp_path)
    assert "like those of training, 14 x 14 x 3" in message
    assert message.endswith("has 7 x 7 x 3. Bring them to one size with --side.")
    assert [data.images.shape[1:] for data in images_of(tmp_path, side=7)] == [(7, 7, 3)] * 2


def test_test_images_of_other_channels_are_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    def load(_: str, split: str = "train", side: int | None = None) -> settings.LabelledImages:
        assert side is None
        images = np.zeros((2, 7, 7, 3 if split == "train" else 1), np.uint8)
        return settings.LabelledImages(images, np.arange(2), ("a", "b"))

    monkeypatch.setattr(settings, "load", load)
    assert refusal(tmp_path).endswith("has 7 x 7 x 1. Hold images out with --test-per-class.")


def test_a_single_class_is_refused_before_it_is_trained(tmp_path: pathlib.Path):
    folder_of(tmp_path, train={"cat": 7})
    assert "at least two classes" in refusal(tmp_path, test_per_class=1)
    assert "has only 'cat'" in refusal(tmp_path)
    assert "has only '1'" in refusal(idx_folder(tmp_path, [1, 1], [1]))


@pytest.mark.parametrize("setting", ["test_per_class", "train_per_class"])
def test_the_setting_that_asks_for_too_many_images_is_named(tmp_path: pathlib.Path, setting: str):
    folder_of(tmp_path, train={"cat": 7, "dog": 7})
    with pytest.raises(ValueError, match=rf"got per_class=3\. Lower {setting}\."):
        images_of(tmp_path, **({"test_per_class": 1} | {setting: 3}))


def test_holding_all_images_out_names_the_setting(tmp_path: pathlib.Path):
    folder_of(tmp_path, train={"cat": 7, "dog": 7})
    with pytest.raises(ValueError, match=r"none be left to train on; .*Lower test_per_class\."):
        images_of(tmp_path, test_per_class=2)


@pytest.mark.parametrize("method", ["mae", "mar"])
def test_the_method_that_was_asked_for_is_named_and_not_the_one_it_builds_on(tmp_path: pathlib.Path, method: str):
    folder_of(tmp_path, train={"cat": 7, "dog": 7})
    message = refusal(tmp_path, test_per_class=1, method=method, encoder="linear")
    assert message.startswith(f"{method} trains a Vit; got the encoder Linear.")


def test_too_few_images_to_choose_a_penalty_name_the_setting_first():
    features, labels = np.eye(4, dtype=np.float32), np.array([0, 0, 1, 1])
    with pytest.raises(ValueError, match=r"got 4 of 2 classes\. Train on more images of each with --train-per-class"):
        linear_probe(features, labels, features, labels)
