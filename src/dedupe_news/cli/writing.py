"""Results to files and pipes: JSON Lines, CSV, Parquet."""

from __future__ import annotations

import contextlib
import csv
import gzip
import importlib
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe_news._input.arrow import require_pyarrow
from dedupe_news._input.compression import STDIN
from dedupe_news._input.files import Format, format_of
from dedupe_news.errors import ConfigError, InputError
from dedupe_news.frames import arrow_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

STDOUT = STDIN
"""Stands for standard output in place of a file's name."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

_WRITABLE = (Format.JSONL, Format.CSV, Format.PARQUET)


class ReaderGoneError(Exception):
    """Nobody reads standard output any more."""


def check_target(path: str, source: str) -> None:
    """
    Refuse a file that could not be written, before the work is done.

    Parameters
    ----------
    path : str
        Where results are to go, or ``"-"``.
    source : str
        The file that is read.

    Raises
    ------
    ConfigError
        If its suffix says no format, its folder is missing, it is a folder, or
        it is the file that is read.
    MissingDependencyError
        If a package is needed for it that is not installed.
    """
    if path == STDOUT:
        return
    target = Path(path)
    form = format_of(path)
    problem = None
    if form not in _WRITABLE or path.lower().endswith((".zst", ".bz2", ".xz")):
        problem = (
            "its suffix must be .jsonl, .csv or .parquet; .jsonl.gz and .csv.gz are compressed"
        )
    elif not target.parent.is_dir():
        problem = f"there is no folder {str(target.parent)!r}"
    elif target.is_dir():
        problem = "it is a folder"
    elif source != STDIN and target.exists() and target.samefile(source):
        problem = "it is the file that is read"
    if problem is not None:
        message = f"cannot write {path}: {problem}"
        raise ConfigError(message)
    if form is Format.PARQUET:
        require_pyarrow("write Parquet files")


def write(path: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """
    Write columns to a file, in the format that its suffix says.

    Parameters
    ----------
    path : str
        The file, checked by `check_target`; ``"-"`` for JSON Lines to standard
        output.
    columns : mapping of str to sequence
        The values of each column.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    if path == STDOUT:
        write_jsonl(columns)
        return
    form = format_of(path)
    try:
        if form is Format.PARQUET:
            _write_parquet(path, columns)
            return
        with contextlib.ExitStack() as stack:
            file: Any = stack.enter_context(Path(path).open("wb"))
            if path.lower().endswith(".gz"):
                # No time in the header: equal results make equal files.
                file = stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0))
            if form is Format.CSV:
                _write_csv(file, columns)
            else:
                _write_lines(file, columns)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise InputError(message) from error


def write_jsonl(columns: Mapping[str, Sequence[Any]]) -> None:
    """
    Write columns to standard output as JSON Lines.

    Parameters
    ----------
    columns : mapping of str to sequence
        The values of each column.

    Raises
    ------
    ReaderGoneError
        If nobody reads it to its end.
    """
    try:
        sys.stdout.flush()
        _write_lines(sys.stdout.buffer, columns)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error


def _rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    return zip(*map(_plain, columns.values()), strict=True)


def _plain(values: Any) -> Iterable[Any]:  # noqa: ANN401 - a list or an array
    plain: Iterable[Any] = values.tolist() if hasattr(values, "tolist") else values
    return plain


def _write_lines(file: BinaryIO, columns: Mapping[str, Sequence[Any]]) -> None:
    names = tuple(columns)
    for row in _rows(columns):
        line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
        # An id may hold a lone surrogate; written \udXXX it is JSON again.
        file.write(line.encode("utf-8", "backslashreplace") + b"\n")


def _write_csv(file: BinaryIO, columns: Mapping[str, Sequence[Any]]) -> None:
    text = io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in _rows(columns):
        writer.writerow(map(_cell, row))
    text.flush()
    text.detach()


def _cell(value: object) -> object:
    """Return a value as a spreadsheet takes it for what it is: no formula."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def _write_parquet(path: str, columns: Mapping[str, Sequence[Any]]) -> None:
    pyarrow = require_pyarrow("write Parquet files")
    parquet = importlib.import_module("pyarrow.parquet")
    try:
        table = arrow_table(columns)
    except (pyarrow.ArrowException, UnicodeError, OverflowError) as error:
        message = (
            f"cannot write {path}: Parquet holds values of one type in a column, and these ids "
            "are mixed. Write .jsonl instead"
        )
        raise InputError(message) from error
    parquet.write_table(table, path)
