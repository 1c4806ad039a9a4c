"""One item in HTML: what is known of it, and its text with differences marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from dedupe_news.display import marking
from dedupe_news.results import differences
from dedupe_news.results.phrasing import as_text, moment, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dedupe_news._input.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.display.marking import Piece
    from dedupe_news.results.differences import Change
    from dedupe_news.results.records import Difference

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


def facts(role: str, others: Iterable[Markup | str]) -> Markup:
    """Return what an item is, and other facts about it."""
    said = _SEPARATOR.join(filter(None, others))
    parts = [Markup("<b>{}</b>").format(role)] if role else []
    if said:
        parts.append(Markup('<span class="quiet">{}</span>').format(said))
    return _SEPARATOR.join(parts)


def line(role: str, others: Iterable[Markup | str]) -> Markup:
    """Return `facts` as a line of its own."""
    return Markup('<p class="meta">{}</p>').format(facts(role, others))


def about(columns: Columns, place: int, *, time: str = "") -> list[Markup]:
    """Return source, time and id of an item; `time` is said in place of when it was published."""
    known = []
    source = columns.source_of(place)
    if source is not None:
        known.append(escape(one_line(source)))
    published = columns.published_at(place)
    if published is not None:
        exact = f"{moment(published)} UTC"
        known.append(
            Markup('<time datetime="{}" title="{}">{}</time>').format(
                published.isoformat(), exact, time or exact
            )
        )
    known.append(escape(f"id {as_text(columns.id_of(place))}"))
    return known


def sides(
    texts: Iterable[str],
    changes: Sequence[Change | Difference],
    heads: Iterable[Markup],
    *,
    titled: bool,
) -> Markup:
    """Return two texts side by side, with the words marked in which they differ."""
    drawn = []
    for pieces, head in zip(marking.sides(texts, changes), heads, strict=True):
        shown = content(pieces, titled=titled, context=_CONTEXT if changes else None)
        drawn.append(Markup('<div class="doc">{}{}</div>').format(head, shown))
    return Markup('<div class="sides">{}{}</div>').format(*drawn)


def pair(columns: Columns, config: Config, places: Sequence[int]) -> Markup:
    """Return two items of a feed side by side."""
    contents = [*map(columns.content, places)]
    changes = differences.between(contents, config, titled=columns.titled)
    heads = [line("", about(columns, place)) for place in places]
    return sides(contents, changes, heads, titled=columns.titled)


def content(pieces: Sequence[Piece], *, titled: bool, context: int | None = None) -> Markup:
    """
    Return the marked text of an item; past a few hundred characters it opens on demand.

    Of stretches without a mark only `context` characters are shown, where it is given.
    """
    title, text = marking.split_title(pieces) if titled else ([], list(pieces))
    if context is not None:
        title, text = marking.shorten(title, context), marking.shorten(text, context)
    parts = []
    if any(piece.text.strip() for piece in title):
        parts.append(Markup('<p class="title"><b>{}</b></p>').format(marking.to_html(title)))
    n_characters = sum(len(piece.text) for piece in text)
    if n_characters > _OPENED and len(text) == 1:
        words = text[0].text
        cut = words.rfind(" ", 0, _OPENED)
        parts.append(
            Markup(
                '<p class="text">{} …</p><details><summary class="quiet small">all {:,} '
                'characters</summary><p class="text">{}</p></details>'
            ).format(words[: cut if cut > 0 else _OPENED], len(words), words)
        )
    elif n_characters:
        parts.append(Markup('<p class="text">{}</p>').format(marking.to_html(text)))
    return Markup().join(parts)
