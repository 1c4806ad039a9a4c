"""Shingle sets of texts, and what two of them have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine.packing import pack
from dedupe_news._kernels import verification as kernels
from dedupe_news._kernels.relations import fill_relations
from dedupe_news._kernels.shingling import fill_shingles
from dedupe_news._kernels.verification import BITMAP_WORDS, ShingleSets
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import run, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._machine.space import Space


class Runs(NamedTuple):
    """Texts as runs of token hashes: text ``i`` is ``tokens[starts[i]:stops[i]]``, never empty."""

    tokens: NDArray[np.uint32]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


class Overlaps(NamedTuple):
    """What the texts of each pair share: exact Jaccard similarity, containment, `Relation`."""

    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]


def shingle(
    texts: Runs, shingle_size: int, n_jobs: int, space: Space = MEMORY
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """
    Return the shingle hashes of texts, repeats included, and the bounds of each text.

    A hash is XXH32 of `shingle_size` little-endian token hashes; a text of
    fewer tokens is one shingle.
    """
    n_texts = len(texts.starts)
    offsets = np.zeros(n_texts + 1, np.int64)
    np.cumsum(np.maximum(texts.stops - texts.starts - (shingle_size - 1), 1), out=offsets[1:])
    shingles = space.empty(int(offsets[-1]), np.uint32)

    def fill(bounds: tuple[int, int]) -> None:
        fill_shingles(*texts, shingle_size, *bounds, offsets, shingles)

    run(fill, shares(n_texts, n_jobs), n_jobs)
    return shingles, offsets


def sort_sets(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    n_jobs: int,
    space: Space = MEMORY,
    wanted: NDArray[np.uint8] | None = None,
) -> ShingleSets:
    """Sort runs of shingle hashes into sets, in place: all, or those that `wanted` marks with 1."""
    n_sets = len(offsets) - 1
    sizes = space.empty(n_sets, np.int32)
    bitmaps = space.empty((n_sets, BITMAP_WORDS), np.uint64)
    sets = ShingleSets(shingles, offsets, sizes, bitmaps)
    marks = np.ones(n_sets, np.uint8) if wanted is None else wanted
    run(lambda bounds: kernels.sort_sets(sets, marks, *bounds), shares(n_sets, n_jobs), n_jobs)
    return sets


def overlaps(rows: NDArray[np.int64], sets: ShingleSets, texts: Runs, n_jobs: int) -> Overlaps:
    """Return what pairs of texts, shape (n_pairs, 2), have in common."""
    pairs = pack(rows)
    shared = np.empty(len(pairs), np.int64)
    run(
        lambda bounds: kernels.fill_shared(pairs, sets, *bounds, shared),
        shares(len(pairs), n_jobs),
        n_jobs,
    )
    sizes = sets.sizes[rows].astype(np.int64)
    containment = shared / sizes.min(axis=1)
    relation = np.empty(len(pairs), np.uint8)
    # Columns of a table of pairs are strided, for which the kernel would be compiled once more.
    left, right = np.ascontiguousarray(rows.T)
    fill_relations(*texts, left, right, containment, relation)
    return Overlaps(shared / (sizes.sum(axis=1) - shared), containment, relation)
