"""The shipped assistant with one fault planted in it, each under its own name: targets like ``py:tests.planted:negated``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from assistant import retrieve
from assistant.engine import Assistant, shipped
from assistant.index import ensure
from assistant.pack import Pack, load


def sound(pack: Pack) -> Pack:
    """As it ships."""
    return pack


def negated(pack: Pack) -> Pack:
    """One rule says the opposite."""
    return replace(pack, rules=tuple(replace(r, then="supported") if r.id == "M-04" else r for r in pack.rules))


def wordless(pack: Pack) -> Pack:
    """One synonym is missing."""
    linux = pack.dimensions["os"]
    values = tuple(replace(v, words=tuple(w for w in v.words if w != "ubuntu")) for v in linux.values)
    return replace(pack, dimensions={**pack.dimensions, "os": replace(linux, values=values)})


def misquoted(pack: Pack) -> Pack:
    """One rule quotes another place."""
    elsewhere = pack.rule("M-02").place
    return replace(pack, rules=tuple(replace(r, place=elsewhere) if r.id == "M-06" else r for r in pack.rules))


def swapped(pack: Pack) -> Pack:
    """The two legs of the search have each other's weight."""
    retrieve.DENSE = 1.0 - retrieve.DENSE
    return pack


PLANTS: dict[str, Callable[[Pack], Pack]] = {
    f"with_{f.__name__}": f for f in (sound, negated, wordless, misquoted, swapped)
}


def __getattr__(name: str) -> Assistant:
    """Planted when a worker asks for it."""
    if name not in PLANTS:
        raise AttributeError(name)
    pack = load(shipped())
    planted = PLANTS[name](pack)
    home = Path(os.environ.get("ASSISTANT_HOME") or Path.home() / ".cache" / "assistant")
    return Assistant(planted, lambda: retrieve.Retriever(pack, ensure(pack, home)))
