"""What a store has to do: keep events in one order that all who share it agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from dedupe_news.config import Config


class Cursor(NamedTuple):
    """
    A place in a log, and what came before it.

    Parameters
    ----------
    position : int
        Position of the next event: 0 at the beginning.
    checksum : int
        That of the event before; 0 at the beginning.
    """

    position: int = 0
    checksum: int = 0


class Discarded(NamedTuple):
    """
    What a compaction takes out of a log.

    Parameters
    ----------
    positions : sequence of int
        Events that nobody needs any more, increasing; some may be gone already.
    base : int
        A reader who has read some of the log, but not as far as this, must
        begin anew.
    """

    positions: Sequence[int]
    base: int


class Events(NamedTuple):
    """Events with their positions, which increase; some positions may have been discarded."""

    positions: Sequence[int]
    events: Sequence[bytes]


class Conflict(Exception):  # noqa: N818 - no error of the user
    """Somebody else has appended since: read, and decide again."""


class Behind(Exception):  # noqa: N818 - no error of the user
    """What was read is of a log that was compacted, or made anew, since: begin at 0."""


class DamagedEvent(Exception):  # noqa: N818 - `store` says which index it is in
    """An event is not what was written."""


class EventLog(Protocol):
    """
    Events in order, for one index: all that a store is.

    An event is bytes that begin with their checksum. Whoever changes an index
    takes the lock, reads what is new, decides, and appends. `append` alone must
    be right, whatever happens to the lock: it appends all events or none, and
    none where others came in between. One thread at a time calls a log.

    Attributes
    ----------
    config : Config
        The settings that the log was made with.
    name : str
        What messages call it.
    remedy : str
        What to do where it is damaged, a sentence.
    read_only : bool
        Whether changes are refused.
    objects : list or None
        Keeps ids of types that have no bytes; None where these are refused.
    """

    config: Config
    name: str
    remedy: str
    read_only: bool
    objects: list[Hashable] | None

    def now(self) -> int:
        """Return the time in microseconds since 1970 UTC, by one clock for all who share it."""

    def lock(self) -> AbstractContextManager[None]:
        """Keep others from appending during a block, so that nobody decides in vain."""

    def read(self, since: Cursor) -> Iterator[Events]:
        """Yield the events from a cursor on, some at a time; `Behind` where it cannot be told."""

    def fetch(self, positions: Sequence[int]) -> Events:
        """Return single events, but for those that were discarded since."""

    def append(
        self, events: Sequence[bytes], since: Cursor, discarded: Discarded | None = None
    ) -> None:
        """Append events at a cursor and discard others; `Conflict` if it is not the end."""

    def beside(self) -> tuple[Path, str] | None:
        """Return where a seal may be kept, and what tells this log from others, if anywhere."""

    def details(self) -> dict[str, object]:
        """Return what is worth knowing of the store, by name."""

    def close(self) -> None:
        """Let go of files and connections."""
