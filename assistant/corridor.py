"""One question on its way: decided by the rules, explained by retrieval, worded with its proof."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from assistant.bounds import Bounds
from assistant.checker import SUPPORTED
from assistant.choices import Choosing, House
from assistant.compose import MOST_CHARACTERS, MOST_CITATIONS, Page, lower, spoken
from assistant.confidence import Way, situation
from assistant.denial import asks_of_only, overstates
from assistant.disputes import fitting
from assistant.grammar import asks_duty, asks_plainly, in_general
from assistant.lexicon import phrases, words
from assistant.plans import Reviewing
from assistant.reading import said_by
from assistant.refusals import Refusing, unmeasured
from assistant.rules import Place
from assistant.second_look import judge
from assistant.statements import Stated
from assistant.types import Answer, Ask, Claim, Facts, Hit, Part, Reading, Scenario, Status, Unit, Verdict

_FEW = 2
"""Cues of a question in which one word alone named the decision."""
_ENOUGH = 3
"""Facts from which a verdict of the main decision is taken as what was asked."""
_KNOWN = 0.45
"""Least cosine to a key at which a unit is taken to answer a question in the words of the subject."""
_NEAR = 0.70
"""Cosine from which a place's topic is taken for the question's."""
_TELLING = 0.54
"""Cosine from which a place is preferred to a list of what works, where the question does not name what to list."""
_CLOSE = 0.75
"""Cosine from which words said in passing are not what is asked."""
_SURE = 0.80
"""Cosine from which an explanation is preferred to all the ways in which a value could come out that the question names."""
_LEAN = 0.55
"""Below this the asking sentence alone says too little ("How do we go about it?")."""
_PLAIN = 0.45
"""The same for a question that has none of the subject's words."""
_DEFINITE = frozenset({"supported", "not_supported", "conflict"})
_LIKENESS = (0.50, 0.70, 0.93)
_LIKENESS_ASKED = (0.55, 0.86, 0.95)
"""Cosine to a key from which on an explanation is preferred to a verdict, by the number of facts that were read;
the second line for what opens like a yes/no question ("Can …?")."""


class Case:
    """One question on its way through the house."""

    def __init__(self, house: House, question: str, reading: Reading, page: Page | None = None) -> None:
        """`page` is that of a message of which this is one question."""
        self.house, self.pack, self.composer = house, house.pack, house.composer
        self.question, self.reading = question, reading
        self.page = page or Page(house.pack)
        self.begins = len(self.page.text)
        self.verdicts: list[Verdict] = []
        self.parts: list[Part] = []
        self.choice: tuple[str, ...] = ()
        self.options: tuple[str, ...] = ()
        self.way: Way = "explanation"

    def answer(self) -> Answer:
        """Walk the corridor once."""
        status = self.decide()
        shown = self.verdicts[0] if self.verdicts else None
        came_about = situation(self.way, status, self.reading, shown)
        assumed = tuple(dict.fromkeys(a for v in self.verdicts for a in v.assumed))
        self.composer.close(self.page, self._understood(), assumed)
        missing = (
            tuple(dict.fromkeys(self._said(n) for v in self.verdicts for n in v.missing)) if status == "depends" else ()
        )
        changes = (
            tuple({self._said(n): x for n, x in c.items()} for c in shown.changes)
            if shown and len(self.verdicts) == 1
            else ()
        )
        return Answer(
            id=self._id(),
            question=self.question,
            status=status,
            text=self.page.text,
            facts=self._scenarios()[0].facts if self._scenarios() else {},
            assumed=assumed,
            missing=missing,
            ask=self._ask(shown) if status == "depends" else None,
            options=self.options or self._works(shown),
            changes=changes,
            choice=self.choice,
            parts=tuple(self.parts),
            citations=self.page.citations(),
            findings=tuple(dict.fromkeys(f for v in self.verdicts for f in self.composer.findings(v, self.page))),
            edition=self.pack.edition,
            pack=f"{self.pack.name}@{self.pack.digest[:12]}",
            engine=self._engine(),
            confidence=self.pack.trust.of(came_about),
            situation=came_about,
            reading=self.reading,
        )

    def decide(self) -> Status:
        """The status, and on the page what proves it, without what closes an answer."""
        status = self._status()
        parted = bool(self.parts)
        judged = judge(self.house, self.question, self.reading, status, self.way, of_several=parted)
        return self._judged_by_words(*judged) if judged else status

    def _judged_by_words(self, status: Status, claims: Sequence[Claim]) -> Status:
        """What the second reader of claims says, with its places, instead of what stood here."""
        self.page.back(self.begins)
        self.verdicts, self.parts, self.way = [], [], "correction"
        asked = self.reading.kind != "claim"
        if not asked:
            self.page.say("That is right." if status == SUPPORTED else "That is not right.")
        for claim in claims[:2]:
            places = [Place(c.section_id, c.quote, c.start, c.end) for c in claim.citations]
            told = claim.correction or spoken(places[0].quote, self.composer.header(places[0]))
            first = asked and claim is claims[0]
            self.page.say(f"{'Yes' if status == SUPPORTED else 'No'}: {lower(told)}" if first else told, *places)
        return status

    def _id(self) -> str:
        seed = f"{self.pack.digest}\0{self.question}\0{self.reading.topic}\0{self._scenarios()!r}"
        return "ans_" + hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:24]

    def _engine(self) -> str:
        return "rules+words" if self.house.degraded else "rules+retrieval"

    def _scenarios(self) -> tuple[Scenario, ...]:
        every = self.reading.scenarios
        return tuple(s for s in every if s.label == self.reading.about) if self.reading.about else every

    def _understood(self) -> list[Facts]:
        """What is known of each machine; of several questions not what each of them asks about it."""
        told = [s.facts for _, reading in self.reading.questions for s in reading.scenarios]
        of_machines = [{n: v for n, v in f.items() if self.pack.dimensions[n].kind == "fact"} for f in told]
        return [dict(f) for f in of_machines] or [s.facts for s in self._scenarios()]

    def _said(self, dimension: str) -> str:
        return self.pack.dimensions[dimension].reads or dimension

    def _works(self, verdict: Verdict | None) -> tuple[str, ...]:
        return (
            tuple(w for o in verdict.options if (w := self.composer.option_words(o, verdict.decision)))
            if verdict
            else ()
        )

    def _ask(self, verdict: Verdict | None) -> Ask | None:
        if verdict is None or verdict.ask is None:
            return None
        dimension = self.pack.dimensions[verdict.ask]
        return Ask(dimension.name, dimension.ask, tuple((v.name, v.label) for v in dimension.values))

    # ---- what sort of answer

    def _status(self) -> Status:
        reading = self.reading
        if reading.kind == "several":
            return self._several()
        if reading.kind == "choice":
            chosen = Choosing(self.house, self.question, reading, self.page)
            self.choice, self.verdicts, self.way = chosen.choose(), chosen.verdicts, "choice"
            return "information"
        if reading.kind == "plan":
            plan = Reviewing(self.house, reading, self.page)
            status = plan.review()
            self.verdicts, self.parts, self.way = plan.verdicts, plan.parts, "plan"
            return status
        if reading.foreign or (reading.off_topic and not self._fits(_PLAIN)):
            return self._refuse(Refusing.foreign)
        if reading.unheard:
            return self._refuse(Refusing.foreign) if reading.off_topic else self._refuse(Refusing.unheard, self.hits)
        if self._asks_who_is_right():
            return "conflict"
        if reading.silence and not self._stated and not self._valued():
            return self._refuse(Refusing.silent)
        if unmeasured(reading.focus, lambda: self.hits):
            return self._refuse(Refusing.refuse, self.hits)
        if reading.kind == "compare":
            return "information" if self._compare() else self._explain(complete=True)
        if (
            reading.kind == "which"
            and reading.decision == self.pack.main
            and not self._named()
            and in_general(reading.focus, ())
        ):
            return self._capability()
        if reading.kind == "which" and reading.decision and not self._told():
            found = self._which()
            if found:
                self.way = "list"
                return found
        if self._stated and reading.kind in {"capability", "claim", "explain"}:
            return self._state(self._stated)
        decided = reading.decision and self.pack.decisions[reading.decision].kind
        told_better = self._outweighed() or self._asks_meaning() or self._silent() if decided == "value" else False
        if decided == "value" and reading.kind != "explain" and not told_better:
            fact = self._found() if self._undecided() else None
            return self._state(fact) if fact else self._value()
        if self._passing():
            return self._refuse(Refusing.silent)
        if decided == "capability" and reading.kind in {"capability", "claim"} and not self._better_explained():
            fact = self._found() if self._undecided() or self._barely() else None
            return self._state(fact) if fact else self._capability()
        if decided and reading.kind == "explain" and self._refuted():
            return self._capability()
        if self._settled() and len({v.status for v in self._checked}) > 1:
            return self._which_machine()
        if self._wants_tool():
            return self._which() or self._explain()
        return self._explain()

    def _passing(self) -> bool:
        """Whether words that may be said in passing are the subject: little else is told, and no place is near."""
        little = self.reading.decision is None or all(len(s.facts) < _ENOUGH for s in self._scenarios())
        return bool(self.reading.aside) and little and not self._fits(_CLOSE)

    def _several(self) -> Status:
        """Each question in short; one status for all where they agree."""
        questions = self.reading.questions
        for n, (text, reading) in enumerate(questions):
            start = len(self.page.text)
            self.page.share(len(questions) - n)
            self.page.say(f"{n + 1})")
            case = Case(self.house, text, reading, self.page)
            status = case.decide()
            said = self.page.text[case.begins :]
            if not said.strip():
                self.page.text += "No room for the proof here, ask this one alone."
            if said.startswith(("1. ", "- ", "|")):
                self.page.text = f"{self.page.text[: case.begins - 1]}\n{said}"
            self.page.line()
            self.parts.append(Part(text, status, reading.scenarios[0].facts, self.page.text[start:].strip()))
            self.verdicts += case.verdicts
        self.page.room, self.page.marks, self.way = MOST_CHARACTERS, MOST_CITATIONS, "several"
        found = {p.status for p in self.parts}
        unanswered = found <= {"not_stated", "out_of_scope"}
        return found.pop() if len(found) == 1 else "not_stated" if unanswered else "information"

    def _settled(self) -> bool:
        """Whether the rules decide of every machine, and enough is told of each."""
        kind = self.reading.decision and self.pack.decisions[self.reading.decision].kind
        told = all(len(s.facts) >= _ENOUGH for s in self._scenarios())
        return kind == "capability" and told and all(v.status in _DEFINITE for v in self._checked)

    def _told(self) -> bool:
        """Whether a place answers a which-question that names nothing to be listed: "What does a full backup contain?".

        Nor does one that names what it asks for already: "Which agent moves DPM's backups?".
        """
        reading = self.reading
        if len(self._scenarios()) != 1 or reading.compared:
            return False
        given = len(self._scenarios()[0].facts.get(reading.asked or "", ())) == 1
        vague = given or (reading.asked is None and len(reading.cues) <= _FEW)
        decision = self.pack.decisions[reading.decision or ""]
        spaces = [self.house.checker.space(d) for d in (decision.id, decision.premise) if d]
        facts = self._scenarios()[0].facts
        silent = [a for a in self.pack.assumptions if a.silent and a.decision == decision.id]
        granted = {n for a in silent for n, v in a.set.items() if facts.get(n) == (v,)}
        told = self._named() & {n for space in spaces for n in space.domains} - granted
        return vague and len(told) < _ENOUGH and self._fits(_TELLING)

    def _wants_tool(self) -> bool:
        """Whether an open question about one machine ("What has to be put on it?") is for the rules: no place answers it."""
        reading = self.reading
        told = len(reading.mentions) > 1 and [len(s.facts) >= _ENOUGH for s in self._scenarios()] == [True]
        opens = (
            reading.kind == "explain"
            and not {"why", "when", "how"} & set(reading.focus)
            and not asks_duty(reading.focus)
        )
        return told and opens and reading.decision == self.pack.main and not self._fits(_NEAR)

    def _barely(self) -> bool:
        """Whether the main decision was taken from so few facts that the question may be about something else."""
        return self.reading.decision == self.pack.main and all(len(s.facts) < _ENOUGH for s in self._scenarios())

    def _asks_who_is_right(self) -> bool:
        """Whether the question sets two places of the documents against each other, and they do differ: both are shown."""
        tokens = self.house.reader.words(self.question)
        if not any(tokens[n : n + len(p)] == list(p) for p in phrases("disagreeing") for n in range(len(tokens))):
            return False
        torn = fitting(self.pack, self.reading.decision, self._scenarios()[0].facts)
        if torn:
            self.composer.differ(self.page, torn)
        return torn is not None

    def _valued(self) -> bool:
        """Whether the rules name the value that is asked for: no silence then."""
        decision = self.pack.decisions.get(self.reading.decision or "")
        asked = decision and decision.kind == "value" and self.reading.kind == "value"
        return bool(asked) and all(v.status == "information" for v in self._checked)

    def _outweighed(self) -> bool:
        """Whether an explanation answers better than all the ways in which a value could come out."""
        reading = self.reading
        weighed = bool(reading.outcome) and reading.kind in {"capability", "claim"}
        sure = not self._machine() and self._better_explained(_SURE) if weighed else self._better_explained()
        return self._undecided() and sure

    def _named(self) -> set[str]:
        """The dimensions of which something is known of a machine."""
        return {n for s in self._scenarios() for n in s.facts}

    def _asks_meaning(self) -> bool:
        """Whether a value is named and nothing from which one could follow: what it means is asked then."""
        decision = self.pack.decisions[self.reading.decision or ""]
        return (
            self.reading.kind == "value"
            and self._named() == {decision.outcome}
            and self._undecided()
            and self._fits(_KNOWN)
        )

    def _silent(self) -> bool:
        """Whether the rules name no value of what is asked, and a place is near."""
        return (
            self.reading.kind == "value"
            and all(v.status == "not_stated" for v in self._checked)
            and self._fits(_TELLING)
        )

    def _machine(self) -> set[str]:
        """What is told of the machine, level and outcome aside."""
        outcome = self.pack.decisions[self.reading.decision or ""].outcome
        return {n for n in self._named() - {outcome} if self.pack.dimensions[n].kind == "fact"}

    def _undecided(self) -> bool:
        """Whether the rules would only list every way it could come out."""
        return all(v.status == "depends" for v in self._checked)

    @cached_property
    def _stated(self) -> Stated | None:
        """The fact that a yes/no question is about, when its words decide it."""
        reading = self.reading
        if reading.kind not in {"capability", "claim"} and not asks_duty(reading.focus):
            return None
        said = self.house.reader.words(self.question)
        around = [*said, *self.house.reader.words(reading.topic)]
        return self.house.statements.judge(reading.focus or said, around, said_by(reading))

    def _found(self) -> Stated | None:
        """The fact that a yes/no question is about when likeness finds its topic: the fact's own words still decide it."""
        reading = self.reading
        polar = reading.kind in {"capability", "claim"} or asks_duty(reading.focus) or asks_plainly(reading.focus)
        if not polar or not self._fits(_NEAR) or self._ruled(self.hits[0].unit):
            return None
        tokens = reading.focus or tuple(self.house.reader.words(self.question))
        around = self.house.reader.words(reading.topic)
        return self.house.statements.judge_at(self.hits[0].unit, tokens, around, said_by(reading) | self._named())

    def _state(self, stated: Stated) -> Status:
        """Yes or no to a claim about a stated fact, with its place."""
        self.way = "stated fact"
        text = spoken(stated.fact.place.quote, self.composer.header(stated.fact.place))
        silent_on_others = asks_of_only(self.reading.focus) and "only" not in text
        holds = None if silent_on_others else stated.holds and not overstates(self.reading.focus, text)
        if holds is None or (self.reading.kind == "explain" and not asks_duty(self.reading.focus)):
            self.page.say(text, stated.fact.place)
            return "information"
        claim = self.reading.kind == "claim"
        lead = ("That is right" if holds else "That is not right") if claim else ("Yes" if holds else "No")
        self.page.say(f"{lead}: {lower(text)}", stated.fact.place)
        self.composer.differing(self.page, stated.fact.place)
        return "supported" if holds else "not_supported"

    def _fits(self, sure: float) -> bool:
        """Whether a place of the documents is this near to the question."""
        return bool(self.hits) and self.hits[0].similarity >= sure

    @cached_property
    def _checked(self) -> list[Verdict]:
        """What the rules say of each machine."""
        return [self._check(s.facts) for s in self._scenarios()]

    def _check(self, facts: Facts) -> Verdict:
        """The verdict of the decision, or that of its premise where only the premise is refused."""
        decision = self.pack.decisions[self.reading.decision or ""]
        made = self.reading.doubted
        verdict = self.house.checker.check(decision.id, facts, made)
        if not decision.premise or verdict.status == "not_supported":
            return verdict
        premise = self.house.checker.check(decision.premise, facts, made)
        return premise if premise.status == "not_supported" and not premise.impossible else verdict

    def _capability(self) -> Status:
        self.verdicts, self.way = self._checked, "rules"
        refuted = Bounds(self.house, self.reading, self.page).refute(self.verdicts)
        if refuted:
            self.verdicts = [refuted[1]]
            return refuted[0]
        return self._each(self.composer.capability)

    def _value(self) -> Status:
        self.verdicts, self.way = self._checked, "value"
        refuted = Bounds(self.house, self.reading, self.page).exception(self.verdicts[0])
        if refuted:
            self.verdicts = [refuted[1]]
            return refuted[0]
        statuses = [self._of_value(v) for v in self.verdicts]
        self._each(self.composer.value)
        return statuses[0] if len(set(statuses)) == 1 else "information" if not self.reading.outcome else "depends"

    def _of_value(self, verdict: Verdict) -> Status:
        claimed = self.reading.outcome
        asks = claimed and self.reading.kind in {"claim", "capability"}
        if verdict.impossible or verdict.status in {"conflict", "not_stated"}:
            return verdict.status
        if verdict.status == "depends":
            return "depends" if asks or self.reading.kind in {"claim", "capability"} else "information"
        if not asks:
            return "information"
        return "supported" if claimed == verdict.outcome else self._otherwise(verdict)

    def _otherwise(self, verdict: Verdict) -> Status:
        """A value that does not hold as assumed: "depends" when dropping an assumption could bring it."""
        facts = self._scenarios()[0].facts
        adjustable = {
            (n, v) for a in self.pack.assumptions if a.adjustable for n in a.set for v in self.pack.dimensions[n].names
        }
        for name, _, _ in verdict.assumed:
            for value in self.pack.dimensions[name].names:
                other = self.house.checker.check(verdict.decision, {**facts, name: (value,)})
                open_ = self.reading.kind == "capability" or self.reading.negative
                if other.outcome == self.reading.outcome and open_ and (name, value) in adjustable:
                    self.composer.value(self.page, Reading("value", verdict.decision, ()), other)
                    return "depends"
        return "not_supported"

    def _each(self, write: Callable[[Page, Reading, Verdict, str], None]) -> Status:
        if len(self.verdicts) == 1:
            write(self.page, self.reading, self.verdicts[0], "")
            return self.verdicts[0].status
        for scenario, verdict in zip(self._scenarios(), self.verdicts, strict=True):
            start = len(self.page.text)
            write(self.page, self.reading, verdict, scenario.label)
            self.page.text = self.page.text.rstrip() + "\n"
            self.parts.append(Part(scenario.label, verdict.status, scenario.facts, self.page.text[start:].strip()))
        statuses = {v.status for v in self.verdicts}
        return self.verdicts[0].status if len(statuses) == 1 else "depends"

    def _which(self) -> Status | None:
        """The values that work for what is asked, when the rules can list them."""
        decision = self.pack.decisions[self.reading.decision or ""]
        asked: str | None = self.reading.asked or decision.asks
        if decision.kind == "value":
            return None
        space = self.house.checker.space(decision.id)
        if len(self._scenarios()) > 1:
            return self._which_machine()
        if self._checked[0].status == "conflict" and not self.reading.compared:
            return self._capability()
        if asked and len(self._scenarios()[0].facts.get(asked, ())) == 1 and not self.reading.compared:
            asked = next((n for n in space.choices if n not in self._scenarios()[0].facts), None)
        if asked is None or asked not in space.domains:
            return None
        values = self.reading.compared or self._opens(asked)
        facts = {n: v for n, v in self._scenarios()[0].facts.items() if n != asked}
        table = [(v, self._check({**facts, asked: (v,)})) for v in values]
        table = [(v, d) for v, d in table if not d.impossible]
        if not table:
            return self._capability()
        advice = (
            self.house.checker.check(decision.recommend, facts)
            if decision.recommend and asked == self.pack.decisions[decision.recommend].outcome
            else None
        )
        if not facts and not self.reading.compared and decision.id == self.pack.main:
            return None
        if self.reading.negative and any(d.status == "not_supported" for _, d in table):
            table = [(v, d) for v, d in table if d.status == "not_supported"]
            self.verdicts = [d for _, d in table]
            self.options = tuple(self.pack.label(asked, v) for v, _ in table)
            for value, verdict in table:
                self.composer.capability(self.page, self.reading, verdict, self.pack.label(asked, value))
            return "information"
        self.composer.which(self.page, self.reading, asked, table, advice)
        self.options = tuple(self.pack.label(asked, v) for v, d in table if d.status == SUPPORTED)
        self.verdicts = [d for _, d in table]
        statuses = {d.status for d in self.verdicts}
        if statuses & {"supported", "depends"}:
            return "information"
        if "conflict" in statuses:
            return "conflict"
        return "not_supported" if "not_supported" in statuses else "not_stated"

    def _which_machine(self) -> Status:
        """Each machine by itself, for "which of these can …?"."""
        self.verdicts = self._checked
        self._each(self.composer.capability)
        statuses = {v.status for v in self.verdicts}
        return "not_supported" if statuses == {"not_supported"} else "information"

    def _opens(self, asked: str) -> tuple[str, ...]:
        said = self._scenarios()[0].facts.get(asked, ())
        names = self.pack.dimensions[asked].names
        return said if len(said) > 1 else names

    def _compare(self) -> bool:
        reading = self.reading
        dimension = reading.asked if reading.compared else None
        self.way = "comparison"
        return bool(dimension) and self.composer.compare(self.page, dimension or "", reading.compared, self.hits)

    def _refuted(self) -> bool:
        """Whether the thing that an explanation takes for granted is not so: a false premise is named first."""
        verdicts = self._checked
        if self.pack.decisions[self.reading.decision or ""].kind == "value":
            return False
        facts = self._scenarios()[0].facts
        return (
            not self.reading.negative
            and len(facts) > 1
            and all(v.status == "not_supported" for v in verdicts)
            and not self._better_explained(_KNOWN + 0.1 * (len(facts) - 1))
        )

    def _refuse(self, say: Callable[..., Status], *hits: Sequence[Hit]) -> Status:
        refusing = Refusing(self.house, self.question, self.reading, self.page)
        status = say(refusing, *hits)
        self.way = refusing.way
        return status

    # ---- what retrieval says

    @cached_property
    def hits(self) -> list[Hit]:
        """What the documents say on the asking sentences; on the whole message when these say too little."""
        found = self.house.places(self.reading, 8)
        if len(self.question) > len(self.reading.topic) and (not found or found[0].similarity < _LEAN):
            whole = self.house.places(replace(self.reading, topic=self.question), 8)
            found = max(found, whole, key=lambda hits: hits[0].similarity if hits else 0.0)
        return found

    def _better_explained(self, sure: float | None = None) -> bool:
        """Whether a statement of the documents fits the question better than a verdict read from few words.

        The fewer facts the reading found, the less likeness it takes; a place that some rule of the decision quotes
        proves the verdict and does not compete with it.
        """
        if "need" in self.reading.cues and all(v.status == SUPPORTED for v in self._checked):
            return True  # that it works says nothing of what it needs
        decision = self.reading.decision or ""
        domains = self.house.checker.space(decision).domains
        used = {*domains, *(self.pack.dimensions[n].reads for n in domains)}
        named = self._named()
        said = named & used
        outcome = self.pack.decisions[
            decision
        ].outcome  # of a value, whatever is told of the machine asks for a verdict
        told = len(named - {outcome} if outcome else said)
        scale = _LIKENESS_ASKED if self.reading.kind == "capability" and asks_duty(self.reading.focus) else _LIKENESS
        definite = all(v.status in _DEFINITE for v in self._checked)
        if definite and self.reading.kind != "explain" and said and (decision != self.pack.main or len(said) > 1):
            return False
        if not self._fits(sure if sure is not None else scale[min(told, len(scale) - 1)]):
            return False
        return not self._ruled(self.hits[0].unit)

    def _ruled(self, unit: Unit) -> bool:
        """Whether some rule of the decision quotes this place."""
        quoted = (r.place for r in self.pack.rules if r.decision == self.reading.decision)
        return any(p.source == unit.section_id and unit.start <= p.start < unit.end for p in quoted)

    def _explain(self, *, complete: bool = False) -> Status:
        self.way = "explanation"
        hits = self.hits
        if not hits or (hits[0].similarity < _KNOWN and not self.house.degraded):
            return self._capability() if self._settled() else self._refuse(Refusing.refuse, hits)
        stated = self._found()
        if stated:
            return self._state(stated)
        self._reason()
        complete = complete or bool(words("listing").intersection(self.reading.topic.lower().split()))
        self.composer.explain(self.page, hits, complete=complete)
        return "information"

    def _reason(self) -> None:
        """Why something is so: the reason that its rule gives, before what the documents add."""
        if ({"why"} | words("reasons")).isdisjoint(self.reading.focus) or not self.reading.decision:
            return
        verdict = self._checked[0]
        if (
            verdict.status in {"supported", "not_supported", "information"}
            and verdict.rules
            and len(self._scenarios()[0].facts) > 0
        ):
            rule = self.pack.rule(verdict.rules[0])
            self.page.say(rule.title, rule.place)
            self.page.say(rule.because)
