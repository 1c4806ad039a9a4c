"""Files as bytes, decompressed, and as lines of text, whatever their encoding."""

from __future__ import annotations

import bz2
import codecs
import gzip
import importlib
import io
import lzma
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from dedupe_news._input.rules import in_force
from dedupe_news.errors import InputError, MissingDependencyError, shown

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Iterator

STDIN = "-"
"""Stands for standard input, or standard output, in place of a file's name."""

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""Of compressed files; they are passed over where a name tells the format."""

_XZ = b"\xfd7zXZ\x00"
_HEAD_BYTES = 4096  # looked at to tell what a file is

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FALLBACK = "cp1252"
_KNOWN = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook; unpack it, or save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as CSV"),
    (b"SQLite format 3\0", "a database; `dedupe-news index export` writes the items of an index"),
    (b"%PDF", "a PDF"),
    (b"ARROW1", "an Arrow file; save it as Parquet"),
)
_MOST_ZEROS = 0.05
_FEW_ZEROS = 8


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


def head_of(stream: io.BufferedReader) -> bytes:
    """Return the beginning of a stream, which stays where it is."""
    return stream.peek(_HEAD_BYTES)[:_HEAD_BYTES]


class Decoder:
    """Turns a stream into lines of text, and knows which of them were odd."""

    def __init__(self, stream: io.BufferedReader, label: str, encoding: str | None) -> None:
        self._stream, self._label = stream, label
        self._encoding = _checked(encoding) or _encoding_of(head_of(stream), label)
        self.odd_lines: list[int] = []

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the number of each line, from 1, and the line."""
        lines = self._utf8_lines() if self._encoding == "utf-8" else self._other_lines()
        number, first = next(lines, (0, ""))
        if number:
            yield number, first.removeprefix("\ufeff")
        yield from lines

    def _other_lines(self) -> Iterator[tuple[int, str]]:
        text = io.TextIOWrapper(self._stream, self._encoding, newline="")
        number = 0
        try:
            for number, line in enumerate(text, start=1):
                yield number, line
        except UnicodeError as error:
            message = (
                f"{self._label}, after line {number} is not {self._encoding}: {error}. Say its "
                "encoding with --encoding NAME"
            )
            raise InputError(message) from None
        finally:
            text.detach()

    def _utf8_lines(self) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(self._stream, start=1):
            try:
                yield number, line.decode()
            except UnicodeDecodeError as error:
                if in_force().on_invalid == "raise":
                    message = (
                        f"{self._label}, line {number} is not UTF-8: byte "
                        f"0x{line[error.start]:02x} at column {error.start + 1}. Say its encoding, "
                        "for example with --encoding windows-1252"
                    )
                    raise InputError(message) from None
                self.odd_lines.append(number)
                yield number, line.removeprefix(codecs.BOM_UTF8).decode(_FALLBACK, "replace")


def _checked(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError, AttributeError):
        message = (
            f"--encoding {shown(encoding)} is not known; pass a name such as utf-8, windows-1252, "
            "iso-8859-15, utf-16 or shift_jis"
        )
        raise InputError(message) from None
    return name


def _encoding_of(head: bytes, label: str) -> str:
    """Return the encoding that the first bytes tell, UTF-8 where they tell none."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    for magic, what in _KNOWN:
        if head.startswith(magic):
            message = f"{label} is no text: it is {what}"
            raise InputError(message)
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd > max(_FEW_ZEROS, _MOST_ZEROS * len(head)):
        # Of two bytes a letter, one is zero in most letters of European scripts.
        if odd > 10 * even:
            return "utf-16-le"
        if even > 10 * odd:
            return "utf-16-be"
        message = f"{label} is no text: it holds zero bytes. Say its encoding with --encoding NAME"
        raise InputError(message)
    return "utf-8"
