"""A text and what is wrong in it, the text put right out: its marks, entries and cells stay where they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.sentences import Sentence, joined
from assistant.turning import AUX
from assistant.types import Claim
from assistant.vocabulary import split

_KEY = re.compile(r"[^:.!?|\n]{1,60}:[*_]{0,2}\s+(?=\S)")
"""What an entry is of, as in "Default redundancy: LRS"; it stays when the rest is corrected."""
_MARKED = re.compile(r"[*_`~]*")


def corrected(text: str, parts: Sequence[tuple[Sentence, list[Claim]]]) -> str:
    """The text with each sentence that holds a wrong or disputed claim replaced."""
    pieces, place = [], 0
    for sentence, claims in parts:
        if sentence.start < place or not any(c.correction for c in claims):
            continue
        written = text[sentence.start : sentence.end]
        pieces += [text[place : sentence.start], _fitted(written, _replaced(sentence, claims), sentence)]
        place = sentence.end
    return "".join([*pieces, text[place:]])


def _replaced(sentence: Sentence, claims: Sequence[Claim]) -> str:
    """What the documents say instead; the proven part of the sentence in the words of its rule."""
    said = [c.correction or (c.findings[0].message if c.standing == "proven" else "") for c in claims]
    return joined(list(dict.fromkeys(said))) or sentence.reads


def _fitted(written: str, right: str, sentence: Sentence) -> str:
    """A correction in the shape of what it replaces: "Linux: no", **bold**, a cell, a whole row with its first cell."""
    if not sentence.aligned:
        right = right.replace("|", "/")
        first = written.partition("|")[0].rstrip()
        return f"{first} | {right}{' |' * (sentence.cells - 2)}" if sentence.cells > 1 else right
    if sentence.context and written.endswith(":"):
        return right.rstrip(".") + ":"
    key = _KEY.match(written)
    if key and not AUX & set(split(key[0])):
        return key[0] + right
    before, after = (m[0] for m in (_MARKED.match(written), _MARKED.match(written[::-1])) if m)
    whole = before == after and len(written) > len(before + after)
    opens, closes = (mark if mark and (whole or written.count(mark) % 2) else "" for mark in (before, after))
    return f"{opens}{right}{closes}"
