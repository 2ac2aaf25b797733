"""A sentence's words in, its clauses out: "MARS backs up files but not Linux" says two things of MARS. No word of any subject.

A clause that leans on the one before carries its subject, and its verb when it has none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.lexicon import words
from assistant.stems import stem
from assistant.turning import AUX, NEGATIVE, VERBS, denials, width_of

_ALWAYS, _VERBAL, _LATER, _PRONOUN = words("joints"), words("verbal"), words("later"), words("pronoun")
_OPENERS, _OBJECT, _ADVERB, _NOUNS, _JUDGED = (words(n) for n in ("openers", "objects", "adverb", "nouns", "judgement"))


@dataclass(frozen=True, slots=True)
class Clause:
    """Words ``first`` to ``last`` (exclusive) of a sentence, and what they lean on."""

    first: int
    last: int
    lean: tuple[str, ...] = ()
    """Words carried over from the clause before: its subject, or all of it when this one has no verb."""
    whole: bool = True
    """Whether it has a verb of its own."""
    case: bool = False
    """Whether it tells somebody to do something, of which the next says what comes of it: "Put it elsewhere and it costs more"."""
    outcome: bool = False
    """Whether it is that next one."""


_REPLY = re.compile(
    r"^(?:(?:well|so|then|oh|ah|sorry) ?,? )?(?:no|yes|none|nope|nothing|yep|yeah|correct|right|wrong|false|true|not true|wrong claim|not correct|not quite|not directly|not really|not at all|"
    r"absolutely|exactly|indeed|sure|in short|i can't confirm|unfortunately not|unfortunately|partly|not exactly|that is right|that is not right|that's right|that's wrong|neither|depends|it depends|both|good news|bad news) [,:.;!] "
)


_NUMBERED = 3
_WHOSE = 9
"""Words within which a statement is said to be somebody's."""
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good morning|good day|moin|morning|salut|hallo)(?: [\w.-]+){0,3} [,!:.] "
)


def reply(tokens: Sequence[str]) -> int:
    """How many words at the head only answer or announce: "No, …", "Not true: …", "Please note that …"."""
    hailed = _GREETING.match(" ".join(tokens) + " ")
    greeting = len(hailed[0].split()) if hailed else 0
    found = _REPLY.match(" ".join(tokens[greeting:]) + " ")
    head = greeting + (len(found[0].split()) if found else _numbered(tokens[greeting:]))
    head += _labelled(tokens[head:])
    head += _attributed(tokens[head:])
    return head + width_of("preambles", tokens, head) if head < len(tokens) else head


def _attributed(tokens: Sequence[str]) -> int:
    """How many words at the head only say whose statement it is: "Tom keeps moaning that …"."""
    place = tokens.index("that") if "that" in tokens[:_WHOSE] else 0
    told = place and not words("reporting").isdisjoint(tokens[max(0, place - 2) : place])
    return place + 1 if told and not denials(tokens[:place]) else 0


def _numbered(tokens: Sequence[str]) -> int:
    """How many words at the head only number what follows: "Finding 7. …", "Page 2: …"."""
    numbered = (
        tokens[0] in words("numbered") and tokens[1].isdigit() and tokens[2] in {".", ":", ")", ","}
        if len(tokens) > _NUMBERED
        else False
    )
    return _NUMBERED if numbered else 0


def _labelled(tokens: Sequence[str]) -> int:
    """How many words at the head are a label that claims nothing: "Third objection: …", "Cell C4: …", "Accepted answer (score 14): …"."""
    end = next((n for n, t in enumerate(tokens[:_LABEL]) if t == ":"), 0)
    known = words("labels") | words("numbered")
    said = [t for t in tokens[:end] if t[0].isalnum()]
    plain = known | words("ordinals") | {"a", "an", "in", "my", "of", "our", "the", "to", "your"}
    named = any(t in known for t in said) and all(t in plain or t.isdigit() or _CODE.fullmatch(t) for t in said)
    return end + 1 if named and end + 1 < len(tokens) else 0


_LABEL = 9
"""Words within which a label ends."""
_CODE = re.compile(r"[a-z]{1,2}\d{0,4}")


def _told_by(tokens: Sequence[str]) -> int:
    """How many words at the end only say whose statement it is: "…, cried the intern"."""
    comma = next((n for n in range(len(tokens) - 1, -1, -1) if tokens[n] == ","), -1)
    tail = [t for t in tokens[comma + 1 :] if t[0].isalnum()]
    told = comma > 0 and 0 < len(tail) <= _TAIL and tail[0] in words("speaking")
    return len(tokens) - comma if told else 0


_TAIL = 4


def clauses(tokens: Sequence[str], names: Sequence[tuple[int, int]] = ()) -> list[Clause]:
    """The clauses of a sentence, in order. `names` are spans whose words are no verbs, though they look it ("Replace existing")."""
    head = reply(tokens)
    spelled = list(tokens)
    for start, end in names:
        for n in range(start, end):
            spelled[n] = f"name{n}"
    written = {s: t for s, t in zip(spelled, tokens, strict=True) if s != t}
    said = spelled[: len(spelled) - _told_by(spelled)]
    return [replace(c, lean=tuple(written.get(w, w) for w in c.lean)) for c in _split(said, head)]


def _split(tokens: Sequence[str], head: int) -> list[Clause]:
    cuts = [head]
    for i in range(head + 1, len(tokens)):
        if i > cuts[-1] and _cuts(tokens, cuts[-1], i):
            cuts.append(i)
    found: list[Clause] = []
    for first, last in zip(cuts, [*cuts[1:], len(tokens)], strict=True):
        if any(t[0].isalnum() for t in tokens[first:last]):
            before = found[-1] if found else None
            if before and _comes_of(tokens[before.first : before.last], tokens[first:last]):
                found[-1] = replace(before, case=True)
                found.append(Clause(first, last, tuple(tokens[before.first : before.last]), outcome=True))
            else:
                found.append(_leaning(tokens, first, last, before))
    return found


def _cuts(tokens: Sequence[str], start: int, i: int) -> bool:
    """Whether a new clause begins at `i`."""
    token = tokens[i]
    rest = tokens[i + 1 : _stop(tokens, i + 1)]
    if not any(t[0].isalnum() for t in rest):
        return False
    if token == "but" and (tokens[i - 1] in _BUT or tokens[i - 2 : i - 1] == ["no"]):
        return False
    if token == "," and tokens[start] in {"although", "though", "whereas", "while"} and _verb(rest) is not None:
        return True
    if token in _ALWAYS:
        return not (_JUDGED & set(rest) and set(rest[:2]) & {"that", "this", "it"})
    spoken = [t for t in rest if t[0].isalnum()]
    if any(w in _LATER for w in rest[:3]) or "after that" in " ".join(rest[:4]) or spoken[-1] in _LATER:
        return False
    if token == "," and tokens[i - 1] in _SAYS and i - 1 > start and tokens[i - 2][0].isalnum():
        return True
    if token == "as":
        return _reasons(tokens, start, i)
    before = next((n for n in range(i - 1, start, -1) if tokens[n] == ","), i)
    if token == "," and {tuple(rest[:2]), tuple(tokens[before + 1 : before + 3])} & _EITHER:
        return False
    if token == "," and rest[0] in {"just", "only"} and set(rest[1:2]) & {"no", "not", "never"}:
        return _verb(tokens[start:i]) is not None
    if (
        token == ","
        and i + 1 < len(tokens)
        and tokens[i + 1] in _ALWAYS | {"and", "or", "nor", "otherwise", "while", "because", "so", "since"}
    ):
        return False
    if (token == "while" and tokens[i - 1] != ",") or (token == "so" and tokens[i - 1] == "does"):
        return False
    if token == "since" and (_verb(rest) is None or rest[0] in AUX | {"a", "the", "your", "its"}):
        return False
    if token == "," and rest[0] in {"it", "they"} and _note(tokens[start:i]):
        return _verb(rest) is not None
    if token not in _VERBAL or _verb(tokens[start:i]) is None or _pending(tokens[start:i]):
        return False
    return _opens(tokens[start:i], rest, token)


def _reasons(tokens: Sequence[str], start: int, i: int) -> bool:
    """Whether an "as" gives a reason: "… as they never leave"; "as easy as it gets" compares."""
    compared = "as" in tokens[max(start, i - 4) : i] or tokens[i - 1] in {
        "same",
        "such",
        "just",
        "exactly",
        "much",
        "long",
        "soon",
        "far",
        "well",
    }
    return (
        not compared
        and tokens[i + 1] in _REASON
        and _verb(tokens[start:i]) is not None
        and _verb(tokens[i + 1 :]) is not None
    )


_REASON = (_PRONOUN - {"itself", "themselves", "those", "both"}) | {"nothing", "nobody", "there", "no"}


def _note(left: Sequence[str]) -> bool:
    """Whether words are a note of their own, without a verb: "KEK = optional layer", not "on Linux"."""
    spoken = [t for t in left if t[0].isalnum()]
    return bool(spoken) and spoken[0] not in _OPENERS | _LIKE and "," not in left[1:] and _verb(spoken) is None


_EITHER = frozenset({("be", "it"), ("be", "they")})
"""Names both ways it could be: "whoever reads it, be it a human or a service, …"."""
_SAYS = frozenset({"yes", "no"})
"""Said behind a thing, they end what is noted of it: "Replace existing no, whole VM yes"."""
_LIKE = frozenset({"like", "unlike", "being", "compared", "though", "although", "whereas", "while", "because", "since"})
_BUT = frozenset({"nothing", "anything", "all", "nobody", "none", "everything"})
"""Words after which "but" is no joint: "nothing but"."""


def _pending(left: Sequence[str]) -> bool:
    """A sentence that opens with a condition is not over before its main verb: "If it is encrypted, it cannot …", "To get files, the extension and MARS …"."""
    if left[0] not in _OPENERS or "then" in left or _told(left):
        return False
    return "," not in left[:-1] or (left[0] == "to" and _verb(left[left.index(",") :]) is None)


def _told(left: Sequence[str]) -> bool:
    """Whether the main clause has come without a comma: "On encrypted machines folders can be restored", "On Windows it uses VSS"."""
    helps = next((n for n, t in enumerate(left) if n and t in AUX and left[n - 1] != "to"), len(left))
    finite = helps < len(left) or (left[0] in _PLACES and _finite(left))
    return left[0] in _BEFORE_NOUN and finite and not _SUBORDINATE & set(left[:helps])


_BEFORE_NOUN = frozenset({"at", "by", "for", "in", "on", "under", "with", "without"})
_SUBORDINATE = frozenset({"that", "which", "who", "where", "when", "if", "case", "while", "because"})


_PLACES = frozenset({"for", "in", "on", "with"})


def _stop(tokens: Sequence[str], start: int) -> int:
    ends = (
        n
        for n in range(start, len(tokens))
        if (tokens[n] in _ALWAYS and not (tokens[n] == "but" and tokens[n - 1] in _BUT))
        or (tokens[n] in {"because", "and"} and n > start + 1)
    )
    return next(ends, len(tokens))


def _opens(left: Sequence[str], rest: Sequence[str], joint: str) -> bool:
    """Whether what follows a joint is a clause: it opens with a verb, or has a subject and a verb."""
    words = [t for t in rest if t not in _ADVERB and t[0].isalnum()]
    if not words:
        return False
    head = words[0]
    if head in AUX or (joint in {"and", ","} and _conditioned(rest)):
        return True
    if joint in {",", "(", ":"} and head in _PRONOUN - {"both", "its", "their"} and head != "that":
        return _verb(words) is not None
    subject = head.endswith("ing") or set(words[1:2]) & AUX
    if stem(head) in VERBS and head not in {"need", "support", "place"} and not (subject and _finite(words)):
        return _same_form(left, head, words[1] if len(words) > 1 else "")
    return joint not in {"or", "nor"} and _finite(words)


def commands(tokens: Sequence[str]) -> bool:
    """Whether words tell somebody to do something: "Put it elsewhere"."""
    base = stem(tokens[0])
    return tokens[0] not in AUX and base in VERBS - _NOUNS and base == tokens[0].removesuffix("e")


def _comes_of(command: Sequence[str], tokens: Sequence[str]) -> bool:
    """Whether a clause says what comes of doing what the one before it tells to do."""
    return tokens[0] == "and" and commands(command) and _finite(tokens[1:]) and not commands(tokens[1:])


def _conditioned(rest: Sequence[str]) -> bool:
    """Whether words open with a case and go on to what holds in it: "if they break, the backup is …"."""
    return rest[0] in CASES and "," in rest and _verb(rest[rest.index(",") :]) is not None


CASES = frozenset({"if", "once", "should", "unless", "when", "whenever"})
"""Words that open the case of which something is said."""


def _same_form(left: Sequence[str], head: str, after: str) -> bool:
    """Whether a verb can go on where the verb before stood: "is installed … and kept", "backs up … and restores"."""
    verb = _main(left)
    if head.endswith("s") and not head.endswith("ss") and stem(head) not in {"proces", "acces"}:
        if stem(head) in _NOUNS and after not in _OBJECT:
            return False
        return verb is not None and (left[verb].endswith("s") or verb > 0)
    if verb is None:
        return False
    return _form(left[verb]) == _form(head) and stem(head) not in _NOUNS | {"backup"}


def _form(word: str) -> str:
    if word in {
        "kept",
        "sent",
        "held",
        "made",
        "taken",
        "given",
        "written",
        "lost",
        "chosen",
        "done",
        "put",
        "brought",
        "billed",
        "built",
    } or word.endswith("ed"):
        return "past"
    return "s" if word.endswith("s") else "ing" if word.endswith("ing") else "base"


_SHORTENED = frozenset({"it's", "they're", "it'll", "they'll"})


def _finite(words: Sequence[str]) -> bool:
    """Whether words have a subject and a verb that agrees with it: "in Azure is fine" has none."""
    if words[0] in _PLACES and set(words[2:3]) & AUX:
        return False
    for n, word in enumerate(words[:9]):
        if word in _SHORTENED:
            return True
        if n == 1 and words[0] in _PRONOUN - {"its", "their"} and stem(word) in VERBS:
            return True
        if n and word in AUX:
            return words[n - 1] not in {"that", "which", "who", "if", "when"}
        if (
            n
            and stem(word) in VERBS
            and (
                (word.endswith("s") and stem(word) not in _NOUNS)
                or (words[n - 1].endswith("s") and stem(word) not in _NOUNS and _form(word) == "base")
                or word in {"copies", "covers", "keeps", "needs", "supports"}
            )
        ):
            return words[n - 1] not in {
                "that",
                "which",
                "who",
                "the",
                "of",
                "to",
                "for",
                "no",
                "a",
                "any",
                "your",
                "its",
            }
        if word in {"that", "which", "who", "if", "when", "to"}:
            return False
    return False


def _verb(words: Sequence[str]) -> int | None:
    """Index of the first verb or auxiliary."""
    for n, word in enumerate(words):
        if word in AUX or (
            stem(word) in VERBS
            and not (
                stem(word) in _NOUNS
                and n
                and words[n - 1]
                in {
                    "the",
                    "a",
                    "an",
                    "of",
                    "your",
                    "its",
                    "in",
                    "azure",
                    "two",
                    "three",
                    "each",
                    "every",
                    "for",
                    "any",
                    "first",
                    "no",
                    "our",
                    "their",
                }
            )
        ):
            if (
                n == 0
                and word not in AUX
                and stem(word) in _NOUNS
                and len(words) > 1
                and words[1] in {"of", "is", "are", "data", "traffic"}
            ):
                continue
            return n
    return None


def _main(words: Sequence[str]) -> int | None:
    """Index of the last verb that is no auxiliary."""
    found = [
        n
        for n, w in enumerate(words)
        if w not in AUX and stem(w) in VERBS and not (n and words[n - 1] in {"the", "a", "an", "of", "your"})
    ]
    return found[0] if found else None


def _leaning(tokens: Sequence[str], first: int, last: int, before: Clause | None) -> Clause:
    words = [t for t in tokens[first:last] if t[0].isalnum() and t not in _ALWAYS | _VERBAL]
    verb = _verb(words)
    if before is None or (verb is None and tokens[first] == ";"):
        return Clause(first, last, (), verb is not None)
    left = [*before.lean, *tokens[before.first : before.last]]
    if tokens[first] == ":":
        return Clause(first, last, tuple(w for w in left if w not in NEGATIVE), verb is not None)
    if verb is None and left[-1] in _SAYS and ":" in left:
        return Clause(first, last, tuple(left[: left.index(":")]), whole=False)
    if verb is None:
        return Clause(first, last, tuple(left), whole=False)
    if words[verb] in AUX and set(words[verb + 1 :]) <= {"not", "so", "too", "either", "do"}:
        said = left[_verb(left) or 0 :]
        turned = tokens[first] == ";" and not {words[verb], *words[verb + 1 :]} & (NEGATIVE | {"so", "too", "either"})
        return Clause(first, last, tuple(w for w in said if not (turned and w in NEGATIVE)), whole=False)
    if words[0] in AUX and {"so", "neither", "nor"} & set(tokens[first : first + 2]):
        begun = _verb(left)
        return Clause(first, last, tuple(w for w in left[begun or 0 :] if w not in NEGATIVE), whole=False)
    if words[0].endswith("ing") and _finite(words):
        return Clause(first, last)
    opening = [w for w in words[: verb + 1] if w not in _ADVERB]
    subject = opening[:-1] or opening
    if {"it", "them"} & set(words[verb + 1 :]) and (opening[0] in AUX or opening[0] in _PRONOUN or len(opening) == 1):
        return Clause(first, last, tuple(w for w in left if w not in NEGATIVE))
    if opening[0] in AUX or (len(opening) == 1 and opening[0].endswith("s")) or subject[0] in _PRONOUN:
        return Clause(first, last, subject_of(left))
    if len(opening) == 1 or opening[0] == "not":
        main = _main(left)
        return Clause(first, last, tuple(left[:main] if main is not None else subject_of(left)))
    return Clause(first, last)


def subject_of(tokens: Sequence[str]) -> tuple[str, ...]:
    """The words before the first verb."""
    verb = _verb(tokens)
    return tuple(t for t in tokens[: verb if verb is not None else len(tokens)] if t not in NEGATIVE)


def main_of(tokens: Sequence[str]) -> Sequence[str]:
    """The words before what is only inserted: "MARS" of "MARS, when used on Windows"."""
    return tokens[: next((n for n, pair in enumerate(pairwise(tokens)) if pair in _INSERTED), len(tokens))]


_INSERTED = frozenset((",", w) for w in ("if", "once", "when", "whenever", "where"))


def leans_back(tokens: Sequence[str]) -> bool:
    """Whether a sentence has no subject of its own: "It keeps …", "Keeps …", "Both are …"."""
    words = [t for t in tokens if t[0].isalnum()]
    words = words[bool(words) and words[0] in _ADVERB :]
    return bool(words) and (
        words[0] in _PRONOUN
        or bool({"it", "they", "its", "their"} & set(words[:4]))
        or words[0] in AUX
        or (
            stem(words[0]) in VERBS
            and words[0].endswith("s")
            and (stem(words[0]) not in _NOUNS or words[1:2] == [] or words[1] in _OBJECT)
            and not AUX & set(words[1:2])
        )
    )
