"""
Connected components of matched texts, by steps that each see a part of the graph.

What a partition holds is contracted to stars first. As long as that leaves too
many edges for one place, large stars and small stars alternate [1]_ until all
are stars around the least text of their component.

References
----------
.. [1] R. Kiveris, S. Lattanzi, V. Mirrokni, V. Rastogi, S. Vassilvitskii, "Connected
   Components in MapReduce and Beyond", SOCC 2014.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels.components import unite
from dedupe_news.spark.messages import (
    SCHEMA,
    Message,
    each,
    joined,
    of_kinds,
    part_of,
    read,
    regroup,
    split_by,
    unpack,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from dedupe_news.spark.numbering import Numbers
    from dedupe_news.spark.workspace import Workspace

    Edges = tuple[NDArray[np.int64], NDArray[np.int64]]

LABELS = 40
"""Kind of messages: texts, increasing, and the least text of the component of each."""

FEW_EDGES = 1 << 21
"""Edges that one place can hold: 32 MB."""

_EDGES, _COUNT = 41, 42


def label(
    messages: DataFrame,
    edges_of: Callable[[Message], Edges],
    numbers: Numbers,
    space: Workspace,
    few: int = FEW_EDGES,
) -> DataFrame:
    """
    Find the component of every text that has an edge.

    Parameters
    ----------
    messages : DataFrame
        Hold the edges.
    edges_of : callable
        Returns the texts of the edges of a message, in any order.
    numbers : Numbers
        Of the texts.
    space : Workspace
        Of the run.
    few : int, default FEW_EDGES
        Edges that one place can hold.

    Returns
    -------
    DataFrame
        Messages of the kind `LABELS`, keyed by block, kept.
    """
    n_parts = space.n_partitions
    contracted = messages.mapInArrow(partial(_contract_batches, edges_of, n_parts), SCHEMA)
    edges = space.keep(contracted)
    n_changed, n_edges = _counted(edges, space)
    while n_changed and n_edges > few:
        # An edge is known to its greater end; for large stars both ends must know it.
        larger = regroup(
            each(of_kinds(edges, _EDGES), partial(_to_both, n_parts)),
            n_parts,
            partial(_large_stars, n_parts),
        )
        smaller = space.keep(regroup(larger, n_parts, partial(_small_stars, n_parts)))
        n_changed, n_edges = _counted(smaller, space)
        space.drop(edges)
        edges = smaller
    stars = of_kinds(edges, _EDGES)
    if n_changed:
        stars = regroup(stars.selectExpr("0L AS key", "kind", "`order`", "payload"), 1, _contract)
    dealt = each(stars, partial(_deal, numbers))
    return space.keep(regroup(dealt, n_parts, _label))


def contract(left: NDArray[np.int64], right: NDArray[np.int64]) -> Edges:
    """
    Return the fewest edges that connect what some edges connect.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_edges,)
        Their texts.

    Returns
    -------
    least, other : ndarray of int64, shape (n,)
        From the least text of each component to every other of it, by `other`.
    """
    texts, places = np.unique(np.concatenate((left, right)), return_inverse=True)
    parents = np.arange(len(texts))
    unite(places[: len(left)], places[len(left) :], parents)
    others = np.flatnonzero(parents != np.arange(len(texts)))
    return texts[parents[others]], texts[others]


def _contract_batches(
    edges_of: Callable[[Message], Edges], n_parts: int, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    found = [edges_of(message) for message in read(batches)]
    if not found:
        return iter(())
    edges = contract(*(np.concatenate(column) for column in zip(*found, strict=True)))
    n_edges = len(edges[0])
    return write((*_to_greater(*edges, n_parts), _count(0, n_edges, n_edges)))


def _contract(key: int, messages: list[Message]) -> Iterator[Message]:
    yield Message(key, _EDGES, 0, contract(*joined(messages, _EDGES, (np.int64, np.int64))))


def _to_greater(
    lesser: NDArray[np.int64], greater: NDArray[np.int64], n_parts: int
) -> Iterator[Message]:
    for part, which in split_by(part_of(greater, n_parts)):
        yield Message(part, _EDGES, 0, (lesser[which], greater[which]))


def _count(key: int, n_changed: int, n_edges: int) -> Message:
    return Message(key, _COUNT, n_changed, [np.array([n_edges])])


def _counted(edges: DataFrame, space: Workspace) -> tuple[int, int]:
    """Return how many edges the last step changed, and how many there are."""
    counts = space.collect(of_kinds(edges, _COUNT))
    n_edges = sum(int(unpack(row["payload"])[0][0]) for row in counts)
    return sum(row["order"] for row in counts), n_edges


def _to_both(n_parts: int, message: Message) -> Iterator[Message]:
    lesser, greater = message.arrays
    yield from _to_greater(lesser, greater, n_parts)
    yield from _to_greater(greater, lesser, n_parts)


def _distinct(texts: NDArray[np.int64], others: NDArray[np.int64]) -> Edges:
    """Return distinct edges by their first text, then by the second."""
    order = np.lexsort((others, texts))
    texts, others = texts[order], others[order]
    leads = np.ones(len(texts), bool)
    leads[1:] = (texts[1:] != texts[:-1]) | (others[1:] != others[:-1])
    return texts[leads], others[leads]


def _least(texts: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each edge the least other that its text has an edge with."""
    leads = np.flatnonzero(np.diff(texts, prepend=-1))
    return np.repeat(others[leads], np.diff(leads, append=len(texts)))


def _large_stars(n_parts: int, key: int, messages: list[Message]) -> Iterator[Message]:
    """Tie the greater neighbours of each text to the least of all its neighbours and itself."""
    others, texts = _joined_edges(messages)
    least = np.minimum(texts, _least(texts, others))
    greater = others > texts
    n_changed = int(np.count_nonzero(least[greater] != texts[greater]))
    yield from _to_greater(least[greater], others[greater], n_parts)
    yield _count(key, n_changed, 0)


def _small_stars(n_parts: int, key: int, messages: list[Message]) -> Iterator[Message]:
    """Tie each text and its lesser neighbours to the least of these."""
    others, texts = _joined_edges(messages)
    n_changed = sum(message.order for message in messages if message.kind == _COUNT)
    least = _least(texts, others)
    moved = others != least
    least, texts = _distinct(
        np.concatenate((least, least[moved])), np.concatenate((texts, others[moved]))
    )
    yield from _to_greater(least, texts, n_parts)
    yield _count(key, n_changed + int(np.count_nonzero(moved)), len(texts))


def _joined_edges(messages: list[Message]) -> Edges:
    """Return the distinct edges of a part, by the text that is of this part."""
    others, texts = joined(messages, _EDGES, (np.int64, np.int64))
    texts, others = _distinct(texts, others)
    return others, texts


def _deal(numbers: Numbers, message: Message) -> Iterator[Message]:
    least, other = message.arrays
    centres = np.unique(least)
    for texts, labels in ((other, least), (centres, centres)):
        for block, which in split_by(numbers.blocks_of(texts)):
            yield Message(block, LABELS, 0, (texts[which], labels[which]))


def _label(key: int, messages: list[Message]) -> Iterator[Message]:
    texts, labels = joined(messages, LABELS, (np.int64, np.int64))
    texts, leads = np.unique(texts, return_index=True)
    yield Message(key, LABELS, 0, (texts, labels[leads]))
