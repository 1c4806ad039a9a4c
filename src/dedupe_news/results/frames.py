"""Rows as tables of other libraries, with types that fit."""

from __future__ import annotations

import abc
import datetime as dt
import importlib
import numbers
from typing import TYPE_CHECKING, Any

from dedupe_news.errors import InputError, MissingDependencyError, shown
from dedupe_news.results.phrasing import as_text
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Mapping

_RELATIONS = [relation.name.lower() for relation in Relation]
_SCORES = ("jaccard", "containment", "probability", "score")
_GROUPS = ("story", "template")
_KINDS = (bool, numbers.Real, str, bytes, dt.datetime, dt.date, dt.timedelta)
_MOST = 2**63


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
            pandas = _import("pandas")
            frame = pandas.DataFrame(rows, index=self._row_names())
            relation = pandas.CategoricalDtype(_RELATIONS)
            return frame.astype(_types(relation, "float64", "Int64", rows))
        if library == "polars":
            polars = _import("polars")
            types = _types(polars.Enum(_RELATIONS), polars.Float64, polars.Int64, rows)
            return polars.DataFrame(_of_one_kind(rows), schema_overrides=types)
        message = f"library={shown(library)} is not known; allowed are 'pandas' and 'polars'"
        raise InputError(message)

    def to_arrow(self) -> Any:
        """
        Return the columns of `to_dict` as an Arrow table.

        Returns
        -------
        pyarrow.Table
            Relations are a dictionary of strings, scores float64, stories and
            templates int64. Ids of several types, or of one that is no
            number, text or time, are texts.

        Raises
        ------
        MissingDependencyError
            If pyarrow is not installed.
        """
        rows = _named(self.to_dict())
        arrow = _import("pyarrow")
        relation = arrow.dictionary(arrow.int8(), arrow.string())
        types = _types(relation, arrow.float64(), arrow.int64(), rows)
        return arrow.table(
            {
                name: arrow.array(values, type=types.get(name))
                for name, values in _of_one_kind(rows).items()
            }
        )


def _named(rows: dict[str, Any]) -> dict[str, Any]:
    """Return columns with relations by their names."""
    if "relation" not in rows:
        return rows
    names = [x.name.lower() if isinstance(x, Relation) else x for x in rows["relation"]]
    return {**rows, "relation": names}


def _of_one_kind(rows: dict[str, Any]) -> dict[str, Any]:
    """Return columns with ids as text where a typed column cannot hold them all."""
    return {
        name: values if _is_of_one_kind(values) else _texts(values) for name, values in rows.items()
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


def _texts(values: list[Any]) -> list[str | None]:
    return [None if value is None else as_text(value) for value in values]


def _types(relation: Any, score: Any, group: Any, rows: Mapping[str, Any]) -> dict[str, Any]:
    """Return the types of columns that a library would not find out."""
    types = {"relation": relation, **dict.fromkeys(_SCORES, score), **dict.fromkeys(_GROUPS, group)}
    return {name: kind for name, kind in types.items() if name in rows}


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"{name} is needed for this and not installed; pip install {name}"
        raise MissingDependencyError(message) from error
