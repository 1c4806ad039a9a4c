"""
Results as HTML for notebooks: one style, no script, colours of whatever surrounds it.

Text and ground are inherited and marks are translucent, so that the same output
is legible in light and dark themes, in JupyterLab, in VS Code and in an exported
page. Whatever comes from documents goes through `markupsafe`, which escapes it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from dedupe_news.display import items, sections, shipped
from dedupe_news.display.plain import MOST_CHARACTERS
from dedupe_news.index import NewsIndex
from dedupe_news.results.keeping import Items
from dedupe_news.results.matches import Matches
from dedupe_news.results.parts import Group, Page, Template
from dedupe_news.results.phrasing import as_text, counted, one_line, single_line
from dedupe_news.results.records import Comparison, Match, Pair, Relation
from dedupe_news.results.result import Clustering

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_ROWS = 20
_MOST_REASONS = 6
_NO_DUPLICATES = {Relation.RELATED: "the same story", Relation.TEMPLATE: "the same template"}


@functools.singledispatch
def body(shown: object) -> Markup:
    """Return an object as HTML, without the style."""
    message = f"there is no HTML for objects of type {type(shown).__name__!r}"
    raise TypeError(message)


def html(shown: object) -> str:
    """Return an object as one element that can stand in any page, with its style."""
    style = Markup("<style>{}</style>").format(Markup(shipped.read("notebook.css")))  # noqa: S704 - ours
    return str(Markup('<div class="dedupe-news">{}{}</div>').format(style, body(shown)))


@body.register
def _of_clustering(result: Clustering) -> Markup:
    return sections.page(result.page())


@body.register
def _of_page(page: Page) -> Markup:
    return sections.page(page)


@body.register
def _of_group(group: Group) -> Markup:
    if group.result is None and not isinstance(group, Template):
        return Markup("<pre>{}</pre>").format(repr(group))
    return sections.group(group)


@body.register
def _of_items(shown: Items) -> Markup:  # type: ignore[type-arg]
    names = [name for name in shown.row_type.__dataclass_fields__ if "position" not in name]
    titled = shown.result.columns.titled
    rows = [
        [
            _excerpt(row.text, titled=titled) if name == "text" else _cell(getattr(row, name))
            for name in names
        ]
        for row in shown[:_MOST_ROWS]
    ]
    more = len(shown) - _MOST_ROWS
    remark = f"and {counted(more, 'more item')}; .to_frame() has all" if more > 0 else ""
    return Markup('<h3>{}</h3>{}<p class="quiet small">{}</p>').format(
        f"{counted(len(shown), 'item')} {shown.verb}", _table(names, rows), remark
    )


def _excerpt(content: str, *, titled: bool) -> Markup:
    """Return the beginning of what an item says."""
    title, _, text = content.partition("\n") if titled else ("", "", content)
    head = one_line(title, MOST_CHARACTERS)
    rest = one_line(text, MOST_CHARACTERS - len(head)) if len(head) < MOST_CHARACTERS else ""
    bold = Markup("<b>{}</b> ").format(head) if head else ""
    return Markup("{}{}").format(bold, rest)


def _cell(value: Any) -> str:  # noqa: ANN401 - of any column
    if isinstance(value, Relation):
        return value.name.lower()
    if isinstance(value, float):
        return f"{value:.2f}"
    return single_line(value)


def _table(names: Iterable[str], rows: Iterable[Iterable[Markup | str]]) -> Markup:
    """Return a table of rows."""

    def row(tag: Markup, cells: Iterable[Markup | str]) -> Markup:
        return Markup("<tr>{}</tr>").format(Markup().join(map(tag.format, cells)))

    head = row(Markup("<th>{}</th>"), (name.removeprefix("n_").replace("_", " ") for name in names))
    body_ = Markup().join(row(Markup("<td>{}</td>"), cells) for cells in rows)
    return Markup(
        '<div class="scroll"><table><thead>{}</thead><tbody>{}</tbody></table></div>'
    ).format(head, body_)


@body.register
def _of_matches(matches: Matches) -> Markup:
    shown = matches[:_MOST_ROWS]
    heading, following = counted(len(matches), "match", "matches"), Markup()
    if len(matches) > len(shown):
        heading = f"Matches 1–{len(shown)} of {len(matches):,}"
        following = Markup(
            '<span class="quiet small">next: <code>matches[{}:{}]</code></span>'
        ).format(_MOST_ROWS, 2 * _MOST_ROWS)
    head = Markup('<div class="head"><h3>{}</h3>{}</div>').format(heading, following)
    places = zip(shown.left.tolist(), shown.right.tolist(), strict=True)
    return head + Markup().join(map(functools.partial(_pair, matches), shown, places))


def _pair(matches: Matches, pair: Pair, places: tuple[int, int]) -> Markup:
    """Return the two items of a pair side by side."""
    return Markup("<article>{}{}</article>").format(
        _scores(pair), items.pair(matches.columns, matches.config, places)
    )


def _scores(match: Match | Pair, *others: str) -> Markup:
    """Return relation and scores of a match in a line."""
    facts = [
        f"Jaccard {match.jaccard:.2f}",
        f"containment {match.containment:.2f}",
        f"probability {match.probability:.2f}",
    ]
    duplicates = f"duplicates ({match.relation.name.lower()})"
    return items.line(_NO_DUPLICATES.get(match.relation, duplicates), [*others, *facts])


@body.register
def _of_match(match: Match) -> Markup:
    return Markup('<div class="doc">{}</div>').format(_scores(match, f"id {as_text(match.id)}"))


@body.register
def _of_comparison(comparison: Comparison) -> Markup:
    figures = [
        *((name, f"{value:.2f}", "") for name, value in comparison.probabilities.items()),
        ("Jaccard", f"{comparison.jaccard:.2f}", ""),
        ("containment", f"{comparison.containment:.2f}", ""),
    ]
    texts = (comparison.left, comparison.right)
    titled = all("\n" in text for text in texts)
    heads = [items.line(role, ()) for role in ("first", "second")]
    return Markup("<h3>{}</h3>{}{}{}").format(
        comparison.why,
        items.figures(figures),
        items.sides(texts, comparison.differences, heads, titled=titled),
        _reasons(comparison),
    )


def _reasons(comparison: Comparison) -> Markup:
    if not comparison.reasons:
        return Markup()
    rows = [
        (
            reason.feature.replace("_", " "),
            f"{reason.value:.2f}",
            f"{reason.contribution:+.2f}".replace("-", "−"),
            "for duplicates" if reason.contribution > 0 else "against",
        )
        for reason in comparison.reasons[:_MOST_REASONS]
    ]
    hidden = len(comparison.reasons) - _MOST_REASONS
    more: Markup | str = ""
    if hidden > 0:
        more = Markup('<p class="quiet small">and {}, at <code>.reasons</code></p>').format(
            counted(hidden, "lighter reason")
        )
    return Markup(
        '<details><summary class="quiet">The figures behind it</summary>{}{}</details>'
    ).format(_table(("feature", "value", "adds to the logit", "speaks"), rows), more)


@body.register
def _of_newsindex(index: NewsIndex) -> Markup:
    config = index.config
    figures = [("items", f"{len(index):,}", ""), ("policy", config.policy, "")]
    if config.policy == "similar":
        figures.append(("threshold", f"{config.threshold:g}", ""))
    bounded = index.bounded
    note: str | Markup = ""
    if bounded:
        note = Markup(
            '<p class="note">Work was bounded: {} compared with the newest only.</p>'
        ).format(counted(bounded.n_large_buckets, "look-up"))
    return Markup(
        "<h3>News index</h3>{}{}<p class='quiet small'><code>index.query(text)</code> finds "
        "matches, <code>index.cluster()</code> clusters all.</p>"
    ).format(items.figures(figures), note)
