"""The policy "news" out of core: rare shingles in groups of parts, and their codes back again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import parting, shingling
from dedupe_news.blocks import bounds_of
from dedupe_news.kernels import parting as kernels
from dedupe_news.kernels.features import SHINGLE_SIZE
from dedupe_news.outofcore.ranges import RangedPairs
from dedupe_news.threads import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news.outofcore.corpus import Tokens
    from dedupe_news.outofcore.spill import Spill
    from dedupe_news.outofcore.workspace import Workspace

_BYTES_A_POSTING = 8
_LEAST_GROUP = 1 << 20


class RareShingles:
    """
    The shingles of all texts, looked at part by part.

    Parameters
    ----------
    tokens : Tokens
        The texts.
    shingle_offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text's shingles.
    blocks : list of (int, int)
        The texts in blocks.
    days : ndarray of int32, shape (n_texts,) or (0,)
        As for `dedupe_news.parting.scan_part`.
    space : Workspace
        Where arrays go.
    working : int
        Bytes for the postings of a group of parts.
    n_jobs : int
        Threads.
    """

    def __init__(
        self,
        tokens: Tokens,
        shingle_offsets: NDArray[np.int64],
        blocks: list[tuple[int, int]],
        days: NDArray[np.int32],
        space: Workspace,
        working: int,
        n_jobs: int,
    ) -> None:
        self._tokens = tokens
        self._offsets = shingle_offsets
        self._blocks = blocks
        self._days = days
        self._space = space
        self._n_jobs = n_jobs
        self._part_bits = parting.part_bits_for(int(shingle_offsets[-1]))
        self._group = max(_LEAST_GROUP, working // _BYTES_A_POSTING)

    def scan(self, range_bits: int, progress: Callable[[float], None]) -> dict[str, Any]:
        """
        Count every shingle, and pair the texts that share rare ones.

        Parameters
        ----------
        range_bits : int
            Pairs are kept by ranges of so many texts: `RangedPairs`.
        progress : callable
            Told of the texts done, every now and then; all texts once.

        Returns
        -------
        dict
            ``frequency`` and ``spread``: codes in the order of parts, then of
            ``blocks``; ``counts``: postings of each block in each part; ``pairs``,
            ``starts`` and ``range_bits``: as in `RangedPairs`.
        """
        n_parts, n_texts = 1 << self._part_bits, len(self._offsets) - 1
        counts = np.array(run(self._count, self._blocks, self._n_jobs), np.int64).reshape(
            len(self._blocks), n_parts
        )
        bounds = bounds_of(counts.sum(axis=0))
        codes = [self._space.spill(f"scan.{name}", np.uint8) for name in ("frequency", "spread")]
        for each in codes:
            each.extend(int(bounds[-1]))
        pairs = self._space.spill("scan.pairs", np.uint64)
        ranged = RangedPairs(pairs, n_texts, range_bits)
        first = 0
        while first < n_parts:
            last = int(np.searchsorted(bounds, bounds[first] + self._group, "right")) - 1
            last = max(last, first + 1)
            postings = self._postings(counts, first, last)

            scan_one = partial(self._scan_part, bounds, first, postings, codes, ranged)
            run(scan_one, range(first, last), self._n_jobs)
            progress(n_texts * (last - first) / n_parts)
            del postings, scan_one  # before those of the next parts are made
            first = last
        return {
            "frequency": codes[0],
            "spread": codes[1],
            "counts": counts,
            "blocks": np.array(self._blocks, np.int64).reshape(-1, 2),
            "pairs": pairs,
            "starts": ranged.starts,
            "range_bits": range_bits,
        }

    def _scan_part(
        self,
        bounds: NDArray[np.int64],
        first: int,
        postings: NDArray[np.uint64],
        codes: list[Spill],
        ranged: RangedPairs,
        part: int,
    ) -> None:
        start, stop = bounds[part], bounds[part + 1]
        found = parting.scan_part(
            postings[start - bounds[first] : stop - bounds[first]], self._days
        )
        codes[0].write(int(start), found.frequency)
        codes[1].write(int(start), found.spread)
        ranged.append(found.pairs)

    def bring_back(
        self, scanned: dict[str, Any], progress: Callable[[float], None]
    ) -> dict[str, Any]:
        """
        Put the codes in the order of the texts, and link texts of one template.

        Parameters
        ----------
        scanned : dict
            What came of `scan`.
        progress : callable
            As there.

        Returns
        -------
        dict
            ``frequency`` and ``spread``: codes of each shingle, in the order of
            the texts; ``linked``: pairs of texts of one template, sorted.
        """
        counts: NDArray[np.int64] = scanned["counts"]
        part_starts = bounds_of(counts.sum(axis=0))[:-1]
        before = np.cumsum(counts, axis=0) - counts
        # Those of the scan, which another run may have done with other memory.
        blocks = scanned["blocks"].tolist()
        codes = {name: self._space.spill(f"codes.{name}", np.uint8) for name in _CODES}
        for each in codes.values():
            each.extend(int(self._offsets[-1]))

        def _bring(block: int) -> NDArray[np.uint64]:
            dealt = _dealt_codes(scanned, counts[block], part_starts + before[block])
            keys = self._bring_block_back(blocks[block], dealt, bounds_of(counts[block]), codes)
            progress(blocks[block][1] - blocks[block][0])
            return keys

        keys = run(_bring, range(len(blocks)), self._n_jobs)
        linked = np.unique(parting.link_templates(np.concatenate([_NO_KEYS, *keys])))
        return {**codes, "linked": linked}

    def _bring_block_back(
        self,
        block: tuple[int, int],
        dealt: list[NDArray[np.uint8]],
        bounds: NDArray[np.int64],
        codes: dict[str, Spill],
    ) -> NDArray[np.uint64]:
        """Write the codes of a block, and return the template keys of its texts."""
        start, stop = block
        shingles, offsets = self._shingles(start, stop)
        found = parting.return_codes(shingles, self._part_bits, bounds, *dealt)
        for name, values in zip(_CODES, found, strict=True):
            codes[name].write(int(self._offsets[start]), values)
        return parting.template_keys(shingles, offsets, found[0], start)

    def _shingles(self, start: int, stop: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        hashes, offsets = self._tokens.hashes_of(slice(start, stop))
        return shingling.shingle(hashes, offsets[:-1], offsets[1:], SHINGLE_SIZE, 1)

    def _count(self, block: tuple[int, int]) -> NDArray[np.int64]:
        shingles, _ = self._shingles(*block)
        return parting.count_postings(shingles, self._part_bits)

    def _postings(self, counts: NDArray[np.int64], first: int, last: int) -> NDArray[np.uint64]:
        """Return the postings of some parts, part after part, in each block after block."""
        own = counts[:, first:last]
        starts = bounds_of(own.sum(axis=0))
        free = starts[:-1] + np.cumsum(own, axis=0) - own
        postings = np.empty(starts[-1], np.uint64)

        def fill(block: int) -> None:
            start, stop = self._blocks[block]
            shingles, offsets = self._shingles(start, stop)
            kernels.fill_postings(
                shingles, offsets, start, self._part_bits, first, free[block], postings
            )

        run(fill, range(len(self._blocks)), self._n_jobs)
        return postings


def _dealt_codes(
    scanned: dict[str, Any], counts: NDArray[np.int64], starts: NDArray[np.int64]
) -> list[NDArray[np.uint8]]:
    """Return what all parts said of a block, part after part."""
    bounds = bounds_of(counts)
    dealt = [np.empty(bounds[-1], np.uint8) for _ in _CODES]
    for part in np.flatnonzero(counts).tolist():
        own, at = slice(bounds[part], bounds[part + 1]), int(starts[part])
        for name, values in zip(_CODES, dealt, strict=True):
            scanned[name].read_into(at, values[own])
    return dealt


_CODES = ("frequency", "spread")
_NO_KEYS = np.empty(0, np.uint64)
