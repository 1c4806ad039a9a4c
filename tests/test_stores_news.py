"""The index of the policy "news": the verdicts of a batch, one document after another."""

from __future__ import annotations

import itertools
import pickle
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news import Config, NewsIndex, Relation, judge, news, postings
from dedupe_news.documents import read_documents
from dedupe_news.kernels.verdict import DOUBT
from dedupe_news.stores.arrays import Items
from dedupe_news.stores.news import NewsStore
from dedupe_news.text import tokenize
from dedupe_news.texts import distinct_texts
from made_up_news import WORDS, made_up_news
from strategies import feeds, texts

if TYPE_CHECKING:
    import pytest

MADE_UP = made_up_news()
N_ROWS = len(MADE_UP.rows)


def filled() -> NewsIndex:
    """Return an index of the made-up feed."""
    index = NewsIndex()
    index.add_many(MADE_UP.rows, id="id", text="text", n_jobs=1)
    return index


def items(feed: list[str]) -> Items:
    """Return texts as they go into a store."""
    columns = read_documents(feed)
    tokens = tokenize(columns.buffer, columns.offsets, Config())
    return Items(
        hashes=tokens.hashes,
        flags=tokens.flags,
        offsets=tokens.offsets,
        cut_off=tokens.cut_off,
        sources=np.full(len(feed), -1, np.int32),
        times=np.full(len(feed), np.iinfo(np.int64).min),
        numbers=np.arange(len(feed)),
        moments=np.zeros(len(feed), np.int64),
    )


def store() -> NewsStore:
    """Return an empty store with the judge that is shipped."""
    return NewsStore(Config(), *judge.load_judge().arrays, postings.count_codes())


def answers(store: NewsStore, feed: list[str], *, insert: bool) -> list[list[list[int]]]:
    """Return slot and relation of what each text finds."""
    found = store.probe(items(feed), np.full(len(feed), -1), insert=insert)
    bounds = found.offsets.tolist()
    return [sorted(found.slots[start:stop].tolist()) for start, stop in itertools.pairwise(bounds)]


def test_an_index_finds_the_copies_and_not_the_forms() -> None:
    """Every document is met by the copies before it, and by no bulletin."""
    index = NewsIndex()
    found = index.add_many(MADE_UP.rows, id="id", text="text", n_jobs=1)

    for at, matches in enumerate(found):
        kind, number = MADE_UP.what[at]
        before = {each for each in MADE_UP.of(kind, number) if each < at}
        expected = before if kind == "story" else set()
        assert {match.id for match in matches} == {MADE_UP.rows[each]["id"] for each in expected}


def test_templates_are_told_when_asked_for() -> None:
    """Bulletins of the same form come after the duplicates, as templates."""
    index = filled()
    form = next(
        row for row, what in zip(MADE_UP.rows, MADE_UP.what, strict=True) if what[0] == "form"
    )
    asked = {name: form[name] for name in ("text", "source", "published")}
    day_later = str(asked.pop("text")).replace("4", "5")

    plain = index.query(day_later, **asked)
    found = index.query(day_later, include=("template",), **asked)

    assert all(match.relation != Relation.TEMPLATE for match in plain)
    assert len([match for match in found if match.relation == Relation.TEMPLATE]) >= 2
    assert [match.relation == Relation.TEMPLATE for match in found] == sorted(
        match.relation == Relation.TEMPLATE for match in found
    )


def margins(feed: list[str]) -> dict[frozenset[int], float]:
    """Judge every pair of texts with the statistics of them all."""
    columns = read_documents(feed)
    tokens = tokenize(columns.buffer, columns.offsets, Config())
    found = distinct_texts(columns, tokens.hashes, tokens.offsets, "earliest", 1)
    examination = news.examine(columns, tokens, found, 1)
    number = np.argsort(examination.order)[found.text_of]
    left, right = np.triu_indices(len(feed), 1)
    first, second = np.sort(number[np.stack((left, right))], axis=0)
    verdicts = judge.judge_pairs(
        examination.evidence, first, second, judge.load_judge().models(len(feed)), 1
    )
    return {
        frozenset(pair): margin
        for *pair, margin in zip(
            left.tolist(), right.tolist(), verdicts.margins.tolist(), strict=True
        )
    }


def test_batch_and_index_are_the_same_judge() -> None:
    """The last text to be added has been judged with all others counted, as in a batch."""
    feed = [str(row["text"]) for row in MADE_UP.rows]
    expected = margins(feed)
    index = NewsIndex()
    index.add_many([{"id": at, "text": text} for at, text in enumerate(feed[:-1])], n_jobs=1)

    found = {match.id: match.probability for match in index.add(N_ROWS - 1, feed[-1])}
    formed = index.query(feed[-1], include=("template",))

    own = {
        at: expected[frozenset((at, N_ROWS - 1))]
        for at in range(N_ROWS - 1)
        if np.isfinite(expected[frozenset((at, N_ROWS - 1))])
    }
    assert len(own) > 3
    assert set(found) == {at for at, margin in own.items() if margin >= 0}
    assert {match.id for match in formed if match.relation == Relation.TEMPLATE} <= set(own)


@given(feed=feeds(max_size=6), asked=texts)
def test_a_look_leaves_no_trace(feed: list[str], asked: str) -> None:
    """After queries the counts are what they were."""
    probed, untouched = store(), store()
    for each in (probed, untouched):
        answers(each, feed, insert=True)

    answers(probed, [asked, *feed], insert=False)

    before, after = vars(untouched)["_arrays"], vars(probed)["_arrays"]
    for name in ("places", "token_counts", "alive"):
        assert (before[name] == after[name]).all(), name
    assert before["counters"][:2].tolist() == after["counters"][:2].tolist()


@given(
    feed=feeds(max_size=8),
    gone=st.sets(st.integers(0, 7)),
    asked=feeds(max_size=3),
)
def test_a_compacted_store_answers_as_one_that_never_had_the_removed(
    feed: list[str], gone: set[int], asked: list[str]
) -> None:
    """Removal counts out at once; compacting renumbers, and changes no answer."""
    removed, fresh = store(), store()
    answers(removed, feed, insert=True)
    for slot in sorted(gone & set(range(len(feed)))):
        removed.retire(np.array([slot]))
    kept = [slot for slot in range(len(feed)) if slot not in gone]
    answers(fresh, [feed[slot] for slot in kept], insert=True)

    before = answers(removed, asked, insert=False)
    former = removed.compact()
    after = answers(removed, asked, insert=False)

    assert former.tolist() == kept
    assert after == answers(fresh, asked, insert=False)
    assert before == [[[kept[slot], relation] for slot, relation in found] for found in after]


def test_a_store_that_grows_answers_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that are rebuilt on the way hold what they held."""
    feed = [str(row["text"]) for row in MADE_UP.rows]
    large = store()
    monkeypatch.setattr("dedupe_news.stores.news._FIRST_SLOTS", 2)
    monkeypatch.setattr("dedupe_news.stores.news._FIRST_TOKENS", 16)
    small = store()

    one_by_one = [answers(small, [text], insert=True)[0] for text in feed]

    assert one_by_one == answers(large, feed, insert=True)
    assert small.n_slots == len(feed)
    assert small.n_bytes > 0


def test_a_replaced_document_is_not_found() -> None:
    """It is counted out before the new one is judged."""
    index = filled()
    row = MADE_UP.rows[0]

    again = index.add(row["id"], row["text"])
    other = index.add(row["id"], "something else altogether was published there in the end")

    assert row["id"] not in {match.id for match in again}
    assert other == []
    assert row["id"] not in {match.id for match in index.query(str(row["text"]))}
    assert len(index) == N_ROWS


def test_a_pickled_store_answers_as_before() -> None:
    """Copies share nothing."""
    feed = [str(row["text"]) for row in MADE_UP.rows]
    one = store()
    answers(one, feed, insert=True)
    other = pickle.loads(pickle.dumps(one))  # noqa: S301 - made here

    one.retire(np.array([0]))

    assert answers(other, feed[:3], insert=False) != answers(one, feed[:3], insert=False)
    assert other.alive[0] == 1


LEAD = " ".join(WORDS[:30])
TEASER = " ".join(LEAD.split()[:22]) + "..."


def story(*paragraphs: str) -> str:
    """Return a story that goes on for long."""
    return ". ".join((*paragraphs, " ".join(f"{paragraphs[-1][:3]}{at}" for at in range(150))))


def test_the_best_answer_has_the_greatest_share_of_what_was_asked() -> None:
    """A long story with every word of a teaser comes before a short one with some of them."""
    index = NewsIndex()
    shortened = " ".join(LEAD.split()[:15])
    index.add("short", shortened)
    index.add("long", story(LEAD, "tail"))

    found = index.query(TEASER)

    assert [match.id for match in found] == ["long", "short"]
    assert found[0].jaccard < found[1].jaccard
    assert found[0].containment == 1.0


def test_an_article_finds_its_teaser() -> None:
    """The other way round, and as a cut-off text."""
    index = NewsIndex()
    index.add("teaser", TEASER)

    (match,) = index.query(story(LEAD, "tail"))

    assert match.relation == Relation.TRUNCATED
    assert match.containment == 1.0


def test_doubt_is_below_every_threshold() -> None:
    """A doubted pair is less than half as probable as the threshold, whatever it is."""
    shipped = judge.load_judge()

    for model in (shipped.full, shipped.bare, shipped.cold_full, shipped.cold_bare):
        odds = model.threshold / (1 - model.threshold) * np.exp(-DOUBT)
        assert odds / (1 + odds) < model.threshold / 2


def test_clusters_of_an_index_are_those_of_a_batch() -> None:
    """All documents are judged anew, with everything counted."""
    result = filled().cluster(n_jobs=1, progress=False)

    batch = dn.cluster(MADE_UP.rows, n_jobs=1, progress=False)
    assert (result.labels == batch.labels).all()
