"""Mentions in, the same without what nobody knows out: what may or may not be so could be anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from assistant.grammar import sentence_spans
from assistant.lexicon import phrases
from assistant.pack import Pack
from assistant.types import Mention
from assistant.vocabulary import Vocabulary, parts_of

_UNSURE = re.compile(
    r"\b(?:dunno|unsure|unclear|unaware|undocumented|(?:who|god|heaven|lord|goodness) knows|beats me|don't ask me|before my time|lost track|i forgot|forgotten|not know|nor whether|have to ask|"
    r"(?:don't|doesn't|didn't|can't|couldn't|cannot|(?:do|does|did|can|could) not) (?:really |even )?(?:know|remember|recall|tell|say|confirm|check|ask)|"
    r"(?:haven't|have not|hasn't) (?:checked|asked|looked|said|told)|(?:won't|wouldn't) (?:say|tell)|"
    r"not (?:so |quite |too |really |entirely )?(?:sure|certain|documented|known|told)|no (?:idea|clue|notion|memory|record)|a (?:clue|notion)|"
    r"(?:nobody|no one|none of us) (?:\w+ )?(?:knows?|remembers?|recalls?|said|says?|told|tell|wrote|noted|confirm))\b"
)
_LEFT_OPEN = re.compile(
    r"(?: (?:it|that|this|so|for sure|for certain|about (?:it|that)|yet|anymore|any more|though|tho|either|tbh|,))*\W*"
)
"""What may follow such words where they speak of what was said before them."""
_MAYBE = {("might", "be"), ("may", "be"), ("could", "be"), ("might", "have"), ("may", "have")}
_EITHER = {("may", "or"), ("might", "or")}
_PERHAPS = {"sometimes", "occasionally", "perhaps", "possibly"}
"""Before a fact in a statement: it is not known ("someone said it might be switched off")."""
_WANTED = {"to", "should", "need", "needs", "can", "could", "do", "does", "best", "right", "would", "must", "may"}
"""Beside a noun that nobody knows the value of: the value is asked for ("not sure which agent to take")."""
_WITHIN = 8
"""Words between "if" and the fact that it leaves open, at most."""
_BESIDE = 3
_STOPS = frozenset({".", "?", "!", ";", "\n"})


class Doubts:
    """Hears what a message leaves open, in the words of one pack."""

    def __init__(self, pack: Pack, vocabulary: Vocabulary) -> None:
        self.pack, self.vocabulary = pack, vocabulary
        self._nouns = [(parts_of(noun), d.name) for d in pack.dimensions.values() for noun in d.nouns]

    def settle(self, tokens: Sequence[str], mentions: list[Mention]) -> list[Mention]:
        """Without what the user asks for ("which extension"); what may or may not be so could be anything.

        "Dunno if it's encrypted", "it might be off", "nobody remembers which replication" take no value for granted.
        """
        unsure = [s for s in sentence_spans(tokens) if _UNSURE.search(" ".join(tokens[s.start : s.stop]))]

        last = {m for s in unsure if (m := _before_doubt(tokens, s, mentions))}

        def could_be(one: Mention) -> tuple[str, ...]:
            """The values that it may have; none when it is not doubted."""
            names = self.pack.dimensions[one.dimension].names
            first = max((n + 1 for n in range(one.start) if tokens[n] in _STOPS), default=0)
            after, before = list(tokens[one.end : one.end + 3]), tokens[first : one.start]
            near = before[-_BESIDE:]
            if (after[:2] == ["or", "not"] and after[2:] != ["?"]) or _EITHER & set(pairwise(before)) or one in last:
                return names
            if after[:1] != ["or"] and (_MAYBE & set(pairwise(near)) or _PERHAPS & set(near)):
                return names
            here = next((s for s in unsure if one.start in s), range(0))
            if here and ("whether" in before or "if" in before[-_WITHIN:]):
                return names
            others = [m for m in mentions if m.start in here and _alternatives(tokens, one, m)]
            return tuple(v for v in names if others and any(v in m.values for m in (one, *others)))

        def asked_for(one: Mention) -> bool:
            before = list(tokens[max(0, one.start - 1) : one.start])
            likened = tuple(tokens[max(0, one.start - 2) : one.start]) in phrases("likened")
            equated = tokens[max(0, one.start - 3) : one.start] == ["the", "same", "as"]
            if (
                likened
                and not equated
                and any(m.dimension == one.dimension and m.values != one.values for m in mentions)
            ):
                return True
            return before in ([["which"], ["what"]] if one.end - one.start == 1 or unsure else [])

        kept = [
            replace(m, values=values, negated=False, doubted=True) if (values := could_be(m)) else m
            for m in mentions
            if not asked_for(m)
        ]
        return [*kept, *(m for s in unsure if (m := self._unnamed(tokens, s)) and not _said(kept, m.dimension))]

    def _unnamed(self, tokens: Sequence[str], sentence: range) -> Mention | None:
        """What a sentence says nobody knows, without naming a value: "no idea which replication was selected"."""
        line = tokens[sentence.start : sentence.stop]
        asked = next((n for n, t in enumerate(line) if t in {"which", "what"}), None)
        if asked is None or _WANTED & set(line[asked:]):
            return None
        for parts, name in self._nouns:
            dimension = self.pack.dimensions[name]
            for n in sentence:
                if tokens[n] == parts[0][0] and self.vocabulary.has(tokens[n : sentence.stop], parts):
                    beside = {"which", "what"} & set(tokens[max(sentence.start, n - _BESIDE) : n + 1])
                    if beside and dimension.kind in {"fact", "choice"}:
                        return Mention(name, dimension.names, tokens[n], n, n + 1, doubted=True)
        return None


def _alternatives(tokens: Sequence[str], one: Mention, other: Mention) -> bool:
    """Whether two values of one dimension are joined by "or"."""
    first, last = sorted((one, other), key=lambda m: m.start)
    return one.dimension == other.dimension and one.values != other.values and "or" in tokens[first.end : last.start]


def _before_doubt(tokens: Sequence[str], sentence: range, mentions: Sequence[Mention]) -> Mention | None:
    """The last thing told before a sentence takes it back at its end: "they say it is encrypted, but nobody can confirm it"."""
    line = " ".join(tokens[sentence.start : sentence.stop])
    cue = next((m for m in _UNSURE.finditer(line) if _LEFT_OPEN.fullmatch(line, m.end())), None)
    if cue is None:
        return None
    place = sentence.start + line[: cue.start()].count(" ")
    return max((m for m in mentions if m.start in sentence and m.end <= place), key=lambda m: m.end, default=None)


def _said(mentions: Sequence[Mention], dimension: str) -> bool:
    return any(m.dimension == dimension for m in mentions)
