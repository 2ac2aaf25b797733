"""A clause's words in, whether it leans on what stands before it out: on its subject, its verb or all of it. No word of any subject."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.clauses import Clause, commands, leans_back
from assistant.lexicon import words as listed
from assistant.stems import stem
from assistant.turning import AUX, NEGATIVE, VERBS, denials
from assistant.vocabulary import PUNCTUATION, split

_ADVERB, _ASIDES, _BACK = listed("adverb"), listed("asides"), listed("pointing")
JOINTS = frozenset({"and", "but", "whereas", "while", "so", "yet", "plus"})
SIDES = frozenset({"at", "for", "in", "on", "under", "with"})
"""Words that, after "and", set one case beside another: "on Windows it is … and on Linux …"."""


def inherited(lean: Sequence[str], mine: Sequence[str]) -> set[int]:
    """A clause without a verb keeps the denial of the one before only when nothing turns it: "nor Linux", "and Linux".

    "…, GRS is" turns it.
    """
    last = next((t for t in reversed(mine) if t[0].isalnum()), "")
    turned = last in AUX and not {"neither", "nor", "so"} & set(mine)
    if turned or mine[0] in {"but", "whereas", "while", "yet", ";"} or denials(mine):
        return set()
    return set(denials(lean))


def elliptical(clause: Clause, mine: Sequence[str]) -> bool:
    """Whether a clause stops short of what it says of its subject: "…, traffic out of it is not"."""
    said = [t for t in mine if t[0].isalnum() and t != "not"]
    return not clause.whole and bool(said) and said[-1] in AUX


def refers(tokens: Sequence[str]) -> bool:
    """Whether a clause points back: "It …", "The backups …"."""
    words = [t for t in tokens if t[0].isalnum() and t not in {"and", "but", "so", "then", "also"}]
    return bool(words) and (
        leans_back(words) or words[0] in {"the", "such"} or bool(_BACK & {*words[words[0] == "there" :]})
    )


def subjectless(tokens: Sequence[str]) -> bool:
    """Whether words begin with what another does: "supports managed VMs only"."""
    words = [t for t in tokens if t[0].isalnum() and t not in _ADVERB]
    return bool(words) and words[0].endswith("s") and stem(words[0]) in VERBS and not AUX & {*words[1:2]}


def goes_further(clause: Clause, mine: Sequence[str]) -> bool:
    """Whether a clause says more of what the sentence began with: it gives no reason, sets no case and nothing else beside it."""
    words = [t for t in mine if t[0].isalnum() and t not in JOINTS]
    return bool(clause.first and words) and words[0] not in _ASIDES | SIDES


def goes_on(lean: Sequence[str], mine: Sequence[str]) -> bool:
    """Whether a clause is the rest of the line above it: "MARS does not:", "back up volumes"."""
    words = [t for t in mine if t[0].isalnum()]
    last = next((t for t in reversed(lean) if t[0].isalnum()), "")
    return bool(words) and words[0] not in AUX and stem(words[0]) in VERBS and (last in AUX | NEGATIVE or last == "to")


def names_only(tokens: Sequence[str]) -> bool:
    """Whether words name a thing and say nothing of it, or not to their end: "Linux", "MARS supports:"."""
    ends = tokens[-1] == ":" and (tokens[-2:-1] == ["to"] or any(has_verb([t]) or t in NEGATIVE for t in tokens[-2:-1]))
    return len(tokens) == 1 or ends or not (has_verb(tokens) or ":" in tokens[:-1])


def has_verb(words: Sequence[str]) -> bool:
    """Whether a verb, or one that only helps, stands among words."""
    return any(w in AUX or stem(w) in VERBS for w in words)


def aims(tokens: Sequence[str]) -> bool:
    """Whether a clause opens with an aim and tells how to reach it: "To get a file back, restore …"."""
    after = tokens[tokens.index(",") + 1 :] if "," in tokens else []
    return tokens[0] == "to" and bool(after) and (after[0] in _YOU or commands(after))


_YOU = frozenset({"one", "we", "you"})


def parted(text: str) -> str:
    """The text with a semicolon for each slash that stands between two statements: "default is LRS / they advise GRS"."""
    pieces = text.split(" / ")
    whole = len(pieces) > 1 and all(has_verb(split(p)) for p in pieces)
    return " ; ".join(pieces) if whole else text


def bare(tokens: Sequence[str]) -> tuple[str, ...]:
    """The words without punctuation."""
    return tuple(t for t in tokens if t not in PUNCTUATION)
