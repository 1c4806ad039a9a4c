"""Values that Arrow holds, or that are easily handed to it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from dedupe_news._input.python import as_list
from dedupe_news.errors import MissingDependencyError


def require_pyarrow(purpose: str) -> Any:
    """Return the module ``pyarrow``."""
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        message = f"pyarrow is needed to {purpose}; install it with: pip install pyarrow"
        raise MissingDependencyError(message) from error


def as_arrow(values: Any) -> Any:
    """Return a column as Arrow data where it is that already."""
    home = type(values).__module__.partition(".")[0]
    if home == "pyarrow":
        return values
    array = getattr(values, "array", None)
    if home == "pandas" and hasattr(array, "__arrow_array__"):
        try:
            return require_pyarrow("read pandas' Arrow columns").array(array)
        except MissingDependencyError:
            return None  # its own strings and nullable numbers need no Arrow
    # A Series that says its type but not Arrow's is read value by value.
    is_foreign = not hasattr(values, "dtype") or home == "polars"
    if is_foreign and hasattr(values, "__arrow_c_stream__"):
        try:
            pyarrow = require_pyarrow("read Arrow data")
        except MissingDependencyError:
            return None
        return pyarrow.chunked_array(values)
    return None


def opened(feed: Any) -> Any:
    """Return a feed of the PyCapsule interface as a table or column, any other as it is."""
    is_capsule = hasattr(feed, "__arrow_c_stream__") or hasattr(feed, "__arrow_c_array__")
    # Of the class: a LazyFrame warns when it is asked itself.
    is_known = hasattr(type(feed), "columns") or hasattr(feed, "dtype") or hasattr(feed, "take")
    if is_known or not is_capsule:
        return feed
    pyarrow = require_pyarrow("read Arrow data by the PyCapsule interface")
    try:
        return pyarrow.table(feed)
    except (pyarrow.ArrowException, TypeError):
        return pyarrow.chunked_array(feed)


def sized(values: Any) -> Any:
    """Return a column that has a length, made of one that may have none."""
    if hasattr(values, "__len__") and getattr(values, "ndim", 1) == 1:
        return values
    arrow = as_arrow(values)
    return as_list(values) if arrow is None else arrow


def plain_list(values: Any) -> list[Any]:
    """Return any column as a list of Python's own values."""
    if type(values).__module__.partition(".")[0] == "pyarrow":
        listed: list[Any] = values.to_pylist()
        return listed
    return as_list(values)


def arrow_strings(arrow: Any) -> Any:
    """Return Arrow strings of any layout in the one with 64-bit offsets."""
    pyarrow = importlib.import_module("pyarrow")
    types, plain = pyarrow.types, pyarrow.large_string()
    is_dictionary = types.is_dictionary(arrow.type)
    held = arrow.type.value_type if is_dictionary else arrow.type
    if types.is_large_string(held) and not is_dictionary:
        return arrow
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
    if not any(test(held) for test in tests):
        return None
    if not is_dictionary:
        return arrow.cast(plain)
    # Arrow decodes no dictionary of views; so its values are cast first.
    chunks = arrow.chunks if isinstance(arrow, pyarrow.ChunkedArray) else [arrow]
    decoded = [chunk.dictionary.cast(plain).take(chunk.indices) for chunk in chunks]
    return pyarrow.chunked_array(decoded, plain)


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
