"""A multiple-choice question in, its lettered or numbered options out, and whether the wrong one is asked for."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence

_TWO = 2
_PICK = re.compile(
    r"\b(?:which|what|who|how many|choose|pick|select|correct|right|best|true|tick|mark|answer|option|letter|number|ones?)\b|\?\s*$|_{2,}",
    re.IGNORECASE,
)
_PICKS = re.compile(
    r"\b(?:choose|pick|select|letters?|numbers?|options?|answers?|digits?|enter|key|correct one|right one|which one|more than one)\b|\bI say\b",
    re.IGNORECASE,
)
"""What follows the options and asks to pick among them."""
_ASKED = re.compile(r"\?|\b(?:which|what|choose|pick|select|tick|mark)\b", re.IGNORECASE)
_LETTER = re.compile(
    r"(?:^|(?<=[\s,;:?.(\[]))\(?\[?(?P<label>I{1,3}|IV|[A-Fa-fX-Zx-z]|[1-6]|i{1,3}|iv)(?P<mark>[).:\]]| [=–-](?=\s)|(?=\s))\s*"
)
_SERIES = (
    tuple("ABCDEF"),
    tuple("abcdef"),
    tuple("123456"),
    ("i", "ii", "iii", "iv"),
    ("I", "II", "III", "IV"),
    tuple("XYZ"),
    tuple("xyz"),
)
_BRIEF = 5
"""Words of an option whose letter has no mark, at most; on a line of its own it may be longer."""
_LONGEST_OPTION = 160


def options_of(text: str) -> list[tuple[str, str, int]]:
    """(label, text, place) of the lettered or numbered options, when they run on from the first and a question leads them."""
    marks = list(_LETTER.finditer(text))
    for series in _SERIES:
        for marked in (True, False):
            run = _run([m for m in marks if bool(m["mark"]) == marked], series)
            options = _options(text, run, marked=marked) if len(run) >= _TWO else []
            if options:
                return options
    return []


def _run(marks: Sequence[re.Match[str]], series: Sequence[str]) -> list[re.Match[str]]:
    """The longest run of labels from the first of a series on; the latest of equals: "A DBA needs …: A full, B differential"."""
    places = [[n for n, m in enumerate(marks) if m["label"] == label] for label in series]
    best: list[int] = []
    for first in places[0]:
        run = [first]
        for later in places[1:]:
            spot = bisect(later, run[-1])
            if spot == len(later):
                break
            run.append(later[spot])
        best = run if len(run) >= len(best) else best
    return [marks[n] for n in best]


def _options(text: str, run: Sequence[re.Match[str]], *, marked: bool) -> list[tuple[str, str, int]]:
    ends = [m.start() for m in run[1:]] + [len(text)]
    bodies = [
        re.sub(r"[\s,;]*\b(?:or|and)?\s*$", "", text[m.end() : e]).strip(" ,;.\n?([-")
        for m, e in zip(run, ends, strict=True)
    ]
    last, _, after = _split_off(text[run[-1].end() :])
    stem = text[: run[0].start()].rstrip()
    lined = all(text[: m.start()].rstrip(" ([").endswith("\n") for m in run)
    brief = lined or all(len(b.split()) <= _BRIEF for b in bodies[:-1])
    led = stem.endswith((":", "?")) or not stem
    if not marked and (len(run) <= _TWO or not brief or not (run[0]["label"] in {"A", "1"} or led)):
        return []
    lettered = (run[0]["label"] != "1" and (len(run) > _TWO or marked)) or stem.endswith(":")
    bodies[-1] = last.strip(" ,;.\n?")
    picks = _PICKS.search(after)
    asked = lettered or not stem or _PICK.search(stem) or picks
    if not (all(bodies) and asked and max(map(len, bodies)) < _LONGEST_OPTION) or any("?" in b for b in bodies[:-1]):
        return []
    if "?" in after and not picks and not _ASKED.search(stem):
        return []  # the question after a list is about all of it: "(1) …, (2) … Both fine?"
    return [
        (m["label"].upper() if m["label"] in "abcdef" else m["label"], b, m.start())
        for m, b in zip(run, bodies, strict=True)
    ]


def _split_off(text: str) -> tuple[str, str, str]:
    """The last option and what follows it."""
    hit = re.search(r"\n|(?<=[.?!])\s+(?=\S)", text)
    return (text[: hit.start()], hit[0], text[hit.end() :]) if hit else (text, "", "")


def reason(body: str) -> str:
    """What an option states after the yes or no before it: "No, because Linux is not integrated"."""
    return _ANSWERED.sub("", body)


_ANSWERED = re.compile(r"^(?:yes|no)\W+(?:but |because |since |as |for )?(?=\w+ \w+ \w)", re.IGNORECASE)


def spelled_out(stem: str, body: str) -> str:
    """An option with what the statements are about in the place of its "it"."""
    about = _ABOUT.search(stem)
    return _IT.sub(lambda _: about["what"], body) if about else body


_ABOUT = re.compile(
    r"\b(?:statement|sentence|claim|thing)s? (?:about|on|of) (?P<what>[^?.!\n]+?) (?:is|are|do|does)\b", re.IGNORECASE
)
_IT = re.compile(r"^it\b", re.IGNORECASE)


def wants_the_wrong_one(stem: str) -> bool:
    """Whether the option that is NOT so is asked for; what is said of the machine before denies nothing."""
    parts = re.split(r"\b(?=(?:which|what|who|pick|choose|select|mark|tick)\b)", stem, maxsplit=1, flags=re.IGNORECASE)
    asked = re.split(r"\b(?:when|if|after|because|once|while|although)\b", parts[-1], maxsplit=1)[0]
    if _ONE_IS_WRONG.search(stem):
        return True
    return bool((_WRONG_ONE if len(parts) > 1 else _WRONG_OUT_LOUD).search(asked))


_ONE_IS_WRONG = re.compile(
    r"\b(?:one|two) of (?:these|the following|them|the)\b[^.?!\n]*\b(?:is|are) (?:\w+ )?(?:false|wrong|incorrect|untrue|not (?:true|right|correct))\b",
    re.IGNORECASE,
)


_WRONG_OUT_LOUD = re.compile(r"\b(?:NOT|EXCEPT|FALSE|WRONG|INCORRECT)\b|\bodd one\b")
_WRONG_ONE = re.compile(
    r"\b(?:not|except|isn't|aren't|incorrect|false|wrong|cannot|can't|never|unsupported|doesn't|don't|off the table|ruled out|out of the question|unavailable|falls? (?:away|out|flat)|drops? out|"
    r"forbidden|impossible|no go|closed|blocked|excluded|barred|denied|left out|no way|fails|won't|odd one|none of the tools|no tool|no agent|nothing|without any|no protection)\b",
    re.IGNORECASE,
)
