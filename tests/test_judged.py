"""The index of the policy "news": roles, counts and answers follow from the documents alone."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
import news_oracle
from dedupe_news import Config, NewsIndex, Relation
from dedupe_news._kernels import index_lookup
from dedupe_news._kernels.feature_names import ORDER_SHORT
from dedupe_news._kernels.index_tables import shingle_at
from dedupe_news._kernels.trees import Trees
from dedupe_news._kernels.workspace import Arrivals
from dedupe_news._store.index_texts import IndexTexts
from dedupe_news._store.limits import Limits
from made_up_news import WORDS, made_up_news

if TYPE_CHECKING:
    from collections.abc import Sequence

MADE_UP = made_up_news()
N_ROWS = len(MADE_UP.rows)
DAY = 86_400_000_000

# Duplicates are pairs of which the shorter has more than half of its words in the other's order;
# others are of one template. Four trees, one for each class; the last two are nothing but leaves.
TREES = Trees(
    roots=np.array([0, 3, 4, 5]),
    feature=np.array([ORDER_SHORT, -1, -1, -1, -1, -1], np.int16),
    threshold=np.array([0.5, 0, 0, 0, 0, 0]),
    left=np.array([1, 0, 0, 0, 0, 0], np.int32),
    right=np.array([2, 0, 0, 0, 0, 0], np.int32),
    value=np.array([0.0, -9.0, 9.0, 0.0, 1.0, 0.0]),
    baseline=np.zeros(4),
)

# Few words, so that copies and near copies abound; up to more than a shingle, down to nothing.
runs = st.lists(st.integers(1, 4), max_size=7).map(tuple)
days = st.none() | st.integers(0, 6)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Draw additions of few texts, some in place of others, and removals."""
    few = draw(st.lists(runs, min_size=1, max_size=5))
    events: list[tuple[Any, ...]] = []
    n_rows = 0
    for _ in range(draw(st.integers(0, 14))):
        if n_rows and draw(st.integers(0, 3)) == 0:
            events.append(("remove", draw(st.integers(0, n_rows - 1))))
            continue
        replaced = draw(st.integers(0, n_rows - 1)) if n_rows and draw(st.booleans()) else -1
        events.append(("add", draw(st.sampled_from(few)), draw(days), replaced))
        n_rows += 1
    return events


# Small, so that shingles share places, and tables grow all the time.
SMALL = Limits(rows=2, tokens=4, places=4, token_places=64)


def items(some: Sequence[tuple[tuple[int, ...], int | None]], replaced: int = -1) -> Arrivals:
    """Return token runs and their days as they go into a store; the first replaces a row."""
    n_documents = len(some)
    tokens = [token for run, _ in some for token in run]
    return Arrivals(
        tokens=np.array(tokens, np.uint32),
        flags=np.zeros(len(tokens), np.uint8),
        offsets=np.array([0, *itertools.accumulate(len(run) for run, _ in some)], np.int64),
        cut_off=np.zeros(n_documents, np.uint8),
        sources=np.full(n_documents, -1, np.int32),
        times=np.array(
            [np.iinfo(np.int64).min if day is None else day * DAY for _, day in some], np.int64
        ),
        replaced=np.array([replaced] + [-1] * (n_documents - 1)),
    )


def empty_store(window: int | None = None, limits: Limits = SMALL) -> IndexTexts:
    """Return an empty store, whose clusters are of so many days."""
    span = None if window is None else dt.timedelta(days=window)
    return IndexTexts(Config(window=span), limits, TREES)


def retired(store: IndexTexts, row: int) -> None:
    """Take a document out if it is there."""
    if store.alive[row]:
        store.retire(np.array([row]))


def after(
    events: Sequence[tuple[Any, ...]], window: int | None = None, limits: Limits = SMALL
) -> IndexTexts:
    """Return a store with a history."""
    store = empty_store(window, limits)
    for event in events:
        if event[0] == "remove":
            retired(store, event[1])
        else:
            _, run, day, replaced = event
            one = items([(run, day)], replaced)
            store.add(one, range(store.n_rows, store.n_rows + 1), np.array([(day or 0) * DAY]), 100)
    return store


def rows_of(store: IndexTexts) -> list[news_oracle.Slot]:
    """Return the documents that a store has or had, as the oracle takes them."""
    tables = store._tables  # noqa: SLF001
    missing = np.iinfo(np.int64).min
    return [
        news_oracle.Slot(
            tuple(tables.tokens[start : start + length].tolist()),
            None if time == missing else time // DAY,
            cluster,
            bool(alive),
        )
        for start, length, time, number, cluster, alive in zip(
            *(
                array[: store.n_rows].tolist()
                for array in (
                    tables.starts,
                    tables.lengths,
                    tables.times,
                    store.clusters.arrays.numbers,
                    store.clusters.arrays.clusters,
                    tables.alive,
                )
            ),
            strict=True,
        )
    ]


def groups_of(groups: Any, n_rows: int) -> list[list[int]]:  # noqa: ANN401 - arrays by name
    """Return the groups of rows, oldest first, and check that both ways lead through them."""
    found = []
    for anchor in range(n_rows):
        upwards, row = [], int(groups.oldest[anchor])
        while row >= 0:
            upwards.append(row)
            row = int(groups.newer[row])
        downwards, row = [], int(groups.newest[anchor])
        while row >= 0:
            downwards.append(row)
            row = int(groups.older[row])
        assert downwards == upwards[::-1]
        if upwards:
            assert {int(each) for each in groups.anchor[upwards]} == {anchor}
            found.append(upwards)
    return sorted(found)


def check(store: IndexTexts) -> None:
    """Compare all that a store knows of its documents with the oracle."""
    tables, roles = store._tables, store._roles  # noqa: SLF001
    rows = rows_of(store)
    n_places = len(tables.places)

    def place_of(shingle: tuple[int, ...]) -> int:
        tokens = np.array(shingle, np.uint32)
        with np.errstate(over="ignore"):  # the hash wraps, as in machine code
            return int(shingle_at(tokens, 0, len(shingle), 0)) & (n_places - 1)

    expected = news_oracle.roles_of(rows, place_of)

    assert groups_of(roles.texts, len(rows)) == sorted(expected.copies.values())
    assert groups_of(roles.clusters, len(rows)) == sorted(expected.members.values())
    leaders = {members[0] for members in expected.members.values()}
    assert set(np.flatnonzero(tables.leads).tolist()) == leaders
    assert tables.counters[0] == len(expected.primaries)
    for place in range(n_places):
        chain, posting = [], int(tables.places[place, 0]) - 1
        while posting >= 0:
            row, posting = tables.postings[posting].tolist()
            if row >= 0 and tables.leads[row]:
                chain.append(row)
        spread = expected.days.get(place, [])
        assert chain == expected.leading.get(place, [])
        assert tables.places[place, 1] == expected.frequency[place]
        assert tables.places[place, 2] & 0xFFFF == len(spread)
        assert tables.places[place, 2] >> 16 == (spread[-1] if spread else 0)
        assert tables.places[place, 3] == len(chain)
    tokens = tables.token_counts.tolist()
    assert {at: n for at, n in enumerate(tokens) if n} == dict(expected.tokens)


def answers(store: IndexTexts, asked: Sequence[tuple[int, ...]]) -> list[list[tuple[Any, ...]]]:
    """Return row, relation and scores of what each run of tokens finds, all verdicts."""
    found = store.look_up(
        items([(run, 2) for run in asked]), include=frozenset({"related", "template"})
    )
    rows = list(zip(found.pairs.tolist(), found.scores.tolist(), strict=True))
    return [
        [(row, relation, tuple(scores)) for (row, relation), scores in rows[start:stop]]
        for start, stop in itertools.pairwise(found.offsets.tolist())
    ]


@given(events=histories(), window=st.sampled_from([None, 2]))
def test_roles_and_counts_are_those_of_the_oracle(
    events: list[tuple[Any, ...]], window: int | None
) -> None:
    """After any history, when they are made anew, and when the removed are dropped."""
    store = after(events, window)
    check(store)

    store.rebuild()
    check(store)

    store.compact()
    check(store)


@given(events=histories(), window=st.sampled_from([None, 2]), asked=st.lists(runs, max_size=4))
def test_a_store_answers_as_one_that_is_made_anew(
    events: list[tuple[Any, ...]], window: int | None, asked: list[tuple[int, ...]]
) -> None:
    """Rebuilt."""
    store = after(events, window)
    expected = answers(store, asked)

    store.rebuild()

    assert answers(store, asked) == expected


@given(
    events=histories().map(
        # Days of removed documents count until they are dropped.
        lambda events: [(*event[:2], None, *event[3:]) for event in events]
    ),
    asked=st.lists(runs, max_size=4),
)
def test_a_compacted_store_answers_as_before(
    events: list[tuple[Any, ...]], asked: list[tuple[int, ...]]
) -> None:
    """Removed documents are counted out at once; dropping them renumbers the others."""
    # As many places before and after, so that the same shingles share one.
    store = after(events, limits=Limits(rows=2, tokens=4, places=64, token_places=64))
    before = answers(store, asked)
    alive = np.flatnonzero(store.alive[: store.n_rows]).tolist()
    former = store.compact().tolist()

    assert former == alive
    assert [[(former[row], *rest) for row, *rest in found] for found in answers(store, asked)] == [
        [(row, *rest) for row, *rest in found] for found in before
    ]


@given(events=histories(), asked=st.lists(runs, max_size=4))
def test_a_query_leaves_no_trace(
    events: list[tuple[Any, ...]], asked: list[tuple[int, ...]]
) -> None:
    """What was looked up is not counted, and found by nobody."""
    store = after(events)

    answers(store, asked)

    check(store)


@given(events=histories())
def test_a_query_names_every_document_once(events: list[tuple[Any, ...]]) -> None:
    """However many roles it has, and all of the same words among them."""
    store = after(events)
    rows = rows_of(store)

    for row, found in zip(rows, answers(store, [row.run for row in rows]), strict=True):
        named = [each for each, *_ in found]
        assert len(named) == len(set(named))
        exact = {each for each, relation, _ in found if relation == Relation.EXACT}
        assert exact == {
            at for at, other in enumerate(rows) if other.alive and row.run and other.run == row.run
        }


def test_copies_are_named_up_to_a_bound() -> None:
    """The newest of many copies are named, and one look-up was cut short."""
    store = after([("add", (1, 2, 3, 4), None, -1)] * 9)

    found = store.look_up(items([((1, 2, 3, 4), None)]), most=3)

    assert found.pairs[:, 0].tolist() == [0, 8, 7]
    assert store.n_cut_short == 1


def filled() -> NewsIndex:
    """Return an index of the made-up feed."""
    index = NewsIndex()
    index.add_many(MADE_UP.rows, id="id", text="text", n_jobs=1)
    return index


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


def test_clusters_of_an_index_are_those_of_a_batch() -> None:
    """All documents are judged anew, with everything counted."""
    result = filled().cluster(n_jobs=1, progress=False)

    batch = dn.cluster(MADE_UP.rows, n_jobs=1, progress=False)
    assert (result.labels == batch.labels).all()


def test_an_interrupt_while_numba_takes_arguments_apart_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It reads a list's class with Python code, and hides what ends that; other faults stay."""

    def fails(*_: object) -> int:
        raise TypeError(said)

    monkeypatch.setattr(index_lookup, "look_up", fails)
    index = dn.NewsIndex()
    said = "can't unbox a <class 'numba.typed.typedlist.List'> as a <NULL>"
    with pytest.raises(KeyboardInterrupt):
        index.add(1, "a storm shut the harbour")
    said = "another fault"
    with pytest.raises(TypeError, match="another fault"):
        index.add(1, "a storm shut the harbour")
    monkeypatch.undo()
    assert index.add(1, "a storm shut the harbour") == []
