"""Plain cases: stories that many outlets print, copies in an index, and what changes nothing."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

import dedupe_news as dn
from fillings import FORMS, fillings
from printings import bare, printings, reposted, shuffled, strangers, undated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dedupe_news import Clustering, Match
    from printings import Headlines, Item, Length

POLICIES = ("news", "similar")
# Printings of equal headline and full length, whose edits are small, are more alike than this.
SIMILAR = {"policy": "similar", "threshold": 0.5}
COPIES = (2, 15, 16, 17, 100, 1_000, 20_000)


def as_they_are(items: Iterable[Item]) -> list[Item]:
    """Return items with their sources and times."""
    return list(items)


SHAPES: dict[str, Callable[[Iterable[Item]], list[Any]]] = {
    "dated": as_they_are,
    "undated": undated,
    "bare": bare,
}
"""What is given of an item."""


def clustered(feed: object, **settings: Any) -> Clustering:
    """Cluster a feed without a bar."""
    return dn.cluster(feed, progress=False, **settings)


def settings_of(policy: str) -> dict[str, Any]:
    """Return the settings of a policy."""
    return SIMILAR if policy == "similar" else {}


def partition(result: Clustering, order: Sequence[int] | None = None) -> set[frozenset[int]]:
    """Return the clusters as sets of positions, counted before the feed was put in `order`."""
    found = [cluster.positions for cluster in result.clusters]
    return {frozenset(at if order is None else order[at] for at in each) for each in found}


def identified(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Return items whose ids are their positions, as an index needs them."""
    return [{"id": at, **item} for at, item in enumerate(items)]


def query(index: dn.NewsIndex, item: Item, limit: int | None) -> list[Match]:
    """Return what matches an item in an index."""
    return index.query(
        item["text"],
        title=item["title"],
        source=item["source"],
        published=item["published"],
        limit=limit,
    )


@functools.lru_cache(maxsize=1)
def feed_of_500() -> tuple[Item, ...]:
    """Return stories and their printings, forms, exact copies and single items, by time."""
    items = strangers(250)
    for number, n in enumerate((2, 2, 3, 3, 5, 5, 10, 10, 20, 50)):
        headlines: Headlines = "own" if number % 2 else "same"
        items += printings(n, headlines=headlines, seed=100 + number)
    for form in FORMS:
        items += fillings(form, 18)
    items += [reposted(items[7 * at], 1 + at % 5, f"Echo {at}") for at in range(50)]
    assert len(items) == 500
    return tuple(sorted(items, key=lambda item: item["published"]))


def assert_is_one_story(
    n: int,
    n_others: int,
    make: Callable[[Iterable[Item]], list[Any]] = as_they_are,
    headlines: Headlines = "own",
    length: Length = "mixed",
    **settings: Any,
) -> None:
    """Check that all printings are one cluster, with nobody else in it and of no template."""
    feed, order = shuffled(
        make([*printings(n, headlines=headlines, length=length), *strangers(n_others)]), 5
    )
    story = {at for at, origin in enumerate(order) if origin < n}
    assert len({str(feed[at]) for at in story}) == n

    result = clustered(feed, **settings)

    touched = {int(result.labels[at]) for at in story}
    assert len(touched) == 1, f"{n} printings lie in {len(touched)} clusters"
    assert set(result.members(result.cluster_of(min(story)))) == story
    assert not [each for each in result.templates if story.intersection(each.members)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("length", ["full", "cut off", "mixed"])
@pytest.mark.parametrize("headlines", ["own", "same"])
@pytest.mark.parametrize(("n", "n_others"), [(10, 0), (10, 190), (100, 100)])
def test_printings_of_a_story_are_one_cluster(
    request: pytest.FixtureRequest,
    n: int,
    n_others: int,
    headlines: Headlines,
    length: Length,
    shape: str,
) -> None:
    """However its outlets head, cut and edit a story, all its printings are one cluster."""
    if n >= 100:
        request.getfixturevalue("compiled")
    assert_is_one_story(n, n_others, SHAPES[shape], headlines, length)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("headlines", ["own", "same"])
@pytest.mark.parametrize(("n", "n_others"), [(10, 9_990), (100, 9_900), (1_000, 0), (1_000, 9_000)])
def test_printings_of_a_big_story_are_one_cluster(
    n: int, n_others: int, headlines: Headlines, shape: str
) -> None:
    """A story that many print stays one cluster in a feed of thousands of other items."""
    assert_is_one_story(n, n_others, SHAPES[shape], headlines)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("shape", ["dated", "bare"])
@pytest.mark.parametrize("n", [10, 10_000])
def test_printings_are_one_cluster_among_a_hundred_thousand_items(n: int, shape: str) -> None:
    """In a batch of 100,000 items a story that ten or 10,000 outlets print is one cluster."""
    assert_is_one_story(n, 100_000 - n, SHAPES[shape])


@pytest.mark.usefixtures("compiled")
def test_nothing_but_ten_thousand_printings_is_one_cluster() -> None:
    """A batch of 10,000 printings of one story and nothing else is one cluster."""
    assert_is_one_story(10_000, 0)


def shingles(item: Item) -> set[tuple[str, ...]]:
    """Return the runs of three words in an item without its dateline."""
    text = item["text"].rpartition("(Norwire) - ")[2]
    words = f"{item['title']} {text}".lower().split()
    return set(zip(words, words[1:], words[2:], strict=False))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n", "n_others"), [(10, 0), (10, 190), (100, 100)])
def test_similar_printings_of_a_story_are_one_cluster(n: int, n_others: int, shape: str) -> None:
    """By similarity too, printings that are all alike enough are one cluster."""
    sets = [shingles(each) for each in printings(n, headlines="same", length="full")]
    assert all(len(a & b) >= 0.5 * len(a | b) for a in sets for b in sets)

    assert_is_one_story(n, n_others, SHAPES[shape], "same", "full", **SIMILAR)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(("n", "n_others"), [(1_000, 9_000), (10_000, 0), (10_000, 90_000)])
def test_similar_printings_of_a_big_story_are_one_cluster(n: int, n_others: int) -> None:
    """By similarity too, a story that thousands print stays one cluster."""
    assert_is_one_story(n, n_others, as_they_are, "same", "full", **SIMILAR)


def index_of_copies(n: int, policy: str) -> tuple[dn.NewsIndex, Item]:
    """Return an index of other items and `n` exact copies of one, and that item."""
    original = printings(1)[0]
    copies = [reposted(original, at / 60, f"Echo {at}") for at in range(n)]
    index = dn.NewsIndex(**settings_of(policy))
    index.add_many(identified([*copies, *strangers(100)]))
    return index, original


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("n", COPIES)
def test_a_query_returns_as_many_copies_as_are_asked_for(
    request: pytest.FixtureRequest, n: int, policy: str
) -> None:
    """Of any number of exact copies a query returns as many as its limit, or all without one."""
    if n >= 100:
        request.getfixturevalue("compiled")
    index, original = index_of_copies(n, policy)

    for limit in (1, 10, 20_000, None):
        found = query(index, original, limit)

        ids = {match.id for match in found}
        assert len(found) == len(ids) == min(n, limit or n)
        assert ids <= set(range(n))
        assert {match.relation for match in found} == {dn.Relation.EXACT}
    assert len({index.cluster_of(at) for at in range(n)}) == 1


@pytest.mark.parametrize(
    ("n", "headlines", "order"),
    [
        (n, headlines, order)
        for n in COPIES
        for headlines in ("own", "same")
        for order in ("by time", "shuffled")
        if n <= 1_000
    ],
)
def test_every_printing_in_an_index_finds_others(
    request: pytest.FixtureRequest, n: int, headlines: Headlines, order: str
) -> None:
    """Cut-off and re-headlined copies match the others in an index and are one cluster there."""
    if n >= 100:
        request.getfixturevalue("compiled")
    made = printings(n + 50, headlines=headlines)
    if order == "by time":
        made.sort(key=lambda item: item["published"])
    added, asked = made[:n], made[n:]
    index = dn.NewsIndex()
    index.add_many(identified(strangers(100)))

    flagged = index.add_many([{**item, "id": f"printing {at}"} for at, item in enumerate(added)])

    assert [at for at, matches in enumerate(flagged) if not matches] == [0]
    assert all(query(index, item, 1) for item in asked)
    assert len({index.cluster_of(f"printing {at}") for at in range(n)}) == 1


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("compiled")
def test_an_unrelated_item_changes_no_cluster(shape: str, policy: str) -> None:
    """An item that has nothing to do with the others leaves their clusters as they are."""
    make, settings = SHAPES[shape], settings_of(policy)
    before = partition(clustered(make(feed_of_500()), **settings))

    for stranger in strangers(260)[250:]:
        after = partition(clustered(make([*feed_of_500(), stranger]), **settings))

        assert after == before


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("compiled")
def test_an_exact_copy_joins_the_cluster_of_its_original(shape: str, policy: str) -> None:
    """An exact copy that is added joins its original and changes nothing else."""
    make, settings, feed = SHAPES[shape], settings_of(policy), feed_of_500()
    before = clustered(make(feed), **settings)

    for at in range(0, 500, 41):
        copy = reposted(feed[at], 2, "Another Echo")
        after = clustered(make([*feed, copy]), **settings)

        assert set(after.members(after.cluster_of(500))) == {
            *before.members(before.cluster_of(at)),
            500,
        }
        others = {frozenset(each - {500}) for each in partition(after)}
        assert {each for each in others if len(each) > 1} == partition(before)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("compiled")
def test_order_changes_nothing_but_positions(shape: str, policy: str) -> None:
    """A feed in another order has the same clusters, representatives and templates."""
    make, settings = SHAPES[shape], settings_of(policy)
    feed = make(feed_of_500())
    result = clustered(feed, **settings)

    for seed in range(3):
        mixed, order = shuffled(feed, seed)
        again = clustered(mixed, **settings)

        assert partition(again, order) == partition(result)
        kept = {str(feed[at]) for at in result.representatives}
        assert {str(mixed[at]) for at in again.representatives} == kept
        assert {frozenset(order[at] for at in each.positions) for each in again.templates} == {
            frozenset(each.positions) for each in result.templates
        }


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("prefer", ["earliest", "latest", "longest"])
@pytest.mark.usefixtures("compiled")
def test_of_exact_copies_the_preferred_one_is_kept(prefer: str, policy: str) -> None:
    """No exact copy of a representative would be preferred to it."""
    feed = feed_of_500()
    result = clustered(feed, prefer=prefer, **settings_of(policy))

    n_copied = 0
    for cluster in result.clusters:
        kept = feed[cluster.representative_position]
        copies = [
            feed[at]
            for at in cluster.positions
            if (feed[at]["title"], feed[at]["text"]) == (kept["title"], kept["text"])
        ]
        n_copied += len(copies) > 1
        times = [copy["published"] for copy in copies]
        assert kept["published"] == (max(times) if prefer == "latest" else min(times))
    assert n_copied >= 20


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.usefixtures("compiled")
def test_an_index_filled_one_by_one_clusters_as_the_batch(policy: str) -> None:
    """After adding a feed in order of time, the index clusters as the batch does."""
    feed, settings = feed_of_500(), settings_of(policy)
    index = dn.NewsIndex(**settings)
    for at, item in enumerate(feed):
        index.add(at, **item)
    result, batch = index.cluster(progress=False), clustered(feed, **settings)

    assert partition(result) == partition(batch)
    assert set(result.representatives.tolist()) == set(batch.representatives.tolist())
    assert {each.members for each in result.templates} == {each.members for each in batch.templates}
