"""Records of arrays that a run left in a folder, for the run that goes on after it was killed."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.errors import WorkFolderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_CLOCK_MAY_MOVE_S = 600


def claim(folder: Path) -> Path:
    """Write down who works in a folder; `WorkFolderError` where a living process does."""
    import psutil  # noqa: PLC0415 - a batch in memory need not wait for it

    owner = folder / "owner.json"
    process = psutil.Process()
    try:
        with owner.open("x", encoding="utf-8") as file:
            json.dump([process.pid, process.create_time()], file)
    except FileExistsError:
        if _is_alive(owner):
            message = (
                f"another run with the same feed and settings is at work in {folder}. Wait for it, "
                "or pass another work_folder"
            )
            raise WorkFolderError(message) from None
        owner.write_text(json.dumps([process.pid, process.create_time()]), encoding="utf-8")
    return owner


def remove_unfinished(folder: Path) -> None:
    """Remove the files that no finished stage names."""
    named = set()
    for manifest in folder.glob("*.stage.json"):
        named |= set(_names_in(read_manifest(manifest)))
    for path in folder.glob("*.array"):
        if path.name not in named:
            path.unlink()


def read_manifest(path: Path) -> Any:
    """Return what a stage wrote since the system started: older files may have gaps."""
    if not path.exists():
        return None
    booted, described = json.loads(path.read_text(encoding="utf-8"))
    return described if abs(booted - _boot_time()) < _CLOCK_MAY_MOVE_S else None


def write_manifest(path: Path, described: Any) -> None:
    """Write what describes the record of a stage, in one step."""
    written = path.with_suffix(".new")
    written.write_text(json.dumps([_boot_time(), described]), encoding="utf-8")
    written.replace(path)


def with_arrays(value: Any, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Any:
    """Return a record whose arrays were changed."""
    if isinstance(value, np.ndarray):
        return change(value)
    fields = _fields(value)
    if fields is None:
        return value
    return type(value)(**{name: with_arrays(of, change) for name, of in fields.items()})


def describe_record(value: Any, name_of: Callable[[NDArray[Any]], str]) -> Any:
    """Return a record as JSON has it, its arrays by the names of their files."""
    if isinstance(value, np.ndarray):
        return {"array": name_of(value), "dtype": value.dtype.str, "shape": value.shape}
    fields = _fields(value)
    if fields is None:
        return value
    described = {name: describe_record(of, name_of) for name, of in fields.items()}
    return {"record": type(value).__name__, "fields": described}


def read_record(
    value: Any,
    kinds: Mapping[str, type],
    opened: Callable[[str, str, tuple[int, ...]], NDArray[Any]],
) -> Any:
    """Return a record that was described."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return opened(value["array"], value["dtype"], tuple(value["shape"]))
    fields = {name: read_record(of, kinds, opened) for name, of in value["fields"].items()}
    return kinds[value["record"]](**fields)


def _names_in(value: Any) -> Iterator[str]:
    """Yield the names of the files of a record that was described."""
    if isinstance(value, dict):
        if "array" in value:
            yield value["array"]
        for of in value.get("fields", {}).values():
            yield from _names_in(of)


def _fields(record: Any) -> Mapping[str, Any] | None:
    """Return the fields of a dataclass or NamedTuple; None for anything else."""
    if dataclasses.is_dataclass(record):
        return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return record._asdict() if hasattr(record, "_asdict") else None


def _boot_time() -> float:
    import psutil  # noqa: PLC0415 - as above

    return float(psutil.boot_time())


def _is_alive(owner: Path) -> bool:
    """Return whether the process that wrote its name is still there."""
    import psutil  # noqa: PLC0415 - as above

    try:
        pid, begun = json.loads(owner.read_text(encoding="utf-8"))
        return bool(psutil.Process(pid).create_time() == begun)
    except (ValueError, psutil.Error):
        return False
