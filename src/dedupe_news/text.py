"""What of a text is compared: its words in the clear, and the version of the rules."""

from __future__ import annotations

from dedupe_news._text import Word, fingerprint, words

__all__ = ["Word", "fingerprint", "words"]
