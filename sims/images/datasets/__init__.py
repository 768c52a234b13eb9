"""Labelled images, from the 5,000 that come with the project or from disk; one file for each format.

May use the files directly in `sims`. Begin with `loading.py`: its `load` tells the format from what it finds.
"""

from sims.images.datasets.labelled_images import LabelledImages, hold_out, pixels
from sims.images.datasets.loading import load

__all__ = ["LabelledImages", "hold_out", "load", "pixels"]
