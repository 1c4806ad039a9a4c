"""Some of the texts of a batch, with all that a judge looks at."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import postings, shingling
from dedupe_news.kernels import parting as kernels
from dedupe_news.kernels.features import SHINGLE_SIZE, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_COLUMNS = ("cut_off", "sources", "times")
_OF_TOKENS = ("tokens", "flags")
_OF_SHINGLES = ("frequency", "spread")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class TextBlock:
    """
    Texts with their tokens and the statistics of their shingles.

    Parameters
    ----------
    tokens, flags : ndarray of uint32, uint8, shape (n_tokens,)
        Hash and flags of each token, one text after another.
    offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text's tokens; no text is empty.
    cut_off : ndarray of uint8, shape (n_texts,)
        1 where the text ends in a cut-off mark.
    sources : ndarray of int32, shape (n_texts,)
        Source of each text; negative for unknown.
    times : ndarray of int64, shape (n_texts,)
        Microseconds; the least int64 for unknown.
    frequency, spread : ndarray of uint8, shape (n_shingles,)
        Codes of the number of texts and of days with each shingle.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]
    sources: NDArray[np.int32]
    times: NDArray[np.int64]
    frequency: NDArray[np.uint8]
    spread: NDArray[np.uint8]

    def __len__(self) -> int:
        """
        Return the number of texts.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.offsets) - 1

    @property
    def shingle_offsets(self) -> NDArray[np.int64]:
        """
        The bounds of each text's shingles.

        Returns
        -------
        ndarray of int64, shape (n_texts + 1,)
            In `frequency` and `spread`.
        """
        return shingle_offsets(np.diff(self.offsets))

    def take(self, which: NDArray[np.int64]) -> TextBlock:
        """
        Return some of the texts.

        Parameters
        ----------
        which : ndarray of int64, shape (n,)
            Their places.

        Returns
        -------
        TextBlock
            In the order of `which`.
        """
        tokens = [take_runs(getattr(self, name), self.offsets, which) for name in _OF_TOKENS]
        shingles = [
            take_runs(getattr(self, name), self.shingle_offsets, which) for name in _OF_SHINGLES
        ]
        return TextBlock(
            tokens[0],
            tokens[1],
            bounds_of(np.diff(self.offsets)[which]),
            *(getattr(self, name)[which] for name in _COLUMNS),
            *shingles,
        )

    @classmethod
    def concatenate(cls, blocks: Sequence[TextBlock]) -> TextBlock:
        """
        Return the texts of several blocks as one.

        Parameters
        ----------
        blocks : sequence of TextBlock
            At least one.

        Returns
        -------
        TextBlock
            One after another.
        """
        joined = {
            name: np.concatenate([getattr(block, name) for block in blocks])
            for name in (*_OF_TOKENS, *_COLUMNS, *_OF_SHINGLES)
        }
        lengths = np.concatenate([np.diff(block.offsets) for block in blocks])
        return cls(offsets=bounds_of(lengths), **joined)

    def evidence(self, token_counts: NDArray[np.uint32], n_texts: int, n_jobs: int) -> Evidence:
        """
        Return the texts as the judge reads them.

        Parameters
        ----------
        token_counts : ndarray of uint32, shape (n_places,)
            Counts of all tokens, from `dedupe_news.postings.token_table`.
        n_texts : int
            Texts that the counts are of.
        n_jobs : int
            Threads.

        Returns
        -------
        Evidence
            With shingles of its own.
        """
        starts, stops = self.offsets[:-1], self.offsets[1:]
        shingles, offsets = shingling.shingle(self.tokens, starts, stops, SHINGLE_SIZE, n_jobs)
        return Evidence(
            tokens=self.tokens,
            flags=self.flags,
            commonness=postings.commonness_of(self.tokens, token_counts, n_jobs),
            starts=starts,
            stops=stops,
            frequency=self.frequency,
            spread=self.spread,
            shingles=shingles,
            shingle_offsets=offsets,
            cut_off=self.cut_off,
            sources=self.sources,
            times=self.times,
            log_texts=np.array([np.log(n_texts + 1.0)]),
        )


def bounds_of(lengths: NDArray[Any]) -> NDArray[np.int64]:
    """
    Return the bounds of runs that follow each other.

    Parameters
    ----------
    lengths : ndarray of int64, shape (n,)
        Length of each run.

    Returns
    -------
    ndarray of int64, shape (n + 1,)
        The first is 0.
    """
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, dtype=np.int64, out=offsets[1:])
    return offsets


def shingle_offsets(lengths: NDArray[Any]) -> NDArray[np.int64]:
    """
    Return the bounds of the shingles that a judge looks at.

    Parameters
    ----------
    lengths : ndarray of int64, shape (n_texts,)
        Tokens of each text, at least 1.

    Returns
    -------
    ndarray of int64, shape (n_texts + 1,)
        A text of fewer tokens than a shingle has is one shingle.
    """
    return bounds_of(np.maximum(lengths - (SHINGLE_SIZE - 1), 1))


def take_runs(
    values: NDArray[Any], offsets: NDArray[np.int64], which: NDArray[np.int64]
) -> NDArray[Any]:
    """
    Return some of the runs of an array.

    Parameters
    ----------
    values : ndarray, shape (n_values,)
        Runs that follow each other.
    offsets : ndarray of int64, shape (n_runs + 1,)
        Their bounds.
    which : ndarray of int64, shape (n,)
        The runs wanted.

    Returns
    -------
    ndarray
        One after another.
    """
    starts, stops = offsets[which], offsets[which + 1]
    to = bounds_of(stops - starts)
    taken = np.empty(to[-1], values.dtype)
    kernels.copy_runs(values, starts, stops, to, taken)
    return taken
