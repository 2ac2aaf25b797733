"""Words without their endings, so that a phrase is found whatever its form: "copies", "copied" and "copying" are "copy"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise

from assistant.lexicon import groups
from assistant.vocabulary import PUNCTUATION, split

_IRREGULAR = {
    "kept": "keep", "sent": "send", "held": "hold", "made": "make", "took": "take", "taken": "take", "gave": "give", "given": "give",
    "wrote": "write", "written": "write", "lost": "lose", "loss": "lose", "chose": "choose", "chosen": "choose", "done": "do", "did": "do",
    "does": "do", "has": "have", "had": "have", "is": "be", "are": "be", "was": "be", "were": "be", "been": "be", "being": "be", "am": "be",
    "went": "go", "gone": "go", "goes": "go", "got": "get", "gotten": "get", "ran": "run", "brought": "bring", "stood": "stand",
    "meant": "mean", "said": "say", "told": "tell", "found": "find", "left": "leave", "paid": "pay", "built": "build", "began": "begin",
    "begun": "begin", "came": "come", "fell": "fall", "fallen": "fall", "spun": "spin", "shut": "shut", "copies": "copy", "hrs": "hour",
    "hr": "hour", "works": "work", "whose": "whose", "this": "this", "thus": "thus", "always": "always", "process": "process",
    "access": "access", "bypass": "bypass", "less": "less", "unless": "unless", "across": "across", "needs": "need", "need": "need",
    "used": "use", "using": "use", "uses": "use", "dies": "die", "died": "die", "lies": "lie", "lying": "lie", "tied": "tie", "ties": "tie",
    "backups": "backup", "its": "its", "various": "various", "previous": "previous", "thing": "thing", "nothing": "nothing",
    "anything": "anything", "everything": "everything", "something": "something", "during": "during", "string": "string", "bring": "bring", "staging": "staging",
    "note": "notation", "notes": "notation", "noted": "notation", "noting": "notation", "red": "red", "need's": "need", "speed": "speed", "indeed": "indeed", "exceed": "exceed", "feed": "feed", "hundred": "hundred",
    "installation": "install", "installations": "install", "replication": "replicate", "decryption": "decrypt",
    "replica": "replica", "consistency": "consistent", "consistently": "consistent", "maintenance": "maintain", "billing": "bill",
    "recovery": "recover", "recoveries": "recover", "automatically": "automatic", "manually": "manual", "simultaneously": "simultaneous",
    "sequentially": "sequential", "concurrently": "concurrent", "locally": "local", "directly": "direct", "entirely": "entire",
    "fully": "full", "wholly": "whole", "completely": "complete", "fewer": "few", "deletion": "delete", "removal": "remove",
    "transmission": "transmit", "redundancy": "redundant", "customise": "customiz", "customised": "customiz", "protection": "protect",
    "storage": "storage", "upgrades": "upgrade", "integration": "integrate", "integrations": "integrate", "recommendation": "recommend",
    "awareness": "aware", "availability": "available", "unlimited": "unlimited", "unmanaged": "unmanaged", "unencrypted": "unencrypted", "encrypted": "encrypted",
    "unmetered": "unmetered", "unrestricted": "unrestricted", "limitless": "limitless", "corruption": "corrupt",
    "monitoring": "monitor", "management": "manage", "creation": "create", "guaranteed": "guarantee", "completion": "complete", "attachment": "attach",
}  # fmt: skip
_NUMBERS = {
    w: str(n)
    for n, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_NUMBERS.update({"thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "hundred": "100", "thousand": "1000", "triple": "3", "threefold": "3", "thrice": "3", "twice": "2", "double": "2", "twofold": "2",
    "single": "1", "quadruple": "4", "dozen": "12"})  # fmt: skip
_TENS = frozenset({"20", "30", "40", "50", "60", "70", "80", "90"})


_SHORT = 3
"""Letters of the plural of an abbreviation ("VMs", "DBs")."""


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its ending; numbers up to a thousand as digits."""
    if word in _IRREGULAR:
        found = _IRREGULAR[word]
        return found.removesuffix("e") if len(found) > 3 else found
    if word in _NUMBERS:
        return _NUMBERS[word]
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        return _bare(word[:-3])
    if len(word) > 4 and word.endswith("ed") and not word.endswith("eed"):
        return _bare(word[:-2].removesuffix("i") + "y") if word.endswith("ied") else _bare(word[:-2])
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return _bare(word[:-2])
    if len(word) == _SHORT and word.endswith("s") and not set(word) & set("aeiouy") and word[1] != "s":
        return word[:-1]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
        if word in _IRREGULAR:
            return stem(word)
    return word.removesuffix("e") if len(word) > 3 else word


def _bare(word: str) -> str:
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def stems(words: Sequence[str]) -> list[str]:
    """The stems of words, "twenty four" made one number, punctuation kept as it is."""
    found: list[str] = []
    for word in words:
        one = word if word in PUNCTUATION else stem(word)
        if found and found[-1] in _TENS and one.isdigit() and len(one) == 1 and one != "0":
            found.append(str(int(found[-1]) + int(one)))
            found[-2] = ""
        else:
            found.append(one)
    return found


Parts = tuple[tuple[str, ...], ...]


def phrase(text: str) -> Parts:
    """The senses of a phrase's words, cut at its gaps."""
    return tuple(tuple(s for s in senses(split(part)) if s) for part in text.split("…"))


def senses(words: Sequence[str]) -> list[str]:
    """The stems of words, each word of a group that means the same made the first of its group, "nothing but" made "only", "with or without" "regardless"."""
    known = _senses()
    found = [known.get(s, s) for s in stems(words)]
    for n, pair in enumerate(pairwise(found)):
        if pair in _ONLY:
            found[n : n + 2] = "only", ""
        elif pair == ("or", "without") and n and found[n - 1] == "with":
            found[n - 1 : n + 2] = "regardless", "", ""
        elif pair[0] == "," and pair[1] in _INSERTED and found[n + 2 : n + 3] == [","]:
            found[n] = found[n + 2] = ""
    return found


_INSERTED = frozenset({"also", "again", "however", "then", "therefore", "though", "too"})
"""Between two commas they part nothing: "the first backup, too, only takes …"."""


_ONLY = frozenset({("nothing", "but"), ("nobody", "but"), ("none", "but"), ("nothing", "except"), ("nobody", "except")})
"""Pairs that mean "only"."""


@cache
def _senses() -> dict[str, str]:
    return {stem(w): stem(group[0]) for group in groups("alike") for w in group[1:]}


_GAP = 4


def places(tokens: Sequence[str], parts: Parts) -> list[tuple[int, ...]]:
    """Each place where a phrase stands among stems: the indices of its words, up to four others in a gap."""
    first, found = parts[0][0], []
    for start, token in enumerate(tokens):
        if token == first:
            spot = _match(tokens, start, parts)
            if spot:
                found.append(spot)
    return found


def _match(tokens: Sequence[str], start: int, parts: Parts) -> tuple[int, ...]:
    place, used = start, []
    for n, part in enumerate(parts):
        for here in range(place, place + (_GAP + 1 if n else 1)):
            if here > place and (here > len(tokens) or tokens[here - 1] in PUNCTUATION - {"(", ")"}):
                return ()
            spots = _run(tokens, here, part)
            if spots:
                used += spots
                place = spots[-1] + 1
                break
        else:
            return ()
    return tuple(used)


def _run(tokens: Sequence[str], start: int, part: Sequence[str]) -> list[int]:
    """Indices of the words of one part from `start` on; empty tokens are passed over."""
    spots, place = [], start
    for word in part:
        while place < len(tokens) and tokens[place] == "":
            place += 1
        if place >= len(tokens) or tokens[place] != word:
            return []
        spots.append(place)
        place += 1
    return spots
