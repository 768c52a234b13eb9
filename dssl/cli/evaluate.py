"""`dssl evaluate`: accuracy and geometry of a pre-trained encoder."""

import pathlib
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from runtime import cores, store
from runtime.usage import UsageError


@dataclass(frozen=True)
class Evaluate:
    """Evaluate a pre-training beside its own random start: `dssl evaluate DIR`.

    On images held out: a linear probe, nearest neighbours, fine-tuning if asked for, uniformity, alignment, effective
    rank; how much of the directions in which classes differ is linear in the features; how far clients' models are from
    the global one; bytes that a client sends and receives in a round. With --data that is measured on other images than
    training saw, scaled to their size: how far what was learnt transfers. Of an unfinished training the last checkpoint
    is taken. Exit code 2 for bad input.
    """

    folder: tyro.conf.Positional[pathlib.Path]
    """What dssl pretrain wrote into."""
    fine_tune: tuple[float, ...] = ()
    """Shares of the labels to fine-tune on, such as 0.01 0.1 1."""
    data: str | None = None
    """Other images to measure on, as dssl pretrain takes them; the training's if not given."""
    test_per_class: int | None = None
    """Of --data, images of each class held out; 0, if not given, takes the test images that the data come with."""
    train_per_class: int | None = None
    """Of --data, images of each class that probes learn from; 0, if not given, is all."""
    pixels: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Show the linear probe of raw pixels, too; slow for large images."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON."""

    def run(self) -> int:
        """Prints what was measured; exit code 0. Errors: UsageError for bad input."""
        cores.use_all()
        try:
            found = self._evaluate()
        except UsageError:
            raise
        except ValueError as error:
            raise UsageError(" ".join(str(error).split())) from error
        if self.json:
            print(store.dumps(found), end="")
        else:
            _show(found)
        return 0

    def _evaluate(self) -> dict[str, Any]:
        from experiments.pretraining import checkpoints, evaluated, settings

        for share in self.fine_tune:
            if not 0 < share <= 1:
                raise UsageError(f"Shares of the labels lie above 0 and up to 1; got --fine-tune {share}. Change it.")
        counts = {"test_per_class": self.test_per_class, "train_per_class": self.train_per_class}
        if self.data is None and any(value is not None for value in counts.values()):
            raise UsageError("--test-per-class and --train-per-class belong to --data; it is missing. Add it.")
        chosen = checkpoints.settings_of(self.folder)
        prepared = settings.prepare(chosen)
        images, on = None, None
        if self.data is not None:
            images = settings.Images(self.data, **{name: value or 0 for name, value in counts.items()})
            on = settings.prepare_others(chosen, prepared, images)
        saved = checkpoints.load(self.folder, prepared)
        if saved is None:
            raise UsageError(f"{self.folder} has no checkpoint yet. Go on with dssl pretrain --resume.")
        found = evaluated.evaluate(chosen, prepared, saved, self.fine_tune, on=on)
        if self.pixels:
            found["pixels"] = evaluated.told(evaluated.pixel_probe(on or prepared, chosen.seed))
        by_client = evaluated.traffic_by_client(chosen, prepared, saved)
        took_part = np.asarray(saved.state.local.selections)
        found["bytes_by_client"] = {
            "rounds_taken_part": took_part.tolist(),
            **{name: amounts.tolist() for name, amounts in by_client.items()},
        }
        return {"settings": settings.as_table(chosen), "images": images and vars(images), **found}


def _show(found: dict[str, Any]) -> None:
    console = Console(highlight=False)
    if found["rounds_done"] < found["rounds"]:
        console.print(f"Unfinished: {found['rounds_done']} of {found['rounds']} rounds.", style="bold")
    if found["images"]:
        console.print(f"On other images than training saw: {found['images']['data']}")
    table = Table("", "pre-trained", "random start", box=None, padding=(0, 3, 0, 0))
    trained, start = found["trained"], found["random_start"]
    for name, key in (("linear probe", "linear_probe"), ("nearest neighbours", "knn")):
        table.add_row(f"{name}, %", _accuracy(trained[key]), _accuracy(start[key]))
    for share, value in trained["fine_tuned"].items():
        name = f"fine-tuned on {float(share):.3g} of the labels, %"
        table.add_row(name, _accuracy(value), _accuracy(start["fine_tuned"][share]))
    for name in ("uniformity", "alignment"):
        table.add_row(name, f"{trained[name]:.3f}", f"{start[name]:.3f}")
    of = f" of {trained['feature_dim']}"
    table.add_row("effective rank", f"{trained['effective_rank']:.1f}{of}", f"{start['effective_rank']:.1f}{of}")
    both = trained["representability"], start["representability"]
    if None not in both:
        sides = [f"{min(r['by_class']):.3f} to {max(r['by_class']):.3f}" for r in both]
        table.add_row("representability of classes", *sides)
        table.add_row("its sensitivity", *(f"{r['sensitivity']:.3f}" for r in both))
    console.print(table)
    if "pixels" in found:
        console.print(f"Linear probe of raw pixels, %: {_accuracy(found['pixels'])}")
    for name, per in (("sum over arrays", "per_array"), ("Euclidean", "per_model")):
        if "weight_distance" not in found:
            break
        both = found["weight_distance"][per]
        to_global, apart = both["local_to_global"], both["local_to_local"]
        line = f"Weight distance ({name}): local to global {to_global['mean']:.4g}"
        console.print(line + ("" if apart is None else f", local to local {apart['mean']:.4g}"))
    sent, received = found["bytes"]["sent"], found["bytes"]["received"]
    console.print(f"Bytes for each client and round: {sent:,.0f} sent, {received:,.0f} received")
    each = found["bytes_by_client"]
    in_all = sum(n * (up + down) for n, up, down in zip(*each.values(), strict=True))
    if in_all:
        console.print(f"Bytes over all clients and rounds so far, at both ends: {in_all:,.0f}")
    if "privacy" in found:
        spent = found["privacy"]
        console.print(
            f"Embeddings, for given models: epsilon {spent['epsilon']:.3g} at delta {spent['delta']:g} after "
            f"{spent['releases']} messages of one client. Models are sent beside them and are not private"
        )


def _accuracy(probe: dict[str, Any]) -> str:
    return f"{100 * probe['accuracy']:.1f} ± {100 * probe['standard_error']:.1f}"
