"""One scored case in words: what was asked, expected and said, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from assistant.errors import SuiteError, did_you_mean
from assistant.evals.figures import Figures, Row
from assistant.evals.reply import Reply
from assistant.evals.scorers import lacking, matching, says, uncited
from assistant.evals.suite import Case

Judged = Literal["right", "wrong", "unscored"]
Lines = tuple[tuple[str, str], ...]
"""Label and text, in the order to be shown; a label may come again."""


@dataclass(frozen=True, slots=True)
class Detail:
    """A case as people read it."""

    key: str
    turns: tuple[str, ...]
    faults: tuple[str, ...]
    expected: Lines
    said: Lines
    read: tuple[str, ...]
    """How the question was understood."""
    rules: tuple[str, ...]
    quotes: Lines
    """Section and quote of each citation."""


def detail(figures: Figures, key: str) -> Detail:
    """A case by its key; SuiteError when there is none."""
    if key not in figures.cases:
        raise SuiteError([f"{figures.run.folder}: no case {key!r}{did_you_mean(key, figures.cases)}"])
    case, reply = figures.cases[key], figures.replies[key]
    return Detail(
        key,
        case.turns,
        tuple(_faults(case, reply)),
        tuple(_expected(case)),
        tuple(_said(reply)),
        reply.reading,
        tuple(f"{r.rule_id} {r.status}: {r.message}" for r in reply.findings or ()),
        tuple((c.section_id or c.title, c.quote) for c in reply.citations or ()),
    )


def brief(found: Detail) -> list[str]:
    """Question, expected and said, and what is wrong, in a few lines."""
    expected = next((text for label, text in found.expected if label in {"status", "standing"}), "")
    said = " ".join(text for label, text in found.said if label in {"status", "error"})
    asked = [f"asked     {turn}" for turn in found.turns]
    return [*asked, f"expected  {expected}", f"said      {said}", *(f"because   {fault}" for fault in found.faults)]


def judged(row: Row) -> Judged:
    """What became of a case: by `right`, or of a text by the standing of its claims; unscored when neither applies."""
    value = row.scores.get("right", row.scores.get("standing"))
    return "wrong" if row.error else "unscored" if value is None else "right" if value == 1.0 else "wrong"


def _faults(case: Case, reply: Reply) -> Iterator[str]:
    """Why it is not right, the gravest first."""
    if reply.error:
        yield f"error: {reply.error}"
        return
    expect = case.expect
    if reply.status and expect.status and reply.status not in expect.status:
        yield f"said {reply.status}, expected {' or '.join(expect.status)}"
    yield from (f"says what it must not: {word}" for word in expect.forbid if says([word], reply.text or ""))
    if reply.text is not None:
        yield from (f"does not say {'' if n.vital else '(welcome) '}{' / '.join(n.any)}" for n in lacking(case, reply))
    if reply.citations is not None:
        yield from (f"does not cite “{quote}”" for quote in uncited(case, reply))
    yield from _misread(case, reply)
    yield from _misjudged(case, reply)


def _misread(case: Case, reply: Reply) -> Iterator[str]:
    said = {n: set(v) for n, v in (reply.facts or {}).items()}
    for name, values in case.facts.items() if reply.facts is not None else ():
        if said.get(name) != set(values):
            yield f"fact {name}: expected {', '.join(values)}, understood {', '.join(sorted(said.get(name, ()))) or 'nothing'}"


def _misjudged(case: Case, reply: Reply) -> Iterator[str]:
    for claim in case.expect.claims if reply.claims is not None else ():
        found = matching(case, reply, claim.sentence)
        standing = found.standing if found else "not_covered"
        if standing not in claim.standing:
            yield f"claim “{claim.sentence}” is {' or '.join(claim.standing)}, was judged {standing}"


def _expected(case: Case) -> Iterator[tuple[str, str]]:
    expect = case.expect
    if expect.status or expect.standing:
        yield "status" if expect.status else "standing", " or ".join(expect.status or expect.standing)
    yield from (("fact", f"{n} = {', '.join(v)}") for n, v in case.facts.items())
    yield from (("cites", " / ".join(g.any)) for g in expect.cite)
    yield from (("says" if n.vital else "may say", " / ".join(n.any)) for n in expect.nuggets)
    yield from (("never", word) for word in expect.forbid)
    yield from (("asks for", name) for name in expect.asks)
    yield from ((" or ".join(c.standing), c.sentence) for c in expect.claims)


def _said(reply: Reply) -> Iterator[tuple[str, str]]:
    if reply.error:
        yield "error", reply.error
    if reply.status:
        yield "status", reply.status
    if reply.text is not None:
        yield "text", reply.text
    yield from (("fact", f"{n} = {', '.join(v)}") for n, v in (reply.facts or {}).items())
    if reply.ask:
        yield "asks", reply.ask.question or reply.ask.dimension
    yield from ((c.standing, c.sentence + (f" → {c.correction}" if c.correction else "")) for c in reply.claims or ())
    if reply.confidence is not None:
        yield "confidence", f"{reply.confidence:.2f}" + (f", {reply.situation}" if reply.situation else "")
    if reply.engine and reply.engine != "rules+retrieval":
        yield "engine", reply.engine
