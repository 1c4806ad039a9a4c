"""Rows of a file as they stand in it, with what was found out about them beside."""

from __future__ import annotations

import dataclasses
import importlib
from typing import TYPE_CHECKING, Any

from dedupe_news._input.arrow import plain_list
from dedupe_news._input.files import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from dedupe_news.results.result import Clustering

COLUMNS = ("cluster", "story", "template", "relation", "kept", "duplicate_of", "probability")
"""What `cluster` writes beside the columns of a file."""


def found_columns(result: Clustering, number: str | None) -> dict[str, list[Any]]:
    """
    Return what was found out about each item, as columns.

    Parameters
    ----------
    result : Clustering
        The result.
    number : str or None
        Names a column of the numbers that stand for ids, where the file has none.

    Returns
    -------
    dict of str to list
        Columns as long as the feed.
    """
    rows = {name: plain_list(values) for name, values in result.to_dict().items()}
    ids, kept_ids = rows["id"], rows["kept_id"]
    if result.columns.ids is None:  # in files of their own, rows count from 1
        ids, kept_ids = [each + 1 for each in ids], [each + 1 for each in kept_ids]
    rows["duplicate_of"] = [
        None if kept else other for kept, other in zip(rows["kept"], kept_ids, strict=True)
    ]
    numbers = {} if number is None else {number: ids}
    return numbers | {name: rows[name] for name in COLUMNS}


def spread(found: Mapping[str, list[Any]], rows: NDArray[np.int64]) -> dict[str, list[Any]]:
    """
    Return columns of some rows of a file as long as the file, for `Rows` that are chosen.

    Parameters
    ----------
    found : mapping of str to list
        Columns of some rows.
    rows : ndarray of int64, shape (n_found,)
        Positions of these, increasing.

    Returns
    -------
    dict of str to list
        The columns up to the last of the rows; None for rows that are not among them.
    """
    n_rows = int(rows[-1]) + 1 if len(rows) else 0
    wide: dict[str, list[Any]] = {}
    for name, values in found.items():
        wide[name] = [None] * n_rows
        for row, value in zip(rows.tolist(), values, strict=True):
            wide[name][row] = value
    return wide


@dataclasses.dataclass(frozen=True, slots=True)
class Rows:
    """
    Rows of a file, some or all.

    Parameters
    ----------
    source : Table or pyarrow.dataset.Dataset
        All columns of the file, in memory or to be read a part at a time.
    found : mapping of str to list
        Columns beside them, as long as the file; they replace those of the same
        name.
    chosen : ndarray of int64, optional
        Positions of the rows, increasing; all where it is left out.
    """

    source: Any
    found: Mapping[str, list[Any]]
    chosen: NDArray[np.int64] | None = None

    @property
    def names(self) -> list[str]:
        """
        Return the names of the columns.

        Returns
        -------
        list of str
            Those of the file that stay, then what was found.
        """
        source = self.source
        names = source.names if isinstance(source, Table) else source.schema.names
        return [*(name for name in names if name not in self.found), *self.found]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows, without the keys that an object of JSON Lines does not have."""
        if not isinstance(self.source, Table):
            for table in self.tables():
                yield from table.to_pylist()
            return
        positions = range(len(self.source)) if self.chosen is None else self.chosen.tolist()
        records = self.source.records
        columns = {name: plain_list(each) for name, each in self.source.columns.items()}
        for at in positions:
            row = (
                {name: values[at] for name, values in columns.items()}
                if records is None
                else {name: each for name, each in records[at].items() if name not in self.found}
            )
            yield {
                **{name: each for name, each in row.items() if name not in self.found},
                **{name: values[at] for name, values in self.found.items()},
            }

    def tables(self) -> Iterator[Any]:
        """Yield the rows as Arrow tables, a part at a time where the file is large."""
        arrow = importlib.import_module("pyarrow")
        start = 0
        if isinstance(self.source, Table):
            columns = {
                name: values if hasattr(values, "to_pylist") else arrow.array(values)
                for name, values in self.source.columns.items()
            }
            parts = iter([arrow.table(columns)])
        else:
            parts = (arrow.Table.from_batches([each]) for each in self.source.to_batches())
        for part in parts:
            stop = start + part.num_rows
            table = part.select([name for name in part.column_names if name not in self.found])
            for name, values in self.found.items():
                table = table.append_column(name, arrow.array(values[start:stop], _type_of(name)))
            if self.chosen is not None:
                here = self.chosen[(self.chosen >= start) & (self.chosen < stop)] - start
                table = table.take(arrow.array(here))
            yield table
            start = stop


def _type_of(name: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Return the Arrow type of a column, which parts without values cannot tell."""
    arrow = importlib.import_module("pyarrow")
    return {
        "cluster": arrow.int64(),
        "story": arrow.int64(),
        "template": arrow.int64(),
        "relation": arrow.string(),
        "kept": arrow.bool_(),
        "probability": arrow.float64(),
    }.get(name)
