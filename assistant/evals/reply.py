"""What a target said to one turn: the JSON form of an Answer, every part of which may be absent."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assistant.errors import TargetError
from assistant.evals.form import Standing
from assistant.types import Status


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Values = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Cited(_Part):
    """A place that the answer rests on."""

    quote: str
    section_id: str = ""
    title: str = ""
    url: str = ""
    start: int | None = None
    end: int | None = None


class Ranked(_Part):
    """A section that the search found, best first."""

    section_id: str = ""
    text: str = ""


class Ruled(_Part):
    """A rule that spoke."""

    rule_id: str = ""
    status: str = ""
    message: str = ""


class AskedBack(_Part):
    """The question that the target asks back."""

    dimension: str
    question: str = ""


class Claimed(_Part):
    """A claim of a checked text, and how it stands."""

    standing: Standing
    sentence: str = ""
    start: int | None = None
    end: int | None = None
    citations: tuple[Cited, ...] = ()
    correction: str = ""


class Reply(_Part):
    """One answer. None: the target does not say, and what would need it is not scored."""

    status: Status | None = None
    text: str | None = None
    facts: dict[str, _Values] | None = None
    missing: tuple[str, ...] | None = None
    ask: AskedBack | None = None
    citations: tuple[Cited, ...] | None = None
    findings: tuple[Ruled, ...] | None = None
    hits: Annotated[tuple[Ranked, ...] | None, Field(max_length=1000)] = None
    claims: tuple[Claimed, ...] | None = None
    reading: tuple[str, ...] = ()
    """How the question was understood, in lines for people."""
    engine: str = ""
    confidence: Annotated[float | None, Field(ge=0.0, le=1.0)] = None
    """How likely the target holds its status to be right."""
    situation: str = ""
    """How the answer came about, in words."""
    error: str = ""
    """What went wrong instead of an answer; such a reply scores worst in everything."""

    @property
    def asked_back(self) -> str | None:
        """The dimension asked for, empty when nothing is asked, None when the target does not say."""
        return self.ask.dimension if self.ask else "" if "ask" in self.model_fields_set else None

    def to_json(self) -> str:
        """One line; only what the target said."""
        return self.model_dump_json(exclude_unset=True)


SILENT = Reply(
    status="not_stated", text="", facts={}, missing=(), ask=None, citations=(), findings=(), hits=(), claims=()
)
"""A reply that says nothing of anything."""
_SAYS = set(Reply.model_fields) - {"reading", "engine", "confidence", "situation"}


def parsed(data: object, where: str) -> Reply:
    """What a target returned, as a Reply. TargetError, saying `where`, for what is no Answer."""
    if isinstance(data, str):
        return Reply(text=data)
    if not isinstance(data, dict) or not _SAYS & set(data):
        raise TargetError(
            f"{where}: {_short(data)} is no answer; an object with some of {', '.join(sorted(_SAYS))} is expected"
        )
    try:
        return Reply.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise TargetError(f"{where}: {place} of the answer: {first['msg']}; found {_short(first['input'])}") from None


def _short(data: object) -> str:
    text = repr(data)
    return text if len(text) <= 80 else f"{text[:77]}..."
