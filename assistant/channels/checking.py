"""A pasted text, its sentences coloured by what the documents say of them, with corrections. Pure HTML but for the check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assistant.channels.evidence import place
from assistant.channels.markup import escape, hidden, link, plain
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.engine import Assistant
    from assistant.types import Claim, Verification

_STANDINGS = {
    "proven": ("✔", "Proven"),
    "contradicted": ("✘", "Contradicted"),
    "disputed": ("≠", "Disputed"),
    "not_covered": ("○", "Not covered"),
}
_HOW = (
    '<p class="path">Each sentence is called proven, contradicted, disputed or not covered, with the place that says so '
    "and what it should say instead. Nothing of the text is kept.</p>"
)
MOST = 20_000
"""Characters of a text that the page takes."""


def checking(helper: Assistant, fields: Mapping[str, str]) -> str:
    """The view for a query: ``text`` is what to check."""
    text = fields.get("text", "")[:MOST]
    form = (
        f'<form data-do class="controls">{hidden(tab="check", do="show")}'
        f'<label><span>A reply, a runbook, a note</span><textarea name="text" rows="8" maxlength="{MOST}">{escape(text)}</textarea></label>'
        "<button>Check it</button></form>"
    )
    found = ""
    if text.strip():
        try:
            found = checked(helper.verify(text))
        except AssistantError as error:
            found = f'<p role="status">Sorry, this cannot be checked: {escape(str(error))}.</p>'
    body = f"{form}{found or _HOW}"
    return f'<section aria-label="Check a text"><h2>Check a text against the documents</h2>{body}</section>'


def checked(result: Verification) -> str:
    """The text with its claims coloured, and each claim that is not proven explained below."""
    text, done, at = result.text, "", 0
    for number, claim in enumerate(result.claims, 1):
        if claim.start < at:
            continue
        icon, word = _STANDINGS[claim.standing]
        done += escape(text[at : claim.start])
        done += (
            f'<a class="claim {claim.standing}" href="#claim-{number}"><span aria-hidden="true">{icon} </span>'
            f'<span class="unseen">{word}: </span>{escape(text[claim.start : claim.end])}</a>'
        )
        at = claim.end
    counts = ", ".join(
        f"{n} {word.lower()}"
        for standing, (_, word) in _STANDINGS.items()
        if (n := sum(c.standing == standing for c in result.claims))
    )
    items = "".join(_claim(n, c) for n, c in enumerate(result.claims, 1))
    copy = f'<button type="button" data-copy="{escape(result.corrected)}">Copy the corrected text</button>'
    return (
        f'<h3 tabindex="-1" data-here role="status">{len(result.claims)} claims: {counts or "none found"}</h3>'
        f'<div class="checked">{done}{escape(text[at:])}</div><p class="tools">{copy}</p><ol class="claims">{items}</ol>'
    )


def _claim(number: int, claim: Claim) -> str:
    icon, word = _STANDINGS[claim.standing]
    right = f"<p>Rather: {escape(claim.correction)}</p>" if claim.correction else ""
    places = ", ".join(link(f"“{plain(c.quote)}”", *place(c.section_id, c.start, c.end)) for c in claim.citations[:4])
    shown = f'<p class="path">{places}</p>' if places else ""
    return (
        f'<li id="claim-{number}" tabindex="-1"><span class="standing {claim.standing}"><span aria-hidden="true">{icon}</span> '
        f"{word}</span> {escape(claim.reads or claim.sentence)}{right}{shown}</li>"
    )
