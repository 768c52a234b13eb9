"""Chromium for the tests of pages: `page` is an empty one, `site` the built site; a broken script fails the test."""

import functools
import http.server
import pathlib
import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
_OURS = ("file:", "data:", "blob:", "http://127.0.0.1:")
_OPTIONS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. A machine without it fails here, and says what to install."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("These tests need Chromium; install it with `apt-get install chromium`, or run `make chromium`.")
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, chromium_sandbox=False, args=_OPTIONS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page, 1280 pixels wide. The test fails when a script breaks, or a page loads what is not ours."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(f"a script broke: {error}"))
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith(_OURS) else broken.append(f"the page asks for {asked.url}"),
    )
    yield opened
    context.close()
    assert not broken, "; ".join(broken)


@pytest.fixture(scope="session")
def site() -> pathlib.Path:
    """The folder of the built site; fails where `make docs` has not been run."""
    built = ROOT / "build" / "site" / "html"
    if not (built / "index.html").exists():
        pytest.fail(f"{built} has no site; build it with `make docs`.")
    return built


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:  # the tests' output is about the tests
        pass


@pytest.fixture(scope="session")
def served(site: pathlib.Path) -> Iterator[str]:
    """Address of the built site on this machine: the search shows its excerpts only where pages come from a server."""
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
