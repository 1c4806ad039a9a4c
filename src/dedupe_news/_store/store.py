"""
The index of a log: kept up to date, and changed in transactions.

A change is decided on the state in memory, appended to the log in one step, and
settled. Where it is interrupted in between, the state is torn, and is made anew
from the log when it is next asked for: so an exception at any moment leaves
what the log has, all of the change or nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import re
import time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

from dedupe_news._machine.paths import file_path, path_name
from dedupe_news._store import sealed
from dedupe_news._store.codec import Addition, Packing, unpack
from dedupe_news._store.ids import fault_to_keep
from dedupe_news._store.limits import LIMITS, Limits
from dedupe_news._store.log import Behind, Conflict, DamagedEvent
from dedupe_news._store.match_lists import MatchLists
from dedupe_news._store.replay import State
from dedupe_news.errors import (
    ConfigError,
    InputError,
    InputTypeError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreReadOnlyError,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from dedupe_news._input.skipped import UnusableError
    from dedupe_news._store.log import EventLog
    from dedupe_news._store.stored_items import StoredItems
    from dedupe_news._text import Tokens
    from dedupe_news.config import Config

T = TypeVar("T")

Durability: TypeAlias = Literal["full", "normal"]
"""When what was added to a file is safe."""

_log = logging.getLogger("dedupe_news")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_ROWS_AT_A_TIME = 20_000
_PATIENCE_S = 60.0  # of a change that others come before again and again


class Store:
    """
    A log, and the state that was made of it.

    Callers see to it that one thread at a time asks.
    """

    def __init__(self, log: EventLog, limits: Limits = LIMITS) -> None:
        self.log = log
        self._limits = limits
        self._state: State | None = None
        self._in_transaction = False
        self._is_broken = False  # a change of the transaction ended half-way
        self._n_sealed = 0

    @property
    def config(self) -> Config:
        """The settings of the index."""
        return self.log.config

    @property
    def known(self) -> State:
        """The state as of the last call, whatever others did since."""
        return self._state or State(self.config, self._limits)

    @property
    def n_known(self) -> int:
        """How many items there were at the last call."""
        return 0 if self._state is None else len(self._state)

    def refresh(self) -> State:
        """Return the state, with what others did since."""
        state = self._state
        if self._in_transaction and state is not None:
            self._check_whole()
            return state
        if state is None or state.is_torn:
            return self._load()
        try:
            self._replay(state)
        except Behind:
            _log.info("%s was compacted by another process", self.log.name)
            return self._load()
        return state

    def _replay(self, state: State) -> None:
        """Apply what is new in the log."""
        try:
            state.replay(self.log.read(state.cursor), self.log.objects)
        except DamagedEvent as error:
            raise self._damaged(error) from error

    def _damaged(self, error: DamagedEvent) -> StoreDamagedError:
        message = f"the index {self.log.name!r} is damaged: {error}. {self.log.remedy}"
        return StoreDamagedError(message)

    def _load(self) -> State:
        """Make the state anew: by its seal and what came after, or else from the log."""
        begun = time.perf_counter()
        self._state = None
        beside = self.log.beside()
        is_sealed = beside is not None
        while True:
            state = State(self.config, self._limits)
            if is_sealed and beside is not None and sealed.load(state, *beside):
                self._n_sealed = state.cursor.position
            try:
                self._replay(state)
                break
            except (Behind, StoreDamagedError) as error:
                # It was compacted meanwhile, or the seal was made of another past of the log.
                if not is_sealed and not isinstance(error, Behind):
                    raise
                is_sealed = False
        self._state = state
        _log.info(
            "read %d documents from %s in %.2f s",
            len(state), self.log.name, time.perf_counter() - begun,
        )  # fmt: skip
        return state

    def _seal(self) -> None:
        """Seal the state beside the log, if that is worth it."""
        beside, state = self.log.beside(), self._state
        if beside is None or state is None or state.is_torn or self.log.read_only:
            return
        is_large = len(state) >= self._limits.sealed
        if is_large and sealed.is_outdated(state, self._n_sealed) and sealed.save(state, *beside):
            self._n_sealed = state.cursor.position

    def _check_writable(self) -> None:
        if self.log.read_only:
            message = (
                f"the index {self.log.name!r} was opened for reading; "
                "open it without read_only=True to change it"
            )
            raise StoreReadOnlyError(message)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[State]:
        """Yield the state, and append its changes at the end of the block, all or none."""
        self._check_writable()
        with self.log.lock():
            state, owner = self.refresh(), os.getpid()
            try:
                self._in_transaction = True
                yield state
                self._check_whole()
                if os.getpid() != owner:  # a child that leaves the block of its parent
                    return
                events, discarded = state.take_changes()
                if events:
                    self.log.append(events, state.cursor, discarded)
                if discarded:
                    _log.info("dropped %d events from %s", len(discarded.positions), self.log.name)
                state.settle()
            finally:
                self._in_transaction = self._is_broken = False

    def _check_whole(self) -> None:
        if self._is_broken:
            message = (
                "a change in this batch was interrupted, so that none of the batch can be kept; "
                "leave the block, and make its changes again"
            )
            raise StoreError(message)

    def _change(self, change: Callable[[State], T]) -> T:
        """Make a change; again, where others came before it."""
        if self._in_transaction and self._state is not None:
            return self._change_within(self.refresh(), change)
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with self._transaction() as state:
                    return change(state)
            except (Conflict, Behind):
                if time.monotonic() > until:
                    raise self._busy() from None

    def _change_within(self, state: State, change: Callable[[State], T]) -> T:
        """Make a change of a transaction, which is lost if the change ends half-way."""
        n_begun = state.n_begun
        try:
            return change(state)
        except BaseException:
            self._is_broken = state.n_begun != n_begun
            raise

    def _busy(self) -> StoreBusyError:
        return StoreBusyError(
            f"others wrote to {self.log.name!r} in the midst of a change, of which nothing was "
            "kept; make it again"
        )

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Make all changes of a block, or none."""
        try:
            with self._transaction():
                yield
        except (Conflict, Behind):
            raise self._busy() from None

    def fault_to_keep(self, id: Hashable) -> UnusableError | None:  # noqa: A002 - an id
        """Return why this log cannot keep an id, None where it can."""
        return fault_to_keep(id, self.log.objects)

    def add(self, items: StoredItems, tokens: Tokens, *, keep: bool = True) -> MatchLists:
        """Add items with distinct ids, all or none; return their matches where that is asked."""

        def change(state: State) -> MatchLists:
            packing = Packing(items.arrived_at(self.log.now()), self.log.objects)
            return MatchLists(state.add(packing, tokens, keep=keep))

        return self._change(change)

    def remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        """Remove an item; return whether it was there."""
        return self._change(lambda state: state.remove(id))

    def expire(self, before: int) -> int:
        """Remove all items of an earlier time, in microseconds; return how many left."""
        return self._change(lambda state: state.expire(before))

    def items(self) -> Iterator[StoredItems]:
        """Yield the items, some at a time, in order of arrival; those that leave meanwhile too."""
        state = self.refresh()
        numbers = state.numbers[state.alive].tolist()
        for start in range(0, len(numbers), _ROWS_AT_A_TIME):
            items = self.fetch(numbers[start : start + _ROWS_AT_A_TIME])
            if items is not None:
                yield items

    def fetch(self, numbers: list[int]) -> StoredItems | None:
        """Return items as they were added, but for those that left; None where all did."""
        pending: list[bytes] = []
        first = numbers[-1] + 1
        if self._in_transaction:  # the log does not have all of them yet
            state = self.refresh()
            pending, first = state.take_changes()[0], state.cursor.position
        stored = self.log.fetch([each for each in numbers if each < first])
        late = [each for each in numbers if each >= first]
        positions = [*stored.positions, *late]
        events = [*stored.events, *(pending[each - first] for each in late)]
        for event in unpack(positions, events, self.log.objects or ()):
            if isinstance(event, Addition):
                return event.items
        return None

    def forked(self) -> None:
        """Forget in a new process what its parent was about to do."""
        self._in_transaction = self._is_broken = False

    def close(self) -> None:
        """Let go of files and connections."""
        self._seal()
        self.log.close()

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy is made of: where the log is, or all of it."""
        return {**vars(self), "_state": None, "_in_transaction": False, "_is_broken": False}


def open_store(
    location: str | os.PathLike[str],
    config: Config | None = None,
    *,
    durability: Durability = "full",
    read_only: bool = False,
    timeout: float = 30.0,
    limits: Limits = LIMITS,
) -> Store:
    """Open the store of a location, and read it; parameters and errors as of `NewsIndex.open`."""
    if durability not in get_args(Durability):
        allowed = ", ".join(map(repr, get_args(Durability)))
        message = f"durability={shown(durability)} is not known; allowed are {allowed}"
        raise ConfigError(message)
    seconds: object = timeout
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        message = f"timeout={shown(timeout)} is out of range; pass a number of seconds from 0"
        raise ConfigError(message)
    name = _name_of(location)
    scheme = _SCHEME.match(name)
    options: dict[str, Any] = {"read_only": read_only, "timeout": timeout, "limits": limits}
    log: EventLog
    if scheme is None:
        if name in {"", ":memory:"}:
            message = f"location={name!r} names no file; NewsIndex() makes an index in memory"
            raise ConfigError(message)
        module = importlib.import_module("dedupe_news._store.sqlite")
        # Absolute from now on, whatever becomes of the working directory.
        path = file_path(os.path.abspath(name), "location")  # noqa: PTH100 - links stay as they are
        if path.is_dir():
            message = f"location={name!r} is a folder; name a file in it"
            raise InputError(message)
        log = module.SQLiteLog(path, config, durability=durability, **options)
    elif scheme[1].lower() in {"redis", "rediss"}:
        module = importlib.import_module("dedupe_news._store.redis")
        log = module.RedisLog(name, config, **options)
    else:
        message = (
            f"location={name!r} has the scheme {scheme[1]!r}; allowed are redis and rediss, and "
            "paths of files"
        )
        raise ConfigError(message)
    store = Store(log, limits)
    try:
        store.refresh()
    except BaseException:
        log.close()
        raise
    return store


def _name_of(location: object) -> str:
    """Return a location as text, if it can be one."""
    try:
        name = path_name(location, "location")
    except InputTypeError as error:
        message = f"{error}, or an address such as 'redis://localhost/0?prefix=feed'"
        raise InputTypeError(message) from None
    return name
