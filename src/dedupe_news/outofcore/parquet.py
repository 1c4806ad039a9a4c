"""Parquet files, streamed row group by row group, and read again where a document is shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from dedupe_news import foreign
from dedupe_news.documents import read_documents
from dedupe_news.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dedupe_news.columns import Columns
    from dedupe_news.documents import Choices

_BATCH = 32_768
_BUFFER = 1 << 20
_SUFFIXES = (".parquet", ".pq")
_ROLES = ("id", "title", "text", "source", "published")


class ParquetFeed:
    """
    Documents in Parquet files.

    Parameters
    ----------
    files : sequence of Path
        The files, in order.
    choices : mapping
        Names of the columns.
    visible : collection of str, optional
        The columns that may be read; all of them where it is left out.
    """

    is_read_once = False

    def __init__(
        self, files: list[Path], choices: Choices, visible: Collection[str] | None = None
    ) -> None:
        foreign.require_pyarrow("read Parquet files")
        self._files = files
        self._choices = choices
        self._visible = visible
        self._row_groups: list[tuple[int, int]] = []
        starts, n_bytes = [0], 0
        for number, path in enumerate(files):
            with _open(path) as file:
                wanted = self._wanted(file)
                for group in range(file.num_row_groups):
                    metadata = file.metadata.row_group(group)
                    self._row_groups.append((number, group))
                    starts.append(starts[-1] + metadata.num_rows)
                    for column in map(metadata.column, range(metadata.num_columns)):
                        if column.path_in_schema in wanted:
                            n_bytes += column.total_uncompressed_size
        self._starts = np.array(starts)
        self.n_documents: int | None = starts[-1]
        self.n_bytes: int | None = n_bytes
        self.description = " ".join(
            f"{path.resolve()} of {path.stat().st_size} bytes" for path in files
        )
        self._shown: tuple[int, Columns] | None = None

    @classmethod
    def of(cls, feed: Any, choices: Choices) -> Self | None:
        """
        Return the feed of a path, or of a data set of Parquet files on this machine.

        Parameters
        ----------
        feed : object
            Any feed.
        choices : mapping
            The columns.

        Returns
        -------
        ParquetFeed or None
            None where it is neither.

        Raises
        ------
        InputError
            If the path is no Parquet file, and no folder of such.
        """
        if isinstance(feed, os.PathLike):
            return cls(_files_of(Path(feed)), require_names(choices))
        if type(feed).__module__ != "pyarrow._dataset" or not hasattr(feed, "files"):
            return None
        is_plain = not getattr(feed, "_scan_options", None)
        is_here = type(feed.filesystem).__name__ == "LocalFileSystem"
        if not (is_plain and is_here and feed.format.default_extname == "parquet"):
            return None
        files = [Path(file) for file in feed.files]
        return cls(files, require_names(choices), feed.schema.names)

    def whole(self, n_jobs: int) -> Columns:
        """
        Read all documents at once.

        Parameters
        ----------
        n_jobs : int
            Threads.

        Returns
        -------
        Columns
            All of them.
        """
        pyarrow = foreign.require_pyarrow("read Parquet files")
        tables = []
        for path in self._files:
            with _open(path) as file:
                tables.append(file.read(columns=self._wanted(file)))
        table = pyarrow.concat_tables(tables, promote_options="permissive")
        return read_documents(table, **self._choices, n_jobs=n_jobs)

    def chunks(self, n_jobs: int) -> Iterator[Columns]:
        """
        Read the documents.

        Parameters
        ----------
        n_jobs : int
            Threads.

        Yields
        ------
        Columns
            One part after another.
        """
        start = 0
        for path in self._files:
            with _open(path) as file:
                wanted = self._wanted(file)
                for batch in file.iter_batches(_BATCH, columns=wanted):
                    with foreign.counting_from(start):
                        columns = read_documents(batch, **self._choices, n_jobs=n_jobs)
                    yield columns
                    start += len(columns)

    def content(self, position: int) -> str | None:
        """
        Return a document once more.

        Parameters
        ----------
        position : int
            Its position in the feed.

        Returns
        -------
        str
            As from `Columns.content`. The last row group read stays at hand.
        """
        group = int(np.searchsorted(self._starts, position, "right")) - 1
        if self._shown is None or self._shown[0] != group:
            number, own = self._row_groups[group]
            with _open(self._files[number]) as file:
                table = file.read_row_group(own, columns=self._wanted(file, ("title", "text")))
            self._shown = (
                group,
                read_documents(table, title=self._choices["title"], text=self._choices["text"]),
            )
        return self._shown[1].content(position - int(self._starts[group]))

    def _wanted(self, file: Any, roles: Collection[str] = _ROLES) -> list[str]:
        wanted = {choice or name for name, choice in self._choices.items() if name in roles}
        if self._visible is not None:
            wanted &= set(self._visible)
        return [name for name in file.schema_arrow.names if name in wanted]


def require_names(choices: Choices) -> Choices:
    """
    Refuse columns that are given as values.

    Parameters
    ----------
    choices : mapping
        The columns.

    Returns
    -------
    mapping
        As it was.

    Raises
    ------
    InputError
        If one is not a name.
    """
    for name, choice in choices.items():
        if choice is not None and not isinstance(choice, str):
            message = (
                f"{name}=... holds values, but this feed is read a part at a time and has columns "
                f"of its own. Pass the name of one, as in {name}='...'"
            )
            raise InputError(message)
    return choices


def _open(path: Path) -> Any:
    from pyarrow import parquet  # noqa: PLC0415 - optional, and slow to import

    pyarrow = foreign.require_pyarrow("read Parquet files")
    try:
        # Pages one after another: a row group may be larger than the memory allowed.
        return parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except (OSError, pyarrow.ArrowException) as error:
        message = f"{path} cannot be read as Parquet: {error}. Pass a path to Parquet files"
        raise InputError(message) from error


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for suffix in _SUFFIXES for file in path.rglob(f"*{suffix}"))
    hidden = ("_", ".")
    files = [file for file in files if not file.name.startswith(hidden)]
    if not files:
        message = f"the folder {path} holds no Parquet file; their names end in .parquet or .pq"
        raise InputError(message)
    return files
