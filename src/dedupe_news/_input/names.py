"""By which names a column is found: one table for the API and the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable

_NAMES = {
    "id": "id guid url link uuid article_id web_url canonical_url",
    "title": "title headline web_title article_title heading",
    "text": """
        text full_text main_text article_text article_body description summary content body
        content_text content_html content_encoded cleaned_text raw_text
        abstract teaser lead lead_paragraph snippet excerpt
    """,
    "source": """
        source source_name publisher outlet feed site site_name source_domain domain
        hostname source_hostname publication provider
    """,
    # Those that end in _parsed feedparser has read already.
    "published": """
        published_parsed published pub_date date published_at published_date publish_date
        date_published date_publish publication_date web_publication_date date_time seen_date
        timestamp updated_parsed updated updated_at date_modified
    """,
}
NAMES = {role: tuple(names.split()) for role, names in _NAMES.items()}
"""Names of the columns of each role, as ``snake_case``; the first that is there is taken."""

ENVELOPES = (
    *("articles", "items", "item", "entries", "results", "docs", "documents", "posts", "stories"),
    *("news", "data", "records", "rows", "hits", "response", "result", "channel", "rss", "feed"),
)
"""Keys that the answers of servers, and feeds, have their items under."""

SURE = frozenset({"id", "guid"})
"""Names of ids that are there to be ids; an address may repeat and be none."""

_APART = re.compile(r"[\W_]+")
_PREFIX = re.compile(r"^(?:dc|media|atom|rss|content)[:.](?=[a-z])", re.IGNORECASE)


def find_name(
    role: str, names: Iterable[Hashable], passed_over: Collection[Hashable] = ()
) -> Hashable | None:
    """Return the column of a role, be it written ``pubDate``, ``Pub Date`` or ``pub_date``."""
    there = [name for name in names if isinstance(name, str) and name not in passed_over]
    plain: dict[str, str] = {}
    for name in there:
        plain.setdefault(_plain(name), name)
        plain.setdefault(_plain(_PREFIX.sub("", name)), name)
    for wanted in NAMES[role]:
        if wanted in there:
            return wanted
        if (found := plain.get(_plain(wanted))) is not None:
            return found
    return None


def is_usual(name: str) -> bool:
    """Return whether a column may be found by its name, whatever its role."""
    return any(find_name(role, [name]) is not None for role in NAMES)


def _plain(name: str) -> str:
    return _APART.sub("", name).casefold()
