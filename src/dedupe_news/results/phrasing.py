"""Figures, times and spans as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    import enum

_VERDICTS = {
    "duplicate": "duplicates",
    "related": "the same story",
    "template": "the same template",
    "none": "no match",
}
_JOINERS = "\u200c\u200d"  # Devanagari and emoji need them
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))
_LONG_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """
    Return a number with its noun.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        What, in the singular.
    plural : str, optional
        By default the noun and an s.

    Returns
    -------
    str
        Such as ``"1 cluster"`` or ``"6,150 clusters"``.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def printable(text: str) -> str:
    """Return a text as long, where each character that would steer a terminal is a space."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else " " for c in text)


def share(part: int, whole: int) -> str:
    """
    Return a part of a whole in percent.

    Parameters
    ----------
    part, whole : int
        At least 0.

    Returns
    -------
    str
        Such as ``"8.1 %"``; empty where there is no whole.
    """
    return f"{100 * part / whole:.1f} %" if whole else ""


def duration(span: dt.timedelta) -> str:
    """
    Return a span of time, rounded to its largest unit.

    Parameters
    ----------
    span : datetime.timedelta
        At least 0.

    Returns
    -------
    str
        Such as ``"3 d"``, ``"2 h"``, ``"5 min"`` or ``"0 s"``.
    """
    seconds = span.total_seconds()
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"


def time_apart(span: dt.timedelta) -> str:
    """
    Return a span of time in words, rounded to a unit of which there are two at least.

    Parameters
    ----------
    span : datetime.timedelta
        At least 0.

    Returns
    -------
    str
        Such as ``"40 minutes"``, ``"26 hours"`` or ``"1 minute"``.
    """
    seconds = span.total_seconds()
    for unit, length in _LONG_UNITS:
        if seconds >= 2 * length or (seconds == length and unit != "second"):
            return counted(round(seconds / length), unit)
    return "1 second" if seconds >= 1 else "less than a second"


def moment(time: dt.datetime) -> str:
    """
    Return a time, to the minute.

    Parameters
    ----------
    time : datetime.datetime
        In UTC.

    Returns
    -------
    str
        Such as ``"2026-03-02 05:08"``.
    """
    return time.isoformat(" ", "minutes")[:16]


def verdict_in_words(verdict: str, relation: enum.IntEnum | None) -> str:
    """
    Return what two items are to each other.

    Parameters
    ----------
    verdict : {"duplicate", "related", "template", "none"}
        The verdict.
    relation : Relation or None
        Which kind of duplicates they are.

    Returns
    -------
    str
        Such as ``"duplicates (near)"`` or ``"the same story"``.
    """
    if verdict == "duplicate" and relation is not None:
        return f"{_VERDICTS[verdict]} ({relation.name.lower()})"
    return _VERDICTS[verdict]
