"""CSV and its kin to rows."""

from __future__ import annotations

import csv
import itertools
import re
from typing import TYPE_CHECKING

from dedupe_news._input.skipped import Faults, UnusableError
from dedupe_news.errors import InputError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DELIMITERS = ",;\t|"
_DIRECTIVE = re.compile(r"^\ufeff?\"?sep=(.)\"?\r?\n?$", re.IGNORECASE)


class Rows:
    """The header of a table, and its rows with the lines that they begin on."""

    def __init__(self, lines: Iterable[tuple[int, str]], label: str, faults: Faults) -> None:
        # The default limit, 131,072 characters, is less than a long article.
        csv.field_size_limit(2**31 - 1)
        self._label, self._faults, self._line = label, faults, 0
        texts = self._counted(lines)
        header = next(texts, "")
        directive = _DIRECTIVE.match(header)  # with which Excel names the delimiter
        if directive is not None:
            header = next(texts, "")
        if not header.strip():
            message = f"{label} has no header: its first line must name the columns"
            raise InputError(message)
        self.delimiter = directive[1] if directive is not None else _delimiter_of(header)
        self._reader = csv.reader(
            itertools.chain([header], texts), delimiter=self.delimiter, strict=faults.is_strict
        )
        self.names = [name.strip() for name in self._next() or []]

    def _counted(self, lines: Iterable[tuple[int, str]]) -> Iterator[str]:
        for self._line, text in lines:
            yield text

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            message = f"{self._label}, line {self._line} is not CSV: {error}"
            raise InputError(message) from None

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        started = self._line + 1
        while (row := self._next()) is not None:
            fitting = self._fitted(row, started) if row else None
            if fitting is not None:
                yield started, fitting
            started = self._line + 1

    def _fitted(self, row: list[str], line: int) -> list[str] | None:
        """Return a row of as many values as there are columns, None for one to be left out."""
        n_columns = len(self.names)
        if len(row) == n_columns or (len(row) > n_columns and not any(row[n_columns:])):
            return row
        fault = UnusableError(
            f"has {len(row)} values, but the header names {n_columns} columns",
            f"put values that hold {shown(self.delimiter)} in quotes",
        )
        self._faults.add(line - 1, "", fault)
        return None if len(row) > n_columns else row + [""] * (n_columns - len(row))


def _delimiter_of(header: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=outside_quotes.count)
