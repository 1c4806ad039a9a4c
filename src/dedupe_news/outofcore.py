"""Feeds that may be larger than memory: their text goes to a file that is mapped into memory."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import itertools
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import numpy as np

from dedupe_news._input.arrow import ArrowSequence, require_pyarrow
from dedupe_news._input.values import id_column
from dedupe_news.columns import NO_SOURCE, NO_TIME, UNTITLED, Columns
from dedupe_news.errors import ConfigError, WorkFolderError, WorkFolderFullError
from dedupe_news.feeds import CHUNK_SIZE, open_feed
from dedupe_news.skipped import Skipped

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

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

_MEMORY_A_BYTE = {"similar": 2.0, "news": 5.0}
_MEMORY_A_DOCUMENT = {"similar": 400, "news": 600}
_MEMORY_OF_A_RUN = 96_000_000
"""Memory that clustering takes beside the text, in bytes."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
            f"memory_limit={limit!r} is no amount of memory; pass bytes, or a text such as "
            "'2GB' or '512MiB', or None for what is free"
        )
        raise ConfigError(message)
    return int(amount)


def read_columns(
    feed: object,
    choices: Choices,
    policy: str,
    memory_limit: int | str | None,
    work_folder: str | os.PathLike[str] | None,
    n_jobs: int,
    chunk_size: int = CHUNK_SIZE,
) -> Columns:
    """
    Read a feed in chunks, and keep its text in a file.

    A feed of one chunk stays in memory where neither a limit nor a folder is given.
    """
    need = _Need(parse_limit(memory_limit), resident_memory(), policy)
    opened = open_feed(feed, choices, chunk_size)
    need.check(opened.n_documents or 0, opened.n_bytes or 0)
    chunks = opened.chunks(n_jobs)
    first, second = next(chunks), next(chunks, None)
    if second is None and memory_limit is None and work_folder is None:
        return first
    following = [first] if second is None else itertools.chain((first, second), chunks)
    del first, second  # their text is in memory as long as they are
    with _TextFile(work_folder, opened.n_bytes or 0) as texts:
        gathered = _Gathered()
        for columns in following:
            texts.append(columns.text_buffer()[columns.offsets[0] : columns.offsets[-1]])
            gathered.append(columns)
            need.check(gathered.n_documents, texts.n_bytes)
        return gathered.columns(texts.mapped())


@dataclasses.dataclass(frozen=True, slots=True)
class _Need:
    """The limit of a run, and the memory that the process held before."""

    limit: int
    held: int
    policy: str

    def check(self, n_documents: int, n_bytes: int) -> None:
        """Refuse documents that need more memory than the limit."""
        need = memory_estimate(n_documents, n_bytes, self.policy)
        if self.held + need > self.limit:
            message = (
                f"memory_limit={self.limit:,} bytes is too little: the process held "
                f"{self.held:,} before, and {n_documents:,} documents of {n_bytes:,} bytes of text "
                f"need about {need:,} with policy={self.policy!r}. Allow at least "
                f"{self.held + need:,}, or split the feed and add the parts to a NewsIndex"
            )
            raise ConfigError(message)


def memory_estimate(n_documents: int, n_bytes: int, policy: str) -> int:
    """Return about how much memory documents need beside their text, in bytes."""
    each, a_byte = _MEMORY_A_DOCUMENT[policy], _MEMORY_A_BYTE[policy]
    return _MEMORY_OF_A_RUN + each * n_documents + int(a_byte * n_bytes)


class _TextFile:
    """
    A file for the text, without a name: the system deletes it when nothing maps it any more.

    So nothing is left of it after an exception or a killed process.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, n_bytes: int) -> None:
        self._folder = Path(tempfile.gettempdir() if folder is None else folder)
        self.n_bytes = 0
        with self._reporting():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        if shutil.disk_usage(self._folder).free < n_bytes:
            self._file.close()
            raise WorkFolderFullError(self._full(n_bytes))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, text: NDArray[np.uint8]) -> None:
        """Write the text of some documents."""
        self.n_bytes += len(text)
        with self._reporting():
            self._file.write(text.data)
            self._file.flush()

    def mapped(self) -> NDArray[np.uint8]:
        """Return all text, read-only."""
        if not self.n_bytes:
            return np.empty(0, np.uint8)
        with self._reporting():
            return np.memmap(self._file, np.uint8, "r").view(np.ndarray)

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise WorkFolderFullError(self._full(self.n_bytes)) from error
            message = (
                f"work_folder={str(self._folder)!r} cannot be used: {error.strerror or error}. "
                "Pass a folder that can be written"
            )
            raise WorkFolderError(message) from error

    def _full(self, n_bytes: int) -> str:
        return (
            f"the text of the feed needs {n_bytes:,} bytes or more of disk in {self._folder}, "
            "which has not the room. Free some, or pass work_folder=... on another disk"
        )


class _Gathered:
    """What stays in memory of the documents that were read."""

    def __init__(self) -> None:
        self._bounds = [np.zeros(1, np.int64)]
        self._ids: list[Sequence[Hashable]] = []
        self._published: list[NDArray[np.int64]] = []
        self._sources: list[NDArray[np.int32]] = []
        self._names: dict[str, int] = {}
        self._title_lengths: list[NDArray[np.int64]] = []
        self._rows: list[NDArray[np.int64]] = []
        self._was_dropped = False
        self._used: dict[str, Hashable] = {}
        self._skipped = Skipped()
        self._has_times = self._has_sources = self._is_titled = False
        self.n_documents = self.n_rows = 0

    def append(self, columns: Columns) -> None:
        """Keep all of some documents but their text."""
        n_documents = len(columns)
        lengths = columns.title_lengths
        self._title_lengths.append(np.full(n_documents, UNTITLED) if lengths is None else lengths)
        rows = columns.rows
        self._was_dropped |= rows is not None
        self._rows.append(np.arange(n_documents) + self.n_rows if rows is None else rows)
        self.n_rows += n_documents + columns.skipped.n_dropped
        self._used = {**columns.used, **self._used}
        self._skipped += columns.skipped
        self._bounds.append(columns.offsets[1:] - columns.offsets[0] + self._bounds[-1][-1])
        if columns.ids is not None:
            self._ids.append(_apart(columns.ids))
        times = columns.published
        self._published.append(np.full(n_documents, NO_TIME) if times is None else times)
        self._sources.append(self._source_codes(columns))
        self._has_times |= times is not None
        self._has_sources |= columns.sources is not None
        self._is_titled |= columns.titled
        self.n_documents += n_documents

    def columns(self, buffer: NDArray[np.uint8]) -> Columns:
        """Return all documents; `buffer` is their text."""
        return Columns(
            buffer=buffer,
            offsets=np.concatenate(self._bounds),
            ids=_chained(self._ids),
            published=np.concatenate(self._published) if self._has_times else None,
            sources=np.concatenate(self._sources) if self._has_sources else None,
            source_names=list(self._names),
            titled=self._is_titled,
            title_lengths=np.concatenate(self._title_lengths) if self._is_titled else None,
            rows=np.concatenate(self._rows) if self._was_dropped else None,
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
    return ArrowSequence(pyarrow.array(list(ids), ids.arrow.type))


def _chained(parts: list[Sequence[Hashable]]) -> Sequence[Hashable] | None:
    """Return the ids of all chunks, of which none may occur twice."""
    if not parts:
        return None
    if all(isinstance(ids, ArrowSequence) for ids in parts):
        pyarrow = require_pyarrow("read Arrow data")
        return id_column(pyarrow.chunked_array([ids.arrow for ids in parts]))  # type: ignore[attr-defined]
    return id_column(list(itertools.chain.from_iterable(parts)))


def free_memory() -> int:
    """Return how much memory this process may still take without swapping."""
    free = [sys.maxsize // 2]
    available = [line for line in _lines("/proc/meminfo") if line.startswith("MemAvailable:")]
    free += [int(line.split()[1]) * 1024 for line in available]
    for most, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        amounts = [*_lines(most), *_lines(used)]
        if len(amounts) == 2 and all(amount.strip().isdigit() for amount in amounts):  # noqa: PLR2004
            free.append(max(0, int(amounts[0]) - int(amounts[1])))
    if len(free) == 1 and hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        free.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(free)


def resident_memory() -> int:
    """Return how much memory this process holds; 0 where the system does not tell."""
    for line in _lines("/proc/self/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
