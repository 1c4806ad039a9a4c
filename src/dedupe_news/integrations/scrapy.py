"""
A Scrapy item pipeline that drops or tags items that repeat earlier ones.

docs/how-to/scrapy.md lists its settings and statistics.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dedupe_news._input import times
from dedupe_news._input.one import read_item
from dedupe_news._input.python import is_missing
from dedupe_news._input.rules import reading
from dedupe_news.config import Config, from_settings
from dedupe_news.errors import (
    ColumnError,
    ConfigError,
    InputError,
    InputTypeError,
    MissingDependencyError,
    StoreClosedError,
    shown,
)
from dedupe_news.index import NewsIndex

try:
    from itemadapter import ItemAdapter
    from scrapy.exceptions import DropItem
except ImportError as error:
    _MESSAGE = (
        "dedupe_news.integrations.scrapy needs scrapy, which is not installed; "
        "pip install 'dedupe-news[scrapy]'"
    )
    raise MissingDependencyError(_MESSAGE) from error

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from scrapy.statscollectors import StatsCollector

    from dedupe_news._input.skipped import Skipped

ACTIONS = ("drop", "tag")
"""What can be done with a duplicate."""

FIELDS: Mapping[str, str | None] = {
    "id": "url",
    "title": "title",
    "text": "text",
    "source": "source",
    "published": "published",
    "duplicate_of": "duplicate_of",
    "cluster": "cluster",
}
"""The field of an item for each part of a document, and for what the action "tag" writes."""

_WRITTEN = ("duplicate_of", "cluster")
_RULES = {"on_invalid": "ignore", "timezone": "UTC", "date_format": None}

_log = logging.getLogger(__name__)


class DedupeNewsPipeline:
    """
    Looks every item up in an index, adds it, and drops or tags it if it repeats one.

    An item repeats another if it is a duplicate of one in the index, or if its
    id is there already, from an earlier crawl. Items without an id, or without
    both title and text, are no news items and pass as they are. A value that
    cannot be read counts as missing: no item is lost for it.

    Parameters
    ----------
    settings : scrapy.settings.BaseSettings
        Those that begin with ``DEDUPE_NEWS_`` are read.
    stats : scrapy.statscollectors.StatsCollector
        Gets the counts that begin with ``dedupe_news/``.

    Raises
    ------
    ConfigError
        If a setting is missing or cannot be used.
    """

    def __init__(self, settings: BaseSettings, stats: StatsCollector) -> None:
        self._location = settings.get("DEDUPE_NEWS_INDEX")
        if not self._location:
            message = (
                "the setting DEDUPE_NEWS_INDEX is missing: say where the index is kept, such as "
                "DEDUPE_NEWS_INDEX = 'feed.db' or 'redis://localhost/0?prefix=feed'"
            )
            raise ConfigError(message)
        self._action = settings.get("DEDUPE_NEWS_ACTION", "drop")
        if self._action not in ACTIONS:
            message = (
                f"DEDUPE_NEWS_ACTION={self._action!r} is not known; "
                f"allowed are {', '.join(map(repr, ACTIONS))}"
            )
            raise ConfigError(message)
        self._fields = _fields(_dictionary(settings, "DEDUPE_NEWS_FIELDS"))
        chosen = _dictionary(settings, "DEDUPE_NEWS_CONFIG")
        self._config: Config | None = from_settings(chosen) if chosen else None
        self._rules: dict[str, Any] = {
            name: settings.get(f"DEDUPE_NEWS_{name.upper()}", usual)
            for name, usual in _RULES.items()
        }
        with reading(**self._rules):
            pass  # what is wrong in them is said before the crawl begins
        self._stats = stats
        self._index: NewsIndex | None = None
        self._checked: set[type] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> DedupeNewsPipeline:
        """
        Return the pipeline of a crawler.

        Parameters
        ----------
        crawler : scrapy.crawler.Crawler
            Has settings and statistics.

        Returns
        -------
        DedupeNewsPipeline
            Before its index is open.

        Raises
        ------
        ConfigError
            If a setting is missing or cannot be used.
        """
        if crawler.stats is None:
            message = "the crawler has no statistics yet; Scrapy makes pipelines once it has"
            raise ConfigError(message)
        return cls(crawler.settings, crawler.stats)

    def open_spider(self) -> None:
        """
        Open the index, or make it.

        Raises
        ------
        StoreError
            If it cannot be opened.
        """
        # What a power cut takes of the index it takes of the crawl's output too.
        self._index = NewsIndex.open(self._location, self._config, durability="normal")

    def close_spider(self) -> None:
        """Close the index."""
        if self._index is not None:
            self._index.close()

    def process_item(self, item: Any) -> Any:  # noqa: ANN401 - of any type that Scrapy knows
        """
        Look an item up, and add it to the index.

        Parameters
        ----------
        item : dict, dataclass, scrapy.Item, attrs or pydantic object
            What a spider yielded.

        Returns
        -------
        object
            The item itself.

        Raises
        ------
        scrapy.exceptions.DropItem
            If the item repeats another and the action is "drop".
        ColumnError
            If the item has no field for what the action "tag" writes.
        InputError
            With ``DEDUPE_NEWS_ON_INVALID = "raise"``, if a value cannot be
            used. The item is not in the index then.
        InputTypeError
            Likewise, if a value is of a type that cannot be used.
        StoreError
            If the index cannot be changed. Likewise.
        """
        adapter = ItemAdapter(item)
        fields = self._fields
        values = {
            what: None if field is None else adapter.get(field) for what, field in fields.items()
        }
        if is_missing(values["id"]) or (is_missing(values["title"]) and is_missing(values["text"])):
            self._pass_over(item)
            return item
        if self._action == "tag":
            self._require_fields(type(item))
        try:
            original, reason = self._look_up(values)
        except (InputError, InputTypeError) as error:
            if self._rules["on_invalid"] == "raise":
                raise
            self._stats.inc_value("dedupe_news/not_indexed")
            _log.warning("an item passes without being looked up: %s", error)
            return item
        if self._action == "tag":
            index = self._opened()
            written = {"duplicate_of": original, "cluster": index.cluster_of(values["id"])}
            for what, value in written.items():
                field = fields[what]
                if field is not None:
                    adapter[field] = value
        elif original is not None:
            raise DropItem(reason)
        return item

    def _look_up(self, values: Mapping[str, Any]) -> tuple[object, str]:
        """Return the id of what an item repeats, or None, and a word for the log."""
        index, name = self._opened(), values["id"]
        if name in index:
            self._stats.inc_value("dedupe_news/seen")
            return name, f"{shown(name)} is in the index already"
        with reading(**self._rules):
            read = read_item(values["text"], values["title"], values["source"], values["published"])
        self._report(name, read.skipped)
        matches = index.add(
            name,
            read.text,
            title=read.title,
            source=read.source,
            published=self._believable(read.published),
        )
        if not matches:
            self._stats.inc_value("dedupe_news/new")
            return None, ""
        self._stats.inc_value("dedupe_news/duplicates")
        best = matches[0]
        return best.id, (
            f"{shown(name)} is a duplicate of {shown(best.id)}: {best.relation.name}, "
            f"probability {best.probability:.3f}"
        )

    def _report(self, name: object, skipped: Skipped) -> None:
        """Count values that could not be read, refuse their item where that is the rule."""
        for column, reason in skipped.counts:
            if not self._stats.get_value(f"dedupe_news/invalid/{column}"):
                first = skipped.examples[0].value
                _log.warning(
                    "the %s %s of %s %s; it counts as missing, as will others that cannot be read",
                    column, first, shown(name), reason,
                )  # fmt: skip
            self._stats.inc_value(f"dedupe_news/invalid/{column}")
        if skipped and self._rules["on_invalid"] == "drop":
            message = f"{shown(name)}: {skipped.examples[0].reason}"
            raise InputError(message)

    def _believable(self, published: dt.datetime | None) -> dt.datetime | None:
        """Return a time, or None for the time of arrival where it has not come yet."""
        if published is None or times.moment(published) <= times.now():
            return published
        # All others would be too old for the window of an item from the future.
        self._stats.inc_value("dedupe_news/future")
        return None

    def _opened(self) -> NewsIndex:
        if self._index is None:
            message = "the index is not open; call open_spider first, as Scrapy does"
            raise StoreClosedError(message)
        return self._index

    def _pass_over(self, item: object) -> None:
        if not self._stats.get_value("dedupe_news/passed_over"):
            named = {what: self._fields[what] for what in ("id", "title", "text")}
            _log.warning(
                "an item of type %r has no id, or neither title nor text, and passes as it is, "
                "as will others like it. If it is news, name its fields in DEDUPE_NEWS_FIELDS; "
                "looked for were %r",
                type(item).__name__,
                named,
            )
        self._stats.inc_value("dedupe_news/passed_over")

    def _require_fields(self, kind: type) -> None:
        """Refuse items that cannot be tagged before they are in the index."""
        if kind in self._checked:
            return
        names = ItemAdapter.get_field_names_from_class(kind)  # None where any field can be set
        for what in _WRITTEN:
            field = self._fields[what]
            if names is not None and field is not None and field not in names:
                message = (
                    f"items of type {kind.__name__!r} have no field {field!r} to tag; add it, or "
                    f"name another with DEDUPE_NEWS_FIELDS = {{{what!r}: ...}}, None for none"
                )
                raise ColumnError(message)
        self._checked.add(kind)


def _dictionary(settings: BaseSettings, name: str) -> dict[str, Any]:
    """Return a setting that is a dictionary, or JSON of one as on the command line."""
    try:
        return settings.getdict(name)
    except (TypeError, ValueError) as error:
        message = f"{name}={settings.get(name)!r} is no dictionary, and no JSON of one"
        raise ConfigError(message) from error


def _fields(chosen: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the names of all fields, those chosen over the usual ones."""
    allowed = ", ".join(map(repr, FIELDS))
    for what, field in chosen.items():
        if what not in FIELDS:
            message = f"DEDUPE_NEWS_FIELDS has the key {what!r}; allowed are {allowed}"
            raise ConfigError(message)
        if field is not None and (not isinstance(field, str) or not field):
            message = (
                f"DEDUPE_NEWS_FIELDS[{what!r}]={field!r} names no field; pass its name, or None "
                "if items have none"
            )
            raise ConfigError(message)
    fields = {**FIELDS, **chosen}
    if fields["id"] is None or (fields["title"] is None and fields["text"] is None):
        message = (
            f"DEDUPE_NEWS_FIELDS={dict(chosen)!r} leaves items without an id, or without both "
            "title and text; name the fields that have them"
        )
        raise ConfigError(message)
    return fields
