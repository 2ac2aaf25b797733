"""A question in, a Reading out: what is asked, of which machines, and what it carries on from.

No model and no guess: the same words, the same reading. Grammar, machines and conversation have rooms of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.conversation import Context, Conversation, merge, starts_over
from assistant.denial import closes, closings, denials, excluded
from assistant.grammar import (
    AUX,
    SHORT,
    asks_duty,
    denies,
    focus_of,
    kind_of,
    options_of,
    outcome_of,
    wants_the_wrong_one,
)
from assistant.machines import Machines
from assistant.pack import Pack
from assistant.rules import Decision
from assistant.types import Kind, Mention, Reading, Scenario
from assistant.vocabulary import Found, Vocabulary, Word, clean, mention, negated, parts_of, texts

_CORRECT = re.compile(
    r"\b(?:becomes?|became|turned into|converted (?:to|into)|leaves|gets virtuali[sz]ed|migrated (?:to|into)|moved to|sorry|i mean|i meant|correction|scratch that|no wait|wait no|make that|actually|rather|oops|my mistake|should have said|meant to say|not quite|typo|i misspoke|misspoke|pardon|strike that|turns out|no no|wait)\b|^\W*no\b|^\W*nope\b"
)
_UNSURE = re.compile(
    r"\b(?:dunno|don't know|not sure|no idea|unsure|can't tell|cannot tell|can't say|cannot say|unclear|nobody knows|(?:do|does|did) not know|doesn't know|"
    r"don't remember|nobody remembers|have to ask|haven't checked|have not checked|i forgot|not told (?:me|us)|(?:hasn't|didn't) (?:say|said|tell|told)|unaware|"
    r"nobody (?:has |have )?(?:said|told|wrote)|not know|nor whether|no clue|not certain|not documented)\b"
)
_MAYBE = {("might", "be"), ("may", "be"), ("might", "have"), ("may", "have")}
_EITHER = {("may", "or"), ("might", "or")}
"""Before a fact in a statement: it is not known ("someone said it might be switched off")."""
_STOPS = frozenset({".", "?", "!", ";", "\n"})
_WITHIN = 8
_TWO = 2
_BESIDE = 3
"""Words between a bounding word and what it bounds, at most."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What must all be said for a decision to be meant."""

    tags: frozenset[str]
    """Dimensions, and values as "dimension=value"."""
    phrases: tuple[tuple[tuple[str, ...], ...], ...]
    firsts: frozenset[str]
    """The phrases' first words: most patterns are passed over by these alone, a fifth of the time of an answer before."""


class Reader:
    """Reads questions in the words of one pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.vocabulary = Vocabulary(pack)
        self.machines = Machines(pack)
        self.conversation = Conversation(pack, self.vocabulary)
        self._reads = [
            (d, [_pattern(p) for p in d.read], [_pattern(p) for p in d.unless]) for d in pack.decisions.values()
        ]
        self._nouns = sorted(
            ((parts_of(noun), d.name) for d in pack.dimensions.values() for noun in d.nouns),
            key=lambda n: -sum(len(p) for p in n[0]),
        )

    def read(self, question: str, after: Context | None = None) -> Reading:
        """What the question says; `after` lends the facts of the previous turn to a follow-up."""
        text = clean(question)
        choices = self._choices(text)
        stem = text[: choices[0][2]].strip() if choices else text
        if choices and not stem and not after:
            stem = text
        words = self.vocabulary.words(stem or text)
        found = self.vocabulary.find(words)
        if after and starts_over(" ".join(texts(words))):
            after = None
        fresh = self._fresh(question, words, found)
        if after and fresh.decision in {None, self.pack.main}:
            fresh = self._with_carried(fresh, after)
        if choices and len(choices) > 1:
            options = tuple((label, body) for label, body, _ in choices)
            if after and not stem:
                old = after.reading
                facts = merge(old.scenarios[0].facts, fresh.scenarios[0].facts)
                fresh, stem = (
                    replace(fresh, decision=fresh.decision or old.decision, scenarios=(Scenario(facts),)),
                    old.topic,
                )
            return replace(fresh, kind="choice", choices=options, stem=stem, denied=wants_the_wrong_one(stem))
        return self.conversation.carry(fresh, words, after) if after else fresh

    def _with_carried(self, fresh: Reading, after: Context) -> Reading:
        """The decision that a follow-up names by its own words together with values said before ("Is it recommended?")."""
        decision, why = self._decide(fresh.focus, [*fresh.mentions, *after.reading.mentions])
        named = decision and decision.id != self.pack.main and any(not cue.startswith("@") for cue in why)
        return replace(fresh, decision=decision.id, cues=(*why, *fresh.cues)) if decision and named else fresh

    def options(self, reading: Reading) -> list[Reading]:
        """Each option of a multiple-choice question read together with its stem."""
        found = []
        for _, body in reading.choices:
            words = self.vocabulary.words(clean(body))
            option = self._fresh(body, words, self.vocabulary.find(words))
            scenario = merge(reading.scenarios[0].facts, option.scenarios[0].facts)
            alone = self._fresh(f"{reading.stem} {body}", words, self.vocabulary.find(words))
            found.append(
                replace(
                    option,
                    decision=reading.decision or option.decision,
                    scenarios=(Scenario(scenario),),
                    outcome=option.outcome or alone.outcome,
                )
            )
        return found

    def words(self, text: str) -> list[str]:
        """The repaired words of a text."""
        return texts(self.vocabulary.words(clean(text)))

    def _choices(self, text: str) -> list[tuple[str, str, int]]:
        """The options of a multiple-choice question; a list of machines is none."""
        choices = options_of(text)

        def machine(body: str) -> bool:
            words = self.vocabulary.words(body)
            said = {f.entry.name for f in self.vocabulary.find(words) if f.entry.kind == "value"}
            return (
                sum(self.pack.dimensions[n].kind == "fact" and not self.pack.dimensions[n].reads for n in said) >= _TWO
            )

        return [] if choices and all(machine(body) for _, body, _ in choices) else choices

    # ---- one turn by itself

    def _fresh(self, question: str, words: Sequence[Word], found: Sequence[Found]) -> Reading:
        tokens = texts(words)
        denied, turned = negated(words, found)
        mentions = [
            mention(f, is_negated=n in denied) for n, f in enumerate(found) if f.entry.kind in {"value", "denied"}
        ]
        mentions = _outright(self._corrected(tokens, _known(tokens, _outermost(mentions))))
        first, last = focus_of(tokens)
        focus = tokens[first:last]
        inside = [m for m in mentions if first <= m.start < last]
        decision, why = self._decide(focus, inside)
        if decision is None or decision.id == self.pack.main:
            wide, reason = self._decide(focus, mentions)
            decision, why = (wide, reason) if wide else (decision, why)
        if decision is None or (decision.id == self.pack.main and len(focus) < len(tokens)):
            wide, reason = self._decide(tokens, mentions)
            if decision is None or (wide and wide.kind == "capability" and len(inside) < _TWO):
                decision, why = wide, reason
        asked = self._asked(focus) or (self._asked(tokens) if len(focus) <= SHORT else None)
        kind, cues, explicit = kind_of(" ".join(focus), focus, inside or mentions, decision)
        compared = self._compared(focus, inside, kind, plain=cues[-1:] in {("statement",), ("fragment",)})
        if compared:
            listed = len(compared) > 1 + _TWO and cues[-1:] in {("statement",), ("fragment",)}
            asked, kind = compared[0], "compare" if kind == "compare" or listed else "which"
        heard = [
            f
            for n, f in enumerate(found)
            if f.entry.kind == "unheard" and n not in denied and not _taken_back(tokens, f)
        ]
        asking = [f for f in found if first <= f.start < last]
        silences = [f for f in asking if f.entry.kind == "silence"]
        return Reading(
            kind=kind,
            decision=decision.id if decision else None,
            scenarios=self.machines.scenarios(tokens, mentions, set(compared[:1])),
            asked=asked or (decision.asks or None if decision and kind == "which" else None),
            outcome=outcome_of(decision, inside, tokens) or outcome_of(decision, mentions, tokens),
            negative=_denies(kind, focus, {n - first for n in (*turned, *_named(found))}),
            only=self._only(focus, first, inside),
            every=self._every(focus, inside),
            compared=tuple(compared[1:]),
            unheard=tuple(dict.fromkeys([*(f.phrase for f in heard), *_rivals(self.pack, asking, mentions)])),
            silence=max(silences, key=lambda f: f.end - f.start).entry.name if silences else None,
            off_topic=self._off_topic(found, mentions, kind) and all(c.startswith("@") for c in why),
            foreign=_foreign(self.pack, asking, mentions),
            cues=(*why, *cues),
            mentions=tuple(mentions),
            topic=_mended(clean(question), words[first:last]).strip() if words else "",
            focus=tuple(focus),
            explicit=explicit,
        )

    def _off_topic(self, found: Sequence[Found], mentions: Sequence[Mention], kind: Kind) -> bool:
        """No word of the subject, and of the machine at most what anybody might mention ("the history of Linux")."""
        if not self.pack.scope or any(f.entry.kind in {"name", "scope", "silence"} for f in found):
            return False
        said = {m.dimension for m in mentions}
        return (
            len(said) < _TWO and all(self.pack.dimensions[n].everyday for n in said) and (kind == "explain" or not said)
        )

    def _corrected(self, tokens: Sequence[str], mentions: list[Mention]) -> list[Mention]:
        """Drop what the user takes back in the same breath ("on-prem Linux, sorry, Windows")."""
        line, ends, place = " ".join(tokens), [], 0
        for token in tokens:
            ends.append(place)
            place += len(token) + 1
        cues = [
            m.start() for m in _CORRECT.finditer(line) if m.start() > 0 and not line[: m.start()].strip().endswith("?")
        ]
        starts = {m.start for m in mentions if m.start and tokens[m.start - 1] == "from"}
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
            left = one.start > 0 and tokens[one.start - 1] == "from" and any(_other_value(m, one) for m in mentions)
            if not later and not left:
                kept.append(one)
        return kept

    def _decide(self, tokens: Sequence[str], mentions: Sequence[Mention]) -> tuple[Decision | None, tuple[str, ...]]:
        """The first decision one of whose patterns is wholly present."""
        said = {m.dimension for m in mentions} | {f"{m.dimension}={v}" for m in mentions for v in m.values}
        heard = set(tokens)

        def present(pattern: Pattern) -> bool:
            close = pattern.firsts <= heard and pattern.tags <= said
            return close and all(self.vocabulary.has(tokens, phrase) for phrase in pattern.phrases)

        for decision, reads, unless in self._reads:
            hit = next((i for i, pattern in enumerate(reads) if present(pattern)), None)
            if hit is not None and not any(present(pattern) for pattern in unless):
                return decision, decision.read[hit]
        return None, ()

    def _only(self, focus: Sequence[str], first: int, mentions: Sequence[Mention]) -> str | None:
        """The dimension that a bounding word closes: "Windows only", "only virtual machines", "MABS and nobody else".

        "Only" beside something that the user may choose says what is wanted ("only files"), and closes nothing.
        """
        for n in closings(focus):
            for m in mentions:
                beside = 0 <= first + n - m.end <= 1 or 0 < m.start - first - n <= _BESIDE
                if beside and self.pack.dimensions[m.dimension].kind == "fact":
                    return m.dimension
        chosen = [m.dimension for m in mentions if self.pack.dimensions[m.dimension].kind == "choice"]
        return chosen[0] if chosen and closes(focus) else None

    def _every(self, focus: Sequence[str], mentions: Sequence[Mention]) -> str | None:
        """The choice all of whose values a sentence speaks of: "all tools", "every restore option"."""
        said, whole = {m.dimension for m in mentions}, {"all", "every", "each"}
        if whole.isdisjoint(focus):
            return None
        for parts, name in self._nouns:
            if self.pack.dimensions[name].kind == "choice" and name not in said:
                for n, token in enumerate(focus):
                    if token in whole and self.vocabulary.has(focus[n + 1 : n + 2 + len(parts[0])], parts):
                        return name
        return None

    def _asked(self, tokens: Sequence[str]) -> str | None:
        """The dimension that a which-question names ("which agent", "what level")."""
        line, heard = " ".join(tokens), set(tokens)
        for parts, dimension in self._nouns:
            if parts[0][0] not in heard:
                continue
            for i, token in enumerate(tokens):
                if token == parts[0][0] and self.vocabulary.has(tokens[i : i + 6], parts):
                    before = " ".join(tokens[max(0, i - 4) : i])
                    direct = parts[0][0] in {"what", "which", "where", "how"}
                    if (
                        direct
                        or re.search(r"\b(?:which|what|list|name|many|the|best|right|a|an|other|every|all)\b", before)
                        or line.endswith("?")
                    ):
                        return dimension
        return None

    def _compared(
        self, tokens: Sequence[str], mentions: Sequence[Mention], kind: Kind, *, plain: bool
    ) -> tuple[str, ...]:
        """(dimension, value, value ...) when values of one choice are set against each other."""
        for dimension in dict.fromkeys(m.dimension for m in mentions):
            if self.pack.dimensions[dimension].kind == "fact":
                continue
            said = [m for m in mentions if m.dimension == dimension and not m.negated]
            values = tuple(dict.fromkeys(v for m in said for v in m.values if kind == "compare" or len(m.values) == 1))
            if len(values) < _TWO:
                continue
            between = [tokens[a.end : b.start] for a, b in pairwise(said) if a.values != b.values]
            either = any("or" in gap and len(gap) <= 4 for gap in between)
            if plain and len(values) > _TWO:
                return (dimension, *values)
            if kind == "compare" or (
                either and (kind == "which" or (tokens[0] not in AUX and (kind != "claim" or plain)))
            ):
                return (dimension, *values)
        return ()


def _named(found: Sequence[Found]) -> Iterator[int]:
    """The tokens that name something."""
    return (n for f in found if f.entry.kind != "silence" for n in range(f.start, f.end))


def _denies(kind: Kind, focus: Sequence[str], spoken: Collection[int]) -> bool:
    """Whether a statement is turned round by words that neither facts nor names take up, or a question asks if something is out."""
    if asks_duty(focus) and kind != "claim":
        return excluded(focus)
    if kind in {"claim", "capability"}:
        return len([n for n in denials(focus) if n not in spoken]) % 2 == 1
    return denies(" ".join(focus))


def _other_value(one: Mention, other: Mention) -> bool:
    return one.dimension == other.dimension and not one.negated and not set(one.values) & set(other.values)


def _pattern(elements: Sequence[str]) -> Pattern:
    phrases = tuple(parts_of(e) for e in elements if not e.startswith("@"))
    tags = frozenset(e[1:] for e in elements if e.startswith("@"))
    return Pattern(tags, phrases, frozenset(p[0][0] for p in phrases))


def _known(tokens: Sequence[str], mentions: list[Mention]) -> list[Mention]:
    """Without what the user asks for or says not to know ("which extension", "dunno if it's encrypted", "encrypted or not")."""
    line = " ".join(tokens)
    unsure = bool(_UNSURE.search(line))

    def doubtful(one: Mention) -> bool:
        after = list(tokens[one.end : one.end + 2])
        first = max((n + 1 for n in range(one.start) if tokens[n] in _STOPS), default=0)
        before = tokens[first : one.start]
        if after == ["or", "not"] or (one.end - one.start == 1 and before[-1:] and before[-1] in {"which", "what"}):
            return True
        if (after[:1] != ["or"] and _MAYBE & set(pairwise(before[-_BESIDE:]))) or _EITHER & set(pairwise(before)):
            return True
        return unsure and ("whether" in before or "if" in before[-_WITHIN:] or before[-1:] == ["what"])

    return [m for m in mentions if not doubtful(m)]


def _outright(mentions: list[Mention]) -> list[Mention]:
    """Hints give way to what is said outright, and to each other ("VSS or the scripts fail")."""
    said = {m.dimension for m in mentions if not m.soft}
    hints: dict[str, set[tuple[str, ...]]] = {}
    for one in mentions:
        if one.soft:
            hints.setdefault(one.dimension, set()).add(one.values)
    return [m for m in mentions if not m.soft or (m.dimension not in said and len(hints[m.dimension]) == 1)]


def _mended(text: str, words: Sequence[Word]) -> str:
    """The text from the first to the last of these words, misspelled ones as they were understood."""
    pieces, place = [], words[0].start if words else 0
    for word in words:
        pieces += [text[place : word.start], word.text if word.written else text[word.start : word.end]]
        place = word.end
    return "".join(pieces)


def _outermost(mentions: list[Mention]) -> list[Mention]:
    """Without a denial that is part of something longer that is told: "MARS was never installed there" rules out no tool."""
    spans = [(m.start, m.end, m.dimension) for m in mentions]
    return [
        m
        for m in mentions
        if not m.negated or not any(a <= m.start and m.end < b and name != m.dimension for a, b, name in spans)
    ]


def _taken_back(tokens: Sequence[str], found: Found) -> bool:
    """Whether an unheard word is corrected at once: "in AWS, sorry, in Azure"."""
    return bool(_CORRECT.search(" ".join(tokens[found.end : found.end + 4])))


def _rivals(pack: Pack, found: Sequence[Found], mentions: Sequence[Mention]) -> list[str]:
    """Other products that are set beside ours."""
    return [] if _foreign(pack, found, mentions) else [f.phrase for f in found if f.entry.kind == "other"]


def said_by(reading: Reading) -> set[str]:
    """The dimensions that a question mentions, and their values as "dimension=value"."""
    return {m.dimension for m in reading.mentions} | {f"{m.dimension}={v}" for m in reading.mentions for v in m.values}


def _foreign(pack: Pack, found: Sequence[Found], mentions: Sequence[Mention]) -> bool:
    """Another product is named, and nothing of ours that somebody could choose."""
    chosen = any(pack.dimensions[m.dimension].kind == "choice" for m in mentions)
    ours = chosen or any(f.entry.kind == "name" and pack.title.lower() in f.phrase for f in found)
    return any(f.entry.kind == "other" for f in found) and not ours
