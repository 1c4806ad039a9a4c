"""The policy "similar" out of core: a band at a time, then a range of texts at a time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import banding, clustering, minhash, relations, shingling, verification
from dedupe_news.kernels.verification import SKETCH_WORDS
from dedupe_news.outcome import Outcome
from dedupe_news.outofcore.corpus import Tokens, cut_in_blocks
from dedupe_news.outofcore.limits import give_back
from dedupe_news.outofcore.ranges import RangedPairs, bits_for, joined
from dedupe_news.pairs import distinct, places_in, texts_in
from dedupe_news.similar import bounded_by
from dedupe_news.threads import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.outofcore.spill import Spill
    from dedupe_news.outofcore.workspace import Workspace
    from dedupe_news.texts import Texts

STEPS = {"keys": 3.0, "buckets": 1.0, "verify": 1.0}
"""Steps, and about how long each takes beside the others."""

_BYTES_A_TOKEN = 24
"""Working memory of a block: its tokens and shingles, and keys beside them."""

_BYTES_A_PAIRED_TOKEN = 40
"""Working memory of a range: shingle sets of its texts and of those they are paired with."""

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def find(
    read: dict[str, Any],
    texts: Texts,
    starts: NDArray[np.int64],
    config: Config,
    space: Workspace,
    working: int,
    n_jobs: int,
    progress: Callable[[str, float], None],
) -> Outcome:
    """
    Match and cluster texts by their Jaccard similarity.

    Parameters
    ----------
    read : dict
        What came of reading the documents.
    texts : Texts
        The distinct texts.
    starts : ndarray of int64, shape (n_texts,)
        Where the tokens of each begin.
    config : Config
        The settings.
    space : Workspace
        Where arrays go, and what steps are done.
    working : int
        Bytes that may be worked on at a time.
    n_jobs : int
        Threads.
    progress : callable
        Told of each step's texts as they are done.

    Returns
    -------
    Outcome
        Equal to that of `dedupe_news.similar.find`.
    """
    lengths = texts.stops - texts.starts
    tokens = Tokens(read["tokens"], read["flags"], starts, lengths.astype(np.int32))
    steps = _Steps(tokens, len(texts), config, space, n_jobs, progress)
    mean = max(1.0, float(lengths.mean())) if len(texts) else 1.0
    blocks = cut_in_blocks(lengths + config.bands, working // (2 * _BYTES_A_TOKEN * n_jobs))
    range_bits = bits_for(len(texts), int(working / (_BYTES_A_PAIRED_TOKEN * mean * n_jobs)))
    keyed = space.step("keys", lambda: steps.fill_keys(blocks))
    bucketed = space.step("buckets", lambda: steps.fill_buckets(keyed["keys"], range_bits))
    keyed["keys"].drop()
    space.forget_step("keys", "keys")
    large = np.split(bucketed["members"], np.cumsum(bucketed["sizes"])[:-1])
    large = [members for members in large if len(members)]

    def verify() -> dict[str, Any]:
        outlines = keyed["sizes"].array(), keyed["sketches"].array().reshape(-1, SKETCH_WORDS)
        return steps.verify(bucketed, texts, outlines)

    found = space.step("verify", verify)
    # Clustering needs most memory of all, and none of these.
    for each in (keyed["sizes"], keyed["sketches"], bucketed["pairs"]):
        each.drop()
    space.forget_step("keys", "sizes", "sketches")
    space.forget_step("buckets", "pairs")
    give_back()
    return _cluster(found, large, tokens, texts, config)


@dataclasses.dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of one run."""

    tokens: Tokens
    n_texts: int
    config: Config
    space: Workspace
    n_jobs: int
    progress: Callable[[str, float], None]

    def fill_keys(self, blocks: list[tuple[int, int]]) -> dict[str, Any]:
        """Return the keys of each band, one band after another, and an outline of each set."""
        config, n_texts = self.config, self.n_texts
        keys = self.space.spill("keys.keys", np.uint32)
        keys.extend(n_texts * config.bands)
        sketches = self.space.spill("keys.sketches", np.uint64)
        sketches.extend(n_texts * SKETCH_WORDS)
        sizes = self.space.spill("keys.sizes", np.int32)
        sizes.extend(n_texts)

        def fill(block: tuple[int, int]) -> None:
            shingles, offsets = _shingles(self.tokens, slice(*block), config)
            own = minhash.band_keys(shingles, offsets, config, 1)
            for band in range(config.bands):
                keys.write(band * n_texts + block[0], np.ascontiguousarray(own[:, band]))
            sets = verification.sort_sets(shingles, offsets, np.ones(len(own), np.uint8), 1)
            sketches.write(block[0] * SKETCH_WORDS, sets.sketches.ravel())
            sizes.write(block[0], sets.sizes)
            self.progress("keys", block[1] - block[0])

        run(fill, blocks, self.n_jobs)
        return {"keys": keys, "sketches": sketches, "sizes": sizes}

    def fill_buckets(self, keys: Spill, range_bits: int) -> dict[str, Any]:
        """Return the pairs that share a bucket, and the members of large buckets."""
        n_texts, limit = self.n_texts, self.config.bucket_limit
        pairs = self.space.spill("buckets.pairs", np.uint64)
        ranged = RangedPairs(pairs, n_texts, range_bits)

        def fill(band: int) -> list[NDArray[np.int64]]:
            own = keys.read(band * n_texts, (band + 1) * n_texts)
            packed, members = banding.band_buckets(own, limit)
            for some in banding.bucket_pairs(packed, limit):
                ranged.append(some)
            self.progress("buckets", n_texts / self.config.bands)
            return members

        found = run(fill, range(self.config.bands), self.n_jobs)
        large = [members for buckets in found for members in buckets]
        return {
            "pairs": pairs,
            "starts": ranged.starts,
            "range_bits": range_bits,
            "members": np.concatenate([_NO_TEXTS, *large]),
            "sizes": np.array([len(members) for members in large], np.int64),
        }

    def verify(
        self,
        bucketed: dict[str, Any],
        texts: Texts,
        outlines: tuple[NDArray[np.int32], NDArray[np.uint64]],
    ) -> dict[str, Any]:
        """Return the pairs that match, with all that is said of them."""
        config = self.config
        ranged = RangedPairs(
            bucketed["pairs"], self.n_texts, bucketed["range_bits"], bucketed["starts"]
        )

        def verify_range(number: int) -> dict[str, NDArray[Any]]:
            start, stop = ranged.texts_of(number, self.n_texts)
            candidates = distinct(ranged.read(number))
            n_candidates = len(candidates)
            # Sizes and sketches rule most pairs out, so that few texts are gathered.
            candidates = verification.likely_pairs(candidates, *outlines, config.threshold)
            found = _verified(candidates, self.tokens, texts, config)
            self.progress("verify", stop - start)
            return {**found, "n_candidates": np.array([n_candidates])}

        return joined(run(verify_range, range(ranged.n_ranges), self.n_jobs))


def _shingles(
    tokens: Tokens, which: NDArray[np.int64] | slice, config: Config
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    hashes, offsets = tokens.hashes_of(which)
    return shingling.shingle(hashes, offsets[:-1], offsets[1:], config.shingle_size, 1)


def _verified(
    candidates: NDArray[np.uint64], tokens: Tokens, texts: Texts, config: Config
) -> dict[str, NDArray[Any]]:
    """Compare the shingle sets of pairs, and return those that match."""
    numbers = texts_in(candidates)
    hashes, offsets = tokens.hashes_of(numbers)
    starts, stops = offsets[:-1], offsets[1:]
    shingles, bounds = shingling.shingle(hashes, starts, stops, config.shingle_size, 1)
    sets = verification.sort_sets(shingles, bounds, np.ones(len(numbers), np.uint8), 1)
    own = places_in(numbers, candidates)
    shared = verification.match_pairs(own, sets, config.threshold)
    left, right = (candidates >> _HALF).astype(np.int64), (candidates & _LOW).astype(np.int64)
    kept = shared >= 0
    if texts.times is not None:
        kept[kept] = texts.are_near(left[kept], right[kept])
    own, shared = own[kept], shared[kept]
    places = (own >> _HALF).astype(np.int64), (own & _LOW).astype(np.int64)
    sizes = sets.sizes.astype(np.int64)
    containment = shared / np.minimum(sizes[places[0]], sizes[places[1]])
    return {
        "left": left[kept],
        "right": right[kept],
        "shared": shared,
        "left_sizes": sizes[places[0]],
        "right_sizes": sizes[places[1]],
        "relation": relations.relate(hashes, starts, stops, *places, containment),
    }


def _cluster(
    found: dict[str, Any],
    large: list[NDArray[np.int64]],
    tokens: Tokens,
    texts: Texts,
    config: Config,
) -> Outcome:
    """Cluster the texts that are related to others, numbered by their places among these."""
    numbers = np.unique(np.concatenate((found["left"], found["right"], *large)))
    in_large = np.unique(np.concatenate([_NO_TEXTS, *large]))
    # Only texts of large buckets are compared again; the sets of the others are empty.
    hashes, own_offsets = tokens.hashes_of(in_large)
    shingles, own_bounds = shingling.shingle(
        hashes, own_offsets[:-1], own_offsets[1:], config.shingle_size, 1
    )
    lengths = np.zeros(len(numbers), np.int64)
    lengths[np.searchsorted(numbers, in_large)] = np.diff(own_bounds)
    offsets = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    sets = verification.sort_sets(shingles, offsets, (lengths > 0).astype(np.uint8), 1)
    matches = np.stack(
        (
            np.searchsorted(numbers, found["left"]),
            np.searchsorted(numbers, found["right"]),
            found["shared"],
        ),
        axis=1,
    )
    grouping = clustering.group(
        np.searchsorted(numbers, texts.in_order(numbers)),
        matches,
        [np.searchsorted(numbers, members) for members in large],
        config.bucket_limit,
        sets.shingles,
        sets.offsets,
        sets.sizes,
        sets.sketches,
        config.threshold,
        len(numbers),
        None if texts.times is None else texts.times[numbers],
        texts.window,
    )
    representative = np.arange(len(texts))
    representative[numbers] = numbers[grouping.representative]
    late_left, late_right, late_shared = grouping.late_matches.T
    sizes = sets.sizes.astype(np.int64)
    left_sizes = np.concatenate((found["left_sizes"], sizes[late_left]))
    right_sizes = np.concatenate((found["right_sizes"], sizes[late_right]))
    shared = np.concatenate((found["shared"], late_shared))
    smaller = np.minimum(left_sizes, right_sizes)
    late_places = (
        np.searchsorted(in_large, numbers[late_left]),
        np.searchsorted(in_large, numbers[late_right]),
    )
    late_relation = relations.relate(
        hashes,
        own_offsets[:-1],
        own_offsets[1:],
        *late_places,
        late_shared / smaller[len(found["shared"]) :],
    )
    return Outcome(
        representative=representative,
        left=np.concatenate((found["left"], numbers[late_left])),
        right=np.concatenate((found["right"], numbers[late_right])),
        jaccard=shared / (left_sizes + right_sizes - shared),
        containment=shared / smaller,
        relation=np.concatenate((found["relation"], late_relation)),
        probability=np.ones(len(shared)),
        n_candidates=int(found["n_candidates"]) + grouping.n_compared,
        bounded=bounded_by(large, grouping),
        template_of=np.full(len(texts), -1),
        story_of=np.full(len(texts), -1),
    )


_NO_TEXTS = np.empty(0, np.int64)
