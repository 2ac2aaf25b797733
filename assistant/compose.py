"""Verdict and hits in, prose and citations out; no model.

The verdict comes first, in words; then the facts that decide, what to do instead, where the documents disagree, and
their date. Every sentence that claims something carries a mark, and every mark an exact place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assistant.checker import CONFLICT, NOT_STATED, NOT_SUPPORTED, SILENT, SUPPORTED
from assistant.disputes import touched
from assistant.grammar import asks_duty
from assistant.pack import Pack
from assistant.rules import Fact, Place, Rule, Tension
from assistant.types import Branch, Citation, Facts, Finding, Hit, Reading, Verdict

MOST_CHARACTERS = 1500
MOST_CITATIONS = 6
_CLOSING = 200
"""Characters kept for what closes an answer to several questions."""
_WORD = {
    SUPPORTED: "supported",
    NOT_SUPPORTED: "not supported",
    CONFLICT: "the documents disagree",
    NOT_STATED: "not stated",
    SILENT: "not stated",
}
_MOST_BRANCHES = 6
_DENIES = re.compile(r"\b(?:not|no|only)\b")
_MOST_VALUES = 3
"""Values above which a dimension was narrowed rather than said."""
_MOST_CELLS = 6


@dataclass
class Page:
    """The answer under the pen: text that grows, and the places its sentences rest on."""

    pack: Pack
    text: str = ""
    places: list[tuple[Place, int, int]] = field(default_factory=list)
    markers: dict[tuple[str, int, int], int] = field(default_factory=dict)
    room: int = MOST_CHARACTERS
    """Characters that the text may have, at most."""
    marks: int = MOST_CITATIONS
    """Places that it may rest on, at most."""

    def say(self, sentence: str, *places: Place, end: str = " ") -> bool:
        """Add a sentence and the places that prove it; False, and nothing added, when there is no room left."""
        new = [p for p in dict.fromkeys(places) if _key(p) not in self.markers]
        marks = "".join(f" [{n}]" for n in dict.fromkeys(self.numbers_of(places)))
        if len(self.text) + len(sentence) + len(marks) + len(end) > self.room:
            return False
        if len(self.markers) + len(new) > self.marks:
            return False
        start = len(self.text)
        for place in places:
            self.markers.setdefault(_key(place), len(self.markers) + 1)
            self.places.append((place, start, start + len(sentence)))
        self.text += sentence + marks + end
        return True

    def numbers_of(self, places: Iterable[Place]) -> list[int]:
        """The mark of each place: the one it has, or the one it will get."""
        known = dict(self.markers)
        return [known.setdefault(_key(p), len(known) + 1) for p in places]

    def share(self, parts: int) -> None:
        """Leave room for `parts` answers of about the same size, of which the next is one."""
        self.room = len(self.text) + (MOST_CHARACTERS - _CLOSING - len(self.text)) // parts
        self.marks = len(self.markers) + max(1, (MOST_CITATIONS - len(self.markers)) // parts)

    def back(self, length: int) -> None:
        """Take back what was said after the first `length` characters."""
        self.text = self.text[:length]
        self.places = [p for p in self.places if p[1] < length]
        kept = {_key(place) for place, _, _ in self.places}
        self.markers = {key: n for key, n in self.markers.items() if key in kept}

    def line(self) -> None:
        """Start a new paragraph."""
        if self.text:
            self.text = self.text.rstrip() + "\n\n"

    def citations(self) -> tuple[Citation, ...]:
        """One citation for each mark, with the first sentence it stands behind."""
        found: dict[int, Citation] = {}
        for place, start, end in self.places:
            marker = self.markers[_key(place)]
            section = self.pack.section(place.source)
            found.setdefault(
                marker,
                Citation(
                    marker=marker,
                    section_id=section.id,
                    title=section.title,
                    heading_path=section.heading_path,
                    url=section.url,
                    edition=section.edition,
                    quote=place.quote,
                    start=place.start,
                    end=place.end,
                    answer_start=start,
                    answer_end=end,
                ),
            )
        return tuple(found[m] for m in sorted(found))


def _key(place: Place) -> tuple[str, int, int]:
    return (place.source, place.start, place.end)


def _lies_in(place: Place, hit: Hit) -> bool:
    return place.source == hit.section.id and hit.unit.start <= place.start < hit.unit.end


def place_of(hit: Hit) -> Place:
    """The place of a found unit."""
    return Place(hit.section.id, hit.unit.text, hit.unit.start, hit.unit.end)


class Composer:
    """Words the decisions of one pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._cells = [f for f in pack.facts if f.about]
        self._groups: dict[str, list[Fact]] = {}
        for fact in pack.facts:
            if fact.group:
                self._groups.setdefault(fact.group, []).append(fact)

    # ---- verdicts

    def capability(self, page: Page, reading: Reading, verdict: Verdict, label: str = "") -> None:
        """A yes, a no, or what it depends on, for one scenario."""
        lead = f"{label}: " if label else ""
        if verdict.impossible:
            self._impossible(page, verdict)
        elif verdict.status == "depends":
            self._depends(page, verdict, lead)
        elif verdict.status == "conflict":
            self._conflict(page, verdict, lead)
        elif verdict.status == "not_stated":
            self._silent(page, verdict, lead)
        else:
            self._definite(page, reading, verdict, lead)
        self._tensions(page, verdict, reading)

    def _definite(self, page: Page, reading: Reading, verdict: Verdict, lead: str) -> None:
        yes = verdict.status == SUPPORTED
        word = self._word(reading, yes=yes)
        rules = self.leading(verdict)
        page.say(f"{lead}{word}: {lower(rules[0].title)}", *self._proof(rules[:1]))
        if not yes:
            if not _DENIES.search(rules[0].title):
                page.say("So this is not supported.")
            self._instead(page, rules, verdict)
        elif verdict.options:
            self._options(page, verdict)
        said = [r for r in rules[1:] if all(n in verdict.known for n in r.when) and _differs(r, rules[0])]
        for rule in said[:1]:
            page.say(rule.title, rule.place)
        self._settled(page, verdict)

    @staticmethod
    def _word(reading: Reading, *, yes: bool) -> str:
        """How a verdict opens: yes or no to a question, right or not right to a statement."""
        if reading.kind == "claim" or (reading.negative and not asks_duty(reading.focus)):
            if reading.negative:
                return "That is not right, it is supported" if yes else "That is right, not supported"
            return "That is right" if yes else "That is not right"
        if reading.negative:
            return "No, it is supported" if yes else "Yes, it is not supported"
        return "Yes" if yes else "No"

    def _proof(self, rules: Sequence[Rule]) -> list[Place]:
        return [r.place for r in rules]

    def leading(self, verdict: Verdict) -> list[Rule]:
        """The rules of the verdict's own outcome: those that speak of most of what is known first, said before inferred."""
        rules = [self.pack.rule(r) for r in verdict.rules]
        same = [r for r in rules if r.then == verdict.outcome] or rules

        def fit(rule: Rule) -> tuple[int, int, bool]:
            met = sum(n in verdict.known and set(verdict.known[n]) <= set(v) for n, v in rule.when.items())
            return (-met, len(rule.when) - met, rule.basis == "inferred")

        return sorted(same, key=fit)

    def _instead(self, page: Page, rules: Sequence[Rule], verdict: Verdict) -> None:
        """What to do instead: the rule's own advice, else the easiest changes."""
        advice = rules[0].instead if rules else ""
        ways = [self._change(c) for c in verdict.changes[:3]]
        if advice:
            page.say(advice)
        elif ways:
            page.say(f"It would be supported with {', or with '.join(ways)}.")

    def _change(self, change: Facts) -> str:
        return " and ".join(
            f"{lower(self.pack.dimensions[n].label)} “{self.pack.label(n, v[0])}”" for n, v in change.items()
        )

    def _options(self, page: Page, verdict: Verdict) -> None:
        lines = [self.option_words(o, verdict.decision) for o in verdict.options]
        lines = [line for line in lines if line]
        if lines:
            page.say(f"What works: {'; '.join(lines)}.")

    def option_words(self, option: Branch, decision: str) -> str:
        """One box of working choices: "DPM or MABS for files and folders or volumes"."""
        facts = dict(option.facts)
        parts = []
        for name in (self.pack.decisions[decision].asks, *facts):
            if name in facts:
                values = facts.pop(name)
                parts.append(_or([self.pack.label(name, v) for v in values]))
        return parts[0] + "".join(f" {p}" if p.startswith("with ") else f" for {p}" for p in parts[1:]) if parts else ""

    def _depends(self, page: Page, verdict: Verdict, lead: str) -> None:
        names = [self._noun(n) for n in verdict.missing]
        page.say(f"{lead}It depends on {_and(names)}." if names else f"{lead}It depends.", end="\n")
        self._branches(page, verdict)
        self._settled(page, verdict)

    def _noun(self, name: str) -> str:
        dimension = self.pack.dimensions[name]
        return f"{lower(dimension.label)} ({_or([lower(v.label) for v in dimension.values])})"

    def _branches(self, page: Page, verdict: Verdict) -> None:
        order = {SUPPORTED: 0, NOT_SUPPORTED: 1}
        branches = sorted(verdict.branches, key=lambda b: order.get(b.outcome, 2))
        for branch in branches[:_MOST_BRANCHES]:
            rules = [self.pack.rule(r) for r in branch.rules]
            if branch.outcome == CONFLICT:
                sides = _sides(rules)
                page.say(
                    f"- {self.where(branch.facts)}: the documents disagree: {' '.join(r.title for r in sides)}",
                    *[r.place for r in sides],
                    end="\n",
                )
                continue
            rules = [r for r in rules if r.then == branch.outcome]
            rules.sort(key=lambda r: r.basis != "explicit")
            word = _WORD.get(branch.outcome, self._value(verdict.decision, branch.outcome))
            tail = f": {rules[0].title}" if rules else "."
            if not page.say(f"- {self.where(branch.facts)}: {word}{tail}", *[r.place for r in rules[:1]], end="\n"):
                page.say(f"- {self.where(branch.facts)}: {word}.", end="\n")

    def where(self, facts: Facts) -> str:
        """A branch's facts in words: "Linux, on-premises"."""
        return (
            ", ".join(_or([_first_upper(self.pack.label(n, v)) for v in values]) for n, values in facts.items())
            or "In any case"
        )

    def _value(self, decision: str, value: str) -> str:
        outcome = self.pack.decisions[decision].outcome
        return self.pack.label(outcome, value) if outcome else value

    def _conflict(self, page: Page, verdict: Verdict, lead: str) -> None:
        sides = _sides([self.pack.rule(r) for r in verdict.rules])
        page.say(f"{lead}The documents disagree on this, so there is no safe yes or no.", end="\n")
        for rule in sides:
            page.say(f"- {rule.title}", rule.place, end="\n")
        self._settled(page, verdict)

    def _silent(self, page: Page, verdict: Verdict, lead: str) -> None:
        rules = [self.pack.rule(r) for r in verdict.rules if self.pack.rule(r).then == NOT_STATED]
        if rules:
            page.say(f"{lead}Not stated: {lower(rules[0].title)}", rules[0].place)
        else:
            page.say(f"{lead}The documents do not say: none of their statements speaks of this combination.")

    def _impossible(self, page: Page, verdict: Verdict) -> None:
        for axiom in self.pack.axioms:
            if axiom.id in verdict.impossible:
                page.say(f"These facts do not fit together: {axiom.says}.", axiom.place)
        said = _and([f"{lower(self.pack.dimensions[n].label)}" for n in verdict.missing])
        page.say(f"Please check the {said}: it depends on which of them is right.")

    def _settled(self, page: Page, verdict: Verdict) -> None:
        """Where places disagree and a resolution decided, or left it open."""
        for z in self.pack.resolutions:
            if z.id in verdict.settled_by:
                sides = [self.pack.rule(z.win[0]), self.pack.rule(z.over[0])]
                shown = [self.pack.rule(r) for r in verdict.rules if r in (*z.win, *z.over)]
                winner = next((r for r in shown if r.id in z.win), sides[0])
                loser = next((r for r in shown if r.id in z.over), sides[1])
                lead = (
                    "Note that the documents disagree here"
                    if z.kind == "prefer"
                    else "The documents disagree on a part of this"
                )
                if z.why not in page.text:
                    page.say(f"{lead}: {z.why}", winner.place, loser.place)

    def _tensions(self, page: Page, verdict: Verdict, reading: Reading) -> None:
        for tension in touched(self.pack, verdict.decision, [s.facts for s in reading.scenarios] or [verdict.facts]):
            cited = all(_key(p) in page.markers for p in tension.places)
            if not (cited and "disagree" in page.text) and lower(tension.says) not in page.text:
                self.differ(page, tension)

    @staticmethod
    def differ(page: Page, tension: Tension) -> None:
        """Say that the documents read differently, with the places of both sides."""
        page.say(f"The documents read differently here: {lower(tension.says)}", *tension.places)

    def differing(self, page: Page, place: Place) -> None:
        """The declared tensions that have this place on one side."""
        for tension in self.pack.tensions:
            if place in tension.places and lower(tension.says) not in page.text:
                self.differ(page, tension)

    # ---- values

    def value(self, page: Page, reading: Reading, verdict: Verdict, label: str = "") -> None:
        """What holds, for a decision about a value; every branch when it is not settled."""
        lead = f"{label}: " if label else ""
        if verdict.impossible:
            self._impossible(page, verdict)
        elif verdict.status == "information":
            rules = self.leading(verdict)
            claimed = reading.outcome
            if claimed and reading.kind in {"claim", "capability"}:
                right = claimed == verdict.outcome
                word = "Yes" if right != reading.negative else "No"
                if reading.kind == "claim":
                    word = "That is right" if right != reading.negative else "That is not right"
                page.say(f"{lead}{word}: {lower(rules[0].title)}", rules[0].place)
                if not right and reading.kind != "claim":
                    page.say(
                        f"So it is {self._value(verdict.decision, verdict.outcome)}, not {self._value(verdict.decision, claimed)}."
                    )
            else:
                page.say(f"{lead}{rules[0].title}", rules[0].place)
            for rule in rules[1:2]:
                if _differs(rule, rules[0]):
                    page.say(rule.title, rule.place)
            self._settled(page, verdict)
        elif verdict.status == "depends":
            names = [self._noun(n) for n in verdict.missing]
            page.say(
                f"{lead}It depends on {_and(names)}:" if reading.outcome else f"{lead}That goes by {_and(names)}:",
                end="\n",
            )
            self._branches(page, verdict)
            self._settled(page, verdict)
        elif verdict.status == "conflict":
            self._conflict(page, verdict, lead)
        else:
            self._silent(page, verdict, lead)
        self._tensions(page, verdict, reading)

    # ---- which

    def which(
        self, page: Page, reading: Reading, asked: str, table: Sequence[tuple[str, Verdict]], advice: Verdict | None
    ) -> None:
        """The complete list of the values of `asked` that work, with the reasons; and what does not."""
        works = [(v, d) for v, d in table if d.status == SUPPORTED]
        partly = [(v, d) for v, d in table if d.status == "depends"]
        names = [self.pack.label(asked, v) for v, _ in works]
        if names:
            page.say(
                f"{_first_upper(names[0])} works here." if len(names) == 1 else f"These work: {_and(names)}.", end="\n"
            )
        for rule in self._reasons([d for _, d in works])[:4]:
            page.say(f"- {rule.title}", rule.place, end="\n")
        for value, verdict in partly[:4]:
            on = _and([lower(self.pack.dimensions[n].label) for n in verdict.missing])
            first = self.leading(verdict)[:1]
            title = first[0].title if first else ""
            page.say(
                f"- {_first_upper(self.pack.label(asked, value))} depends on {on}: {lower(title)}",
                *[r.place for r in first],
                end="\n",
            )
        if advice and advice.status == "information" and any(v == advice.outcome for v, _ in works):
            page.say(f"Recommended: {lower(self.leading(advice)[0].title)}", self.leading(advice)[0].place)
        doubtful = [(v, d) for v, d in table if d.status == "conflict"]
        for value, verdict in doubtful[:1]:
            sides = _sides([self.pack.rule(r) for r in verdict.rules])
            why = next((z.why for z in self.pack.resolutions if z.id in verdict.settled_by), "")
            page.say(f"On {self.pack.label(asked, value)} the documents disagree: {why}", *[r.place for r in sides])
        refused = [(v, d) for v, d in table if d.status == NOT_SUPPORTED]
        if not works and not partly and not doubtful:
            lead = "None: " if refused else "The documents name none for this."
            rules = self._reasons([d for _, d in refused])
            page.say(lead + (lower(rules[0].title) if rules else ""), *[r.place for r in rules[:1]])
            for _, verdict in refused[:1]:
                self._instead(page, rules, verdict)
        elif reading.compared and refused:
            for value, verdict in refused:
                rule = self.leading(verdict)[0]
                page.say(f"Not {self.pack.label(asked, value)}: {lower(rule.title)}", rule.place)
        for verdict in [d for _, d in works][:2]:
            self._tensions(page, verdict, reading)

    def _reasons(self, verdicts: Sequence[Verdict]) -> list[Rule]:
        rules: list[Rule] = []
        for verdict in verdicts:
            for rule in self.leading(verdict)[:1]:
                if all(_differs(rule, r) for r in rules):
                    rules.append(rule)
        return rules

    # ---- comparisons and explanations

    def compare(self, page: Page, dimension: str, values: Sequence[str], hits: Sequence[Hit] = ()) -> bool:
        """A small table of what the documents say of each value, what is nearest to the question first; False when nothing is comparable."""
        rows: dict[str, dict[str, Fact]] = {}
        for fact in self._cells:
            for value in values:
                if fact.about.get(dimension) == (value,):
                    rows.setdefault(fact.attribute, {})[value] = fact
        shared = [(a, r) for a, r in rows.items() if len(r) > 1] or list(rows.items())
        if not shared:
            return False
        names = [_first_upper(self.pack.label(dimension, v)) for v in values]
        page.say(f"{_and(names)} compared:", end="\n\n")
        page.say(f"| | {' | '.join(names)} |", end="\n")
        page.say(f"|---|{'---|' * len(values)}", end="\n")
        shown = 0

        def order(named: tuple[str, dict[str, Fact]]) -> tuple[int, int]:
            places = [f.place for f in named[1].values()]
            near = (n for n, h in enumerate(hits) if any(_lies_in(p, h) for p in places))
            return -len(named[1]), next(near, len(hits))

        for attribute, row in sorted(shared, key=order):
            cells = [row[v].value if v in row else "–" for v in values]
            places = [row[v].place for v in values if v in row]
            if shown + len(set(map(_key, places)) - set(page.markers)) > _MOST_CELLS:
                continue
            numbers = {_key(p): n for p, n in zip(places, page.numbers_of(places), strict=True)}
            numbered = [
                f"{c} [{numbers[_key(row[v].place)]}]" if v in row else c for c, v in zip(cells, values, strict=True)
            ]
            if self._row(page, f"| {attribute} | {' | '.join(numbered)} |", places):
                shown = len(page.markers)
        page.line()
        return True

    @staticmethod
    def _row(page: Page, row: str, places: Sequence[Place]) -> bool:
        if len(page.text) + len(row) > page.room or len({_key(p) for p in places} | set(page.markers)) > page.marks:
            return False
        start = len(page.text)
        for place in places:
            page.markers.setdefault(_key(place), len(page.markers) + 1)
            page.places.append((place, start, start + len(row)))
        page.text += row + "\n"
        return True

    def explain(self, page: Page, hits: Sequence[Hit], *, complete: bool) -> None:
        """What the documents say, in their order of fit; lists whole when a list is asked for."""
        top = hits[0]
        group = self.group_of(top)
        if group and complete:
            self._list(page, group)
        else:
            self._state(page, top)
        for hit in hits[1:]:
            if hit.score >= 0.72 * top.score and len(page.markers) < 4:
                self._state(page, hit)

    def _state(self, page: Page, hit: Hit) -> None:
        place = place_of(hit)
        if _key(place) not in page.markers:
            page.say(self._under(hit.section.title, spoken(hit.unit.text, hit.unit.header)), place)

    @staticmethod
    def _under(title: str, text: str) -> str:
        """A statement that leans on its heading, with the heading before it."""
        words = {w for w in re.findall(r"[a-z]+", title.lower()) if len(w) > 3}
        return text if not words or any(w[:6] in text.lower() for w in words) else f"{title}: {lower(text)}"

    def _list(self, page: Page, group: Sequence[Fact]) -> None:
        numbered = len({f.place.source for f in group}) == 1 and "process" in group[0].group
        for n, fact in enumerate(group, 1):
            mark = f"{n}. " if numbered else "- "
            title = self.pack.section(fact.place.source).title
            text = spoken(fact.place.quote, self.header(fact.place))
            spread = len({f.place.source for f in group}) > 1
            page.say(mark + (f"{title}: {lower(text)}" if spread else text), fact.place, end="\n")

    def header(self, place: Place) -> str:
        """The header row of the table in which a place stands; empty elsewhere."""
        document = self.pack.document(self.pack.section(place.source).document)
        return next((u.header for u in document.units if u.start <= place.start < u.end), "")

    def group_of(self, hit: Hit) -> list[Fact]:
        """The list of facts that a found unit belongs to; empty when it stands alone."""
        for fact in self.pack.facts:
            if fact.group and fact.place.source == hit.section.id and hit.unit.start <= fact.place.start < hit.unit.end:
                return self._groups[fact.group]
        if hit.unit.text.rstrip().endswith(":"):
            return next((g for g in self._groups.values() if all(f.place.source == hit.section.id for f in g)), [])
        return []

    def nearest(self, page: Page, hits: Sequence[Hit], lead: str) -> None:
        """That the documents do not say it, and the nearest places."""
        page.say(lead)
        sections = list(dict.fromkeys(h.section.id for h in hits))[:3]
        places = [place_of(next(h for h in hits if h.section.id == s)) for s in sections]
        if places:
            page.say(f"Nearest places: {_and([self.pack.section(s).title for s in sections])}.", *places)

    def close(self, page: Page, facts: Sequence[Facts], assumed: Iterable[tuple[str, str, str]]) -> None:
        """What was understood, what was taken for granted, and the date."""
        page.line()
        said = "; ".join(dict.fromkeys(self.facts_words(f) for f in facts if f))
        if said:
            page.say(f"Understood: {said}.")
        taken = [f"{lower(self.pack.dimensions[n].label)}: {self.pack.label(n, v)} ({why})" for n, v, why in assumed]
        if taken:
            page.say(f"Assumed: {'; '.join(taken)}.")
        page.say(f"State of the documents: {self.pack.edition_words}.", end="")
        page.text = page.text.rstrip()

    def facts_words(self, facts: Facts) -> str:
        """Facts as a person would list them; what a question asks about is none of them."""
        words = []
        for name, values in facts.items():
            dimension = self.pack.dimensions[name]
            if dimension.kind != "asked" and len(values) <= _MOST_VALUES:
                said = _or([dimension.label_of(v) for v in values])
                words.append(said if self._bare(name) else f"{lower(dimension.label)} {said}")
        return ", ".join(words)

    def _bare(self, name: str) -> bool:
        return len(self.pack.label(name, self.pack.dimensions[name].names[0])) > 3

    def findings(self, verdict: Verdict, page: Page) -> tuple[Finding, ...]:
        """Each deciding rule with the mark of its proof."""
        found = []
        for rule_id in verdict.rules:
            rule = self.pack.rule(rule_id)
            found.append(Finding(rule.id, rule.then, rule.title, page.markers.get(_key(rule.place))))
        return tuple(found)


def spoken(text: str, header: str = "") -> str:
    """A unit as a sentence: no markup, a table row as "Column: cell" pairs, one full stop, no open colon."""
    if header:
        pairs = zip(header.split("|"), text.split("|"), strict=False)
        text = "; ".join(f"{name.strip()}: {cell.strip()}" for name, cell in pairs if cell.strip())
    plain = re.sub(r"\*\*|__|`|!?\[([^\]]*)\]\([^)]*\)", lambda m: m[1] or "", text)
    plain = " ".join(plain.split()).rstrip(":")
    if len(plain) > 420:
        plain = plain[:420].rsplit(" ", 1)[0] + " …"
    return plain if plain.endswith((".", "!", "?", "…")) else plain + "."


def _sides(rules: Sequence[Rule]) -> list[Rule]:
    """One rule for each outcome of a disagreement."""
    found: dict[str, Rule] = {}
    for rule in rules:
        found.setdefault(rule.then, rule)
    return list(found.values())


def _differs(rule: Rule, other: Rule) -> bool:
    return rule.id != other.id and rule.title != other.title and rule.place != other.place


def lower(text: str) -> str:
    """The first letter small, unless the first word is a name or an abbreviation."""
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first[1:] == first[1:].lower() and first not in _NAMES else text


_NAMES = frozenset({"Windows", "Linux", "Azure", "Exchange", "Replace", "Create", "Restore"})


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _join(items: Sequence[str], word: str) -> str:
    items = list(dict.fromkeys(items))
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}" if items else ""


def _or(items: Sequence[str]) -> str:
    return _join(items, "or")


def _and(items: Sequence[str]) -> str:
    return _join(items, "and")
