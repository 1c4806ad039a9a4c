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

import contextlib
import functools
import logging
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.errors import StoreError, StoreReadOnlyError
from dedupe_news.stores import operations, scripts, wire
from dedupe_news.stores.following import CHECKSUM_BYTES, Follower, Own, tokens_of_part
from dedupe_news.stores.founders import PENDING
from dedupe_news.stores.ids import plain_id
from dedupe_news.stores.rows import Verdicts

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe_news._text import Tokens
    from dedupe_news.records import Match
    from dedupe_news.stores.rows import Rows

_log = logging.getLogger("dedupe_news")
_MOST_AT_ONCE = 20_000  # documents of one operation: the server does nothing else meanwhile
_LONGEST_LOG = 65_536
_TOGETHER_MS = 10_000  # those who read along are sooner there; after that it only takes memory
_PATIENCE_S = 1.0
_FIRST_PAUSE_S = 0.001


class RedisStore(Follower):
    """An index that many workers add to; see `Follower` for its parameters."""

    def _append(self, own: Own, entry: bytes, values: Sequence[bytes] = ()) -> None:
        """Append an operation, and apply the log up to it and beyond."""
        if self._read_only:
            message = (
                f"the index {self._name!r} was opened for reading; open it without "
                "read_only=True to change it"
            )
            raise StoreReadOnlyError(message)
        while True:
            answer = self._run(
                scripts.APPEND,
                own.token.hex(),
                self._ttl_ms,
                _TOGETHER_MS,
                entry,
                *wire.joined(values),
            )
            if answer is not None:
                self._apply(answer, own)
                return
            self._pull()

    def _add(self, rows: Rows, tokens: Tokens, n_jobs: int) -> list[list[Match]]:
        packing = wire.Packing(rows)
        matches: list[list[Match]] = []
        for start in range(0, len(rows), _MOST_AT_ONCE):
            stop = min(start + _MOST_AT_ONCE, len(rows))
            if stop - start < len(rows):
                packing = wire.Packing(rows.part(start, stop))
            matches += self._add_part(packing, tokens_of_part(tokens, start, stop), n_jobs)
        return matches

    def _add_part(self, packing: wire.Packing, tokens: Tokens, n_jobs: int) -> list[list[Match]]:
        n_documents = len(packing.rows)
        nobody = Verdicts(np.full(n_documents, PENDING), np.zeros(n_documents, bool))
        blobs = packing.pack([PENDING] * n_documents, nobody)
        sums = wire.checksums(blobs).astype("<i8").tobytes()
        values = [
            sums[CHECKSUM_BYTES * at : CHECKSUM_BYTES * (at + 1)] + blob
            for at, blob in enumerate(blobs)
        ]
        own = Own(operations.new_token(), packing.rows, tokens, n_jobs)
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
            answer = self._run(scripts.JUDGE, int(numbers[0]), self._ttl_ms, entry)
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
        store.place(np.array([slot]), np.array([cluster]), np.array([is_founder]))

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
                (matches,) = self.replica.query(rows, self._tokens(rows))
                self._choose(number, matches)
        if not self._read_only:
            self._publish(numbers)

    def _remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        self._refresh()
        if id not in self.replica.slot_of:
            return False
        own = Own(operations.new_token())
        self._append(own, operations.removal(own.token, plain_id(id)))
        self._settle_if_due()
        return bool(own.n_left)

    def _expire(self, before: int) -> int:
        own = Own(operations.new_token())
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

    def _rows(self) -> Iterator[Rows]:
        store = self.replica.store
        living = self.replica.numbers[store.alive[: store.n_slots] == 1]
        for segment in np.unique(living // scripts.SEGMENT).tolist():
            own = living[living // scripts.SEGMENT == segment]
            found = self._server.fields(self._segment(segment), own.tolist())
            values = [value for value in found if value is not None]  # the others left since
            if values:
                yield self._unpacked(values)

    def _cluster_of(self, id: Hashable) -> int:  # noqa: A002 - an id, as everywhere
        cluster = self.replica.cluster_of(id)
        if cluster == PENDING:
            slot = self.replica.slot_of[id]
            self._await({int(self.replica.numbers[slot])})
            cluster = self.replica.cluster_of(id)
        return cluster

    @contextlib.contextmanager
    def _batch(self) -> Iterator[None]:
        message = (
            "an index on a server has no batches of several calls, for which all other workers "
            "would have to wait. Pass the documents to add_many together: it adds all or none"
        )
        raise StoreError(message)
        yield

    def _details(self) -> dict[str, object]:
        return {
            "store": "redis",
            "location": self._name,
            "n_operations": self._position,
            "format": wire.FORMAT_VERSION,
            **self._server.memory(),
        }

    def _close(self) -> None:
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
