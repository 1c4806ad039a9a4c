"""What `NewsIndex.add_many` returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from dedupe_news._input.columns import Columns
    from dedupe_news.results.records import Match


class Added(Sequence["list[Match]"]):
    """
    The matches of items that were added, one list for each item of the feed.

    Parameters
    ----------
    columns : Columns
        The items that were added.
    matches : sequence of list of Match
        What each of them matches.

    Attributes
    ----------
    skipped : Skipped
        What of the feed could not be read and was passed over.
    """

    def __init__(self, columns: Columns, matches: Sequence[list[Match]]) -> None:
        self.skipped = columns.skipped
        self._matches = matches
        self._places: Sequence[int] = range(len(matches))
        if columns.rows is not None:
            place_of = dict(zip(columns.rows.tolist(), range(len(matches)), strict=True))
            n_rows = len(matches) + columns.skipped.n_dropped
            self._places = [place_of.get(row, -1) for row in range(n_rows)]

    def __len__(self) -> int:
        """Return the number of items of the feed."""
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> list[Match]: ...  # numpydoc ignore=GL08
    @overload
    def __getitem__(self, index: slice) -> Sequence[list[Match]]: ...  # numpydoc ignore=GL08
    def __getitem__(self, index: int | slice) -> list[Match] | Sequence[list[Match]]:
        """Return what an item of the feed matches, nothing if it was left out; or a slice."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        place = self._places[index]
        return [] if place < 0 else self._matches[place]

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence, such as a list, holds the same lists."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
