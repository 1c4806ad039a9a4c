"""What the HTML report holds: clusters, stories and templates as compact columns in blocks."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import differences
from dedupe_news.columns import NO_SOURCE, NO_TIME
from dedupe_news.display.facts import order_of, reports_of
from dedupe_news.membership import NO_RELATION
from dedupe_news.records import Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dedupe_news.config import Config
    from dedupe_news.parts import Story, Template
    from dedupe_news.results import Clustering

N_BINS = 50
TEMPLATE_EXAMPLES = 20
"""Documents of a template that a report holds: they differ in little, and may be thousands."""

_BLOCK_DOCUMENTS = 8_000
_MICROSECONDS = 1_000_000
_PER_MILLE = 1000


def overview(result: Clustering, title: str, made_at: str) -> dict[str, Any]:
    """
    Return the figures of a result and the words that documents refer to.

    Parameters
    ----------
    result : Clustering
        The result.
    title : str
        Heading of the report.
    made_at : str
        When it was made.

    Returns
    -------
    dict
        Fit for JSON.
    """
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
    bounded = result.bounded
    return {
        "title": title,
        "madeAt": made_at,
        "nDocuments": len(result),
        "nKept": len(result.representatives),
        "nClusters": len(result.clusters),
        "nStories": len(result.stories),
        "nInStories": sum(map(len, result.stories)),
        "nTemplates": result.n_templates,
        "nInTemplates": int(np.count_nonzero(result.template_of >= 0)),
        "nMatches": len(matches),
        "nCandidates": result.n_candidates,
        "seconds": round(sum(result.seconds.values()), 3),
        "bounded": [
            bounded.n_large_buckets,
            bounded.n_pairs_not_compared,
            bounded.n_representatives_passed_over,
        ],
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


def cluster_blocks(result: Clustering) -> Iterator[dict[str, Any]]:
    """
    Return the clusters, the largest first, some thousands of documents at a time.

    Parameters
    ----------
    result : Clustering
        The result.

    Yields
    ------
    dict
        ``number`` (place in ``Clustering.clusters``), ``size``, and the columns
        of their documents, each cluster's to keep first.
    """
    numbered = list(enumerate(result.clusters))
    for some in _blocks(numbered, lambda pair: len(pair[1])):
        positions = [position for _, cluster in some for position in order_of(cluster)]
        sizes = [len(cluster) for _, cluster in some]
        documents = _documents(result, positions) | _scores(result, positions)
        documents["changes"] = _changes(
            documents["content"], sizes, result.config, titled=result.columns.titled
        )
        yield {"number": [number for number, _ in some], "size": sizes, "documents": documents}


def story_blocks(result: Clustering) -> Iterator[dict[str, Any]]:
    """
    Return the stories, the largest first, some thousands of documents at a time.

    Parameters
    ----------
    result : Clustering
        The result.

    Yields
    ------
    dict
        ``number``, ``size``, ``span`` (seconds), ``shown`` (reports: clusters
        and single documents), and the columns of the document to keep of each
        report, the lead first; ``stands`` says for how many documents.
    """
    for some in _blocks(list(enumerate(result.stories)), lambda pair: len(pair[1].clusters)):
        reports = [reports_of(story) for _, story in some]
        flat = [report for each in reports for report in each]
        documents = _documents(result, [report.kept for report in flat])
        documents["stands"] = [report.n_documents for report in flat]
        yield _heads(some) | {"shown": [len(each) for each in reports], "documents": documents}


def template_blocks(result: Clustering) -> Iterator[dict[str, Any]]:
    """
    Return the templates, the largest first, some thousands of documents at a time.

    Parameters
    ----------
    result : Clustering
        The result.

    Yields
    ------
    dict
        ``number``, ``size``, ``span`` (seconds), ``pattern``, ``variants``,
        ``shown`` (documents that are here), and the columns of those.
    """
    numbered = list(enumerate(result.templates))
    for some in _blocks(numbered, lambda pair: min(len(pair[1]), TEMPLATE_EXAMPLES)):
        members = [template.members[:TEMPLATE_EXAMPLES] for _, template in some]
        yield _heads(some) | {
            "pattern": [template.pattern for _, template in some],
            "variants": [template.variants for _, template in some],
            "shown": [len(each) for each in members],
            "documents": _documents(result, [position for each in members for position in each]),
        }


def _heads(numbered: Sequence[tuple[int, Story | Template]]) -> dict[str, Any]:
    return {
        "number": [number for number, _ in numbered],
        "size": [len(group) for _, group in numbered],
        "span": [
            None if group.span is None else group.span.total_seconds() for _, group in numbered
        ],
    }


def packed(value: object) -> str:
    """
    Return a value as compressed JSON that can stand in a page.

    Parameters
    ----------
    value : object
        Fit for JSON.

    Returns
    -------
    str
        Base64 of gzip of JSON; equal values give equal text.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)).decode()


def _blocks(items: Sequence[Any], weight: Any) -> Iterator[list[Any]]:  # noqa: ANN401
    block: list[Any] = []
    held = 0
    for item in items:
        block.append(item)
        held += weight(item)
        if held >= _BLOCK_DOCUMENTS:
            yield block
            block, held = [], 0
    if block:
        yield block


def _documents(result: Clustering, positions: Sequence[int]) -> dict[str, Any]:
    columns = result.columns
    at = np.array(positions, np.int64)
    found: dict[str, Any] = {
        "content": [columns.content(position) for position in positions],
        "id": [str(columns.id_of(position)) for position in positions],
    }
    if columns.sources is not None:
        codes = columns.sources[at]
        found["source"] = np.where(codes == NO_SOURCE, -1, codes).tolist()
    if columns.published is not None:
        times = columns.published[at]
        found["time"] = [
            None if time == NO_TIME else time // _MICROSECONDS for time in times.tolist()
        ]
    return found


def _scores(result: Clustering, positions: Sequence[int]) -> dict[str, Any]:
    own = result.membership
    at = np.array(positions, np.int64)
    relation = own.relation[at]
    found: dict[str, Any] = {
        "relation": np.where(relation == NO_RELATION, -1, relation.astype(int)).tolist()
    }
    for measure in ("jaccard", "containment", "probability"):
        # Three digits are what is shown; the kept one counts as itself.
        values = np.nan_to_num(getattr(own, measure)[at], nan=1.0)
        found[measure] = np.rint(values * _PER_MILLE).astype(int).tolist()
    return found


def _changes(
    contents: Sequence[str], sizes: Sequence[int], config: Config, *, titled: bool
) -> list[list[int]]:
    """Return, for each document, where it differs from its kept one, in UTF-16 units."""
    wordings = differences.read(contents, config, titled=titled)
    found: list[list[int]] = []
    for size in sizes:
        kept = wordings[len(found)]
        left = _utf16(kept.text)
        for other in wordings[len(found) : len(found) + size]:
            right = _utf16(other.text)
            found.append(
                [
                    place
                    for change in differences.changes(kept, other)
                    for place in (
                        left(change.left_start),
                        left(change.left_stop),
                        right(change.right_start),
                        right(change.right_stop),
                    )
                ]
            )
    return found


def _utf16(text: str) -> Any:  # noqa: ANN401 - a function of places
    """Return what turns places in a text into those that JavaScript counts."""
    if text.isascii() or max(text) <= "\uffff":
        return int
    return lambda place: len(text[:place].encode("utf-16-le")) // 2


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "by recall" if value is None else str(value)
