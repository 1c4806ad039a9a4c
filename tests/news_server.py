"""A web server on a free loopback port that serves made-up feeds, well or badly."""

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

LONGEST_WAIT_S = 120.0
"""After this a test fails: kernels may be compiled meanwhile."""


@dataclasses.dataclass(frozen=True)
class Item:
    """One item of a feed."""

    name: str
    title: str
    text: str
    published: dt.datetime | None = None


@dataclasses.dataclass
class Page:
    """What is served at a path; `released` unset holds the answer back."""

    body: bytes
    status: int = 200
    etag: str | None = None
    content_type: str = "application/rss+xml"
    released: threading.Event = dataclasses.field(default_factory=threading.Event)


def rss(title: str, items: Sequence[Item]) -> bytes:
    """Return a feed as RSS 2.0."""
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    ET.SubElement(channel, "title").text = title
    for item in items:
        node = ET.SubElement(channel, "item")
        ET.SubElement(node, "guid", isPermaLink="false").text = item.name
        ET.SubElement(node, "title").text = item.title
        ET.SubElement(node, "description").text = item.text
        if item.published is not None:
            ET.SubElement(node, "pubDate").text = email.utils.format_datetime(item.published)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


class NewsServer:
    """Pages by path, and what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, int, dict[str, str]]] = []
        self._news = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def serve(
        self,
        path: str,
        body: bytes,
        *,
        status: int = 200,
        etag: str | None = None,
        held: bool = False,
    ) -> Page:
        """Put a page at a path."""
        page = Page(body, status, etag)
        if not held:
            page.released.set()
        self.pages[path] = page
        return page

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        page = self.pages.get(handler.path, Page(b"", 404))
        unchanged = page.etag is not None and handler.headers["If-None-Match"] == page.etag
        status = 304 if unchanged else page.status
        with self._news:
            self.asked.append((handler.path, status, dict(handler.headers)))
            self._news.notify_all()
        if handler.path in self.pages:
            page.released.wait(LONGEST_WAIT_S)
        with contextlib.suppress(OSError):  # whoever asked may be gone
            handler.send_response(status)
            handler.send_header("Content-Type", page.content_type)
            if page.etag is not None:
                handler.send_header("ETag", page.etag)
            handler.end_headers()
            handler.wfile.write(b"" if unchanged else page.body)

    def wait_for(self, path: str, n_times: int = 1) -> None:
        """Wait until a page was asked for so often."""
        with self._news:
            assert self._news.wait_for(
                lambda: [asked for asked, *_ in self.asked].count(path) >= n_times, LONGEST_WAIT_S
            ), f"nobody asked for {path}"

    @contextlib.contextmanager
    def running(self) -> Iterator[NewsServer]:
        """Serve for the time of a block."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            for page in self.pages.values():
                page.released.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()
