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
import functools
import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import xxhash

from benchmarks import timing
from benchmarks.process import RUN
from benchmarks.shingles import SHINGLE_SIZE, gaoya_shingles, word_shingles
from benchmarks.truth import components, pair_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe_news import Clustering, Config
    from dedupe_news.config import Policy

THRESHOLD = 0.7
NUM_PERM = 128
FEW = 11, 3
"""Bands and rows that `our_config` settles on at `THRESHOLD`: peers get the same."""
ALL = 32, 4
"""Bands and rows out of all 128 permutations: more recall, fewer candidates."""

# gaoya verifies on the sketch, whose error is 0.04 to 0.08: with its threshold at
# 0.7 it loses half of what lies just above. At 0.6 it finds about 0.998 of all.
GAOYA_THRESHOLD = 0.6

KEYS = "keys"
"""The request to write the pairs of the last run to the file of the settings."""


@dataclasses.dataclass(frozen=True, slots=True)
class Contestant:
    """
    One way from texts to duplicates.

    `shingles` names whose definition of a word it is judged by, `rival` our contestant with
    as many threads. `keys` turns its answer into the keys of pairs, off the clock. It is
    given `most_documents` at most: those so slow that more would only take longer get fewer.
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


def ours(n_jobs: int) -> Callable[[list[str]], object]:
    """Return the run of this library."""

    def run(texts: list[str]) -> object:
        import dedupe_news as dn  # noqa: PLC0415 - not in a peer's process

        return dn.cluster(texts, config=our_config(THRESHOLD), n_jobs=n_jobs, progress=False)

    return run


def our_config(threshold: float, policy: Policy = "similar") -> Config:
    """Return the configuration that the suites measure: that of the peers, or the default."""
    from dedupe_news import Config  # noqa: PLC0415 - not in a peer's process

    if policy == "news":
        return Config()  # it reads none of these settings
    return Config(policy=policy, threshold=threshold, shingle_size=SHINGLE_SIZE, num_perm=NUM_PERM)


def clustering_keys(result: Clustering, n: int) -> NDArray[np.int64]:
    """
    Return every pair that a clustering states, equal texts written out.

    The result pairs distinct texts once, and a further copy of a text with one other copy
    alone; a match of two texts is a match of all their copies.
    """
    from dedupe_news import Relation  # noqa: PLC0415 - not in a peer's process

    matches = result.matches
    left, right = np.asarray(matches.left, np.int64), np.asarray(matches.right, np.int64)
    is_copy = np.asarray(matches.relation) == int(Relation.EXACT)
    text_of = components(left[is_copy], right[is_copy], n)
    order = np.argsort(text_of, kind="stable")
    copies = np.split(order, np.flatnonzero(np.diff(text_of[order])) + 1)
    keys = [pair_keys(left, right, n)]
    for group in copies:
        if len(group) > 1:
            first, second = np.triu_indices(len(group), 1)
            keys.append(pair_keys(group[first], group[second], n))
    n_copies = np.array([len(group) for group in copies])
    is_wide = ~is_copy & ((n_copies[text_of[left]] > 1) | (n_copies[text_of[right]] > 1))
    for a, b in zip(text_of[left[is_wide]].tolist(), text_of[right[is_wide]].tolist(), strict=True):
        of_a, of_b = copies[a], copies[b]
        keys.append(pair_keys(np.repeat(of_a, len(of_b)), np.tile(of_b, len(of_a)), n))
    return np.unique(np.concatenate(keys))


def answer_keys(answers: Sequence[Iterable[int]], n: int) -> NDArray[np.int64]:
    """Return the pairs in the answers of an index that was asked for each document."""
    lists = [np.fromiter(answer, np.int64) for answer in answers]
    right = np.concatenate([np.empty(0, np.int64), *lists])
    left = np.repeat(np.arange(len(lists)), [len(answer) for answer in lists])
    is_other = left != right
    return np.unique(pair_keys(left[is_other], right[is_other], n))


def _our_keys(answer: object, n: int) -> NDArray[np.int64]:
    return clustering_keys(cast("Clustering", answer), n)


def _index_keys(answer: object, n: int) -> NDArray[np.int64]:
    # The index is part of the answer so that freeing it is not on the clock.
    _, answers = cast("tuple[object, list[list[int]]]", answer)
    return answer_keys(answers, n)


def _gaoya(banding: tuple[int, int], *, single: bool) -> Callable[[list[str]], object]:
    def run(texts: list[str]) -> object:
        index = importlib.import_module("gaoya.minhash").MinHashStringIndex(
            hash_size=32,
            jaccard_threshold=GAOYA_THRESHOLD,
            num_bands=banding[0],
            band_size=banding[1],
            analyzer="word",
            lowercase=True,
            ngram_range=(SHINGLE_SIZE, SHINGLE_SIZE),
            id_container="smallvec",  # its quickest: most buckets hold one or two documents
        )
        if not single:
            index.par_bulk_insert_docs(list(range(len(texts))), texts)
            return index, index.par_bulk_query(texts)
        for position, text in enumerate(texts):
            index.insert_document(position, text)
        return index, [index.query(text) for text in texts]

    return run


def _rensa(banding: tuple[int, int], *, single: bool) -> Callable[[list[str]], object]:
    bands, num_perm = banding[0], banding[0] * banding[1]

    def run(texts: list[str]) -> object:
        rensa = importlib.import_module("rensa")
        index = rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=num_perm, num_bands=bands)
        shingles = map(word_shingles, texts)
        if not single:
            signatures = rensa.RMinHash.from_token_sets(list(shingles), num_perm, 1)
            index.insert_many(signatures)
            return index, index.query_all(signatures)
        signatures = []
        for shingles_of_text in shingles:
            signature = rensa.RMinHash(num_perm=num_perm, seed=1)
            signature.update(shingles_of_text)
            signatures.append(signature)
        for position, signature in enumerate(signatures):
            index.insert(position, signature)
        return index, [index.query(signature) for signature in signatures]

    return run


def _datasketch(banding: tuple[int, int], *, single: bool) -> Callable[[list[str]], object]:
    del single  # it knows no threads
    bands, rows = banding

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


def _ours(name: str, label: str, n_jobs: int) -> Contestant:
    return Contestant(name, label, "dedupe_news", "library", name, ours(n_jobs), _our_keys)


def _peers() -> Iterator[Contestant]:
    """Yield every peer; `single` keeps it to one thread."""
    for name, make, single, banding in (
        ("gaoya", _gaoya, False, FEW),
        ("gaoya-128", _gaoya, False, ALL),
        ("gaoya-1", _gaoya, True, FEW),
        ("gaoya-1-128", _gaoya, True, ALL),
        ("rensa-bulk", _rensa, False, FEW),
        ("rensa", _rensa, True, FEW),
        ("rensa-128", _rensa, True, ALL),
        ("datasketch", _datasketch, True, FEW),
        ("datasketch-128", _datasketch, True, ALL),
    ):
        package = name.partition("-")[0]
        threads = ", 1 thread" if single and package == "gaoya" else ""
        yield Contestant(
            name=name,
            label=f"{package}{'' if single else ', bulk'}{threads}{', 128' * (banding == ALL)}",
            package=package,
            shingles="gaoya" if package == "gaoya" else "words",
            rival="ours-1" if single else "ours",
            run=make(banding, single=single),
            keys=_index_keys,
            environment=(("RAYON_NUM_THREADS", "1"),) if single else (),
            most_documents=20_000 if package == "datasketch" else sys.maxsize,
        )


CONTESTANTS: dict[str, Contestant] = {
    contestant.name: contestant
    for contestant in (
        _ours("ours", "dedupe_news", -1), _ours("ours-1", "dedupe_news, 1 thread", 1), *_peers(),
    )
}  # fmt: skip
"""Every contestant by name, ours first."""

SHINGLES: dict[str, Callable[[str], list[bytes]]] = {
    "gaoya": gaoya_shingles,
    "words": word_shingles,
}
"""How the contestants that are not ours make shingles."""


def contestant(settings: dict[str, Any]) -> Generator[dict[str, Any], str, None]:
    """Probe: run a contestant on a file of texts."""
    one = CONTESTANTS[settings["contestant"]]
    reply: dict[str, Any] = {}
    answer: Any = None
    n_documents, request = 0, RUN
    while True:
        if request == KEYS:
            np.save(settings["keys_file"], one.keys(answer, n_documents))
            reply = {}
        else:
            # Let go before the texts are read again: the peak is of one run.
            answer = None
            # Fresh texts each time: a str keeps its UTF-8 once somebody asked for it.
            texts: list[str] = json.loads(Path(settings["texts_file"]).read_text(encoding="utf-8"))
            n_documents = len(texts)
            outcome = timing.timed(functools.partial(one.run, texts))
            answer = outcome.value
            reply = {
                "wall_s": outcome.wall_s,
                "peak_bytes": timing.peak_resident_bytes(),
            }
        request = yield reply
