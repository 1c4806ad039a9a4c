"""Files to columns: JSON Lines, CSV, Parquet and plain lines, compressed or not."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import enum
import gzip
import importlib
import io
import json
import re
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from dedupe_news.errors import InputError, MissingDependencyError
from dedupe_news.foreign import require_pyarrow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

STDIN = "-"
"""Stands for standard input, or standard output, in place of a file's name."""

_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_PARQUET = b"PAR1"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HEAD_BYTES = 4096
_CHUNK_BYTES = 2**17
_DELIMITERS = ",;\t"


class Format(enum.StrEnum):
    """What a file is made of."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    LINES = "lines"


_SUFFIXES = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".txt": Format.LINES,
}
_TITLES = {
    Format.JSONL: "JSON Lines",
    Format.CSV: "CSV",
    Format.PARQUET: "Parquet",
    Format.LINES: "plain lines",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """
    The columns of a file that may be of use.

    Parameters
    ----------
    label : str
        The file's name, for messages.
    kind : str
        What it is made of, for messages.
    names : list of str
        All its columns.
    columns : dict of str to sequence or pyarrow.ChunkedArray
        Those that were wanted.
    numbers : sequence of int
        Where each document is: its line in the file, or its row, from 1.
    unit : {"line", "row"}
        What `numbers` count.
    records : list of dict, optional
        The objects of JSON Lines as they are, where all columns were wanted.
    """

    label: str
    kind: str
    names: list[str]
    columns: dict[str, Any]
    numbers: Sequence[int]
    unit: str
    records: list[dict[str, Any]] | None = None

    def __len__(self) -> int:
        """
        Return the number of documents.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.numbers)

    def where(self, position: int) -> str:
        """
        Return where a document is, for messages.

        Parameters
        ----------
        position : int
            Its place among the documents, from 0.

        Returns
        -------
        str
            The file and the line or row.
        """
        return f"{self.label}, {self.unit} {self.numbers[position]}"


def format_of(path: str) -> Format | None:
    """
    Return the format that a file's name promises.

    Parameters
    ----------
    path : str
        Its name; one of the suffixes ``.gz`` and ``.zst`` is passed over.

    Returns
    -------
    Format or None
        None where the suffix is unknown.
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in (".gz", ".zst"):
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def read_table(path: str, form: Format | None, wanted: Collection[str] | None) -> Table:
    """
    Read the wanted columns of a file.

    Parameters
    ----------
    path : str
        Its name, or ``"-"`` for standard input.
    form : Format, optional
        What it is made of; by default what its suffix or its beginning tells.
    wanted : collection of str or None
        Names of the columns to keep, where the file has them; None for all.

    Returns
    -------
    Table
        Plain lines are the column ``"text"``.

    Raises
    ------
    InputError
        If the file cannot be read or is not what it should be.
    MissingDependencyError
        If a package is needed for it that is not installed.
    """
    label = "standard input" if path == STDIN else path
    try:
        with contextlib.ExitStack() as stack:
            stream = _open(path, stack)
            settled = form or _settle(path, stream, label)
            if settled is Format.PARQUET:
                return _read_parquet(stream, path, label, wanted)
            _refuse_binary(stream, label)
            if settled is Format.CSV:
                return _read_csv(stream, label, wanted)
            if settled is Format.JSONL:
                return _read_jsonl(stream, label, wanted)
            return _read_lines(stream, label)
    except _damages() as error:
        message = f"{label} is damaged: {error}"
        raise InputError(message) from error
    except OSError as error:
        message = f"cannot read {label}: {error.strerror or error}"
        raise InputError(message) from error


def read_text(path: str) -> str:
    """
    Read a whole file as one text.

    Parameters
    ----------
    path : str
        Its name, or ``"-"`` for standard input.

    Returns
    -------
    str
        Its content.

    Raises
    ------
    InputError
        If the file cannot be read or is no UTF-8.
    """
    table = read_table(path, Format.LINES, ())
    return "\n".join(table.columns["text"])


def _open(path: str, stack: contextlib.ExitStack) -> io.BufferedReader:
    """Open a file, decompressing it where its first bytes say that it is compressed."""
    if path == STDIN:
        stream = _peekable(sys.stdin.buffer)
    else:
        stream = stack.enter_context(Path(path).open("rb"))  # noqa: SIM115 - the stack closes it
    head = stream.peek(len(_ZSTANDARD))
    if head.startswith(_GZIP):
        unpacked: Any = stack.enter_context(gzip.open(stream))  # noqa: SIM115 - likewise
        return io.BufferedReader(unpacked)
    if head.startswith(_ZSTANDARD):
        return io.BufferedReader(_ZstandardReader(stream))
    return stream


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(cast("io.RawIOBase", stream))


class _ZstandardReader(io.RawIOBase):
    """
    What is in a zstd stream.

    Unlike the reader of the package it goes on after the first frame, and tells
    the end of the stream from a frame that was cut off.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._new_frame = _find_zstandard()
        self._frame = self._new_frame()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:  # noqa: ANN401 - any buffer
        while not self._ready:
            left_over = self._frame.unused_data if self._frame.eof else b""
            chunk = left_over or self._stream.read(_CHUNK_BYTES)
            if self._frame.eof:
                if not chunk:
                    return 0
                self._frame = self._new_frame()
            elif not chunk:
                message = "it ends before its time"
                raise EOFError(message)
            self._ready = self._frame.decompress(chunk)
        n_bytes = min(len(target), len(self._ready))
        target[:n_bytes] = self._ready[:n_bytes]
        self._ready = self._ready[n_bytes:]
        return n_bytes


def _find_zstandard() -> Callable[[], Any]:
    """Return what makes the decompressor of a frame."""
    try:
        module = importlib.import_module("compression.zstd")  # Python 3.14
    except ModuleNotFoundError:
        pass
    else:
        made: Callable[[], Any] = module.ZstdDecompressor
        return made
    try:
        package = importlib.import_module("zstandard")
    except ModuleNotFoundError as error:
        message = "zstandard is needed to read zstd files; pip install zstandard"
        raise MissingDependencyError(message) from error
    return lambda: package.ZstdDecompressor().decompressobj()


def _damages() -> tuple[type[Exception], ...]:
    """Return the errors of damaged files; those of zstd only where it was imported."""
    modules = [sys.modules.get(name) for name in ("compression.zstd", "zstandard")]
    zstandard_errors = [module.ZstdError for module in modules if module is not None]
    return (gzip.BadGzipFile, zlib.error, EOFError, *zstandard_errors)


def _settle(path: str, stream: io.BufferedReader, label: str) -> Format:
    head = stream.peek(_HEAD_BYTES)[:_HEAD_BYTES]
    if head.startswith(_PARQUET):
        return Format.PARQUET
    promised = None if path == STDIN else format_of(path)
    if promised is not None:
        return promised
    _refuse_binary(stream, label)
    text = head.removeprefix(_BYTE_ORDER_MARK).lstrip()
    return Format.JSONL if text.startswith(b"{") else Format.LINES


def _refuse_binary(stream: io.BufferedReader, label: str) -> None:
    head = stream.peek(_HEAD_BYTES)[:_HEAD_BYTES]
    if b"\0" in head:
        message = (
            f"{label} is no text: it holds zero bytes. Text must be UTF-8; UTF-16 is converted "
            "with: iconv -f UTF-16 -t UTF-8"
        )
        raise InputError(message)


def _decoded(stream: io.BufferedReader, label: str) -> Iterator[tuple[int, str]]:
    """Yield the number of each line, from 1, and the line."""
    for number, line in enumerate(stream, start=1):
        raw = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        try:
            yield number, raw.decode()
        except UnicodeDecodeError as error:
            message = (
                f"{label}, line {number} is not UTF-8: byte 0x{raw[error.start]:02x} at column "
                f"{error.start + 1}. Convert the file, for example with: "
                "iconv -f WINDOWS-1252 -t UTF-8"
            )
            raise InputError(message) from None


def _read_lines(stream: io.BufferedReader, label: str) -> Table:
    numbers: list[int] = []
    texts: list[str] = []
    for number, line in _decoded(stream, label):
        text = line.rstrip("\r\n")
        if text and not text.isspace():
            numbers.append(number)
            texts.append(text)
    return Table(label, _TITLES[Format.LINES], ["text"], {"text": texts}, numbers, "line")


def _read_jsonl(stream: io.BufferedReader, label: str, wanted: Collection[str] | None) -> Table:
    names: dict[str, None] = {}
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in _decoded(stream, label):
        if line.isspace():
            continue
        record = _parse(line, number, label)
        names.update(dict.fromkeys(record))
        numbers.append(number)
        kept = record if wanted is None else {n: v for n, v in record.items() if n in wanted}
        records.append(kept)
    columns = {
        name: [record.get(name) for record in records]
        for name in names
        if wanted is None or name in wanted
    }
    whole = records if wanted is None else None
    return Table(label, _TITLES[Format.JSONL], list(names), columns, numbers, "line", whole)


def _parse(line: str, number: int, label: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        message = f"{label}, line {number} is not JSON: {error.msg} at column {error.colno}"
        raise InputError(message) from None
    except (ValueError, RecursionError) as error:  # endless numbers, bottomless nesting
        message = f"{label}, line {number} is not JSON that can be read: {error}"
        raise InputError(message) from None
    if not isinstance(record, dict):
        message = (
            f"{label}, line {number} is a JSON {_JSON_KINDS[type(record)]}, not an object; JSON "
            "Lines holds one object a line. An array is converted with: jq -c '.[]'"
        )
        raise InputError(message)
    return record


_JSON_KINDS = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def _read_csv(stream: io.BufferedReader, label: str, wanted: Collection[str] | None) -> Table:
    # The default limit, 131,072 characters, is less than a long article.
    csv.field_size_limit(2**31 - 1)
    lines = (line for _, line in _decoded(stream, label))
    header = next(lines, "")
    if not header.strip():
        message = f"{label} has no header: its first line must name the columns"
        raise InputError(message)
    delimiter = max(_DELIMITERS, key=_outside_quotes(header).count)
    rows = csv.reader(_chain(header, lines), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(rows)]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            message = f"{label} has more than one column {repeated[0]!r}; columns need own names"
            raise InputError(message)
        places = {
            name: place for place, name in enumerate(names) if wanted is None or name in wanted
        }
        columns: dict[str, list[str]] = {name: [] for name in places}
        numbers: list[int] = []
        started = rows.line_num + 1
        for row in rows:
            if row:
                if len(row) != len(names):
                    message = (
                        f"{label}, line {started} has {len(row)} values, but the header names "
                        f"{len(names)} columns. Put values that hold {delimiter!r} in quotes"
                    )
                    raise InputError(message)
                numbers.append(started)
                for name, place in places.items():
                    columns[name].append(row[place])
            started = rows.line_num + 1
    except csv.Error as error:
        message = f"{label}, line {rows.line_num} is not CSV: {error}"
        raise InputError(message) from None
    return Table(label, _TITLES[Format.CSV], names, columns, numbers, "line")


def _outside_quotes(header: str) -> str:
    return re.sub(r'"[^"]*"', "", header)


def _chain(first: str, others: Iterable[str]) -> Iterator[str]:
    yield first
    yield from others


def _read_parquet(
    stream: io.BufferedReader, path: str, label: str, wanted: Collection[str] | None
) -> Table:
    pyarrow = require_pyarrow("read Parquet files")
    parquet = importlib.import_module("pyarrow.parquet")
    # Parquet is read from its end, which a pipe has not got.
    source: Any = io.BytesIO(stream.read()) if path == STDIN or not _is_plain(stream) else stream
    try:
        file = parquet.ParquetFile(source)
        names = list(file.schema_arrow.names)
        table = file.read(columns=[name for name in names if wanted is None or name in wanted])
    except (pyarrow.ArrowException, OSError) as error:
        message = f"{label} is not Parquet that can be read: {_first_line(error)}"
        raise InputError(message) from error
    columns = {name: table.column(name) for name in table.column_names}
    numbers = range(1, file.metadata.num_rows + 1)
    return Table(label, _TITLES[Format.PARQUET], names, columns, numbers, "row")


def open_parquet(path: str) -> tuple[Any, Table]:
    """
    Open a Parquet file, or a folder of such, without reading its documents.

    Parameters
    ----------
    path : str
        Its name.

    Returns
    -------
    dataset : pyarrow.dataset.Dataset
        The files.
    table : Table
        What columns they have; it holds no values.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    pyarrow = require_pyarrow("read Parquet files")
    datasets = importlib.import_module("pyarrow.dataset")
    try:
        dataset = datasets.dataset(path, format="parquet")
        n_rows = dataset.count_rows()
    except (pyarrow.ArrowException, OSError) as error:
        message = f"{path} is not Parquet that can be read: {_first_line(error)}"
        raise InputError(message) from error
    names = list(dataset.schema.names)
    columns = dict.fromkeys(names)
    return dataset, Table(
        path, _TITLES[Format.PARQUET], names, columns, range(1, n_rows + 1), "row"
    )


def narrowed(dataset: Any, names: Iterable[str]) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """
    Return Parquet files of which other columns are not seen.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
        From `open_parquet`.
    names : iterable of str
        The columns wanted.

    Returns
    -------
    pyarrow.dataset.Dataset
        The same files.
    """
    pyarrow = importlib.import_module("pyarrow")
    return dataset.replace_schema(pyarrow.schema([dataset.schema.field(name) for name in names]))


def _is_plain(stream: io.BufferedReader) -> bool:
    return isinstance(stream.raw, io.FileIO)


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
