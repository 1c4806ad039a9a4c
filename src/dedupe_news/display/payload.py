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
from dedupe_news.display.marking import readable, shortenings
from dedupe_news.results import differences
from dedupe_news.results.membership import NO_RELATION
from dedupe_news.results.parts import Template
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe_news.display.views import Kind, Row
    from dedupe_news.results.parts import Group
    from dedupe_news.results.result import Clustering

N_BINS = 50
TEMPLATE_EXAMPLES = 20
"""Items of a template that a report holds: they differ in little, and may be thousands."""

_BLOCK_ITEMS = 8_000
_MICROSECONDS = 1_000_000
_PER_MILLE = 1000


def overview(result: Clustering, title: str, made_at: str) -> dict[str, Any]:
    """Return the figures of a result and the words that items refer to, fit for JSON."""
    matches = result.matches
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
                "total": views.n_groups(result, kind),
            }
            for kind in views.KINDS.values()
        },
        "nMatches": len(matches),
        "nCandidates": result.n_candidates,
        "seconds": round(sum(result.seconds.values()), 3),
        "titled": result.columns.titled,
        "timed": result.columns.published is not None,
        "sources": list(result.columns.source_names) if result.columns.sources is not None else [],
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
    Yield the groups of a kind, the largest first, `n_items` or somewhat more at a time.

    A block has ``number`` (place among those of its kind), ``size`` (items),
    ``span`` (seconds), ``shown`` (rows that are here), for templates ``pattern``
    and ``variants``, and the columns of the rows of all, the representative of
    each group first.
    """
    for some in _in_blocks(result, kind, n_items):
        groups = [group for _, group in some]
        rows = [views.rows_of(group)[: _most_rows(group)] for group in groups]
        block: dict[str, Any] = {
            "number": [number for number, _ in some],
            "size": [*map(len, groups)],
            "span": [None if each.span is None else each.span.total_seconds() for each in groups],
            "shown": [*map(len, rows)],
            "items": _items(result, kind, rows),
        }
        if kind.name == "templates":
            block["pattern"] = [readable(each.pattern) for each in groups]
            block["variants"] = [views.variants_of(each) for each in groups]
        yield block


def _most_rows(group: Group) -> int | None:
    return TEMPLATE_EXAMPLES if isinstance(group, Template) else None


def packed(value: object) -> str:
    """Return a value as gzip of JSON in Base64; equal values give equal text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)).decode()


def _in_blocks(result: Clustering, kind: Kind, most: int) -> Iterator[list[tuple[int, Any]]]:
    """Yield numbered groups of a kind, until a block holds enough items."""
    block: list[tuple[int, Any]] = []
    n_items = 0
    for numbered in enumerate(getattr(result, kind.name)):
        block.append(numbered)
        n_items += min(len(numbered[1]), _most_rows(numbered[1]) or most)
        if n_items >= most:
            yield block
            block, n_items = [], 0
    if block:
        yield block


def _items(result: Clustering, kind: Kind, groups: Sequence[Sequence[Row]]) -> dict[str, Any]:
    """Return the columns of the rows of some groups."""
    columns = result.columns
    rows = [row for group in groups for row in group]
    positions = [row.position for row in rows]
    at = np.array(positions, np.int64)
    contents = [columns.content(position) for position in positions]
    ids = [columns.id_of(position) for position in positions]
    found: dict[str, Any] = {
        "content": [*map(readable, contents)],
        "id": [*map(str, ids)],
        "role": [row.role for row in rows],
    }
    if columns.sources is not None:
        codes = columns.sources[at]
        found["source"] = np.where(codes == NO_SOURCE, -1, codes).tolist()
    if columns.published is not None:
        times = columns.published[at]
        found["time"] = [
            None if time == NO_TIME else time // _MICROSECONDS for time in times.tolist()
        ]
    if kind.is_marked:
        found["changes"] = _changes(contents, groups, result)
    if kind.name == "clusters":
        if not all(isinstance(each, str) for each in ids):
            found["idJson"] = [*map(_written_id, ids)]  # for labels, which name the item itself
        found |= _scores(result, at)
        found["why"] = [
            why
            for group in groups
            for why in ("", *views.sentences_of(result, group[0].position, group[1:]))
        ]
    else:
        found["nDuplicates"] = [row.n_duplicates for row in rows]
    return found


def _written_id(id_: Hashable) -> str:
    """Return an id as a file of labels has it; as text where JSON has no such value."""
    try:
        return json.dumps(id_)
    except (TypeError, ValueError):
        return json.dumps(str(id_))


def _scores(result: Clustering, at: NDArray[np.int64]) -> dict[str, Any]:
    membership = result.membership
    relation = membership.relation[at]
    found: dict[str, Any] = {
        "relation": np.where(relation == NO_RELATION, -1, relation.astype(int)).tolist()
    }
    for measure in ("jaccard", "containment", "probability"):
        # Three digits are what is shown; the representative counts as itself.
        values = np.nan_to_num(getattr(membership, measure)[at], nan=1.0)
        found[measure] = np.rint(values * _PER_MILLE).astype(int).tolist()
    return found


def _changes(
    contents: Sequence[str], groups: Sequence[Sequence[Row]], result: Clustering
) -> list[list[int]]:
    """Return, for each item, where it differs from its representative, in UTF-16 units."""
    wordings = differences.read(contents, result.config, titled=result.columns.titled)
    found: list[list[int]] = []
    for group in groups:
        first = wordings[len(found)]
        left = _as_shown(first.text)
        for other in wordings[len(found) : len(found) + len(group)]:
            right = _as_shown(other.text)
            blocks = differences.aligned(first, other)
            found.append(
                [
                    place
                    for change in differences.changes(first, other, blocks)
                    for place in (
                        left(change.left_start),
                        left(change.left_stop),
                        right(change.right_start),
                        right(change.right_stop),
                    )
                ]
            )
    return found


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
