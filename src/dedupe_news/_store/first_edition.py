"""Files of format 1, which held documents and removals: each becomes the events of a log."""

from __future__ import annotations

import sqlite3
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xxhash

from dedupe_news._input.columns import UNTITLED
from dedupe_news._store import schema
from dedupe_news._store.codec import NOTHING, checksum_of, pack_added, pack_tombstones
from dedupe_news.errors import StoreDamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STATE = struct.Struct("<qqqQqqQqB")
_HEADER = struct.Struct("<qqqqBBHHH")
_TITLED, _REPRESENTATIVE = 1, 2
_NO_SOURCE = 0xFFFF
_AT_A_TIME = 20_000


class FormerState(NamedTuple):
    """The state of a file of format 1, as far as it matters still."""

    next_number: int
    n_documents: int
    total: int
    n_removals: int
    step: int | None


def read_state(connection: sqlite3.Connection) -> FormerState:
    """Return the state of a file of format 1; `StoreDamagedError` if it is damaged."""
    found = connection.execute("SELECT value FROM state WHERE only = 1").fetchone()
    blob = found[0] if found else b""
    packed = blob[: _STATE.size]
    if len(blob) != _STATE.size + 8 or int.from_bytes(
        blob[_STATE.size :], "little"
    ) != xxhash.xxh3_64_intdigest(packed):
        message = "the checksum of the state of the index is wrong"
        raise StoreDamagedError(message)
    number, _, n_documents, total, _, n_removals, _, step, has_step = _STATE.unpack(packed)
    return FormerState(number, n_documents, total, n_removals, step if has_step else None)


def event_of(number: int, document: object, checksum: object) -> bytes:
    """Return the event that adds a document of format 1; `StoreDamagedError` if it is damaged."""
    if (
        not isinstance(document, bytes)
        or not isinstance(checksum, int)
        or xxhash.xxh3_64_intdigest(document) != checksum % 2**64
        or len(document) < _HEADER.size
    ):
        message = f"the checksum of document number {number} is wrong"
        raise StoreDamagedError(message)
    fields = _HEADER.unpack_from(document)
    _, cluster, published, arrived, flags, id_kind, id_length, source_length, _ = fields
    id_stop = _HEADER.size + id_length
    source_stop = id_stop + (0 if source_length == _NO_SOURCE else source_length)
    content = document[source_stop:]
    title_length = content.find(b"\n") if flags & _TITLED else UNTITLED
    return pack_added(
        (id_kind, document[_HEADER.size : id_stop]),
        (source_length, document[id_stop:source_stop]),
        title_length, published, arrived, content, cluster, bool(flags & _REPRESENTATIVE), NOTHING,
    )  # fmt: skip


def _events(connection: sqlite3.Connection) -> Iterator[list[tuple[int, bytes]]]:
    last = -(2**63)
    while True:
        found = connection.execute(
            "SELECT number, document, checksum FROM documents WHERE number > ? "
            "ORDER BY number LIMIT ?",
            (last, _AT_A_TIME),
        ).fetchall()
        if not found:
            return
        last = found[-1][0]
        yield [(number, event_of(number, *rest)) for number, *rest in found]


def migrate(connection: sqlite3.Connection, head: schema.Head) -> schema.Head:
    """Write the events of a file of format 1 to its new tables, and drop the old ones."""
    state = read_state(connection)
    total = sum(row[0] for row in connection.execute("SELECT checksum FROM documents"))
    n_events = events_total = 0
    for part in _events(connection):
        connection.executemany("INSERT INTO events VALUES (?, ?)", part)
        n_events += len(part)
        events_total += sum(checksum_of(event) for _, event in part)
    removed = [row[0] for row in connection.execute("SELECT number FROM removals ORDER BY place")]
    if (n_events, total % 2**64, len(removed)) != (
        state.n_documents,
        state.total,
        state.n_removals,
    ):
        message = (
            f"the index is damaged: {n_events:,} documents were read of {state.n_documents:,}, or "
            "others. `dedupe-news index repair` rescues what is whole"
        )
        raise StoreDamagedError(message)
    end = state.next_number
    if removed or state.step is not None:
        event = pack_tombstones(np.array(sorted(removed), np.int64), state.step)
        connection.execute("INSERT INTO events VALUES (?, ?)", (end, event))
        end, n_events = end + 1, n_events + 1
        events_total += checksum_of(event)
    connection.execute("DROP TABLE documents")
    connection.execute("DROP TABLE removals")
    return head._replace(end=end, n_events=n_events, total=events_total % 2**64)


def opened(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return a connection to a migrated copy in memory of a file that may not be written."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.backup(copy)
    connection.close()
    schema.settle(copy, path, None, migrate)
    return copy
