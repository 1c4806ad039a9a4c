"""Feeds that may be larger than memory: documents in chunks."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dedupe_news._input import arrow, sizes
from dedupe_news._input.parquet import open_dataset
from dedupe_news._input.reading import read_documents
from dedupe_news._input.rules import using
from dedupe_news._input.tables import columns_of, items_of
from dedupe_news.documents import AUTO, Auto, Document
from dedupe_news.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from dedupe_news._input.columns import Columns
    from dedupe_news.documents import Choices

CHUNK_SIZE = 32_768
"""Documents that are read at a time."""

_READ_AHEAD = {"batch_readahead": 2, "fragment_readahead": 1}
_FROM_THE_FIRST_ON = ("title", "id")


@dataclasses.dataclass(frozen=True, slots=True)
class Feed:
    """Documents in chunks."""

    chunks: Callable[[int], Iterator[Columns]]
    n_documents: int | None = None
    n_bytes: int | None = None


def open_feed(feed: Any, choices: Choices, chunk_size: int = CHUNK_SIZE) -> Feed:
    """Return anything that `dedupe_news.cluster` takes, in chunks; no document is read yet."""
    if isinstance(feed, os.PathLike):
        return _from_dataset(open_dataset(feed)[0], choices, chunk_size)
    if type(feed).__module__ == "pyarrow._dataset":
        if not hasattr(feed, "to_reader"):
            return _from_dataset(feed, choices, chunk_size)
        return _from_reader(feed.to_reader(), choices)  # a scanner
    reader = _arrow_stream(feed)
    if reader is not None:
        return _from_reader(reader, choices)
    are_names = all(choice is None or _is_name(choice) for choice in choices.values())
    if sizes.may_be_large(feed) and are_names and isinstance(feed, Iterable):
        return Feed(lambda n_jobs: _from_items(iter(feed), choices, n_jobs, chunk_size))
    return Feed(lambda n_jobs: iter([read_documents(feed, **choices, n_jobs=n_jobs)]))


def _is_name(choice: object) -> bool:
    return isinstance(choice, (Auto, str))


def _from_dataset(dataset: Any, choices: Choices, chunk_size: int) -> Feed:
    """Return the documents of a data set, whose size is known where it is of Parquet files."""
    used = _used_columns(dataset.schema, choices)
    texts = {used.get("text"), used.get("title")}

    def chunks(n_jobs: int) -> Iterator[Columns]:
        columns = list(dict.fromkeys(used.values()))
        scanner = dataset.scanner(columns=columns, batch_size=chunk_size, **_READ_AHEAD)
        return _from_batches(scanner.to_reader(), choices, n_jobs)

    is_filtered = bool(getattr(dataset, "_scan_options", None))
    if is_filtered or getattr(getattr(dataset, "format", None), "default_extname", "") != "parquet":
        return Feed(chunks)
    n_documents = n_bytes = 0
    for fragment in dataset.get_fragments():
        for group in map(fragment.metadata.row_group, range(fragment.metadata.num_row_groups)):
            n_documents += group.num_rows
            for column in map(group.column, range(group.num_columns)):
                if column.path_in_schema in texts:
                    n_bytes += column.total_uncompressed_size
    return Feed(chunks, n_documents, n_bytes)


def _from_reader(reader: Any, choices: Choices) -> Feed:
    _used_columns(reader.schema, choices)
    return Feed(lambda n_jobs: _from_batches(reader, choices, n_jobs))


def _used_columns(schema: Any, choices: Choices) -> Mapping[str, Any]:
    """Return the columns; those missing, double or of a wrong type are refused before the work."""
    for name, choice in choices.items():
        if choice is not None and not _is_name(choice):
            message = (
                f"{name}=... holds values, but this feed is read a part at a time and has columns "
                f"of its own. Pass the name of one, as in {name}='...'"
            )
            raise InputError(message)
    return read_documents(schema.empty_table(), **choices).used


def _from_batches(reader: Any, choices: Choices, n_jobs: int) -> Iterator[Columns]:
    """Read Arrow batches."""
    pyarrow = arrow.require_pyarrow("read Arrow data")
    start = 0
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        except (OSError, pyarrow.ArrowException) as error:
            message = f"the feed cannot be read from document {start:,} on: {error}. Mend its files"
            raise InputError(message) from error
        if batch.num_rows:
            with using(first=start):
                columns = read_documents(batch, **choices, n_jobs=n_jobs)
            yield columns
            start += batch.num_rows
    if not start:
        yield read_documents(reader.schema.empty_table(), **choices)


def _arrow_stream(feed: Any) -> Any:
    """Return a reader of Arrow data that comes as a stream of tables; None for all else."""
    is_stream = hasattr(feed, "__arrow_c_stream__") and not hasattr(feed, "__len__")
    if not is_stream or hasattr(feed, "dtype") or hasattr(type(feed), "columns"):
        return None
    pyarrow = arrow.require_pyarrow("read a stream of Arrow batches")
    try:
        return pyarrow.RecordBatchReader.from_stream(feed)
    except (pyarrow.ArrowException, TypeError):
        return None  # one column, not a table


def _from_items(
    items: Iterator[Any], choices: Choices, n_jobs: int, chunk_size: int
) -> Iterator[Columns]:
    """Read texts, mappings or documents; all at once where they are few."""
    chunk = list(itertools.islice(items, chunk_size))
    if len(chunk) < chunk_size:
        yield read_documents(chunk, **choices, n_jobs=n_jobs)
        return
    first = next((item for item in chunk if not arrow.is_missing(item)), None)
    are_texts = not isinstance(first, (Mapping, Document))
    is_refused = isinstance(first, Document) and not {*choices.values()} <= {None, AUTO}
    keys: dict[str, Hashable] = {}
    start = 0
    while chunk:
        with using(first=start):
            if is_refused or (are_texts and not start):
                columns = read_documents(chunk, **choices, n_jobs=n_jobs)
            elif are_texts:  # whatever this chunk begins with
                columns = read_documents({"text": chunk}, text="text", n_jobs=n_jobs)
                columns = dataclasses.replace(columns, used={})
            else:
                table = items_of(chunk)
                _find_keys(keys, choices, table.names, start)
                table.names = list(keys.values())
                columns = read_documents(table, **choices, n_jobs=n_jobs)
        yield columns
        start += len(chunk)
        chunk = list(itertools.islice(items, chunk_size))


def _find_keys(
    keys: dict[str, Hashable], choices: Choices, names: list[Hashable], start: int
) -> None:
    """Add keys that the items from `start` on have to those of the items before."""
    for role, key in columns_of(choices, names).items():
        if role in keys or key in keys.values() or key not in names:
            continue
        if start and role in _FROM_THE_FIRST_ON:
            message = (
                f"the first {role} is among the documents from {start:,} on, and those before "
                "had none. Give every document one, be it empty"
            )
            raise InputError(message)
        keys[role] = key
