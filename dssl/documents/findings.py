"""The sentences of the README that carry numbers. Each number comes from a record or from the calculator."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from dssl.calculator.compute import compute
from ledger.verdicts import Row, counts
from runtime import store
from runtime.usage import UsageError
from sims.samplers.montecarlo import sample_pair
from sims.stats import sensitivity
from theory.readings import Mask, Reading
from theory.setting import Setting

_FIGURES = store.RESULTS / "figures"
DRAWN_FROM = 1  # the seed of the data sets of one finding


def tally(rows: Sequence[Row]) -> str:
    """How many statements came to which verdict."""
    kinds = counts(rows)
    printed, corrected, expected = (kinds[kind] for kind in ("printed", "corrected", "expected"))
    text = (
        "We check what the paper claims, sentence by sentence. If a sentence leaves something open, we check it "
        "under every sensible interpretation. We do so by proof, by exact computation, or by simulation. That makes "
        f"{sum(printed.values())} statements. {printed.get('HOLDS', 0)} hold, and {printed.get('VIOLATED', 0)} fail "
        f"with a counterexample. {printed.get('VACUOUS', 0)} are empty: their condition is never met, or what they say "
        f"is true whatever happens. {printed.get('ILL_FORMED', 0)} have no definite meaning as printed. "
        f"{printed.get('INCONCLUSIVE', 0)} stay undecided, because our simulations or trainings are "
        "not precise enough. We added "
        f"{sum(corrected.values())} statements of our own, which we call corrected: some say what is true where a "
        f"printed one fails, some say more than a printed one. {_all_or(corrected).capitalize()} of them hold."
    )
    if expected:
        of = {status: expected.get(status, 0) for status in ("HOLDS", "VIOLATED", "INCONCLUSIVE")}
        text += (
            f" Apart from these, there are {sum(expected.values())} statements that the paper does not print, but that "
            f"we expected to hold: {of['HOLDS']} hold, {of['VIOLATED']} fail, and "
            f"{of['INCONCLUSIVE']} stay undecided."
        )
    return text + " [All verdicts, claim by claim](docs/verdicts.md)."


def _all_or(found: Mapping[str, int]) -> str:
    held, total = found.get("HOLDS", 0), sum(found.values())
    return "all" if held == total else str(held)


def picture() -> str:
    """The caption of the phase diagram."""
    r = _record(_FIGURES / "phase_diagram.json")
    return (
        "*Which way of learning loses less of what tells images apart? In blue fields it is MIM, in orange fields CL. "
        "The stronger the colour, the more the two losses differ; the bar shows by which factor, as a power of ten. "
        "Further right, augmentation adds more noise. Further up, each client has more images; the axis shows the "
        "number of images divided by the number of pixels. The solid line is the border in simulations. The dashed "
        f"line is the border by a formula of ours: noise of standard deviation {r['sigma_star']:.3f} in this setting. "
        f"(The label of the bar calls what is lost the deficit. The setting: {r['n_clients']} clients; made-up images "
        f"of {r['dim']} pixels. Each client has two kinds of images, whose values differ by 2 in one pixel, on "
        "average. The noise is to be compared with that 2. The first mask of an image lists "
        f"{1 - r['mask_ratio']:.0%} of its pixels, the second {r['mask_ratio']:.0%}; they are drawn independently of "
        f"each other. One pair of masks or of views per image; {r['trials']} simulations in each field.)*"
    )


def findings(rows: Sequence[Row]) -> str:
    """The three findings, a numbered list."""
    return "\n".join([*_objectives(rows), "", *_networks(), "", *_predictions()])


def _objectives(rows: Sequence[Row]) -> list[str]:
    found = counts(r for r in rows if r["claim"] == "thm-mim-more-robust")["printed"]
    large = {"n_clients": 4, "dim": 1000, "samples_per_client": 100_000, "augmentation_std": 0.5}
    contrast_loss, masks_loss, one_pair_loss = (
        _value("deficit", **large, **further)
        for further in ({"objective": "cl"}, {"objective": "mim"}, {"objective": "mim", "draws": 1})
    )
    border = _value("sigma_star", n_clients=large["n_clients"], dim=large["dim"])
    diagram = _record(_FIGURES / "phase_diagram.json")
    six = {"n_clients": 6, "dim": 96}
    mim = _value("representability", objective="mim", mask="complementary", **six)
    cl = _value("representability", objective="cl", **six)
    setting = Setting.paper(96, n_clients=6, samples_per_client=384)
    drawn = sample_pair(DRAWN_FROM, setting, reading=Reading(mask=Mask.COMPLEMENTARY), trials=40)
    contrast, masked = (float(sensitivity(found.r).mean()) for found in drawn)
    rest = sum(found.values()) - found.get("HOLDS", 0) - found.get("VIOLATED", 0)
    assert rest == found.get("ILL_FORMED", 0), "the sentence has no words for others"
    of = {"claim": "thm-mim-more-robust", "statement": "printed", "status": "HOLDS", "evidence": "SAMPLED"}
    sampled = sum(all(r[name] == value for name, value in of.items()) for r in rows)
    return [
        "1. **Whether CL or MIM is more robust depends on choices that the paper leaves open.** Theorem 4.4 says that "
        f"MIM always has the lower sensitivity. We checked it under {sum(found.values())} readings. It holds under "
        f"{found.get('HOLDS', 0)}, {sampled} of them in simulations at one size, and fails under "
        f"{found.get('VIOLATED', 0)}"
        + (f". Under {rest} it has no definite meaning" if rest else "")
        + ". One open choice is how many pairs of masks, or of views, are taken of each image. Another is how the two "
        "masks of an image are drawn. Three examples follow. The first two compare deficits, because we have formulas "
        "for them. (A deficit limits the sensitivity, which is never larger than the largest deficit.) Both have "
        f"{large['n_clients']} clients, each with {large['samples_per_client']:,} images of {large['dim']:,} pixels, "
        f"and noise of standard deviation {large['augmentation_std']}.",
        "   - *MIM trains on all possible pairs of masks of each image, where the two masks of a pair are drawn "
        "independently of each other. CL trains on one pair of views of each image.* MIM loses less: in each signal "
        f"direction the expected deficit of CL is {contrast_loss / masks_loss:.1f} times that of MIM.",
        "   - *The same, but MIM, too, trains on one pair per image.* "
        f"Now CL loses less: the expected deficit of MIM is {one_pair_loss / contrast_loss:.1f} times that of CL. With "
        f"noise above {border:.3f} MIM would lose less again. (In the setting of the picture above, this border is "
        f"{diagram['sigma_star']:.3f}.)",
        "   - *The second mask lists exactly the pixels that the first one lacks, as in the paper's text.* Here we "
        "compare sensitivities. For "
        f"{setting.n_clients} clients with {setting.samples_per_client} images each, CL is the more robust: the mean "
        f"sensitivity in simulations is {masked:.3f} with MIM and {contrast:.3f} with CL. With "
        "unlimited images both have sensitivity 0, but CL keeps every signal direction whole (representability "
        f"{cl[0]:.0f}), and MIM keeps {mim[0]:.3f} of each.",
    ]


def _networks() -> list[str]:
    pairs = {r["pair"]: r["networks"] for r in _record(_FIGURES / "witnesses.json")["rows"]}
    fewer, more = pairs["one more link"]
    ring, server = pairs["beats the server"]
    cube, barbell = pairs["more links, less agreement"]
    drift = server["numbers"]["drift"] / ring["numbers"]["drift"]
    error = barbell["numbers"]["consensus_error"] / cube["numbers"]["consensus_error"]
    return [
        "2. **More links do not always help, and neither does a server.** Corollary 4.5 says that robustness grows "
        f"with the number of links. Each client has a *loss*, a number that says how badly a model fits the "
        "client's images. The corollary is about the ideal model, which makes a weighted sum of all clients' losses as "
        "small as it can be. A client's weight in this sum depends on the links (Eq (1) of the paper). Take "
        f"{len(fewer['weights'])} clients in a ring. Their ideal model has sensitivity "
        f"{abs(fewer['numbers']['s']):.0f}, and one more link raises it to "
        f"{more['numbers']['s']:.3f} (MIM with masks as in Section 3.2, unlimited images).",
        "",
        "   Do more links at least make the clients' models more alike after training in rounds? Not always. We "
        "measure the *disagreement* of the models: their mean squared distance from their average. Take "
        f"{len(cube['weights'])} clients. Two groups of "
        f"{len(barbell['weights']) // 2}, each fully linked and joined to the other by one link, have "
        f"{len(barbell['links'])} links. A hypercube, in which each client has "
        f"{2 * len(cube['links']) // len(cube['weights'])} neighbours, has {len(cube['links'])} links. Yet the two "
        f"groups end up with {error:.0f} times the disagreement of the hypercube.",
        "",
        "   Theorem 4.6 says that a server is never less robust than a network. It is about ideal models, too. We "
        "asked a similar question about trained models. Instead of sensitivity we look at a distance. Let every "
        "client's loss count the same in the sum. The ideal model is then called the *best shared model*: it keeps "
        "the directions in which the images of all clients together vary most. Does a server's model come at least "
        "as near to it as the average of a network's models? A search of small networks found a counterexample, a "
        f"ring of {len(ring['weights'])} clients whose data are of two kinds. With two training steps before each "
        f"averaging, the average of the ring's models ends about {_rounded(drift)} times closer to the best shared "
        "model than the server's model.",
    ]


def _predictions() -> list[str]:
    record = _record(_FIGURES / "consensus_by_topology.json")
    rows = record["rows"]
    worst = max(abs(r["resummed"] / r["simulated"] - 1) for r in rows)
    over = [r["gap_bound"] / r["simulated"] for r in rows if r["gap_bound"] is not None]
    return [
        "3. **Where training on a network ends can be computed in advance.** If clients have different data, their "
        "models keep disagreeing, unless a single averaging makes them all equal, as a server's does. "
        f"On {len({r['network'] for r in rows})} networks of {record['n_clients']} clients, our formula gives the "
        f"disagreement to within {100 * worst:.0f}% of the simulation. The literature has an upper bound of the "
        "disagreement. The bound uses only one number of the network, the spectral gap, which says how fast repeated "
        "averaging makes models equal. It is "
        "proved for networks whose links go both ways. For our networks of that sort, the bound is "
        f"{min(over):.1f} to {max(over):.0f} times as large as the simulated disagreement. The command `dssl topology` "
        "computes such predictions, and says which links to add.",
    ]


def _value(name: str, **arguments: Any) -> Any:
    return compute(name, {key: str(value) for key, value in arguments.items()})["value"]


def _record(path: pathlib.Path) -> Any:
    found = store.read(path)
    if found is None:
        raise UsageError(f"{path} is missing, and the README quotes it. Restore it from git.")
    return found


def _rounded(value: float) -> str:
    """Two digits of a large number: 1,009 as 1,000."""
    digits = len(str(int(value))) - 2
    return f"{round(value, -digits):,.0f}"
