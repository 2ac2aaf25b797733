"""The words of a message in, the stretches about each machine that it names out: "VM A …, VM B …", "Left: …", "one …, the other …".

A stretch runs from a name to the next one; the last ends with its sentence, where a question begins or all are spoken of
again ("both …").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from assistant.grammar import AUX, WH, sentence_spans
from assistant.lexicon import words
from assistant.types import Mention

_ORDINALS = ("first", "second", "third", "fourth")
_SIDES = ("left", "right")
_SERIES = (tuple("abcd"), tuple("1234"), ("one", "two", "three", "four"), _ORDINALS, _SIDES, ("former", "latter"))
_ENDS = frozenset({".", "?", "!", ";", "\n"})
_OPENS = frozenset({"(", ",", "and", "but", "while", "whereas", "for", "on", "the", "-", "•", "/", ":"}) | _ENDS
_MARKS = frozenset({":", ")", "="})
_VERBS = frozenset({"runs", "holds", "sits", "lives", "a", "an"})
"""What follows a name that opens a clause, beside the verbs that help: "Vega runs Linux", "Pollux a Debian one"."""
_TELLS = frozenset({"is", "has", "isn't", "hasn't", "runs"})
_ALL = frozenset({"both", "each", "all", "either", "they", "neither"})
_SAME = frozenset({"it", "its", "it's"})
_NUMBERED = re.compile(r"([a-z]+?)-?(\d{1,2})")
_LETTER = re.compile(r"[b-hj-z]")
_LEAST = 2
_NEAR = 3
"""Words between "one" and its noun; they tell of the other one too: "one physical Windows server"."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The tokens about one machine."""

    name: str
    """As the user calls it: "VM A", "Vega"."""
    start: int
    end: int


def stretches(tokens: Sequence[str], strange: Callable[[str], bool]) -> list[Stretch]:
    """The stretches of the machines that are named, in order; none when fewer than two are told apart.

    `strange` says of a word that it is none of the subject's and none of English: a name then.
    """
    for found in (_in_series(tokens), _lettered(tokens), _numbered(tokens), _other(tokens), _named(tokens, strange)):
        if len({name for name, _ in found}) >= _LEAST:
            return _bounded(tokens, found)
    return []


def asked_about(tokens: Sequence[str], names: Sequence[str], taken: Collection[int], before: str = "") -> str:
    """The one of several machines that the last sentence speaks of by its name, else the one spoken of before; empty when it is all.

    `taken` are the tokens that name a value; such a one is a machine's name only after "the": "on the Linux one".
    """
    last = (sentence_spans(tokens) or [range(0)])[-1]
    said = [name for name in names if name and _again(tokens, last, name.lower().split(), taken)]
    if len(names) < _LEAST or len(said) > 1 or _ALL & {tokens[n] for n in last}:
        return ""
    return said[0] if said else before if before in names else ""


def named_by(mentions: Sequence[Mention]) -> set[int]:
    """The tokens that name a value."""
    return {n for m in mentions for n in range(m.start, m.end)}


def of_all(tokens: Sequence[str], place: int) -> bool:
    """Whether what stands at a place is said of all machines: "…, both in Azure"."""
    sentence = next(s for s in sentence_spans(tokens) if place in s)
    every = [n for n in range(sentence.start, place) if tokens[n] in _ALL - {"they"}]
    return bool(every) and {"one", "other", "a", "an", "first", "second"}.isdisjoint(tokens[every[-1] : place])


def _again(tokens: Sequence[str], within: range, name: Sequence[str], taken: Collection[int]) -> bool:
    """Whether a name stands in a sentence; a bare letter or number does only before a stop or a verb."""
    if len(name) > 1 and _LETTER.fullmatch(name[-1]) and any(tokens[n] == name[-1] for n in within):
        return True
    for n in within:
        if list(tokens[n : n + len(name)]) == list(name) and (n not in taken or tokens[n - 1 : n] == ["the"]):
            after = tokens[n + len(name)] if n + len(name) < len(tokens) else "."
            if len(name) > 1 or len(name[0]) > 1 or after in _ENDS | AUX | {","}:
                return True
    return False


def _in_series(tokens: Sequence[str]) -> list[tuple[str, int]]:
    """Names that count on: "VM A … VM B", "(1) … (2) …", "the first server … the second one"."""
    for series in _SERIES:
        run: list[tuple[str, int]] = []
        for n, token in enumerate(tokens):
            noun = tokens[n - 1] if n and tokens[n - 1] in words("machines") else ""
            if len(run) < len(series) and token == series[len(run)] and _labels(tokens, n, noun):
                run.append((_title(noun, token), n - 1 if noun else n))
        if len(run) >= _LEAST:
            return run
    return []


def _lettered(tokens: Sequence[str]) -> list[tuple[str, int]]:
    """Any letters behind the noun of a machine: "server P … server Q"."""
    found = [
        n
        for n in range(1, len(tokens))
        if tokens[n - 1] in words("machines") - {"one"} and _LETTER.fullmatch(tokens[n])
    ]
    return [(_title(tokens[n - 1], tokens[n]), n - 1) for n in found]


def _title(noun: str, token: str) -> str:
    short = token.upper() if len(token) == 1 else token.capitalize()
    return f"{noun.upper() if noun == 'vm' else noun.capitalize()} {short}" if noun else short


def _labels(tokens: Sequence[str], n: int, noun: str) -> bool:
    """Whether a letter, number or ordinal stands as a machine's name."""
    after = tokens[n + 1] if n + 1 < len(tokens) else ""
    opens = n == 0 or tokens[n - 1] in _OPENS
    if tokens[n] in {*_ORDINALS, *_SIDES, "former", "latter"}:
        return opens and after in words("machines") | AUX | {":"}
    return bool(noun) or (opens and after in _MARKS | _TELLS)


def _numbered(tokens: Sequence[str]) -> list[tuple[str, int]]:
    """Names of one stem with different numbers: "vm1 … vm2 …", "web01 … web02"."""
    found = [(hit[1], token, n) for n, token in enumerate(tokens) if (hit := _NUMBERED.fullmatch(token))]
    return [(t.upper(), n) for _, t, n in found] if len({stem for stem, _, _ in found}) == 1 else []


def _other(tokens: Sequence[str]) -> list[tuple[str, int]]:
    """One and the other: "One is …, the other …"."""
    other = next((n for n, t in enumerate(tokens) if n and t == "other" and tokens[n - 1] == "the"), 0)
    ones = [n for n in range(other) if tokens[n] == "one" and (n == 0 or tokens[n - 1] in _OPENS)]
    nouns = [n for one in ones[-1:] for n in range(one + 1, other) if tokens[n] in words("machines")]
    return (
        [("One", nouns[0] if nouns and nouns[0] - ones[-1] <= _NEAR else ones[-1]), ("The other", other - 1)]
        if ones
        else []
    )


def _named(tokens: Sequence[str], strange: Callable[[str], bool]) -> list[tuple[str, int]]:
    """Proper names, each of which opens a clause: "Orion has …, Vega runs …"."""
    follow = AUX | _MARKS | _VERBS
    opening = [n for n in range(len(tokens) - 1) if (n == 0 or tokens[n - 1] in _OPENS) and tokens[n + 1] in follow]
    return [(tokens[n].capitalize(), n) for n in opening if strange(tokens[n])]


def _bounded(tokens: Sequence[str], found: Sequence[tuple[str, int]]) -> list[Stretch]:
    starts = [start for _, start in found]
    out = []
    for (name, start), limit in zip(found, [*starts[1:], len(tokens)], strict=True):
        over = (n for n in range(start + 1, limit) if _over(tokens, n, last=limit == len(tokens)))
        out.append(Stretch(name, start, next(over, limit)))
    return out


def _over(tokens: Sequence[str], n: int, *, last: bool) -> bool:
    """Whether a stretch ends at a token: all are spoken of again, or of the last one no more is told."""
    after = tokens[n + 1] if n + 1 < len(tokens) else ""
    ends = tokens[n] in _ENDS and after not in _SAME
    asks = tokens[n] in {",", ":", "-"} and after in AUX | {*WH}
    return tokens[n] in _ALL or (last and (ends or asks))
