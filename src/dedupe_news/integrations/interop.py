"""
Signatures exchanged with datasketch, bit for bit.

A signature depends on the shingles, their hash, the number of permutations and
their seed. datasketch records the last two and the scheme of the permutations,
but not what was hashed and how: whoever exchanges signatures must agree on
`shingle_bytes` and `hash_bytes`. datasketch is imported by the first call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from dedupe_news._engine.permutations import coefficients
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
_LEAST_BANDS = 2


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

    Examples
    --------
    >>> from dedupe_news.integrations import interop
    >>> interop.hash_bytes(b"rain")
    2181087521
    """
    value: int = xxhash.xxh32_intdigest(data)
    return value


def shingle_bytes(
    document: str | Mapping[str, Any] | Document, config: Config | None = None
) -> list[bytes]:
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
        For each shingle, in text order and repeats included, the token hashes
        (XXH32 of the folded token's UTF-8) as little-endian uint32. A document
        of fewer tokens than ``config.shingle_size`` is one shingle; one
        without a token has none.

    Raises
    ------
    InputTypeError
        If the document is of a type that cannot be used.
    InputError
        If a value cannot be used.

    Examples
    --------
    >>> import datasketch
    >>> from dedupe_news import Config
    >>> from dedupe_news.integrations import interop
    >>> text, config = "Rain floods the old town", Config()
    >>> theirs = datasketch.MinHash(
    ...     num_perm=config.num_perm, seed=config.seed, hashfunc=interop.hash_bytes
    ... )
    >>> theirs.update_batch(interop.shingle_bytes(text, config))
    >>> bool((theirs.hashvalues == interop.to_minhash(text, config).hashvalues).all())
    True
    """
    chosen = Config() if config is None else config
    hashes, bounds = _tokens(_read([document]), chosen)
    tokens = hashes[bounds[0] : bounds[1]].astype("<u4")
    if len(tokens) == 0:
        return []
    size = chosen.shingle_size
    n_shingles = max(len(tokens) - size + 1, 1)
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
        The documents. Those of a `Clustering` are taken with its settings,
        unless `config` says otherwise.
    config : Config, optional
        The settings; the defaults where it is left out.
    title, text : str or sequence, optional
        Names of the columns, as in `dedupe_news.cluster`.
    n_jobs : int, default 1
        Threads.

    Returns
    -------
    ndarray of uint32, shape (n_documents, num_perm)
        A document without a token gets 2**32 - 1 throughout.

    Raises
    ------
    InputTypeError
        If the feed or a value is of a type that cannot be used.
    InputError
        If a value cannot be used.
    ColumnError
        If a named column does not exist.
    ConfigError
        If `n_jobs` is 0.

    Examples
    --------
    >>> from dedupe_news.integrations import interop
    >>> interop.signatures(["Rain floods the old town", "Sun at last"]).shape
    (2, 128)
    """
    columns, chosen = _settle(feed, config, title=title, text=text)
    signed, _ = _sign(columns, chosen, n_jobs)
    return signed


def to_minhash(
    document: str | Mapping[str, Any] | Document | NDArray[np.uint32],
    config: Config | None = None,
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

    Raises
    ------
    InputTypeError
        If the document is of a type that cannot be used.
    InputError
        If a value cannot be used, or the signature is not one of `config`.

    Examples
    --------
    >>> from dedupe_news.integrations import interop
    >>> one = interop.to_minhash("Rain floods the old town")
    >>> other = interop.to_minhash("RAIN floods the old town!")
    >>> float(one.jaccard(other))
    1.0
    """
    chosen = Config() if config is None else config
    return _minhash(_signature(document, chosen), chosen)


def to_lean_minhash(
    document: str | Mapping[str, Any] | Document | NDArray[np.uint32],
    config: Config | None = None,
) -> datasketch.LeanMinHash:
    """
    Return a document or a signature as a ``datasketch.LeanMinHash``.

    Parameters
    ----------
    document : str, mapping, Document or ndarray of uint32, shape (num_perm,)
        The document, or its signature.
    config : Config, optional
        The settings; the defaults where it is left out.

    Returns
    -------
    datasketch.LeanMinHash
        Equal to ``LeanMinHash(to_minhash(document, config))``.

    Raises
    ------
    InputTypeError
        If the document is of a type that cannot be used.
    InputError
        If a value cannot be used, or the signature is not one of `config`.

    Examples
    --------
    >>> from dedupe_news.integrations import interop
    >>> lean = interop.to_lean_minhash("Rain floods the old town")
    >>> lean.scheme, lean.seed, len(lean)
    ('affine32', 1, 128)
    """
    import datasketch  # noqa: PLC0415 - costs a second

    chosen = Config() if config is None else config
    return datasketch.LeanMinHash(
        seed=chosen.seed, hashvalues=_signature(document, chosen), scheme=SCHEME
    )


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
        The settings that its signature must agree with; the defaults where it
        is left out.

    Returns
    -------
    ndarray of uint32, shape (num_perm,)
        A copy.

    Raises
    ------
    InputTypeError
        If `minhash` is something else.
    InputError
        If its scheme, seed, number of permutations or hash function differ,
        so that its values cannot be compared with ours. A `LeanMinHash` has
        forgotten its hash function: that it was `hash_bytes` cannot be checked.

    Examples
    --------
    >>> from dedupe_news.integrations import interop
    >>> signature = interop.from_minhash(interop.to_minhash("Rain floods the old town"))
    >>> signature.dtype, signature.shape
    (dtype('uint32'), (128,))
    """
    import datasketch  # noqa: PLC0415 - costs a second

    chosen = Config() if config is None else config
    if not isinstance(minhash, datasketch.MinHash):
        message = (
            f"minhash is of type {type(minhash).__name__!r}; pass a datasketch.MinHash or "
            "LeanMinHash, or bytes to from_bytes"
        )
        raise InputTypeError(message)
    _require_scheme(minhash.scheme)
    _require_equal("num_perm", len(minhash), chosen.num_perm)
    _require_equal("seed", int(minhash.seed), chosen.seed)
    hashfunc = getattr(minhash, "hashfunc", None)
    if hashfunc is not None and hashfunc(_PROBE) != hash_bytes(_PROBE):
        message = (
            f"the MinHash hashes with {getattr(hashfunc, '__name__', hashfunc)!r}, whose values "
            "are not ours. Make it with hashfunc=interop.hash_bytes and feed it "
            "interop.shingle_bytes(text)"
        )
        raise InputError(message)
    return np.array(minhash.hashvalues, np.uint32)


def to_bytes(
    document: str | Mapping[str, Any] | Document | NDArray[np.uint32],
    config: Config | None = None,
) -> bytes:
    """
    Return a document or a signature as a serialised ``LeanMinHash``.

    Parameters
    ----------
    document : str, mapping, Document or ndarray of uint32, shape (num_perm,)
        The document, or its signature.
    config : Config, optional
        The settings; the defaults where it is left out.

    Returns
    -------
    bytes
        What ``LeanMinHash.serialize`` writes for the byte order ``"<"``: the
        same on every machine, ``13 + 4 * num_perm`` bytes.

    Raises
    ------
    InputTypeError
        If the document is of a type that cannot be used.
    InputError
        If a value cannot be used, or the signature is not one of `config`.

    Examples
    --------
    >>> from dedupe_news.integrations import interop
    >>> len(interop.to_bytes("Rain floods the old town"))
    525
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
        The settings that the signature must agree with; the defaults where it
        is left out.

    Returns
    -------
    ndarray of uint32, shape (num_perm,)
        A new array.

    Raises
    ------
    InputTypeError
        If `data` is no bytes.
    InputError
        If `data` is not a serialised ``LeanMinHash`` in byte order ``"<"``, or
        one whose scheme, seed or number of permutations differ.

    Examples
    --------
    >>> from dedupe_news.integrations import interop
    >>> stored = interop.to_bytes("Rain floods the old town")
    >>> interop.to_bytes(interop.from_bytes(stored)) == stored
    True
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


def _settle(feed: object, config: Config | None, **choices: ColumnChoice) -> tuple[Columns, Config]:
    if isinstance(feed, Clustering):
        given = [name for name, choice in choices.items() if choice is not AUTO]
        if given:
            message = (
                f"{given[0]}=... cannot be given beside a Clustering, whose columns are "
                "settled. Leave it out"
            )
            raise InputError(message)
        return feed.columns, config or feed.config
    return _read(feed, **choices), config or Config()


def _read(feed: object, title: ColumnChoice = AUTO, text: ColumnChoice = AUTO) -> Columns:
    # Only now: it brings numba, half a second.
    from dedupe_news._input.reading import read_documents  # noqa: PLC0415

    return read_documents(feed, id=None, title=title, text=text, source=None, published=None)


def _tokens(
    columns: Columns, config: Config, n_jobs: int = 1
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    from dedupe_news._text import tokenize  # noqa: PLC0415 - brings numba

    tokens = tokenize(
        columns.text_buffer(),
        columns.offsets,
        config,
        columns.sources,
        columns.source_names,
        n_jobs=n_jobs,
    )
    return tokens.hashes, tokens.offsets


def _sign(
    columns: Columns, config: Config, n_jobs: int | None
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the signatures, and the positions of documents that have a token."""
    # They bring numba.
    from dedupe_news._engine.sets import Runs, shingle  # noqa: PLC0415
    from dedupe_news._engine.signatures import sign  # noqa: PLC0415
    from dedupe_news._machine.threads import resolve_jobs  # noqa: PLC0415 - as its siblings

    threads = resolve_jobs(n_jobs)
    hashes, bounds = _tokens(columns, config, threads)
    present = np.flatnonzero(np.diff(bounds))
    runs = Runs(hashes, bounds[present], bounds[present + 1])
    shingles, offsets = shingle(runs, config.shingle_size, threads)
    signed = np.full((len(columns), config.num_perm), 0xFFFFFFFF, np.uint32)
    signed[present] = sign(shingles, offsets, config.num_perm, config.seed, threads)
    return signed, present


def _signature(document: object, config: Config) -> NDArray[np.uint32]:
    if not isinstance(document, np.ndarray):
        signed: NDArray[np.uint32] = signatures([document], config)[0]
        return signed
    if document.dtype != np.uint32 or document.shape != (config.num_perm,):
        message = (
            f"the signature is {document.dtype} of shape {document.shape}; with these settings "
            f"it must be uint32 of shape ({config.num_perm},). Pass the config that made it"
        )
        raise InputError(message)
    return document


@lru_cache(maxsize=16)
def _permutations(num_perm: int, seed: int) -> NDArray[np.uint32]:
    """Return the coefficients as datasketch keeps them; sketches share one array."""
    return np.array(coefficients(num_perm, seed))


def _minhash(signature: NDArray[np.uint32], config: Config) -> datasketch.MinHash:
    import datasketch  # noqa: PLC0415 - costs a second

    return datasketch.MinHash(
        seed=config.seed,
        hashfunc=hash_bytes,
        hashvalues=signature,
        permutations=_permutations(config.num_perm, config.seed),
        scheme=SCHEME,
    )


def _require_scheme(scheme: str) -> None:
    if scheme != SCHEME:
        message = (
            f"its scheme is {scheme!r}, but signatures here are of the scheme {SCHEME!r} and "
            f"not comparable. Make it anew with datasketch.MinHash(scheme={SCHEME!r})"
        )
        raise InputError(message)


def _require_equal(name: str, theirs: object, ours: object) -> None:
    if theirs != ours:
        message = (
            f"it was made with {name}={theirs}, but the settings say {name}={ours}; signatures "
            f"made differently are not comparable. Pass a Config with {name}={theirs}, or make "
            "it anew"
        )
        raise InputError(message)
