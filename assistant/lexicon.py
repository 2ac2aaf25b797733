"""The English of ``lexicon.toml``: words and phrases by what they do in a statement."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _lists() -> dict[str, str]:
    text = files("assistant").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return {name: str(found) for name, found in tomllib.loads(text).items()}


@cache
def words(name: str) -> frozenset[str]:
    """The words of a list; KeyError when there is no such list."""
    return frozenset(_lists()[name].split())


@cache
def phrases(name: str) -> tuple[tuple[str, ...], ...]:
    """The phrases of a list, each as its words, in the order of the file; a comma that is meant is written "comma"."""
    cut = (tuple("," if w == "comma" else w for w in p.split()) for p in _lists()[name].split(","))
    return tuple(p for p in cut if p)


@cache
def groups(name: str) -> tuple[tuple[str, ...], ...]:
    """The lines of a list, each as its words."""
    return tuple(tuple(line.split()) for line in _lists()[name].splitlines() if line.strip())


@cache
def starting(name: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The phrases of a list by their first word."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for phrase in phrases(name):
        found[phrase[0]] = (*found.get(phrase[0], ()), phrase)
    return found
