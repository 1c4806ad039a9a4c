"""What a worker of Spark's does: cluster the documents of all partitions."""

from __future__ import annotations

import itertools
import logging
import os
import tempfile
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from dedupe_news.api import cluster
from dedupe_news.errors import DedupeNewsError, DuplicateIdError, InputError
from dedupe_news.results.matches import NO_RELATION
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROWS_AT_ONCE = 1 << 16

_log = logging.getLogger("dedupe_news")


def clustered(
    batches: Iterator[pa.RecordBatch], id_column: str, options: Mapping[str, Any]
) -> Iterator[pa.RecordBatch]:
    """Yield the cluster of each document; `options` are those of `dedupe_news.cluster`."""
    first = next(batches, None)
    if first is None:
        return
    # Of a feed larger than memory the arrays lie where Spark spills to.
    tempfile.tempdir = os.environ.get("SPARK_LOCAL_DIRS", tempfile.gettempdir()).split(",")[0]
    chunks: list[pa.Array] = []

    if first.column(id_column).null_count:  # in order, with null the first
        message = (
            "the id of a document is null; every document needs one. Fill it in, or drop those "
            "without one: df.dropna(subset=['id'])"
        )
        raise InputError(message)

    def documents() -> Iterator[pa.RecordBatch]:
        for batch in itertools.chain([first], batches):
            chunks.append(batch.column(id_column))
            yield batch

    reader = pa.RecordBatchReader.from_batches(first.schema, documents())
    try:
        result = cluster(reader, id=None, progress=False, **options)
    except DedupeNewsError as error:
        message = f"{error}. Documents are counted from 0, in the order of their ids"
        raise type(error)(message) from error
    ids = pa.chunked_array(chunks, first.schema.field(id_column).type)
    _check_distinct(ids)
    if result.bounded:
        _log.warning("%s", result.bounded)
    if result.columns.rows is not None:  # of some that were dropped
        ids = ids.take(pa.array(result.columns.rows))
    relations = result.membership.relation
    names = pa.array([relation.name.lower() for relation in Relation], pa.string())
    table = pa.table(
        {
            "id": ids,
            "cluster": result.labels,
            "representative": ids.take(pa.array(result.representatives[result.labels])),
            "relation": names.take(pa.array(relations, mask=relations == NO_RELATION)),
        }
    )
    yield from table.combine_chunks().to_batches(_ROWS_AT_ONCE)


def _check_distinct(ids: pa.ChunkedArray) -> None:
    """Refuse ids that repeat; they are in order."""
    joined = ids.combine_chunks()
    again = pc.index(pc.equal(joined[1:], joined[:-1]), value=True).as_py()
    if again >= 0:
        n_equal = pc.sum(pc.equal(joined, joined[again])).as_py()
        message = (
            f"{n_equal:,} documents share the id {joined[again].as_py()!r}; ids must be unique. "
            "Drop the others: df.dropDuplicates(['id'])"
        )
        raise DuplicateIdError(message)
