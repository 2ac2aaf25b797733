"""A round of drill questions, a step at a time; the query holds the seed and what was picked. Pure HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from assistant.channels.evidence import proof
from assistant.channels.markup import badge, escape, facts_words, hidden, link, prose
from assistant.compose import lower
from assistant.drill import Drill, Option, drills

if TYPE_CHECKING:
    from assistant.engine import Assistant
    from assistant.pack import Pack

ROUND = 8
"""Questions of a round."""
_LARGEST = 10**9
_PICKED = re.compile(r"\d(?:\.\d)*")
_ASKS = {"supported": "Which of these is supported?", "not_supported": "Which of these is not supported?"}
_WHAT = "What do the documents say?"
_NONE = "<p>This pack has no rules to make questions from.</p>"
_HOW = "<p>Questions made from the rules; the wrong options differ from the right one in a single fact, and each is proven.</p>"


def practise(helper: Assistant, fields: Mapping[str, str]) -> str:
    """The view for a query: ``seed`` says which questions, ``picked`` the options chosen so far, ``1.0.2``."""
    seed = fields.get("seed", "1")
    number = int(seed) % _LARGEST if seed.isdecimal() and len(seed) < 20 else 1
    items = drills(helper.checker, number, ROUND)
    if not items:
        return f'<section aria-label="Practise"><h2>Practise</h2>{_NONE}</section>'
    said = fields.get("picked", "")
    picked = [int(p) for p in said.split(".")][: len(items)] if _PICKED.fullmatch(said) else []
    before = _judged(helper, items[len(picked) - 1], picked[-1]) if picked else ""
    now = _asked(helper.pack, items, number, picked) if len(picked) < len(items) else ""
    end = "" if now else _score(helper.pack, items, number, picked)
    return f'<section aria-label="Practise"><h2>Practise</h2>{"" if picked else _HOW}{before}{now}{end}</section>'


def _asked(pack: Pack, items: tuple[Drill, ...], seed: int, picked: list[int]) -> str:
    """The next question; each option is a button, and a step that can be gone back from."""
    drill, place = items[len(picked)], len(picked) + 1
    so_far = ".".join(map(str, picked))
    buttons = "".join(
        f"<li><form data-go>{hidden(tab='practise', seed=str(seed), picked=f'{so_far}.{n}'.lstrip('.'))}"
        f"<button>{words(pack, drill, o)}</button></form></li>"
        for n, o in enumerate(drill.options)
    )
    here = "" if picked else " data-here"
    return (
        f'<article class="drill"><h3 tabindex="-1"{here}>Question {place} of {len(items)}</h3>'
        f"<p>{stem(pack, drill)}</p><ol>{buttons}</ol></article>"
    )


def stem(pack: Pack, drill: Drill) -> str:
    """The question in words, as HTML."""
    about = escape(pack.decisions[drill.decision].label)
    given = facts_words(pack, drill.given)
    lead = f"It is about {about}. {f'Given: {given}.' if given else ''}"
    return f"{lead} <b>{_ASKS.get(drill.asks, _WHAT)}</b>"


def words(pack: Pack, drill: Drill, option: Option) -> str:
    """What tells an option from the others, as HTML."""
    if not drill.asks:
        return escape(pack.label(pack.decisions[drill.decision].outcome, option.value))
    return facts_words(pack, {n: v for n, v in option.facts.items() if n not in drill.given})


def _judged(helper: Assistant, drill: Drill, pick: int) -> str:
    """Whether the last pick was right, and the proof of the right one; of a wrong one its own verdict too."""
    good = pick == drill.right
    right = drill.options[drill.right]
    answer = helper.decide(drill.decision, right.facts)
    head = "✔ Right:" if good else "✘ Not right. The answer is:"
    said = "" if good or pick >= len(drill.options) else _why_not(helper, drill, drill.options[pick])
    return (
        f'<article class="judged {"good" if good else "bad"}"><h3 tabindex="-1" data-here role="status">{head} '
        f"{words(helper.pack, drill, right)}</h3>{said}{prose(answer.text, 0)}"
        f"<details><summary>The proof</summary>{proof(helper.checker, answer, 0)}</details></article>"
    )


def _why_not(helper: Assistant, drill: Drill, option: Option) -> str:
    if not drill.asks:
        return f"<p>Not {words(helper.pack, drill, option)}.</p>"
    answer = helper.decide(drill.decision, option.facts)
    first = answer.text.splitlines()[0] if answer.text else ""
    return f"<p>Your pick, {words(helper.pack, drill, option)}: {badge(answer.status)} {escape(lower(_unmarked(first)))}</p>"


def _unmarked(text: str) -> str:
    return re.sub(r" \[\d+\]", "", text)


def _score(pack: Pack, items: tuple[Drill, ...], seed: int, picked: list[int]) -> str:
    right = sum(p == d.right for p, d in zip(picked, items, strict=True))
    lines = "".join(
        f"<li>{'✔' if p == d.right else '✘'} {stem(pack, d)} {words(pack, d, d.options[d.right])} "
        f"<code>{escape(d.rule)}</code></li>"
        for p, d in zip(picked, items, strict=True)
    )
    again = link("The same round again", ("tab", "practise"), ("seed", str(seed)))
    other = link("Another round", ("tab", "practise"), ("seed", str(seed + 1)))
    return (
        f'<article class="drill"><h3>{right} of {len(items)} right</h3><ol class="score">{lines}</ol>'
        f'<p class="tools">{again} {other}</p></article>'
    )
