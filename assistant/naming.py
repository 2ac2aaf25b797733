"""A statement that spells a short name out in, whether the documents spell it so out: "LRS stands for locally redundant storage"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.lexicon import starting
from assistant.pack import Pack
from assistant.rules import Place
from assistant.sentences import sentences
from assistant.stems import stem
from assistant.vocabulary import PUNCTUATION

_NAME = re.compile(r"((?:[A-Za-z]+[ -]+){2,7})\(([A-Z]{2,6})s?\)")

_SMALL = frozenset({"a", "an", "and", "for", "of", "the"})
_MORE = 2
"""Words by which a made-up name may be longer than it has letters."""


class Naming:
    """The short names that the documents of one pack spell out."""

    def __init__(self, pack: Pack) -> None:
        self._names: dict[str, tuple[tuple[str, ...], Place]] = {}
        for short, spelled, place in _spelled(pack):
            self._names.setdefault(short, (spelled, place))

    def judge(self, tokens: Sequence[str]) -> tuple[bool, Place] | None:
        """Whether a short name is spelled out as the documents do, and where they do; None when none is, or by words that are no name."""
        width = max(
            (len(p) for p in starting("spelling").get("".join(tokens[1:2]), ()) if _at(tokens, 1, p)), default=0
        )
        if not tokens or tokens[0] not in self._names:
            return None
        spelled, place = self._names[tokens[0]]
        said = tuple(stem(t) for t in tokens[1 + width :] if t not in PUNCTUATION and t not in _SMALL)
        if not (width or _noted(tokens[0], said, spelled)):
            return None
        if _shortens(tokens[0], said) and _within(said, spelled):
            return True, place
        others = any(said == other[len(other) - len(said) :] for other, _ in self._names.values())
        alike = len(said) <= len(tokens[0]) + _MORE and _shortens(tokens[0], said)
        wrong = said and (others or alike)
        return (False, place) if wrong else None


def _noted(short: str, said: Sequence[str], spelled: Sequence[str]) -> bool:
    """Whether words right behind a short name spell it out, most of them as the documents do: "MARS – Microsoft Azure Replication Service"."""
    fits = len(short) <= len(said) <= len(short) + _MORE and _shortens(short, said)
    return fits and 2 * sum(w in spelled for w in said) > len(said)


def _spelled(pack: Pack) -> Iterator[tuple[str, tuple[str, ...], Place]]:
    """Each short name in brackets behind its words, all that may belong to it, and the sentence that says so."""
    for document in pack.documents:
        for unit in document.units:
            row = unit.kind == "row"
            for start, end in [(0, len(unit.text))] if row else [(s.start, s.end) for s in sentences(unit.text)]:
                quote = unit.text[start:end]
                place = Place(unit.section_id, quote, unit.start + start, unit.start + end)
                for found in _NAME.finditer(re.sub(r"[*_`]+", "", quote)):
                    name = tuple(stem(w) for w in re.split(r"[ -]+", found[1].lower().strip()))
                    if _shortens(found[2].lower(), name):
                        yield found[2].lower(), name, place


def _at(tokens: Sequence[str], n: int, phrase: Sequence[str]) -> bool:
    return tuple(tokens[n : n + len(phrase)]) == tuple(phrase)


def _shortens(short: str, words: Sequence[str]) -> bool:
    """Whether the letters of a short name begin words in this order: "VSS" of "volume shadow copy service"."""
    return _within(short, [w[0] for w in words])


def _within(few: Sequence[str], many: Sequence[str]) -> bool:
    """Whether the one is the other with some left out."""
    rest = iter(many)
    return all(one in rest for one in few)
