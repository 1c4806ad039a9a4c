"""JSON to items: one a line, an array, or the answer of a server that holds one."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from dedupe_news._input.skipped import UnusableError
from dedupe_news._input.tables import unwrapped
from dedupe_news.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dedupe_news._input.skipped import Faults

_decoder = json.JSONDecoder(strict=False)  # control characters in texts are harmless
_KINDS = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def read_items(
    lines: Iterable[tuple[int, str]], label: str, faults: Faults
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line of each item, from 1, and the item."""
    lines = iter(lines)
    number, first = next(((number, line) for number, line in lines if not line.isspace()), (0, ""))
    if not number:
        return
    if _is_item(first):
        yield from _by_line(itertools.chain([(number, first)], lines), faults)
    else:
        text = "".join(line for _, line in lines)
        yield from _all_at_once("\n" * (number - 1) + first + text, label)


def _is_item(line: str) -> bool:
    """Return whether a line is an object by itself, and not the answer of a server."""
    if line.lstrip().startswith("["):
        return False
    try:
        value = _decoder.decode(line)
    except (ValueError, RecursionError):
        # The first line of an object that goes on ends with what opens it, or parts its values.
        return not line.rstrip().endswith(("{", ","))
    return not isinstance(value, dict) or unwrapped(value) is None


def _by_line(
    lines: Iterable[tuple[int, str]], faults: Faults
) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in lines:
        if line.isspace():
            continue
        try:
            record = _decoder.decode(line)
        except (ValueError, RecursionError) as error:
            column = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            fault = UnusableError(f"is not JSON: {_why(error)}{column}")
            faults.add(number - 1, "", fault)
            continue
        if isinstance(record, dict):
            yield number, record
        else:
            kind = _KINDS[type(record)]
            reason = f"is a JSON {kind}, not an object; JSON Lines holds one object a line"
            faults.add(number - 1, "", UnusableError(reason))


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return str(error).partition(";")[0]  # of endless numbers


def _all_at_once(text: str, label: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the items of a text that is an array, or objects on several lines each."""
    at, line, counted = _skip(text, 0), 1, 0
    is_array = text[at : at + 1] == "["
    at += is_array
    is_first = True
    while (at := _skip(text, at)) < len(text) and text[at] != "]":
        if text[at] == "," and not (is_first and is_array):
            at = _skip(text, at + 1)
        elif is_array and not is_first:
            raise InputError(_broken(text, at, label, "a comma is missing"))
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            place = error.pos if isinstance(error, json.JSONDecodeError) else at
            raise InputError(_broken(text, place, label, _why(error))) from None
        if not isinstance(value, dict):
            reason = f"there is a JSON {_KINDS[type(value)]}, where an object has to be"
            raise InputError(_broken(text, counted, label, reason))
        inside = unwrapped(value)
        items = [value] if inside is None else inside
        yield from ((line, item) for item in items if isinstance(item, dict))
        is_first = False
    if is_array and at >= len(text):
        raise InputError(_broken(text, len(text), label, "the array is not closed"))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _broken(text: str, at: int, label: str, reason: str) -> str:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return (
        f"{label}, line {line} is not JSON: {reason} at column {column}. `jq -c '.[]'` makes JSON "
        "Lines of an array, of which every line is read by itself"
    )
