"""A follow-up in, its full reading out: facts that carry, corrections that replace, topics that change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.grammar import SHORT, WHAT_IF, complete, outcome_of
from assistant.labels import asked_about, named_by
from assistant.lexicon import words as lexicon_words
from assistant.pack import Pack
from assistant.types import Facts, Mention, Reading, Scenario
from assistant.vocabulary import PUNCTUATION, Vocabulary, Word, parts_of, texts

_RESET = re.compile(
    r"^\W*(?:start over|new (?:question|topic|subject)|forget (?:that|it|all|everything|about)|reset|different (?:question|topic|subject)|something else|change of (?:topic|subject)|another (?:question|topic|thing)|unrelated|totally different|completely different|switching topics?|next (?:question|topic))\b"
)
_FOLLOW = re.compile(
    r"^\W*(?:(?:ok|okay|hm+|right|thanks|thank you|great|fine|good|cool|alright|got it|i see|ah|oh|well|hmm|sure|yes|no|perfect|understood)\W+)*"
    r"(?:and|what about|how about|what if|same|also|but|or|then|with|on|for|in|it|it's|its|they|they're|that|this|those|these|instead|plus|so|would it|does it|is it|can it|if|now|same for|let's say|say|suppose|assume|is that|does that|would that|will it|will that|are they|can they|the other|only|because|actually|sorry|wait|correction|i mean|i meant|make that|scratch|no|nope|not|we|my|our|there|both|either|neither|too|as well|them|even|still|why|why not|how so)\b"
)
_PRONOUN = re.compile(r"\b(?:it|that|this|those|these|them|they|one|ones|same|other|there|then|he|she|both|either)\b")
_POINTING = re.compile(
    r"\b(?:that|this|these|those) (?:figures?|numbers?|values?|limits?|times?|hours?|rules?|statements?)\b"
)
"""What was answered, pointed at: "Is that figure a ceiling?"."""
_SWITCH = re.compile(
    r"\b(?:different (?:question|topic|subject|thing|matter|ticket|customer|machine)|other (?:ticket|customer|question|topic|chapter|subject|matter|world)|"
    r"new (?:ticket|customer|question|topic|problem|subject|case)|another (?:question|topic|thing|subject|ticket|matter|customer)|next (?:question|slide|topic|ticket|chapter|customer)|"
    r"never ?mind(?: (?:that|it|this|about))?(?= [.,;!-]|$)|enough about|leaving \w+ aside|let's leave|unrelated|switching|change of topic|change of subject|something else|completely different|totally different|one more thing|leave that|leave it at that|park (?:it|that)|forget (?:it|that|the|about|\w+ \.)|enough (?:theory|of)|moving on|move on|new machine :|next machine|now for something|while i have you|by the way|btw|on another note|apropos)\b"
)
_UNSURE = re.compile(
    r"\b(?:don't know|not sure|no idea|dunno|can't tell|have to ask|need to check|will check|unsure|don't ask me|no clue|who knows|beats me|"
    r"(?:never|haven't|not) (?:been|seen|looked|checked|asked)|couldn't (?:say|tell)|hard to (?:say|tell)|not a clue)\b"
)
_OTHER = re.compile(
    r"\b(?:other|another)\b(?! (?:one|ones|kind|sort|type|choice|is|are|does|do|did|can|too|then|way)\b)(?P<thing> [a-z]\w*)?|"
    r"\b(?:other|another|alternatives?|what else)\b"
)
"""What has not been spoken of yet, with the thing that it is about where one is named ("the other region")."""
_INSTEAD = frozenset({"instead", "else", "otherwise", "alternatively"})
_THANKS = frozenset({"thanks", "thank", "thx", "cheers", "bye", "goodbye", "hello", "hi", "hey"})
_ORDINALS = {
    "first": 0,
    "1": 0,
    "1st": 0,
    "former": 0,
    "second": 1,
    "2": 1,
    "2nd": 1,
    "latter": 1,
    "third": 2,
    "3": 2,
    "3rd": 2,
    "fourth": 3,
    "4": 3,
    "last": -1,
}


@dataclass(frozen=True, slots=True)
class Context:
    """What the previous answer leaves behind for a follow-up."""

    reading: Reading
    asked: str | None
    """The dimension that we asked for."""
    shown: str = ""
    """The first sentence of the documents that was shown."""
    only: str = ""
    """What alone works, when it was asked which does."""


_ASIDE = re.compile(
    r"^(?:i|i'm|i've|we|we're|he|she|they|they're|my|our|the|a|an|customer|client|boss|management|somebody|someone|everybody)\b"
)
"""Opens a remark about the people around a question: "the customer's lawyer is asking"."""
_OWN = re.compile(
    r"^(?:well |ok |okay |so |, )*(?:it|they|(?:the|our|my|this|that|its|his|her|their) (?:vm|vms|machine|machines|server|servers|box|boxes|host|hosts|guest|backup|backups|disk|disks|os))\b"
)
"""Opens a statement about one's own machine, told after a question of ours."""


_SUBJECT = re.compile(
    r"\bit\b(?= (?:needs?|requires?|uses?|works? (?:with|without)|goes? (?:with|without)|depends? on|talks? to|comes? with)\b)",
    re.IGNORECASE,
)
"""What was spoken of, as the one of whom something is asked."""


_OF_IT = re.compile(
    r"^(?:(?:and|ok|okay|so|but|then|also|right|thanks|great|good|cool|hm+|ah|oh|well|cheers)\W+)*(?:[\w'-]+ ){0,3}(?:is|does|can|will|has|was|must|would|should|could|did|isn't|doesn't|can't|won't) (?P<it>it)\b"
    r"(?! (?:true|right|possible|correct|ok|okay|fine|mean|say|matter|depend|rain|snow)\b)(?! (?:\w+ )?(?:to|that|if|for|when|whether)\b)",
    re.IGNORECASE,
)
"""Asks something of what was spoken of, and not whether something is possible."""


class Conversation:
    """Carries readings of one pack from turn to turn; keeps nothing itself."""

    def __init__(self, pack: Pack, vocabulary: Vocabulary) -> None:
        self.pack = pack
        self.vocabulary = vocabulary
        self._nouns = [(parts_of(noun), d.name) for d in pack.dimensions.values() for noun in d.nouns]
        self._alone = [
            (parts_of(phrase), d.name, v.name) for d in pack.dimensions.values() for v in d.values for phrase in v.alone
        ]

    def carry(self, fresh: Reading, words: Sequence[Word], after: Context) -> Reading:
        """The reading of a follow-up: new facts over the old ones, the old question where no new one is put."""
        old, tokens = after.reading, texts(words)
        line = " ".join(tokens)
        fresh = _without_hints(self._told_alone(fresh, tokens), old.scenarios[0].facts)
        answered = self._answered(fresh, tokens, after)
        if answered is not None:
            scenarios = (Scenario(self._fitting(old.scenarios[0].facts, answered)),)
            return replace(old, scenarios=scenarios, unheard=fresh.unheard, silence=None, mentions=fresh.mentions)
        content = [t for t in tokens if t not in PUNCTUATION]
        if content and not _THANKS.isdisjoint(content) and lexicon_words("courtesies").issuperset(content):
            kind = "explain" if old.choices else old.kind
            return replace(old, kind=kind, foreign=True, topic=fresh.topic, focus=fresh.focus)  # the talk may go on
        if not fresh.mentions and _UNSURE.search(line):
            return old
        linked = _linked(tokens)
        follows = linked or len(content) <= SHORT
        refers = bool(_PRONOUN.search(line))
        if not old.explicit and not _SWITCH.search(line) and not fresh.foreign:
            return self._continue(fresh, tokens, old, line)
        if fresh.off_topic and not old.off_topic and not line.endswith("?") and _ASIDE.search(line):
            return old
        if (
            fresh.off_topic
            and not refers
            and (
                not follows
                or (fresh.explicit and complete(fresh.focus) and len(content) > (2 * SHORT if linked else SHORT))
            )
        ):
            return fresh
        if _SWITCH.search(line):
            return fresh
        if after.asked and fresh.kind == "claim" and _OWN.search(line):
            return self._continue(replace(fresh, decision=None, explicit=False), tokens, old, line)
        if _defines(tokens, fresh.mentions):
            return fresh
        whole = fresh.explicit and complete(fresh.focus) and bool(fresh.mentions)
        if whole and not follows and not refers:
            return fresh
        if not follows and not refers and fresh.explicit and len(fresh.scenarios[0].facts) > 1 and fresh.decision:
            return fresh
        if not follows and not refers and not fresh.mentions:
            return fresh
        return self._continue(fresh, tokens, old, line)

    def resolved(self, text: str, after: Context) -> str | None:
        """A follow-up to an explanation with its subject in the place of "it", so that it can be read by itself; None for others."""
        old, hit = after.reading, _OF_IT.search(text)
        explained = old.explicit and (old.kind in {"explain", "value"} or self._is_value(old.decision))
        one = old.kind == "which" and after.only
        subject = self._subject(after) if hit and (explained or one) else ("", "")
        if hit is None or not subject[0] or subject[1] in {dimension for _, dimension in self._names(text)}:
            return None
        return f"{text[: hit.start('it')]}{subject[0]}{text[hit.end('it') :]}"

    def _subject(self, after: Context) -> tuple[str, str]:
        """What was spoken of, and its dimension: the one choice that the question names, or that it asked for and got."""
        said = [m for m in after.reading.mentions if self._chosen(m.dimension) and not m.negated]
        named = list(dict.fromkeys((m.words, m.dimension) for m in said))
        if after.only or (not named and after.reading.kind == "value"):
            return next(iter(self._names(after.only or after.shown)), ("", ""))
        return named[0] if len(named) == 1 else ("", "")

    def _names(self, text: str) -> list[tuple[str, str]]:
        """The words that name choices, in order, each with its dimension."""
        found = self.vocabulary.find(self.vocabulary.words(text))
        return [(f.phrase, f.entry.name) for f in found if f.entry.kind == "value" and self._chosen(f.entry.name)]

    def _chosen(self, name: str) -> bool:
        """Whether a dimension is something to choose, and no fact of a machine."""
        return self.pack.dimensions[name].kind == "choice"

    def spelled_out(self, text: str, old: Reading) -> str:
        """A follow-up with what was spoken of in the place of "it", where it names another one too: "Does it need MARS?"."""
        subject = _SUBJECT.search(text)
        found = self.vocabulary.find(self.vocabulary.words(text)) if subject else []
        named = {f.entry.name: f.entry.values for f in found if f.entry.kind == "value"}
        for one in old.mentions:
            choice = self.pack.dimensions[one.dimension].kind == "choice" and len(one.values) == 1 and not one.negated
            if subject and choice and one.dimension in named and not set(one.values) & set(named[one.dimension]):
                return f"{text[: subject.start()]}{one.words}{text[subject.end() :]}"
        return text

    def _continue(self, fresh: Reading, tokens: Sequence[str], old: Reading, line: str) -> Reading:
        other = self._other(old, line)
        bases = (
            old.scenarios
            if len(fresh.scenarios) == 1
            else old.scenarios[:1]
            if len(old.scenarios) == 1
            else (Scenario({}),)
        )
        about = re.search(
            r"^\W*(?:and |ok |okay |so |but |then )*(?:what|how) about|^\W*(?:and|or) (?:the|a|an|if|for|on|with)\b",
            line,
        )
        supposed = WHAT_IF.search(line) and old.explicit and fresh.kind not in {"which", "value"}
        explicit = fresh.explicit and not about and not supposed
        own = fresh.decision is not None and fresh.decision != old.decision
        if (
            own
            and (explicit or self._strong(fresh))
            and not (fresh.decision == self.pack.main and old.decision and not self._strong(fresh))
        ):
            decision = fresh.decision
        else:
            decision = old.decision or fresh.decision
        told = fresh.kind == "claim" and own and decision == old.decision  # "it was backed up with the extension"
        explicit = explicit and not told
        if own and decision == fresh.decision and not explicit:
            explicit = fresh.kind != "nothing"
        kind, asked = (
            (fresh.kind, fresh.asked or (old.asked if fresh.kind == "which" else None))
            if explicit
            else (old.kind, fresh.asked or old.asked)
        )
        kind = "capability" if kind == "choice" else old.kind if kind == "nothing" else kind
        if about and kind == "explain" and fresh.mentions and decision and not self._is_value(decision):
            kind = "capability"  # "Why can't MARS do Linux? // and in Azure?"
        if kind == "explain" and fresh.mentions and fresh.decision is None and self._is_value(decision):
            kind = "value" if "why" not in tokens else kind
        instead = fresh.kind == "which" and decision and not _INSTEAD.isdisjoint(tokens)
        asked = self.pack.decisions[decision].asks or asked if decision and instead else asked
        beside = [v for m in fresh.mentions if m.dimension == old.asked for v in m.values]
        compared = (*old.compared, *beside) if kind == "compare" and old.compared and beside else ()
        open_ = {asked} if instead or (fresh.kind == "which" and fresh.asked == asked) else set()
        scenarios = tuple(
            Scenario(
                self._fitting({n: v for n, v in base.facts.items() if n not in open_}, {**s.facts, **other}),
                s.label or base.label,
            )
            for s in fresh.scenarios
            for base in bases
        )
        scenarios = tuple({str(sorted(s.facts.items())): s for s in scenarios}.values())
        short = len(tokens) <= 2 * SHORT or (bool(_POINTING.search(line)) and not fresh.mentions)
        named = outcome_of(self.pack.decisions[decision], fresh.mentions, tokens) if decision else None
        spoken = self._carried_outcome(decision, scenarios) if kind == "capability" else None
        said = {m.dimension for m in fresh.mentions}
        same = bool(said) and said <= {m.dimension for m in old.mentions} and not own and len(tokens) <= SHORT
        return replace(
            fresh,
            silence=fresh.silence or (old.silence if same else None),
            aside=fresh.aside or (old.aside if same else None),
            kind=kind,
            decision=decision,
            asked=asked,
            scenarios=scenarios,
            compared=fresh.compared or tuple(dict.fromkeys(compared)),
            about=asked_about(tokens, [s.label for s in scenarios], named_by(fresh.mentions), old.about),
            outcome=fresh.outcome
            or named
            or (old.outcome if decision == old.decision and not explicit else None)
            or spoken,
            off_topic=fresh.off_topic
            and not fresh.mentions
            and not old.mentions
            and (old.off_topic or not _linked(tokens)),
            topic=f"{self._renamed(old, fresh)} {fresh.topic}" if short else fresh.topic,
            explicit=fresh.explicit or old.explicit,
        )

    def _told_alone(self, fresh: Reading, tokens: Sequence[str]) -> Reading:
        """With what a short turn says in words that elsewhere would say too little: "Azure", "the whole"."""
        facts = dict(fresh.scenarios[0].facts)
        taken = named_by(fresh.mentions)
        free = [t if n not in taken else "" for n, t in enumerate(tokens)]
        short = len([t for t in tokens if t not in PUNCTUATION]) <= SHORT and not complete(tokens)
        told = [(n, v) for parts, n, v in self._alone if short and n not in facts and self.vocabulary.has(free, parts)]
        if not told or len(fresh.scenarios) > 1:
            return fresh
        found = tuple(Mention(n, (v,), v, 0, 0) for n, v in told)
        scenario = Scenario({**facts, **{n: (v,) for n, v in told}})
        return replace(fresh, scenarios=(scenario,), mentions=(*fresh.mentions, *found), off_topic=False)

    def _fitting(self, old: Facts, new: Facts) -> Facts:
        """New facts over old ones, without the old ones that cannot hold beside them ("no, in Azure" ends "physical")."""
        merged = merge(old, new)
        for axiom in self.pack.axioms:
            if all(n in merged and set(merged[n]) <= set(v) for n, v in axiom.never.items()):
                merged = {n: v for n, v in merged.items() if n in new or n not in axiom.never}
        return merged

    def _renamed(self, old: Reading, fresh: Reading) -> str:
        """What was searched for, with the choice that the new turn names in the place of the old one."""
        topic = old.topic
        for one in (m for m in fresh.mentions if self.pack.dimensions[m.dimension].kind != "fact"):
            said = [m for m in old.mentions if m.dimension == one.dimension and not set(m.values) & set(one.values)]
            for before in said:
                found = re.search(rf"\b{re.escape(before.words)}\b", topic, re.IGNORECASE)
                topic = f"{topic[: found.start()]}{one.words}{topic[found.end() :]}" if found else topic
        return topic

    def _carried_outcome(self, decision: str | None, scenarios: Sequence[Scenario]) -> str | None:
        """The value that "is it …?" asks about when it was named before."""
        if decision is None or not self._is_value(decision):
            return None
        values = scenarios[0].facts.get(self.pack.decisions[decision].outcome, ())
        return values[0] if len(values) == 1 else None

    def _is_value(self, decision: str | None) -> bool:
        return decision is not None and self.pack.decisions[decision].kind == "value"

    def _strong(self, reading: Reading) -> bool:
        """Whether a new turn names a decision of its own by words, and not only by facts of a machine."""
        return bool(reading.cues) and not (reading.decision == self.pack.main and reading.cues[0].startswith("@"))

    def _answered(self, fresh: Reading, tokens: Sequence[str], after: Context) -> Facts | None:
        """The facts, when this turn answers the question that we asked."""
        if not after.asked:
            return None
        dimension = self.pack.dimensions[after.asked]
        source = dimension.reads or dimension.name
        content = [t for t in tokens if t not in PUNCTUATION]
        facts = _joined(fresh.scenarios)
        if source in facts and len(content) <= 3 * SHORT and not complete(tokens):
            return facts
        if facts and "?" not in tokens and _UNSURE.search(" ".join(tokens)):
            return facts
        if len(content) > SHORT:
            return None
        for token in content:
            if (
                token in _ORDINALS
                and _ORDINALS[token] < len(dimension.names)
                and ("the" in content or len(content) == 1)
            ):
                return {source: (dimension.names[_ORDINALS[token]],)}
        if (
            content
            and content[0] in {"yes", "yep", "yeah", "yup", "no", "nope", "nah"}
            and len(dimension.names) == 2
            and not facts
        ):
            first, second = dimension.names
            return {source: (first if content[0].startswith("y") else second,)} if _polar(dimension.ask) else None
        return None

    def _other(self, old: Reading, line: str) -> Facts:
        """The values not yet spoken of, for "and the other one?" or "which other tool?"."""
        hit = _OTHER.search(line)
        if not hit:
            return {}
        for mentioned in reversed(old.mentions):
            dimension = self.pack.dimensions[mentioned.dimension]
            rest = tuple(v for v in dimension.names if v not in mentioned.values)
            named = any(
                self.vocabulary.has(line.split(), parts) for parts, name in self._nouns if name == dimension.name
            )
            if dimension.kind != "fact" and rest and (named or (len(rest) == 1 and not hit["thing"])):
                return {dimension.name: rest}
        return {}


def _polar(ask: str) -> bool:
    return ask.split(" ", maxsplit=1)[0] in {"Is", "Does", "Do", "Are", "Has"} and " or " not in ask


def _without_hints(fresh: Reading, known: Facts) -> Reading:
    """Without what words only hint at that tell something else outright: "with MARS on it" of a DPM server names no tool."""
    outright = {(m.start, m.end) for m in fresh.mentions if not m.soft}
    hints = {m.dimension for m in fresh.mentions if m.soft and (m.start, m.end) in outright} & set(known)
    if not hints:
        return fresh
    scenarios = tuple(replace(s, facts={n: v for n, v in s.facts.items() if n not in hints}) for s in fresh.scenarios)
    return replace(fresh, scenarios=scenarios, mentions=tuple(m for m in fresh.mentions if m.dimension not in hints))


def _defines(tokens: Sequence[str], mentions: Sequence[Mention]) -> bool:
    """Whether only what something is, is asked: "ok, and what is GRS?" leaves what was spoken of."""
    rest = {t for n, t in enumerate(tokens) if n not in named_by(mentions) and t not in PUNCTUATION}
    asks = not rest.isdisjoint({"what", "what's", "whats", "define"})
    return asks and bool(mentions) and lexicon_words("defining").issuperset(rest)


def _linked(tokens: Sequence[str]) -> bool:
    """Whether a turn goes on by its own words: "and …", "so …", "… too?"."""
    said = [t for t in tokens if t not in PUNCTUATION]
    return bool(_FOLLOW.search(" ".join(tokens))) or said[-1:] == ["too"] or said[-2:] == ["as", "well"]


def _joined(scenarios: Sequence[Scenario]) -> Facts:
    """What is said of several machines together: "some are virtual, some are physical" leaves both open."""
    facts: dict[str, tuple[str, ...]] = {}
    for scenario in scenarios:
        for name, values in scenario.facts.items():
            facts[name] = tuple(dict.fromkeys((*facts.get(name, ()), *values)))
    return facts


def merge(old: Facts, new: Facts) -> Facts:
    """New facts over old ones."""
    return {**old, **new}


def starts_over(line: str) -> bool:
    """Whether a turn drops all that was said before."""
    return bool(_RESET.search(line))
