"""The policy "news" as a whole: the same item again, or the same form again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news import Relation
from made_up_news import made_up_news
from strategies import feeds

if TYPE_CHECKING:
    from dedupe_news import Clustering

MADE_UP = made_up_news()
N_STORIES, N_FORMS = 8, 3


def clustered(feed: object, **settings: Any) -> Clustering:
    """Cluster with the default policy, on one thread unless told."""
    return dn.cluster(feed, **{"progress": False, "n_jobs": 1} | settings)


def partition(result: Clustering) -> set[frozenset[int]]:
    """Return the clusters as sets of positions."""
    return {frozenset(each.members) for each in result.clusters}


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
    found = {frozenset(each.members) for each in result.templates}

    assert found == {frozenset(MADE_UP.of("form", number)) for number in range(N_FORMS)}
    assert all("…" in each.pattern for each in result.templates)


def test_relations_say_what_was_done_to_a_copy(result: Clustering) -> None:
    """The first copy was cut off, the second edited."""
    ids = result.columns.ids or ()
    found = {(ids[match.left], ids[match.right]): match.relation for match in result.matches}

    assert found["story-0-0", "story-0-1"] == Relation.TRUNCATED
    assert found["story-0-0", "story-0-2"] == Relation.NEAR


def test_threads_and_order_do_not_change_the_partition(result: Clustering) -> None:
    """Texts are numbered by time and content, never by position."""
    order = np.random.default_rng(3).permutation(len(MADE_UP.rows)).tolist()

    threaded = clustered(MADE_UP.rows, n_jobs=3)
    shuffled = clustered([MADE_UP.rows[at] for at in order])

    assert (threaded.labels == result.labels).all()
    assert {frozenset(order[at] for at in each) for each in partition(shuffled)} == partition(
        result
    )


@given(feed=feeds(), data=st.data())
def test_any_order_gives_the_same_partition(feed: list[str], data: st.DataObject) -> None:
    """Of few and short texts too, whose scores tie."""
    order = data.draw(st.permutations(range(len(feed))))

    shuffled = clustered([feed[at] for at in order])

    # Copies of the same bytes are interchangeable.
    texts = {frozenset(feed[at] for at in each) for each in partition(clustered(feed))}
    assert {frozenset(feed[order[at]] for at in each) for each in partition(shuffled)} == texts


@given(feed=feeds())
def test_every_member_matches_its_representative(feed: list[str]) -> None:
    """No chain: each is the same words, or a verified pair with the representative's words."""
    result = clustered(feed)

    matched = {frozenset((match.left, match.right)) for match in result.matches}
    words = [" ".join(text.split()) for text in feed]
    preferred = {word: at for at, word in reversed(list(enumerate(words)))}
    for cluster in result.clusters:
        kept = cluster.representative
        for member in cluster.members:
            ends = frozenset(preferred[words[at]] for at in (kept, member))
            assert words[member] == words[kept] or any(
                {words[at] for at in pair} == {words[at] for at in ends} for pair in matched
            )


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


def test_an_excerpt_from_the_middle_is_contained() -> None:
    """What was taken out of an article, without any mark, is in it."""
    excerpt = (
        "Paragraph 7 tells of ship 7. Paragraph 8 tells of ship 8. Paragraph 9 tells of ship 9."
    )

    result = clustered([ARTICLE, excerpt, OTHER])

    assert [match.relation for match in result.matches] == [Relation.CONTAINED]


def test_a_pair_is_explained() -> None:
    """The verdict, and the features that decided, the weightiest first."""
    alike = dn.compare(LEAD, TEASER)
    forms = [MADE_UP.rows[at] for at in sorted(MADE_UP.of("form", 0))[:2]]
    form = dn.compare(*forms)

    assert alike.relation == Relation.TRUNCATED
    assert alike.probability > 0.5 > form.probability
    assert form.relation is None
    weights = [abs(reason.contribution) for reason in form.reasons]
    assert 0 < len(weights) <= 8
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize(
    ("left", "right", "probability"),
    [("", LEAD, 0.0), (LEAD, LEAD.upper(), 1.0), (LEAD, OTHER, 0.0)],
)
def test_a_pair_that_needs_no_judge_has_no_reasons(
    left: str, right: str, probability: float
) -> None:
    """No words, the same words, or too few in common."""
    found = dn.compare(left, right)

    assert found.probability == probability
    assert found.reasons == ()
