"""Which of the values found in a turn count: not those taken back, only hinted at, or denied with more than was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.grammar import AUX, SHORT, sentence_spans
from assistant.pack import Pack
from assistant.types import Mention
from assistant.vocabulary import PUNCTUATION, Found

_CORRECT = re.compile(
    r"\b(?:becomes?|became|turned into|converted (?:to|into)|leaves|gets virtuali[sz]ed|migrat(?:e|es|ed|ing) (?:\w+ )*?(?:to|into)|moved to|sorry|i mean|i meant|correction|scratch that|no wait|wait no|make that|actually|rather|oops|my mistake|should have said|meant to say|not quite|typo|i misspoke|misspoke|pardon|strike that|turns out|no no|wait)\b|^\W*no\b|^\W*nope\b"
)
_NEEDED = frozenset({"need", "needs", "needed", "required"})
_TWO = 2


def corrected(tokens: Sequence[str], mentions: list[Mention]) -> list[Mention]:
    """Drop what the user takes back in the same breath ("on-prem Linux, sorry, Windows")."""
    line, ends, place = " ".join(tokens), [], 0
    for token in tokens:
        ends.append(place)
        place += len(token) + 1
    cues = [m.start() for m in _CORRECT.finditer(line) if m.start() > 0 and not line[: m.start()].strip().endswith("?")]
    starts = {m.start for m in mentions if m.start and (tokens[m.start - 1] == "from" or _formerly(tokens, m))}
    if not cues and not starts:
        return mentions
    kept = []
    for one in mentions:
        later = [
            m
            for m in mentions
            if m.dimension == one.dimension
            and not m.negated
            and m.start > one.start
            and not set(m.values) & set(one.values)
            and any(ends[one.end - 1] < cue <= ends[m.start] for cue in cues)
        ]
        left = one.start in starts and any(_other_value(m, one) for m in mentions)
        if not later and not left:
            kept.append(one)
    return kept


def elliptical(pack: Pack, tokens: Sequence[str], mentions: Sequence[Mention]) -> list[Mention]:
    """With what a bare "not" says: "one VM is encrypted, the other is not" tells of another machine, "MARS is not" of none."""
    found = list(mentions)
    for n, end in _bare_denials(tokens):
        sentence = next(s for s in sentence_spans(tokens) if n in s)
        told = [
            m for m in mentions if m.start in sentence and m.end <= n <= m.end + SHORT and _apart(tokens[m.end : n])
        ]
        one = max(told, key=lambda m: m.end, default=None)
        names = pack.dimensions[one.dimension].names if one else ()
        if one and len(names) == _TWO and len(one.values) == 1:
            other = tuple(v for v in names if (v in one.values) == one.negated)
            found.append(Mention(one.dimension, other, "not", n, end))
        if one and any(m.dimension == one.dimension and m.end == n for m in mentions):
            found = [replace(m, negated=True) if m.end == n else m for m in found]
    return found


def one_denied(pack: Pack, mentions: Sequence[Mention]) -> list[Mention]:
    """Of words that say several things at once a denial denies the one that changes most easily: "not on VMware" stays at home.

    What words only hint at is not denied with them: a server that is no domain controller may run Windows.
    """
    said: dict[tuple[int, int], list[int]] = {}
    for m in mentions:
        said.setdefault((m.start, m.end), []).append(pack.dimensions[m.dimension].change)
    return [
        m
        for m in mentions
        if not m.negated
        or (
            pack.dimensions[m.dimension].change == min(said[m.start, m.end])
            and not (m.soft and len(said[m.start, m.end]) == 1)
        )
    ]


def alternative(tokens: Sequence[str]) -> range:
    """The other way that a question offers at its end: "Can MARS do it, or do I need MABS?" asks about MARS.

    "Do I need MABS, or does the extension do it alone?" asks about both.
    """
    for sentence in sentence_spans(tokens):
        for n in sentence[1:-2]:
            if (
                tokens[n] == "or"
                and tokens[n + 1] in AUX
                and (sentence.stop == len(tokens) or tokens[sentence.stop - 1] == "?")
            ):
                end = next((e for e in range(n, sentence.stop) if tokens[e] in PUNCTUATION), sentence.stop)
                return range(n, end) if _NEEDED.isdisjoint(tokens[sentence.start : n]) else range(0)
    return range(0)


def outright(mentions: list[Mention]) -> list[Mention]:
    """Hints give way to what is said outright, and to each other ("VSS or the scripts fail")."""
    said = {m.dimension for m in mentions if not m.soft}
    hints: dict[str, set[tuple[str, ...]]] = {}
    for one in mentions:
        if one.soft:
            hints.setdefault(one.dimension, set()).add(one.values)
    return [m for m in mentions if not m.soft or (m.dimension not in said and len(hints[m.dimension]) == 1)]


def outermost(mentions: list[Mention]) -> list[Mention]:
    """Without a denial that is part of something longer that is told: "MARS was never installed there" rules out no tool."""
    spans = [(m.start, m.end, m.dimension) for m in mentions]
    return [
        m
        for m in mentions
        if not m.negated or not any(a <= m.start and m.end < b and name != m.dimension for a, b, name in spans)
    ]


def taken_back(tokens: Sequence[str], found: Found) -> bool:
    """Whether an unheard word is corrected at once: "in AWS, sorry, in Azure"."""
    return bool(_CORRECT.search(" ".join(tokens[found.end : found.end + 4])))


def _other_value(one: Mention, other: Mention) -> bool:
    return one.dimension == other.dimension and not one.negated and not set(one.values) & set(other.values)


def _bare_denials(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where "is not" or "isn't" ends a clause, first and last token."""
    for n, token in enumerate(tokens):
        end = (
            n + 1
            if token in {"isn't", "aren't"}
            else n + 2
            if tokens[n : n + 2] in (["is", "not"], ["are", "not"])
            else 0
        )
        if end and (end == len(tokens) or tokens[end] in PUNCTUATION):
            yield n, end


def _formerly(tokens: Sequence[str], one: Mention) -> bool:
    """Whether something is told of the past: "it used to sit on Windows"."""
    clause = next(s for s in sentence_spans(tokens) if one.start in s)
    before = tokens[clause.start : one.start]
    cut = max((n for n, t in enumerate(before) if t in {",", "but", "and", "now"}), default=-1)
    said = before[cut + 1 :]
    return any(said[n : n + 2] == ["used", "to"] for n in range(len(said))) or bool(
        {"formerly", "previously"} & {*said}
    )


def _apart(gap: Sequence[str]) -> bool:
    """Whether the words between two statements pass on to another machine."""
    return not {",", "and", "but"}.isdisjoint(gap) and {"it", "that", "this", "they", "now"}.isdisjoint(gap)
