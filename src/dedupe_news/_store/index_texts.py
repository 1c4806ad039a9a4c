"""The texts of an index in memory: token runs by row, and what finds and judges them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._engine import candidates
from dedupe_news._engine.classifier import load_classifier
from dedupe_news._engine.counts import count_codes
from dedupe_news._engine.signatures import coefficients
from dedupe_news._input.columns import extent, to_span
from dedupe_news._kernels import _interpreting, index_roles, workspace
from dedupe_news._kernels.evidence import SHINGLE_SIZE
from dedupe_news._kernels.gathering import gather_runs
from dedupe_news._kernels.index_buckets import KEY_BYTES, Buckets
from dedupe_news._kernels.index_roles import NOBODY, Groups, Roles
from dedupe_news._kernels.index_tables import FIRST_DAY, LAST_DAY, Tables
from dedupe_news._machine.threads import run, shares
from dedupe_news._store.cluster_rows import ClusterRows
from dedupe_news._store.match_lists import UNLIMITED, MatchBuffer, grown, joined, look_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.trees import Trees
    from dedupe_news._kernels.workspace import Arrivals
    from dedupe_news._store.limits import Limits
    from dedupe_news._store.match_lists import MatchTable
    from dedupe_news.config import Config

_FIRST_LONGEST = 256
_ALL = 1 << 62  # matches: far more than there can be, and a sum with it does not wrap
_PLACES_GROWTH = 4
_SEED = 1  # as in `_engine.candidates`
_MOST_A_PLACE = 2  # postings, repeats counted
_PLACES_A_HEAD = 32  # of a table with a place for every shingle
_FIRST_TEXT_PLACES = 1 << 16  # of a table with a place for every text
_LEADERS_MET = 8  # of a bucket: the newest
_OF_ROWS = {
    "lengths": np.int32, "alive": np.uint8, "cut_off": np.uint8, "times": np.int64,
    "sources": np.int32,
}  # fmt: skip
_GROUPS = tuple(f"{kind}_{name}" for kind in ("texts", "clusters") for name in Groups._fields)
_OF_ROLES = ("leads", "links", "signatures", *_GROUPS)


class IndexTexts:
    """
    Token runs by row, in order of arrival, and what finds them.

    A removed row is counted out at once. Its postings and tokens stay until
    `compact` drops all removed rows together. With the policy ``"similar"``
    neither tokens nor shingles are counted, and every text leads. `n_cut_short`
    counts look-ups that left something out.
    """

    def __init__(self, config: Config, limits: Limits, trees: Trees | None = None) -> None:
        self._limits = limits
        self._counts_shingles = config.policy != "similar"
        if self._counts_shingles:
            self._trees: Trees | None = load_classifier(config).trees if trees is None else trees
            least, bucket_limit = config.min_probability, _LEADERS_MET
            self._n_bands = candidates.BANDS
            self._signature_size = self._n_bands * candidates.ROWS_PER_BAND
            self._signing = (*coefficients(self._signature_size, _SEED), SHINGLE_SIZE, False)
        else:
            self._trees, self._n_bands = None, config.bands
            least, bucket_limit = config.threshold, config.bucket_limit
            self._signature_size = self._n_bands * KEY_BYTES
            used = slice(config.bands * config.rows_per_band)
            multipliers, increments = coefficients(config.num_perm, config.seed)
            self._signing = multipliers[used], increments[used], config.shingle_size, True
        self._token_arrays = ("tokens", "flags") if self._counts_shingles else ("tokens",)
        window = UNLIMITED if config.window is None else to_span(config.window)
        self._bounds = workspace.Bounds(
            insert=False, first_row=0, window=window, most=_ALL, bucket_limit=bucket_limit,
            least=least, related=False, template=False,
        )  # fmt: skip
        self._codes = count_codes()
        self.n_rows = self.n_cut_short = 0
        self.clusters = ClusterRows(limits.rows)
        self._buffer = MatchBuffer()
        self._longest = 0
        self._held: workspace.Held | None = None
        self._make_space(_FIRST_LONGEST)
        self._allot(limits.rows, limits.tokens)

    @property
    def n_bytes(self) -> int:
        """Memory held by the arrays, in bytes, whether in use or not."""
        return sum(array.nbytes for array in self._arrays.values()) + self.clusters.n_bytes

    @property
    def alive(self) -> NDArray[Any]:
        """Whether each row counts: 0 for removed and for free rows."""
        return self._arrays["alive"]

    # Arrays

    def _allot(self, n_rows: int, n_tokens: int) -> None:
        self._arrays: dict[str, NDArray[Any]] = {
            "tokens": np.zeros(n_tokens, np.uint32),
            "flags": np.zeros(n_tokens if self._counts_shingles else 0, np.uint32),
            "starts": np.zeros(n_rows + 1, np.int64),
            **{name: np.zeros(n_rows, dtype) for name, dtype in _OF_ROWS.items()},
            "leads": np.zeros(n_rows, np.uint8),
            "links": np.zeros((n_rows, self._n_bands), np.int32),
            "signatures": np.zeros((n_rows, self._signature_size), np.uint8),
            **{name: np.full(n_rows, NOBODY, np.int32) for name in _GROUPS},
        }
        self._clear_postings(0, n_tokens + n_rows if self._counts_shingles else n_rows)

    def _clear_postings(self, n_used: int, capacity: int) -> None:
        # How many places there are follows from the items alone, not from how
        # they were batched: what shares a place with what decides verdicts.
        n_places, n_counts, a_head = self._limits.places, self._limits.token_places, _PLACES_A_HEAD
        if not self._counts_shingles:
            n_places, n_counts, a_head = min(n_places, _FIRST_TEXT_PLACES), 0, 1
        while n_used > _MOST_A_PLACE * n_places:
            n_places *= _PLACES_GROWTH
        counters = np.zeros(4, np.int64)
        counters[FIRST_DAY], counters[LAST_DAY] = np.iinfo(np.int64).max, -(2**63) + 1
        self._arrays |= {
            "postings": np.zeros((capacity, 2), np.int32),
            "places": np.zeros((n_places, 4), np.uint32),
            "token_counts": np.zeros(n_counts, np.uint32),
            "codes": self._codes,
            "counters": counters,
            "heads": np.full((self._n_bands, max(2, n_places // a_head)), NOBODY, np.int32),
        }
        self._arrays["leads"][:] = 0
        for name in _GROUPS:
            self._arrays[name][:] = NOBODY
        self._renew()

    def _renew(self) -> None:
        """Let kernels see the arrays as they are now."""
        arrays = self._arrays
        self._tables = Tables(**{name: arrays[name] for name in Tables._fields})
        texts, clusters = (
            Groups(*(arrays[f"{kind}_{name}"] for name in Groups._fields))
            for kind in ("texts", "clusters")
        )
        buckets = Buckets(arrays["heads"], arrays["links"], arrays["signatures"], *self._signing)
        self._roles = Roles(texts, clusters, buckets)
        self._held = None

    def _index(self) -> workspace.Index:
        return workspace.Index(self._tables, self._roles, self.clusters.arrays, self._trees)

    def _n_used(self, n_tokens: int, n_rows: int) -> int:
        """Return how many postings so much may take: one a text, and one a counted shingle."""
        return n_rows + n_tokens * self._counts_shingles

    def _n_in_use(self) -> int:
        return self._n_used(int(self._arrays["starts"][self.n_rows]), self.n_rows)

    def _expect(
        self, arrivals: Arrivals, numbers: range | NDArray[np.int64], moments: NDArray[np.int64]
    ) -> int:
        """Make space for items, and write what clusters need of them; return their tokens."""
        n_added, longest = extent(arrivals.offsets)
        self._make_space(longest)
        arrays, first = self._arrays, self.n_rows
        n_rows = first + len(numbers)
        n_tokens = n_added + int(arrays["starts"][first])
        n_postings = self._n_used(n_tokens, n_rows)
        if (
            n_tokens > len(arrays["tokens"])
            or n_rows > len(arrays["alive"])
            or n_postings > len(arrays["postings"])
        ):
            self._grow(self._token_arrays, n_tokens)
            self._grow(("starts",), n_rows + 1)
            self._grow((*_OF_ROWS, *_OF_ROLES), len(arrays["starts"]) - 1)
            for name in _GROUPS:
                arrays[name][first:] = NOBODY
            self.clusters.reserve(len(arrays["alive"]))
            self._grow(("postings",), n_postings)
            self._renew()
        self.clusters.arrays.numbers[first:n_rows] = numbers
        self.clusters.arrays.moments[first:n_rows] = moments
        return n_added

    def _grow(self, names: tuple[str, ...], least: int) -> None:
        """Make arrays of one length longer, if they are shorter than that."""
        if least > len(self._arrays[names[0]]):
            for name in names:
                self._arrays[name] = grown(self._arrays[name], least)

    def _make_space(self, longest: int) -> None:
        """Let items of so many tokens be compared."""
        if longest > self._longest:
            self._longest = max(longest, 2 * self._longest)
            self._space = self._new_workspace()
            self._held = None

    def _new_workspace(self) -> workspace.Workspace:
        return workspace.make_workspace(self._longest, self._n_bands, self._signature_size)

    # Changes and look-ups

    def retire(self, rows: NDArray[np.int64]) -> None:
        """Take items out."""
        index_roles.retire_all(self._tables, self._roles, rows)

    def look_up(
        self,
        arrivals: Arrivals,
        *,
        most: int | None = None,
        include: frozenset[str] = frozenset(),
        n_jobs: int = 1,
    ) -> MatchTable:
        """Return the matches of items, at most so many of each; change nothing."""
        n_items = len(arrivals.offsets) - 1
        self._make_space(extent(arrivals.offsets)[1])
        bounds = self._bounds._replace(
            first_row=self.n_rows,
            most=_ALL if most is None else most,
            related="related" in include,
            template="template" in include,
        )
        if n_jobs == 1 or n_items < self._limits.several:
            return self._buffer.fill(n_items, partial(self._run, arrivals, bounds))
        return self._look_up_in_parts(arrivals, bounds, n_jobs)

    def add(
        self,
        arrivals: Arrivals,
        numbers: range | NDArray[np.int64],
        moments: NDArray[np.int64],
        most: int,
    ) -> MatchTable:
        """Add items one after another; return the matches of each among those before it."""
        n_items, first = len(arrivals.offsets) - 1, self.n_rows
        self._expect(arrivals, numbers, moments)
        bounds = self._bounds._replace(insert=True, first_row=first, most=most)
        matches = self._buffer.fill(n_items, partial(self._add, arrivals, bounds))
        if n_items > 1 or arrivals.replaced[0] >= 0:  # else nothing was replaced
            self.clusters.note(first, self.n_rows)
        return matches

    def _add(self, arrivals: Arrivals, bounds: workspace.Bounds, begin: int, *written: Any) -> int:
        """Add items from `begin`; stop early only for want of space for matches."""
        offsets, first = arrivals.offsets, self.n_rows - begin
        n_items = len(offsets) - 1
        while begin < n_items:
            self.n_rows = first + begin
            stop = begin + self._n_until_full(offsets[begin:])
            if stop == begin:
                self.rebuild(more=self._n_used(int(offsets[begin + 1] - offsets[begin]), 1))
                continue
            some = arrivals if stop == n_items else arrivals._replace(offsets=offsets[: stop + 1])
            begin = self._run(some, bounds, begin, *written)
            if begin < stop:
                break
        self.n_rows = first + begin
        return begin

    def _n_until_full(self, offsets: NDArray[np.int64]) -> int:
        """Return how many items can be added before there must be more places."""
        free = _MOST_A_PLACE * len(self._arrays["places"]) - self._n_in_use()
        n_items = len(offsets) - 1
        if self._n_used(int(offsets[-1] - offsets[0]), n_items) <= free:
            return n_items
        needed = (offsets[1:] - offsets[0]) * self._counts_shingles + np.arange(1, n_items + 1)
        return int(np.searchsorted(needed, free, "right"))

    def _look_up_in_parts(
        self, arrivals: Arrivals, bounds: workspace.Bounds, n_jobs: int
    ) -> MatchTable:
        """Look items up on several threads: nothing is written but to workspaces."""
        index = self._index()

        def work_on(span: tuple[int, int]) -> tuple[MatchTable, int]:
            start, stop = span
            some = arrivals._replace(
                offsets=arrivals.offsets[start : stop + 1],
                **{
                    name: getattr(arrivals, name)[start:stop]
                    for name in ("cut_off", "sources", "times", "replaced")
                },
            )
            space = self._new_workspace()
            held = workspace.hold(index, space)
            table = MatchBuffer().fill(
                stop - start, lambda *progress: look_up(some, held, bounds, *progress)
            )
            return table, int(space.n_cut_short[0])

        spans = shares(len(arrivals.offsets) - 1, n_jobs)
        tables, n_cut_short = zip(*run(work_on, spans, n_jobs), strict=True)
        self.n_cut_short += sum(n_cut_short)
        return joined(tables)

    def _run(self, arrivals: Arrivals, bounds: workspace.Bounds, begin: int, *written: Any) -> int:
        """Look items up from `begin`, and add them where the bounds say so."""
        is_of_others = isinstance(self._held, list) != _interpreting.is_on()  # Python's own lists
        if self._held is None or is_of_others:
            self._held = workspace.hold(self._index(), self._space)
        n_done = look_up(arrivals, self._held, bounds, begin, *written)
        self.n_cut_short += int(self._space.n_cut_short[0])
        self._space.n_cut_short[0] = 0
        return n_done

    # Replay

    def append(
        self, arrivals: Arrivals, numbers: NDArray[np.int64], moments: NDArray[np.int64]
    ) -> None:
        """Write items that are found only after `enroll` or `rebuild`."""
        offsets, first = arrivals.offsets, self.n_rows
        n_tokens = self._expect(arrivals, numbers, moments)
        arrays, stop = self._arrays, first + len(offsets) - 1
        begin = int(arrays["starts"][first])
        some = slice(int(offsets[0]), int(offsets[-1]))
        for name in self._token_arrays:
            arrays[name][begin : begin + n_tokens] = getattr(arrivals, name)[some]
        arrays["starts"][first + 1 : stop + 1] = begin + offsets[1:] - offsets[0]
        arrays["lengths"][first:stop] = np.diff(offsets)
        arrays["alive"][first:stop] = 1
        for name in ("cut_off", "times", "sources"):
            arrays[name][first:stop] = getattr(arrivals, name)
        self.n_rows = stop

    def enroll(self, first: int) -> None:
        """Let appended items be found; their clusters are known."""
        if self._n_in_use() > _MOST_A_PLACE * len(self._arrays["places"]):
            self.rebuild()
            return
        self._admit(first)

    def _admit(self, first: int) -> None:
        """Give the last rows their roles, from `first` on."""
        anchors = self._arrays["clusters_anchor"]
        if self._counts_shingles:
            anchors[first : self.n_rows] = self.clusters.anchors(first, self.n_rows)
        else:
            anchors[first : self.n_rows] = np.arange(first, self.n_rows)
        index_roles.admit(self._tables, self._roles, first, self.n_rows)

    def arrays_in_use(self) -> dict[str, NDArray[Any]]:
        """Return all there is of the rows in use, by name, for `restore`."""
        n_rows, arrays = self.n_rows, self._arrays.copy()
        del arrays["codes"]
        n_tokens = int(arrays["starts"][n_rows])
        arrays["starts"] = arrays["starts"][: n_rows + 1]
        for name in ("tokens", "flags"):
            arrays[name] = arrays[name][:n_tokens]
        # Successors of leaders that leave take their postings later.
        arrays["postings"] = arrays["postings"][: self._n_used(n_tokens, n_rows)]
        for name in (*_OF_ROWS, *_OF_ROLES):
            arrays[name] = arrays[name][:n_rows]
        return arrays | self.clusters.arrays_in_use(n_rows)

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over what `arrays_in_use` returned."""
        self.n_rows = len(arrays["starts"]) - 1
        self.clusters.restore(arrays, self.n_rows)
        self._arrays = {**arrays, "codes": self._codes}
        self._make_space(int(arrays["lengths"].max(initial=1)))
        self._renew()

    def rebuild(self, *, more: int = 0) -> None:
        """Make the postings and counts anew, with room for `more` postings."""
        n_used = self._n_in_use() + more
        self._clear_postings(n_used, max(len(self._arrays["postings"]), n_used))
        self._admit(0)

    def compact(self) -> NDArray[np.int64]:
        """Drop the removed rows, and return the others, which keep their order."""
        kept = np.flatnonzero(self.alive[: self.n_rows])
        former, n_rows = self._arrays, len(kept)
        self.clusters.compact(kept)
        offsets = np.zeros(n_rows + 1, np.int64)
        np.cumsum(former["lengths"][kept], out=offsets[1:])
        self._allot(max(self._limits.rows, n_rows), max(self._limits.tokens, int(offsets[-1])))
        for name in _OF_ROWS:
            self._arrays[name][:n_rows] = former[name][kept]
        self._arrays["starts"][: n_rows + 1] = offsets
        for name in self._token_arrays:
            gather_runs(former[name], former["starts"][kept], offsets, self._arrays[name])
        self.n_rows = n_rows
        self.rebuild()
        return kept
