"""A clause's words in, those that turn it round and those that stand in a contrast out. No word of any subject."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from assistant.lexicon import starting, words
from assistant.stems import stem

AUX = words("auxiliary")
VERBS = words("verbs")
NEGATIVE = words("negative")
"""Words that turn a statement round."""
LOOSE = words("loose")
"""Denials of what follows them only; said of several things they still deny each but once."""
_LOSSES = frozenset({"lost", "loses", "missing"})
_CASES = frozenset({"if", "when", "whenever", "once", "after", "should", "where", "rather"})
_NOUNS = words("nouns")


def denials(tokens: Sequence[str]) -> list[int]:
    """Indices of the words that turn a clause round, without those that deny nothing ("not only")."""
    skip = {i for n in range(len(tokens)) for i in range(n, n + width_of("harmless", tokens, n))} | answers(tokens)
    found: list[int] = []
    for n, token in enumerate(tokens):
        if n in skip or _bounds(tokens, n) or _befalls(tokens, n):
            continue
        if token in _LEAVE and _put_out(tokens, n):
            found.append(n)
            continue
        follows = (token == "nor" and "neither" in tokens[:n]) or (token == "neither" and found[-1:] == [n - 1])
        if _elsewhere(tokens, n):
            found.append(n)
            continue
        if token in NEGATIVE:
            found += [] if follows else [n]
        elif (width := _denying(tokens, n)) and not (n and tokens[n - 1] in NEGATIVE):
            found.append(n)
            skip.update(range(n, n + width))
    return found


def _denying(tokens: Sequence[str], n: int) -> int:
    """How many words a phrase that denies takes up at a place; 0 too when a longer one begins within it: "are out of its reach"."""
    width = width_of("negative_phrases", tokens, n)
    longer = any(width_of("negative_phrases", tokens, k) > width for k in range(n + 1, n + width))
    return 0 if longer else width


def _befalls(tokens: Sequence[str], n: int) -> bool:
    """Whether a loss is only the case that is spoken of: "if a user loses a file", "with memory missing, …"."""
    before = tokens[max(0, n - _LONGEST_CONTRAST) : n]
    given = "with" in before and list(tokens[n + 1 : n + 2]) == [","]
    return tokens[n] in _LOSSES and (given or not _CASES.isdisjoint(before))


def answers(tokens: Sequence[str]) -> set[int]:
    """Indices of each "no" or "yes" that only answers, behind a stop before another denial or at the end of a choice: "Linux, no, it won't", "allowed or no"."""
    asked = {
        n + 1
        for n, pair in enumerate(pairwise(tokens))
        if pair == ("or", "no") and not any(t[0].isalnum() for t in tokens[n + 2 :])
    }
    return asked | {
        n for n, (a, b) in enumerate(pairwise(tokens)) if a in {"no", "nope", "yes"} and b == ","
        and (n == 0 or tokens[n - 1] in {":", ";", ".", "-"} or (tokens[n - 1] == "," and NEGATIVE & {*tokens[n + 2 : n + 6]}))
    }  # fmt: skip


def _put_out(tokens: Sequence[str], n: int) -> bool:
    """Whether a verb at a place puts something out: "leaves volumes out", "leaves memory aside"."""
    near = tokens[n + 1 : n + _LONGEST_CONTRAST]
    near = near[: next((k for k, t in enumerate(near) if t in {".", ";", ":"}), len(near))]
    return any(t in _AWAY and stem(near[k - 1]) not in VERBS - _NOUNS for k, t in enumerate(near) if k)


def _elsewhere(tokens: Sequence[str], n: int) -> bool:
    """Whether a word sends the reader to something else for it: "you'll need another product"."""
    means = words("means") & set(tokens[n + 1 : n + 3])
    return tokens[n] in words("others") and bool(means) and any(stem(t) in _LACK for t in tokens[max(0, n - 3) : n])


_LACK = frozenset({"need", "requir", "tak", "buy", "call"})
_AWAY = frozenset({"out", "aside"})
_LEAVE = frozenset({"leave", "leaves", "leaving", "left", "keep", "keeps", "keeping", "kept", "shut", "shuts"})


def width_of(name: str, tokens: Sequence[str], n: int) -> int:
    """How many words a phrase of a list takes up at a place; 0 when none stands there."""
    found = (len(p) for p in starting(name).get(tokens[n], ()) if tuple(tokens[n : n + len(p)]) == p)
    return max(found, default=0)


def _bounds(tokens: Sequence[str], n: int) -> bool:
    """Whether a denial only bounds: "never takes more than an hour"."""
    near = list(tokens[n + 1 : n + 6])
    return any(a in {"more", "longer", "later", "less", "fewer", "shorter"} and b == "than" for a, b in pairwise(near))


def contrasts(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Spans that name what is not so: "rather than LRS", "(not Linux)"."""
    found = []
    for n in range(len(tokens)):
        end = n + width_of("contrast", tokens, n)
        if end == n or (end < len(tokens) and tokens[end] in AUX | _NO_CONTRAST):
            continue
        if tokens[end - 1] == "never" and stem("".join(tokens[end : end + 1])) in VERBS:
            continue
        while end < len(tokens) and not _ends(tokens, end) and end - n < _LONGEST_CONTRAST:
            end += 1
        found.append((n, end))
    return found


def _ends(tokens: Sequence[str], n: int) -> bool:
    """Whether a contrast is over: at a verb, or at a comma after which one comes."""
    if tokens[n] == ",":
        after = tokens[n + 1 : n + _LONGEST_CONTRAST]
        return any(t in AUX or stem(t) in VERBS - _NOUNS for t in after) or bool(_SPEAKERS & {*after[:1]})
    return tokens[n] in _END | AUX or (tokens[n] == "to" and stem(tokens[min(n + 1, len(tokens) - 1)]) in VERBS)


_SPEAKERS = frozenset({"i", "we", "you", "they"})
_NO_CONTRAST = frozenset({"only", "just", "merely", "because", "if", "when"})
_END = frozenset({")", ";", ".", "(", "but"})
_LONGEST_CONTRAST = 12


def excepted(words: Sequence[str], own: int) -> dict[int, int]:
    """Index of each word in the reach of "unless" or "except" -> index of that word."""
    found, cue = {}, -1
    besides = bool(_MORE & {*words[own:]}) and not NEGATIVE & {*words[own:]}
    for n in range(own, len(words)):
        if (
            words[n] in _CONDITION
            or (words[n] == "than" and n and words[n - 1] == "other")
            or (words[n] == "from" and n and words[n - 1] in {"apart", "aside"} and not besides)
            or (words[n] == "but" and n and words[n - 1] in {"everything", "all", "every", "anything"})
        ):
            cue = n
        elif cue >= 0 and words[n] in {",", ";", "."}:
            cue = -1
        elif cue >= 0:
            found[n] = cue
    return found


_CONDITION = frozenset({"unless", "except", "excepting", "excluding", "barring"})
_MORE = frozenset({"also", "further", "more", "other", "too"})
"""Beside them "apart from" adds, and excepts nothing: "apart from SQL it handles other services"."""
