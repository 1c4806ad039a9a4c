"""
The contestants: this library and its peers, each at its most favourable settings.

A contestant turns a list of texts into an answer (on the clock) and an answer
into pairs of documents (off the clock). Peers are optional: one that is not
installed is skipped with a word. All may use up to 128 permutations. Each peer
runs with the banding `FEW` that this library chooses for itself, and with
`ALL`, which spends all permutations.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import importlib.util
import sys
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import xxhash

from benchmarks.sets import pair_keys
from benchmarks.shingles import SHINGLE_SIZE, gaoya_shingles, word_shingles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from dedupe_news.config import Config, Policy
    from dedupe_news.results.result import Clustering

THRESHOLD = 0.7
NUM_PERM = 128
FEW = 11, 3
"""Bands and rows that `our_config` settles on at `THRESHOLD`: peers get the same."""
ALL = 32, 4
"""Bands and rows out of all 128 permutations: more recall, fewer candidates."""

# gaoya verifies on the sketch, whose error is 0.04 to 0.08: with its threshold at
# 0.7 it loses half of what lies just above. At 0.6 it finds about 0.998 of all.
GAOYA_THRESHOLD = 0.6


@dataclasses.dataclass(frozen=True, slots=True)
class Contestant:
    """
    One way from texts to duplicates.

    Attributes
    ----------
    name : str
        Short name, for options and figures.
    label : str
        Name in tables.
    package : str
        Distribution it needs.
    shingles : {"library", "gaoya", "words"}
        Whose definition of a word it is judged by.
    rival : str
        Name of our contestant with as many threads.
    run : callable
        Texts to answer; all of it is on the clock.
    keys : callable
        Answer and number of documents to the pairs found, as
        `exact_pairs.pair_keys` numbers them, each once.
    environment : tuple of (str, str)
        Variables to set before the process starts.
    most_documents : int
        Documents it is given at most: those so slow that more would only take
        longer get fewer, and the table says so.
    """

    name: str
    label: str
    package: str
    shingles: str
    rival: str
    run: Callable[[list[str]], object]
    keys: Callable[[object, int], NDArray[np.int64]]
    environment: tuple[tuple[str, str], ...] = ()
    most_documents: int = sys.maxsize

    @property
    def is_ours(self) -> bool:
        """Return whether this is the library itself."""
        return self.shingles == "library"

    def version(self) -> str | None:
        """
        Return the installed version.

        Returns
        -------
        str or None
            None where the package is absent.
        """
        if importlib.util.find_spec(self.package) is None:
            return None
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            # Imported from a checkout that is not installed.
            return "checkout"


def ours(n_jobs: int) -> Callable[[list[str]], object]:
    """
    Return the run of this library.

    Parameters
    ----------
    n_jobs : int
        Threads, as `dedupe_news.cluster` takes them.

    Returns
    -------
    callable
        Texts to `dedupe_news.Clustering`.
    """

    def run(texts: list[str]) -> object:
        from dedupe_news.api import cluster  # noqa: PLC0415 - not in a peer's process

        return cluster(texts, config=our_config(THRESHOLD), n_jobs=n_jobs, progress=False)

    return run


def our_config(threshold: float, policy: Policy = "similar") -> Config:
    """
    Return the configuration that the suites measure.

    Parameters
    ----------
    threshold : float
        Least Jaccard similarity, with the policy "similar".
    policy : {"similar", "news"}
        That of the peers, or the default.

    Returns
    -------
    dedupe_news.Config
        Word 3-shingles, 128 permutations.
    """
    from dedupe_news.config import Config  # noqa: PLC0415 - not in a peer's process

    if policy == "news":
        return Config()  # it reads none of these settings
    return Config(policy=policy, threshold=threshold, shingle_size=SHINGLE_SIZE, num_perm=NUM_PERM)


def clustering_keys(result: Clustering, n: int) -> NDArray[np.int64]:
    """
    Return every pair that a clustering states, equal texts written out.

    The result pairs distinct texts once, and each further copy of a text with
    its most preferred copy alone; a match of two texts is a match of all their
    copies.

    Parameters
    ----------
    result : dedupe_news.Clustering
        Its `matches` are read.
    n : int
        Documents clustered.

    Returns
    -------
    ndarray of int64
        Pair keys, in rising order.
    """
    matches = result.matches
    left, right = np.asarray(matches.left, np.int64), np.asarray(matches.right, np.int64)
    from dedupe_news.results.records import Relation  # noqa: PLC0415 - not in a peer's process

    copies = np.asarray(matches.relation) == int(Relation.EXACT)
    groups = _groups(zip(left[copies].tolist(), right[copies].tolist(), strict=True))
    keys = [pair_keys(left, right, n)]
    members = {member: group for group in groups for member in group}
    keys += [_within(group, n) for group in groups]
    grouped = np.zeros(n, dtype=bool)
    grouped[list(members)] = True
    wide = ~copies & (grouped[left] | grouped[right])
    for a, b in zip(left[wide].tolist(), right[wide].tolist(), strict=True):
        of_a, of_b = members.get(a, np.array([a])), members.get(b, np.array([b]))
        keys.append(pair_keys(np.repeat(of_a, len(of_b)), np.tile(of_b, len(of_a)), n))
    return np.unique(np.concatenate(keys))


def answer_keys(answers: Sequence[Iterable[int]], n: int) -> NDArray[np.int64]:
    """
    Return the pairs in the answers of an index that was asked for each document.

    Parameters
    ----------
    answers : sequence of iterable of int
        Documents found for each document, itself included or not.
    n : int
        Documents asked for.

    Returns
    -------
    ndarray of int64
        Pair keys, in rising order.
    """
    lists = [np.fromiter(answer, np.int64) for answer in answers]
    right = np.concatenate([np.empty(0, np.int64), *lists])
    left = np.repeat(np.arange(len(lists)), [len(answer) for answer in lists])
    other = left != right
    return np.unique(pair_keys(left[other], right[other], n))


def _our_keys(answer: object, n: int) -> NDArray[np.int64]:
    return clustering_keys(cast("Clustering", answer), n)


def _index_keys(answer: object, n: int) -> NDArray[np.int64]:
    # The index is part of the answer so that freeing it is not on the clock.
    _, answers = cast("tuple[object, list[list[int]]]", answer)
    return answer_keys(answers, n)


def _within(group: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    first, second = np.triu_indices(len(group), 1)
    return pair_keys(group[first], group[second], n)


def _groups(pairs: Iterable[tuple[int, int]]) -> list[NDArray[np.int64]]:
    parent: dict[int, int] = {}

    def root(item: int) -> int:
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b in pairs:
        parent[root(a)] = root(b)
    groups: dict[int, list[int]] = {}
    for item in list(parent):
        groups.setdefault(root(item), []).append(item)
    return [np.array(sorted(group)) for group in groups.values()]


class _GaoyaIndex(Protocol):
    """What is used of gaoya, which ships no types."""

    def insert_document(self, document: int, text: str) -> None: ...
    def query(self, text: str) -> list[int]: ...
    def par_bulk_insert_docs(self, documents: list[int], texts: list[str]) -> None: ...
    def par_bulk_query(self, texts: list[str]) -> list[list[int]]: ...


def _gaoya_index(banding: tuple[int, int]) -> _GaoyaIndex:
    minhash = importlib.import_module("gaoya.minhash")
    index: _GaoyaIndex = minhash.MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=GAOYA_THRESHOLD,
        num_bands=banding[0],
        band_size=banding[1],
        analyzer="word",
        lowercase=True,
        ngram_range=(SHINGLE_SIZE, SHINGLE_SIZE),
        # Its quickest container: most buckets hold one or two documents.
        id_container="smallvec",
    )
    return index


def _gaoya_bulk(banding: tuple[int, int]) -> Callable[[list[str]], object]:
    def run(texts: list[str]) -> object:
        index = _gaoya_index(banding)
        index.par_bulk_insert_docs(list(range(len(texts))), texts)
        return index, index.par_bulk_query(texts)

    return run


def _gaoya_single(banding: tuple[int, int]) -> Callable[[list[str]], object]:
    def run(texts: list[str]) -> object:
        index = _gaoya_index(banding)
        for position, text in enumerate(texts):
            index.insert_document(position, text)
        return index, [index.query(text) for text in texts]

    return run


def _rensa_single(bands: int, rows: int) -> Callable[[list[str]], object]:
    def run(texts: list[str]) -> object:
        rensa = importlib.import_module("rensa")
        signatures = []
        for text in texts:
            signature = rensa.RMinHash(num_perm=bands * rows, seed=1)
            signature.update(word_shingles(text))
            signatures.append(signature)
        index = rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=bands * rows, num_bands=bands)
        for position, signature in enumerate(signatures):
            index.insert(position, signature)
        return index, [index.query(signature) for signature in signatures]

    return run


def _rensa_bulk(bands: int, rows: int) -> Callable[[list[str]], object]:
    def run(texts: list[str]) -> object:
        rensa = importlib.import_module("rensa")
        shingles = [word_shingles(text) for text in texts]
        signatures = rensa.RMinHash.from_token_sets(shingles, bands * rows, 1)
        index = rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=bands * rows, num_bands=bands)
        index.insert_many(signatures)
        return index, index.query_all(signatures)

    return run


def _datasketch(bands: int, rows: int) -> Callable[[list[str]], object]:
    def run(texts: list[str]) -> object:
        datasketch = importlib.import_module("datasketch")
        signatures = datasketch.MinHash.bulk(
            [word_shingles(text) for text in texts],
            num_perm=bands * rows,
            hashfunc=xxhash.xxh32_intdigest,
        )
        index = datasketch.MinHashLSH(num_perm=bands * rows, params=(bands, rows))
        for position, signature in enumerate(signatures):
            index.insert(position, signature, check_duplication=False)
        return index, [index.query(signature) for signature in signatures]

    return run


def _peer(name: str, label: str, run: Callable[[list[str]], object], *, single: bool) -> Contestant:
    """Return a peer named after its package; `single` keeps it to one thread."""
    package = name.partition("-")[0]
    return Contestant(
        name=name,
        label=label,
        package=package,
        shingles="gaoya" if package == "gaoya" else "words",
        rival="ours-1" if single else "ours",
        run=run,
        keys=_index_keys,
        environment=(("RAYON_NUM_THREADS", "1"),) if single else (),
        most_documents=20_000 if package == "datasketch" else sys.maxsize,
    )


def _ours(name: str, label: str, n_jobs: int) -> Contestant:
    return Contestant(name, label, "dedupe_news", "library", name, ours(n_jobs), _our_keys)


CONTESTANTS: dict[str, Contestant] = {
    contestant.name: contestant
    for contestant in (
        _ours("ours", "dedupe_news", -1),
        _ours("ours-1", "dedupe_news, 1 thread", 1),
        _peer("gaoya", "gaoya, bulk", _gaoya_bulk(FEW), single=False),
        _peer("gaoya-128", "gaoya, bulk, 128", _gaoya_bulk(ALL), single=False),
        _peer("gaoya-1", "gaoya, 1 thread", _gaoya_single(FEW), single=True),
        _peer("gaoya-1-128", "gaoya, 1 thread, 128", _gaoya_single(ALL), single=True),
        _peer("rensa-bulk", "rensa, bulk", _rensa_bulk(*FEW), single=False),
        _peer("rensa", "rensa", _rensa_single(*FEW), single=True),
        _peer("rensa-128", "rensa, 128", _rensa_single(*ALL), single=True),
        _peer("datasketch", "datasketch, bulk", _datasketch(*FEW), single=True),
        _peer("datasketch-128", "datasketch, bulk, 128", _datasketch(*ALL), single=True),
    )
}
"""Every contestant by name, ours first."""

SHINGLES: dict[str, Callable[[str], list[bytes]]] = {
    "gaoya": gaoya_shingles,
    "words": word_shingles,
}
"""How the contestants that are not ours make shingles."""
