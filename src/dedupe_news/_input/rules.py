"""What becomes of values that cannot be read, and in whose words that is said."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from dedupe_news._input.python import is_part, numbered
from dedupe_news._input.skipped import MOST_EXAMPLES, Skipped, SkippedValue
from dedupe_news.errors import ConfigError, DedupeNewsError, InputError, InputTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

OnInvalid: TypeAlias = Literal["raise", "ignore", "drop"]
"""What becomes of a value that cannot be read: an error, a missing value, or no item."""


MISSING = "is missing"
"""The reason that there is nothing, where something has to be."""


class UnusableError(Exception):
    """A value that cannot be used: why, what helps, and the error that it is."""

    def __init__(
        self, reason: str, remedy: str = "", kind: type[DedupeNewsError] = InputError
    ) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.kind = reason, remedy, kind


@dataclasses.dataclass(frozen=True, slots=True)
class Speech:
    """The words of the place where the user is: of the API, or of the command line."""

    timezone: str = 'timezone="UTC" or another, such as "Europe/Berlin"'
    date_format: str = 'date_format="dmy" or "mdy", or a format such as "%d/%m/%Y %H:%M"'
    policy: str = 'or pass on_invalid="ignore" to do without such values, "drop" without the items'
    opt_out: str = ", {role}=None without the column"


API = Speech()
COMMAND_LINE = Speech(
    timezone="--timezone UTC or another, such as Europe/Berlin",
    date_format="--date-format dmy or mdy, or a format such as '%d/%m/%Y %H:%M'",
    policy="or use --on-invalid ignore to do without such values, drop without the items",
    opt_out=", --ignore {column!r} without the column",
)
ALONE = Speech(
    timezone='a zone of its own, such as value.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))',
    date_format="a datetime: datetime.strptime(value, '%d/%m/%Y')",
    policy="",
    opt_out="",
)
"""Where one value is given by itself, not in a feed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """How a feed is read."""

    on_invalid: OnInvalid = "raise"
    timezone: dt.tzinfo | None = None
    date_format: str | None = None
    speech: Speech = API
    place: Callable[[int], str] | None = None
    numbers: Sequence[int] | None = None

    def stand_in(self, position: int) -> str:
        """Return an id for an item that has none that can be used."""
        number = numbered(position)
        return f"#{number if self.numbers is None else self.numbers[number]}"

    def where(self, position: int) -> str:
        """Return where an item is, in words."""
        number = numbered(position)
        return f"document {number}" if self.place is None else self.place(number)


_USUAL = Rules()
_rules: contextvars.ContextVar[Rules] = contextvars.ContextVar("rules", default=_USUAL)


def in_force() -> Rules:
    """Return the rules that hold here."""
    return _rules.get()


@contextlib.contextmanager
def reading(
    *,
    on_invalid: OnInvalid = "raise",
    timezone: str | dt.tzinfo | None = None,
    date_format: str | None = None,
) -> Iterator[None]:
    """Let feeds be read by these rules."""
    if on_invalid not in get_args(OnInvalid):
        allowed = ", ".join(map(repr, get_args(OnInvalid)))
        message = f"on_invalid={shown(on_invalid)} is not known; allowed are {allowed}"
        raise ConfigError(message)
    changed = dataclasses.replace(
        _rules.get(),
        on_invalid=on_invalid,
        timezone=zone(timezone),
        date_format=_checked_format(date_format),
    )
    token = _rules.set(changed)
    try:
        yield
    finally:
        _rules.reset(token)


@contextlib.contextmanager
def speaking(
    speech: Speech,
    place: Callable[[int], str] | None = None,
    numbers: Sequence[int] | None = None,
) -> Iterator[None]:
    """Let messages use the words of a place, say where items are, and by which numbers."""
    changed = dataclasses.replace(_rules.get(), speech=speech, place=place, numbers=numbers)
    token = _rules.set(changed)
    try:
        yield
    finally:
        _rules.reset(token)


def zone(name: object) -> dt.tzinfo | None:
    """Return a time zone by its name."""
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


def _checked_format(date_format: object) -> str | None:
    if date_format is None:
        return None
    if isinstance(date_format, str) and (date_format in {"dmy", "mdy"} or "%" in date_format):
        return date_format
    message = (
        f"date_format={shown(date_format)} is no format of dates; pass 'dmy' or 'mdy' for the "
        "order of day and month, or a format of datetime.strptime such as '%d/%m/%Y %H:%M'"
    )
    raise ConfigError(message)


class Faults:
    """The values of one column that cannot be read: refused at once, or counted."""

    def __init__(self, role: str, column: object = None, *, found_by_name: bool = False) -> None:
        self.role = role
        column = role if column is None else column
        self.column = column if isinstance(column, str) else shown(column)
        self.positions: list[int] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.examples: list[SkippedValue] = []
        self._rules = _rules.get()
        self.remedy = ""
        # The chunks of a large feed must all have ids, or none.
        self.is_lenient = found_by_name and not (role == "id" and is_part())
        self.is_strict = self._rules.on_invalid == "raise" and not self.is_lenient

    def add(self, position: int, value: object, fault: UnusableError) -> None:
        """Refuse a value, or note it."""
        if self.is_strict:
            raise fault.kind(self.message(position, value, fault)) from None
        self.note(self._rules.where(position), position, fault, shown(value))

    def note(self, place: str, position: int, fault: UnusableError, value: str = "") -> None:
        """Note what is passed over."""
        self.positions.append(position)
        self.remedy = self.remedy or fault.remedy
        key = (self.column, fault.reason)
        self.counts[key] = self.counts.get(key, 0) + 1
        if self.counts[key] <= MOST_EXAMPLES:
            number = numbered(position)
            self.examples.append(SkippedValue(number, place, self.column, value, fault.reason))

    def note_line(self, label: str, line: int, fault: UnusableError) -> None:
        """Refuse a line of a file, or note it."""
        place = f"{label}, line {line}"
        if self.is_strict:
            remedy = f". {fault.remedy.capitalize()}" if fault.remedy else ""
            message = f"{place} {fault.reason}{remedy}"
            raise InputError(message)
        self.note(place, line - 1, fault)

    def message(self, position: int, value: object, fault: UnusableError) -> str:
        """Return what is wrong with a value, where it is, and what helps."""
        speech = self._rules.speech
        if self.role == "item":
            return f"{self._rules.where(position)} {said(value, fault)}. {fault.remedy}"
        named = "published time" if self.role == "published" else self.role
        if self.column != self.role:
            named = f"{named} {self.column!r}"
        where = self._rules.where(position)
        says = f"the {named} of {where}" if self._rules.place is None else f"{where}: the {named}"
        if speech is ALONE:
            says = f"the {named}"
        says += f" {said(value, fault)}"
        policy = speech.policy
        if self.role != "text":
            policy += speech.opt_out.format(role=self.role, column=self.column)
        # What to pass instead is for who passes values.
        is_code = fault.kind is InputTypeError and speech is COMMAND_LINE
        remedy = "correct it" if is_code or not fault.remedy else fault.remedy
        remedies = ", ".join(each for each in (remedy, policy) if each)
        return f"{says}. {remedies[:1].upper()}{remedies[1:]}"

    def skipped(self) -> Skipped:
        """Return what was noted."""
        return Skipped(dict(self.counts), tuple(self.examples))


def said(value: object, fault: UnusableError) -> str:
    """Return what a value is, after "it"."""
    if fault.reason == MISSING:
        return fault.reason
    return f"is {shown(value)}, which {fault.reason}"
