"""Labelling in a notebook: the script in Chromium, and the widget that Python makes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import dedupe_news as dn
from dedupe_news.display import shipped, widget
from shown_feed import HOSTILE, make_feed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

# What a notebook does: it loads the script, keeps the state, and passes on what is sent.
NOTEBOOK = """
async ([source, buttons, state]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const module = await import(url);
  const listeners = [];
  const held = { buttons, state };
  const model = {
    get: (name) => held[name],
    on: (event, listener) => listeners.push(listener),
    off: () => listeners.pop(),
    send: async ({ action }) => {
      held.state = await window.act(action);
      listeners.forEach((listener) => listener());
      window.shown += 1;
    },
  };
  window.shown = 0;
  window.bubbled = [];
  document.addEventListener("keydown", (event) => window.bubbled.push(event.key));
  module.default.render({ model, el: document.getElementById("output") });
}
"""


@pytest.fixture
def session(tmp_path: Path) -> dn.Labelling:
    """Return a session of a feed with hostile texts."""
    result = dn.cluster(make_feed(), n_jobs=1, progress=False)
    return dn.label(result, tmp_path / "labels.jsonl", n_jobs=1)


@pytest.fixture
def page(visit: Callable[..., Any], session: dn.Labelling, tmp_path: Path) -> Any:
    """Return a page that shows the session."""
    path = tmp_path / "notebook.html"
    path.write_text(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Notebook</title>'
        f"<style>{shipped.read('notebook.css')}</style>"
        '<main><h1>Notebook</h1><div id="output"></div></main>',
        encoding="utf-8",
    )
    watched = visit(path)
    watched.page.expose_function("act", lambda action: widget.act(session, action))
    script = shipped.read("label.js")
    watched.page.evaluate(NOTEBOOK, [script, widget.buttons(), widget.state(session)])
    yield watched.page
    assert watched.complaints == []


def press(page: Any, key: str) -> None:
    """Press a key in the widget, and wait for what is shown then."""
    n_shown = page.evaluate("window.shown")
    page.locator(".labelling").press(key)
    page.wait_for_function(f"window.shown > {n_shown}")


def test_one_key_a_pair(page: Any, session: dn.Labelling, tmp_path: Path) -> None:
    """Keys label, skip and undo; at the end there is nothing left but to go back."""
    assert len(session.questions) >= 3
    first = page.inner_text(".sides")

    press(page, "d")
    second = page.inner_text(".sides")
    press(page, "u")
    assert page.inner_text(".sides") == first != second
    press(page, "S")
    press(page, " ")
    press(page, "x")

    said = [
        json.loads(line)["label"] for line in (tmp_path / "labels.jsonl").read_text().splitlines()
    ]
    assert said == ["related", "different"]
    assert "2 labels: 0 duplicate, 1 same story, 0 template, 1 different" in page.inner_text("body")
    while session.question is not None:
        press(page, " ")
    assert "That is all for now" in page.inner_text("body")
    assert page.locator("button:enabled").all_inner_texts() == ["u undo"]
    page.locator(".labelling").press("d")
    press(page, "u")
    assert page.locator("button:enabled").count() == 6


def test_buttons_do_what_keys_do(page: Any, session: dn.Labelling) -> None:
    """For hands on a mouse, and for screens without keys."""
    page.get_by_role("button", name="duplicate").click()
    page.wait_for_function("window.shown == 1")
    page.get_by_role("button", name="template").click()
    page.wait_for_function("window.shown == 2")

    assert [label.label for label in session.labels] == ["duplicate", "template"]


def test_keys_stay_in_the_widget(page: Any, session: dn.Labelling) -> None:
    """A notebook removes a cell on "d d"; with Ctrl they are the notebook's, as are other keys."""
    press(page, "d")
    press(page, "d")
    page.locator(".labelling").press("Control+d")
    page.locator(".labelling").press("j")

    assert len(session.labels) == 2
    assert page.evaluate("window.bubbled.filter((key) => key == 'd').length") <= 1
    assert "j" in page.evaluate("window.bubbled")
    assert page.locator(".labelling").get_attribute("data-lm-suppress-shortcuts") == "true"


def test_hostile_texts_are_shown_as_they_are(page: Any, session: dn.Labelling, axe: str) -> None:
    """Nothing of a feed becomes markup, and axe-core finds nothing that shuts people out."""
    titles = [session.result.columns.content(each.left) for each in session.questions]
    at = next(place for place, title in enumerate(titles) if HOSTILE in title)
    for _ in range(at):
        press(page, " ")

    assert HOSTILE in page.inner_text(".sides")
    assert page.locator(".labelling script, .labelling img").count() == 0
    assert page.locator(".labelling ins, .labelling del").count() > 0
    page.evaluate(axe)
    found = page.evaluate("axe.run(document)")
    assert {violation["id"]: violation["nodes"] for violation in found["violations"]} == {}


def test_widget_passes_on_what_is_pressed(session: dn.Labelling) -> None:
    """The widget of anywidget holds the state, and changes it when a message comes."""
    shown = widget.make_widget(session)
    sent = shown.get_state()  # with what the notebook hears of first
    assert sent["_esm"] == shipped.read("label.js")
    assert sent["buttons"] == widget.buttons()
    before = sent["state"]

    shown._handle_custom_msg({"action": "duplicate"}, [])  # noqa: SLF001 - as the notebook does

    assert [label.label for label in session.labels] == ["duplicate"]
    assert shown.state == widget.state(session) != before
    bundle = session._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == repr(session)
