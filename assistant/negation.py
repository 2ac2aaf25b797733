"""Words and what they name in, the reach of their negations out: which names are denied, and by which words.

A negation that speaks of facts ("not encrypted", "anything but Linux") is told from one that asks ("isn't it possible?").
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from assistant import lexicon
from assistant.vocabulary import PUNCTUATION, Found, Word

_NOT = frozenset({"not", "no", "without", "never", "neither", "nor", "except", "excluding", "non", "minus", "isn't", "aren't",
                  "wasn't", "weren't", "ain't", "unlike", "nothing"})  # fmt: skip
_NOT_DONE = frozenset({"don't", "doesn't", "didn't", "won't", "haven't", "hasn't", "hadn't"})
_DONE = frozenset(
    {"want", "use", "have", "need", "run", "like", "own", "using", "got", "enabled", "encrypt", "installed"}
)
_DOES_NOT_TAKE = frozenset(
    {"using", "installing", "having", "needing", "buying", "deploying", "running"}
    | {"restoring", "recovering", "bringing", "rebuilding", "reinstating"}
)
"""Acts by which "without" denies what follows: who gets files without restoring the machine wants no machine."""
_INSTEAD = (
    ("instead", "of"),
    ("rather", "than"),
    ("other", "than"),
    ("anything", "but"),
    ("everything", "but"),
    ("all", "but"),
    ("apart", "from"),
    ("aside", "from"),
)
_STOP = frozenset({"but", "however", "only", "just", "although", "which", "what", "how", "can", "does", "do", "so", "because", "then",
                   "it's", "its", "that", "while", "supported", "possible", "support", "work", "works", "working", "worked", "happening", "starting", "finishing", "allowed", "able", "available",
                   "sure", "true", "if", "when", "is", "are", "using", "use", "via", "offered", "meant", "made", "intended", "designed", "permitted", "usable",
                   "suited", "suitable", "compatible", "provided", "applicable", "good", "valid", "documented"})  # fmt: skip
_JOIN = frozenset({"or", "nor", "and", ",", "any", "a", "an", "the"})
_RELATION = frozenset({"on", "in", "for", "at", "of", "from", "with", "during", "to", "by"})
_BUT = frozenset({"but", "except"})
_EVER = frozenset({"ever", "has", "had", "have"})
"""After "nobody": a fact is told ("nobody ever encrypted it"), not what nobody is able to do."""
_REACH = 5
_REFUSING = frozenset({"refuse", "refuses", "refused", "forbid", "forbids", "forbade", "ban", "bans", "banned", "reject", "rejects", "rejected",
                       "veto", "vetoes", "vetoed", "dislike", "dislikes", "hate", "hates"})  # fmt: skip
_DECIDING = frozenset({"we", "i", "they", "he", "she", "and", "management", "policy", "boss", "customer", "client", "security", "company",
                       "board", "procurement", "it"})  # fmt: skip
"""Who rules something out for a plan; of a product the same verbs say what it cannot do."""
_PUTTING_ASIDE = frozenset(
    {
        "replace",
        "replaces",
        "replacing",
        "forget",
        "forgetting",
        "ignore",
        "ignoring",
        "disregard",
        "scrap",
        "drop",
        "ditch",
    }
)
_ANSWERS_NO = frozenset({"no", "none", "nope", "off", "false", "disabled", "absent"})


def negated(words: Sequence[Word], found: Sequence[Found]) -> tuple[frozenset[int], frozenset[int]]:
    """Indices of `found` in the reach of a negation that speaks of facts, not of what is asked; and of the tokens that negate."""
    tokens = [w.text for w in words]
    out: set[int] = set()
    cues: set[int] = set()
    named = {n for f in found for n in range(f.start, f.end)}
    at: dict[int, list[int]] = {}
    for n, f in enumerate(found):
        at.setdefault(f.start, []).append(n)
    for i in range(len(tokens)):
        width = _cue(tokens, i)
        ends = _STOP | {"and"} if tokens[i] in {"neither", "nor"} else _STOP
        reached = set(_reach(tokens, i + width, found, at, ends)) if width and i not in named else set()
        if width > 1 and tokens[i] in {"nothing", "none"}:  # "nothing is running": the name begins within the cue
            reached |= {n for place in range(i + 1, i + width) for n in at.get(place, ())}
        if reached:
            out |= reached
            cues.update(range(i, i + width))
        if tokens[i] in _PUTTING_ASIDE and i not in named:
            places = (i + 1, i + 2) if {*tokens[i + 1 : i + 2]} & {"the", "all", "our", "about"} else (i + 1,)
            put_aside = {n for place in places for n in at.get(place, ()) if found[n].entry.kind == "value"}
            out |= put_aside
            cues.update({i} if put_aside else ())
    for n, f in enumerate(found):
        if _answered_no(tokens, f.end):
            out.add(n)
            cues.update((f.end, f.end + 1))
        withheld = _withheld(tokens, f) if f.entry.kind == "value" else None
        if withheld:
            out.add(n)
            cues.update(withheld)
    return frozenset(out ^ _excepted(tokens, found)), frozenset(cues)


def _withheld(tokens: Sequence[str], found: Found) -> range | None:
    """The words that keep somebody from an act: "they won't let me switch it off", "stopping it is out of the question"."""
    if tokens[found.start] not in lexicon.words("acts"):
        return None
    place = found.start - 1
    while place >= 0 and tokens[place] in lexicon.words("between_withholding"):
        place -= 1
    if place >= 0 and tokens[place] in lexicon.words("withholding") and not _asking(tokens, place):
        return range(place, found.start)
    last = found.end + (tokens[found.end : found.end + 1] in (["it"], ["down"], ["off"]))
    ruled_out = (p for p in lexicon.phrases("not_an_option") if tuple(tokens[last : last + len(p)]) == p)
    return next((range(last, last + len(p)) for p in ruled_out), None)


def _excepted(tokens: Sequence[str], found: Sequence[Found]) -> set[int]:
    """What stands last in a clause that begins with "unless": the question is about all other cases."""
    out = set()
    for i in (n for n, t in enumerate(tokens) if t == "unless"):
        end = next((n for n in range(i, len(tokens)) if tokens[n] in PUNCTUATION), len(tokens))
        inside = [n for n, f in enumerate(found) if i < f.start < end and f.entry.kind == "value"]
        out |= {max(inside, key=lambda n: found[n].start)} if inside else set()
    return out


def _answered_no(tokens: Sequence[str], end: int) -> bool:
    """Whether a "no" stands after words as on a form: "encryption: no, state: stopped"."""
    place = end + 1 if tokens[end : end + 1] == [":"] else end
    return (
        tokens[place : place + 1] != []
        and tokens[place] in _ANSWERS_NO
        and (place + 1 == len(tokens) or tokens[place + 1] in PUNCTUATION)
    )


def _cue(tokens: Sequence[str], i: int) -> int:
    """How many tokens a negation that starts at `i` takes up; 0 when there is none."""
    token, after = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else ""
    if token in {"nor", "neither"} and after in {"is", "are", "does", "do", "was", "has"}:
        return 3
    if token == "without" and after.endswith("ing") and after not in _DOES_NOT_TAKE:
        return 0
    if token in {"nothing", "none"} and after in {"is", "are", "was", "were"}:
        return 2
    if (
        token == "nothing"
        and after in {"here", "there"}
        and tokens[i + 2 : i + 3] in (["is"], ["are"], ["was"], ["were"])
    ):
        return 3
    if token in {"nothing", "none"} and after == "of" and tokens[i + 3 : i + 4] in (["is"], ["are"], ["was"], ["were"]):
        return 4
    if token == "none" and after == "of" and tokens[i + 3 : i + 4] and tokens[i + 3].endswith("ed"):
        return 3
    if token == "not" and i and tokens[i - 1] in {"do", "does", "did"} and after in _DONE:
        return 2
    if token == "not" and after in {"using", "running", "on", "in", "a", "an", "the"}:
        return 2
    if (token, after) in _INSTEAD:
        return 2
    if token in _REFUSING and i and tokens[i - 1] in _DECIDING:
        return 1
    if token == "not" and after in {"only", "just", "sure"}:
        return 0
    if (
        token in {"not", "never", "nothing", "nobody", "none"}
        and after in lexicon.words("doing")
        and _asking(tokens, i)
    ):
        return 0
    if (token == "nothing" and after in _BUT) or (token in _BUT and i and tokens[i - 1] == "nothing"):
        return 0
    if token == "no" and after in {"", ",", ".", "matter", "idea", "need", "problem", "way", "longer", "limit", "?"}:
        return 0
    if token in {"isn't", "aren't", "wasn't", "weren't"}:
        if i and tokens[i - 1] in {"and", "but"}:
            return 1 if _asking(tokens, i) or not _put_as_question(tokens, i) else 0
        return 0 if i == 0 or tokens[i - 1] in PUNCTUATION | {"why", "so"} else 1
    if token in _NOT or (token in {"nobody", "none"} and (after in _EVER or after.endswith("ed"))):
        return 1
    if token in _NOT_DONE and any(t in _DONE for t in tokens[i + 1 : i + 4]):
        return 1 + next(n for n, t in enumerate(tokens[i + 1 : i + 4]) if t in _DONE) + 1
    return 0


_ASKING = frozenset(
    ["can", "could", "does", "do", "did", "is", "are", "will", "would", "may", "should", "might", "must", "has", "have"]
)


def _asking(tokens: Sequence[str], place: int) -> bool:
    """Whether the clause of a word opens as a question: what is denied there is what is asked, not a fact."""
    first = max((n + 1 for n in range(place) if tokens[n] in PUNCTUATION), default=0)
    return tokens[first] in _ASKING


def _put_as_question(tokens: Sequence[str], place: int) -> bool:
    """Whether the sentence of a word ends with a question mark: "…, and isn't GRS the default?"."""
    return next((t for t in tokens[place:] if t in {".", "!", "?", ";", "\n"}), "") == "?"


def _reach(
    tokens: Sequence[str], start: int, found: Sequence[Found], at: Mapping[int, Sequence[int]], ends: Collection[str]
) -> Iterator[int]:
    """Mentions right after a negation, and those joined to them by "or", "and" or a comma; none beyond a word of `ends`."""
    place, left = start, _REACH
    last: tuple[int, int] | None = None
    while place < len(tokens) and left > 0:
        token = tokens[place]
        if (last and token in _RELATION) or (place > start and _cue(tokens, place)):
            return
        here = [n for n in at.get(place, ()) if found[n].entry.kind in {"value", "name", "unheard"}]
        if here:
            yield from here
            last = (place, max(found[n].end for n in here))
            place, left = last[1], _REACH - 2
            continue
        if token in PUNCTUATION - {","} or token in ends:
            return
        if last and token not in _JOIN and not {"or", "nor"} & set(tokens[place + 1 : place + 2]):
            return
        if token == "," and (last is None or not _joined(tokens, place, at) or not _listed(tokens, place)):
            return
        if last and token == "and" and not _joined(tokens, place, at):
            return
        place, left = place + 1, left - 1


def _listed(tokens: Sequence[str], comma: int) -> bool:
    """Whether a comma stands in a list that goes on to an "or": "not A, B or C" denies all, "not A, B" the first alone."""
    end = next((n for n in range(comma + 1, len(tokens)) if tokens[n] in PUNCTUATION - {","}), len(tokens))
    return bool({"or", "nor"} & set(tokens[comma:end]))


def _joined(tokens: Sequence[str], comma: int, at: Mapping[int, Sequence[int]]) -> bool:
    return any(p in at for p in range(comma + 1, comma + 3)) and not set(tokens[comma + 1 : comma + 3]) & _STOP
