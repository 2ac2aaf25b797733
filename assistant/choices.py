"""A multiple-choice question: each option judged by a rule or a stated fact, what is left by likeness."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from assistant.compose import Composer, Page, spoken
from assistant.denial import denials
from assistant.lettered import reason, spelled_out
from assistant.reading import said_by
from assistant.rules import Place
from assistant.stems import stems
from assistant.vocabulary import split

if TYPE_CHECKING:
    from assistant.checker import Checker
    from assistant.pack import Pack
    from assistant.reading import Reader
    from assistant.retrieve import Retriever
    from assistant.statements import Statements
    from assistant.types import Claim, Facts, Hit, Reading, Verdict
    from assistant.verify import Verifier


class House(Protocol):
    """The rooms that a question walks through."""

    pack: Pack
    checker: Checker
    reader: Reader
    composer: Composer
    statements: Statements

    @property
    def verifier(self) -> Verifier:
        """Reads claims; made on first use."""

    @property
    def retriever(self) -> Retriever:
        """The search, opened on first use."""

    @property
    def degraded(self) -> bool:
        """Whether the search had to be opened without its index."""

    def search(self, query: str, k: int = 5) -> list[Hit]:
        """The `k` best places for a query."""

    def places(self, reading: Reading, k: int = 5) -> list[Hit]:
        """The `k` best places for a question as it was read."""


class Choosing:
    """The options of one question."""

    def __init__(self, house: House, question: str, reading: Reading, page: Page) -> None:
        self.house, self.pack, self.composer = house, house.pack, house.composer
        self.question, self.reading, self.page = question, reading, page
        self.verdicts: list[Verdict] = []

    def choose(self) -> tuple[str, ...]:
        """The labels of the right options, worded on the page with what proves them."""
        readings = self.house.reader.options(self.reading)
        bodies = [body for _, body in self.reading.choices]
        judged = self._machines(bodies) or self._belonging(readings) or self._told(readings)
        spelled = [spelled_out(self.reading.stem, body) for body in bodies]
        judged = judged or [
            self._reasoned(body) or self._judge(option, reason(body))
            for option, body in zip(readings, spelled, strict=True)
        ]
        single = [j for j, body in zip(judged, bodies, strict=True) if not _NONE.search(body) and not _ALL.search(body)]
        judged = [
            _none_of(single) if _NONE.search(body) else _all_of(single) if _ALL.search(body) else judged[n]
            for n, body in enumerate(bodies)
        ]
        whole = next((n for n, body in enumerate(bodies) if _ALL.search(body) and judged[n].holds > 0), None)
        if whole is not None and not self.reading.denied:
            judged = [j if n == whole else Judged(0.0) for n, j in enumerate(judged)]
        sign = -1 if self.reading.denied and not {b.lower() for b in bodies} & set(_TRUTH) else 1
        wanted = [sign * j.holds for j in judged]
        near = [sign * self._near(body) for body in bodies]
        several = bool(_SEVERAL.search(self._asking(bodies)))
        least = 1.0 if max(wanted) >= 1.0 else _PERHAPS
        right = [n for n, w in enumerate(wanted) if w >= least] if several else []
        counted = _HOW_MANY.search(self._asking(bodies))
        most = _NUMBERS[(counted[1] or counted[2]).lower()] if counted else 1
        if len(right) != most if counted else not right:
            best = sorted(range(len(wanted)), key=lambda n: (-wanted[n] - near[n], n))
            right = sorted(best[:most])
        labels = [label for label, _ in self.reading.choices]
        self.page.say("; ".join(f"{labels[n]}: {bodies[n]}" for n in right) + ".")
        for n in right[:3]:
            self._prove(judged[n], bodies[n])
        return tuple(labels[n] for n in right)

    def _asking(self, bodies: Sequence[str]) -> str:
        """The question without its options."""
        asking = self.question
        for body in bodies:
            asking = asking.replace(body, " ", 1)
        return asking

    def _machines(self, bodies: Sequence[str]) -> list[Judged]:
        """Of options that name the machines of the question what the rules say of each; empty of any others."""
        named = {tuple(split(s.label)): s.facts for s in self.reading.scenarios if s.label}
        told = [named.get(tuple(split(body))) for body in bodies]
        decision = self.pack.decisions.get(self.reading.decision or "")
        if decision is None or decision.kind != "capability" or None in told:
            return []
        return [self._weighed(self.house.checker.check(decision.id, facts or {}), 1.0) for facts in told]

    def _told(self, options: Sequence[Reading]) -> list[Judged]:
        """Of options that are values, each its own, the one whose section answers the question by itself; empty when none is that near."""
        values = [next(((m.dimension, v) for m in o.mentions for v in m.values[:1]), None) for o in options]
        hits = [] if self.reading.denied or len({*values}) < len(values) else self.house.search(self.reading.stem, 1)
        if None in values or not hits or hits[0].similarity < _SURE:
            return []
        unit = hits[0].unit
        about = [
            f for f in self.pack.facts if f.place.source == unit.section_id and unit.start <= f.place.start < unit.end
        ]
        fact = next((f for f in about if f.about and not denials(split(f.place.quote))), None)
        right = [fact is not None and fact.about.get(v[0]) == (v[1],) for v in values if v]
        if fact is None or sum(right) != 1:
            return []
        body = self.reading.choices[right.index(True)][1].lower()
        if any(
            m.words in body and (m.dimension, *m.values) == values[right.index(True)] for m in self.reading.mentions
        ):
            return []  # what the question is about is no answer to it
        said = spoken(fact.place.quote, self.composer.header(fact.place))
        return [Judged(1.0, said, fact.place) if r else Judged(-1.0) for r in right]

    def _belonging(self, options: Sequence[Reading]) -> list[Judged]:
        """Of "which is NOT a restore option?": the options that name one belong, the others do not; empty when it is asked otherwise."""
        if not (self.reading.denied and _NOT_ONE_OF.search(self.reading.stem)):
            return []
        alike = [
            {m.dimension for m in o.mentions if len(split(m.words)) == len(split(body))}
            for o, (_, body) in zip(options, self.reading.choices, strict=True)
        ]
        count = Counter(n for names in alike for n in names if self.pack.dimensions[n].kind != "fact")
        name = max(sorted(count), key=lambda n: (n == self.reading.asked, count[n]), default=self.reading.asked)
        named = [any(m.dimension == name for m in o.mentions) for o in options]
        return [Judged(1.0 if n else -1.0) for n in named] if _TWO <= sum(named) < len(named) else []

    def _reasoned(self, body: str) -> Judged | None:
        """What the reader of claims says of the reason of a yes or no; None when there is none, or it cannot tell."""
        judged = self._by_words(reason(body)) if reason(body) != body else None
        return judged if judged and judged.holds else None

    def _judge(self, option: Reading, body: str) -> Judged:
        """What the rules or a stated fact say of an option; 0 when they are silent."""
        decision = self.pack.decisions.get(option.decision or "")
        outcome = option.outcome or (self._labelled(decision.outcome, body) if decision else None)
        if decision and decision.kind == "value" and outcome:
            stem = self.house.checker.check(decision.id, self.reading.scenarios[0].facts)
            if stem.status == "information":
                return self._by_rule(1.0 if (stem.outcome == outcome) != option.negative else -1.0, stem)
        words = self.house.reader.words(body)
        asking = _CALLED_WRONG.sub("", self.reading.stem) if self.reading.denied else self.reading.stem
        around = (*self.house.reader.words(asking), *words)
        stated = self.house.statements.judge(words, around, said_by(option))
        if stated and stated.holds is not None:
            place = stated.fact.place
            said = split(place.quote)
            other = len(body.split()) <= _STATEMENT and any(w.isdigit() and w not in said for w in split(body))
            return Judged(
                1.0 if stated.holds and not other else -1.0, spoken(place.quote, self.composer.header(place)), place
            )
        chosen = any(self.pack.dimensions[m.dimension].kind == "choice" for m in option.mentions)
        if (
            decision
            and decision.kind == "capability"
            and (chosen or (option.mentions and decision.id != self.pack.main))
        ):
            if option.silence:
                return Judged(_UNSAID)
            return self._weighed(self._checked(decision.id, option), -1.0 if option.negative else 1.0)
        return self._by_words(body)

    def _checked(self, decision: str, option: Reading) -> Verdict:
        """The verdict on an option; of "MARS and DPM" that of the one which does not hold."""
        facts = option.scenarios[0].facts
        each: list[Facts] = (
            [{**facts, option.jointly: (v,)} for v in facts.get(option.jointly, ())] if option.jointly else []
        )
        verdicts = [self.house.checker.check(decision, f) for f in each or [facts]]
        return next((v for v in verdicts if v.status != "supported"), verdicts[0])

    def _labelled(self, outcome: str | None, body: str) -> str | None:
        """The value whose name an option shortens: "file system" of file-system consistent."""
        said = set(split(body))
        names = self.pack.dimensions[outcome].names if outcome else ()
        fitting = [v for v in names if said and said < set(split(self.pack.label(outcome or "", v)))]
        return fitting[0] if len(fitting) == 1 else None

    def _by_words(self, body: str) -> Judged:
        """What the reader of claims says of an option that is a statement, or of the statement that is to be called true or false."""
        true = _TRUTH.get(body.lower())
        stem = self.reading.stem.strip(" ?:.")
        decided = self._decided(stem if true else f"{stem}. {body}", 0 if true else len(stem))
        if true is None and len(body.split()) < _STATEMENT:
            decided = []
        if not decided and true is None:
            filled = _filled(_NOT.sub("", stem) if self.reading.denied else stem, body)
            decided = self._decided(filled, 0) if filled else []
        if not decided:
            return Judged(0.0)
        wrong = next((c for c in decided if c.standing == "contradicted"), None)
        told = wrong or decided[0]
        cited = told.citations[0]
        place = Place(cited.section_id, cited.quote, cited.start, cited.end)
        says = told.correction or spoken(cited.quote, self.composer.header(place))
        return Judged((-1.0 if wrong else 1.0) * (true or 1.0), says, place)

    def _decided(self, text: str, own: int) -> list[Claim]:
        """The claims from a place of a text on that are proven or contradicted."""
        claims = self.house.verifier.verify(text).claims
        return [c for c in claims if c.start >= own and c.standing in {"proven", "contradicted"} and c.citations]

    def _weighed(self, verdict: Verdict, sign: float) -> Judged:
        if verdict.status in {"supported", "not_supported"}:
            return self._by_rule(sign if verdict.status == "supported" else -sign, verdict)
        return Judged(_PERHAPS if verdict.status == "depends" else _UNSAID)

    def _by_rule(self, holds: float, verdict: Verdict) -> Judged:
        self.verdicts.append(verdict)
        rules = self.composer.leading(verdict)
        return Judged(holds, rules[0].title, rules[0].place) if rules else Judged(holds)

    def _near(self, body: str) -> float:
        """How near the documents come to the option as an answer to the question, 0 to 1."""
        found = self.house.search(self.reading.stem, 4)
        words = set(_content(body))
        texts = [set(_content(h.unit.text + " " + h.section.title)) for h in found]
        shared = max(
            (h.score * len(words & t) / (len(words) or 1) for h, t in zip(found, texts, strict=True)), default=0.0
        )
        whole = self.house.search(f"{self.reading.stem} {body}", 1)
        return 0.6 * shared + 0.4 * (whole[0].similarity if whole else 0.0)

    def _prove(self, judged: Judged, body: str) -> None:
        if judged.place:
            self.page.say(judged.says, judged.place)
            return
        hits = self.house.search(f"{self.reading.stem} {body}", 1)
        if hits:
            self.composer.explain(self.page, hits, complete=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """An option of a multiple-choice question: 1 it is so, -1 it is not, and what proves it."""

    holds: float
    says: str = ""
    place: Place | None = None


def _none_of(others: Sequence[Judged]) -> Judged:
    """The option that all others are wrong, proven by what refutes one of them."""
    refuted = next((j for j in others if j.holds < 0 and j.place), None)
    return (
        Judged(-1.0)
        if any(j.holds > 0 for j in others)
        else Judged(1.0, refuted.says, refuted.place)
        if refuted
        else Judged(0.0)
    )


def _all_of(others: Sequence[Judged]) -> Judged:
    """The option that all others are right; what one sentence says of them all, in words that turn the question, holds of all."""
    proven = next((j for j in others if j.place), None)
    turned = proven is not None and all(j.holds < 0 and j.place == proven.place for j in others)
    if not others or (any(j.holds < 1.0 for j in others) and not turned):
        return Judged(-1.0)
    return Judged(1.0, proven.says, proven.place) if proven else Judged(1.0)


def _filled(stem: str, body: str) -> str:
    """The question as a statement, the option in the place of what is asked for; empty when there is no such place."""
    asking = re.split(r"(?<=[.!?])\s+|\n", stem)[-1]
    hit = _COUNTED.match(asking)
    if hit:
        return f"{hit['who']} {hit['does']} {body} {hit['what']}." if hit["who"] else f"There are {body} {hit['what']}."
    before = stem[: len(stem) - len(asking)].strip()
    if before and _OF_THESE.search(before) and len(asking.split()) < _STATEMENT:
        return _OF_THESE.sub(lambda _: body, before, count=1)
    named = _WANTED.sub(lambda _: body, asking, count=1)
    return f"{named}." if named != asking and len(named.split()) > len(body.split()) + _STATEMENT else ""


_CALLED_WRONG = re.compile(r"\b(?:false|wrong|incorrect|untrue)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|never) |n't\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"^.*?\bhow many (?P<what>.+?)(?: are there| do(?:es)? (?P<who>.+) (?P<does>\w+))?$", re.IGNORECASE | re.DOTALL
)
_ASKED_FOR = "one|ones|of (?:these|them|the following)|sql|backup|backups|types?|kinds?|options?|tools?|agents?|extension|levels?|services?|consistency|redundancy|replication|storage|setting|restore|snapshot|machine|component|product"
_WANTED = re.compile(rf"\b(?:which|what)(?: (?:{_ASKED_FOR}))*(?= )", re.IGNORECASE)
_NUMBERS = {"two": 2, "three": 3, "four": 4}
_HOW_MANY = re.compile(
    r"\b(?:which|pick|choose|select|mark|tick|name) (two|three|four)\b(?! of the)|\b(two|three) of (?:these|the following|them)\b",
    re.IGNORECASE,
)
"""How many options are right, where a question says so."""
_OF_THESE = re.compile(r"\b(?:one|two|three|four|some) of (?:these|the following|them)\b", re.IGNORECASE)
"""What an option stands for in a statement that "Which?" follows."""
_NOT_ONE_OF = re.compile(r"\bnot\b.{0,12}\b(?:a|an|one|among|part|in)\b|\bodd one\b", re.IGNORECASE)
_TWO = 2
_NONE = re.compile(r"^\W*(?:none|neither|nothing)\b", re.IGNORECASE)
_ALL = re.compile(
    r"^\W*(?:both|all)(?: of)?(?: (?:them|these|the above|the two|the three|the options))?\W*$", re.IGNORECASE
)
_TRUTH = {"true": 1.0, "yes": 1.0, "false": -1.0, "no": -1.0}
_STATEMENT = 3
"""Words from which on an option is read as a statement of its own."""
_SURE = 0.6
"""Likeness from which on a place answers a question without its options."""
_PERHAPS = 0.4
"""What an option is worth that holds on some condition."""
_UNSAID = -0.5
"""What an option is worth of which the documents do not speak."""
_SEVERAL = re.compile(
    r"\b(?:which (?:of (?:these|the following) )?(?:tools|agents|options|levels|types|components|machines|services|products)|all that apply|two|three|which are|more than one|several|all that|every item|(?:tick|pick|mark|select|choose) (?:all|every|two|three)|multiple (?:response|answers|select)|select all|options are|statements|both|letters|ones|one\(s\))\b|\(s\)",
    re.IGNORECASE,
)


def _content(text: str) -> list[str]:
    return stems([w for w in split(text) if len(w) > 2 or w.isdigit()])
