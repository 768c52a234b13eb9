"""Mini-ImageNet reads back as written in each of its layouts, and an archive that is a bomb or a lie is refused."""

import io
import pathlib
import pickle
import struct
import zipfile
from typing import Any

import numpy as np
import pytest

from sims.images.datasets import load as load_any
from sims.images.datasets.files import MOST_BYTES
from sims.images.datasets.mini_imagenet import load
from sims.images.datasets.npz import read_npz

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 3), np.uint8)


def write(folder: pathlib.Path, name: str, held: dict) -> pathlib.Path:
    path = folder / name
    if name.endswith("npz"):
        np.savez_compressed(path, **held)
    else:
        path.write_bytes(pickle.dumps(held, 2))
    return path


LAYOUTS = {
    "mini-imagenet-cache-train.pkl": {
        "image_data": IMAGES,
        "class_dict": {"wolf": [1, 4], "crab": np.array([0, 2, 3])},
    },
    "miniImageNet_category_split_train_phase_train.pickle": {
        b"data": IMAGES,
        b"labels": [64, 70, 64, 64, 70],
        b"catname2label": {b"crab": 64, b"wolf": 70, b"elsewhere": 3},
    },
    "few-shot-train.npz": {"features": IMAGES, "targets": np.array([2, 9, 2, 2, 9], np.uint8)},
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_reads_back_as_written_by_its_folder_and_by_its_file(tmp_path: pathlib.Path, name: str):
    path = write(tmp_path, name, LAYOUTS[name])
    for data in (load_any(tmp_path), load_any(str(path))):
        assert np.array_equal(data.images, IMAGES)
        assert data.labels.tolist() == [0, 1, 0, 0, 1]
        assert data.class_names == (
            ("2 of few-shot-train.npz", "9 of few-shot-train.npz") if name.endswith("npz") else ("crab", "wolf")
        )


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("held", "says"),
    [
        ({"labels": [0] * 5}, "An array"),
        ({"data": [[0]], "labels": [0]}, "An array"),
        ({"data": IMAGES}, "Whole numbers"),
        ({"data": IMAGES, "labels": [0.5] * 5}, "Whole numbers"),
        ({"data": IMAGES, "labels": np.full(5, 2**64 - 1, np.uint64)}, r"below 2\*\*63"),
        ({"data": IMAGES, "labels": [0] * 4}, "5 images and 4 labels"),
        ({"data": IMAGES[:, 0, 0], "labels": [0] * 5}, "uint8 images"),
        ({"data": IMAGES / 255, "labels": [0] * 5}, "float64"),
        ({"data": IMAGES[:0], "labels": []}, "uint8 images"),
        ({"image_data": IMAGES, "class_dict": {"a": [0, 1, 2, 3]}}, "gives 1 none and 0 several"),
        ({"image_data": IMAGES, "class_dict": {"a": [0, 1, 2, 3], "b": [3, 4]}}, "gives 0 none and 1 several"),
        ({"image_data": IMAGES, "class_dict": {"a": [0, 1, 2, 3, 4, 4]}}, "gives 0 none and 1 several"),
        ({"image_data": IMAGES, "class_dict": {"a": [0, 1, 2, 3, 5]}}, r"Positions in 0\.\.4"),
        ({"image_data": IMAGES, "class_dict": {"a": np.array([-1, 0, 1, 2, 3])}}, r"Positions in 0\.\.4"),
        ({"image_data": IMAGES, "class_dict": [0]}, "gives 5 none"),
        ({"image_data": np.array(3, np.uint8), "class_dict": {}}, "uint8 images"),
    ],
)
def test_a_file_of_other_content_is_named_with_its_fault(tmp_path: pathlib.Path, held: dict, says: str):
    with pytest.raises(ValueError, match=says) as caught:
        load(write(tmp_path, "file.pkl", held))
    assert "file.pkl" in str(caught.value)


def zipped(folder: pathlib.Path, members: dict[str, bytes], **options: Any) -> pathlib.Path:
    path = folder / "file.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def npy(descr: str, shape: str, content: bytes, version: int = 1) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return (
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + content
    )


def test_an_array_written_by_hand_is_read(tmp_path: pathlib.Path):
    """The form that the bad ones below are made in is good when what it says is true."""
    for version in (1, 2):
        assert read_npz(zipped(tmp_path, {"a.npy": npy("'|u1'", "(2,)", b"\x01\x02", version)}))["a"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (npy("'|u1'", "(-1,)", b"x"), "announces"),
        (npy("'|u1'", "(-1, -1)", b"x"), "announces"),
        (npy("'|u1'", f"({2**62}, 4)", b""), "announces"),
        (npy("'|u1'", "(3,)", b"xx"), "announces"),
        (npy("'|u1'", "(1,)", b"xx"), "announces"),
        (npy("'|O'", "(1,)", b"x"), "never read"),
        (npy("[('a', '|u1')]", "(1,)", b"x"), "never read"),
        (npy("__import__('os').mkdir('canary')", "(1,)", b"x"), "not a readable archive"),
        (b"", "not a readable archive"),
        (b"\x93NUMPY\x07\x00", "not a readable archive"),
        (pickle.dumps(print), "not a readable archive"),
    ],
)
def test_an_array_that_is_not_what_it_says_is_refused(tmp_path: pathlib.Path, content: bytes, says: str, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=says) as caught:
        load(zipped(tmp_path, {"features.npy": content}))
    assert "file.npz" in str(caught.value)
    assert not (tmp_path / "canary").exists()


def test_a_bomb_is_refused_by_its_table_of_contents(tmp_path: pathlib.Path):
    """The size in the table is changed by hand, so that the test need not write what it announces."""
    path = zipped(tmp_path, {"features.npy": npy("'|u1'", f"({MOST_BYTES + 1},)", b"")})
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", MOST_BYTES + 200)
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=f"at most {MOST_BYTES}"):
        load(path)


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(tmp_path: pathlib.Path):
    head = npy("'|u1'", "(4,)", b"")
    path = zipped(tmp_path, {"features.npy": head + bytes(10**6)})
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", len(head) + 4)
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="not a readable archive"):
        load(path)


def outcome(path: pathlib.Path) -> str | np.ndarray:
    try:
        return load(path).images
    except ValueError as error:
        return str(error)


def test_every_cut_and_flip_of_an_archive_is_noticed_or_harmless(tmp_path: pathlib.Path):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, features=IMAGES, targets=np.zeros(5, np.uint8))
    whole = buffer.getvalue()
    path = tmp_path / "file.npz"
    for at in range(3, len(whole), 7):
        path.write_bytes(whole[:at])
        with pytest.raises(ValueError, match=r"file\.npz is not a readable archive"):
            load(path)
        flipped = bytearray(whole)
        flipped[at] ^= 0xFF
        path.write_bytes(bytes(flipped))
        read = outcome(path)  # dates and attributes carry nothing
        assert "file.npz" in read if isinstance(read, str) else np.array_equal(read, IMAGES)


def test_a_missing_file_is_named(tmp_path: pathlib.Path):
    with pytest.raises(ValueError, match=r"gone\.pkl cannot be read"):
        load(tmp_path / "gone.pkl")


def test_equal_numbers_in_two_files_are_two_classes(tmp_path: pathlib.Path):
    """The splits of Mini-ImageNet share no class, whatever the numbers are."""
    for split in ("train", "test"):
        write(tmp_path, f"few-shot-{split}.npz", LAYOUTS["few-shot-train.npz"])
    assert not set(load_any(tmp_path).class_names) & set(load_any(tmp_path, "test").class_names)


def test_one_file_has_no_test_images(tmp_path: pathlib.Path):
    """It would be tested on what it was trained on."""
    path = write(tmp_path, "few-shot-train.npz", LAYOUTS["few-shot-train.npz"])
    with pytest.raises(ValueError, match=r"one file, without splits; got split='test'\. .*--test-per-class"):
        load_any(path, "test")


def test_keys_of_any_number_and_length_make_one_short_sentence(tmp_path: pathlib.Path):
    held = {f"{n:03}" + "x" * 10_000: 0 for n in range(200)}
    with pytest.raises(ValueError, match=r"holds \['000xxx.*\.\.\.'\] and 194 more\. Fetch it again") as caught:
        load(write(tmp_path, "file.pkl", held))
    assert len(str(caught.value)) < 700


def test_a_fault_that_quotes_a_name_of_any_length_is_short(tmp_path: pathlib.Path):
    path = zipped(tmp_path, {"x" * 60_000: npy("'|O'", "(1,)", b"x")})
    with pytest.raises(ValueError, match=r"\(xxx.*\.\.\.\)\. Fetch it again") as caught:
        load(path)
    assert len(str(caught.value)) < 600
