"""One TOML table read field by field: what is missing, misspelt or of the wrong kind is a PackError that says where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast

from assistant.errors import PackError, did_you_mean

_GAP = "…"
_WORD = re.compile(r"[a-z0-9$€+]", re.IGNORECASE)


class Record:
    """One TOML table, read field by field; what is left over at the end is an error."""

    def __init__(self, raw: Mapping[str, object], where: str) -> None:
        self.raw = dict(raw)
        self.where = where
        self.read: set[str] = set()

    def fault(self, message: str) -> PackError:
        """The error that says where this table stands."""
        return PackError(f"{self.where}: {message}")

    def _get(self, key: str, kind: type, default: object) -> object:
        self.read.add(key)
        if key not in self.raw:
            if default is None:
                raise self.fault(f"{key!r} is missing; add it")
            return default
        found = self.raw[key]
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise self.fault(f"{key!r} should be {_KINDS[kind]}, found {found!r:.80}")
        return found

    def text(self, key: str, default: str | None = None) -> str:
        """A string; without a default it has to be there."""
        return str(self._get(key, str, default))

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        return int(cast("int", self._get(key, int, default)))

    def flag(self, key: str) -> bool:
        """True or false; false when left out."""
        return bool(self._get(key, bool, False))

    def texts(self, key: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        """A list of strings."""
        found = cast("list[object]", self._get(key, list, default))
        if not all(isinstance(x, str) for x in found):
            raise self.fault(f"{key!r} should be a list of strings, found {found!r:.80}")
        return tuple(cast("list[str]", found))

    def phrases(self, key: str) -> tuple[str, ...]:
        """A list of phrases: a word on each side of every gap."""
        return self._worded(key, self.texts(key))

    def phrase_lists(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of phrases."""
        return tuple(self._worded(key, phrases) for phrases in self.lists(key))

    def _worded(self, key: str, phrases: tuple[str, ...]) -> tuple[str, ...]:
        for phrase in phrases:
            if not all(_WORD.search(part) for part in phrase.split(_GAP)):
                raise self.fault(
                    f"{key}: the phrase {phrase!r} lacks a word of letters or digits, on one side of its gap or at all"
                )
        return phrases

    def lists(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of strings."""
        found = cast("list[object]", self._get(key, list, ()))
        if not all(isinstance(x, list) and all(isinstance(y, str) for y in x) for x in found):
            raise self.fault(f"{key!r} should be a list of lists of strings, found {found!r:.80}")
        return tuple(tuple(x) for x in cast("list[list[str]]", found))

    def table(self, key: str) -> dict[str, object]:
        """A table below this one."""
        return dict(cast("dict[str, object]", self._get(key, dict, {})))

    def one_of(self, key: str, known: Iterable[str]) -> str:
        """A string that is one of the known names."""
        found, names = self.text(key), tuple(known)
        if found not in names:
            raise self.fault(f"{key} {found!r} is unknown{did_you_mean(found, names)}")
        return found

    def records(self, key: str) -> list[Record]:
        """The tables of an array of tables."""
        found = cast("list[object]", self._get(key, list, ()))
        if not all(isinstance(x, dict) for x in found):
            raise self.fault(f"{key!r} should be written [[{key}]]")
        tables = cast("list[dict[str, object]]", found)
        return [Record(t, f"{self.where}: {key} {t.get('id', n + 1)}") for n, t in enumerate(tables)]

    def done(self) -> None:
        """Refuse what was not read."""
        for key in self.raw:
            if key not in self.read:
                raise self.fault(f"unknown key {key!r}{did_you_mean(key, self.read)}")


_KINDS = {str: "a string", list: "a list", int: "a whole number", dict: "a table", bool: "true or false"}
