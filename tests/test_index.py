"""The index in memory, against one that compares every text with every other."""

from __future__ import annotations

import datetime as dt
import itertools
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

import dedupe_news as dn
import oracles
from dedupe_news import Config, InputError, InputTypeError, Match, NewsIndex, Relation
from dedupe_news._store.limits import Limits
from limited import in_memory
from strategies import WORDS, feeds, texts

STORM = "a storm shut the northern harbour on monday evening"
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SIMILAR = Config(policy="similar")
# Few permutations, of which some bands miss pairs.
SMALL = Config(policy="similar", threshold=0.5, shingle_size=2, num_perm=8, params=(4, 2))

Plain = tuple[str, float, float, int]


def plain(matches: list[Match]) -> list[Plain]:
    """Return matches as plain values."""
    return [
        (str(match.id), match.jaccard, match.containment, int(match.relation)) for match in matches
    ]


class AgainstBruteForce(RuleBasedStateMachine):
    """Whatever is done to an index, it answers as the model does."""

    def __init__(self) -> None:
        super().__init__()
        # Small, so that arrays grow and removed documents are dropped all the time.
        self.index = in_memory(SMALL, Limits(removed=2, rows=2, tokens=4, places=2))
        self.model = oracles.Index(SMALL)
        self.texts: dict[str, str] = {}
        self.n_added = 0

    names = Bundle("names")

    def _record(self, name: str, text: str) -> list[Plain]:
        self.texts.pop(name, None)  # a replaced document arrives anew
        self.texts[name] = text
        return self.model.add(name, text)

    def _name(self) -> str:
        self.n_added += 1
        return f"id{self.n_added}"

    @rule(target=names, text=texts)
    def add(self, text: str) -> str:
        """Add one document."""
        name = self._name()
        assert plain(self.index.add(name, text)) == self._record(name, text)
        return name

    @rule(name=names, text=texts)
    def add_again(self, name: str, text: str) -> None:
        """Replace a document, or add one that was removed."""
        assert plain(self.index.add(name, text)) == self._record(name, text)

    @rule(target=names, feed=feeds(max_size=5), old=st.lists(names, unique=True, max_size=2))
    def add_many(self, feed: list[str], old: list[str]) -> object:
        """Add a batch, in which some documents replace others."""
        new = [self._name() for _ in feed]
        named = [*old, *new][: len(feed)]
        rows = [{"id": name, "text": text} for name, text in zip(named, feed, strict=True)]

        found = self.index.add_many(rows, id="id", text="text", n_jobs=1) if rows else []

        assert [plain(matches) for matches in found] == [
            self._record(name, text) for name, text in zip(named, feed, strict=True)
        ]
        return multiple(*(name for name in named if name in new))

    @rule(name=consumes(names))
    def remove(self, name: str) -> None:
        """Remove a document, unless it is gone already."""
        if name in self.texts:
            self.index.remove(name)
            self.model.remove(name)
            del self.texts[name]

    @rule(text=texts, limit=st.none() | st.integers(1, 3))
    def query(self, text: str, limit: int | None) -> None:
        """Ask for one text."""
        assert plain(self.index.query(text, limit=limit)) == self.model.query(text)[:limit]

    @rule(feed=feeds(max_size=4), limit=st.none() | st.integers(1, 3))
    def query_many(self, feed: list[str], limit: int | None) -> None:
        """Ask for several texts."""
        found = self.index.query_many(feed, limit=limit, n_jobs=1)

        assert [plain(matches) for matches in found] == [
            self.model.query(text)[:limit] for text in feed
        ]

    @rule()
    def pickle(self) -> None:
        """Go on with a copy."""
        self.index = pickle.loads(pickle.dumps(self.index))  # noqa: S301 - made here

    @rule()
    def cluster(self) -> None:
        """Cluster all documents, in order of arrival."""
        result = self.index.cluster(n_jobs=1, progress=False)

        assert list(result.columns.ids or ()) == list(self.texts)
        expected = oracles.cluster(list(self.texts.values()), SMALL)
        assert result.representatives[result.labels].tolist() == expected.kept

    @invariant()
    def ids_are_those_of_the_model(self) -> None:
        """In order of arrival."""
        assert list(self.index) == list(self.texts)
        assert len(self.index) == len(self.texts)
        assert all(name in self.index for name in self.texts)


TestAgainstBruteForce = AgainstBruteForce.TestCase
TestAgainstBruteForce.settings = hypothesis.settings(
    max_examples=min(40, hypothesis.settings().max_examples), stateful_step_count=25
)


def test_matches_are_records() -> None:
    """Id, scores and relation."""
    index = NewsIndex(SIMILAR, threshold=0.5)
    index.add(7, STORM)

    assert index.query(STORM + " again") == [Match(7, 7 / 8, 1.0, Relation.TRUNCATED)]


def test_best_match_comes_first() -> None:
    """Ties in order of arrival."""
    index = NewsIndex(SIMILAR, threshold=0.3)
    index.add_many([
        {"id": "far", "text": STORM + " in the far north of the country"},
        {"id": "same", "text": STORM},
        {"id": "near", "text": STORM + " again"},
        {"id": "same too", "text": STORM.upper()},
    ])  # fmt: skip

    assert [match.id for match in index.query(STORM)] == ["same", "same too", "near", "far"]
    assert [match.id for match in index.query(STORM, limit=2)] == ["same", "same too"]


def test_query_does_not_add() -> None:
    """Asking changes nothing."""
    index = NewsIndex(SIMILAR)
    index.query(STORM)
    index.query_many([STORM, STORM])

    assert len(index) == 0
    assert index.query(STORM) == []


def test_texts_without_tokens_match_nothing() -> None:
    """They are in the index all the same."""
    index = NewsIndex(SIMILAR)

    assert [index.add(i, text) for i, text in enumerate(["", None, "...", " "])] == [[]] * 4
    assert index.query("") == index.query(None) == []
    assert len(index) == 4


def test_short_texts_are_one_shingle() -> None:
    """Two words match the same two words."""
    index = NewsIndex(SIMILAR)
    index.add("a", "ka lo")
    index.add("b", "lo ka")

    assert [match.id for match in index.query("KA, lo!")] == ["a"]


def test_removed_documents_match_nothing() -> None:
    """And can be added again."""
    index = NewsIndex(SIMILAR)
    index.add("a", STORM)
    index.remove("a")

    assert "a" not in index
    assert index.query(STORM) == []
    assert index.add("a", STORM) == []
    assert "a" in index


def test_document_is_not_matched_with_the_one_it_replaces() -> None:
    """Re-adding an id replaces it."""
    index = NewsIndex(SIMILAR)
    index.add("a", STORM)

    assert index.add("a", STORM + " again") == []
    assert index.add_many([{"id": "a", "text": STORM}]) == [[]]
    assert len(index) == 1


def test_title_is_part_of_the_document() -> None:
    """Added alone, in a batch, or asked for."""
    index = NewsIndex(SIMILAR, threshold=1.0)
    index.add("a", "shut the harbour", title="A storm")
    index.add_many(
        [{"id": "b", "headline": "A storm", "text": "shut the harbour"}], title="headline"
    )

    both = [match.id for match in index.query("a storm shut the harbour")]
    assert both == ["a", "b"]
    assert [match.id for match in index.query("shut the harbour", title="a storm")] == both
    (found,) = index.query_many({"text": ["shut the harbour"], "title": ["a storm"]})
    assert [match.id for match in found] == both


@given(feed=feeds(max_size=6))
def test_one_by_one_and_at_once_are_the_same(feed: list[str]) -> None:
    """Matches, and what is asked afterwards."""
    one, many = NewsIndex(SMALL), NewsIndex(SMALL)

    alone = [one.add(i, text) for i, text in enumerate(feed)]

    rows = pd.DataFrame({"id": range(len(feed)), "text": pd.Series(feed, dtype=object)})
    assert many.add_many(rows, n_jobs=2) == alone
    for text in feed:
        assert one.query(text) == many.query(text)


def test_what_is_included_is_checked() -> None:
    """Any iterable of the known names; a name alone, or another name, is refused."""
    index = NewsIndex()
    index.add("a", STORM)

    for include in ((), ["template"], {"related", "template"}, iter(("related",))):
        assert [match.id for match in index.query(STORM, include=include)] == ["a"]
    assert [len(found) for found in index.query_many([STORM], include=("template",))] == [1]
    for ask in (index.query, index.query_many):
        with pytest.raises(InputTypeError, match=r"^include='template' is no collection of names"):
            ask(STORM, include="template")
        with pytest.raises(InputTypeError, match=r"^include=1 is no .*; pass some of 'related', '"):
            ask(STORM, include=1)  # type: ignore[arg-type]
        with pytest.raises(
            InputError, match=r"\['series'\] is not known: 'series' is none of 'rel"
        ):
            ask(STORM, include=["series"])


def test_what_the_policy_does_not_tell_apart_cannot_be_included() -> None:
    """Similarity knows duplicates alone; to ask for none of the others is no fault."""
    index = NewsIndex(SIMILAR)
    index.add("a", STORM)

    assert [match.id for match in index.query(STORM, include=())] == ["a"]
    refused = r"^include=\['related'\] is read with policy='news' only, .* 'similar', .*Leave out"
    with pytest.raises(dn.ConfigError, match=refused):
        index.query(STORM, include=("related",))
    with pytest.raises(dn.ConfigError, match=refused):
        index.query_many([STORM], include=iter(["related"]))


def test_times_and_sources_reach_the_clustering() -> None:
    """The earliest is kept."""
    index = NewsIndex(SIMILAR)
    index.add("late", STORM, published=NOON, source="Post")
    index.add("early", STORM, published="2026-11-22T12:00Z")
    index.add_many([{"id": "none", "text": STORM, "source": "Times"}])

    result = index.cluster(progress=False)

    assert result.to_dict()["kept_id"] == ["early"] * 3
    assert [result.columns.source_of(i) for i in range(3)] == ["Post", None, "Times"]
    assert result.clusters[0].span == dt.timedelta(days=1)


def test_empty_index_clusters_to_nothing() -> None:
    """No document, no cluster."""
    assert len(NewsIndex(SIMILAR).cluster(progress=False)) == 0


def test_empty_batch_adds_nothing() -> None:
    """As a feed with nothing new gives it."""
    index = NewsIndex(SIMILAR)

    assert index.add_many({"id": [], "text": []}) == []
    assert index.query_many([]) == []
    assert len(index) == 0


def test_settings_are_those_given() -> None:
    """As a config, by keyword, or both."""
    assert NewsIndex().config == Config()
    assert NewsIndex(SMALL).config == SMALL
    assert NewsIndex(SMALL, threshold=0.9).config == SMALL.replace(threshold=0.9)


def test_repr_says_size_and_settings() -> None:
    """One line."""
    index = NewsIndex(SMALL)
    index.add("a", STORM)

    assert repr(index) == "<NewsIndex of 1 documents, policy 'similar', threshold 0.5>"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"config": {"threshold": 0.5}}, "^config is of type 'dict'; pass a dn.Config"),
        ({"policy": "similar", "threshold": 2}, "^threshold=2 is out of range"),
        ({"treshold": 0.5}, "^unknown setting 'treshold'"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    """With the messages of Config."""
    with pytest.raises(dn.ConfigError, match=message):
        NewsIndex(**settings)


def filled() -> NewsIndex:
    """Return an index of two documents."""
    index = NewsIndex(SIMILAR)
    index.add("a", STORM)
    index.add("b", "sun at last over the hills")
    return index


BAD_VALUES: list[tuple[dict[str, Any], str]] = [
    ({"id": None}, "^the id is missing; every document needs one"),
    ({"id": float("nan")}, "^the id is missing; every document needs one"),
    ({"id": [1]}, r"^the id is \[1\], which is of type 'list' and not hashable"),
    (
        {"text": b"bytes"},
        "^the text is b'bytes', which is of type 'bytes' and no text. Decode it first",
    ),
    ({"text": 5}, "^the text is 5, which is of type 'int' and no text. Pass str, or None"),
    ({"title": 5}, "^the title is 5, which is of type 'int' and no title"),
    ({"source": 5}, "^the source is 5, which is of type 'int' and no name of a source"),
    ({"published": NOON.replace(tzinfo=None)}, "^the published time.* has no time zone"),
    ({"published": "soon"}, "^the published time.* is 'soon', which is no date that can be read"),
    ({"published": 5}, "^the published time.* is 5, which is too small a number"),
]


@pytest.mark.parametrize(("values", "message"), BAD_VALUES)
def test_failing_add_changes_nothing(values: dict[str, Any], message: str) -> None:
    """The document it would have replaced is still there."""
    index = filled()

    with pytest.raises(dn.DedupeNewsError, match=message):
        index.add(**{"id": "a", "text": "other words altogether", **values})

    assert list(index) == ["a", "b"]
    assert [match.id for match in index.query(STORM)] == ["a"]
    assert index.query("other words altogether") == []


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": "a", "text": "new"}, {"id": "c", "text": b"bytes"}],
        [{"id": "a", "text": "new"}, {"id": "a", "text": "newer"}],
        [{"id": "a", "text": "new"}, {"text": "no id"}],
        [{"id": "a", "text": "new"}, {"id": [1], "text": "bad id"}],
        [{"id": "a", "words": "new"}],
        [{"text": "new"}],
        ["new"],
        "new",
    ],
)
def test_failing_batch_changes_nothing(rows: object) -> None:
    """All or nothing."""
    index = filled()

    with pytest.raises(dn.DedupeNewsError):
        index.add_many(rows)

    assert list(index) == ["a", "b"]
    assert [match.id for match in index.query(STORM)] == ["a"]


def test_batch_without_ids_is_refused() -> None:
    """The message says how to name them."""
    with pytest.raises(
        dn.InputError, match=r"^the documents have no ids, which an index needs. Na"
    ):
        NewsIndex(SIMILAR).add_many([STORM])


def test_failing_query_changes_nothing() -> None:
    """Neither alone nor in a batch."""
    index = filled()

    with pytest.raises(dn.InputTypeError, match="of type 'bytes'"):
        index.query(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(dn.InputTypeError, match="of type 'bytes'"):
        index.query_many([STORM, b"bytes"])

    assert [match.id for match in index.query(STORM)] == ["a"]


@pytest.mark.parametrize("id", [[1], {}, ("a", [])])
def test_ids_that_cannot_be_hashed_are_refused(id: object) -> None:  # noqa: A002 - an id
    """No document has one; asking for it is a mistake."""
    index = filled()

    with pytest.raises(dn.InputTypeError, match=r"^the id .* is not hashable, so that no document"):
        _ = id in index
    with pytest.raises(dn.InputTypeError, match=r"^the id .* is not hashable, .* pass str or int"):
        index.remove(id)


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "1"])
def test_bad_limits_are_refused(limit: int) -> None:
    """None is for all."""
    message = f"^limit={limit!r} is out of range; pass a whole number from 1, or None for all"
    with pytest.raises(dn.InputError, match=message):
        NewsIndex(SIMILAR).query(STORM, limit=limit)
    with pytest.raises(dn.InputError, match=message):
        NewsIndex(SIMILAR).query_many([STORM], limit=limit)


def test_no_jobs_are_refused() -> None:
    """Wherever threads are asked for."""
    index = filled()

    for call in (
        lambda: index.add_many([{"id": "c", "text": "c"}], n_jobs=0),
        lambda: index.query_many([STORM], n_jobs=0),
        lambda: index.cluster(n_jobs=0),
    ):
        with pytest.raises(dn.ConfigError, match=r"^n_jobs=0 means no thread"):
            call()
    assert len(index) == 2


def test_removing_an_unknown_id_is_refused() -> None:
    """The message says how to ask first."""
    with pytest.raises(
        dn.UnknownIdError, match=r"^no document of id 'x' is in the index; check wi"
    ):
        filled().remove("x")


def test_pickle_is_a_copy() -> None:
    """Neither changes with the other."""
    index = filled()
    copy = pickle.loads(pickle.dumps(index))  # noqa: S301 - made here
    copy.remove("a")
    copy.add("c", STORM)

    assert [match.id for match in index.query(STORM)] == ["a"]
    assert [match.id for match in copy.query(STORM)] == ["c"]
    assert copy.config == index.config


def test_threads_on_one_index_lose_nothing(*, interpreted: bool) -> None:
    """Of near-identical documents each pair is reported once, by the later one."""
    n_threads, n_each = 4, 5 if interpreted else 20
    index = NewsIndex(SMALL)

    def work(thread: int) -> int:
        n_matches = 0
        for i in range(n_each):
            n_matches += len(index.add((thread, i), STORM))
            index.query(STORM)
            index.add((thread, "gone"), "other words altogether")
            index.remove((thread, "gone"))
            if i % 10 == 0:
                assert len(pickle.loads(pickle.dumps(index))) >= i  # noqa: S301 - made here
                index.cluster(n_jobs=1, progress=False)
        return n_matches

    with ThreadPoolExecutor(n_threads) as pool:
        n_matches = sum(pool.map(work, range(n_threads)))

    n = n_threads * n_each
    assert n_matches == n * (n - 1) // 2
    assert set(index) == set(itertools.product(range(n_threads), range(n_each)))
    assert len(index.query(STORM)) == n


def test_growing_and_shrinking_keeps_every_document(*, interpreted: bool) -> None:
    """Past the first room of rows and tokens, and past the dropping of removed ones."""
    n = 1_100 if interpreted else 12_000
    words = np.random.default_rng(20261123).choice(WORDS, (n, 3 if interpreted else 8))
    rows = [{"id": i, "text": f"number{i} {' '.join(row)}"} for i, row in enumerate(words.tolist())]
    index = NewsIndex(policy="similar", threshold=0.9, params=(2, 2), num_perm=4)
    for start in range(0, n, n // 4):
        index.add_many(rows[start : start + n // 4])
    for i in range(0, n, 2):
        index.remove(i)
    for i in range(1, n - 100, 2):
        index.remove(i)

    assert list(index) == list(range(n - 99, n, 2))
    found = index.query_many([row["text"] for row in rows[n - 100 :]])
    assert [[match.id for match in matches] for matches in found] == [
        [i] if i % 2 else [] for i in range(n - 100, n)
    ]


def variants(n: int) -> dict[str, str]:
    """Return texts of other words that share every bucket with STORM, by a letter each."""
    expected = oracles.signature(oracles.shingle_hashes(oracles.tokens_of(STORM), 2), 8, SMALL.seed)
    texts_ = (f"{STORM} w{at}" for at in itertools.count())
    same = (
        text
        for text in texts_
        if oracles.signature(oracles.shingle_hashes(oracles.tokens_of(text), 2), 8, SMALL.seed)
        == expected
    )
    return dict(zip("abcdefgh"[:n], same, strict=False))


def test_limit_of_a_bucket_is_said() -> None:
    """Beyond it only the newest texts of a band key are compared."""
    index = NewsIndex(SMALL.replace(params=(1, 1), bucket_limit=2))
    found = [[match.id for match in index.add(*item)] for item in variants(4).items()]

    assert found == [[], ["a"], ["a", "b"], ["b", "c"]]
    assert index.bounded.n_large_buckets == 1
    assert [match.id for match in index.query(STORM)] == ["c", "d"]
    assert index.bounded.n_large_buckets == 2
    assert index.bounded


def test_copies_of_a_text_count_once_towards_the_limit() -> None:
    """However many there are, all of them are found, and so is what else is in the bucket."""
    index = NewsIndex(SMALL.replace(params=(1, 1), bucket_limit=2))
    index.add("other", variants(1)["a"])
    for at in range(9):
        index.add(at, STORM)

    assert [match.id for match in index.query(STORM)] == [*range(9), "other"]
    assert [match.id for match in index.query(STORM, limit=3)] == [0, 1, 2]
    assert not index.bounded


def test_nothing_is_bounded_up_to_the_limit() -> None:
    """As many documents as the limit are all compared."""
    index = NewsIndex(SMALL.replace(bucket_limit=2))
    for item in variants(3).items():
        index.add(*item)

    assert not index.bounded


def test_removed_documents_do_not_count_towards_the_limit() -> None:
    """They are not compared."""
    index = NewsIndex(SMALL.replace(params=(1, 1), bucket_limit=2))
    for item in variants(4).items():
        index.add(*item)
    index.remove("c")
    index.remove("d")

    assert [match.id for match in index.query(STORM)] == ["a", "b"]


def test_limit_met_by_one_query_does_not_touch_the_next() -> None:
    """What was left out for one document is not for another of the same batch."""
    index = NewsIndex(SMALL.replace(bucket_limit=2))
    index.add("sun", "sun at last over the hills")
    for item in variants(3).items():
        index.add(*item)

    first, second = index.query_many([STORM, "sun at last over the hills"])

    assert [match.id for match in first] == ["b", "c"]
    assert [match.id for match in second] == ["sun"]


def test_limit_of_one_band_does_not_hide_matches_of_another() -> None:
    """A pair is left out only where every bucket it shares is too large."""
    config = Config(
        policy="similar", threshold=0.2, shingle_size=1, num_perm=2, params=(2, 1), bucket_limit=2
    )
    words = [f"w{i}" for i in range(60)]
    least = [
        min(words, key=lambda word, at=at: _values(word, config)[at])  # type: ignore[misc]
        for at in range(2)
    ]
    asked = f"{least[0]} {least[1]}"
    index = NewsIndex(config)
    index.add("both", asked)
    # These share the key of the first band alone: their second minimum is another.
    crowd = [word for word in words if word not in least][:3]
    for word in crowd:
        index.add(word, f"{least[0]} {word}")

    assert "both" in [match.id for match in index.query(asked)]


def _values(word: str, config: Config) -> list[int]:
    shingles = oracles.shingle_hashes(oracles.tokens_of(word), 1)
    return oracles.signature(shingles, config.num_perm, config.seed)
