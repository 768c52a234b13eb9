"""The settings of the documentation site, for Sphinx. `make docs` copies them to build/site_sources."""

project = "dssl-ledger"
author = "The dssl-ledger authors"
copyright = "the dssl-ledger authors"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "dssl.documents.site.formulas",
    "dssl.documents.site.docstrings",
    "dssl.documents.site.cells",
]
exclude_patterns = ["_static"]

# Markdown: dollars for formulas, lists of definitions, and a class for words such as a verdict.
myst_enable_extensions = ["attrs_inline", "deflist", "dollarmath"]
myst_update_mathjax = False
# "--at" is an option, not a dash.
smartquotes = False
highlight_language = "text"
suppress_warnings = []

# Notebooks are shown as they were built; nothing of them is loaded from elsewhere.
nb_execution_mode = "off"
nb_ipywidgets_js = {}

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
maximum_signature_line_length = 70

html_theme = "furo"
html_title = "dssl-ledger"
html_static_path = ["_static"]
# The explorer and the report, pages of their own; `dssl.documents.site.sources` writes them.
html_extra_path = ["extra"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_domain_indices = False
html_theme_options = {
    "navigation_with_keys": False,
    "footer_icons": [],
    "top_of_page_buttons": [],
}
