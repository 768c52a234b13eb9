"""Loaders give the images that are in the files, or say in a sentence why not."""

import gzip
import os
import pathlib
import signal
import tracemalloc

import numpy as np
import pytest

from sims.images.datasets import LabelledImages, cifar, hold_out, mini_imagenet, pixels
from sims.images.datasets import load as load_any
from sims.images.datasets.build_subset import subset
from sims.images.datasets.fashion_mnist import CLASS_NAMES, DEBIAN_FOLDER, SUBSET, load, load_full
from sims.images.datasets.files import MOST_BYTES
from sims.images.datasets.idx import read_idx
from sims.images.datasets.labelled_images import choose
from sims.images.datasets.pickles import read_pickle
from sims.images.datasets.scaling import in_channels, scaled


def idx_bytes(array: np.ndarray, kind: int = 8) -> bytes:
    """An IDX file written by hand, after the format's description."""
    header = bytes([0, 0, kind, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def test_the_embedded_subset_holds_500_images_of_each_class():
    data = load()
    assert data.images.shape == (5000, 28, 28, 1)
    assert np.bincount(data.labels).tolist() == [500] * len(CLASS_NAMES)


def test_the_licence_stands_beside_the_images():
    text = (SUBSET.parent / "LICENSE-fashion-mnist.txt").read_text(encoding="utf-8")
    assert "MIT License" in text
    assert "Zalando" in text


@pytest.mark.skipif(not DEBIAN_FOLDER.exists(), reason="dataset-fashion-mnist is not installed")
def test_the_embedded_subset_is_what_the_builder_takes_from_the_full_set():
    rebuilt = subset(load_full(split="train"))
    assert np.array_equal(rebuilt["images"], load().images[..., 0])
    assert np.array_equal(rebuilt["labels"], load().labels)


def test_pixels_are_block_means_over_the_pixel_range():
    images = np.array([[[[0], [255]], [[51], [102]]]], dtype=np.uint8)
    data = LabelledImages(images, np.zeros(1, np.uint8), ("only",))
    assert pixels(data, 2).item() == pytest.approx(0.4, rel=1e-15)
    assert pixels(data, 1).tolist() == [[0.0, 1.0, 0.2, 0.4]]
    with pytest.raises(ValueError, match="block=3"):
        pixels(data, 3)


@pytest.mark.wrong_types
@pytest.mark.parametrize("zipped", [False, True])
def test_an_idx_file_reads_back_as_written(tmp_path: pathlib.Path, zipped: bool):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    content = idx_bytes(array)
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert np.array_equal(read_idx(path), array)


WHOLE = idx_bytes(np.zeros((2, 3), np.uint8))


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (WHOLE[:-1], "truncated"),
        (WHOLE + b"x", "too long"),
        (WHOLE[:9], "truncated"),
        (b"", "not an IDX file"),
        (b"\x01\x02\x08\x01", "not an IDX file"),
        (idx_bytes(np.zeros((2, 3)), kind=0x0D), "type 0d"),
        (gzip.compress(WHOLE, mtime=0)[:-6], "damaged gzip"),
        (gzip.compress(WHOLE, mtime=0)[:14], "damaged gzip"),
        (gzip.compress(WHOLE + bytes(10**7)), "too long"),
        (b"\0\0\x08\x03" + b"\xff" * 12, f"at most {MOST_BYTES}"),
        (b"\0\0\x08\x03\0\0", "truncated"),
        (b"\0\0\x08\x00", "0 axes"),
    ],
)
def test_a_bad_idx_file_is_named_with_its_fault(tmp_path: pathlib.Path, content: bytes, says: str):
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=says):
        read_idx(path)


def test_a_missing_idx_file_is_named(tmp_path: pathlib.Path):
    with pytest.raises(ValueError, match=r"train-images.* cannot be read"):
        load_full(tmp_path)


@pytest.mark.parametrize("keep", [0, 100, 400_000])
def test_a_truncated_subset_is_refused_with_a_remedy(tmp_path: pathlib.Path, keep: int):
    path = tmp_path / "cut.npz"
    path.write_bytes(SUBSET.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"cut\.npz .*Restore"):
        load(path)


def test_a_flipped_byte_in_the_subset_is_noticed(tmp_path: pathlib.Path):
    content = bytearray(SUBSET.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "flipped.npz"
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="Restore"):
        load(path)


def test_a_pickle_is_refused(tmp_path: pathlib.Path):
    path = tmp_path / "pickled.npz"
    np.savez(path, images=np.array([{}], dtype=object), labels=np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match="pickled"):
        load(path)


@pytest.mark.wrong_types
def test_an_archive_of_other_arrays_is_refused(tmp_path: pathlib.Path):
    path = tmp_path / "other.npz"
    np.savez(path, images=np.zeros((2, 4)), labels=np.zeros(2, np.uint8))
    with pytest.raises(ValueError, match="float64"):
        load(path)


def test_the_choice_of_one_class_does_not_depend_on_the_others():
    labels = np.repeat(np.arange(3, dtype=np.uint8), 40)
    both = choose(labels, 5, 0)
    assert np.array_equal(both[both < 40], choose(labels[:40], 5, 0))
    with pytest.raises(ValueError, match="per_class=41"):
        choose(labels, 41, 0)


@pytest.mark.wrong_types
def test_a_gzip_bomb_is_unpacked_no_further_than_its_header_says(tmp_path: pathlib.Path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(WHOLE + bytes(3 * 10**7)))
    tracemalloc.start()
    with pytest.raises(ValueError, match="too long"):
        read_idx(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**6


@pytest.mark.wrong_types
def test_an_idx_folder_is_found_by_its_names_and_its_classes_are_numbered(tmp_path: pathlib.Path):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    for prefix, shift in (("train", 0), ("t10k", 100)):
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(images + shift))
        (tmp_path / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(np.array([2, 0]))))
    assert np.array_equal(load_any(tmp_path).images[..., 0], images)
    test = load_any(str(tmp_path), "test")
    assert np.array_equal(test.images[..., 0], images + 100)
    assert (test.labels.tolist(), test.class_names) == ([2, 0], ("0", "1", "2"))
    with pytest.raises(ValueError, match="3 x 4"):
        load_full(tmp_path)


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("images", "labels"), [((2, 3, 4), (3,)), ((2, 12), (2,)), ((2, 3, 4), (2, 1)), ((0, 3, 4), (0,))]
)
def test_idx_files_that_do_not_belong_together_are_named(tmp_path: pathlib.Path, images, labels):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros(images)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(labels)))
    with pytest.raises(ValueError, match=tmp_path.name):
        load_any(tmp_path)


def test_the_embedded_images_are_the_default_and_have_no_test_split():
    assert np.array_equal(load_any().images, load().images)
    assert load_any().images is load_any().images  # read once
    with pytest.raises(ValueError, match="read-only"):
        load_any().images[0] = 0
    with pytest.raises(ValueError, match=r"--test-per-class \(in Python, `hold_out`\)"):
        load_any("fashion-mnist", "test")


@pytest.mark.skipif(not DEBIAN_FOLDER.exists(), reason="dataset-fashion-mnist is not installed")
def test_the_full_set_has_a_test_split():
    data = load_any("fashion-mnist-full", "test")
    assert np.bincount(data.labels).tolist() == [1000] * len(CLASS_NAMES)
    with pytest.raises(ValueError, match="split='val'"):
        load_any("fashion-mnist-full", "val")


def test_a_side_scales_images_of_every_source():
    as_they_are, small = load_any(), load_any(side=14)
    assert small.images.shape == (len(as_they_are.labels), 14, 14, 1)
    assert np.array_equal(small.labels, as_they_are.labels)
    # Each pixel is a weighted mean of those near it, so the mean of a picture stays.
    means = [data.images.mean(axis=(1, 2, 3)) for data in (as_they_are, small)]
    np.testing.assert_allclose(means[1], means[0], atol=3)
    assert np.array_equal(load_any(side=28).images, as_they_are.images)
    assert load_any(side=40).images.shape[1:] == (40, 40, 1)


def test_wide_images_are_cut_to_their_central_square_before_they_are_scaled():
    wide = np.zeros((2, 4, 12, 3), np.uint8)
    wide[:, :, 4:8] = 100
    wide[1] *= 2
    data = scaled(LabelledImages(wide, np.arange(2), ("a", "b")), 2)
    assert data.images.shape == (2, 2, 2, 3)
    assert (data.images == np.array([100, 200])[:, None, None, None]).all()


def test_grey_images_are_repeated_where_colour_is_wanted_and_colour_is_not_made_grey():
    grey = LabelledImages(np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1), np.arange(2), ("a", "b"))
    colour = in_channels(grey, 3)
    assert colour.images.shape == (2, 2, 2, 3)
    assert (colour.images == grey.images).all()
    assert in_channels(grey, 1) is grey
    with pytest.raises(ValueError, match="got images of 3 channels"):
        in_channels(colour, 1)


def test_an_unknown_name_and_a_side_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="got 'fashion', which is not there"):
        load_any("fashion")
    # An empty name is not the current folder, and a long one is not an error of the operating system.
    for name in ("", "x" * 5000):
        with pytest.raises(ValueError, match=f"got '{name[:200]}.*', which is not there"):
            load_any(name)
    with pytest.raises(ValueError, match="side=0"):
        load_any(side=0)


def test_held_out_images_are_as_many_of_each_class_and_the_rest_keeps_its_order():
    images = np.arange(30, dtype=np.uint8).reshape(30, 1, 1, 1)
    data = LabelledImages(images, np.tile(np.arange(3), 10), ("a", "b", "c"))
    rest, test = hold_out(data, 4, seed=1)
    assert np.bincount(test.labels).tolist() == [4, 4, 4]
    assert sorted([*rest.images.ravel(), *test.images.ravel()]) == list(range(30))
    assert (np.diff(rest.images.ravel().astype(int)) > 0).all()
    assert [part.n_classes for part in (rest, test)] == [3, 3]
    assert not np.array_equal(test.images, hold_out(data, 4, seed=2)[1].images)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_without_a_name_is_refused(label: int):
    with pytest.raises(ValueError, match=f"got {label}"):
        LabelledImages(np.zeros((2, 1, 1, 1), np.uint8), np.array([0, label]), ("a", "b", "c"))


def test_two_classes_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two are called 'b'"):
        LabelledImages(np.zeros((2, 1, 1, 1), np.uint8), np.arange(2), ("a", "b", "b"))


def test_a_side_that_would_take_all_memory_is_refused(monkeypatch: pytest.MonkeyPatch):
    data = LabelledImages(np.zeros((3, 2, 2, 1), np.uint8), np.zeros(3, np.uint8), ("a",))
    with pytest.raises(ValueError, match=r"3 images of 10000000 x 10000000 take 300000000000000\. .*--side"):
        scaled(data, 10_000_000)
    monkeypatch.setattr("sims.images.datasets.scaling.MOST_BYTES", 3 * 16)
    monkeypatch.setattr("os.sysconf", lambda name: 1)
    assert scaled(data, 4).images.shape == (3, 4, 4, 1)
    with pytest.raises(ValueError, match="3 images of 5 x 5 take 75"):
        scaled(data, 5)


def test_names_of_classes_are_not_all_held_against_each_other():
    """A file may bring as many as it likes: each with each would be a question of hours."""
    asked = 0

    class Name(str):
        def __eq__(self, other):
            nonlocal asked
            asked += 1
            return super().__eq__(other)

        __hash__ = str.__hash__

    names = tuple(Name(k) for k in range(1000))
    LabelledImages(np.zeros((1, 1, 1, 1), np.uint8), np.zeros(1, np.uint8), names)
    assert asked < 10 * len(names)


@pytest.fixture
def pipe(tmp_path: pathlib.Path):
    """A named pipe that nobody writes into; whoever waits for it is woken by an error."""

    def woken(*_: object) -> None:
        raise TimeoutError("it was waited for")

    os.mkfifo(tmp_path / "pipe")
    before = signal.signal(signal.SIGALRM, woken)
    signal.alarm(3)
    yield tmp_path / "pipe"
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("read", [load_any, load, read_idx, read_pickle, mini_imagenet.load])
def test_a_pipe_is_refused_and_not_waited_for(pipe: pathlib.Path, read):
    with pytest.raises(ValueError, match=r"pipe .*\(it is no regular file\)"):
        read(pipe)


@pytest.mark.parametrize("name", ["train-labels-idx1-ubyte", "batches.meta.txt", "data_batch_1.bin"])
def test_a_pipe_in_a_folder_is_refused_and_not_waited_for(pipe: pathlib.Path, name: str):
    folder = pipe.parent
    (folder / "train-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((2, 3, 4))))
    (folder / "batches.meta.txt").write_text("cat", encoding="utf-8")
    pipe.replace(folder / name)
    with pytest.raises(ValueError, match=rf"{name} .*\(it is no regular file\)"):
        load_any(folder) if name.startswith("train") else cifar.load(folder, cifar.CIFAR10)
