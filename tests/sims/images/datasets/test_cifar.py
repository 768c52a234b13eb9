"""CIFAR-10 and CIFAR-100 read back as written, in the python and in the binary release."""

import dataclasses
import pathlib
import pickle

import numpy as np
import pytest

from sims.images.datasets import load as load_any
from sims.images.datasets.cifar import CIFAR10, CIFAR100, IMAGE_BYTES, Release, found, load

N = 4  # images a file
SMALL = {
    "10": dataclasses.replace(CIFAR10, n_train=5 * N, n_test=N),
    "100": dataclasses.replace(CIFAR100, n_train=N, n_test=N),
}


def drawn(release: Release, split: str) -> tuple[np.ndarray, np.ndarray]:
    files, n_images = release.parts(split)
    rng = np.random.default_rng(len(split))
    n = len(files) * n_images
    return rng.integers(0, 256, (n, IMAGE_BYTES), np.uint8), rng.integers(0, 10 * release.label_bytes**3, n)


def names(release: Release) -> list[str]:
    return [f"class {c}" for c in range(10 * release.label_bytes**3)]


def write(folder: pathlib.Path, release: Release, binary: bool) -> None:
    for split in ("train", "test"):
        rows, labels = drawn(release, split)
        files, n_images = release.parts(split)
        for part, name in enumerate(files):
            inside = slice(part * n_images, (part + 1) * n_images)
            if binary:
                kinds = np.stack([labels[inside]] * release.label_bytes, axis=1).astype(np.uint8)
                kinds[:, :-1] = 77  # the coarse label of CIFAR-100, which does not count
                (folder / f"{name}.bin").write_bytes(np.hstack([kinds, rows[inside]]).tobytes())
            else:
                held = {
                    b"data": rows[inside],
                    release.labels: labels[inside].tolist(),
                    "coarse_labels": [77] * n_images,
                }
                (folder / name).write_bytes(pickle.dumps(held, 2))
    if binary:
        (folder / release.binary_names).write_text("\n".join(names(release)) + "\n\n", encoding="utf-8")
    else:
        (folder / release.names[0]).write_bytes(pickle.dumps({release.names[1]: names(release)}, 2))


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("binary", [False, True], ids=["python", "binary"])
@pytest.mark.parametrize("which", SMALL)
def test_a_release_reads_back_as_written(tmp_path: pathlib.Path, which: str, binary: bool, split: str):
    release = SMALL[which]
    write(tmp_path, release, binary)
    data = load(tmp_path, release, split)
    rows, labels = drawn(release, split)
    assert found(tmp_path) == {"10": CIFAR10, "100": CIFAR100}[which]
    assert data.labels.tolist() == labels.tolist()
    assert data.class_names == tuple(names(release))
    assert data.images.shape == (len(rows), 32, 32, 3)
    n, row, column, colour = 2, 5, 31, 1
    assert data.images[n, row, column, colour] == rows[n, colour * 1024 + row * 32 + column]
    assert np.array_equal(data.images.transpose(0, 3, 1, 2).reshape(len(rows), -1), rows)


def test_a_test_set_of_full_size_is_found_by_its_folder(tmp_path: pathlib.Path):
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    (folder / "batches.meta.txt").write_text("\n".join(names(CIFAR10)), encoding="utf-8")
    (folder / "test_batch.bin").write_bytes(bytes((1 + IMAGE_BYTES) * 10_000))
    assert load_any(tmp_path, "test").images.shape == (10_000, 32, 32, 3)
    with pytest.raises(ValueError, match=r"data_batch_1\.bin is not a readable CIFAR file .*No such file"):
        load_any(tmp_path, "train")
    with pytest.raises(ValueError, match="split='val'"):
        load_any(tmp_path, "val")


@pytest.mark.parametrize(("change", "says"), [(lambda b: b[:-1], "has fewer"), (lambda b: b + b"x", "has more")])
def test_a_binary_file_of_another_size_is_named(tmp_path: pathlib.Path, change, says: str):
    write(tmp_path, SMALL["10"], binary=True)
    path = tmp_path / "data_batch_3.bin"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"data_batch_3\.bin .*{says}"):
        load(tmp_path, SMALL["10"])


GOOD = {"data": np.zeros((N, IMAGE_BYTES), np.uint8), "labels": [0] * N}


@pytest.mark.parametrize(
    "held",
    [
        {"labels": [0] * N},
        {"data": GOOD["data"]},
        {**GOOD, "data": GOOD["data"][:-1]},
        {**GOOD, "data": GOOD["data"].astype(np.int16)},
        {**GOOD, "data": GOOD["data"].tolist()},
        {**GOOD, "labels": [0] * (N - 1)},
        {**GOOD, "labels": [0.5] * N},
        {**GOOD, "labels": [2**70] * N},
        {**GOOD, "labels": [-1] * N},
        {**GOOD, "labels": np.zeros(N)},
    ],
)
def test_a_pickled_file_of_other_content_is_named(tmp_path: pathlib.Path, held: dict):
    write(tmp_path, SMALL["10"], binary=False)
    (tmp_path / "data_batch_2").write_bytes(pickle.dumps(held))
    with pytest.raises(ValueError, match=r"data_batch_2 holds .*Fetch it again"):
        load(tmp_path, SMALL["10"])


def test_a_label_without_a_name_is_noticed(tmp_path: pathlib.Path):
    write(tmp_path, SMALL["10"], binary=False)
    (tmp_path / "test_batch").write_bytes(pickle.dumps({**GOOD, "labels": np.full(N, 10)}))
    with pytest.raises(ValueError, match="got 10"):
        load(tmp_path, SMALL["10"], "test")


@pytest.mark.parametrize("held", [{}, {"label_names": []}, {"label_names": "cat"}, {"label_names": [1]}])
def test_class_names_that_are_none_are_noticed(tmp_path: pathlib.Path, held: dict):
    write(tmp_path, SMALL["10"], binary=False)
    (tmp_path / "batches.meta").write_bytes(pickle.dumps(held))
    with pytest.raises(ValueError, match=r"batches\.meta has none"):
        load(tmp_path, SMALL["10"])
