"""The verified pairs of a batch."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, overload

from dedupe_news.results.displayable import Displayable
from dedupe_news.results.records import Pair, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news.config import Config


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Matches(Displayable):
    """
    The verified pairs of a batch, as columns, by increasing positions.

    Every pair of distinct texts that matches is here once. Items of the
    same words stand for each other: each is paired with the preferred one
    among them, and that one with the other texts.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_matches,)
        Positions, ``left < right``; the rows, `Pair`, have the ids.
    jaccard, containment : ndarray of float64, shape (n_matches,)
        Exact, in [0, 1].
    relation : ndarray of uint8, shape (n_matches,)
        Values of `Relation`.
    probability : ndarray of float64, shape (n_matches,)
        That the two are duplicates, in [0, 1].
    columns : Columns
        The items.
    config : Config
        The settings.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]
    probability: NDArray[np.float64]
    columns: Columns = dataclasses.field(repr=False)
    config: Config = dataclasses.field(repr=False)

    def __len__(self) -> int:
        """
        Return the number of pairs.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.left)

    @overload
    def __getitem__(self, index: int) -> Pair: ...  # numpydoc ignore=GL08

    @overload
    def __getitem__(self, index: slice) -> Matches: ...  # numpydoc ignore=GL08

    def __getitem__(self, index: int | slice) -> Pair | Matches:
        """
        Return one pair, or several.

        Parameters
        ----------
        index : int or slice
            Its place; negative ones count from the end.

        Returns
        -------
        Pair or Matches
            The pair as a record; for a slice, those pairs as columns.
        """
        if isinstance(index, slice):
            columns = ("left", "right", "jaccard", "containment", "relation", "probability")
            return dataclasses.replace(
                self, **{name: getattr(self, name)[index] for name in columns}
            )
        left, right = int(self.left[index]), int(self.right[index])
        return Pair(
            self.columns.id_of(left),
            self.columns.id_of(right),
            float(self.jaccard[index]),
            float(self.containment[index]),
            Relation(int(self.relation[index])),
            float(self.probability[index]),
            (left, right),
        )

    def __iter__(self) -> Iterator[Pair]:
        """
        Iterate over the pairs.

        Returns
        -------
        iterator of Pair
            In order.
        """
        return (self[index] for index in range(len(self)))
