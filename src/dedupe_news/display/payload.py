"""What the report holds: clusters, stories and templates as compact columns in blocks."""

from __future__ import annotations

import base64
import bisect
import gzip
import itertools
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._input.columns import NO_SOURCE, NO_TIME
from dedupe_news.display import views
from dedupe_news.results import differences
from dedupe_news.results.matches import NO_RELATION
from dedupe_news.results.phrasing import as_text, one_line, readable, shortenings
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from dedupe_news.display.views import Kind, Row
    from dedupe_news.results.result import Clustering

N_BINS = 50
TEMPLATE_EXAMPLES = 20
"""Items of a template that a report holds: they differ in little, and may be thousands."""

_BLOCK_ITEMS = 8_000
_MICROSECONDS = 1_000_000
_PER_MILLE = 1000


def overview(result: Clustering, title: str, made_at: str) -> dict[str, Any]:
    """Return the figures of a result and the words that items refer to, fit for JSON."""
    matches, columns = result.matches, result.columns
    edges = np.linspace(0, 1, N_BINS + 1)
    histograms = {
        measure: [
            np.histogram(getattr(matches, measure)[matches.relation == relation], edges)[0].tolist()
            for relation in Relation
            if relation.verdict == "duplicate"
        ]
        for measure in ("jaccard", "probability")
    }
    sizes = np.bincount([len(cluster) for cluster in result.clusters] or [0])
    return {
        "title": title,
        "madeAt": made_at,
        "figures": views.figures_of(result),
        "note": views.note_on_bounded(result),
        "kinds": {
            kind.name: {
                "noun": kind.noun,
                "heading": kind.heading,
                "says": kind.says,
                "rowNoun": kind.row_noun,
                "total": len(getattr(result, kind.name)),
            }
            for kind in views.KINDS.values()
        },
        "nMatches": len(matches),
        "nCandidates": result.n_candidates,
        "seconds": round(sum(result.seconds.values()), 3),
        "titled": columns.titled,
        "timed": columns.published is not None,
        "sources": [*map(one_line, columns.source_names)] if columns.sources is not None else [],
        "relations": [relation.name.lower() for relation in Relation],
        "settings": [[name, _shown(value)] for name, value in result.config.shown().items()],
        "policy": result.config.policy,
        "threshold": result.config.threshold,
        "histograms": histograms,
        "sizes": [[size, int(count)] for size, count in enumerate(sizes.tolist()) if count],
    }


def blocks(
    result: Clustering, kind: Kind, *, n_items: int = _BLOCK_ITEMS
) -> Iterator[dict[str, Any]]:
    """
    Yield the groups of a kind, the largest first, about `n_items` at a time.

    A block has ``number`` (among those of its kind), ``size`` (items),
    ``summary``, ``sources`` (how many), ``shown`` (rows that are here), for
    templates ``pattern`` and ``variants``, and the columns of the rows of all,
    the representative of each group first.
    """
    every: Sequence[Any] = getattr(result, kind.name)
    most = TEMPLATE_EXAMPLES if kind.name == "templates" else len(result)
    ends = np.cumsum([min(len(group), most) for group in every])
    for numbers in np.split(np.arange(len(every)), np.flatnonzero(np.diff(ends // n_items)) + 1):
        groups = [every[number] for number in numbers.tolist()]
        rows = [views.rows_of(group)[:most] for group in groups]
        block: dict[str, Any] = {
            "number": numbers.tolist(),
            "size": [*map(len, groups)],
            "summary": [*map(views.summary_of, groups)],
            "sources": [*map(views.n_sources, groups)],
            "shown": [*map(len, rows)],
            "items": _items(result, kind, rows),
        }
        if kind.name == "templates":
            block["pattern"] = [readable(template.pattern) for template in groups]
            block["variants"] = [*map(views.variants_of, groups)]
        if groups:
            yield block


def packed(value: object) -> str:
    """Return a value as gzip of JSON in Base64; equal values give equal text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)).decode()


def _items(result: Clustering, kind: Kind, groups: Sequence[Sequence[Row]]) -> dict[str, Any]:
    """Return the columns of the rows of some groups."""
    columns = result.columns
    rows = [row for group in groups for row in group]
    places = np.array([row.place for row in rows], np.int64)
    contents = [*map(columns.content, places.tolist())]
    ids = [*map(columns.id_of, places.tolist())]
    items: dict[str, Any] = {
        "content": [*map(readable, contents)],
        "id": [*map(as_text, ids)],
        "role": [row.role for row in rows],
    }
    if columns.sources is not None:
        codes = columns.sources[places]
        items["source"] = np.where(codes == NO_SOURCE, -1, codes).tolist()
    if columns.published is not None:
        times = columns.published[places].tolist()
        items["time"] = [None if time == NO_TIME else time // _MICROSECONDS for time in times]
    if kind.is_marked:
        items["changes"] = _changes(contents, groups, result)
    if kind.name != "clusters":
        return {**items, "nDuplicates": [row.n_duplicates for row in rows]}
    if not all(isinstance(id_, str) for id_ in ids):
        items["idJson"] = [*map(_written_id, ids)]  # for labels, which name the item itself
    membership = result.membership
    relation = membership.relation[places]
    items["relation"] = np.where(relation == NO_RELATION, -1, relation.astype(int)).tolist()
    for measure in ("jaccard", "containment", "probability"):
        # Three digits are what is shown; the representative counts as itself.
        values = np.nan_to_num(getattr(membership, measure)[places], nan=1.0)
        items[measure] = np.rint(values * _PER_MILLE).astype(int).tolist()
    items["why"] = [
        why
        for group in groups
        for why in ("", *views.sentences_of(result, group[0].place, group[1:]))
    ]
    return items


def _written_id(id_: Hashable) -> str:
    """Return an id as a file of labels has it; as text where JSON has no such value."""
    try:
        return json.dumps(id_)
    except (TypeError, ValueError, RecursionError):
        return json.dumps(as_text(id_))


def _changes(
    contents: Sequence[str], groups: Sequence[Sequence[Row]], result: Clustering
) -> list[list[int]]:
    """Return, for each item, where it differs from its representative, in UTF-16 units."""
    wordings = differences.read(contents, result.config, titled=result.columns.titled)
    places: list[list[int]] = []
    for group in groups:
        first = wordings[len(places)]
        left = _as_shown(first.text)
        for other in wordings[len(places) : len(places) + len(group)]:
            right = _as_shown(other.text)
            bounds = [
                (left(c.left_start), left(c.left_stop), right(c.right_start), right(c.right_stop))
                for c in differences.changes(first, other)
            ]
            places.append([place for change in bounds for place in change])
    return places


def _as_shown(text: str) -> Callable[[int], int]:
    """Return what turns places in a text into those of the readable one, as JavaScript counts."""
    if "&" not in text and (text.isascii() or max(text) <= "\uffff"):
        return int
    units = [0, *itertools.accumulate(1 + (letter > "\uffff") for letter in text)]
    stops, shorter = shortenings(text)
    return lambda place: units[place] - shorter[bisect.bisect_right(stops, place)]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "by recall" if value is None else str(value)
