"""
Documents on a Redis server that many workers share.

The server keeps documents, and a log of what was done, which gives all workers
one order. A worker that adds documents appends them to the log first, and is
told in the same answer what others did before; it applies that, judges its own
documents at their place in the order, and publishes the verdicts. So no two
workers miss each other's copies, and nobody waits while another judges.

Limits: every worker holds the whole index in memory, and applies what the
others add, at a fraction of the cost of judging it.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import json
import logging
import time
import urllib.parse
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from dedupe_news.columns import to_span
from dedupe_news.config import Config, from_settings
from dedupe_news.errors import (
    ConfigError,
    StoreClosedError,
    StoreDamagedError,
    StoreError,
    StoreFormatError,
    StoreReadOnlyError,
)
from dedupe_news.stores import operations, scripts, wire
from dedupe_news.stores.founders import PENDING
from dedupe_news.stores.replica import Replica
from dedupe_news.stores.rows import Verdicts
from dedupe_news.stores.schema import check_settings, library_version
from dedupe_news.stores.server import Server
from dedupe_news.text import fingerprint, tokenize
from dedupe_news.threads import resolve_jobs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe_news.records import Match
    from dedupe_news.stores.operations import Operation
    from dedupe_news.stores.rows import Rows
    from dedupe_news.text import Tokens

_log = logging.getLogger("dedupe_news")

_MOST_AT_ONCE = 20_000  # documents of one operation: the server does nothing else meanwhile
# Before the base, for workers that are a little behind:
_KEPT_OPERATIONS = 10_000
_KEPT_DOCUMENTS = 50_000
_LONGEST_LOG = 65_536
_WINDOWS_TO_LIVE = 3
_CHECKSUM_BYTES = 8
_SEGMENTS_AT_A_TIME = 8
_PATIENCE_S = 1.0
_FIRST_PAUSE_S = 0.001
_SEVERAL = 4096  # documents from which on several threads are worth it


class RedisStore:
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
        address, self._prefix, self._name = _parts(url)
        self._server = Server(address, self._name, timeout)
        self._is_closed = self._is_due = False
        self._base = 0
        self._connect(config)

    def _connect(self, config: Config | None) -> None:
        identity = self._identity(config)
        self._incarnation = identity[b"incarnation"]
        self._contact = time.monotonic()
        self._config = _settings(identity, self._name, config)
        window = self._config.window
        self._ttl_ms = 0 if window is None else _WINDOWS_TO_LIVE * to_span(window) // 1000 + 1
        self._load()

    def _identity(self, config: Config | None) -> dict[bytes, bytes]:
        """Make the index unless there is one; return what it says of itself."""
        if self._read_only:
            (found,) = self._server.hashes([f"{self._prefix}:meta"])
            if not found:
                message = f"there is no index {self._name!r} to read; open it without read_only to make it"
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
                _lost(self._name, "it holds another index, or none")
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
        return tokenize(rows.buffer, rows.offsets, self._config, n_jobs=n_jobs)

    def _unpacked(self, values: Sequence[bytes]) -> Rows:
        blobs = [value[_CHECKSUM_BYTES:] for value in values]
        stored = b"".join(value[:_CHECKSUM_BYTES] for value in values)
        if (
            len(stored) != _CHECKSUM_BYTES * len(values)
            or (np.frombuffer(stored, "<i8") != wire.checksums(blobs)).any()
        ):
            message = (
                f"{self._name!r} is damaged: the checksum of a document is wrong. Make the index "
                "anew from where its documents came from"
            )
            raise StoreDamagedError(message)
        return wire.unpack(blobs).rows

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
        _lost(self._name, faults.get(status, f"it answers {status!r}"))

    def refresh(self) -> None:
        """
        Apply to the replica what other processes did.

        Raises
        ------
        StoreError
            If the server does not answer, or has lost documents.
        """
        self._pull()

    def _pull(self) -> None:
        while True:
            answer = self._run(scripts.PULL)
            if answer is not None:
                self._apply(answer)
                if self._position >= answer[0]:
                    return

    def _apply(self, answer: list[Any], own: _Own | None = None) -> None:
        """Apply what is new in the log; judge one's own documents at their place."""
        _, self._base, entries, values = answer
        self._is_stale = True  # until all is applied
        waiting: list[bytes] = []  # additions of others that follow one another are one
        verdicts: list[bytes] = []
        for entry in entries:
            operation = operations.read(entry)
            is_own = own is not None and operation.token == own.token
            if operation.kind == operations.JUDGE:
                verdicts.append(operation.body)
            elif operation.kind == operations.ADD and not is_own:
                first, n_documents = operations.span(operation)
                self._unjudged[first] = n_documents
                waiting += values[:n_documents]
                values = values[n_documents:]
            else:
                self._take_in(waiting, verdicts)
                waiting, verdicts = [], []
                n_left = self._do(operation, own if is_own else None)
                if is_own and own is not None:
                    own.n_left = n_left
        self._take_in(waiting, verdicts)
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

    def _take_in(self, values: Sequence[bytes], verdicts: Sequence[bytes]) -> None:
        if values and all(values):
            self._admit(values)
        else:
            for value in values:
                if value:
                    self._admit([value])
                else:  # it has left: all that reckons with it has expired or was dropped
                    self.replica.next_number += 1
        for body in verdicts:
            numbers, found = operations.read_verdicts(body)
            self._unjudged.pop(int(numbers[0]), None)
            self._place(numbers, found)

    def _admit(self, values: Sequence[bytes]) -> None:
        rows = self._unpacked(values)
        tokens = self._tokens(rows)
        start, seen = 0, set()
        for stop, each in enumerate([*rows.ids, None]):
            if stop == len(rows) or each in seen:  # one that came twice replaces the first
                part = rows.part(start, stop)
                pending = Verdicts(np.full(len(part), PENDING), np.zeros(len(part), bool))
                self.replica.add(part, tokens_of_part(tokens, start, stop), pending)
                start, seen = stop, set()
            seen.add(each)

    def _do(self, operation: Operation, own: _Own | None) -> int:
        """Do what an operation says; return how many documents it removed."""
        if operation.kind == operations.REMOVE:
            return int(self.replica.remove(operations.removed_id(operation)))
        if operation.kind == operations.EXPIRE:
            return self.replica.expire(operations.expires_before(operation))
        if own is not None and own.rows is not None and own.tokens is not None:
            own.first, n_documents = operations.span(operation)
            self._unjudged[own.first] = n_documents
            own.matches = self.replica.add(own.rows, own.tokens)
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
        store = self.replica.store
        store.founders.place(
            slots[here], found.clusters[here], found.are_founders[here], store.n_slots
        )

    def _append(self, own: _Own, entry: bytes, values: Sequence[bytes] = ()) -> None:
        """Append an operation, and apply the log up to it and beyond."""
        if self._read_only:
            message = (
                f"the index {self._name!r} was opened for reading; open it without "
                "read_only=True to change it"
            )
            raise StoreReadOnlyError(message)
        while True:
            answer = self._run(scripts.APPEND, own.token.hex(), self._ttl_ms, entry, *values)
            if answer is not None:
                self._apply(answer, own)
                return
            self._pull()

    def add(self, rows: Rows, tokens: Tokens) -> list[list[Match]]:
        """
        Add documents, as `Store.add` says, but in parts of 20,000.

        Parameters
        ----------
        rows : Rows
            The documents.
        tokens : Tokens
            Theirs.

        Returns
        -------
        list of list of Match
            For each document those it matches among the documents before it.
        """
        packing = wire.Packing(rows)
        matches: list[list[Match]] = []
        for start in range(0, len(rows), _MOST_AT_ONCE):
            stop = min(start + _MOST_AT_ONCE, len(rows))
            if stop - start < len(rows):
                packing = wire.Packing(rows.part(start, stop))
            matches += self._add(packing, tokens_of_part(tokens, start, stop))
        return matches

    def _add(self, packing: wire.Packing, tokens: Tokens) -> list[list[Match]]:
        n_documents = len(packing.rows)
        nobody = Verdicts(np.full(n_documents, PENDING), np.zeros(n_documents, bool))
        blobs = packing.pack([PENDING] * n_documents, nobody)
        sums = wire.checksums(blobs).astype("<i8").tobytes()
        values = [
            sums[_CHECKSUM_BYTES * at : _CHECKSUM_BYTES * (at + 1)] + blob
            for at, blob in enumerate(blobs)
        ]
        own = _Own(operations.new_token(), packing.rows, tokens)
        self._append(own, operations.ADD + own.token, values)
        numbers = np.arange(own.first, own.first + n_documents)
        self._resolve(numbers, own.matches)
        self._publish(numbers)
        self._settle_if_due()
        return own.matches

    def _publish(self, numbers: NDArray[np.int64]) -> None:
        """Tell everybody where the documents of a batch belong."""
        slots, here = self._slots(numbers)
        founders = self.replica.store.founders.arrays
        clusters, are_founders = numbers.copy(), np.ones(len(numbers), bool)
        clusters[here] = founders.clusters[slots[here]]
        are_founders[here] = founders.founders[slots[here]] == slots[here]
        # Those that left at once, before anybody knew: they founded clusters of their own.
        lost = clusters == PENDING
        clusters[lost], are_founders[lost] = numbers[lost], True
        entry = operations.verdicts(
            operations.new_token(), int(numbers[0]), Verdicts(clusters, are_founders)
        )
        while True:
            answer = self._run(scripts.JUDGE, int(numbers[0]), entry)
            if answer is not None:
                self._apply(answer)
                return
            self._pull()

    def _resolve(self, numbers: NDArray[np.int64], matches: Sequence[Sequence[Match]]) -> None:
        """Choose clusters again where documents match others whose clusters were not known."""
        replica = self.replica
        clusters = replica.store.founders.arrays.clusters
        own = set(numbers.tolist())
        pending = set()
        for each in matches:
            for match in each:
                slot = replica.slot_of.get(match.id)
                if slot is not None and clusters[slot] == PENDING:
                    pending.add(int(replica.numbers[slot]))
        pending -= own
        if not pending:
            return
        self._await(pending)
        for number, each in zip(numbers.tolist(), matches, strict=True):
            if each:
                self._choose(number, each)

    def _choose(self, number: int, matches: Sequence[Match]) -> None:
        """Put a document in the cluster of its best match whose founder it matches."""
        replica = self.replica
        store, founders = replica.store, replica.store.founders
        slot = founders.slot_of(number, store.n_slots)
        if slot is None:
            return
        arrays = founders.arrays
        if arrays.founders[slot] == slot and arrays.clusters[slot] != arrays.numbers[slot]:
            return  # it was added again, and is the founder still
        found = [replica.slot_of.get(match.id, -1) for match in matches]
        before = [other for other in found if 0 <= other < slot]
        cluster, is_founder = number, True
        for other in before:
            founder = founders.founder_of(other)
            if arrays.clusters[other] != PENDING and founder in before:
                cluster, is_founder = int(arrays.clusters[founder]), False
                break
        founders.place(np.array([slot]), np.array([cluster]), np.array([is_founder]), store.n_slots)

    def _await(self, numbers: set[int]) -> None:
        """Wait until the clusters of documents are known; find them where their worker does not."""
        until = time.monotonic() + min(_PATIENCE_S, self._timeout)
        pause = _FIRST_PAUSE_S
        while True:
            self._pull()
            open_batches = [
                (first, n_documents)
                for first, n_documents in self._unjudged.items()
                if any(first <= number < first + n_documents for number in numbers)
            ]
            if not open_batches:
                return
            if time.monotonic() > until:
                break
            time.sleep(pause)
            pause *= 2
        for first, n_documents in sorted(open_batches):
            if first in self._unjudged:
                _log.warning(
                    "documents %d to %d of %s were left without a verdict, perhaps by a worker "
                    "that died; they are judged here", first, first + n_documents - 1, self._name,
                )  # fmt: skip
                self._adopt(np.arange(first, first + n_documents))

    def _adopt(self, numbers: NDArray[np.int64]) -> None:
        """Judge documents that another worker left."""
        for number in numbers.tolist():
            (value,) = self._server.fields(self._segment(number // scripts.SEGMENT), [number])
            if value is not None and not self._read_only:
                rows = self._unpacked([value])
                (matches,) = self.replica.query(rows, self._tokens(rows), include_series=False)
                self._choose(number, matches)
        if not self._read_only:
            self._publish(numbers)

    def remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        """
        Remove a document.

        Parameters
        ----------
        id : hashable
            Its id.

        Returns
        -------
        bool
            False if there is none.
        """
        self.refresh()
        if id not in self.replica.slot_of:
            return False
        own = _Own(operations.new_token())
        self._append(own, operations.removal(own.token, wire.plain_id(id)))
        self._settle_if_due()
        return bool(own.n_left)

    def expire(self, before: int) -> int:
        """
        Remove all documents of an earlier time.

        Parameters
        ----------
        before : int
            Microseconds since 1970.

        Returns
        -------
        int
            How many left.
        """
        own = _Own(operations.new_token())
        self._append(own, operations.expiry(own.token, before))
        self._settle_if_due()
        return own.n_left

    def _settle_if_due(self) -> None:
        """Drop on the server what left, and shorten its log."""
        if not self._is_due and self._position - self._base < _LONGEST_LOG:
            return
        if self._unjudged:
            self._await(set(self._unjudged))
        replica = self.replica
        numbers = replica.numbers
        firsts = np.array(
            sorted(map(int, self._server.names(f"{self._prefix}:verdicts"))), np.int64
        )
        firsts = firsts[firsts < replica.next_number]
        counts = np.diff(np.searchsorted(numbers, np.append(firsts, replica.next_number)))
        kept_from, kept_number = self._history[0]
        first_used = int(numbers[0]) if len(numbers) else replica.next_number
        answer = self._run(
            scripts.SETTLE,
            kept_from,
            kept_number,
            replica.retired_numbers().astype("<i8").tobytes(),
            "" if replica.step is None else replica.step,
            min(first_used, kept_number) // scripts.SEGMENT,
            firsts[counts == 0].astype("<i8").tobytes(),
            np.sort(
                np.array([each for _, some in self._dropped for each in some], "<i8")
            ).tobytes(),
        )
        if answer is not None:
            self._base, self._dropped, self._is_due = self._position, [], False
            _log.info("dropped what left from %s", self._name)

    def rows(self) -> Iterator[Rows]:
        """
        Return all documents, some at a time.

        Yields
        ------
        Rows
            In order of arrival.
        """
        store = self.replica.store
        living = self.replica.numbers[store.alive[: store.n_slots] == 1]
        for segment in np.unique(living // scripts.SEGMENT).tolist():
            own = living[living // scripts.SEGMENT == segment]
            found = self._server.fields(self._segment(segment), own.tolist())
            values = [value for value in found if value is not None]  # the others left since
            if values:
                yield self._unpacked(values)

    def cluster_of(self, id: Hashable) -> int:  # noqa: A002 - an id, as everywhere
        """
        Return the cluster of a document.

        Parameters
        ----------
        id : hashable
            The id of a document that is there.

        Returns
        -------
        int
            Its number.
        """
        cluster = self.replica.cluster_of(id)
        if cluster == PENDING:
            slot = self.replica.slot_of[id]
            self._await({int(self.replica.numbers[slot])})
            cluster = self.replica.cluster_of(id)
        return cluster

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """
        Refuse: others would have to wait.

        Yields
        ------
        None
            Never.

        Raises
        ------
        StoreError
            Always.
        """
        message = (
            "an index on a server has no batches of several calls, for which all other workers "
            "would have to wait. Pass the documents to add_many together: it adds all or none"
        )
        raise StoreError(message)
        yield

    def details(self) -> dict[str, object]:
        """
        Return what is worth knowing of the store.

        Returns
        -------
        dict
            Address, length of the log, versions.
        """
        return {
            "store": "redis",
            "location": self._name,
            "n_operations": self._position,
            "format": wire.FORMAT_VERSION,
            **self._server.memory(),
        }

    def close(self) -> None:
        """Let go of the server."""
        self._is_closed = True
        self._server.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """
        Return how to open the index again.

        Returns
        -------
        tuple
            For `pickle`; the address is in it, with its password if it has one.
        """
        opened = functools.partial(RedisStore, read_only=self._read_only, timeout=self._timeout)
        return opened, (self._url, self._config)


@dataclasses.dataclass(slots=True)
class _Own:
    """An operation of this process, and what became of it."""

    token: bytes
    rows: Rows | None = None
    tokens: Tokens | None = None
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
    return dataclasses.replace(
        tokens, offsets=tokens.offsets[start : stop + 1], cut_off=tokens.cut_off[start:stop]
    )


def _parts(url: str) -> tuple[str, str, str]:
    """Return the address without our prefix, the prefix of keys, and a name without password."""
    split = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(split.query, keep_blank_values=True)
    prefix = query.pop("prefix", ["dedupe_news"])[-1]
    if not prefix or set("{}") & set(prefix):
        message = (
            f"the prefix {prefix!r} of {split.hostname!r} cannot begin the keys of an index; give "
            "one without braces, such as ?prefix=feed"
        )
        raise ConfigError(message)
    address = split._replace(query=urllib.parse.urlencode(query, doseq=True)).geturl()
    try:
        port = f":{split.port}" if split.port else ""
    except ValueError as error:
        message = f"the address of the Redis server cannot be understood: {error}"
        raise ConfigError(message) from error
    name = f"{split.scheme}://{split.hostname or ''}{port}{split.path}?prefix={prefix}"
    return address, f"{{{prefix}}}", name


def _settings(identity: dict[bytes, bytes], name: str, wanted: Config | None) -> Config:
    version = int(identity[b"format"])
    if version > wire.FORMAT_VERSION:
        message = (
            f"{name!r} has format version {version}, but this version of dedupe_news knows up to "
            f"{wire.FORMAT_VERSION}. Upgrade dedupe_news"
        )
        raise StoreFormatError(message)
    if int(identity[b"folding"]) != fingerprint():
        message = (
            f"{name!r} was made by version {identity[b'library'].decode()} of dedupe_news, which "
            "folds text otherwise than this one, so that the two would disagree. Use one version "
            "for all workers, and make the index anew: export it, and import it under another prefix"
        )
        raise StoreFormatError(message)
    try:
        stored = from_settings(json.loads(identity[b"config"]))
    except ConfigError as error:
        message = f"the settings of {name!r} are not known here: {error}. Upgrade dedupe_news"
        raise StoreFormatError(message) from error
    check_settings(name, stored, wanted)
    return stored


def _lost(name: str, fault: str) -> NoReturn:
    message = (
        f"{name!r} has lost documents: {fault}. It may have been restarted without persistence. "
        "Open the index again to go on with what is there, and add again what is missing"
    )
    raise StoreDamagedError(message)
