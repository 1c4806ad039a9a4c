"""What is known of the texts of a pair, and what a single word of them tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined
from dedupe_news._kernels.text.fold import CAPITALISED, HAS_DIGIT, STEM_SHIFT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

SHINGLE_SIZE = 3
"""Tokens in the shingles whose texts and days are counted."""

COUNTED_TEXTS = 200
"""Texts from which counts tell a rare word from a common one."""

COUNTED_DAYS = 5
"""Days that the texts must span before recurrence is looked at: a story lasts fewer."""

NO_TIME = np.iinfo(np.int64).min

CODES = 16.0
"""A count is coded as 16 times its logarithm."""

STANDING_DAYS = 26
"""Code of 5 days: what is used on as many is no news."""

_LOG_COUNTED = float(np.log(COUNTED_TEXTS))
_LEAST_WEIGHT, _MOST_WEIGHT = 0.3, 9.2  # minus the logarithms of 74 % and of one in 10,000
_RARE = 4.6  # minus the logarithm of 1 %
_FEW = 18  # code of 3: what occurs no oftener is rare


class Evidence(NamedTuple):
    """
    The arrays that features are computed from.

    Parameters
    ----------
    tokens, flags, commonness : ndarray of uint32, uint32, uint8, shape (n_tokens,)
        Hash, flags with stem, and code of the count of each token.
    starts, stops : ndarray of int64, shape (n_texts,)
        Bounds of each text's tokens.
    spread : ndarray of uint8, shape (n_shingles,)
        Code of the number of days with each shingle.
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes, in text order.
    shingle_offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text's shingles.
    cut_off : ndarray of uint8, shape (n_texts,)
        1 where the text ends in a cut-off mark.
    sources : ndarray of int32, shape (n_texts,)
        Source of each text; negative for unknown.
    times : ndarray of int64, shape (n_texts,)
        Microseconds; the least int64 for unknown.
    totals : ndarray of float64, shape (2,)
        ``ln(n_texts + 1)`` and the number of days from the first text to the
        last, of the texts that the counts are of.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    commonness: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    spread: NDArray[np.uint8]
    shingles: NDArray[np.uint32]
    shingle_offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]
    sources: NDArray[np.int32]
    times: NDArray[np.int64]
    totals: NDArray[np.float64]


class Side(NamedTuple):
    """
    One text of a pair.

    Parameters
    ----------
    text : int
        Its number.
    first, length : int
        Its first token, and how many there are.
    written : bool
        Whether it has capitals.
    """

    text: Integer
    first: Integer
    length: Integer
    written: bool


@inlined
def side_of(evidence: Evidence, text: Integer) -> Side:
    """Return one text of a pair."""
    first = evidence.starts[text]
    length = evidence.stops[text] - first
    at = first
    while at < first + length and evidence.flags[at] & CAPITALISED == 0:
        at += 1
    return Side(text, first, length, at < first + length)


@inlined
def weight_of(evidence: Evidence, at: Integer) -> float:
    """Return how much a token tells, in [0.03, 1]: minus the log of its share of the texts."""
    log_texts = evidence.totals[0]
    if log_texts < _LOG_COUNTED:
        return 1.0
    rarity = log_texts - evidence.commonness[at] / CODES
    return float(min(_MOST_WEIGHT, max(_LEAST_WEIGHT, rarity)) / _MOST_WEIGHT)


@inlined
def is_rare(evidence: Evidence, side: Side, at: Integer) -> bool:
    """Return whether a token may be a name: seldom used, or where nothing is counted, a capital."""
    log_texts = evidence.totals[0]
    if log_texts >= _LOG_COUNTED:
        code = evidence.commonness[at]
        return bool(code <= _FEW or log_texts - code / CODES > _RARE)
    if not side.written:
        return True
    return bool(evidence.flags[at] & (CAPITALISED | HAS_DIGIT) != 0)


@inlined
def counts_days(evidence: Evidence) -> bool:
    """Return whether the texts are so many, over so long, that recurrence can be told."""
    return bool(evidence.totals[0] >= _LOG_COUNTED and evidence.totals[1] >= COUNTED_DAYS)


@inlined
def form_of(evidence: Evidence, at: Integer) -> np.uint32:
    """Return what two forms of one word share: its stem; of a number the whole."""
    flag = evidence.flags[at]
    if flag & HAS_DIGIT != 0:
        return np.uint32(evidence.tokens[at])
    return np.uint32(flag >> np.uint32(STEM_SHIFT))
