"""Arrays in files that are mapped, against arrays in memory; runs that were killed go on."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dedupe_news as dn
import strategies
from dedupe_news import Config
from dedupe_news._engine import batch, candidates
from dedupe_news._engine.batch import cluster_columns
from dedupe_news._input.reading import read_documents
from dedupe_news._machine import available_memory
from dedupe_news._machine.space import MEMORY, Folder, Space
from made_up_news import made_up_news

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news import Clustering
    from dedupe_news._input.columns import Columns
    from dedupe_news.config import Policy, Prefer

LIMIT = 1 << 40


class Leaf(NamedTuple):
    """Arrays of a stage."""

    values: NDArray[np.int64]
    names: NDArray[np.uint8]


class Branch(NamedTuple):
    """A stage with another record within."""

    leaf: Leaf
    n: int
    none: None


def tiny(folder: Path, limit: int = LIMIT) -> Folder:
    """Have every array in a file, and every block so small that there are several."""
    return Folder(folder, limit, block_size=40, least_mapped=1)


def assert_same(found: Clustering, expected: Clustering) -> None:
    """Compare all that a run finds out."""
    for name in ("labels", "representatives", "story_of", "template_of"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name
    for name in ("left", "right", "jaccard", "containment", "relation", "probability"):
        assert getattr(found.matches, name).tolist() == getattr(expected.matches, name).tolist(), (
            name
        )
    assert found.n_candidates == expected.n_candidates
    assert found.bounded == expected.bounded


def test_an_array_in_a_file_is_an_array(tmp_path: Path) -> None:
    """It begins as zeros, may be written, and is there again after its memory was let go of."""
    with tiny(tmp_path) as room:
        array = room.zeros((3, 5), np.int32)
        array[1] += 7
        room.release()

        assert array.tolist() == [[0] * 5, [7] * 5, [0] * 5]
        assert room.empty(0, np.uint8).tolist() == []
        assert list(tmp_path.iterdir()) == [], "files have no names"


@given(parts=st.lists(st.lists(st.integers(0, 255), max_size=5), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[int]]
) -> None:
    """In memory and in a file: part by part, and all."""
    with tiny(tmp_path_factory.getbasetemp()) as room:
        for where in (room, MEMORY):
            for joined in (True, False):
                rows = where.rows(np.uint8)
                for part in parts:
                    rows.append(np.array(part, np.uint8))
                if joined:
                    assert rows.joined().tolist() == [each for part in parts for each in part]
                else:
                    assert [part.tolist() for part in rows.parts()] == parts


def test_more_memory_than_allowed_is_let_go_of(
    tmp_path: Path,
) -> None:
    """Whoever works in a folder is watched; nothing of what was written is lost."""
    released = threading.Event()

    class Watched(Folder):
        def release(self) -> None:
            super().release()
            released.set()

    with Watched(tmp_path, 1) as room:
        array = room.zeros(1 << 16, np.int64)
        while not released.is_set():
            array += 1

        assert (array == array[0]).all()
        assert array[0] > 0


def test_what_was_held_before_is_not_counted_twice() -> None:
    """The system says what this process holds, and what is free."""
    assert 1 << 20 < available_memory.resident_memory() < psutil.virtual_memory().total
    assert 0 < available_memory.free_memory() <= psutil.virtual_memory().available + (1 << 30)


def test_free_memory_is_that_of_the_control_group(tmp_path: Path) -> None:
    """A container may have less than the machine."""
    most, used = tmp_path / "most", tmp_path / "used"
    most.write_text("3000\n")
    used.write_text("1000\n")
    unlimited = tmp_path / "unlimited"
    unlimited.write_text("max\n")
    groups = ((str(unlimited), str(used)), (str(most), str(used)), ("/no/such/file", str(used)))

    assert available_memory.free_memory(groups) == 2000


def test_a_stage_is_found_again(tmp_path: Path) -> None:
    """Its record comes back from its files; arrays without a stage leave none."""
    kinds = (Leaf, Branch)
    large = np.arange(1 << 16)
    made = Branch(Leaf(large, np.arange(3, dtype=np.uint8)), 7, None)

    def run(*, fails: bool) -> Branch:
        with Folder(tmp_path, LIMIT) as room, room.going_on(tmp_path / "run"):
            room.zeros(1 << 16, np.int64)
            found = room.stage("one", lambda: made, kinds)
            other = room.zeros(1 << 16, np.int64)
            if fails:
                raise KeyboardInterrupt
            assert len(other)
            return found

    with pytest.raises(KeyboardInterrupt):
        run(fails=True)
    gc.collect()
    (tmp_path / "run" / "lost.array").write_bytes(b"of a run that was killed")
    made_before, made = made, Branch(Leaf(large + 1, large.astype(np.uint8)), 8, None)

    found = run(fails=False)

    assert found.n == made_before.n
    assert found.none is None
    np.testing.assert_array_equal(found.leaf.values, large)
    assert found.leaf.names.tolist() == [0, 1, 2]
    assert not (tmp_path / "run").exists()


def test_what_the_disk_may_have_lost_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stage from before the system started is not trusted: its files may never have got there."""
    made = iter(
        [Leaf(np.arange(2), np.zeros(2, np.uint8)), Leaf(np.arange(9), np.zeros(1, np.uint8))]
    )
    for boot, expected in ((1e9, 2), (1e9 + 5, 2), (2e9, 9)):
        monkeypatch.setattr(psutil, "boot_time", lambda boot=boot: boot)
        with (
            contextlib.suppress(KeyboardInterrupt),
            Folder(tmp_path, LIMIT) as room,
            room.going_on(tmp_path / "run"),
        ):
            assert len(room.stage("one", lambda: next(made), (Leaf,)).values) == expected
            raise KeyboardInterrupt


def test_two_runs_of_one_feed_do_not_share_a_folder(tmp_path: Path) -> None:
    """A folder whose owner is alive is refused; one whose owner is gone is taken over."""
    run = tmp_path / "run"
    with Folder(tmp_path, LIMIT) as room, Folder(tmp_path, LIMIT) as other, room.going_on(run):
        with (
            pytest.raises(dn.WorkFolderError, match=r"is at work in .*another work_folder"),
            other.going_on(run),
        ):
            pytest.fail("two runs are at work in one folder")
        for owner in ([psutil.Process().pid, 1.5], [1 << 30, 1.5]):
            (run / "owner.json").write_text(json.dumps(owner))
            with other.going_on(run):
                pass
            run.mkdir()


@st.composite
def news(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw a feed with sources, and with times that tie, lack and are days apart."""
    texts = draw(strategies.feeds(14))
    days = st.none() | st.integers(0, 9)
    sources = st.sampled_from([None, "Herald", "Courier"])
    return [
        {
            "text": each,
            "source": draw(sources),
            "published": None
            if (day := draw(days)) is None
            else dt.datetime(2030, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day),
        }
        for each in texts
    ]


def in_folder(columns: Columns, config: Config, folder: Path, n_jobs: int) -> Clustering:
    """Cluster with every array in a file."""
    with tiny(folder, 1) as room:
        return cluster_columns(columns, config, n_jobs, lambda _stage: None, space=room)


@pytest.mark.parametrize("policy", ["news", "similar"])
@given(
    rows=news(),
    prefer=st.sampled_from(["earliest", "latest", "longest"]),
    window=st.none() | st.just(dt.timedelta(days=2)),
    n_jobs=st.integers(1, 2),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_drawn_feeds_are_clustered_as_in_memory(
    tmp_path_factory: pytest.TempPathFactory,
    policy: Policy,
    rows: list[dict[str, Any]],
    prefer: Prefer,
    window: dt.timedelta | None,
    n_jobs: int,
) -> None:
    """To the bit, whatever the threads, in steps of a few texts."""
    columns = read_documents(rows)
    config = Config(policy=policy, prefer=prefer, window=window)

    found = in_folder(columns, config, tmp_path_factory.getbasetemp(), n_jobs)

    assert_same(found, cluster_columns(columns, config, 1, lambda _stage: None))


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("policy", ["news", "similar"])
def test_made_up_news_is_clustered_as_in_memory(tmp_path: Path, policy: Policy) -> None:
    """Stories, templates and duplicates; and pairs are explained with the same statistics."""
    columns = read_documents(made_up_news(60, 8, 12).rows)
    expected = cluster_columns(columns, Config(policy=policy), 1, lambda _stage: None)
    found = in_folder(columns, Config(policy=policy), tmp_path, 2)

    assert len(expected.clusters) > 20
    assert_same(found, expected)
    pair = columns.id_of(expected.matches.left[0]), columns.id_of(expected.matches.right[0])
    assert found.explain(*pair) == expected.explain(*pair)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("policy", ["news", "similar"])
def test_the_real_feed_is_clustered_as_in_memory(
    shared_data: Path, tmp_path: Path, policy: Policy
) -> None:
    """Teasers of the real feed."""
    table = pq.read_table(shared_data / "newsapi_teasers.parquet").slice(100_000, 20_000)
    options: dict[str, Any] = {"text": "description", "policy": policy, "progress": False}

    found = dn.cluster(table, work_folder=tmp_path, **options)

    assert_same(found, dn.cluster(table, **options))
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, sys
import dedupe_news as dn
from dedupe_news._engine import batch
from made_up_news import made_up_news
def announce(stage):
    if stage == sys.argv[2]:
        os.kill(os.getpid(), 9)
run = batch.cluster_columns
def killed(columns, config, n_jobs, _, *rest):
    return run(columns, config, n_jobs, announce, *rest)
batch.cluster_columns = killed
dn.cluster(made_up_news(60, 8, 12).rows, work_folder=sys.argv[1], progress=False)
"""


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("killed_after", "kept"),
    [
        ("text", {"text"}),
        ("candidates", {"text", "candidates"}),
        ("verdicts", {"text", "candidates", "verdicts"}),
    ],
)
def test_a_run_that_was_killed_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, killed_after: str, kept: set[str]
) -> None:
    """Stages that had ended are not done again; the result is that of a run in one go."""
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", KILLED, str(tmp_path), killed_after],
        check=False, capture_output=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    assert {path.name.split(".")[0] for path in tmp_path.glob("*/*.stage.json")} == kept
    rows = made_up_news(60, 8, 12).rows
    expected = dn.cluster(rows, progress=False)

    def refused(*_: object, **__: object) -> None:
        pytest.fail("a stage that had ended was done again")

    for stage, (module, name) in {
        "text": (batch, "tokens_of"),
        "candidates": (candidates, "find_candidates"),
    }.items():
        if stage in kept:
            monkeypatch.setattr(module, name, refused)
    found = dn.cluster(rows, work_folder=tmp_path, progress=False)

    assert_same(found, expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("compiled")
def test_other_input_or_settings_are_another_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was kept of one is not taken for the other."""
    rows = made_up_news().rows
    other = [*rows[:-1], {**rows[-1], "source": "another"}]

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(candidates, "find_candidates", interrupt)
    for feed, config in ((rows, Config()), (other, Config()), (rows, Config(prefer="latest"))):
        with pytest.raises(KeyboardInterrupt):
            dn.cluster(feed, config=config, work_folder=tmp_path, progress=False)

    assert len(list(tmp_path.iterdir())) == 3


def test_memory_is_where_nothing_changes() -> None:
    """What is kept there is what was given."""
    given_one = Leaf(np.arange(3), np.arange(2, dtype=np.uint8))

    assert Space().keep(given_one) is given_one
    assert Space().stage("any", lambda: given_one, ()) is given_one
