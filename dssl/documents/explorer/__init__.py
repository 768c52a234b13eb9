"""The explorer: one HTML page with sliders, which shows the closed forms at the reader's own setting.

`python -m dssl.documents.explorer --out explorer.html` writes it; `make docs` puts it on the site. The page needs no
server and loads nothing. Modules here may use what the rest of `dssl.documents` may. Begin with `page.py`;
`javascript.py` turns a `Formula` into JavaScript, `catalogue.py` lists the formulas and sliders, `theorem.py` the
readings of Theorem 4.4, and `remainders.py` says how many images the formulas need. The folder `templates` holds the
page itself.
"""
