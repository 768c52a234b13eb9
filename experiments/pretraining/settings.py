"""`Pretraining`: the settings of a pre-training, and the images, clients, method and descent made from them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args, get_type_hints

import numpy as np
from jaxtyping import Float

from experiments.pretraining.methods import build
from runtime.parse import LARGEST, SMALLEST, parse, shown
from runtime.usage import UsageError, unknown
from sims.images import partitions
from sims.images.datasets.files import shortened
from sims.images.datasets.labelled_images import LabelledImages, choose, hold_out
from sims.images.datasets.loading import EMBEDDED, load
from sims.images.datasets.scaling import in_channels
from sims.images.feature_skew import Augmentation, client_augmentations
from sims.images.partitions import Partition
from sims.images.views import LARGEST_SEED
from sims.pretraining.descent import Descent, Optimizer
from sims.pretraining.encoders.presets import Kind, Preset, encoder, tiling
from sims.pretraining.encoders.resnet import Norm, ResNet
from sims.pretraining.encoders.vit import Vit
from sims.pretraining.methods import Method
from sims.rounds.matrices import is_server
from theory.networks.mixing import SIZED, mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology

Setting = Literal["fl", "decl", "central", "local"]
Scheme = Literal["iid", "label_pairs", "dirichlet", "dirichlet_balanced", "feature"]


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """Everything that decides what is trained; two runs of equal settings are equal bit for bit on one machine.

    setting: a server (fl), neighbours (decl), one client that holds all (central), or client number `client` of the
    partition by itself (local). A partition `dirichlet` with alpha = inf is IID. Each seed draws its own held-out
    images, clients, network and start; seeds of two runs are therefore pairs. `options` are the method's, as text.
    `test_per_class` 0 takes the test images that the data come with; `train_per_class` 0 trains on all the others.
    `side` scales images to so many pixels; 0 leaves them. `steps` are batches a round in place of whole `epochs`; 0 is
    none. One step of sgd with a server is taken as one of the server's model, which it equals. `norm` is a ResNet's: by
    groups of channels, or by batch, with statistics that are nobody's: a batch's own in training, those of training
    images once an encoder is measured.
    """

    preset: Preset
    encoder: Kind
    method: str
    setting: Setting
    topology: str
    mixing: Rule
    partition: Scheme
    alpha: float
    clients: int
    participation: int
    rounds: int
    epochs: int
    batch: int
    learning_rate: float
    data: str
    test_per_class: int
    train_per_class: int
    seed: int
    client: int = 0
    side: int = 0
    optimizer: Optimizer = "adamw"
    steps: int = 0
    norm: Norm = "group"
    options: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        # What is laid out by a count has to fit a machine: losses of all rounds, a step's images, scaled images.
        ranges = {"clients": (1, 10**9), "rounds": (1, 10**6), "epochs": (1, 10**6), "batch": (1, 10**5)}
        ranges |= {"test_per_class": (0, 10**9), "train_per_class": (0, 10**9), "side": (0, 2**12)}
        ranges |= {"client": (0, 10**9), "steps": (0, 10**6), "seed": (0, LARGEST_SEED)}
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(
                    f"{name} is a whole number from {low} to {high}; got {name}={shown(value)}. Change it."
                )
        if not 1 <= self.participation <= self.clients:
            raise UsageError(
                f"Between 1 and clients={self.clients} take part in a round; got participation={self.participation}."
            )
        if self.partition not in ("dirichlet", "dirichlet_balanced") and self.alpha != math.inf:
            raise UsageError(f"alpha belongs to Dirichlet partitions; got alpha={self.alpha} with {self.partition}.")
        if self.setting == "central" and self.partition == "feature":
            raise UsageError(
                "Clients differ in their augmentation under the partition feature; got setting=central, which has one. "
                "Give another --partition."
            )
        if not self.alpha > 0:
            raise UsageError(f"alpha is positive, inf for IID clients; got alpha={self.alpha}. Change it.")
        # Settings are read back from their file in this range; and alpha times a class's share has to stay above 0.
        for name, value in (("alpha", self.alpha), ("learning_rate", self.learning_rate)):
            if not (SMALLEST <= value <= LARGEST or (name == "alpha" and value == math.inf)):
                raise UsageError(
                    f"{name} lies between {SMALLEST:g} and {LARGEST:g}; got {name}={value}. Give a number of such a "
                    "size."
                )
        if self.norm != "group" and self.encoder != "resnet":
            raise UsageError(f"norm is that of a ResNet; got norm={self.norm} with {self.encoder}. Leave --norm out.")
        if self.client >= self.clients:
            raise UsageError(f"Clients count from 0 to {self.clients - 1}; got client={self.client}. Change it.")


@dataclass(frozen=True)
class Images:
    """Which images: a source as `datasets.loading.load` takes it, how many are held out, and how many are used."""

    data: str
    test_per_class: int
    train_per_class: int


# FL and DecL of each preset: clients, participation, epochs, rounds; the paper's from A.2.
_FL: Mapping[str, Mapping[str, Any]] = {
    "ci": {"clients": 4, "participation": 2, "epochs": 1, "rounds": 2, "batch": 16},
    "laptop": {"clients": 100, "participation": 5, "epochs": 2, "rounds": 250, "batch": 20},
    "paper": {"clients": 100, "participation": 5, "epochs": 2, "rounds": 100, "batch": 128},
}
_DECL: Mapping[str, Mapping[str, Any]] = {
    "ci": {"clients": 4, "participation": 4, "epochs": 1, "rounds": 2, "batch": 16, "topology": "ring"},
    "laptop": {"clients": 20, "participation": 20, "epochs": 1, "rounds": 30, "batch": 10, "topology": "er:5"},
    "paper": {"clients": 20, "participation": 20, "epochs": 1, "rounds": 25, "batch": 128, "topology": "er:5"},
}
# In thirty rounds neighbours lift a ResNet little above its random start (`experiments.paper.choices`).
_LONGER: Mapping[tuple[str, str, str], Mapping[str, Any]] = {("laptop", "decl", "resnet"): {"rounds": 60}}
_IMAGES: Mapping[str, Mapping[str, Any]] = {
    "ci": {"data": EMBEDDED, "test_per_class": 10, "train_per_class": 20, "learning_rate": 1e-3},
    "laptop": {"data": EMBEDDED, "test_per_class": 100, "train_per_class": 0, "learning_rate": 1e-3},
    "paper": {"data": EMBEDDED, "test_per_class": 100, "train_per_class": 0},
}
_COMMON: Mapping[str, Any] = {
    "encoder": "vit",
    "method": "mae",
    "topology": "er:5",
    "mixing": "uniform",
    "partition": "dirichlet",
    "alpha": math.inf,
    "seed": 0,
    "client": 0,
    "options": (),
}


def settings(preset: str = "laptop", setting: str = "fl", **given: Any) -> Pretraining:
    """The settings of a preset with those given (None is not given) in place of its own.

    Source: chen2026, A.2 (clients, rounds, batch, and a rate of 1.5e-4 for every 256 images of a batch) for `paper`.
    Errors: UsageError for an unknown name or values that do not fit.
    """
    for name, value, known in (("preset", preset, get_args(Preset)), ("setting", setting, get_args(Setting))):
        if value not in known:
            raise unknown(name, str(value), known, f"It is one of {', '.join(known)}.")
    chosen = {name: value for name, value in given.items() if value is not None}
    unused = [name for name in ("topology", "mixing") if name in chosen and setting != "decl"]
    if unused:
        raise UsageError(
            f"Only the setting decl has a network; got {unused[0]}={shown(chosen[unused[0]])} with setting={setting}. "
            f"Leave --{unused[0]} out, or use --setting decl."
        )
    if setting != "local" and "client" in chosen:
        raise UsageError(
            f"Only the setting local trains one client of the partition; got client={shown(chosen['client'])} with "
            f"setting={setting}. Leave --client out, or use --setting local."
        )
    if chosen.get("steps") and "epochs" in chosen:
        raise UsageError(
            f"A client takes whole epochs or so many steps; got epochs={shown(chosen['epochs'])} and "
            f"steps={shown(chosen['steps'])}. Leave one out."
        )
    distributed = _DECL[preset] if setting == "decl" else _FL[preset]
    longer = _LONGER.get((preset, setting, chosen.get("encoder", _COMMON["encoder"])), {})
    values = {**_COMMON, **_IMAGES[preset], **distributed, **longer, **chosen, "preset": preset, "setting": setting}
    if values["encoder"] == "linear" and "method" not in chosen:
        values["method"] = "simsiam"  # masks are of patches, which a linear encoder has not
    if values["partition"] == "label_pairs" and "clients" not in chosen:
        values["clients"] = 5
    if "clients" in chosen or values["partition"] == "label_pairs":
        whole = values["clients"] if setting == "decl" else min(values["participation"], values["clients"])
        values["participation"] = chosen.get("participation", whole)
    # A batch too large for a floating-point number is refused below.
    values.setdefault("learning_rate", 1.5e-4 * min(values["batch"], LARGEST) / 256)
    if setting == "central":
        _ = Pretraining(**values)  # it checks what is given before other values take its place
        # As many images as FL goes through in all, one pass a round.
        passes = values["rounds"] * values["participation"] * values["epochs"] / values["clients"]
        values |= {"clients": 1, "participation": 1, "epochs": chosen.get("epochs", 1)}
        values["rounds"] = chosen.get("rounds", max(1, round(passes)))
    return Pretraining(**values)


def changed(chosen: Pretraining, given: Mapping[str, Any]) -> Pretraining:
    """The settings with those given in their place, nothing else. Errors: UsageError as `Pretraining`."""
    return replace(chosen, **given)


# Settings that came after the first trainings were stored, and what those trainings had: the defaults.
_LATER_NAMES = ("side", "optimizer", "steps", "norm")
_LATER = {field.name: field.default for field in fields(Pretraining) if field.name in _LATER_NAMES}


def as_table(chosen: Pretraining) -> dict[str, Any]:
    """The settings as they are stored, and as folders are named after: what is as before it came is left out."""
    table = asdict(chosen) | {"options": [list(pair) for pair in chosen.options]}
    return {name: value for name, value in table.items() if name not in _LATER or value != _LATER[name]}


def from_table(table: Any, where: str) -> Pretraining:
    """Settings as they were stored. Errors: UsageError naming `where` for anything else."""
    hints = get_type_hints(Pretraining)
    if not isinstance(table, dict) or set(table) | set(_LATER) != {field.name for field in fields(Pretraining)}:
        raise UsageError(f"{where} holds no settings of a pre-training. Name a folder that dssl pretrain made.")
    options = table["options"]
    pairs = isinstance(options, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in options)
    if not pairs or not all(isinstance(text, str) for pair in options for text in pair):
        raise UsageError(f"{where} must hold options as pairs of texts; got {shown(options)}. Restore it from a copy.")
    try:
        values = {key: parse(key, value, hints[key], is_text=False) for key, value in table.items() if key != "options"}
        return Pretraining(**values, options=tuple((name, value) for name, value in options))
    except UsageError as error:
        raise UsageError(f"{where} holds no settings of a pre-training: {error}") from None


FEW_PATCHES = 16  # a mask of three quarters leaves four


@dataclass(frozen=True)
class Prepared:
    """All that training takes. `mixing` None is a server; `sizes` are of all images a client holds."""

    train: LabelledImages
    test: LabelledImages
    partition: Partition
    method: Method
    descent: Descent
    mixing: Float[np.ndarray, "clients clients"] | None
    participation: int | None
    skew: Augmentation | None


def prepare(chosen: Pretraining) -> Prepared:
    """What the settings come to. Errors: ValueError in one sentence for what cannot be read, drawn or trained."""
    train, test = _images(chosen)
    partition = _partition(chosen, train)
    skew = client_augmentations(len(partition.indices), chosen.seed) if chosen.partition == "feature" else None
    if chosen.setting == "local":
        partition, skew = _alone(partition, skew, chosen.client)
    n = len(partition.indices)
    mixing = _mixing(chosen, partition) if chosen.setting == "decl" else None
    is_partial = chosen.participation < n and chosen.mixing != "push_sum"
    if mixing is not None and is_partial and is_server(mixing[None]):
        raise UsageError(
            "Where all average alike and some take part, the mean reaches the others too, as from a server; got "
            f"topology={shown(chosen.topology)} with participation={chosen.participation}. Use --setting fl, or "
            "another --topology."
        )
    heard = chosen.participation if mixing is None else int((mixing > 0).sum(axis=1).max())
    shape = train.images.shape[1:]
    patches = tiling(encoder("vit", chosen.preset), shape)
    kind = tiling(encoder(chosen.encoder, chosen.preset), shape)
    method = build(
        chosen.method,
        replace(kind, norm=chosen.norm) if isinstance(kind, ResNet) else kind,
        chosen.options,
        horizon=max(1.0, (chosen.participation / chosen.clients if n > 1 else 1) * chosen.rounds),
        most_heard=min(heard, n),
        patch_size=patches.patch_size if isinstance(patches, Vit) else None,
    )
    if n == 1 and getattr(method, "mechanism", None) is not None:
        raise UsageError(
            f"Noise is for embeddings that are sent, and one client has nobody to send any to; got setting="
            f"{chosen.setting} and {shown(dict(chosen.options))}. Leave clip_norm and noise_multiplier out."
        )
    if skew is not None and "fixed" in (getattr(method, "views", None), getattr(method, "masks", None)):
        raise UsageError(
            "Views and masks are fixed by an image's pixels, which a client's augmentation draws anew in each step; "
            f"got partition=feature and {shown(dict(chosen.options))}. Leave one out."
        )
    if isinstance(method.encoder, Vit):
        method.encoder.n_patches(shape)  # images that are not square are refused here
    descent = Descent(
        optimizer=chosen.optimizer,
        learning_rate=chosen.learning_rate,
        batch_size=chosen.batch,
        epochs=chosen.epochs,
        steps=chosen.steps or None,
    )
    participation = chosen.participation if chosen.participation < n else None
    return Prepared(train, test, partition, method, descent, mixing, participation, skew)


def remarks(chosen: Pretraining, prepared: Prepared) -> list[str]:
    """What is allowed and yet likely not meant: sizes that were made for other images, a sentence each."""
    found = []
    held = prepared.partition.table.sum() / len(prepared.partition.indices)
    if held < chosen.batch:
        found.append(
            f"Clients hold {held:.0f} images on average, less than a batch of {chosen.batch}, which repeats them. Give "
            "more images with --data, fewer --clients, or a smaller --batch."
        )
    kind, shape = prepared.method.encoder, prepared.train.images.shape[1:]
    if isinstance(kind, Vit) and kind.n_patches(shape) < FEW_PATCHES:
        found.append(
            f"Images of {shape[0]} x {shape[1]} make {kind.n_patches(shape)} patches, and a mask leaves a few of them. "
            "Give larger images with --data or --side, or another --preset."
        )
    return found


def prepare_others(chosen: Pretraining, prepared: Prepared, images: Images) -> Prepared:
    """The same with other images to evaluate on, brought to the size and the channels of those trained on.

    Errors: ValueError for images that cannot be read, or are in colour where training saw grey.
    """
    height, width, channels = prepared.train.images.shape[1:]
    if height != width:
        raise UsageError(f"Other images are scaled to a square; training saw {height} x {width}. Leave --data out.")
    others = replace(chosen, **asdict(images), side=height)
    train, test = (in_channels(some, channels) for some in _images(others))
    return replace(prepared, train=train, test=test)


def _images(chosen: Pretraining) -> tuple[LabelledImages, LabelledImages]:
    """To train and to test on, of one size, with one number for each class.

    Errors: UsageError for a single class, or test images of another size or of a class that training lacks.
    """
    side = chosen.side or None
    train = load(chosen.data, side=side)
    if len(np.unique(train.labels)) < 2:
        name = shortened(train.class_names[train.labels[0]])
        raise UsageError(f"Images of at least two classes were wanted; {chosen.data!r} has only {name!r}. Name others.")
    if chosen.test_per_class:
        train, test = hold_out(train, chosen.test_per_class, chosen.seed, "test_per_class")
    else:
        test = _numbered_alike(train, load(chosen.data, "test", side), chosen.data)
    if chosen.train_per_class:
        train = train.take(choose(train.labels, chosen.train_per_class, chosen.seed, "train_per_class"))
    return train, test


def _numbered_alike(train: LabelledImages, test: LabelledImages, data: str) -> LabelledImages:
    """Test images with the class numbers of training: each split's loader counts the classes that it meets."""
    wanted, got = train.images.shape[1:], test.images.shape[1:]
    if wanted != got:
        remedy = (
            "Bring them to one size with --side" if wanted[2] == got[2] else "Hold images out with --test-per-class"
        )
        raise UsageError(
            f"Test images like those of training, {' x '.join(map(str, wanted))}, were wanted; "
            f"{data!r} has {' x '.join(map(str, got))}. {remedy}."
        )
    trained = {train.class_names[label]: label for label in np.unique(train.labels)}
    lacking = [name for name in (test.class_names[label] for label in np.unique(test.labels)) if name not in trained]
    if lacking:
        raise UsageError(
            f"Test images of the classes in training were wanted; {data!r} tests on {shortened(lacking[0])!r}, of "
            "which training has none. Hold images out of training with --test-per-class."
        )
    # A name without images may be unknown to training; nothing has its number.
    numbers = np.array([trained.get(name, -1) for name in test.class_names])
    return LabelledImages(test.images, numbers[test.labels], train.class_names)


def _partition(chosen: Pretraining, train: LabelledImages) -> Partition:
    labels, n, seed = train.labels, chosen.clients, chosen.seed
    if chosen.partition == "label_pairs" and chosen.setting != "central":  # where all pairs are together
        split = partitions.label_pairs(labels, seed)
        if len(split.indices) != n:
            raise UsageError(
                f"Label pairs of {train.n_classes} classes make {len(split.indices)} clients; got clients={n}."
            )
        return split
    if chosen.partition not in ("dirichlet", "dirichlet_balanced") or chosen.alpha == math.inf:
        return partitions.iid(labels, n, seed)
    draw = partitions.dirichlet if chosen.partition == "dirichlet" else partitions.dirichlet_balanced
    return draw(labels, n, chosen.alpha, seed)


def _alone(partition: Partition, skew: Augmentation | None, i: int) -> tuple[Partition, Augmentation | None]:
    own = Partition((partition.indices[i],), partition.table[i : i + 1])
    if skew is None:
        return own, None
    return own, Augmentation(*(np.asarray(getattr(skew, f.name))[i : i + 1] for f in fields(skew)))


def _mixing(chosen: Pretraining, partition: Partition) -> Float[np.ndarray, "clients clients"]:
    network = topology(chosen.topology, chosen.clients, seed=chosen.seed)
    sizes = partition.table.sum(axis=1) if chosen.mixing in SIZED else None
    return mixing_matrix(network, chosen.mixing, sizes=sizes)
