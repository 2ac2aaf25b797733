"""The form of suite files: what an author may write, field by field. ``evals/schema`` is generated from here.

``python -m assistant.evals.form evals/schema`` writes the JSON Schemas that editors complete and check by.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from assistant.types import Status

Standing = Literal["proven", "contradicted", "disputed", "not_covered"]
STATUSES: tuple[str, ...] = get_args(Status)


def _listed(value: object) -> object:
    """One value where a list may stand."""
    return [value] if isinstance(value, str) else value


def _one_or_many(schema: dict[str, object]) -> None:
    """A list that may be written as its only item."""
    many: dict[str, object] = {
        "type": "array",
        **{key: schema.pop(key) for key in ("items", "minItems") if key in schema},
    }
    del schema["type"]
    schema["anyOf"] = [many["items"], many]


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,119}$")]
_Texts = Annotated[tuple[_Text, ...], BeforeValidator(_listed), Field(json_schema_extra=_one_or_many)]
_Statuses = Annotated[tuple[Status, ...], Field(min_length=1, json_schema_extra=_one_or_many), BeforeValidator(_listed)]
_Standings = Annotated[
    tuple[Standing, ...], Field(min_length=1, json_schema_extra=_one_or_many), BeforeValidator(_listed)
]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Group(_Form):
    """Quotes of which one has to be cited."""

    any: Annotated[
        tuple[_Text, ...],
        Field(min_length=1, description="Verbatim quotes of the documents, each as good as the other."),
    ]


class Nugget(_Form):
    """Something that a right answer says."""

    any: Annotated[
        tuple[_Text, ...],
        Field(
            min_length=1,
            description="Words of which one must be said; re:… is a regular expression. Case does not matter.",
        ),
    ]
    vital: Annotated[bool, Field(description="False: welcome, not required.")] = True

    @field_validator("any")
    @classmethod
    def _compiles(cls, aliases: tuple[str, ...]) -> tuple[str, ...]:
        for alias in aliases:
            pattern(alias)
        return aliases


class ClaimForm(_Form):
    """One thing that a text says."""

    sentence: Annotated[_Text, Field(description="The words that say it, as they stand in the text.")]
    standing: Annotated[_Standings, Field(description="How it stands, or all that a fair expert accepts.")]
    cite: Annotated[tuple[Group, ...], Field(description="Groups of places that prove or refute it.")] = ()
    note: Annotated[str, Field(description="For readers of the suite.")] = ""


class Expect(_Form):
    """What a right answer is like. A part that is left out is not judged."""

    status: Annotated[_Statuses, Field(description="The status, or all that a fair expert would accept.")] = ()
    facts: Annotated[
        dict[str, _Texts], Field(description="Everything the conversation has said so far: dimension: value or values.")
    ] = {}
    cite: Annotated[tuple[Group, ...], Field(description="Groups of places, each of which has to be cited.")] = ()
    allow: Annotated[
        _Texts, Field(description="Quotes of places that may be cited besides, without counting as noise.")
    ] = ()
    nuggets: Annotated[tuple[Nugget, ...], Field(description="What a right answer says.")] = ()
    forbid: Annotated[_Texts, Field(description="What it must not say; re:… is a regular expression.")] = ()
    asks: Annotated[_Texts, Field(description="The missing dimensions on which a depends rests.")] = ()
    standing: Annotated[
        _Standings, Field(description="Of a text: its gravest claim, contradicted > disputed > not_covered > proven.")
    ] = ()
    claims: Annotated[tuple[ClaimForm, ...], Field(description="Of a text: each of its claims.")] = ()

    @field_validator("forbid")
    @classmethod
    def _compiles(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            pattern(word)
        return words

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expects nothing; write at least `status:`")
        return self


class TurnForm(_Form):
    """One turn of a conversation."""

    ask: _Text
    expect: Annotated[
        Expect | None, Field(description="What the answer to this turn is like; left out: not judged.")
    ] = None


class CaseForm(_Form):
    """One case: a question, a conversation or a text to be checked."""

    id: Annotated[_Id, Field(description="Unique in the suite; small letters, digits, and . _ - between them.")]
    tags: Annotated[_Texts, Field(description="Figures are also given for each tag.")] = ()
    note: Annotated[str, Field(description="For readers of the suite.")] = ""
    ask: Annotated[_Text | None, Field(description="A question.")] = None
    turns: Annotated[tuple[TurnForm, ...], Field(description="A conversation.")] = ()
    text: Annotated[_Text | None, Field(description="A text whose claims are checked.")] = None
    paraphrases: Annotated[
        _Texts, Field(description="The same question in other words; the same answer is expected.")
    ] = ()
    expect: Expect | None = None
    observed: Annotated[
        dict[str, _Texts] | None, Field(description="What was answered when it was reported; never gold.")
    ] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum((self.ask is not None, bool(self.turns), self.text is not None)) != 1:
            raise ValueError("needs exactly one of `ask:`, `turns:` and `text:`")
        if self.turns and (self.expect or self.paraphrases):
            raise ValueError("`expect:` of a conversation stands in its turns, and it has no `paraphrases:`")
        if not self.turns and self.expect is None:
            raise ValueError("needs `expect:`")
        if self.turns and not any(t.expect for t in self.turns):
            raise ValueError("at least one turn needs `expect:`")
        return self

    @model_validator(mode="after")
    def _judged_alike(self) -> Self:
        judged = [e for e in (self.expect, *(t.expect for t in self.turns)) if e]
        if self.text is None and any(e.standing or e.claims for e in judged):
            raise ValueError("`standing:` and `claims:` judge a `text:`; a question is judged by `status:`")
        if self.text is not None and not (judged[0].standing or judged[0].claims):
            raise ValueError("a text is judged by `claims:`, or by `standing:` as a whole")
        if self.text is not None and judged[0].claims and self.paraphrases:
            raise ValueError("the claims of a text are quoted from it; write each rewording as a case")
        lost = [c.sentence for e in judged for c in e.claims if c.sentence not in (self.text or "")]
        if lost:
            raise ValueError(f"claim {lost[0]!r} does not stand in the text, letter by letter")
        return self


_SUITE = Field(description="Name of the suite: small letters, digits and hyphens.")
_VERSION = Field(ge=1, description="Raised when a change of the suite changes its scores.")
_CORPUS = Field(
    description="The documents that gold is quoted from: name of a shipped pack, or a folder, relative to this file."
)


class SuiteForm(_Form):
    """A suite of cases."""

    suite: Annotated[_Id, _SUITE]
    version: Annotated[int, _VERSION]
    corpus: Annotated[_Text, _CORPUS]
    cases: Annotated[tuple[CaseForm, ...], Field(min_length=1)]


class DecisionForm(_Form):
    """How the rows of one decision are asked."""

    words: Annotated[
        dict[str, dict[str, _Texts]], Field(description="As `words` of the file, for this decision only.")
    ] = {}
    templates: Annotated[
        tuple[_Text, ...],
        Field(
            min_length=2,
            description="The first is the question, the others are its paraphrases. {fact}: the words of the row's value; "
            "{fact|other}: `other` where the row leaves it empty; [… {fact}]: left out where the row leaves it empty.",
        ),
    ]


class GridForm(_Form):
    """A table of hand-checked verdicts, each row asked in two or more ways."""

    suite: Annotated[_Id, _SUITE]
    version: Annotated[int, _VERSION]
    corpus: Annotated[_Text, _CORPUS]
    cells: Annotated[
        _Text,
        Field(
            description="CSV beside this file, one case a row: id, decision, one column per fact, status (| between all that are "
            "accepted), quote ( ;; between places that are each required,  // between equivalents), note."
        ),
    ]
    words: Annotated[
        dict[str, dict[str, _Texts]],
        Field(
            description="Fact: {value: words}; template number n takes the n-th words, from the front again where there are fewer."
        ),
    ] = {}
    decisions: Annotated[dict[str, DecisionForm], Field(min_length=1, description="Entries of the column `decision`.")]


def pattern(alias: str) -> re.Pattern[str]:
    """Words, or the regular expression behind ``re:``, as a pattern. ValueError when it is none."""
    source = alias.removeprefix("re:") if alias.startswith("re:") else re.escape(alias)
    try:
        return re.compile(source, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{alias!r} is no regular expression: {error}") from None


def schemas() -> dict[str, str]:
    """File name of each published schema, and its text."""
    found = {}
    for name, form in (("suite", SuiteForm), ("grid", GridForm)):
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        found[f"{name}.schema.json"] = json.dumps(head | form.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
    return found


if __name__ == "__main__":
    for file, content in schemas().items():
        (Path(sys.argv[1]) / file).write_text(content, encoding="utf-8")
