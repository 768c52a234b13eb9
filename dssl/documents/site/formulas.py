"""A Sphinx extension: formulas become MathML while the site is built, so that a page loads nothing to show them.

What the converter cannot read is shown as LaTeX. The build says how many formulas that is, and which.
"""

from html import escape
from typing import TYPE_CHECKING, Any

from ledger.report.mathml import mathml

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

NAME = "mathml"


def setup(app: "Sphinx") -> dict[str, Any]:
    """Registers the renderer under `NAME`, and says at the end of a build what it could not read."""
    unread: set[str] = set()

    def shown(latex: str, *, is_block: bool) -> str:
        found = mathml(latex, is_block=is_block)
        if found is None:
            unread.add(latex)
            return f'<code class="latex">{escape(latex)}</code>'
        return found

    def inline(self: "HTML5Translator", node: "nodes.math") -> None:
        from docutils.nodes import SkipNode

        self.body.append(shown(node.astext(), is_block=False))
        raise SkipNode

    def block(self: "HTML5Translator", node: "nodes.math_block") -> None:
        from docutils.nodes import SkipNode

        self.body.append(f'<div class="formula">{shown(node.astext(), is_block=True)}</div>\n')
        raise SkipNode

    def told(app: "Sphinx", error: Exception | None) -> None:
        from sphinx.util.logging import getLogger

        named = "".join(f"\n  {' '.join(latex.split())}" for latex in sorted(unread))
        getLogger(__name__).info(f"formulas shown as LaTeX, because MathML could not be made: {len(unread)}{named}")

    app.add_html_math_renderer(NAME, (inline, None), (block, None))
    app.connect("build-finished", told)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
