"""The policy "news" as a whole: what it promises, and its three verdicts by example."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news import Relation
from dedupe_news._engine import candidates, classifier
from made_up_news import made_up_news
from segments import runs_of, segment_of
from strategies import feeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news import Clustering

MADE_UP = made_up_news()
N_STORIES, N_FORMS = 8, 3


def clustered(feed: object, **settings: Any) -> Clustering:
    """Cluster with the default policy, on one thread unless told."""
    return dn.cluster(feed, **{"progress": False, "n_jobs": 1} | settings)


def partition(result: Clustering) -> set[frozenset[int]]:
    """Return the clusters as sets of positions."""
    return {frozenset(each.positions) for each in result.clusters}


def groups(result: Clustering, order: Sequence[int] | None = None) -> list[set[frozenset[int]]]:
    """Return clusters, stories and templates as sets of positions before the feed was reordered."""
    kinds = (result.clusters, result.stories, result.templates)
    places = range(len(result)) if order is None else order
    return [{frozenset(places[at] for at in each.positions) for each in kind} for kind in kinds]


def strangers_to(feed: Sequence[str], n: int = 1) -> list[str]:
    """Return texts of words that no text of a feed has."""
    used = " ".join(feed)
    words = [f"xo{number}" for number in range(9 * n)]
    assert not [word for word in words if word in used]
    return [" ".join(words[9 * at : 9 * at + 9]) for at in range(n)]


@pytest.fixture(scope="module")
def result() -> Clustering:
    """Cluster the made-up feed."""
    return clustered(MADE_UP.rows)


def test_copies_are_clusters_and_forms_are_not(result: Clustering) -> None:
    """Each story is one cluster of its three copies; no bulletin is in any."""
    assert partition(result) == {
        frozenset(MADE_UP.of("story", number)) for number in range(N_STORIES)
    }


def test_forms_are_templates(result: Clustering) -> None:
    """Each form is one template of all its days, with its constant words."""
    found = {frozenset(each.positions) for each in result.templates}

    assert found == {frozenset(MADE_UP.of("form", number)) for number in range(N_FORMS)}
    assert all("…" in each.pattern for each in result.templates)


def test_relations_say_what_was_done_to_a_copy(result: Clustering) -> None:
    """The first copy was cut off, the second edited."""
    found = {(match.left, match.right): match.relation for match in result.matches}

    assert found["story-0-0", "story-0-1"] == Relation.TRUNCATED
    assert found["story-0-0", "story-0-2"] == Relation.NEAR


# ---- The same answer for any order and any number of threads.


def test_threads_and_order_do_not_change_the_groups(result: Clustering) -> None:
    """Texts are numbered by time and content, never by position."""
    order = np.random.default_rng(3).permutation(len(MADE_UP.rows)).tolist()

    threaded = clustered(MADE_UP.rows, n_jobs=3)
    shuffled = clustered([MADE_UP.rows[at] for at in order])

    assert (threaded.labels == result.labels).all()
    assert (threaded.matches.probability == result.matches.probability).all()
    assert groups(threaded) == groups(result)
    assert groups(shuffled, order) == groups(result)


@st.composite
def items(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw distinct items with texts, times and sources, some of them missing."""
    texts = draw(feeds(max_size=12))
    days = st.none() | st.integers(0, 9)
    times = [draw(days) for _ in texts]
    epoch = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    drawn = [
        {
            "text": text,
            "published": None if time is None else epoch + dt.timedelta(hours=9 * time),
            "source": draw(st.sampled_from([None, "Gazette", "Post"])),
        }
        for text, time in zip(texts, times, strict=True)
    ]
    return [item for at, item in enumerate(drawn) if item not in drawn[:at]]


@given(drawn=items(), data=st.data())
def test_any_order_gives_the_same_groups(drawn: list[dict[str, Any]], data: st.DataObject) -> None:
    """Clusters, stories and templates are the same, of short texts too, whose scores tie."""
    order = data.draw(st.permutations(range(len(drawn))))

    straight, shuffled = clustered(drawn), clustered([drawn[at] for at in order])

    assert groups(shuffled, order) == groups(straight)
    kept = set(straight.representatives.tolist())
    assert {order[at] for at in shuffled.representatives.tolist()} == kept
    assert sorted(shuffled.matches.probability) == sorted(straight.matches.probability)


# ---- No chains.


def assert_members_match_directly(result: Clustering) -> None:
    """Check that each member is a duplicate of its representative, by its explanation."""
    for cluster in result.clusters:
        for member in cluster.members:
            if member != cluster.representative:
                explanation = result.explain(member, cluster.representative)
                assert explanation.verdict == "duplicate"
                assert explanation.probability >= result.config.min_probability


@given(drawn=items(), least=st.sampled_from([0.2, 0.5, 0.8]))
def test_every_member_is_a_duplicate_of_its_representative(
    drawn: list[dict[str, Any]], least: float
) -> None:
    """The explanation of each member beside its representative says so: there are no chains."""
    assert_members_match_directly(clustered(drawn, min_probability=least))


@given(drawn=items(), least=st.sampled_from([0.2, 0.5, 0.8]))
def test_representatives_do_not_match_one_another(
    drawn: list[dict[str, Any]], least: float
) -> None:
    """A text that matches a representative before it joins one, and becomes none."""
    result = clustered(drawn, min_probability=least)

    kept = set(result.representatives.tolist())
    assert not [match for match in result.matches if kept.issuperset(match.positions)]


@given(drawn=items())
def test_matches_are_the_pairs_above_the_least_probability(drawn: list[dict[str, Any]]) -> None:
    """The judged pairs of a probability below it are no matches, and their number says nothing."""
    low, high = clustered(drawn, min_probability=0.3), clustered(drawn, min_probability=0.7)

    def pairs(result: Clustering) -> dict[tuple[int, int], float]:
        return {match.positions: match.probability for match in result.matches}

    assert all(value >= 0.3 for value in pairs(low).values())
    assert {pair: value for pair, value in pairs(low).items() if value >= 0.7} == pairs(high)


def near_identical(n: int) -> list[str]:
    """Return texts of forty words that differ in one of them."""
    before, after = (" ".join(f"w{i}" for i in part) for part in (range(20), range(20, 40)))
    return [f"{before} x{i} {after}" for i in range(n)]


@pytest.mark.parametrize("n", [13, 50, 300])
def test_large_buckets_make_no_chains_and_linear_work(n: int, *, interpreted: bool) -> None:
    """Texts that all share all buckets are compared so often each, and match whom they join."""
    if interpreted and n > 50:
        pytest.skip("one large bucket is enough")
    result = clustered(near_identical(n))

    bounds = candidates.BOUNDS
    assert_members_match_directly(result)
    a_text = candidates.BANDS * (bounds.first_texts + bounds.previous_texts)
    assert result.n_candidates <= a_text * n
    assert result.bounded.n_large_buckets > 0


# ---- What other items change.


@given(drawn=items(), n=st.integers(1, 5))
def test_unrelated_items_change_nothing_in_a_small_batch(
    drawn: list[dict[str, Any]], n: int
) -> None:
    """
    Where nothing is counted, items that share no three words with others change nothing.

    Up to 198 texts the weights of words do not depend on the batch, so that all
    groups and all probabilities stay as they are, bit for bit.
    """
    before = clustered(drawn)
    added = [{"text": text} for text in strangers_to([item["text"] for item in drawn], n)]

    after = clustered([*drawn, *added])

    assert groups(after) == groups(before)
    assert list(after.matches) == list(before.matches)
    assert after.representatives.tolist() == [
        *before.representatives.tolist(),
        *range(len(drawn), len(drawn) + n),
    ]


def test_an_unrelated_item_changes_only_the_number_of_texts_in_a_large_batch() -> None:
    """
    From 199 texts on an item that shares no three words with others changes weights a little.

    The counts of the other texts' shingles stay exactly as they are. The weight
    of a word is minus the logarithm of its share of the texts, which changes by
    ``ln((n + 2) / (n + 1))`` for one text more, and by what the item adds to the
    counts of its words. The probabilities follow, so that a pair at the very
    threshold may change sides.
    """
    rows = [{"text": row["text"]} for row in made_up_news(n_stories=70, n_forms=5).rows]
    one = segment_of(rows)
    n = len(one)
    assert n >= 199

    other = segment_of([*rows, {"text": strangers_to([row["text"] for row in rows])[0]}])

    stranger = next(at for at, run in enumerate(runs_of(other)) if run not in set(runs_of(one)))
    bounds = slice(*other.evidence.shingle_offsets[stranger : stranger + 2].tolist())
    for name in ("shingles", "spread"):
        rest = np.delete(getattr(other.evidence, name), np.r_[bounds])
        np.testing.assert_array_equal(rest, getattr(one.evidence, name))
    change = other.evidence.totals - one.evidence.totals
    assert change.tolist() == pytest.approx([np.log((n + 2) / (n + 1)), 0.0])


@given(drawn=items(), data=st.data())
def test_an_exact_copy_changes_nothing_in_a_small_batch(
    drawn: list[dict[str, Any]], data: st.DataObject
) -> None:
    """A copy of an item, of its source and time, joins its cluster and changes no other."""
    assume(drawn)
    at = data.draw(st.integers(0, len(drawn) - 1))
    assume(drawn[at]["text"].split())
    before = clustered(drawn)

    after = clustered([*drawn, drawn[at]])

    assert after.labels[:-1].tolist() == before.labels.tolist()
    assert after.labels[-1] == before.labels[at]
    assert after.representatives.tolist() == before.representatives.tolist()
    assert after.n_candidates == before.n_candidates


# ---- The three verdicts by example.


@given(left=st.sampled_from(MADE_UP.rows), right=st.sampled_from(MADE_UP.rows))
def test_a_comparison_is_the_same_either_way_round(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    """Which document comes first changes neither verdict nor probabilities."""
    left, right = ({**row, "id": at} for at, row in enumerate((left, right)))
    one, other = dn.compare(left, right), dn.compare(right, left)

    assert one.probabilities == other.probabilities
    assert one.verdict == other.verdict
    assert sum(one.probabilities.values()) == pytest.approx(1.0)


def test_a_verdict_is_that_of_the_probabilities(result: Clustering) -> None:
    """What the batch groups is what the explanation of each pair says."""
    for template in result.templates:
        verdicts = {result.explain(template.members[0], at).verdict for at in template.members[1:]}
        assert "template" in verdicts
    for match in result.matches:
        probabilities = result.explain(match.left, match.right).probabilities
        assert tuple(probabilities) == classifier.CLASSES
        assert probabilities["duplicate"] == match.probability


LEAD = (
    "The harbour of Osmark stays shut until Thursday after the storm broke two of its cranes, "
    "the port authority said on Monday, and forty ships wait in the strait"
)
ARTICLE = (
    LEAD + ". " + " ".join(f"Paragraph {number} tells of ship {number}." for number in range(60))
)
TEASER = " ".join(LEAD.split()[:20]) + "..."
OTHER = "Voters in Birrin choose a new council next week and the parties met for a last debate"


@pytest.mark.parametrize("feed", [[ARTICLE, TEASER, OTHER], [TEASER, OTHER, ARTICLE]])
def test_a_teaser_and_its_article_are_one_cluster(feed: list[str]) -> None:
    """However little of the article it is, and whichever came first."""
    result = clustered(feed)

    assert partition(result) == {frozenset((feed.index(ARTICLE), feed.index(TEASER)))}
    assert [match.relation for match in result.matches] == [Relation.TRUNCATED]


LANDING = (
    "The harbour board of Ostrand will close the old ferry landing on Friday, since inspectors "
    "have found its wooden piers rotten. Ferries to the islands leave from the coal quay until a "
    "new landing is built, which may take two years. The mayor, Lena Brandt, asked the ministry "
    "of transport for money on Tuesday, and the opposition said that the board had known of the "
    "rot since the spring. Fishermen may still use the northern side of the basin."
)


def test_an_excerpt_from_the_middle_is_contained() -> None:
    """What was taken out of an article, without any mark, is in it."""
    excerpt = " ".join(LANDING.split()[22:52])

    result = clustered([LANDING, excerpt, OTHER])

    assert [match.relation for match in result.matches] == [Relation.CONTAINED]


def test_a_pair_is_explained() -> None:
    """The verdict, and the features that decided, the weightiest first."""
    alike = dn.compare(LEAD, TEASER)
    forms = [MADE_UP.rows[at] for at in sorted(MADE_UP.of("form", 0))[:2]]
    form = dn.compare(*forms)

    assert alike.relation == Relation.TRUNCATED
    assert alike.probability > 0.5 > form.probability
    assert form.relation is Relation.TEMPLATE
    assert max(form.probabilities, key=lambda name: form.probabilities[name]) == "template"
    weights = [abs(reason.contribution) for reason in form.reasons]
    assert 0 < len(weights) <= 8
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize(
    ("left", "right", "probability"), [("", LEAD, 0.0), ("", "", 0.0), (LEAD, LEAD.upper(), 1.0)]
)
def test_a_pair_that_needs_no_classifier_has_no_reasons(
    left: str, right: str, probability: float
) -> None:
    """A text without words matches nothing, and the same words are a duplicate."""
    comparison = dn.compare(left, right)

    assert comparison.probability == probability
    assert comparison.reasons == ()


def test_two_texts_of_other_words_are_different() -> None:
    """Nothing that they share speaks for a duplicate."""
    comparison = dn.compare(LEAD, OTHER)

    assert (comparison.relation, comparison.verdict) == (None, "none")
    assert comparison.probability < 0.1
