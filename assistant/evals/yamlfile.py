"""A small YAML file in, its tree with line numbers out; anything that could blow up or mean two things is refused.

Every scalar stays text: ``encrypted: no`` says "no", never False; whoever reads the tree knows which fields are numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from assistant.errors import SuiteError

if TYPE_CHECKING:
    from yaml.events import Event

Tree: TypeAlias = str | Sequence["Tree"] | Mapping[str, "Tree"]
Path_: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root down to a value."""
_MAX_BYTES = 4 * 2**20
"""A suite of 10,000 cases is about 3 MB; beyond that it should be several files."""
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Located:
    """A tree and where each of its values stands."""

    file: Path
    tree: Tree
    lines: Mapping[Path_, int]

    def line(self, path: Path_) -> int:
        """The line (from 1) of the value at `path`, or of the nearest thing above it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path_, message: str) -> str:
        """``file:line: message``."""
        return f"{self.file}:{self.line(path)}: {message}"


def read(file: Path) -> Located:
    """Read a YAML file. SuiteError, with file and line, for anything that is not one plain document."""
    text = read_text(file)
    return parse(text, file)


def read_text(file: Path, most: int = _MAX_BYTES) -> str:
    """A UTF-8 file of at most `most` bytes; SuiteError when it cannot be read."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(most + 1)
        if len(raw) > most:
            raise SuiteError([f"{file}: larger than {most // 2**20} MB; split it into several files"])
        return raw.decode("utf-8")
    except OSError as error:
        raise SuiteError([f"{file}: {error.strerror or error}; check the path"]) from None
    except UnicodeDecodeError as error:
        raise SuiteError([f"{file}: byte {error.start} is not UTF-8; save the file as UTF-8"]) from None


def parse(text: str, file: Path) -> Located:
    """The tree of a YAML text."""
    from yaml import YAMLError
    from yaml.error import MarkedYAMLError

    builder = _Builder(file)
    try:
        return builder.build(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise SuiteError(
            [f"{where}: not YAML: {error.problem}; check indentation, colons and quotation marks"]
        ) from None
    except YAMLError as error:
        raise SuiteError([f"{file}: not YAML: {str(error).splitlines()[0]}"]) from None


class _Builder:
    """Events to a tree. Aliases, tags, merge keys, repeated keys and several documents are refused."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Path_, int] = {}

    def build(self, text: str) -> Located:
        import yaml

        events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        content = (e for e in events if not isinstance(e, yaml.StreamStartEvent | yaml.DocumentEndEvent))
        first = next(content)
        if isinstance(first, yaml.StreamEndEvent):
            raise SuiteError([f"{self.file}: the file is empty; see evals/README.md for the form of a suite"])
        tree = self._value(next(content), content, ())
        extra = next(content)
        if not isinstance(extra, yaml.StreamEndEvent):
            raise self._fault(extra, "a second document begins; keep one per file")
        return Located(self.file, tree, self.lines)

    def _value(self, event: Event, events: Iterator[Event], path: Path_) -> Tree:
        import yaml

        self.lines[path] = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise self._fault(event, f"alias *{event.anchor}; write the value out")
        if len(path) > _MAX_DEPTH:
            raise self._fault(event, f"nested deeper than {_MAX_DEPTH} levels")
        tag = getattr(event, "tag", None)
        if tag not in {None, "!"}:
            raise self._fault(event, f"tag {tag}; plain values only")
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(events, path)
        return self._pairs(events, path)

    def _items(self, events: Iterator[Event], path: Path_) -> list[Tree]:
        import yaml

        found: list[Tree] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            found.append(self._value(event, events, (*path, len(found))))
        return found

    def _pairs(self, events: Iterator[Event], path: Path_) -> dict[str, Tree]:
        import yaml

        found: dict[str, Tree] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._fault(event, "a key should be a plain word")
            key = str(event.value)
            if key in found:
                raise self._fault(event, f"key {key!r} is given twice")
            found[key] = self._value(next(events), events, (*path, key))
        return found

    def _fault(self, event: Event, what: str) -> SuiteError:
        return SuiteError([f"{self.file}:{_line(event)}: {what}"])


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
