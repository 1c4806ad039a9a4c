"""The one pass over the documents: tokens, and some bytes of each."""

from __future__ import annotations

import concurrent.futures
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from dedupe_news import postings, text
from dedupe_news.columns import NO_SOURCE, NO_TIME
from dedupe_news.errors import DuplicateIdError, InputError, InputTypeError
from dedupe_news.foreign import counting_from, shown, where
from dedupe_news.kernels import shingling as kernels
from dedupe_news.outofcore.limits import disk_estimate, plan
from dedupe_news.threads import run, shares

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.outofcore.feeds import Feed
    from dedupe_news.outofcore.limits import Memory
    from dedupe_news.outofcore.spill import Spill
    from dedupe_news.outofcore.workspace import Workspace

_COLUMNS: dict[str, Any] = {
    "digests": np.uint64,
    "checks": np.uint32,
    "contents": np.uint64,
    "lengths": np.uint32,
    "cut_off": np.uint8,
    "published": np.int64,
    "sources": np.int32,
}
_CHECK_SEED = np.uint32(1)


class Reader:
    """
    Reads a feed into a workspace.

    Parameters
    ----------
    feed : Feed
        The documents.
    space : Workspace
        Where what is kept of them goes.
    config : Config
        The settings.
    memory : Memory
        What the run may take.
    n_jobs : int
        Threads.
    """

    def __init__(
        self, feed: Feed, space: Workspace, config: Config, memory: Memory, n_jobs: int
    ) -> None:
        self._feed = feed
        self._space = space
        self._config = config
        self._memory = memory
        self._n_jobs = n_jobs
        self._spills: dict[str, Spill] = {
            name: space.spill(f"read.{name}", dtype) for name, dtype in _COLUMNS.items()
        }
        self._spills["tokens"] = space.spill("read.tokens", np.uint32)
        self._spills["flags"] = space.spill("read.flags", np.uint8)
        self._names: dict[str, int] = {}
        self._ids = IdWriter(space)
        self._counts = np.zeros(postings.MOST_PLACES, np.uint32)
        self._has_times = self._has_sources = self._is_titled = False
        self._n_read = self._n_bytes = 0
        self._promised = 0

    def read(self, progress: Callable[[int], None]) -> dict[str, Any]:
        """
        Read everything.

        Parameters
        ----------
        progress : callable
            Told of the documents read, every now and then.

        Returns
        -------
        dict
            The step's outcome, for `dedupe_news.outofcore.corpus.columns_of`.
        """
        self._make_room()
        first = True
        texts = None
        for columns in _ahead(self._feed.chunks(self._n_jobs)):
            if first and self._feed.is_read_once:
                texts = self._space.spill("read.texts", np.uint8)
                self._spills["texts"] = texts
                self._spills["text_lengths"] = self._space.spill("read.text_lengths", np.uint32)
            first = False
            self._keep(columns)
            progress(len(columns))
        self._ids.refuse_repeats()
        n_tokens = len(self._spills["tokens"])
        outcome: dict[str, Any] = {
            "n_documents": self._n_read,
            "source_names": list(self._names),
            "is_titled": self._is_titled,
            "has_times": self._has_times,
            "has_sources": self._has_sources,
            "id_kind": self._ids.kind,
            "token_counts": postings.token_table(self._counts, n_tokens),
        }
        return outcome | self._spills | self._ids.spills

    def _keep(self, columns: Columns) -> None:
        spills, config = self._spills, self._config
        tokens = text.tokenize(
            columns.buffer,
            columns.offsets,
            config,
            columns.sources,
            columns.source_names,
            n_jobs=self._n_jobs,
        )
        digests, checks = np.empty(len(columns), np.uint64), np.empty(len(columns), np.uint32)

        def digest(bounds: tuple[int, int]) -> None:
            kernels.fill_digests(tokens.hashes, tokens.offsets, *bounds, digests)
            kernels.fill_checks(tokens.hashes, tokens.offsets, _CHECK_SEED, *bounds, checks)

        run(digest, shares(len(columns), self._n_jobs), self._n_jobs)
        spills["digests"].append(digests)
        spills["checks"].append(checks)
        spills["contents"].append(columns.content_digests(np.arange(len(columns))))
        spills["lengths"].append(np.diff(tokens.offsets).astype(np.uint32))
        spills["cut_off"].append(tokens.cut_off)
        spills["published"].append(
            np.full(len(columns), NO_TIME) if columns.published is None else columns.published
        )
        spills["sources"].append(self._source_codes(columns))
        spills["tokens"].append(tokens.hashes)
        if config.policy == "news":
            spills["flags"].append(tokens.flags)
            postings.count_tokens(tokens.hashes, self._counts)
        if "texts" in spills:
            start, stop = columns.offsets[0], columns.offsets[-1]
            spills["texts"].append(columns.buffer[start:stop])
            spills["text_lengths"].append(np.diff(columns.offsets).astype(np.uint32))
        self._ids.append(columns.ids, self._n_read, len(columns))
        self._has_times |= columns.published is not None
        self._has_sources |= columns.sources is not None
        self._is_titled |= columns.titled
        self._n_read += len(columns)
        self._n_bytes += int(columns.offsets[-1] - columns.offsets[0])
        self._make_room()

    def _source_codes(self, columns: Columns) -> NDArray[np.int32]:
        if columns.sources is None:
            return np.full(len(columns), NO_SOURCE, np.int32)
        codes = [self._names.setdefault(name, len(self._names)) for name in columns.source_names]
        # The last place is that of documents without a source, whose code is -1.
        return np.array([*codes, NO_SOURCE], np.int32)[columns.sources]

    def _make_room(self) -> None:
        """Let arrays go to files where documents leave no memory for them."""
        n_documents = max(self._n_read, self._feed.n_documents or 0)
        self._require_disk()
        stored = plan(self._memory.limit, self._memory.held, n_documents).stored
        if self._space.is_kept:
            return  # all of it is in files, so that it outlives the process
        self._space.room.give_back(stored - self._promised)
        self._promised = stored
        by_size = sorted(self._spills.values(), key=lambda spill: -spill.n_bytes)
        for spill in by_size:
            if not self._space.room.is_overdrawn:
                break
            spill.to_file()

    def _require_disk(self) -> None:
        """Stop a feed of unknown length while it can still be finished, not after hours."""
        if self._feed.n_documents is not None or self._n_read == 0:
            return  # it was looked at before
        need = disk_estimate(self._n_read, self._n_bytes, self._config.policy)
        written = sum(each.n_bytes for each in self._spills.values() if not each.is_in_memory)
        free = 0 if self._space.is_kept else self._space.room.free
        self._space.require_disk(need - written - free, self._n_read)


def _ahead(chunks: Iterator[Columns]) -> Iterator[Columns]:
    """Read the next chunk while one is worked on."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, chunks, None)
        while (columns := following.result()) is not None:
            following = pool.submit(next, chunks, None)
            yield columns


class IdWriter:
    """
    Keeps the user's ids: whole numbers of 64 bits, or texts.

    Parameters
    ----------
    space : Workspace
        Where they go.
    """

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self.kind = "none"
        self.spills: dict[str, Spill] = {}

    def append(self, ids: Sequence[Any] | None, start: int, n_documents: int) -> None:
        """
        Write the ids of a chunk.

        Parameters
        ----------
        ids : sequence of int or str, optional
            The ids.
        start : int
            Position of the first document.
        n_documents : int
            Documents of the chunk.

        Raises
        ------
        InputTypeError
            If an id is neither, or some are the one and some the other.
        """
        if n_documents == 0:
            return
        if start == 0:
            self._begin(
                "none" if ids is None else "texts" if isinstance(ids[0], str) else "numbers"
            )
        if ids is None:
            return
        if self.kind == "numbers":
            self.spills["ids"].append(_numbers(ids, start))
            return
        encoded = [_encoded(value, position) for position, value in enumerate(ids, start)]
        self.spills["ids"].append(np.frombuffer(b"".join(encoded), np.uint8))
        self.spills["id_lengths"].append(np.array(list(map(len, encoded)), np.uint32))
        digests = [xxhash.xxh64_intdigest(each) for each in encoded]
        self.spills["id_digests"].append(np.array(digests, np.uint64))

    def refuse_repeats(self) -> None:
        """
        Refuse ids that occur twice.

        Raises
        ------
        DuplicateIdError
            If two documents share one.
        """
        if self.kind == "none":
            return
        name = "ids" if self.kind == "numbers" else "id_digests"
        digests = self.spills[name].array()
        ordered = np.sort(digests)
        repeated = ordered[1:][ordered[1:] == ordered[:-1]]
        for digest in repeated.tolist():
            places = np.flatnonzero(digests == digest).tolist()
            values = [self._value(place) for place in places]
            if len(set(values)) < len(values):
                again = next(i for i, value in enumerate(values) if value in values[:i])
                first = values.index(values[again])
                message = (
                    f"documents {places[first]} and {places[again]} share the id "
                    f"{shown(values[again])}; ids must be unique. Drop one of them, or leave out "
                    "id=... to use positions"
                )
                raise DuplicateIdError(message)

    def _begin(self, kind: str) -> None:
        self.kind = kind
        dtypes: dict[str, dict[str, Any]] = {
            "none": {},
            "numbers": {"ids": np.int64},
            "texts": {"ids": np.uint8, "id_lengths": np.uint32, "id_digests": np.uint64},
        }
        for name, dtype in dtypes[kind].items():
            self.spills[name] = self._space.spill(f"read.{name}", dtype)

    def _value(self, place: int) -> Any:
        if self.kind == "numbers":
            return int(self.spills["ids"].read(place, place + 1)[0])
        stop = int(self.spills["id_lengths"].array()[: place + 1].sum(dtype=np.int64))
        length = int(self.spills["id_lengths"].read(place, place + 1)[0])
        return self.spills["ids"].read(stop - length, stop).tobytes().decode()


def _numbers(ids: Sequence[Any], start: int) -> NDArray[np.int64]:
    values = list(ids)
    if not all(type(value) is int for value in values):
        place = next(i for i, value in enumerate(values) if type(value) is not int)
        if not isinstance(values[place], (int, np.integer)) or isinstance(values[place], bool):
            raise InputTypeError(_odd_id(values[place], start + place))
    try:
        return np.array(values, np.int64)
    except OverflowError as error:
        place = next(i for i, value in enumerate(values) if not -(2**63) <= value < 2**63)
        raise InputTypeError(_odd_id(values[place], start + place)) from error


def _encoded(value: object, position: int) -> bytes:
    if not isinstance(value, str):
        raise InputTypeError(_odd_id(value, position))
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        message = (
            f"the id of document {position} is {shown(value)}, which UTF-8 cannot hold. "
            "Replace its lone surrogates"
        )
        raise InputError(message) from error


def _odd_id(value: object, position: int) -> str:
    with counting_from(0):
        return (
            f"the {where('id', position)} is {shown(value)} of type {type(value).__name__!r}; in a "
            "feed larger than memory ids are all str, or all whole numbers of 64 bits. Convert "
            "them, or leave out id=... to use positions"
        )
