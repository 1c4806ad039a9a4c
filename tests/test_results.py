"""Records and views of a clustering."""

from __future__ import annotations

import dataclasses
import datetime as dt
import pickle
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import dedupe_news as dn
from dedupe_news import (
    Bounded,
    Clustering,
    Comparison,
    Difference,
    InputError,
    Pair,
    Reason,
    Relation,
)
from shown_feed import make_feed, make_result

STORM = "a storm shut the northern harbour on monday evening"
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
FEED = {
    "text": [STORM, "sun at last", STORM + " again", "", STORM.upper(), "sun at last"],
    "id": ["a", "b", "c", "d", "e", "f"],
    "published": [NOON, None, NOON - dt.timedelta(days=2), NOON, None, NOON],
}


def similar(feed: object, **options: Any) -> Clustering:
    """Cluster by similarity alone, without signs of life."""
    return dn.cluster(feed, policy="similar", **options)


@pytest.fixture(scope="module")
def result() -> Clustering:
    """Return a clustering that the tests of this module only read."""
    return similar(FEED, progress=False, n_jobs=1)


def test_labels_number_clusters_by_first_appearance(result: Clustering) -> None:
    """One label a document, in input order."""
    assert result.labels.tolist() == [0, 1, 0, 2, 0, 1]
    assert len(result) == 6


def test_one_document_of_each_label_is_kept(result: Clustering) -> None:
    """The earliest; one without a time comes last."""
    assert result.representatives.tolist() == [2, 5, 3]


def test_clusters_are_those_of_two_or_more(result: Clustering) -> None:
    """The largest first, with members in order."""
    first, second = result.clusters

    assert (first.label, first.representative, first.members) == (0, "c", ("a", "c", "e"))
    assert (first.representative_position, first.positions) == (2, (0, 2, 4))
    assert (second.label, second.representative, second.members) == (1, "f", ("b", "f"))
    assert (len(first), len(second)) == (3, 2)


def test_span_is_from_first_to_last_publication(result: Clustering) -> None:
    """None where fewer than two members have a time."""
    assert [cluster.span for cluster in result.clusters] == [dt.timedelta(days=2), None]


def test_span_needs_times() -> None:
    """A feed may have none at all."""
    (cluster,) = similar(["ka lo", "ka lo"], progress=False).clusters

    assert cluster.span is None


def test_cluster_of_a_document(result: Clustering) -> None:
    """Whether it stands alone or not."""
    assert result.cluster_of("e") == 0
    assert result.members(0) == ["a", "c", "e"]
    assert result.members(result.cluster_of("d")) == ["d"]
    with pytest.raises(
        dn.InputTypeError, match=r"^cluster=\[\] is of type 'list'; pass the number"
    ):
        result.members([])  # type: ignore[arg-type]


def test_matches_are_pairs_in_order(result: Clustering) -> None:
    """Each with the lower position first."""
    found = list(result.matches)

    assert [(pair.left, pair.right) for pair in found] == [("a", "c"), ("a", "e"), ("b", "f")]
    assert found[0] == Pair("a", "c", 7 / 8, 1.0, Relation.TRUNCATED, 1.0, (0, 2))
    assert found[1] == Pair("a", "e", 1.0, 1.0, Relation.EXACT, 1.0, (0, 4))
    assert result.matches[-1] == found[-1]
    assert len(result.matches) == 3


def test_matches_cannot_be_indexed_beyond_the_end(result: Clustering) -> None:
    """As a list."""
    with pytest.raises(IndexError, match="out of bounds"):
        _ = result.matches[3]


EXPECTED = {
    "id": ["a", "b", "c", "d", "e", "f"],
    "cluster": [0, 1, 0, 2, 0, 1],
    "kept": [False, False, True, True, False, True],
    "kept_id": ["c", "f", "c", "d", "c", "f"],
    "representative": [False, False, True, True, False, True],
    "cluster_size": [3, 2, 3, 1, 3, 2],
    "relation": ["truncated", "exact", None, None, "truncated", None],
    "jaccard": [7 / 8, 1.0, None, None, 7 / 8, None],
    "containment": [1.0, 1.0, None, None, 1.0, None],
    "probability": [1.0, 1.0, None, None, 1.0, None],
    "story": [None] * 6,
    "template": [None] * 6,
}


def test_result_as_pandas(result: Clustering) -> None:
    """One row a document."""
    frame = result.to_frame()

    assert isinstance(frame, pd.DataFrame)
    assert frame.astype(object).where(frame.notna(), None).to_dict("list") == EXPECTED


def test_result_as_polars(result: Clustering) -> None:
    """The same rows."""
    frame = result.to_frame("polars")

    assert isinstance(frame, pl.DataFrame)
    assert frame.to_dict(as_series=False) == EXPECTED


def test_result_as_arrow(result: Clustering) -> None:
    """The same rows."""
    table = result.to_arrow()

    assert isinstance(table, pa.Table)
    assert table.to_pydict() == EXPECTED


def test_columns_have_types_that_fit(result: Clustering) -> None:
    """Categories, floats and whole numbers that may be missing, in every library."""
    frame = result.to_frame()
    assert str(frame["relation"].dtype) == "category"
    assert frame["relation"].cat.categories.tolist()[:2] == ["exact", "near"]
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert (types["cluster"], types["cluster_size"]) == ("int64", "int64")
    assert (types["story"], types["template"]) == ("Int64", "Int64")
    assert types["representative"] == "bool"
    assert {types[name] for name in ("jaccard", "containment", "probability")} == {"float64"}

    schema = result.to_frame("polars").schema
    assert schema["relation"] == pl.Enum(
        ["exact", "near", "truncated", "contained", "related", "template"]
    )
    assert (schema["jaccard"], schema["story"], schema["template"]) == (
        pl.Float64,
        pl.Int64,
        pl.Int64,
    )

    table = result.to_arrow()
    assert table.schema.field("relation").type == pa.dictionary(pa.int8(), pa.string())
    assert table.schema.field("probability").type == pa.float64()
    assert table.schema.field("story").type == table.schema.field("template").type == pa.int64()
    assert table["jaccard"].null_count == 3


def test_stories_and_templates_are_numbered_as_they_are_listed() -> None:
    """So that a row leads to its story and its template."""
    result = make_result()

    columns = result.to_dict()

    assert columns["template"] == [None] * 8 + [0, 0, 0]
    assert columns["story"] == [0, None, 0, 0, None, None, 0] + [None] * 4
    assert result.templates[0].positions == (8, 9, 10)
    assert result.templates[0].members == ("id-8", "id-9", "id-10")
    assert result.templates[0].representative == "id-8"


def test_a_story_gathers_clusters_and_single_documents() -> None:
    """Duplicates are members too, and it knows which clusters it holds."""
    result = make_result()

    (story,) = result.stories

    labels = result.labels
    assert (story.representative, story.positions) == ("id-0", (0, 2, 3, 6))
    assert story.clusters == tuple(sorted({int(labels[0]), int(labels[6])}))
    assert story.span == dt.timedelta(hours=6)
    assert len(story) == 4
    assert story.result is result


def test_duplicates_alone_are_no_story() -> None:
    """A story holds at least two different labels."""
    result = make_result()
    without_ferry = np.where(np.arange(len(result)) == 6, -1, result.story_of)
    alone = dataclasses.replace(result, story_of=without_ferry)

    assert alone.stories == []
    assert alone.to_dict()["story"] == [None] * len(alone)
    assert ", 0 stories, " in alone.summary()


def test_groups_come_with_the_largest_first() -> None:
    """Ties by first appearance: clusters, stories and templates alike."""
    found = similar(["ka", "lo", "mi", "nu", "lo", "mi", "nu", "nu", "ka"], progress=False)
    alone = similar([f"word{n}" for n in range(9)], progress=False)
    given = np.array([-1, 1, 2, 2, 1, 2, 6, -1, 6])
    grouped = dataclasses.replace(alone, story_of=given, template_of=given)

    assert [cluster.members for cluster in found.clusters] == [(3, 6, 7), (0, 8), (1, 4), (2, 5)]
    expected = [(2, 3, 5), (1, 4), (6, 8)]
    assert [story.members for story in grouped.stories] == expected
    assert [template.members for template in grouped.templates] == expected


def test_a_pair_of_the_batch_is_explained_by_ids(result: Clustering) -> None:
    """As `compare` would explain the two by themselves."""
    found = result.explain("a", "c")

    first = {"text": STORM, "published": NOON}
    second = {"text": f"{STORM} again", "published": NOON - dt.timedelta(days=2)}
    assert found == dn.compare(first, second, policy="similar")
    assert (found.verdict, found.relation) == ("duplicate", Relation.TRUNCATED)
    assert found.why == (
        "Duplicate: one is cut off: all 9 words of the shorter begin the longer; 2 days apart."
    )
    assert result.explain("a", "b").verdict == "none"
    copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - made here
    assert copy.explain("a", "c") == found


def test_without_ids_a_pair_is_explained_by_positions() -> None:
    """Of whatever type whole numbers are."""
    found = similar(FEED["text"], progress=False)

    assert found.explain(np.int64(0), 4).verdict == "duplicate"


def test_a_pair_is_explained_with_titles_times_and_sources() -> None:
    """Nothing that decides is left out."""
    feed = make_feed()
    result = dn.cluster(feed, progress=False, n_jobs=1)
    keys = ("title", "text", "source", "published")
    first, second = ({key: feed[at][key] for key in keys} for at in (0, 2))

    assert result.explain("id-0", "id-2") == dn.compare(first, second)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ((0, 6), r"^6 is not the position of an item\. .*: whole numbers from 0 to 5$"),
        ((-1, 0), r"^-1 is not the position of an item"),
        ((0, "a"), r"^'a' is not the position of an item"),
        ((0, 10**5000), r"^a whole number of 16,610 bits is not the position of an item"),
    ],
)
def test_positions_that_are_none_are_refused(pair: tuple[Any, Any], message: str) -> None:
    """The message says which are."""
    result = similar(FEED["text"], progress=False)

    with pytest.raises(dn.UnknownIdError, match=message):
        result.explain(*pair)


def test_ids_that_are_none_are_refused(result: Clustering) -> None:
    """Positions stand for ids only where there are none; what cannot be an id is none."""
    for unknown in ("g", 0, ["a"]):
        with pytest.raises(dn.UnknownIdError, match=r"no item has the id .*; ids are those of"):
            result.explain("a", unknown)  # type: ignore[arg-type]


def test_an_empty_result_explains_nothing() -> None:
    """There is no position to give."""
    with pytest.raises(dn.UnknownIdError, match=r"^0 is not the position .* positions: none$"):
        dn.cluster([], progress=False).explain(0, 0)


@pytest.mark.parametrize(
    "feed",
    [
        pd.DataFrame({"body": ["ka lo", "mi", "ka lo"]}, index=["p", "q", "p"]),
        pd.Series(
            ["ka lo", "mi", "ka lo"], index=pd.MultiIndex.from_tuples([(0, 1), (0, 2), (1, 1)])
        ),
        pd.Series(["ka lo", "mi", "ka lo"], index=pd.RangeIndex(5, 8)),
    ],
    ids=["DataFrame", "MultiIndex", "RangeIndex"],
)
def test_frames_of_pandas_keep_the_index_of_the_feed(
    feed: pd.DataFrame | pd.Series,
) -> None:
    """So that the two can be put side by side; ids and positions stay what they are."""
    column = "body" if isinstance(feed, pd.DataFrame) else None
    result = dn.cluster(feed, text=column, progress=False)

    frame = result.to_frame()

    assert frame.index.equals(feed.index)
    assert frame["id"].tolist() == [0, 1, 2]
    copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - made here
    assert copy.to_frame().index.equals(feed.index)
    assert result.to_frame("polars")["cluster"].to_list() == [0, 1, 0]


@pytest.mark.parametrize("feed", [["ka", "lo"], pl.Series(["ka", "lo"]), {"text": ["ka", "lo"]}])
def test_other_feeds_have_rows_numbered_from_0(feed: object) -> None:
    """As pandas does by itself."""
    frame = dn.cluster(feed, progress=False).to_frame()

    assert frame.index.equals(pd.RangeIndex(2))


def test_positions_stand_for_ids_in_every_view() -> None:
    """Where the feed has none."""
    result = similar(["ka lo", "mi", "ka lo"], progress=False)

    assert result.to_arrow().to_pydict()["id"] == [0, 1, 2]
    assert result.to_frame()["kept_id"].tolist() == [0, 1, 0]
    assert result.to_frame("polars")["kept_id"].to_list() == [0, 1, 0]


def test_unknown_library_is_refused(result: Clustering) -> None:
    """The message lists the known."""
    with pytest.raises(InputError, match=r"^library='numpy' is not known; allowed are 'pandas'"):
        result.to_frame("numpy")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_missing_library_is_named(
    result: Clustering, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(dn.MissingDependencyError, match=f"pip install {library}"):
        _ = result.to_arrow() if library == "pyarrow" else result.to_frame(library)


def test_summary_counts(result: Clustering) -> None:
    """Items, whom to keep, duplicates, clusters, stories and templates."""
    assert result.summary().startswith(
        "6 items: 3 kept, 3 duplicates in 2 clusters, 0 stories, 0 templates; "
    )
    assert ", 1 story, 1 template; " in make_result().summary()


def test_summary_says_what_was_bounded() -> None:
    """Nothing is passed over in silence."""
    feed = [f"{STORM} {word}" for word in ("ka", "lo", "mi", "nu")]

    assert ": bounded" not in similar(feed, progress=False).summary()
    assert "; bounded: " in similar(feed, bucket_limit=2, progress=False).summary()


def test_repr_shows_the_largest_clusters(result: Clustering) -> None:
    """By their representatives, largest first."""
    first, *rest = repr(result).splitlines()

    assert first == f"<Clustering of {result.summary()}>"
    assert rest == [f"       3 × {STORM} again", "       2 × sun at last"]


def test_repr_is_short_for_long_results() -> None:
    """At most eight clusters, of a hundred characters each."""
    feed = [f"{'word ' * 30} number{i % 9}" for i in range(18)]
    result = similar(feed, threshold=1.0, progress=False)

    *_, shown, last = repr(result).splitlines()

    assert last == "  and 1 more cluster"
    assert shown.endswith("…")
    assert len(shown.partition(" × ")[2]) == 100


def test_stages_are_timed(result: Clustering) -> None:
    """Each of the batch."""
    stages = ["text", "candidates", "verdicts", "assignment"]

    assert list(result.seconds) == stages


def test_results_can_be_pickled(result: Clustering) -> None:
    """To be kept, or sent from a worker."""
    copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - made here

    assert copy.labels.tolist() == result.labels.tolist()
    assert copy.clusters == result.clusters
    assert list(copy.matches) == list(result.matches)


def test_empty_result_has_every_view() -> None:
    """An empty feed is no error."""
    result = dn.cluster([], progress=False)

    assert (len(result), len(result.matches), result.clusters) == (0, 0, [])
    assert result.summary().startswith("0 items: 0 kept, 0 duplicates in 0 clusters")
    assert result.to_frame().shape == (0, 12)
    assert result.to_arrow().num_rows == 0


def test_records_are_frozen(result: Clustering) -> None:
    """What was found cannot be changed by accident."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.clusters[0].label = 5  # type: ignore[misc]


def test_bounded_is_true_where_anything_was() -> None:
    """So that one `if` suffices."""
    assert not Bounded()
    assert Bounded(n_large_buckets=1)


def test_comparison_in_words() -> None:
    """The verdict and the differences."""
    differences = (
        Difference("replace", "old", "new", 0, 0),
        Difference("insert", "", "at last", 3, 4),
    )
    near = Comparison(
        relation=Relation.NEAR,
        jaccard=0.75,
        containment=0.9,
        probability=0.7,
        reasons=(Reason("names_kept_most", 0.5, -1.25),),
        differences=differences,
        left="old",
        right="new at last",
        verdict="duplicate",
        probabilities={"duplicate": 0.7, "related": 0.0, "template": 0.0, "different": 0.3},
        why="Duplicate: other words: old → new.",
    )

    assert str(near).splitlines() == [
        "Duplicate: other words: old → new.",
        "  scores: Jaccard 0.750, containment 0.900",
        "  probability: duplicate 0.700, related 0.000, template 0.000, different 0.300",
        "   -1.25  names kept most 0.50",
        "  replace 'old' -> 'new'",
        "  insert  '' -> 'at last'",
    ]
    assert [(each.left_stop, each.right_stop) for each in differences] == [(3, 3), (3, 11)]
    assert hash(near) == hash(dataclasses.replace(near, probabilities={}))


def test_another_probability_gives_the_clusters_of_a_fresh_run() -> None:
    """Pairs that were judged are grouped anew; labels, stories and matches are those of a run."""
    feed = make_feed()
    more = "More is expected on Tuesday."
    feed += [{**item, "id": f"{item['id']}-2", "text": f"{item['text']} {more}"} for item in feed]
    result = dn.cluster(feed, progress=False, n_jobs=1)

    for least in (0.1, 0.3, 0.5, 0.8, 0.99):
        again = result.at(min_probability=least)
        fresh = dn.cluster(feed, min_probability=least, progress=False, n_jobs=1)
        assert again.config == fresh.config
        assert again.representatives.tolist() == fresh.representatives.tolist()
        assert again.labels.tolist() == fresh.labels.tolist()
        assert again.story_of.tolist() == fresh.story_of.tolist()
        assert [*again.matches] == [*fresh.matches]
        assert again.explain("id-0", "id-2") == fresh.explain("id-0", "id-2")
        assert [*again.at(min_probability=0.5).matches] == [*result.matches]


def test_another_probability_survives_pickling() -> None:
    """What groups the pairs anew goes with the result."""
    result = pickle.loads(pickle.dumps(dn.cluster(make_feed(), progress=False, n_jobs=1)))  # noqa: S301

    assert len(result.at(min_probability=0.99)) == len(result)


def test_a_probability_must_be_one_that_is_known(result: Clustering) -> None:
    """By similarity there is none; below the least that is kept, only a fresh run knows."""
    with pytest.raises(dn.ConfigError, match="with policy='similar' pairs have no probability"):
        result.at(min_probability=0.8)
    news = dn.cluster(make_feed(), progress=False, n_jobs=1)
    with pytest.raises(dn.ConfigError, match=r"=0.05 is below 0.1, .* Cluster again"):
        news.at(min_probability=0.05)
    with pytest.raises(dn.ConfigError, match="min_probability=2"):
        news.at(min_probability=2)


def test_parts_have_items_and_texts(result: Clustering) -> None:
    """A part is its ids, can be counted and asked, and says what its members say."""
    cluster = result.clusters[0]

    assert [*cluster] == ["a", "c", "e"]
    assert ("c" in cluster, "b" in cluster) == (True, False)
    assert cluster.texts == [STORM, f"{STORM} again", STORM.upper()]
    alone = pickle.loads(pickle.dumps(cluster))  # noqa: S301 - made here
    with pytest.raises(InputError, match="this cluster was taken out of its result, which holds"):
        _ = alone.texts


def test_kept_and_removed_are_the_feed(result: Clustering) -> None:
    """Each item is in one of the two; a removed one says for whom, and why."""
    kept, removed = result.kept, result.removed

    assert (kept.ids, removed.ids) == (["c", "d", "f"], ["a", "b", "e"])
    assert [row.n_duplicates for row in kept] == [2, 0, 1]
    row = removed[0]
    assert (row.item, row.position, row.text) == ("a", 0, STORM)
    assert (row.duplicate_of, row.duplicate_of_position) == ("c", 2)
    assert (row.relation, row.score, row.probability) == (Relation.TRUNCATED, 7 / 8, 1.0)
    assert row.why == result.explain("c", "a").why
    assert removed[-1].item == "e"
    assert [row.item for row in removed[1:]] == ["b", "e"]
    with pytest.raises(IndexError):
        _ = removed[3]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_kept_and_removed_are_tables(result: Clustering, library: str) -> None:
    """With the fields of a row as columns."""
    frame = result.removed.to_frame(library)

    assert [*frame["duplicate_of"]] == ["c", "f", "c"]
    assert [*frame["relation"]] == ["truncated", "exact", "truncated"]
    assert [*result.kept.to_frame(library)["item"]] == ["c", "d", "f"]


def test_tables_have_the_index_of_the_feed() -> None:
    """So that they can be joined with it."""
    feed = pd.DataFrame({"text": ["ka lo mi", "so fa", "ka lo mi"]}, index=["x", "y", "z"])
    found = dn.cluster(feed, progress=False)

    assert found.removed.to_frame().index.tolist() == ["z"]
    assert found.kept.to_frame().index.tolist() == ["x", "y"]


def test_tables_are_shown_as_text(result: Clustering) -> None:
    """The first rows, and how many more there are."""
    assert str(result.removed).splitlines()[:2] == [
        "3 items removed",
        f"  a (duplicate of c)  {STORM}",
    ]
    many = dn.cluster(["ka lo mi"] * 30, progress=False)
    assert repr(many.removed).endswith("\n  and 9 more items; .to_frame() has all")


def test_another_item_can_be_kept(result: Clustering) -> None:
    """The clusters stay; the representative is removed in its place and says for whom."""
    latest = result.keeping("latest")

    assert latest.kept.ids == ["a", "d", "f"]
    assert latest.representatives.tolist() == result.representatives.tolist()
    assert [(row.item, row.duplicate_of) for row in latest.removed] == [
        ("b", "f"),
        ("c", "a"),
        ("e", "a"),
    ]
    assert latest.removed[1].why == result.explain("a", "c").why
    rows = latest.to_dict()
    assert rows["kept"].tolist() == [True, False, False, True, False, True]
    assert rows["representative"].tolist() == [False, False, True, True, False, True]
    assert "kept" in str(latest.clusters[0])


def test_the_trade_off_is_a_table() -> None:
    """More probability removes less, and expects more of what it removes."""
    curve = dn.cluster(make_feed(), progress=False, n_jobs=1).trade_off()

    assert curve["min_probability"][0] == 0.1
    assert curve["min_probability"][-1] == 0.99
    assert curve["n_removed"] == sorted(curve["n_removed"], reverse=True)
    for least, n_removed, precision in zip(
        curve["min_probability"], curve["n_removed"], curve["precision"], strict=True
    ):
        assert (precision is None) == (n_removed == 0)
        assert precision is None or precision >= least
    assert dn.cluster([], progress=False).trade_off()["n_clusters"] == [0] * 19


def test_positions_are_those_of_the_feed_as_it_was_given() -> None:
    """Also where items were left out before: in every record, and of the right items."""
    noon = "2026-03-02T12:00Z"
    feed = [
        {"text": "no time at all", "published": "soon"},
        {"text": STORM, "published": noon},
        {"text": "nor here", "published": "late"},
        {"text": "sun at last", "published": noon},
        {"text": STORM.upper(), "published": "2026-03-02T13:00Z"},
    ]
    found = similar(feed, published="published", on_invalid="drop", progress=False)

    (cluster,), (pair,), (row,) = found.clusters, found.matches, found.removed
    assert found.kept.positions.tolist() == [row.position for row in found.kept] == [1, 3]
    assert found.keeping("latest").kept.positions.tolist() == [3, 4]
    assert (row.item, row.position, row.duplicate_of_position) == (4, 4, 1)
    assert (cluster.positions, cluster.representative_position) == ((1, 4), 1)
    assert cluster.texts == [STORM, STORM.upper()]
    assert pair.positions == (1, 4)
    assert (found.position_of(4), found.cluster_of(4), found.members(0)) == (4, 0, [1, 4])
    assert STORM in str(cluster)
    assert STORM.upper() in found.matches._repr_html_()
    assert len({found.explain(1, at).verdict for at in (3, 4)}) == 2


def test_matches_are_a_table(result: Clustering) -> None:
    """One row a pair."""
    frame = result.matches.to_frame("polars")

    assert frame["left"].to_list() == ["a", "a", "b"]
    assert frame["relation"].to_list() == ["truncated", "exact", "exact"]
    assert result.matches[:2].to_dict()["positions"] == [(0, 2), (0, 4)]
    assert result.removed.to_arrow().to_pydict()["relation"] == ["truncated", "exact", "truncated"]
