"""Pairs that a user is sure of are obeyed, or refused where they contradict one another."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news._engine.assignment import leaders_of, make_bonds
from dedupe_news._input.constraints import Constraints
from made_up_news import made_up_news
from printings import printings

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_TEXTS = 8
MADE = made_up_news(n_stories=5, n_forms=2, n_days=3)
# Twice the same words, which are one text.
FEED: list[dict[str, Any]] = [
    *MADE.rows,
    {**MADE.rows[0], "id": "copy-1", "source": "paper 8"},
    {**MADE.rows[0], "id": "copy-2", "source": "paper 9"},
]
IDS = [row["id"] for row in FEED]
Pairs = list[tuple[str, str]]

ids = st.sampled_from(IDS)
some_pairs = st.lists(st.tuples(ids, ids).filter(lambda pair: pair[0] != pair[1]), max_size=6)


def joined(pairs: Pairs) -> dict[str, frozenset[str]]:
    """Return all that pairs bind to each item, directly or through others."""
    group = {each: frozenset([each]) for each in IDS}
    # Items of the same words are bound as one where any of them is bound to another.
    for first, second in pairs:
        together = group[first] | group[second]
        for each in together:
            group[each] = together
    return group


@settings(deadline=None, max_examples=60)
@given(must=some_pairs, cannot=some_pairs)
def test_pairs_are_obeyed_or_refused(must: Pairs, cannot: Pairs) -> None:
    """What must be together is in one cluster, what cannot is in two, in any combination."""
    try:
        result = dn.cluster(FEED, must=must, cannot=cannot, n_jobs=1, progress=False)
    except dn.InputError as error:
        assert "which must binds together" in str(error)  # noqa: PT017 - refused for that alone
        copies = [
            (first, second)
            for first, second in itertools.combinations([IDS[0], "copy-1", "copy-2"], 2)
        ]
        group = joined([*must, *copies])
        assert any(second in group[first] for first, second in cannot)
        return
    label = dict(zip(IDS, result.labels.tolist(), strict=True))

    assert all(label[first] == label[second] for first, second in must)
    assert all(label[first] != label[second] for first, second in cannot)
    group = joined(must)
    assert not any(second in group[first] for first, second in cannot)


@settings(deadline=None, max_examples=30)
@given(must=some_pairs)
def test_every_member_of_a_cluster_has_its_match(must: Pairs) -> None:
    """A pair that must be together counts as a match: nothing in a cluster is without one."""
    result = dn.cluster(FEED, must=must, n_jobs=1, progress=False)

    rows = result.to_dict()
    others = ~rows["representative"]
    assert all(
        (relation is None) != other
        for relation, other in zip(rows["relation"], others, strict=True)
    )


def test_no_pairs_change_nothing() -> None:
    """And pairs that say what is so already change no cluster."""
    plain = dn.cluster(FEED, n_jobs=1, progress=False)
    kept = plain.representatives[plain.labels]
    said = [(IDS[at], IDS[lead]) for at, lead in enumerate(kept.tolist()) if at != lead]
    apart = [(IDS[a], IDS[b]) for a, b in itertools.pairwise(plain.representatives.tolist())]

    same = dn.cluster(FEED, must=said, cannot=apart, n_jobs=1, progress=False)

    assert same.labels.tolist() == plain.labels.tolist()
    assert same.representatives.tolist() == plain.representatives.tolist()


def test_items_of_the_same_words_can_be_parted() -> None:
    """Items of the same words can be parted."""
    plain = dn.cluster(FEED, n_jobs=1, progress=False)
    parted = dn.cluster(FEED, cannot=[("copy-1", "copy-2")], n_jobs=1, progress=False)
    first, second = (IDS.index(f"copy-{number}") for number in (1, 2))

    assert plain.labels[first] == plain.labels[second]
    assert parted.labels[first] != parted.labels[second]
    assert not any({pair.left, pair.right} == {first, second} for pair in parted.matches)


def test_must_reaches_beyond_the_window() -> None:
    """A user knows better than a rule about time."""
    early, late = dict(FEED[0]), {**FEED[0], "id": "late"}
    late["published"] = early["published"] + dt.timedelta(days=60)
    window = dt.timedelta(days=2)

    def labels(**pairs: Any) -> list[int]:
        found: list[int] = dn.cluster(
            [early, late], window=window, n_jobs=1, progress=False, **pairs
        ).labels.tolist()
        return found

    assert labels() == [0, 1]
    assert labels(must=[(early["id"], "late")]) == [0, 0]


def test_an_explanation_says_that_a_label_joined_the_two() -> None:
    """Whatever the judge, the window or the place of the two in their cluster."""
    texts = ["one thing", "another matter", "a third of its own", "the fourth"]
    must = [(0, 1), (1, 3)]
    result = dn.cluster(texts, must=must, n_jobs=1, progress=False)

    assert result.labels.tolist() == [0, 0, 1, 0]
    for pair in itertools.permutations([0, 1, 3], 2):
        explained = result.explain(*pair)
        assert (explained.verdict, explained.probability) == ("duplicate", 1.0)
        assert "a label says that the two are one item" in explained.why
    assert all("a label says that the two are one item" in row.why for row in result.removed)
    assert "label" not in result.explain(0, 2).why


def test_an_explanation_says_what_a_label_brought_along() -> None:
    """A text that is alike one of two joined items is a duplicate of the other for that alone."""
    lead = "The harbour council of Grilden approved the eastern ferry line on Monday evening"
    texts = [
        "Sun at last for the north, and for the vineyards of three old towns in the west too",
        f"{lead}, the mayor told reporters.",
        f"{lead}, the mayor told the reporters.",
    ]
    result = dn.cluster(texts, must=[(0, 1)], n_jobs=1, progress=False)

    explained = result.explain(2, 0)

    assert (result.labels.tolist(), result.representatives.tolist()) == ([0, 0, 0], [0])
    assert (explained.verdict, explained.probability) == ("duplicate", 0.5)
    assert "a label says that one of them is one item with a duplicate of the" in explained.why
    assert result.explain(0, 2).why == result.removed[1].why
    assert "label" not in result.explain(2, 1).why


def test_an_explanation_goes_beyond_the_window_with_the_label() -> None:
    """The same words, too far apart, are one item because a label says so."""
    first = dict(FEED[0])
    late = {**first, "id": "late", "published": first["published"] + dt.timedelta(days=60)}
    result = dn.cluster(
        [first, late],
        window=dt.timedelta(days=2),
        must=[(first["id"], "late")],
        n_jobs=1,
        progress=False,
    )

    explained = result.explain("late", first["id"])

    assert (explained.verdict, explained.relation) == ("duplicate", dn.Relation.EXACT)
    assert "a label says that the two are one item" in explained.why


def test_positions_stand_for_ids() -> None:
    """Positions stand for ids, in a feed without ids."""
    result = dn.cluster(["one thing", "another", "third"], must=[(0, 2)], progress=False)

    assert result.labels.tolist() == [0, 1, 0]


def test_an_index_obeys_when_it_clusters() -> None:
    """As the batch does."""
    index = dn.NewsIndex()
    index.add_many(FEED)
    pairs: dict[str, Any] = {
        "must": [(IDS[2], IDS[9])],
        "cannot": [("copy-1", IDS[0]), (IDS[1], IDS[3])],
    }

    found = index.cluster(n_jobs=1, progress=False, **pairs)

    expected = dn.cluster(FEED, n_jobs=1, progress=False, **pairs)
    assert found.labels.tolist() == expected.labels.tolist()


def deep_tuple() -> tuple[Any, ...]:
    """Return what Python itself can neither hash nor compare."""
    nested: tuple[Any, ...] = ()
    for _ in range(1_000_000):
        nested = (nested,)
    return nested


@pytest.mark.parametrize(
    ("pairs", "error", "reason"),
    [
        ({"must": "ab"}, dn.InputTypeError, "must is of type 'str'; pass pairs of ids"),
        ({"must": ["ab"]}, dn.InputTypeError, "must holds 'ab'; pass pairs"),
        ({"cannot": 3}, dn.InputTypeError, "cannot is of type 'int'"),
        ({"cannot": [("copy-1",)]}, dn.InputError, "not two different items"),
        ({"cannot": [("copy-1", "copy-1")]}, dn.InputError, "not two different items"),
        ({"must": [("copy-1", "gone")]}, dn.InputError, "must names the item 'gone'"),
        ({"must": [("copy-1", 10**5_000)]}, dn.InputError, "the item a whole number of 16,610 b"),
        ({"must": [("copy-1", deep_tuple())]}, dn.InputError, "must names the item "),
        ({"must": [(deep_tuple(), deep_tuple())]}, dn.InputError, "must names the item "),
        ({"cannot": [(10**5_000,)]}, dn.InputError, "cannot holds .*not two different items"),
        ({"must": [("copy-1", [])]}, dn.InputError, r"must names the item \[\]"),
        ({"must": [("copy-1", "empty")]}, dn.InputError, "of which one item has no words"),
        (
            {"must": [(IDS[3], IDS[4]), (IDS[4], IDS[5])], "cannot": [(IDS[5], IDS[3])]},
            dn.InputError,
            f"cannot names the pair .'{IDS[5]}', '{IDS[3]}'., which must binds together",
        ),
        ({"must": [(0, 1)], "policy": "similar"}, dn.ConfigError, "obeyed by the policy 'news'"),
    ],
)
def test_what_cannot_be_obeyed_is_refused(
    pairs: dict[str, Any], error: type[Exception], reason: str
) -> None:
    """The message names the pair and says what to do."""
    feed = [*FEED, {"id": "empty", "text": ""}]
    with pytest.raises(error, match=reason):
        dn.cluster(feed, n_jobs=1, progress=False, **pairs)


texts = st.integers(0, N_TEXTS - 1)
rows = st.lists(st.tuples(texts, texts).filter(lambda pair: pair[0] < pair[1]), unique=True)


def plain_leaders(
    order: list[int], pairs: list[tuple[int, int]], apart: list[tuple[int, int]]
) -> list[int]:
    """Return leaders by a walk in order of preference, of pairs that weigh alike."""
    matched = {*pairs, *((b, a) for a, b in pairs)}
    forbidden = {*apart, *((b, a) for a, b in apart)}
    clusters: dict[int, list[int]] = {}
    for text in order:
        for leader, members in clusters.items():
            if (text, leader) in matched and not any((text, m) in forbidden for m in members):
                members.append(text)
                break
        else:
            clusters[text] = [text]
    leader_of = {text: leader for leader, members in clusters.items() for text in members}
    return [leader_of[text] for text in range(N_TEXTS)]


@settings(deadline=None)
@given(pairs=rows, apart=rows, order=st.permutations(range(N_TEXTS)))
def test_leaders_keep_apart_what_is_apart(
    pairs: list[tuple[int, int]], apart: list[tuple[int, int]], order: list[int]
) -> None:
    """As a plain walk finds them."""

    def in_order(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array([text for text in order if text in numbers], np.int64)

    both_ways = [*apart, *((b, a) for a, b in apart)]
    found = leaders_of(
        N_TEXTS,
        np.array(pairs, np.int64).reshape(-1, 2),
        np.ones(len(pairs)),
        in_order,
        np.array(both_ways, np.int64).reshape(-1, 2),
    )

    assert found.tolist() == plain_leaders(order, pairs, apart)


@given(order=st.permutations(range(N_TEXTS)))
def test_the_most_preferred_text_stands_for_those_bound_to_it(order: list[int]) -> None:
    """Those that are bound come with one of them."""
    must = np.array([[3, 1], [5, 1], [6, 2]])

    def in_order(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array([text for text in order if text in numbers], np.int64)

    bonds = make_bonds(N_TEXTS, Constraints(must, np.array([[3, 6]])), in_order)

    first, second = (min(group, key=order.index) for group in ((1, 3, 5), (2, 6)))
    expected = [0, first, second, first, 4, first, second, 7]
    assert bonds.head.tolist() == expected
    assert sorted(bonds.apart.tolist()) == sorted([[first, second], [second, first]])
    assert bonds.allow(np.array([[1, 2], [1, 3], [0, 1]])).tolist() == [False, True, True]


def test_a_user_keeps_apart_what_others_agree_on() -> None:
    """A pair of a big story that cannot be one item is none, though its neighbours match both."""
    feed = printings(10, length="full")
    whole = dn.cluster(feed, progress=False)
    first = int(whole.representatives[0])
    other = next(at for at in range(10) if at != first)

    result = dn.cluster(feed, cannot=[(first, other)], progress=False)

    assert len(set(whole.labels.tolist())) == 1
    assert result.labels[first] != result.labels[other]
