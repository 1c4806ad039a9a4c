"""Suite ``spark``, as far as it needs no Spark."""

from __future__ import annotations

import argparse
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import spark, spark_equality
from benchmarks.report import TARGETS, read_targets
from benchmarks.spark_ways import mllib, ours, same_partition, text_dedup, write_feed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.spark_equality import Clustered
    from benchmarks.spark_ways import Way
    from dedupe_news.config import Policy

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

FEED = pa.table(
    {
        "id": ["a", "b", "c"],
        "title": ["Rain", "Sun", "Rain"],
        "description": ["floods the old town", "at last", "floods the old town!"],
        "source": ["Herald", "Herald", "Courier"],
        "lang": ["en", "en", "en"],
    }
)

labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=6)


@given(drawn=labels)
def test_partitions_are_the_same_where_the_same_documents_share_a_cluster(
    drawn: list[tuple[int, int]],
) -> None:
    """Whatever the labels."""
    left, right = ([pair[side] for pair in drawn] for side in (0, 1))

    together = [[a == b for a in side for b in side] for side in (left, right)]

    assert same_partition(left, right) is (together[0] == together[1])


@pytest.mark.parametrize(("last", "equal"), [([7, 8, 7], 1.0), ([7, 8, 9], 0.0)])
def test_every_partition_is_held_against_memory(
    last: list[int], equal: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A difference is a failed check; the target is a figure that the report has."""

    def everywhere(ids: list[str], folder: Path, memory: str) -> Iterator[Clustered]:
        assert (ids, memory) == (["a", "b", "c"], "1g")
        assert (folder / "feed.parquet").is_file()
        yield "memory", "news", 1.0, [0, 1, 0]
        yield "memory", "similar", 1.0, [0, 1, 2]
        yield "Spark", "news", 2.0, last
        yield "Spark", "similar", 2.0, [3, 4, 5]

    monkeypatch.setattr(spark_equality, "_everywhere", everywhere)

    report = spark_equality.measure(FEED, "", tmp_path, "1g")

    assert report.figures == {"equal": equal}
    assert [row["equal"] for row in report.rows] == [True, True, equal == 1, True]
    assert len(report.failures) == 1 - equal
    (target,) = read_targets(report.name, TARGETS)
    assert target.met(report.figures) is bool(equal)


@pytest.mark.parametrize("policy", ["news", "similar"])
def test_one_machine_clusters_in_memory_and_out_of_core(policy: Policy, tmp_path: Path) -> None:
    """In processes of their own, from the same file."""
    for name in ("few", "feed"):
        write_feed(FEED, tmp_path / f"{name}.parquet")

    for limit in (None, spark_equality.LIMIT):
        seconds, found = spark_equality._on_one_machine(policy, limit, tmp_path)  # noqa: SLF001
        assert seconds > 0
        assert same_partition(found, [0, 1, 0])


def test_ways_are_compared_at_equal_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each the whole feed, then the same part of it."""
    seconds: dict[Way, float] = {ours: 2.0, text_dedup: 6.0, mllib: 3.0}
    sizes: list[int] = []

    def clock(
        _spark: object, way: Way, source: Path, _target: Path
    ) -> tuple[float, dict[str, int]]:
        ids = parquet.read_table(source)["id"].to_pylist()
        sizes.append(len(ids))
        return seconds[way] * len(ids), {"a": 5, "b": 6, "c": 5}

    session = SimpleNamespace(version="4", stop=lambda: None)
    monkeypatch.setattr(spark, "session", lambda *_: session)
    monkeypatch.setattr(spark, "clock", clock)
    monkeypatch.setattr(spark, "PART_DOCUMENTS", 2)
    options = argparse.Namespace(master="local[2]", memory="1g", output=tmp_path)

    report = spark._measure(FEED, "-3", tmp_path, options)  # noqa: SLF001

    assert sizes[3:] == [3, 3, 3, 2, 2, 2]
    figures = report.figures
    assert figures["times.text-dedup"] == figures["times.text-dedup.part"] == 3
    assert figures["times.MLlib"] == figures["times.MLlib.part"] == 1.5
    assert (figures["seconds.ours"], figures["seconds.ours.part"]) == (6, 4)
    assert figures["equals_memory"] == 1
    assert [row[:2] for row in report.tables[0].rows] == [
        *(["ours", "3"], ["text-dedup", "3"], ["MLlib", "3"]),
        *(["ours", "2"], ["text-dedup", "2"], ["MLlib", "2"]),
    ]
    assert not report.failures
