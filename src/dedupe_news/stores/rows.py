"""Documents as a store keeps them."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.columns import NO_TIME

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray


# Not frozen, which would take three times as long to make; nobody changes one.
@dataclasses.dataclass(slots=True, eq=False)
class Rows:
    """
    Documents in order of arrival.

    Parameters
    ----------
    ids : sequence of hashable
        Their ids.
    buffer : ndarray of uint8
        UTF-8 of all documents, title and text joined by a newline.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each.
    titled : ndarray of uint8, shape (n_documents,)
        1 where the first line is a title.
    published, arrived : ndarray of int64, shape (n_documents,)
        Microseconds since 1970 UTC; `published` may be `NO_TIME`.
    sources : sequence of str or None
        Where each was published.
    """

    ids: Sequence[Hashable]
    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    titled: NDArray[np.uint8]
    published: NDArray[np.int64]
    arrived: NDArray[np.int64]
    sources: Sequence[str | None]

    def __len__(self) -> int:
        """
        Return the number of documents.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.offsets) - 1

    @property
    def moments(self) -> NDArray[np.int64]:
        """
        The time that windows reckon with.

        Returns
        -------
        ndarray of int64, shape (n_documents,)
            That of publication, or of arrival where there is none, or where it
            lies in the future.
        """
        if len(self.published) == 1:  # the common case, made short
            published, arrived = int(self.published[0]), int(self.arrived[0])
            return self.arrived if published == NO_TIME or published > arrived else self.published
        known = self.published != NO_TIME
        return np.where(known, np.minimum(self.published, self.arrived), self.arrived)

    def contents(self) -> list[bytes]:
        """
        Return the documents one by one.

        Returns
        -------
        list of bytes
            UTF-8.
        """
        begin = int(self.offsets[0])
        if len(self.offsets) == 2:  # noqa: PLR2004 - one document, made short
            return [self.buffer[begin : int(self.offsets[1])].tobytes()]
        whole = self.buffer[begin : int(self.offsets[-1])].tobytes()
        bounds = (self.offsets - begin).tolist()
        return [whole[start:stop] for start, stop in pairwise(bounds)]

    def part(self, start: int, stop: int) -> Rows:
        """
        Return some of the documents.

        Parameters
        ----------
        start, stop : int
            Which.

        Returns
        -------
        Rows
            Views.
        """
        own = slice(start, stop)
        return Rows(
            ids=self.ids[own],
            buffer=self.buffer,
            offsets=self.offsets[start : stop + 1],
            titled=self.titled[own],
            published=self.published[own],
            arrived=self.arrived[own],
            sources=self.sources[own],
        )


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """
    Which clusters documents belong to.

    Parameters
    ----------
    clusters : ndarray of int64, shape (n_documents,)
        Number of each document's cluster.
    are_founders : ndarray of bool, shape (n_documents,)
        Whether each is the founder of its cluster.
    """

    clusters: NDArray[np.int64]
    are_founders: NDArray[np.bool_]
