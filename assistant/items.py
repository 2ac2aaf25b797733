"""A pasted plan in, its items out: "Check this plan: 1. … 2. …", or lines that open with a dash, with what is asked of them."""

from __future__ import annotations

import re

from assistant.lexicon import words

_NUMBER = re.compile(r"(?:^|(?<=[\s:;.,]))\(?(\d{1,2})[.)]\s+(?=\S)")
_BULLET = re.compile(r"(?:^|\n)[ \t]*[-•*–][ \t]+(?=\S)")
_DASH, _LED = re.compile(r" - (?=\S)"), re.compile(r"[?:] - ")
"""Items in one line: "Is this fine? - Ubuntu: MARS - Windows: DPM"."""
_ENDS = re.compile(r"(?<=[.;!?])\s+|\n+")
_WORD = re.compile(r"[a-z']+")
_PICKING = frozenset({"which", "choose", "pick", "select", "tick", "mark", "letter", "letters"})
_ONE = re.compile(r"\b(?:line|item|step|point|number|no\.?|nr\.?) ?(\d{1,2})\b")
"""The items that alone are asked about: "line 3 only"."""
_QUOTE = re.compile(r"[\"“„]([^\"“”„]+)[\"”“]")
_WHICH_WRONG = re.compile(
    r"\b(?:which|what|what's|anything|something|any) (?:\w+ ){0,4}(?:wrong|right|true|false|correct|holds?|errors?|mistakes?)\b|\beach (?:sentence|statement|claim)\b",
    re.IGNORECASE,
)
_LEAST = 2


def items_of(text: str) -> tuple[list[tuple[str, str]], str]:
    """(label, text) of each item of a plan that a message wants checked, and the rest of the message; no items where it is none."""
    quoted = _quoted(text)
    if quoted:
        return quoted
    bullets = list(_BULLET.finditer(text)) or list(_DASH.finditer(text) if _LED.search(text) else [])
    marks = _numbers(text) or [(str(n), *m.span()) for n, m in enumerate(bullets, 1)]
    if len(marks) < _LEAST:
        return [], text
    ends = [start for _, start, _ in marks[1:]] + [len(text)]
    bodies = [text[start:end].strip(" \n;,") for (_, _, start), end in zip(marks, ends, strict=True)]
    first, _, after = _cut(bodies[-1])
    if "?" in after or words("reviewing") & _words(after):
        bodies[-1] = first
    else:
        after = ""
    rest = f"{text[: marks[0][1]].strip()} {after}".strip()
    if not all(bodies) or any("?" in b for b in bodies) or not _wants_review(rest):
        return [], text
    items = [(label, body) for (label, _, _), body in zip(marks, bodies, strict=True)]
    only = set(_ONE.findall(rest.lower()))
    return [(label, body) for label, body in items if label in only] or items, rest


def _quoted(text: str) -> tuple[list[tuple[str, str]], str] | None:
    """The sentences of a quote of which is asked what of it is wrong, and what is asked."""
    hit = _QUOTE.search(text)
    if not hit:
        return None
    rest = f"{text[: hit.start()].strip()} {text[hit.end() :].strip()}".strip()
    said = [s.strip() for s in _ENDS.split(hit[1]) if s.strip()]
    if len(said) < _LEAST or not _WHICH_WRONG.search(rest):
        return None
    return [(str(n), s) for n, s in enumerate(said, 1)], rest


def _numbers(text: str) -> list[tuple[str, int, int]]:
    """Number, start and end of the marks that count on from 1."""
    run: list[tuple[str, int, int]] = []
    for hit in _NUMBER.finditer(text):
        if int(hit[1]) == len(run) + 1:
            run.append((hit[1], *hit.span()))
    return run


def _cut(text: str) -> tuple[str, str, str]:
    """The first sentence of the last item, and what follows it."""
    hit = _ENDS.search(text)
    return (text[: hit.start()], hit[0], text[hit.end() :]) if hit else (text, "", "")


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower().replace("’", "'")))


def _wants_review(rest: str) -> bool:
    said = _words(rest)
    return bool(words("plans") & said and words("reviewing") & said) and said.isdisjoint(_PICKING | words("ordering"))


def is_procedure(rest: str) -> bool:
    """Whether the items are steps of one thing, so that what one says holds for all: "Steps: 1. leave it running 2. …"."""
    return not words("procedures").isdisjoint(_words(rest))
