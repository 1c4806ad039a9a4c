"""Files as bytes, decompressed where their first bytes say that they are compressed."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from dedupe_news.errors import MissingDependencyError

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable

STDIN = "-"
"""Stands for standard input, or standard output, in place of a file's name."""

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""Of compressed files; they are passed over where a name tells the format."""

_GZIP, _BZIP2, _XZ, _ZSTANDARD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_CHUNK_BYTES = 2**17


def open_file(path: str, stack: contextlib.ExitStack) -> io.BufferedReader:
    """Open a file, or standard input, until the stack is closed."""
    if path == STDIN:
        stream = _peekable(sys.stdin.buffer)
    else:
        stream = stack.enter_context(Path(path).open("rb"))  # noqa: SIM115 - the stack closes it
    head = stream.peek(len(_XZ))
    opened: Any = None
    if head.startswith(_GZIP):
        opened = gzip.open(stream)  # noqa: SIM115 - likewise
    elif head.startswith(_BZIP2):
        opened = bz2.open(stream)  # noqa: SIM115 - likewise
    elif head.startswith(_XZ):
        opened = lzma.open(stream)  # noqa: SIM115 - likewise
    if opened is not None:
        return io.BufferedReader(stack.enter_context(opened))
    if head.startswith(_ZSTANDARD):
        return io.BufferedReader(_ZstandardReader(stream))
    return stream


def is_plain(stream: io.BufferedReader) -> bool:
    """Return whether a stream is a file as it lies on disk."""
    return isinstance(stream.raw, io.FileIO)


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(cast("io.RawIOBase", stream))


class _ZstandardReader(io.RawIOBase):
    """
    What is in a zstd stream.

    Unlike the reader of the package it goes on after the first frame, and tells
    the end of the stream from a frame that was cut off.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._new_frame = _find_zstandard()
        self._frame = self._new_frame()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._ready:
            left_over = self._frame.unused_data if self._frame.eof else b""
            chunk = left_over or self._stream.read(_CHUNK_BYTES)
            if self._frame.eof:
                if not chunk:
                    return 0
                self._frame = self._new_frame()
            elif not chunk:
                message = "it ends before its time"
                raise EOFError(message)
            self._ready = self._frame.decompress(chunk)
        n_bytes = min(len(target), len(self._ready))
        target[:n_bytes] = self._ready[:n_bytes]
        self._ready = self._ready[n_bytes:]
        return n_bytes


def _find_zstandard() -> Callable[[], Any]:
    """Return what makes the decompressor of a frame."""
    try:
        module = importlib.import_module("compression.zstd")  # Python 3.14
    except ModuleNotFoundError:
        pass
    else:
        made: Callable[[], Any] = module.ZstdDecompressor
        return made
    try:
        package = importlib.import_module("zstandard")
    except ModuleNotFoundError as error:
        message = "zstandard is needed to read zstd files; pip install zstandard"
        raise MissingDependencyError(message) from error
    return lambda: package.ZstdDecompressor().decompressobj()


def damages() -> tuple[type[Exception], ...]:
    """Return the errors of damaged files; those of zstd only where it was imported."""
    modules = [sys.modules.get(name) for name in ("compression.zstd", "zstandard")]
    zstandard_errors = [module.ZstdError for module in modules if module is not None]
    return (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, *zstandard_errors)
