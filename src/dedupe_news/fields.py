"""Texts, ids and sources of any origin to arrays."""

from __future__ import annotations

import importlib
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np

from dedupe_news.columns import NO_SOURCE
from dedupe_news.errors import DuplicateIdError, InputError, InputTypeError
from dedupe_news.foreign import (
    ArrowSequence,
    arrow_strings,
    as_arrow,
    as_list,
    is_missing,
    numbered,
    plain_list,
    shown,
    where,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

_BLOCK = 1024
"""Texts encoded at a time: the memory of one block serves the next, still in the cache."""

_PLAIN = frozenset((str, int))
"""Types of ids that are hashable and never missing; most ids are of these."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class TextColumn(NamedTuple):
    """
    A column of text.

    Parameters
    ----------
    buffer : ndarray of uint8
        UTF-8 of all values.
    offsets : ndarray of int64, shape (n_values + 1,)
        Bounds of each value.
    """

    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def text_column(values: Any, role: str) -> TextColumn:
    """
    Return a column of text as UTF-8 and offsets.

    Parameters
    ----------
    values : sequence of str, array, Series or Arrow data
        Missing values become empty texts.
    role : {"text", "title"}
        What it is, for error messages.

    Returns
    -------
    TextColumn
        Views of Arrow memory where the values already lie as UTF-8.

    Raises
    ------
    InputTypeError
        If a value is no text.
    InputError
        If a text holds a lone surrogate.
    """
    arrow = as_arrow(values)
    if arrow is None:
        values = as_list(values)
        # pyarrow encodes three times as fast as str.encode, but costs an import.
        pyarrow = sys.modules.get("pyarrow")
        if pyarrow is None:
            return _encode(values, role)
        try:
            arrow = pyarrow.array(values)
        except (pyarrow.ArrowException, UnicodeError, TypeError, ValueError):
            return _encode(values, role)  # it finds the culprit
        # Left to find the type itself, it does not take bytes or numbers for text.
        if not (pyarrow.types.is_string(arrow.type) or pyarrow.types.is_null(arrow.type)):
            return _encode(values, role)
    return _from_arrow(arrow, role)


def _from_arrow(arrow: Any, role: str) -> TextColumn:
    pyarrow = importlib.import_module("pyarrow")
    compute = importlib.import_module("pyarrow.compute")
    strings = arrow_strings(arrow)
    if strings is None:
        message = (
            f"a column of Arrow type {str(arrow.type)!r} cannot be the {role}; it must hold "
            "strings. Cast it first"
        )
        raise InputTypeError(message)
    arrow = strings
    if arrow.null_count:
        arrow = compute.fill_null(arrow, "")
    if isinstance(arrow, pyarrow.ChunkedArray):
        arrow = arrow.combine_chunks() if arrow.num_chunks != 1 else arrow.chunk(0)
        if isinstance(arrow, pyarrow.ChunkedArray):  # of no chunk at all
            arrow = pyarrow.array([], pyarrow.large_string())
    _, offsets_buffer, text_buffer = arrow.buffers()
    if len(arrow) == 0:
        return TextColumn(np.zeros(0, np.uint8), np.zeros(1, np.int64))
    offsets = np.frombuffer(offsets_buffer, np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
    if text_buffer is None:
        return TextColumn(np.zeros(0, np.uint8), offsets)
    return TextColumn(np.frombuffer(text_buffer, np.uint8), offsets)


def _encode(values: list[Any], role: str) -> TextColumn:
    parts = []
    offsets = np.zeros(len(values) + 1, np.int64)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        try:
            encoded = list(map(str.encode, block))
        except (TypeError, UnicodeEncodeError):
            encoded = [
                _encode_one(value, role, position) for position, value in enumerate(block, start)
            ]
        offsets[start + 1 : start + 1 + len(block)] = list(map(len, encoded))
        parts.append(b"".join(encoded))
    np.cumsum(offsets, out=offsets)
    return TextColumn(np.frombuffer(b"".join(parts), np.uint8), offsets)


def _encode_one(value: object, role: str, position: int) -> bytes:
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            found = _SURROGATE.search(value)
            place = found.start() if found else 0
            message = (
                f"the {where(role, position)} holds a lone surrogate, "
                f"U+{ord(value[place]):04X}, at character {place}, which UTF-8 cannot hold. "
                "Replace it: text.encode('utf-8', 'replace').decode()"
            )
            raise InputError(message) from None
    if is_missing(value):
        return b""
    remedy = (
        "Decode it first: value.decode('utf-8', 'replace')"
        if isinstance(value, (bytes, bytearray, memoryview))
        else "Pass str, or None for a missing value"
    )
    message = (
        f"the {where(role, position)} is {shown(value)} of type {type(value).__name__!r}; "
        f"texts are str. {remedy}"
    )
    raise InputTypeError(message)


def are_given(values: Any) -> NDArray[np.bool_]:
    """Return which values of a column are not missing."""
    arrow = as_arrow(values)
    if arrow is not None:
        valid = importlib.import_module("pyarrow.compute").is_valid(arrow)
        return np.asarray(valid.to_numpy(zero_copy_only=False), bool)
    listed = as_list(values)
    return np.fromiter(
        (type(value) is str or not is_missing(value) for value in listed), bool, len(listed)
    )


def check_id(value: object) -> None:
    """
    Refuse an id that cannot be one.

    Parameters
    ----------
    value : object
        An id.

    Raises
    ------
    InputError
        If it is missing.
    InputTypeError
        If it is not hashable.
    """
    if type(value) not in _PLAIN:
        id_column([value])


def id_column(values: Any) -> Sequence[Hashable] | None:
    """
    Return ids as given, checked to be hashable and without repeats.

    Parameters
    ----------
    values : sequence or None
        One id a document.

    Returns
    -------
    sequence of hashable or None
        None where there are none.

    Raises
    ------
    InputError
        If an id is missing.
    InputTypeError
        If an id is not hashable.
    DuplicateIdError
        If two documents share one.
    """
    if values is None:
        return None
    arrow = as_arrow(values)
    if arrow is not None and _distinct_in_arrow(arrow):
        return ArrowSequence(arrow)
    ids = plain_list(values)
    try:
        if len(set(ids)) == len(ids) and (
            _PLAIN.issuperset(map(type, ids)) or not any(map(is_missing, ids))
        ):
            return ids
    except TypeError:
        pass  # below it is found which one is not hashable
    _refuse_ids(ids)
    return ids


def _distinct_in_arrow(arrow: Any) -> bool:
    if arrow.null_count:
        return False
    compute = importlib.import_module("pyarrow.compute")
    try:
        return bool(compute.count_distinct(arrow).as_py() == len(arrow))
    except NotImplementedError:  # of this type Arrow cannot tell
        return False


def _refuse_ids(ids: Sequence[object]) -> None:
    """Raise for the first id that is missing, not hashable or repeated."""
    seen: dict[Hashable, int] = {}
    for position, value in enumerate(ids):
        if is_missing(value):
            message = (
                f"the {where('id', position)} is missing; every document needs one. "
                "Fill it in, or leave out id=... to use positions"
            )
            raise InputError(message)
        if not _is_hashable(value):
            message = (
                f"the {where('id', position)} is {shown(value)}, which is not hashable; "
                "pass str or int"
            )
            raise InputTypeError(message)
        if value in seen:
            message = (
                f"documents {numbered(seen[value])} and {numbered(position)} share the id "
                f"{shown(value)}; ids must be unique. Drop one of them, or leave out id=... to "
                "use positions"
            )
            raise DuplicateIdError(message)
        seen[value] = position


def _is_hashable(value: object) -> TypeGuard[Hashable]:
    try:
        hash(value)  # a tuple that holds a list says it is hashable, and is not
    except TypeError:
        return False
    return True


def source_column(values: Any) -> tuple[NDArray[np.int32] | None, list[str]]:
    """
    Return sources as codes and their names.

    Parameters
    ----------
    values : sequence or None
        One name a document; missing values allowed.

    Returns
    -------
    codes : ndarray of int32, shape (n_documents,), or None
        Index into `names`, or -1 for a missing source; None where there are none.
    names : list of str
        Distinct names, in order of first appearance.

    Raises
    ------
    InputTypeError
        If a name is no text.
    """
    if values is None:
        return None, []
    arrow = as_arrow(values)
    if arrow is not None:
        encoded = _arrow_sources(arrow)
        if encoded is not None:
            return encoded
    listed = plain_list(values)
    numbers: dict[str, int] = {}
    codes = np.empty(len(listed), np.int32)
    for position, value in enumerate(listed):
        if isinstance(value, str):
            codes[position] = numbers.setdefault(value, len(numbers))
        elif is_missing(value):
            codes[position] = NO_SOURCE
        else:
            message = (
                f"the {where('source', position)} is {shown(value)} of type "
                f"{type(value).__name__!r}; sources are str. Pass str(value), or None"
            )
            raise InputTypeError(message)
    return codes, list(numbers)


def _arrow_sources(arrow: Any) -> tuple[NDArray[np.int32], list[str]] | None:
    """Encode a column of Arrow strings; None for other types."""
    pyarrow = importlib.import_module("pyarrow")
    strings = arrow_strings(arrow)
    if strings is None:
        return None
    encoded = strings.dictionary_encode()
    if isinstance(encoded, pyarrow.ChunkedArray):
        # Of several chunks each has the same dictionary, of none there is none.
        if not len(encoded):
            return np.zeros(0, np.int32), []
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(NO_SOURCE).to_numpy(zero_copy_only=False)
    return codes.astype(np.int32), encoded.dictionary.to_pylist()
