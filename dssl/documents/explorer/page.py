"""The page itself: templates filled with the compiled formulas, the sliders and the recorded verdicts."""

import pathlib
from collections.abc import Mapping

import jinja2
from markupsafe import Markup

from dssl.documents.explorer import catalogue, javascript, theorem
from figures.on_axes import look
from ledger import verdicts
from ledger.report.mathml import mathml
from theory.domain import Real, Whole
from theory.formula import Formula

TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates"
LONGEST_LATEX = 1500  # longer formulas are walls of symbols; the page then names the file instead
NAME = "explorer.html"

# The statements that the page names beside the readings, and the claims whose cards have them.
NAMED = {
    "noise.order-condition": "thm-critical-noise",
    "noise.order-above-critical": "thm-critical-noise",
    "noise.mean-sensitivity": "thm-critical-noise",
    "noise.order-probability": "thm-critical-noise",
    "noise.deficit-ratio-sampled": "thm-critical-noise",
    "thm44.deficit-one-draw": theorem.CLAIM,
    "thm44.both-averaged": theorem.CLAIM,
    "thm42-bounds.fl-complementary": "thm-representability-mim-bounds",
    "mae.federated": "ref-reconstruction-versus-alignment",
    "mae.deficit-order": "ref-reconstruction-versus-alignment",
    "literal.two-clients-share": "thm-literal-masks",
    "consensus.first-order-placements": "thm-consensus-error",
    "consensus.gap-bound-convex": "thm-consensus-error",
    "eq65.limit-scaled": "eq-decentralised-width-order",
}
# The statements on drawn data or lists that the page cites beside the border, with how far they were tested.
BESIDE_BORDER = ("thm44.deficit-one-draw", "noise.order-above-critical", "noise.deficit-ratio-sampled")
# Names of networks, as `dssl topology` knows them, and as the page calls them.
NETWORKS: Mapping[str, str] = {
    "server": "a server (or all linked with all)",
    "ring": "ring",
    "torus": "torus (a grid without edges)",
    "hypercube": "hypercube",
    "path": "path",
    "star": "star",
    "barbell": "two groups, joined by one link",
}
# Titles of families of formulas, of which the page has several members.
_TITLES = {
    "deficit_cl_fl_sampled": "Mean deficit of CL, K pairs of views of each image",
    "deficit_cl_fl_expected": "Mean deficit of CL, all pairs of views",
    "deficit_mim_independent_fl_sampled": "Mean deficit of MIM, K pairs of independent masks of each image",
    "deficit_mim_independent_fl_expected": "Mean deficit of MIM, all pairs of independent masks",
    "deficit_mim_complementary_fl_expected": "Mean deficit of MIM, complementary masks, eigenvalues of either sign",
    "sensitivity_cl_fl_sampled": "Sensitivity of CL, K pairs of views of each image, over the range of N normals",
    "sensitivity_cl_fl_expected": "Sensitivity of CL, all pairs of views, over the range of N normals",
    "sensitivity_mim_independent_fl_sampled": "Sensitivity of MIM, K pairs of independent masks, over the same range",
    "sensitivity_mim_independent_fl_expected": "Sensitivity of MIM, all pairs of independent masks, over that range",
    "sensitivity_mim_complementary_fl_expected": "Sensitivity of MIM, complementary masks, eigenvalues of either sign, "
    "over the same range",
    "mae_deficit_fl_expected": "Mean deficit of MIM by Eq (3), all masks",
    "mae_deficit_fl_sampled": "Mean deficit of MIM by Eq (3), K masks of each image",
}
# Domains that are easier said than printed.
_SAID = {"literal_masks_two_clients": "the signal must stand above the noise: more images, or less pixel noise"}


def build(cards: str | None = None) -> str:
    """The page as HTML. `cards` is the folder of the site's cards, relative to the page; None links to none.

    Errors: UsageError without a record of verdicts.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    formulas, record = catalogue.formulas(), verdicts.read()
    return environment.get_template("explorer.html.j2").render(
        sliders=catalogue.SLIDERS,
        letters=javascript.LETTERS,
        networks=NETWORKS,
        readings=theorem.readings(record, cards),
        reaches={key: theorem.reach(record, key) for key in BESIDE_BORDER},
        claims="" if cards is None else f"{cards}/index.html",
        cards={key: theorem.address(key, claim, cards) for key, claim in NAMED.items()},
        shown=[(_TITLES.get(name, formula.title), formula, _math(formula)) for name, formula in formulas.items()],
        formulas=Markup(_compiled(formulas)),
        numbers=Markup(
            javascript.literal(
                {
                    "ranges": catalogue.ranges(),
                    "sliders": {one.name: _limits(one) for one in catalogue.SLIDERS},
                    "networks": list(NETWORKS),
                }
            )
        ),
        colours={"cl": look.COLOUR["cl"], "mim": look.COLOUR["mim"], "other": look.SERIES[0][0]},
    )


def _limits(one: catalogue.Slider) -> dict[str, object]:
    law = one.law
    low, high = law.corners() if isinstance(law, Whole) else law.reach or (law.low, law.high)
    return {
        "start": one.start,
        "least": low,
        "most": high,
        "is_whole": isinstance(law, Whole),
        "is_log": isinstance(law, Whole) or (isinstance(law, Real) and law.is_log),
        "letter": javascript.LETTERS[one.name],
        "label": one.label,
        "unit": one.unit,
    }


def _compiled(formulas: Mapping[str, Formula]) -> str:
    """The formulas as one JavaScript object by name: the function, its arguments, its domain, its words."""
    parts = []
    for name, formula in formulas.items():
        relations = javascript.domain(formula)
        said = ", ".join(
            f"{{words: {javascript.literal(_SAID.get(name, words))}, holds: {code}}}" for words, code in relations
        )
        about = {"title": _TITLES.get(name, formula.title), "units": formula.units, "arguments": formula.arguments}
        parts.append(
            f"  {name}: {{...{javascript.literal(about)}, domain: [{said}],\n"
            f"    value: {javascript.function(formula.expr)}}}"
        )
    return "{\n" + ",\n".join(parts) + "\n}"


def _math(formula: Formula) -> Markup | None:
    if len(formula.latex) > LONGEST_LATEX:
        return None
    found = mathml(formula.latex, is_block=True)
    return None if found is None else Markup(found)
