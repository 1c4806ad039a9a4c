"""
A state sealed in a file beside its log, so that a large index opens in a second or two.

The file is a cache: what it was made by is written in it, and where anything is
otherwise, or the file is missing or damaged, the state is made from the log.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from dedupe_news._store import schema
from dedupe_news._store.codec import FORMAT_VERSION
from dedupe_news._store.log import Cursor

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from numpy.typing import NDArray

    from dedupe_news._store.replay import State

_LAYOUT = 2  # of the arrays: raise it with every change of these, or of what they mean
_MAGIC = b"DNsealed"
_ALIGNED = 64
_LEAST_SHARE = 0.05  # of events that a seal lacks, before it is made anew
_TEXT, _INTEGER = "str", "int"


def _key(state: State, log: str) -> dict[str, Any]:
    """Return what a seal must have been made by to be of use."""
    return {
        "layout": _LAYOUT,
        "format": FORMAT_VERSION,
        "library": schema.library_version(),
        "config": state.config.to_dict(),
        "log": log,
        **schema.versions(state.config),
    }


def is_outdated(state: State, n_sealed: int) -> bool:
    """Return whether a seal of so many events is worth making anew."""
    position = state.cursor.position
    return position - n_sealed > _LEAST_SHARE * position


def save(state: State, path: Path, log: str) -> bool:
    """Seal a state of a log, named by what tells it from others; return whether it could be."""
    ids = _packed_ids(state.ids[: state.texts.n_rows].tolist())
    if ids is None:
        return False
    kind, id_arrays = ids
    arrays = {**id_arrays, **state.texts.arrays_in_use()}
    entries, digest, at = [], xxhash.xxh3_64(), 0
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            for name, array in arrays.items():
                data = np.ascontiguousarray(array)
                raw = data.view(np.uint8).reshape(-1).data if data.size else b""
                file.write(raw)
                digest.update(raw)
                entries.append((name, data.dtype.str, data.shape, at))
                padding = bytes(-(at + data.nbytes) % _ALIGNED)
                file.write(padding)
                digest.update(padding)
                at += data.nbytes + len(padding)
            head = {
                "key": _key(state, log), "cursor": state.cursor, "ids": kind, "arrays": entries,
                "digest": digest.intdigest(), "rest": state.rest(),
            }  # fmt: skip
            trailer = json.dumps(head).encode()
            file.write(trailer + len(trailer).to_bytes(8, "little") + _MAGIC)
        temporary.replace(path)
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return True


def load(state: State, path: Path, log: str) -> bool:
    """Fill an empty state from a seal; return False, and leave it empty, where there is none."""
    try:
        # np.fromfile would make another error of Ctrl-C.
        with path.open("rb") as file:
            whole = np.empty(os.fstat(file.fileno()).st_size, np.uint8)
            whole = whole[: file.readinto(whole.data)]
        size = int.from_bytes(whole[-16:-8].tobytes(), "little")
        if whole[-8:].tobytes() != _MAGIC or size > len(whole):
            return False
        head = json.loads(whole[-16 - size : -16].tobytes())
        data = whole[: -16 - size]
        if head["key"] != json.loads(json.dumps(_key(state, log))):
            return False
        if xxhash.xxh3_64_intdigest(data.data) != head["digest"]:
            return False
        arrays = {name: _array(data, dtype, shape, at) for name, dtype, shape, at in head["arrays"]}
        ids = _unpacked_ids(head["ids"], arrays.pop("ids"), arrays.pop("id_bounds"))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    state.restore(ids, arrays, head["rest"], Cursor(*head["cursor"]))
    return True


def _array(data: NDArray[np.uint8], dtype: str, shape: list[int], at: int) -> NDArray[Any]:
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return data[at : at + n_bytes].view(dtype).reshape(shape)


def _packed_ids(ids: list[Hashable]) -> tuple[str, dict[str, NDArray[Any]]] | None:
    """Return ids as arrays, if all are text, or all integers of 64 bits."""
    if all(type(each) is str for each in ids):
        text = "".join(ids)  # type: ignore[arg-type]
        bounds = np.cumsum([0, *map(len, ids)], dtype=np.int64)  # type: ignore[arg-type]
        return _TEXT, {"ids": np.frombuffer(text.encode(), np.uint8), "id_bounds": bounds}
    if all(type(each) is int for each in ids):
        with contextlib.suppress(OverflowError):
            return _INTEGER, {"ids": np.array(ids, np.int64), "id_bounds": np.empty(0, np.int64)}
    return None


def _unpacked_ids(kind: str, ids: NDArray[Any], bounds: NDArray[np.int64]) -> list[Any]:
    if kind == _INTEGER:
        numbers: list[Any] = ids.tolist()
        return numbers
    text = ids.tobytes().decode()
    return [text[start:stop] for start, stop in itertools.pairwise(bounds.tolist())]
