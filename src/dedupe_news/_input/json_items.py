"""JSON to items: one a line, an array, or the answer of a server that holds one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dedupe_news._input.rules import Faults, UnusableError
from dedupe_news._input.tables import unwrapped
from dedupe_news.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    numbered = ((number, line) for number, line in lines if not line.isspace())
    first = next(numbered, None)
    if first is None:
        return
    if _is_item(first[1]):
        yield from _by_line(first, numbered, label, faults)
        return
    text = "\n" * (first[0] - 1) + first[1] + _rest(first[0], numbered)
    yield from _whole(text, label)


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


def _rest(number: int, lines: Iterable[tuple[int, str]]) -> str:
    """Return the lines that follow, each on the line where it stands."""
    parts = []
    for place, line in lines:
        parts.append("\n" * (place - number - 1) + line)
        number = place
    return "".join(parts)


def _by_line(
    first: tuple[int, str], others: Iterable[tuple[int, str]], label: str, faults: Faults
) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in _chain(first, others):
        try:
            record = _decoder.decode(line)
        except json.JSONDecodeError as error:
            fault = UnusableError(f"is not JSON: {error.msg} at column {error.colno}")
            _refuse(number, fault, label, faults)
        except (ValueError, RecursionError) as error:  # endless numbers, bottomless nesting
            _refuse(number, UnusableError(f"is not JSON: {_why(error)}"), label, faults)
        else:
            if isinstance(record, dict):
                yield number, record
            else:
                kind = _KINDS[type(record)]
                reason = f"is a JSON {kind}, not an object; JSON Lines holds one object a line"
                _refuse(number, UnusableError(reason), label, faults)


def _refuse(number: int, fault: UnusableError, label: str, faults: Faults) -> None:
    if faults.is_strict:
        message = f"{label}, line {number} {fault.reason}"
        raise InputError(message)
    faults.note(f"{label}, line {number}", number - 1, fault)


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).partition(";")[0]


def _chain(first: tuple[int, str], others: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from others


def _whole(text: str, label: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the items of a text that is an array, or objects on several lines each."""
    at, line, counted = _skip(text, 0), 1, 0
    is_array = text[at : at + 1] == "["
    at += is_array
    first = True
    while (at := _skip(text, at)) < len(text) and text[at] != "]":
        if not first and is_array:
            if text[at] != ",":
                raise InputError(_broken(text, at, label, "a comma is missing"))
            at = _skip(text, at + 1)
        elif text[at] == ",":
            at = _skip(text, at + 1)
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = _decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise InputError(_broken(text, error.pos, label, error.msg)) from None
        except (ValueError, RecursionError) as error:
            raise InputError(_broken(text, at, label, _why(error))) from None
        found = unwrapped(value) if isinstance(value, dict) else None
        if not isinstance(value, dict):
            reason = f"there is a JSON {_KINDS[type(value)]}, where an object has to be"
            raise InputError(_broken(text, counted, label, reason))
        if found is None:
            yield line, value
        else:
            yield from ((line, item) for item in found if isinstance(item, dict))
        first = False
    if is_array and at >= len(text):
        raise InputError(_broken(text, len(text), label, "the array is not closed"))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _broken(text: str, at: int, label: str, reason: str) -> str:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return (
        f"{label}, line {line} is not JSON: {reason} at column {column}. `jq -c '.[]'` makes JSON "
        "Lines of an array, of which every line is read by itself"
    )
