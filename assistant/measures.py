"""A clause's words and what holds of it in, whether it bounds, compares or repeats what no proof names out. No word of any subject."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from assistant.attributes import Told
from assistant.lexicon import words as listed
from assistant.rulings import Ruled
from assistant.stems import stem
from assistant.turning import AUX, VERBS
from assistant.vocabulary import split


def unproven(words: Sequence[str], own: int, told: Sequence[Told], ruled: Sequence[Ruled]) -> bool:
    """Whether a clause says more than its proofs: "at most two disks", "all that DPM covers", "has it as well"."""
    mine = [w for w in words[own:] if w[0].isalnum()]
    quotes = {w for t in told for w in split(t.fact.place.quote)}
    read = {words[i] for t in told for i in t.used} | {words[i] for r in ruled for i in r.used}
    exact = {words[i] for t in told for i in t.matched - t.also} | {words[i] for r in ruled for i in r.used}
    counted = [
        n for n, w in enumerate(mine) if w in _COUNTS and w not in quotes | (exact if _bounded(mine, n) else read)
    ]
    counted += [n for n, w in enumerate(mine) if w in _BEYOND and w not in quotes | read]
    asked = not listed("asking").isdisjoint(words[:own])
    counted += [n for n, w in enumerate(words[:own]) if asked and w in _PLACED and w not in quotes | read]
    pairs = set(pairwise(mine))
    return bool(counted or _WHOLE & pairs or _BORROWED & pairs) or _echoes(mine)


def anecdotal(words: Sequence[str]) -> bool:
    """Whether a clause only tells what became of something of the speaker's: "our transfer took three hours"."""
    own = any(a in listed("speaking_for_oneself") and b != "own" for a, b in pairwise([*words, ""]))
    past = any(w in listed("past") or (w.endswith("ed") and stem(w) in VERBS) for w in words)
    return own and past and listed("general").isdisjoint(words)


def _bounded(words: Sequence[str], place: int) -> bool:
    """Whether a count is a bound: "at most two", "only two"."""
    return tuple(words[max(0, place - 2) : place]) in _BOUNDS or words[place - 1 : place] == ["only"]


def _echoes(words: Sequence[str]) -> bool:
    """Whether a clause only says the same of another: "DPM does as well"."""
    return words[-2:] == ["as", "well"] and bool(AUX & {*words[-3:-2]})


_PLACED = frozenset({"final", "first", "last", "only", "second", "third"})
"""Asked for, they are claimed with the answer: "What comes first? The transfer."."""
_BEYOND = listed("beyond")
_COUNTS = frozenset({"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"})
_BOUNDS = frozenset({("at", "most"), ("up", "to"), ("more", "than"), ("fewer", "than"), ("less", "than")})
_WHOLE = frozenset({("all", "that"), ("everything", "that"), ("all", "what"), ("everything", "which")})
_BORROWED = frozenset({("has", "it"), ("have", "it"), ("had", "it"), ("do", "so"), ("does", "so"), ("did", "so")})
"""What is had or done stands in another sentence."""
