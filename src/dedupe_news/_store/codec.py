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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import xxhash

from dedupe_news._input.columns import NO_TIME, UNTITLED
from dedupe_news._input.rules import UnusableError, said
from dedupe_news._kernels.gathering import gather_runs
from dedupe_news._kernels.hashing import xxh3_runs
from dedupe_news._store.ids import (
    MOST_BYTES,
    SHORT,
    STR,
    fault_to_keep,
    pack_id,
    plain_id,
    unpack_id,
)
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
    ("checksum", "<i8"), ("kind", "u1"), ("flags", "u1"), ("id_kind", "u1"), ("reserved", "u1"),
    ("id_length", "<u2"), ("source_length", "<u2"), ("title_length", "<i4"), ("cluster", "<i8"),
    ("published", "<i8"), ("arrived", "<i8"), ("replaces", "<i8"),
])  # fmt: skip
_BODY = struct.Struct("<BBBBHHiqqqq")  # an addition without its checksum
_MARK = struct.Struct("<Bq")
_CHECKSUM = struct.Struct("<q")
_CHECKSUM_BYTES = _CHECKSUM.size
_KIND_AT = _CHECKSUM_BYTES
_SMALLEST = _CHECKSUM_BYTES + _MARK.size
_LEADS = 1
_NO_SOURCE = 0xFFFF
_MISSING = _NO_SOURCE, b""
_MOST_TITLE_BYTES = 2**31 - 1


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


class Retirement(NamedTuple):
    """Tombstones: items that were removed or expired, and how far the window has moved on."""

    position: int
    step: int | None
    numbers: NDArray[np.int64]


class Compaction(NamedTuple):
    """The place where removed items were dropped, their numbers, and how far the window was."""

    position: int
    step: int | None
    numbers: NDArray[np.int64]


Event: TypeAlias = Addition | Retirement | Compaction


def checksum_of(event: bytes) -> int:
    """Return the checksum that an event begins with."""
    return int(_CHECKSUM.unpack_from(event)[0])


def seal(body: bytes) -> bytes:
    """Return a body behind its checksum: XXH3 of 64 bits, seed 0, taken as signed."""
    digest = xxhash.xxh3_64_intdigest(body)
    return _CHECKSUM.pack(digest - 2**64 if digest >= 2**63 else digest) + body


class Packing:
    """
    Items about to be added, checked before anything changes.

    `InputTypeError` for an id of a type that cannot be kept; `InputError` for an
    id or a source that is too long. Ids of other types are put among the
    `objects`, where there are such.
    """

    def __init__(self, items: StoredItems, objects: list[Hashable] | None = None) -> None:
        only = items.ids[0] if len(items) == 1 else None
        if type(only) is str and len(only) <= SHORT:  # fast path for a single item
            source = items.sources[0]
            self.items = items
            self._ids = [pack_id(only)]
            self._sources = [_MISSING if source is None else _packed_source(source)]
            return
        try:
            ids = [plain_id(each, objects) for each in items.ids]
            self._ids = [pack_id(each, objects) for each in ids]
        except UnusableError as fault:
            odd = next(each for each in items.ids if fault_to_keep(each, objects))
            message = f"the id {said(odd, fault)}; {fault.remedy}"
            raise fault.kind(message) from None
        is_same = all(map(operator.is_, ids, items.ids))
        self.items = items if is_same else dataclasses.replace(items, ids=ids)
        names: dict[str | None, tuple[int, bytes]] = {None: _MISSING}
        for source in set(items.sources):
            if source is not None:
                names[source] = _packed_source(source)
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


def _packed_source(source: str) -> tuple[int, bytes]:
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


def pack_retired(numbers: NDArray[np.int64], step: int | None) -> bytes:
    """Return the event that removes items."""
    return _marked(_RETIRE, numbers, step)


def pack_compacted(numbers: NDArray[np.int64], step: int | None) -> bytes:
    """Return the event at which items that were removed are dropped."""
    return _marked(_COMPACT, numbers, step)


def _marked(kind: int, numbers: NDArray[np.int64], step: int | None) -> bytes:
    head = _MARK.pack(kind, NO_TIME if step is None else step)
    return seal(head + numbers.astype("<i8").tobytes())


def unpack(
    positions: Sequence[int], events: Sequence[bytes], objects: Sequence[Hashable] = ()
) -> Iterator[Event]:
    """Yield what events say, additions that follow one another together, each checked."""
    lengths = np.fromiter(map(len, events), np.int64, len(events))
    if len(lengths) and int(lengths.min()) < _SMALLEST:
        message = "an event was read that is shorter than its header"
        raise DamagedEvent(message)
    whole = b"".join(events)
    stops = np.cumsum(lengths)
    starts = stops - lengths
    buffer = np.frombuffer(whole, np.uint8)
    places = np.asarray(positions, np.int64)
    kinds = buffer[starts + _KIND_AT] if len(starts) else np.empty(0, np.uint8)
    edges = np.flatnonzero((kinds[1:] != _ADD) | (kinds[:-1] != _ADD)) + 1
    for start, stop in itertools.pairwise([0, *edges.tolist(), len(events)]):
        if start == stop:
            continue
        if kinds[start] == _ADD:
            some = slice(start, stop)
            yield _unpack_added(whole, places[some], starts[some], stops[some], objects)
            continue
        yield _unpack_mark(int(places[start]), events[start])


def _wrong(position: int) -> DamagedEvent:
    return DamagedEvent(f"the checksum of the event at position {position} is wrong")


def _unpack_mark(position: int, event: bytes) -> Retirement | Compaction:
    if seal(event[_CHECKSUM_BYTES:]) != event:
        raise _wrong(position)
    kind, step = _MARK.unpack_from(event, _CHECKSUM_BYTES)
    if kind not in {_RETIRE, _COMPACT} or (len(event) - _SMALLEST) % 8:
        message = f"the event at position {position} is of kind {kind}, which is not known here"
        raise DamagedEvent(message)
    numbers = np.frombuffer(event, "<i8", offset=_SMALLEST).astype(np.int64)
    made = Retirement if kind == _RETIRE else Compaction
    return made(position, None if step == NO_TIME else step, numbers)


def _unpack_added(
    whole: bytes,
    positions: NDArray[np.int64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    objects: Sequence[Hashable],
) -> Addition:
    n_items = len(starts)
    buffer = np.frombuffer(whole, np.uint8)
    size = _HEADER.itemsize
    if int((stops - starts).min()) < size:
        message = "an event was read that is shorter than its header"
        raise DamagedEvent(message)
    fixed = np.empty(n_items * size, np.uint8)
    gather_runs(buffer, starts, np.arange(n_items + 1) * size, fixed)
    headers = fixed.view(_HEADER)
    digests = np.empty(n_items, np.uint64)
    xxh3_runs(buffer, starts + _CHECKSUM_BYTES, stops, digests)
    wrong = np.flatnonzero(digests.view(np.int64) != headers["checksum"])
    if len(wrong):
        raise _wrong(int(positions[wrong[0]]))
    id_starts = starts + size
    source_starts = id_starts + headers["id_length"]
    has_source = headers["source_length"] != _NO_SOURCE
    text_starts = source_starts + np.where(has_source, headers["source_length"], 0)
    title_lengths = headers["title_length"].astype(np.int64)
    if (text_starts + title_lengths + 1 > stops).any() or (title_lengths < UNTITLED).any():
        message = "an event was read that is shorter than its header says"
        raise DamagedEvent(message)
    offsets = np.zeros(n_items + 1, np.int64)
    np.cumsum(stops - text_starts, out=offsets[1:])
    texts = np.empty(int(offsets[-1]), np.uint8)
    gather_runs(buffer, text_starts, offsets, texts)
    items = StoredItems(
        ids=_ids(whole, headers["id_kind"], id_starts, source_starts, objects),
        buffer=texts,
        offsets=offsets,
        title_lengths=title_lengths,
        published=headers["published"].astype(np.int64),
        arrived=headers["arrived"].astype(np.int64),
        sources=_sources(whole, source_starts, text_starts, has_source),
    )
    return Addition(
        positions, items, headers["cluster"].astype(np.int64),
        (headers["flags"] & np.uint8(_LEADS)) != 0, headers["replaces"].astype(np.int64),
    )  # fmt: skip


def _sources(
    whole: bytes,
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    known: NDArray[np.bool_],
) -> list[str | None]:
    if not known.any():
        return [None] * len(known)
    found = [whole[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
    names: dict[bytes, str | None] = {each: each.decode() for each in set(found)}
    return [
        names[each] if is_known else None
        for each, is_known in zip(found, known.tolist(), strict=True)
    ]


def _ids(
    whole: bytes,
    kinds: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    objects: Sequence[Hashable],
) -> list[Any]:
    if (kinds == STR).all():
        # All at once where a character is a byte: one by one takes several times as long.
        offsets = np.concatenate(([0], np.cumsum(stops - starts)))
        data = np.empty(int(offsets[-1]), np.uint8)
        gather_runs(np.frombuffer(whole, np.uint8), starts, offsets, data)
        joined = data.tobytes()
        if joined.isascii():
            text, bounds = joined.decode("ascii"), offsets.tolist()
            return [text[start:stop] for start, stop in itertools.pairwise(bounds)]
    return [
        unpack_id(kind, whole[start:stop], objects)
        for kind, start, stop in zip(kinds.tolist(), starts.tolist(), stops.tolist(), strict=True)
    ]
