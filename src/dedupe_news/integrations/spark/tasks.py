"""What Spark's workers do: tokenise the documents of a partition, and cluster those of all."""

from __future__ import annotations

import dataclasses
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedupe_news._engine.batch import cluster_columns
from dedupe_news._input.columns import NO_SOURCE, NO_TIME, Columns
from dedupe_news._input.reading import read_documents
from dedupe_news._machine.limits import free_memory, resident_memory
from dedupe_news._machine.space import Folder
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news._text import Tokens
from dedupe_news._text.batches import tokens_of
from dedupe_news.errors import DedupeNewsError, DuplicateIdError, InputError
from dedupe_news.results.membership import NO_RELATION
from dedupe_news.results.phrasing import counted
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.results.result import Clustering

_HASH_BYTES = _FLAG_BYTES = 4
_ROLES = ("title", "text", "source", "published")
_ROWS_AT_ONCE = 1 << 16
_LARGE = {pa.string(): pa.large_string(), pa.null(): pa.large_string()}

_log = logging.getLogger("dedupe_news")


def tokenised(batches: Iterator[pa.RecordBatch], config: Config) -> Iterator[pa.RecordBatch]:
    """
    Yield the documents of a partition without their texts, but with the tokens of these.

    Parameters
    ----------
    batches : iterator of pyarrow.RecordBatch
        Columns ``id`` and ``text``, perhaps ``title``, ``source`` and ``published``
        (strings, or microseconds).
    config : Config
        The settings.

    Yields
    ------
    pyarrow.RecordBatch
        ``id``, ``source``, ``published`` (microseconds), ``hashes`` and ``flags``
        (bytes of arrays), ``cut_off``, and ``digest`` of the bytes of title and text.

    Raises
    ------
    InputError
        If a value cannot be used.
    """
    for batch in batches:
        if batch.num_rows:
            yield _tokenise(batch, config)


def _tokenise(batch: pa.RecordBatch, config: Config) -> pa.RecordBatch:
    ids = batch.column("id")
    if ids.null_count:
        message = (
            "the id of a document is null; every document needs one. Fill it in, or drop those "
            "without one: df.dropna(subset=['id'])"
        )
        raise InputError(message)
    feed = {}
    for name in set(batch.schema.names) - {"id"}:
        column = batch.column(name)
        feed[name] = column.cast(_LARGE.get(column.type, column.type))
        if name == "published" and pa.types.is_integer(column.type):
            feed[name] = column.cast(pa.timestamp("us", "UTC"))
    try:
        found = {role: role if role in feed else None for role in _ROLES}
        columns = read_documents(
            feed,
            id=None,
            title=found["title"],
            text=found["text"],
            source=found["source"],
            published=found["published"],
        )
    except DedupeNewsError as error:
        message = (
            f"{error}. Positions count the documents from that of the id {ids[0].as_py()!r} on"
        )
        raise type(error)(message) from error
    tokens = tokens_of(columns, config, n_jobs=1)
    n = len(columns)
    codes = np.full(n, NO_SOURCE, np.int32) if columns.sources is None else columns.sources
    times = np.full(n, NO_TIME) if columns.published is None else columns.published
    names = pa.array([*columns.source_names], pa.string())
    made = {
        "id": ids,
        "source": names.take(pa.array(codes, mask=codes == NO_SOURCE)),
        "published": pa.array(times, mask=times == NO_TIME),
        "hashes": _binary(tokens.hashes, _HASH_BYTES * tokens.offsets),
        "flags": _binary(tokens.flags, _FLAG_BYTES * tokens.offsets),
        "cut_off": pa.array(tokens.cut_off == 1),
        "digest": pa.array(columns.content_digests(np.arange(n)).view(np.int64)),
    }
    return pa.RecordBatch.from_pydict(made)


def _binary(values: NDArray[np.uint32] | NDArray[np.uint8], offsets: NDArray[np.int64]) -> pa.Array:
    """Return the bytes of arrays, one a row."""
    bounds = pa.py_buffer(offsets.astype(np.int32))
    rows = len(offsets) - 1
    return pa.Array.from_buffers(pa.binary(), rows, [None, bounds, pa.py_buffer(values)])


def clustered(
    batches: Iterator[pa.RecordBatch], config: Config, n_jobs: int
) -> Iterator[pa.RecordBatch]:
    """
    Yield the cluster of each document.

    Parameters
    ----------
    batches : iterator of pyarrow.RecordBatch
        As from `tokenised`, of all partitions, in the order of ids.
    config : Config
        The settings.
    n_jobs : int
        Threads; -1 for all processors.

    Yields
    ------
    pyarrow.RecordBatch
        ``id``, ``cluster``, ``representative`` and ``relation``.

    Raises
    ------
    DuplicateIdError
        If two documents share an id.

    Notes
    -----
    Arrays lie in files in Spark's folder for what is spilled, which are mapped into
    memory as far as there is some.
    """
    folder = Path(os.environ.get("SPARK_LOCAL_DIRS", tempfile.gettempdir()).split(",")[0])
    with Folder(folder, resident_memory() + free_memory()) as space:
        gathered = _Gathered(space)
        for batch in batches:
            gathered.append(batch)
        if not gathered.ids:
            return
        columns, tokens = gathered.joined()
        ids = pa.chunked_array(gathered.ids)
        _check_ids(ids)
        found = cluster_columns(
            columns,
            config,
            resolve_jobs(n_jobs),
            lambda _stage: None,
            space=space,
            tokens=tokens,
        )
    _say_bounded(found)
    relation = found.membership.relation
    names = pa.array([each.name.lower() for each in sorted(Relation)], pa.string())
    table = pa.table(
        {
            "id": ids,
            "cluster": found.labels,
            "representative": ids.take(pa.array(found.representatives[found.labels])),
            "relation": names.take(pa.array(relation, mask=relation == NO_RELATION)),
        }
    )
    yield from table.combine_chunks().to_batches(_ROWS_AT_ONCE)


@dataclasses.dataclass(frozen=True, slots=True)
class _Tokenised(Columns):
    """Documents whose text is not here, but a digest of it."""

    digests: NDArray[np.uint64] = dataclasses.field(default_factory=lambda: np.empty(0, np.uint64))

    def content_digests(self, positions: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a digest of the very bytes of some documents."""
        return self.digests[positions]


class _Gathered:
    """The documents of all partitions."""

    def __init__(self, space: Folder) -> None:
        self.ids: list[pa.Array] = []
        self._sources: dict[str, int] = {}
        self._rows = {
            "hashes": space.rows(np.uint32),
            "flags": space.rows(np.uint32),
            "lengths": space.rows(np.int64),
            "cut_off": space.rows(np.uint8),
            "published": space.rows(np.int64),
            "sources": space.rows(np.int32),
            "digests": space.rows(np.uint64),
        }

    def append(self, batch: pa.RecordBatch) -> None:
        """Add documents."""
        hashes = batch.column("hashes")
        names = batch.column("source").dictionary_encode()
        own = [self._sources.setdefault(name, len(self._sources)) for name in
               names.dictionary.to_pylist()]  # fmt: skip
        codes = np.array([*own, NO_SOURCE], np.int32)[names.indices.fill_null(-1).to_numpy()]
        values = {
            "hashes": _bytes_of(hashes).view(np.uint32),
            "flags": _bytes_of(batch.column("flags")).view(np.uint32),
            "lengths": pc.binary_length(hashes).to_numpy() // _HASH_BYTES,
            "cut_off": batch.column("cut_off").to_numpy(zero_copy_only=False),
            "published": batch.column("published").fill_null(NO_TIME).to_numpy(),
            "sources": codes,
            "digests": batch.column("digest").to_numpy().view(np.uint64),
        }
        for name, rows in self._rows.items():
            rows.append(values[name])
        self.ids.append(batch.column("id").take(pa.array(np.arange(batch.num_rows))))

    def joined(self) -> tuple[Columns, Tokens]:
        """Return all documents, and their tokens."""
        made = {name: rows.joined() for name, rows in self._rows.items()}
        offsets = np.zeros(len(made["lengths"]) + 1, np.int64)
        np.cumsum(made["lengths"], out=offsets[1:])
        columns = _Tokenised(
            buffer=np.empty(0, np.uint8),
            offsets=np.zeros(len(offsets), np.int64),
            published=made["published"] if (made["published"] != NO_TIME).any() else None,
            sources=made["sources"] if self._sources else None,
            source_names=list(self._sources),
            digests=made["digests"],
        )
        return columns, Tokens(made["hashes"], made["flags"], offsets, made["cut_off"])


def _bytes_of(column: pa.Array) -> NDArray[np.uint8]:
    """Return the bytes of all rows."""
    bounds = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
    content = column.buffers()[2]
    if content is None:
        return np.empty(0, np.uint8)
    return np.frombuffer(content, np.uint8)[bounds[0] : bounds[-1]]


def _check_ids(ids: pa.ChunkedArray) -> None:
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


def _say_bounded(found: Clustering) -> None:
    bounded = found.bounded
    if bounded:
        _log.warning(
            "work was bounded: %s, %s pairs within not compared, %s representatives passed over",
            counted(bounded.n_large_buckets, "large bucket"),
            f"{bounded.n_pairs_not_compared:,}",
            f"{bounded.n_representatives_passed_over:,}",
        )
