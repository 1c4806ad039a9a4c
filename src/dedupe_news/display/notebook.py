"""
Results as HTML for notebooks: one style, no script, colours of whatever surrounds it.

Text and ground are inherited and marks are translucent, so that the same output
is legible in light and dark themes, in JupyterLab, in VS Code and in an exported
page. Whatever comes from documents goes through `markupsafe`, which escapes it.
"""

from __future__ import annotations

import functools
import importlib.resources
from typing import Any

from markupsafe import Markup

from dedupe_news.display import groups, items
from dedupe_news.display.page import Page
from dedupe_news.display.plain import excerpt
from dedupe_news.index import NewsIndex
from dedupe_news.results import differences
from dedupe_news.results.matches import Matches
from dedupe_news.results.parts import Group, Template
from dedupe_news.results.phrasing import counted, verdict_in_words
from dedupe_news.results.records import Comparison, Match, Pair, Relation
from dedupe_news.results.result import Clustering
from dedupe_news.results.selection import Items

_MOST_PAIRS = 20
_MOST_REASONS = 6


@functools.cache
def _style() -> Markup:
    path = importlib.resources.files("dedupe_news.display") / "static" / "notebook.css"
    return Markup("<style>{}</style>").format(Markup(path.read_text(encoding="utf-8")))  # noqa: S704 - ours


@functools.singledispatch
def body(shown: object) -> Markup:
    """
    Return an object as HTML, without the style.

    Parameters
    ----------
    shown : object
        A result or a part of one.

    Returns
    -------
    markupsafe.Markup
        What it says.

    Raises
    ------
    TypeError
        If nothing is known about objects of its type.
    """
    message = f"there is no HTML for objects of type {type(shown).__name__!r}"
    raise TypeError(message)


def html(shown: object) -> str:
    """
    Return an object as HTML that can stand in any page.

    Parameters
    ----------
    shown : object
        A result or a part of one.

    Returns
    -------
    str
        One element with its style; no script.
    """
    return str(Markup('<div class="dedupe-news">{}{}</div>').format(_style(), body(shown)))


@body.register
def _of_clustering(result: Clustering) -> Markup:
    return groups.page(Page(result))


@body.register
def _of_page(page: Page) -> Markup:
    return groups.page(page)


@body.register
def _of_group(group: Group) -> Markup:
    if group.result is None and not isinstance(group, Template):
        return Markup("<pre>{}</pre>").format(repr(group))
    return groups.group(group)


@body.register
def _of_items(shown: Items) -> Markup:  # type: ignore[type-arg]
    names = [name for name in shown.row_type.__dataclass_fields__ if "position" not in name]
    head = Markup().join(Markup("<th>{}</th>").format(name.replace("_", " ")) for name in names)
    rows = Markup().join(
        Markup("<tr>{}</tr>").format(
            Markup().join(
                Markup("<td>{}</td>").format(_cell(name, getattr(row, name))) for name in names
            )
        )
        for row in shown[:_MOST_PAIRS]
    )
    more = len(shown) - _MOST_PAIRS
    remark = f"and {counted(more, 'more item')}; .to_frame() has all" if more > 0 else ""
    return Markup(
        '<h3>{}</h3><div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody>'
        '</table></div><p class="quiet small">{}</p>'
    ).format(f"{counted(len(shown), 'item')} {shown.verb}", head, rows, remark)


def _cell(name: str, value: Any) -> str:  # noqa: ANN401 - of any column
    if isinstance(value, Relation):
        return value.name.lower()
    if isinstance(value, float):
        return f"{value:.2f}"
    if name == "text":
        return excerpt(value)
    return str(value)


@body.register
def _of_matches(matches: Matches) -> Markup:
    shown = matches[:_MOST_PAIRS]
    heading = counted(len(matches), "match", "matches")
    if len(matches) > len(shown):
        heading = f"Matches 1–{len(shown)} of {len(matches):,}"
    parts = [
        Markup('<div class="head"><h3>{}</h3>{}</div>').format(heading, _next_matches(matches))
    ]
    return Markup().join([*parts, *(_pair(matches, pair) for pair in shown)])


def _pair(matches: Matches, pair: Pair) -> Markup:
    """Return the two items of a pair side by side."""
    columns = matches.columns
    contents = [columns.content(position) for position in pair.positions]
    left, right = differences.read(contents, matches.config, titled=columns.titled)
    found = differences.changes(left, right, differences.aligned(left, right))
    spans = (
        [(c.left_start, c.left_stop, c.kind == "replace") for c in found],
        [(c.right_start, c.right_stop, c.kind == "replace") for c in found],
    )
    sides = [
        items.side(
            "", text, places, kind, titled=columns.titled, facts=items.about(columns, position)
        )
        for position, text, places, kind in zip(
            pair.positions, contents, spans, ("delete", "insert"), strict=True
        )
    ]
    return Markup('<article>{}<div class="sides">{}</div></article>').format(
        _scores(pair), Markup().join(sides)
    )


def _scores(match: Match | Pair, *others: str) -> Markup:
    """Return relation and scores of a match in a line."""
    facts = [
        f"Jaccard {match.jaccard:.2f}",
        f"containment {match.containment:.2f}",
        f"probability {match.probability:.2f}",
    ]
    return items.line(verdict_in_words(match.relation.verdict, match.relation), [*others, *facts])


def _next_matches(matches: Matches) -> Markup:
    if len(matches) <= _MOST_PAIRS:
        return Markup()
    following = f"matches[{_MOST_PAIRS}:{2 * _MOST_PAIRS}]"
    return Markup('<span class="quiet small">next: <code>{}</code></span>').format(following)


@body.register
def _of_match(match: Match) -> Markup:
    return Markup('<div class="doc">{}</div>').format(_scores(match, f"id {match.id}"))


@body.register
def _of_comparison(comparison: Comparison) -> Markup:
    verdict = verdict_in_words(comparison.verdict, comparison.relation)
    figures = [
        *((name, f"{value:.2f}", "") for name, value in comparison.probabilities.items()),
        ("Jaccard", f"{comparison.jaccard:.2f}", ""),
        ("containment", f"{comparison.containment:.2f}", ""),
    ]
    found = comparison.differences
    titled = "\n" in comparison.left and "\n" in comparison.right
    return Markup("<h3>{}</h3>{}<div class='sides'>{}{}</div>{}").format(
        comparison.why or verdict[0].upper() + verdict[1:],
        items.figures(figures),
        items.side(
            "first",
            comparison.left,
            [(d.left_start, d.left_start + len(d.left), d.kind == "replace") for d in found],
            "delete",
            titled=titled,
        ),
        items.side(
            "second",
            comparison.right,
            [(d.right_start, d.right_start + len(d.right), d.kind == "replace") for d in found],
            "insert",
            titled=titled,
        ),
        _reasons(comparison),
    )


def _reasons(comparison: Comparison) -> Markup:
    if not comparison.reasons:
        return Markup()
    rows = Markup().join(
        Markup(
            '<tr><td>{}</td><td class="number">{:.2f}</td><td class="number">{}</td>'
            "<td>{}</td></tr>"
        ).format(
            reason.feature.replace("_", " "),
            reason.value,
            _signed(reason.contribution),
            "for duplicates" if reason.contribution > 0 else "against",
        )
        for reason in comparison.reasons[:_MOST_REASONS]
    )
    hidden = len(comparison.reasons) - _MOST_REASONS
    more = (
        Markup('<p class="quiet small">and {}, at <code>.reasons</code></p>').format(
            counted(hidden, "lighter reason")
        )
        if hidden > 0
        else ""
    )
    return Markup(
        '<details><summary class="quiet">The figures behind it</summary><div class="scroll"><table>'
        '<thead><tr><th>feature</th><th class="number">value</th>'
        '<th class="number">adds to the logit</th><th>speaks</th></tr></thead>'
        "<tbody>{}</tbody></table></div>{}</details>"
    ).format(rows, more)


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


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
