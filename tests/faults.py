"""
What kills and crowds processes and damages files: `python tests/faults.py crash --kills 200`.

One process prepares everything and then forks, so that each of many children begins at
once. Whatever is wrong raises here, and ends the program with a traceback.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dedupe_news as dn
from dedupe_news._store.rescue import DamagedFile

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 20261126
CONFIGS = (
    dn.Config(policy="similar", threshold=0.5, shingle_size=2),
    dn.Config(),
)
_WORDS = (
    "storm", "harbour", "council", "mayor", "rain", "river", "bridge", "market", "train",
    "school", "fire", "vote",
)  # fmt: skip


def text_of(number: int) -> str:
    """Return the text of a document: one in three is that of an earlier one."""
    made = random.Random(number - number % 3)  # noqa: S311 - made-up news
    return f"item {number - number % 3} " + " ".join(made.choices(_WORDS, k=12))


def add_for_ever(path: str, first: int, step: int, to: int, durability: str) -> None:
    """Add documents, and say of each batch that it is there, until killed."""
    index = dn.NewsIndex.open(path, durability=durability)  # type: ignore[arg-type]
    number = first
    while True:
        batch = [{"id": each, "text": text_of(each)} for each in range(number, number + step)]
        if step == 1:
            index.add(number, text_of(number))
        else:
            index.add_many(batch, n_jobs=1)
        os.write(to, b"%d\n" % (number + step))
        number += step


def check(path: str, acknowledged: int, step: int) -> int:
    """Compare what a killed process left with an index built afresh; return how many there are."""
    with dn.NewsIndex.open(path) as index:
        found = list(index.documents())
        assert len(found) >= acknowledged, (len(found), acknowledged)
        assert len(found) - acknowledged in {0, step}, "a batch is there in part"
        assert [each.id for each in found] == list(range(len(found)))
        assert all(each.text == text_of(int(str(each.id))) for each in found)
        fresh = dn.NewsIndex(index.config)
        if found:
            fresh.add_many(found, n_jobs=1)
        for number in range(0, len(found), max(1, len(found) // 20)):
            assert index.query(text_of(number)) == fresh.query(text_of(number))
            assert index.cluster_of(number) == fresh.cluster_of(number)
    return len(found)


def crash(kills: int, longest_s: float) -> None:
    """Kill a process that adds, again and again, at moments of no regularity."""
    draw = random.Random(SEED)  # noqa: S311 - moments to kill at
    n_whole = n_acknowledged = 0
    with tempfile.TemporaryDirectory() as folder:
        for config in CONFIGS:  # compiled before the first child
            with dn.NewsIndex.open(Path(folder) / f"warm-{config.policy}", config) as index:
                index.add("one", text_of(0))
                index.add_many([{"id": at, "text": text_of(at)} for at in range(9)], n_jobs=1)
                index.query(text_of(0))
        path, n_there, step, durability = "", 0, 1, "full"
        for kill in range(kills):
            if kill % 5 == 0:
                path = str(Path(folder) / f"feed{kill}.db")
                dn.NewsIndex.open(path, CONFIGS[kill // 5 % 2]).close()
                n_there, step = 0, (1, 7)[kill // 10 % 2]
                durability = ("full", "normal")[kill // 20 % 2]
            reads, writes = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reads)
                add_for_ever(path, n_there, step, writes, durability)
            os.close(writes)
            with os.fdopen(reads, "rb") as lines:
                first = lines.readline()
                time.sleep(draw.uniform(0, longest_s))
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                rest = lines.read().split(b"\n")
            acknowledged = int(([first, *rest[:-1]])[-1])
            n_there = check(path, acknowledged, step)
            n_acknowledged += 1
            n_whole += n_there > acknowledged
    sys.stdout.write(
        f"{n_acknowledged} kills, {n_whole} of them after a commit nobody was told of\n"
    )


def write_some(location: str, writer: int, seconds: float, n_least: int, to: int) -> None:
    """Add documents of one's own and copies of a common one, for a time."""
    index = dn.NewsIndex.open(location, durability="normal", timeout=120)
    until = time.monotonic() + seconds
    done = 0
    while done < n_least or time.monotonic() < until:
        batch = [
            {"id": f"{writer}-{done + each}", "text": text_of(3 * (done + each))}
            for each in range(1 + done % 3)
        ]
        index.add_many(batch, n_jobs=1)
        done += len(batch)
        index.query(text_of(done))
    os.write(to, b"%d\n" % done)
    index.close()


def crowd(location: str, writers: int, seconds: float, n_least: int) -> None:
    """Let processes write at once, and count what is there."""
    dn.NewsIndex.open(location, CONFIGS[0]).close()
    children, pipes = [], []
    for writer in range(writers):
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reads)
            write_some(location, writer, seconds, n_least, writes)
            os._exit(0)
        os.close(writes)
        children.append(child)
        pipes.append(reads)
    counts = []
    for child, pipe in zip(children, pipes, strict=True):
        with os.fdopen(pipe, "rb") as lines:
            counts.append(int(lines.readline() or b"-1"))
        _, status = os.waitpid(child, 0)
        assert status == 0, f"writer {len(counts) - 1} ended with {status}"
    expected = {f"{writer}-{each}" for writer in range(writers) for each in range(counts[writer])}
    with dn.NewsIndex.open(location) as index:
        ids = list(index)
        assert len(ids) == len(expected), (len(ids), len(expected))
        assert set(ids) == expected
        clusters: dict[str, set[int]] = {}
        for document in index.documents():
            clusters.setdefault(document.text, set()).add(index.cluster_of(document.id))
        apart = {text: found for text, found in clusters.items() if len(found) > 1}
        assert not apart, f"copies in several clusters: {apart}"
    sys.stdout.write(f"{writers} writers added {sum(counts)} documents, {counts}\n")


N_IN_FILE = 60
SCHEMA_WORDS = (b"SQLite", b"CREATE TABLE", b"INTEGER PRIMARY KEY", b"events", b"migrations",
                b"folding", b"meta", b"BLOB", b'{"')  # fmt: skip


def make_file(path: Path) -> None:
    """Make an index of which copies can be damaged."""
    with dn.NewsIndex.open(path, CONFIGS[0]) as index:
        index.add_many(
            [{"id": f"id{at}", "text": text_of(at), "source": "Post"} for at in range(N_IN_FILE)],
            n_jobs=1,
        )
        index.remove("id7")


def answers(path: Path, *, read_only: bool = False) -> list[object]:
    """Return all that can be asked of an index."""
    with dn.NewsIndex.open(path, read_only=read_only) as index:
        queries = [index.query(text_of(at)) for at in range(0, N_IN_FILE, 6)]
        clusters = [index.cluster_of(name) for name in index]
        return [list(index), queries, clusters, list(index.documents()), index.config]


def answers_after(path: Path) -> list[object]:
    """Add a document to a file that may be damaged, take it out again, and return the answers."""
    with dn.NewsIndex.open(path) as index:
        index.add("new", text_of(3 * N_IN_FILE))
        assert "new" in index
        index.remove("new")
    return answers(path)


def check_file(path: Path) -> None:
    """Read all that is undamaged, and raise what `dedupe-news index check` finds wrong."""
    damaged = DamagedFile(path)
    try:
        damaged.examine()
        for _ in damaged.items():
            pass
        if not damaged.report:
            raise dn.StoreDamagedError(str(damaged.report))
    finally:
        damaged.close()


def places_to_change(data: bytes, n_places: int) -> list[int]:
    """Return places in a file: the header, the schema, some of every page, any others."""
    draw = random.Random(SEED)  # noqa: S311 - places of bytes
    header = list(range(100))
    schema = [
        at + behind
        for word in SCHEMA_WORDS
        for at in range(len(data))
        if data.startswith(word, at)
        for behind in range(len(word))
    ]
    pages = [
        page + at for page in range(0, len(data), 4096) for at in (3, 9, 100, 1031, 2500, 4090)
    ]
    listed = list(dict.fromkeys([*header, *schema, *pages]))
    draw.shuffle(listed)
    others = draw.sample(range(len(data)), max(0, min(len(data), n_places) - len(listed)))
    return [*listed, *others][:n_places]


def is_noticed(use: Callable[[Path], object], expected: object, changed: bytes) -> bool:
    """Return whether a file of these bytes gives an error of ours; else it answers as expected."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.db"
        path.write_bytes(changed)
        try:
            assert use(path) == expected, "another answer"
        except dn.DedupeNewsError:
            return True
    return False


def flip(changes: int) -> None:
    """Change a byte of a file, and hold whatever is answered then against what was before."""
    draw = random.Random(SEED)  # noqa: S311 - values of bytes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.db"
        make_file(path)
        expected, data = answers(path), path.read_bytes()
    n_noticed = 0
    for place in places_to_change(data, changes):
        changed = bytearray(data)
        changed[place] ^= draw.randrange(1, 256)
        try:
            fails = [
                is_noticed(use, expected, bytes(changed))
                for use in (answers, functools.partial(answers, read_only=True), answers_after)
            ]
            is_found = is_noticed(check_file, None, bytes(changed))
            assert is_found or not any(fails), "a file that fails is well, says the check"
        except Exception as error:
            error.add_note(f"byte {place} was changed to {changed[place]}")
            raise
        n_noticed += is_found
    sys.stdout.write(f"{changes} changed bytes, {n_noticed} of them noticed, no other answer\n")


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    crashing = commands.add_parser("crash")
    crashing.add_argument("--kills", type=int, default=200)
    crashing.add_argument("--longest-s", type=float, default=0.3)
    crowding = commands.add_parser("crowd")
    crowding.add_argument("location")
    crowding.add_argument("--writers", type=int, default=4)
    crowding.add_argument("--seconds", type=float, default=60)
    crowding.add_argument("--least", type=int, default=20)
    flipping = commands.add_parser("flip")
    flipping.add_argument("--changes", type=int, default=1_500)
    chosen = parser.parse_args()
    if chosen.command == "crash":
        crash(chosen.kills, chosen.longest_s)
    elif chosen.command == "flip":
        flip(chosen.changes)
    else:
        crowd(chosen.location, chosen.writers, chosen.seconds, chosen.least)


if __name__ == "__main__":
    main()
