"""How common each token is among all documents."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news import postings
from dedupe_news.spark.messages import SCHEMA, Message, regroup, unpack, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from dedupe_news.spark.workspace import Workspace

_SLICE = 1 << 16


def count_tokens(rows: DataFrame, n_tokens: int, space: Workspace) -> NDArray[np.uint32]:
    """
    Count the tokens of all documents.

    Parameters
    ----------
    rows : DataFrame
        With a column ``tokens``.
    n_tokens : int
        How many there are.
    space : Workspace
        Of the run.

    Returns
    -------
    ndarray of uint32, shape (n_places,)
        As from `dedupe_news.postings.token_table`: of at most 16 MB, whatever
        the number of documents.
    """
    n_places = postings.n_places(n_tokens)
    counted = rows.select("tokens").mapInArrow(partial(_count, n_places), SCHEMA)
    n_slices = -(-n_places // _SLICE)
    summed = space.collect(regroup(counted, min(n_slices, space.n_partitions), _sum))
    table = np.zeros(n_places, np.uint32)
    for row in summed:
        (counts,) = unpack(row["payload"])
        start = row["key"] * _SLICE
        table[start : start + len(counts)] = counts
    return table


def _count(n_places: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    counts = np.zeros(n_places, np.uint32)
    for batch in batches:
        _, offsets_buffer, tokens_buffer = batch.column(0).buffers()
        if tokens_buffer is None:
            continue
        column = batch.column(0)
        offsets = np.frombuffer(offsets_buffer, np.int32)
        start, stop = offsets[column.offset], offsets[column.offset + len(column)]
        tokens = np.frombuffer(tokens_buffer, np.uint8)[start:stop].view(np.uint32)
        postings.count_tokens(tokens.copy(), counts)
    slices = (counts[start : start + _SLICE] for start in range(0, n_places, _SLICE))
    return write(
        Message(number, 0, 0, [values]) for number, values in enumerate(slices) if values.any()
    )


def _sum(key: int, messages: list[Message]) -> Iterator[Message]:
    total = messages[0].arrays[0]
    for message in messages[1:]:
        total = total + message.arrays[0]
    yield Message(key, 0, 0, [total])
