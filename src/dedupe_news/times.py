"""Times of publication, of any origin, to microseconds since 1970."""

from __future__ import annotations

import calendar
import datetime as dt
import email.utils
import importlib
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.columns import FIRST_TIME, LAST_TIME, NO_TIME, to_microseconds
from dedupe_news.errors import InputError, InputTypeError
from dedupe_news.foreign import as_arrow, as_list, is_missing, shown, where

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def now() -> int:
    """
    Return the present time.

    Returns
    -------
    int
        Microseconds since 1970-01-01 UTC.
    """
    return time.time_ns() // 1000


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
        If a time has no time zone, cannot be read, or is outside the years 1
        to 9999 in UTC.
    InputTypeError
        If a value is no time.
    """
    if values is None:
        return None
    arrow = as_arrow(values)
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
    listed = as_list(values)
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
    compute = importlib.import_module("pyarrow.compute")
    # Nanoseconds are cut; seconds that microseconds cannot hold are refused.
    options = compute.CastOptions(pyarrow.timestamp("us", arrow.type.tz), allow_time_truncate=True)
    try:
        numbers = arrow.cast(options=options).cast(pyarrow.int64())
        bounds = compute.min_max(numbers).as_py()
    except pyarrow.ArrowInvalid:
        bounds = {"min": NO_TIME, "max": NO_TIME}
    if bounds["min"] is not None and not FIRST_TIME <= bounds["min"] <= bounds["max"] <= LAST_TIME:
        message = (
            f"a published time of Arrow type {str(arrow.type)!r} is outside the years 1 to 9999; "
            "check its unit"
        )
        raise InputError(message)
    numbers = numbers.fill_null(NO_TIME)
    times: NDArray[np.int64] = (
        numbers.to_numpy(zero_copy_only=False)
        if not isinstance(numbers, pyarrow.ChunkedArray)
        else numbers.to_numpy()
    )
    return times


def moment(value: object, position: int | None = None, *, what: str = "published time") -> int:
    """
    Return one time as microseconds since 1970-01-01 UTC.

    Parameters
    ----------
    value : datetime, str or struct_time
        As in `time_column`, not missing.
    position : int, optional
        Position of its document, for error messages.
    what : str, default "published time"
        What it is, for error messages.

    Returns
    -------
    int
        Exact.

    Raises
    ------
    InputError
        If the time has no time zone, cannot be read, or is outside the years
        1 to 9999 in UTC.
    InputTypeError
        If the value is no time.
    """
    what = what if position is None else where(what, position)
    if isinstance(value, time.struct_time):
        return _in_range(lambda: calendar.timegm(value) * 1_000_000, what, value)
    read = value
    if isinstance(value, str):
        read = _read_time(value)
        if read is None:
            message = (
                f"the {what} is {shown(value)}, which is neither ISO 8601 nor RFC 2822. "
                "Pass a datetime with a time zone, or None"
            )
            raise InputError(message)
    if not isinstance(read, dt.datetime):
        message = (
            f"the {what} is {shown(value)} of type {type(value).__name__!r}; times are "
            "datetimes with a time zone or ISO 8601 texts. For seconds since 1970: "
            "datetime.fromtimestamp(value, tz=timezone.utc)"
        )
        raise InputTypeError(message)
    if read.tzinfo is None or read.utcoffset() is None:
        message = (
            f"the {what} is {shown(value)}, which has no time zone, so that the moment is "
            "unknown. Say which: value.replace(tzinfo=timezone.utc)"
        )
        raise InputError(message)
    found = read
    return _in_range(lambda: to_microseconds(found), what, value)


def _in_range(convert: Callable[[], int], what: str, value: object) -> int:
    try:
        microseconds = convert()
    except (OverflowError, ValueError):  # as pandas and calendar have it
        microseconds = NO_TIME
    if not FIRST_TIME <= microseconds <= LAST_TIME:
        message = (
            f"the {what} is {shown(value)}, which is outside the years 1 to 9999 in UTC. "
            "Pass None if it is not known"
        )
        raise InputError(message)
    return microseconds


def _read_time(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    try:
        return email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
