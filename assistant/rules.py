"""What the parts of a knowledge pack are: dimensions, decisions, rules, resolutions, facts. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assistant.types import Facts


@dataclass(frozen=True, slots=True)
class Place:
    """An exact place in the documents: ``document.text[start:end] == quote``."""

    source: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a dimension: how it is shown, and the phrases that mean it."""

    name: str
    label: str
    words: tuple[str, ...]
    near: tuple[tuple[str, ...], ...] = ()
    """Groups of words that mean it when one of each stands in the same sentence."""
    apart: tuple[str, ...] = ()
    """Names of which two different ones in a message mean it ("North Europe … West Europe")."""
    alone: tuple[str, ...] = ()
    """Phrases that mean it in a short turn that goes on with a talk, and otherwise too little: "Azure"."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something that a question may say: location, operating system, tool."""

    name: str
    kind: Literal["fact", "choice", "asked"]
    label: str
    ask: str
    change: int
    """1 (easy) to 9 (hard to change)."""
    values: tuple[Value, ...]
    nouns: tuple[str, ...] = ()
    """Words by which a which-question asks for it."""
    unheard: tuple[str, ...] = ()
    """Words of this dimension that the documents never speak of."""
    opposite: bool = False
    """Two values that exclude each other: not the one means the other."""
    nests: bool = False
    """Words inside a phrase of this dimension still count for other dimensions."""
    everyday: bool = False
    """Its words alone do not make a question one of ours ("the history of Linux")."""
    reads: str = ""
    """The dimension whose mentions fill this one inside a decision that uses it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The values by name, in the order of the vocabulary."""
        return tuple(v.name for v in self.values)

    def label_of(self, value: str) -> str:
        """How a value is shown to people."""
        return next((v.label for v in self.values if v.name == value), value)


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that the rules can decide."""

    id: str
    kind: Literal["capability", "value"]
    label: str
    outcome: str
    """Of a decision about a value: the dimension whose value is decided."""
    states: str
    asks: str
    recommend: str
    premise: str
    """The decision that has to come out well first: a tool must back a machine up before its backups reach anything."""
    read: tuple[tuple[str, ...], ...]
    unless: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement of the documents that a machine can check."""

    id: str
    decision: str
    when: Facts
    then: str
    title: str
    because: str
    place: Place
    basis: Literal["explicit", "inferred"]
    instead: str
    fires: tuple[str, ...]
    silent: tuple[str, ...]

    def holds(self, known: Facts) -> bool:
        """Whether all that it speaks of is known; else it proves a verdict for some of the cases only."""
        return all(n in known and set(known[n]) <= set(values) for n, values in self.when.items())


@dataclass(frozen=True, slots=True)
class Resolution:
    """How two rules that speak about the same point live together."""

    id: str
    kind: Literal["exception", "prefer", "disclose"]
    win: tuple[str, ...]
    over: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Axiom:
    """Facts that cannot hold together."""

    id: str
    never: Facts
    says: str
    place: Place


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is taken for granted in a decision unless it is said."""

    decision: str
    when: Facts
    set: Mapping[str, str]
    why: str
    silent: bool
    """Not worth showing."""
    adjustable: bool
    """The user can make it otherwise, so "is it possible?" depends on it."""


@dataclass(frozen=True, slots=True)
class Implication:
    """Said of one thing, it holds of another too."""

    when: Facts
    then: Mapping[str, str]
    why: str


@dataclass(frozen=True, slots=True)
class Tension:
    """Places that read differently; shown with a verdict on these facts."""

    id: str
    decision: str
    when: Facts
    says: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement that explains: found by the questions it answers, or a cell of a comparison."""

    id: str
    place: Place
    asks: tuple[str, ...]
    about: Facts
    attribute: str
    value: str
    group: str
    topic: tuple[tuple[str, ...], ...] = ()
    """Groups of words; a claim about this fact has one of each."""
    yes: tuple[str, ...] = ()
    """Words that make such a claim right."""
    no: tuple[str, ...] = ()
    """Words that make it wrong."""
    figure: str = ""
    """The number that it states, to be named with one of `unit`."""
    unit: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    """Dimensions that make such a claim a question for the rules when they are mentioned."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A subject that people ask about and the documents do not speak of."""

    id: str
    words: tuple[str, ...]
    says: str
    place: Place
    near: tuple[tuple[str, ...], ...] = ()
    """Groups of words; one of each in a sentence is asking about it too."""
    weak: bool = False
    """Its words are often said in passing, so it is the subject only where the rules and the documents have little to say."""
    acts: tuple[str, ...] = ()
    """Verbs; a yes/no question that the rules would answer is asking about it when it is whether one of them happens."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that say several things at once."""

    words: tuple[str, ...]
    facts: Facts
    denied: Mapping[str, str]
    """Dimension -> the value that these words exclude."""
    soft: bool
    """A hint that gives way to anything said outright ("VSS" suggests Windows)."""


@dataclass(frozen=True, slots=True)
class Saying:
    """How a statement claims what a decision is about: a pattern of phrases and "@dimension=value" that all stand in it."""

    decision: str
    says: tuple[tuple[str, ...], ...]
    unless: tuple[tuple[str, ...], ...]
    bare: bool = False
    """Whether it names no verb, so that nothing else may stand in the statement ("MARS for Windows files")."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a stated fact says of something, closely enough to call a statement about it right or wrong.

    Phrases match whatever the endings of their words; "…" stands for up to four words in between.
    """

    fact: Fact
    about: tuple[tuple[str, ...], ...]
    """Groups of phrases; a statement about the attribute has one of each."""
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    figure: str
    """The number that it states, to be named with one of `unit`; any other number is wrong."""
    unit: tuple[str, ...]
    most: bool
    """Whether the figure is an upper bound ("up to 24 hours")."""
    unless: tuple[str, ...]
    """Phrases with which a statement is about something else."""
    also: tuple[str, ...] = ()
    """Words that such a statement may use without claiming more."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps that follow each other, each with groups of phrases by which a statement names it."""

    about: tuple[str, ...]
    steps: tuple[tuple[Fact, tuple[tuple[str, ...], ...]], ...]
