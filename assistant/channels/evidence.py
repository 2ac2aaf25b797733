"""The evidence panel: what was understood, as chips that can be changed; the rules; the passages. Pure HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assistant.channels.markup import (
    NOWHERE,
    anchor,
    badge,
    blocks,
    chooser,
    escape,
    facts_words,
    hidden,
    link,
    outcome,
    plain,
    short,
    table,
)
from assistant.channels.render import LOST, Turn
from assistant.channels.transcript import Turns, address, copied, exported, machines, read
from assistant.compose import lower
from assistant.second import adopted

if TYPE_CHECKING:
    from assistant.checker import Checker
    from assistant.pack import Pack
    from assistant.types import Answer, Citation, Facts, Finding, Verdict

_SHOWN = 20
"""Answers whose evidence stays on the page: a long conversation must not grow it without end."""
_MOST_CHANGES = 4
_SECOND = "second"
"""The change that takes a chat model's reading for what was said."""
REASONS = (
    ("", "choose a reason"),
    ("wrong verdict", "the verdict is wrong"),
    ("wrong citation", "the citation does not prove it"),
    ("misread", "my question was misread"),
    ("incomplete", "something is missing"),
    ("unclear", "I do not understand it"),
    ("other", "something else"),
)
_SILENT = "<p>No passage of the documents speaks of it.</p>"
_WELCOME = "<p>The verdict, the rules that prove it and the exact passages they rest on will appear here.</p>"


def evidence(checker: Checker, turns: Turns, history: Sequence[str] = ()) -> str:
    """Proof and passages of every answer, the newest first and open, older ones folded; before the first, the history."""
    answers = [(n, t) for n, t in enumerate(turns, 1) if t.answer][-_SHOWN:]
    body = "".join(_answer(checker, turns, n, newest=n == answers[-1][0]) for n, _ in reversed(answers))
    here = escape(address(turns) or "?")
    tools = _tools(checker.pack, turns) if turns else ""
    return (
        f'<section aria-label="Evidence" data-link="{here}"><h2>Evidence</h2>{tools}'
        f"{body or _WELCOME + _history(history)}</section>"
    )


def jump(turns: Turns) -> str:
    """The newest verdict as a link to its evidence, for narrow screens."""
    newest = next((n for n in range(len(turns), 0, -1) if turns[n - 1].answer), 0)
    answer = turns[newest - 1].answer if newest else None
    return f'<a href="#answer-{newest}">{badge(answer.status)} evidence ↓</a>' if answer else ""


def _tools(pack: Pack, turns: Turns) -> str:
    whole = escape(exported(turns, pack))
    copy = (
        f'<button type="button" data-copy-link="{escape(address(turns))}">Copy link</button>' if address(turns) else ""
    )
    return (
        f'<p class="tools">{link("New conversation")}{copy}'
        f'<button type="button" data-save="{whole}" data-name="conversation.md">Save as Markdown</button></p>'
    )


def _history(history: Sequence[str]) -> str:
    """Earlier conversations of this browser, newest first."""
    if not history:
        return ""
    items = "".join(f'<li><a href="{escape(one)}">{escape(short(_title(one), 90))}</a></li>' for one in history)
    forget = f"<form data-do>{hidden(do='forget')}<button>Forget them</button></form>"
    return f"<h3>Earlier, in this browser only</h3><ul>{items}</ul>{forget}"


def _title(query: str) -> str:
    return next((value for name, value in read(query) if name == "ask"), "…")


def _answer(checker: Checker, turns: Turns, number: int, *, newest: bool) -> str:
    turn = turns[number - 1]
    answer = turn.answer
    if answer is None:
        return ""
    title = short(turn.question, 120)
    parts = [
        f"<summary>{badge(answer.status, live=newest)} {escape(title)}</summary>",
        _understood(checker, answer, number),
        _otherwise(checker.pack, answer, number),
        _branches(checker, answer),
        proof(checker, answer, number),
        _worded(answer),
        _feedback(checker.pack, turn, answer, number),
    ]
    return f'<details class="answer" id="answer-{number}"{" open" if newest else ""}>{"".join(parts)}</details>'


def proof(checker: Checker, answer: Answer, number: int) -> str:
    """The rules and the passages of an answer; where places disagree, they stand side by side."""
    passages = "".join(_passage(checker.pack, c, number) for c in answer.citations)
    if not passages:
        passages = _SILENT
    if answer.status == "conflict":
        passages = f'<div class="sides">{passages}</div>'
    return _rules_that_decide(checker, answer, number) + passages


# ---- what was understood


def decided(answer: Answer) -> str:
    """The decision whose rules an answer rests on; empty when changed facts would not change it."""
    reading = answer.reading
    rests = answer.findings or answer.status in {"depends", "conflict", "not_stated"}
    return (reading.decision or "") if reading and rests else ""


def _understood(checker: Checker, answer: Answer, number: int) -> str:
    """Each fact as a chip: a list to choose another value from, and a cross to take it away."""
    decision, pack = decided(answer), checker.pack
    if not decision:
        words = "; ".join(w for w in (facts_words(pack, f) for f in machines(answer) if f) if w)
        return f"<p>Understood: {words}.</p>" if words else ""
    forms = "".join(_machine(checker, answer, decision, at) for at in range(len(machines(answer))))
    ways = _changes(pack, answer)
    return (
        f'<form data-do data-live class="facts" aria-label="What was understood">'
        f"{hidden(do='suppose', turn=str(number))}{forms}{ways}</form>"
    )


def _machine(checker: Checker, answer: Answer, decision: str, at: int) -> str:
    pack, facts = checker.pack, machines(answer)[at]
    reading = answer.reading
    label = reading.scenarios[at].label if reading else ""
    chips = [_said(pack, at, name, values) for name, values in facts.items() if _changeable(pack, name)]
    assumed = [(n, v, why) for n, v, why in answer.assumed if n not in facts]
    chips += [_assumed(pack, at, name, value) for name, value, _ in assumed]
    open_ = [n for n in answer.missing if n not in facts]
    chips += [_open(pack, at, name) for name in open_]
    rest = _others(checker, decision, {*facts, *open_, *(n for n, _, _ in assumed)})
    more = _more(pack, at, rest) if rest else ""
    why = "".join(f'<p class="path">Assumed: {escape(pack.label(n, v))}, {escape(w)}.</p>' for n, v, w in assumed)
    title = f"Understood ({escape(label)})" if label else "Understood" if chips else "No facts said"
    return f'<fieldset><legend>{title}</legend><div class="chips">{"".join(chips)}{more}</div>{why}</fieldset>'


def _changeable(pack: Pack, name: str) -> bool:
    return name in pack.dimensions and pack.dimensions[name].kind != "asked"


def _values(pack: Pack, name: str) -> list[tuple[str, str]]:
    return [(v.name, v.label) for v in pack.dimensions[name].values]


def _said(pack: Pack, at: int, name: str, values: tuple[str, ...]) -> str:
    label, now = pack.dimensions[name].label, ",".join(values)
    choices = _values(pack, name)
    if len(values) > 1:
        choices = [(now, " or ".join(pack.label(name, v) for v in values)), *choices]
    gone = f'<button name="drop" value="{at}.{escape(name)}" aria-label="Remove {escape(label)}">×</button>'
    return f'<span class="chip">{chooser(f"{at}.{name}", label, choices, now)}{gone}</span>'


def _assumed(pack: Pack, at: int, name: str, value: str) -> str:
    label = pack.dimensions[name].label
    choices = [("", f"{pack.label(name, value)} (assumed)"), *((v, w) for v, w in _values(pack, name) if v != value)]
    return f'<span class="chip assumed">{chooser(f"{at}.{name}", label, choices, "")}</span>'


def _open(pack: Pack, at: int, name: str) -> str:
    choices = [("", "not said"), *_values(pack, name)]
    return f'<span class="chip open">{chooser(f"{at}.{name}", pack.dimensions[name].label, choices, "")}</span>'


def _others(checker: Checker, decision: str, shown: set[str]) -> list[str]:
    """What else the rules of a decision look at, as a user would say it."""
    dimensions = checker.pack.dimensions
    names = dict.fromkeys(dimensions[n].reads or n for n in checker.space(decision).domains)
    return [n for n in names if n not in shown and _changeable(checker.pack, n)]


def _more(pack: Pack, at: int, names: Sequence[str]) -> str:
    groups = "".join(
        f'<optgroup label="{escape(pack.dimensions[n].label)}">'
        + "".join(f'<option value="{escape(n)}={escape(v)}">{escape(w)}</option>' for v, w in _values(pack, n))
        + "</optgroup>"
        for n in names
    )
    return (
        f'<span class="chip more"><label><span class="unseen">Another fact</span><select name="{at}+">'
        f'<option value="" selected>+ fact</option>{groups}</select></label></span>'
    )


def _changes(pack: Pack, answer: Answer) -> str:
    """What would make it supported, as buttons."""
    if not answer.changes or len(machines(answer)) != 1:
        return ""
    buttons = "".join(
        f'<button name="change" value="{n}">{escape(_way(pack, change))}</button>'
        for n, change in enumerate(answer.changes[:_MOST_CHANGES])
    )
    return f'<fieldset class="ways"><legend>It would work with</legend>{buttons}</fieldset>'


def _way(pack: Pack, change: Facts) -> str:
    parts = (
        f"{lower(pack.dimensions[n].label)} {pack.label(n, v[0])}" if n in pack.dimensions else n
        for n, v in change.items()
    )
    return " and ".join(parts)


def _otherwise(pack: Pack, answer: Answer, number: int) -> str:
    """Where a chat model reads the question otherwise: fact by fact, what the rules say to that, and a way to ask it so."""
    second = answer.second
    if second is None or not second.differs:
        return ""
    (ours,) = machines(answer)
    rows = "".join(
        f'<tr><th scope="row">{escape(pack.dimensions[name].label)}</th>'
        f"<td>{escape(pack.told(ours, name))}</td><td>{escape(pack.told(second.facts, name))}</td></tr>"
        for name in second.differs
    )
    head = f'<thead><tr><th scope="col">Fact</th><th scope="col">ours</th><th scope="col">{escape(second.model)}</th></tr></thead>'
    return (
        f"<h3>{escape(second.model)}, a model, reads it otherwise</h3>"
        f"{table(f'{head}<tbody>{rows}</tbody>', 'Read otherwise')}"
        f'<form data-do class="tools">{hidden(do="suppose", turn=str(number))}<span>By the rules that would be</span>'
        f'{badge(second.status)}<button name="change" value="{_SECOND}">Ask it so</button></form>'
    )


def supposed(answer: Answer, fields: Mapping[str, str]) -> tuple[Facts, ...]:
    """The facts that a form of chips asks for: changed, added, taken away; or those that a chat model read."""
    found = []
    for at, facts in enumerate(machines(answer)):
        new = {n: tuple(fields.get(f"{at}.{n}", ",".join(v)).split(",")) for n, v in facts.items()}
        for key, value in fields.items():
            place, _, name = key.partition(".")
            if place == str(at) and name and value:
                new[name] = tuple(value.split(","))
        name, _, value = fields.get(f"{at}+", "").partition("=")
        if value:
            new[name] = (value,)
        new.pop(fields.get("drop", "").removeprefix(f"{at}."), None)
        found.append(new)
    change = fields.get("change", "")
    if change == _SECOND and answer.second:
        found[0] = {**adopted(found[0], answer.second)}
    elif change.isdecimal() and int(change) < len(answer.changes):
        found[0].update(answer.changes[int(change)])
    return tuple(found)


# ---- the proof


def _branches(checker: Checker, answer: Answer) -> str:
    """What follows in each way that the open facts could be."""
    decision = decided(answer)
    if answer.status != "depends" or not decision or len(machines(answer)) != 1:
        return ""
    verdict = checker.check(decision, machines(answer)[0])
    rows = "".join(
        f"<tr><td>{facts_words(checker.pack, b.facts) or 'in any other case'}</td>"
        f"<td>{branch(checker.pack, decision, b.outcome)}</td></tr>"
        for b in verdict.branches
    )
    head = '<thead><tr><th scope="col">If</th><th scope="col">then</th></tr></thead>'
    return table(f"{head}<tbody>{rows}</tbody>", "What it depends on") if rows else ""


def branch(pack: Pack, decision: str, found: str) -> str:
    """An outcome of the checker; its silence is shown as not stated."""
    return outcome(pack, decision, "not_stated" if found == "silent" else found)


def _rules_that_decide(checker: Checker, answer: Answer, number: int) -> str:
    """The deciding rules in order; those without a passage of their own below are folded."""
    if not answer.findings:
        return ""
    verdicts = [checker.check(decided(answer), f) for f in machines(answer)] if decided(answer) else []
    cited = [f for f in answer.findings if f.citation is not None]
    others = [f for f in answer.findings if f.citation is None]
    folded = ""
    if others:
        words = "one more rule that spoke" if len(others) == 1 else f"{len(others)} more rules that spoke"
        folded = f"<details><summary>{words}</summary>{_rules(checker.pack, others, verdicts, number)}</details>"
    return f"<h3>Proof</h3>{_rules(checker.pack, cited, verdicts, number) if cited else ''}{folded}"


def _rules(pack: Pack, findings: Sequence[Finding], verdicts: Sequence[Verdict], number: int) -> str:
    return f'<ol class="proof">{"".join(_finding(pack, f, verdicts, number) for f in findings)}</ol>'


def _finding(pack: Pack, finding: Finding, verdicts: Sequence[Verdict], number: int) -> str:
    """What the rule says, and how it came to: facts, each met or open → rule → status → [n]."""
    rule = pack.rule(finding.rule_id)
    met = [_met(pack, name, values, verdicts) for name, values in rule.when.items()]
    steps = [
        ", ".join(met) or "always",
        f"<code>{escape(finding.rule_id)}</code>",
        outcome(pack, rule.decision, finding.status),
    ]
    if finding.citation is not None:
        steps.append(f'<a href="#{anchor(number, finding.citation)}">[{finding.citation}]</a>')
    return f'<li>{escape(finding.message)}<p class="path">{" → ".join(steps)}</p></li>'


def _met(pack: Pack, name: str, values: tuple[str, ...], verdicts: Sequence[Verdict]) -> str:
    known = any(name in v.known and set(v.known[name]) <= set(values) for v in verdicts)
    sign = '<span class="met" title="this holds">✔</span>' if known else '<span title="not known">?</span>'
    return f"{sign} {facts_words(pack, {name: values})}"


# ---- the passages


def _passage(pack: Pack, citation: Citation, number: int) -> str:
    path = " › ".join(citation.heading_path)
    there = link("open in the document", *place(citation.section_id, citation.start, citation.end))
    public = (
        f' · <a href="{escape(citation.url)}" target="_blank" rel="noopener noreferrer">'
        f"open the public page of “{escape(citation.title)}”</a>"
        if citation.url.startswith(("https://", "http://"))
        else ""
    )
    return (
        f'<article id="{anchor(number, citation.marker)}" tabindex="-1">'
        f"<h3>[{citation.marker}] {escape(citation.title)}</h3>"
        f'<p class="path">{escape(path)}</p>{_context(pack, citation)}'
        f'<p class="path">Edition {escape(citation.edition)} · {there}{public}</p></article>'
    )


def place(section_id: str, start: int, end: int) -> tuple[tuple[str, str], ...]:
    """Where a passage stands among the documents, as a query."""
    at = (("at", f"{start}-{end}"),) if (start, end) != NOWHERE else ()
    return (("tab", "documents"), ("section", section_id), *at)


def _context(pack: Pack, citation: Citation) -> str:
    """The quoted units, marked, with one unit before and one after from the same section."""
    document = pack.document(pack.section(citation.section_id).document)
    units = [u for u in document.units if u.section_id == citation.section_id]
    touched = [n for n, u in enumerate(units) if u.start < citation.end and citation.start < u.end]
    if not touched:
        return f"<p><mark>{plain(citation.quote)}</mark></p>"
    return blocks(units[max(0, touched[0] - 1) : touched[-1] + 2], (citation.start, citation.end))


def _worded(answer: Answer) -> str:
    """What a chat model had to do with the words, where one was asked."""
    told = answer.draft
    if told is None:
        return ""
    own = "" if told.kept else " The words are the rules’ own."
    failed = " It broke off." if told.fault else ""
    return (
        f'<p class="path">Worded with {escape(told.model)}: {told.kept} of its sentences proven and shown, '
        f"{told.replaced} not proven and left out.{failed}{own}</p>"
    )


# ---- what the reader says of it


def _feedback(pack: Pack, turn: Turn, answer: Answer, number: int) -> str:
    copy = f'<button type="button" data-copy="{escape(copied(answer, pack))}">Copy with sources</button>'
    if turn.rated:
        said = "Sorry, this could not be kept here." if turn.rated == LOST else "Thank you, noted."
        return f'<p class="tools">{copy}<span role="status">{said}</span></p>'
    up = f"<form data-do>{hidden(do='rate', turn=str(number), rating='up')}<button>Good answer</button></form>"
    down = (
        f'<details><summary>Something is wrong</summary><form data-do class="rate">'
        f"{hidden(do='rate', turn=str(number), rating='down')}{chooser('reason', 'Reason', REASONS, '')}"
        '<label><span>What would be right?</span><textarea name="correction" rows="2" maxlength="2000"></textarea>'
        '</label><p class="path">Your questions and this answer are kept for whoever runs this page.</p>'
        "<button>Send</button></form></details>"
    )
    return f'<div class="tools">{copy}{up}{down}</div>'
