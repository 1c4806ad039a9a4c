"""Rows of a feed as they came in: of the table, list or column that the user has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sized
from typing import TYPE_CHECKING, Any

from dedupe_news._input import arrow
from dedupe_news.errors import ColumnError, InputTypeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def settled(feed: Any) -> Any:
    """Return a feed that can be read twice: what can be iterated over once is made a list."""
    if isinstance(feed, (str, bytes, bytearray)):
        return feed  # refused by whoever reads it
    if isinstance(feed, os.PathLike) or hasattr(feed, "to_table"):
        message = (
            f"a feed of type {type(feed).__name__!r} has no rows in memory to give back. Read it "
            "into a table first, as pyarrow.parquet.read_table(path) does; dn.cluster(...) says of "
            "larger ones which items to keep"
        )
        raise InputTypeError(message)
    if hasattr(feed, "__arrow_c_stream__") or hasattr(feed, "__arrow_c_array__"):
        if hasattr(feed, "take") or hasattr(type(feed), "columns") or hasattr(feed, "dtype"):
            return feed
        return _of_capsule(feed)
    if isinstance(feed, (list, tuple, Mapping)) or hasattr(feed, "dtype"):
        return feed
    if isinstance(feed, Iterable) and not (isinstance(feed, Sized) and _is_frame(feed)):
        return list(feed)
    return feed


def take(feed: Any, positions: NDArray[np.int64]) -> Any:
    """Return some rows of a settled feed, in its own type."""
    if isinstance(feed, Mapping):
        return {name: take(values, positions) for name, values in feed.items()}
    if isinstance(feed, (list, tuple)):
        return [feed[at] for at in positions.tolist()]
    if hasattr(feed, "iloc"):  # pandas: with its index
        return feed.iloc[positions]
    if type(feed).__module__.partition(".")[0] == "pyarrow":
        pyarrow = arrow.require_pyarrow("give back Arrow data")
        return feed.take(pyarrow.array(positions))
    if _is_frame(feed):
        import narwhals as nw  # noqa: PLC0415 - not needed for lists

        frame = nw.from_native(feed)
        is_lazy = isinstance(frame, nw.LazyFrame)
        chosen = (frame.collect() if is_lazy else frame)[positions.tolist()]
        native = chosen.to_native()
        return native.lazy() if is_lazy and hasattr(native, "lazy") else native
    return feed[positions]


def row_getter(feed: Any) -> Callable[[int], Any]:
    """Return what gives one row: a mapping for tables, else the item itself."""
    if isinstance(feed, Mapping):
        return lambda at: {name: values[at] for name, values in feed.items()}
    if _is_frame(feed):
        columns = {name: arrow.plain_list(_column(feed, name)) for name in _names(feed)}
        return lambda at: {name: values[at] for name, values in columns.items()}
    if hasattr(feed, "iloc"):  # a Series
        return lambda at: feed.iloc[at]
    return lambda at: feed[at]


def value_getter(feed: Any, column: str) -> Callable[[int], Any]:
    """Return what gives the value of a column; `ColumnError` where there is none."""
    if isinstance(feed, Mapping) or _is_frame(feed):
        names = list(feed) if isinstance(feed, Mapping) else _names(feed)
        if column in names:
            values = arrow.plain_list(_column(feed, column))
            return lambda at: values[at]
    else:
        rows = list(feed)
        names = list({name: None for row in rows if isinstance(row, Mapping) for name in row})
        if column in names:
            return lambda at: rows[at].get(column)
        if rows and hasattr(rows[0], column) and not isinstance(rows[0], str):
            return lambda at: getattr(rows[at], column)
    known = f"the columns are {', '.join(map(repr, names))}" if names else "the feed has none"
    message = (
        f"keep={column!r} is neither a rule nor a column; rules are 'preferred', 'earliest', "
        f"'latest' and 'longest', and {known}. A function of an item can be given, too"
    )
    raise ColumnError(message)


def _of_capsule(feed: Any) -> Any:
    pyarrow = arrow.require_pyarrow("read Arrow data by the PyCapsule interface")
    try:
        return pyarrow.table(feed)
    except (pyarrow.ArrowException, TypeError):
        return pyarrow.chunked_array(feed)


def _is_frame(feed: Any) -> bool:
    return hasattr(type(feed), "columns") or hasattr(feed, "column_names")


def _names(feed: Any) -> list[str]:
    if hasattr(feed, "column_names"):
        return list(feed.column_names)
    import narwhals as nw  # noqa: PLC0415 - not needed for lists

    return list(nw.from_native(feed).lazy().collect_schema().names())


def _column(feed: Any, name: str) -> Any:
    if isinstance(feed, Mapping) or hasattr(feed, "column_names") or hasattr(feed, "iloc"):
        return feed[name]
    import narwhals as nw  # noqa: PLC0415 - not needed for lists

    frame = nw.from_native(feed)
    return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame)[name].to_native()
