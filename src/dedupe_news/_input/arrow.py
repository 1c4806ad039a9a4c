"""Columns of any library as one of two kinds: Arrow data, or a list of Python's values."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from dedupe_news.errors import InputError, InputTypeError, MissingDependencyError


def require_pyarrow(purpose: str) -> Any:
    """Return the module ``pyarrow``."""
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        message = f"pyarrow is needed to {purpose}; install it with: pip install pyarrow"
        raise MissingDependencyError(message) from error


def is_missing(value: object) -> bool:
    """Return whether a value stands for nothing: None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(value != value)  # noqa: PLR0124 - only NaN differs from itself
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return type(value).__name__ in ("NAType", "NaTType")


def is_arrow(values: object) -> bool:
    """Return whether a column, or a table, is pyarrow's."""
    return type(values).__module__.partition(".")[0] == "pyarrow"


def is_held(feed: object) -> bool:
    """Return whether a feed is the table or column of a library that has its rows in memory."""
    # Of the class: a LazyFrame warns when it is asked itself.
    return hasattr(type(feed), "columns") or hasattr(feed, "dtype") or hasattr(feed, "take")


def opened(feed: Any) -> Any:
    """Return a feed of the PyCapsule interface as a table or column, any other as it is."""
    is_capsule = hasattr(feed, "__arrow_c_stream__") or hasattr(feed, "__arrow_c_array__")
    if is_held(feed) or not is_capsule:
        return feed
    pyarrow = require_pyarrow("read Arrow data by the PyCapsule interface")
    try:
        return pyarrow.table(feed)
    except (pyarrow.ArrowException, TypeError):
        return pyarrow.chunked_array(feed)


def plain(values: Any) -> Any:
    """Return a column as Arrow data where it is that already, else as a list."""
    if isinstance(values, list) or is_arrow(values):
        return values
    home = type(values).__module__.partition(".")[0]
    array = getattr(values, "array", None)
    try:
        if home == "pandas" and hasattr(array, "__arrow_array__"):
            return require_pyarrow("read pandas' Arrow columns").array(array)
        # A Series that says its type but not Arrow's is read value by value.
        is_foreign = not hasattr(values, "dtype") or home == "polars"
        if is_foreign and hasattr(values, "__arrow_c_stream__"):
            return require_pyarrow("read Arrow data").chunked_array(values)
    except MissingDependencyError:
        pass  # strings and nullable numbers of pandas need no Arrow
    return as_list(values)


def as_list(values: Any) -> list[Any]:
    """Return a column as a list of Python's values."""
    if isinstance(values, list):
        return values
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            message = (
                f"an array of {values.ndim} dimensions is no column of documents; "
                "pass one of one dimension, such as array[:, 0]"
            )
            raise InputError(message)
        if values.dtype.kind == "M":
            return list(values)  # Python's own would be numbers or dates
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        message = (
            f"a column of type {type(values).__name__!r} cannot be read; "
            "pass a sequence of values, one a document"
        )
        raise InputTypeError(message)
    return list(values)


def strings(column: Any) -> Any:
    """Return Arrow strings as one array with 64-bit offsets, None for other types."""
    pyarrow = importlib.import_module("pyarrow")
    types, large = pyarrow.types, pyarrow.large_string()
    is_dictionary = types.is_dictionary(column.type)
    held = column.type.value_type if is_dictionary else column.type
    tests = (types.is_large_string, types.is_string, types.is_string_view, types.is_null)
    if not any(test(held) for test in tests):
        return None
    chunks = column.chunks if isinstance(column, pyarrow.ChunkedArray) else [column]
    if is_dictionary:  # Arrow decodes no dictionary of views; so its values are cast first
        chunks = [chunk.dictionary.cast(large).take(chunk.indices) for chunk in chunks]
    chunks = [chunk.cast(large) for chunk in chunks]
    empty = pyarrow.array([], large)
    return chunks[0] if len(chunks) == 1 else pyarrow.concat_arrays([empty, *chunks])


class ArrowSequence(Sequence[Any]):
    """Arrow data as a sequence of Python values, made when asked for."""

    def __init__(self, arrow: Any) -> None:
        self.arrow = arrow

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self.arrow)

    def __getitem__(self, index: Any) -> Any:
        """Return a value, or a list of those of a slice."""
        if isinstance(index, slice):
            return self.arrow[index].to_pylist()
        return self.arrow[index].as_py()

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the values."""
        return iter(self.arrow.to_pylist())
