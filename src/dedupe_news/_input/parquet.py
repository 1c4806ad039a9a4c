"""Parquet to columns, or to what is read a part at a time."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe_news._input.arrow import require_pyarrow
from dedupe_news.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

MAGIC = b"PAR1"
"""What a Parquet file begins with."""

_PAGE_BUFFER = 1 << 20
_SUFFIXES = (".parquet", ".pq")


def read_parquet(
    source: Any, label: str, is_wanted: Callable[[str], bool]
) -> tuple[list[str], Any]:
    """Return the names of all columns, and an Arrow table of those wanted."""
    pyarrow = require_pyarrow("read Parquet files")
    parquet = importlib.import_module("pyarrow.parquet")
    try:
        file = parquet.ParquetFile(source)
        names = list(file.schema_arrow.names)
        return names, file.read(columns=[name for name in names if is_wanted(name)])
    except (pyarrow.ArrowException, OSError) as error:
        message = f"{label} is not Parquet that can be read: {_first_line(error)}"
        raise InputError(message) from error


def open_dataset(path: str | os.PathLike[str]) -> tuple[Any, int]:
    """
    Return a Parquet file, or a folder of such, and its rows; no document is read.

    The data set has the columns that any of its files has.
    """
    pyarrow = require_pyarrow("read Parquet files")
    datasets = importlib.import_module("pyarrow.dataset")
    read_schema = importlib.import_module("pyarrow.parquet").read_schema
    files, schemas = _files_of(Path(path)), []
    for file in files:
        try:
            schemas.append(read_schema(file))
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            message = f"{file} is not Parquet that can be read: {_first_line(error)}"
            raise InputError(message) from error
    # Pages one after another: a row group may be larger than the memory allowed.
    options = datasets.ParquetFragmentScanOptions(
        use_buffered_stream=True, buffer_size=_PAGE_BUFFER, pre_buffer=False
    )
    dataset = datasets.dataset(
        [str(file) for file in files],
        schema=pyarrow.unify_schemas(schemas, promote_options="permissive"),
        format=datasets.ParquetFileFormat(default_fragment_scan_options=options),
    )
    return dataset, dataset.count_rows()


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for suffix in _SUFFIXES for file in path.rglob(f"*{suffix}"))
    files = [file for file in files if not file.name.startswith(("_", "."))]
    if not files:
        message = f"the folder {path} holds no Parquet file; their names end in .parquet or .pq"
        raise InputError(message)
    return files


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
