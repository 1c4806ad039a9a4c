"""The example that polls feeds, run as its users would, against a server of made-up feeds."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import dedupe_news as dn
from news_server import LONGEST_WAIT_S, Item, NewsServer, rss

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG_AGO = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
FAR_OFF = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
STORM = Item("1", "Storm over Tarnby", "A storm cut the power of 4,000 homes in Tarnby on Sunday.")
VOTE = Item("2", "Vote in Ostrand", "The council of Ostrand chose a new mayor on Monday morning.")
COPY = Item(
    "1", "Storm over Tarnby", "A storm cut the power of 4,000 homes in Tarnby on Sunday ..."
)


class Poller:
    """The example, in a process of its own."""

    def __init__(self, root: Path, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, str(root / "examples" / "rss_poller" / "poller.py"), *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            # Compiled in any case: kernels as plain Python are slow.
            env={**os.environ, "NUMBA_DISABLE_JIT": "0", "PYTHONUTF8": "1"},
        )

    def row(self) -> list[str]:
        """Wait for the next line, and return its columns."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n").split("\t")

    def end(self) -> tuple[list[list[str]], str]:
        """Wait for its end, and return the rest of its lines and what it logged."""
        out, log = self.process.communicate(timeout=LONGEST_WAIT_S)
        return [line.split("\t") for line in out.splitlines()], log


@pytest.fixture
def server() -> Iterator[NewsServer]:
    """Serve feeds."""
    with NewsServer().running() as running:
        yield running


def run(root: Path, folder: Path, *arguments: str) -> tuple[list[list[str]], str]:
    """Poll once, and return lines and log."""
    poller = Poller(root, folder, "--once", *arguments)
    rows, log = poller.end()
    assert poller.process.returncode == 0, log
    return rows, log


def test_a_restart_knows_what_was_there(root: Path, tmp_path: Path, server: NewsServer) -> None:
    """The second run asks for changes only, and finds the copies of what the first run saw."""
    a, b = server.url("/a"), server.url("/b")
    server.serve("/a", rss("Tarnby Post", [STORM, VOTE]), etag='"1"')

    first, _ = run(root, tmp_path, a)
    again, log = run(root, tmp_path, a)
    server.serve("/b", rss("Ostrand Times", [COPY]))
    third, _ = run(root, tmp_path, a, b)

    assert [row[0] for row in first] == ["new", "new"]
    assert [row[2:5] for row in first] == [
        ["Tarnby Post", STORM.title, f"{a} 1"],
        ["Tarnby Post", VOTE.title, f"{a} 2"],
    ]
    assert again == []
    assert "nothing changed" in log
    cluster = first[0][1]
    assert third == [
        ["duplicate", cluster, "Ostrand Times", COPY.title, f"{b} 1", f"{a} 1"],
    ]
    assert [status for path, status, _ in server.asked if path == "/a"] == [200, 304, 304]


def test_known_items_of_a_changed_feed_are_not_repeated(
    root: Path, tmp_path: Path, server: NewsServer
) -> None:
    """A feed that grew tells what is new alone, also where its server knows no conditions."""
    server.serve("/a", rss("Tarnby Post", [STORM]))
    run(root, tmp_path, server.url("/a"))
    server.serve("/a", rss("Tarnby Post", [VOTE, STORM]))

    rows, _ = run(root, tmp_path, server.url("/a"))

    assert [row[3] for row in rows] == [VOTE.title]


def test_a_name_that_repeats_in_a_feed_is_one_item(
    root: Path, tmp_path: Path, server: NewsServer
) -> None:
    """Feeds that give all their items one name are wrong, and harmless."""
    again = Item(STORM.name, VOTE.title, VOTE.text)
    server.serve("/a", rss("Tarnby Post", [STORM, again]))

    rows, _ = run(root, tmp_path, server.url("/a"))

    assert [row[3] for row in rows] == [STORM.title]


def test_a_new_index_asks_for_everything(root: Path, tmp_path: Path, server: NewsServer) -> None:
    """Conditions that were kept beside an index that is gone do not count, nor do torn ones."""
    server.serve("/a", rss("Tarnby Post", [STORM]), etag='"1"')
    run(root, tmp_path, server.url("/a"))
    for file in tmp_path.glob("feed.db*"):
        if file.name != "feed.db.conditions.json":
            file.unlink()

    rows, _ = run(root, tmp_path, server.url("/a"))
    (tmp_path / "feed.db.conditions.json").write_text("{", encoding="utf-8")
    torn, _ = run(root, tmp_path, server.url("/a"))

    assert [row[0] for row in rows] == ["new"]
    assert torn == []
    assert [status for _, status, _ in server.asked] == [200, 200, 200]


def test_kill_in_mid_poll_loses_nothing(root: Path, tmp_path: Path, server: NewsServer) -> None:
    """What was not committed is reported again; in the end the index has each item once."""
    items = [
        Item(str(n), f"Report {n:03}", f"Village {n * 7919} counted {n * 104729} trees, said {n}")
        for n in range(300)
    ]
    urls = [server.url("/a"), server.url("/b")]
    server.serve("/a", rss("Tarnby Post", items), etag='"1"')
    held = server.serve("/b", rss("Ostrand Times", [VOTE]), held=True)
    poller = Poller(root, tmp_path, *urls)
    reported = [poller.row()]
    server.wait_for("/b")

    poller.process.kill()
    rest, _ = poller.end()
    reported += [row for row in rest if len(row) >= 5]  # the last line may be torn
    held.released.set()
    rows, _ = run(root, tmp_path, *urls)

    assert poller.process.returncode == -signal.SIGKILL
    wanted = {f"{urls[0]} {item.name}" for item in items} | {f"{urls[1]} {VOTE.name}"}
    assert {row[4] for row in reported + rows} == wanted
    with dn.NewsIndex.open(tmp_path / "feed.db", read_only=True) as index:
        assert sorted(map(str, index)) == sorted(wanted)


def test_bad_feeds_do_not_keep_good_ones_away(
    root: Path, tmp_path: Path, server: NewsServer
) -> None:
    """A missing, a broken, a silent and an absent server are said, and the rest is polled."""
    server.serve("/good", rss("Tarnby Post", [STORM]))
    server.serve("/broken", b"<html>no feed here")
    server.serve("/odd", rss("Odd", [STORM]).replace(b"Storm", b"&#xD800;"))
    server.serve("/silent", b"", held=True)
    bad = [server.url("/missing"), server.url("/broken"), server.url("/odd")]
    bad += [server.url("/silent"), "http://127.0.0.1:1/nobody"]

    rows, log = run(root, tmp_path, "--timeout", "2", *bad, server.url("/good"))

    assert [row[3] for row in rows] == [STORM.title]
    warnings = [line for line in log.splitlines() if " WARNING " in line]
    assert len(warnings) == len(bad)
    for url in bad:
        assert any(url in line for line in warnings)


def test_items_beyond_the_window_and_dates_of_the_future(
    root: Path, tmp_path: Path, server: NewsServer
) -> None:
    """Old items stay out; a wrong date does not make the others leave; times are kept."""
    old = Item("old", "Old", "An old item about the harbour of Valmer", LONG_AGO)
    wrong = Item("2", VOTE.title, VOTE.text, FAR_OFF)
    server.serve("/a", rss("Tarnby Post", [STORM, old, wrong]))

    run(root, tmp_path, server.url("/a"))
    server.serve("/b", rss("Ostrand Times", [COPY]))
    rows, _ = run(root, tmp_path, server.url("/b"))

    assert [row[0] for row in rows] == ["duplicate"]
    with dn.NewsIndex.open(tmp_path / "feed.db", read_only=True) as index:
        assert len(index) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_between_polls(
    root: Path, tmp_path: Path, server: NewsServer, number: signal.Signals
) -> None:
    """A signal ends it between polls; it says so and ends well, long before the next poll."""
    server.serve("/a", rss("Tarnby Post", [STORM]))
    poller = Poller(root, tmp_path, "--interval", "0.01", server.url("/a"))
    poller.row()
    server.wait_for("/a", 3)

    poller.process.send_signal(number)
    _, log = poller.end()

    assert poller.process.returncode == 0
    assert log.endswith("stopped\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
def test_a_signal_in_mid_poll_lets_the_feed_at_hand_end(
    root: Path, tmp_path: Path, server: NewsServer
) -> None:
    """What has arrived is committed; the long interval is not waited for."""
    held = server.serve("/a", rss("Tarnby Post", [STORM]), held=True)
    poller = Poller(root, tmp_path, "--interval", "100000", server.url("/a"))
    server.wait_for("/a")

    poller.process.send_signal(signal.SIGTERM)
    held.released.set()
    rows, log = poller.end()

    assert [row[3] for row in rows] == [STORM.title]
    assert (poller.process.returncode, log.endswith("stopped\n")) == (0, True)


def test_another_window_is_refused_with_a_remedy(
    root: Path, tmp_path: Path, server: NewsServer
) -> None:
    """The message is that of the library, without a traceback."""
    server.serve("/a", rss("Tarnby Post", [STORM]))
    run(root, tmp_path, server.url("/a"))

    poller = Poller(root, tmp_path, "--once", "--window", "7 days", server.url("/a"))
    _, log = poller.end()

    assert poller.process.returncode == 1
    assert log.startswith("rss_poller: ")
    assert "window" in log
    assert "Traceback" not in log
