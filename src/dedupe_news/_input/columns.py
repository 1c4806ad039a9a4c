"""The columns every stage works on: UTF-8 text, ids, times and sources of many documents."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from dedupe_news._input.skipped import Skipped
from dedupe_news.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

NO_TIME: int = int(np.iinfo(np.int64).min)
"""Stands in a column of times for a document without one."""

NO_SOURCE: int = -1
"""Stands in a column of source codes for a document without one."""

UNTITLED: int = -1
"""Stands in a column of title lengths for a document without a title."""

_LINE_BREAK, _SPACE = 10, 32

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

FIRST_TIME: int = (dt.datetime.min.replace(tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
"""The first moment that a datetime can hold, in UTC."""

LAST_TIME: int = (dt.datetime.max.replace(tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
"""The last such moment."""


def to_microseconds(moment: dt.datetime) -> int:
    """Return a time as microseconds since 1970-01-01 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def to_span(span: dt.timedelta) -> int:
    """Return a length of time in microseconds."""
    return span // _MICROSECOND


def from_microseconds(microseconds: int) -> dt.datetime | None:
    """Return the time that `to_microseconds` stored."""
    if microseconds == NO_TIME:
        return None
    if not FIRST_TIME <= microseconds <= LAST_TIME:
        message = (
            f"{microseconds} microseconds since 1970 are outside the years 1 to 9999; "
            "check the unit of the times"
        )
        raise InputError(message)
    return _EPOCH + microseconds * _MICROSECOND


@dataclasses.dataclass(frozen=True, slots=True)
class Columns:
    """
    Documents as columns: ``buffer[offsets[i]:offsets[i + 1]]`` is the UTF-8 of document ``i``.

    With titles a document is its title, a newline and its text; the title is the first line where
    there are no `title_lengths`. `rows` are positions in the feed, where some of it were left out.
    """

    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    ids: Sequence[Hashable] | None = None
    published: NDArray[np.int64] | None = None  # microseconds since 1970 UTC, or NO_TIME
    sources: NDArray[np.int32] | None = None  # indices into source_names, or NO_SOURCE
    source_names: Sequence[str] = ()
    titled: bool = False
    title_lengths: NDArray[np.int64] | None = None  # in bytes, or UNTITLED
    rows: NDArray[np.int64] | None = None
    used: Mapping[str, Hashable] = dataclasses.field(default_factory=dict)
    skipped: Skipped = dataclasses.field(default_factory=Skipped)

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.offsets) - 1

    def content(self, position: int) -> str:
        """Return a document as it was given: its title, a newline and its text."""
        start, stop = self.offsets[position], self.offsets[position + 1]
        content = self.buffer[start:stop].tobytes()
        if self.title_lengths is not None:
            length = int(self.title_lengths[position])
            if length == UNTITLED:
                return "\n" + content.decode()
            content = content[:length].replace(b"\n", b" ") + content[length:]
        return content.decode()

    def between(self, start: int, stop: int) -> Columns:
        """Return some of the documents, without their ids and times."""
        first, last = int(self.offsets[start]), int(self.offsets[stop])
        lengths = self.title_lengths
        return Columns(
            buffer=self.buffer[first:last],
            offsets=self.offsets[start : stop + 1] - first,
            sources=None if self.sources is None else self.sources[start:stop],
            source_names=self.source_names,
            titled=self.titled,
            title_lengths=None if lengths is None else lengths[start:stop],
        )

    def numbered(self) -> Columns:
        """Return the documents, where they have no ids, with their positions in the feed."""
        if self.rows is None or self.ids is not None:
            return self
        return dataclasses.replace(self, ids=self.rows.tolist())

    def text_buffer(self) -> NDArray[np.uint8]:
        """Return the buffer as texts are tokenized: every title in one line."""
        if self.title_lengths is None:
            return self.buffer
        return in_one_line(self.buffer, self.offsets, self.title_lengths)

    def content_digests(self, positions: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a digest of the very bytes of some documents."""
        view = self.buffer.data
        bounds = zip(
            self.offsets[positions].tolist(), self.offsets[positions + 1].tolist(), strict=True
        )
        digests = [xxhash.xxh64_intdigest(view[start:stop]) for start, stop in bounds]
        return np.array(digests, np.uint64)

    def id_of(self, position: int) -> Hashable:
        """Return the user's id of a document."""
        return position if self.ids is None else self.ids[position]

    def source_of(self, position: int) -> str | None:
        """Return the source of a document."""
        if self.sources is None or self.sources[position] == NO_SOURCE:
            return None
        return self.source_names[int(self.sources[position])]

    def published_at(self, position: int) -> dt.datetime | None:
        """Return when a document was published."""
        if self.published is None:
            return None
        return from_microseconds(int(self.published[position]))


def extent(offsets: NDArray[np.int64]) -> tuple[int, int]:
    """Return how many bytes or tokens documents have together, and the longest alone."""
    n_values = int(offsets[-1] - offsets[0])
    if len(offsets) <= 2:  # noqa: PLR2004 - one document, or none: the common case, made short
        return n_values, n_values
    return n_values, int(np.diff(offsets).max())


def in_one_line(
    buffer: NDArray[np.uint8], offsets: NDArray[np.int64], title_lengths: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Return a buffer of documents with the line breaks of titles as spaces."""
    starts = offsets[:-1]
    if len(starts) == 1:  # fast path for a single document
        start, length = int(starts[0]), int(title_lengths[0])
        if length <= 0 or b"\n" not in buffer[start : start + length].tobytes():
            return buffer
    breaks = np.flatnonzero(buffer == _LINE_BREAK)
    stops = starts + np.maximum(title_lengths, 0)
    in_title = breaks < stops[np.searchsorted(starts, breaks, "right") - 1]
    if not in_title.any():
        return buffer
    one_line = buffer.copy()
    one_line[breaks[in_title]] = _SPACE
    return one_line
