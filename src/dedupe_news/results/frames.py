"""Rows as tables of other libraries, with types that fit."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dedupe_news.errors import InputError, MissingDependencyError
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Mapping

_RELATIONS = [relation.name.lower() for relation in Relation]
_SCORES = ("jaccard", "containment", "probability", "score")
_GROUPS = ("story", "template")


def _types(relation: Any, score: Any, group: Any, rows: Mapping[str, Any]) -> dict[str, Any]:
    """Return the types of columns that a library would not find out."""
    types = {"relation": relation, **dict.fromkeys(_SCORES, score), **dict.fromkeys(_GROUPS, group)}
    return {name: kind for name, kind in types.items() if name in rows}


def arrow_table(rows: Mapping[str, Any]) -> Any:
    """Return columns as an Arrow table; relations are a dictionary of strings."""
    arrow = _import("pyarrow")
    relation = arrow.dictionary(arrow.int8(), arrow.string())
    types = _types(relation, arrow.float64(), arrow.int64(), rows)
    return arrow.table(
        {name: arrow.array(values, type=types.get(name)) for name, values in rows.items()}
    )


def data_frame(rows: Mapping[str, Any], library: str, labels: Any) -> Any:
    """Return columns as a DataFrame; `labels` are what pandas calls the rows, or None."""
    if library == "pandas":
        pandas = _import("pandas")
        frame = pandas.DataFrame(rows, index=labels)
        return frame.astype(_types(pandas.CategoricalDtype(_RELATIONS), "float64", "Int64", rows))
    if library == "polars":
        polars = _import("polars")
        types = _types(polars.Enum(_RELATIONS), polars.Float64, polars.Int64, rows)
        return polars.DataFrame(rows, schema_overrides=types)
    message = f"library={library!r} is not known; allowed are 'pandas' and 'polars'"
    raise InputError(message)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"{name} is needed for this and not installed; pip install {name}"
        raise MissingDependencyError(message) from error
