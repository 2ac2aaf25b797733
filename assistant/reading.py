"""A question in, a Reading out: what is asked, of which machines, and what it carries on from.

No model and no guess: the same words, the same reading. Grammar, machines and conversation have rooms of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from assistant.conversation import Context, Conversation, merge, starts_over
from assistant.deciding import Deciding
from assistant.denial import asks_of_only, closes, closings, denials, excluded
from assistant.doubts import Doubts
from assistant.grammar import (
    AUX,
    SHORT,
    WH,
    asks_act,
    asks_duty,
    denies,
    focus_of,
    in_general,
    kind_of,
    of_one_made,
    outcome_of,
    points_at,
    sentence_spans,
)
from assistant.items import items_of
from assistant.labels import asked_about, named_by
from assistant.lettered import options_of, reason, wants_the_wrong_one
from assistant.lexicon import words as lexicon_words
from assistant.machines import Machines
from assistant.mentions import alternative, corrected, elliptical, one_denied, outermost, outright, taken_back
from assistant.negation import negated
from assistant.pack import Pack
from assistant.rules import Decision
from assistant.several import goes_on, questions_of
from assistant.stems import stems
from assistant.types import Kind, Mention, Reading, Scenario
from assistant.vocabulary import PUNCTUATION, Found, Vocabulary, Word, clean, mention, parts_of, texts

_QUOTED = re.compile(r"[\"“”][^\"“”]+[\"“”]|(?<!\w)['‘][^\n]+?['’](?!\w)")
_MACHINES = ("vm", "server", "machine", "box", "host")
"""Words whose letter names a machine ("VM A: Windows"), and no option."""
_STOPS = frozenset({".", "?", "!", ";", "\n"})
_TWO = 2
_BESIDE = 3
"""Words between a bounding word and what it bounds, at most."""


_POLLED = re.compile(
    r"^(\W*(?:true or false|right or wrong|correct or not|yes or no|true|judge this))\?\s+(?=\w)", re.IGNORECASE
)
"""Asks for a verdict on the statement that follows."""
_WHAT_IS_SAID = re.compile(
    r"\bis what (?:i|we|he|she|they|you) (?:have |had |was |were |been |just |'ve )*(?:learned|learnt|heard|read|told|said|say|says|wrote|written|understood|noted|remember|claims?|claimed)\b(?= (?:\w+ )?(?:true|right|correct|accurate|so)\b)",
    re.IGNORECASE,
)
"""Names what was said before: "Is what I learned true?"."""


class Reader:
    """Reads questions in the words of one pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.vocabulary = Vocabulary(pack)
        self.machines = Machines(pack, self.vocabulary.strange)
        self.doubts = Doubts(pack, self.vocabulary)
        self.conversation = Conversation(pack, self.vocabulary)
        self.deciding = Deciding(pack, self.vocabulary)
        self._alone = [
            (d.name, v.name, tuple(phrase.split()))
            for d in pack.dimensions.values() for v in d.values for phrase in v.alone
            if d.kind == "fact"
        ]  # fmt: skip
        self._weak = frozenset(s.id for s in pack.silences if s.weak)
        self._acts = [(s.id, frozenset(stems(s.acts))) for s in pack.silences if s.acts]
        self._nouns = sorted(
            ((parts_of(noun), d.name) for d in pack.dimensions.values() for noun in d.nouns),
            key=lambda n: -sum(len(p) for p in n[0]),
        )

    def read(self, question: str, after: Context | None = None) -> Reading:
        """What the question says; `after` lends the facts of the previous turn to a follow-up."""
        text = _WHAT_IS_SAID.sub("is that", _POLLED.sub(r"\1: ", clean(question)))
        alone = self.conversation.resolved(text, after) if after else None
        whole = self._of_subject(alone, after) if alone and after else None
        if whole:
            return whole
        text = self.conversation.spelled_out(text, after.reading) if after else text
        told, asked = questions_of(text)
        if asked:
            return self._several(told, asked, after)
        items, rest = items_of(text)
        if items:
            words = self.vocabulary.words(rest)
            whole = self._fresh(rest, words, self.vocabulary.find(words))
            return replace(whole, kind="plan", decision=None, choices=tuple(items), stem=rest, topic=text)
        choices = self._choices(text)
        stem = text[: choices[0][2]].strip() if choices else text
        if choices and not stem and not after:
            stem = text
        words = self.vocabulary.words(stem or text)
        found = self.vocabulary.find(words)
        if after and starts_over(" ".join(texts(words))):
            after = None
        if after:
            before = texts(self.vocabulary.words(after.reading.topic))
            named = [f for f in self.vocabulary.apart(before, texts(words)) if f not in found]
            found = sorted([*found, *named], key=lambda f: (f.start, -f.end))
        fresh = self._fresh(text, words, found)
        if after and self._blocked(fresh, after.reading):
            fresh = replace(fresh, decision=None)
        if after and fresh.explicit and fresh.decision in {None, self.pack.main}:
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
        return self._still(self.conversation.carry(fresh, words, after), fresh, after.reading) if after else fresh

    def _several(self, told: str, asked: Sequence[str], after: Context | None) -> Reading:
        """Several questions, each read with what is told first, or as a follow-up of the one before."""
        read: list[tuple[str, Reading]] = []
        for question in asked:
            linked = bool(read) and goes_on(question)
            text, context = (question, Context(read[-1][1], None)) if linked else (f"{told} {question}".strip(), after)
            read.append((text, self.read(text, context)))
        return replace(read[-1][1], kind="several", decision=None, questions=tuple(read))

    def _of_subject(self, text: str, after: Context) -> Reading | None:
        """A follow-up whose subject is named in full, read by itself with the facts told before; None where it asks of nothing else."""
        fresh = self.read(text)
        if fresh.decision == self.pack.main and len(fresh.mentions) < _TWO:
            return None
        scenarios = tuple(replace(s, facts=merge(after.reading.scenarios[0].facts, s.facts)) for s in fresh.scenarios)
        return replace(fresh, scenarios=scenarios)

    def _blocked(self, fresh: Reading, old: Reading) -> bool:
        """Whether what was said before rules out the decision of a follow-up that leaves it unsaid: files are wanted, not any backup."""
        decision = self.pack.decisions.get(fresh.decision or "")
        told = max((n for n, t in enumerate(fresh.focus, 1) if t == "."), default=0)
        long = len(fresh.focus) - told > _TWO * SHORT
        if decision is None or long or decision.id == self.pack.main or old.decision in {None, decision.id}:
            return False
        return self.deciding.ruled_out(decision, set(old.scenarios[0].facts))

    def _still(self, carried: Reading, fresh: Reading, old: Reading) -> Reading:
        """With another decision where what a follow-up adds rules out the one before: "Can it be restored? // Single files?"."""
        decision = self.pack.decisions.get(carried.decision or "")
        said = {m.dimension for m in fresh.mentions} - set(old.scenarios[0].facts)
        if decision is None or decision.id != old.decision or not self.deciding.ruled_out(decision, said):
            return carried
        other, why = self.deciding.decide(self.words(carried.topic), [*old.mentions, *fresh.mentions])
        return replace(carried, decision=other.id, cues=why) if other else carried

    def _with_carried(self, fresh: Reading, after: Context) -> Reading:
        """The decision that a follow-up names by its own words together with values said before ("Is it recommended?", "Does it do Linux?")."""
        decision, why = self.deciding.decide(fresh.focus, [*fresh.mentions, *after.reading.mentions])
        named = decision and decision.id != self.pack.main and any(not cue.startswith("@") for cue in why)
        short = len(fresh.focus) <= _TWO * SHORT
        asks = decision and fresh.decision is None and fresh.mentions and short and asks_duty(fresh.focus)
        return replace(fresh, decision=decision.id, cues=(*why, *fresh.cues)) if decision and (named or asks) else fresh

    def options(self, reading: Reading) -> list[Reading]:
        """Each option of a multiple-choice question read together with its stem."""
        found = []
        for body in (reason(text) for _, text in reading.choices):
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

        def machine(place: int) -> bool:
            return text[:place].rstrip(" ([").lower().endswith(_MACHINES)

        return [] if choices and all(machine(place) for _, _, place in choices) else choices

    # ---- one turn by itself

    def _fresh(self, question: str, words: Sequence[Word], found: Sequence[Found]) -> Reading:
        tokens = texts(words)
        denied, turned = negated(words, found)
        mentions = [
            mention(f, is_negated=n in denied) for n, f in enumerate(found) if f.entry.kind in {"value", "denied"}
        ]
        mentions = one_denied(self.pack, mentions)
        mentions = elliptical(self.pack, tokens, [*mentions, *self._listed(tokens, mentions)])
        mentions = outright(corrected(tokens, self.doubts.settle(tokens, outermost(mentions))))
        other = alternative(tokens)
        mentions = [m for m in mentions if m.start not in other]
        text = clean(question)
        judged = _certified(tokens) or self._judged(text, words, found)
        first, last = judged or focus_of(tokens)
        focus = tokens[first:last]
        inside = [m for m in mentions if first <= m.start < last]
        decision, why = self.deciding.decide(focus, inside)
        if decision is None or decision.id == self.pack.main:
            wide, reason = self.deciding.decide(focus, mentions)
            decision, why = (wide, reason) if wide else (decision, why)
        general = in_general(focus, {n - first for m in inside for n in range(m.start, m.end)})
        plain = general and asks_duty(focus) and (decision is None or decision.id == self.pack.main)
        if plain and self.deciding.main_of_facts(inside):
            decision = self.deciding.main_of_facts(inside)
        elif decision is None or (decision.id == self.pack.main and len(focus) < len(tokens)):
            wide, reason = self.deciding.decide(tokens, mentions)
            if decision is None or (wide and wide.kind == "capability" and len(inside) < _TWO):
                decision, why = wide, reason
        main = decision is not None and decision.id == self.pack.main
        tools = [m.end - first for m in inside if decision and m.dimension == decision.asks]
        if main and all(cue.startswith("@") for cue in why) and _handled(focus, tools):
            decision, why = None, ()
        if decision and decision.kind == "capability" and not lexicon_words("superlative").isdisjoint(focus):
            decision, why = None, ()
        asked = self._asked(focus) or (self._asked(tokens) if len(focus) <= SHORT else None)
        value = decision is not None and decision.kind == "value"
        put = focus if value else [t for n, t in enumerate(focus, first) if n not in other]
        kind, cues, explicit = (
            ("claim", ("judged",), True) if judged else kind_of(" ".join(put), put, inside or mentions, decision)
        )
        if self._asks_value(focus, inside, first, decision, kind, polar=asks_duty(focus)):
            kind, cues, explicit = "value", (*cues, "noun"), True
        if decision is None and kind == "which" and "how many" not in cues and self.deciding.wants_main(asked, inside):
            decision = self.pack.decisions[self.pack.main]
        if decision is None and explicit and kind in {"which", "capability"} and general:
            decision = self.deciding.main_of_facts(inside)
        compared = self._compared(focus, inside, kind, plain=cues[-1:] in {("statement",), ("fragment",)})
        if compared:
            listed = len(compared) > 1 + _TWO and cues[-1:] in {("statement",), ("fragment",)}
            asked, kind = compared[0], "compare" if kind == "compare" or listed else "which"
        heard = [
            f
            for n, f in enumerate(found)
            if f.entry.kind == "unheard" and n not in denied and not taken_back(tokens, f)
        ]
        asking = [f for f in found if first <= f.start < last]
        subjects = self._subjects(tokens, asking)
        if decision and decision.kind == "capability":
            subjects |= {n: 1 for n, acts in self._acts if asks_act(focus, acts)}
        if judged and inside:
            subjects = {n: size for n, size in subjects.items() if n in self._weak}
        scenarios = self.machines.scenarios(tokens, mentions, set(compared[:1]))
        made = [decision.asks] if decision and decision.asks and of_one_made(focus) else []
        return Reading(
            kind=kind,
            decision=decision.id if decision else None,
            scenarios=scenarios,
            about=asked_about(tokens, [s.label for s in scenarios], named_by(mentions)),
            asked=asked,
            outcome=outcome_of(decision, inside, tokens) or outcome_of(decision, mentions, tokens),
            negative=_denies(kind, focus, {n - first for n in (*turned, *_named(found))}),
            only=self._only(focus, first, inside),
            every=self._every(focus, inside),
            jointly=self._jointly(tokens, mentions),
            compared=tuple(compared[1:]),
            unheard=tuple(
                dict.fromkeys(
                    [*(f.phrase for f in heard), *_rivals(self.pack, asking, mentions), *self._stranger(tokens, found)]
                )
            ),
            silence=max((n for n in subjects if n not in self._weak), key=subjects.__getitem__, default=None),
            aside=max((n for n in subjects if n in self._weak), key=subjects.__getitem__, default=None),
            off_topic=self._off_topic(found, mentions, kind) and all(c.startswith("@") for c in why),
            foreign=_foreign(self.pack, asking, mentions),
            cues=(*why, *cues),
            mentions=tuple(mentions),
            doubted=tuple(dict.fromkeys([*(m.dimension for m in mentions if m.doubted), *made])),
            topic=_mended(text, words[first:last]).strip() if words else "",
            focus=tuple(focus),
            explicit=explicit,
        )

    def _judged(self, text: str, words: Sequence[Word], found: Sequence[Found]) -> tuple[int, int] | None:
        """The tokens of a statement that the rest of a message only wants judged ("Did I copy that correctly?").

        What is quoted, else the sentence before the judging one; None when that one names anything of the subject itself.
        """
        tokens = texts(words)
        named = [f.start for f in found if f.entry.kind in {"value", "denied", "name", "unheard", "other"}]
        quote = next(
            (
                range(inside[0], inside[-1] + 1)
                for hit in _QUOTED.finditer(text)
                if len(inside := [n for n, w in enumerate(words) if hit.start() < w.start and w.end < hit.end()])
                > SHORT
            ),
            None,
        )
        sentences = sentence_spans(tokens)
        asking = [s for s in sentences if tokens[s.stop - 1] == "?" and not (quote and s.stop - 1 in quote)]
        outside = [n for n in range(len(tokens)) if quote and n not in quote]
        judging = outside if quote else [*asking[-1]] if asking else []
        said = [tokens[n] for n in judging]
        put = tokens[asking[-1].start : asking[-1].stop] if asking else said
        if (
            len(asking) > 1
            or not said
            or (set(WH) - {"why"}) & set(put)
            or set(named) & set(judging)
            or self.deciding.decide(said, ())[0]
        ):
            return None
        if lexicon_words("judging").isdisjoint(said) and (asking or not quote):
            return None
        if quote:
            claims = any(n in quote for n in named) and set(WH).isdisjoint(tokens[quote.start : quote.stop])
            return (quote.start, quote.stop) if claims else None
        before = [s for s in sentences if s.stop <= judging[0]]
        told = [s for s in before if any(n in s for n in named)] or [s for s in before[-1:] if points_at(said, len(s))]
        idle = sum(len(s) for s in before if told and s.start >= told[-1].stop)
        return (told[-1].start, told[-1].stop) if told and idle <= SHORT else None

    def _stranger(self, tokens: Sequence[str], found: Sequence[Found]) -> Iterator[str]:
        """Who is to do it, where that is a name that nobody has heard of: "Can BackupExec back up …?"."""
        named = {n for f in found for n in range(f.start, f.end)}
        for sentence in sentence_spans(tokens):
            opening = next((n for n in sentence if tokens[n] in AUX), sentence.stop)
            verb = next((n for n in sentence if n > opening and tokens[n] in lexicon_words("handling")), opening)
            who = range(opening + 1, verb)
            if opening - sentence.start <= 1 and len(who) <= _BESIDE:
                yield from (tokens[n] for n in who if n not in named and self.vocabulary.strange(tokens[n]))

    def _off_topic(self, found: Sequence[Found], mentions: Sequence[Mention], kind: Kind) -> bool:
        """No word of the subject, and of the machine at most what anybody might mention ("the history of Linux")."""
        if not self.pack.scope or any(f.entry.kind in {"name", "scope", "silence"} for f in found):
            return False
        said = {m.dimension for m in mentions}
        return (
            len(said) < _TWO and all(self.pack.dimensions[n].everyday for n in said) and (kind == "explain" or not said)
        )

    def _subjects(self, tokens: Sequence[str], asking: Sequence[Found]) -> dict[str, int]:
        """The subjects on which the documents are silent among what is asked, each with the length of its words."""
        sizes: dict[str, int] = {}
        for f in asking:
            before = tokens[max(0, f.start - _BESIDE) : f.start]
            if f.entry.kind == "silence" and lexicon_words("leaving_out").isdisjoint(before):
                sizes[f.entry.name] = max(f.end - f.start, sizes.get(f.entry.name, 0))
        return sizes

    def _listed(self, tokens: Sequence[str], mentions: Sequence[Mention]) -> Iterator[Mention]:
        """Facts told as in a list: "Entire VM, Azure, Windows": a word that means a value alone, between two stops."""
        said = {m.dimension for m in mentions}
        for dimension, value, words in self._alone:
            for n in range(len(tokens) - len(words) + 1):
                end = n + len(words)
                opens = n == 0 or tokens[n - 1] in PUNCTUATION
                closes = end < len(tokens) and tokens[end] in PUNCTUATION - {"?"}
                if opens and closes and dimension not in said and tuple(tokens[n:end]) == words and mentions:
                    yield Mention(dimension, (value,), " ".join(words), n, end)

    def _only(self, focus: Sequence[str], first: int, mentions: Sequence[Mention]) -> str | None:
        """The dimension that a bounding word closes: "Windows only", "only virtual machines", "MABS and nobody else".

        "Only" beside something that the user may choose says what is wanted ("only files"), and closes nothing.
        """
        for n in closings(focus):
            if not {"when", "if", "once"}.isdisjoint(focus[n + 1 :]):
                continue  # bounds the circumstances: "Linux only gets it when there are scripts"
            opens = n == 0 or focus[n - 1] in PUNCTUATION or focus[n - 1] == "that" or asks_of_only(focus)
            named = n + 1 + (focus[n + 1 : n + 2] in (("the",), ["the"]))
            alone = next((m for m in mentions if m.start - first == named), None)
            if opens and alone and self.pack.dimensions[alone.dimension].kind == "choice":
                return alone.dimension  # "Only MABS and DPM are app-aware"
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

    def _jointly(self, tokens: Sequence[str], mentions: Sequence[Mention]) -> str | None:
        """The choice of which several values are named in one breath: "MARS and MABS", "files as well as volumes"."""
        for name in dict.fromkeys(m.dimension for m in mentions):
            said = [m for m in mentions if m.dimension == name and len(m.values) == 1 and not (m.negated or m.soft)]
            gaps = [tokens[a.end : b.start] for a, b in pairwise(said) if a.values != b.values]
            joined = any(gap[-1:] in (["and"], ["plus"], ["&"], ["as"]) or gap[-2:] == ["and", "the"] for gap in gaps)
            near = all(len(gap) <= _BESIDE and "or" not in gap for gap in gaps)
            if self.pack.dimensions[name].kind == "choice" and joined and near:
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

    def _asks_value(
        self,
        focus: Sequence[str],
        inside: Sequence[Mention],
        first: int,
        decision: Decision | None,
        kind: Kind,
        *,
        polar: bool,
    ) -> bool:
        """Whether the last sentence is but the noun of a value that is wanted: "… nobody ever wrote scripts. Level of consistency?"."""
        if decision is None or decision.kind != "value" or polar or kind not in {"claim", "explain", "capability"}:
            return False
        last = sentence_spans(focus)[-1]
        named = any(m.dimension == decision.outcome and m.start - first in last for m in inside)
        short = last.stop - last.start <= SHORT
        return (
            short and focus[-1] == "?" and not named and self._asked(focus[last.start : last.stop]) == decision.outcome
        )

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


def _certified(tokens: Sequence[str]) -> tuple[int, int] | None:
    """The tokens of a statement of which is asked whether it may be made: "Can I certify that …?"."""
    for sentence in sentence_spans(tokens):
        said = tokens[sentence.start : sentence.start + SHORT * _TWO]
        if (
            said[:1]
            and said[0] in {"can", "may", "could", "should"}
            and said[1:2] in (["i"], ["we"])
            and "that" in said
        ):
            place = sentence.start + said.index("that")
            if (
                not lexicon_words("certifying").isdisjoint(tokens[sentence.start + 2 : place])
                and place + SHORT < sentence.stop
            ):
                return place + 1, sentence.stop
    return None


def _named(found: Sequence[Found]) -> Iterator[int]:
    """The tokens that name something."""
    return (n for f in found if f.entry.kind != "silence" for n in range(f.start, f.end))


def _denies(kind: Kind, focus: Sequence[str], spoken: Collection[int]) -> bool:
    """Whether a statement is turned round by words that neither facts nor names take up, or a question asks if something is out."""
    if asks_duty(focus) and kind != "claim":
        return excluded(focus)
    if kind in {"claim", "capability"}:
        answers = {0} if focus[1:2] and focus[1] in PUNCTUATION else set()  # "No, I meant a VM"
        return len([n for n in denials(focus) if n not in spoken and n not in answers]) % 2 == 1
    return denies(" ".join(focus)) or (kind == "which" and _asks_which_not(focus, spoken))


def _asks_which_not(focus: Sequence[str], spoken: Collection[int]) -> bool:
    """Whether what is out is asked for: "Which of the tools does NOT send anything to the vault?"."""
    opening = max((n for n, token in enumerate(focus) if token in WH), default=len(focus))
    end = next((n for n in range(opening, len(focus)) if focus[n] in PUNCTUATION), len(focus))
    turning = lexicon_words("contracted") | {"not", "cannot", "never"}
    return any(opening < n < end and n not in spoken and focus[n] in turning for n in denials(focus))


def _mended(text: str, words: Sequence[Word]) -> str:
    """The text from the first to the last of these words, misspelled ones as they were understood."""
    pieces, place = [], words[0].start if words else 0
    for word in words:
        pieces += [text[place : word.start], word.text if word.written else text[word.start : word.end]]
        place = word.end
    return "".join(pieces)


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
    return any(f.entry.kind in {"other", "elsewhere"} for f in found) and not ours


def _handled(tokens: Sequence[str], ends: Iterable[int]) -> bool:
    """Whether something is done to a tool, or it needs something, and not what it does: "Does the extension get updated?"."""
    after = ([t for t in tokens[end:] if t not in lexicon_words("before_done")][:1] for end in ends)
    return any(lexicon_words("done_to_tools").issuperset(first) for first in after if first)
