"""A true sentence in, sentences that say something else out, and sentences that say the same in other words.

Whoever checks drafts has to refuse the first and let the second pass. Nothing here knows a word of any subject: what can be
swapped for what is read from a pack. Every operator is a function of the sentence alone, so the same sentence gives the
same mutants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from assistant.pack import Pack

Operator = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A sentence made from another."""

    operator: str
    sentence: str


class Mutations:
    """The operators of one pack: `corruptions` change what is said, `rewrites` only how."""

    def __init__(self, pack: Pack) -> None:
        choices = [n for n, d in pack.dimensions.items() if d.kind == "choice" and not d.nests and len(d.values) > 2]
        worlds = [n for n, d in pack.dimensions.items() if d.kind == "fact" and len(d.values) == 2]
        named = [n for n, d in pack.dimensions.items() if n not in choices and (d.kind != "fact") and not d.nests]
        places = [n for n in worlds if pack.dimensions[n].nests]
        systems = [n for n in worlds if n not in places and pack.dimensions[n].everyday]
        self.corruptions: Mapping[str, Operator] = {
            "flip verdict": _flip,
            "drop negation": _undeny,
            "swap agent": _swapper(pack, choices),
            "swap system": _swapper(pack, systems),
            "swap location": _swapper(pack, places),
            "swap name": _swapper(pack, named),
            "change number": _number,
            "change duration": _duration,
            "overbroad": _overbroad,
            "drop condition": _unconditional,
        }
        self.rewrites: Mapping[str, Operator] = {
            "case": lambda s: [s.upper(), s.lower()],
            "punctuation": lambda s: [s.rstrip(".") + "!", s.rstrip("."), s.replace(", ", " , ")],
            "politeness": lambda s: [
                f"Please note that {s[:1].lower()}{s[1:]}" if s[1:2].islower() else f"Please note that {s}",
                f"{s} Happy to help!",
            ],
            "synonyms": _synonyms,
            "contraction": _contract,
            "voice": _voice,
            "list": lambda s: [f"- {s}", f"1. {s}"],
            "order": _order,
            "numerals": _numerals,
            "markdown": lambda s: [f"**{s}**", f"> {s}", re.sub(r"\b([A-Z]{3,})\b", r"*\1*", s)],
        }

    def corrupt(self, sentence: str) -> Iterator[Mutant]:
        """Sentences that say something else; not every one has to be false: that is for the caller to know."""
        return _each(self.corruptions, sentence)

    def rewrite(self, sentence: str) -> Iterator[Mutant]:
        """Sentences that say the same."""
        return _each(self.rewrites, sentence)


def _each(operators: Mapping[str, Operator], sentence: str) -> Iterator[Mutant]:
    for name, operator in operators.items():
        for made in dict.fromkeys(operator(sentence)):
            if made != sentence:
                yield Mutant(name, made)


# ---- what says something else

_FLIPS = (
    (r"\bare not supported\b", "are supported"), (r"\bis not supported\b", "is supported"), (r"\bnot supported\b", "supported"),
    (r"\bcannot\b", "can"), (r"\bcan\b", "cannot"), (r"\bis not\b", "is"), (r"\bare not\b", "are"), (r"\bdo not\b", "do"), (r"\bdoes not\b", "does"),
    (r"\bis\b", "is not"), (r"\bare\b", "are not"), (r"\bsupports\b", "does not support"), (r"\bkeeps\b", "does not keep"), (r"\bworks\b", "does not work"),
    (r"\bbacks? up\b", "cannot back up"), (r"\bmake\b", "never make"), (r"\buse\b", "never use"), (r"\bcopies\b", "never copies"), (r"\bget\b", "never get"),
    (r"\bgives\b", "never gives"), (r"\bintegrates\b", "does not integrate"), (r"\bwrite\b", "never write"), (r"\boffers\b", "does not offer"),
)  # fmt: skip


def _flip(sentence: str) -> list[str]:
    """The first verb turned round."""
    found = [(m.start(), p, r) for p, r in _FLIPS if (m := re.search(p, sentence))]
    if not found:
        return []
    _, pattern, to = min(found, key=lambda f: (f[0], -len(f[1])))
    return [re.sub(pattern, to, sentence, count=1)]


def _undeny(sentence: str) -> list[str]:
    return [re.sub(p, r, sentence, count=1) for p, r in ((r"\bcannot\b", "can"), (r" not\b", ""), (r"\bno\b ", ""), (r"\bneither\b", "both"), (r"\bwithout\b", "with")) if re.search(p, sentence)]  # fmt: skip


def _swapper(pack: Pack, dimensions: list[str]) -> Operator:
    """Each named value of these dimensions in turn replaced by each other value of its dimension."""
    table: list[tuple[str, list[str]]] = []
    for name in dimensions:
        labels = {v.name: re.sub(r"^(?:the|in) ", "", v.label) for v in pack.dimensions[name].values if v.words}
        for value in pack.dimensions[name].values:
            others = [w for n, w in labels.items() if n != value.name and w]
            table += [(w, others) for w in value.words if len(w) > 2]
    table.sort(key=lambda t: -len(t[0]))

    def swap(sentence: str) -> list[str]:
        plain = sentence.replace("-", " ")
        for words, others in table:
            found = re.search(rf"\b{re.escape(words)}\b", plain, re.IGNORECASE)
            if found:
                return [sentence[: found.start()] + other + sentence[found.end() :] for other in others]
        return []

    return swap


_DIGITS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_WORDS = {n: w for w, n in _DIGITS.items()}
_TIMES = r"(?:hours?|days?|minutes?|weeks?|months?|years?)"


def _number(sentence: str) -> list[str]:
    found = re.search(rf"\b(?:\d+|{'|'.join(_DIGITS)})\b(?!\s*{_TIMES})", sentence)
    if not found:
        return []
    number = _DIGITS.get(found[0]) or int(found[0])
    return [sentence[: found.start()] + str(n) + sentence[found.end() :] for n in (number + 1, number * 2)]


def _duration(sentence: str) -> list[str]:
    found = re.search(rf"\b(\d+)\s*({_TIMES})", sentence)
    if not found:
        return []
    return [
        sentence[: found.start()] + other + sentence[found.end() :]
        for other in (f"{int(found[1]) * 2} {found[2]}", f"{int(found[1]) // 2} {found[2]}", f"{found[1]} minutes")
    ]


def _overbroad(sentence: str) -> list[str]:
    """A restriction taken away, or a claim stretched to every case."""
    made = [re.sub(r"\s+only\b|\bonly\s+", " ", sentence).strip()] if re.search(r"\bonly\b", sentence) else []
    for pattern, to in (
        (r"\bin most cases\b", "in all cases"),
        (r"\btypically\b", "always"),
        (r"\bup to\b", "always"),
        (r"\bmostly\b", "always"),
    ):
        if re.search(pattern, sentence):
            made.append(re.sub(pattern, to, sentence))
    return made


def _unconditional(sentence: str) -> list[str]:
    """A condition at the end, or at the head, left out."""
    tail = re.match(r"^(.{12,}?),? (?:if|when|unless|while|provided|once|without) [^,;]+\.$", sentence)
    head = re.match(r"^(?:If|When|Unless|While|Once|Without|With) [^,]+, (.+)$", sentence)
    return [f"{tail[1]}."] if tail else [head[1][:1].upper() + head[1][1:]] if head else []


# ---- what says the same

_SAME = (
    (r"\bbacks up\b", "protects"), (r"\bback up\b", "protect"), (r"\bmachines\b", "servers"), (r"\bdisk\b", "disk"), (r"\bin the documents\b", "in the docs"),
    (r"\bkeeps\b", "stores"), (r"\bquickest\b", "fastest"), (r"\bautomatically\b", "on its own"), (r"\bby hand\b", "manually"), (r"\bcannot be\b", "can not be"),
    (r"\bvirtual machine\b", "VM"), (r"\bvirtual machines\b", "VMs"), (r"\bremoves\b", "deletes"), (r"\bone region\b", "a single region"),
)  # fmt: skip


def _synonyms(sentence: str) -> list[str]:
    return [re.sub(p, r, sentence) for p, r in _SAME if re.search(p, sentence) and re.sub(p, r, sentence) != sentence][
        :2
    ]


def _contract(sentence: str) -> list[str]:
    pairs = (
        (r"\bis not\b", "isn't"),
        (r"\bare not\b", "aren't"),
        (r"\bcannot\b", "can't"),
        (r"\bdo not\b", "don't"),
        (r"\bdoes not\b", "doesn't"),
        (r"\bisn't\b", "is not"),
    )
    return [re.sub(p, r, sentence) for p, r in pairs if re.search(p, sentence)]


def _voice(sentence: str) -> list[str]:
    """Active made passive, for the plainest pattern: "X backs up Y."."""
    found = re.match(
        r"^(?P<who>[A-Z][\w ]{2,30}?) (?:backs up|back up) (?P<what>[^;:]+?)(?P<rest>, [^,]*)?\.$", sentence
    )
    return (
        [f"{found['what'][:1].upper()}{found['what'][1:]} are backed up by {found['who']}."]
        if found and not found["rest"]
        else []
    )


def _order(sentence: str) -> list[str]:
    """Of "If A, B." the same as "B if A."."""
    head = re.match(r"^(If|When|On|For|With) ([^,]+), ([^,;]+)\.$", sentence)
    return [f"{head[3][:1].upper()}{head[3][1:]} {head[1].lower()} {head[2]}."] if head else []


def _numerals(sentence: str) -> list[str]:
    made = []
    for word, number in _DIGITS.items():
        if word != "one" and re.search(rf"\b{word}\b", sentence):
            made.append(re.sub(rf"\b{word}\b", str(number), sentence))
    found = re.search(r"\b([2-6])\b", sentence)
    if found:
        made.append(sentence[: found.start()] + _WORDS[int(found[1])] + sentence[found.end() :])
    return made
