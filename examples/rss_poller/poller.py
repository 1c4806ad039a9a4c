"""
Poll news feeds, and say of every item whether it is new or a duplicate.

    python poller.py --index feed.db https://example.org/rss https://example.net/atom

It prints one line per item, with tabs between the columns: ``new`` or ``duplicate``, the number of
the cluster, source, title, id, and for a duplicate the id of the item that it repeats. The line is
written before the item is committed to the index: whatever happens, every item is reported, and
one that is in the index is not reported again.
"""

from __future__ import annotations

import argparse
import calendar
import contextlib
import dataclasses
import datetime as dt
import http.client
import io
import json
import logging
import queue
import signal
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser

import dedupe_news as dn

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 20_000_000
N_THREADS = 8

log = logging.getLogger("rss_poller")


@dataclasses.dataclass(frozen=True)
class Feed:
    """The items of a feed, and the headers that ask its server for changes only next time."""

    items: list[dn.Document]
    conditions: dict[str, str]


def fetch(url: str, conditions: dict[str, str], options: argparse.Namespace) -> Feed | None:
    """Return a feed, or None if it did not change since its server set the conditions."""
    request = urllib.request.Request(  # noqa: S310 - the command line takes http and https only
        url, headers={"User-Agent": "dedupe-news-rss-poller", **conditions}
    )
    try:
        with urllib.request.urlopen(request, timeout=options.timeout) as response:  # noqa: S310
            headers, body = response.headers, read(response, options.timeout)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.NOT_MODIFIED:
            return None
        raise
    told = {"content-type": headers.get("Content-Type", ""), "content-location": url}
    # As a stream: feedparser would take bytes that look like a path for a file to read.
    parsed = feedparser.parse(io.BytesIO(body), response_headers=told)
    if parsed.bozo and not parsed.entries:
        message = f"no feed: {parsed.bozo_exception}"
        raise ValueError(message)
    wanted = {"If-None-Match": headers["ETag"], "If-Modified-Since": headers["Last-Modified"]}
    return Feed(
        list(documents(url, parsed, options.window)),
        {name: value for name, value in wanted.items() if value},
    )


def read(response: http.client.HTTPResponse, timeout: float) -> bytes:
    """Return the body of a response; refuse one that is too large or too slow."""
    until = time.monotonic() + timeout
    body = bytearray()
    while part := response.read1(65_536):
        body += part
        # A server that sends a little now and then never times out by itself.
        if len(body) > MOST_BYTES or time.monotonic() > until:
            message = f"it takes more than {MOST_BYTES:,} bytes or {timeout:g} seconds"
            raise OSError(message)
    return bytes(body)


def documents(url: str, parsed: Any, window: dt.timedelta) -> Iterator[dn.Document]:  # noqa: ANN401
    """Return the items of a feed that are not too old for the index."""
    now = dt.datetime.now(dt.UTC)
    source = one_line(parsed.feed.get("title", "")) or url
    for entry in parsed.entries:
        name = entry.get("id") or entry.get("link")
        published = time_of(entry, now)
        if name and now - published <= window:
            text = entry.get("summary") or next((c.value for c in entry.get("content", [])), "")
            yield dn.Document(
                text,
                title=one_line(entry.get("title", "")),
                id=f"{url} {one_line(name)}",  # ids are unique within their feed only
                source=source,
                published=published,
            )


def time_of(entry: Any, now: dt.datetime) -> dt.datetime:  # noqa: ANN401 - feedparser has no types
    """Return when an item was published; now if that is not known."""
    parsed = entry.get("published_parsed") or entry.get("updated_parsed")
    try:
        return dt.datetime.fromtimestamp(calendar.timegm(parsed), dt.UTC) if parsed else now
    except (OverflowError, ValueError):
        return now


def one_line(text: str) -> str:
    """Return a text without line breaks and tabs."""
    return " ".join(text.split())


class Poller:
    """Feeds, the index that their items go to, and what each server said last."""

    def __init__(self, index: dn.NewsIndex, options: argparse.Namespace) -> None:
        self._index = index
        self._options = options
        self._state = Path(f"{options.index}.conditions.json")
        self._conditions: dict[str, dict[str, str]] = {}
        if len(index):  # a new index needs all items, changed or not
            with contextlib.suppress(OSError, ValueError):  # without conditions, all come
                self._conditions = json.loads(self._state.read_text(encoding="utf-8"))

    def poll(self, signals: queue.SimpleQueue[int]) -> None:
        """Ask all feeds once; end early, between two feeds, if a signal has come."""
        pool = ThreadPoolExecutor(N_THREADS)
        asked = {
            pool.submit(fetch, url, self._conditions.get(url, {}), self._options): url
            for url in self._options.urls
        }
        for answer in as_completed(asked):
            url = asked[answer]
            if error := answer.exception():  # of any type: a feed may contain anything
                log.warning("%s: %s; it is asked again next time", url, error)
            elif feed := answer.result():
                self._take(url, feed)
            else:
                log.info("%s: nothing changed", url)
            if not signals.empty():
                break
        pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, url: str, feed: Feed) -> None:
        """Report and index the new items of a feed; then remember what its server said."""
        n_new = n_duplicates = n_left_out = 0
        try:
            with self._index.batch():  # all or nothing: a feed that fails comes again
                for item in feed.items:
                    if item.id in self._index:
                        continue
                    try:
                        is_duplicate = self._add(item)
                    except (dn.InputError, dn.InputTypeError) as error:
                        if self._options.on_invalid == "raise":
                            raise
                        n_left_out += 1
                        log.warning("%s: an item is left out: %s", url, error)
                    else:
                        n_duplicates += is_duplicate
                        n_new += not is_duplicate
                sys.stdout.flush()
        except dn.DedupeNewsError as error:
            log.warning("%s: %s; it is asked again next time", url, error)
            return
        log.info("%s: %d new, %d duplicates, %d left out", url, n_new, n_duplicates, n_left_out)
        self._conditions[url] = feed.conditions
        draft = self._state.with_suffix(".draft")
        draft.write_text(json.dumps(self._conditions), encoding="utf-8")
        draft.replace(self._state)

    def _add(self, document: dn.Document) -> bool:
        matches = self._index.add(
            document.id,
            document.text,
            title=document.title,
            source=document.source,
            published=document.published,
        )
        columns = [
            "duplicate" if matches else "new",
            self._index.cluster_of(document.id),
            document.source,
            document.title,
            document.id,
            *(match.id for match in matches[:1]),
        ]
        print(*columns, sep="\t")
        return bool(matches)


def options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        description="Poll news feeds and report new and duplicate items."
    )
    parser.add_argument("urls", nargs="+", type=web_address, metavar="URL", help="a feed")
    parser.add_argument("--index", default="feed.db", help="file of the index (default: feed.db)")
    parser.add_argument("--interval", type=float, default=300, help="seconds between polls")
    parser.add_argument("--timeout", type=float, default=20, help="seconds to wait for a feed")
    parser.add_argument("--window", default="30 days", help="how far to look back")
    parser.add_argument(
        "--on-invalid",
        choices=("raise", "ignore", "drop"),
        default="ignore",
        help="for an item with a value that cannot be read: retry its feed later (raise), take the "
        "value as missing (ignore), or leave the item out (drop)",
    )
    parser.add_argument("--once", action="store_true", help="poll once, for cron")
    return parser.parse_args()


def web_address(text: str) -> str:
    """Return an address that can be fetched."""
    if not text.startswith(("http://", "https://")):
        message = f"{text!r} is no address of a feed; it begins with http:// or https://"
        raise argparse.ArgumentTypeError(message)
    return text


def main() -> None:
    """Poll until SIGTERM or SIGINT comes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for lone surrogates in a feed
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    chosen = options()
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()  # a handler may fill it during a wait
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: signals.put(number))
    try:
        with dn.NewsIndex.open(chosen.index, window=chosen.window) as index:
            chosen.window = index.config.window  # as a length of time
            poller = Poller(index, chosen)
            while signals.empty():
                poller.poll(signals)
                if chosen.once:
                    break
                try:
                    signals.get(timeout=chosen.interval)
                    break
                except queue.Empty:
                    pass
    except dn.DedupeNewsError as error:
        sys.exit(f"rss_poller: {error}")
    log.info("stopped")


if __name__ == "__main__":
    main()
