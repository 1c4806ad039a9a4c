"""The made-up feed: reproducible, and what it says it is."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest

from benchmarks import corpora
from benchmarks.corpora import Kind

SEED = 20261123
N = 6_000


@pytest.fixture(scope="module")
def feed() -> corpora.Feed:
    """Return a feed that the tests of this module only read."""
    return corpora.made_up_feed(N, SEED)


def test_feed_is_the_same_on_every_machine(feed: corpora.Feed) -> None:
    """The digest was written down once; whatever changes it changes every benchmark."""
    digest = hashlib.sha256()
    for item in feed:
        digest.update(repr(sorted(item.items())).encode())
    for truth in (feed.story, feed.template, feed.kind):
        digest.update(truth.astype("<i8").tobytes())

    assert digest.hexdigest() == "a02b19200fee1fb550092af28d445552fa2023251ae954c36d048ca903fb1667"


def test_seeds_give_different_feeds(feed: corpora.Feed) -> None:
    """Nearly no text of one seed occurs under another."""
    other = corpora.made_up_feed(N, SEED + 1)

    assert len(set(feed.description) & set(other.description)) < N // 1_000


def test_feed_is_a_prefix_of_a_longer_one(feed: corpora.Feed) -> None:
    """Items depend on the seed and their place alone, over the bounds of chunks."""
    longer = corpora.made_up_feed(corpora.CHUNK + 10, SEED)

    assert longer.texts()[:N] == feed.texts()
    np.testing.assert_array_equal(longer.story[:N], feed.story)


def test_chunks_make_up_the_feed() -> None:
    """Made at once or chunk by chunk, the feed is the same."""
    n = 2 * corpora.CHUNK + 5
    whole = corpora.made_up_feed(n, SEED)

    chunks = list(corpora.feed_chunks(n, SEED))

    assert [len(chunk) for chunk in chunks] == [corpora.CHUNK, corpora.CHUNK, 5]
    assert list(itertools.chain.from_iterable(chunk.texts() for chunk in chunks)) == whole.texts()
    assert len(np.unique(whole.story)) == np.sum(whole.kind < Kind.VERBATIM)


@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_feed_has_the_length_asked_for(n: int) -> None:
    """Every column is as long as the feed."""
    feed = corpora.made_up_feed(n, SEED)

    assert len(feed) == n
    assert len(list(feed)) == n
    columns = (feed.title, feed.description, feed.source, feed.published, feed.story, feed.kind)
    assert {len(column) for column in columns} == {n}


@pytest.mark.parametrize(("n", "seed"), [(-1, 1), (1, -1)])
def test_negative_arguments_are_refused(n: int, seed: int) -> None:
    """The message names both."""
    with pytest.raises(ValueError, match=f"n={n} and seed={seed} must not be negative"):
        corpora.made_up_feed(n, seed)


def test_feed_is_sorted_by_time(feed: corpora.Feed) -> None:
    """Times increase strictly, a minute apart on average."""
    gaps = np.diff(feed.published)

    assert gaps.min() > 0
    assert abs(gaps.mean() / corpora.INTERVAL - 1) < 1 / N


def test_shape_is_that_of_a_real_feed(feed: corpora.Feed) -> None:
    """Length, shares of templates and copies, and of alphabets are as stated."""
    lengths = [len(text) for text in feed.texts()]
    # Five standard deviations of a share of N items.
    tolerance = 5 * np.sqrt(0.2 * 0.8 / N)

    assert 200 < np.mean(lengths) < 260
    assert abs(np.mean(feed.kind == Kind.TEMPLATE) - 0.20) < tolerance
    assert abs(np.mean(feed.kind >= Kind.VERBATIM) - 0.12) < tolerance
    assert abs(np.mean([text.isascii() for text in feed.title]) - 0.78) < 2 * tolerance


def test_no_text_is_empty_or_ragged(feed: corpora.Feed) -> None:
    """Words stand one space apart, in one line."""
    for text in (*feed.title, *feed.description):
        assert text == " ".join(text.split())
        assert text


def test_truth_agrees_with_the_texts(feed: corpora.Feed) -> None:
    """A copy has the story of an earlier original, whose text it keeps as its kind says."""
    starts = {int(story): place for place, story in reversed(list(enumerate(feed.story)))}

    for place in np.flatnonzero(feed.kind >= Kind.VERBATIM).tolist():
        original = starts[int(feed.story[place])]
        assert original < place
        assert feed.kind[original] == Kind.ORIGINAL
        kind = Kind(int(feed.kind[place]))
        same_title = feed.title[place] == feed.title[original]
        same_description = feed.description[place] == feed.description[original]
        assert same_title == (kind not in {Kind.CREDITED, Kind.RETITLED})
        assert same_description == (kind in {Kind.VERBATIM, Kind.RETITLED})
        if kind == Kind.CREDITED:
            assert feed.description[place].endswith(") - " + feed.description[original])


def test_templates_recur_with_other_content(feed: corpora.Feed) -> None:
    """Items of one template are stories of their own and differ."""
    places = np.flatnonzero(feed.template != corpora.NO_TEMPLATE)

    np.testing.assert_array_equal(places, np.flatnonzero(feed.kind == Kind.TEMPLATE))
    assert len(np.unique(feed.story[places])) == len(places)
    assert len({feed.texts()[place] for place in places.tolist()}) > 0.95 * len(places)
    assert np.bincount(feed.template[places]).max() > 10


def test_slice_of_a_feed_is_a_feed(feed: corpora.Feed) -> None:
    """Columns are cut alike."""
    part = feed[10:20]

    assert part.texts() == feed.texts()[10:20]
    assert part[-1]["title"] == feed[19]["title"]
    with pytest.raises(IndexError):
        part[10]
