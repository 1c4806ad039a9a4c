"""
Events as bytes: what every log keeps; docs/reference/store-format.md specifies it.

An event is its checksum, its kind and what it says. All integers are
little-endian. An addition is a header of fixed length, the id, the source, the
title and the text.
"""

from __future__ import annotations

import dataclasses
import itertools
import operator
import struct
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import xxhash

from dedupe_news._input.columns import NO_TIME, UNTITLED
from dedupe_news._input.skipped import UnusableError
from dedupe_news._store.ids import MOST_BYTES, fault_to_keep, pack_id, plain_id, unpack_id
from dedupe_news._store.log import DamagedEvent
from dedupe_news._store.stored_items import StoredItems
from dedupe_news.errors import InputError, shown

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

FORMAT_VERSION = 2
"""Version of everything that is written here."""

NOTHING = -1
"""Stands for the item that is replaced where there is none."""

_ADD, _RETIRE, _COMPACT = 1, 2, 3
_HEADER = np.dtype([
    ("checksum", "<u8"), ("kind", "u1"), ("flags", "u1"), ("id_kind", "u1"), ("reserved", "u1"),
    ("id_length", "<u2"), ("source_length", "<u2"), ("title_length", "<i4"), ("cluster", "<i8"),
    ("published", "<i8"), ("arrived", "<i8"), ("replaces", "<i8"),
])  # fmt: skip
_HEADER_BYTES = _HEADER.itemsize
_BODY = struct.Struct("<BBBBHHiqqqq")  # an addition without its checksum
_MARK = struct.Struct("<Bq")
_CHECKSUM = struct.Struct("<q")
_CHECKSUM_BYTES = _CHECKSUM.size
_SMALLEST = _CHECKSUM_BYTES + _MARK.size
_LEADS = 1
_NO_SOURCE = 0xFFFF
_MISSING = _NO_SOURCE, b""


class Addition(NamedTuple):
    """
    Items that were added.

    Parameters
    ----------
    positions : ndarray of int64, shape (n_items,)
        Places of the events in the log, which number the items.
    items : StoredItems
        The items.
    clusters : ndarray of int64, shape (n_items,)
        Number of each item's cluster: that of the item that began it.
    leads : ndarray of bool, shape (n_items,)
        Whether each is the representative of its cluster.
    replaces : ndarray of int64, shape (n_items,)
        Number of the item that each one replaces, or `NOTHING`.
    """

    positions: NDArray[np.int64]
    items: StoredItems
    clusters: NDArray[np.int64]
    leads: NDArray[np.bool_]
    replaces: NDArray[np.int64]


class Tombstones(NamedTuple):
    """Numbers of items that left, how far the window was, and whether they are dropped here."""

    position: int
    step: int | None
    numbers: NDArray[np.int64]
    is_compaction: bool


Event: TypeAlias = Addition | Tombstones


def checksum_of(event: bytes) -> int:
    """Return the checksum that an event begins with."""
    return int(_CHECKSUM.unpack_from(event)[0])


def seal(body: bytes) -> bytes:
    """Return a body behind its checksum: XXH3 of 64 bits, seed 0, little-endian."""
    return xxhash.xxh3_64_digest(body)[::-1] + body


def is_whole(event: bytes) -> bool:
    """Return whether an event is what was written, by its checksum."""
    return xxhash.xxh3_64_digest(event[_CHECKSUM_BYTES:])[::-1] == event[:_CHECKSUM_BYTES]


class Packing:
    """
    Items about to be added, checked before anything changes.

    `InputTypeError` for an id of a type that cannot be kept; `InputError` for an
    id or a source that is too long. Ids of other types are put among the
    `objects`, where there are such.
    """

    def __init__(self, items: StoredItems, objects: list[Hashable] | None = None) -> None:
        try:
            ids = [plain_id(each, objects) for each in items.ids]
            self._ids = [pack_id(each, objects) for each in ids]
        except UnusableError as fault:
            odd = next(each for each in items.ids if fault_to_keep(each, objects))
            message = f"the id {fault.said_of(odd)}; {fault.remedy}"
            raise fault.kind(message) from None
        is_same = all(map(operator.is_, ids, items.ids))
        self.items = items if is_same else dataclasses.replace(items, ids=ids)
        names = {source: _packed_source(source) for source in set(items.sources)}
        self._sources = [names[source] for source in items.sources]

    def pack(
        self,
        bounds: tuple[int, int],
        clusters: Sequence[int],
        leads: Sequence[bool],
        replaces: Sequence[int],
    ) -> list[bytes]:
        """Return the events that add the items between two bounds."""
        some = slice(*bounds)
        items = self.items if bounds == (0, len(self.items)) else self.items.part(*bounds)
        columns = zip(
            self._ids[some], self._sources[some], items.title_lengths.tolist(),
            items.published.tolist(), items.arrived.tolist(), items.contents(),
            clusters, leads, replaces, strict=True,
        )  # fmt: skip
        return [pack_added(*each) for each in columns]


def _packed_source(source: str | None) -> tuple[int, bytes]:
    if source is None:
        return _MISSING
    try:
        data = source.encode()
    except UnicodeEncodeError:
        message = (
            f"the source {shown(source)} holds a lone surrogate, which UTF-8 cannot hold. "
            "Replace it"
        )
        raise InputError(message) from None
    if len(data) > MOST_BYTES:
        message = (
            f"the source {shown(source)} has {len(data):,} bytes; at most "
            f"{MOST_BYTES:,} can be kept. Shorten it"
        )
        raise InputError(message)
    return len(data), data


def pack_added(
    id: tuple[int, bytes],  # noqa: A002 - an id, as everywhere
    source: tuple[int, bytes],
    title_length: int,
    published: int,
    arrived: int,
    content: bytes,
    cluster: int,
    leads: bool,  # noqa: FBT001 - data
    replaces: int,
) -> bytes:
    """Return the event that adds an item: packed id and source, and what the header says."""
    id_kind, id_data = id
    source_length, source_data = source
    header = _BODY.pack(
        _ADD, _LEADS if leads else 0, id_kind, 0, len(id_data), source_length, title_length,
        cluster, published, arrived, replaces,
    )  # fmt: skip
    return seal(b"".join((header, id_data, source_data, content)))


def pack_tombstones(
    numbers: NDArray[np.int64], step: int | None, *, is_compaction: bool = False
) -> bytes:
    """Return the event that removes items, or at which those that were removed are dropped."""
    kind = _COMPACT if is_compaction else _RETIRE
    head = _MARK.pack(kind, NO_TIME if step is None else step)
    return seal(head + numbers.astype("<i8").tobytes())


def unpack(
    positions: Sequence[int], events: Sequence[bytes], objects: Sequence[Hashable] = ()
) -> Iterator[Event]:
    """Yield what events say, additions that follow one another together, each checked."""
    if min(map(len, events), default=_SMALLEST) < _SMALLEST:
        message = "an event was read that is shorter than its header"
        raise DamagedEvent(message)
    # All at once, for an index is all of its log; numpy compares them whatever their byte order.
    checksums = b"".join([event[:_CHECKSUM_BYTES] for event in events])
    digests = b"".join([xxhash.xxh3_64_digest(event[_CHECKSUM_BYTES:]) for event in events])
    wrong = np.flatnonzero(np.frombuffer(checksums, "<u8") != np.frombuffer(digests, ">u8"))
    if len(wrong):
        message = f"the checksum of the event at position {positions[wrong[0]]} is wrong"
        raise DamagedEvent(message)
    start = 0
    for kind, run in itertools.groupby([event[_CHECKSUM_BYTES] for event in events]):
        some = slice(start, start + sum(1 for _ in run))
        start = some.stop
        if kind == _ADD:
            yield _unpack_added(positions[some], events[some], objects)
        else:
            yield from map(_unpack_tombstones, positions[some], events[some])


def _unpack_tombstones(position: int, event: bytes) -> Tombstones:
    kind, step = _MARK.unpack_from(event, _CHECKSUM_BYTES)
    if kind not in {_RETIRE, _COMPACT} or (len(event) - _SMALLEST) % 8:
        message = f"the event at position {position} is of kind {kind}, which is not known here"
        raise DamagedEvent(message)
    numbers = np.frombuffer(event, "<i8", offset=_SMALLEST).astype(np.int64)
    return Tombstones(position, None if step == NO_TIME else step, numbers, kind == _COMPACT)


def _unpack_added(
    positions: Sequence[int], events: Sequence[bytes], objects: Sequence[Hashable]
) -> Addition:
    lengths = np.fromiter(map(len, events), np.int64, len(events))
    if int(lengths.min()) < _HEADER_BYTES:
        message = "an event was read that is shorter than its header"
        raise DamagedEvent(message)
    headers = np.frombuffer(b"".join([event[:_HEADER_BYTES] for event in events]), _HEADER)
    has_source = headers["source_length"] != _NO_SOURCE
    id_stops = _HEADER_BYTES + headers["id_length"].astype(np.int64)
    text_starts = id_stops + np.where(has_source, headers["source_length"], 0)
    title_lengths = headers["title_length"].astype(np.int64)
    if (text_starts + title_lengths + 1 > lengths).any() or (title_lengths < UNTITLED).any():
        message = "an event was read that is shorter than its header says"
        raise DamagedEvent(message)
    offsets = np.zeros(len(events) + 1, np.int64)
    np.cumsum(lengths - text_starts, out=offsets[1:])
    bounds = list(zip(events, id_stops.tolist(), text_starts.tolist(), strict=True))
    contents = b"".join([event[start:] for event, _, start in bounds])
    kinds = headers["id_kind"].tolist()
    sources = [event[start:stop] for event, start, stop in bounds]
    names = {source: source.decode() for source in set(sources)}
    items = StoredItems(
        ids=[
            unpack_id(kind, event[_HEADER_BYTES:stop], objects)
            for kind, (event, stop, _) in zip(kinds, bounds, strict=True)
        ],
        buffer=np.frombuffer(contents, np.uint8),
        offsets=offsets,
        title_lengths=title_lengths,
        published=headers["published"].astype(np.int64),
        arrived=headers["arrived"].astype(np.int64),
        sources=[
            names[source] if is_known else None
            for source, is_known in zip(sources, has_source.tolist(), strict=True)
        ],
    )
    return Addition(
        np.array(positions, np.int64), items, headers["cluster"].astype(np.int64),
        (headers["flags"] & np.uint8(_LEADS)) != 0, headers["replaces"].astype(np.int64),
    )  # fmt: skip
