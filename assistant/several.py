"""A message in, the questions of their own that it asks out: numbered, one after the other, or joined by "and"."""

from __future__ import annotations

import re
from itertools import pairwise

from assistant.grammar import AUX, LEAD, WH

_MARK = re.compile(
    r"(?:^|(?<=[\s:;.,?!(]))(?:q(?:uestion)? ?)?\(?([1-9]|[a-h])[.):]\)?\s+(?=\S)|(?:^|(?<=[.:;?!]\s))(first|second|third|fourth)(?:ly)?\s*[,:]\s+",
    re.IGNORECASE,
)
_SERIES = ("123456789", "abcdefgh")
_ORDER = ("first", "second", "third", "fourth")
_ENDS = re.compile(r"(?<=[?])\s+|(?<=[.!])\s+(?=[A-Z\"'(])|\n+")
_JOINED = re.compile(r"\s*[,;]?\s+and\s+(?:also\s+)?(?=(?P<head>[a-z']+)\b)", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9']+")
_NO_SUBJECT = re.compile(r"(?:never|not|also|then|now|still|just|be|to)$|\w+(?:ing|ed)$")
_ANNOUNCED = re.compile(r"\b(?:two|three|2|3|several|some|few) (?:\w+ )?(?:questions|things|points)\b", re.IGNORECASE)
_SUPPOSES = re.compile(r"^\W*(?:what if|suppose|supposing|imagine|say)\b", re.IGNORECASE)
_BACK = frozenset({"that", "this", "it", "he", "she", "they", "right", "true", "so", "correct", "why", "not", "ok"})
_LINKS = frozenset(
    {
        "it",
        "its",
        "they",
        "them",
        "that",
        "this",
        "those",
        "these",
        "there",
        "instead",
        "then",
        "same",
        "so",
        "other",
        "else",
        "both",
    }
)
_ANSWER = frozenset({"it", "they", "them"})
_IF_NOT = re.compile(r"^\W*(?:(?:if (?:not|so|yes|no|it does|it doesn't)|otherwise)\b\W*)", re.IGNORECASE)
_LEAST = 2
_SHORT = 4
"""Words of a joined question, at least; of a sentence that only points back, at most."""
_MOST = 5


def questions_of(text: str) -> tuple[str, list[str]]:
    """What a message that asks several questions tells first, and the questions; none where it asks one."""
    told, found = _numbered(text)
    if not found:
        told, found = _in_sentences(text)
        found = _joined(found)
    return (told, found) if _LEAST <= len(found) <= _MOST else ("", [])


def goes_on(question: str) -> bool:
    """Whether a question lives on the one before: "And DPM?", "Is it app-aware?", "Which one instead?"."""
    said = _words(question)
    bare = len(said) <= _LEAST or (len(said) < _SHORT and said[1] in {"a", "an", "the"})
    return bare or said[0] == "and" or said[1:2] == ["about"] or not _LINKS.isdisjoint(said) or "one" in said[1:2]


def _numbered(text: str) -> tuple[str, list[str]]:
    """What stands before marks that count on from the first, and their bodies, when each asks."""
    marks = list(_MARK.finditer(text))
    for series in (*_SERIES, _ORDER):
        run: list[re.Match[str]] = []
        for mark in marks:
            label = (mark[1] or mark[2]).lower()
            if len(run) < len(series) and label == series[len(run)]:
                run.append(mark)
        if len(run) < _LEAST:
            continue
        ends = [m.start() for m in run[1:]] + [len(text)]
        bodies = [text[m.end() : end].strip(" \n;,") for m, end in zip(run, ends, strict=True)]
        if all(map(_asks, bodies)):
            return text[: run[0].start()].strip(), bodies
    return "", []


def _in_sentences(text: str) -> tuple[str, list[str]]:
    """What is told first, and each question with the sentences before it; what only points back stays with the one before."""
    found: list[str] = []
    told = pending = ""
    for sentence in filter(None, (s.strip() for s in _ENDS.split(text))):
        whole = f"{pending} {sentence}".strip()
        if not sentence.endswith("?") or (_SUPPOSES.search(sentence) and not text.endswith(sentence)):
            pending = whole
        elif _asks(sentence) and not (found and _points_back(sentence)):
            told, pending = (told, pending) if found else (pending, "")
            found.append(f"{pending} {sentence}".strip())
            pending = ""
        elif found:
            found[-1], pending = f"{found[-1]} {whole}", ""
        else:
            return "", []
    if pending and found:
        found[-1] = f"{found[-1]} {pending}"
    return told, found


def _joined(questions: list[str]) -> list[str]:
    """Each question cut where "and" leads on to another."""
    found = []
    for question in questions:
        cuts = [m for m in _JOINED.finditer(question) if _leads(m, question)]
        places = [0, *(m.end() for m in cuts), len(question)]
        ends = [*(m.start() for m in cuts), len(question)]
        pieces = [question[a:b] for (a, _), b in zip(pairwise(places), ends, strict=True)]
        found += pieces
    return found


def _leads(joint: re.Match[str], question: str) -> bool:
    """Whether a whole question stands on either side: "Can MARS do it, and how long does the transfer take?".

    Two open questions are one ("Which tools are app-aware, and which not?"), unless two are announced.
    """
    before = re.split(r"[.:;?!]\s+", question[: joint.start()])[-1]
    after = question[joint.end() :]
    first, second = [w for w in _words(before) if w not in LEAD], _words(after)
    if not first or min(len(first), len(second)) < _SHORT or not question.rstrip().endswith("?"):
        return False
    polar = first[0] in AUX or second[0] in AUX
    subject = second[0] not in AUX or not _NO_SUBJECT.match(second[1])
    clause = second[0] in AUX or (second[0] in WH and len(second) > _SHORT + 1 and not AUX.isdisjoint(second))
    of_the_answer = first[0] in WH and not _ANSWER.isdisjoint(second)  # "Which agent do I need, and is it free?"
    whole = _asks(before) and subject and clause and not _points_back(after) and not of_the_answer
    return whole and (polar or _ANNOUNCED.search(question) is not None)


def _asks(text: str) -> bool:
    """Whether a text opens as a question does."""
    last = _IF_NOT.sub("", re.split(r"[.:]\s+", text)[-1])
    head = next((w for w in _words(last) if w not in LEAD), "")
    return head in AUX or head in WH


def _points_back(sentence: str) -> bool:
    """Whether a question says nothing of its own: "Is he right?", "Why?"."""
    said = [w for w in _words(sentence) if w not in LEAD]
    return len(said) == 1 or (len(said) <= _SHORT and said[-1] in _BACK)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))
