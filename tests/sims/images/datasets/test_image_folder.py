"""Image folders read back as written, in one order on every machine, and a damaged image is named."""

import pathlib
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sims.images.datasets import load as load_any
from sims.images.datasets.image_folder import load

RNG = np.random.default_rng(0)


def write(path: pathlib.Path, image: np.ndarray, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)


def noise(height: int = 6, width: int = 6) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


def test_png_images_read_back_as_written_by_class_and_name(tmp_path: pathlib.Path):
    written = {name: noise() for name in ("dog/b.png", "cat/2.png", "cat/10.PNG", "Zebra/a.png")}
    for name, image in written.items():
        write(tmp_path / name, image)
    (tmp_path / "cat" / "notes.txt").write_text("no image", encoding="utf-8")
    (tmp_path / ".hidden").mkdir()
    data = load_any(tmp_path)
    assert data.class_names == ("Zebra", "cat", "dog")
    assert data.labels.tolist() == [0, 1, 1, 2]
    order = ("Zebra/a.png", "cat/10.PNG", "cat/2.png", "dog/b.png")
    assert np.array_equal(data.images, np.stack([written[name] for name in order]))


def test_a_jpeg_is_near_what_was_written(tmp_path: pathlib.Path):
    flat = np.full((16, 16, 3), (200, 30, 90), np.uint8)
    write(tmp_path / "a" / "x.jpeg", flat, quality=95)
    assert np.abs(load(tmp_path).images[0].astype(int) - flat).max() <= 4  # a flat block is its quantised mean


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "RGB"])
def test_every_eight_bit_mode_becomes_colour(tmp_path: pathlib.Path, mode: str):
    grey = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8))
    (tmp_path / "a").mkdir()
    grey.convert(mode).save(tmp_path / "a" / "x.png")
    assert load(tmp_path).images[0].tolist() == [[[0] * 3, [255] * 3], [[255] * 3, [0] * 3]]


def test_a_palette_with_transparency_warns_of_nothing(tmp_path: pathlib.Path):
    (tmp_path / "a").mkdir()
    image = Image.new("P", (2, 2))
    image.save(tmp_path / "a" / "x.png", transparency=b"\x00\x80")
    assert load(tmp_path).images.shape == (1, 2, 2, 3)


def test_a_side_cuts_the_central_square_and_scales_it(tmp_path: pathlib.Path):
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 4:8] = 100
    write(tmp_path / "a" / "x.png", wide)
    write(tmp_path / "a" / "y.png", wide.transpose(1, 0, 2))
    data = load_any(tmp_path, side=2)
    assert data.images.shape == (2, 2, 2, 3)
    assert (data.images == 100).all()


def test_images_of_two_sizes_need_a_side(tmp_path: pathlib.Path):
    write(tmp_path / "a" / "x.png", noise(6, 6))
    write(tmp_path / "a" / "y.png", noise(6, 8))
    with pytest.raises(ValueError, match=r"y\.png is \(6, 8\)\. Cut and scale them with --side"):
        load(tmp_path)
    assert load(tmp_path, side=5).images.shape == (2, 5, 5, 3)
    with pytest.raises(ValueError, match="side=0"):
        load(tmp_path, side=0)


def test_splits_are_sub_folders(tmp_path: pathlib.Path):
    for split, colour in (("train", 1), ("valid", 2)):
        write(tmp_path / split / "a" / "x.png", np.full((2, 2, 3), colour, np.uint8))
    assert load_any(tmp_path).images.max() == 1
    assert load_any(tmp_path, "val").images.max() == 2
    with pytest.raises(ValueError, match=r"no sub-folder 'test'.*--test-per-class"):
        load_any(tmp_path, "test")


def test_folders_without_images_are_named(tmp_path: pathlib.Path):
    with pytest.raises(ValueError, match="no sub-folder"):
        load(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="first 'empty'"):
        load(tmp_path)
    with pytest.raises(ValueError, match="gone is not a readable folder"):
        load(tmp_path / "gone")
    with pytest.raises(ValueError, match="split='dev'"):
        load(tmp_path, "dev")


def png(width: int, height: int, rows: bytes, depth: int = 8, colour: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


WHOLE = png(2, 1, b"\x00" + bytes(6))
BAD = {
    "nothing": (b"", "cannot identify"),
    "another format": (b"GIF89a" + bytes(50), "cannot identify"),
    "a pickle": (b"cos\nsystem\n(S'true'\ntR.", "cannot identify"),
    "cut": (WHOLE[:45], "file.png is not a readable"),
    "a bomb": (png(9000, 9000, b"\x00"), "at most"),
    "a larger bomb": (png(11_000, 11_000, b"\x00"), "bomb"),
    "a huge bomb": (png(60_000, 60_000, b"\x00"), "bomb"),
    "sixteen bits": (png(1, 1, b"\x00\x01\x02", 16, 0), "eight bits"),
    "no pixels": (png(0, 1, b""), "file.png"),
}


def test_a_png_written_by_hand_is_read(tmp_path: pathlib.Path):
    """The form that the bad ones are made in is good when what it says is true."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file.png").write_bytes(WHOLE)
    assert load(tmp_path).images.shape == (1, 1, 2, 3)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_image_is_named_with_its_fault(tmp_path: pathlib.Path, name: str):
    content, says = BAD[name]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file.png").write_bytes(content)
    with pytest.raises(ValueError, match=says):
        load(tmp_path)


def outcome(folder: pathlib.Path) -> str | np.ndarray:
    try:
        return load(folder).images
    except ValueError as error:
        return str(error)


def test_every_cut_and_flip_of_a_png_is_noticed_or_harmless(tmp_path: pathlib.Path):
    path = tmp_path / "a" / "file.png"
    write(path, noise())
    whole, images = path.read_bytes(), load(tmp_path).images
    body = whole.rindex(b"IEND") - 4
    for at in range(len(whole)):
        path.write_bytes(whole[:at])
        cut = outcome(tmp_path)
        assert "file.png is not a readable" in cut if at < body else isinstance(cut, str) or np.array_equal(cut, images)
        flipped = bytearray(whole)
        flipped[at] ^= 0xFF
        path.write_bytes(bytes(flipped))
        changed = outcome(tmp_path)
        assert "file.png" in changed if isinstance(changed, str) else np.array_equal(changed, images)


def test_every_cut_of_a_jpeg_is_noticed_up_to_its_end(tmp_path: pathlib.Path):
    path = tmp_path / "a" / "file.jpg"
    write(path, noise(32, 32))
    whole = path.read_bytes()
    for at in range(0, len(whole) - 8, 5):
        path.write_bytes(whole[:at])
        assert "file.jpg is not a readable" in outcome(tmp_path)


def test_images_that_would_take_all_memory_are_refused(tmp_path: pathlib.Path):
    """Few bytes on the disk: a flat image, linked."""
    write(tmp_path / "a" / "0.png", np.zeros((3000, 3000, 3), np.uint8))
    for n in range(1, 3000):
        (tmp_path / "a" / f"{n}.png").hardlink_to(tmp_path / "a" / "0.png")
    with pytest.raises(ValueError, match=r"3000 images of 3000 x 3000 take 81000000000\. Give a smaller --side"):
        load(tmp_path)


def test_a_side_that_would_take_all_memory_is_refused_before_the_first_image_is_scaled(tmp_path: pathlib.Path):
    write(tmp_path / "a" / "x.png", noise())
    with pytest.raises(ValueError, match="1 images of 1000000 x 1000000 take 3000000000000"):
        load(tmp_path, side=1_000_000)
