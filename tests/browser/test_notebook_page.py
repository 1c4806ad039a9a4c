"""The HTML of notebooks in Chromium, in a light and in a dark page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import dedupe_news as dn
from shown_feed import HOSTILE, STORM, make_result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

GROUNDS = {"light": "background:#ffffff;color:#212121", "dark": "background:#111111;color:#e6e6e6"}


@pytest.mark.parametrize("ground", GROUNDS)
def test_outputs_are_legible_in_light_and_dark_notebooks(
    visit: Callable[..., Any], tmp_path: Path, axe: str, ground: str
) -> None:
    """They take the colours of the page; axe-core finds nothing serious, opened or closed."""
    result = make_result()
    index = dn.NewsIndex()
    index.add(HOSTILE, STORM)
    outputs = [
        result,
        result.clusters[0],
        result.stories[0],
        result.templates[0],
        result.matches,
        dn.compare(STORM, STORM.replace("4,000", "5,000")),
        index.query(STORM)[0],
        index,
    ]
    body = "".join(f"<section>{output._repr_html_()}</section>" for output in outputs)
    path = tmp_path / "notebook.html"
    path.write_text(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Notebook</title>'
        f'<body style="{GROUNDS[ground]}"><main><h1>Notebook</h1><h2>Outputs</h2>{body}</main>',
        encoding="utf-8",
    )

    watched = visit(path)
    page = watched.page
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document)")

    assert {violation["id"]: violation["nodes"] for violation in found["violations"]} == {}
    assert watched.complaints == []
    assert watched.requests == [path.as_uri()]
    assert page.locator("script").count() == 0
    assert HOSTILE in page.inner_text("body")
