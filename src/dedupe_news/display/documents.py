"""One document in HTML: what is known of it, and its text with differences marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from dedupe_news.display import marking
from dedupe_news.phrasing import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dedupe_news.columns import Columns
    from dedupe_news.display.marking import Piece
    from dedupe_news.records import Match, Pair

# Written out, not drawn by the style: untrusted notebooks and some sites strip styles.
_SEPARATOR = Markup(" · ")

_CONTEXT = 240
_OPENED = 700


def figures(pairs: Iterable[tuple[str, str] | tuple[str, str, str]]) -> Markup:
    """
    Return figures in a row.

    Parameters
    ----------
    pairs : iterable of (name, value) or (name, value, remark)
        What they are.

    Returns
    -------
    markupsafe.Markup
        A list of definitions.
    """
    items = [
        Markup("<div><dt>{}</dt><dd>{}{}</dd></div>").format(
            name, value, Markup(" <span>{}</span>").format(remark[0]) if remark else ""
        )
        for name, value, *remark in pairs
    ]
    return Markup('<dl class="figures">{}</dl>').format(Markup().join(items))


def line(lead: str, facts: Iterable[Markup | str]) -> Markup:
    """
    Return facts in a line.

    Parameters
    ----------
    lead : str
        The first and weightiest; empty for none.
    facts : iterable of markupsafe.Markup or str
        The others; empty ones are left out.

    Returns
    -------
    markupsafe.Markup
        An element.
    """
    others = _SEPARATOR.join(filter(None, facts))
    parts = [Markup("<b>{}</b>").format(lead)] if lead else []
    if others:
        parts.append(Markup('<span class="quiet">{}</span>').format(others))
    return Markup('<p class="meta">{}</p>').format(_SEPARATOR.join(parts))


def about(columns: Columns, position: int, *, time: str | None = None) -> list[Markup]:
    """
    Return source, time and id of a document.

    Parameters
    ----------
    columns : Columns
        The documents.
    position : int
        Which.
    time : str, optional
        What is said of its time; by default when it was published.

    Returns
    -------
    list of markupsafe.Markup
        For a line.
    """
    facts = []
    source = columns.source_of(position)
    if source is not None:
        facts.append(escape(source))
    published = columns.published_at(position)
    if published is not None:
        exact = f"{moment(published)} UTC"
        facts.append(
            Markup('<time datetime="{}" title="{}">{}</time>').format(
                published.isoformat(), exact, exact if time is None else time
            )
        )
    facts.append(escape(f"id {columns.id_of(position)}"))
    return facts


def scores(match: Match | Pair, *others: str) -> Markup:
    """
    Return relation and scores of a match.

    Parameters
    ----------
    match : Match or Pair
        The match.
    *others : str
        What else is said.

    Returns
    -------
    markupsafe.Markup
        A line.
    """
    return line(
        match.relation.name.lower(),
        [
            *others,
            f"Jaccard {match.jaccard:.2f}",
            f"containment {match.containment:.2f}",
            f"probability {match.probability:.2f}",
        ],
    )


def side(
    lead: str,
    facts: Iterable[Markup],
    text: str,
    spans: Sequence[tuple[int, int, bool]],
    kind: str,
    *,
    titled: bool,
) -> Markup:
    """
    Return one of two documents side by side.

    Parameters
    ----------
    lead : str
        What it is called; empty for nothing.
    facts : iterable of markupsafe.Markup
        What is known of it.
    text : str
        The document.
    spans : sequence of (int, int, bool)
        The words that the other does not have, and whether it has others there.
    kind : {"delete", "insert"}
        Whether it is the first document or the second.
    titled : bool
        Whether its first line is a title.

    Returns
    -------
    markupsafe.Markup
        An element.
    """
    marked = marking.one(text, spans, kind)
    return Markup('<div class="doc">{}{}</div>').format(
        line(lead, facts),
        content(marking.shorten(marked, _CONTEXT) if spans else marked, titled=titled),
    )


def content(pieces: Sequence[Piece], *, titled: bool) -> Markup:
    """
    Return the marked text of a document.

    Parameters
    ----------
    pieces : sequence of Piece
        The text; past a few hundred characters it opens on demand.
    titled : bool
        Whether its first line is a title.

    Returns
    -------
    markupsafe.Markup
        Paragraphs.
    """
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
