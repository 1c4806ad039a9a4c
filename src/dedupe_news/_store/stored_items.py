"""Items as they come to an index, and as its log gives them back."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._input.columns import NO_TIME, in_one_line
from dedupe_news._text import source_codes, tokenize, tokenize_one

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._text import Tokens
    from dedupe_news.config import Config


# Not frozen, which would take three times as long to make; nobody changes one.
@dataclasses.dataclass(slots=True, eq=False)
class StoredItems:
    """
    Items in order of arrival.

    Parameters
    ----------
    ids : sequence of hashable
        Their ids.
    buffer : ndarray of uint8
        UTF-8 of all items: the text, or the title, a line break and the text.
    offsets : ndarray of int64, shape (n_items + 1,)
        Bounds of each.
    title_lengths : ndarray of int64, shape (n_items,)
        Bytes of each title, or `UNTITLED`.
    published, arrived : ndarray of int64, shape (n_items,)
        Microseconds since 1970 UTC; `NO_TIME` for unknown, of `arrived` for now.
    sources : sequence of str or None
        Where each was published.
    """

    ids: Sequence[Hashable]
    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    title_lengths: NDArray[np.int64]
    published: NDArray[np.int64]
    arrived: NDArray[np.int64]
    sources: Sequence[str | None]

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.offsets) - 1

    @property
    def moments(self) -> NDArray[np.int64]:
        """The time that windows reckon with: of publication, or of arrival if that is earlier."""
        if len(self.published) == 1:  # fast path for a single item
            published, arrived = int(self.published[0]), int(self.arrived[0])
            return self.arrived if published == NO_TIME or published > arrived else self.published
        known = self.published != NO_TIME
        return np.where(known, np.minimum(self.published, self.arrived), self.arrived)

    def arrived_at(self, now: int) -> StoredItems:
        """Return the items with `now` for unknown times of arrival."""
        arrived = self.arrived.copy()
        arrived[arrived == NO_TIME] = now
        return StoredItems(
            self.ids, self.buffer, self.offsets, self.title_lengths, self.published, arrived,
            self.sources,
        )  # fmt: skip

    def contents(self) -> list[bytes]:
        """Return the items one by one, as UTF-8."""
        bounds = self.offsets.tolist()
        joined = self.buffer[bounds[0] : bounds[-1]].tobytes()
        return [joined[start - bounds[0] : stop - bounds[0]] for start, stop in pairwise(bounds)]

    def part(self, start: int, stop: int) -> StoredItems:
        """Return some of the items, as views."""
        some = slice(start, stop)
        return StoredItems(
            ids=self.ids[some],
            buffer=self.buffer,
            offsets=self.offsets[start : stop + 1],
            title_lengths=self.title_lengths[some],
            published=self.published[some],
            arrived=self.arrived[some],
            sources=self.sources[some],
        )

    def text_buffer(self) -> NDArray[np.uint8]:
        """Return the buffer as texts are tokenized: every title in one line."""
        return in_one_line(self.buffer, self.offsets, self.title_lengths)


def tokens_of(items: StoredItems, config: Config, n_jobs: int) -> Tokens:
    """Return the tokens of items, their titles taken as one line."""
    if len(items) == 1:
        return tokenize_one(items.text_buffer(), items.offsets, config, items.sources[0])
    codes, names = source_codes(items.sources)
    return tokenize(items.text_buffer(), items.offsets, config, codes, names, n_jobs=n_jobs)
