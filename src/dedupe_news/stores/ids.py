"""Ids as bytes, of the types that can be read back as they are."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.errors import InputError, InputTypeError, StoreDamagedError, shown

if TYPE_CHECKING:
    from collections.abc import Hashable

STR = 1
"""Kind of an id that is a str."""

MOST_BYTES = 0xFFFE
"""Of an id or a source."""

_INT, _BYTES, _TUPLE = 2, 3, 4
_ITEM = struct.Struct("<BH")


def plain_id(id: Hashable) -> Hashable:  # noqa: A002 - an id, as everywhere
    """
    Return an id as it will be read back.

    Parameters
    ----------
    id : hashable
        An id.

    Returns
    -------
    str, int, bytes or tuple of these
        Equal to `id`.

    Raises
    ------
    InputTypeError
        If it is of another type: it could not be read back as it is.
    """
    kind = type(id)
    if kind is str or kind is int or kind is bytes:
        return id
    if isinstance(id, str):
        return str(id)
    if isinstance(id, bytes):
        return bytes(id)
    if isinstance(id, tuple):
        return tuple(plain_id(item) for item in id)
    if isinstance(id, (int, np.integer)) and not isinstance(id, bool):
        return int(id)
    message = (
        f"the id {shown(id)} is of type {type(id).__name__!r}, which an index on disk or on a "
        "server cannot hold; allowed are str, int, bytes and tuples of these. "
        "Pass str(id), say"
    )
    raise InputTypeError(message)


def pack_id(id: Hashable) -> tuple[int, bytes]:  # noqa: A002 - an id, as everywhere
    """
    Return an id as bytes.

    Parameters
    ----------
    id : str, int, bytes or tuple
        From `plain_id`.

    Returns
    -------
    kind : int
        1 for str, 2 for int, 3 for bytes, 4 for a tuple.
    data : bytes
        UTF-8; two's complement; the bytes; each item as kind, length, data.

    Raises
    ------
    InputError
        If it has more than 65,534 bytes, or holds a lone surrogate.
    """
    if isinstance(id, str):
        try:
            kind, data = STR, id.encode()
        except UnicodeEncodeError:
            message = (
                f"the id {shown(id)} holds a lone surrogate, which UTF-8 cannot hold. Replace it"
            )
            raise InputError(message) from None
    elif isinstance(id, int):
        kind, data = _INT, id.to_bytes(id.bit_length() // 8 + 1, "little", signed=True)
    elif isinstance(id, bytes):
        kind, data = _BYTES, id
    else:
        kind, data = _TUPLE, b""
        for item in id:  # type: ignore[attr-defined]  # a tuple
            item_kind, item_data = pack_id(item)
            data += _ITEM.pack(item_kind, len(item_data)) + item_data
    if len(data) > MOST_BYTES:
        message = (
            f"the id {shown(id)} has {len(data):,} bytes; at most {MOST_BYTES:,} can be kept. "
            "Use a digest of it"
        )
        raise InputError(message)
    return kind, data


def unpack_id(kind: int, data: bytes) -> Hashable:
    """
    Return the id that `pack_id` packed.

    Parameters
    ----------
    kind : int
        As returned.
    data : bytes
        As returned.

    Returns
    -------
    str, int, bytes or tuple
        The id.

    Raises
    ------
    StoreDamagedError
        If the kind is unknown.
    """
    if kind == STR:
        return data.decode()
    if kind == _INT:
        return int.from_bytes(data, "little", signed=True)
    if kind == _BYTES:
        return data
    if kind != _TUPLE:
        message = f"an id of kind {kind} was read; this version knows 1 to 4"
        raise StoreDamagedError(message)
    items, at = [], 0
    while at < len(data):
        item_kind, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        items.append(unpack_id(item_kind, data[at : at + length]))
        at += length
    return tuple(items)
