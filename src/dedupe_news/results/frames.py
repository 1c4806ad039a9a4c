"""One row an item, as tables of other libraries, with types that fit."""

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


def arrow_table(rows: Mapping[str, Any]) -> Any:
    """
    Return rows as an Arrow table.

    Parameters
    ----------
    rows : mapping of str to sequence
        Columns as of ``Clustering.to_dict``.

    Returns
    -------
    pyarrow.Table
        Relations are a dictionary of strings, scores float64, stories
        and templates int64; what is missing is null.

    Raises
    ------
    MissingDependencyError
        If pyarrow is not installed.
    """
    arrow = _import("pyarrow")
    types = {
        "relation": arrow.dictionary(arrow.int8(), arrow.string()),
        **dict.fromkeys(_SCORES, arrow.float64()),
        **dict.fromkeys(_GROUPS, arrow.int64()),
    }
    return arrow.table(
        {name: arrow.array(values, type=types.get(name)) for name, values in rows.items()}
    )


def data_frame(rows: Mapping[str, Any], library: str, labels: Any) -> Any:
    """
    Return rows as a DataFrame.

    Parameters
    ----------
    rows : mapping of str to sequence
        Columns as of ``Clustering.to_dict``.
    library : {"pandas", "polars"}
        Whose.
    labels : pandas.Index or None
        What the rows of a pandas DataFrame are called.

    Returns
    -------
    DataFrame
        Relations are categorical (an Enum in polars), scores float64, stories
        and templates a nullable Int64.

    Raises
    ------
    InputError
        If `library` is another.
    MissingDependencyError
        If the library is not installed.
    """
    if library == "pandas":
        pandas = _import("pandas")
        frame = pandas.DataFrame(rows, index=labels)
        types = {
            "relation": pandas.CategoricalDtype(_RELATIONS),
            **dict.fromkeys(_SCORES, "float64"),
            **dict.fromkeys(_GROUPS, "Int64"),
        }
        return frame.astype({name: kind for name, kind in types.items() if name in frame})
    if library == "polars":
        polars = _import("polars")
        types = {
            "relation": polars.Enum(_RELATIONS),
            **dict.fromkeys(_SCORES, polars.Float64),
            **dict.fromkeys(_GROUPS, polars.Int64),
        }
        known = {name: kind for name, kind in types.items() if name in rows}
        return polars.DataFrame(rows, schema_overrides=known)
    message = f"library={library!r} is not known; allowed are 'pandas' and 'polars'"
    raise InputError(message)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"{name} is needed for this and not installed; pip install {name}"
        raise MissingDependencyError(message) from error
