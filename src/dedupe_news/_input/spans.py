"""Lengths of time as people write them: ``"30 days"``, ``"36h"``."""

from __future__ import annotations

import datetime as dt
import re

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
