"""Readings in words: what a statement's `reading` says of masks, offsets, rare classes and coordinates."""

from theory.readings import Mask, Offsets, Rare

_WORDS: dict[str, str] = {
    Mask.COMPLEMENTARY: "complementary masks",
    Mask.INDEPENDENT: "independent masks",
    Mask.FIXED_COUNT: "complementary masks of a fixed count",
    Mask.PRINTED: "the matrix printed in (17)",
    Offsets.PER_SAMPLE: "offsets drawn for every sample",
    Offsets.PER_CLASS: "offsets drawn once per class",
    Rare.ABSENT: "rare class absent",
    Rare.INSIDE: "rare class inside the signal",
    Rare.OUTSIDE: "rare class outside the signal",
}


def in_words(choice: str) -> str:
    """A choice that the paper leaves open, in words that need no key: "complementary masks", not "complementary".

    What is no such choice comes back as it is.
    """
    return _WORDS.get(choice, choice)
