"""
A Scrapy item pipeline that drops or tags items that repeat earlier ones.

docs/how-to/scrapy.md lists its settings and statistics.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dedupe_news._input import times
from dedupe_news._input.arrow import is_missing
from dedupe_news._input.reading import read_item
from dedupe_news._input.rules import ALONE, reading, using
from dedupe_news._input.values import is_no_id
from dedupe_news.config import Config
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
    from collections.abc import Mapping

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from scrapy.statscollectors import StatsCollector

    from dedupe_news._input.skipped import Skipped

_FIELDS: Mapping[str, str | None] = {
    "id": "url",
    "title": "title",
    "text": "text",
    "source": "source",
    "published": "published",
    "duplicate_of": "duplicate_of",
    "cluster": "cluster",
}
_WRITTEN = ("duplicate_of", "cluster")  # by the action "tag"
_RULES = {"on_invalid": "ignore", "timezone": "UTC", "date_format": None}

_SPEECH = ALONE._replace(
    timezone='DEDUPE_NEWS_TIMEZONE = "UTC" or another, such as "Europe/Berlin"',
    date_format='DEDUPE_NEWS_DATE_FORMAT = "dmy" or "mdy", or a format such as "%d/%m/%Y %H:%M"',
    policy='or set DEDUPE_NEWS_ON_INVALID = "ignore" to do without such values',
    opt_out=", DEDUPE_NEWS_FIELDS = {{{role!r}: None}} without the field",
)

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
        action = settings.get("DEDUPE_NEWS_ACTION", "drop")
        if action not in {"drop", "tag"}:
            message = f"DEDUPE_NEWS_ACTION={shown(action)} is not known; allowed are 'drop', 'tag'"
            raise ConfigError(message)
        self._tags = action == "tag"
        self._fields = _fields(_dictionary(settings, "DEDUPE_NEWS_FIELDS"))
        chosen = _dictionary(settings, "DEDUPE_NEWS_CONFIG")
        self._config: Config | None = Config.from_dict(chosen) if chosen else None
        self._rules: dict[str, Any] = {
            name: settings.get(f"DEDUPE_NEWS_{name.upper()}", default)
            for name, default in _RULES.items()
        }
        try:
            with reading(**self._rules):
                pass  # refused before the crawl begins
        except ConfigError as error:
            message = f"DEDUPE_NEWS_{str(error).partition('=')[0].upper()} is unusable: {error}"
            raise ConfigError(message) from error
        self._stats = stats
        self._index: NewsIndex | None = None

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
        """
        if crawler.stats is None:
            message = "the crawler has no statistics yet; Scrapy makes pipelines once it has"
            raise ConfigError(message)
        return cls(crawler.settings, crawler.stats)

    def open_spider(self) -> None:
        """Open the index, or make it."""
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
        InputError, InputTypeError
            With ``DEDUPE_NEWS_ON_INVALID = "raise"``, if a value cannot be
            used. The item is not in the index then.
        StoreError
            If the index cannot be changed. Likewise.
        """
        if self._index is None:
            message = "the index is not open; call open_spider first, as Scrapy does"
            raise StoreClosedError(message)
        adapter = ItemAdapter(item)
        values = {
            what: None if field is None else adapter.get(field)
            for what, field in self._fields.items()
        }
        if is_no_id(values["id"]) or (is_missing(values["title"]) and is_missing(values["text"])):
            self._pass_over(item)
            return item
        if self._tags:
            self._require_fields(type(item))
        try:
            original, reason = self._look_up(self._index, values)
        except (InputError, InputTypeError) as error:
            if self._rules["on_invalid"] == "raise":
                raise
            self._count("not_indexed")
            _log.warning("an item passes without being looked up: %s", error)
            return item
        if self._tags:
            written = {"duplicate_of": original, "cluster": self._index.cluster_of(values["id"])}
            for what, value in written.items():
                field = self._fields[what]
                if field is not None:
                    adapter[field] = value
        elif original is not None:
            raise DropItem(reason)
        return item

    def _count(self, name: str) -> bool:
        """Count something; return whether it is the first."""
        self._stats.inc_value(f"dedupe_news/{name}")
        return bool(self._stats.get_value(f"dedupe_news/{name}") == 1)

    def _look_up(self, index: NewsIndex, values: Mapping[str, Any]) -> tuple[object, str]:
        """Return the id of what an item repeats, or None, and a word for the log."""
        name = values["id"]
        if name in index:
            self._count("seen")
            return name, f"{shown(name)} is in the index already"
        with reading(**self._rules), using(speech=_SPEECH):
            read = read_item(values["text"], values["title"], values["source"], values["published"])
        self._report(name, read.skipped)
        published = read.published
        if published is not None and times.moment(published) > times.now():
            # All others would be too old for the window of an item from the future.
            self._count("future")
            published = None
        matches = index.add(
            name, read.text, title=read.title, source=read.source, published=published
        )
        if not matches:
            self._count("new")
            return None, ""
        self._count("duplicates")
        best = matches[0]
        return best.id, (
            f"{shown(name)} is a duplicate of {shown(best.id)}: {best.relation.name}, "
            f"probability {best.probability:.3f}"
        )

    def _report(self, name: object, skipped: Skipped) -> None:
        """Count values that could not be read, refuse their item where that is the rule."""
        for column, reason in skipped.counts:
            if self._count(f"invalid/{column}"):
                _log.warning(
                    "the %s %s of %s %s; it counts as missing, as will others that cannot be read",
                    column, skipped.examples[0].value, shown(name), reason,
                )  # fmt: skip
        if skipped and self._rules["on_invalid"] == "drop":
            message = f"{shown(name)}: {skipped.examples[0].reason}"
            raise InputError(message)

    def _pass_over(self, item: object) -> None:
        if self._count("passed_over"):
            _log.warning(
                "an item of type %r has no id, or neither title nor text, and passes as it is, "
                "as will others like it. If it is news, name its fields in DEDUPE_NEWS_FIELDS; "
                "looked for were %r",
                type(item).__name__,
                {what: self._fields[what] for what in ("id", "title", "text")},
            )

    def _require_fields(self, kind: type) -> None:
        """Refuse items that cannot be tagged before they are in the index."""
        names = ItemAdapter.get_field_names_from_class(kind)  # None where any field can be set
        for what in _WRITTEN:
            field = self._fields[what]
            if names is not None and field is not None and field not in names:
                message = (
                    f"items of type {kind.__name__!r} have no field {field!r} to tag; add it, or "
                    f"name another with DEDUPE_NEWS_FIELDS = {{{what!r}: ...}}, None for none"
                )
                raise ColumnError(message)


def _dictionary(settings: BaseSettings, name: str) -> dict[str, Any]:
    """Return a setting that is a dictionary, or JSON of one as on the command line."""
    try:
        return settings.getdict(name)
    except (TypeError, ValueError) as error:
        message = f"{name}={shown(settings.get(name))} is no dictionary, and no JSON of one"
        raise ConfigError(message) from error


def _fields(chosen: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the names of all fields, those chosen over the usual ones."""
    allowed = ", ".join(map(repr, _FIELDS))
    for what, field in chosen.items():
        if what not in _FIELDS:
            message = f"DEDUPE_NEWS_FIELDS has the key {shown(what)}; allowed are {allowed}"
            raise ConfigError(message)
        if field is not None and (not isinstance(field, str) or not field):
            message = (
                f"DEDUPE_NEWS_FIELDS[{what!r}]={shown(field)} names no field; pass its name, or "
                "None if items have none"
            )
            raise ConfigError(message)
    fields = {**_FIELDS, **chosen}
    if fields["id"] is None or (fields["title"] is None and fields["text"] is None):
        message = (
            f"DEDUPE_NEWS_FIELDS={shown(dict(chosen))} leaves items without an id, or without both "
            "title and text; name the fields that have them"
        )
        raise ConfigError(message)
    return fields
