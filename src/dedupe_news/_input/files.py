"""Files to columns: JSON, CSV, Parquet and plain lines, compressed or not."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe_news._input import parquet
from dedupe_news._input.delimited import Rows
from dedupe_news._input.json_items import read_items
from dedupe_news._input.rules import using
from dedupe_news._input.skipped import Faults, Skipped
from dedupe_news._input.streams import STDIN, SUFFIXES, Decoder, damages, head_of, open_file
from dedupe_news._input.tables import Items
from dedupe_news.errors import InputError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_XML = (b"<?xml", b"<rss", b"<feed", b"<opml", b"<!doctype", b"<html")


class Format(enum.StrEnum):
    """What a file is made of."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    LINES = "lines"


_SUFFIXES = {
    **dict.fromkeys((".jsonl", ".ndjson", ".jl", ".json"), Format.JSONL),
    **dict.fromkeys((".csv", ".tsv"), Format.CSV),
    **dict.fromkeys((".parquet", ".pq"), Format.PARQUET),
    ".txt": Format.LINES,
}


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """The columns of a file that may be of use, and where each of its documents is."""

    kind: str
    names: list[str]  # of all columns of the file
    columns: Any  # answers columns[name] for those wanted
    numbers: Sequence[int]
    unit: str = "line"
    skipped: Skipped = dataclasses.field(default_factory=Skipped)
    odd_lines: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.numbers)


def format_of(path: str) -> Format | None:
    """Return the format that a file's name promises, None where the suffix is unknown."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in SUFFIXES:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def label_of(path: str) -> str:
    """Return how messages call a file."""
    return "standard input" if path == STDIN else path


def read_table(
    path: str,
    form: Format | None,
    is_wanted: Callable[[str], bool],
    encoding: str | None = None,
) -> File:
    """Read the wanted columns of a file, or of standard input."""
    label = label_of(path)
    try:
        with (
            contextlib.ExitStack() as stack,
            using(unit=f"{label}, line", numbers=range(1, sys.maxsize)),
        ):
            stream = open_file(path, stack)
            settled = form or _settle(path, stream, label)
            if settled is Format.PARQUET:
                is_file = path != STDIN and isinstance(stream.raw, io.FileIO)
                # From its end, where it begins, it is read in memory alone, or as it lies on disk.
                source = stream if is_file else io.BytesIO(stream.read())
                names, columns = parquet.read_parquet(source, label, is_wanted)
                return File("Parquet", names, columns, range(1, columns.num_rows + 1), "row")
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
    return "\n".join(read_table(path, Format.LINES, lambda _: True).columns["text"])


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


def _read_lines(decoder: Decoder, _: str, __: Callable[[str], bool]) -> File:
    lines = ((number, line.rstrip("\r\n")) for number, line in decoder.lines())
    texts = {number: text for number, text in lines if text and not text.isspace()}
    return File("plain lines", ["text"], {"text": list(texts.values())}, list(texts))


def _read_json(decoder: Decoder, label: str, is_wanted: Callable[[str], bool]) -> File:
    faults = Faults("line")
    names: dict[str, bool] = {}
    numbers: list[int] = []
    records: list[dict[Any, Any]] = []
    for number, record in read_items(decoder.lines(), label, faults):
        for name in record:
            if name not in names:
                names[name] = is_wanted(name)
        numbers.append(number)
        records.append({name: value for name, value in record.items() if names[name]})
    return File("JSON", list(names), Items(records), numbers, skipped=faults.skipped())


def _read_csv(decoder: Decoder, label: str, is_wanted: Callable[[str], bool]) -> File:
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
    return File("CSV", rows.names, columns, numbers, skipped=faults.skipped())
