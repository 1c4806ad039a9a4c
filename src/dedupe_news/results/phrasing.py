"""Figures, times and texts as people read them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from dedupe_news.errors import shown

if TYPE_CHECKING:
    import datetime as dt

_JOINERS = "\u200c\u200d"  # parts of Persian and Devanagari words, and of emoji
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))
_LONG_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as "1 cluster" or "6,150 clusters"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def share(part: int, whole: int) -> str:
    """Return a part of a whole as "8.1 %"; empty where there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole else ""


def duration(span: dt.timedelta) -> str:
    """Return a span of time, rounded to its largest unit, such as "3 d" or "5 min"."""
    seconds = span.total_seconds()
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"


def time_apart(span: dt.timedelta) -> str:
    """Return a span of time in words, such as "40 minutes", "26 hours" or "1 minute"."""
    seconds = span.total_seconds()
    for unit, length in _LONG_UNITS:
        if seconds >= 2 * length or (seconds == length and unit != "second"):
            return counted(round(seconds / length), unit)
    return "1 second" if seconds >= 1 else "less than a second"


def moment(time: dt.datetime) -> str:
    """Return a time to the minute, such as "2026-03-02 05:08"."""
    return time.isoformat(" ", "minutes")[:16]


def readable(text: str) -> str:
    """Return a text with the characters that its HTML entities stand for."""
    if "&" not in text:
        return text
    # A line break must not come about: the first one ends the title.
    return _ENTITY.sub(lambda entity: re.sub(r"[\r\n]", " ", html.unescape(entity[0])), text)


def shortenings(text: str) -> tuple[list[int], list[int]]:
    """Return where the entities of a text end, and how many UTF-16 units fewer it has by then."""
    stops, shorter = [], [0]
    for entity in _ENTITY.finditer(text):
        stops.append(entity.end())
        n_shown = len(readable(entity[0]).encode("utf-16-le", "replace")) // 2
        shorter.append(shorter[-1] + len(entity[0]) - n_shown)
    return stops, shorter


def printable(text: str) -> str:
    """Return a text as long, where each character that would steer a terminal is a space."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else " " for c in text)


def as_text(value: object) -> str:
    """Return a value of the user, such as an id, as text, also where it has none."""
    try:
        return str(value)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a number of too many digits, or an object of others
        return shown(value)


def single_line(value: object) -> str:
    """Return a value, such as an id, in one line."""
    return " ".join(printable(as_text(value)).split())


def one_line(text: str, most: int | None = None) -> str:
    """Return a text readable in one line, of at most so many characters."""
    line = single_line(readable(text))
    return line if most is None or len(line) <= most else f"{line[: most - 1]}…"
