"""The nouns of the corridor: frozen values that travel between rooms. Standard library only.

Offsets count Unicode code points and satisfy ``document[start:end] == quote``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

Status = Literal["supported", "not_supported", "depends", "conflict", "not_stated", "information", "out_of_scope"]
Kind = Literal["capability", "claim", "which", "value", "compare", "explain", "choice", "plan", "several", "nothing"]
Facts = Mapping[str, tuple[str, ...]]
"""Dimension -> the values it may take, in the order of the vocabulary; a missing dimension is unknown."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it up to the next heading: our unit of citation."""

    id: str
    """``document#heading-slug``; public, never reused."""
    title: str
    heading_path: tuple[str, ...]
    """Titles from the document's first heading down to this one."""
    document: str
    url: str
    edition: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest thing that is found and quoted: a paragraph, a list item or a table row."""

    section_id: str
    text: str
    """As in the document, ``document[start:end]``, without list markers or outer table pipes."""
    start: int
    end: int
    kind: Literal["paragraph", "item", "row"]
    header: str = ""
    """Of a table row: the table's header row."""


@dataclass(frozen=True, slots=True)
class Document:
    """A source text with the sections and units found in it."""

    id: str
    file: str
    url: str
    text: str
    sections: tuple[Section, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A unit found by a search. Scores (0 to 1) compare within one search only."""

    section: Section
    unit: Unit
    score: float
    similarity: float = 0.0
    """Cosine of the query and the nearest key of the unit; 0 without the vector leg."""
    key: str = ""
    """The words by which it was found: the unit itself or a question it answers."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a question that name values of one dimension."""

    dimension: str
    values: tuple[str, ...]
    words: str
    start: int
    """Index of the first token."""
    end: int
    negated: bool = False
    soft: bool = False
    """A hint that gives way to anything said outright."""
    doubted: bool = False
    """Nobody knows which value it has; `values` are then all there are."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One machine, or one situation, as the user described it."""

    facts: Facts
    label: str = ""
    """How the user tells it from others: "VM A", "Windows". Empty when there is only one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question was understood to say and to ask."""

    kind: Kind
    decision: str | None
    scenarios: tuple[Scenario, ...]
    about: str = ""
    """Label of the one machine of several that is asked about; empty when all are."""
    asked: str | None = None
    """Dimension a which-question asks for."""
    outcome: str | None = None
    """Of a decision about a value: the value that the question names."""
    negative: bool = False
    """A claim that denies ("MARS can't ..., right?")."""
    only: str | None = None
    """Dimension of which the claim says that nothing else holds ("only", "nobody else")."""
    every: str | None = None
    """Dimension all of whose values are spoken of ("all tools")."""
    jointly: str | None = None
    """Choice of which several values are asked about together ("MARS and MABS both"): each has to hold."""
    compared: tuple[str, ...] = ()
    """Values set against each other, all of dimension `asked`."""
    unheard: tuple[str, ...] = ()
    """Words of a dimension whose value the documents do not know ("Solaris")."""
    silence: str | None = None
    """Id of a subject on which the documents are known to be silent."""
    aside: str | None = None
    """The same of words that may be said in passing ("the DPM we paid for"): the subject only where nothing else is."""
    off_topic: bool = False
    """No word of the subject stands in the question."""
    foreign: bool = False
    """Another product is what it is about."""
    cues: tuple[str, ...] = ()
    """Words that led to the decision and the kind, for --explain."""
    mentions: tuple[Mention, ...] = ()
    topic: str = ""
    """What to search for: the asking sentences, with what they carry on from."""
    focus: tuple[str, ...] = ()
    """The words of the asking sentences."""
    explicit: bool = True
    """Whether the turn itself shows what kind of answer it wants."""
    choices: tuple[tuple[str, str], ...] = ()
    """Of a multiple-choice question: letter and text of each option."""
    stem: str = ""
    """Of a multiple-choice question: the question before the options."""
    denied: bool = False
    """Of a multiple-choice question: the option that is NOT so is asked for."""
    doubted: tuple[str, ...] = ()
    """Dimensions of which the question says that nobody knows their value."""
    questions: tuple[tuple[str, Reading], ...] = ()
    """Of a message that asks several things: the words of each question and how it was read, after those before it."""

    @property
    def last(self) -> Reading:
        """What a follow-up goes on from: of several questions the last."""
        return self.questions[-1][1] if self.questions else self


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule speaking about one scenario."""

    rule_id: str
    status: str
    message: str
    citation: int | None = None
    """Marker of the citation that proves it, if it is shown."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One way the unknown facts could be, and what would follow."""

    facts: Facts
    outcome: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a scenario, exact over every way the unknowns could be."""

    decision: str
    status: Status
    outcome: str
    """The value, for a decision about a value; else the status."""
    rules: tuple[str, ...]
    """Rules that decide, most particular first."""
    facts: Facts
    """Smallest part of the user's facts from which the verdict still follows."""
    known: Facts = field(default_factory=dict)
    """The user's facts in the decision's own dimensions, with what follows from them and what is assumed."""
    assumed: tuple[tuple[str, str, str], ...] = ()
    """(dimension, value, why) of what was taken for granted."""
    missing: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    options: tuple[Branch, ...] = ()
    """Everything that works: values of the user's open choices."""
    changes: tuple[Facts, ...] = ()
    """Smallest changes of the user's facts that would make it supported, easiest first."""
    ask: str | None = None
    """The missing dimension whose answer settles most."""
    settled_by: tuple[str, ...] = ()
    """Resolutions that had to be applied."""
    impossible: tuple[str, ...] = ()
    """Axioms that the facts break."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a document, and the part of the answer that it supports."""

    marker: int
    section_id: str
    title: str
    heading_path: tuple[str, ...]
    url: str
    edition: str
    quote: str
    start: int
    end: int
    answer_start: int
    answer_end: int


@dataclass(frozen=True, slots=True)
class Ask:
    """The question that we would ask back."""

    dimension: str
    question: str
    options: tuple[tuple[str, str], ...]
    """(value, words) of each answer."""


GONE = "nobody listens"
"""The fault of what a chat model was stopped at because whoever had asked left."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a chat model had to do with an answer."""

    model: str
    kept: int
    """Sentences of its that the answer holds; 0 when the answer is the rules' own."""
    replaced: int
    """Sentences of its that were not proven and not shown."""
    calls: int
    input_tokens: int
    output_tokens: int
    seconds: float
    fault: str = ""
    """What went wrong, if anything did."""
    cost: float | None = None
    """By the price that the user named, in the user's currency; None without one."""


@dataclass(frozen=True, slots=True)
class Second:
    """How a chat model read the question, held beside our own reading; it decides nothing."""

    model: str
    facts: Facts = field(default_factory=dict)
    """The values that it read, of the dimensions that the decision looks at; unknown ones dropped."""
    differs: tuple[str, ...] = ()
    """Dimensions that it read otherwise than we did."""
    status: Status | Literal[""] = ""
    """Where it differs: what the rules say of its reading."""
    says: str = ""
    """Where it differs: the difference, and what would follow, for people."""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    fault: str = ""
    """What went wrong, if anything did; then there are no facts."""
    cost: float | None = None
    """As of a draft."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What leaves the house; the JSON form is described by ``assistant/answer.schema.json``."""

    id: str
    question: str
    status: Status
    text: str
    facts: Facts = field(default_factory=dict)
    assumed: tuple[tuple[str, str, str], ...] = ()
    missing: tuple[str, ...] = ()
    ask: Ask | None = None
    options: tuple[str, ...] = ()
    changes: tuple[Facts, ...] = ()
    choice: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    citations: tuple[Citation, ...] = ()
    findings: tuple[Finding, ...] = ()
    edition: str = ""
    pack: str = ""
    """Name and digest of the pack, ``name@digest``."""
    engine: str = "rules+retrieval"
    confidence: float | None = None
    """Share of the pack's annotated questions in the same situation that were answered right; None: never measured."""
    situation: str = ""
    """How the answer came about, in words; what `confidence` was counted by."""
    reading: Reading | None = None
    """How the question was understood; not part of the JSON form."""
    draft: Draft | None = None
    """Of an answer that a chat model was asked to word; left out of the JSON form otherwise."""
    second: Second | None = None
    """Of a question that a chat model was asked to read too; left out of the JSON form otherwise."""

    @property
    def otherwise(self) -> str:
        """Where a chat model reads the question otherwise, and what the rules say to that, for people; else empty."""
        return self.second.says if self.second else ""

    def to_dict(self) -> dict[str, object]:
        """The JSON form: facts as lists, `assumed` and `ask` as objects, no reading."""
        data = asdict(replace(self, reading=None))
        del data["reading"]
        for name in ("draft", "second"):
            if data[name] is None:
                del data[name]
        data["assumed"] = [{"dimension": d, "value": v, "why": w} for d, v, w in self.assumed]
        if self.ask:
            data["ask"]["options"] = [{"value": v, "words": w} for v, w in self.ask.options]
        return data


@dataclass(frozen=True, slots=True)
class Part:
    """The answer for one of several machines, or to one of several questions."""

    label: str
    status: Status
    facts: Facts
    text: str


Standing = Literal["proven", "contradicted", "disputed", "not_covered"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a text says, and whether the documents bear it out; ``text[start:end] == sentence``."""

    sentence: str
    start: int
    end: int
    standing: Standing
    """disputed: the documents disagree with each other. not_covered: not proven and not refuted, for whatever reason."""
    findings: tuple[Finding, ...] = ()
    """What decided it; of a claim that is not covered, what stood in the way."""
    citations: tuple[Citation, ...] = ()
    """The places that decided it; their `answer_start` and `answer_end` are those of the claim."""
    correction: str = ""
    """Of a contradicted or disputed claim: what the documents say, in the words of the rule or the document."""
    reads: str = ""
    """Of a cell or a row of a table: how it was read, with the heads of its row and column."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How much of a text was decided."""

    claims: int
    proven: int
    contradicted: int
    disputed: int
    not_covered: int
    coverage: float
    """Share of the claims that were decided, 0 to 1; 1 for a text without claims."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A text, claim by claim, in the order of the text."""

    text: str
    claims: tuple[Claim, ...]
    corrected: str
    """The text with every sentence that holds a contradicted or disputed claim replaced by what the documents say."""
    summary: Summary
    edition: str = ""
    pack: str = ""

    def to_dict(self) -> dict[str, object]:
        """The JSON form."""
        return asdict(self)
