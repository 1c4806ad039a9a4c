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
    packed, checksum = blob[: _STATE.size], blob[_STATE.size :]
    if checksum != xxhash.xxh3_64_intdigest(packed).to_bytes(8, "little"):
        message = "the checksum of the state of the index is wrong"
        raise StoreDamagedError(message)
    number, _, n_documents, total, _, n_removals, _, step, has_step = _STATE.unpack(packed)
    return FormerState(number, n_documents, total, n_removals, step if has_step else None)


def event_of(document: object, checksum: object) -> bytes | None:
    """Return the event that adds a document of format 1, None where that is damaged."""
    if (
        not isinstance(document, bytes)
        or not isinstance(checksum, int)
        or xxhash.xxh3_64_intdigest(document) != checksum % 2**64
        or len(document) < _HEADER.size
    ):
        return None
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


def show_as_log(connection: sqlite3.Connection) -> None:
    """Let the documents of a file of format 1 be read like the events of a log."""
    connection.create_function("event_of", 2, event_of)
    connection.execute(
        "CREATE TEMP VIEW events AS "
        "SELECT number AS position, event_of(document, checksum) AS event FROM documents"
    )


def migrate(connection: sqlite3.Connection, head: schema.Head) -> schema.Head:
    """Write the events of a file of format 1 to its new tables, and drop the old ones."""
    state = read_state(connection)
    former_total = n_events = total = 0

    def events() -> Iterator[tuple[int, bytes]]:
        nonlocal former_total, n_events, total
        rows = connection.execute("SELECT number, document, checksum FROM documents ORDER BY 1")
        for number, document, checksum in rows:
            event = event_of(document, checksum)
            if event is None:
                message = f"the checksum of document number {number} is wrong"
                raise StoreDamagedError(message)
            former_total += checksum
            n_events += 1
            total += checksum_of(event)
            yield number, event

    connection.executemany("INSERT INTO events VALUES (?, ?)", events())
    removed = [row[0] for row in connection.execute("SELECT number FROM removals ORDER BY place")]
    is_read = n_events, former_total % 2**64, len(removed)
    if is_read != (state.n_documents, state.total, state.n_removals):
        message = (
            f"the index is damaged: {n_events:,} documents were read of {state.n_documents:,}, or "
            "others. `dedupe-news index repair` rescues what is whole"
        )
        raise StoreDamagedError(message)
    end = state.next_number
    if removed or state.step is not None:
        event = pack_tombstones(np.array(sorted(removed), np.int64), state.step)
        connection.execute("INSERT INTO events VALUES (?, ?)", (end, event))
        end, n_events, total = end + 1, n_events + 1, total + checksum_of(event)
    connection.execute("DROP TABLE documents")
    connection.execute("DROP TABLE removals")
    return head._replace(end=end, n_events=n_events, total=total % 2**64)


def opened(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return a connection to a migrated copy in memory of a file that may not be written."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.backup(copy)
    connection.close()
    schema.settle(copy, path, None, migrate)
    return copy
