"""Documents to distinct texts, and texts to numbered blocks."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from pyspark.sql.window import Window

from dedupe_news.blocks import bounds_of, take_runs
from dedupe_news.columns import NO_TIME, to_span
from dedupe_news.spark.messages import SCHEMA, Message, of_kinds, regroup, split_by, unpack, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray
    from pyspark.sql import Column, DataFrame

    from dedupe_news.config import Config
    from dedupe_news.spark.workspace import Workspace

BLOCK, KEYS, SUMMARY = range(3)
"""Kinds of messages: all of a block, what is known without its tokens, its size and days."""

TEXT_KEY = ("digest", "check", "part")
"""Columns that tell texts apart."""

NOT_GIVEN = -1
"""Stands for the cluster of a document that no earlier batch held."""

_TOKENS_A_BLOCK = 1 << 20
_SAMPLE_A_BLOCK = 64
_MICROSECONDS_A_DAY = 86_400_000_000
_BYTES_AT_A_TIME = 1 << 25


class Block(NamedTuple):
    """
    Texts of consecutive numbers.

    Parameters
    ----------
    digests : ndarray of int64, shape (n_texts,)
        Of the tokens, signed in the order of the unsigned.
    checks : ndarray of int64, shape (n_texts,)
        Second digests.
    parts : ndarray of int64, shape (n_texts,)
        Which of the texts of the same words, where a window parts them.
    times, sources : ndarray of int64, shape (n_texts,)
        Of the preferred document.
    cut_off : ndarray of uint8, shape (n_texts,)
        1 where the text ends in a cut-off mark.
    given : ndarray of int64, shape (n_texts,)
        Cluster that an earlier batch gave it, or `NOT_GIVEN`.
    founds : ndarray of uint8, shape (n_texts,)
        1 where it founded that cluster.
    lengths : ndarray of int64, shape (n_texts,)
        Tokens of each.
    tokens, flags : ndarray of uint32, uint8, shape (n_tokens,)
        One text after another.
    """

    digests: NDArray[np.int64]
    checks: NDArray[np.int64]
    parts: NDArray[np.int64]
    times: NDArray[np.int64]
    sources: NDArray[np.int64]
    cut_off: NDArray[np.uint8]
    given: NDArray[np.int64]
    founds: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint8]


_N_COLUMNS = Block._fields.index("tokens")  # arrays of a value a text come before
_KEY_COLUMNS = ("digests", "checks", "parts", "times", "lengths", "given", "founds")


def take(block: Block, which: NDArray[np.int64]) -> Block:
    """
    Return some of the texts of a block.

    Parameters
    ----------
    block : Block
        The block.
    which : ndarray of int64, shape (n,)
        Their places.

    Returns
    -------
    Block
        In the order of `which`.
    """
    offsets = bounds_of(block.lengths)
    columns = [column[which] for column in block[:_N_COLUMNS]]
    return Block(*columns, *(take_runs(values, offsets, which) for values in block[_N_COLUMNS:]))  # type: ignore[arg-type]


def concatenate(blocks: list[Block]) -> Block:
    """
    Return several blocks as one.

    Parameters
    ----------
    blocks : list of Block
        At least one.

    Returns
    -------
    Block
        One after another.
    """
    return Block(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


class Numbers(NamedTuple):
    """
    How the texts are numbered: by time, then by digest.

    Parameters
    ----------
    firsts : ndarray of int64, shape (n_blocks + 1,)
        Number of the first text of each block, and how many texts there are.
    day_firsts : ndarray of int64, shape (n_days,)
        Number of the first text of each day, increasing.
    """

    firsts: NDArray[np.int64]
    day_firsts: NDArray[np.int64]

    @property
    def n_texts(self) -> int:
        """
        Number of texts.

        Returns
        -------
        int
            At least 0.
        """
        return int(self.firsts[-1])

    @property
    def n_blocks(self) -> int:
        """
        Number of blocks.

        Returns
        -------
        int
            At least 1.
        """
        return len(self.firsts) - 1

    def blocks_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Return the block of each text.

        Parameters
        ----------
        numbers : ndarray of int64, shape (n,)
            Texts.

        Returns
        -------
        ndarray of int64, shape (n,)
            Theirs.
        """
        return np.searchsorted(self.firsts, numbers, "right") - 1

    def days_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        """
        Return the day of each text.

        Parameters
        ----------
        numbers : ndarray of int64, shape (n,)
            Texts.

        Returns
        -------
        ndarray of int32, shape (n,) or (0,)
            -1 for unknown; of no length where none is known.
        """
        if len(self.day_firsts) == 0:
            return np.empty(0, np.int32)
        return (np.searchsorted(self.day_firsts, numbers, "right") - 1).astype(np.int32)


class Texts(NamedTuple):
    """
    The documents of a run and their distinct texts.

    Parameters
    ----------
    rows : DataFrame
        The documents, from `dedupe_news.spark.reading.read_rows`, with a
        column ``part`` as from `part_by_time`.
    leaders : DataFrame
        The preferred document of each text, from `distinct`.
    blocks : DataFrame
        Messages, from `block_up`.
    numbers : Numbers
        Of the texts.
    n_tokens : int
        Of all documents.
    """

    rows: DataFrame
    leaders: DataFrame
    blocks: DataFrame
    numbers: Numbers
    n_tokens: int


def part_by_time(rows: DataFrame, config: Config, n_partitions: int) -> DataFrame:
    """
    Say which documents of the same words are too far apart to be one text.

    Parameters
    ----------
    rows : DataFrame
        From `dedupe_news.spark.reading.read_rows`.
    config : Config
        The settings.
    n_partitions : int
        Over which they are spread.

    Returns
    -------
    DataFrame
        With a column ``part``, as `dedupe_news.texts.distinct_texts` parts them.
    """
    light = rows.select("id", "digest", "check", "time").where("n_tokens > 0")
    kind = rows.schema["id"].dataType.simpleString()
    parted = (
        light.repartition(n_partitions, "digest")
        # Those without a time are of the first part.
        .sortWithinPartitions("digest", "check", "time")
        .mapInArrow(
            partial(_part_batches, to_span(config.window or dt.timedelta.max)),
            f"id {kind}, part long",
        )
    )
    return rows.join(parted, "id", "left").fillna(0, ["part"])


def _part_batches(window: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    last: tuple[int, int] | None = None
    part, first_time = 0, NO_TIME
    for batch in batches:
        parts = []
        for digest, check, time in zip(
            *(batch.column(name).to_pylist() for name in ("digest", "check", "time")), strict=True
        ):
            if (digest, check) != last:
                last, part, first_time = (digest, check), 0, time
            elif first_time == NO_TIME:
                first_time = time
            elif time - first_time > window:
                part, first_time = part + 1, time
            parts.append(part)
        yield pa.RecordBatch.from_pydict(
            {"id": batch.column("id"), "part": pa.array(parts, pa.int64())}
        )


def preference(config: Config) -> Column:
    """
    Return what documents of the same words are preferred by.

    Parameters
    ----------
    config : Config
        The settings.

    Returns
    -------
    Column
        A struct, smallest first: by time, then by their very bytes, their
        source and their id.
    """
    # Not minus: the complement falls as the time rises, and cannot overflow.
    time = F.bitwise_not("time") if config.prefer == "latest" else F.col("time")
    latest = F.lit(int(np.iinfo(np.int64).max))
    # Documents without a time come last.
    known = F.when(F.col("time") == NO_TIME, latest).otherwise(time)
    return F.struct(known, F.col("content"), F.col("source"), F.col("id"))


def distinct(rows: DataFrame, config: Config) -> DataFrame:
    """
    Return the preferred document of every distinct text.

    Parameters
    ----------
    rows : DataFrame
        From `part_by_time`.
    config : Config
        The settings.

    Returns
    -------
    DataFrame
        A row a text. Copies are dropped before they are moved, so that a
        hundred thousand of them are no burden.
    """
    carried = ("id", "time", "source", "cut_off", "n_tokens", "tokens", "flags")
    leader = F.min_by(F.struct(*carried), preference(config)).alias("leader")
    # A text that founded a cluster stays in it, whatever clusters its copies are of.
    known = F.struct((1 - F.col("founds")).alias("follows"), "given")
    known = F.min(F.when(F.col("given") != NOT_GIVEN, known)).alias("known")
    given = F.coalesce("known.given", F.lit(NOT_GIVEN).cast("long")).alias("given")
    founds = F.coalesce(1 - F.col("known.follows"), F.lit(0)).alias("founds")
    grouped = rows.where("n_tokens > 0").groupBy(*TEXT_KEY).agg(leader, known)
    return grouped.select(*TEXT_KEY, "leader.*", given, founds)


def block_up(
    leaders: DataFrame, rows: DataFrame, n_documents: int, n_tokens: int, space: Workspace
) -> tuple[DataFrame, Numbers]:
    """
    Gather the texts in blocks, numbered by time and digest.

    Parameters
    ----------
    leaders : DataFrame
        From `distinct`.
    rows : DataFrame
        The documents, to find the bounds of the blocks in.
    n_documents, n_tokens : int
        Documents and their tokens.
    space : Workspace
        Of the run.

    Returns
    -------
    blocks : DataFrame
        Messages of the kinds `BLOCK`, `KEYS` and `SUMMARY`, keyed by block.
    numbers : Numbers
        Where each block begins.
    """
    bounds = _bounds(rows, n_documents, max(1, -(-n_tokens // _TOKENS_A_BLOCK)), space)
    columns = (*TEXT_KEY, "time", "source", "cut_off", "given", "founds", "tokens", "flags")
    dealt = leaders.select(*columns).mapInArrow(partial(_deal, bounds), SCHEMA)
    blocks = space.keep(regroup(dealt, space.n_partitions, _gather))
    summaries = space.collect(of_kinds(blocks, SUMMARY))
    sizes = np.zeros(len(bounds[0]) + 1, np.int64)
    days: dict[int, tuple[int, int]] = {}
    read = {row["key"]: unpack(row["payload"]) for row in summaries}
    for key, (size, _, _) in read.items():
        sizes[key] = size[0]
    firsts = bounds_of(sizes)
    for key, (_, numbers, places) in sorted(read.items()):
        for day, place in zip(numbers.tolist(), places.tolist(), strict=True):
            days.setdefault(day, (int(firsts[key]) + place, day))
    day_firsts = np.array([days[day][0] for day in sorted(days)], np.int64)
    return blocks, Numbers(firsts, day_firsts)


def _bounds(
    rows: DataFrame, n_documents: int, n_blocks: int, space: Workspace
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first time and digest of every block but the first."""
    if n_blocks == 1:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    # By digest, which is random, so that a lost partition is cut in the same places again.
    every = max(1, n_documents // (n_blocks * _SAMPLE_A_BLOCK))
    sampled = (
        rows.where((F.col("n_tokens") > 0) & (F.pmod(F.col("check"), F.lit(every)) == 0))
        .groupBy("time", "digest")
        .agg(F.max("n_tokens").alias("n_tokens"))
    )
    found = space.collect(sampled, of_messages=False)
    times, digests, lengths = (
        np.array([row[name] for row in found], np.int64) for name in ("time", "digest", "n_tokens")
    )
    order = np.lexsort((digests, times))
    before = np.cumsum(lengths[order]) / max(1, lengths.sum())
    at = np.unique(np.searchsorted(before, np.arange(1, n_blocks) / n_blocks))
    chosen = order[at[at < len(order)]]
    return times[chosen], digests[chosen]


def _deal(
    bounds: tuple[NDArray[np.int64], NDArray[np.int64]], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    return write(_dealt(bounds, batches))


def _dealt(
    bounds: tuple[NDArray[np.int64], NDArray[np.int64]], batches: Iterable[pa.RecordBatch]
) -> Iterator[Message]:
    waiting: list[Block] = []
    n_bytes = 0
    for batch in batches:
        if batch.num_rows == 0:
            continue
        waiting.append(_as_block(batch))
        n_bytes += waiting[-1].tokens.nbytes
        if n_bytes >= _BYTES_AT_A_TIME:
            yield from _by_range(bounds, concatenate(waiting))
            waiting, n_bytes = [], 0
    if waiting:
        yield from _by_range(bounds, concatenate(waiting))


def _as_block(batch: pa.RecordBatch) -> Block:
    def numbers(name: str) -> NDArray[np.int64]:
        values: NDArray[np.int64] = batch.column(name).to_numpy().astype(np.int64)
        return values

    offsets, tokens = _from_binary(batch.column("tokens"), np.dtype(np.uint32))
    _, flags = _from_binary(batch.column("flags"), np.dtype(np.uint8))
    return Block(
        numbers("digest"),
        numbers("check"),
        numbers("part"),
        numbers("time"),
        numbers("source"),
        numbers("cut_off").astype(np.uint8),
        numbers("given"),
        numbers("founds").astype(np.uint8),
        np.diff(offsets),
        tokens,
        flags,
    )


def _from_binary(column: pa.Array, dtype: np.dtype[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the bounds and values of a column that holds a run of numbers in each row."""
    _, offsets_buffer, values_buffer = column.buffers()
    bounds = np.frombuffer(offsets_buffer, np.int32)[
        column.offset : column.offset + len(column) + 1
    ]
    values = np.frombuffer(values_buffer, np.uint8)[bounds[0] : bounds[-1]]
    return (bounds - bounds[0]).astype(np.int64) // dtype.itemsize, values.view(dtype).copy()


def _by_range(
    bounds: tuple[NDArray[np.int64], NDArray[np.int64]], block: Block
) -> Iterator[Message]:
    bound_times, bound_digests = bounds
    n_bounds = len(bound_times)
    # A text that equals a bound comes after it.
    order = np.lexsort(
        (
            np.repeat((0, 1), (n_bounds, len(block.times))),
            np.concatenate((bound_digests, block.digests)),
            np.concatenate((bound_times, block.times)),
        )
    )
    n_before = np.cumsum(order < n_bounds)
    ranges = np.empty(len(order), np.int64)
    ranges[order] = n_before
    for key, which in split_by(ranges[n_bounds:]):
        yield Message(key, BLOCK, 0, take(block, which))


def _gather(key: int, messages: list[Message]) -> Iterator[Message]:
    block = concatenate([Block(*message.arrays) for message in messages])
    block = take(block, np.lexsort((block.parts, block.checks, block.digests, block.times)))
    yield Message(key, BLOCK, 0, block)
    yield Message(key, KEYS, 0, [getattr(block, name) for name in _KEY_COLUMNS])
    known = np.flatnonzero(block.times != NO_TIME)
    days, places = np.unique(block.times[known] // _MICROSECONDS_A_DAY, return_index=True)
    size = np.array([len(block.times)], np.int64)
    yield Message(key, SUMMARY, 0, (size, days, known[places].astype(np.int64)))


def number_rows(rows: DataFrame, by: str, first: int, space: Workspace) -> DataFrame:
    """
    Give rows numbers, without bringing them to one place.

    Parameters
    ----------
    rows : DataFrame
        Any, kept.
    by : str
        A column of distinct values, by which they are numbered: the same for
        the same values, however they are spread.
    first : int
        The first number.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        With a column ``number``.
    """
    bucketed = rows.withColumn("_bucket", F.pmod(F.xxhash64(by), F.lit(256)).cast("int"))
    counted = space.collect(bucketed.groupBy("_bucket").count(), of_messages=False)
    sizes = np.zeros(256, np.int64)
    for row in counted:
        sizes[row["_bucket"]] = row["count"]
    firsts = F.array(*[F.lit(first + each) for each in bounds_of(sizes)[:-1].tolist()])
    rank = F.row_number().over(Window.partitionBy("_bucket").orderBy(by)) - 1
    number = F.element_at(firsts, F.col("_bucket") + 1) + rank
    return bucketed.withColumn("number", number.cast("long")).drop("_bucket")
