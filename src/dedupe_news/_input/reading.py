"""Every accepted input, turned into columns."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._input import arrow, times, values
from dedupe_news._input.columns import NO_TIME, UNTITLED, Columns
from dedupe_news._input.names import SURE
from dedupe_news._input.python import numbered
from dedupe_news._input.rules import Faults, in_force
from dedupe_news._input.skipped import Skipped
from dedupe_news._input.tables import ROLES, find_columns
from dedupe_news._kernels.gathering import gather_runs, join_lines
from dedupe_news._machine.threads import run, shares
from dedupe_news.documents import AUTO
from dedupe_news.errors import InputError, InputWarning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dedupe_news._input.tables import Found
    from dedupe_news._input.values import FaultOfId, TextColumn
    from dedupe_news.documents import ColumnChoice

_MOST_DOCUMENTS = 2**32 - 1


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
) -> Columns:
    """
    Turn any accepted input into columns, by the rules in force.

    For an index, which needs all ids, `fault_to_keep` says which it cannot keep.
    """
    if isinstance(feed, Columns):  # of a file that the command line has read
        return feed
    for_index = fault_to_keep is not None
    choices = dict(zip(ROLES, (id, title, text, source, published), strict=True))
    found = find_columns(feed, choices)
    for role, column in found.values.items():
        found.values[role] = None if column is None else arrow.sized(column)
    by_name = found.by_name - {"text"} - ({"id"} if for_index else set())
    faults = {
        role: Faults(role, found.used.get(role), found_by_name=role in by_name) for role in ROLES
    }
    texts = values.text_column(found.values["text"], "text", faults["text"])
    n_documents = len(texts.offsets) - 1
    _check_lengths(found.values, n_documents)
    title_lengths = None
    if found.values["title"] is not None:
        titles = values.text_column(found.values["title"], "title", faults["title"])
        given = values.are_given(found.values["title"])
        title_lengths = np.where(given, np.diff(titles.offsets), UNTITLED)
        texts = _join(titles, given, texts, n_jobs)
    sources, source_names = values.source_column(found.values["source"], faults["source"])
    columns = Columns(
        buffer=texts.buffer,
        offsets=texts.offsets,
        ids=values.id_column(found.values["id"], faults["id"], fault_to_keep),
        published=times.time_column(found.values["published"], faults["published"]),
        sources=sources,
        source_names=source_names,
        titled=title_lengths is not None,
        title_lengths=title_lengths,
        used=found.used,
    )
    columns = _without_useless(columns, faults)
    reports = [*faults.values(), found.odd_items]
    if not any(each.positions for each in reports):
        return columns
    _warn(found, columns, faults)
    is_drop = in_force().on_invalid == "drop"
    is_sure = "id" not in found.by_name or faults["id"].column in SURE
    dropped: set[int] = set()
    for each in reports:
        if (for_index or (is_drop and is_sure)) if each.role == "id" else is_drop:
            dropped.update(each.positions)
    skipped = sum((each.skipped() for each in reports), Skipped())
    if not dropped:
        return dataclasses.replace(columns, skipped=skipped)
    kept = np.setdiff1d(np.arange(len(columns)), np.array(sorted(dropped), np.int64))
    skipped = dataclasses.replace(skipped, n_dropped=len(dropped))
    return dataclasses.replace(take(columns, kept), skipped=skipped)


def _check_lengths(columns: Mapping[str, object], n_documents: int) -> None:
    if n_documents > _MOST_DOCUMENTS:
        message = (
            f"the feed has {n_documents:,} documents, but one batch holds at most "
            f"{_MOST_DOCUMENTS:,}. Split it and add the parts to a NewsIndex"
        )
        raise InputError(message)
    for role, column in columns.items():
        if column is not None and len(column) != n_documents:  # type: ignore[arg-type]
            message = (
                f"column {role!r} has {len(column):,} values, but there are "  # type: ignore[arg-type]
                f"{n_documents:,} texts; every column needs one value a document. Pass None for "
                "a missing value"
            )
            raise InputError(message)


def _join(
    titles: TextColumn, given: NDArray[np.bool_], texts: TextColumn, n_jobs: int
) -> TextColumn:
    n_documents = len(texts.offsets) - 1
    lengths = np.diff(titles.offsets) + np.diff(texts.offsets) + given
    offsets = np.zeros(n_documents + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    joined = np.empty(offsets[-1], np.uint8)

    def join(bounds: tuple[int, int]) -> None:
        join_lines(
            titles.buffer, titles.offsets, texts.buffer, texts.offsets, *bounds, offsets, joined
        )

    run(join, shares(n_documents, n_jobs), n_jobs)
    return values.TextColumn(joined, offsets)


def _without_useless(columns: Columns, faults: Mapping[str, Faults]) -> Columns:
    """Leave out columns of which nothing can be used, and ids found by name that are none."""
    is_strict = in_force().on_invalid == "raise"
    moments = columns.published
    useless = {
        # Found by name, or it had raised.
        "ids": bool(faults["id"].positions) and is_strict,
        "published": bool(faults["published"].positions)
        and moments is not None
        and bool((moments == NO_TIME).all()),
        "sources": bool(faults["source"].positions) and not columns.source_names,
    }
    changed: dict[str, Any] = {field: None for field, is_useless in useless.items() if is_useless}
    lost = {field.removesuffix("s") for field in changed}
    used = {role: column for role, column in columns.used.items() if role not in lost}
    return dataclasses.replace(columns, used=used, **changed)


def _warn(found: Found, columns: Columns, faults: Mapping[str, Faults]) -> None:
    """Say which columns that nobody named hold values that cannot be used."""
    if in_force().on_invalid != "raise":
        return
    for role in sorted(found.by_name):
        fault = faults[role]
        if not fault.positions or not fault.is_lenient:
            continue
        done = "they count as missing" if role in columns.used else "it is not used"
        message = (
            f"the column {fault.column!r}, found by its name, holds {len(fault.positions):,} "
            f"values that cannot be the {role}; {done}. The first, {fault.examples[0]}. "
            f"{role}={fault.column!r} insists on it, {role}=None does without"
        )
        if fault.remedy:
            message += f"; {fault.remedy}"
        warnings.warn(InputWarning(message), stacklevel=2)


def take(columns: Columns, kept: NDArray[np.int64]) -> Columns:
    """Return some documents of a feed, which keep the numbers that they had in it."""
    offsets = np.zeros(len(kept) + 1, np.int64)
    np.cumsum(np.diff(columns.offsets)[kept], out=offsets[1:])
    buffer = np.empty(offsets[-1], np.uint8)
    gather_runs(columns.buffer, columns.offsets[kept], offsets, buffer)
    ids = None if columns.ids is None else list(columns.ids)
    return dataclasses.replace(
        columns,
        buffer=buffer,
        offsets=offsets,
        ids=None if ids is None else [ids[position] for position in kept.tolist()],
        published=None if columns.published is None else columns.published[kept],
        sources=None if columns.sources is None else columns.sources[kept],
        title_lengths=None if columns.title_lengths is None else columns.title_lengths[kept],
        rows=kept + numbered(0),
    )


def numbered_rows(columns: Columns) -> Columns:
    """Return documents whose ids, where none were given, are their positions in the feed."""
    if columns.rows is None or columns.ids is not None:
        return columns
    return dataclasses.replace(columns, ids=columns.rows.tolist())
