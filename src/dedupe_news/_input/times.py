"""Times of publication, of any origin, to microseconds since 1970."""

from __future__ import annotations

import calendar
import contextlib
import datetime as dt
import importlib
import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._input.arrow import as_list, is_arrow, is_missing
from dedupe_news._input.columns import FIRST_TIME, LAST_TIME, NO_TIME, to_microseconds
from dedupe_news._input.dates import NO_DATE, OUT_OF_RANGE, read_date
from dedupe_news._input.rules import ALONE, in_force, using
from dedupe_news._input.skipped import Faults, UnusableError
from dedupe_news.errors import InputTypeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_ZONE = "has no time zone, so that the moment is unknown"

_SECOND = 1_000_000
# Numbers of these sizes are seconds, milliseconds, microseconds or nanoseconds of our time.
_UNITS = ((1e11, _SECOND), (1e14, 1000), (1e17, 1))
_MOST_NANOSECONDS = 2**63
_LEAST_SECONDS = 100_000
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_OUR_TIME = range(1900, 2101)
_PARTS = range(6, 10)
_NUMPYS_YEAR_0 = 1970


def now() -> int:
    """Return the present time, in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def time_column(values: Any, faults: Faults | None = None) -> NDArray[np.int64] | None:
    """Return times of a plain column in microseconds since 1970 UTC, `NO_TIME` for missing ones."""
    if values is None:
        return None
    faults = faults or Faults("published")
    zone = in_force().timezone
    if is_arrow(values) and importlib.import_module("pyarrow").types.is_timestamp(values.type):
        moments = values.to_numpy(zero_copy_only=False)
        times = _all_at_once(values, moments)
        if times is not None:
            return times
        zone = zone if values.type.tz is None else dt.UTC
        values = list(moments)
    listed = as_list(values)
    times = np.full(len(listed), NO_TIME, np.int64)
    with using(timezone=zone):
        for position, value in enumerate(listed):
            if not is_missing(value) and not (isinstance(value, str) and not value.strip()):
                try:
                    times[position] = to_moment(value)
                except UnusableError as fault:
                    faults.add(position, value, fault)
    return times


def _all_at_once(column: Any, moments: NDArray[np.datetime64]) -> NDArray[np.int64] | None:
    """Return a column of Arrow timestamps, None where one of them cannot be used."""
    if column.type.tz is None:
        zone, pyarrow = in_force().timezone, importlib.import_module("pyarrow")
        assume_timezone = importlib.import_module("pyarrow.compute").assume_timezone
        if zone is None:
            return None
        try:
            column = assume_timezone(
                column, str(zone), ambiguous="earliest", nonexistent="earliest"
            )
        except pyarrow.ArrowException:
            return None
        moments = column.to_numpy(zero_copy_only=False)
    years = moments.astype("M8[Y]").astype(np.int64) + _NUMPYS_YEAR_0
    are_known = ~np.isnat(moments)
    if ((years < dt.MINYEAR) | (years > dt.MAXYEAR))[are_known].any():
        return None
    return np.where(are_known, moments.astype("M8[us]").astype(np.int64), NO_TIME)


def moment(value: object, *, what: str = "published time") -> int:
    """Return one time as microseconds since 1970-01-01 UTC."""
    try:
        with using(speech=ALONE):
            return to_moment(value)
    except UnusableError as fault:
        remedy = f". {fault.remedy[:1].upper()}{fault.remedy[1:]}" if fault.remedy else ""
        message = f"the {what} {fault.said_of(value)}{remedy}"
        raise fault.kind(message) from None


def to_moment(value: object) -> int:  # noqa: PLR0911 - one line a kind
    """Return one time as microseconds since 1970-01-01 UTC, or say what is wrong with it."""
    if isinstance(value, dt.datetime):
        return _exact(value)
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, time.struct_time):
        return _from_parts(tuple(value))
    if isinstance(value, dt.date):
        return _exact(dt.datetime(value.year, value.month, value.day))  # noqa: DTZ001
    if isinstance(value, np.datetime64):
        return _exact(_of_numpy(value))
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return _from_number(float(value) if isinstance(value, np.floating) else value)  # type: ignore[arg-type]
    if isinstance(value, (list, tuple)) and len(value) in _PARTS:
        if all(type(part) is int for part in value):  # what JSON makes of a struct_time
            return _from_parts(tuple(value))
    elif isinstance(value, Mapping) and not isinstance(value.get("$date", value), Mapping):
        return to_moment(value["$date"])  # of MongoDB
    reason = f"is of type {type(value).__name__!r} and no time"
    remedy = "times are datetimes, texts such as 2026-11-30T17:03+01:00, or seconds since 1970"
    raise UnusableError(reason, remedy, InputTypeError)


def _exact(value: dt.datetime) -> int:
    try:
        if value.utcoffset() is None:
            value = value.replace(tzinfo=in_force().timezone)
        microseconds = None if value.utcoffset() is None else to_microseconds(value)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a zone of another library may raise anything
        raise UnusableError(OUT_OF_RANGE) from None
    if microseconds is None:
        raise UnusableError(NO_ZONE, f"say which: {in_force().speech.timezone}")
    return _in_range(microseconds)


def _in_range(microseconds: int) -> int:
    if not FIRST_TIME <= microseconds <= LAST_TIME:
        raise UnusableError(OUT_OF_RANGE)
    return microseconds


def _from_text(text: str) -> int:
    stripped = text.strip()
    if "%" not in (in_force().date_format or "") and stripped.isascii():
        digits = stripped.removeprefix("-").replace(".", "", 1)
        if digits.isdecimal() and len(digits) <= 25:  # noqa: PLR2004 - no number of time is longer
            return _from_number(float(stripped) if "." in stripped else int(stripped))
    return _exact(read_date(stripped))


def _compact(digits: str) -> dt.datetime | None:
    """Return a date of our time that is written in digits alone."""
    with contextlib.suppress(KeyError, ValueError):
        date = dt.datetime.strptime(digits, _COMPACT[len(digits)])  # noqa: DTZ007 - as written
        return date if date.year in _OUR_TIME else None
    return None


def _from_number(number: float) -> int:
    if not isinstance(number, int) and not math.isfinite(number):
        raise UnusableError(NO_DATE)
    if abs(number) < _LEAST_SECONDS:
        reason = "is too small a number for seconds since 1970"
        raise UnusableError(reason, f"say how dates are written: {in_force().speech.date_format}")
    if number == int(number):
        compact = _compact(str(int(number))) if abs(number) < 1e14 else None  # noqa: PLR2004
        if compact is not None:
            return _exact(compact)
    for limit, scale in _UNITS:
        if abs(number) < limit:
            return _in_range(round(number * scale))
    if abs(number) > _MOST_NANOSECONDS:
        raise UnusableError(OUT_OF_RANGE)
    return _in_range(int(number) // 1000)


def _from_parts(parts: tuple[int, ...]) -> int:
    """Return a time in UTC of year, month, day, hour, minute and second."""
    try:
        dt.date(*parts[:3])  # timegm makes something of any month
        return _in_range(calendar.timegm((*parts[:6], 0, 0, 0)) * _SECOND)
    except (ValueError, OverflowError, TypeError):
        is_year = dt.MINYEAR <= parts[0] <= dt.MAXYEAR
        raise UnusableError(NO_DATE if is_year else OUT_OF_RANGE) from None


def _of_numpy(value: np.datetime64) -> dt.datetime:
    # To a coarser unit first: to a finer one numpy would go round without a word.
    if not dt.MINYEAR <= int(value.astype("M8[Y]").astype(int)) + _NUMPYS_YEAR_0 <= dt.MAXYEAR:
        raise UnusableError(OUT_OF_RANGE)
    found: dt.datetime = value.astype("M8[us]").item()
    return found
