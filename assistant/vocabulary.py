"""Words in, what they name out: synonyms and typos. What they add up to is the business of `reading`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from itertools import takewhile
from operator import itemgetter
from typing import Literal

from assistant.errors import QuestionError
from assistant.pack import Pack
from assistant.types import Mention

LONGEST = 10_000
"""Characters of a question: a pasted ticket with its log fits, a book does not."""
_TOKEN = re.compile(r"(?<![a-z0-9])[a-z]:\\[a-z0-9_$~%][^\s,;:?!()\"']*|[a-z0-9]+(?:'[a-z]+)?|[$€+.?!;:,()\n]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]")
_STEM = 4
_DOUBTFUL = 2
"""Edits up to which the opposite of a guess makes it none."""
_GAP = 4
"""Words that may stand in a gap phrase ("replace … disk"), a comma among them."""
_TURNING = frozenset({"no", "not", "never", "without", "nobody", "none"})
"""Words that no gap leaps over: "have no scripts" does not have scripts."""
PUNCTUATION = frozenset(".?!;:,()\n")
_SPOKEN = {
    "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't", "dont": "don't", "doesnt": "doesn't", "didnt": "didn't",
    "cant": "can't", "cannot": "can't", "wont": "won't", "couldnt": "couldn't", "shouldnt": "shouldn't", "hasnt": "hasn't",
    "havent": "haven't", "whats": "what's", "thats": "that's", "im": "i'm", "ive": "i've", "theyre": "they're",
    "frm": "from", "wich": "which", "wat": "what", "wot": "what", "pls": "please", "plz": "please", "u": "you", "ur": "your",
    "r": "are", "w/o": "without", "wanna": "want", "gimme": "give", "gonna": "going", "b4": "before", "thru": "through",
    "bkup": "backup", "bkp": "backup", "bup": "backup", "vms'": "vms", "wheres": "where", "hows": "how", "whos": "who",
}  # fmt: skip


_GRAMMAR = frozenset(
    [
        "difference",
        "between",
        "supported",
        "consistent",
        "possible",
        "which",
        "should",
        "compare",
        "compared",
        "versus",
        "recommend",
        "recommended",
        "default",
        "available",
        "explain",
        "describe",
        "without",
        "neither",
        "restoring",
        "options",
        "regarding",
        "server",
        "servers",
        "machine",
        "machines",
    ]
)
"""Words that tell the kind of a question, worth repairing too."""


@dataclass(frozen=True, slots=True)
class Word:
    """One token of a question, repaired, with its place in the cleaned text."""

    text: str
    start: int
    end: int
    written: str = ""
    """As the user wrote it, when it was repaired."""


@dataclass(slots=True)
class _Node:
    next: dict[str, _Node] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a phrase means."""

    kind: Literal["value", "name", "silence", "scope", "other", "elsewhere", "unheard", "denied"]
    name: str
    """Dimension, or id of the silence."""
    values: tuple[str, ...] = ()
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An entry at its place among the words."""

    entry: Entry
    start: int
    end: int
    phrase: str


def clean(question: str) -> str:
    """The question without invisible characters, compatibility forms folded; QuestionError when it cannot be read."""
    if len(question) > LONGEST:
        raise QuestionError(f"the question has {len(question):,} characters; ask in at most {LONGEST:,}")
    for place, char in enumerate(question):
        if (char < " " and char not in "\t\r\n") or char == "\x7f" or "\ud800" <= char <= "\udfff":
            name = "a lone surrogate" if char > "\x7f" else f"control character U+{ord(char):04X}"
            raise QuestionError(f"the question holds {name} at position {place}; remove it")
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", question)).replace("’", "'").replace("‘", "'")
    if not text.strip():
        raise QuestionError("the question is empty; ask something, for example 'Can MARS back up Linux?'")
    return text[: 2 * LONGEST]


_ABBREVIATED = frozenset({"incl", "excl", "vs", "resp", "approx", "ca"})
"""Words whose full stop ends no sentence."""


class Vocabulary:
    """The words of one pack, ready to be found in questions."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._root = _Node()
        self._gaps: dict[str, list[tuple[tuple[tuple[str, ...], ...], Entry]]] = {}
        for phrase, entry in _entries(pack):
            self._add(phrase, entry)
        self._near = [
            (Entry("value", d.name, (v.name,)), [[parts_of(w) for w in group] for group in v.near])
            for d in pack.dimensions.values()
            for v in d.values
            if v.near
        ]
        self._near += [
            (Entry("silence", s.id), [[parts_of(w) for w in group] for group in s.near])
            for s in pack.silences
            if s.near
        ]
        self._apart = [
            (Entry("value", d.name, (v.name,)), [parts_of(w) for w in v.apart])
            for d in pack.dimensions.values()
            for v in d.values
            if v.apart
        ]
        own = set(self._spell(self._root))
        own.update(w for _, groups in self._near for g in groups for parts in g for part in parts for w in part)
        own.update(w for d in pack.decisions.values() for p in d.read for e in p if e[0] != "@" for w in split(e))
        own.update(w for gaps in self._gaps.values() for parts, _ in gaps for part in parts for w in part)
        own.update(w for f in pack.facts for p in (*f.yes, *f.no, *(w for g in f.topic for w in g)) for w in split(p))
        own.update(form for s in pack.silences for act in s.acts for form in _forms(act))
        own.update(_GRAMMAR)
        self._words = frozenset(own)
        self._named = frozenset(w for phrase, entry in _entries(pack) if entry.kind == "value" for w in split(phrase))
        self._targets = sorted(w for w in own if len(w) >= _STRANGE and w.isalpha())
        self._short = frozenset(w for w in self._named | _GRAMMAR if len(w) == _STRANGE - 1)
        """Words of which two letters may be swapped: "teh", "gsr"."""
        claimed = (p for a in pack.attributes for p in (*(p for g in a.about for p in g), *a.right, *a.wrong))
        self._corpus = frozenset(
            [
                *(w for d in pack.documents for w in split(d.text)),
                *(w for p in claimed if p[0] != "@" for w in split(p)),
            ]
        )
        self.repair = lru_cache(maxsize=20_000)(self._repair)

    def _add(self, phrase: str, entry: Entry) -> None:
        parts = tuple(tuple(split(part)) for part in phrase.split("…"))
        if len(parts) > 1:
            self._gaps.setdefault(parts[0][0], []).append((parts, entry))
            return
        node = self._root
        for word in parts[0]:
            node = node.next.setdefault(word, _Node())
        if entry not in node.entries:
            node.entries.append(entry)

    def _spell(self, node: _Node) -> Iterator[str]:
        for word, below in node.next.items():
            yield word
            yield from self._spell(below)

    def words(self, text: str) -> list[Word]:
        """The tokens of a cleaned text, lower case, each typo repaired to a word we know if only one is near."""
        found: list[Word] = []
        lowered = text.lower()
        for match in _TOKEN.finditer(lowered if len(lowered) == len(text) else _lower(text)):
            written = match[0]
            word = "folder" if "\\" in written else _SPOKEN.get(written, written)  # C:\Users: a path names one
            if word.endswith("'s") and word[:-2] not in _CONTRACTED:
                word = word[:-2]
            word = self.repair(word)
            if word == "." and found and found[-1].text in _ABBREVIATED:
                continue
            found.append(Word(word, match.start(), match.end(), written if word != written else ""))
        return found

    def strange(self, word: str) -> bool:
        """Whether a word is none of the pack's and none of English: a name that nobody here has heard of."""
        return len(word) >= _STRANGE and self._unknown(word)

    def _unknown(self, word: str) -> bool:
        return word.isalpha() and not (word in self._words or word in self._corpus or _english(word))

    def _repair(self, word: str) -> str:
        if len(word) == _STRANGE - 1 and self._unknown(word):
            swapped = [w for w in (word[0] + word[2] + word[1], word[1] + word[0] + word[2]) if w in self._short]
            return (swapped or [word])[0]
        if not self.strange(word):
            return word
        from rapidfuzz.distance import OSA

        most = 1 if len(word) <= 6 else 2
        near = [
            (distance, w[0] != word[0], sorted(w) != sorted(word), w not in self._named, w[-1] != word[-1], w)
            for w in self._targets
            if abs(len(w) - len(word)) <= most and w.startswith(("un", "non")) == word.startswith(("un", "non"))
            if (distance := OSA.distance(word, w, score_cutoff=2)) <= (2 if sorted(w) == sorted(word) else most)
            if w[0] == word[0] or (distance == 1 and sorted(w) == sorted(word))
        ]
        return min(near)[-1] if near and not self._opposed(word, min(near)[-1]) else word

    def _opposed(self, word: str, guess: str) -> bool:
        """Whether the opposite of a guess is about as near: "enencrypted" could be either."""
        from rapidfuzz.distance import OSA

        others = (f"un{guess}", f"non{guess}", guess.removeprefix("un"), guess.removeprefix("non"))
        return any(o != guess and o in self._words and OSA.distance(word, o) <= _DOUBTFUL for o in others)

    def find(self, words: Sequence[Word]) -> list[Found]:
        """Everything named, in order of place; a longer phrase hides the shorter ones inside it."""
        tokens = [w.text for w in words]
        found: list[Found] = []
        covered: list[tuple[int, int]] = []
        i = 0
        while i < len(tokens):
            hit = self._longest(tokens, i)
            if hit is None:
                i += 1
                continue
            end, entries = hit
            phrase = " ".join(tokens[i:end])
            found += [Found(e, i, end, phrase) for e in entries]
            if any(e.kind == "value" and self.pack.dimensions[e.name].nests for e in entries):
                found += self._inner(tokens, i, end, {e.name for e in entries})
            elif end - i > 1:
                covered.append((i, end))
            i = end
        found += self._find_gaps(tokens, covered)
        found += self._find_apart(tokens)
        for one, subject in self._find_near(tokens):
            hides = one.entry.kind == "value" and not self.pack.dimensions[one.entry.name].nests
            found = [f for f in found if not hides or f.entry.kind != "value" or not f.start <= subject < f.end]
            found.append(one)
        return _widest(sorted(found, key=lambda f: (f.start, -f.end)))

    def places(self, tokens: Sequence[str]) -> dict[str, list[tuple[int, ...]]]:
        """Where each value is named: "@tool=mars" -> the indices of the words of each place."""
        named: dict[str, list[tuple[int, ...]]] = {}
        for one in self.find([Word(t, 0, 0) for t in tokens]):
            said = one.phrase.split()
            at = tuple(n for n in range(one.start, one.end) if tokens[n] in said)
            for value in one.entry.values if one.entry.kind == "value" and not one.entry.soft else ():
                named.setdefault(f"@{one.entry.name}={value}", []).append(at)
        return named

    def _longest(self, tokens: Sequence[str], start: int) -> tuple[int, list[Entry]] | None:
        node, best = self._root, None
        for i in range(start, len(tokens)):
            below = node.next.get(tokens[i])
            if below is None:
                break
            node = below
            if node.entries:
                best = (i + 1, node.entries)
        return best

    def _inner(self, tokens: Sequence[str], start: int, end: int, outer: set[str]) -> Iterator[Found]:
        for i in range(start, end):
            hit = self._longest(tokens[:end], i)
            if hit and (i, hit[0]) != (start, end):
                for entry in hit[1]:
                    if (
                        entry.kind == "value"
                        and entry.name not in outer
                        and self.pack.dimensions[entry.name].kind == "fact"
                    ):
                        yield Found(entry, i, hit[0], " ".join(tokens[i : hit[0]]))

    def _find_gaps(self, tokens: Sequence[str], covered: Sequence[tuple[int, int]]) -> Iterator[Found]:
        """Gap phrases that do not begin or end inside a longer name ("Azure Backup Server" is no Azure server)."""
        for i, token in enumerate(tokens):
            for parts, entry in self._gaps.get(token, ()):
                end = _match_gaps(tokens, i, parts)
                last = end - len(parts[-1])
                if end and not any(a <= i < b or a <= last < b for a, b in covered):
                    yield Found(entry, i, end, " … ".join(" ".join(p) for p in parts))

    def _find_apart(self, tokens: Sequence[str]) -> Iterator[Found]:
        """Values meant by two different names: the later name stands for them."""
        for entry, names in self._apart:
            firsts = {parts[0][0] for parts in names}
            starts = [i for i, token in enumerate(tokens) if token in firsts]
            places = {parts: i for i in starts for parts in names if _match_gaps(tokens, i, parts)}
            if len(places) > 1:
                start, parts = max((i, parts) for parts, i in places.items())
                yield Found(entry, start, start + len(parts[0]), " ".join(parts[0]))

    def apart(self, before: Sequence[str], tokens: Sequence[str]) -> list[Found]:
        """Values meant by a name in these words and another one before them: "Our vault is in West Europe. // The VHD in East US?"."""
        later = [one for one in self._find_apart([*before, *tokens]) if one.start >= len(before)]
        return [replace(one, start=one.start - len(before), end=one.end - len(before)) for one in later]

    def _find_near(self, tokens: Sequence[str]) -> Iterator[tuple[Found, int]]:
        """Values whose groups of words all stand in one sentence, from the first to the last word, and the first group's place."""
        start = 0
        for end in [*(i for i, t in enumerate(tokens) if t in {".", "?", "!", ";", "\n"}), len(tokens)]:
            sentence = tokens[start:end]
            counted = ["number" if t.isdigit() else t for t in sentence]
            for entry, groups in self._near:
                read = counted if entry.kind == "silence" else sentence
                spans = list(takewhile(itemgetter(1), (_longest_of(read, group) for group in groups)))
                if len(spans) == len(groups):
                    words = " … ".join(" ".join(sentence[a:b]) for a, b in sorted(spans))
                    first, last = min(a for a, _ in spans), max(b for _, b in spans)
                    yield Found(entry, start + first, start + last, words), start + spans[0][0]
            start = end + 1

    def has(self, tokens: Sequence[str], phrase: Sequence[Sequence[str]]) -> bool:
        """Whether a phrase, given as its parts around gaps, stands among the tokens."""
        first = phrase[0][0]
        return first in tokens and any(t == first and _match_gaps(tokens, i, phrase) for i, t in enumerate(tokens))


def _widest(found: list[Found]) -> list[Found]:
    """Without the values that lie inside a longer phrase of the same dimension, or were found twice."""
    kept: list[Found] = []
    reached: dict[str, int] = {}
    for one in found:
        value = one.entry.kind == "value"
        if not value or reached.get(one.entry.name, 0) < one.end:
            kept.append(one)
        if value:
            reached[one.entry.name] = max(reached.get(one.entry.name, 0), one.end)
    return kept


def parts_of(phrase: str) -> tuple[tuple[str, ...], ...]:
    """The words of a phrase, cut at its gaps."""
    return tuple(tuple(split(part)) for part in phrase.split("…"))


def _match_gaps(tokens: Sequence[str], start: int, parts: Sequence[Sequence[str]]) -> int:
    """Index after the last part, or 0 when the parts do not stand there in order."""
    place = start
    for n, part in enumerate(parts):
        for gap in range(_GAP + 1 if n else 1):
            here = place + gap
            if gap and (here - 1 >= len(tokens) or tokens[here - 1] in PUNCTUATION - {","} | _TURNING):
                return 0
            if tuple(tokens[here : here + len(part)]) == tuple(part):
                place = here + len(part)
                break
        else:
            return 0
    return place


def _longest_of(tokens: Sequence[str], phrases: Sequence[Sequence[Sequence[str]]]) -> tuple[int, int]:
    """First and last token of the earliest, then longest, of some phrases among the tokens; (0, 0) when none stands there."""
    firsts = {p[0][0] for p in phrases}
    starts = [i for i, token in enumerate(tokens) if token in firsts]
    found = [(-i, end) for i in starts for p in phrases if p[0][0] == tokens[i] and (end := _stands(tokens, i, p))]
    place, end = max(found, default=(0, 0))
    return -place, end


def _stands(tokens: Sequence[str], place: int, parts: Sequence[Sequence[str]]) -> int:
    """Index after a phrase that stands at a place and is not denied right there ("without error"); else 0."""
    denied = place > 0 and tokens[place - 1] in _DENIED_THERE
    return 0 if denied else _match_gaps(tokens, place, parts)


_DENIED_THERE = frozenset({"without", "no", "not", "never", "zero", "doesn't", "don't", "isn't", "aren't"})


def split(text: str) -> list[str]:
    """The lower-case words of a phrase; hyphens and slashes part words, punctuation is left out."""
    return [t for t in _TOKEN.findall(text.lower()) if t not in PUNCTUATION]


def _lower(text: str) -> str:
    """Lower case that keeps every character's place ("İ" would grow by one)."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


_CONTRACTED = frozenset(
    {"it", "that", "what", "there", "here", "who", "where", "how", "he", "she", "let", "when", "why"}
)


@lru_cache(maxsize=1)
def _english_words() -> frozenset[str]:
    """Words that are never taken for typos: those of BERT's WordPiece vocabulary (Apache-2.0)."""
    return frozenset(files("assistant").joinpath("english.txt").read_text(encoding="utf-8").split())


_STRANGE = 4
"""Letters from which on a word can be told for a typo or a name."""
_NEWER = frozenset({"typo"})
"""Words that BERT's list lacks and a reader needs."""


def _english(word: str) -> bool:
    known = _english_words() | _NEWER
    ends = ("s", "es", "ed", "d", "ing", "ly", "er", "ers")
    stems = [word[: -len(end)] for end in ends if word.endswith(end) and len(word) - len(end) >= _STEM]
    return word in known or any(s in known or s + "e" in known for s in stems)


def _forms(verb: str) -> tuple[str, ...]:
    """A regular verb as it is met in a sentence."""
    return verb, f"{verb}s", f"{verb.removesuffix('e')}ed", f"{verb.removesuffix('e')}ing"


def _entries(pack: Pack) -> Iterator[tuple[str, Entry]]:
    for dimension in pack.dimensions.values():
        for value in dimension.values:
            yield from ((w, Entry("value", dimension.name, (value.name,))) for w in value.words)
        yield from ((w, Entry("unheard", dimension.name)) for w in dimension.unheard)
    for phrase in pack.phrases:
        for word in phrase.words:
            yield from ((word, Entry("value", n, v, phrase.soft)) for n, v in phrase.facts.items())
            yield from ((word, Entry("denied", n, (v,))) for n, v in phrase.denied.items())
    yield from ((w, Entry("name", "")) for w in pack.names)
    for silence in pack.silences:
        yield from ((w, Entry("silence", silence.id)) for w in silence.words)
    yield from ((w, Entry("scope", "")) for w in pack.scope)
    yield from ((w, Entry("other", "")) for w in pack.others)
    yield from ((w, Entry("elsewhere", "")) for w in pack.elsewhere)


def mention(found: Found, *, is_negated: bool) -> Mention:
    """A found value as a mention."""
    denied = is_negated != (found.entry.kind == "denied")
    entry = found.entry
    return Mention(entry.name, entry.values, found.phrase, found.start, found.end, denied, entry.soft)


def texts(words: Iterable[Word]) -> list[str]:
    """The words as plain strings."""
    return [w.text for w in words]
