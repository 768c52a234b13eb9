"""Pages as a reader's browser shows them: Debian's Chromium, driven by playwright, with no network to load from.

`make audit` installs Chromium and builds the site before these tests run; begin with the fixture `page` in
`conftest.py`. Tests here may read `build/site/html`, which `make docs` writes.
"""
