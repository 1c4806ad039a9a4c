"""Rows as tables: as columns, as DataFrames, as Arrow tables, with types that fit."""

from __future__ import annotations

import abc
import datetime as dt
import numbers
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

from dedupe_news.errors import InputError, optional, shown
from dedupe_news.results.displayable import Displayable
from dedupe_news.results.phrasing import as_text
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_Row = TypeVar("_Row")

_RELATIONS = [relation.name.lower() for relation in Relation]
_SCORES = ("jaccard", "containment", "probability", "score")
_GROUPS = ("story", "template")
_KINDS = (bool, numbers.Real, str, bytes, dt.datetime, dt.date, dt.timedelta)
_MOST = 2**63
_NOT_INSTALLED = "{0} is needed for this and not installed; pip install {0}"


class Framed(abc.ABC):
    """Rows that are columns, DataFrames and Arrow tables as well."""

    __slots__ = ()

    @abc.abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the rows as columns."""

    def _row_names(self) -> Any:
        """Return what pandas calls the rows; None for their numbers."""
        return None

    def to_frame(self, library: str = "pandas") -> Any:
        """
        Return the columns of `to_dict` as a DataFrame.

        Parameters
        ----------
        library : {"pandas", "polars"}, default "pandas"
            The library of the DataFrame.

        Returns
        -------
        DataFrame
            Relations are categorical, scores float64, stories and templates Int64. Ids of
            several types, or of one that is no number, text or time, are texts in polars.
            Of items, one of pandas has the index of the feed, where that was one
            of pandas' too.

        Raises
        ------
        InputError
            If `library` is another.
        MissingDependencyError
            If the library is not installed.
        """
        rows = _named(self.to_dict())
        if library == "pandas":
            pandas = optional("pandas", _NOT_INSTALLED)
            frame = pandas.DataFrame(rows, index=self._row_names())
            relation = pandas.CategoricalDtype(_RELATIONS)
            return frame.astype(_types(rows, relation, "float64", "Int64"))
        if library == "polars":
            polars = optional("polars", _NOT_INSTALLED)
            types = _types(rows, polars.Enum(_RELATIONS), polars.Float64, polars.Int64)
            return polars.DataFrame(_of_one_kind(rows), schema_overrides=types)
        message = f"library={shown(library)} is not known; allowed are 'pandas' and 'polars'"
        raise InputError(message)

    def to_arrow(self) -> Any:
        """
        Return the columns of `to_dict` as an Arrow table.

        Returns
        -------
        pyarrow.Table
            Relations are a dictionary of strings; all else is as in a DataFrame of polars.

        Raises
        ------
        MissingDependencyError
            If pyarrow is not installed.
        """
        rows = _named(self.to_dict())
        arrow = optional("pyarrow", _NOT_INSTALLED)
        relation = arrow.dictionary(arrow.int8(), arrow.string())
        types = _types(rows, relation, arrow.float64(), arrow.int64())
        columns = _of_one_kind(rows).items()
        return arrow.table({name: arrow.array(x, type=types.get(name)) for name, x in columns})


class Table(Displayable, Framed, Sequence[_Row]):
    """Rows of one type, which are made of columns when they are looked at."""

    __slots__ = ()
    row_type: ClassVar[Any]

    @abc.abstractmethod
    def _columns(self) -> dict[str, list[Any]]:
        """Return the fields of the rows."""

    @abc.abstractmethod
    def _part(self, part: slice) -> Self:
        """Return some of the rows."""

    def to_dict(self) -> dict[str, list[Any]]:
        """
        Return the rows as columns.

        Returns
        -------
        dict of str to list
            The fields of a row.
        """
        return self._columns()

    @overload
    def __getitem__(self, index: int) -> _Row: ...  # numpydoc ignore=GL08

    @overload
    def __getitem__(self, index: slice) -> Self: ...  # numpydoc ignore=GL08

    def __getitem__(self, index: int | slice) -> _Row | Self:
        """Return one row; for a slice, a table of those rows."""
        if isinstance(index, slice):
            return self._part(index)
        at, n_rows = operator.index(index), len(self)
        if not -n_rows <= at < n_rows:
            message = f"row {at:,} is out of bounds: there are {n_rows:,}"
            raise IndexError(message)
        return next(iter(self._part(slice(at % n_rows, at % n_rows + 1))))

    def __iter__(self) -> Iterator[_Row]:
        """Iterate over the rows, in order."""
        for values in zip(*self._columns().values(), strict=True):
            yield self.row_type(*values)


def _named(rows: dict[str, Any]) -> dict[str, Any]:
    """Return columns with relations by their names."""
    if "relation" not in rows:
        return rows
    names = [x.name.lower() if isinstance(x, Relation) else x for x in rows["relation"]]
    return {**rows, "relation": names}


def _of_one_kind(rows: dict[str, Any]) -> dict[str, Any]:
    """Return columns with ids as text where a typed column cannot hold them all."""
    return {
        name: values
        if _is_of_one_kind(values)
        else [None if value is None else as_text(value) for value in values]
        for name, values in rows.items()
    }


def _is_of_one_kind(values: Any) -> bool:
    if not isinstance(values, list):
        return True
    kinds = set()
    for value in values:
        if value is None:
            continue
        kinds.add(next((kind for kind in _KINDS if isinstance(value, kind)), object))
        if isinstance(value, int) and not -_MOST <= value < _MOST:
            return False
    return len(kinds) <= 1 and object not in kinds


def _types(rows: Mapping[str, Any], relation: Any, score: Any, group: Any) -> dict[str, Any]:
    """Return the types of columns that a library would not find out."""
    types = {"relation": relation, **dict.fromkeys(_SCORES, score), **dict.fromkeys(_GROUPS, group)}
    return {name: kind for name, kind in types.items() if name in rows}
