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
        "We check each sentence of the paper under every sensible interpretation of what it leaves open. That makes "
        f"{sum(printed.values())} statements. {printed.get('HOLDS', 0)} hold, and {printed.get('VIOLATED', 0)} fail "
        f"with a counterexample. {printed.get('VACUOUS', 0)} are empty: their condition is never met, or what they say "
        f"is true whatever happens. {printed.get('ILL_FORMED', 0)} have no definite meaning as printed. "
        f"{printed.get('INCONCLUSIVE', 0)} stay undecided, because our measurement is too coarse. We added "
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
        "*Which way of learning loses less of what tells images apart? In red fields it is MIM, in blue fields CL. "
        "Further right, augmentation adds more noise. Further up, clients have more images, in multiples of the "
        "number of pixels. The dashed line is the border by our formula, noise of standard deviation "
        f"{r['sigma_star']:.3f}. (In these made-up images each client has two classes, which differ by 2 in one "
        "pixel. The noise is to be compared with that 2.) The solid line is the border in simulations. "
        f"({r['n_clients']} clients; made-up images of {r['dim']} pixels, of which MIM hides {r['mask_ratio']:.0%}; "
        f"one pair of masks or of views per image; {r['trials']} simulations in each field.)*"
    )


def findings(rows: Sequence[Row]) -> str:
    """The three findings, a numbered list."""
    return "\n".join([*_objectives(rows), "", *_networks(), "", *_predictions()])


def _objectives(rows: Sequence[Row]) -> list[str]:
    found = counts(r for r in rows if r["claim"] == "thm-mim-more-robust")["printed"]
    large = {"n_clients": 4, "dim": 1000, "samples_per_client": 100_000}
    ratio = _value("deficit", objective="cl", **large) / _value("deficit", objective="mim", **large)
    diagram = _record(_FIGURES / "phase_diagram.json")
    six = {"n_clients": 6, "dim": 96}
    mim = _value("representability", objective="mim", mask="complementary", **six)
    cl = _value("representability", objective="cl", **six)
    setting = Setting.paper(96, n_clients=6, samples_per_client=384)
    drawn = sample_pair(DRAWN_FROM, setting, reading=Reading(mask=Mask.COMPLEMENTARY), trials=40)
    contrast, masked = (float(sensitivity(found.r).mean()) for found in drawn)
    rest = sum(found.values()) - found.get("HOLDS", 0) - found.get("VIOLATED", 0)
    return [
        "1. **Whether CL or MIM is more robust depends on choices that the paper leaves open.** Theorem 4.4 says that "
        f"MIM always has the lower sensitivity. We checked it under {sum(found.values())} readings. It holds under "
        f"{found.get('HOLDS', 0)} and fails under {found.get('VIOLATED', 0)}"
        + (f", and under {rest} it cannot be decided" if rest else "")
        + ". One open choice is how the two masks of an image are drawn. Another is how many pairs of masks or views "
        "are taken of each image. Three examples follow. The first two compare deficits, and the third compares "
        "sensitivities. (A small deficit in all directions also means a small sensitivity, for the sensitivity is "
        "never larger than the largest deficit.)",
        "   - *The two masks are drawn without regard to each other, so that a pixel may be in both or in neither. "
        "For MIM we average over all possible pairs of masks of each image; for CL we use one pair of views of "
        "each image.* "
        "MIM loses less: the deficit of CL in a "
        f"signal direction is {ratio:.1f} times as large ({large['n_clients']} clients, images of {large['dim']:,} "
        f"pixels, {large['samples_per_client']:,} images per client, noise of standard deviation 1).",
        "   - *The two masks are drawn in the same way, but only one pair of masks or views is taken per image.* CL "
        f"has the smaller deficit if the noise of augmentation is below {diagram['sigma_star']:.3f}, and MIM if it is "
        "above. This is the picture above.",
        "   - *What one mask hides, the other one shows, as in the paper's text.* For "
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
        f"with the number of links. Yet {len(fewer['weights'])} clients in a ring have sensitivity "
        f"{abs(fewer['numbers']['s']):.0f}, and one more link raises it to {more['numbers']['s']:.3f} (MIM with masks "
        f"as in Section 3.2, unlimited images). Or take {len(cube['weights'])} clients in training. Two groups of "
        f"{len(barbell['weights']) // 2}, each fully linked and joined to the other by one link, have "
        f"{len(barbell['links'])} links. A hypercube, in which each client has "
        f"{2 * len(cube['links']) // len(cube['weights'])} neighbours, has {len(cube['links'])} links. Yet in the "
        f"network of two groups the clients' models end up disagreeing {error:.0f} times as much as in the hypercube "
        "(mean squared distance). Theorem 4.6 says that a server is never less robust than a network. It is about "
        "the best possible models. We also looked at the models that training in rounds reaches: does a server do at "
        "least as well as a network? "
        "There the measure is the distance between the average of the clients' models and the one model that fits all "
        "clients' data best. A search of small networks "
        f"found a counterexample, a ring of {len(ring['weights'])} clients whose data are of two kinds. With two "
        f"training steps before each averaging, it ends about {_rounded(drift)} times closer to that model than a "
        "server does.",
    ]


def _predictions() -> list[str]:
    record = _record(_FIGURES / "consensus_by_topology.json")
    rows = record["rows"]
    worst = max(abs(r["resummed"] / r["simulated"] - 1) for r in rows)
    over = [r["gap_bound"] / r["simulated"] for r in rows if r["gap_bound"] is not None]
    return [
        "3. **Where training on a network ends can be computed in advance.** If clients have different data, their "
        "models keep disagreeing, unless one averaging makes them all equal. "
        f"On {len({r['network'] for r in rows})} networks of {record['n_clients']} clients, our formula gives the size "
        f"of their disagreement to within {100 * worst:.0f}% of the simulation. The usual upper bound of it knows only "
        "one number of the network, its spectral gap, which says how fast repeated averaging makes models equal. It is "
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
