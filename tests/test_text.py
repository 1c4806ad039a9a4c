"""Folding: tokens, hashes, flags and places, against an oracle over all of Unicode."""

from __future__ import annotations

import pathlib
import runpy
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

import text_oracle
from dedupe_news import _text as text
from dedupe_news._kernels._jit import COMPILED
from dedupe_news._kernels.text import table as fold_table
from dedupe_news.config import Config
from strategies import feeds

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = pathlib.Path(__file__).parent.parent
TABLE = ROOT / "src" / "dedupe_news" / "data" / "folding.npz"
PLAIN = Config(
    strip_html=False,
    strip_cut_off_marks=False,
    strip_datelines=False,
    strip_bylines=False,
    strip_publishers=False,
    strip_links=False,
    strip_repeated_titles=False,
)
EXAMPLES = 200 if COMPILED else 15

with np.load(TABLE) as _stored:
    _SAME_UNICODE = str(_stored["unicode_version"]) == unicodedata.unidata_version


def is_settled(char: str) -> bool:
    """Say whether the table and this Python's Unicode agree on a character."""
    if _SAME_UNICODE:
        return True
    category = unicodedata.category(char)
    return category != "Cn" and category == unicodedata.ucd_3_2_0.category(char)


# Where the kernel takes another path: cases, marks, scripts without spaces.
TRICKY = (
    "aZ09 .,-'’“…\n\t\x00éßİıŒﬁ½㌖ﷺ™\u00ad\u200b\u200d\u0301\u0327\u0345\u05b4"
    "กุ่ำເ້កើကျ့ाि्ड़นาあがか\u3099ガﾞー々〇東한각ㄱ가\u11a8ཀིུٱًٕ٣१Ⅻ①👍🏽🇫🇷"
)
chars = st.one_of(
    st.sampled_from(TRICKY),
    st.characters(max_codepoint=0x7F),
    st.characters(max_codepoint=0x7FF, exclude_categories=["Cs"]),
    st.characters(exclude_categories=["Cs"]),
    st.characters(categories=["Mn", "Mc", "Me"]),
).filter(is_settled)
texts = st.text(chars, max_size=40)
# Where words are joined, parted, or passed over as links.
COMPOUNDS = (
    *(
        "U",
        "S",
        ".",
        ". ",
        "a.m.",
        "J.K.",
        "पी.",
        "А.",
        "É.",
        "E\u0301.",
        "ൻ.",
        "İ.",
        "Æ.",
        "가.",
        "5",
    ),
    *(
        "4",
        "12",
        "000",
        "567",
        "0",
        "٣",
        "４",
        "٠٠٠",
        ",",
        ",",
        "'",
        "’",
        " ",
        " ",
        "\xa0",
        "\u202f",
    ),
    *(
        "2020",
        "May ",
        "km",
        "pm",
        "½",
        "㎞",
        "-",
        ":",
        "/",
        "東",
        "が",
        "é",
        "\u0301",
        "\u200d",
        "ി",
    ),
    *("https://", "www.", "t.co/", "bit.ly/", "x", "…", "\n", "(", ")", "$", "word", "MAY 5"),
)
compounds = st.lists(st.sampled_from(COMPOUNDS), max_size=12).map("".join)
LINKS = PLAIN.replace(strip_links=True)


def columns(documents: list[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return documents as a buffer and its offsets."""
    offsets = np.zeros(len(documents) + 1, np.int64)
    offsets[1:] = np.cumsum([len(document) for document in documents])
    return np.frombuffer(b"".join(documents), np.uint8), offsets


def tokenize(documents: list[str], config: Config = PLAIN, *, n_jobs: int = 1) -> text.Tokens:
    """Tokenise strings."""
    encoded = [document.encode("utf-8", "replace") for document in documents]
    return text.tokenize(*columns(encoded), config, n_jobs=n_jobs)


def runs_of(tokens: text.Tokens) -> list[list[int]]:
    """Return the hashes of each document."""
    return [part.tolist() for part in np.split(tokens.hashes, tokens.offsets[1:-1])]


def folded(document: str, config: Config = PLAIN) -> list[str]:
    """Return the folded tokens of a text."""
    return [word.text for word in text.words(document, config)]


@settings(deadline=None, max_examples=EXAMPLES)
@given(documents=st.lists(texts, min_size=1, max_size=4))
def test_tokens_equal_the_oracle(documents: list[str]) -> None:
    """Hashes, flags and offsets are those of a second, plain implementation."""
    tokens = tokenize(documents)

    expected = [text_oracle.tokens_of(document) for document in documents]
    assert runs_of(tokens) == [[text_oracle.hash_of(one) for one, _ in run] for run in expected]
    assert tokens.flags.tolist() == [
        flags | text_oracle.stem_of(one) for run in expected for one, flags in run
    ]
    assert tokens.offsets.tolist() == np.cumsum([0, *map(len, expected)]).tolist()


@settings(deadline=None, max_examples=EXAMPLES)
@given(document=st.text(st.sampled_from("aB7 .’é" + "x" * 12), max_size=60))
def test_long_words_of_ascii_equal_the_oracle(document: str) -> None:
    """Words around the widths that registers hold hash as any other."""
    expected = text_oracle.tokens_of(document)

    assert runs_of(tokenize([document])) == [[text_oracle.hash_of(one) for one, _ in expected]]


@settings(deadline=None, max_examples=4 * EXAMPLES)
@given(
    documents=st.lists(compounds, min_size=1, max_size=3), padding=st.sampled_from(["", " " * 16])
)
def test_compounds_equal_the_oracle(documents: list[str], padding: str) -> None:
    """Initials, grouped numbers and links are those of the oracle, in registers or not."""
    for config in (PLAIN, LINKS):
        tokens = tokenize([*documents, padding], config)

        expected = [
            text_oracle.tokens_of(document, with_links=config.strip_links)
            for document in [*documents, ""]
        ]
        assert runs_of(tokens) == [[text_oracle.hash_of(one) for one, _ in run] for run in expected]
        assert tokens.flags.tolist() == [
            flags | text_oracle.stem_of(one) for run in expected for one, flags in run
        ]
        for document, own in zip(documents, expected, strict=False):
            found = text.words(document, config)
            assert [(word.text, word.flags) for word in found] == own


@settings(deadline=None, max_examples=EXAMPLES)
@given(document=compounds)
def test_composed_and_decomposed_compounds_fold_equally(document: str) -> None:
    """Initials, numbers and links are known in a text, its NFC and its NFD."""
    forms = [document, *(unicodedata.normalize(form, document) for form in ("NFC", "NFD"))]

    raw, composed, decomposed = runs_of(tokenize(forms, LINKS))

    assert raw == composed == decomposed


@settings(deadline=None, max_examples=EXAMPLES)
@given(document=texts)
def test_words_are_the_tokens_in_the_clear(document: str) -> None:
    """The words shown are those hashed, and each stands where it says."""
    found = text.words(document, PLAIN)

    assert [(word.text, word.flags) for word in found] == text_oracle.tokens_of(document)
    tokens = tokenize([document])
    assert [text_oracle.hash_of(word.text) for word in found] == tokens.hashes.tolist()
    for word in found:
        own = document[word.start : word.stop]
        # Alone and beside numbers, since "b" after one is "billion".
        own = "".join(one for way in (own, f"1 {own} 1") for one, _ in text_oracle.tokens_of(way))
        assert unicodedata.normalize("NFD", word.text) in unicodedata.normalize("NFD", own)


@settings(deadline=None, max_examples=EXAMPLES)
@given(document=texts)
def test_composed_and_decomposed_text_fold_equally(document: str) -> None:
    """A text, its NFC and its NFD have the same tokens."""
    forms = [document, *(unicodedata.normalize(form, document) for form in ("NFC", "NFD"))]

    raw, composed, decomposed = runs_of(tokenize(forms))

    assert raw == composed == decomposed


@pytest.mark.skipif(not COMPILED, reason="a million characters take the interpreter too long")
def test_every_character_folds_alike_composed_and_decomposed() -> None:
    """No single character tells NFC from NFD."""
    every = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and is_settled(chr(c))]
    changed = [c for c in every if unicodedata.normalize("NFD", c) != c]

    composed = runs_of(tokenize(["x" + unicodedata.normalize("NFC", c) for c in changed]))
    decomposed = runs_of(tokenize(["x" + unicodedata.normalize("NFD", c) for c in changed]))

    assert len(changed) > 10_000
    assert composed == decomposed


def test_pairs_of_marks_fold_alike_in_any_order() -> None:
    """After any letter, two marks of any classes fold as canonical order has them."""
    classes: dict[int, str] = {}
    for code_point in range(0x300, 0x1100):
        if is_settled(chr(code_point)):
            classes.setdefault(unicodedata.combining(chr(code_point)), chr(code_point))
    marks = [*classes.values(), "\u3099", "\u309a", "\u093e", "\u200d", "\u0e34", "\u0c56"]
    letters = "aक가กかཀကెא" if COMPILED else "aか"
    raw = [base + one + two + "b" for base in letters for one in marks for two in marks]

    expected = runs_of(tokenize([unicodedata.normalize("NFC", one) for one in raw]))

    assert runs_of(tokenize(raw)) == expected
    assert runs_of(tokenize([unicodedata.normalize("NFD", one) for one in raw])) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("Zoë's CAFÉ", ["zoe", "s", "cafe"]),
        ("“Don’t”—he said", ["don", "t", "he", "said"]),
        ("Straße, STRASSE", ["strasse", "strasse"]),
        ("İstanbul ISPARTA ılık", ["istanbul", "isparta", "ilik"]),
        ("Ærø Łódź Þór Œuvre", ["aero", "lodz", "thor", "oeuvre"]),
        ("Ёлка и йод", ["елка", "и", "иод"]),
        ("ΣΊΣΥΦΟΣ", ["σισυφοσ"]),
        ("ﬁnal ½ Ⅻ ２０２６", ["final", "1", "2", "xii", "2026"]),
        ("٣ मई २०२६", ["3", "मई", "2026"]),
        ("हिन्दी में समाचार", ["हिन्दी", "में", "समाचार"]),
        ("सड़क", ["सडक"]),
        ("ข่าวดี", ["ข่", "า", "ว", "ดี"]),
        ("东京新闻 2026", ["东", "京", "新", "闻", "2026"]),
        ("が か\u3099 ｶﾞ", ["か\u3099", "か\u3099", "カ\u3099"]),
        ("한국", [unicodedata.normalize("NFD", "한국")]),
        ("co\u00adop\u200der\ufeffate", ["cooperate"]),
        ("zero\u200bwidth", ["zero", "width"]),
        ("а\u0301кт", ["акт"]),
        ("كِتَابٌ", ["كتاب"]),
        ("שָׁלוֹם", ["שלום"]),
    ],
)
def test_what_folds_to_what(document: str, expected: list[str]) -> None:
    """Cases, accents, digits and scripts fold as documented."""
    assert folded(document) == expected


@pytest.mark.parametrize(
    "document", ["", " ", "…", "\x00", "👍🏽🇫🇷🏳️‍🌈", "—“”", "\u0301\u093e", "\n\n"]
)
def test_text_without_a_word_has_no_token(document: str) -> None:
    """Punctuation, emoji, lone marks and control characters are no words."""
    tokens = tokenize([document])

    assert tokens.hashes.size == 0
    assert tokens.offsets.tolist() == [0, 0]
    assert text.words(document, PLAIN) == []


MIXED = (
    "",
    "Plain words of a text",
    "Fähre: <b>Zürich</b> &amp; 東京 <i>ferry</i> &eacute;t&eacute;\nLONDON (Reuters) - Rain ...",
    "<p></p>",
    "\u0130stanbul 👍 नमस्ते <br>द्वीप",
    "Title\nBy Ann Author\nThe words [+1234 chars]",
    "\ud800 lone",
)


@given(documents=st.lists(st.sampled_from(MIXED), max_size=6))
def test_places_of_many_texts_are_those_of_each(documents: list[str]) -> None:
    """Whatever markup, boilerplate and alphabets stand side by side."""
    together = text.places(documents, Config())

    words = [word for document in documents for word in text.words(document, Config())]
    found = zip(
        together.starts.tolist(), together.stops.tolist(), together.flags.tolist(), strict=True
    )
    assert list(found) == [
        (word.start, word.stop, word.flags | text_oracle.stem_of(word.text)) for word in words
    ]
    counts = [len(text.words(document, Config())) for document in documents]
    assert np.diff(together.offsets).tolist() == counts
    for number, document in enumerate(documents):
        own = slice(together.offsets[number], together.offsets[number + 1])
        assert together.hashes[own].tolist() == text.places([document], Config()).hashes.tolist()


def test_nul_parts_words() -> None:
    """A NUL is a character like any other."""
    assert folded("a\x00b") == ["a", "b"]


def test_flags_of_tokens() -> None:
    """Digits, capitals, the first line and starts of sentences are marked."""
    found = text.words("Route66 cases rise: Where\nit began. Then? no", PLAIN)

    assert [(word.text, word.flags) for word in found] == [
        ("route66", text.HAS_DIGIT | text.CAPITALISED | text.FIRST_LINE | text.STARTS_SENTENCE),
        ("cases", text.FIRST_LINE),
        ("rise", text.FIRST_LINE),
        ("where", text.CAPITALISED | text.FIRST_LINE | text.STARTS_SENTENCE),
        ("it", text.STARTS_SENTENCE),
        ("began", 0),
        ("then", text.CAPITALISED | text.STARTS_SENTENCE),
        ("no", text.STARTS_SENTENCE),
    ]


def test_words_stand_where_they_say() -> None:
    """Places count characters of the original, whatever they fold to."""
    document = "Ünïcode — ½ a½c &amp; نص"

    found = text.words(document, Config())

    assert [(word.text, document[word.start : word.stop]) for word in found] == [
        ("unicode", "Ünïcode"),
        ("1", "½"),
        ("2", "½"),
        ("a1", "a½"),
        ("2", "½"),
        ("c", "c"),
        ("نص", "نص"),
    ]


def test_places_reach_through_markup() -> None:
    """A word that was escaped stands where its source does."""
    document = "<p>Caf&eacute; &lt;b&gt;now&lt;/b&gt;</p>"

    found = text.words(document, Config())

    assert [(word.text, document[word.start : word.stop]) for word in found] == [
        ("cafe", "Caf&eacute;"),
        ("now", "now"),
    ]


def test_a_lone_surrogate_is_no_word() -> None:
    """`words` takes any str, and places stay right behind a surrogate."""
    document = "a \ud800 b"

    assert [document[word.start : word.stop] for word in text.words(document, PLAIN)] == ["a", "b"]


@pytest.mark.parametrize("n_jobs", [2, 3, 7])
def test_any_split_gives_the_same_tokens(n_jobs: int) -> None:
    """Any split gives the same tokens; the number of threads changes nothing."""
    documents = [f"Title {k} - Example News\nBy Ann Lee - Text {k} …" * (k % 4) for k in range(23)]

    alone, split = (tokenize(documents, Config(), n_jobs=jobs) for jobs in (1, n_jobs))

    for name in ("hashes", "flags", "offsets", "cut_off"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(split, name))
        assert getattr(alone, name).dtype == getattr(split, name).dtype


def test_many_blocks_are_one_batch() -> None:
    """Documents are worked on in blocks; that does not show."""
    documents = [f"Number {k} of many" for k in range(9000 if COMPILED else 20)]

    tokens = tokenize(documents, Config())

    assert np.diff(tokens.offsets).tolist() == [4] * len(documents)
    assert tokens.hashes[1::4].tolist() == [
        text_oracle.hash_of(str(k)) for k in range(len(documents))
    ]


def test_types_and_shapes() -> None:
    """Arrays have the types that later stages take."""
    tokens = tokenize(["One two", "", "three"])

    types = [str(getattr(tokens, name).dtype) for name in ("hashes", "flags", "offsets", "cut_off")]
    assert types == ["uint32", "uint32", "int64", "uint8"]
    assert (tokens.offsets.tolist(), tokens.cut_off.tolist()) == ([0, 2, 2, 3], [0, 0, 0])


def test_no_documents() -> None:
    """An empty batch has no tokens."""
    tokens = text.tokenize(np.empty(0, np.uint8), np.zeros(1, np.int64), Config())

    assert (tokens.hashes.size, tokens.offsets.tolist(), tokens.cut_off.size) == (0, [0], 0)


def test_text_that_needs_more_room_than_expected() -> None:
    """Characters of several tokens a byte overflow the first estimate and are redone."""
    documents = [
        "a b",
        "\u3316" * (500 if COMPILED else 90),
        "c",
        "東" * (2000 if COMPILED else 90),
    ]

    assert runs_of(tokenize(documents)) == [
        [text_oracle.hash_of(one) for one, _ in text_oracle.tokens_of(document)]
        for document in documents
    ]


@pytest.mark.skipif(not COMPILED, reason="ten megabytes take the interpreter too long")
@pytest.mark.parametrize(
    "piece", ["word ", "x", "é", "東", "<b>", "&amp;", "<a ", "<a>", "<a></a>", "<!--", "<script>"]
)
def test_ten_megabytes_of_one_thing(piece: str) -> None:
    """A huge document takes linear time and any number of tokens."""
    document = piece * (10_000_000 // len(piece.encode()))

    tokens = tokenize([document, "after"], Config())

    assert tokens.hashes[-1] == text_oracle.hash_of("after")


@pytest.mark.skipif(not COMPILED, reason="a megabyte takes the interpreter too long")
def test_marks_that_should_be_reordered_without_end() -> None:
    """Hostile runs of marks cost bounded work each."""
    assert len(folded("ก" + "\u0e48" * 300_000 + "\u0e38" * 300_000)) == 1


@settings(deadline=None, max_examples=EXAMPLES)
@given(documents=st.lists(st.binary(max_size=80), min_size=1, max_size=4), all_rules=st.booleans())
def test_any_bytes_are_survived(documents: list[bytes], all_rules: bool) -> None:
    """Bytes that are no UTF-8 part words and are never read beyond."""
    buffer, offsets = columns(documents)

    tokens = text.tokenize(buffer, offsets, Config() if all_rules else PLAIN)

    alone = [text.tokenize(*columns([one]), Config() if all_rules else PLAIN) for one in documents]
    assert tokens.hashes.tolist() == [h for one in alone for h in one.hashes.tolist()]


@pytest.mark.parametrize(
    "tail", [b"\xe2", b"\xe2\x80", b"\xf0\x9f\x98", b"\xff", b"\xc3", b"&#", b"<"]
)
def test_broken_ends_part_documents(tail: bytes) -> None:
    """A character cut off at the end of a document borrows nothing from the next."""
    tokens = text.tokenize(*columns([b"ab" + tail, b"\x80\x94cd"]), Config())

    assert runs_of(tokens) == [[text_oracle.hash_of("ab")], [text_oracle.hash_of("cd")]]


def test_buffers_need_not_be_contiguous() -> None:
    """Strided input is copied, not misread."""
    buffer = np.frombuffer(b"a-b- -c-d-", np.uint8)[::2]

    tokens = text.tokenize(buffer, np.array([0, 5]), PLAIN)

    assert tokens.hashes.tolist() == [text_oracle.hash_of("ab"), text_oracle.hash_of("cd")]


def test_the_table_is_what_the_tool_makes() -> None:
    """The packaged table equals one made here, where both know a character."""
    if not COMPILED:
        pytest.skip("the interpreter adds nothing: no kernel is involved")
    tool = runpy.run_path(str(ROOT / "tools" / "make_fold_table.py"))

    made = tool["make_table"]()

    with np.load(TABLE) as stored:
        table = stored["table"]
    if _SAME_UNICODE:
        np.testing.assert_array_equal(made, table)
    else:
        settled = [c for c in range(0x110000) if is_settled(chr(c))]
        kinds = [
            [fold_table.entry_of(t, c) & fold_table.KIND_MASK for c in settled]
            for t in (made, table)
        ]
        assert kinds[0] == kinds[1]


def test_the_fingerprint_is_that_of_the_table_and_the_rules() -> None:
    """The signature format records which table and which rules folded the text."""
    with np.load(TABLE) as stored:
        table = stored["table"].astype("<u4").tobytes()

    assert text.fingerprint() == xxhash.xxh32_intdigest(table, seed=text.RULES_VERSION)


@given(feed=feeds(max_size=6))
def test_a_document_alone_has_the_tokens_that_it_has_among_others(feed: list[str]) -> None:
    """One is tokenised in a single call, unless it may hold markup."""
    encoded = [each.encode() for each in [*feed, "A &amp; B <b>c</b>", "Rain - BBC News", ""]]
    buffer = np.frombuffer(b"".join(encoded), np.uint8)
    offsets = np.cumsum([0, *map(len, encoded)])
    together = text.tokenize(buffer, offsets, Config())

    for at in range(len(encoded)):
        alone = text.tokenize(buffer, offsets[at : at + 2], Config())
        own = slice(together.offsets[at], together.offsets[at + 1])
        assert alone.hashes.tolist() == together.hashes[own].tolist()
        assert alone.flags.tolist() == together.flags[own].tolist()
        assert alone.offsets.tolist() == [0, own.stop - own.start]
        assert alone.cut_off.tolist() == [together.cut_off[at]]
