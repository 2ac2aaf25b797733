"""What a sentence denies or bounds: no, never, leaves out; only, nothing but. No word of any subject.

A reader that missed one of these words would confirm the opposite of what was asked, so whoever is about to say "yes"
looks here first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.lexicon import phrases, starting, words

_TAG = re.compile(
    r"(?:[,;.]? (?:isn't|aren't|doesn't|don't|can't|won't|wasn't|hasn't|haven't|didn't) (?:it|they|he|she|that|this|so|we|you|i|there)(?: so| not)?"
    r"|[,;.] (?:is|are|does|do|can|will|was|has|have|did) (?:it|they|he|she|that|this|so|we|you|i|there)(?: so| not)?"
    r"|[,;.]? (?:no|right|correct|yes|true|or not|am i right|am i wrong|or am i wrong|or can i|or do i|or does it|true or false|yes or no|right or wrong))+ ?[?.!]*$"
)
_OPENING = frozenset({".", "?", "!", ";", ",", ":", "\n", "why", "so", "and", "but", "well", "hey", "then"})


def untagged(tokens: Sequence[str]) -> int:
    """How many tokens are left without the tag of a question: "…, isn't it?", "… no?"."""
    line, ends = "", []
    for token in tokens:
        line += (" " if line else "") + token
        ends.append(len(line))
    hit = _TAG.search(line)
    if not hit:
        return len(tokens)
    return sum(end <= hit.start() for end in ends)


def denials(tokens: Sequence[str]) -> list[int]:
    """Indices of the words that turn a sentence round, without question openers ("Isn't …?"), tags and idioms ("not only")."""
    last = untagged(tokens)
    skip: set[int] = set()
    for n in range(last):
        for idiom in starting("denying_nothing").get(tokens[n], ()):
            if tuple(tokens[n : n + len(idiom)]) == idiom:
                skip.update(range(n, n + len(idiom)))
    contracted = words("contracted")
    turning = contracted | words("denying")
    found: list[int] = []
    for n in range(last):
        token = tokens[n]
        opens = token in contracted and (n == 0 or tokens[n - 1] in _OPENING) and tokens[-1] == "?"
        doubled = (token == "nor" and {"neither", "not"} & set(tokens[:n])) or (
            found and found[-1] == n - 1 and token == "neither"
        )
        if n in skip or opens or doubled:
            continue
        if token in turning or _stands(tokens, n, "denying_phrases"):
            found.append(n)
    return found


def _stands(tokens: Sequence[str], place: int, name: str) -> bool:
    """Whether a phrase of a list stands at a place."""
    return any(tuple(tokens[place : place + len(p)]) == p for p in starting(name).get(tokens[place], ()))


_UNTRUE = re.compile(
    r"^(?:(?:so|and|but|then|hey|well) )*(?:is|isn't|wouldn't|would) it (?:be )?(?:an? )?(?:false|wrong|untrue|incorrect|myth|lie|mistake|not true|not so)(?: to (?:say|think|claim|believe))?(?: that)?\b"
)


def untrue(tokens: Sequence[str]) -> bool:
    """Whether a question asks if something is not so: "Is it a myth that …?"."""
    return bool(_UNTRUE.match(" ".join(tokens)))


def excluded(tokens: Sequence[str]) -> bool:
    """Whether a question asks if something is out or not so: "Is it ruled out?", "Is it false that …?"."""
    if untrue(tokens):
        return True
    verbs = words("denying") - words("particles")
    found = [n for n in denials(tokens) if tokens[n] in verbs or _stands(tokens, n, "denying_phrases")]
    return (len(found) + bool(_GOES_WRONG.match(" ".join(tokens)))) % 2 == 1


_GOES_WRONG = re.compile(
    r"^(?:(?:so|and|but|then) )*(?:is|are|will|would|do|does|can|could|might)"
    r"(?: (?!(?:if|when|because|after|that|which|who|what|to|since|as|while|once|or|vss|scripts?) )\w+){0,6} (?:fail|problems?|trouble|issues?)\b(?! over\b)"
)
"""Asks whether something goes wrong: "Will a restore fail when …?", "Is it a problem if …?"."""


def closings(tokens: Sequence[str]) -> list[int]:
    """Indices of the words that close a statement to anything else."""
    return [
        n for n, token in enumerate(tokens) if token in {"only", "solely", "exclusively"} and not _denied(tokens, n)
    ]


def _denied(tokens: Sequence[str], place: int) -> bool:
    return place > 0 and tokens[place - 1] == "not"


def closes(tokens: Sequence[str]) -> bool:
    """Whether a question asks if nothing else holds: "the only one", "and nobody else"."""
    line = f" {' '.join(tokens)} "
    return any(
        f" {p} " in line
        for p in ("the only", "nobody else", "no one else", "none else", "nothing else", "exclusively", "the sole")
    )


def overstates(tokens: Sequence[str], quote: str) -> bool:
    """Whether a question asks for every case and its source leaves room for others: "always" of what is so "typically"."""
    every = not words("unexcepted").isdisjoint(tokens) or "all cases" in " ".join(tokens)
    source = quote.lower()
    hedges = (*words("hedging"), *(" ".join(p) for p in phrases("hedging_phrases")))
    return every and any(re.search(rf"\b{hedge}\b", source) for hedge in hedges)


def asks_of_only(tokens: Sequence[str]) -> bool:
    """Whether a question begins with what nothing else shall do: "Does only MABS …?"."""
    return "only" in tokens[1:2] and tokens[0] in {"is", "are", "do", "does", "can", "will"}


def bounds(tokens: Sequence[str]) -> list[int]:
    """Indices of the words that bound a statement to what they name: "only", "nobody else", "at most"."""
    bounding = words("bounding")
    return [
        n
        for n, token in enumerate(tokens)
        if (token in bounding and not _denied(tokens, n)) or _stands(tokens, n, "bounding_phrases")
    ]
