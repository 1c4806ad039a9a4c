"""Values of other libraries: Arrow data, Series, arrays and lists, missing values."""

from __future__ import annotations

import contextlib
import contextvars
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dedupe_news.errors import InputError, InputTypeError, MissingDependencyError

_SHOWN = 40

_first: contextvars.ContextVar[int] = contextvars.ContextVar("first document", default=0)


def require_pyarrow(purpose: str) -> Any:
    """
    Return the module ``pyarrow``.

    Parameters
    ----------
    purpose : str
        What it is needed for, after "to".

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        message = f"pyarrow is needed to {purpose}; install it with: pip install pyarrow"
        raise MissingDependencyError(message) from error


def row_labels(feed: object) -> Any:
    """
    Return what the rows of a feed are called.

    Parameters
    ----------
    feed : object
        Any feed.

    Returns
    -------
    pandas.Index or None
        The index of a pandas Series or DataFrame; None for all else.
    """
    pandas = sys.modules.get("pandas")  # where it is not loaded, nothing is of it
    is_labelled = pandas is not None and isinstance(feed, (pandas.Series, pandas.DataFrame))
    return feed.index if is_labelled else None  # type: ignore[attr-defined]


def may_be_large(feed: object) -> bool:
    """
    Return whether a feed may be larger than memory.

    Parameters
    ----------
    feed : object
        Any feed.

    Returns
    -------
    bool
        True for files, streams and iterators; False for what has a length, and
        so is in memory already.
    """
    if isinstance(feed, (str, Mapping)) or hasattr(type(feed), "columns"):
        return False
    return not hasattr(feed, "__len__")


def is_missing(value: object) -> bool:
    """
    Return whether a value stands for nothing: None, NaN, NaT or pandas' NA.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    bool
        True for missing values; an empty text is not missing.
    """
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(value != value)  # noqa: PLR0124 - only NaN differs from itself
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return type(value).__name__ in ("NAType", "NaTType")


@contextlib.contextmanager
def counting_from(first: int) -> Iterator[None]:
    """
    Let error messages count documents from another number than 0.

    Parameters
    ----------
    first : int
        Position of the first document of a part in the whole.
    """
    token = _first.set(first)
    try:
        yield
    finally:
        _first.reset(token)


def numbered(position: int) -> int:
    """
    Return the position of a document in the whole feed.

    Parameters
    ----------
    position : int
        Its position in the part that is being read.

    Returns
    -------
    int
        The same where the whole is read at once.
    """
    return _first.get() + position


def where(role: str, position: int) -> str:
    """
    Return what a value is, for an error message.

    Parameters
    ----------
    role : str
        What its column holds.
    position : int
        Position of its document.

    Returns
    -------
    str
        Such as "text of document 3".
    """
    return f"{role} of document {numbered(position)}"


def shown(value: object) -> str:
    """
    Return a value as an error message shows it.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    str
        Its ``repr``, cut to 40 characters.
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # of more digits than Python writes out, or too deep
        text = f"<a {type(value).__name__}>"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def as_list(values: Any) -> list[Any]:
    """
    Return a column that is not Arrow's as a list.

    Parameters
    ----------
    values : sequence, array or Series
        A column.

    Returns
    -------
    list
        Its values.

    Raises
    ------
    InputError
        If it is an array of several dimensions.
    InputTypeError
        If it is no column.
    """
    if isinstance(values, list):
        return values
    if isinstance(values, np.ndarray) and values.ndim != 1:
        message = (
            f"an array of {values.ndim} dimensions is no column of documents; "
            "pass one of one dimension, such as array[:, 0]"
        )
        raise InputError(message)
    for method in ("to_list", "tolist"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        message = (
            f"a column of type {type(values).__name__!r} cannot be read; "
            "pass a sequence of values, one a document"
        )
        raise InputTypeError(message)
    return list(values)


def plain_list(values: Any) -> list[Any]:
    """
    Return any column as a list of Python's own values.

    Parameters
    ----------
    values : sequence, array, Series or Arrow data
        A column.

    Returns
    -------
    list
        Its values.

    Raises
    ------
    InputError
        If it is an array of several dimensions.
    InputTypeError
        If it is no column.
    """
    if type(values).__module__.partition(".")[0] == "pyarrow":
        listed: list[Any] = values.to_pylist()
        return listed
    return as_list(values)


def as_arrow(values: Any) -> Any:
    """
    Return a column as Arrow data where it is that already.

    Parameters
    ----------
    values : object
        A column.

    Returns
    -------
    pyarrow.Array, pyarrow.ChunkedArray or None
        None for other columns.
    """
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


def sized(values: Any) -> Any:
    """
    Return a column that has a length, made of one that may have none.

    Parameters
    ----------
    values : object
        A column, or an iterator over one.

    Returns
    -------
    sequence, array, Series or Arrow data
        The column itself where it has a length.

    Raises
    ------
    InputTypeError
        If it is no column.
    """
    if hasattr(values, "__len__") and getattr(values, "ndim", 1) == 1:
        return values
    arrow = as_arrow(values)
    return as_list(values) if arrow is None else arrow


def arrow_strings(arrow: Any) -> Any:
    """
    Return Arrow strings of any layout in the one with 64-bit offsets.

    Parameters
    ----------
    arrow : pyarrow.Array or pyarrow.ChunkedArray
        Strings, views of strings, dictionaries of either, or nulls.

    Returns
    -------
    pyarrow.Array, pyarrow.ChunkedArray or None
        Of type ``large_string``, copied only where it was of another; None
        where the values are no strings.
    """
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
    """
    Arrow data as a sequence of Python values, made when asked for.

    Parameters
    ----------
    arrow : pyarrow.Array or pyarrow.ChunkedArray
        The values.
    """

    def __init__(self, arrow: Any) -> None:
        self.arrow = arrow

    def __len__(self) -> int:
        """
        Return the number of values.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.arrow)

    def __getitem__(self, index: Any) -> Any:
        """
        Return a value, or a list of those of a slice.

        Parameters
        ----------
        index : int or slice
            As for a list.

        Returns
        -------
        object
            Python's own value.
        """
        if isinstance(index, slice):
            return self.arrow[index].to_pylist()
        return self.arrow[index].as_py()

    def __iter__(self) -> Iterator[Any]:
        """
        Iterate over the values.

        Returns
        -------
        iterator
            Over Python's own values.
        """
        return iter(self.arrow.to_pylist())
