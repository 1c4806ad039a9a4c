"""Documents of an index to files and back: JSON Lines and Parquet."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import importlib
import itertools
import json
import secrets
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dedupe_news._index import arrivals
from dedupe_news._input.arrow import require_pyarrow
from dedupe_news._input.columns import UNTITLED, from_microseconds
from dedupe_news._input.reading import read_documents
from dedupe_news._input.times import time_column
from dedupe_news._machine.paths import path_name
from dedupe_news.documents import Document
from dedupe_news.errors import DedupeNewsError, InputError, InputTypeError, shown

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from typing import IO

    from dedupe_news._store.stored_items import StoredItems

_ROWS_AT_A_TIME = 20_000
_NAMES = ("id", "title", "text", "source", "published", "arrived")
_SUFFIXES = (".jsonl.gz", ".jsonl", ".parquet")

Places: TypeAlias = "Callable[[Sequence[Hashable]], tuple[list[int | None], list[bool]]]"
"""Returns the cluster of each id, None for one that is gone, and whether it represents it."""


def documents(items: StoredItems) -> Iterator[Document]:
    """Yield items as they were given."""
    for at, content in enumerate(items.contents()):
        length = int(items.title_lengths[at])
        yield Document(
            text=content[length + 1 :].decode(),
            title=None if length == UNTITLED else content[:length].decode(),
            id=items.ids[at],
            source=items.sources[at],
            published=from_microseconds(int(items.published[at])),
        )


def _format_of(path: Path) -> str:
    for suffix in _SUFFIXES:
        if path.name.endswith(suffix):
            return suffix
    message = (
        f"{str(path)!r} has no suffix that says its format; allowed are .jsonl, .jsonl.gz and "
        ".parquet"
    )
    raise InputError(message)


def _path_of(path: str | os.PathLike[str]) -> Path:
    return Path(path_name(path, "path"))


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Raise our errors in place of those of files, of gzip and of UTF-8."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, DedupeNewsError):
            raise
        message = f"{str(path)!r} cannot be read: {error}. Check its name, and that it is whole"
        raise InputError(message) from error


def write(path: str | os.PathLike[str], parts: Iterable[StoredItems], places: Places) -> int:
    """Write documents to a file that is replaced at the end; return how many."""
    target = _path_of(path)
    is_parquet = _format_of(target) == ".parquet"
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        _create(temporary, target)
        if is_parquet:
            n_documents = _write_parquet(temporary, target, parts, places)
        else:
            n_documents = _write_lines(temporary, target, parts)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return n_documents


def _create(temporary: Path, target: Path) -> None:
    try:
        temporary.touch(exist_ok=False)
    except OSError as error:
        message = (
            f"{str(target)!r} cannot be written: {error.strerror}. Check that its folder exists "
            "and may be written"
        )
        raise InputError(message) from error


def _write_lines(temporary: Path, target: Path, parts: Iterable[StoredItems]) -> int:
    n_documents = 0
    zipped = target.suffix == ".gz"
    with gzip.open(temporary, "wb") if zipped else temporary.open("wb") as file:
        for items in parts:
            for at, document in enumerate(documents(items)):
                if not isinstance(document.id, (str, int)):
                    message = (
                        f"the id {shown(document.id)} is of type "
                        f"{type(document.id).__name__!r}; ids in JSON Lines are str or int, "
                        "those in Parquet may be bytes"
                    )
                    raise InputTypeError(message)
                values = dataclasses.asdict(document)
                values["arrived"] = from_microseconds(int(items.arrived[at]))
                line = {name: _plain(values[name]) for name in _NAMES if values[name] is not None}
                try:
                    file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                except ValueError as error:  # an integer of more digits than Python writes out
                    message = f"the id {shown(document.id)} cannot be written: {error}"
                    raise InputError(message) from error
            n_documents += len(items)
    return n_documents


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _write_parquet(
    temporary: Path, target: Path, parts: Iterable[StoredItems], places: Places
) -> int:
    pyarrow = require_pyarrow(f"write {target.name}")
    parquet = importlib.import_module("pyarrow.parquet")

    moment = pyarrow.timestamp("us", "UTC")
    parts = iter(parts)
    first = next(parts, None)
    kinds = {bytes: pyarrow.binary(), int: pyarrow.int64()}
    kind = str if first is None else type(first.ids[0])
    schema = pyarrow.schema([
        ("id", kinds.get(kind, pyarrow.string())), ("title", pyarrow.string()),
        ("text", pyarrow.string()), ("source", pyarrow.string()), ("published", moment),
        ("arrived", moment), ("cluster", pyarrow.int64()), ("representative", pyarrow.bool_()),
    ])  # fmt: skip
    n_documents = 0
    with parquet.ParquetWriter(temporary, schema) as writer:
        for items in itertools.chain([] if first is None else [first], parts):
            odd = next((each for each in items.ids if type(each) is not kind), None)
            if odd is not None:
                message = (
                    f"the id {shown(odd)} is of type {type(odd).__name__!r}, but the first "
                    f"id is of type {kind.__name__!r}; a column of a Parquet file holds one type. "
                    "Export as .jsonl"
                )
                raise InputTypeError(message)
            listed = list(documents(items))
            columns: dict[str, Any] = {
                name: [getattr(document, name) for document in listed] for name in _NAMES[:-1]
            }
            columns["cluster"], columns["representative"] = places(items.ids)
            columns["arrived"] = [from_microseconds(each) for each in items.arrived.tolist()]
            try:
                writer.write_table(pyarrow.table(columns, schema=schema))
            except (pyarrow.ArrowException, TypeError, OverflowError) as error:
                message = (
                    f"the ids cannot be one column of a Parquet file: {error}. Ids must all be "
                    "str, all be int of 64 bits, or all be bytes"
                )
                raise InputTypeError(message) from error
            n_documents += len(items)
    return n_documents


def read(path: str | os.PathLike[str], n_jobs: int) -> Iterator[StoredItems]:
    """Yield the documents of a file, some ten thousand at a time; errors as of `import_from`."""
    source = _path_of(path)
    tables = _read_parquet if _format_of(source) == ".parquet" else _read_lines
    parts = tables(source)
    while True:
        with _reading(source):
            table = next(parts, None)
        if table is None:
            return
        arrived = table.pop("arrived", None)
        found = {name: name if name in table else None for name in _NAMES}
        columns = read_documents(
            table,
            id=found["id"],
            title=found["title"],
            text=found["text"],
            source=found["source"],
            published=found["published"],
            n_jobs=n_jobs,
        )
        if columns.ids is None:
            message = f"{str(source)!r} has no ids, which an index needs; add a column 'id'"
            raise InputError(message)
        items = arrivals.many(columns, columns.ids)
        moments = time_column(arrived)
        if moments is not None:
            known = moments != np.iinfo(np.int64).min
            items = dataclasses.replace(items, arrived=np.where(known, moments, items.arrived))
        yield items


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with _opened(path) as file:
        number = 0
        while lines := list(itertools.islice(file, _ROWS_AT_A_TIME)):
            table: dict[str, list[Any]] = {name: [] for name in _NAMES}
            for line in lines:
                number += 1
                values = _parsed(path, number, line)
                for name in _NAMES:
                    table[name].append(values.get(name))
            yield {
                name: values
                for name, values in table.items()
                if name == "text" or any(value is not None for value in values)
            }


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"line {number} of {str(path)!r} is no JSON: {error}. Correct or delete it"
        raise InputError(message) from error
    if not isinstance(values, dict):
        message = f"line {number} of {str(path)!r} is no object; each line holds one document"
        raise InputError(message)
    return values


def _read_parquet(path: Path) -> Iterator[dict[str, Any]]:
    pyarrow = require_pyarrow(f"read {path.name}")
    parquet = importlib.import_module("pyarrow.parquet")

    files = [path]
    if path.is_dir():  # as Spark and others write a dataset
        files = sorted(each for each in path.glob("**/*.parquet") if each.name[0] not in "._")
        if not files:
            message = f"the folder {str(path)!r} holds no Parquet file"
            raise InputError(message)
    for each in files:
        try:
            with parquet.ParquetFile(each, coerce_int96_timestamp_unit="us") as file:
                names = [name for name in _NAMES if name in file.schema_arrow.names]
                physical = {column.name: column.physical_type for column in file.schema}
                for part in file.iter_batches(_ROWS_AT_A_TIME, columns=names):
                    yield {name: _moments(part[name], physical[name]) for name in names}
        except pyarrow.ArrowInvalid as error:
            message = f"{str(each)!r} is no Parquet file that can be read: {error}"
            raise InputError(message) from error


def _moments(column: Any, physical_type: str) -> Any:
    """Return times that Spark wrote in its old way, always in UTC, with their zone."""
    if physical_type != "INT96":
        return column
    return importlib.import_module("pyarrow.compute").assume_timezone(column, "UTC")
