"""Bytes to tokens: folding and spelling, with boilerplate left out."""

from __future__ import annotations

from dedupe_news._kernels.text.fold import CAPITALISED, FIRST_LINE, HAS_DIGIT, STARTS_SENTENCE
from dedupe_news._text.packaged import RULES_VERSION, fingerprint
from dedupe_news._text.places import Places
from dedupe_news._text.sources import source_codes
from dedupe_news._text.tokenizer import Tokens, tokenize, tokenize_one
from dedupe_news._text.words import Word, places, words

__all__ = [
    "CAPITALISED",
    "FIRST_LINE",
    "HAS_DIGIT",
    "RULES_VERSION",
    "STARTS_SENTENCE",
    "Places",
    "Tokens",
    "Word",
    "fingerprint",
    "places",
    "source_codes",
    "tokenize",
    "tokenize_one",
    "words",
]
