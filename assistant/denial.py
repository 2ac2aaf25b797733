"""What a sentence denies or bounds: no, never, leaves out; only, nothing but. No word of any subject.

A reader that missed one of these words would confirm the opposite of what was asked, so whoever is about to say "yes"
looks here first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CONTRACTED = frozenset(
    [
        "isn't",
        "aren't",
        "wasn't",
        "weren't",
        "can't",
        "couldn't",
        "mustn't",
        "shouldn't",
        "won't",
        "wouldn't",
        "don't",
        "doesn't",
        "didn't",
        "hasn't",
        "haven't",
        "hadn't",
        "needn't",
        "ain't",
    ]
)
_WORDS = _CONTRACTED | frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nothing",
        "nobody",
        "neither",
        "nor",
        "nowhere",
        "cannot",
        "unable",
        "impossible",
        "unsupported",
        "incapable",
        "unavailable",
        "lack",
        "lacks",
        "lacking",
        "missing",
        "misses",
        "refuse",
        "refuses",
        "refused",
        "rejects",
        "reject",
        "excluded",
        "excludes",
        "exclude",
        "prohibited",
        "forbidden",
        "forbids",
        "disallowed",
        "unnecessary",
        "needless",
        "ineligible",
        "unsuitable",
        "prevents",
        "prevent",
        "barred",
        "bars",
        "omits",
        "omitted",
        "skips",
        "ignores",
        "dictated",
        "hopeless",
        "blocks",
        "blocked",
        "denied",
        "banned",
    ]
)
_VERBS = (
    _WORDS
    - _CONTRACTED
    - frozenset(["not", "no", "never", "none", "nothing", "nobody", "neither", "nor", "nowhere", "cannot"])
)
"""Denials that are a predicate of their own: "Is it excluded?" asks for a no."""
_PHRASES = tuple(
    tuple(p.split())
    for p in [
        "ruled out",
        "rules out",
        "rule out",
        "out of the question",
        "out of reach",
        "off limits",
        "left out",
        "leaves out",
        "leave out",
        "out of scope",
        "off the table",
        "too much to ask",
        "beyond the reach",
        "out of luck",
        "closed to",
        "are out",
        "is out",
        "dead end",
        "no go",
        "shut out",
        "empty handed",
        "fails to",
        "fail to",
        "stops short",
        "left empty",
        "out of the game",
        "in the cold",
        "bite each other",
        "get in each other's way",
        "clash with",
    ]
)
_HARMLESS = tuple(
    tuple(p.split())
    for p in [
        "not only",
        "not just",
        "not merely",
        "no matter",
        "no problem",
        "no doubt",
        "not to mention",
        "don't worry",
        "nothing but",
        "none other than",
        "no other",
        "without fail",
        "no trouble",
        "whether or not",
        "or not",
        "no longer than",
        "no more than",
        "not more than",
        "no later than",
        "never more than",
        "never longer than",
        "no less than",
        "not less than",
        "not sure",
        "not certain",
        "no idea",
        "don't know",
        "doesn't know",
        "didn't know",
        "don't think",
        "don't believe",
        "don't understand",
        "don't see",
        "don't care",
        "doesn't care",
        "don't mind",
        "don't want",
        "doesn't want",
        "not want",
        "don't need",
        "doesn't need",
        "not need",
        "can't tell",
        "can't find",
        "can't wait",
        "don't get",
        "do not know",
        "do not want",
        "do not need",
        "not that",
        "why not",
        "if not",
        "no way around",
        "no rush",
        "no worries",
        "no offence",
        "no offense",
        "no hurry",
        "don't forget",
        "never mind",
        "don't bother",
        "do not bother",
        "read only",
        "no excuses",
        "nothing changed",
        "changed nothing",
        "nothing special",
        "not clear",
        "isn't clear",
        "not quite",
        "not yet",
        "not have to",
        "don't have to",
        "doesn't have to",
        "can't decide",
        "can't remember",
        "don't remember",
        "don't recall",
        "not wrong",
        "no wonder",
        "no one asked",
        "not a big deal",
        "not a problem",
    ]
)
_TAG = re.compile(
    r"(?:[,;.]? (?:isn't|aren't|doesn't|don't|can't|won't|wasn't|is|are|does|do|can|will|was|has|have|hasn't|haven't|did|didn't) (?:it|they|he|she|that|this|so|we|you|i|there)(?: so| not)?"
    r"|[,;.]? (?:no|right|correct|yes|true|or not|am i right|am i wrong|or am i wrong|or can i|or do i|or does it|true or false|yes or no|right or wrong))+ ?[?.!]*$"
)
_OPENING = frozenset({".", "?", "!", ";", ",", ":", "\n", "why", "so", "and", "but", "well", "hey", "then"})
_BOUNDS = frozenset(["only", "just", "solely", "merely", "exclusively", "purely", "bare", "barely"])
_BOUND_PHRASES = tuple(
    tuple(p.split())
    for p in [
        "nothing but",
        "nobody else",
        "nothing else",
        "nowhere else",
        "no one else",
        "none else",
        "that's all",
        "that is all",
        "and that's it",
        "the one thing",
        "one thing",
        "must choose",
        "have to choose",
        "no more than",
        "at most",
        "at least",
        "another agent",
        "a different agent",
        "another product",
        "separate product",
        "either … or",
        "nothing more",
        "not more than",
    ]
)


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
        for idiom in _HARMLESS:
            if tuple(tokens[n : n + len(idiom)]) == idiom:
                skip.update(range(n, n + len(idiom)))
    found: list[int] = []
    for n in range(last):
        token = tokens[n]
        opens = token in _CONTRACTED and (n == 0 or tokens[n - 1] in _OPENING) and tokens[-1] == "?"
        doubled = (token == "nor" and {"neither", "not"} & set(tokens[:n])) or (
            found and found[-1] == n - 1 and token == "neither"
        )
        if n in skip or opens or doubled:
            continue
        if token in _WORDS or any(tuple(tokens[n : n + len(p)]) == p for p in _PHRASES):
            found.append(n)
    return found


_UNTRUE = re.compile(
    r"^(?:(?:so|and|but|then|hey|well) )*(?:is|isn't|wouldn't|would) it (?:be )?(?:an? )?(?:false|wrong|untrue|incorrect|myth|lie|mistake|not true|not so)(?: to (?:say|think|claim|believe))?(?: that)?\b"
)


def untrue(tokens: Sequence[str]) -> bool:
    """Whether a question asks if something is not so: "Is it a myth that …?"."""
    return bool(_UNTRUE.match(" ".join(tokens)))


def excluded(tokens: Sequence[str]) -> bool:
    """Whether a question asks if something is out or not so: "Is it ruled out?", "Can it not be restored?"."""
    if untrue(tokens):
        return True
    found = [
        n for n in denials(tokens) if tokens[n] in _VERBS or any(tuple(tokens[n : n + len(p)]) == p for p in _PHRASES)
    ]
    return len(found) % 2 == 1


def closings(tokens: Sequence[str]) -> list[int]:
    """Indices of the words that close a statement to anything else."""
    return [
        n
        for n, token in enumerate(tokens)
        if token in {"only", "solely", "exclusively"} and tokens[n - 1 : n] != ["not"]
    ]


_DOING = frozenset(
    [
        "back",
        "be",
        "protect",
        "restore",
        "cover",
        "support",
        "handle",
        "work",
        "recover",
        "save",
        "take",
        "encrypt",
        "store",
        "copy",
        "keep",
        "run",
        "use",
        "install",
        "reach",
        "move",
    ]
)


def closes(tokens: Sequence[str]) -> bool:
    """Whether a question asks if nothing else holds: "the only one", "and nobody else"."""
    line = f" {' '.join(tokens)} "
    return any(
        f" {p} " in line
        for p in ("the only", "nobody else", "no one else", "none else", "nothing else", "exclusively", "the sole")
    )


def bounds(tokens: Sequence[str]) -> list[int]:
    """Indices of the words that bound a statement to what they name: "only", "nobody else", "at most"."""
    return [
        n
        for n, token in enumerate(tokens)
        if (token in _BOUNDS and tokens[n - 1 : n] != ["not"])
        or any(tuple(tokens[n : n + len(p)]) == p for p in _BOUND_PHRASES)
    ]
