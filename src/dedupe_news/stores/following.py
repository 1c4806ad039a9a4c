"""A replica that follows the log of a shared index on a Redis server."""

from __future__ import annotations

import collections
import dataclasses
import json
import logging
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._text import fingerprint, source_codes, tokenize
from dedupe_news.columns import to_span
from dedupe_news.config import Config
from dedupe_news.errors import StoreClosedError, StoreDamagedError, StoreError
from dedupe_news.stores import operations, scripts, wire
from dedupe_news.stores.address import refuse_loss, settings_of, split_url
from dedupe_news.stores.founders import PENDING
from dedupe_news.stores.protocol import Store
from dedupe_news.stores.replica import Replica
from dedupe_news.stores.rows import Verdicts
from dedupe_news.stores.schema import library_version
from dedupe_news.stores.server import Server
from dedupe_news.threads import resolve_jobs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe_news._text import Tokens
    from dedupe_news.records import Match
    from dedupe_news.stores.operations import Operation
    from dedupe_news.stores.rows import Rows

_log = logging.getLogger("dedupe_news")
# Before the base, for workers that are a little behind:
_KEPT_OPERATIONS = 10_000
_KEPT_DOCUMENTS = 50_000
_WINDOWS_TO_LIVE = 3
CHECKSUM_BYTES = 8
"""Of the checksum before each document."""

_SEGMENTS_AT_A_TIME = 8
_SEVERAL = 4096  # documents from which on several threads are worth it


@dataclasses.dataclass(slots=True)
class Own:
    """
    An operation of this process, and what became of it.

    Parameters
    ----------
    token : bytes
        The operation's.
    rows, tokens : Rows, Tokens, optional
        The documents that it adds.
    n_jobs : int
        Threads to judge them.
    first : int
        Running number of the first of them, once it is known.
    matches : list of list of Match
        What they match.
    n_left : int
        Documents that it removed.
    """

    token: bytes
    rows: Rows | None = None
    tokens: Tokens | None = None
    n_jobs: int = 1
    first: int = -1
    matches: list[list[Match]] = dataclasses.field(default_factory=list)
    n_left: int = 0


def tokens_of_part(tokens: Tokens, start: int, stop: int) -> Tokens:
    """
    Return the tokens of some documents.

    Parameters
    ----------
    tokens : Tokens
        Of all.
    start, stop : int
        Which.

    Returns
    -------
    Tokens
        Views; offsets count from the first token of all.
    """
    return tokens._replace(
        offsets=tokens.offsets[start : stop + 1], cut_off=tokens.cut_off[start:stop]
    )


def _without_repeats(ids: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield where runs of distinct ids begin and end."""
    if len(set(ids)) == len(ids):
        yield 0, len(ids)
        return
    start = 0
    seen: set[Hashable] = set()
    for at, each in enumerate(ids):
        if each in seen:
            yield start, at
            start, seen = at, set()
        seen.add(each)
    yield start, len(ids)


class Follower(Store):
    """
    A replica, and the log it follows.

    Parameters
    ----------
    url : str
        Address of the server, with the prefix of the index's keys as
        ``?prefix=...``.
    config : Config or None
        The settings; None for those of the index, or the defaults for a new one.
    read_only : bool
        Whether changes are refused.
    timeout : float
        Seconds to wait for the server.

    Raises
    ------
    StoreFormatError
        If the index was made with other settings or by another version.
    StoreDamagedError
        If what was read is not what was written.
    StoreError
        If it cannot be opened for another reason.
    """

    def __init__(self, url: str, config: Config | None, *, read_only: bool, timeout: float) -> None:
        self._url, self._read_only, self._timeout = url, read_only, timeout
        address, self._prefix, self._name = split_url(url)
        self._server = Server(address, self._name, timeout)
        self._is_closed = self._is_due = False
        self._base = 0
        self._connect(config)

    def _connect(self, config: Config | None) -> None:
        identity = self._identity(config)
        self._incarnation = identity[b"incarnation"]
        self._contact = time.monotonic()
        self._config = settings_of(identity, self._name, config)
        window = self._config.window
        self._ttl_ms = 0 if window is None else _WINDOWS_TO_LIVE * to_span(window) // 1000 + 1
        self._load()

    def _identity(self, config: Config | None) -> dict[bytes, bytes]:
        """Make the index unless there is one; return what it says of itself."""
        if self._read_only:
            (found,) = self._server.hashes([f"{self._prefix}:meta"])
            if not found:
                message = f"there is no index {self._name!r} to read; open it without read_only"
                raise StoreError(message)
            return found
        answer = self._server.run(
            scripts.CREATE,
            self._prefix,
            [
                operations.new_token().hex(),
                wire.FORMAT_VERSION,
                json.dumps((config or Config()).to_dict()),
                fingerprint(),
                library_version(),
                operations.new_token(),
            ],
        )
        return dict(zip(answer[::2], answer[1::2], strict=True))

    def _load(self) -> None:
        """Make the replica anew."""
        begun = time.perf_counter()
        while True:
            (meta,) = self._server.hashes([f"{self._prefix}:meta"])
            if meta.get(b"incarnation") != self._incarnation:
                refuse_loss(self._name, "it holds another index, or none")
            self._read_base(meta)
            (after,) = self._server.hashes([f"{self._prefix}:meta"])
            if after.get(b"base") == meta[b"base"]:
                break
        self._position, self._last = int(meta[b"base"]), meta[b"base_token"]
        self._is_stale = False
        self._pull()
        _log.info(
            "read %d documents from %s in %.2f s", len(self.replica), self._name,
            time.perf_counter() - begun,
        )  # fmt: skip

    def _read_base(self, meta: dict[bytes, bytes]) -> None:
        """Make the replica as it was where the log begins."""
        self.replica = replica = Replica(self._config)
        self._unjudged: dict[int, int] = {}
        self._dropped: list[tuple[int, list[int]]] = []
        self._history: collections.deque[tuple[int, int]] = collections.deque()
        next_number = int(meta[b"base_next"])
        dropped = np.frombuffer(meta[b"dropped"], "<i8")
        (found,) = self._server.hashes([f"{self._prefix}:verdicts"])
        clusters = np.full(next_number, PENDING)
        are_founders = np.zeros(next_number, bool)
        for body in found.values():
            numbers, verdicts = operations.read_verdicts(body)
            if numbers[-1] < next_number:
                clusters[numbers] = verdicts.clusters
                are_founders[numbers] = verdicts.are_founders
        segments = range(int(meta[b"segment"]), -(-next_number // scripts.SEGMENT))
        for start in range(0, len(segments), _SEGMENTS_AT_A_TIME):
            some = segments[start : start + _SEGMENTS_AT_A_TIME]
            held: dict[int, bytes] = {}
            for fields in self._server.hashes([self._segment(number) for number in some]):
                held |= {int(name): value for name, value in fields.items()}
            numbers = np.array(sorted(held), np.int64)
            numbers = numbers[(numbers < next_number) & ~np.isin(numbers, dropped)]
            if len(numbers):
                rows = self._unpacked([held[number] for number in numbers.tolist()])
                verdicts = Verdicts(clusters[numbers], are_founders[numbers])
                replica.load(rows, self._tokens(rows), numbers, verdicts)
        retired = np.frombuffer(meta[b"retired"], "<i8").astype(np.int64)
        # Documents that left may have expired on the server too.
        replica.settle(retired[np.isin(retired, replica.numbers)])
        replica.next_number = next_number
        replica.step = int(meta[b"step"]) if meta[b"step"] else None

    def _segment(self, number: int) -> str:
        return f"{self._prefix}:documents:{number}"

    def _tokens(self, rows: Rows) -> Tokens:
        n_jobs = 1 if len(rows) < _SEVERAL else resolve_jobs(-1)
        return tokenize(
            rows.buffer, rows.offsets, self._config, *source_codes(rows.sources), n_jobs=n_jobs
        )

    def _unpacked(self, values: Sequence[bytes]) -> Rows:
        return self._opened(b"".join(values), list(map(len, values)))

    def _opened(self, whole: bytes, sizes: Sequence[int] | NDArray[np.int64]) -> Rows:
        """Return documents that stand together, each behind its checksum."""
        try:
            blobs = wire.Together.of(whole, sizes, CHECKSUM_BYTES)
            if (blobs.before("<i8") == blobs.checksums).all():
                return wire.unpack_together(blobs).rows
            fault = "the checksum of a document is wrong"
        except StoreDamagedError as error:
            fault = str(error)
        message = (
            f"{self._name!r} is damaged: {fault}. Make it anew from where its documents came from"
        )
        raise StoreDamagedError(message)

    def _run(self, script: str, *arguments: bytes | str | int) -> list[Any] | None:
        """Run a script that knows how far this process has read; None where it must read first."""
        if self._is_closed:
            message = f"the index {self._name!r} was closed; open it again with NewsIndex.open"
            raise StoreClosedError(message)
        if self._is_stale:
            self._load()
        known = self._incarnation, self._position, self._last, self.replica.next_number
        status, *answer = self._server.run(script, self._prefix, [*known, *arguments])
        if status == b"ok":
            self._contact = time.monotonic()
            return answer
        if status == b"far":
            return None
        if status == b"behind":
            _log.info("%s was compacted by another process", self._name)
            self._load()
            return None
        silent_ms = (time.monotonic() - self._contact) * 1000
        if status == b"gone" and 0 < self._ttl_ms < silent_ms and not self._read_only:
            _log.info("%s has expired on the server, and is made anew", self._name)
            self._connect(self._config)
            return None
        faults = {
            b"gone": "it holds no such index any more",
            b"other": "it holds another index in its place",
            b"lost": f"it has lost some of the {self._position:,} operations that were seen here",
        }
        return refuse_loss(self._name, faults.get(status, f"it answers {status!r}"))

    def _refresh(self) -> None:
        self._pull()

    def _pull(self) -> None:
        while True:
            answer = self._run(scripts.PULL)
            if answer is not None:
                self._apply(answer)
                if self._position >= answer[0]:
                    return

    def _apply(self, answer: list[Any], own: Own | None = None) -> None:
        """Apply what is new in the log; judge one's own documents at their place."""
        _, self._base, entries, sizes, documents = answer
        lengths = np.frombuffer(sizes, "<u4").astype(np.int64)
        self._is_stale = True  # until all is applied
        # Additions of others that follow one another are taken in together.
        begin = end = 0
        verdicts: list[bytes] = []
        for entry in entries:
            operation = operations.read(entry)
            is_own = own is not None and operation.token == own.token
            if operation.kind == operations.JUDGE:
                verdicts.append(operation.body)
            elif operation.kind == operations.ADD and not is_own:
                first, n_documents = operations.span(operation)
                self._unjudged[first] = n_documents
                end += n_documents
            else:
                documents = self._take_in(documents, lengths[begin:end], verdicts)
                begin, verdicts = end, []
                n_left = self._do(operation, own if is_own else None)
                if is_own and own is not None:
                    own.n_left = n_left
        self._take_in(documents, lengths[begin:end], verdicts)
        self._position += len(entries)
        if entries:
            self._last = operations.read(entries[-1]).token
        self._history.append((self._position, self.replica.next_number))
        while len(self._history) > 1 and (
            self._history[0][0] < self._position - _KEPT_OPERATIONS
            or self._history[0][1] < self.replica.next_number - _KEPT_DOCUMENTS
        ):
            self._history.popleft()
        dropped = self.replica.take_changes().dropped
        if dropped:
            self._dropped.append((self._position, dropped))
            self._is_due = self._is_due or own is not None
        self._dropped = [each for each in self._dropped if each[0] > self._base]
        self._is_stale = False

    def _take_in(
        self, documents: bytes, lengths: NDArray[np.int64], verdicts: Sequence[bytes]
    ) -> bytes:
        """Take in the first documents, then verdicts; return the documents that follow."""
        n_bytes = int(lengths.sum())
        if len(lengths) and lengths.all():
            self._admit(documents[:n_bytes], lengths)
        else:
            start = 0
            for length in lengths.tolist():
                if length:
                    self._admit(documents[start : start + length], [length])
                    start += length
                else:  # it has left: all that reckons with it has expired or was dropped
                    self.replica.next_number += 1
        for body in verdicts:
            numbers, found = operations.read_verdicts(body)
            self._unjudged.pop(int(numbers[0]), None)
            self._place(numbers, found)
        return documents[n_bytes:]

    def _admit(self, whole: bytes, lengths: Sequence[int] | NDArray[np.int64]) -> None:
        rows = self._opened(whole, lengths)
        tokens = self._tokens(rows)
        for start, stop in _without_repeats(rows.ids):  # one that came twice replaces the first
            part = rows.part(start, stop)
            pending = Verdicts(np.full(len(part), PENDING), np.zeros(len(part), bool))
            self.replica.add(part, tokens_of_part(tokens, start, stop), pending)

    def _do(self, operation: Operation, own: Own | None) -> int:
        """Do what an operation says; return how many documents it removed."""
        if operation.kind == operations.REMOVE:
            return int(self.replica.remove(operations.removed_id(operation)))
        if operation.kind == operations.EXPIRE:
            return self.replica.expire(operations.expires_before(operation))
        if own is not None and own.rows is not None and own.tokens is not None:
            own.first, n_documents = operations.span(operation)
            self._unjudged[own.first] = n_documents
            own.matches = self.replica.add(own.rows, own.tokens, n_jobs=own.n_jobs)
        return 0

    def _slots(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the slots of documents, and which of them have not been dropped."""
        own = self.replica.numbers
        slots = np.searchsorted(own, numbers)
        here = slots < len(own)
        here[here] = own[slots[here]] == numbers[here]
        return slots, here

    def _place(self, numbers: NDArray[np.int64], found: Verdicts) -> None:
        """Put documents where whoever judged them put them."""
        slots, here = self._slots(numbers)
        self.replica.store.place(slots[here], found.clusters[here], found.are_founders[here])
