"""
The log of a shared index: what was done, in order.

An operation is a letter, a token of 16 bytes that no other has, and what it
says; docs/reference/store-format.md specifies them.
"""

from __future__ import annotations

import secrets
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.errors import StoreDamagedError
from dedupe_news.stores.ids import pack_id, unpack_id
from dedupe_news.stores.rows import Verdicts

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

ADD, REMOVE, EXPIRE, JUDGE = b"A", b"R", b"X", b"V"
"""Letters of the kinds."""

_TOKEN = slice(1, 17)
_BODY = 17
_SPAN = struct.Struct("<qq")
_TIME = struct.Struct("<q")


class Operation(NamedTuple):
    """
    One entry of the log.

    Parameters
    ----------
    kind : bytes
        Its letter.
    token : bytes
        Of 16 bytes.
    body : bytes
        What it says.
    """

    kind: bytes
    token: bytes
    body: bytes


def new_token() -> bytes:
    """
    Return a token that no other operation has.

    Returns
    -------
    bytes
        16 random ones.
    """
    return secrets.token_bytes(16)


def read(entry: bytes) -> Operation:
    """
    Return an entry of the log.

    Parameters
    ----------
    entry : bytes
        As it is in the log.

    Returns
    -------
    Operation
        Its parts.

    Raises
    ------
    StoreDamagedError
        If it is none.
    """
    if len(entry) < _BODY or entry[:1] not in {ADD, REMOVE, EXPIRE, JUDGE}:
        message = f"the log holds {entry[:20]!r}, which is no operation"
        raise StoreDamagedError(message)
    return Operation(entry[:1], entry[_TOKEN], entry[_BODY:])


def removal(token: bytes, id: Hashable) -> bytes:  # noqa: A002 - an id, as everywhere
    """
    Return the removal of a document as an entry.

    Parameters
    ----------
    token : bytes
        From `new_token`.
    id : hashable
        The document's.

    Returns
    -------
    bytes
        The entry.
    """
    kind, data = pack_id(id)
    return REMOVE + token + bytes([kind]) + data


def removed_id(operation: Operation) -> Hashable:
    """
    Return whom a removal removes.

    Parameters
    ----------
    operation : Operation
        Of kind `REMOVE`.

    Returns
    -------
    hashable
        The id.
    """
    return unpack_id(operation.body[0], operation.body[1:])


def expiry(token: bytes, before: int) -> bytes:
    """
    Return an expiry as an entry.

    Parameters
    ----------
    token : bytes
        From `new_token`.
    before : int
        Microseconds since 1970.

    Returns
    -------
    bytes
        The entry.
    """
    return EXPIRE + token + _TIME.pack(before)


def expires_before(operation: Operation) -> int:
    """
    Return what an expiry says.

    Parameters
    ----------
    operation : Operation
        Of kind `EXPIRE`.

    Returns
    -------
    int
        Microseconds since 1970.
    """
    return int(_TIME.unpack(operation.body)[0])


def span(operation: Operation) -> tuple[int, int]:
    """
    Return which documents an addition adds.

    Parameters
    ----------
    operation : Operation
        Of kind `ADD`.

    Returns
    -------
    first, n_documents : int
        The number of the first, and how many there are.
    """
    first, n_documents = _SPAN.unpack(operation.body)
    return first, n_documents


def verdicts(token: bytes, first: int, found: Verdicts) -> bytes:
    """
    Return the verdicts on a batch as an entry.

    Parameters
    ----------
    token : bytes
        From `new_token`.
    first : int
        Number of its first document.
    found : Verdicts
        Clusters of all its documents.

    Returns
    -------
    bytes
        The entry.
    """
    n_documents = len(found.clusters)
    return b"".join(
        (
            JUDGE,
            token,
            _SPAN.pack(first, n_documents),
            found.clusters.astype("<i8").tobytes(),
            found.are_founders.astype(np.uint8).tobytes(),
        )
    )


def read_verdicts(body: bytes) -> tuple[NDArray[np.int64], Verdicts]:
    """
    Return the verdicts on a batch.

    Parameters
    ----------
    body : bytes
        Of an operation of kind `JUDGE`.

    Returns
    -------
    numbers : ndarray of int64, shape (n_documents,)
        Its documents.
    verdicts : Verdicts
        Their clusters.
    """
    first, n_documents = _SPAN.unpack_from(body)
    clusters = np.frombuffer(body, "<i8", n_documents, _SPAN.size).astype(np.int64)
    are_founders = np.frombuffer(body, np.uint8, n_documents, _SPAN.size + 8 * n_documents) != 0
    return np.arange(first, first + n_documents), Verdicts(clusters, are_founders)
