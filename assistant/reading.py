"""A question in, a Reading out: what is asked, of which machines, and what it carries on from.

English grammar lives here, words of the subject in the pack. No model and no guess: the same words, the same reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.pack import Pack
from assistant.rules import Decision
from assistant.types import Facts, Kind, Mention, Reading, Scenario
from assistant.vocabulary import PUNCTUATION, Found, Vocabulary, Word, clean, mention, negated, parts_of, texts

_WH = ("what", "what's", "why", "how", "when", "where", "where's", "who", "who's", "whose", "which", "whats", "whom")
_AUX = frozenset(
    "can could is are does do did will would may might should shall must has have was were isn't aren't doesn't don't can't "
    "couldn't won't wouldn't shouldn't am be".split()
)
_EXPLAIN = re.compile(
    r"^(?:(?:please|ok|okay|so|and|but|hi|hello|hey|well|also|then|now|just|quick question|question)\W+)*(?:can you |could you |would you |will you |please )?"
    r"(?:explain|describe|tell me|define|list|name|give me|show me|walk me|remind me|summari[sz]e|outline|enumerate|i want to know|i'd like to know|i need to know|i wonder)\b"
)
_CLAIM = re.compile(
    r"\b(?:right|correct|true|yes|agreed|isn't it|doesn't it|don't they|can't it|aren't they|no) ?\?|true or false|is it true|"
    r"is that (?:right|correct|true)|\bconfirm\b|check this|check that|fact check|is this (?:right|correct|true)|"
    r"(?:says|said|claims|claimed|insists|insisted|swears|swore|told|thinks|believes|argues|read|heard|states|stated|reckons) (?:me |us |that |the |somewhere |it )*|"
    r"yes or no|am i right|sanity check|\bverify\b|i assume|i thought|i think|so basically|surely"
)
_CAPABLE = re.compile(
    r"\b(?:supported|possible|allowed|feasible|permitted|doable|support|supports|works?|working|capable|able to|available|ok|okay|fine|"
    r"will do|would do|good enough|sufficient|enough|eligible|covered|an option|qualif(?:y|ies))\b"
)
_WHAT_IF = re.compile(r"\bwhat if\b|\bwhat happens (?:if|when)\b|\bwhat would happen\b|\bsuppose\b|\bsupposing\b|\bimagine\b|\bif it (?:were|was)\b")
_COMPARE = re.compile(r"\b(?:vs|versus|difference|differences|differ|differs|compare|compared|comparison|better than|distinguish|distinction|or rather|diff between)\b")
_WHICH = re.compile(
    r"\b(?:which|what)\b|\b(?:list|name) (?:all |the |every )|\bhow many\b|\bwhat's the\b|\brecommend|\bsuggest|\badvise|(?:^|[.!?;,:] )(?:\w+ )?(?:tool|agent|option|product) ?\?|"
    r"\bhow (?:can|do|should|would|could|to|must|might|shall)\b|\bbest (?:way|tool|option|agent)\b|\b(?:need|looking for|want) an? (?:tool|agent|way|option|solution)\b|"
    r"\b(?:simplest|easiest|cheapest|quickest|fastest|simple|easy|best) .{0,25}way\b"
)
_NEED = re.compile(
    r"\b(?:do|does|must|should|would) (?:i|we|you|it|one|they|the \w+|\w+) (?:really |also |even |still |actually |first )?(?:need|have to|required|must|be)\b|^must\b|\bis it (?:necessary|required|mandatory|obligatory)\b|"
    r"\b(?:do|does) [\w ]{2,30} (?:need|require)\b|\bneeded\b|\bnecessary\b|\bmandatory\b|\bhave to\b"
)
_HOW = re.compile(r"\bhow (?:can|do|does|should|would|could|to|must|is|are|might|shall)\b|\bsteps?\b|\bprocedure\b|\bwalk me\b|\bin what order\b|\bin which order\b|\bwhat order\b")
_RESET = re.compile(r"^\W*(?:start over|new (?:question|topic|subject)|forget (?:that|it|all|everything|about)|reset|different (?:question|topic|subject)|something else|change of (?:topic|subject)|another (?:question|topic|thing)|unrelated|totally different|completely different|switching topics?|next (?:question|topic))\b")
_FOLLOW = re.compile(
    r"^\W*(?:(?:ok|okay|hm+|right|thanks|thank you|great|fine|good|cool|alright|got it|i see|ah|oh|well|hmm|sure|yes|no|perfect|understood)\W+)*"
    r"(?:and|what about|how about|what if|same|also|but|or|then|with|on|for|in|it|it's|its|they|they're|that|this|those|these|instead|plus|so|would it|does it|is it|can it|if|now|same for|let's say|say|suppose|assume|is that|does that|would that|will it|will that|are they|can they|the other|only|because|actually|sorry|wait|correction|i mean|i meant|make that|scratch|no|nope|not|we|my|our|there|both|either|neither|too|as well|them|even|still|why|why not|how so)\b"
)
_PRONOUN = re.compile(r"\b(?:it|that|this|those|these|them|they|one|ones|same|other|there|then|he|she|both|either)\b")
_SWITCH = re.compile(
    r"\b(?:different (?:question|topic|subject|thing|matter|ticket|customer|machine)|other (?:ticket|customer|question|topic|chapter|subject|matter|world)|"
    r"new (?:ticket|customer|question|topic|problem|subject|case)|another (?:question|topic|thing|subject|ticket|matter|customer)|next (?:question|slide|topic|ticket|chapter|customer)|"
    r"never mind|nevermind|enough about|leaving \w+ aside|let's leave|unrelated|switching|change of topic|change of subject|something else|completely different|totally different|one more thing)\b"
)
_CORRECT = re.compile(r"\b(?:becomes?|became|turned into|converted (?:to|into)|leaves|gets virtuali[sz]ed|migrated (?:to|into)|moved to|sorry|i mean|i meant|correction|scratch that|no wait|wait no|make that|actually|rather|oops|my mistake|should have said|meant to say|not quite|typo|i misspoke|misspoke|pardon|strike that|turns out|no no|wait)\b|^\W*no\b|^\W*nope\b")
_SCENARIO_DIMENSIONS = 2
_PASSING = 2
"""States that change as a story goes on (running, then stopped): the last one counts."""
_ORDINALS = {"first": 0, "1": 0, "1st": 0, "former": 0, "second": 1, "2": 1, "2nd": 1, "latter": 1, "third": 2, "3": 2, "3rd": 2, "fourth": 3, "4": 3, "last": -1}
_SHORT = 6


@dataclass(frozen=True, slots=True)
class Context:
    """What the previous answer leaves behind for a follow-up."""

    reading: Reading
    asked: str | None
    """The dimension that we asked for."""


class Reader:
    """Reads questions in the words of one pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.vocabulary = Vocabulary(pack)
        self._reads = [(d, [_pattern(p) for p in d.read], [_pattern(p) for p in d.unless]) for d in pack.decisions.values()]
        self._nouns = sorted(
            ((parts_of(noun), d.name) for d in pack.dimensions.values() for noun in d.nouns),
            key=lambda n: -sum(len(p) for p in n[0]),
        )

    def read(self, question: str, after: Context | None = None) -> Reading:
        """What the question says; `after` lends the facts of the previous turn to a follow-up."""
        text = clean(question)
        choices = self._choices(text)
        stem = text[: choices[0][2]].strip() if choices else text
        words = self.vocabulary.words(stem if choices else text)
        found = self.vocabulary.find(words)
        if after and _RESET.search(" ".join(texts(words))):
            after = None
        fresh = self._fresh(question, words, found)
        if choices and len(choices) > 1:
            options = tuple((label, body) for label, body, _ in choices)
            if after and not stem:
                old = after.reading
                facts = _merge(old.scenarios[0].facts, fresh.scenarios[0].facts)
                fresh, stem = replace(fresh, decision=fresh.decision or old.decision, scenarios=(Scenario(facts),)), old.topic
            return replace(fresh, kind="choice", choices=options, stem=stem, denied=_denied(stem))
        return self._carry(fresh, words, after) if after else fresh

    def options(self, reading: Reading) -> list[Reading]:
        """Each option of a multiple-choice question read together with its stem."""
        found = []
        for _, body in reading.choices:
            words = self.vocabulary.words(clean(body))
            option = self._fresh(body, words, self.vocabulary.find(words))
            scenario = _merge(reading.scenarios[0].facts, option.scenarios[0].facts)
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
        choices = _choices(text)

        def machine(body: str) -> bool:
            words = self.vocabulary.words(body)
            said = {f.entry.name for f in self.vocabulary.find(words) if f.entry.kind == "value"}
            return sum(self.pack.dimensions[n].kind == "fact" and not self.pack.dimensions[n].reads for n in said) >= _SCENARIO_DIMENSIONS

        return [] if choices and all(machine(body) for _, body, _ in choices) else choices

    # ---- one turn by itself

    def _fresh(self, question: str, words: Sequence[Word], found: Sequence[Found]) -> Reading:
        tokens = texts(words)
        denied = negated(words, found)
        mentions = [mention(f, is_negated=n in denied) for n, f in enumerate(found) if f.entry.kind in {"value", "denied"}]
        mentions = _outright(self._corrected(tokens, _known(tokens, mentions)))
        first, last = _focus(tokens)
        focus = tokens[first:last]
        inside = [m for m in mentions if first <= m.start < last]
        decision, why = self._decide(focus, inside)
        if decision is None or decision.id == _main(self.pack):
            wide, reason = self._decide(focus, mentions)
            decision, why = (wide, reason) if wide else (decision, why)
        if decision is None or (decision.id == _main(self.pack) and len(focus) < len(tokens)):
            wide, reason = self._decide(tokens, mentions)
            if decision is None or (wide and wide.kind == "capability" and len(inside) < _SCENARIO_DIMENSIONS):
                decision, why = wide, reason
        asked = self._asked(focus) or (self._asked(tokens) if len(focus) <= _SHORT else None)
        kind, cues, explicit = _kind(" ".join(focus), focus, inside or mentions, decision)
        compared = self._compared(focus, inside, kind, plain=cues[-1:] in {("statement",), ("fragment",)})
        if compared:
            listed = len(compared) > 1 + _SCENARIO_DIMENSIONS and cues[-1:] in {("statement",), ("fragment",)}
            asked, kind = compared[0], "compare" if kind == "compare" or listed else "which"
        heard = [f for n, f in enumerate(found) if f.entry.kind == "unheard" and n not in denied and not _taken_back(tokens, f)]
        silences = [f for f in found if f.entry.kind == "silence" and first <= f.start < last]
        place = words[first].start if words else 0
        return Reading(
            kind=kind,
            decision=decision.id if decision else None,
            scenarios=self._scenarios(tokens, mentions, set(compared[:1])),
            asked=asked or (decision.asks or None if decision and kind == "which" else None),
            outcome=_outcome(decision, inside, focus) or _outcome(decision, mentions, tokens),
            negative=_negative(" ".join(focus)),
            compared=tuple(compared[1:]),
            unheard=tuple(dict.fromkeys([*(f.phrase for f in heard), *_rivals(found, mentions)])),
            silence=max(silences, key=lambda f: f.end - f.start).entry.name if silences else None,
            off_topic=self._off_topic(found, mentions, kind) and all(c.startswith("@") for c in why),
            foreign=_foreign(found, mentions),
            cues=(*why, *cues),
            mentions=tuple(mentions),
            topic=clean(question)[place : words[last - 1].end].strip() if words else "",
            focus=tuple(focus),
            explicit=explicit,
        )

    def _off_topic(self, found: Sequence[Found], mentions: Sequence[Mention], kind: Kind) -> bool:
        """No word of the subject, and of the machine at most what anybody might mention ("the history of Linux")."""
        if any(f.entry.kind in {"name", "scope", "silence"} for f in found):
            return False
        said = {m.dimension for m in mentions}
        return len(said) < _SCENARIO_DIMENSIONS and all(self.pack.dimensions[n].everyday for n in said) and (kind == "explain" or not said)

    def _corrected(self, tokens: Sequence[str], mentions: list[Mention]) -> list[Mention]:
        """Drop what the user takes back in the same breath ("on-prem Linux, sorry, Windows")."""
        line, ends, place = " ".join(tokens), [], 0
        for token in tokens:
            ends.append(place)
            place += len(token) + 1
        cues = [m.start() for m in _CORRECT.finditer(line) if m.start() > 0 and not line[: m.start()].strip().endswith("?")]
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
            if not later:
                kept.append(one)
        return kept

    def _decide(self, tokens: Sequence[str], mentions: Sequence[Mention]) -> tuple[Decision | None, tuple[str, ...]]:
        """The first decision one of whose patterns is wholly present."""
        said = {m.dimension for m in mentions} | {f"{m.dimension}={v}" for m in mentions for v in m.values}

        def present(pattern: Pattern) -> bool:
            return all(e[1:] in said if isinstance(e, str) else self.vocabulary.has(tokens, e) for e in pattern)

        for decision, reads, unless in self._reads:
            hit = next((i for i, pattern in enumerate(reads) if present(pattern)), None)
            if hit is not None and not any(present(pattern) for pattern in unless):
                return decision, decision.read[hit]
        return None, ()

    def _asked(self, tokens: Sequence[str]) -> str | None:
        """The dimension that a which-question names ("which agent", "what level")."""
        line = " ".join(tokens)
        for parts, dimension in self._nouns:
            for i, token in enumerate(tokens):
                if token == parts[0][0] and self.vocabulary.has(tokens[i : i + 6], parts):
                    before = " ".join(tokens[max(0, i - 4) : i])
                    direct = parts[0][0] in {"what", "which", "where", "how"}
                    if direct or re.search(r"\b(?:which|what|list|name|many|the|best|right|a|an|other|every|all)\b", before) or line.endswith("?"):
                        return dimension
        return None

    def _compared(self, tokens: Sequence[str], mentions: Sequence[Mention], kind: Kind, *, plain: bool) -> tuple[str, ...]:
        """(dimension, value, value ...) when values of one choice are set against each other."""
        for dimension in dict.fromkeys(m.dimension for m in mentions):
            if self.pack.dimensions[dimension].kind == "fact":
                continue
            said = [m for m in mentions if m.dimension == dimension and not m.negated and len(m.values) == 1]
            values = tuple(dict.fromkeys(m.values[0] for m in said))
            if len(values) < _SCENARIO_DIMENSIONS:
                continue
            between = [tokens[a.end : b.start] for a, b in zip(said, said[1:], strict=False) if a.values != b.values]
            either = any("or" in gap and len(gap) <= 4 for gap in between)
            if plain and len(values) > _SCENARIO_DIMENSIONS:
                return (dimension, *values)
            if kind == "compare" or (either and (kind == "which" or (tokens[0] not in _AUX and (kind != "claim" or plain)))):
                return (dimension, *values)
        return ()

    # ---- machines

    def _scenarios(self, tokens: Sequence[str], mentions: Sequence[Mention], skip: set[str]) -> tuple[Scenario, ...]:
        """One scenario, or one for each machine that the mentions tell apart."""
        groups: list[dict[str, list[Mention]]] = [{}]
        shared: list[Mention] = []
        for one in sorted(mentions, key=lambda m: (m.start, m.end)):
            dimension = self.pack.dimensions[one.dimension]
            if dimension.kind != "fact" or one.negated or len(one.values) > 1 or one.dimension in skip:
                shared.append(one)
                continue
            current = groups[-1]
            before = [m for m in current.get(one.dimension, ()) if m.values != one.values]
            if before and dimension.change <= _PASSING and not _enumerated(tokens):
                current[one.dimension] = [one]
                continue
            if before and not _whether(tokens, before[-1], one):
                groups.append({one.dimension: [one]})
            else:
                current.setdefault(one.dimension, []).append(one)
        if len(groups) == 1:
            return (Scenario(self._facts([*shared, *(m for ms in groups[0].values() for m in ms)])),)
        return self._apart(tokens, groups, shared)

    def _apart(
        self, tokens: Sequence[str], groups: Sequence[Mapping[str, Sequence[Mention]]], shared: Sequence[Mention]
    ) -> tuple[Scenario, ...]:
        telling = {n for n in dict.fromkeys(n for g in groups for n in g) if len({m.values for g in groups for m in g.get(n, ())}) > 1}
        enumerated = _enumerated(tokens)
        common = list(shared)
        for group in groups:
            for name, found in group.items():
                own = enumerated and len(found) == 1 and self._belongs(found[0], groups)
                if name not in telling and not own:
                    common += found
        scenarios = []
        for group in groups:
            marks = [m for name, ms in group.items() if name in telling for m in ms]
            own = [m for name, ms in group.items() if name in telling or (enumerated and len(ms) == 1) for m in ms]
            for name in telling - set(group):
                near = _nearest(groups, group, name)
                if near and not enumerated:
                    own += near
            facts = self._facts([*common, *own])
            label = ", ".join(self.pack.label(n, v) for n, vs in facts.items() if n in telling for v in vs[:1])
            scenarios.append(Scenario(facts, _machine(tokens, marks) or label))
        unique = {str(sorted(s.facts.items())): s for s in scenarios}
        return tuple(unique.values())

    @staticmethod
    def _belongs(one: Mention, groups: Sequence[Mapping[str, Sequence[Mention]]]) -> bool:
        """A property said once belongs to its own machine unless it was said before the first of them."""
        first = min(m.start for ms in groups[0].values() for m in ms)
        return one.start > first

    def _facts(self, mentions: Iterable[Mention]) -> Facts:
        """Values that remain possible for each dimension; a later positive mention adds, a negated one takes away."""
        chosen: dict[str, set[str]] = {}
        removed: dict[str, set[str]] = {}
        for one in mentions:
            (removed if one.negated else chosen).setdefault(one.dimension, set()).update(one.values)
        facts = {}
        for name in self.pack.dimensions:
            if name not in chosen and name not in removed:
                continue
            dimension = self.pack.dimensions[name]
            kept = chosen.get(name) or set(dimension.names)
            kept = kept - removed.get(name, set()) or set(dimension.names) - removed.get(name, set())
            if dimension.opposite and name not in chosen and name in removed:
                kept = set(dimension.names) - removed[name]
            if kept and kept != set(dimension.names):
                facts[name] = tuple(v for v in dimension.names if v in kept)
            elif kept and name in chosen:
                facts[name] = dimension.names
        return facts

    # ---- conversation

    def _carry(self, fresh: Reading, words: Sequence[Word], after: Context) -> Reading:
        """The reading of a follow-up: new facts over the old ones, the old question where no new one is put."""
        old, tokens = after.reading, texts(words)
        line = " ".join(tokens)
        answered = self._answered(fresh, tokens, after)
        if answered is not None:
            scenarios = (Scenario(_merge(old.scenarios[0].facts, answered)),)
            return replace(old, scenarios=scenarios, unheard=fresh.unheard, silence=None, mentions=fresh.mentions)
        content = [t for t in tokens if t not in PUNCTUATION]
        follows = bool(_FOLLOW.search(line)) or len(content) <= _SHORT
        refers = bool(_PRONOUN.search(line))
        if not old.explicit and not _SWITCH.search(line) and not fresh.foreign:
            return self._continue(fresh, tokens, old, line)
        if fresh.off_topic and not refers and (not follows or (fresh.explicit and _complete(fresh.focus) and len(content) > _SHORT)):
            return fresh
        if _SWITCH.search(line):
            return fresh
        whole = fresh.explicit and _complete(fresh.focus) and bool(fresh.mentions)
        if whole and not follows and not refers:
            return fresh
        if not follows and not refers and fresh.explicit and len(fresh.scenarios[0].facts) > 1 and fresh.decision:
            return fresh
        if not follows and not refers and not fresh.mentions:
            return fresh
        return self._continue(fresh, tokens, old, line)

    def _continue(self, fresh: Reading, tokens: Sequence[str], old: Reading, line: str) -> Reading:
        other = self._other(old, line)
        bases = old.scenarios if len(fresh.scenarios) == 1 else old.scenarios[:1] if len(old.scenarios) == 1 else (Scenario({}),)
        about = re.search(r"^\W*(?:and |ok |okay |so |but |then )*(?:what|how) about|^\W*(?:and|or) (?:the|a|an|if|for|on|with)\b", line)
        explicit = fresh.explicit and not about and not (_WHAT_IF.search(line) and old.explicit)
        own = fresh.decision is not None and fresh.decision != old.decision
        if own and (explicit or _strong(fresh)) and not (fresh.decision == _main(self.pack) and old.decision and not _strong(fresh)):
            decision = fresh.decision
        else:
            decision = old.decision or fresh.decision
        if own and decision == fresh.decision and not explicit:
            explicit = fresh.kind != "nothing"
        kind, asked = (fresh.kind, fresh.asked or (old.asked if fresh.kind == "which" else None)) if explicit else (old.kind, fresh.asked or old.asked)
        kind = "capability" if kind == "choice" else old.kind if kind == "nothing" else kind
        if kind == "which" and asked is None and decision:
            asked = self.pack.decisions[decision].asks or None
        scenarios = tuple(
            Scenario(_merge(base.facts, {**s.facts, **other}), s.label or base.label) for s in fresh.scenarios for base in bases
        )
        scenarios = tuple({str(sorted(s.facts.items())): s for s in scenarios}.values())
        short = len(tokens) <= 2 * _SHORT
        return replace(
            fresh,
            kind=kind,
            decision=decision,
            asked=asked,
            scenarios=scenarios,
            outcome=fresh.outcome or (old.outcome if decision == old.decision and not explicit else None),
            off_topic=fresh.off_topic and not fresh.mentions and not old.mentions,
            topic=f"{old.topic} {fresh.topic}" if short else fresh.topic,
            explicit=fresh.explicit or old.explicit,
        )

    def _answered(self, fresh: Reading, tokens: Sequence[str], after: Context) -> Facts | None:
        """The facts, when this turn answers the question that we asked."""
        if not after.asked:
            return None
        dimension = self.pack.dimensions[after.asked]
        source = dimension.reads or dimension.name
        content = [t for t in tokens if t not in PUNCTUATION]
        facts = fresh.scenarios[0].facts
        if source in facts and len(content) <= 3 * _SHORT and not _complete(tokens):
            return facts
        if len(content) > _SHORT:
            return None
        for token in content:
            if token in _ORDINALS and _ORDINALS[token] < len(dimension.names) and ("the" in content or len(content) == 1):
                return {source: (dimension.names[_ORDINALS[token]],)}
        if content and content[0] in {"yes", "yep", "yeah", "yup", "no", "nope", "nah"} and len(dimension.names) == 2 and not facts:
            first, second = dimension.names
            return {source: (first if content[0].startswith("y") else second,)} if _polar(dimension.ask) else None
        return None

    def _other(self, old: Reading, line: str) -> Facts:
        """"And the other one?", "which other tool?": the values that were not spoken of."""
        if not re.search(r"\bother\b|\banother\b|\balternatives?\b|\bwhat else\b", line):
            return {}
        for mentioned in reversed(old.mentions):
            dimension = self.pack.dimensions[mentioned.dimension]
            rest = tuple(v for v in dimension.names if v not in mentioned.values)
            named = any(self.vocabulary.has(line.split(), parts) for parts, name in self._nouns if name == dimension.name)
            if dimension.kind != "fact" and rest and (len(rest) == 1 or named):
                return {dimension.name: rest}
        return {}


Pattern = list["str | tuple[tuple[str, ...], ...]"]


def _pattern(elements: Sequence[str]) -> Pattern:
    return [e if e.startswith("@") else parts_of(e) for e in elements]


def _kind(
    line: str, tokens: Sequence[str], mentions: Sequence[Mention], decision: Decision | None
) -> tuple[Kind, tuple[str, ...], bool]:
    """What sort of answer is wanted, the words that said so, and whether any did."""
    if not tokens:
        return "nothing", (), False
    value = decision is not None and decision.kind == "value"
    heads = _heads(tokens)
    main = heads[-1] if heads else ""
    wh = main if main in _WH else "" if main in _AUX else next((h for h in reversed(heads) if h in _WH), "") or _inner_wh(tokens)
    polar = main if main in _AUX else "" if wh else next((h for h in heads if h in _AUX), "")
    hit = _COMPARE.search(line)
    if hit:
        return "compare", (hit[0],), True
    hit = _WHAT_IF.search(line)
    if hit and not (wh and wh != "what") and not re.search(r"\bwhich\b|\bwhat (?:do|does|would|should|can|could)\b(?! (?:happen|if))", line):
        return ("value" if value else "capability" if decision and len(mentions) > 1 else "explain"), (hit[0],), True
    claim = _CLAIM.search(line)
    if claim and main not in _WH and not (wh and claim.end() < len(line) and not polar):
        return "claim", (claim[0].strip(),), True
    if _EXPLAIN.search(line) and not wh:
        return ("value" if value else "which" if re.search(r"\b(?:list|name|all)\b", line) else "explain"), ("explain",), True
    order = next((h for h in heads if h in _ORDERS), "")
    if order and not wh and not polar:
        wanted = bool(re.search(r"\b(?:tool|tools|agent|agents|product|products|option|options|component|components|way|ways)\b", line)) and order in {"name", "list", "propose", "suggest", "recommend", "enumerate"}
        return ("which" if wanted else "value" if value and order not in _TELL else "explain"), (order,), True
    which = _WHICH.search(line)
    if wh in {"why", "when", "where", "who", "who's", "whom", "whose", "where's"}:
        return "explain", (wh,), True
    if wh:
        if value and wh != "how":
            return "value", (wh,), True
        if which and re.search(r"\b(?:which|tool|tools|agent|option|options|recommend|use|need|best|suggest|how many|install|offer|take|pick)\b", line):
            return "which", (which[0],), True
        if decision and which and re.search(r"\bwhat (?:can|could|does|do|all|else|may|would|will)\b.*\b(?:back up|backs up|protect|protects|cover|covers|restore|take|handle|look after|save)\b", line):
            return "which", (which[0],), True
        return "explain", (wh,), True
    need = _NEED.search(line)
    if need and not _CAPABLE.search(line) and not value:
        return "explain", (need[0],), True
    if which and not polar and re.search(r"\b(?:tool|agent|option|options|recommend|way|solution|product|propose|suggest|list|bullets|all)\b", line):
        return "which", (which[0],), True
    if re.search(r"\b(?:list|bullets|bulleted|steps|numbered|meaning|definition)\b", line) and not polar:
        return "explain", ("list",), True
    if polar:
        return "capability", (polar,), True
    capable = _CAPABLE.search(line)
    if capable:
        return "capability", (capable[0],), line.endswith("?") or len(tokens) <= 2 * _SHORT
    if len(tokens) > 5 and mentions:
        return "claim", ("statement",), line.endswith("?")
    return "capability", ("fragment",), line.endswith("?") and len(mentions) > 1


_ORDERS = frozenset("name list explain describe define outline summarise summarize enumerate propose suggest recommend contrast sort put tell walk give show state sketch".split())
_TELL = frozenset({"explain", "describe", "define", "outline", "contrast"})
_SUBORDINATE = frozenset("if when since as because with for in after once before while suppose given assuming although on at during from to until unless regarding concerning about under".split())


def _heads(tokens: Sequence[str]) -> list[str]:
    """The word that opens each sentence's main clause: "If it is encrypted, can I …" opens with "can"."""
    heads = []
    for sentence in _parts(tokens, {".", "?", "!", ";", "\n"}):
        clauses = [[t for t in c if t not in _LEAD] for c in _parts(sentence, {",", ":", "(", ")"})]
        clauses = [c for c in clauses if c]
        if not clauses:
            continue
        head = clauses[0][0]
        if head in _SUBORDINATE or (head not in _AUX and head not in _WH):
            head = next((c[0] for c in clauses[1:] if c[0] in _AUX or c[0] in _WH), head)
        heads.append(head)
    return heads


def _inner_wh(tokens: Sequence[str]) -> str:
    """A question word inside the last sentence ("physical server, for which tool …")."""
    last = ([[]] + _parts(tokens, {".", "?", "!", ";", "\n"}))[-1]
    return next((t for t in last if t in {"which", "what", "how", "why", "who", "whats", "what's"}), "")


def _parts(tokens: Sequence[str], ends: set[str]) -> list[list[str]]:
    out: list[list[str]] = [[]]
    for token in tokens:
        if token in ends:
            out.append([])
        else:
            out[-1].append(token)
    return [p for p in out if p]


def _focus(tokens: Sequence[str]) -> tuple[int, int]:
    """First and last token of what is asked: the questions, with the sentence before when they are too short alone."""
    sentences, start = [], 0
    for i, token in enumerate(tokens):
        if token in {".", "?", "!", ";", "\n"} or i + 1 == len(tokens):
            if any(t not in PUNCTUATION for t in tokens[start : i + 1]):
                sentences.append((start, i + 1))
            start = i + 1
    if not sentences:
        return 0, len(tokens)
    asking = [n for n, (a, b) in enumerate(sentences) if tokens[b - 1] == "?" or _asks([t for t in tokens[a:b] if t not in PUNCTUATION])]
    if not asking:
        return 0, len(tokens)
    first, last = asking[0], asking[-1]
    if sum(t not in PUNCTUATION for a, b in sentences[first : last + 1] for t in tokens[a:b]) < _SHORT and first > 0:
        first -= 1
    return sentences[first][0], sentences[last][1]


def _asks(sentence: Sequence[str]) -> bool:
    content = [t for t in sentence if t not in _LEAD]
    return bool(content) and (content[0] in _WH or content[0] in {"confirm", "explain", "list", "name", "describe", "check", "verify", "tell", "approve", "publish"} or (content[0] in _AUX and len(content) > 3))


def _known(tokens: Sequence[str], mentions: list[Mention]) -> list[Mention]:
    """Without what the user says not to know ("dunno if it's encrypted", "encrypted or not")."""
    line = " ".join(tokens)
    unsure = bool(re.search(r"\b(?:dunno|don't know|not sure|no idea|unsure|can't tell|unclear|nobody knows|doesn't know|have to ask|haven't checked|i forgot)\b", line))

    def doubtful(one: Mention) -> bool:
        after = list(tokens[one.end : one.end + 2])
        before = tokens[max(0, one.start - 5) : one.start]
        if after == ["or", "not"]:
            return True
        return unsure and ("if" in before or "whether" in before or (len(before) > 0 and before[-1] in {"what"}))

    return [m for m in mentions if not doubtful(m)]


def _outright(mentions: list[Mention]) -> list[Mention]:
    """Hints give way to what is said outright."""
    said = {m.dimension for m in mentions if not m.soft}
    return [m for m in mentions if not m.soft or m.dimension not in said]


def _taken_back(tokens: Sequence[str], found: Found) -> bool:
    """"in AWS, sorry, in Azure": an unheard word that is corrected at once."""
    return bool(_CORRECT.search(" ".join(tokens[found.end : found.end + 4])))


def _main(pack: Pack) -> str:
    """The decision of last resort: the one declared last."""
    return next(reversed(pack.decisions), "")


_LEAD = frozenset({"and", "so", "but", "ok", "okay", "hi", "hello", "hey", "well", "then", "also", "please", "now", "if", "or", "urgent", "help", "question"})


def _complete(tokens: Sequence[str]) -> bool:
    """Whether the turn is a whole question of its own, not a fragment."""
    first = [t for t in tokens if t not in PUNCTUATION and t not in _LEAD][:1]
    return bool(first) and (first[0] in _AUX or first[0] in _WH) and len(tokens) > 4


def _negative(line: str) -> bool:
    """A statement that denies the capability: "MARS can't back up Linux, right?"."""
    if re.match(r"^(?:why |so |and |but )*(?:isn't|aren't|can't|doesn't|don't|won't|couldn't|shouldn't)\b", line):
        return False
    return bool(re.search(r"\b(?:can't|can not|doesn't|don't|won't|couldn't|isn't|aren't|is not|are not|does not|do not|never|cannot) (?:\w+ ){0,3}?(?:support|supported|back up|backup|restore|restored|protect|work|possible|available|allowed|do|recover|recovered|move|handle|cover|covered|reach|app|application|use|used|be)\b|\bunsupported\b|\bimpossible\b|\bnot supported\b|\bclosed to\b|\bunavailable\b|\bruled out\b|\bexcluded\b|\bnot available\b|\bno way\b", line))


def _outcome(decision: Decision | None, mentions: Sequence[Mention], tokens: Sequence[str]) -> str | None:
    """The value that a question about a value names; None when it offers a choice ("Backup or Site Recovery?")."""
    if decision is None or decision.kind != "value":
        return None
    said = [m for m in mentions if m.dimension == decision.outcome]
    if any("or" in (*tokens[m.start - 1 : m.start], *tokens[m.end : m.end + 1]) for m in said if m.end <= len(tokens)):
        return None
    values = [v for m in mentions if m.dimension == decision.outcome and not m.negated for v in m.values]
    return values[0] if len(set(values)) == 1 else None


def _whether(tokens: Sequence[str], one: Mention, other: Mention) -> bool:
    """"encrypted or not", "physical or virtual": two values of one machine, not two machines."""
    gap = tokens[one.end : other.start]
    return gap == ["or"] and "whether" in tokens[max(0, one.start - 6) : one.start]


def _enumerated(tokens: Sequence[str]) -> bool:
    line = " ".join(tokens)
    return bool(re.search(r"\b(?:one|first|a|an|some|two|three|the other|another|second|vm a|vm b|server a|server b|rest)\b.*\b(?:other|another|second|one|two|three|and an?|the rest|vm b|server b|server 2|vm 2|some|plus)\b", line))


def _nearest(groups: Sequence[Mapping[str, Sequence[Mention]]], group: Mapping[str, Sequence[Mention]], name: str) -> list[Mention]:
    """A value that tells machines apart, said for a neighbour only: the nearest one before, else after."""
    index = next(i for i, g in enumerate(groups) if g is group)
    order = [*reversed(range(index)), *range(index + 1, len(groups))]
    return next((list(groups[i][name]) for i in order if name in groups[i]), [])


def _machine(tokens: Sequence[str], mentions: Sequence[Mention]) -> str:
    """"VM A", when the machine was given a letter or number right before its properties."""
    start = min((m.start for m in mentions), default=0)
    for i in range(start, max(-1, start - 6), -1):
        if i > 0 and tokens[i - 1] in {"vm", "server", "machine", "box", "host"} and re.fullmatch(r"[a-d1-4]", tokens[i]):
            return f"{tokens[i - 1].upper() if tokens[i - 1] == 'vm' else tokens[i - 1].capitalize()} {tokens[i].upper()}"
    return ""


def _merge(old: Facts, new: Facts) -> Facts:
    """New facts over old ones."""
    return {**old, **new}


def _strong(reading: Reading) -> bool:
    """Whether a new turn names a decision of its own by words, and not only by facts of a machine."""
    return bool(reading.cues) and not reading.cues[0].startswith("@os") and not reading.cues[0].startswith(("@environment", "@location", "@level", "@workload"))


def _polar(ask: str) -> bool:
    return ask.split(" ")[0] in {"Is", "Does", "Do", "Are", "Has"} and " or " not in ask


def asks_duty(focus: Sequence[str]) -> bool:
    """"Do we have to …?", "with DPM, does every machine need …?": a yes/no question, whatever its lead."""
    return any(h in _AUX for h in _heads(focus))


def _rivals(found: Sequence[Found], mentions: Sequence[Mention]) -> list[str]:
    """Other products that are set beside ours."""
    return [] if _foreign(found, mentions) else [f.phrase for f in found if f.entry.kind == "other"]


def said_by(reading: Reading) -> set[str]:
    """The dimensions that a question mentions, and their values as "dimension=value"."""
    return {m.dimension for m in reading.mentions} | {f"{m.dimension}={v}" for m in reading.mentions for v in m.values}


def _foreign(found: Sequence[Found], mentions: Sequence[Mention]) -> bool:
    """Another product is named and none of ours."""
    ours = any(m.dimension in {"tool", "restore_option"} for m in mentions) or any(f.entry.kind == "name" and "azure" in f.phrase for f in found)
    return any(f.entry.kind == "other" for f in found) and not ours


def _denied(stem: str) -> bool:
    return bool(re.search(r"\b(?:NOT|not|except|EXCEPT|isn't|incorrect|false|wrong|cannot|can't|never|unsupported|doesn't)\b", stem))


_PICK = re.compile(r"\b(?:which|what|who|how many|choose|pick|select|correct|right|best|true|tick|answer|option|letter|number|one\(s\)|ones?)\b|\?\s*$|:\s*$|_{2,}|\.\.\.", re.IGNORECASE)
_LETTER = re.compile(r"(?:^|(?<=[\s,;:?.(\[]))\(?\[?(?P<label>[A-Fa-f]|[1-6]|i{1,3}|iv)(?P<mark>[).:\]]|(?=\s))\s*")
_SERIES = (tuple("ABCDEF"), tuple("abcdef"), tuple("123456"), ("i", "ii", "iii", "iv"))


def _choices(text: str) -> list[tuple[str, str, int]]:
    """(label, text, place) of the lettered or numbered options, when they run on from the first and a question leads them."""
    marks = list(_LETTER.finditer(text))
    for series in _SERIES:
        run: list[re.Match[str]] = []
        for mark in marks:
            if len(run) < len(series) and mark["label"] == series[len(run)] and (not run or bool(run[0]["mark"]) == bool(mark["mark"])):
                run.append(mark)
        bare = bool(run) and not run[0]["mark"]
        short = all(len(text[m.end() : e].split()) <= 5 for m, e in zip(run, [m.start() for m in run[1:]], strict=False))
        if len(run) < 2 or (bare and (series[0] not in "A1" or len(run) < 3 or not short)):
            continue
        ends = [m.start() for m in run[1:]] + [len(text)]
        bodies = [re.sub(r"[\s,;]*\b(?:or|and)?\s*$", "", text[m.end() : e]).strip(" ,;.\n?([-") for m, e in zip(run, ends, strict=True)]
        tail = re.split(r"\n\s*\n|(?<=[.?!])\s+(?=[A-Z])", bodies[-1], maxsplit=1)
        stem = text[: run[0].start()]
        lettered = series[0] in "Aa" and len(run) > 2
        if all(bodies) and (not stem.strip() or lettered or _PICK.search(stem) or (len(tail) > 1 and _PICK.search(tail[1]))) and max(map(len, bodies)) < 160:
            bodies[-1] = tail[0].strip(" ,;.\n?")
            return [(m["label"].upper() if m["label"] in "abcdef" else m["label"], b, m.start()) for m, b in zip(run, bodies, strict=True)]
    return []
