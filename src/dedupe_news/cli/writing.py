"""Rows to files and pipes: JSON Lines, CSV, Parquet."""

from __future__ import annotations

import contextlib
import csv
import gzip
import importlib
import io
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe_news._input.arrow import require_pyarrow
from dedupe_news._input.compression import STDIN
from dedupe_news._input.files import Format, format_of
from dedupe_news.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import BinaryIO

    from dedupe_news.cli.rows import Rows

STDOUT = STDIN
"""Stands for standard output in place of a file's name."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[\d.,]+")
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
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
        problem = "its suffix must be .jsonl, .csv, .tsv or .parquet; with .gz it is compressed"
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


def write(path: str, rows: Rows) -> None:
    """
    Write rows to a file that `check_target` has checked.

    Parameters
    ----------
    path : str
        The file, whose suffix says how; "-" for standard output.
    rows : Rows
        The rows.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    if path == STDOUT:
        write_rows(rows)
        return
    form = format_of(path)
    try:
        if form is Format.PARQUET:
            _write_parquet(path, rows)
            return
        with contextlib.ExitStack() as stack:
            file: Any = stack.enter_context(Path(path).open("wb"))
            if path.lower().endswith(".gz"):
                # No time in the header: equal results make equal files.
                file = stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0))
            if form is Format.CSV:
                _write_csv(file, rows, "\t" if ".tsv" in path.lower() else ",")
            else:
                _write_lines(file, rows)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise InputError(message) from error


def write_jsonl(columns: Mapping[str, Sequence[Any]]) -> None:
    """
    Write columns to standard output as JSON Lines.

    Parameters
    ----------
    columns : mapping of str to sequence
        Of one length.
    """
    names = tuple(columns)
    write_rows(dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True))


def write_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """
    Write rows to standard output as JSON Lines.

    Parameters
    ----------
    rows : iterable of mapping
        The rows.

    Raises
    ------
    ReaderGoneError
        If nobody reads them any more.
    """
    try:
        sys.stdout.flush()
        _write_lines(sys.stdout.buffer, rows)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error


def _write_lines(file: BinaryIO, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        line = json.dumps(row, ensure_ascii=False, default=_plain)
        if _LINE_ENDS.search(line):  # some readers would end the line there
            line = _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
        # An id may hold a lone surrogate; written \udXXX it is JSON again.
        file.write(line.encode("utf-8", "backslashreplace") + b"\n")


def _plain(value: Any) -> Any:  # noqa: ANN401 - of a Parquet file
    """Return a value that JSON has no form for as a text."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _write_csv(file: BinaryIO, rows: Rows, delimiter: str) -> None:
    text = io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(map(_cell, rows.names))
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in rows.names])
    text.flush()
    text.detach()


def _cell(value: Any) -> Any:  # noqa: ANN401 - of any column
    """Return a value as CSV has it; a text that a spreadsheet would run as a formula is quoted."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    text = value if isinstance(value, str) else str(_plain(value))
    is_formula = text.startswith(_FORMULAS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


def _write_parquet(path: str, rows: Rows) -> None:
    pyarrow = require_pyarrow("write Parquet files")
    parquet = importlib.import_module("pyarrow.parquet")
    try:
        with contextlib.ExitStack() as stack:
            writer = None
            for table in rows.tables():
                if writer is None:
                    writer = stack.enter_context(parquet.ParquetWriter(path, table.schema))
                writer.write_table(table.cast(writer.schema))
    except (pyarrow.ArrowException, UnicodeError, OverflowError) as error:
        message = (
            f"cannot write {path}: Parquet holds values of one type in a column, and one here has "
            f"several: {str(error).splitlines()[0]}. Write .jsonl instead"
        )
        raise InputError(message) from error
