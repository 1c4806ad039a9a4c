"""The benchmark suites: their brute force is right, and each runs and writes its files."""

from __future__ import annotations

import json
import shutil
import string
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import checks, datasets, durable, latency, memory, shingles, timing
from benchmarks.__main__ import COMMANDS, SUITES, listing, main
from benchmarks.corpora import made_up_feed
from benchmarks.exact_pairs import disagreements, exact_pairs, jaccard_of
from benchmarks.peers import (
    CONTESTANTS,
    FEW,
    THRESHOLD,
    answer_keys,
    clustering_keys,
    our_config,
)
from benchmarks.report import FORMAT, TARGETS, Report, Target, number, publish, read_targets
from benchmarks.sets import Pairs, pair_keys, shingle_sets
from benchmarks.worker import Worker, WorkerError
from dedupe_news import Match, Relation, cluster

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.sets import ShingleSets

# Shingles from a tiny alphabet, so that documents do share some.
documents = st.lists(st.lists(st.integers(0, 7), max_size=8), max_size=8)
thresholds = st.sampled_from([0.01, 0.2, 1 / 3, 0.5, 0.7, 0.9, 1.0])


def gathered(lists: list[list[int]]) -> ShingleSets:
    """Return lists of numbers as shingle sets."""
    return shingle_sets([np.array(numbers, dtype=np.uint64) for numbers in lists])


def plain_pairs(lists: list[list[int]], threshold: float) -> dict[tuple[int, int], float]:
    """Return the pairs at a threshold, by plain Python sets."""
    sets = [set(numbers) for numbers in lists]
    return {
        (i, j): len(sets[i] & sets[j]) / len(sets[i] | sets[j])
        for j in range(len(sets))
        for i in range(j)
        if sets[i] & sets[j] and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold
    }


def as_dict(pairs: Pairs) -> dict[tuple[int, int], float]:
    """Return pairs and similarities as a dictionary."""
    n = max(1, pairs.n_documents)
    keys = [divmod(key, n) for key in pairs.keys.tolist()]
    return dict(zip(keys, pairs.jaccard.tolist(), strict=True))


@settings(deadline=None)
@given(lists=documents, threshold=thresholds)
def test_brute_force_finds_exactly_the_pairs_that_plain_sets_find(
    lists: list[list[int]], threshold: float
) -> None:
    """No pair is lost, invented or repeated, and every similarity is exact."""
    sets = gathered(lists)

    pairs = exact_pairs(sets, threshold)

    assert as_dict(pairs) == plain_pairs(lists, threshold)
    assert jaccard_of(sets, pairs.keys).tolist() == pairs.jaccard.tolist()
    assert disagreements(sets, pairs, threshold, range(len(lists))) == []


@settings(deadline=None)
@given(lists=documents, threshold=thresholds, data=st.data())
def test_brute_force_of_some_documents_finds_all_their_pairs(
    lists: list[list[int]], threshold: float, data: st.DataObject
) -> None:
    """A sample has the pairs of the whole that touch it."""
    chosen = data.draw(st.lists(st.integers(0, max(0, len(lists) - 1)), max_size=len(lists)))

    pairs = exact_pairs(gathered(lists), threshold, documents=chosen)

    expected = plain_pairs(lists, threshold)
    assert as_dict(pairs) == {
        pair: jaccard for pair, jaccard in expected.items() if set(pair) & set(chosen)
    }


def test_a_lost_pair_is_noticed_by_plain_sets() -> None:
    """The check of brute force can fail."""
    sets = gathered([[1, 2], [1, 2], [5]])
    none = Pairs(3, np.empty(0, np.int64), np.empty(0))

    assert disagreements(sets, none, 0.5, [0]) == [
        "brute force and plain sets differ on the neighbours of document 0"
    ]


@settings(deadline=None)
@given(
    runs=st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=6), max_size=6),
    width=st.integers(1, 3),
)
def test_shingle_hashes_equal_the_xxhash_package(runs: list[list[int]], width: int) -> None:
    """Token hashes become the shingle sets that the signature format specifies."""
    hashes = np.array([token for run in runs for token in run], dtype=np.uint32)
    offsets = np.cumsum([0, *map(len, runs)], dtype=np.int64)

    sets = shingles.token_sets(hashes, offsets, width)

    assert len(sets) == len(runs)
    for document, run in enumerate(runs):
        windows = [run[at : at + width] for at in range(max(1, len(run) - width + 1)) if run]
        assert sets[document] == {
            xxhash.xxh32_intdigest(np.array(window, dtype="<u4").tobytes()) for window in windows
        }


@given(text=st.text(alphabet=string.printable + "éЖ字"))
def test_word_shingles_are_three_words_each(text: str) -> None:
    """Peers get every run of three words, or the one shorter run there is."""
    words = text.lower().encode().split()

    found = shingles.word_shingles(text)

    assert len(found) == (max(1, len(words) - 2) if words else 0)
    assert all(len(shingle.split()) == min(3, len(words)) for shingle in found)


def test_gaoya_breaks_words_at_ascii_punctuation_alone() -> None:
    """The stand-in for gaoya's tokenizer keeps what gaoya keeps."""
    found = [shingle.decode() for shingle in shingles.gaoya_shingles("Don't «Stop» a—b")]

    assert found == ["don t «stop»", "t «stop» a—b"]
    assert shingles.gaoya_shingles("two words") == []


def test_answers_of_an_index_become_each_pair_once() -> None:
    """Both directions and a document's own answer are one pair and none."""
    keys = answer_keys([[0, 1], [1, 0], [2]], 3)

    assert keys.tolist() == [1]


def test_copies_are_written_out_as_all_their_pairs() -> None:
    """A star of equal texts and one match of them stand for every pair."""
    copy = "rain floods the old town again tonight and the river keeps rising"
    near = copy + " still"
    texts = [copy, near, copy, near, copy, "nothing at all like the others"]

    result = cluster(texts, config=our_config(0.7), progress=False)

    expected = [pair_keys(np.array([i]), np.array([j]), 6)[0] for j in range(5) for i in range(j)]
    assert clustering_keys(result, 6).tolist() == sorted(expected)


def test_peers_get_the_banding_that_we_choose() -> None:
    """Nobody is slowed down by more permutations than this library uses."""
    config = our_config(THRESHOLD)

    assert (config.bands, config.rows_per_band) == FEW


def test_a_verdict_counts_what_is_found_and_what_is_wrong() -> None:
    """Recall and precision are of pairs."""
    exact = Pairs(10, np.array([1, 2, 3, 4]), np.ones(4))

    outcome = checks.verdict(exact, np.array([2, 3, 7]))

    assert (outcome.recall, outcome.n_below) == (0.5, 1)
    assert outcome.precision == pytest.approx(2 / 3)
    assert len(checks.verdict_failures("x", outcome)) == 2
    assert checks.verdict_failures("x", checks.verdict(exact, exact.keys)) == []


def test_percentiles_are_values_that_occurred() -> None:
    """The nearest rank, from the first to the last."""
    values = [5.0, 1.0, 4.0, 2.0, 3.0]

    assert [timing.percentile(values, p) for p in (1, 50, 99, 100)] == [1.0, 3.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (0.5, "0.5"),
        (12.345, "12.3"),
        (123.4, "123"),
        (1234567.8, "1,234,568"),
        (0.999996, "0.99999"),
    ],
)
def test_numbers_have_three_figures(value: float | None, shown: str) -> None:
    """Tables show what is significant."""
    assert number(value) == shown


def test_a_missed_target_fails_only_a_check(tmp_path: Path) -> None:
    """Without ``--check`` a slow machine is no failure."""
    target = read_targets("speed-start")[0]
    slow = Report("speed-start", "Start", {}, figures={target.figure: 1e9})

    assert publish([slow], tmp_path, check=False) == 0
    assert publish([slow], tmp_path, check=True) == 1
    assert "**missed**" in (tmp_path / "speed-start.md").read_text(encoding="utf-8")


def test_a_failed_check_of_the_results_always_fails(tmp_path: Path) -> None:
    """A wrong answer has no speed."""
    wrong = Report("x", "X", {}, failures=["ours: 1 returned pairs are below the threshold"])

    assert publish([wrong], tmp_path, check=False) == 1


def test_source_that_changes_on_the_way_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contestants and checks of different versions are no measurement."""
    digests = iter(["before", "after", "after"])
    monkeypatch.setattr("benchmarks.report.source_digest", lambda: next(digests))
    report = Report("x", "X", {})

    assert publish([report], tmp_path, check=False) == 1
    assert report.failures == ["the source changed while it was measured: run again"]


def test_targets_are_bounds_on_figures() -> None:
    """Every recorded target has a bound, and bounds are inclusive."""
    recorded = json.loads(TARGETS.read_text(encoding="utf-8"))["targets"]

    assert all({"least", "most"} & set(target) for target in recorded)
    assert Target("r", "f", least=8).met({"f": 8.0})
    assert Target("r", "f", most=3).met({"f": 3.1}) is False
    assert Target("r", "f", most=3).met({}) is None


def test_no_suite_named_lists_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    """The listing says what each needs and takes."""
    assert main([]) == 0

    shown = capsys.readouterr().out
    assert shown == listing()
    names = [*SUITES, *COMMANDS]
    assert [line.split()[0] for line in shown.splitlines()[2:] if line[:1].strip()] == names
    assert shown.count("needs ") == shown.count("takes ") == len(names)


def test_missing_data_is_said_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The message names the variable to set."""
    monkeypatch.setenv(datasets.SHARED_VARIABLE, str(tmp_path))

    with pytest.raises(datasets.DataMissingError, match="set DEDUPE_NEWS_SHARED to its folder"):
        datasets.shared_file(datasets.TEASERS)
    assert not datasets.has_real_data()


def written(folder: Path, name: str) -> dict[str, Any]:
    """Return the JSON of a report, after a look at its other files."""
    content: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    assert content["format"] == FORMAT
    assert content["name"] == name
    assert content["failures"] == []
    assert {"machine", "versions", "settings", "rows", "figures", "targets", "made"} <= set(content)
    assert content["title"] in (folder / f"{name}.md").read_text(encoding="utf-8")
    return content


def test_recall_runs_on_a_tiny_feed(tmp_path: Path) -> None:
    """The suite finds its pairs and writes its files."""
    assert main(["recall", "--documents", "400", "--output", str(tmp_path)]) == 0

    content = written(tmp_path, "recall-made-up-400")
    figures = content["figures"]
    assert figures["n_below.dedupe_news.made-up-400.0.7"] == 0
    assert figures["n_exact.dedupe_news.made-up-400.0.5"] > 0


@pytest.mark.usefixtures("compiled")
def test_scale_runs_on_tiny_feeds(tmp_path: Path) -> None:
    """Every run tells its peak of memory, and the partitions of one size are equal."""
    sizes = ["--sizes", "400", "800", "--tight-limit", "64GB", "--policy", "similar"]
    assert main(["scale", *sizes, "--output", str(tmp_path)]) == 0

    content = written(tmp_path, "scale-similar-800")
    assert len(content["rows"]) == 4
    assert all(row["peak_bytes"] > 1 << 20 for row in content["rows"])


def test_reports_are_weighed_without_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening and searching are left out, which is said."""
    monkeypatch.setattr(shutil, "which", lambda _: None)

    assert main(["browsing", "--clusters", "20", "--output", str(tmp_path)]) == 0

    content = written(tmp_path, "browsing-made-up-20")
    (row,) = content["rows"]
    assert (row["n_documents"], row["n_clusters"]) == (47, 20)
    assert row["megabytes"] > 0.05
    assert row["first_s"] is None
    assert "reports were not opened" in content["words"][0]


@pytest.mark.browser
def test_reports_are_opened_and_searched(tmp_path: Path, root: Path) -> None:
    """In Chromium; in a process of its own, as one process has one playwright."""
    subprocess.run(  # noqa: S603 - our own interpreter and suite
        [sys.executable, "-m", "benchmarks", "browsing", "--clusters", "20", "--output", tmp_path],
        cwd=root,
        capture_output=True,
        check=True,
    )

    (row,) = written(tmp_path, "browsing-made-up-20")["rows"]
    assert 0 < row["first_s"] <= row["all_s"]
    assert row["search_ms"] >= 0


def test_a_threshold_is_kept_on_made_up_pairs(tmp_path: Path) -> None:
    """Ours returns nothing below it and next to all above; whoever is installed is asked too."""
    assert main(["threshold", "--pairs", "130", "--output", str(tmp_path)]) == 0

    content = written(tmp_path, "threshold")
    own = content["rows"][0]
    assert own["who"] == "dedupe_news"
    assert own["found"] == [1.0, 1.0, 0.0, 0.0]
    assert min(content["settings"]["n_in_bins"]) > 0


def test_the_contest_runs_on_a_tiny_feed(tmp_path: Path) -> None:
    """Whoever is installed takes part, and everyone's duplicates are counted."""
    arguments = ["--documents", "300", "--repetitions", "1", "--output", str(tmp_path)]

    assert main(["speed", *arguments]) == 0

    content = written(tmp_path, "speed-made-up-300")
    names = [row["contestant"] for row in content["rows"]]
    present = [name for name, peer in CONTESTANTS.items() if peer.version() is not None]
    assert names == present
    assert all(row["n_exact"] > 0 for row in content["rows"])
    assert all(row["recall"] > 0.9 for row in content["rows"])


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("million", "speed-batch-made-up-300"),
        ("index", "speed-index-300"),
        ("index", "speed-index-300-news"),
        ("start", "speed-start"),
    ],
)
def test_parts_of_speed_run_on_a_tiny_feed(tmp_path: Path, part: str, name: str) -> None:
    """Each part writes a report of its own."""
    arguments = ["--documents", "300", "--index-queries", "50", "--repetitions", "1", "--no-cold"]

    assert main(["speed", "--part", part, *arguments, "--output", str(tmp_path)]) == 0

    assert written(tmp_path, name)["figures"]


@pytest.mark.parametrize("policy", latency.POLICIES)
def test_latency_runs_on_a_tiny_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """A file, a server and datasketch beside it; every answer is that of the index in memory."""
    # Compiled in any case in the processes that are measured, and here as the tests are.
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    sizes = ["--documents", "300", "--single", "20", "--full", "10", "--peer-documents", "100"]

    assert main(["latency", "--policy", policy, *sizes, "--output", str(tmp_path)]) == 0

    in_file = written(tmp_path, f"latency-sqlite-{policy}-300")
    assert in_file["words"] == ["360 answers compared with those of the index in memory."]
    assert in_file["figures"]["file_bytes_per_document"] > 0
    on_server = written(tmp_path, f"latency-redis-{policy}-300")
    assert on_server["figures"]["add_many_per_s.2"] > 0
    assert [words.partition(" ")[0] for words in on_server["words"]] == ["300", "300"]


def test_answers_that_differ_fail_the_suite() -> None:
    """In any figure, to the last bit; and so do answers that are missing."""
    match = Match("a", 0.7, 0.9, Relation.NEAR, 0.99)
    other = Match("a", 0.7, 0.9, Relation.NEAR, np.nextafter(0.99, 1.0).item())
    report = Report("x", "X", {})
    wanted = durable.digests([[match], []])

    latency.compare("same", durable.digests([[match], []]), wanted, report)
    latency.compare("other", durable.digests([[other], []]), wanted, report)
    latency.compare("fewer", durable.digests([[match]]), wanted, report)

    assert report.failures == [
        "other: 1 of 2 answers differ",
        "fewer: 1 answers instead of 2",
    ]


@pytest.mark.parametrize("policy", latency.POLICIES)
def test_soak_runs_on_a_tiny_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """Memory and file are measured every day, and answers checked at the end of every window."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    feed = ["--documents", "400", "--days", "18", "--window-days", "4", "--queries", "20"]

    assert main(["soak", "--policy", policy, *feed, "--output", str(tmp_path)]) == 0

    content = written(tmp_path, f"soak-{policy}-400")
    assert [row["day"] for row in content["rows"]] == list(range(1, 19))
    assert content["figures"]["resident_bytes.growth"] > 0
    assert content["rows"][-1]["n_documents"] < 400 * 6 / 18
    assert content["words"][0].startswith("Of 20 answers")


def test_a_feed_of_parquet_is_clustered_whole(tmp_path: Path) -> None:
    """The part that reads the real feed reads any feed of its columns."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    feed = made_up_feed(300, 1)
    times = pa.array(feed.published).cast(pa.timestamp("us", tz="UTC"))
    columns = {"title": feed.title, "description": feed.description, "source": feed.source}
    ids = [str(position) for position in range(300)]
    path = tmp_path / "feed.parquet"
    parquet.write_table(pa.table({"id": ids, **columns, "published": times}), path)
    arguments = ["--part", "whole-feed", "--parquet", str(path), "--repetitions", "1"]

    assert main(["speed", *arguments, "--output", str(tmp_path)]) == 0

    assert written(tmp_path, "speed-parquet")["settings"]["n_documents"] == 300
    assert written(tmp_path, "speed-parquet-news")["figures"]["times_similar"] > 0


def test_a_contestant_that_dies_is_said(tmp_path: Path) -> None:
    """The message names it and its exit code."""
    nothing = tmp_path / "absent.json"

    with (
        Worker(CONTESTANTS["ours"], nothing) as worker,
        pytest.raises(WorkerError, match="dedupe_news failed with exit code 1"),
    ):
        worker.run()


def test_the_command_line_answers() -> None:
    """``python -m benchmarks`` works from the root of the repository."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks"],
        cwd=datasets.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "speed" in done.stdout


def test_memory_is_walked_all_over() -> None:
    """No read is told before the one before it, and none comes twice before all were."""
    following = memory.random_cycle()
    lines = len(following) // 8

    seen = {int(memory.walk(following, np.int64(0), n_steps)) for n_steps in range(1000)}

    assert len(seen) == 1000
    assert memory.walk(following, np.int64(0), lines) == 0
    assert memory.latency_ns() > 0
