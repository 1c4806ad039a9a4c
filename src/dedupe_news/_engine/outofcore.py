"""Feeds that may be larger than memory: read in chunks, clustered in files that are mapped."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from dedupe_news._engine.classifier import load_classifier
from dedupe_news._input.arrow import ArrowSequence, require_pyarrow
from dedupe_news._input.columns import NO_SOURCE, NO_TIME, UNTITLED, Columns
from dedupe_news._input.feeds import CHUNK_SIZE, open_feed
from dedupe_news._input.skipped import Skipped
from dedupe_news._input.values import id_column
from dedupe_news._machine.available_memory import free_memory, resident_memory
from dedupe_news._machine.paths import path_name
from dedupe_news._machine.space import MEMORY, Folder
from dedupe_news._text import fingerprint
from dedupe_news.errors import ConfigError, WorkFolderFullError, shown

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe_news._machine.space import Space
    from dedupe_news.config import Config
    from dedupe_news.documents import Choices

_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class _Cost:
    """What documents take beside what the process held before: so much each, and a byte of text."""

    memory: tuple[int, float]
    least_memory: tuple[int, float]
    disk: tuple[int, float]


_STAGES = 1
"""Raised when a stage returns something else for the same feed."""

_OF_A_RUN = 96_000_000  # bytes beside the documents
_COSTS = {
    "similar": _Cost(memory=(400, 2.5), least_memory=(120, 0.0), disk=(300, 3.5)),
    "news": _Cost(memory=(600, 5.5), least_memory=(150, 0.0), disk=(500, 5.5)),
}


def parse_limit(limit: object) -> int:
    """Return a limit such as "2GB" or "512MiB" in bytes; what is free where it is None."""
    if limit is None:
        return resident_memory() + free_memory()
    amount: float | None = None
    if isinstance(limit, str):
        match = _AMOUNT.fullmatch(limit)
        if match:
            amount = float(match[1]) * _UNITS[(match[2] or "").lower()]
    elif isinstance(limit, int) and not isinstance(limit, bool):
        amount = limit
    if amount is None or amount < 1:
        message = (
            f"memory_limit={shown(limit)} is no amount of memory; pass bytes, or a text such as "
            "'2GB' or '512MiB', or None for what is free"
        )
        raise ConfigError(message)
    return int(amount)


@contextlib.contextmanager
def opened(
    feed: object,
    choices: Choices,
    config: Config,
    memory_limit: int | str | None,
    work_folder: str | os.PathLike[str] | None,
    n_jobs: int,
    chunk_size: int = CHUNK_SIZE,
) -> Iterator[tuple[Columns, Space]]:
    """
    Read a feed in chunks; yield it, and where the arrays of its batch are to lie.

    A feed of one chunk stays in memory where neither a limit nor a folder is given.
    """
    need = _Need(parse_limit(memory_limit), resident_memory(), config.policy)
    source = open_feed(feed, choices, chunk_size)
    need.check(source.n_documents or 0, source.n_bytes or 0)
    chunks = source.chunks(n_jobs)
    first, second = next(chunks), next(chunks, None)
    if second is None and memory_limit is None and work_folder is None:
        yield first, MEMORY
        return
    following = [first] if second is None else itertools.chain((first, second), chunks)
    del first, second  # their text is in memory as long as they are
    named = tempfile.gettempdir() if work_folder is None else work_folder
    folder = Path(path_name(named, "work_folder"))
    space = Folder(folder, need.limit)
    with space:
        is_kept = work_folder is not None
        need.check_disk(source.n_documents or 0, source.n_bytes or 0, folder, is_kept=is_kept)
        gathered = _Gathered(space)
        for columns in following:
            gathered.append(columns)
            need.check(gathered.n_documents, gathered.n_bytes)
        digest = gathered.digest(config)
        columns = gathered.columns()
        del gathered, following
        if is_kept:
            with space.going_on(folder / f"dedupe-news-{digest}"):
                yield columns, space
        elif need.has_room(len(columns), int(columns.offsets[-1])):
            yield columns, MEMORY
        else:
            need.check_disk(len(columns), int(columns.offsets[-1]), folder, is_kept=False)
            yield columns, space


def estimate(cost: tuple[int, float], n_documents: int, n_bytes: int) -> int:
    """Return about how many bytes documents need."""
    a_document, a_byte = cost
    return a_document * n_documents + int(a_byte * n_bytes)


@dataclasses.dataclass(frozen=True, slots=True)
class _Need:
    """The limit of a run, and the memory that the process held before."""

    limit: int
    held: int
    policy: str

    def has_room(self, n_documents: int, n_bytes: int) -> bool:
        """Return whether the batch fits in memory."""
        needed = estimate(_COSTS[self.policy].memory, n_documents, n_bytes)
        return self.held + _OF_A_RUN + needed <= self.limit

    def check(self, n_documents: int, n_bytes: int) -> None:
        """Refuse documents that need more memory than the limit, with their arrays on disk."""
        need = _OF_A_RUN + estimate(_COSTS[self.policy].least_memory, n_documents, n_bytes)
        if self.held + need > self.limit:
            message = (
                f"memory_limit={self.limit:,} bytes is too little: the process held "
                f"{self.held:,} before, and {n_documents:,} documents need about {need:,} with "
                f"policy={self.policy!r}, though all that can be is on disk. Allow at least "
                f"{self.held + need:,}, or split the feed and add the parts to a NewsIndex"
            )
            raise ConfigError(message)

    def check_disk(self, n_documents: int, n_bytes: int, folder: Path, *, is_kept: bool) -> None:
        """Refuse documents for which the disk has no room; `is_kept` are their arrays for sure."""
        need = n_bytes
        if is_kept or not self.has_room(n_documents, n_bytes):
            need = estimate(_COSTS[self.policy].disk, n_documents, n_bytes)
        free = shutil.disk_usage(folder).free
        if free < need:
            message = (
                f"the run needs about {need:,} bytes of disk in {folder}, where {free:,} are free. "
                "Free some, or pass work_folder=... on another disk"
            )
            raise WorkFolderFullError(message)


class _Gathered:
    """The documents that were read."""

    def __init__(self, space: Folder) -> None:
        self._space = space
        self._text = space.rows(np.uint8)
        self._bounds = space.rows(np.int64)
        self._bounds.append(np.zeros(1, np.int64))
        self._published = space.rows(np.int64)
        self._sources = space.rows(np.int32)
        self._title_lengths = space.rows(np.int64)
        self._ids: list[Sequence[Hashable]] = []
        self._names: dict[str, int] = {}
        self._rows = space.rows(np.int64)
        self._digests = [xxhash.xxh3_128() for _ in range(5)]
        self._used: dict[str, Hashable] = {}
        self._skipped = Skipped()
        self._has_times = self._has_sources = self._is_titled = self._was_dropped = False
        self.n_documents = self.n_rows = self.n_bytes = 0

    def append(self, columns: Columns) -> None:
        """Add documents."""
        n_documents = len(columns)
        texts = columns.buffer[columns.offsets[0] : columns.offsets[-1]]
        lengths = columns.title_lengths
        title_lengths = np.full(n_documents, UNTITLED) if lengths is None else lengths
        bounds = columns.offsets[1:] - columns.offsets[0] + self.n_bytes
        times = columns.published
        published = np.full(n_documents, NO_TIME) if times is None else times
        sources = self._source_codes(columns)
        for rows, digest, values in zip(
            (self._text, self._bounds, self._published, self._sources, self._title_lengths),
            self._digests,
            (texts, bounds, published, sources, title_lengths),
            strict=True,
        ):
            rows.append(values)
            digest.update(np.ascontiguousarray(values).data)
        places = np.arange(n_documents) + self.n_rows if columns.rows is None else columns.rows
        self._rows.append(places)
        self._was_dropped |= columns.rows is not None
        self.n_rows += n_documents + columns.skipped.n_dropped
        self._used = {**columns.used, **self._used}
        self._skipped += columns.skipped
        if columns.ids is not None:
            self._ids.append(_apart(columns.ids))
        self._has_times |= times is not None
        self._has_sources |= columns.sources is not None
        self._is_titled |= columns.titled
        self.n_documents += n_documents
        self.n_bytes += len(texts)

    def digest(self, config: Config) -> str:
        """Return what tells this run from others: its input, settings, model and version."""
        told = [
            [digest.hexdigest() for digest in self._digests],
            list(self._names),
            self._is_titled,
            config.to_dict(),
            load_classifier().digest,
            fingerprint(),
            _STAGES,
        ]
        return xxhash.xxh3_128_hexdigest(json.dumps(told).encode())

    def columns(self) -> Columns:
        """Return all documents; their text is read-only."""
        buffer = self._text.joined()
        buffer.setflags(write=False)
        return Columns(
            buffer=buffer,
            offsets=self._bounds.joined(),
            ids=_chained(self._ids),
            published=self._published.joined() if self._has_times else None,
            sources=self._sources.joined() if self._has_sources else None,
            source_names=list(self._names),
            titled=self._is_titled,
            title_lengths=self._title_lengths.joined() if self._is_titled else None,
            rows=self._rows.joined() if self._was_dropped else None,
            used=self._used,
            skipped=self._skipped,
        )

    def _source_codes(self, columns: Columns) -> NDArray[np.int32]:
        if columns.sources is None:
            return np.full(len(columns), NO_SOURCE, np.int32)
        codes = [self._names.setdefault(name, len(self._names)) for name in columns.source_names]
        # The last place is that of documents without a source, whose code is -1.
        return np.array([*codes, NO_SOURCE], np.int32)[columns.sources]


def _apart(ids: Sequence[Hashable]) -> Sequence[Hashable]:
    """Copy ids of Arrow, which may share their memory with the text."""
    if not isinstance(ids, ArrowSequence):
        return ids
    pyarrow = require_pyarrow("read Arrow data")
    return ArrowSequence(ids.arrow.take(pyarrow.array(np.arange(len(ids)))))


def _chained(parts: list[Sequence[Hashable]]) -> Sequence[Hashable] | None:
    """Return the ids of all chunks, of which none may occur twice."""
    if not parts:
        return None
    if all(isinstance(ids, ArrowSequence) for ids in parts):
        pyarrow = require_pyarrow("read Arrow data")
        return id_column(pyarrow.chunked_array([ids.arrow for ids in parts]))  # type: ignore[attr-defined]
    return id_column(list(itertools.chain.from_iterable(parts)))
