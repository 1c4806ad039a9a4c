"""Arrays that are in memory while there is room, and in files where there is none."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.blocks import bounds_of
from dedupe_news.errors import WorkFolderFullError
from dedupe_news.kernels.parting import copy_runs
from dedupe_news.outofcore.limits import free_memory

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SPAN = 1 << 26  # bytes of a file that are mapped into memory at a time


class Room:
    """
    Memory that arrays may take before they go to files.

    Parameters
    ----------
    n_bytes : int
        How much there is.
    """

    def __init__(self, n_bytes: int) -> None:
        self._free = n_bytes
        self._lock = threading.Lock()

    def take(self, n_bytes: int) -> bool:
        """
        Take memory, if there is as much.

        Parameters
        ----------
        n_bytes : int
            How much.

        Returns
        -------
        bool
            False where there is not.
        """
        with self._lock:
            if n_bytes > self._free:
                return False
            self._free -= n_bytes
            return True

    def give_back(self, n_bytes: int) -> None:
        """
        Give memory back, or take away what was promised before.

        Parameters
        ----------
        n_bytes : int
            How much; negative to take it away.
        """
        with self._lock:
            self._free += n_bytes

    @property
    def free(self) -> int:
        """
        Memory that is left.

        Returns
        -------
        int
            Bytes.
        """
        return self._free

    @property
    def is_overdrawn(self) -> bool:
        """
        Whether arrays hold more than there is room for.

        Returns
        -------
        bool
            True after too much was taken away.
        """
        return self._free < 0


class Spill:
    """
    One array of one type, which grows at its end or is written anywhere.

    Parameters
    ----------
    path : Path
        Its file, if it comes to that.
    dtype : dtype
        Type of its values.
    room : Room
        Memory it may take.
    length : int, default 0
        Values that are in the file already.
    """

    def __init__(self, path: Path, dtype: Any, room: Room, length: int = 0) -> None:
        self.path = path
        self.dtype = np.dtype(dtype)
        self._room = room
        self._length = length
        self._memory: NDArray[Any] | None = np.empty(0, self.dtype)
        self._file = -1
        self._map: mmap.mmap | None = None
        if length:
            self._memory = None
            self._file = os.open(path, os.O_RDWR)

    def __len__(self) -> int:
        """
        Return the number of values.

        Returns
        -------
        int
            At least 0.
        """
        return self._length

    @property
    def is_in_memory(self) -> bool:
        """
        Whether the values are in memory.

        Returns
        -------
        bool
            False where they are in the file.
        """
        return self._memory is not None

    @property
    def n_bytes(self) -> int:
        """
        Size of the values.

        Returns
        -------
        int
            Bytes.
        """
        return self._length * int(self.dtype.itemsize)

    def append(self, values: NDArray[Any]) -> None:
        """
        Write values at the end.

        Parameters
        ----------
        values : ndarray, shape (n,)
            Of the array's type.

        Raises
        ------
        WorkFolderFullError
            If the disk is full.
        """
        start = self._length
        self._lengthen(len(values), grows=True)
        self.write(start, values)

    def extend(self, n: int) -> None:
        """
        Make the array longer, by values that are to be written before they are read.

        Parameters
        ----------
        n : int
            How many.

        Raises
        ------
        WorkFolderFullError
            If the disk is full.
        """
        self._lengthen(n, grows=False)

    def _lengthen(self, n: int, *, grows: bool) -> None:
        length = self._length + n
        if self._memory is not None and not (
            self._room.take(n * self.dtype.itemsize) and self._make_longer(length, grows)
        ):
            self.to_file()
        self._length = length
        if self._memory is None:
            with _full_disk(self.path):
                os.ftruncate(self._file, length * self.dtype.itemsize)

    def _make_longer(self, length: int, grows: bool) -> bool:  # noqa: FBT001 - as above
        memory = self._memory
        if memory is None or length <= len(memory):
            return True
        # Pages count when they are written to: an array that will grow is as long as it
        # can become at once, and need not be copied.
        spare = min(self._room.free, free_memory()) // self.dtype.itemsize if grows else 0
        try:
            longer = np.empty(length + spare, self.dtype)
        except MemoryError:  # the system promises no more than it has
            self._room.give_back((length - self._length) * self.dtype.itemsize)
            return False
        longer[: self._length] = memory[: self._length]
        self._memory = longer
        return True

    def write(self, start: int, values: NDArray[Any]) -> None:
        """
        Write values somewhere; several threads may, each elsewhere.

        Parameters
        ----------
        start : int
            Place of the first.
        values : ndarray, shape (n,)
            Of the array's type.

        Raises
        ------
        WorkFolderFullError
            If the disk is full.
        """
        if self._memory is not None:
            self._memory[start : start + len(values)] = values
            return
        rest = np.ascontiguousarray(values, self.dtype).data.cast("B")
        at = start * self.dtype.itemsize
        with _full_disk(self.path):
            while rest:
                n_written = os.pwrite(self._file, rest, at)
                rest, at = rest[n_written:], at + n_written

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """
        Return some of the values.

        Parameters
        ----------
        start, stop : int
            Their bounds.

        Returns
        -------
        ndarray, shape (stop - start,)
            A view where they are in memory, and else a copy.
        """
        if self._memory is not None:
            return self._memory[start:stop]
        values = np.empty(stop - start, self.dtype)
        self.read_into(start, values)
        return values

    def read_into(self, start: int, values: NDArray[Any]) -> None:
        """
        Copy some of the values.

        Parameters
        ----------
        start : int
            Place of the first.
        values : ndarray, shape (n,)
            Receives them; contiguous.
        """
        if self._memory is not None:
            values[:] = self._memory[start : start + len(values)]
            return
        rest = values.data.cast("B")
        at = start * self.dtype.itemsize
        while rest:
            n_read = os.preadv(self._file, [rest], at)
            if n_read == 0:
                message = f"{self.path} ends at {at:,} bytes; it was changed from outside"
                raise OSError(message)
            rest, at = rest[n_read:], at + n_read

    def array(self) -> NDArray[Any]:
        """
        Return all values, without copying them.

        Returns
        -------
        ndarray, shape (n,)
            A view of the memory, or of the mapped file. It outlives the file.
        """
        if self._memory is not None:
            return self._memory[: self._length]
        if self._length == 0:
            return np.empty(0, self.dtype)
        if self._map is None or len(self._map) != self._length * self.dtype.itemsize:
            self._map = mmap.mmap(self._file, 0, prot=mmap.PROT_READ)
        return np.frombuffer(self._map, self.dtype)

    def gather(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[Any]:
        """
        Return runs of values, wherever they are.

        Parameters
        ----------
        starts, stops : ndarray of int64, shape (n_runs,)
            Bounds of each.

        Returns
        -------
        ndarray
            One after another. Little of the file is in memory at a time.
        """
        to = bounds_of(stops - starts)
        gathered = np.empty(to[-1], self.dtype)
        values = self.array()
        if self._memory is not None:
            copy_runs(values, starts, stops, to, gathered)
            return gathered
        order = np.argsort(starts, kind="stable")
        span = _SPAN // self.dtype.itemsize
        cuts = np.flatnonzero(np.diff(starts[order] // span)) + 1
        for some in np.split(order, cuts):
            copy_runs(values, starts[some], stops[some], to[some], gathered)
            self.forget()
        return gathered

    def forget(self) -> None:
        """Take what was read through `array` out of this process's memory."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Let go of the file, which stays."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def to_file(self) -> None:
        """
        Move the values to the file.

        Raises
        ------
        WorkFolderFullError
            If the disk is full.
        """
        memory = self._memory
        if memory is None:
            return
        with _full_disk(self.path):
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._memory = None
        self.write(0, memory[: self._length])
        self._room.give_back(self.n_bytes)

    def drop(self) -> None:
        """Delete the values; arrays that were handed out stay."""
        if self._memory is not None:
            self._room.give_back(self.n_bytes)
            self._memory = np.empty(0, self.dtype)
        self._length = 0
        self._map = None
        if self._file >= 0:
            self.close()
            with contextlib.suppress(OSError):  # where a mapped file cannot be deleted
                self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def _full_disk(path: Path) -> Any:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        message = (
            f"the disk of {path.parent} is full. Free some room, or pass work_folder=... on "
            "another disk; a run with a work folder of its own goes on where it was"
        )
        raise WorkFolderFullError(message) from error
