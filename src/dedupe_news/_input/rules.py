"""How a feed is read, and in whose words that is said."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import datetime as dt
import sys
import zoneinfo
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

from dedupe_news.errors import ConfigError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OnInvalid: TypeAlias = Literal["raise", "ignore", "drop"]
"""What becomes of a value that cannot be read: an error, a missing value, or no item."""


class Speech(NamedTuple):
    """The words of the place where the user is: of the API, or of the command line."""

    subject: str = "the {what} of {where}"
    timezone: str = 'timezone="UTC" or another, such as "Europe/Berlin"'
    date_format: str = 'date_format="dmy" or "mdy", or a format such as "%d/%m/%Y %H:%M"'
    policy: str = 'or pass on_invalid="ignore" to do without such values, "drop" without the items'
    opt_out: str = ", {role}=None without the column"
    no_column: str = (
        "there is no column {column} to take the {role} from; the columns are {columns}. "
        "Name the right one, as in {role}='...'"
    )


API = Speech()
COMMAND_LINE = Speech(
    subject="{where}: the {what}",
    timezone="--timezone UTC or another, such as Europe/Berlin",
    date_format="--date-format dmy or mdy, or a format such as '%d/%m/%Y %H:%M'",
    policy="or use --on-invalid ignore to do without such values, drop without the items",
    opt_out=", --ignore {column!r} without the column",
    no_column=(
        "has no column {column} for the {role}; its columns are {columns}. "
        "Name it with --{role} COLUMN"
    ),
)
ALONE = Speech(
    subject="the {what}",
    timezone='a zone of its own, such as value.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))',
    date_format="a datetime: datetime.strptime(value, '%d/%m/%Y')",
    policy="",
    opt_out="",
)
"""Where one value is given by itself, not in a feed."""
BARE = ALONE._replace(subject=API.subject)
"""Where items are given, but nothing that says how they are read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """How a feed, or the part of one from the item `first` on, is read."""

    on_invalid: OnInvalid = "raise"
    timezone: dt.tzinfo | None = None
    date_format: str | None = None
    speech: Speech = API
    first: int | None = None
    unit: str = "document"
    numbers: Sequence[int] = range(sys.maxsize)  # of the items where they come from

    def in_feed(self, position: int) -> int:
        """Return the position of an item in the feed, of one in this part."""
        return (self.first or 0) + position

    def number(self, position: int) -> int:
        """Return the number that an item has where it comes from."""
        return self.numbers[self.in_feed(position)]

    def where(self, position: int) -> str:
        """Return where an item is, in words."""
        return f"{self.unit} {self.number(position)}"


_USUAL = Rules()
_rules: contextvars.ContextVar[Rules] = contextvars.ContextVar("rules", default=_USUAL)
in_force = _rules.get


@contextlib.contextmanager
def using(**changes: Any) -> Iterator[None]:
    """Let feeds be read by the rules in force with some changes."""
    token = _rules.set(dataclasses.replace(_rules.get(), **changes))
    try:
        yield
    finally:
        _rules.reset(token)


def reading(
    *,
    on_invalid: OnInvalid = "raise",
    timezone: str | dt.tzinfo | None = None,
    date_format: str | None = None,
) -> contextlib.AbstractContextManager[None]:
    """Let feeds be read by what users say, which is checked."""
    if on_invalid not in get_args(OnInvalid):
        allowed = ", ".join(map(repr, get_args(OnInvalid)))
        message = f"on_invalid={shown(on_invalid)} is not known; allowed are {allowed}"
        raise ConfigError(message)
    if date_format not in (None, "dmy", "mdy") and not _is_format(date_format):
        message = (
            f"date_format={shown(date_format)} is no format of dates; pass 'dmy' or 'mdy' for the "
            "order of day and month, or a format of datetime.strptime such as '%d/%m/%Y %H:%M'"
        )
        raise ConfigError(message)
    return using(on_invalid=on_invalid, timezone=_zone(timezone), date_format=date_format)


def _is_format(date_format: object) -> bool:
    if not isinstance(date_format, str) or "%" not in date_format:
        return False
    try:
        written = dt.datetime(2001, 2, 3, tzinfo=dt.UTC).strftime(date_format)
        dt.datetime.strptime(written, date_format)  # noqa: DTZ007 - only whether it can be read
    except ValueError:  # of a directive that there is not
        return False
    return True


def _zone(name: object) -> dt.tzinfo | None:
    if name is None or isinstance(name, dt.tzinfo):
        return name
    if isinstance(name, str):
        if name.upper() in {"UTC", "GMT", "Z"}:
            return dt.UTC
        with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return zoneinfo.ZoneInfo(name)
    message = (
        f"timezone={shown(name)} is no time zone that this system knows; pass a name such as "
        "'UTC' or 'Europe/Berlin'. On Windows: pip install tzdata"
    )
    raise ConfigError(message)
