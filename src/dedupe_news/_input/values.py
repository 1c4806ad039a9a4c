"""Texts, ids and sources of any origin to arrays."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard

import numpy as np

from dedupe_news._input.arrow import ArrowSequence, as_list, is_arrow, is_missing, strings
from dedupe_news._input.columns import NO_SOURCE
from dedupe_news._input.rules import in_force
from dedupe_news._input.skipped import MISSING, Faults, UnusableError
from dedupe_news.errors import DuplicateIdError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

_BLOCK = 1024
"""Texts encoded at a time: the memory of one block serves the next, still in the cache."""

DEEPEST_ID = 16
"""Tuples within tuples in an id: what indexes keep too."""

_MOST_BITS = 8 * 0xFFFE  # of a number that is an id
_SHORT_BITS, _SHORT = 8 * 1024, 0xFFFE // 4  # of ids and sources that every index can keep
_TEXT_KEYS = ("value", "#text", "_text", "rendered", "text", "main", "$oid", "title", "name")
_SOURCE_KEYS = ("title", "name", "#text", "value", "href", "url", "@url", "uri", "domain", "id")


FaultOfId: TypeAlias = "Callable[[Hashable], UnusableError | None]"
"""What returns why an id cannot be kept where the items go, None where it can."""


class TextColumn(NamedTuple):
    """A column of text: UTF-8 of all values, and the bounds of each."""

    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def text_column(values: Any, role: str, faults: Faults | None = None) -> TextColumn:
    """Return a plain column as UTF-8 and offsets; views of Arrow memory where it is that."""
    faults = faults or Faults(role)
    column = values if is_arrow(values) else _in_arrow(values)
    if column is None:
        return _encode(values, role, faults)
    texts = strings(column)
    if texts is not None:
        return _from_arrow(texts)
    types = importlib.import_module("pyarrow.types")
    if not len(column) and not types.is_nested(column.type):  # of a file, before it is read
        message = (
            f"a column of Arrow type {str(column.type)!r} cannot be the {role}; it must hold "
            "strings. Cast it first"
        )
        raise InputTypeError(message)
    return _encode(column.to_pylist(), role, faults)


def _in_arrow(values: list[Any]) -> Any:
    """Return texts as Arrow's: it is three times as fast as str.encode, but costs an import."""
    pyarrow = sys.modules.get("pyarrow")
    # It takes bytes for text, and crashes where lists in lists have no end.
    if pyarrow is None or not set(map(type, values)) <= {str, type(None)}:
        return None
    try:
        return pyarrow.array(values, pyarrow.string())
    except (pyarrow.ArrowException, UnicodeError, ValueError, OverflowError):
        return None  # value by value the culprit shows itself


def _from_arrow(texts: Any) -> TextColumn:
    if texts.null_count:
        texts = importlib.import_module("pyarrow.compute").fill_null(texts, "")
    if not len(texts):
        return TextColumn(np.zeros(0, np.uint8), np.zeros(1, np.int64))
    _, bounds, buffer = texts.buffers()
    offsets = np.frombuffer(bounds, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return TextColumn(np.frombuffer(buffer or b"", np.uint8), offsets)


def _encode(values: list[Any], role: str, faults: Faults) -> TextColumn:
    parts = []
    offsets = np.zeros(len(values) + 1, np.int64)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        try:
            encoded = list(map(str.encode, block))
        except (TypeError, UnicodeEncodeError):
            encoded = [
                _encode_one(value, role, position, faults)
                for position, value in enumerate(block, start)
            ]
        offsets[start + 1 : start + 1 + len(block)] = list(map(len, encoded))
        parts.append(b"".join(encoded))
    np.cumsum(offsets, out=offsets)
    return TextColumn(np.frombuffer(b"".join(parts), np.uint8), offsets)


def _encode_one(value: object, role: str, position: int, faults: Faults) -> bytes:
    words = _words(value, _TEXT_KEYS, "\n")
    if words is not None:
        return mended(words).encode()
    if not is_missing(value):
        kind = type(value).__name__
        remedy = "pass str, or None where there is none"
        if isinstance(value, (bytes, bytearray, memoryview)):
            remedy = "decode it first: value.decode('utf-8', 'replace')"
        reason = f"is of type {kind!r} and no {role}"
        faults.add(position, value, UnusableError(reason, remedy, InputTypeError))
    return b""


def mended(text: str) -> str:
    """Return a text without halves of characters: joined where both are there, else replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _words(value: object, keys: tuple[str, ...], between: str, depth: int = 3) -> str | None:
    """Return the words of a value that has some: a text, a mapping around it, a list of such."""
    if isinstance(value, str):
        return value
    if not depth or is_missing(value) or isinstance(value, (bytes, bytearray, memoryview)):
        return None
    if isinstance(value, Mapping):  # of feedparser, NewsAPI, WordPress, xmltodict
        held = (_words(value[key], keys, between, depth - 1) for key in keys if key in value)
        return next(filter(None, held), "" if not value else None)
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1):
        parts = [_words(part, keys, between, depth - 1) for part in value]
        known = [part for part in parts if part is not None]
        return between.join(known) if known and len(known) == len(parts) else None
    return None


def are_given(values: Any) -> NDArray[np.bool_]:
    """Return which values of a plain column are not missing."""
    if is_arrow(values):
        valid = importlib.import_module("pyarrow.compute").is_valid(values)
        return np.asarray(valid.to_numpy(zero_copy_only=False), bool)
    return np.fromiter(
        (type(value) is str or not is_missing(value) for value in values), bool, len(values)
    )


def check_id(value: object) -> None:
    """Refuse an id that cannot be one."""
    if type(value) is str and value and value.isascii():
        return
    fault = fault_of_id(value)
    if fault is not None:
        message = f"the id {fault.said_of(value)}; {fault.remedy}"
        raise fault.kind(message)


def id_column(
    values: Any, faults: Faults | None = None, fault_to_keep: FaultOfId | None = None
) -> Sequence[Hashable] | None:
    """Return ids of a plain column, checked: there, hashable, distinct, and such as can be kept."""
    if values is None:
        return None
    if is_arrow(values) and fault_to_keep is None and _distinct_in_arrow(values):
        return ArrowSequence(values)
    ids = as_list(values)
    if _are_plain(ids) and len(set(ids)) == len(ids):
        return ids
    return _mended_ids(ids, faults or Faults("id"), fault_to_keep)


def _are_plain(ids: list[Any]) -> bool:
    """Return whether ids are of the kinds, all of one, that nothing can be wrong with."""
    kinds = set(map(type, ids))
    if kinds == {int}:
        return max(map(int.bit_length, ids)) < _SHORT_BITS
    try:
        lengths = [len(value) for value in ids] if kinds == {str} else [0]
        return 0 < min(lengths) <= max(lengths) <= _SHORT and bool("\n".join(ids).encode())
    except UnicodeEncodeError:
        return False


def _distinct_in_arrow(arrow: Any) -> bool:
    if arrow.null_count:
        return False
    compute = importlib.import_module("pyarrow.compute")
    try:
        is_text = "string" in str(arrow.type)
        if is_text and compute.min(compute.binary_length(arrow)).as_py() == 0:
            return False
        return bool(compute.count_distinct(arrow).as_py() == len(arrow))
    except NotImplementedError:  # of this type Arrow cannot tell
        return False


def _mended_ids(ids: list[Any], faults: Faults, fault_to_keep: FaultOfId | None) -> list[Hashable]:
    """Return ids, with the number of the item for one that cannot be used."""
    seen: dict[Hashable, int] = {}
    mended: list[Hashable] = []
    for position, given in enumerate(ids):
        value = given.get("$oid", given) if isinstance(given, Mapping) else given
        if isinstance(value, Mapping):
            value = _words(value, _TEXT_KEYS, "") or value
        fault = fault_of_id(value)
        if fault is None and fault_to_keep is not None:
            fault = fault_to_keep(value)
        if fault is None and value in seen:
            earlier = in_force().where(seen[value])
            fault = UnusableError(
                f"is that of {earlier} already",
                "ids must be unique; drop one of them",
                DuplicateIdError,
            )
        if fault is None:
            seen[value] = position
        else:
            faults.add(position, given, fault)
            value = f"#{in_force().number(position)}"
        mended.append(value)
    return mended


def is_no_id(value: object) -> bool:
    """Return whether a value stands for no id: a missing one, or the empty text of files."""
    return is_missing(value) or (isinstance(value, str) and not value)


def fault_of_id(value: object) -> UnusableError | None:
    """Return why a value cannot be an id, None where it can."""
    if is_no_id(value):
        return UnusableError(MISSING, "every document needs one")
    fault = _oddity(value, DEEPEST_ID)  # first: what is too deep crashes Python's own hash
    if fault is None and not _is_hashable(value):
        reason = f"is of type {type(value).__name__!r} and not hashable"
        fault = UnusableError(reason, "pass str or int", InputTypeError)
    return fault


def _oddity(value: object, depth: int) -> UnusableError | None:
    """Return what no index can keep of an id, or a part of one."""
    if isinstance(value, str):
        if mended(value) != value:
            return UnusableError("holds half of a character", "replace it")
    elif isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            return UnusableError("is too long a number", "use a digest of it")
    elif isinstance(value, tuple):
        if not depth:
            reason = f"is too deep a tuple: of more than {DEEPEST_ID} within one another"
            return UnusableError(reason, "use a digest of it, or a flat tuple")
        return next(filter(None, (_oddity(part, depth - 1) for part in value)), None)
    return None


def _is_hashable(value: object) -> TypeGuard[Hashable]:
    try:
        hash(value)  # a tuple that holds a list says it is hashable, and is not
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - an object of the user's may raise anything
        return False
    return True


def source_column(
    values: Any, faults: Faults | None = None
) -> tuple[NDArray[np.int32] | None, list[str]]:
    """Return sources as codes, -1 for a missing one, and their names in order of appearance."""
    if values is None:
        return None, []
    names = strings(values) if is_arrow(values) else None
    encoded = None if names is None else _arrow_sources(names)
    if encoded is not None:
        return encoded
    faults = faults or Faults("source")
    listed = as_list(values)
    numbers: dict[str, int] = {}
    codes = np.full(len(listed), NO_SOURCE, np.int32)
    for position, value in enumerate(listed):
        name = _words(value, _SOURCE_KEYS, ", ")
        if name and len(name) > _SHORT:
            reason = f"has more than the {_SHORT:,} characters of a source"
            faults.add(position, value, UnusableError(reason, "shorten it"))
        elif name:
            codes[position] = numbers.setdefault(mended(name), len(numbers))
        elif name is None and not is_missing(value) and not (isinstance(value, list) and not value):
            reason = f"is of type {type(value).__name__!r} and no name of a source"
            fault = UnusableError(reason, "pass str(value), or None", InputTypeError)
            faults.add(position, value, fault)
    return codes, list(numbers)


def _arrow_sources(column: Any) -> tuple[NDArray[np.int32], list[str]] | None:
    """Return Arrow strings as codes and names; None where a name is too long."""
    encoded = column.dictionary_encode()
    codes = np.asarray(encoded.indices.fill_null(NO_SOURCE), np.int32)
    names = encoded.dictionary.to_pylist()
    if max(map(len, names), default=0) > _SHORT:
        return None
    if "" in names:  # no source, as in a list
        empty = names.index("")
        del names[empty]
        codes = np.where(codes == empty, NO_SOURCE, codes - (codes > empty)).astype(np.int32)
    return codes, names
