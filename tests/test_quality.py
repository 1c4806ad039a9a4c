"""The suite ``quality``: its scores are right, and it runs on a made-up feed."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import classical, labelled, logistic, quality, reuters, revisions, slices, teasers
from benchmarks.__main__ import main
from benchmarks.labelled import LabelledPairs
from benchmarks.report import Report, read_targets
from dedupe_news.config import Config
from labelled_feed import WORDS, made_up

if TYPE_CHECKING:
    from pathlib import Path

pa: Any = pytest.importorskip("pyarrow")

SCORER = '''
"""A scorer as may come with labels."""
def read_clusters(path):
    return dict(line.split("\\t") for line in path.read_text(encoding="utf-8").splitlines())
def score(clusters, pairs):
    rates = {"precision": %s, "recall": 1.0, "f1": 1.0}
    return {"sample": rates, "feed": rates, "ids_missing": 0}
'''


def three_pairs() -> LabelledPairs:
    """Return a duplicate found, one missed, and a series."""
    return LabelledPairs(
        first=["a", "c", "a"],
        second=["b", "d", "e"],
        is_duplicate=np.array([True, True, False]),
        weights=np.array([3.0, 1.0, 5.0]),
        languages=["en", "fr", "en"],
        digest="",
    )


def test_scores_count_pairs_of_one_cluster() -> None:
    """Once for the sample, by weight for the feed, and by language."""
    labels = {"a": 0, "b": 0, "c": 1, "e": 2}

    scores = labelled.score(labels, three_pairs(), [("a", "b", 0.5), ("c", "d", 0.1)])

    figures = scores.figures()
    assert (figures["sample.precision"], figures["sample.recall"]) == (1.0, 0.5)
    assert (figures["feed.recall"], figures["sample.fr.recall"]) == (0.75, 0.0)
    assert figures["syndicated.least_0.2"] == 1.0
    assert figures["syndicated.below_0.2"] == 0.0
    assert figures["syndicated.all"] == 0.5


def test_documents_in_no_cluster_are_together_with_none() -> None:
    """Two ids that are missing are no pair."""
    assert labelled.score({}, three_pairs()).sample.recall == 0.0


def test_labels_that_are_not_scored_are_left_out(tmp_path: Path) -> None:
    """Only duplicates, series and different pairs are read."""
    pairs = labelled.read_pairs(made_up(tmp_path)[1])

    assert len(pairs) == 100
    assert int(pairs.is_duplicate.sum()) == 60
    assert set(pairs.weights.tolist()) == {2.0}


def test_syndicated_pairs_are_read_where_they_are(tmp_path: Path) -> None:
    """The file beside the pairs has a heading; without it there are none."""
    path = tmp_path / "pairs.jsonl"

    assert labelled.read_syndicated(path) == []
    (tmp_path / labelled.SYNDICATED).write_text("id1\tid2\tj\na\tb\t0.25\n", encoding="utf-8")
    assert labelled.read_syndicated(path) == [("a", "b", 0.25)]


@pytest.mark.parametrize(("precision", "n_failures"), [(1.0, 0), (0.5, 2)])
def test_a_scorer_beside_the_labels_is_held_against_ours(
    tmp_path: Path, precision: float, n_failures: int
) -> None:
    """Figures that differ are failures, and no scorer is no failure."""
    clusters, pairs = tmp_path / "clusters.tsv", tmp_path / "data" / "pairs.jsonl"
    labels = {"a": 0, "b": 0, "c": 1, "d": 1, "e": 2}
    labelled.write_clusters(clusters, labels)
    scores = labelled.score(labels, three_pairs())

    assert labelled.scorer_failures(scores, clusters, pairs) is None
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval" / "score.py").write_text(SCORER % precision, encoding="utf-8")

    failures = labelled.scorer_failures(scores, clusters, pairs)

    assert failures is not None
    assert len(failures) == n_failures
    assert clusters.read_text(encoding="utf-8").splitlines()[0] == "a\t0"


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=12))
def test_components_join_whatever_is_linked(pairs: list[tuple[int, int]]) -> None:
    """Chains and all, named after their smallest member."""
    left, right = np.array([*pairs, (0, 0)], np.int64).T

    labels = classical.components(12, left, right).tolist()

    groups = [{document} for document in range(12)]
    for a, b in pairs:
        joined = next(group for group in groups if a in group) | next(
            group for group in groups if b in group
        )
        groups = [group for group in groups if not group & joined] + [joined]
    assert labels == [min(next(g for g in groups if at in g)) for at in range(12)]


def test_datasketch_chains_what_it_proposes() -> None:
    """Copies are together, verified or not, and strangers apart."""
    pytest.importorskip("datasketch")
    text = "rain floods the old town again tonight and the river keeps rising fast"
    texts = [text, "nothing at all like any of the others here", text, "", text + " still"]

    found = list(classical.datasketch_partitions(texts, (0.5,), 60.0))

    assert [each.name for each in found] == ["datasketch, as proposed", "datasketch, verified"]
    assert all(each.labels.tolist() == [0, 1, 0, 3, 0] for each in found)
    with pytest.raises(classical.OutOfTimeError, match="took longer than it was given"):
        list(classical.datasketch_partitions(texts, (0.5,), -1.0))


def test_floors_only_rise(tmp_path: Path) -> None:
    """A higher score is recorded, a lower one is told."""
    path = tmp_path / "floors.json"
    path.write_text('{"format": 1, "targets": []}', encoding="utf-8")
    high = Report("quality", "", {}, figures={"full.sample.f1": 0.96789, "other": 1.0})
    low = Report("quality", "", {}, figures={"full.sample.f1": 0.95})

    quality.raise_floors(high, path)
    quality.raise_floors(low, path)

    assert [(floor.figure, floor.least) for floor in read_targets("quality", path)] == [
        ("full.sample.f1", 0.967)
    ]
    assert quality.below_floors(high, path) == []
    assert quality.below_floors(low, path) == ["full.sample.f1 is 0.9500, below its floor of 0.967"]


def test_recorded_floors_are_of_scores() -> None:
    """Every floor is a share of something."""
    recorded = json.loads(quality.FLOORS.read_text(encoding="utf-8"))["targets"]

    assert all(0 < floor["least"] <= 1 for floor in recorded)


@pytest.mark.parametrize("is_checked", [False, True])
def test_a_score_below_its_floor_fails_a_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, is_checked: bool
) -> None:
    """Without a check it is a word."""
    floors = tmp_path / "floors.json"
    floor = {"report": "r", "figure": "f", "least": 0.9}
    floors.write_text(json.dumps({"format": 1, "targets": [floor]}), encoding="utf-8")
    monkeypatch.setattr(quality, "FLOORS", floors)
    monkeypatch.setitem(
        quality.__dict__["_MEASURE"], "teasers", lambda _: Report("r", "", {}, figures={"f": 0.8})
    )
    options = argparse.Namespace(part="teasers", raise_floors=False, check=is_checked)

    (report,) = quality.run(options)

    assert bool(report.failures) == is_checked
    assert bool(report.words) != is_checked


def test_the_suite_runs_on_labelled_data_by_path(tmp_path: Path) -> None:
    """All ways of clustering are scored, and clusters stay in a folder that git ignores."""
    feed, pairs = made_up(tmp_path)
    out = tmp_path / "out"
    arguments = ["--feed", str(feed), "--pairs", str(pairs), "--jobs", "1", "--output", str(out)]

    assert main(["quality", "--quick", *arguments]) == 0

    content: dict[str, Any] = json.loads((out / "quality-given.json").read_text(encoding="utf-8"))
    assert [row["who"] for row in content["rows"]] == [
        "full",
        "bare",
        "cold",
        "cold_bare",
        "similar at 0.4",
        "similar at 0.6",
    ]
    assert content["figures"]["full.sample.recall"] > 0.5
    assert "quality-given" not in {target["figure"] for target in content["targets"]}
    lines = (out / "local" / "quality-given-full.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 168
    assert (out / "local" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_recall_of_revisions_is_told_by_how_much_changed() -> None:
    """A small edit is found, and every version is in one class."""
    words = WORDS[:40]
    versions = pa.table(
        {
            "id": ["a.0", "a.1", "b.0", "a.2"],
            "article": ["a", "a", "b", "a"],
            "title": ["Rain in town"] * 2 + ["Sun"] + ["Rain in town"],
            "description": [
                " ".join(words),
                " ".join([*words[:20], "again", *words[21:]]),
                "Something else entirely happened elsewhere today",
                "No word of the first version is left",
            ],
        }
    )
    report = Report("quality-revisions", "", {})

    answers = revisions.query_revisions(versions, 1)
    revisions.tabulate(report, answers)

    assert answers.n_indexed == 2
    assert answers.is_found.tolist() == [True, False]
    assert answers.alike[0] > 0.8
    assert report.figures["recall.0.8_to_1"] == 1.0
    assert report.figures["recall.all"] == 0.5
    assert sum(row["n"] for row in report.rows[:-2]) == 2


def test_similarity_of_nothing_and_nothing_is_one() -> None:
    """Two texts of one word each have the same bigrams: none."""
    nothing = revisions.word_bigrams(["", None], ["one", "two"])

    assert nothing == [frozenset(), frozenset()]
    assert revisions.similarity(*nothing) == 1.0


@pytest.mark.parametrize(
    ("found", "reference", "expected"),
    [
        ([0, 0, 0, 1], [5, 5, 6, 6], (1, 3, 2)),
        ([0, 1, 2], [0, 0, 0], (0, 0, 3)),
        ([], [], (0, 0, 0)),
    ],
)
def test_clusterings_agree_by_pairs(
    found: list[int], reference: list[int], expected: tuple[int, int, int]
) -> None:
    """Pairs that both join, the one joins, the other joins."""
    counts = slices.agreement(np.array(found, np.int64), np.array(reference, np.int64))

    assert tuple(counts.tolist()) == expected


def test_rates_of_agreement_are_one_where_nothing_is_joined() -> None:
    """Else shares of what was found, and of what there is."""
    assert slices.as_rates(np.array([0, 0, 0])) == logistic.Rates(1.0, 1.0, 1.0)
    assert slices.as_rates(np.array([1, 2, 4])) == logistic.Rates(0.5, 0.25, 1 / 3)


def test_stretches_are_spread_over_the_feed() -> None:
    """The first begins it, the last ends it, and none is there twice."""
    assert slices.stretches(100, 99) == [0, 1]
    assert slices.stretches(417_359, 50_000) == [0, 367_359]
    assert len(slices.stretches(417_359, 300)) == slices.MOST_STRETCHES


def test_stretches_are_held_against_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way that joins what the whole joins is right throughout; one that joins nothing is not."""
    monkeypatch.setattr(slices, "SIZES", (20, 10_000))
    feed = labelled.read_feed(made_up(tmp_path)[0])
    reference = np.arange(feed.num_rows) // 2
    report = Report("r", "", {})

    slices.tabulate(
        report,
        feed,
        reference,
        {
            "halves": lambda part: np.arange(part.num_rows) // 2,
            "none": lambda part: np.arange(part.num_rows),
        },
    )

    assert report.figures["none.20.f1"] == 0.0
    assert 0.0 < report.figures["halves.20.f1"] <= 1.0
    assert {row["size"] for row in report.rows} == {20}


def made_up_stories() -> object:
    """Return long stories, one of them twice, and one too short to cut."""
    rng = np.random.default_rng(2)
    texts = []
    for number in range(12):
        body = " ".join(f"{word}{number}" for word in rng.permutation(200)[:60])
        texts.append(f"HEADLINE NUMBER {number}\n{body}")
    texts[5] = texts[4]
    texts.append("SHORT\nnot much to say")
    titles = [text.split("\n")[0] for text in texts]
    ids = [str(number) for number in range(len(texts))]
    return pa.table({"id": ids, "title": titles, "text": texts})


def test_teasers_find_the_story_they_were_cut_from() -> None:
    """A teaser has 20 to 40 words of the body, and leads to its story or an exact repeat."""
    stories = made_up_stories()
    report = Report("quality-teasers", "", {})

    cut = teasers.cut_teasers(stories)
    teasers.seek_stories(report, stories, 1)

    assert len(cut.texts) == 12
    assert cut.n_short == 1
    assert all(20 <= len(text.split()) <= 40 and text.endswith("...") for text in cut.texts)
    assert report.figures["own_first"] == 1.0
    assert report.figures["story_finds"] == 1.0
    assert report.figures["batch_found"] == 1.0
    assert report.figures["tied"] == 0.0
    assert report.figures["false_any"] == 0.0


STORIES = [
    "HEAD\none two three four",
    "HEAD\none two three four",
    "zero one two three",
    "five six",
    "REPEAT\none two three five",
]
LEADS = [text.split("\n")[-1] for text in STORIES]


def cut_by_hand(*owners: int) -> tuple[teasers.Teasers, teasers.Words]:
    """Return teasers of the first stories of `STORIES`."""
    cut = teasers.Teasers(list(owners), ["one two three..."] * len(owners), LEADS, 0)
    return cut, teasers.Words.of(cut, STORIES)


def test_an_answer_without_the_words_is_false() -> None:
    """Own story, the same words, the lead repeated, the words inside, and a stranger differ."""
    cut, words = cut_by_hand(0, 0, 0, 0, 0)

    outcome = teasers.hold(cut, words, [[1], [2, 0], [3], [], [4, 0]])

    assert outcome == {
        "own_first": 0.4,
        "same_first": 0.2,
        "tied": 1.0,
        "own_found": 0.6,
        "contains_first": 0.6,
        "nothing": 0.2,
        "false_first": 0.2,
        "false_any": 0.2,
    }
    assert teasers.runs(["One two", ""], Config())[1] == b""


def test_a_lead_is_tied_where_another_story_repeats_it() -> None:
    """A story of the same words throughout is no rival; one with the same lead is."""
    cut = teasers.Teasers([0], ["one two three four..."], LEADS, 0)

    outcome = teasers.hold(cut, teasers.Words.of(cut, STORIES), [[0]])

    assert outcome["tied"] == 0.0


def test_a_story_finds_its_teaser() -> None:
    """A teaser of the same words counts as the story's own; none does not."""
    cut, words = cut_by_hand(0, 1)

    assert teasers.hold_stories(cut, words, [[1], [], [], [], []]) == {"story_finds": 0.5}


def test_a_teaser_belongs_into_the_cluster_of_its_story() -> None:
    """The cluster of the story, or of one that repeats the lead, will do."""
    cut, words = cut_by_hand(0, 0, 0)
    labels = np.array([0, 0, 2, 3, 4, 0, 4, 2])

    assert teasers.hold_clusters(cut, words, labels) == {"batch_found": 2 / 3}


def test_verdicts_on_stories_are_written_to_be_read(tmp_path: Path) -> None:
    """The sample holds the pairs, the report only counts."""
    report = Report("quality-reuters", "", {})
    path = tmp_path / "sample.txt"

    reuters.sample_verdicts(report, made_up_stories(), path, 1)

    assert report.figures["n_matches"] == 1
    assert "DUPLICATE 1 of 1: EXACT" in path.read_text(encoding="utf-8")
    assert "HEADLINE" not in json.dumps(report.rows)
