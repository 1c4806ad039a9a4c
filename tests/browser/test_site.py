"""The documentation as it is built, in Chromium: every page, light, dark, and on a telephone."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent.parent


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """Build the site as `make docs` does, serve it, and yield its address and its pages."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    pages = sorted(page.parent.relative_to(folder) for page in folder.rglob("index.html"))
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield (
            f"http://127.0.0.1:{server.server_port}/",
            ["" if page == Path() else f"{page.as_posix()}/" for page in pages],
        )
        server.shutdown()


# The theme lets wide code be scrolled by keyboard once it has measured it, in its own time.
SETTLED = """
new Promise((settled) => {
  let looks = 0;
  const isWide = (code) => code.scrollWidth > code.clientWidth && code.tabIndex < 0;
  const look = () => {
    const isReady = ![...document.querySelectorAll("pre code")].some(isWide);
    if (isReady || ++looks > 200) settled();
    else setTimeout(look, 50);
  };
  look();
})
"""


@contextlib.contextmanager
def opened(chromium: Any, **options: Any) -> Iterator[tuple[Any, list[str], list[str]]]:
    """Yield a page, what it asks for, and what it complains of."""
    requests: list[str] = []
    complaints: list[str] = []
    context = chromium.new_context(**options)
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    yield page, requests, complaints
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_legible_and_asks_nothing_of_the_network(
    chromium: Any, site: tuple[str, list[str]], axe: str, scheme: str
) -> None:
    """axe-core finds nothing serious, the console is silent, all requests are to the site."""
    address, pages = site
    found = []

    with opened(chromium, color_scheme=scheme) as (page, requests, complaints):
        for name in pages:
            page.goto(address + name, wait_until="networkidle")
            page.evaluate(SETTLED)
            page.evaluate(axe)
            violations = page.evaluate("axe.run().then((outcome) => outcome.violations)")
            found += [
                (name, violation["id"], violation["nodes"][0]["html"])
                for violation in violations
                if violation["impact"] in {"serious", "critical"}
            ]

    assert found == []
    assert complaints == []
    elsewhere = [url for url in requests if not url.startswith((address, "data:", "blob:"))]
    assert elsewhere == []
    assert len(pages) > 20


def test_every_page_fits_a_telephone(chromium: Any, site: tuple[str, list[str]]) -> None:
    """What is wide scrolls by itself; the page does not."""
    address, pages = site

    with opened(chromium, viewport={"width": 390, "height": 800}) as (page, _, _):
        wide = []
        for name in pages:
            page.goto(address + name)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(name)

    assert wide == []


def test_search_finds_a_page(chromium: Any, site: tuple[str, list[str]]) -> None:
    """It works without any service."""
    address, _ = site

    with opened(chromium) as (page, _, _):
        page.goto(address, wait_until="networkidle")
        page.keyboard.press("/")
        page.keyboard.type("containment", delay=20)
        page.wait_for_selector(".md-search-result__link")
        first = page.locator(".md-search-result__link").first.inner_text()

    assert "containment" in first.lower()


def test_notebooks_show_what_they_printed(chromium: Any, site: tuple[str, list[str]]) -> None:
    """The build executed them: clusters, tables and a picture are on the page."""
    address, _ = site

    with opened(chromium) as (page, _, _):
        page.goto(address + "notebooks/tutorial/", wait_until="networkidle")
        shown = page.locator(".dedupe-news").count(), page.locator(".dataframe").count()
        pictures = page.locator(".md-content img").evaluate_all(
            "(images) => images.map((image) => image.naturalWidth)"
        )

    assert min(shown) >= 3
    assert len(pictures) == 1
    assert all(width > 0 for width in pictures)
