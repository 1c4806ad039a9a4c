"""Files to columns: JSON, CSV, Parquet and plain lines, compressed or not."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe_news._input import parquet
from dedupe_news._input.compression import STDIN, SUFFIXES, damages, is_plain, open_file
from dedupe_news._input.decoding import Decoder, head_of
from dedupe_news._input.delimited import Rows
from dedupe_news._input.json_items import read_items
from dedupe_news._input.rules import Faults
from dedupe_news._input.skipped import Skipped
from dedupe_news.errors import InputError, shown

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_XML = (b"<?xml", b"<rss", b"<feed", b"<opml", b"<!doctype", b"<html")


class Format(enum.StrEnum):
    """What a file is made of."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    LINES = "lines"


_SUFFIXES = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".jl": Format.JSONL,
    ".json": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".txt": Format.LINES,
}
_TITLES = {
    Format.JSONL: "JSON",
    Format.CSV: "CSV",
    Format.PARQUET: "Parquet",
    Format.LINES: "plain lines",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file that may be of use, and where each of its documents is."""

    label: str
    kind: str
    names: list[str]
    columns: dict[str, Any]
    numbers: Sequence[int]
    unit: str = "line"
    skipped: Skipped = dataclasses.field(default_factory=Skipped)
    odd_lines: Sequence[int] = ()
    records: list[dict[str, Any]] | None = None

    def chosen(self, rows: NDArray[np.int64]) -> Table:
        """Return some rows of the table."""
        places = rows.tolist()
        columns = {
            name: values.take(rows)
            if hasattr(values, "take")
            else [values[place] for place in places]
            for name, values in self.columns.items()
        }
        numbers = [self.numbers[place] for place in places]
        records = None if self.records is None else [self.records[place] for place in places]
        return dataclasses.replace(self, columns=columns, numbers=numbers, records=records)

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, position: int) -> str:
        """Return where a document is, for messages."""
        return f"{self.label}, {self.unit} {self.numbers[position]}"


def everything(_: str) -> bool:
    """Return that a column is wanted, whichever."""
    return True


def format_of(path: str) -> Format | None:
    """Return the format that a file's name promises, None where the suffix is unknown."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in SUFFIXES:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def read_table(
    path: str,
    form: Format | None,
    is_wanted: Callable[[str], bool],
    encoding: str | None = None,
) -> Table:
    """Read the wanted columns of a file, or of standard input."""
    label = "standard input" if path == STDIN else path
    try:
        with contextlib.ExitStack() as stack:
            stream = open_file(path, stack)
            settled = form or _settle(path, stream, label)
            if settled is Format.PARQUET:
                is_file = path != STDIN and is_plain(stream)
                source = stream if is_file else parquet.in_memory(stream)
                names, columns, n_rows = parquet.read_parquet(source, label, is_wanted)
                return Table(label, _TITLES[settled], names, columns, range(1, n_rows + 1), "row")
            decoder = Decoder(stream, label, encoding)
            readers = {Format.CSV: _read_csv, Format.JSONL: _read_json, Format.LINES: _read_lines}
            table = readers[settled](decoder, label, is_wanted)
            return dataclasses.replace(table, odd_lines=decoder.odd_lines)
    except damages() as error:
        message = f"{label} is damaged: {error}"
        raise InputError(message) from error
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error  # a zero byte in a name is a ValueError
        message = f"cannot read {shown(path) if chr(0) in path else label}: {reason}"
        raise InputError(message) from error


def read_text(path: str) -> str:
    """Read a whole file as one text."""
    table = read_table(path, Format.LINES, everything)
    return "\n".join(table.columns["text"])


def _settle(path: str, stream: io.BufferedReader, label: str) -> Format:
    head = head_of(stream)
    if head.startswith(parquet.MAGIC):
        return Format.PARQUET
    text = head.removeprefix(_BYTE_ORDER_MARK).lstrip()
    promised = None if path == STDIN else format_of(path)
    if promised is None and text.lower().startswith(_XML):
        message = (
            f"{label} is XML: an OPML file lists feeds and holds no items; read a feed with "
            "feedparser and pass its entries to dn.cluster, or convert it to JSON Lines"
        )
        raise InputError(message)
    if promised is not None:
        return promised
    return Format.JSONL if text.startswith((b"{", b"[")) else Format.LINES


def _read_lines(decoder: Decoder, label: str, _: Callable[[str], bool]) -> Table:
    numbers: list[int] = []
    texts: list[str] = []
    for number, line in decoder.lines():
        text = line.rstrip("\r\n")
        if text and not text.isspace():
            numbers.append(number)
            texts.append(text)
    return Table(label, _TITLES[Format.LINES], ["text"], {"text": texts}, numbers)


def _read_json(decoder: Decoder, label: str, is_wanted: Callable[[str], bool]) -> Table:
    faults = Faults("line")
    names: dict[str, bool] = {}
    columns: dict[str, list[Any]] = {}
    numbers: list[int] = []
    records: list[dict[str, Any]] | None = [] if is_wanted is everything else None
    for number, record in read_items(decoder.lines(), label, faults):
        for name in [name for name in record if name not in names]:
            names[name] = is_wanted(name)
            if names[name]:
                columns[name] = [None] * len(numbers)
        for name, values in columns.items():
            values.append(record.get(name))
        numbers.append(number)
        if records is not None:
            records.append(record)
    kind, skipped = _TITLES[Format.JSONL], faults.skipped()
    return Table(label, kind, list(names), columns, numbers, skipped=skipped, records=records)


def _read_csv(decoder: Decoder, label: str, is_wanted: Callable[[str], bool]) -> Table:
    faults = Faults("line")
    rows = Rows(decoder.lines(), label, faults)
    repeated = sorted({name for name in rows.names if rows.names.count(name) > 1})
    for name in filter(is_wanted, repeated):
        message = f"{label} has more than one column {name!r}; columns need own names"
        raise InputError(message)
    places = {name: place for place, name in enumerate(rows.names) if is_wanted(name)}
    columns: dict[str, list[str]] = {name: [] for name in places}
    numbers: list[int] = []
    for number, row in rows:
        numbers.append(number)
        for name, place in places.items():
            columns[name].append(row[place])
    return Table(label, _TITLES[Format.CSV], rows.names, columns, numbers, skipped=faults.skipped())
