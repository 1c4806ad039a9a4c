"""
Signatures exchanged with datasketch, bit for bit.

A signature depends on the shingles, their hash, the number of permutations and
their seed. datasketch records the last two and the scheme of the permutations,
but not what was hashed and how: whoever exchanges signatures must agree on
`shingle_bytes` and `hash_bytes`. datasketch is imported by the first call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xxhash

from dedupe_news.config import Config
from dedupe_news.documents import AUTO
from dedupe_news.errors import InputError, InputTypeError
from dedupe_news.results.result import Clustering

if TYPE_CHECKING:
    from collections.abc import Mapping

    import datasketch
    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news.documents import ColumnChoice, Document

    Item: TypeAlias = str | Mapping[str, Any] | Document

__all__ = [
    "SCHEME",
    "from_bytes",
    "from_minhash",
    "hash_bytes",
    "shingle_bytes",
    "signatures",
    "to_bytes",
    "to_lean_minhash",
    "to_minhash",
]

SCHEME = "affine32"
"""The permutation scheme of datasketch that our signatures follow."""

_BYTE_ORDER = "<"  # the native order would add padding, and differ between machines
_PROBE = b"dedupe_news"


def hash_bytes(data: bytes) -> int:
    """
    Hash one shingle: the ``hashfunc`` to give to datasketch.

    Parameters
    ----------
    data : bytes
        One shingle, as `shingle_bytes` returns them.

    Returns
    -------
    int
        XXH32, seed 0, in [0, 2**32).
    """
    value: int = xxhash.xxh32_intdigest(data)
    return value


def shingle_bytes(document: Item, config: Config | None = None) -> list[bytes]:
    """
    Return the shingles of a document as bytes, for datasketch to hash.

    Parameters
    ----------
    document : str, mapping or Document
        The document; see `dedupe_news.compare`.
    config : Config, optional
        The settings; the defaults where it is left out.

    Returns
    -------
    list of bytes
        For each shingle, in text order and repeats included, its token hashes
        (XXH32 of the folded token's UTF-8) as little-endian uint32. Fewer tokens
        than ``config.shingle_size`` are one shingle.

    Examples
    --------
    >>> import datasketch
    >>> from dedupe_news.integrations import interop
    >>> theirs = datasketch.MinHash(hashfunc=interop.hash_bytes)
    >>> theirs.update_batch(interop.shingle_bytes("Rain floods the old town"))
    >>> theirs == interop.to_minhash("Rain floods the old town")
    True
    """
    from dedupe_news._text.batches import tokens_of  # noqa: PLC0415 - brings numba

    columns, chosen = _read([document], config)
    tokens = tokens_of(columns, chosen, 1).hashes.astype("<u4")
    size = chosen.shingle_size
    n_shingles = max(len(tokens) - size + 1, min(len(tokens), 1))
    return [tokens[start : start + size].tobytes() for start in range(n_shingles)]


def signatures(
    feed: object,
    config: Config | None = None,
    *,
    title: ColumnChoice = AUTO,
    text: ColumnChoice = AUTO,
    n_jobs: int | None = 1,
) -> NDArray[np.uint32]:
    """
    Return the MinHash signatures of many documents.

    Parameters
    ----------
    feed : Clustering, or anything `dedupe_news.cluster` accepts
        The documents.
    config : Config, optional
        The settings; those of a `Clustering`, else the defaults, where it is left out.
    title, text : str or sequence, optional
        Names of the columns, as in `dedupe_news.cluster`.
    n_jobs : int, default 1
        Threads.

    Returns
    -------
    ndarray of uint32, shape (n_documents, num_perm)
        A document without a token gets 2**32 - 1 throughout.
    """
    # They bring numba.
    from dedupe_news._engine.sets import Runs, shingle  # noqa: PLC0415
    from dedupe_news._engine.signatures import sign  # noqa: PLC0415
    from dedupe_news._machine.threads import resolve_jobs  # noqa: PLC0415 - likewise
    from dedupe_news._text.batches import tokens_of  # noqa: PLC0415 - likewise

    threads = resolve_jobs(n_jobs)
    columns, chosen = _read(feed, config, title, text)
    tokens = tokens_of(columns, chosen, threads)
    present = np.flatnonzero(np.diff(tokens.offsets))
    texts = Runs(tokens.hashes, tokens.offsets[present], tokens.offsets[present + 1])
    shingles = shingle(texts, chosen.shingle_size, threads)
    signed = np.full((len(columns), chosen.num_perm), 0xFFFFFFFF, np.uint32)
    signed[present] = sign(*shingles, chosen.num_perm, chosen.seed, threads)
    return signed


def to_minhash(
    document: Item | NDArray[np.uint32], config: Config | None = None
) -> datasketch.MinHash:
    """
    Return a document or a signature as a ``datasketch.MinHash``.

    Parameters
    ----------
    document : str, mapping, Document or ndarray of uint32, shape (num_perm,)
        The document, or its signature.
    config : Config, optional
        The settings; the defaults where it is left out.

    Returns
    -------
    datasketch.MinHash
        With `hash_bytes` as its ``hashfunc``, so that it can be updated
        further. Its values are what datasketch computes from `shingle_bytes`.
    """
    import datasketch  # noqa: PLC0415 - costs a second

    chosen = config or Config()
    signature = document if isinstance(document, np.ndarray) else signatures([document], chosen)[0]
    if signature.dtype != np.uint32 or signature.shape != (chosen.num_perm,):
        message = (
            f"the signature is {signature.dtype} of shape {signature.shape}; with these settings "
            f"it must be uint32 of shape ({chosen.num_perm},). Pass the config that made it"
        )
        raise InputError(message)
    return datasketch.MinHash(
        seed=chosen.seed,
        hashfunc=hash_bytes,
        hashvalues=signature,
        permutations=_permutations(chosen.num_perm, chosen.seed),
        scheme=SCHEME,
    )


def to_lean_minhash(
    document: Item | NDArray[np.uint32], config: Config | None = None
) -> datasketch.LeanMinHash:
    """
    Return a document or a signature as a ``datasketch.LeanMinHash``.

    Parameters
    ----------
    document, config : object
        As for `to_minhash`.

    Returns
    -------
    datasketch.LeanMinHash
        Equal to ``LeanMinHash(to_minhash(document, config))``.
    """
    import datasketch  # noqa: PLC0415 - costs a second

    return datasketch.LeanMinHash(to_minhash(document, config))


def from_minhash(
    minhash: datasketch.MinHash | datasketch.LeanMinHash, config: Config | None = None
) -> NDArray[np.uint32]:
    """
    Return the signature of a ``datasketch.MinHash`` or ``LeanMinHash``.

    Parameters
    ----------
    minhash : datasketch.MinHash or datasketch.LeanMinHash
        Of the scheme ``affine32``.
    config : Config, optional
        The settings that it must agree with; the defaults where it is left out.

    Returns
    -------
    ndarray of uint32, shape (num_perm,)
        A copy.

    Raises
    ------
    InputTypeError
        If it is something else.
    InputError
        If it was made with other settings, or another hash function.
    """
    import datasketch  # noqa: PLC0415 - costs a second

    chosen = config or Config()
    if not isinstance(minhash, datasketch.MinHash):
        message = (
            f"minhash is of type {type(minhash).__name__!r}; pass a datasketch.MinHash or "
            "LeanMinHash, or bytes to from_bytes"
        )
        raise InputTypeError(message)
    if minhash.scheme != SCHEME:
        message = (
            f"its scheme is {minhash.scheme!r}, but signatures here are of the scheme {SCHEME!r} "
            f"and not comparable. Make it anew with datasketch.MinHash(scheme={SCHEME!r})"
        )
        raise InputError(message)
    for name, theirs in (("num_perm", len(minhash)), ("seed", int(minhash.seed))):
        if theirs != getattr(chosen, name):
            message = (
                f"it was made with {name}={theirs}, but the settings say {name}="
                f"{getattr(chosen, name)}; signatures made differently are not comparable. Pass a "
                f"Config with {name}={theirs}, or make it anew"
            )
            raise InputError(message)
    hashfunc = getattr(minhash, "hashfunc", None)
    if hashfunc is not None and hashfunc(_PROBE) != hash_bytes(_PROBE):
        message = (
            f"the MinHash hashes with {getattr(hashfunc, '__name__', hashfunc)!r}, whose values "
            "are not ours. Make it with hashfunc=interop.hash_bytes and feed it "
            "interop.shingle_bytes(text)"
        )
        raise InputError(message)
    return np.array(minhash.hashvalues, np.uint32)


def to_bytes(document: Item | NDArray[np.uint32], config: Config | None = None) -> bytes:
    """
    Return a document or a signature as a serialised ``LeanMinHash``.

    Parameters
    ----------
    document, config : object
        As for `to_minhash`.

    Returns
    -------
    bytes
        What ``LeanMinHash.serialize`` writes for the byte order ``"<"``: the
        same on every machine, ``13 + 4 * num_perm`` bytes.
    """
    lean = to_lean_minhash(document, config)
    buffer = bytearray(lean.bytesize(_BYTE_ORDER))
    lean.serialize(buffer, _BYTE_ORDER)
    return bytes(buffer)


def from_bytes(
    data: bytes | bytearray | memoryview, config: Config | None = None
) -> NDArray[np.uint32]:
    """
    Return the signature in a serialised ``LeanMinHash``.

    Parameters
    ----------
    data : bytes
        As `to_bytes` returns it, and nothing more.
    config : Config, optional
        As for `from_minhash`, which says what is refused.

    Returns
    -------
    ndarray of uint32, shape (num_perm,)
        A new array.
    """
    import datasketch  # noqa: PLC0415 - costs a second

    if not isinstance(data, (bytes, bytearray, memoryview)):
        message = f"data is of type {type(data).__name__!r}; pass bytes, as to_bytes returns them"
        raise InputTypeError(message)
    damaged = (
        f"these {len(data):,} bytes are no LeanMinHash in byte order {_BYTE_ORDER!r}. "
        f"Write it with interop.to_bytes, or lean.serialize(buffer, {_BYTE_ORDER!r})"
    )
    try:
        lean = datasketch.LeanMinHash.deserialize(bytes(data), _BYTE_ORDER)
    except Exception as error:  # struct.error, ValueError, MemoryError: it trusts the counts
        raise InputError(damaged) from error
    if lean.bytesize(_BYTE_ORDER) != len(data):
        raise InputError(damaged)
    return from_minhash(lean, config)


def _read(
    feed: object, config: Config | None, title: ColumnChoice = AUTO, text: ColumnChoice = AUTO
) -> tuple[Columns, Config]:
    """Return documents as columns, and the settings that hold for them."""
    # Only now: it brings numba, half a second.
    from dedupe_news._input.reading import read_documents  # noqa: PLC0415
    from dedupe_news._input.rules import BARE, using  # noqa: PLC0415

    if not isinstance(feed, Clustering):
        with using(speech=BARE):
            columns = read_documents(
                feed, id=None, title=title, text=text, source=None, published=None
            )
        return columns, config or Config()
    for name, choice in (("title", title), ("text", text)):
        if choice is not AUTO:
            message = (
                f"{name}=... cannot be given beside a Clustering, whose columns are settled. "
                "Leave it out"
            )
            raise InputError(message)
    return feed.columns, config or feed.config


@lru_cache(maxsize=16)
def _permutations(num_perm: int, seed: int) -> NDArray[np.uint32]:
    """Return the coefficients as datasketch keeps them; signatures share one array."""
    from dedupe_news._engine.signatures import coefficients  # noqa: PLC0415 - brings numba

    return np.array(coefficients(num_perm, seed))
