"""Any text in, its claims out: proven, contradicted, disputed or not covered, by the rules and facts that `ask` answers with.

Nothing is similar here and nothing fails open: a claim is proven when the rules hold for every way its unsaid facts could
be, or a stated fact says it, and every word of it was accounted for. What was not read wholly is not covered, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import pairwise

from assistant.attributes import Attributes, Heard, Told
from assistant.checker import Checker
from assistant.cited import Cited, Span, unread
from assistant.clauses import CASES, Clause, clauses, leans_back, main_of, subject_of
from assistant.correction import corrected
from assistant.denial import overstates
from assistant.errors import QuestionError
from assistant.leaning import (
    JOINTS,
    SIDES,
    aims,
    bare,
    elliptical,
    goes_further,
    goes_on,
    has_verb,
    inherited,
    names_only,
    parted,
    refers,
    subjectless,
)
from assistant.lexicon import starting, words
from assistant.measures import anecdotal, unproven
from assistant.naming import Naming
from assistant.pack import Pack
from assistant.rules import Place
from assistant.rulings import Ruled, Rulings
from assistant.sentences import Sentence, blanked, sentences
from assistant.stems import senses, stem, stems
from assistant.tensions import Tensions
from assistant.turning import AUX, LOOSE, NEGATIVE, VERBS, answers, contrasts, denials, excepted
from assistant.types import Claim, Finding, Summary, Verification
from assistant.vocabulary import PUNCTUATION, Vocabulary, Word, clean, split, texts

LONGEST = 1_000_000
"""Characters of a text."""
_LONGEST_SENTENCE = 1_500
_SHORTEST = 4
"""Words from which on a sentence is known by heart; fewer could be anything."""
_ASIDE = 12
"""Words up to which a question only sets the scene for the sentence after it: "Ubuntu on Hyper-V? DPM will do."."""
_MOST_UNREAD = 2
"""Words that may be left over in a claim that is called wrong: of one that was hardly read nothing is known."""
_SEEN = re.compile(r"[A-Za-z0-9'’‘\s.,;:!?()\[\]{}\"“”*_`~/\\|<>#&@=+\-–—…•·→$€%^]")


class Verifier:
    """Reads texts in the words of one pack."""

    def __init__(self, pack: Pack, vocabulary: Vocabulary, checker: Checker) -> None:
        self.pack, self.vocabulary, self.checker = pack, vocabulary, checker
        self.rulings = Rulings(pack, vocabulary, checker)
        self.attributes, self.naming = Attributes(pack), Naming(pack)
        self.cited = Cited(pack, Tensions(pack, vocabulary, self.rulings))
        self._plain = _plain_words() | {s for w in pack.plain for s in stems(split(w))}
        self._acts = frozenset(stems([act for s in pack.silences for act in s.acts]))
        self._silent = frozenset(s.id for s in pack.silences if not s.weak)
        self._verbatim = self._sentences()

    def verify(self, text: str) -> Verification:
        """The claims of a text, with what the documents say of each. QuestionError for a text that is too long."""
        if len(text) > LONGEST:
            raise QuestionError(f"the text has {len(text):,} characters; verify at most {LONGEST:,} at a time")
        claims: list[Claim] = []
        parts: list[tuple[Sentence, list[Claim]]] = []
        before = _Before()
        for sentence in sentences(text):
            found, before = self._sentence(text, sentence, before)
            claims += found
            parts.append((sentence, found))
        return Verification(
            text,
            tuple(claims),
            corrected(text, parts),
            _summary(claims),
            self.pack.edition,
            f"{self.pack.name}@{self.pack.digest[:12]}",
        )

    # ---- one sentence

    def _sentence(self, text: str, sentence: Sentence, before: _Before) -> tuple[list[Claim], _Before]:
        """Its claims, and what a next sentence may lean on."""
        whole = Span(text, sentence.start, sentence.end)
        if sentence.code:
            return [unread(whole, "code, which states nothing in words")], _Before()
        if len(sentence.reads) > _LONGEST_SENTENCE:
            return [unread(whole, "longer than a sentence that can be read")], _Before()
        try:
            reads = parted(clean(sentence.reads))
        except QuestionError as error:
            return [unread(whole, str(error))], _Before()
        words = self.vocabulary.words(reads)
        tokens = [self.pack.same.get(w, w) for w in texts(words)]
        lead = () if sentence.context else self._lead(sentence.lead)
        if not (lead or sentence.context) and (subjectless(tokens) or not has_verb(tokens)):
            lead = before.scene
        held = lead[-1:] == (":",) and bool(denials(lead))
        if before.tokens[-1:] == ("?",) and len(before.tokens) <= _ASIDE:
            lead = before.tokens[:-1]
        strange = _strange(text[sentence.start : sentence.end] if sentence.aligned else sentence.reads)
        aligned = sentence.aligned and len(reads) == len(sentence.reads)
        found = []
        known = self._verbatim.get(bare(tokens))
        if known and not strange and not denials(lead):
            return [self._known(whole, *known)], _Before(subject_of(tokens), tuple(tokens))
        spelled = None if strange or reads.rstrip().endswith("?") else self.naming.judge(tokens)
        if spelled:
            return [self._spelled(whole, *spelled)], _Before((tokens[0],), tuple(tokens))
        for clause in self._parallel(tokens, _joined(tokens, clauses(tokens, self._names(tokens)))):
            lean, mine = (
                clause.lean or self._lean(tokens, clause, lead, before.subject),
                tokens[clause.first : clause.last],
            )
            span = _cut(whole, words, clause) if aligned else whole
            asked = reads.rstrip().endswith("?")
            heard = self._verbatim.get(bare(mine))
            if heard and not strange and not asked and not denials(lead):
                found.append(self._known(span, *heard))
                continue
            most = 1 if clause.outcome else _MOST_UNREAD
            claim = self._clause(span, tokens, clause, lean, asked=asked, strange=strange, most=most)
            if claim and claim.standing == "contradicted" and refers(mine):
                there = self._set(span, tokens, clause, lean, before, strange, frozenset())
                claim = claim if not there or there.standing == "contradicted" else there
            if claim and claim.standing == "contradicted" and clause.case:
                claim = unread(span, "it is only the case of which something is said")
            leaning = claim.standing == "not_covered" if claim else has_verb(mine) and refers(mine)
            if leaning and not (asked or sentence.context or sentence.crossed or self._named(mine)):
                alone = clause.first and elliptical(clause, mine)
                topic = before.tokens if before.tokens[-1:] == ("?",) else before.topic
                for said in [()] if alone else dict.fromkeys([before.tokens, topic]):
                    if not claim or claim.standing == "not_covered":
                        claim = self._borrowed(span, tokens, clause, (*said, *lead), before.wrong, strange) or claim
            if claim and claim.standing == "not_covered" and not (asked or sentence.context) and refers(mine):
                claim = self._set(span, tokens, clause, lean, before, strange, before.wrong) or claim
            if claim and held and claim.standing != "not_covered" and has_verb(mine) and not goes_on(lead, mine):
                claim = unread(span, "the line above it denies something")
            if claim and sentence.unticked and lean and not has_verb(mine):
                claim = unread(span, "an empty box says neither yes nor no")
            if claim and not (sentence.context and claim.standing == "not_covered" and names_only(mine)):
                found.append(claim if sentence.aligned else replace(claim, reads=" ".join(sentence.reads.split())))
        own = subject_of(tokens) if bare(self._unnamed(tokens)) else bare(tokens)
        facts = self._facts(tokens)
        wrong = frozenset(f.rule_id for c in found if c.standing == "contradicted" for f in c.findings)
        scene = self._scene(tokens, found) or (before.scene if subjectless(tokens) or not has_verb(tokens) else ())
        topic = (
            tuple(tokens)
            if any(c.standing != "not_covered" for c in found) and not leans_back(tokens)
            else before.topic
        )
        return found, _Before(
            own if own and not leans_back(tokens) else before.subject or own,
            tuple(tokens),
            wrong,
            scene,
            topic,
            {**before.facts, **facts} if refers(tokens) or not facts else facts,
        )

    def _unnamed(self, tokens: Sequence[str]) -> list[str]:
        """The words outside names of several words: "Replace existing" has no verb."""
        named = {n for a, b in self._names(tokens) for n in range(a, b)}
        return [t for n, t in enumerate(tokens) if n not in named]

    def _facts(self, tokens: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The words that tell of a machine, by dimension; none of a sentence that denies."""
        found = [] if denials(tokens) else self.vocabulary.find([Word(t, 0, 0) for t in tokens])
        told = [f for f in found if f.entry.kind == "value" and self.pack.dimensions[f.entry.name].kind == "fact"]
        return {f.entry.name: tuple(tokens[f.start : f.end]) for f in told if not f.entry.soft}

    def _set(self, span: Span, tokens: Sequence[str], clause: Clause, lean: tuple[str, ...],
        before: _Before, strange: str, wrong: frozenset[str],
    ) -> Claim | None:  # fmt: skip
        """What a clause that points back says of the machine that was told of before; None when nothing certain, or what was `wrong` already."""
        said = {*self._facts(tokens[clause.first : clause.last]), *self._facts(lean)}
        told = tuple(w for name, words in before.facts.items() if name not in said for w in words)
        claim = (
            self._clause(span, tokens, clause, (*told, *lean), asked=False, strange=strange, most=1) if told else None
        )
        repeats = claim and claim.standing == "contradicted" and {f.rule_id for f in claim.findings} <= wrong
        return claim if claim and claim.standing != "not_covered" and not repeats else None

    def _scene(self, tokens: Sequence[str], found: Sequence[Claim]) -> tuple[str, ...]:
        """The words of a few that only say what the next are about: "On-prem Linux."; else none."""
        few = (
            len(tokens) <= _ASIDE
            and not has_verb(self._unnamed(tokens))
            and all(c.standing == "not_covered" for c in found)
        )
        named = few and self.vocabulary.find([Word(t, 0, 0) for t in tokens])
        spoken = bare(tokens)
        told = named and all(f.entry.kind == "value" for f in named) and spoken[-1] not in NEGATIVE
        return tuple(spoken) if told else ()

    def _borrowed(
        self,
        span: Span,
        tokens: Sequence[str],
        clause: Clause,
        before: Sequence[str],
        wrong: frozenset[str],
        strange: str,
    ) -> Claim | None:
        """What a clause says with all that stands before it; None when even so nothing certain.

        What is only borrowed must be read but for one word to be called wrong, and repeating the mistake of the sentence before is none.
        """
        wide = tuple(w for w in (*before, *tokens[: clause.first]) if w not in NEGATIVE)
        claim = self._clause(span, tokens, clause, wide, asked=False, strange=strange, most=1)
        if not claim or claim.standing == "proven":
            return claim
        mine = tokens[clause.first : clause.last]
        repeats = {f.rule_id for f in claim.findings} <= wrong
        if claim.standing == "contradicted" and (repeats or elliptical(clause, mine)):
            return None
        decided = claim.standing != "not_covered"
        return claim if decided and (refers(mine) or goes_further(clause, mine)) else None

    def _lead(self, lines: Sequence[str]) -> tuple[str, ...]:
        """The words of the lines above a sentence; an outer one that names another value of what an inner one names is over."""
        found: tuple[str, ...] = ()
        named: set[str] = set()
        for line in reversed(lines):
            words, dimensions = self._line(line)
            if not dimensions & named:
                found = (*(words[:-1] if found and words[-1:] == (":",) else words), *found)
                named |= dimensions
        return found

    @lru_cache(maxsize=256)  # noqa: B019  # a verifier lives as long as its pack
    def _line(self, line: str) -> tuple[tuple[str, ...], frozenset[str]]:
        """The words of a line and the dimensions they name; nothing of a line that cannot be read."""
        try:
            words = self.vocabulary.words(clean(line))
        except QuestionError:
            return (), frozenset()
        return tuple(texts(words)), frozenset(
            f.entry.name for f in self.vocabulary.find(words) if f.entry.kind == "value"
        )

    def _names(self, tokens: Sequence[str]) -> list[tuple[int, int]]:
        """Spans of names of several words; one with a verb in its gap ("files … recovered") is none."""
        found = self.vocabulary.find([Word(t, 0, 0) for t in tokens])
        return [
            (f.start, f.end)
            for f in found
            if f.entry.kind in {"value", "name"} and f.end - f.start > 1 and not _APART & {*tokens[f.start : f.end]}
        ]

    def _parallel(self, tokens: Sequence[str], found: Sequence[Clause]) -> list[Clause]:
        """Clauses cut further where a comma sets one thing beside another: "Windows application consistent, Linux file consistent"."""
        out: list[Clause] = []
        for clause in found:
            start, lean = clause.first, clause.lean
            for n in range(clause.first + 1, clause.last):
                aside = tokens[n] == "and" and tokens[n + 1] in SIDES and n + 2 < clause.last
                if (aside or tokens[n] == ",") and self._beside(
                    tokens[start:n], tokens[n + 1 : _next(tokens, n + 1, clause.last)]
                ):
                    out.append(replace(clause, first=start, last=n, lean=lean))
                    start, lean = n, ()
            out.append(replace(clause, first=start, lean=lean))
        return out

    def _beside(self, left: Sequence[str], right: Sequence[str]) -> bool:
        """Whether two segments each say something of their own value of one dimension."""

        def named(tokens: Sequence[str]) -> tuple[dict[str, set[str]], bool]:
            values: dict[str, set[str]] = {}
            covered: set[int] = set()
            for one in self.vocabulary.find([Word(t, 0, 0) for t in tokens]):
                if one.entry.kind == "value" and self.pack.dimensions[one.entry.name].kind != "asked":
                    values.setdefault(one.entry.name, {*one.entry.values})
                    covered.update(range(one.start, one.end))
            acts = {n for n, s in enumerate(stems(tokens)) if s in verbs and tokens[n][-2:] != "ed"}
            acts = {n for n in acts if covered & {n - 1, n - 2}}
            more = any(n not in covered and (self._speaks(s) or n in acts) for n, s in enumerate(stems(tokens)))
            return values, more

        verbs = VERBS if left[0] not in CASES else frozenset()
        (mine, said), (other, more) = named(left), named(right)
        beside = any(n in other and not mine[n] & other[n] for n in mine)
        return said and more and beside and right[0] not in {"and", "or", "nor", "not"}

    def _named(self, tokens: Sequence[str]) -> bool:
        """Whether a clause names what it is about: then it leans on nothing said before."""
        found = self.vocabulary.find([Word(t, 0, 0) for t in tokens])
        return any(
            f.entry.kind == "value"
            and self.pack.dimensions[f.entry.name].kind == "choice"
            and not self.pack.dimensions[f.entry.name].nests
            for f in found
        )

    def _sentences(self) -> dict[tuple[str, ...], tuple[Place, str, str]]:
        """The sentences of the rules, facts and documents: bare words -> place, id and status."""
        found: dict[tuple[str, ...], tuple[Place, str, str]] = {}
        for document in self.pack.documents:
            for unit in document.units:
                for one in [] if unit.kind == "row" else sentences(unit.text):
                    place = Place(
                        unit.section_id, unit.text[one.start : one.end], unit.start + one.start, unit.start + one.end
                    )
                    found[self._key(one.reads)] = (place, "", "supported")
        for fact in self.pack.facts:
            found[self._key(blanked(fact.place.quote))] = (fact.place, fact.id, "supported")
        for rule in self.pack.rules:
            found[self._key(rule.title)] = (rule.place, rule.id, rule.then)
        return {key: at for key, at in found.items() if len(key) >= _SHORTEST}

    def _key(self, text: str) -> tuple[str, ...]:
        return bare(texts(self.vocabulary.words(clean(text)))) if text.strip() else ()

    def _known(self, span: Span, place: Place, identity: str, status: str) -> Claim:
        """A sentence of the documents, or of a rule, word by word."""
        words = self.cited.quoted(place)
        return self.cited.of(
            span, "proven", [(place, Finding(identity, status, words), words), *self.cited.torn(place, span)]
        )

    def _spelled(self, span: Span, holds: bool, place: Place) -> Claim:  # as it comes from the naming
        """A short name, spelled out."""
        words = self.cited.quoted(place)
        finding = Finding("", "supported" if holds else "not_supported", words)
        return self.cited.of(span, "proven" if holds else "contradicted", [(place, finding, words)])

    @staticmethod
    def _lean(
        tokens: Sequence[str], clause: Clause, lead: tuple[str, ...], subject: tuple[str, ...]
    ) -> tuple[str, ...]:
        """What a clause without a subject of its own leans on: the line above it, else the sentence before."""
        mine = tokens[clause.first : clause.last]
        if lead and lead[-1] == ":":
            return lead[:-1]
        if leans_back(mine):
            return subject or lead
        return lead

    def _clause(
        self,
        span: Span,
        tokens: Sequence[str],
        clause: Clause,
        lean: tuple[str, ...],
        *,
        asked: bool,
        strange: str,
        most: int,
    ) -> Claim | None:
        """What the documents say of a clause; None when it claims nothing."""
        mine = tokens[clause.first : clause.last]
        words = [*lean, *mine]
        own = len(lean)
        stemmed = stems(words)
        idle = _idle(words) | answers(words)
        residue = {n for n in range(own, len(words)) if self._speaks(stemmed[n]) and n not in idle}
        denied = {own + d for d in denials(mine)}
        if not clause.whole:
            denied |= inherited(lean, mine)
        elif own and (not has_verb(mine) or goes_on(lean, mine)):
            denied |= set(denials(lean))
        contrast = {own + n for a, b in contrasts(mine) if a for n in range(a, b)}
        without = {n for n in range(own, len(words)) if words[n] == "without" and words[n - 1] != "or"}
        loose = frozenset(d for d in denied | without if words[d] in LOOSE and not _lacks(words, d))
        heard = Heard(senses(words), own, frozenset(denied), frozenset(contrast), loose, self.vocabulary.places(words))
        told = self.attributes.judge(
            replace(
                heard,
                own=0 if elliptical(clause, mine) else own,
                denied=heard.denied | without,
                contrast=heard.contrast ^ frozenset(excepted(words, own)),
            )
        )
        ruled = self.rulings.judge(words, heard)
        if not (residue or strange or told or ruled):
            return None
        if asked:
            return unread(span, "a question claims nothing") if told or ruled else None
        return self._judged(span, words, heard.tokens, residue, told, ruled, own, strange, most)

    def _speaks(self, token: str) -> bool:
        """Whether a word claims something by itself."""
        return bool(token) and token not in PUNCTUATION and token not in self._plain

    def _judged(
        self, span: Span, words: Sequence[str], tokens: Sequence[str], residue: set[int], told: Sequence[Told], ruled: Sequence[Ruled],
        own: int,
        strange: str,
        most: int,
    ) -> Claim:  # fmt: skip
        if aims(words[own:]) and any(t.holds for t in told):
            ruled = [r for r in ruled if r.outcome != "fails"]
        wrong = [t for t in told if not t.holds and not _outread(t, told, ruled)] if not anecdotal(words[own:]) else []
        refuted = [
            r
            for r in ruled
            if r.outcome == "fails" and (not (r.negative or r.bare) or not self._left(residue, tokens, [r], []))
        ]
        over = self._left(residue, tokens, refuted, wrong) if wrong or refuted else []
        if (wrong or refuted) and len(over) <= most and _DOUBTFUL.isdisjoint(words[n] for n in over):
            return self.cited.claim(span, "contradicted", wrong, refuted)
        disputed = [r for r in ruled if r.outcome == "disputed"]
        if disputed:
            return self.cited.claim(span, "disputed", [], disputed)
        right, holding = [t for t in told if t.holds], [r for r in ruled if r.outcome == "holds"]
        left = sorted({*self._left(residue, tokens, holding, right), *self._unvouched(words, own, holding, right)})
        if not right:
            left = sorted({*left, *self._elsewhere(words, own)})
        settled = {i for r in holding for i in r.used}
        half = (
            bool(wrong)
            or any(r.outcome == "fails" and not r.bare for r in ruled)
            or (not right and any(r.outcome == "open" and not r.bare and not r.spoken <= settled for r in ruled))
        )
        rules = [self.pack.rule(r) for one in holding for v in one.verdicts for r in v.rules]
        places = [*(t.fact.place for t in right), *(r.place for r in rules)]
        hedged = any(overstates(words[own:], p.quote) for p in places)
        if (right or holding) and not (left or strange or half or hedged or unproven(words, own, right, holding)):
            return self.cited.claim(span, "proven", right, holding)
        return self.cited.open(
            span, words, left, strange, [r for r in ruled if r.outcome in {"open", "fails"}], right, holding
        )

    def _elsewhere(self, words: Sequence[str], own: int) -> set[int]:
        """The words of what no rule is about: acts and subjects on which the documents are silent."""
        acts = {n for n in range(own, len(words)) if stem(words[n]) in self._acts}
        silent = (f for f in self.vocabulary.find([Word(w, 0, 0) for w in words]) if f.entry.name in self._silent)
        return acts | {n for f in silent if f.entry.kind == "silence" for n in range(max(own, f.start), f.end)}

    def _left(
        self,
        residue: set[int],
        tokens: Sequence[str],
        ruled: Sequence[Ruled],
        told: Sequence[Told],
    ) -> list[int]:
        """The words that no reading accounted for."""
        left = residue - {i for r in ruled for i in r.used} - {i for t in told for i in t.used}
        quoted: set[str] = set()
        for one in ruled:
            for rule_id in one.verdicts[0].rules[:1] if one.verdicts else ():
                rule = self.pack.rule(rule_id)
                quoted |= _quoted(rule.place.quote) | _quoted(rule.title)
        return sorted(n for n in left if tokens[n] not in quoted)

    def _unvouched(self, words: Sequence[str], own: int, ruled: Sequence[Ruled], told: Sequence[Told]) -> set[int]:
        """Words that name a value of which neither the rules that hold nor the sentences that prove it speak."""
        counted = {n for r in ruled for n in r.dimensions}
        proofs = [f.fact.place.quote for f in told]
        leading = [self.pack.rule(r) for one in ruled for v in one.verdicts for r in v.rules[:1]]
        proofs += [text for rule in leading for text in (rule.title, rule.place.quote)]
        known = {value for text in proofs for value in self._values_in(text)}
        phrases = {i for t in told for i in t.matched}
        taken = {i for t in told for i in t.also}
        left: set[int] = set()
        for found in self.vocabulary.find([Word(w, 0, 0) for w in words]):
            name, values = found.entry.name, found.entry.values
            named = found.entry.kind == "value" and found.start >= own
            if named and name not in counted and (name, values) not in known:
                span = range(found.start, found.end)
                left |= {n for n in span if n not in phrases and n not in taken and self._speaks(stem(words[n]))}
        return left

    @cache  # noqa: B019  # a verifier lives as long as its pack
    def _values_in(self, text: str) -> frozenset[tuple[str, tuple[str, ...]]]:
        """The values that a sentence of the pack names."""
        found = self.vocabulary.find(self.vocabulary.words(clean(text)))
        return frozenset((f.entry.name, f.entry.values) for f in found if f.entry.kind == "value")


@dataclass(frozen=True, slots=True)
class _Before:
    """What a sentence may lean on: the subject spoken of, and the whole sentence before."""

    subject: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()
    """The rules and facts that it gets wrong: who only repeats them says nothing new."""
    scene: tuple[str, ...] = ()
    """What words without a verb have said that all is about."""
    topic: tuple[str, ...] = ()
    """The last sentence that was decided and leans on none."""
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The words that told of a machine, by dimension."""


def _cut(whole: Span, words: Sequence[Word], clause: Clause) -> Span:
    """The characters of a clause, from its first word that is no joint to its last."""
    first, last = clause.first, clause.last
    while first < last - 1 and (words[first].text in JOINTS or not words[first].text[0].isalnum()):
        first += 1
    start = whole.start + words[first].start if first > 0 and clause.first else whole.start
    end = whole.start + words[last].start if last < len(words) else whole.end
    piece = whole.text[start:end]
    start += len(piece) - len(piece.lstrip(" ,;:\n\t"))
    end = start + len(whole.text[start:end].rstrip(" ,;:\n\t" if end < whole.end else " \n\t"))
    return Span(whole.text, start, end)


def _outread(one: Told, told: Sequence[Told], ruled: Sequence[Ruled]) -> bool:
    """Whether a longer reading of the same words holds: of the same fact, of two steps, or of a rule that denies what the clause denies."""
    longer = any(t.holds and (t.order or t.fact is one.fact) and one.matched < t.matched for t in told)
    return longer or any(r.outcome == "holds" and r.negative and one.matched <= r.used for r in ruled)


def _joined(tokens: Sequence[str], found: Sequence[Clause]) -> list[Clause]:
    """Clauses of which none is but a verb that the one before lacks: "A mix, part here and part there, is not offered"."""
    out: list[Clause] = []
    for clause in found:
        mine = tokens[clause.first : clause.last]
        opens = next((t for t in mine if t[0].isalnum()), "") in AUX
        before = main_of(tokens[out[-1].first : clause.first]) if out else []
        late = any(a == "," and b in AUX and not b.endswith("'s") for a, b in pairwise(mine))
        left = [t for t in before if not (late and stem(t) in _NOUNS)]
        if out and (opens or late) and not has_verb(left) and tokens[-1:] != ["?"]:
            out[-1] = replace(out[-1], last=clause.last)
        else:
            out.append(clause)
    return out


def _lacks(words: Sequence[str], denial: int) -> bool:
    """Whether a "no" says what a "without" before it leads to: "without logs there is no restore"."""
    return words[denial] == "no" and words[denial - 1] in {"there's", "is", "are"} and "without" in words[:denial]


def _idle(tokens: Sequence[str]) -> set[int]:
    """Indices of words that only stand in a turn of speech; the first word of a denial ("out of scope") speaks for the others."""

    def spots(name: str) -> Iterator[tuple[int, int]]:
        known = starting(name)
        for n, token in enumerate(tokens):
            yield from ((n, n + len(p)) for p in known.get(token, ()) if tuple(tokens[n : n + len(p)]) == p)

    idle = {i for a, b in spots("idioms") for i in range(a, b)}
    return idle | {i for a, b in spots("negative_phrases") for i in range(a + 1, b)}


_NOUNS = words("nouns")
_APART = AUX | {"if", "once", "when"}
"""Words that no name of several words has in its gap."""


def _next(tokens: Sequence[str], start: int, last: int) -> int:
    return next((n for n in range(start, last) if tokens[n] in {",", ";"}), last)


def _strange(sentence: str) -> str:
    """Characters that no reading looks at: letters of other scripts, signs, pictures."""
    plain = blanked(sentence)
    return "".join(dict.fromkeys(c for c in plain if not _SEEN.match(c)))[:20]


@cache
def _quoted(text: str) -> frozenset[str]:
    """Senses of the words of a sentence of the documents, without those that turn or bound it."""
    return frozenset(s for s in senses(split(text)) if not s.isdigit() and s not in _TURNS)


_TURNS = frozenset(senses(sorted(words("turning"))))
_DOUBTFUL = words("doubtful")
"""Left over, they may turn a claim round: it is not called wrong."""


def _summary(claims: Sequence[Claim]) -> Summary:
    count = {s: sum(c.standing == s for c in claims) for s in ("proven", "contradicted", "disputed", "not_covered")}
    decided = len(claims) - count["not_covered"]
    return Summary(
        len(claims),
        count["proven"],
        count["contradicted"],
        count["disputed"],
        count["not_covered"],
        round(decided / len(claims), 4) if claims else 1.0,
    )


@cache
def _plain_words() -> frozenset[str]:
    """Stems of English words that claim nothing by themselves."""
    return frozenset(s for w in words("plain") | words("around") for s in (stem(w), w))
