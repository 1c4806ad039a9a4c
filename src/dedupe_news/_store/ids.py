"""Ids as bytes, of the types that can be read back as they are."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._input.skipped import UnusableError
from dedupe_news._input.values import DEEPEST_ID
from dedupe_news._store.log import DamagedEvent
from dedupe_news.errors import InputTypeError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

STR = 1
"""Kind of an id that is a str."""

MOST_BYTES = 0xFFFE
"""Of an id or a source."""

SHORT = MOST_BYTES // 4
"""Characters of a text that has no more bytes than these, whatever they are."""

_DIGEST = "use a digest of it"
_OBJECT, _INT, _BYTES, _TUPLE = 0, 2, 3, 4
_ITEM = struct.Struct("<BH")
_PLACE = struct.Struct("<q")
_MOST_BITS = 14_000  # of more, Python does not write out all digits


def fault_to_keep(id: Hashable, objects: list[Hashable] | None) -> UnusableError | None:  # noqa: A002
    """Return why a log cannot keep an id, None where it can; parameters as of `plain_id`."""
    try:
        pack_id(plain_id(id, objects), [])
    except UnusableError as fault:
        return fault
    return None


def plain_id(id: Hashable, objects: list[Hashable] | None, depth: int = 0) -> Hashable:  # noqa: A002
    """
    Return an id as it will be read back; of other types only where `objects` keeps them.

    `UnusableError` for one that cannot be kept.
    """
    kind = type(id)
    if kind is str or kind is bytes:
        return id
    if isinstance(id, (int, np.integer)) and not isinstance(id, bool):
        if int(id).bit_length() > _MOST_BITS:
            reason = f"is longer than the {_MOST_BITS:,} bits of a number that can be kept"
            raise UnusableError(reason, _DIGEST)
        return int(id)
    if isinstance(id, str):
        return str(id)
    if isinstance(id, bytes):
        return bytes(id)
    if isinstance(id, tuple):
        if depth == DEEPEST_ID:
            reason = f"is of tuples nested deeper than {DEEPEST_ID}"
            raise UnusableError(reason, "use a digest of it, or a flat tuple")
        items = tuple(plain_id(item, objects, depth + 1) for item in id)
        return id if objects is not None and kind is not tuple else items
    if objects is not None:
        return id
    reason = (
        f"cannot be held by an index on disk or on a server: it is of type {type(id).__name__!r}"
    )
    remedy = "pass str, int, bytes or a tuple of these: str(id), say"
    raise UnusableError(reason, remedy, InputTypeError)


def pack_id(id: Hashable, objects: list[Hashable] | None = None) -> tuple[int, bytes]:  # noqa: A002
    """Return kind and bytes of an id from `plain_id`; others are put among the `objects`."""
    if isinstance(id, str):
        try:
            kind, data = STR, id.encode()
        except UnicodeEncodeError:
            reason = "holds half of a character"
            raise UnusableError(reason, "replace it") from None
    elif type(id) is int:
        kind, data = _INT, id.to_bytes(id.bit_length() // 8 + 1, "little", signed=True)
    elif isinstance(id, bytes):
        kind, data = _BYTES, id
    elif type(id) is tuple:
        kind, data = _TUPLE, b""
        for item in id:
            item_kind, item_data = pack_id(item, objects)
            data += _ITEM.pack(item_kind, len(item_data)) + item_data
            if len(data) > MOST_BYTES:
                break
    else:
        kept = objects if objects is not None else []
        kept.append(id)
        kind, data = _OBJECT, _PLACE.pack(len(kept) - 1)
    if len(data) > MOST_BYTES:
        reason = f"has {len(data):,} bytes; at most {MOST_BYTES:,} can be kept"
        raise UnusableError(reason, _DIGEST)
    return kind, data


def unpack_id(kind: int, data: bytes, objects: Sequence[Hashable] = ()) -> Hashable:
    """Return the id that `pack_id` packed."""
    if kind == STR:
        return data.decode()
    if kind == _INT:
        return int.from_bytes(data, "little", signed=True)
    if kind == _BYTES:
        return data
    if kind == _OBJECT and objects:
        (place,) = _PLACE.unpack(data)
        kept: Hashable = objects[place]
        return kept
    if kind != _TUPLE:
        message = f"an id of kind {kind} was read; this version knows 1 to 4"
        raise DamagedEvent(message)
    items, at = [], 0
    while at < len(data):
        item_kind, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        items.append(unpack_id(item_kind, data[at : at + length], objects))
        at += length
    return tuple(items)
