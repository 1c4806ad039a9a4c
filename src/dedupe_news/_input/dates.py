# ruff: noqa: RUF001 - letters of many languages
"""Dates as feeds, files and people write them, to datetimes."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import unicodedata
import zoneinfo
from importlib import resources

from dedupe_news._input.rules import in_force
from dedupe_news._input.skipped import UnusableError

NO_DATE = "is no date that can be read"
AMBIGUOUS = "may be day/month or month/day"
OUT_OF_RANGE = "is outside the years 1 to 9999 in UTC"


def _folded(words: str) -> str:
    """Return words in small letters without accents."""
    if words.isascii():
        return words.lower()
    letters = unicodedata.normalize("NFKD", words.lower().replace("ı", "i"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _months() -> dict[str, int]:
    """
    Return the month of each name, and of each beginning of names that is of one month alone.

    A line of the file has the months in English, then in a language or form that news is
    written in.
    """
    file = resources.files("dedupe_news") / "data" / "months.txt"
    names = file.read_text(encoding="utf-8")
    months: dict[str, int] = {}
    for line in reversed(_folded(names).strip().splitlines()):
        is_english = line.startswith("january")
        for number, name in enumerate(line.split(), start=1):
            for stop in range(3, len(name) + 1):
                is_other = months.get(name[:stop], number) != number and not is_english
                months[name[:stop]] = 0 if is_other else number
    return months


def _clock(match: re.Match[str]) -> str:
    """Return hours and minutes as the rest is written."""
    return f"{match[1]}:{int(match[2] or 0):02}"


_MONTHS = _months()
_WEEKDAYS = (
    r"(?:mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
)
# Minutes east of Greenwich. Those of RFC 822, and those of other zones whose letters mean one.
_ZONES = {
    **dict.fromkeys(("z", "utc", "gmt", "ut", "uct", "wet"), 0),
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
    **dict.fromkeys(("cet", "mez", "bst", "west"), 60),
    **dict.fromkeys(("cest", "mesz", "eet"), 120),
    **dict.fromkeys(("eest", "msk"), 180),
    "pkt": 300, "wib": 420, "sgt": 480, "hkt": 480, "awst": 480,
    "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
}  # fmt: skip
_PLACES = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}  # fmt: skip
_ISO = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2}|\d{8}|\d{4}-?W\d{2}(?:-?\d)?|\d{4}-\d{3})"
    r"(?:(?:[T_]|\s+|(?<=\d)\s*T\s*)(?P<hour>\d{1,2})"
    r"(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?)?)?"
    r"\s*(?P<half>)(?P<zone>.*)",
    re.IGNORECASE | re.DOTALL,
)
_TIME = re.compile(
    r"(?<![\d:./-])(?P<hour>\d{1,2})(?:(?::|\.(?=\d\d\s*[ap]\.?\s?m\b))(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,:](?P<fraction>\d+))?)?)?"
    r"(?:\s*(?P<half>[ap])\.?\s?m\b\.?|(?<=:\d\d))\s*",
    re.IGNORECASE,
)
_OFFSET = re.compile(
    r"(?:gmt|utc|ut)?\s*(?P<sign>[-+−–])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)",
    re.IGNORECASE,
)
_NAMED_ZONE = re.compile(r"\[?([A-Za-z_]+/[A-Za-z_/+-]+\d*|[A-Za-z]{1,5})\]?")
_SEPARATOR = r"(?:\s*[-./,]\s*|\s+(?:(?:of|de|del|d')\s+)?)"
_AFTER_TIME = re.compile(r"^(?:uhr|hrs?|h)\b\s*")
_BEFORE_TIME = re.compile(r"(?:,|\||-|–|\b(?:at|t|um|a|alle|a las|om|o godz\.?|в|о))\s*$")
_DAY, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|o|\.)?", r"(?P<year>\d{4}|'?\d{2})"
_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
_WORDED = [
    re.compile(pattern)
    for pattern in (
        rf"{_DAY}{_SEPARATOR}?{_MONTH}{_SEPARATOR}{_YEAR}",
        rf"{_MONTH}{_SEPARATOR}{_DAY}{_SEPARATOR}{_YEAR}",
        rf"(?P<year>\d{{4}}){_SEPARATOR}{_MONTH}{_SEPARATOR}{_DAY}",
    )
]
_NUMBERED = re.compile(r"(\d{1,2})([/.-]) ?(\d{1,2})\2 ?(\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([/.-]) ?(?P<month>\d{1,2})\2 ?(?P<day>\d{1,2})")
_WORD_FIRST = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?[.,]* (?:den )?(?=\d)")
# Signs and words of dates and times that stand with numbers, as the rest is written.
_SIGNS = [
    (re.compile(pattern), written)
    for pattern, written in (
        (r"星期\w|[周週]\w|\w曜日?|\w요일", " "),
        (r"(\d{4})\s*[年년]\s*(\d+)\s*[月월]\s*(\d+)\s*[日号號일]", r"\1-\2-\3 "),
        (r"(\d+)\s*[時时点點시]\s*(?:(\d+)\s*[分분])?(?:\s*\d+\s*[秒초])?", _clock),
        (r"(?:上午|午前|오전)\s*([\d:]+)", r"\1 am "),
        (r"(?:下午|午後|오후)\s*([\d:]+)", r"\1 pm "),
        (r"(?<=\d)\s?г(?:\.|ода?\b|(?=\W|$))|(?<=\d)\s?р\.", " "),
    )
]
_SPOKEN = re.compile(r"(?:\bklo?\b\.? ?(\d{1,2})[.:]|\b(\d{1,2}) ?h ?)(\d\d)\b")
_CENTURY, _TURN = 2000, 50
_NOON = 12


def read_date(text: str) -> dt.datetime:
    """Return a moment as it is written; without a zone where none is written."""
    date_format = in_force().date_format
    if date_format is not None and "%" in date_format:
        try:
            return dt.datetime.strptime(text.strip(), date_format)  # noqa: DTZ007 - as written
        except ValueError:
            reason = f"does not fit the format {date_format!r}"
            raise UnusableError(reason) from None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    words = unicodedata.normalize("NFKC", text[:200])
    if not words.isascii():
        for sign, written in _SIGNS:
            words = sign.sub(written, words)
    words = " ".join(re.sub(r"\([^()]*\)", " ", words).split())
    found = _iso(words) or _free(_SPOKEN.sub(r"\1\2:\3", _folded(words)), words)
    if found is None:
        remedy = f"say how dates are written: {in_force().speech.date_format}"
        raise UnusableError(NO_DATE, remedy)
    return found


def _iso(words: str) -> dt.datetime | None:
    """Return a moment as ISO 8601 has it, with the liberties that programs take."""
    match = _ISO.fullmatch(words)
    zone, is_zone = (None, False) if match is None else _zone(match["zone"])
    if match is None or not is_zone:
        return None
    date = match["date"].upper()
    for form in ("%Y-%m-%d", "%Y-%j"):
        with contextlib.suppress(ValueError):
            return _at(dt.datetime.strptime(date, form), match, zone)  # noqa: DTZ007 - as written
    with contextlib.suppress(ValueError):
        return _at(dt.datetime.fromisoformat(date), match, zone)
    return None


def _free(words: str, written: str) -> dt.datetime | None:
    """Return a moment as mail, programs and people write it."""
    words = re.sub(rf"\b{_WEEKDAYS}\b\.?,?\s*", " ", words, count=1)
    time, zone, rest = _TIME.search(words), None, words.strip()
    if time is not None:
        before, after = words[: time.start()], words[time.end() :]
        zone, after = _leading_zone(_AFTER_TIME.sub("", after), written)
        rest = f"{_BEFORE_TIME.sub('', before.strip())} {after}"
    elif (named := re.search(r"\s(utc|gmt|z)$", rest)) is not None:
        zone, rest = dt.UTC, rest[: named.start()]
    rest = " ".join(rest.split()).strip(" ,.|-–")
    date = _day(rest) or _day(_WORD_FIRST.sub("", rest, count=1))  # a day of the week
    with contextlib.suppress(ValueError):
        return None if date is None else _at(dt.datetime(*date), time, zone)  # noqa: DTZ001
    return None


def _at(day: dt.datetime, time: re.Match[str] | None, zone: dt.tzinfo | None) -> dt.datetime | None:
    """Return a moment of a day; 24:00 and leap seconds are the moment after."""
    clock = {} if time is None else time.groupdict()
    hour, minute, second = (int(clock.get(part) or 0) for part in ("hour", "minute", "second"))
    if half := clock.get("half"):
        if hour > _NOON:
            return None
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    latest = 24 if minute == second == 0 else 23
    if hour > latest or minute >= 60 or second > 60:  # noqa: PLR2004
        return None
    microsecond = int((clock.get("fraction") or "")[:6].ljust(6, "0"))
    span = dt.timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)
    with contextlib.suppress(OverflowError):
        return (day + span).replace(tzinfo=zone)
    return None


def _leading_zone(after: str, written: str) -> tuple[dt.tzinfo | None, str]:
    """Return the zone that a text begins with, and what follows it."""
    offset = _OFFSET.match(after)
    if offset is not None:
        return _fixed(offset), after[offset.end() :]
    named = _NAMED_ZONE.match(after)
    if named is not None:
        name = written[written.lower().find(named[1]) :][: len(named[1])]
        zone, is_zone = _zone(name)
        if is_zone:
            return zone, after[named.end() :]
    return None, after


def _zone(text: str) -> tuple[dt.tzinfo | None, bool]:
    """Return the zone that a text is, and whether it is one, or empty."""
    # Java and Go write the name of a zone after its offset.
    text = re.sub(r"(?<=\d) *\[.*\]$|(?<=\d\d) [A-Z]{2,5}$", "", text.strip())
    if not text:
        return None, True
    if text.lower() in _ZONES:
        return dt.timezone(dt.timedelta(minutes=_ZONES[text.lower()])), True
    offset = _OFFSET.match(text)
    if offset is not None and offset.end() == len(text):
        return _fixed(offset), True
    named = _NAMED_ZONE.fullmatch(text)
    place = "" if named is None else _PLACES.get(named[1].lower(), named[1])
    if "/" in place:
        with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return zoneinfo.ZoneInfo(place), True
    return None, False


def _fixed(offset: re.Match[str]) -> dt.tzinfo | None:
    minutes = int(offset["hours"]) * 60 + int(offset["minutes"] or 0)
    if minutes >= 24 * 60:
        raise UnusableError(NO_DATE)
    return dt.timezone(dt.timedelta(minutes=minutes if offset["sign"] == "+" else -minutes))


def _day(words: str) -> tuple[int, int, int] | None:
    """Return year, month and day of a date alone."""
    for pattern in _WORDED:
        match = pattern.fullmatch(words)
        if match is not None and _MONTHS.get(match["month"]):
            return _full(match["year"]), _MONTHS[match["month"]], int(match["day"])
    match = _YEAR_FIRST.fullmatch(words)
    if match is not None:
        return int(match["year"]), int(match["month"]), int(match["day"])
    numbered = _NUMBERED.fullmatch(words)
    if numbered is None:
        return None
    first, separator, second, year = numbered.groups()
    return _full(year), *_month_and_day(int(first), int(second), separator)


def _month_and_day(first: int, second: int, separator: str) -> tuple[int, int]:
    order = in_force().date_format
    if order == "dmy" or (order is None and (first > _NOON or separator == ".")):
        return second, first
    if order == "mdy" or second > _NOON or first == second:
        return first, second
    remedy = f"say which comes first: {in_force().speech.date_format}"
    raise UnusableError(AMBIGUOUS, remedy)


def _full(year: str) -> int:
    """Return a year in four digits, as RFC 2822 has those of two."""
    digits = year.lstrip("'")
    number = int(digits)
    if len(digits) > 2:  # noqa: PLR2004 - all of it
        return number
    return number + (_CENTURY if number < _TURN else _CENTURY - 100)
