"""One column at a time: text, ids, sources and times of any origin to arrays."""

from __future__ import annotations

import calendar
import datetime as dt
import email.utils
import importlib
import re
import sys
import time
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np

from dedupe_news.columns import NO_SOURCE, NO_TIME, to_microseconds
from dedupe_news.errors import DuplicateIdError, InputError, InputTypeError, MissingDependencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN = 40


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


def require_pyarrow(purpose: str) -> Any:
    """
    Return the module ``pyarrow``.

    Parameters
    ----------
    purpose : str
        What it is needed for, after "to".

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        message = f"pyarrow is needed to {purpose}; install it with: pip install pyarrow"
        raise MissingDependencyError(message) from error


def is_missing(value: object) -> bool:
    """
    Return whether a value stands for nothing: None, NaN, NaT or pandas' NA.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    bool
        True for missing values; an empty text is not missing.
    """
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(value != value)  # noqa: PLR0124 - only NaN differs from itself
    return type(value).__name__ in ("NAType", "NaTType")


def _where(role: str, position: int) -> str:
    return f"{role} of document {position}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


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
    arrow = _as_arrow(values)
    if arrow is None:
        values = _as_list(values)
        # pyarrow encodes three times as fast as str.encode, but costs an import.
        pyarrow = sys.modules.get("pyarrow")
        if pyarrow is None:
            return _encode(values, role)
        try:
            arrow = pyarrow.array(values, pyarrow.large_string())
        except (pyarrow.ArrowException, UnicodeError, TypeError, ValueError):
            return _encode(values, role)  # it finds the culprit
    return _from_arrow(arrow, role)


def _as_list(values: Any) -> list[Any]:
    if isinstance(values, list):
        return values
    if isinstance(values, np.ndarray) and values.ndim != 1:
        message = (
            f"an array of {values.ndim} dimensions is no column of documents; "
            "pass one of one dimension, such as array[:, 0]"
        )
        raise InputError(message)
    for method in ("to_list", "tolist"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        message = (
            f"a column of type {type(values).__name__!r} cannot be read; "
            "pass a sequence of values, one a document"
        )
        raise InputTypeError(message)
    return list(values)


def _as_arrow(values: Any) -> Any:
    """Return values as Arrow data where they are that already, else None."""
    home = type(values).__module__.partition(".")[0]
    if home == "pyarrow":
        return values
    array = getattr(values, "array", None)
    if home == "pandas" and hasattr(array, "__arrow_array__"):
        return require_pyarrow("read pandas' Arrow columns").array(array)
    # A Series that says its type but not Arrow's is read value by value.
    is_foreign = not hasattr(values, "dtype") or home == "polars"
    if is_foreign and hasattr(values, "__arrow_c_stream__"):
        try:
            pyarrow = require_pyarrow("read Arrow data")
        except MissingDependencyError:
            return None
        return pyarrow.chunked_array(values)
    return None


def _from_arrow(arrow: Any, role: str) -> TextColumn:
    pyarrow = importlib.import_module("pyarrow")
    compute = importlib.import_module("pyarrow.compute")
    if pyarrow.types.is_dictionary(arrow.type) or not pyarrow.types.is_large_string(arrow.type):
        readable = (
            pyarrow.types.is_string(arrow.type)
            or pyarrow.types.is_null(arrow.type)
            or pyarrow.types.is_string_view(arrow.type)
            or (
                pyarrow.types.is_dictionary(arrow.type)
                and pyarrow.types.is_string(arrow.type.value_type)
            )
        )
        if not readable:
            message = (
                f"a column of Arrow type {str(arrow.type)!r} cannot be the {role}; it must hold "
                "strings. Cast it first"
            )
            raise InputTypeError(message)
        arrow = arrow.cast(pyarrow.large_string())
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
    try:
        encoded = list(map(str.encode, values))
    except (TypeError, UnicodeEncodeError):
        encoded = [_encode_one(value, role, position) for position, value in enumerate(values)]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=offsets[1:])
    return TextColumn(np.frombuffer(b"".join(encoded), np.uint8), offsets)


def _encode_one(value: object, role: str, position: int) -> bytes:
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            found = _SURROGATE.search(value)
            place = found.start() if found else 0
            message = (
                f"the {_where(role, position)} holds a lone surrogate, "
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
        f"the {_where(role, position)} is {_shown(value)} of type {type(value).__name__!r}; "
        f"texts are str. {remedy}"
    )
    raise InputTypeError(message)


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
    ids = _plain_list(values)
    try:
        if len(set(ids)) == len(ids) and not any(map(is_missing, ids)):
            return ids
    except TypeError:
        pass  # below it is found which one is not hashable
    _refuse_ids(ids)
    return ids


def _refuse_ids(ids: Sequence[object]) -> None:
    """Raise for the first id that is missing, not hashable or repeated."""
    seen: dict[Hashable, int] = {}
    for position, value in enumerate(ids):
        if is_missing(value):
            message = (
                f"the {_where('id', position)} is missing; every document needs one. "
                "Fill it in, or leave out id=... to use positions"
            )
            raise InputError(message)
        if not _is_hashable(value):
            message = (
                f"the {_where('id', position)} is {_shown(value)}, which is not hashable; "
                "pass str or int"
            )
            raise InputTypeError(message)
        if value in seen:
            message = (
                f"documents {seen[value]} and {position} share the id {_shown(value)}; ids must "
                "be unique. Drop one of them, or leave out id=... to use positions"
            )
            raise DuplicateIdError(message)
        seen[value] = position


def _is_hashable(value: object) -> TypeGuard[Hashable]:
    try:
        hash(value)  # a tuple that holds a list says it is hashable, and is not
    except TypeError:
        return False
    return True


def _plain_list(values: Any) -> list[Any]:
    if type(values).__module__.partition(".")[0] == "pyarrow":
        listed: list[Any] = values.to_pylist()
        return listed
    return _as_list(values)


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
    listed = _plain_list(values)
    numbers: dict[str, int] = {}
    codes = np.empty(len(listed), np.int32)
    for position, value in enumerate(listed):
        if isinstance(value, str):
            codes[position] = numbers.setdefault(value, len(numbers))
        elif is_missing(value):
            codes[position] = NO_SOURCE
        else:
            message = (
                f"the {_where('source', position)} is {_shown(value)} of type "
                f"{type(value).__name__!r}; sources are str. Pass str(value), or None"
            )
            raise InputTypeError(message)
    return codes, list(numbers)


def time_column(values: Any) -> NDArray[np.int64] | None:
    """
    Return times as microseconds since 1970-01-01 UTC.

    Parameters
    ----------
    values : sequence or None
        Datetimes with a time zone, ISO 8601 or RFC 2822 texts with an offset,
        ``time.struct_time`` in UTC as feed parsers give it, Arrow or pandas
        timestamps with a time zone; missing values allowed.

    Returns
    -------
    ndarray of int64, shape (n_documents,), or None
        `NO_TIME` for missing values; None where there are none.

    Raises
    ------
    InputError
        If a time has no time zone or cannot be read.
    InputTypeError
        If a value is no time.
    """
    if values is None:
        return None
    arrow = _as_arrow(values)
    if arrow is not None:
        pyarrow = importlib.import_module("pyarrow")
        if pyarrow.types.is_timestamp(arrow.type):
            return _arrow_times(arrow, pyarrow)
        values = arrow.to_pylist()
    dtype = getattr(values, "dtype", None)
    unit = getattr(dtype, "tz", None)
    if getattr(dtype, "kind", "") == "M" and unit is None:
        message = (
            f"the published times are of type {str(dtype)!r}, which has no time zone, so that "
            "the moment is unknown. Say which: times.dt.tz_localize('UTC') in pandas"
        )
        raise InputError(message)
    listed = _as_list(values)
    times = np.empty(len(listed), np.int64)
    for position, value in enumerate(listed):
        times[position] = NO_TIME if is_missing(value) else moment(value, position)
    return times


def _arrow_times(arrow: Any, pyarrow: Any) -> NDArray[np.int64]:
    if arrow.type.tz is None:
        message = (
            f"the published times are of Arrow type {str(arrow.type)!r}, which has no time zone, "
            "so that the moment is unknown. Say which: pyarrow.compute.assume_timezone"
        )
        raise InputError(message)
    microseconds = arrow.cast(pyarrow.timestamp("us", arrow.type.tz), safe=False)
    numbers = microseconds.cast(pyarrow.int64()).fill_null(NO_TIME)
    times: NDArray[np.int64] = (
        numbers.to_numpy(zero_copy_only=False)
        if not isinstance(numbers, pyarrow.ChunkedArray)
        else numbers.to_numpy()
    )
    return times


def moment(value: object, position: int | None = None) -> int:
    """
    Return one time as microseconds since 1970-01-01 UTC.

    Parameters
    ----------
    value : datetime, str or struct_time
        As in `time_column`, not missing.
    position : int, optional
        Position of its document, for error messages.

    Returns
    -------
    int
        Exact.

    Raises
    ------
    InputError
        If the time has no time zone or cannot be read.
    InputTypeError
        If the value is no time.
    """
    where = "published time" if position is None else _where("published time", position)
    if isinstance(value, time.struct_time):
        return calendar.timegm(value) * 1_000_000
    read = value
    if isinstance(value, str):
        read = _read_time(value)
        if read is None:
            message = (
                f"the {where} is {_shown(value)}, which is neither ISO 8601 nor RFC 2822. "
                "Pass a datetime with a time zone, or None"
            )
            raise InputError(message)
    if not isinstance(read, dt.datetime):
        message = (
            f"the {where} is {_shown(value)} of type {type(value).__name__!r}; times are "
            "datetimes with a time zone or ISO 8601 texts. For seconds since 1970: "
            "datetime.fromtimestamp(value, tz=timezone.utc)"
        )
        raise InputTypeError(message)
    if read.tzinfo is None or read.utcoffset() is None:
        message = (
            f"the {where} is {_shown(value)}, which has no time zone, so that the moment is "
            "unknown. Say which: value.replace(tzinfo=timezone.utc)"
        )
        raise InputError(message)
    return to_microseconds(read)


def _read_time(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    try:
        return email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
