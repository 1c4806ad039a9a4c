"""The folder of a run: its arrays, and which of its steps are done."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.errors import InputError, WorkFolderError, WorkFolderFullError
from dedupe_news.outofcore.limits import give_back
from dedupe_news.outofcore.spill import Room, Spill

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

_MANIFEST = "dedupe_news_run.json"
_LOCK = "dedupe_news_run.lock"
_SUFFIX = ".array"
_FORMAT = 1
_SPARE_DISK = 64_000_000


class Workspace:
    """
    A work folder, for the time of a run.

    Parameters
    ----------
    folder : str or path-like, optional
        Where arrays and finished steps are kept, so that a run that was killed
        goes on from there; a temporary folder, and memory as far as there is
        room, where it is left out.
    run : mapping
        What the run is of, as JSON: a folder of another run is refused.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, run: Mapping[str, Any]) -> None:
        self.is_kept = folder is not None
        self.room = Room(0)
        self._run = {**run, "format": _FORMAT, "version": importlib.metadata.version("dedupe-news")}
        self._finished: dict[str, dict[str, Any]] = {}
        self._spills: list[Spill] = []
        self._lock = -1
        if folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="dedupe_news-"))
        else:
            self.folder = Path(folder)
            self._open_folder()

    def __enter__(self) -> Self:
        """
        Begin a run.

        Returns
        -------
        Workspace
            Itself.
        """
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """
        Delete what is not needed any more.

        Parameters
        ----------
        kind, error, traceback : object
            Of the exception that ended the run, if one did: then the finished
            steps of a folder that was named stay for another try.
        """
        failed = kind is not None
        for spill in self._spills:
            if not (failed and self.is_kept):
                spill.drop()
        if not self.is_kept:
            shutil.rmtree(self.folder, ignore_errors=True)
        elif not failed:
            self._clear()
        self._unlock()

    def spill(self, name: str, dtype: Any) -> Spill:
        """
        Return a new, empty array.

        Parameters
        ----------
        name : str
            Its name in the folder.
        dtype : dtype
            Type of its values.

        Returns
        -------
        Spill
            Deleted at the end of the run.
        """
        spill = Spill(self.folder / (name + _SUFFIX), dtype, self.room)
        if self.is_kept:
            spill.to_file()
        self._spills.append(spill)
        return spill

    def step(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """
        Do a step, unless a run before has done it.

        Parameters
        ----------
        name : str
            The step.
        work : callable
            Does it and returns what comes of it by name: arrays, `Spill`,
            whole numbers, texts and lists of these.

        Returns
        -------
        dict
            What came of it.
        """
        if name in self._finished:
            return {key: self._load(value) for key, value in self._finished[name].items()}
        outcome = work()
        give_back()
        if self.is_kept:
            self._finished[name] = {
                key: self._save(f"{name}.{key}", value) for key, value in outcome.items()
            }
            self._write_manifest()
        return outcome

    def forget_step(self, name: str, *keys: str) -> None:
        """
        Delete arrays of a finished step that no later one reads.

        Parameters
        ----------
        name : str
            The step.
        *keys : str
            The arrays.
        """
        for key in keys:
            kept = self._finished.get(name, {}).get(key)
            if kept is not None and "file" in kept:
                kept["length"] = 0
                self._write_manifest()
                for spill in self._spills:
                    if spill.path.name == kept["file"]:
                        spill.drop()

    def require_disk(self, n_bytes: int, n_documents: int) -> None:
        """
        Refuse to go on where the disk has not the room for what is to come.

        Parameters
        ----------
        n_bytes : int
            How much will be written.
        n_documents : int
            For how many documents.

        Raises
        ------
        WorkFolderFullError
            If there is less room.
        """
        free = shutil.disk_usage(self.folder).free
        if n_bytes + _SPARE_DISK > free:
            message = (
                f"{n_documents:,} documents need about {n_bytes:,} bytes of disk in "
                f"{self.folder}, where {free:,} are free. Free some room, pass "
                "work_folder=... on another disk, or allow more memory with memory_limit=..."
            )
            raise WorkFolderFullError(message)

    def _save(self, name: str, value: Any) -> Any:
        if isinstance(value, Spill):
            return {"file": value.path.name, "dtype": value.dtype.str, "length": len(value)}
        if isinstance(value, np.ndarray):
            kept = Spill(self.folder / (name + _SUFFIX), value.dtype, Room(0))
            kept.to_file()
            kept.append(value.ravel())
            kept.close()
            return {"array": kept.path.name, "dtype": value.dtype.str, "shape": value.shape}
        return {"value": value}

    def _load(self, kept: dict[str, Any]) -> Any:
        if "value" in kept:
            return kept["value"]
        if "array" in kept:
            values = np.fromfile(self.folder / kept["array"], kept["dtype"])
            return values.reshape(kept["shape"])
        path, length = self.folder / kept["file"], kept["length"]
        dtype = np.dtype(kept["dtype"])
        if length and (not path.exists() or path.stat().st_size != length * dtype.itemsize):
            message = f"{path} is not what the run left there; delete the folder and begin anew"
            raise WorkFolderError(message)
        spill = Spill(path, dtype, self.room, length)
        self._spills.append(spill)
        return spill

    def _open_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            message = (
                f"work_folder={str(self.folder)!r} cannot be used: {error.strerror}. "
                "Pass a folder that can be written"
            )
            raise WorkFolderError(message) from error
        self._lock_folder()
        try:
            self._recall()
        except BaseException:
            self._unlock()
            raise

    def _recall(self) -> None:
        """Read which steps are done."""
        try:
            manifest = json.loads((self.folder / _MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._refuse_other_files()
            self._write_manifest()
            return
        except ValueError as error:
            message = f"{self.folder / _MANIFEST} cannot be read; delete the folder and begin anew"
            raise WorkFolderError(message) from error
        for key, value in self._run.items():
            if manifest["run"].get(key) != value:
                message = (
                    f"work_folder={str(self.folder)!r} is of a run with {key} "
                    f"{manifest['run'].get(key)!r}, this one has {value!r}. Repeat that run, or "
                    "pass another folder"
                )
                raise WorkFolderError(message)
        self._finished = manifest["finished"]

    def _lock_folder(self) -> None:
        try:
            fcntl = importlib.import_module("fcntl")
        except ImportError:  # not on Windows
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The run before may have deleted the file between opening and locking it.
            if not os.path.samestat(os.fstat(self._lock), (self.folder / _LOCK).stat()):
                raise BlockingIOError
        except OSError as error:
            os.close(self._lock)
            message = (
                f"work_folder={str(self.folder)!r} is in use by another run. "
                "Wait for it, or pass another folder"
            )
            raise WorkFolderError(message) from error

    def _unlock(self) -> None:
        if self._lock >= 0:
            with contextlib.suppress(OSError):
                (self.folder / _LOCK).unlink()
            os.close(self._lock)

    def _refuse_other_files(self) -> None:
        others = [path.name for path in self.folder.iterdir() if path.name != _LOCK]
        if others:
            message = (
                f"work_folder={str(self.folder)!r} holds other files, such as {others[0]!r}; "
                "pass a new or an empty folder"
            )
            raise InputError(message)

    def _write_manifest(self) -> None:
        path = self.folder / _MANIFEST
        written = path.with_suffix(".new")
        written.write_text(
            json.dumps({"run": self._run, "finished": self._finished}), encoding="utf-8"
        )
        written.replace(path)

    def _clear(self) -> None:
        """Delete all files of the run, and the folder if nothing else is in it."""
        for path in self.folder.iterdir():
            if path.suffix in (_SUFFIX, ".new") or path.name == _MANIFEST:
                with contextlib.suppress(OSError):
                    path.unlink()
