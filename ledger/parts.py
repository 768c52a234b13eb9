"""The vocabulary of readings: every part that a statement's reading may have, one name and one wording for each.

`ledger/checks/parts_of_choices.py` has the part of each choice that `theory/readings.py` enumerates. Nothing here needs
mathematics: whoever shows a record finds out what its readings mean.
"""

from collections.abc import Mapping

from ledger.reading import JOINT, Axis, Part

COMPLEMENTARY = Part(
    Axis.MASKS, "complementary masks", "Every entry is kept in one of the two views and hidden in the other."
)
INDEPENDENT = Part(
    Axis.MASKS, "independent masks", "Each of the two views has a mask of its own, drawn without regard to the other."
)
FIXED_COUNT = Part(
    Axis.MASKS,
    "complementary masks of a fixed count",
    "Every entry is kept in one of the two views, and each mask hides the same number of entries.",
)
PRINTED_MASK = Part(
    Axis.MASKS,
    "the matrix printed in (17)",
    "The matrix that Eq (17) prints is taken, whether or not masks give it.",
)

POPULATION = Part(Axis.DRAWS, "in the population", "Data, masks and augmentations are averaged exactly.")
SAMPLES = Part(Axis.DRAWS, "on samples", "A finite number of samples is drawn, and what they give is averaged.")
MASKS_AVERAGED = Part(
    Axis.DRAWS, "masks averaged", "Data are drawn; every sample enters with the mean over all of its masks."
)
ONE_MASK_PAIR = Part(
    Axis.DRAWS, "one mask pair a sample", "Data are drawn, and every sample is masked once, in two views."
)
EIGHT_MASK_PAIRS = Part(
    Axis.DRAWS, "eight mask pairs a sample", "Data are drawn, and every sample is masked eight times, in two views."
)

AUGMENTATIONS_AVERAGED = Part(
    Axis.AUGMENTATIONS,
    "augmentations averaged",
    "Every sample enters the loss of CL with the mean over all of its augmentations.",
)
ONE_AUGMENTATION = Part(
    Axis.AUGMENTATIONS,
    "one augmentation a sample",
    "Every sample enters the loss of CL with one drawn pair of augmented views.",
)
EIGHT_AUGMENTATIONS = Part(
    Axis.AUGMENTATIONS,
    "eight augmentations a sample",
    "Every sample enters the loss of CL with eight drawn pairs of augmented views.",
)

PER_SAMPLE = Part(
    Axis.OFFSETS, "offsets drawn for every sample", "Every image has offsets of its own, on every coordinate."
)
PER_CLASS = Part(Axis.OFFSETS, "offsets drawn once per class", "All images of a class of one client share the offsets.")
EACH_COORDINATE = Part(
    Axis.OFFSETS, "an offset for each coordinate", "The offsets of an image are independent between its coordinates."
)
ONE_OFFSET = Part(
    Axis.OFFSETS, "one offset for all coordinates", "An image has one number q, the same on all of its coordinates."
)

RARE_ABSENT = Part(Axis.RARE, "rare class absent", "No client has a rare class.")
RARE_INSIDE = Part(
    Axis.RARE, "rare class inside the signal", "The rare class of a client points along one of the signal coordinates."
)
RARE_OUTSIDE = Part(
    Axis.RARE, "rare class outside the signal", "The rare class of a client has a direction off the signal coordinates."
)

SIGNAL = Part(Axis.COORDINATES, "the N signal coordinates", "One coordinate for each client, and no others.")
LEADING = Part(
    Axis.COORDINATES,
    "the leading c coordinates",
    "As many coordinates as there are features, so that c = 2N takes in N beyond the signal.",
)

SIMILAR = Part(Axis.VIEWS, "similar views", "Both views are the image plus noise of their own.")
DISSIMILAR = Part(Axis.VIEWS, "dissimilar views", "One view is the image plus noise, the other a matrix H times it.")
IDENTITY = Part(
    Axis.VIEWS, "dissimilar views with H = I", "One view is the image plus noise, the other the image, with tr(H) = d."
)
IDENTITY_ON_SIGNAL = Part(
    Axis.VIEWS,
    "dissimilar views with H = I on the signal",
    "One view is the image plus noise, the other keeps the signal coordinates and drops the others.",
)
BOUNDED_TRACE = Part(
    Axis.VIEWS,
    "dissimilar views with tr(H) bounded",
    "The other view is H times the image, and the trace of H stays bounded as d grows.",
)

RECONSTRUCTION = Part(
    Axis.LOSS, "the reconstruction loss, Eq (3)", "A decoder predicts the hidden entries; Eq (4) only aligns two views."
)

PSD = Part(
    Axis.SELECTION,
    "W^T W without negative eigenvalues",
    "Only positive eigenvalues are kept, as the loss allows, and not those of largest modulus.",
)
MODULUS = Part(
    Axis.SELECTION,
    "eigenvalues of largest modulus kept",
    "Negative eigenvalues count by their size, which the loss does not allow.",
)

O_AS_THETA = Part(Axis.ORDERS, "O as Theta", "What is printed as O() is taken to be of that order exactly.")
O_AS_BOUND = Part(Axis.ORDERS, "O as an upper bound", "What is printed as O() is at most of that order.")
EQUAL_CONSTANTS = Part(
    Axis.ORDERS, "equal hidden constants", "The constants hidden in O() and Theta() are the same throughout."
)
OTHER_CONSTANTS = Part(
    Axis.ORDERS, "different hidden constants", "The constants hidden in O() and Theta() need not be the same."
)
UNIT_CONSTANT = Part(Axis.ORDERS, "a hidden constant of one", "The constant hidden in Theta() is 1.")

OBJECTIVE = Part(
    Axis.TARGET, "the objective of Eq (1)", "A network has the one model that makes the objective of Eq (1) least."
)
TRAINING = Part(Axis.TARGET, "training", "A network has the models that rounds of training on it end with.")
SIMULATED = Part(Axis.TARGET, "simulated training", "A network has the models that training ends with, run in full.")
SMALL_STEPS = Part(
    Axis.TARGET, "training in small steps", "A network has the models that training ends with, as steps tend to 0."
)

UNIFORM = Part(
    Axis.MIXING, "uniform averaging", "A client gives the same weight to itself and to each of its neighbours."
)
METROPOLIS = Part(
    Axis.MIXING, "Metropolis weights", "A link has 1 over one plus the larger number of neighbours of its two ends."
)
LAPLACIAN = Part(
    Axis.MIXING, "steps of one length along the Laplacian", "All links have one weight, and each client keeps the rest."
)

OVER_PLACEMENTS = Part(
    Axis.PLACEMENT, "mean over placements", "Averaged over every way to put the clients on the network's nodes."
)
LIKE_NEIGHBOURS = Part(
    Axis.PLACEMENT,
    "clients most like their neighbours",
    "The clients differ along the network's slowest mode, which averaging levels last.",
)

S_DEFINED = Part(
    Axis.MEASURE, "s as Theorem 4.4 defines it", "The sensitivity is the largest representability minus the least."
)
S_EACH = Part(
    Axis.MEASURE, "s of each data set", "The sensitivity is taken for each drawn data set, and then averaged over them."
)
WIDTH = Part(
    Axis.MEASURE,
    "s as the width of the printed bounds",
    "The sensitivity is the distance between the printed upper and lower bounds on the representability.",
)
SENSITIVITY = Part(Axis.MEASURE, "robust by a small s", "The smaller the sensitivity, the more robust.")
DEFICIT = Part(Axis.MEASURE, "robust by a small deficit", "The smaller the deficit 1 - r_k, the more robust.")
ACCURACY = Part(Axis.MEASURE, "robust by a higher accuracy", "The higher the accuracy reached, the more robust.")
ABOUT_THE_MEAN = Part(
    Axis.MEASURE,
    "second moments about the mean",
    "The mean of a client's images is subtracted before moments are taken.",
)
OVER_THE_WAY = Part(
    Axis.MEASURE,
    "distances over the ways from the start",
    "A distance between models is divided by how far they moved from where they started.",
)
CKA = Part(
    Axis.MEASURE,
    "linear CKA",
    "Models are alike when their features of the same images are, up to a rotation and scale.",
)

FIXED_KERNEL = Part(Axis.KERNEL, "a fixed kernel", "The bandwidth of the kernel does not depend on the data.")
TYPED_KERNEL = Part(
    Axis.KERNEL, "distance over squared bandwidth", "The kernel is taken as typed, with a distance that is not squared."
)
SQUARED_KERNEL = Part(
    Axis.KERNEL,
    "squared distance over squared bandwidth",
    "The distance in the kernel is squared, unlike in the print.",
)
PAIRS_OF_BATCHES = Part(
    Axis.KERNEL, "A-MMD per pair of batches", "The expectation of Eq (5) is over pairs of batches, not over one sample."
)

AS_SETS = Part(
    Axis.EMBEDDINGS, "embeddings as sets", "The embeddings of different clients are put together, and not averaged."
)
SLOTWISE = Part(
    Axis.EMBEDDINGS,
    "embeddings averaged slot by slot",
    "The first embeddings of all clients' batches are averaged, then the second ones, and so on, as typed.",
)
VECTORS = Part(Axis.EMBEDDINGS, "embeddings as vectors", "An image is embedded as one vector.")
LATENTS = Part(Axis.EMBEDDINGS, "embeddings as latents", "An image is embedded as an array of tokens by features.")

AS_TYPED = Part(Axis.PRINT, "as typed", "The print is taken to the letter, even where that is a slip.")
MENDED = Part(Axis.PRINT, "with the slip mended", "An evident slip of the print is mended, as the statement says.")
INDEX_E = Part(
    Axis.PRINT, "line 10 with index E", "Line 10 of Algorithm 2 averages the models after the local steps, not before."
)
BINARY_MEGABYTES = Part(Axis.PRINT, "MB as 2^20 bytes", "A megabyte has 1024 times 1024 bytes, not a million.")
NEAREST_PERCENT = Part(Axis.PRINT, "to the nearest percent", "A printed percentage has been rounded to a whole one.")

PRINTED_NUMBERS = Part(
    Axis.EXPERIMENT,
    "the printed numbers",
    "The numbers of the paper's tables are compared as they stand, as means without a spread.",
)
AS_RELEASED = Part(Axis.EXPERIMENT, "as released", "What the code released with the paper does is meant.")
AS_CITED = Part(
    Axis.EXPERIMENT, "as Hsu et al. draw", "Class shares are drawn as in the work that the paper cites for them."
)
MASKED_AUTOENCODER = Part(
    Axis.EXPERIMENT, "ViT-B/16 as a masked autoencoder", "The model is an encoder ViT-B/16 together with its decoder."
)
SMALL_ENCODERS = Part(
    Axis.EXPERIMENT,
    "Fashion-MNIST, small encoders",
    "The paper's experiment is repeated on smaller images with smaller networks.",
)

EVERY: tuple[Part, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Part))
_MEANINGS: Mapping[str, str] = {part.words: part.means for part in EVERY}


def meanings(reading: str) -> list[tuple[str, str]]:
    """The parts of a recorded reading, as words and meaning; the meaning is "" for words that are no part (anymore)."""
    return [(words, _MEANINGS.get(words, "")) for words in reading.split(JOINT)]
