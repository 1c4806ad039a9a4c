"""The distinct texts of a batch: documents of equal words are one text."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from dedupe_news._engine.packing import pack_repeated
from dedupe_news._input.columns import NO_SOURCE, NO_TIME
from dedupe_news._input.constraints import part_texts
from dedupe_news._kernels import shingling as kernels
from dedupe_news._machine.threads import run, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news.config import Prefer


_MICROSECONDS_A_DAY = 86_400_000_000

MOST_STANDING = 36
"""Tokens of a standing text at most: a title or a blurb that carries no story."""

_STANDING_TIMES = 3  # apart, from which on words that come again are a standing text
_STANDING_APART = 18 * 3_600_000_000  # microseconds of silence between them
_STANDING_FOR = 7 * _MICROSECONDS_A_DAY  # if several outlets have them: news travels for days


@dataclasses.dataclass(frozen=True, slots=True)
class Texts:
    """
    The distinct texts of a batch.

    Parameters
    ----------
    text_of : ndarray of int64, shape (n_documents,)
        The text of each document; -1 where it has no token.
    document : ndarray of int64, shape (n_texts,)
        The preferred document of each text.
    starts, stops : ndarray of int64, shape (n_texts,)
        Bounds of each text's tokens.
    digests : ndarray of uint64, shape (n_texts,)
        XXH64 of the little-endian token hashes.
    preference : ndarray of int64, shape (n_texts,), optional
        What the preferred document is preferred by, smallest first; None
        where only length counts.
    by_length : bool, default False
        Whether length comes before `preference`.
    times : ndarray of int64, shape (n_texts,), optional
        When the preferred document of each was published, or `NO_TIME`; None
        where nothing hangs on it.
    window : int, default 0
        Microseconds within which texts with a time can be duplicates; not
        read where `times` is None.
    """

    text_of: NDArray[np.int64]
    document: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    digests: NDArray[np.uint64]
    preference: NDArray[np.int64] | None
    by_length: bool = False
    times: NDArray[np.int64] | None = None
    window: int = 0

    def are_near(
        self, left: NDArray[np.int64], right: NDArray[np.int64]
    ) -> NDArray[np.bool_] | slice:
        """Return which pairs are near enough in time to be duplicates, as an index of pairs."""
        if self.times is None:
            return slice(None)
        return within(self.times[left], self.times[right], self.window)

    def __len__(self) -> int:
        """Return the number of distinct texts."""
        return len(self.document)

    def in_order(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Return texts in order of preference, the most preferred first.

        By `preference`, then the longest, or the other way round; then the smallest digest.
        """
        lengths = self.stops[numbers] - self.starts[numbers]
        keys: list[NDArray[np.generic]] = [self.digests[numbers], -lengths]
        if self.preference is not None:
            keys.insert(1 if self.by_length else 2, self.preference[numbers])
        ordered: NDArray[np.int64] = numbers[np.lexsort(keys)]
        return ordered


def within(a: NDArray[np.int64], b: NDArray[np.int64], window: int) -> NDArray[np.bool_]:
    """Return which times, in microseconds or `NO_TIME`, are no further apart than a window."""
    known = (a != NO_TIME) & (b != NO_TIME)
    near: NDArray[np.bool_] = np.abs(np.where(known, a, 0) - np.where(known, b, 0)) <= window
    either: NDArray[np.bool_] = ~known | near
    return either


def distinct_texts(
    columns: Columns,
    tokens: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    prefer: Prefer,
    n_jobs: int,
    window: int | None = None,
    cannot: NDArray[np.int64] | None = None,
    *,
    by_standing: bool = False,
) -> Texts:
    """
    Find the distinct texts of a batch, numbered by first position.

    Documents of the same words are texts of their own where they were published
    more than `window` microseconds apart, or are a pair of `cannot`; and if `by_standing`,
    where few words come again and again, as the title of a column does: day by day.
    """
    n_documents = len(columns)
    digests = np.empty(n_documents, np.uint64)

    def digest(bounds: tuple[int, int]) -> None:
        kernels.fill_digests(tokens, offsets, *bounds, digests)

    run(digest, shares(n_documents, n_jobs), n_jobs)
    packed = pack_repeated((digests >> np.uint64(32)).astype(np.uint32))
    text_of = np.empty(n_documents, np.int64)
    n_texts = int(kernels.group_identical(packed, digests, tokens, offsets, text_of))
    if cannot is not None:
        n_texts = part_texts(text_of, n_texts, cannot)
    if by_standing and columns.published is not None:
        n_texts = _part_standing(text_of, n_texts, columns, np.diff(offsets))
    return gather_texts(columns, digests, offsets, text_of, n_texts, prefer, window)


def gather_texts(
    columns: Columns,
    digests: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    text_of: NDArray[np.int64],
    n_texts: int,
    prefer: Prefer,
    window: int | None,
) -> Texts:
    """Choose the preferred document of each text; change `text_of` where a window parts texts."""
    times = None if window is None else columns.published
    if window is not None and times is not None:
        n_texts = _part_by_time(text_of, n_texts, times, window)
    document = np.empty(n_texts, np.int64)
    # Assigned from the back, so that the first document of a text stays.
    backwards = np.flatnonzero(text_of >= 0)[::-1]
    document[text_of[backwards]] = backwards
    preference = preference_of(columns, prefer)
    copies = copies_of(text_of, n_texts)
    if len(copies):
        numbers, chosen = preferred(columns, copies, text_of[copies], preference)
        document[numbers] = chosen
    return Texts(
        text_of=text_of,
        document=document,
        starts=offsets[document],
        stops=offsets[document + 1],
        digests=digests[document],
        preference=None if preference is None else preference[document],
        by_length=prefer == "longest",
        times=None if times is None else times[document],
        window=window or 0,
    )


def preferred(
    columns: Columns,
    documents: NDArray[np.int64],
    groups: NDArray[np.int64],
    preference: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each group of documents of the same words, and the preferred document of each."""
    # By time, by their very bytes, then by source, which the judge looks at, so
    # that the order of the input decides only between equal documents.
    keys: list[NDArray[np.generic]] = [columns.content_digests(documents)]
    if columns.sources is not None:
        digests = source_digests(columns.source_names)
        keys.insert(0, digests[columns.sources[documents]])
    if preference is not None:
        keys.append(preference[documents])
    order = np.lexsort([*keys, groups])
    numbers, firsts = np.unique(groups[order], return_index=True)
    return numbers, documents[order][firsts]


def _part_standing(
    text_of: NDArray[np.int64], n_texts: int, columns: Columns, lengths: NDArray[np.int64]
) -> int:
    """Part standing texts wherever there was silence; return how many texts there are."""
    assert columns.published is not None  # noqa: S101 - the caller looked
    copies = copies_of(text_of, n_texts)
    copies = copies[(columns.published[copies] != NO_TIME) & (lengths[copies] <= MOST_STANDING)]
    order = copies[np.lexsort((columns.published[copies], text_of[copies]))]
    texts, times = text_of[order], columns.published[order]
    is_again = np.zeros(len(order), bool)
    is_again[1:] = (np.diff(texts) == 0) & (np.diff(times) > _STANDING_APART)
    numbers, firsts, place = np.unique(texts, return_index=True, return_inverse=True)
    if not len(numbers):
        return n_texts
    lasts = np.append(firsts[1:], len(order)) - 1
    spans = times[lasts] - times[firsts]
    is_standing = np.bincount(place[is_again], minlength=len(numbers)) >= _STANDING_TIMES - 1
    is_standing &= (spans >= _STANDING_FOR) | _of_one_source(columns, order, firsts)
    parts = np.cumsum(is_again & is_standing[place])
    # The first time keeps the number of the text.
    moved = parts > parts[firsts][place]
    text_of[order[moved]] = n_texts - 1 + parts[moved]
    return _renumbered(text_of) if moved.any() else n_texts


def _of_one_source(
    columns: Columns, order: NDArray[np.int64], firsts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which groups of documents, from each of `firsts` on, have one known source."""
    if columns.sources is None:
        return np.zeros(len(firsts), bool)
    sources = columns.sources[order]
    least, most = np.minimum.reduceat(sources, firsts), np.maximum.reduceat(sources, firsts)
    one: NDArray[np.bool_] = (least == most) & (least != NO_SOURCE)
    return one


def _renumbered(text_of: NDArray[np.int64]) -> int:
    """Renumber texts by their first document; return how many there are."""
    present = np.flatnonzero(text_of >= 0)
    _, firsts, numbers = np.unique(text_of[present], return_index=True, return_inverse=True)
    rank = np.empty(len(firsts), np.int64)
    rank[np.argsort(firsts)] = np.arange(len(firsts))
    text_of[present] = rank[numbers]
    return len(firsts)


def _part_by_time(
    text_of: NDArray[np.int64], n_texts: int, times: NDArray[np.int64], window: int
) -> int:
    """Part texts whose documents are further apart than a window; return how many there are."""
    copies = copies_of(text_of, n_texts)
    copies = copies[times[copies] != NO_TIME]
    order = copies[np.lexsort((times[copies], text_of[copies]))]
    n_parts, last, first_time = n_texts, -1, 0
    is_first = True
    for document, text, moment in zip(
        order.tolist(), text_of[order].tolist(), times[order].tolist(), strict=True
    ):
        if text != last:
            last, first_time, is_first = text, moment, True
        elif moment - first_time > window:
            first_time, is_first = moment, False
            n_parts += 1
        if not is_first:
            text_of[document] = n_parts - 1
    return _renumbered(text_of) if n_parts > n_texts else n_texts


def copies_of(text_of: NDArray[np.int64], n_texts: int) -> NDArray[np.int64]:
    """Return the documents that share their text with another, increasing."""
    present = text_of >= 0
    n_copies = np.bincount(text_of[present], minlength=n_texts)
    shared = np.zeros(len(text_of), bool)
    shared[present] = n_copies[text_of[present]] > 1
    return np.flatnonzero(shared)


def source_digests(names: Sequence[str]) -> NDArray[np.int64]:
    """
    Return the upper 63 bits of XXH64 of each source's name, where codes are not comparable.

    `NO_SOURCE` is at the end, where the code of a missing source points.
    """
    digests = [xxhash.xxh64_intdigest(name.encode(errors="surrogatepass")) >> 1 for name in names]
    return np.array([*digests, NO_SOURCE], np.int64)


def preference_of(columns: Columns, prefer: Prefer) -> NDArray[np.int64] | None:
    """Return what each document is preferred by, smallest first; None where none has a time."""
    if columns.published is None:
        return None
    times = -columns.published if prefer == "latest" else columns.published
    # Documents without a time come last.
    return np.where(columns.published == NO_TIME, np.iinfo(np.int64).max, times)


def preferred_values(
    column: NDArray[np.int64] | NDArray[np.int32] | None, texts: Texts, missing: int
) -> NDArray[np.int64]:
    """Return the values of the preferred document of each text, `missing` without a column."""
    if column is None:
        return np.full(len(texts), missing, np.int64)
    return column[texts.document].astype(np.int64)


def by_time(times: NDArray[np.int64], digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """
    Return texts in the order in which a segment numbers them.

    By time, so that days can be counted; by digest, so that the order of the input
    does not matter.
    """
    # Feeds come by time, for the most part; few texts are of the same moment.
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    ties = np.zeros(len(order) + 1, bool)
    np.equal(ordered[1:], ordered[:-1], out=ties[1:-1])
    tied = np.flatnonzero(ties[1:] | ties[:-1])
    some = order[tied]
    order[tied] = some[np.lexsort((digests[some], times[some]))]
    return order


def days_of(times: NDArray[np.int64]) -> NDArray[np.int32]:
    """
    Return the day of each time, counted from the first; -1 for `NO_TIME`.

    Of no length where no time is known.
    """
    known = times != NO_TIME
    if not known.any():
        return np.empty(0, np.int32)
    days = times // _MICROSECONDS_A_DAY
    return np.where(known, days - days[known].min(), -1).astype(np.int32)
