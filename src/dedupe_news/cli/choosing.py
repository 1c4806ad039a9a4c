"""Which columns of a file hold what, and their values made fit for the library."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
from typing import TYPE_CHECKING, Any

from dedupe_news.columns import from_microseconds
from dedupe_news.errors import ColumnError, DedupeNewsError, InputError
from dedupe_news.foreign import is_missing
from dedupe_news.times import moment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from dedupe_news.cli.reading import Table

CONVENTIONS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "title": ("title",),
    "text": ("text", "description", "body", "content"),
    "source": ("source",),
    "published": ("published", "published_at", "date"),
}
"""Names that a column of each role has by convention; the first that is there is taken."""

_SHOWN = 40


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """
    The columns in use.

    Parameters
    ----------
    named : dict of str to str
        The column named for a role; a role is left out where none was named.
    ignored : collection of str
        Columns that are not taken, whatever their names.
    roles : tuple of str
        The roles of interest.
    """

    named: Mapping[str, str]
    ignored: Collection[str]
    roles: Sequence[str]

    def wanted(self) -> set[str]:
        """
        Return the names of all columns that could come into use.

        Returns
        -------
        set of str
            Those named, and by convention.
        """
        names = {name for role in self.roles for name in CONVENTIONS[role]}
        return (names - set(self.ignored)) | set(self.named.values())

    def settle(self, table: Table) -> dict[str, str]:
        """
        Return the column of each role.

        Parameters
        ----------
        table : Table
            The file.

        Returns
        -------
        dict of str to str
            Without the roles that no column has.

        Raises
        ------
        ColumnError
            If a named column is not there, or none holds the text.
        """
        settled = {}
        for role in self.roles:
            column = self.named.get(role)
            if column is not None and column not in table.names and len(table) > 0:
                message = f"{table.label} has no column {column!r}; {_columns(table)}"
                raise ColumnError(message)
            if column is None:
                usual = (name for name in CONVENTIONS[role] if name not in self.ignored)
                column = next((name for name in usual if name in table.names), None)
            if column is not None and column in table.columns:
                settled[role] = column
        if "text" not in settled and len(table) > 0:
            message = (
                f"{table.label} has no column {', '.join(map(repr, CONVENTIONS['text'][:-1]))} "
                f"or {CONVENTIONS['text'][-1]!r} for the text; {_columns(table)}. Name it with "
                "--text COLUMN"
            )
            raise ColumnError(message)
        return settled


def _columns(table: Table) -> str:
    return f"its columns are {', '.join(map(repr, table.names))}"


def prepare(table: Table, settled: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """
    Return the columns of a file as the library takes them.

    Parameters
    ----------
    table : Table
        The file.
    settled : mapping of str to str
        The column of each role.

    Returns
    -------
    feed : dict of str to sequence
        The values of each role. Without a column of ids, the numbers of the
        lines or rows stand for them.
    zone_assumed : bool
        Whether times without a zone were taken as UTC.

    Raises
    ------
    InputError
        If a value cannot be used; the message says where it is.
    """
    feed: dict[str, Any] = {"text": []}
    for role in ("title", "text", "source"):
        if role in settled:
            feed[role] = _texts(table, settled[role], role)
    feed["id"] = _ids(table, settled["id"]) if "id" in settled else list(table.numbers)
    zone_assumed = False
    if "published" in settled:
        feed["published"], zone_assumed = _times(table, settled["published"])
    return feed, zone_assumed


def _is_arrow(values: object) -> bool:
    return type(values).__module__.partition(".")[0] == "pyarrow"


def _listed(values: Any) -> list[Any]:  # noqa: ANN401 - a list or an Arrow column
    listed: list[Any] = values.to_pylist() if _is_arrow(values) else values
    return listed


def _texts(table: Table, column: str, role: str) -> Any:  # noqa: ANN401 - as `Table.columns`
    values = table.columns[column]
    if _is_arrow(values):
        return values
    for position, value in enumerate(values):
        if not isinstance(value, str) and not is_missing(value):
            message = (
                f"{table.where(position)}: the {role} {column!r} is {_shown(value)}; "
                f"it must be a string. {_remedy(role, column)}"
            )
            raise InputError(message)
    if role == "source":
        return [value or None for value in values]
    return values


def _ids(table: Table, column: str) -> list[Any]:
    ids = _listed(table.columns[column])
    seen: dict[Any, int] = {}
    for position, value in enumerate(ids):
        problem = None
        if is_missing(value) or value == "":
            problem = "is missing"
        elif not isinstance(value, (str, int)):
            problem = f"is {_shown(value)}, neither string nor whole number"
        elif value in seen:
            problem = f"is {_shown(value)}, as in {table.unit} {table.numbers[seen[value]]} already"
        if problem is not None:
            message = f"{table.where(position)}: the id {column!r} {problem}. "
            raise InputError(message + _remedy("id", column))
        seen[value] = position
    return ids


def _times(table: Table, column: str) -> tuple[Any, bool]:
    values = table.columns[column]
    if _is_arrow(values):
        types = importlib.import_module("pyarrow.types")
        if types.is_timestamp(values.type):
            if values.type.tz is not None:
                return values, False
            compute = importlib.import_module("pyarrow.compute")
            return compute.assume_timezone(values, "UTC"), True
    zone_assumed = False
    times: list[dt.datetime | None] = []
    for position, value in enumerate(_listed(values)):
        if is_missing(value) or value == "":
            times.append(None)
            continue
        zoned = _with_zone(value)
        zone_assumed = zone_assumed or zoned is not value
        try:
            times.append(from_microseconds(moment(zoned)))
        except DedupeNewsError as error:
            problem = str(error).partition(". ")[0]
            message = f"{table.where(position)}: {problem}. {_remedy('published', column)}"
            raise InputError(message) from error
    return times, zone_assumed


def _with_zone(value: object) -> object:
    """Return a time with a zone: UTC where it has none; other values as they are."""
    read = value
    if isinstance(value, str):
        try:
            read = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        read = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - given below
    if isinstance(read, dt.datetime) and read.utcoffset() is None:
        return read.replace(tzinfo=dt.UTC)
    return value


def _remedy(role: str, column: str) -> str:
    if role == "text":
        return "Correct it, or name another column with --text COLUMN"
    what = "number the documents instead" if role == "id" else "do without"
    return f"Correct it, or {what} with --ignore {column}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
