"""Tightness as a small picture: a mark on a logarithmic scale, with a line at 1, where both sides are equal."""

import math

from markupsafe import Markup

LEAST, MOST = -2, 2  # powers of ten at the ends; what lies beyond is an arrow at the end
WIDTH, HEIGHT, MARGIN = 112, 16, 8
_MIDDLE = HEIGHT / 2


def place(tightness: float) -> float:
    """Where the mark stands, in pixels from the left: within the margins, which belong to what is off the scale."""
    power = -math.inf if tightness <= 0 else math.inf if math.isinf(tightness) else math.log10(tightness)
    share = (min(max(power, LEAST), MOST) - LEAST) / (MOST - LEAST)
    return MARGIN + share * (WIDTH - 2 * MARGIN)


def strip(tightness: float | str | None, *, is_good: bool) -> Markup:
    """The picture as SVG with the number beside it; "" without a number. The record has infinity as a word.

    A disc marks a statement that holds, a cross one that does not. An arrow marks what is off the scale.
    """
    if tightness is None:
        return Markup("")
    value = float(tightness)
    at = place(value)
    ticks = "".join(
        f'<path d="M{place(10.0**power):g} {_MIDDLE - 2:g}v4"/>' for power in range(LEAST, MOST + 1) if power
    )
    number = "∞" if math.isinf(value) else f"{value:.3g}"
    looks = "good" if is_good else "bad"
    return Markup(
        f'<svg class="strip" role="img" aria-label="tightness {number}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><g class="axis"><path d="M{MARGIN} {_MIDDLE:g}H{WIDTH - MARGIN}"/>{ticks}'
        f'<path class="one" d="M{place(1.0):g} 1v{HEIGHT - 2}"/></g>'
        f'<g class="{looks}">{_mark(value, at, is_good)}</g></svg><span class="number">{number}</span>'
    )


def _mark(value: float, at: float, is_good: bool) -> str:
    if value < 10.0**LEAST:
        return f'<path class="filled" d="M{at - 7:g} {_MIDDLE:g}l7 -5v10z"/>'
    if value > 10.0**MOST:
        return f'<path class="filled" d="M{at + 7:g} {_MIDDLE:g}l-7 -5v10z"/>'
    if is_good:
        return f'<circle class="filled" cx="{at:g}" cy="{_MIDDLE:g}" r="4"/>'
    return f'<path class="cross" d="M{at - 4:g} {_MIDDLE - 4:g}l8 8m0 -8l-8 8"/>'
