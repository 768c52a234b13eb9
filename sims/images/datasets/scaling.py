"""Images cut to their central square and scaled to one size."""

import os

import numpy as np
from PIL import Image

from sims.images.datasets.files import MOST_BYTES
from sims.images.datasets.labelled_images import LabelledImages


def square(image: Image.Image, side: int) -> Image.Image:
    """The central square of an image, scaled to `side` x `side` with the mean over what a pixel covers."""
    # Cut first: ImageOps.fit lets pixels from outside the square into its edge.
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    return image.crop((left, top, left + short, top + short)).resize((side, side), Image.Resampling.BILINEAR)


def check_side(side: int) -> None:
    """Nothing, for a side that images can have. Errors: ValueError otherwise."""
    if side < 1:
        raise ValueError(f"Images need a side of at least 1 pixel; got side={side}.")


def refuse_many(n: int, height: int, width: int, channels: int) -> None:
    """Errors: ValueError for images that together take more than `MOST_BYTES`, and more than half of the memory."""
    n_bytes = n * height * width * channels
    most = max(MOST_BYTES, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    if n_bytes > most:
        raise ValueError(
            f"At most {most} bytes of images are held here; {n} images of {height} x {width} take {n_bytes}. Give "
            "a smaller --side (in Python, `side`), or fewer images."
        )


def scaled(data: LabelledImages, side: int) -> LabelledImages:
    """The same images as `square` makes them; images of that size as they are.

    Errors: ValueError as `check_side` and `refuse_many`.
    """
    check_side(side)
    n, *size, channels = data.images.shape
    if size == [side, side]:
        return data
    refuse_many(n, side, side, channels)
    images = np.empty((n, side, side, channels), np.uint8)
    for position, pixels in enumerate(data.images):
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        images[position] = np.asarray(square(image, side)).reshape(side, side, channels)
    return LabelledImages(images, data.labels, data.class_names)


def in_channels(data: LabelledImages, channels: int) -> LabelledImages:
    """The same images, grey ones repeated where colour is wanted. Errors: ValueError for colour where grey is."""
    n, height, width, given = data.images.shape
    if given == channels:
        return data
    if given != 1:
        raise ValueError(f"Grey images were wanted, as in training; got images of {given} channels. Name others.")
    return LabelledImages(np.broadcast_to(data.images, (n, height, width, channels)), data.labels, data.class_names)
