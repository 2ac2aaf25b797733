"""Quotes in, their places in the documents out: gold survives any new cutting of the documents into sections."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.pack import Pack

_MARKUP = re.compile(r"\*\*|__|`|!?\[([^\]]*)\]\([^)]*\)")
_LEADING = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)]|#{1,6}|>)[ \t]+", re.MULTILINE)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u2011": "-", "\u00ad": None})


@lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """NFKC, no Markdown marks, ASCII quotation marks and dashes, one space for any white space, bare table pipes."""
    plain = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    plain = _MARKUP.sub(lambda m: m[1] or "", _LEADING.sub("", plain))
    plain = re.sub(r"\s*\|\s*", "|", plain)
    return " ".join(plain.split()).strip("| ")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a section's normalised text."""

    section_id: str
    start: int
    end: int

    def meets(self, other: Span) -> bool:
        """Whether the two have at least one character in common."""
        return self.section_id == other.section_id and self.start < other.end and other.start < self.end


class Corpus:
    """The documents of one pack, as gold is anchored in them."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.texts: Mapping[str, str] = {
            s.id: normal(d.text[s.start : s.end]) for d in pack.documents for s in d.sections
        }
        self._found: dict[str, tuple[Span, ...]] = {}

    def find(self, quote: str) -> tuple[Span, ...]:
        """Every place of a quote, in document order; empty when it stands nowhere, or is empty."""
        if quote not in self._found:
            self._found[quote] = tuple(self._search(normal(quote)))
        return self._found[quote]

    def _search(self, words: str) -> list[Span]:
        found = []
        for section_id, text in self.texts.items():
            start = text.find(words) if words else -1
            while start >= 0:
                found.append(Span(section_id, start, start + len(words)))
                start = text.find(words, start + 1)
        return found

    def nearest(self, quote: str) -> str:
        """The unit of the documents most like a quote that stands nowhere; empty when nothing is like it."""
        units = {normal(u.text): u.text for d in self.pack.documents for u in d.units}
        best = get_close_matches(normal(quote), units, n=1, cutoff=0.5)
        return units[best[0]] if best else ""
