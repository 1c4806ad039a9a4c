"""
Few large rows: packed arrays that steps send each other.

Spark moves rows; kernels work on arrays of many texts. A message is a row of
four columns whose payload holds arrays of some ten thousand texts, postings or
pairs, so that nothing is done by the row and a shuffle moves some thousand
rows, whatever the number of texts.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from pyspark.sql import Column, DataFrame

    Step = Callable[["int", "list[Message]"], "Iterable[Message]"]

SCHEMA = "key long, kind int, order long, payload binary"
"""Of every DataFrame of messages."""

_ARROW = pa.schema(
    [("key", pa.int64()), ("kind", pa.int32()), ("order", pa.int64()), ("payload", pa.binary())]
)
_DTYPES = tuple(
    np.dtype(name) for name in ("u1", "u4", "u8", "i4", "i8", "f4", "f8")
)  # places in it are what is written
_WORD = 8
_BATCH_BYTES = 1 << 23
_MIXER = np.uint64(0x9E3779B97F4A7C15)


class Message(NamedTuple):
    """
    Arrays on their way to a group.

    Parameters
    ----------
    key : int
        The group: a block of texts, a part of the hash space, a chunk of pairs.
    kind : int
        What the arrays are; a group sees its messages by kind, then by order.
    order : int
        Their place among those of their kind.
    arrays : sequence of ndarray
        One-dimensional.
    """

    key: int
    kind: int
    order: int
    arrays: Sequence[NDArray[Any]]


def pack(arrays: Sequence[NDArray[Any]]) -> bytes:
    """
    Return arrays as bytes.

    Parameters
    ----------
    arrays : sequence of ndarray
        One-dimensional, of uint8, uint32, uint64, int32, int64, float32 or float64.

    Returns
    -------
    bytes
        As `unpack` reads them.
    """
    head = [len(arrays)]
    for array in arrays:
        head += [_DTYPES.index(array.dtype), len(array)]
    parts = [np.array(head, np.int64).tobytes()]
    for array in arrays:
        parts.append(np.ascontiguousarray(array).tobytes())
        parts.append(bytes(-array.nbytes % _WORD))
    return b"".join(parts)


def unpack(payload: bytes | pa.Buffer) -> list[NDArray[Any]]:
    """
    Return the arrays that `pack` packed.

    Parameters
    ----------
    payload : bytes or buffer
        From `pack`.

    Returns
    -------
    list of ndarray
        Copies that may be written to: kernels are compiled for such alone.
    """
    n_arrays = int(np.frombuffer(payload, np.int64, 1)[0])
    head = np.frombuffer(payload, np.int64, 2 * n_arrays, _WORD).reshape(n_arrays, 2)
    at = _WORD * (1 + 2 * n_arrays)
    arrays = []
    for code, length in head.tolist():
        dtype = _DTYPES[code]
        arrays.append(np.frombuffer(payload, dtype, length, at).copy())
        at += -(-length * dtype.itemsize // _WORD) * _WORD
    return arrays


def read(batches: Iterable[pa.RecordBatch]) -> Iterator[Message]:
    """
    Return the messages of Arrow batches.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Of `SCHEMA`.

    Yields
    ------
    Message
        In their order.
    """
    for batch in batches:
        keys, kinds, orders, payloads = batch.columns
        for at in range(len(keys)):
            yield Message(
                keys[at].as_py(),
                kinds[at].as_py(),
                orders[at].as_py(),
                unpack(payloads[at].as_buffer()),
            )


def write(messages: Iterable[Message]) -> Iterator[pa.RecordBatch]:
    """
    Return messages as Arrow batches.

    Parameters
    ----------
    messages : iterable of Message
        Any number.

    Yields
    ------
    pyarrow.RecordBatch
        Of some megabytes each.
    """
    rows: list[tuple[int, int, int, bytes]] = []
    n_bytes = 0
    for message in messages:
        payload = pack(message.arrays)
        rows.append((message.key, message.kind, message.order, payload))
        n_bytes += len(payload)
        if n_bytes >= _BATCH_BYTES:
            yield _as_batch(rows)
            rows, n_bytes = [], 0
    if rows:
        yield _as_batch(rows)


def _as_batch(rows: list[tuple[int, int, int, bytes]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _ARROW, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=_ARROW)


def regroup(messages: DataFrame, n_partitions: int, step: Step) -> DataFrame:
    """
    Bring the messages of each group together, and let a step answer them.

    Parameters
    ----------
    messages : DataFrame
        Of `SCHEMA`.
    n_partitions : int
        Over which the groups are spread, each in turn.
    step : callable
        Takes a key and the messages of that group, by kind and order; returns
        messages. Pickled by name, so a function of a module, or a partial of one.

    Returns
    -------
    DataFrame
        Of `SCHEMA`: what the steps returned. A partition holds one group at a
        time.
    """
    return (
        messages.repartition(n_partitions, _placed("key", n_partitions))
        .sortWithinPartitions("key", "kind", "order")
        .mapInArrow(partial(_run_groups, step), SCHEMA)
    )


def each(messages: DataFrame, step: Callable[[Message], Iterable[Message]]) -> DataFrame:
    """
    Let a step answer messages where they are.

    Parameters
    ----------
    messages : DataFrame
        Of `SCHEMA`.
    step : callable
        Takes a message, returns messages.

    Returns
    -------
    DataFrame
        Of `SCHEMA`.
    """
    return messages.mapInArrow(partial(_run_each, step), SCHEMA)


def _run_groups(step: Step, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    grouped = groupby(read(batches), attrgetter("key"))
    return write(answer for key, group in grouped for answer in step(key, list(group)))


def _run_each(
    step: Callable[[Message], Iterable[Message]], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    return write(answer for message in read(batches) for answer in step(message))


def _placed(key: str, n_partitions: int) -> Column:
    """Return a column that Spark's own hash brings to partition ``key % n_partitions``."""
    # Small keys hashed as they are would leave some partitions without any.
    places = F.array(*[F.lit(number) for number in _numbers_for(n_partitions)])
    return F.element_at(places, (F.col(key) % n_partitions + 1).cast("int"))


def _numbers_for(n_partitions: int) -> list[int]:
    """Return for each partition an int that Spark's hash partitioning brings there."""
    found: dict[int, int] = {}
    number = 0
    while len(found) < n_partitions:
        found.setdefault(_spark_hash(number) % n_partitions, number)
        number += 1
    return [found[partition] for partition in range(n_partitions)]


def _spark_hash(number: int) -> int:
    """Return Spark's ``hash`` of an int: Murmur3, 32 bits, seed 42, signed."""
    low = 0xFFFFFFFF
    mixed = number * 0xCC9E2D51 & low
    mixed = (mixed << 15 | mixed >> 17) * 0x1B873593 & low
    state = 42 ^ mixed
    state = ((state << 13 | state >> 19) * 5 + 0xE6546B64 & low) ^ 4
    state = (state ^ state >> 16) * 0x85EBCA6B & low
    state = (state ^ state >> 13) * 0xC2B2AE35 & low
    state ^= state >> 16
    return state - (1 << 32) if state >> 31 else state


def of_kinds(messages: DataFrame, *kinds: int) -> DataFrame:
    """
    Return the messages of some kinds.

    Parameters
    ----------
    messages : DataFrame
        Of `SCHEMA`.
    *kinds : int
        Which.

    Returns
    -------
    DataFrame
        Of `SCHEMA`.
    """
    return messages.where(F.col("kind").isin(*kinds))


def joined(messages: Iterable[Message], kind: int, dtypes: Sequence[Any]) -> list[NDArray[Any]]:
    """
    Return the arrays of all messages of a kind, one message after another.

    Parameters
    ----------
    messages : iterable of Message
        Of one group.
    kind : int
        Which.
    dtypes : sequence of dtype
        Of the arrays, where there is no message.

    Returns
    -------
    list of ndarray
        As many as `dtypes`.
    """
    found = [message.arrays for message in messages if message.kind == kind]
    if not found:
        return [np.empty(0, dtype) for dtype in dtypes]
    if len(found) == 1:
        return list(found[0])
    return [np.concatenate(column) for column in zip(*found, strict=True)]


def part_of(labels: NDArray[np.int64], n_parts: int) -> NDArray[np.int64]:
    """
    Spread numbers evenly over parts.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
        Non-negative.
    n_parts : int
        How many parts there are.

    Returns
    -------
    ndarray of int64, shape (n,)
        In [0, `n_parts`).
    """
    mixed = labels.astype(np.uint64) * _MIXER >> np.uint64(33)
    return (mixed % np.uint64(n_parts)).astype(np.int64)


def split_by(places: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """
    Sort rows to where they go.

    Parameters
    ----------
    places : ndarray of int64, shape (n,)
        Where each goes.

    Yields
    ------
    place : int
        Increasing.
    rows : ndarray of int64
        The rows that go there, in order.
    """
    if len(places) == 0:
        return
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    bounds = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1, append=ordered[-1] + 1))
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        yield int(ordered[start]), order[start:stop]
