"""A folder of knowledge in, a well-formed Pack out, or a PackError that says where and what to do.

A pack is ``pack.toml`` and Markdown documents; ``vocabulary.toml``, ``decisions.toml``, ``rules.toml`` and
``facts.toml`` are optional: without them the documents are searched and explained, and nothing is decided.
``confidence.toml`` is written by measuring.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypedDict, TypeVar, cast

from assistant.confidence import Situation, Trust
from assistant.errors import PackError, UnknownName, did_you_mean
from assistant.markdown import parse
from assistant.records import Record
from assistant.rules import (
    Assumption,
    Attribute,
    Axiom,
    Decision,
    Dimension,
    Fact,
    Implication,
    Phrase,
    Place,
    Resolution,
    Rule,
    Saying,
    Sequence,
    Silence,
    Tension,
    Value,
)
from assistant.types import Document, Facts, Section

_T = TypeVar("_T")
_MAX_FILE = 20 * 2**20
GENERATED = "RULES.md"
"""The catalogue that is written from a pack and is no part of its knowledge."""
CAPABILITY = ("supported", "not_supported", "not_stated")


@dataclass(frozen=True)
class Pack:
    """Everything about one subject. Build it with `load`; every name in it has been checked."""

    name: str
    title: str
    about: str
    edition: str
    edition_words: str
    starts: tuple[str, ...]
    """Questions to offer on a first screen."""
    digest: str
    """SHA-256 over the folder's files, names and bytes; the index lives under it."""
    folder: Path
    documents: tuple[Document, ...]
    dimensions: Mapping[str, Dimension]
    decisions: Mapping[str, Decision]
    rules: tuple[Rule, ...]
    resolutions: tuple[Resolution, ...]
    axioms: tuple[Axiom, ...]
    assumptions: tuple[Assumption, ...]
    implications: tuple[Implication, ...]
    tensions: tuple[Tension, ...]
    facts: tuple[Fact, ...]
    silences: tuple[Silence, ...]
    phrases: tuple[Phrase, ...]
    names: tuple[str, ...]
    """Names that contain our words and mean none of them."""
    scope: tuple[str, ...]
    others: tuple[str, ...]
    elsewhere: tuple[str, ...]
    sayings: tuple[Saying, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    plain: tuple[str, ...] = ()
    """Words of the subject that claim nothing by themselves ("service", "machine")."""
    same: Mapping[str, str] = field(default_factory=dict)
    """Forms of words -> the form that the vocabulary knows."""
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Value -> the values that mean it when they are named together."""
    trust: Trust = field(default_factory=lambda: Trust(()))
    """How often the pack's annotated questions were answered right, by situation."""

    @cached_property
    def sections(self) -> Mapping[str, Section]:
        """Every section by its id, in document order."""
        return {s.id: s for d in self.documents for s in d.sections}

    @cached_property
    def main(self) -> str:
        """The decision of last resort: the one declared last; empty when the pack decides nothing."""
        return list(self.decisions)[-1] if self.decisions else ""

    @cached_property
    def _rules(self) -> Mapping[str, Rule]:
        return {r.id: r for r in self.rules}

    @cached_property
    def _documents(self) -> Mapping[str, Document]:
        return {d.id: d for d in self.documents}

    def section(self, section_id: str) -> Section:
        """The section with this id; UnknownName when there is none."""
        if section_id not in self.sections:
            raise UnknownName("section", section_id, self.sections)
        return self.sections[section_id]

    def document(self, document_id: str) -> Document:
        """The document with this id; UnknownName when there is none."""
        if document_id not in self._documents:
            raise UnknownName("document", document_id, self._documents)
        return self._documents[document_id]

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id, in capitals or not; UnknownName when there is none."""
        found = self._rules.get(rule_id) or next((r for r in self.rules if r.id.lower() == rule_id.lower()), None)
        if found is None:
            raise UnknownName("rule", rule_id, self._rules)
        return found

    def label(self, dimension: str, value: str) -> str:
        """How a value is shown to people."""
        return self.dimensions[dimension].label_of(value) if dimension in self.dimensions else value

    def told(self, facts: Facts, dimension: str) -> str:
        """What facts say of a dimension, as it is shown to people: its values, "or" between them, or "not said"."""
        return " or ".join(self.label(dimension, value) for value in facts.get(dimension, ())) or "not said"


def load(folder: Path | str) -> Pack:
    """Read and check a pack. PackError when anything in it is not well formed."""
    root = Path(folder)
    if not root.is_dir():
        raise PackError(f"{root}: no such folder; a pack is a folder with a pack.toml")
    head = Record(_toml(root / "pack.toml"), f"{root.name}/pack.toml")
    edition = head.text("edition")
    documents = tuple(_documents(root, head, edition))
    reader = _Reader(root, documents)
    pack = Pack(
        name=head.text("name"),
        title=head.text("title"),
        about=head.text("about", ""),
        edition=edition,
        edition_words=head.text("edition_words", edition),
        starts=head.texts("starts"),
        digest=digest(root),
        folder=root,
        documents=documents,
        **reader.knowledge(),
    )
    head.text("licence", "")
    head.done()
    return pack


def digest(folder: Path) -> str:
    """SHA-256, in hex, over the relative name and bytes of every TOML and Markdown file, in name order."""
    total = hashlib.sha256()
    knowledge = (p for p in folder.rglob("*") if p.is_file() and p.suffix in {".toml", ".md"} and p.name != GENERATED)
    for path in sorted(knowledge):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def _toml(path: Path) -> dict[str, object]:
    where = f"{path.parent.name}/{path.name}"
    try:
        return tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{where}: not valid TOML: {error}") from None


def _read(path: Path) -> str:
    where = f"{path.parent.name}/{path.name}"
    try:
        if path.stat().st_size > _MAX_FILE:
            raise PackError(f"{where}: larger than {_MAX_FILE // 2**20} MiB; split it")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise PackError(f"{where}: missing; the pack names it") from None
    except UnicodeDecodeError as error:
        raise PackError(f"{where}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise PackError(f"{where}: cannot be read: {error.strerror}") from None


def _documents(root: Path, head: Record, edition: str) -> Iterator[Document]:
    listed = head.records("document")
    base = head.text("url", "")
    if not listed:
        paths = sorted((root / "docs").rglob("*.md"))
        if not paths:
            raise PackError(f"{root.name}/pack.toml: no [[document]] and no Markdown under docs/; name a document")
        for path in paths:
            _refuse_outside(root, path, repr(path.name))
            name = path.relative_to(root / "docs").with_suffix("").as_posix()
            yield parse(_read(path), document=name, file=f"docs/{name}.md", url=base + name, edition=edition)
    seen: set[str] = set()
    for record in listed:
        name, file, url = record.text("id"), record.text("file"), record.text("url", "")
        record.done()
        if name in seen:
            raise PackError(f"{root.name}/pack.toml: document id {name!r} is used twice; ids are unique")
        seen.add(name)
        path = root / file
        _refuse_outside(root, path, f"{name!r}: {file!r}")
        yield parse(_read(path), document=name, file=file, url=url, edition=edition)


def _refuse_outside(root: Path, path: Path, named: str) -> None:
    if not path.resolve().is_relative_to(root.resolve()):
        raise PackError(f"{root.name}/pack.toml: document {named} lies outside the pack; move it inside")


class _Knowledge(TypedDict):
    """What the optional files hold: arguments of Pack."""

    dimensions: Mapping[str, Dimension]
    decisions: Mapping[str, Decision]
    rules: tuple[Rule, ...]
    resolutions: tuple[Resolution, ...]
    axioms: tuple[Axiom, ...]
    assumptions: tuple[Assumption, ...]
    implications: tuple[Implication, ...]
    tensions: tuple[Tension, ...]
    facts: tuple[Fact, ...]
    silences: tuple[Silence, ...]
    phrases: tuple[Phrase, ...]
    names: tuple[str, ...]
    scope: tuple[str, ...]
    others: tuple[str, ...]
    elsewhere: tuple[str, ...]
    sayings: tuple[Saying, ...]
    attributes: tuple[Attribute, ...]
    sequences: tuple[Sequence, ...]
    plain: tuple[str, ...]
    same: Mapping[str, str]
    together: Mapping[str, tuple[str, ...]]
    trust: Trust


class _Reader:
    """Reads the optional files in the order in which they need each other."""

    def __init__(self, root: Path, documents: tuple[Document, ...]) -> None:
        self.root = root
        self.documents = {d.id: d for d in documents}
        self.sections = {s.id: s for d in documents for s in d.sections}
        self.units: dict[str, list[tuple[int, int]]] = {}
        for unit in (u for d in documents for u in d.units):
            self.units.setdefault(unit.section_id, []).append((unit.start, unit.end))
        self.dimensions: dict[str, Dimension] = {}
        self.decisions: dict[str, Decision] = {}

    def knowledge(self) -> _Knowledge:
        """Keyword arguments of Pack."""
        words, choices = self._open("vocabulary.toml"), self._open("decisions.toml")
        ruled, told, claimed = self._open("rules.toml"), self._open("facts.toml"), self._open("claims.toml")
        counted = self._open("confidence.toml")
        self.dimensions = dict(self._dimensions(words))
        names = Record(words.table("names"), f"{words.where}: names")
        scope = Record(words.table("scope"), f"{words.where}: scope")
        self.decisions = {d.id: d for d in self._unique(choices, "decision", self._decision)}
        for decision in self.decisions.values():
            for key, other in (("recommend", decision.recommend), ("premise", decision.premise)):
                if other and other not in self.decisions:
                    near = did_you_mean(other, self.decisions)
                    raise choices.fault(f"decision {decision.id}: {key} {other!r} is unknown{near}")
        rules = tuple(self._unique(ruled, "rule", self._rule))
        ids = {r.id for r in rules}
        found: _Knowledge = {
            "dimensions": self.dimensions,
            "decisions": self.decisions,
            "rules": rules,
            "resolutions": self._resolutions(ruled, ids),
            "axioms": tuple(self._unique(choices, "axiom", self._axiom)),
            "assumptions": tuple(self._assumption(r) for r in choices.records("assume")),
            "implications": tuple(self._implication(r) for r in choices.records("implies")),
            "tensions": tuple(self._unique(ruled, "tension", self._tension)),
            "facts": tuple(self._unique(told, "fact", self._fact)),
            "silences": tuple(self._unique(words, "silence", self._silence)),
            "phrases": tuple(self._phrase(r) for r in words.records("phrase")),
            "names": names.phrases("words"),
            "scope": scope.phrases("words"),
            "others": scope.phrases("others"),
            "elsewhere": scope.phrases("elsewhere"),
            "sayings": tuple(self._saying(r) for r in claimed.records("saying")),
            "attributes": (),
            "sequences": (),
            "plain": claimed.phrases("plain"),
            "same": {word: str(form) for word, form in claimed.table("same").items()},
            "together": {r.text("whole"): r.texts("parts", None) for r in claimed.records("together")},
            "trust": Trust(self._unique(counted, "situation", self._situation)),
        }
        facts = {f.id: f for f in found["facts"]}
        found["attributes"] = tuple(self._attribute(r, facts) for r in claimed.records("attribute"))
        found["sequences"] = tuple(self._sequence(r, facts) for r in claimed.records("sequence"))
        for record in (words, choices, ruled, told, claimed, counted, names, scope):
            record.done()
        return found

    def _open(self, name: str) -> Record:
        path = self.root / name
        return Record(_toml(path) if path.exists() else {}, f"{self.root.name}/{name}")

    @staticmethod
    def _situation(record: Record) -> Situation:
        right, asked = record.whole("right"), record.whole("asked")
        if not 0 <= right <= asked:
            raise record.fault(f"right = {right} should lie between 0 and asked = {asked}; count anew")
        return Situation(record.text("id"), right, asked)

    @staticmethod
    def _unique(file: Record, key: str, make: Callable[[Record], _T]) -> Iterator[_T]:
        seen: set[str] = set()
        for record in file.records(key):
            found = record.text("id")
            if found in seen:
                raise record.fault(f"the id {found!r} is used twice; ids are unique")
            seen.add(found)
            item = make(record)
            record.done()
            yield item

    def _dimensions(self, words: Record) -> Iterator[tuple[str, Dimension]]:
        tables = words.table("dimension")
        for name, raw in tables.items():
            where = f"{words.where}: dimension {name}"
            if not isinstance(raw, dict):
                raise PackError(f"{where}: should be written [dimension.{name}]")
            record = Record(raw, where)
            reads = record.text("from", "")
            if reads and reads not in tables:
                raise record.fault(f"from = {reads!r} is unknown{did_you_mean(reads, tables)}")
            yield (
                name,
                Dimension(
                    name=name,
                    kind=cast('Literal["fact", "choice", "asked"]', record.one_of("kind", ("fact", "choice", "asked"))),
                    label=record.text("label", name),
                    ask=record.text("ask"),
                    change=record.whole("change", 5),
                    values=tuple(self._values(record)),
                    nouns=record.phrases("nouns"),
                    unheard=record.phrases("unheard"),
                    opposite=record.flag("opposite"),
                    nests=record.flag("nests"),
                    everyday=record.flag("everyday"),
                    reads=reads,
                ),
            )
            record.done()

    @staticmethod
    def _values(dimension: Record) -> Iterator[Value]:
        tables = dimension.table("values")
        if not tables:
            raise dimension.fault("has no values; add at least one [.values.NAME]")
        for name, raw in tables.items():
            if not isinstance(raw, dict):
                raise dimension.fault(f"value {name!r} should be a table with label and words")
            record = Record(raw, f"{dimension.where}: value {name}")
            words, near, apart = record.phrases("words"), record.phrase_lists("near"), record.phrases("apart")
            yield Value(name, record.text("label", name), words, near, apart, record.phrases("alone"))
            record.done()

    def _decision(self, record: Record) -> Decision:
        kind = record.one_of("kind", ("capability", "value"))
        return Decision(
            id=record.text("id"),
            kind=cast('Literal["capability", "value"]', kind),
            label=record.text("label"),
            outcome=record.one_of("outcome", self.dimensions) if kind == "value" else "",
            states=record.text("states") if kind == "value" else "",
            asks=record.one_of("asks", self.dimensions) if "asks" in record.raw else "",
            recommend=record.text("recommend", ""),
            premise=record.text("premise", ""),
            read=self._patterns(record, "read"),
            unless=self._patterns(record, "unless"),
        )

    def _patterns(self, record: Record, key: str) -> tuple[tuple[str, ...], ...]:
        return tuple(self._checked(record, p) for p in record.phrase_lists(key))

    def _checked(self, record: Record, phrases: tuple[str, ...]) -> tuple[str, ...]:
        for element in (e for e in phrases if e.startswith("@")):
            name, _, value = element[1:].partition("=")
            self._known(record, name, value)
        return phrases

    def _known(self, record: Record, name: str, value: str = "") -> None:
        if name not in self.dimensions:
            raise record.fault(f"unknown dimension {name!r}{did_you_mean(name, self.dimensions)}")
        names = self.dimensions[name].names
        if value and value not in names:
            raise record.fault(f"unknown value {value!r} of {name}{did_you_mean(value, names)}")

    def _facts(self, record: Record, key: str) -> Facts:
        facts = {}
        for name, raw in record.table(key).items():
            found = raw if isinstance(raw, list) else [raw]
            if not found or not all(isinstance(x, str) for x in found):
                raise record.fault(f"{key}.{name} should be a value or a list of values, found {raw!r:.80}")
            for value in found:
                self._known(record, name, str(value))
            facts[name] = tuple(v for v in self.dimensions[name].names if v in found)
        return facts

    def _single(self, record: Record, key: str) -> dict[str, str]:
        facts = self._facts(record, key)
        for name, values in facts.items():
            if len(values) != 1:
                raise record.fault(f"{key}.{name} should be one value, found {list(values)}")
        return {name: values[0] for name, values in facts.items()}

    def _place(self, record: Record, *, one_unit: bool = False) -> Place:
        source, quote = record.text("source"), record.text("quote")
        if source not in self.sections:
            raise record.fault(f"unknown section {source!r}{did_you_mean(source, self.sections)}")
        section = self.sections[source]
        text = self.documents[section.document].text
        start = text.find(quote, section.start, section.end) if quote else -1
        if start < 0:
            raise record.fault(
                f"the quote is not in {source}: {quote!r:.80}; copy it from the document letter by letter"
            )
        whole = self.units.get(source, ())
        if one_unit and not any(a <= start and start + len(quote) <= b for a, b in whole):
            raise record.fault(f"the quote runs over several paragraphs: {quote!r:.80}; quote from one")
        return Place(source, quote, start, start + len(quote))

    def _rule(self, record: Record) -> Rule:
        decision = self.decisions[record.one_of("decision", self.decisions)]
        outcomes = self.dimensions[decision.outcome].names if decision.outcome else CAPABILITY
        return Rule(
            id=record.text("id"),
            decision=decision.id,
            when=self._facts(record, "when"),
            then=record.one_of("then", outcomes),
            title=record.text("title"),
            because=record.text("because"),
            place=self._place(record),
            basis=cast('Literal["explicit", "inferred"]', record.one_of("basis", ("explicit", "inferred"))),
            instead=record.text("instead", ""),
            fires=record.texts("fires", None),
            silent=record.texts("silent", None),
        )

    def _resolutions(self, file: Record, ids: set[str]) -> tuple[Resolution, ...]:
        def make(record: Record) -> Resolution:
            win, over = record.texts("win", None), record.texts("over", None)
            for rule in (*win, *over):
                if rule not in ids:
                    raise record.fault(f"unknown rule {rule!r}{did_you_mean(rule, ids)}")
            kind = record.one_of("kind", ("exception", "prefer", "disclose"))
            return Resolution(
                record.text("id"),
                cast('Literal["exception", "prefer", "disclose"]', kind),
                win,
                over,
                record.text("why"),
            )

        found = tuple(self._unique(file, "resolution", make))
        _refuse_cycles(file, found)
        return found

    def _axiom(self, record: Record) -> Axiom:
        return Axiom(record.text("id"), self._facts(record, "never"), record.text("says"), self._place(record))

    def _assumption(self, record: Record) -> Assumption:
        found = Assumption(
            decision=record.one_of("decision", self.decisions),
            when=self._facts(record, "when"),
            set=self._single(record, "set"),
            why=record.text("why", ""),
            silent=record.flag("silent"),
            adjustable=record.flag("adjustable"),
        )
        record.done()
        return found

    def _implication(self, record: Record) -> Implication:
        found = Implication(self._facts(record, "when"), self._single(record, "then"), record.text("why", ""))
        record.done()
        return found

    def _tension(self, record: Record) -> Tension:
        places = []
        for place in record.records("places"):
            places.append(self._place(place))
            place.done()
        if len(places) < 2:
            raise record.fault("needs at least two places that read differently")
        decision = record.one_of("decision", self.decisions)
        return Tension(record.text("id"), decision, self._facts(record, "when"), record.text("says"), tuple(places))

    def _fact(self, record: Record) -> Fact:
        return Fact(
            id=record.text("id"),
            place=self._place(record, one_unit=True),
            asks=record.texts("asks"),
            about=self._facts(record, "about"),
            attribute=record.text("attribute", ""),
            value=record.text("value", ""),
            group=record.text("group", ""),
            topic=record.phrase_lists("topic"),
            yes=record.phrases("yes"),
            no=record.phrases("no"),
            figure=record.text("figure", ""),
            unit=record.texts("unit"),
            unless=tuple(record.texts("unless")),
        )

    def _saying(self, record: Record) -> Saying:
        decision = record.one_of("decision", self.decisions)
        found = Saying(decision, self._patterns(record, "says"), self._patterns(record, "unless"), record.flag("bare"))
        record.done()
        return found

    def _attribute(self, record: Record, facts: Mapping[str, Fact]) -> Attribute:
        found = Attribute(
            fact=facts[record.one_of("fact", facts)],
            about=self._patterns(record, "about"),
            right=self._checked(record, record.phrases("right")),
            wrong=self._checked(record, record.phrases("wrong")),
            figure=record.text("figure", ""),
            unit=record.phrases("unit"),
            most=record.flag("most"),
            unless=self._checked(record, record.phrases("unless")),
            also=record.phrases("also"),
        )
        record.done()
        return found

    @staticmethod
    def _sequence(record: Record, facts: Mapping[str, Fact]) -> Sequence:
        about, steps = record.phrases("about"), []
        for step in record.records("step"):
            steps.append((facts[step.one_of("fact", facts)], step.phrase_lists("words")))
            step.done()
        record.done()
        return Sequence(about, tuple(steps))

    def _silence(self, record: Record) -> Silence:
        words, near = record.phrases("words"), record.phrase_lists("near")
        weak, acts = record.flag("weak"), record.phrases("acts")
        return Silence(record.text("id"), words, record.text("says"), self._place(record), near, weak, acts)

    def _phrase(self, record: Record) -> Phrase:
        raw = record.table("facts")
        denied = {n: v[1:] for n, v in raw.items() if isinstance(v, str) and v.startswith("!")}
        for name, value in denied.items():
            self._known(record, name, value)
        record.raw["facts"] = {n: v for n, v in raw.items() if n not in denied}
        found = Phrase(record.phrases("words"), self._facts(record, "facts"), denied, record.flag("soft"))
        record.done()
        return found


def _refuse_cycles(file: Record, resolutions: tuple[Resolution, ...]) -> None:
    """Two rules that each win over the other, directly or through others, would cancel out in silence."""
    beats: dict[str, set[str]] = {}
    for z in resolutions:
        if z.kind != "disclose":
            for winner in z.win:
                beats.setdefault(winner, set()).update(z.over)

    def walk(rule: str, path: tuple[str, ...]) -> None:
        if rule in path:
            circle = " over ".join((*path[path.index(rule) :], rule))
            raise file.fault(f"resolutions run in a circle: {circle}; take one of them out")
        for loser in sorted(beats.get(rule, ())):
            walk(loser, (*path, rule))

    for rule in sorted(beats):
        walk(rule, ())
