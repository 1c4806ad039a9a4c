"""Memory and disk of runs out of core: what is allowed, what is kept, what is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news import Config
from dedupe_news.errors import ConfigError, InputError, WorkFolderError, WorkFolderFullError
from dedupe_news.outofcore import limits, reading, workspace
from dedupe_news.outofcore.limits import free_memory, parse_limit, plan, resident_memory
from dedupe_news.outofcore.spill import Room, Spill
from dedupe_news.outofcore.workspace import Workspace
from made_up_news import made_up_news
from small_steps import LIMIT, assert_same, run, small_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("compiled")

ROWS = made_up_news().rows
CONFIG = Config(policy="similar", threshold=0.4)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (5, 5),
        ("7", 7),
        ("2GB", 2 * 10**9),
        ("2 gb", 2 * 10**9),
        ("1.5G", 15 * 10**8),
        ("512MiB", 2**29),
        ("1Ti", 2**40),
        ("10kB", 10_000),
    ],
)
def test_limits_are_bytes_or_texts(limit: int | str, expected: int) -> None:
    """Units of ten and of two."""
    assert parse_limit(limit) == expected


@pytest.mark.parametrize(
    "limit", [0, -1, True, 1.5, "", "GB", "2 quarts", "-2GB", "0.2", "nan", b"2"]
)
def test_other_limits_are_refused(limit: object) -> None:
    """With what is allowed."""
    with pytest.raises(ConfigError, match=r"memory_limit=.* is no amount of memory; pass bytes"):
        dn.cluster(["a"], memory_limit=limit)  # type: ignore[arg-type]


def test_half_of_what_is_free_is_the_default() -> None:
    """Beside what the process holds."""
    free, held = free_memory(), resident_memory()

    assert 0.8 * (held + free / 2) < parse_limit(None) < 1.2 * (held + free / 2)


def test_free_memory_is_that_of_the_control_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is less than the system's; and no guess where nothing is known."""
    files = {
        "/proc/meminfo": ["MemTotal: 9 kB", "MemAvailable: 8000 kB"],
        "/sys/fs/cgroup/memory.max": ["5000000"],
        "/sys/fs/cgroup/memory.current": ["2000000"],
    }
    monkeypatch.setattr(limits, "_lines", lambda path: files.get(path, []))
    assert free_memory() == 3_000_000
    files["/sys/fs/cgroup/memory.max"] = ["max"]
    assert free_memory() == 8_192_000
    files.clear()
    monkeypatch.setattr(os, "sysconf_names", {})
    assert free_memory() == sys.maxsize
    assert resident_memory() == 0


def test_too_little_memory_is_said_with_what_would_do() -> None:
    """Before anything is read, where the number of documents is known."""
    with pytest.raises(
        ConfigError, match=r"too little: the process held .* Allow at least"
    ) as caught:
        run(ROWS, CONFIG, limit=resident_memory() + 1_000_000)

    least = int(str(caught.value).split("Allow at least ")[1].split(" or ")[0].replace(",", ""))
    assert_same(run(ROWS, CONFIG, limit=least + 50_000_000), run(ROWS, CONFIG))


@given(limit=st.integers(10**8, 10**11), held=st.integers(0, 10**9), n=st.integers(0, 10**8))
def test_plans_stay_within_the_limit(limit: int, held: int, n: int) -> None:
    """Whatever is shared out was there, and there is something to work with."""
    try:
        shares = plan(limit, held, n)
    except ConfigError:
        assert limit - held - n * limits.BYTES_A_DOCUMENT < limits.LEAST_WORKING
        return
    assert shares.working >= limits.LEAST_WORKING
    assert shares.stored >= 0
    assert held + n * limits.BYTES_A_DOCUMENT + shares.working + shares.stored <= limit


values = st.lists(st.integers(0, 2**32 - 1), max_size=20)


@given(parts=st.lists(values, max_size=6), room=st.integers(0, 300), data=st.data())
def test_arrays_hold_what_was_written_wherever_they_are(
    parts: list[list[int]], room: int, data: st.DataObject
) -> None:
    """In memory, in a file, or moved from the one to the other in between."""
    expected: list[int] = []
    with small_steps(), tempfile.TemporaryDirectory() as folder:
        memory = Room(room)
        spill = Spill(Path(folder) / "spill", np.uint32, memory)
        for part in parts:
            spill.append(np.array(part, np.uint32))
            expected += part
            if data.draw(st.booleans()):
                spill.to_file()
        spill.extend(3)
        spill.write(len(expected), np.array([1, 2, 3], np.uint32))
        expected += [1, 2, 3]
        bounds = st.integers(0, len(expected))
        runs = [sorted(run) for run in data.draw(st.lists(st.tuples(bounds, bounds), max_size=6))]
        starts, stops = np.array(runs, np.int64).reshape(-1, 2).T

        assert spill.array().tolist() == expected
        assert spill.read(1, 2).tolist() == expected[1:2]
        gathered = [value for start, stop in runs for value in expected[start:stop]]
        assert spill.gather(starts, stops).tolist() == gathered
        held = spill.array()
        was_in_memory = spill.is_in_memory
        spill.drop()
        assert memory.free == room
        assert was_in_memory or held.tolist() == expected
        assert list(Path(folder).iterdir()) == []


@contextlib.contextmanager
def failing_at(step: str) -> Iterator[None]:
    """Let a step end with an error once its work is done, but not noted."""
    original = Workspace.step

    def broken(self: Workspace, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        def interrupted() -> dict[str, Any]:
            outcome = work()
            if name == step:
                raise KeyboardInterrupt
            return outcome

        return original(self, name, interrupted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace.Workspace, "step", broken)
        yield


@pytest.mark.parametrize(
    ("policy", "step"),
    [
        *(("news", step) for step in ("read", "scan", "codes", "judge")),
        *(("similar", step) for step in ("read", "keys", "buckets", "verify")),
    ],
)
def test_run_goes_on_from_its_last_finished_step(
    policy: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed is not read again once it was, and the result is the same."""
    config = Config() if policy == "news" else CONFIG
    with small_steps():
        with failing_at(step), pytest.raises(KeyboardInterrupt):
            run(ROWS, config, tmp_path / "work")
        left = {path.name for path in (tmp_path / "work").iterdir()}
        assert "dedupe_news_run.json" in left
        if step != "read":
            monkeypatch.setattr(reading.Reader, "read", None)  # it must not be called

        # With other threads and memory, which cut blocks and ranges otherwise.
        found = run(ROWS, config, tmp_path / "work", n_jobs=1, limit=2**33)

    assert_same(found, dn.cluster(ROWS, config=config, progress=False))
    assert list((tmp_path / "work").iterdir()) == []


def test_failed_run_leaves_nothing_in_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever step it was."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for step in ("read", "scan", "judge"):
        with small_steps(), failing_at(step), pytest.raises(KeyboardInterrupt):
            run(ROWS, Config())
        assert list(tmp_path.iterdir()) == []
    with small_steps():
        run(ROWS, Config())
    assert list(tmp_path.iterdir()) == []


def test_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    """Other settings, another feed, other files, a damaged list of steps, no folder at all."""
    folder = tmp_path / "work"
    with failing_at("judge"), pytest.raises(KeyboardInterrupt):
        run(ROWS, Config(), folder)
    with pytest.raises(WorkFolderError, match="is of a run with config"):
        run(ROWS, Config(shingle_size=2), folder)
    with pytest.raises(WorkFolderError, match="is of a run with feed 'list of"):
        run(ROWS[:-1], Config(), folder)
    manifest = folder / "dedupe_news_run.json"
    kept = json.loads(manifest.read_text(encoding="utf-8"))
    (folder / kept["finished"]["codes"]["frequency"]["file"]).write_bytes(b"less")
    with pytest.raises(WorkFolderError, match="is not what the run left there"):
        run(ROWS, Config(), folder)
    manifest.write_text("{", encoding="utf-8")
    with pytest.raises(WorkFolderError, match="cannot be read; delete the folder"):
        run(ROWS, Config(), folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").touch()
    with pytest.raises(InputError, match=r"holds other files, such as 'letter\.txt'"):
        run(ROWS, Config(), tmp_path / "other")
    with pytest.raises(WorkFolderError, match="cannot be used: File exists"):
        run(ROWS, Config(), tmp_path / "other" / "letter.txt")


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is told so, and the first goes on."""
    description: dict[str, Any] = {"feed": "of the test"}
    with (
        Workspace(tmp_path / "work", description),
        pytest.raises(WorkFolderError, match="in use by another run"),
    ):
        Workspace(tmp_path / "work", description)
    with Workspace(tmp_path / "work", description):
        pass


def test_disk_without_room_is_said_before_the_work_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the size of the feed."""
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda _: types.SimpleNamespace(free=10**6),
    )
    monkeypatch.setattr(reading.Reader, "read", None)
    with pytest.raises(
        WorkFolderFullError, match=r"need about .* bytes of disk in .* 1,000,000 are"
    ):
        run(ROWS, Config(), tmp_path / "work")


def test_feed_of_unknown_length_is_stopped_while_the_disk_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as what was read cannot be finished."""
    free = [10**9, 10**9, 10**6]  # as other files come to be there
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda _: types.SimpleNamespace(free=free.pop(0)),
    )
    with small_steps(), pytest.raises(WorkFolderFullError, match="documents need about"):
        run(iter(ROWS), Config(), tmp_path / "work")


@pytest.mark.parametrize("kept", [True, False])
def test_full_disk_is_said_and_the_run_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    """A step that found no room is done again."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    texts = [f"{row['text']} again {number}" for number in range(60) for row in ROWS]
    expected = run(texts, CONFIG)
    monkeypatch.setattr(limits, "_WORKING_SHARE", 1.0)
    monkeypatch.setattr(limits, "_MOST_WORKING", LIMIT)  # so that nothing is stored in memory
    folder = tmp_path / "work" if kept else None
    # A limit of the size of files stands for the disk; its signal would end the process.
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(WorkFolderFullError, match=r"disk of .* is full"):
            run(texts, CONFIG, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    if not kept:
        assert list(tmp_path.iterdir()) == []
        return
    assert_same(run(texts, CONFIG, folder), expected)
