"""Chromium without a window, which reports all it is asked to load and all it complains of."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FLAGS = (
    "--no-sandbox",  # it may be run as root, and opens only what we wrote
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
AXE = "DEDUPE_NEWS_AXE"


@dataclasses.dataclass
class Watched:
    """
    A page, and what happened in it.

    Parameters
    ----------
    page : playwright.sync_api.Page
        The page.
    complaints : list of str
        Errors and messages of its console.
    requests : list of str
        What it asked for.
    """

    page: Any
    complaints: list[str] = dataclasses.field(default_factory=list)
    requests: list[str] = dataclasses.field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Yield the browser; a machine without one fails these tests, it does not skip them."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - for those who run these

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None, "Chromium is not installed; Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Watched]]:
    """Return a function that opens a file and waits until the page has read itself."""
    contexts = []

    def call(path: Path, **options: Any) -> Watched:
        options = {"viewport": {"width": 1280, "height": 800}, "accept_downloads": True} | options
        context = chromium.new_context(**options)
        contexts.append(context)
        watched = Watched(context.new_page())
        page = watched.page
        page.on("console", lambda message: watched.complaints.append(message.text))
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.on("dialog", lambda dialog: watched.complaints.append(dialog.message))
        page.on("request", lambda request: watched.requests.append(request.url))
        page.goto(path.as_uri())
        if options.get("java_script_enabled", True) and path.name.startswith("report"):
            page.wait_for_selector("html[data-ready]")
        return watched

    yield call
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core, which finds what people with disabilities cannot use."""
    path = os.environ.get(AXE)
    assert path, f"{AXE} does not name axe.min.js; `make test-browser` fetches it and does so"
    return Path(path).read_text(encoding="utf-8")
