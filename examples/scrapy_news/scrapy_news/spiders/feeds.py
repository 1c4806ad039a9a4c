"""A spider that reads RSS feeds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from scrapy.spiders import XMLFeedSpider

if TYPE_CHECKING:
    from scrapy import Selector
    from scrapy.http import Response


@dataclasses.dataclass
class NewsItem:
    """One item of a feed; the last two fields are for the pipeline to write."""

    url: str
    title: str
    text: str
    source: str
    published: str | None
    duplicate_of: str | None = None
    cluster: int | None = None


class FeedSpider(XMLFeedSpider):
    """
    Yields the items of RSS feeds: ``scrapy crawl feeds -a urls=https://example.org/rss``.

    Parameters
    ----------
    urls : str
        Addresses of feeds, with commas between them.
    """

    name = "feeds"
    itertag = "item"

    def __init__(self, urls: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = urls.split(",")

    def parse_node(self, response: Response, selector: Selector) -> NewsItem:
        """Return one item."""
        return NewsItem(
            url=selector.xpath("link/text()").get() or selector.xpath("guid/text()").get(""),
            title=selector.xpath("title/text()").get(""),
            text=selector.xpath("description/text()").get(""),
            source=response.url,
            published=selector.xpath("pubDate/text()").get(),
        )
