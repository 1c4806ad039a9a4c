"""Every accepted input, turned into columns."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe_news._input import times, values
from dedupe_news._input.arrow import is_missing
from dedupe_news._input.columns import NO_TIME, UNTITLED, Columns, from_microseconds
from dedupe_news._input.names import SURE
from dedupe_news._input.rules import COMMAND_LINE, in_force
from dedupe_news._input.skipped import Faults, Skipped
from dedupe_news._input.tables import ROLES, find_columns
from dedupe_news._kernels.gathering import gather_runs, join_lines
from dedupe_news._machine.threads import run, shares
from dedupe_news.documents import AUTO
from dedupe_news.errors import InputError, InputWarning

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dedupe_news._input.tables import RawColumns
    from dedupe_news._input.values import FaultOfId, TextColumn
    from dedupe_news.documents import ColumnChoice


def read_documents(
    feed: object,
    *,
    id: ColumnChoice = AUTO,  # noqa: A002 - the settled public name
    title: ColumnChoice = AUTO,
    text: ColumnChoice = AUTO,
    source: ColumnChoice = AUTO,
    published: ColumnChoice = AUTO,
    n_jobs: int = 1,
    fault_to_keep: FaultOfId | None = None,
    most: int = 2**32 - 1,
) -> Columns:
    """
    Turn any accepted input into columns, by the rules in force.

    For an index, which needs all ids, `fault_to_keep` says which it cannot keep. Positions in
    a batch are packed into 32 bits, so that it has so many documents at `most`.
    """
    if isinstance(feed, Columns):  # of a file that the command line has read
        return feed
    choices = dict(zip(ROLES, (id, title, text, source, published), strict=True))
    columns = read_columns(find_columns(feed, choices), n_jobs, fault_to_keep)
    if len(columns) > most:
        message = (
            f"the feed has {len(columns):,} documents, but one batch holds at most {most:,}. "
            "Split it and add the parts to a NewsIndex"
        )
        raise InputError(message)
    return columns


def read_columns(
    raw: RawColumns, n_jobs: int = 1, fault_to_keep: FaultOfId | None = None
) -> Columns:
    """Turn the columns of a feed into those of the stages, without what cannot be read."""
    for_index = fault_to_keep is not None
    rules = in_force()
    # Whoever asks for errors on the command line gets them for columns found by name too.
    lenient = set() if rules.speech is COMMAND_LINE else raw.by_name - {"text"}
    if for_index or rules.first is not None:  # the parts of a large feed all have ids, or none
        lenient.discard("id")
    faults = {role: Faults(role, raw.used.get(role), is_lenient=role in lenient) for role in ROLES}
    columns = _without_useless(_converted(raw, faults, n_jobs, fault_to_keep), faults)
    reports = [*faults.values(), raw.odd_items]
    if not any(report.positions for report in reports):
        return columns
    is_drop = rules.on_invalid == "drop"
    if rules.on_invalid == "raise":
        for role in sorted(lenient):
            _warn(role, faults[role], is_used=role in columns.used)
    is_sure = "id" not in raw.by_name or faults["id"].column in SURE
    dropped: set[int] = set()
    for report in reports:
        if (for_index or (is_drop and is_sure)) if report.role == "id" else is_drop:
            dropped.update(report.positions)
    if dropped:
        places = np.arange(len(columns))
        columns = _taken(columns, np.setdiff1d(places, np.array(sorted(dropped), np.int64)))
    skipped = sum((report.skipped() for report in reports), Skipped(n_dropped=len(dropped)))
    return dataclasses.replace(columns, skipped=skipped)


def _converted(
    raw: RawColumns,
    faults: Mapping[str, Faults],
    n_jobs: int,
    fault_to_keep: FaultOfId | None,
) -> Columns:
    texts = values.text_column(raw.values["text"], "text", faults["text"])
    _check_lengths(raw.values, len(texts.offsets) - 1)
    titles, title_lengths = raw.values["title"], None
    if titles is not None:
        texts, title_lengths = _joined(titles, texts, faults["title"], n_jobs)
    sources, source_names = values.source_column(raw.values["source"], faults["source"])
    return Columns(
        buffer=texts.buffer,
        offsets=texts.offsets,
        ids=values.id_column(raw.values["id"], faults["id"], fault_to_keep),
        published=times.time_column(raw.values["published"], faults["published"]),
        sources=sources,
        source_names=source_names,
        titled=titles is not None,
        title_lengths=title_lengths,
        used=raw.used,
    )


def _check_lengths(columns: Mapping[str, Any], n_documents: int) -> None:
    for role, column in columns.items():
        if column is not None and len(column) != n_documents:
            message = (
                f"column {role!r} has {len(column):,} values, but there are "
                f"{n_documents:,} texts; every column needs one value a document. Pass None for "
                "a missing value"
            )
            raise InputError(message)


def _joined(
    column: Any, texts: TextColumn, faults: Faults, n_jobs: int
) -> tuple[TextColumn, NDArray[np.int64]]:
    """Return texts with their titles before them, and how long these are."""
    titles, given = values.text_column(column, "title", faults), values.are_given(column)
    title_lengths = np.diff(titles.offsets)
    n_documents = len(title_lengths)
    offsets = np.zeros(n_documents + 1, np.int64)
    np.cumsum(title_lengths + np.diff(texts.offsets) + given, out=offsets[1:])
    joined = np.empty(offsets[-1], np.uint8)
    # Read-only, as memory of others is: for another type the kernel would be compiled again.
    above, below = titles.buffer.view(), texts.buffer.view()
    above.flags.writeable = below.flags.writeable = False

    def join(bounds: tuple[int, int]) -> None:
        join_lines(above, titles.offsets, below, texts.offsets, *bounds, offsets, joined)

    run(join, shares(n_documents, n_jobs), n_jobs)
    return values.TextColumn(joined, offsets), np.where(given, title_lengths, UNTITLED)


def _without_useless(columns: Columns, faults: Mapping[str, Faults]) -> Columns:
    """Leave out columns of which nothing can be used, and ids found by name that are none."""
    moments = columns.published
    is_useless = {
        # RawColumns by name, or it had raised.
        "ids": in_force().on_invalid == "raise",
        "published": moments is not None and bool((moments == NO_TIME).all()),
        "sources": not columns.source_names,
    }
    changed: dict[str, Any] = {
        field: None
        for field, role in (("ids", "id"), ("published", "published"), ("sources", "source"))
        if faults[role].positions and is_useless[field]
    }
    lost = {field.removesuffix("s") for field in changed}
    used = {role: column for role, column in columns.used.items() if role not in lost}
    return dataclasses.replace(columns, used=used, **changed)


def _warn(role: str, faults: Faults, *, is_used: bool) -> None:
    """Say that a column that nobody named holds values that cannot be used."""
    if not faults.positions:
        return
    consequence = "they count as missing" if is_used else "it is not used"
    n_values = len(faults.positions)
    message = (
        f"the column {faults.column!r}, found by its name, holds {n_values:,} "
        f"value{'s' * (n_values > 1)} that cannot be read; {consequence}. "
        f"The first, {faults.examples[0]}"
    )
    if in_force().speech.opt_out:  # where the columns can be named
        message += f". {role}={faults.column!r} insists on it, {role}=None does without"
        message += f"; {faults.remedy}" * bool(faults.remedy)
    warnings.warn(InputWarning(message), stacklevel=2)


def _taken(columns: Columns, places: NDArray[np.int64]) -> Columns:
    """Return some of the documents, which know where they are in the feed."""
    offsets = np.zeros(len(places) + 1, np.int64)
    np.cumsum(np.diff(columns.offsets)[places], out=offsets[1:])
    buffer = np.empty(offsets[-1], np.uint8)
    gather_runs(columns.buffer, columns.offsets[places], offsets, buffer)
    ids = None if columns.ids is None else list(columns.ids)
    return dataclasses.replace(
        columns,
        buffer=buffer,
        offsets=offsets,
        ids=None if ids is None else [ids[place] for place in places.tolist()],
        published=None if columns.published is None else columns.published[places],
        sources=None if columns.sources is None else columns.sources[places],
        title_lengths=None if columns.title_lengths is None else columns.title_lengths[places],
        rows=places + in_force().in_feed(0),
    )


class Item(NamedTuple):
    """The values of an item that can be read, and what of it was passed over."""

    text: str
    title: str | None
    source: str | None
    published: dt.datetime | None
    skipped: Skipped


def read_item(text: object, title: object, source: object, published: object) -> Item:
    """Return one item, as crawlers meet it, by the rules in force: "drop" is as "ignore"."""
    faults = {role: Faults(role) for role in ("text", "title", "source", "published")}

    def words(value: object, role: str) -> str:
        return values.text_column([value], role, faults[role]).buffer.tobytes().decode()

    _, names = values.source_column([source], faults["source"])
    moments = times.time_column([published], faults["published"])
    return Item(
        text=words(text, "text"),
        title=None if is_missing(title) else words(title, "title"),
        source=names[0] if names else None,
        published=None if moments is None else from_microseconds(int(moments[0])),
        skipped=sum((report.skipped() for report in faults.values()), Skipped()),
    )
