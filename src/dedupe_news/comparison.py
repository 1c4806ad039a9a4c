"""Two documents explained by themselves, without the statistics of a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news import differences, relations, shingling
from dedupe_news.columns import Columns
from dedupe_news.news import explain
from dedupe_news.records import Comparison, Difference, Relation
from dedupe_news.text import tokenize

if TYPE_CHECKING:
    from dedupe_news.config import Config
    from dedupe_news.records import Reason
    from dedupe_news.text import Tokens


def compare_at(columns: Columns, config: Config, a: int, b: int) -> Comparison:
    """
    Explain how two documents of a batch are related.

    Parameters
    ----------
    columns : Columns
        The documents.
    config : Config
        The settings.
    a, b : int
        Positions of the two.

    Returns
    -------
    Comparison
        As `compare_two` of them.
    """
    contents = [columns.content(at).encode() for at in (a, b)]
    two = Columns(
        np.frombuffer(b"".join(contents), np.uint8),
        np.cumsum([0, *map(len, contents)]),
        published=None if columns.published is None else columns.published[[a, b]],
        sources=None if columns.sources is None else columns.sources[[a, b]],
        source_names=columns.source_names,
        titled=columns.titled,
    )
    return compare_two(two, config)


def compare_two(columns: Columns, config: Config) -> Comparison:
    """
    Explain how two documents are related.

    Parameters
    ----------
    columns : Columns
        The two documents.
    config : Config
        The settings.

    Returns
    -------
    Comparison
        By themselves, without the statistics of a feed.
    """
    tokens = tokenize(columns.buffer, columns.offsets, config)
    left, right = columns.content(0), columns.content(1)
    jaccard, containment, relation = _scores(tokens, config)
    reasons: tuple[Reason, ...] = ()
    if config.policy == "news":
        probability, is_duplicate, reasons = explain(columns, tokens, config)
    else:
        is_duplicate = jaccard >= config.threshold
        probability = float(is_duplicate)
    return Comparison(
        relation=relation if is_duplicate else None,
        jaccard=jaccard,
        containment=containment,
        probability=probability,
        reasons=reasons,
        differences=_differences(left, right, config, titled=columns.titled),
        left=left,
        right=right,
    )


def _scores(tokens: Tokens, config: Config) -> tuple[float, float, Relation]:
    starts, stops = tokens.offsets[:-1], tokens.offsets[1:]
    if (starts == stops).any():
        return 0.0, 0.0, Relation.NEAR
    shingles, bounds = shingling.shingle(tokens.hashes, starts, stops, config.shingle_size, 1)
    left, right = (np.unique(shingles[bounds[i] : bounds[i + 1]]) for i in (0, 1))
    shared = len(np.intersect1d(left, right, assume_unique=True))
    containment = shared / min(len(left), len(right))
    pair = np.array([0]), np.array([1])
    relation = relations.relate(tokens.hashes, starts, stops, *pair, np.array([containment]))
    return (
        shared / (len(left) + len(right) - shared),
        containment,
        Relation(int(relation[0])),
    )


def _differences(a: str, b: str, config: Config, *, titled: bool) -> tuple[Difference, ...]:
    found = differences.changes(*differences.read([a, b], config, titled=titled))
    return tuple(
        Difference(
            change.kind,
            a[change.left_start : change.left_stop],
            b[change.right_start : change.right_stop],
            change.left_start,
            change.right_start,
        )
        for change in found
    )
