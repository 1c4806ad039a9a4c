"""Suite ``scale``: its feeds, its measuring from outside, its truth, and what it makes of them."""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import corpora, parquet_feeds, scale, truth, watching
from benchmarks.__main__ import main
from benchmarks.checks import Verdict
from benchmarks.corpora import Kind, made_up_feed
from benchmarks.report import TARGETS, Report
from benchmarks.scale_report import Measured, Plan, fill
from benchmarks.truth import Score
from benchmarks.watching import Watched

if TYPE_CHECKING:
    from pathlib import Path

SEED = 7
N = 500

parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a small feed on disk, which nobody changes."""
    return parquet_feeds.feed_files(N, SEED, tmp_path_factory.mktemp("feed")).files


def test_a_feed_on_disk_is_the_feed_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Item for item over the bounds of files and row groups, the truth beside them."""
    monkeypatch.setattr(parquet_feeds, "PART", 2 * corpora.CHUNK)
    n = 2 * corpora.CHUNK + 100
    feed = made_up_feed(n, SEED)

    made = parquet_feeds.feed_files(n, SEED, tmp_path, n_processes=1)

    rows = list(
        itertools.chain.from_iterable(parquet.read_table(f).to_pylist() for f in made.files)
    )
    assert made.n_made == len(rows) == n
    assert [row["description"] for row in rows] == feed.description
    assert [row["title"] for row in rows] == feed.title
    assert [row["id"] for row in rows] == list(range(n))
    assert [row["story"] for row in rows] == feed.story.tolist()
    assert [row["kind"] for row in rows] == feed.kind.tolist()
    times = [int(row["published"].timestamp()) for row in rows]
    assert times == (feed.published // 10**6).tolist()


def test_files_that_are_there_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer feed begins with the files of a shorter one, and makes the others alone."""
    monkeypatch.setattr(parquet_feeds, "PART", corpora.CHUNK)
    short = parquet_feeds.feed_files(corpora.CHUNK + 5, SEED, tmp_path, n_processes=1)

    longer = parquet_feeds.feed_files(corpora.CHUNK + 9, SEED, tmp_path, n_processes=1)
    again = parquet_feeds.feed_files(corpora.CHUNK + 9, SEED, tmp_path, n_processes=1)

    assert longer.files[0] == short.files[0]
    assert longer.n_made == 9
    assert again.n_made == 0
    assert again.files == longer.files


def test_processes_share_the_work(tmp_path: Path) -> None:
    """Two make the same files as one."""
    n = parquet_feeds.PART + 10

    one = parquet_feeds.feed_files(n, SEED, tmp_path / "one", n_processes=1).files
    two = parquet_feeds.feed_files(n, SEED, tmp_path / "two", n_processes=2).files

    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]


def test_a_file_that_failed_is_not_left_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither under its name nor under another."""

    def fail(*_: object) -> None:
        message = "the disk is full"
        raise OSError(message)

    monkeypatch.setattr(parquet_feeds, "_table", fail)

    with pytest.raises(OSError, match="the disk is full"):
        parquet_feeds.feed_files(10, SEED, tmp_path)

    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_scores_are_those_of_plain_counting(data: st.DataObject, files: list[Path]) -> None:
    """Pairs are counted one by one, copies by who they are with."""
    feed = made_up_feed(N, SEED)
    strangers = data.draw(st.lists(st.integers(0, N - 1), max_size=30))
    lost = data.draw(st.lists(st.integers(0, N - 1), max_size=30))
    labels = feed.story.copy()
    labels[strangers] = data.draw(st.integers(0, N - 1))
    labels[lost] = lost
    together = [
        (feed.story[i] == feed.story[j], labels[i] == labels[j])
        for i, j in itertools.combinations(range(N), 2)
    ]

    found = truth.score(files, labels)

    assert found.pairs == Verdict(
        n_exact=sum(bool(same) for same, _ in together),
        n_found=sum(bool(ours) for _, ours in together),
        n_right=sum(bool(same and ours) for same, ours in together),
    )
    for kind, part in found.found.items():
        copies = np.flatnonzero(feed.kind == kind)
        assert part == np.mean(labels[copies] == labels[feed.story[copies]])
    assert set(found.found) == set(feed.kind[feed.kind >= Kind.VERBATIM].tolist())


def test_a_process_is_measured_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it held and what it wrote, though both are gone before its end."""
    n_bytes = 150_000_000
    script = tmp_path / "wasteful.py"
    script.write_text(
        "import pathlib, sys, time\n"
        f"held = b'x' * {n_bytes}\n"
        "file = pathlib.Path(sys.argv[1]) / 'file'\n"
        "file.write_bytes(held[:3_000_000])\n"
        "time.sleep(1)\n"
        "file.unlink()\n"
        "del held\n"
        "time.sleep(0.3)\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    work = tmp_path / "work"
    work.mkdir()

    watched = watching.watch("wasteful", [str(work)], work)

    assert n_bytes < watched.peak_bytes < 2 * n_bytes
    assert 3_000_000 <= watched.disk_bytes < 4_000_000
    if sys.platform == "linux":
        assert n_bytes < watched.anonymous_bytes <= watched.peak_bytes


def test_a_process_that_fails_is_said(tmp_path: Path) -> None:
    """With its exit code."""
    with pytest.raises(watching.WatchedError, match="no_such_module failed with exit code 1"):
        watching.watch("no_such_module", [], tmp_path)


def measured(*checksums: str, n: int = 1000, precision: float = 1.0) -> Measured:
    """Return runs that gave partitions of these checksums."""
    outcome = {"wall_s": n / 1000, "cpu_s": 2.0, "stages_s": {"text": 0.5}, "n_documents": n}
    return Measured(
        outcomes=[outcome for _ in checksums],
        watched=[Watched(1000 + k, 500, 100, 10) for k in range(len(checksums))],
        checksums=set(checksums),
        score=Score(Verdict(100, 100, int(100 * precision)), {Kind.VERBATIM: 1.0}),
    )


def report(policy: str = "news") -> Report:
    """Return an empty report."""
    return Report("scale", "Scale", {"policy": policy})


def test_partitions_that_differ_fail_the_suite() -> None:
    """Within any limit; where all are equal, it is said."""
    differ, agree = report(), report()
    plans = Plan(1000, "8GB"), Plan(1000, "2GB", "tight")

    fill(differ, dict(zip(plans, (measured("a"), measured("b")), strict=True)))
    fill(agree, dict(zip(plans, (measured("a", "a"), measured("a")), strict=True)))

    assert differ.failures == ["1,000: 2 different partitions, where all must be one"]
    assert agree.failures == []
    assert agree.words == ["3 partitions of 1,000 documents are equal."]


def test_quality_that_fades_with_size_fails_the_suite() -> None:
    """Of the judge; the other policy finds more of one template in a longer feed."""
    judged, similar = report("news"), report("similar")
    runs = {
        Plan(1000, "8GB"): measured("a"),
        Plan(2000, "8GB"): measured("b", n=2000, precision=0.96),
    }

    fill(judged, runs)
    fill(similar, runs)

    assert judged.failures == [
        "2,000, 8GB: precision 0.960 is below 0.980",
        "2,000, 8GB: recall 0.960 is below 0.980",
    ]
    assert similar.failures == ["2,000, 8GB: recall 0.960 is below 0.980"]


def test_documents_that_are_lost_fail_the_suite() -> None:
    """However good what is left."""
    own = report()

    fill(own, {Plan(1000, "8GB"): measured("a", n=999)})

    assert own.failures == ["1,000, 8GB: 999 documents came back"]


def test_figures_are_per_document_and_relative() -> None:
    """Seconds a million, their growth, and the price of a tight limit."""
    own = report()
    runs = {
        Plan(1000, "8GB"): measured("a"),
        Plan(4000, "8GB"): dataclasses.replace(
            measured("b", n=4000), watched=[Watched(5000, 1, 1, 7), Watched(6000, 1, 1, 6)]
        ),
        Plan(1000, "", "unlimited"): measured("a"),
        Plan(1000, "2GB", "tight"): measured("a"),
    }

    fill(own, runs)

    assert own.figures["seconds_a_million.4000"] == pytest.approx(1000)
    assert own.figures["growth"] == pytest.approx(1)
    assert own.figures["times_unlimited.tight"] == pytest.approx(1)
    assert own.figures["peak_bytes.4000"] == 6000
    assert own.figures["disk_bytes.4000"] == 7


def test_targets_name_figures_that_there_are() -> None:
    """A target that no run of the default sizes measures would never be missed."""
    recorded = json.loads(TARGETS.read_text(encoding="utf-8"))["targets"]
    own = report()
    largest, tight = scale.SIZES[-1], scale.SIZES[-2]
    plans = [*(Plan(n, "8GB") for n in scale.SIZES)]
    plans += [Plan(tight, "", "unlimited"), Plan(tight, "2GB", "tight")]
    fill(own, {plan: measured("a", n=plan.n) for plan in plans})

    for policy in scale.POLICIES:
        figures = {t["figure"] for t in recorded if t["report"] == f"scale-{policy}-{largest}"}
        assert len(figures) == 5
        assert figures <= own.figures.keys()


def test_scale_runs_on_tiny_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every size, one of them within further limits; all partitions are equal."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    arguments = ["--sizes", "300", "600", "--folder", str(tmp_path / "feeds")]

    assert main(["scale", "--policy", "news", *arguments, "--output", str(tmp_path)]) == 0

    content = json.loads((tmp_path / "scale-news-600.json").read_text(encoding="utf-8"))
    assert content["failures"] == []
    assert [(row["n"], row["mark"]) for row in content["rows"]] == [
        (300, ""),
        (600, ""),
        (300, "unlimited"),
        (300, "tight"),
        (300, "kept"),
    ]
    assert "4 partitions of 300 documents are equal." in content["words"]
    assert all(row["found"]["verbatim"] == 1 for row in content["rows"])
    assert content["figures"]["peak_bytes.600"] > 50_000_000


def test_runs_that_do_not_fit_are_skipped_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run without a limit would have the machine swap; the others still run."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    monkeypatch.setattr(scale, "free_bytes", lambda: 1000)
    arguments = ["--sizes", "300", "--policy", "similar", "--output", str(tmp_path)]

    assert main(["scale", *arguments]) == 0

    content = json.loads((tmp_path / "scale-similar-300.json").read_text(encoding="utf-8"))
    assert [row["mark"] for row in content["rows"]] == ["", "tight", "kept"]
    assert any(word.startswith("300, unlimited: skipped") for word in content["words"])
