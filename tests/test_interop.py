"""Signatures exchanged with datasketch, compared with what datasketch computes itself."""

from __future__ import annotations

import doctest
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any, cast

import datasketch
import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news.integrations import interop

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Rain floods the old town"
CONFIG = dn.Config(policy="similar")
PARAMS = (CONFIG.bands, CONFIG.rows_per_band)
PINNED = [1355472061, 256096724, 596350652, 1378784407]

# Few words, so that texts share shingles and bands collide.
words = st.sampled_from(["rain", "sun", "town", "flood", "mayor", "é", "市"])
texts = st.lists(words, max_size=9).map(" ".join)
configs = st.builds(
    dn.Config,
    policy=st.just("similar"),
    shingle_size=st.integers(1, 4),
    num_perm=st.sampled_from([48, 64, 128]),
    seed=st.sampled_from([0, 1, 2**32 - 1]),
    params=st.sampled_from([(2, 24), (16, 3), (48, 1)]),
)


def computed_by_datasketch(text: str, config: dn.Config) -> datasketch.MinHash:
    """Return the MinHash that datasketch computes from the shingles one at a time."""
    theirs = datasketch.MinHash(
        num_perm=config.num_perm, seed=config.seed, hashfunc=xxhash.xxh32_intdigest
    )
    for shingle in interop.shingle_bytes(text, config):
        theirs.update(shingle)
    return theirs


@given(text=texts, config=configs)
def test_minhash_is_what_datasketch_computes(text: str, config: dn.Config) -> None:
    """Scheme, seed, permutations and every value are equal, for any settings."""
    theirs = computed_by_datasketch(text, config)

    ours = interop.to_minhash(text, config)

    assert (ours.scheme, ours.seed, len(ours)) == (theirs.scheme, theirs.seed, len(theirs))
    np.testing.assert_array_equal(ours.permutations, theirs.permutations)
    np.testing.assert_array_equal(ours.hashvalues, theirs.hashvalues)
    assert ours.hashvalues.dtype == np.uint32


@given(text=texts, other=texts)
def test_minhash_can_be_updated_further(text: str, other: str) -> None:
    """A MinHash of ours, fed more shingles, is the MinHash of both."""
    ours = interop.to_minhash(text)
    ours.update_batch(interop.shingle_bytes(other))

    both = interop.to_minhash(text).copy()
    both.merge(computed_by_datasketch(other, CONFIG))

    np.testing.assert_array_equal(ours.hashvalues, both.hashvalues)


def test_shingles_are_the_little_endian_token_hashes() -> None:
    """The bytes follow from the folded words by XXH32 alone."""
    words = [xxhash.xxh32_intdigest(word) for word in (b"rain", b"floods", b"ecole", b"town")]

    found = interop.shingle_bytes("RAIN floods: École town!")

    assert found == [np.array(words[at : at + 3], "<u4").tobytes() for at in (0, 1)]


def test_short_text_is_one_shingle_and_an_empty_one_none() -> None:
    """Fewer tokens than the shingle size make one shingle, no token makes none."""
    assert len(interop.shingle_bytes("Rain")) == 1
    assert interop.shingle_bytes("...") == []


def test_signature_is_pinned() -> None:
    """The first values were written down once; stored signatures depend on them."""
    assert interop.signatures([TEXT])[0, :4].tolist() == PINNED


def test_signatures_of_a_table_are_those_of_its_rows() -> None:
    """Title and text are joined as everywhere, and threads change nothing."""
    feed = {"headline": ["Storm", "Calm", None], "body": [TEXT, "Sun at last", None]}

    found = interop.signatures(feed, title="headline", text="body", n_jobs=2)

    assert found.shape == (3, CONFIG.num_perm)
    np.testing.assert_array_equal(found[0], interop.signatures([f"Storm\n{TEXT}"])[0])
    assert (found[2] == 2**32 - 1).all()


@pytest.mark.parametrize(
    "document",
    [TEXT, {"title": "Rain floods", "text": "the old town"}, dn.Document(TEXT)],
    ids=["text", "mapping", "document"],
)
def test_documents_of_every_kind_are_taken(document: str | dict[str, str] | dn.Document) -> None:
    """A text, a mapping and a Document of the same words have one signature."""
    np.testing.assert_array_equal(
        interop.to_minhash(document).hashvalues, interop.signatures([TEXT])[0]
    )


@given(text=texts, config=configs)
def test_signature_survives_the_way_there_and_back(text: str, config: dn.Config) -> None:
    """MinHash, LeanMinHash and bytes each give back the signature they were made of."""
    signature = interop.signatures([text], config)[0]

    for made in (
        interop.from_minhash(interop.to_minhash(signature, config), config),
        interop.from_minhash(interop.to_lean_minhash(signature, config), config),
        interop.from_bytes(interop.to_bytes(signature, config), config),
    ):
        np.testing.assert_array_equal(made, signature)


def test_returned_signature_is_a_copy() -> None:
    """Changing it leaves the MinHash as it was."""
    made = interop.to_minhash(TEXT)

    interop.from_minhash(made)[:] = 0

    assert made.hashvalues.any()


def test_lean_minhash_and_bytes_are_datasketch_s_own() -> None:
    """LeanMinHash and bytes are datasketch's own."""
    lean = datasketch.LeanMinHash(computed_by_datasketch(TEXT, CONFIG))
    written = bytearray(lean.bytesize("<"))
    lean.serialize(written, "<")

    assert interop.to_lean_minhash(TEXT) == lean
    assert interop.to_bytes(TEXT) == bytes(written)
    assert len(written) == 8 + 4 + 1 + 4 * CONFIG.num_perm
    assert datasketch.LeanMinHash.deserialize(interop.to_bytes(TEXT), "<") == lean


def test_minhash_can_be_pickled() -> None:
    """A MinHash can be pickled; its hash function is one that pickle finds by name."""
    made = interop.to_minhash(TEXT)

    copy = pickle.loads(pickle.dumps(made))  # noqa: S301 - written the line before

    assert copy == made
    assert copy.hashfunc is interop.hash_bytes


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"num_perm": 64}, r"made with num_perm=64, but the settings say num_perm=128; .*Config"),
        ({"seed": 7}, "made with seed=7, but the settings say seed=1"),
        ({"scheme": "legacy"}, r"scheme is 'legacy', .*scheme='affine32'"),
        ({"hashfunc": None}, r"hashes with 'sha1_hash32', .*hashfunc=interop\.hash_bytes"),
    ],
    ids=["num_perm", "seed", "scheme", "hashfunc"],
)
def test_minhash_made_otherwise_is_refused(made: dict[str, Any], message: str) -> None:
    """What cannot be compared with ours says in what it differs, and the remedy."""
    theirs = datasketch.MinHash(**{"hashfunc": interop.hash_bytes, **made})

    with pytest.raises(dn.InputError, match=message):
        interop.from_minhash(theirs)


def test_equal_hash_function_of_another_name_is_taken() -> None:
    """What counts is what it computes."""
    theirs = computed_by_datasketch(TEXT, CONFIG)

    np.testing.assert_array_equal(interop.from_minhash(theirs), theirs.hashvalues)


def test_something_else_than_a_minhash_is_refused() -> None:
    """The message names what is allowed."""
    with pytest.raises(dn.InputTypeError, match=r"type 'str'; pass a datasketch\.MinHash"):
        interop.from_minhash("signature")


@pytest.mark.parametrize(
    "signature",
    [np.zeros(64, np.uint32), np.zeros(128, np.int64), np.zeros((1, 128), np.uint32)],
    ids=["length", "type", "dimensions"],
)
def test_signature_of_other_settings_is_refused(signature: np.ndarray[Any, Any]) -> None:
    """Signature of other settings is refused; its type and shape must be those of the settings."""
    with pytest.raises(dn.InputError, match=r"must be uint32 of shape \(128,\)"):
        interop.to_minhash(signature)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 11, interop.to_bytes(TEXT)[:-1], interop.to_bytes(TEXT) + b"\0"],
    ids=["empty", "short", "cut", "longer"],
)
def test_damaged_bytes_are_refused(data: bytes) -> None:
    """Bytes that are no signature, or more than one, say how to write one."""
    with pytest.raises(dn.InputError, match=r"no LeanMinHash .*interop\.to_bytes"):
        interop.from_bytes(data)


def test_bytes_of_another_byte_order_are_refused() -> None:
    """Big-endian counts are not what they seem."""
    lean = interop.to_lean_minhash(TEXT)
    written = bytearray(lean.bytesize(">"))
    lean.serialize(written, ">")

    with pytest.raises(dn.InputError, match="no LeanMinHash in byte order '<'"):
        interop.from_bytes(written)


def test_text_in_place_of_bytes_is_refused() -> None:
    """The message names what is allowed."""
    with pytest.raises(dn.InputTypeError, match="type 'str'; pass bytes"):
        interop.from_bytes(cast("bytes", "signature"))


def test_columns_of_a_clustering_cannot_be_named_again() -> None:
    """The message says which name is one too many."""
    result = dn.cluster([TEXT], progress=False)

    with pytest.raises(dn.InputError, match=r"text=\.\.\. cannot be given beside a Clustering"):
        interop.signatures(result, text="body")


def test_import_brings_neither_datasketch_nor_numba() -> None:
    """Import brings neither datasketch nor numba; both load with the first call that needs them."""
    code = (
        "import sys; from dedupe_news.integrations import interop; interop.hash_bytes(b'x');"
        "print({'datasketch', 'numba', 'scipy'} & set(sys.modules))"
    )

    done = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


def test_docstrings_hold() -> None:
    """The examples of every function print what they say."""
    assert doctest.testmod(interop).failed == 0


def test_guide_holds(root: Path) -> None:
    """The examples of the guide print what it says."""
    page = root / "docs" / "how-to" / "datasketch.md"

    outcome = doctest.testfile(str(page), module_relative=False)

    assert outcome.attempted > 0
    assert outcome.failed == 0
