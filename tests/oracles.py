"""
The obvious way of doing what the library does fast.

Nothing here comes from `dedupe_news`: only numpy, xxhash and the standard
library. Everything is quadratic or worse, and meant to be seen to be right.
Texts are words between spaces, so the folding of letters is not covered here.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import TYPE_CHECKING, Protocol

import numpy as np
import xxhash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EMPTY = 2**32 - 1
EXACT, NEAR, TRUNCATED, CONTAINED = range(4)


class Settings(Protocol):
    """What the oracles read of a configuration."""

    @property
    def threshold(self) -> float:
        """Least Jaccard similarity of a match."""

    @property
    def shingle_size(self) -> int:
        """Tokens in a shingle."""

    @property
    def num_perm(self) -> int:
        """Permutations of a signature."""

    @property
    def seed(self) -> int:
        """Seed of the permutations."""

    @property
    def bands(self) -> int:
        """Bands."""

    @property
    def rows_per_band(self) -> int:
        """Rows in a band."""

    @property
    def prefer(self) -> str:
        """Which document represents a cluster."""


def little_endian(words: Iterable[int]) -> bytes:
    """Return 32-bit words as bytes, least significant first."""
    return np.array(list(words), dtype="<u4").tobytes()


def token_hash(token: str) -> int:
    """Return the hash of a folded token."""
    return xxhash.xxh32_intdigest(token.encode())


def tokens_of(text: str) -> tuple[int, ...]:
    """Return the token hashes of a text of plain words between spaces."""
    return tuple(token_hash(word) for word in text.split())


def digest(tokens: Iterable[int]) -> int:
    """Return the content digest of a token run."""
    return xxhash.xxh64_intdigest(little_endian(tokens))


def shingle_hashes(tokens: Sequence[int], shingle_size: int) -> list[int]:
    """Return the shingle hashes of a token run, in text order, with repeats."""
    if not tokens:
        return []
    last = max(len(tokens) - shingle_size, 0)
    runs = (tokens[start : start + shingle_size] for start in range(last + 1))
    return [xxhash.xxh32_intdigest(little_endian(run)) for run in runs]


def mix(x: int) -> int:
    """Return the 32-bit finaliser of MurmurHash3."""
    x ^= x >> 16
    x = x * 0x85EBCA6B % 2**32
    x ^= x >> 13
    x = x * 0xC2B2AE35 % 2**32
    return x ^ x >> 16


@functools.cache
def coefficients(num_perm: int, seed: int) -> list[tuple[int, int]]:
    """Return the multiplier and the increment of each permutation."""
    random = np.random.RandomState(seed)
    multipliers = [2 * int(draw) + 1 for draw in random.randint(0, 2**31, num_perm, np.uint64)]
    increments = [int(draw) for draw in random.randint(0, 2**32, num_perm, np.uint64)]
    return list(zip(multipliers, increments, strict=True))


def signature(shingles: Iterable[int], num_perm: int, seed: int) -> list[int]:
    """Return the affine32 signature of a set of shingle hashes."""
    mixed = {mix(x) for x in shingles}
    return [
        min(((a * x + b) % 2**32 for x in mixed), default=EMPTY)
        for a, b in coefficients(num_perm, seed)
    ]


def band_keys(values: Sequence[int], bands: int, rows_per_band: int) -> list[int]:
    """Return the key of every band of a signature."""
    return [
        xxhash.xxh32_intdigest(
            little_endian(values[band * rows_per_band : (band + 1) * rows_per_band]), band
        )
        for band in range(bands)
    ]


def share_a_band(left: Sequence[int], right: Sequence[int]) -> bool:
    """Return whether two rows of band keys agree anywhere."""
    return any(a == b for a, b in zip(left, right, strict=True))


def candidate_pairs(keys: Sequence[Sequence[int]]) -> set[tuple[int, int]]:
    """Return every pair of rows of band keys that agree in a band."""
    pairs = itertools.combinations(range(len(keys)), 2)
    return {(i, j) for i, j in pairs if share_a_band(keys[i], keys[j])}


def jaccard(left: set[int], right: set[int]) -> float:
    """Return intersection over union; 0 for two empty sets."""
    union = left | right
    return len(left & right) / len(union) if union else 0.0


def containment(left: set[int], right: set[int]) -> float:
    """Return intersection over the smaller set; 0 for an empty set."""
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0


def matching_pairs(sets: Sequence[set[int]], threshold: float) -> set[tuple[int, int]]:
    """Return every pair of sets whose Jaccard similarity reaches the threshold."""
    pairs = itertools.combinations(range(len(sets)), 2)
    return {(i, j) for i, j in pairs if jaccard(sets[i], sets[j]) >= threshold}


def relation(left: Sequence[int], right: Sequence[int], shingle_size: int) -> int:
    """Return how two token runs that match are related."""
    if tuple(left) == tuple(right):
        return EXACT
    shorter, longer = sorted((tuple(left), tuple(right)), key=len)
    # The last word of a text that was cut off may be cut itself.
    kept = max(len(shorter) - 1, 1)
    if len(shorter) < len(longer) and shorter[:kept] == longer[:kept]:
        return TRUNCATED
    sets = (set(shingle_hashes(run, shingle_size)) for run in (shorter, longer))
    return CONTAINED if containment(*sets) == 1 else NEAR


def greedy(order: Sequence[int], matches: set[tuple[int, int]]) -> dict[int, int]:
    """
    Return the representative of every node.

    By order of preference, a node joins the most preferred representative it
    matches, or becomes one.
    """
    representatives: list[int] = []
    found: dict[int, int] = {}
    for node in order:
        joined = [kept for kept in representatives if (min(node, kept), max(node, kept)) in matches]
        if joined:
            found[node] = joined[0]
        else:
            found[node] = node
            representatives.append(node)
    return found


@dataclasses.dataclass(frozen=True)
class SignedText:
    """What the stages make of one text."""

    tokens: tuple[int, ...]
    shingles: set[int]
    keys: list[int]


def signed(text: str, settings: Settings) -> SignedText:
    """Return tokens, shingle set and band keys of a text."""
    tokens = tokens_of(text)
    shingles = set(shingle_hashes(tokens, settings.shingle_size))
    values = signature(shingles, settings.num_perm, settings.seed)
    return SignedText(tokens, shingles, band_keys(values, settings.bands, settings.rows_per_band))


def is_match(left: SignedText, right: SignedText, threshold: float) -> bool:
    """Return whether two texts share a band and reach the threshold."""
    return (
        bool(left.tokens)
        and bool(right.tokens)
        and share_a_band(left.keys, right.keys)
        and jaccard(left.shingles, right.shingles) >= threshold
    )


@dataclasses.dataclass(frozen=True)
class Outcome:
    """
    A clustering by brute force.

    ``kept`` is the position of each document's representative, ``pairs`` the
    matches of distinct texts, by the preferred document of each, and of every
    copy with the preferred document of its words: positions, then Jaccard,
    containment and relation.
    """

    kept: list[int]
    pairs: list[tuple[int, int, float, float, int]]

    @property
    def labels(self) -> list[int]:
        """Number clusters by first appearance."""
        numbers: dict[int, int] = {}
        return [numbers.setdefault(kept, len(numbers)) for kept in self.kept]


def time_rank(time: int | None, prefer: str) -> tuple[bool, int]:
    """Return a key that puts the preferred time first, and a missing one last."""
    if time is None:
        return (True, 0)
    return (False, -time if prefer == "latest" else time)


def cluster(
    texts: Sequence[str], settings: Settings, times: Sequence[int | None] | None = None
) -> Outcome:
    """Cluster plain texts the slow way; times count microseconds."""
    moments = times or [None] * len(texts)
    signed_texts = [signed(text, settings) for text in texts]

    def among_copies(i: int) -> tuple[tuple[bool, int], int, int]:
        content = xxhash.xxh64_intdigest(texts[i].encode())
        return (time_rank(moments[i], settings.prefer), content, i)

    def among_texts(i: int) -> tuple[int, tuple[bool, int], int, int]:
        tokens = signed_texts[i].tokens
        first = -len(tokens) if settings.prefer == "longest" else 0
        return (first, time_rank(moments[i], settings.prefer), -len(tokens), digest(tokens))

    copies: dict[tuple[int, ...], list[int]] = {}
    for i, each in enumerate(signed_texts):
        if each.tokens:
            copies.setdefault(each.tokens, []).append(i)
    originals = {tokens: min(group, key=among_copies) for tokens, group in copies.items()}
    order = sorted(originals.values(), key=among_texts)
    matches = {
        (i, j)
        for i, j in itertools.combinations(sorted(order), 2)
        if is_match(signed_texts[i], signed_texts[j], settings.threshold)
    }
    representative = greedy(order, matches)

    kept = list(range(len(texts)))
    for tokens, group in copies.items():
        for i in group:
            kept[i] = representative[originals[tokens]]
            if i != originals[tokens]:
                matches.add((min(i, originals[tokens]), max(i, originals[tokens])))
    pairs = [
        (
            i,
            j,
            jaccard(signed_texts[i].shingles, signed_texts[j].shingles),
            containment(signed_texts[i].shingles, signed_texts[j].shingles),
            relation(signed_texts[i].tokens, signed_texts[j].tokens, settings.shingle_size),
        )
        for i, j in sorted(matches)
    ]
    return Outcome(kept, pairs)


class Index:
    """An index that compares every text with every other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signed: dict[str, SignedText] = {}  # in order of arrival

    def query(self, text: str) -> list[tuple[str, float, float, int]]:
        """Return id, Jaccard, containment and relation of matches, best first."""
        asked = signed(text, self._settings)
        found = [
            (
                name,
                jaccard(asked.shingles, each.shingles),
                containment(asked.shingles, each.shingles),
                relation(asked.tokens, each.tokens, self._settings.shingle_size),
            )
            for name, each in self._signed.items()
            if is_match(asked, each, self._settings.threshold)
        ]
        # Sorting is stable, so ties stay in order of arrival.
        return sorted(found, key=lambda match: -match[1])

    def add(self, name: str, text: str) -> list[tuple[str, float, float, int]]:
        """Add or replace a text; return its matches among the others."""
        self._signed.pop(name, None)
        found = self.query(text)
        self._signed[name] = signed(text, self._settings)
        return found

    def remove(self, name: str) -> None:
        """Forget a text."""
        del self._signed[name]


def subsequence_length(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the length of a longest common subsequence, by the table of the textbook."""
    row = [0] * (len(right) + 1)
    for a in left:
        diagonal = 0
        for j, b in enumerate(right, 1):
            diagonal, row[j] = row[j], diagonal + 1 if a == b else max(row[j], row[j - 1])
    return row[-1]
