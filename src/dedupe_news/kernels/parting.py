"""Shingles of a block of texts to parts of the hash space, and what was found there back again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

_HALF = np.uint64(32)


@kernel
def fill_postings(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    first_text: Integer,
    part_bits: Integer,
    first_part: Integer,
    free: NDArray[np.int64],
    postings: NDArray[np.uint64],
) -> None:
    """
    Write the postings of a block of texts that belong to some parts.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of the block.
    offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text.
    first_text : int
        Number of the first text.
    part_bits : int
        The hash space has ``2**part_bits`` parts, by the first bits.
    first_part : int
        The first part wanted.
    free : ndarray of int64, shape (n_parts,)
        Where the next posting of each part wanted goes; overwritten.
    postings : ndarray of uint64
        Receives ``shingle << 32 | text``, for each part in order of the texts.
    """
    shift = np.uint64(32 - part_bits)
    n_parts = np.uint64(free.shape[0])
    first = np.uint64(first_part)
    for text in range(offsets.shape[0] - 1):
        number = np.uint64(first_text + text)
        for at in range(offsets[text], offsets[text + 1]):
            # Parts before the first wrap around to the largest numbers.
            part = (np.uint64(shingles[at]) >> shift) - first
            if part < n_parts:
                to = np.uintp(free[part])
                free[part] += 1
                postings[to] = np.uint64(shingles[at]) << _HALF | number


@kernel
def return_codes(
    shingles: NDArray[np.uint32],
    part_bits: Integer,
    at_part: NDArray[np.int64],
    part_frequency: NDArray[np.uint8],
    part_spread: NDArray[np.uint8],
    frequency: NDArray[np.uint8],
    spread: NDArray[np.uint8],
) -> None:
    """
    Bring the codes that were found part by part back into the order of the text.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of the block, as they were given to `fill_postings`.
    part_bits : int
        As there.
    at_part : ndarray of int64, shape (2**part_bits,)
        Where the codes of the block begin in each part; overwritten.
    part_frequency, part_spread : ndarray of uint8
        The codes, for each part in the order of the postings.
    frequency, spread : ndarray of uint8, shape (n_shingles,)
        Receive the codes of each shingle.
    """
    shift = np.uint64(32 - part_bits)
    for at in range(shingles.shape[0]):
        part = np.uint64(shingles[at]) >> shift
        place = np.uintp(at_part[part])
        at_part[part] += 1
        frequency[at] = part_frequency[place]
        spread[at] = part_spread[place]


@kernel
def copy_runs(
    values: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    to: NDArray[np.int64],
    copied: NDArray[np.uint8],
) -> None:
    """
    Copy runs of an array to other places.

    Parameters
    ----------
    values : ndarray, shape (n_values,)
        Of any one type.
    starts, stops : ndarray of int64, shape (n_runs,)
        Bounds of each run in `values`.
    to : ndarray of int64, shape (n_runs,)
        Where each run begins in `copied`.
    copied : ndarray
        Receives them; of the type of `values`.
    """
    for run in range(starts.shape[0]):
        to_run = to[run]
        for at in range(starts[run], stops[run]):
            copied[to_run] = values[at]
            to_run += 1
