"""What a setting may be: functions that return its value, or refuse it by name."""

from __future__ import annotations

import datetime as dt
import numbers
import operator
import re
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias, TypeGuard, get_args

from dedupe_news.errors import ConfigError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    Check: TypeAlias = Callable[[str, Any], Any]

_LONGEST = dt.timedelta(days=3_652_058)  # from the first datetime to the last
_PAIR = 2

UNITS = {
    dt.timedelta(weeks=1): ("week", "weeks", "w"),
    dt.timedelta(days=1): ("day", "days", "d"),
    dt.timedelta(hours=1): ("hour", "hours", "h"),
    dt.timedelta(minutes=1): ("minute", "minutes", "min"),
    dt.timedelta(seconds=1): ("second", "seconds", "s"),
    dt.timedelta(microseconds=1): ("microsecond", "microseconds", "us"),
}
"""Names of each unit: of one, of several, and the short one."""

_LENGTHS = {name: unit for unit, names in UNITS.items() for name in names}
_PART = re.compile(r"\s*(\d{1,18}(?:\.\d{1,9})?)\s*([a-z]+)\s*(?:,|and\b)?", re.IGNORECASE)


def whole_number(value: object) -> int | None:
    """Return a whole number of any type as Python's own; None for 2.0, True and "2"."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a real number of any type."""
    # NumPy's numbers are Real too, its booleans are not.
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def refuse(name: str, value: object, fault: str) -> NoReturn:
    """Raise `ConfigError` for a setting."""
    message = f"{name}={shown(value)} {fault}"
    raise ConfigError(message)


def one_of(choices: object) -> Check:
    """Return the check of a setting that has one of the values of a `Literal`."""
    allowed = get_args(choices)

    def check(name: str, value: object) -> object:
        if value in allowed:
            return value
        refuse(name, value, f"is not known; allowed are {', '.join(map(repr, allowed))}")

    return check


def fraction(bound: Literal["included", "excluded"]) -> Check:
    """Return the check of a number above 0 and up to 1."""
    remedy = f"pass a number above 0 and up to 1 (1 {bound})"

    def check(name: str, value: object) -> float:
        if not is_number(value):
            refuse(name, value, f"is no number; {remedy}")
        if not 0 < value <= 1 or (value == 1 and bound == "excluded"):
            refuse(name, value, f"is out of range; {remedy}")
        return float(value)

    return check


def whole_from(least: int, most: int) -> Check:
    """Return the check of a whole number within bounds."""

    def check(name: str, value: object) -> int:
        number = whole_number(value)
        if number is None or not least <= number <= most:
            fault = "no whole number" if number is None else "out of range"
            refuse(name, value, f"is {fault}; pass a whole number from {least} to {most}")
        return int(number)

    return check


def pair(name: str, value: object) -> object:
    """Return two values, or None."""
    if value is None or (isinstance(value, (tuple, list)) and len(value) == _PAIR):
        return value
    refuse(name, value, "must be a pair (bands, rows_per_band), such as (17, 4)")


def span(name: str, value: object) -> dt.timedelta | None:
    """Return a length of time, or None."""
    fault, window = "a number without a unit" if is_number(value) else "no length of time", value
    try:
        window = read_span(value) if isinstance(value, str) else value
    except OverflowError:
        fault, window = "out of range", ""
    if window is None and value is None:
        return None
    if isinstance(window, dt.timedelta):
        if dt.timedelta() < window <= _LONGEST:
            return window
        fault = "out of range"
    remedy = (
        f"pass a length of time above 0 and up to 9,998 years, such as {name}='30 days', '36h' "
        f"or timedelta(days=30), or None for no {name}"
    )
    refuse(name, value, f"is {fault}; {remedy}")


def switch(name: str, value: object) -> bool:
    """Return True or False."""
    if isinstance(value, bool):
        return value
    refuse(name, value, "is no switch; pass True or False")


def read_span(text: str) -> dt.timedelta | None:
    """Return a length of time that is written in words."""
    span, at = dt.timedelta(), 0
    while at < len(text):
        part = _PART.match(text, at)
        unit = None if part is None else _LENGTHS.get(part[2].lower())
        if part is None or unit is None:
            return None
        span += float(part[1]) * unit if "." in part[1] else int(part[1]) * unit
        at = part.end()
    return span if text.strip() else None


def write_span(span: dt.timedelta) -> str:
    """Return a length of time as `read_span` reads it."""
    unit = next(unit for unit in list(UNITS)[1:] if not span % unit)
    number = span // unit
    return f"{number} {UNITS[unit][number != 1]}"
