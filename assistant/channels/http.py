"""The native door: questions, facts, sections and feedback as JSON; an answer also as a stream of events."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette.responses import Response

from assistant.channels.inbox import Opinion, record
from assistant.channels.problem import Problem, fault, refused
from assistant.channels.problem import body as problem_body
from assistant.channels.request import Desk, Who, attended, visit
from assistant.channels.schema import answered, problems
from assistant.channels.service import Service, Settled, Stage, Talk, kept
from assistant.channels.sse import MEDIA as EVENTS
from assistant.channels.sse import Tale, each, pieces, rest, stream
from assistant.channels.state import Conflict, OtherRequest
from assistant.errors import AssistantError, QuestionError, UnknownName
from assistant.types import Answer, Claim, Section, Summary, Unit, Verdict
from assistant.vocabulary import LONGEST

log = logging.getLogger("assistant.http")
router = APIRouter(prefix="/v1")
JSON = "application/json"
Question = Annotated[str, Field(min_length=1, max_length=LONGEST, description="In English.")]
ConversationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@-]{1,128}$", description="Yours to choose.")]
IdempotencyKey = Annotated[
    str | None, Header(pattern=r"^[\x21-\x7e]{1,255}$", description="The same key, the same response.")
]


LastEventId = Annotated[
    int | None, Header(ge=0, le=1_000_000, description="Goes on after this event of the stream of the same key.")
]


class Body(BaseModel):
    """A request's body: a field that nobody knows is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class AskBody(Body):
    """A question, alone or as the next turn of a conversation."""

    question: Question
    conversation: ConversationId | None = None
    stream: StrictBool = False


class CheckBody(Body):
    """Facts to decide on; several values of one dimension mean "one of these"."""

    facts: Annotated[dict[str, str | list[str]], Field(max_length=64)]
    decision: str | None = None


class VerifyBody(Body):
    """A text whose claims are to be checked."""

    text: Annotated[str, Field(min_length=1, max_length=60_000, description="In English, Markdown or plain.")]


class Verified(BaseModel):
    """A text claim by claim, in its order; offsets count code points of the text as sent."""

    object: Literal["verification"] = "verification"
    claims: list[Claim]
    corrected: str
    summary: Summary
    edition: str
    pack: str


class FeedbackBody(Body):
    """What somebody thinks of an answer."""

    answer_id: Annotated[str, Field(pattern=r"^ans_[0-9a-f]{24}$")]
    turns: Annotated[list[Question], Field(min_length=1, max_length=32, description="The questions, oldest first.")]
    rating: Literal["up", "down"]
    reason: (
        Literal["wrong verdict", "wrong citation", "missing", "should have asked", "should have abstained"] | None
    ) = None
    correction: Annotated[str, Field(max_length=LONGEST)] | None = None


class Kept(BaseModel):
    """The feedback was kept."""

    object: Literal["feedback"] = "feedback"
    matched: bool
    """Whether the turns lead to the answer of that id now, so that the answer could be kept with it."""


class SectionItem(BaseModel):
    """A section of the documents."""

    id: str
    title: str
    heading_path: list[str]
    document: str
    url: str
    source_url: str
    edition: str
    start: int
    end: int


class UnitItem(BaseModel):
    """A paragraph, list item or table row."""

    text: str
    start: int
    end: int
    kind: Literal["paragraph", "item", "row"]
    header: str


class SectionWhole(SectionItem):
    """A section with everything that is found and quoted in it."""

    units: list[UnitItem]


class SectionPage(BaseModel):
    """Some of the sections, in document order."""

    object: Literal["list"] = "list"
    data: list[SectionItem]
    has_more: bool
    next_cursor: str | None


class Branch(BaseModel):
    """One way the unknown facts could be."""

    facts: dict[str, list[str]]
    outcome: str
    rules: list[str]


class Checked(BaseModel):
    """A verdict on facts, exact over every way the unknown ones could be."""

    decision: str
    status: str
    outcome: str
    text: str
    rules: list[str]
    facts: dict[str, list[str]]
    known: dict[str, list[str]]
    assumed: list[list[str]]
    missing: list[str]
    branches: list[Branch]
    options: list[Branch]
    changes: list[dict[str, list[str]]]
    ask: str | None
    settled_by: list[str]
    impossible: list[str]
    pack: str


# ---- ask


@router.post(
    "/ask", operation_id="ask", tags=["answers"],
    responses={**answered("Answer", "The answer.", events=True), **problems(408, 409, 413, 415, 422, 503)},
)  # fmt: skip
async def ask(
    body: AskBody,
    request: Request,
    desk: Desk,
    who: Who,
    idempotency_key: IdempotencyKey = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Answer a question with its verdict, its proof and exact citations; as events the verdict comes before the text."""
    talk = Talk(who.id, body.conversation or "")
    note_question(request, desk, body.question)
    if body.stream or EVENTS in request.headers.get("accept", ""):
        wanted = body.model_copy(update={"stream": True})
        return await _streamed(wanted, request, desk, talk, idempotency_key, last_event_id)

    async def work() -> str:
        answer = await attended(request, desk.ask(body.question, talk, "http"))
        note_answer(request, answer)
        return json.dumps(answer.to_dict())

    text, replayed = await once(desk, who.id, idempotency_key, body, work)
    if replayed:
        visit(request).headers["idempotent-replayed"] = "true"
    return Response(text, media_type=JSON)


async def _streamed(
    body: AskBody, request: Request, desk: Service, talk: Talk, key: str | None, last: int | None
) -> Response:
    """The answer as events, after the last one that the caller has; errors before the first event are ordinary responses."""
    if last is not None and key is None:
        detail = "a stream is resumed by the idempotency key that it was asked for with; send both headers"
        raise Problem(422, "resume_needs_key", detail, param="last-event-id")
    before = await reserved(desk, talk.owner, key, body)
    if before is not None:
        visit(request).headers["idempotent-replayed"] = "true"
        return stream(each([rest(before, last or 0)]))
    try:
        settled = await attended(request, desk.settle(body.question, talk, "http"))
    except BaseException:
        await finished(desk, talk.owner, key, None)
        raise
    tale = Tale()
    desk.go_on(_tell(tale, request, desk, settled, partial(finished, desk, talk.owner, key)))
    return stream(tale.read(last or 0, desk.settings.ping))


async def _tell(
    tale: Tale, request: Request, desk: Service, settled: Settled, finish: Callable[[str | None], Awaitable[None]]
) -> None:
    """Tell an answer to its end, whoever still listens: who comes back with the key gets the same events."""
    whole = None
    try:
        async for name, data in events(desk, settled, lambda: tale.left):
            tale.add(name, data)
        note_answer(request, settled.answer)
        whole = b"".join(tale.frames).decode()
    except Exception:
        here = visit(request)
        log.exception("request %s", here.id)
        tale.add("error", problem_body(fault(), here.path, here.id))
    try:
        await finish(whole)
    except AssistantError as error:  # the caller has the answer; the key is free again in a minute
        log.warning("request %s: the stream cannot be resumed: %s", visit(request).id, error)
    finally:
        tale.end()


async def events(
    desk: Service, settled: Settled, gone: Callable[[], bool]
) -> AsyncIterator[tuple[str, Mapping[str, object]]]:
    """An answer as events: what it rests on, the steps and the verdict, then the text, citations, findings, and the whole."""
    answer = settled.answer.to_dict()
    yield "answer.created", {k: answer[k] for k in ("id", "pack", "edition")}
    for stage in settled.stages:
        yield "answer.status", {"stage": stage.name}
    yield "answer.verdict", {k: answer[k] for k in ("status", "facts", "assumed", "missing", "ask")}
    known = {*settled.stages}
    async for piece in desk.word(settled, gone):
        if isinstance(piece, Stage):
            if piece not in known:
                yield "answer.status", {"stage": piece.name}
            known.add(piece)
        elif isinstance(piece, str):
            for text in pieces(piece):
                yield "answer.delta", {"text": text}
        else:
            answer = piece.to_dict()
    for one in _list(answer["citations"]):
        yield "answer.citation", one
    for one in _list(answer["findings"]):
        yield "answer.finding", one
    yield "answer.completed", answer


def _list(value: object) -> list[dict[str, object]]:
    return list(value) if isinstance(value, list | tuple) else []


def note_question(request: Request, desk: Service, question: str) -> None:
    """Write the question into the audit line, where the operator asked for that."""
    if desk.settings.log_questions:
        visit(request).note["question"] = question


def note_answer(request: Request, answer: Answer) -> None:
    """Write into the audit line what was answered, by its id."""
    visit(request).note |= {"answer": answer.id, "verdict": answer.status, "pack": answer.pack}


def fingerprint(body: Body) -> str:
    """What two requests with one idempotency key must have in common."""
    return hashlib.sha256(f"{type(body).__name__} {body.model_dump_json()}".encode()).hexdigest()


async def once(
    desk: Service, owner: str, key: str | None, body: Body, work: Callable[[], Awaitable[str]]
) -> tuple[str, bool]:
    """The response of `work`, made once for each key; and whether it was made before."""
    before = await reserved(desk, owner, key, body)
    if before is not None:
        return before, True
    text = None
    try:
        text = await work()
    finally:
        await finished(desk, owner, key, text)
    return text, False


async def reserved(desk: Service, owner: str, key: str | None, body: Body) -> str | None:
    """The response that was given for a key; None when it is to be made. Problem 409 or 422 when it cannot be."""
    if key is None:
        return None
    try:
        return (await kept(partial(desk.state.reserve, owner, key, fingerprint(body)))).body
    except (Conflict, OtherRequest) as error:
        raise _conflict(error) from None


async def finished(desk: Service, owner: str, key: str | None, text: str | None) -> None:
    """Keep the response for a key that was reserved; None gives the key back."""
    if key is not None:
        await kept(partial(desk.state.finish, owner, key, text))


def _conflict(error: AssistantError) -> Problem:
    if isinstance(error, OtherRequest):
        return Problem(422, "idempotency_key_reused", str(error), param="idempotency-key")
    return Problem(409, "conflict", str(error), headers={"retry-after": "1"})


# ---- check


@router.post(
    "/check", operation_id="check", tags=["answers"], response_model=Checked, responses=problems(408, 413, 415, 422)
)
async def check(body: CheckBody, desk: Desk) -> Response:
    """The verdict on facts alone: no language, no search."""
    helper = desk.helper
    said = {name: ",".join(v) if isinstance(v, list) else v for name, v in body.facts.items()}
    if body.decision is not None and body.decision not in helper.pack.decisions:
        raise refused(UnknownName("decision", body.decision, helper.pack.decisions))
    facts = helper.facts(said)
    verdict = helper.checker.check(body.decision or helper.decision_of(said), facts)
    parts = {name: getattr(verdict, name) for name in Verdict.__slots__}
    whole = {**parts, "text": helper.worded(verdict, facts), "pack": desk.pack_now}
    told = Checked.model_validate(whole, from_attributes=True)
    return Response(told.model_dump_json(), media_type=JSON)


# ---- verify


@router.post("/verify", operation_id="verify", tags=["answers"], responses=problems(408, 413, 415, 422, 503))
async def verify(body: VerifyBody, request: Request, desk: Desk) -> Verified:
    """Read any text, Markdown or plain: which of its claims are proven, contradicted, disputed or not covered."""
    found = await attended(request, desk.verify(body.text))
    return Verified(
        claims=list(found.claims),
        corrected=found.corrected,
        summary=found.summary,
        edition=found.edition,
        pack=found.pack,
    )


# ---- sections


@router.get("/sections", operation_id="listSections", tags=["documents"], responses=problems(422))
async def sections(
    desk: Desk,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(max_length=300)] = None,
) -> SectionPage:
    """The sections in document order; `after` is the `next_cursor` of the page before."""
    found = list(desk.helper.pack.sections.values())
    first = 0
    if after is not None:
        first = found.index(desk.helper.pack.section(after)) + 1
    page, more = found[first : first + limit], first + limit < len(found)
    return SectionPage(data=[_item(desk, s) for s in page], has_more=more, next_cursor=page[-1].id if more else None)


@router.get("/sections/{section_id:path}", operation_id="getSection", tags=["documents"], responses=problems(404, 422))
async def section(section_id: str, desk: Desk) -> SectionWhole:
    """One section with its paragraphs, items and rows; the `#` of its id is written `%23`."""
    pack = desk.helper.pack
    try:
        found = pack.section(section_id)
    except UnknownName as error:
        raise refused(error, 404) from None
    units = [_unit(u) for u in pack.document(found.document).units if u.section_id == found.id]
    return SectionWhole(**_item(desk, found).model_dump(), units=units)


def _item(desk: Service, one: Section) -> SectionItem:
    return SectionItem(
        id=one.id, title=one.title, heading_path=list(one.heading_path), document=one.document,
        url=desk.page(one.document, one.start, one.end), source_url=one.url, edition=one.edition, start=one.start, end=one.end,
    )  # fmt: skip


def _unit(one: Unit) -> UnitItem:
    return UnitItem(text=one.text, start=one.start, end=one.end, kind=one.kind, header=one.header)


# ---- feedback


@router.post(
    "/feedback", operation_id="giveFeedback", tags=["feedback"], status_code=201,
    responses=problems(408, 409, 413, 415, 422, 503),
)  # fmt: skip
async def feedback(
    body: FeedbackBody,
    response: Response,
    desk: Desk,
    who: Who,
    idempotency_key: IdempotencyKey = None,
) -> Kept:
    """Keep what somebody thinks of an answer, with its turns, the answer itself and the versions, to learn from."""

    async def work() -> str:
        answer = await _answer_of(desk, body)
        opinion = Opinion(body.rating, body.reason or "", body.correction or "")
        given = record(body.turns, answer or body.answer_id, desk.pack_now, opinion)
        await kept(partial(desk.state.add_feedback, who.id, given))
        return Kept(matched=answer is not None).model_dump_json()

    text, replayed = await once(desk, who.id, idempotency_key, body, work)
    if replayed:
        response.headers["idempotent-replayed"] = "true"
    return Kept.model_validate_json(text)


async def _answer_of(desk: Service, body: FeedbackBody) -> Answer | None:
    """The answer that is spoken of, if the turns still lead to it."""
    try:
        answer = desk.served((await desk.recall(body.turns, "feedback")).answer)
    except QuestionError:
        return None
    return answer if answer.id == body.answer_id else None
