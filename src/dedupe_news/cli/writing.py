"""Rows of a file, with what was computed beside them, to files and pipes."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import gzip
import importlib
import io
import itertools
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._input.arrow import as_list, require_pyarrow
from dedupe_news._input.files import Format, format_of
from dedupe_news.cli.options import STDIN, STDOUT
from dedupe_news.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

    from numpy.typing import NDArray

    from dedupe_news.cli.loading import Feed
    from dedupe_news.results.records import Match
    from dedupe_news.results.result import Clustering

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")  # wide ones too
_NUMBER = re.compile(r"[+-]?[\d.,]+")
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_WRITABLE = (Format.JSONL, Format.CSV, Format.PARQUET)

_ARROW_TYPES = {
    "cluster": "int64",
    "story": "int64",
    "template": "int64",
    "relation": "string",
    "kept": "bool",
    "duplicate_of": None,
    "probability": "double",
}
"""The columns that `cluster` writes; of their types, parts without values cannot tell."""


class ReaderGoneError(Exception):
    """Nobody reads standard output any more."""


def computed_columns(result: Clustering, feed: Feed) -> dict[str, list[Any]]:
    """Return what is written of each item, with its number in the file where that has no ids."""
    rows = {name: as_list(values) for name, values in result.to_dict().items()}
    ids, kept_ids = rows["id"], rows["kept_id"]
    if result.columns.ids is None:  # in files of their own, rows count from 1
        ids, kept_ids = [number + 1 for number in ids], [number + 1 for number in kept_ids]
    rows["duplicate_of"] = [
        None if kept else other for kept, other in zip(rows["kept"], kept_ids, strict=True)
    ]
    numbers = {} if feed.has_ids else {feed.unit: ids}
    return numbers | {name: rows[name] for name in _ARROW_TYPES}


@dataclasses.dataclass(frozen=True, slots=True)
class Rows:
    """
    Rows of a file, all or those at increasing `positions`.

    `computed` are columns beside them, as long as the rows; they replace those of the same name.
    """

    feed: Feed
    computed: Mapping[str, list[Any]]
    positions: NDArray[np.int64] | None = None

    @property
    def names(self) -> list[str]:
        """Return the names of the columns: those of the file that stay, then those computed."""
        return [*(name for name in self.feed.names if name not in self.computed), *self.computed]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows."""
        records = self.feed.records()
        if self.positions is not None:
            is_written = np.bincount(self.positions)  # positions are distinct
            records = itertools.compress(records, is_written.tolist())
        for place, row in enumerate(records):
            yield {
                **{name: value for name, value in row.items() if name not in self.computed},
                **{name: values[place] for name, values in self.computed.items()},
            }

    def tables(self) -> Iterator[Any]:
        """Yield the rows as Arrow tables."""
        arrow = importlib.import_module("pyarrow")
        start = 0
        for part in self.feed.tables():
            stop = start + part.num_rows
            table = part.select([name for name in part.column_names if name not in self.computed])
            first, last = start, stop
            if self.positions is not None:
                first, last = np.searchsorted(self.positions, (start, stop)).tolist()
                table = table.take(arrow.array(self.positions[first:last] - start))
            for name, values in self.computed.items():
                alias = _ARROW_TYPES.get(name)
                kind = None if alias is None else arrow.type_for_alias(alias)
                table = table.append_column(name, arrow.array(values[first:last], kind))
            yield table
            start = stop


def check_target(path: str | Path, source: str, problem: str | None = None) -> None:
    """Refuse a file that could not be written, before the work; `problem` is that of its name."""
    target = Path(path)
    if problem is None and not target.parent.is_dir():
        problem = f"there is no folder {str(target.parent)!r}"
    elif problem is None and target.is_dir():
        problem = "it is a folder"
    elif problem is None and source != STDIN and target.exists() and Path(source).exists():
        problem = "it is the file that is read" if target.samefile(source) else None
    if problem is not None:
        message = f"cannot write {path}: {problem}"
        raise ConfigError(message)


def check_rows_target(path: str, source: str) -> None:
    """Refuse a file that rows could not be written to, before the work is done."""
    if path == STDOUT:
        return
    form = format_of(path)
    problem = None
    if form not in _WRITABLE or path.lower().endswith((".zst", ".bz2", ".xz")):
        problem = "its suffix must be .json, .jsonl, .csv, .tsv or .parquet; .gz compresses it"
    check_target(path, source, problem)
    if form is Format.PARQUET:
        require_pyarrow("write Parquet files")


def write(path: str, rows: Rows) -> None:
    """Write rows to a file as its suffix says, or to standard output."""
    if path == STDOUT:
        write_jsonl(rows)
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
            elif path.lower().endswith((".json", ".json.gz")):
                _write_array(file, rows)
            else:
                _write_lines(file, rows)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise InputError(message) from error


def write_jsonl(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows to standard output as JSON Lines."""
    try:
        sys.stdout.flush()
        _write_lines(sys.stdout.buffer, rows)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        message = f"cannot write to standard output: {error.strerror or error}"
        raise InputError(message) from error


def match_row(match: Match) -> dict[str, Any]:
    """Return a match as a row."""
    return {
        "id": match.id,
        "jaccard": match.jaccard,
        "containment": match.containment,
        "relation": match.relation.name.lower(),
    }


def _write_lines(file: BinaryIO, rows: Iterable[Mapping[str, Any]]) -> None:
    file.writelines(line + b"\n" for line in _json(rows))


def _write_array(file: BinaryIO, rows: Iterable[Mapping[str, Any]]) -> None:
    before = b"["
    for line in _json(rows):
        file.write(before + b"\n" + line)
        before = b","
    file.write(b"[]\n" if before == b"[" else b"\n]\n")


def _json(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Return rows as JSON, each in one line."""
    for row in rows:
        line = json.dumps(row, ensure_ascii=False, default=_plain)
        if _LINE_ENDS.search(line):  # some readers would end the line there
            line = _LINE_ENDS.sub(lambda end: f"\\u{ord(end[0]):04x}", line)
        # An id may hold a lone surrogate; written \udXXX it is JSON again.
        yield line.encode("utf-8", "backslashreplace")


def _plain(value: Any) -> Any:
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


def _cell(value: Any) -> Any:
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
