"""
An event log on a Redis server that many workers share: one stream, and what identifies it.

Whoever changes the index holds a lock with a lease, which keeps others from
deciding in vain. The log does not rely on it: the script that appends adds all
events at the position that the worker has read to, or none where others came
before. docs/reference/store-format.md specifies keys and redis_server.

Limits: every worker holds the whole index in memory, and applies what the
others add. The server runs without cluster mode.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, NoReturn

from dedupe_news._input.columns import to_span
from dedupe_news._store import redis_server, schema
from dedupe_news._store.codec import FORMAT_VERSION, checksum_of
from dedupe_news._store.limits import LIMITS, Limits
from dedupe_news._store.log import Behind, Conflict, Cursor, Discarded, Events
from dedupe_news._store.redis_server import NOTHING_KEPT, UNKNOWN, Server, split_url
from dedupe_news.config import Config
from dedupe_news.errors import (
    StoreBusyError,
    StoreClosedError,
    StoreDamagedError,
    StoreError,
    StoreFormatError,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

_MOST_BYTES = 400 << 20  # of one append: a server takes no more than 512 MB at once
_LEASE_MS = 5000
_TOKEN_MS = 3_600_000
_WINDOWS_TO_LIVE = 3
_WEEK_MS = 7 * 86_400_000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.0005, 0.02


class RedisLog:
    """An event log on a server; parameters and errors as of `NewsIndex.open`."""

    remedy = "Make it anew from where its documents came from"

    def __init__(
        self,
        url: str,
        config: Config | None,
        *,
        read_only: bool,
        timeout: float,
        limits: Limits = LIMITS,
        least_idle_ms: int = _WEEK_MS,
    ) -> None:
        self._url, self._timeout, self._least_idle_ms = url, timeout, least_idle_ms
        self.read_only, self._at_a_time = read_only, limits.sent
        self.objects: list[Hashable] | None = None
        self._connect()
        try:
            self._server.check_alone()
            self._identify(config)
        except BaseException:
            self._server.close()
            raise

    def _connect(self) -> None:
        address, prefix, self.name = split_url(self._url)
        self._server = Server(address, self.name, self._timeout)
        self._meta, self._events = f"{prefix}:meta", f"{prefix}:events"
        self._lock, self._token = f"{prefix}:lock", f"{prefix}:token:"
        self._is_closed = False
        self._owner = ""  # of the lock, while it is held
        self._renewed = self._now = self._expires = 0.0
        self._last = Cursor()
        self._stash: list[Any] | None = None
        self._is_reborn = False

    def _identify(self, config: Config | None) -> None:
        """Make the index unless there is one, and compare what it says of itself."""
        if self.read_only:
            found = self._server.attempt(lambda: self._server.client.hgetall(self._meta))
            if not found:
                message = f"there is no index {self.name!r} to read; open it without read_only"
                raise StoreError(message)
        else:
            made: dict[str, str | int] = {
                "incarnation": secrets.token_hex(16),
                "format": FORMAT_VERSION,
                "config": json.dumps((config or Config()).to_dict()),
                "library": schema.library_version(),
                "end": 0,
                "base": 0,
                **schema.versions(config or Config()),
            }
            answer = self._server.run(
                redis_server.CREATE,
                [self._meta, self._events],
                [each for pair in made.items() for each in pair],
            )
            found = dict(zip(answer[::2], answer[1::2], strict=True))
        self._check_format(found)
        self.config = schema.config_of(self.name, found[b"config"], config)
        self._check_versions(found)
        self._incarnation = found[b"incarnation"]
        window = self.config.window
        self._ttl_ms = 0
        if window is not None:
            span_ms = to_span(window) // 1000 + 1
            self._ttl_ms = max(_WINDOWS_TO_LIVE * span_ms, self._least_idle_ms)

    def _check_format(self, found: dict[bytes, bytes]) -> None:
        version = int(found.get(b"format", 0))
        if version == FORMAT_VERSION:
            return
        remedy = "Export it with the version that made it, and import it under another prefix"
        if version > FORMAT_VERSION:
            remedy = "Upgrade dedupe_news"
        message = (
            f"{self.name!r} has format version {version}, but this version of dedupe_news "
            f"knows {FORMAT_VERSION}. {remedy}"
        )
        raise StoreFormatError(message)

    def _check_versions(self, found: dict[bytes, bytes]) -> None:
        """Refuse an index of workers that fold or judge otherwise."""
        for name, value in schema.versions(self.config).items():
            if found.get(name.encode(), b"").decode() != value:
                message = (
                    f"{self.name!r} was made by version {found[b'library'].decode()} of "
                    f"dedupe_news, which {schema.OTHERWISE[name]} than this one, so that the two "
                    "would disagree. Use one version for all workers, and export the index to "
                    "another prefix"
                )
                raise StoreFormatError(message)

    # The protocol

    def now(self) -> int:
        """Return the time of the server; within the lock, as of its last answer."""
        if not self._owner:
            seconds, micros = self._server.attempt(self._server.client.time)
            return int(seconds) * 1_000_000 + int(micros)
        if time.monotonic() - self._renewed > _LEASE_MS / 3000:
            self._renewed = time.monotonic()
            self._server.run(redis_server.RENEW, [self._lock], [self._owner, _LEASE_MS])
        return int(self._now)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock of the index, for as long as its lease is renewed."""
        try:
            self._acquire()
            yield
        finally:
            self._stash = None
            owner, self._owner = self._owner, ""
            if owner:  # no append gave it back
                with contextlib.suppress(StoreError):
                    self._server.run(redis_server.UNLOCK, [self._lock], [owner])

    def _acquire(self) -> None:
        token = self._owner = secrets.token_hex(16)
        until = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE_S
        while True:
            answer = self._ask(
                redis_server.LOCK, self._last, [self._at_a_time, token, _LEASE_MS], NOTHING_KEPT
            )
            if answer[0] != b"held":
                self._renewed, self._stash = time.monotonic(), answer
                return
            if time.monotonic() > until:
                self._owner = ""
                message = (
                    f"others have been writing to {self.name!r} for more than "
                    f"timeout={self._timeout:g} seconds. Try again, or open it with a longer "
                    "timeout"
                )
                raise StoreBusyError(message)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _ask(
        self, script: str, since: Cursor, arguments: Sequence[bytes | str | int], kept: str = ""
    ) -> list[Any]:
        """Run a script that knows how far this worker has read; return its answer if it goes on."""
        if self._is_closed:
            message = f"the index {self.name!r} was closed; open it again with NewsIndex.open"
            raise StoreClosedError(message)
        keys = [self._meta, self._events, self._lock, self._token + self._owner]
        while True:
            known = (
                self._incarnation,
                since.position,
                since.checksum.to_bytes(8, "little", signed=True),
            )
            answer = self._server.run(script, keys, [*known, *arguments], kept)
            status = answer[0]
            if status in {b"gone", b"other"}:
                self._come_back(status, float(answer[1]), since)
                if self.read_only and status == b"gone":
                    return [b"ok", answer[1], -2, 0, 0, []]
                since = Cursor()
                continue
            if status == b"lost":
                self._refuse_loss(f"some of the {since.position:,} events that were read here")
            if status != b"held":
                self._now = float(answer[1])
                self._expires = self._now + 1000.0 * answer[2] if answer[2] >= 0 else 0.0
            return answer

    def _come_back(self, status: bytes, now: float, since: Cursor) -> None:
        """Go on with a new index where the old one has expired; else it was lost."""
        if not self._ttl_ms or not self._expires or now < self._expires:
            self._refuse_loss(
                "it holds no such index any more"
                if status == b"gone"
                else "it holds another index in its place"
            )
        if not self.read_only or status == b"other":
            self._identify(self.config)
        self._last, self._stash, self._is_reborn = Cursor(), None, True
        if since.position:
            raise Behind

    def _refuse_loss(self, fault: str) -> NoReturn:
        message = (
            f"{self.name!r} has lost documents: {fault}. It may have been restarted without "
            "persistence. Open the index again to go on with what is there, and add again what "
            "is missing"
        )
        raise StoreDamagedError(message)

    def read(self, since: Cursor) -> Iterator[Events]:
        """Yield the events from a cursor on."""
        if self._is_reborn and since.position:
            raise Behind
        self._is_reborn = False
        first_base = None
        at = since
        while True:
            stash, self._stash = self._stash, None
            answer = stash if stash is not None and at == self._last else None
            if answer is None:
                answer = self._ask(redis_server.PULL, at, [self._at_a_time])
            _, _, _, stop, base, found = answer
            if 0 < since.position < base or (first_base is not None and base != first_base):
                raise Behind
            first_base = base
            if found:
                positions = [_position_of(name) for name, _ in found]
                events = [fields[1] for _, fields in found]
                at = Cursor(positions[-1] + 1, checksum_of(events[-1]))
                yield Events(positions, events)
            self._last = at
            if at.position >= stop or not found:
                return

    def fetch(self, positions: Sequence[int]) -> Events:
        """Return single events."""
        # Positions that follow one another have the same distance from their places.
        numbered = itertools.groupby(enumerate(positions), lambda pair: pair[1] - pair[0])
        runs = [[position for _, position in run] for _, run in numbered]

        def _call() -> list[Any]:
            with self._server.client.pipeline(transaction=False) as pipeline:
                for run in runs:
                    pipeline.xrange(self._events, f"{run[0] + 1}-0", f"{run[-1] + 1}-0")
                answers: list[Any] = pipeline.execute()
            return answers

        rows = list(itertools.chain(*self._server.attempt(_call))) if runs else []
        return Events(
            [_position_of(name) for name, _ in rows], [fields[b"e"] for _, fields in rows]
        )

    def append(
        self, events: Sequence[bytes], since: Cursor, discarded: Discarded | None = None
    ) -> None:
        """Append events at a cursor and discard others, and give the lock back."""
        if sum(map(len, events)) > _MOST_BYTES:
            message = (
                f"a change of {len(events):,} events is more than the {_MOST_BYTES >> 20} MB that "
                f"{self.name!r} takes at once. {NOTHING_KEPT}. Add fewer documents at a time"
            )
            raise StoreError(message)
        gone = [] if discarded is None else discarded.positions
        base = -1 if discarded is None else discarded.base
        options = self._owner, _TOKEN_MS, self._ttl_ms, base, len(gone)
        answer = self._ask(redis_server.APPEND, since, [*options, *gone, *events], UNKNOWN)
        if answer[0] == b"conflict":
            raise Conflict
        self._owner = ""
        self._last = Cursor(since.position + len(events), checksum_of(events[-1]))

    def beside(self) -> None:
        """Return None: there is no place for a seal."""

    def details(self) -> dict[str, object]:
        """Return address, size and versions."""
        return {
            "store": "redis",
            "location": self.name,
            "n_events": self._last.position,
            "format": FORMAT_VERSION,
            **self._server.memory(),
        }

    def close(self) -> None:
        """Close the connections."""
        self._is_closed = True
        self._server.close()

    def __getstate__(self) -> dict[str, Any]:
        """Return how to open the index again: the address, with its password if it has one."""
        kept = (
            "_url", "_timeout", "_at_a_time", "_least_idle_ms", "_incarnation", "_ttl_ms",
            "read_only", "objects", "config",
        )  # fmt: skip
        return {name: vars(self)[name] for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state; the server is asked when the index is."""
        vars(self).update(state)
        self._connect()


def _position_of(name: bytes) -> int:
    """Return the position of an event by its name in the stream."""
    return int(name.split(b"-")[0]) - 1
