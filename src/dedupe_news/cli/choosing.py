"""Which columns of a file are read: those named, and those found by their names."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from dedupe_news._input.names import NAMES, find_name, is_usual
from dedupe_news.documents import AUTO
from dedupe_news.errors import ColumnError, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from dedupe_news._input.files import Table
    from dedupe_news.documents import ColumnChoice


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """
    The columns in use.

    Parameters
    ----------
    named : mapping of str to str
        The column named for a role; a role is left out where none was named.
    ignored : collection of str
        Columns that are not taken, whatever their names.
    roles : sequence of str
        The roles of interest.
    """

    named: Mapping[str, str]
    ignored: Collection[str]
    roles: Sequence[str]

    def is_wanted(self, name: str) -> bool:
        """
        Return whether a column could come into use.

        Parameters
        ----------
        name : str
            Of a column.

        Returns
        -------
        bool
            Whether it is named, or has a usual name and is not ignored.
        """
        return name in self.named.values() or (is_usual(name) and name not in self.ignored)

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
                passed_over = {*self.ignored, *self.named.values()}
                found = find_name(role, table.names, passed_over)
                column = found if isinstance(found, str) else None
            if column is not None and column in table.columns:
                settled[role] = column
        if "text" not in settled and "title" in settled:
            settled["text"] = settled.pop("title")
        if "text" not in settled and len(table) > 0:
            message = (
                f"{table.label} has no column {', '.join(map(repr, NAMES['text'][:4]))} or the "
                f"like for the text; {_columns(table)}. Name it with --text COLUMN"
            )
            raise ColumnError(message)
        return settled

    def choices(self, settled: Mapping[str, str]) -> dict[str, ColumnChoice]:
        """
        Return how the library is told of the columns.

        Parameters
        ----------
        settled : mapping of str to str
            From `settle`.

        Returns
        -------
        dict of str to object
            Names for the columns that were named: for their values the user
            answers; those found by name are found again.
        """
        return {role: column if role in self.named else AUTO for role, column in settled.items()}


def _columns(table: Table) -> str:
    return f"its columns are {listed(table.names)}"
