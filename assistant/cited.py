"""What decides a claim in, the claim in words out: its findings, the exact quotes they stand on, and the correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.attributes import Told
from assistant.compose import spoken
from assistant.pack import Pack
from assistant.rules import Place, Tension
from assistant.rulings import Ruled
from assistant.sentences import joined
from assistant.tensions import Tensions
from assistant.types import Citation, Claim, Finding, Standing, Verdict


@dataclass(frozen=True, slots=True)
class Span:
    """Where a claim stands in its text."""

    text: str
    start: int
    end: int

    @property
    def sentence(self) -> str:
        """Its characters."""
        return self.text[self.start : self.end]


Proof = tuple[Place, Finding, str]
"""A place that decides, the finding on it, and the sentence that says it."""


def _sides(tension: Tension) -> list[Proof]:
    return [(p, Finding(tension.id, "conflict", tension.says), tension.says) for p in tension.places]


class Cited:
    """Words the claims of one pack."""

    def __init__(self, pack: Pack, tensions: Tensions) -> None:
        self.pack, self.tensions = pack, tensions
        self._headers = {(d.id, u.start): u.header for d in pack.documents for u in d.units if u.header}

    def open(
        self,
        span: Span,
        words: Sequence[str],
        left: Sequence[int],
        strange: str,
        ruled: Sequence[Ruled],
        right: Sequence[Told],
        holding: Sequence[Ruled],
    ) -> Claim:
        """A claim that is not covered: on what it depends, what of it holds, and the words `left` that nothing accounted for."""
        findings = []
        for one in ruled:
            rule_id = next((r for v in one.verdicts for r in v.rules), "")
            if one.missing:
                on = ", ".join(self.pack.dimensions[n].label for n in one.missing)
                findings.append(Finding(rule_id, "depends", f"it depends on what is not said: {on}"))
            elif one.outcome == "open":
                findings.append(Finding(rule_id, "not_stated", "the documents do not settle it"))
        if right or holding:
            findings += [Finding(f.rule_id, f.status, f"in part: {f.message}") for f in self._findings(right, holding)]
        if left or strange:
            unread = " ".join([*dict.fromkeys(words[n] for n in left), *([strange] if strange else [])])
            findings.append(Finding("", "unread", f"not accounted for: {unread}"))
        return Claim(span.sentence, span.start, span.end, "not_covered", tuple(findings))

    def claim(self, span: Span, standing: Standing, told: Sequence[Told], ruled: Sequence[Ruled]) -> Claim:
        """A claim that facts and rules decide, at least one of them."""
        torn = [proof for one in told for proof in self.torn(one.fact.place, span)]
        return self.of(span, standing, [*self._proofs(told, ruled), *torn])

    def torn(self, place: Place, span: Span) -> list[Proof]:
        """The sides of what the documents read differently from this place."""
        return [proof for tension in self.tensions.at(place, span.sentence) for proof in _sides(tension)]

    def of(self, span: Span, standing: Standing, proofs: Sequence[Proof]) -> Claim:
        """A claim that stands on these proofs; each place is cited once."""
        marks: dict[tuple[str, int], int] = {}
        for place, _, _ in proofs:
            marks.setdefault((place.source, place.start), len(marks) + 1)
        findings = tuple(
            dict.fromkeys(
                Finding(f.rule_id, f.status, f.message, marks[place.source, place.start]) for place, f, _ in proofs
            )
        )
        citations = {marks[p.source, p.start]: self._citation(p, marks[p.source, p.start], span) for p, _, _ in proofs}
        correction = "" if standing == "proven" else joined(list(dict.fromkeys(words for _, _, words in proofs[:2])))
        return Claim(span.sentence, span.start, span.end, standing, findings, tuple(citations.values()), correction)

    def _findings(self, told: Sequence[Told], ruled: Sequence[Ruled]) -> list[Finding]:
        return [f for _, f, _ in self._proofs(told, ruled)]

    def _proofs(self, told: Sequence[Told], ruled: Sequence[Ruled]) -> list[Proof]:
        """Each place that decides, the finding on it, and the sentence that says it."""
        found = []
        for one in told:
            words = self.quoted(one.fact.place)
            found.append(
                (one.fact.place, Finding(one.fact.id, "supported" if one.holds else "not_supported", words), words)
            )
        for each in ruled:
            for verdict in each.verdicts[:3]:
                found += self._by_rules(verdict)
        unique = {(p.source, p.start, f.rule_id): (p, f, w) for p, f, w in found}
        return list(unique.values())

    def _by_rules(self, verdict: Verdict) -> list[Proof]:
        found = []
        why = next((z.why for z in self.pack.resolutions if z.id in verdict.settled_by and z.kind == "disclose"), "")
        ids = verdict.rules if verdict.status == "conflict" else verdict.rules[:1]
        if verdict.status == "depends":
            ids = tuple(b.rules[0] for b in verdict.branches if b.rules)[:2]
        for rule_id in ids:
            rule = self.pack.rule(rule_id)
            says = why if verdict.status == "conflict" and why else rule.title
            found.append((rule.place, Finding(rule.id, rule.then, rule.title), says))
        return found + [proof for tension in self.tensions.over(verdict) for proof in _sides(tension)]

    def quoted(self, place: Place) -> str:
        """The sentence of a document as it is spoken; a row of a table with its headings."""
        document = self.pack.section(place.source).document
        header = next((h for (d, start), h in self._headers.items() if d == document and start == place.start), "")
        return spoken(place.quote, header)

    def _citation(self, place: Place, marker: int, span: Span) -> Citation:
        section = self.pack.section(place.source)
        return Citation(
            marker, section.id, section.title, section.heading_path, section.url, section.edition,
            place.quote, place.start, place.end, span.start, span.end,
        )  # fmt: skip


def unread(span: Span, why: str) -> Claim:
    """A claim that is not covered because it was not read, and why."""
    return Claim(span.sentence, span.start, span.end, "not_covered", (Finding("", "unread", why),))
