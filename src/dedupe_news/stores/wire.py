"""
Documents as bytes: what durable stores keep; docs/reference/store-format.md specifies it.

All integers are little-endian. A document is a header of fixed length, its id,
its source and its text, in this order. Whoever keeps it keeps its checksum too.
"""

from __future__ import annotations

import dataclasses
import itertools
import operator
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xxhash

from dedupe_news.errors import InputError, StoreDamagedError, shown
from dedupe_news.kernels.columns import gather_runs
from dedupe_news.kernels.hashing import xxh3_runs
from dedupe_news.stores.ids import MOST_BYTES, STR, pack_id, plain_id, unpack_id
from dedupe_news.stores.rows import Rows, Verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FORMAT_VERSION = 1
"""Version of everything that is written here."""

_HEADER = np.dtype([
    ("number", "<i8"), ("cluster", "<i8"), ("published", "<i8"), ("arrived", "<i8"),
    ("flags", "u1"), ("id_kind", "u1"), ("id_length", "<u2"), ("source_length", "<u2"),
    ("reserved", "<u2"),
])  # fmt: skip
_PACKED = struct.Struct("<qqqqBBHHH")
_TITLED, _FOUNDER = 1, 2
_NO_SOURCE = 0xFFFF
_MOST_JOINED_BYTES = 64 << 20


class Kept(NamedTuple):
    """
    Documents as they were kept.

    Parameters
    ----------
    rows : Rows
        The documents.
    numbers : ndarray of int64, shape (n_documents,)
        Their running numbers.
    verdicts : Verdicts
        Their clusters.
    """

    rows: Rows
    numbers: NDArray[np.int64]
    verdicts: Verdicts


class Packing:
    """
    Documents about to be kept, checked before anything changes.

    Parameters
    ----------
    rows : Rows
        The documents.

    Raises
    ------
    InputTypeError
        If an id is of a type that cannot be kept.
    InputError
        If an id or a source is too long.
    """

    def __init__(self, rows: Rows) -> None:
        ids = list(map(plain_id, rows.ids))
        is_same = all(map(operator.is_, ids, rows.ids))
        self.rows = rows if is_same else dataclasses.replace(rows, ids=ids)
        self._ids = list(map(pack_id, ids))
        names: dict[str | None, tuple[int, bytes]] = {None: (_NO_SOURCE, b"")}
        for source in set(rows.sources):
            if source is None:
                continue
            try:
                data = source.encode()
            except UnicodeEncodeError:
                message = (
                    f"the source {shown(source)} holds a lone surrogate, which UTF-8 cannot hold. "
                    "Replace it"
                )
                raise InputError(message) from None
            if len(data) > MOST_BYTES:
                message = (
                    f"the source {shown(source)} has {len(data):,} bytes; at most "
                    f"{MOST_BYTES:,} can be kept. Shorten it"
                )
                raise InputError(message)
            names[source] = len(data), data
        self._sources = [names[source] for source in rows.sources]

    def pack(
        self, numbers: Sequence[int], verdicts: Verdicts, is_kept: Sequence[bool] | None = None
    ) -> list[bytes]:
        """
        Return the documents as bytes.

        Parameters
        ----------
        numbers : sequence of int
            Running numbers of those to keep.
        verdicts : Verdicts
            Their clusters.
        is_kept : sequence of bool, optional
            Which to keep; all by default.

        Returns
        -------
        list of bytes
            One a document.
        """
        rows = self.rows
        plain = rows.titled.tolist(), rows.published.tolist(), rows.arrived.tolist()
        columns = zip(*plain, self._ids, self._sources, rows.contents(), strict=True)
        kept = columns if is_kept is None else itertools.compress(columns, is_kept)
        clusters, are_founders = verdicts.clusters.tolist(), verdicts.are_founders.tolist()
        return [
            _packed(number, cluster, is_founder, *each)
            for number, cluster, is_founder, each in zip(
                numbers, clusters, are_founders, kept, strict=True
            )
        ]

    def pack_one(self, number: int, cluster: int, is_founder: bool) -> bytes:  # noqa: FBT001 - data
        """
        Return the only document as bytes.

        Parameters
        ----------
        number : int
            Its running number.
        cluster : int
            Its cluster.
        is_founder : bool
            Whether it is the founder of that.

        Returns
        -------
        bytes
            As from `pack`.
        """
        rows = self.rows
        return _packed(
            number,
            cluster,
            is_founder,
            int(rows.titled[0]),
            int(rows.published[0]),
            int(rows.arrived[0]),
            self._ids[0],
            self._sources[0],
            rows.contents()[0],
        )


def _packed(
    number: int,
    cluster: int,
    is_founder: bool,  # noqa: FBT001 - data
    titled: int,
    published: int,
    arrived: int,
    id: tuple[int, bytes],  # noqa: A002 - an id, as everywhere
    source: tuple[int, bytes],
    content: bytes,
) -> bytes:
    kind, id_data = id
    source_length, source_data = source
    flags = titled * _TITLED | is_founder * _FOUNDER
    header = _PACKED.pack(
        number, cluster, published, arrived, flags, kind, len(id_data), source_length, 0
    )
    return header + id_data + source_data + content


def joined(values: Sequence[bytes]) -> list[bytes]:
    """
    Return what a server is sent in place of many values, which would take longer.

    Parameters
    ----------
    values : sequence of bytes
        Any.

    Returns
    -------
    list of bytes
        The sizes of some values, as little-endian 32-bit integers, and these
        values together; then those of the next: a server takes at most 512 MB
        at once.
    """
    parts: list[bytes] = []
    start = n_bytes = 0
    for stop, value in enumerate(values):
        if n_bytes and n_bytes + len(value) > _MOST_JOINED_BYTES:
            parts += _together(values[start:stop])
            start, n_bytes = stop, 0
        n_bytes += len(value)
    return parts + _together(values[start:]) if values else parts


def _together(values: Sequence[bytes]) -> list[bytes]:
    return [np.array(list(map(len, values)), "<u4").tobytes(), b"".join(values)]


def checksum(blob: bytes) -> int:
    """
    Return the checksum of what is kept.

    Parameters
    ----------
    blob : bytes
        Any.

    Returns
    -------
    int
        XXH3 of 64 bits, seed 0, taken as signed.
    """
    digest = xxhash.xxh3_64_intdigest(blob)
    return digest - 2**64 if digest >= 2**63 else digest


def checksums(blobs: Sequence[bytes]) -> NDArray[np.int64]:
    """
    Return the checksums of what is kept.

    Parameters
    ----------
    blobs : sequence of bytes
        Any.

    Returns
    -------
    ndarray of int64, shape (n,)
        As from `checksum`.
    """
    digests = np.fromiter(map(xxhash.xxh3_64_intdigest, blobs), np.uint64, len(blobs))
    return digests.view(np.int64)


class Together(NamedTuple):
    """
    Documents as bytes, in one place: no object is made for each.

    Parameters
    ----------
    whole : bytes
        All of them.
    starts, stops : ndarray of int64, shape (n_documents,)
        Where each is.
    """

    whole: bytes
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @classmethod
    def of(
        cls, whole: bytes, lengths: Sequence[int] | NDArray[np.int64], n_before: int = 0
    ) -> Together:
        """
        Check that there are as many bytes as documents need.

        Parameters
        ----------
        whole : bytes
            All of them.
        lengths : sequence of int
            How many bytes each takes.
        n_before : int, default 0
            How many of these stand before the document.

        Returns
        -------
        Together
            These.

        Raises
        ------
        StoreDamagedError
            If a document is shorter than its header, or the lengths are of others.
        """
        sizes = np.asarray(lengths, np.int64)
        stops = np.cumsum(sizes)
        starts = stops - sizes + n_before
        if (stops - starts < _HEADER.itemsize).any():
            message = "a document was read that is shorter than its header"
            raise StoreDamagedError(message)
        if (stops[-1] if len(stops) else 0) != len(whole):
            message = "documents were read that are of another length than they say"
            raise StoreDamagedError(message)
        return cls(whole, starts, stops)

    @property
    def checksums(self) -> NDArray[np.int64]:
        """
        XXH3 of each document.

        Returns
        -------
        ndarray of int64, shape (n_documents,)
            As from `checksums`.
        """
        digests = np.empty(len(self.starts), np.uint64)
        xxh3_runs(np.frombuffer(self.whole, np.uint8), self.starts, self.stops, digests)
        return digests.view(np.int64)

    def before(self, dtype: str) -> NDArray[Any]:
        """
        Return what stands right before each document.

        Parameters
        ----------
        dtype : str
            Its type.

        Returns
        -------
        ndarray, shape (n_documents,)
            One value each.
        """
        n_bytes = np.dtype(dtype).itemsize
        values = np.empty(len(self.starts) * n_bytes, np.uint8)
        bounds = np.arange(len(self.starts) + 1) * n_bytes
        gather_runs(np.frombuffer(self.whole, np.uint8), self.starts - n_bytes, bounds, values)
        return values.view(dtype)


def unpack(blobs: Sequence[bytes]) -> Kept:
    """
    Return the documents that were packed.

    Parameters
    ----------
    blobs : sequence of bytes
        From `Packing.pack`; their checksums are right.

    Returns
    -------
    Kept
        Documents, numbers and clusters.

    Raises
    ------
    StoreDamagedError
        If a document is too short for what its header says.
    """
    return unpack_together(Together.of(b"".join(blobs), list(map(len, blobs))))


def unpack_together(blobs: Together) -> Kept:
    """
    Return the documents that were packed.

    Parameters
    ----------
    blobs : Together
        As for `unpack`.

    Returns
    -------
    Kept
        Documents, numbers and clusters.

    Raises
    ------
    StoreDamagedError
        If a document is too short for what its header says.
    """
    whole, starts, stops = blobs
    n_documents = len(starts)
    buffer = np.frombuffer(whole, np.uint8)
    fixed = np.empty(n_documents * _HEADER.itemsize, np.uint8)
    gather_runs(buffer, starts, np.arange(n_documents + 1) * _HEADER.itemsize, fixed)
    headers = fixed.view(_HEADER)
    id_starts = starts + _HEADER.itemsize
    source_starts = id_starts + headers["id_length"]
    has_source = headers["source_length"] != _NO_SOURCE
    text_starts = source_starts + np.where(has_source, headers["source_length"], 0)
    if (text_starts > stops).any():
        message = "a document was read that is shorter than its header says"
        raise StoreDamagedError(message)
    offsets = np.zeros(n_documents + 1, np.int64)
    np.cumsum(stops - text_starts, out=offsets[1:])
    texts = np.empty(int(offsets[-1]), np.uint8)
    gather_runs(buffer, text_starts, offsets, texts)
    flags = headers["flags"]
    rows = Rows(
        ids=_ids(whole, headers["id_kind"], id_starts, source_starts),
        buffer=texts,
        offsets=offsets,
        titled=flags & np.uint8(_TITLED),
        published=headers["published"].astype(np.int64),
        arrived=headers["arrived"].astype(np.int64),
        sources=_sources(whole, source_starts, text_starts, has_source),
    )
    return Kept(
        rows,
        headers["number"].astype(np.int64),
        Verdicts(headers["cluster"].astype(np.int64), (flags & np.uint8(_FOUNDER)) != 0),
    )


def _sources(
    whole: bytes,
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    known: NDArray[np.bool_],
) -> list[str | None]:
    if not known.any():
        return [None] * len(known)
    found = [whole[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
    names: dict[bytes, str | None] = {each: each.decode() for each in set(found)}
    if known.all():
        return [names[each] for each in found]
    return [
        names[each] if is_known else None
        for each, is_known in zip(found, known.tolist(), strict=True)
    ]


def _ids(
    whole: bytes, kinds: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> list[Any]:
    if (kinds == STR).all():
        # All at once where a character is a byte: one by one takes several times as long.
        offsets = np.concatenate(([0], np.cumsum(stops - starts)))
        data = np.empty(int(offsets[-1]), np.uint8)
        gather_runs(np.frombuffer(whole, np.uint8), starts, offsets, data)
        joined = data.tobytes()
        if joined.isascii():
            text, bounds = joined.decode("ascii"), offsets.tolist()
            return [text[start:stop] for start, stop in itertools.pairwise(bounds)]
    return [
        unpack_id(kind, whole[start:stop])
        for kind, start, stop in zip(kinds.tolist(), starts.tolist(), stops.tolist(), strict=True)
    ]
