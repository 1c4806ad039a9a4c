"""One item in HTML: what is known of it, and its text with differences marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from dedupe_news.display import marking
from dedupe_news.results.phrasing import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dedupe_news._input.columns import Columns
    from dedupe_news.display.marking import Piece

# Written out, not drawn by the style: untrusted notebooks and some sites strip styles.
_SEPARATOR = Markup(" · ")

_CONTEXT = 240
_OPENED = 700


def figures(named: Iterable[tuple[str, str, str]]) -> Markup:
    """Return figures in a row, of name, value and remark."""
    items = [
        Markup("<div><dt>{}</dt><dd>{}{}</dd></div>").format(
            name, value, Markup(" <span>{}</span>").format(remark) if remark else ""
        )
        for name, value, remark in named
    ]
    return Markup('<dl class="figures">{}</dl>').format(Markup().join(items))


def line(role: str, facts: Iterable[Markup | str]) -> Markup:
    """Return facts in a line, what an item is before all."""
    others = _SEPARATOR.join(filter(None, facts))
    parts = [Markup("<b>{}</b>").format(role)] if role else []
    if others:
        parts.append(Markup('<span class="quiet">{}</span>').format(others))
    return Markup('<p class="meta">{}</p>').format(_SEPARATOR.join(parts))


def about(columns: Columns, position: int, *, time: str | None = None) -> list[Markup]:
    """Return source, time and id of an item; `time` is said in place of when it was published."""
    facts = []
    source = columns.source_of(position)
    if source is not None:
        facts.append(escape(source))
    published = columns.published_at(position)
    if published is not None:
        exact = f"{moment(published)} UTC"
        facts.append(
            Markup('<time datetime="{}" title="{}">{}</time>').format(
                published.isoformat(), exact, time or exact
            )
        )
    facts.append(escape(f"id {columns.id_of(position)}"))
    return facts


def side(role: str, text: str, spans: Sequence[tuple[int, int, bool]], kind: str, *, titled: bool,
         facts: Iterable[Markup] = ()) -> Markup:  # fmt: skip
    """Return one of two items side by side, as `marking.one` marks it."""
    marked = marking.one(text, spans, kind)
    return Markup('<div class="doc">{}{}</div>').format(
        line(role, facts),
        content(marking.shorten(marked, _CONTEXT) if spans else marked, titled=titled),
    )


def content(pieces: Sequence[Piece], *, titled: bool) -> Markup:
    """Return the marked text of an item; past a few hundred characters it opens on demand."""
    title, text = marking.split_title(pieces) if titled else ([], list(pieces))
    parts = []
    if any(piece.text.strip() for piece in title):
        parts.append(Markup('<p class="title"><b>{}</b></p>').format(marking.to_html(title)))
    n_characters = sum(len(piece.text) for piece in text)
    if n_characters > _OPENED and len(text) == 1:
        whole = text[0].text
        cut = whole.rfind(" ", 0, _OPENED)
        cut = cut if cut > 0 else _OPENED
        parts.append(
            Markup(
                '<p class="text">{} …</p><details><summary class="quiet small">all {:,} '
                'characters</summary><p class="text">{}</p></details>'
            ).format(whole[:cut], len(whole), whole)
        )
    elif n_characters:
        parts.append(Markup('<p class="text">{}</p>').format(marking.to_html(text)))
    return Markup().join(parts)
