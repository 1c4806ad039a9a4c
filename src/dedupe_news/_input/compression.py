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

_XZ = b"\xfd7zXZ\x00"


def open_file(path: str, stack: contextlib.ExitStack) -> io.BufferedReader:
    """Open a file, or standard input, until the stack is closed."""
    if path == STDIN:
        stream = sys.stdin.buffer
        if not isinstance(stream, io.BufferedReader):
            stream = io.BufferedReader(cast("io.RawIOBase", stream))
    else:
        stream = stack.enter_context(Path(path).open("rb"))  # noqa: SIM115 - the stack closes it
    head = stream.peek(len(_XZ))
    for magic, open_stream in _OPENERS.items():
        if head.startswith(magic):
            return io.BufferedReader(stack.enter_context(open_stream(stream)))
    return stream


def is_plain(stream: io.BufferedReader) -> bool:
    """Return whether a stream is a file as it lies on disk."""
    return isinstance(stream.raw, io.FileIO)


def _open_zstandard(stream: BinaryIO) -> io.BytesIO:
    """Return what is in a stream of zstd frames."""
    try:
        new_frame = importlib.import_module("compression.zstd").ZstdDecompressor  # Python 3.14
    except ModuleNotFoundError:
        try:
            package = importlib.import_module("zstandard")
        except ModuleNotFoundError as error:
            message = "zstandard is needed to read zstd files; pip install zstandard"
            raise MissingDependencyError(message) from error
        new_frame = package.ZstdDecompressor().decompressobj
    content, data = io.BytesIO(), stream.read()
    while data:
        frame = new_frame()
        content.write(frame.decompress(data))
        if not frame.eof:
            message = "it ends before its time"
            raise EOFError(message)
        data = frame.unused_data
    content.seek(0)
    return content


_OPENERS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    _XZ: lzma.open,
    b"\x28\xb5\x2f\xfd": _open_zstandard,
}


def damages() -> tuple[type[Exception], ...]:
    """Return the errors of damaged files; those of zstd only where it was imported."""
    modules = [sys.modules.get(name) for name in ("compression.zstd", "zstandard")]
    zstandard_errors = [module.ZstdError for module in modules if module is not None]
    return (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, *zstandard_errors)
