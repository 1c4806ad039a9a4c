"""One item by itself, as crawlers and pollers meet it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dedupe_news._input import times, values
from dedupe_news._input.columns import from_microseconds
from dedupe_news._input.python import is_missing
from dedupe_news._input.rules import Faults
from dedupe_news._input.skipped import Skipped

if TYPE_CHECKING:
    import datetime as dt


class Item(NamedTuple):
    """The values of an item that can be read, and what of it was passed over."""

    text: str
    title: str | None
    source: str | None
    published: dt.datetime | None
    skipped: Skipped


def read_item(text: object, title: object, source: object, published: object) -> Item:
    """Return an item, by the rules in force: under "drop" as under "ignore"."""
    faults = {role: Faults(role) for role in ("text", "title", "source", "published")}
    _, names = values.source_column([source], faults["source"])
    moments = times.time_column([published], faults["published"])
    return Item(
        text=_words(text, "text", faults),
        title=None if is_missing(title) else _words(title, "title", faults),
        source=names[0] if names else None,
        published=None if moments is None else from_microseconds(int(moments[0])),
        skipped=sum((each.skipped() for each in faults.values()), Skipped()),
    )


def _words(value: object, role: str, faults: dict[str, Faults]) -> str:
    return values.text_column([value], role, faults[role]).buffer.tobytes().decode()
