"""Where the documents disagree with themselves, and which disagreement a question touches."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.pack import Pack
from assistant.rules import Tension
from assistant.types import Facts

_NAMED = 2
"""Values up to which a dimension counts as named rather than left open."""


def touched(pack: Pack, decision: str, facts: Sequence[Facts]) -> list[Tension]:
    """The declared tensions of a decision that the user's own facts touch."""
    return [t for t in pack.tensions if t.decision == decision and any(_lies_in(pack, t.when, f) for f in facts)]


def fitting(pack: Pack, decision: str | None, facts: Facts) -> Tension | None:
    """The declared tension that a question fits best: no fact against it, at least one for it."""
    found: list[tuple[bool, int, Tension]] = []
    for tension in pack.tensions:
        said = {n: facts.get(n) or facts.get(pack.dimensions[n].reads) or () for n in tension.when}
        met = [bool(set(values) & set(said[n])) for n, values in tension.when.items() if said[n]]
        if met and all(met):
            found.append((tension.decision == decision, len(met), tension))
    return max(found, key=lambda f: f[:2])[2] if found else None


def _lies_in(pack: Pack, when: Facts, facts: Facts) -> bool:
    """Whether what the user said, and what follows from it, lies where places read differently."""
    known = dict(facts)
    for rule in pack.implications:
        if all(set(known.get(n, ())) & set(v) and len(known[n]) == 1 for n, v in rule.when.items()):
            for name, value in rule.then.items():
                known.setdefault(name, (value,))
    for name, values in when.items():
        said = known.get(name) or known.get(pack.dimensions[name].reads)
        if not said or not set(said) & set(values) or len(said) > _NAMED:
            return False
    return True
