"""Suite files in, cases out, each anchored in the documents; or a SuiteError that lists every fault with its line."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, cast

from pydantic import BaseModel, ValidationError

from assistant.engine import shipped
from assistant.errors import AssistantError, SuiteError, did_you_mean
from assistant.evals import grid
from assistant.evals.anchor import Corpus, Span, normal
from assistant.evals.form import CaseForm, ClaimForm, DecisionForm, Expect, GridForm, Group, Nugget, SuiteForm, TurnForm
from assistant.evals.yamlfile import Located, Path_, read
from assistant.pack import Pack, load
from assistant.types import Facts

Note: TypeAlias = Callable[[str], None]
_FORMS: Mapping[str, type[BaseModel]] = {
    "cases": CaseForm,
    "turns": TurnForm,
    "expect": Expect,
    "claims": ClaimForm,
    "cite": Group,
    "nuggets": Nugget,
}


@dataclass(frozen=True)
class Case:
    """One thing that is scored: a turn, in one phrasing, and what a right answer to it is like."""

    suite: str
    id: str
    """``suite/id``; all phrasings and turns of a case share it and count as one cluster."""
    key: str
    """``suite/id``, with ``~n`` for the n-th paraphrase and ``:n`` for the n-th turn of a conversation; unique."""
    variant: int
    """0 as written, else the number of the paraphrase."""
    turns: tuple[str, ...]
    """What was said up to and with the scored turn."""
    last: bool
    """Whether it is the last turn."""
    kind: Literal["ask", "text"]
    tags: tuple[str, ...]
    expect: Expect
    facts: Facts
    """`expect.facts` in the dimensions that an answer speaks of."""
    gold: tuple[tuple[Span, ...], ...]
    """For each group of `expect.cite`, all its places."""
    allowed: tuple[Span, ...]
    """Places that may be cited besides."""
    claims: tuple[tuple[tuple[Span, ...], ...], ...]
    """The same as `gold` for each of `expect.claims`."""
    corpus: Corpus


@dataclass(frozen=True)
class Conversation:
    """What is put to a target in one go."""

    key: str
    kind: Literal["ask", "text"]
    turns: tuple[str, ...]
    cases: tuple[Case, ...]
    """The scored turns, in order."""


@dataclass(frozen=True)
class Suite:
    """Checked cases of one file."""

    name: str
    version: int
    file: Path
    digest: str
    """SHA-256 of the file, of a grid also of its table."""
    corpus: Corpus
    conversations: tuple[Conversation, ...]
    warnings: tuple[str, ...]


def load_suites(files: Sequence[Path], pack: Path | None = None) -> tuple[Suite, ...]:
    """Load several suites; `pack` stands in for the corpus that they name. SuiteError with the faults of all."""
    corpora: dict[Path, Corpus] = {}
    found: list[Suite] = []
    faults: list[str] = []
    for file in files:
        try:
            found.append(_Loader(file, pack, corpora).suite())
        except SuiteError as error:
            faults += error.faults
    names = Counter(s.name for s in found)
    faults += [
        f"{s.file}:1: suite name {s.name!r} is used by two files; rename one" for s in found if names[s.name] > 1
    ]
    if faults or not found:
        raise SuiteError(faults or ["no suite was given; name one or more YAML files"])
    return tuple(found)


class _Loader:
    """One file on its way to a Suite; faults are gathered and raised together."""

    def __init__(self, file: Path, pack: Path | None, corpora: dict[Path, Corpus]) -> None:
        self.file, self.pack, self.corpora = file, pack, corpora
        self.faults: list[str] = []

    def suite(self) -> Suite:
        located = read(self.file)
        is_grid = isinstance(located.tree, dict) and "cells" in located.tree
        form = validated(located, GridForm if is_grid else SuiteForm)
        files = [self.file]
        if isinstance(form, GridForm):
            files.append(self.file.parent / form.cells)
            where, cases = self._rows(form, files[-1])
        else:
            form = cast("SuiteForm", form)
            cases = list(form.cases)
            where = [f"{self.file}:{located.line(('cases', n))}" for n in range(len(cases))]
        corpus = self._corpus(form.corpus, located)
        self._unique(cases, where)
        built = [self._conversations(form.suite, c, w, corpus) for c, w in zip(cases, where, strict=True)]
        self._consistent(built, where)
        if self.faults:
            raise SuiteError(self.faults)
        digest = hashlib.sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()
        conversations = tuple(c for group in built for c in group)
        return Suite(
            form.suite, form.version, self.file, digest, corpus, conversations, tuple(_leaks(conversations, corpus))
        )

    def _rows(self, form: GridForm, table: Path) -> tuple[list[str], list[CaseForm]]:
        rows = grid.cases(form, table)
        return [f"{table}:{line}" for line, _ in rows], [case for _, case in rows]

    def _corpus(self, name: str, located: Located) -> Corpus:
        try:
            folder = (self.pack or folder_of(name, self.file.parent)).resolve()
            if folder not in self.corpora:
                self.corpora[folder] = Corpus(load(folder))
        except AssistantError as error:
            raise SuiteError([located.at(("corpus",), f"corpus {name!r}: {error}")]) from None
        return self.corpora[folder]

    def _unique(self, cases: Sequence[CaseForm], where: Sequence[str]) -> None:
        first: dict[str, str] = {}
        for case, place in zip(cases, where, strict=True):
            if case.id in first:
                self.faults.append(f"{place}: case {case.id}: the id is taken at {first[case.id]}; give it another")
            first.setdefault(case.id, place)

    def _conversations(self, suite: str, form: CaseForm, where: str, corpus: Corpus) -> list[Conversation]:
        name = f"{suite}/{form.id}"
        if form.turns:
            asked = tuple(t.ask for t in form.turns)
            cases = tuple(
                self._case(suite, form, where, corpus, f"{name}:{n}", 0, asked[:n], n == len(asked), turn.expect)
                for n, turn in enumerate(form.turns, 1)
                if turn.expect
            )
            return [Conversation(name, "ask", asked, cases)]
        found = []
        for variant, text in enumerate((form.ask or form.text or "", *form.paraphrases)):
            key = f"{name}~{variant}" if variant else name
            expect = form.expect or Expect()
            case = self._case(suite, form, where if not variant else "", corpus, key, variant, (text,), True, expect)
            found.append(Conversation(key, case.kind, case.turns, (case,)))
        return found

    def _case(
        self, suite: str, form: CaseForm, where: str, corpus: Corpus, key: str, variant: int, turns: tuple[str, ...], last: bool, expect: Expect
    ) -> Case:  # fmt: skip
        """One scored turn; faults are noted once, at the phrasing that has a place."""

        def note(fault: str) -> None:
            if where:
                self.faults.append(f"{where}: case {form.id}: {fault}")

        def places(groups: Sequence[Group]) -> tuple[tuple[Span, ...], ...]:
            return tuple(tuple(s for q in group.any for s in _anchored(q, corpus, note)) for group in groups)

        gold, claims = places(expect.cite), tuple(places(c.cite) for c in expect.claims)
        allowed = tuple(s for q in expect.allow for s in _anchored(q, corpus, note))
        for name in expect.asks:
            if name not in corpus.pack.dimensions:
                note(f"asks for unknown dimension {name!r}{did_you_mean(name, corpus.pack.dimensions)}")
        facts = _facts(expect, corpus.pack, note)
        kind: Literal["ask", "text"] = "text" if form.text is not None else "ask"
        return Case(
            suite, f"{suite}/{form.id}", key, variant, turns, last, kind, form.tags, expect, facts, gold, allowed, claims, corpus
        )  # fmt: skip

    def _consistent(self, built: Sequence[Sequence[Conversation]], where: Sequence[str]) -> None:
        """The same words must not be expected to end in two ways."""
        first: dict[tuple[str, ...], tuple[str, Expect]] = {}
        for group, place in zip(built, where, strict=True):
            for case in (c for conversation in group for c in conversation.cases):
                asked = tuple(normal(t).casefold() for t in case.turns)
                earlier, expect = first.setdefault(asked, (case.id, case.expect))
                if case.expect.status and expect.status and not set(expect.status) & set(case.expect.status):
                    self.faults.append(
                        f"{place}: case {case.id.partition('/')[2]}: {earlier} asks {case.turns[-1]!r} too and expects another status; mend one"
                    )


def _anchored(quote: str, corpus: Corpus, note: Note) -> tuple[Span, ...]:
    spans = corpus.find(quote)
    if not spans:
        near = corpus.nearest(quote)
        note(
            f"gold quote {quote!r} stands nowhere in {corpus.pack.name}; "
            + (f"nearest: {near!r}" if near else "nothing is like it")
        )
    return spans


def _facts(expect: Expect, pack: Pack, note: Note) -> Facts:
    """Facts in the dimensions that answers speak of: what a decision reads from another is named as that one."""
    found: dict[str, tuple[str, ...]] = {}
    for name, values in expect.facts.items():
        dimension = pack.dimensions.get(name)
        if dimension is None:
            note(f"unknown dimension {name!r}{did_you_mean(name, pack.dimensions)}")
            continue
        for value in values:
            if value not in dimension.names:
                note(f"unknown value {value!r} of {name}{did_you_mean(value, dimension.names)}")
        if dimension.kind != "asked":
            found[dimension.reads or name] = tuple(sorted(values))
    return found


def _leaks(conversations: Sequence[Conversation], corpus: Corpus) -> Iterator[str]:
    """Questions that stand word for word in the pack, which was written to answer them."""
    pack = corpus.pack
    examples = {normal(e).casefold() for r in pack.rules for e in (*r.fires, *r.silent)}
    for one in conversations:
        if normal(one.turns[0]).casefold() in examples:
            yield f"{one.key}: {one.turns[0]!r} is an example of a rule; what was seen while writing proves little"


def folder_of(name: str, here: Path) -> Path:
    """A corpus by its path from the suite file, else by the name of a shipped pack."""
    beside = here / name
    return beside if (beside / "pack.toml").exists() or "/" in name else shipped(name)


def validated(located: Located, form: type[BaseModel]) -> BaseModel:
    """A tree as `form`; SuiteError with file, line, case and remedy of every fault."""
    try:
        return form.model_validate(located.tree)
    except ValidationError as error:
        found = error.errors()
        # a list whose every item is wrong is not also too short
        inside = {loc[:n] for e in found for loc in [e["loc"]] for n in range(len(loc))}
        real = [e for e in found if e["type"] != "too_short" or e["loc"] not in inside]
        raise SuiteError([_fault(located, form, e["loc"], e["type"], e["msg"], e["input"]) for e in real]) from None


def _fault(located: Located, form: type[BaseModel], loc: Path_, kind: str, message: str, found: object) -> str:
    keys = [k for k in loc if isinstance(k, str)]
    parent = next((k for k in reversed(keys[:-1])), "")
    names = {"decisions": DecisionForm}.get(keys[0] if len(keys) > 2 else "", _FORMS.get(parent, form)).model_fields
    where = ".".join(keys[1:] if keys[:1] == ["cases"] and len(loc) > 1 else keys)
    if kind == "extra_forbidden":
        what = f"unknown key {keys[-1]!r}{did_you_mean(keys[-1], names)}"
    elif kind == "missing":
        what = f"`{keys[-1]}:` is missing"
    elif kind == "literal_error":
        known = [w.strip("' ") for w in message.removeprefix("Input should be ").replace(" or ", ", ").split(", ")]
        what = f"{where}: unknown {keys[-1]} {found!r}{did_you_mean(str(found), known)}"
    else:
        what = f"{where}: " if where else ""
        what += message.removeprefix("Value error, ") + (
            f"; found {str(found)[:60]!r}" if isinstance(found, str) else ""
        )
    return located.at(loc, f"{_named(located, loc)}{what}")


def _named(located: Located, loc: Path_) -> str:
    """``case x: `` for a place inside a case."""
    tree = located.tree
    if isinstance(tree, dict) and loc[:1] == ("cases",) and len(loc) > 1 and isinstance(loc[1], int):
        case = cast("Sequence[object]", tree["cases"])[loc[1]]
        return f"case {case.get('id', loc[1] + 1)}: " if isinstance(case, dict) else f"case {loc[1] + 1}: "
    return ""
