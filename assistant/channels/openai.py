"""The door for everything that speaks OpenAI's protocol: chat completions and responses, streamed or not.

Every user message is a turn; what the system, the assistant or tools said is not. Unknown parameters and tools are
accepted and ignored. The model ``<pack>`` annotates its text with citations; ``<pack>-md`` also lists them in the text,
for clients that drop annotations.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette.responses import Response

from assistant.channels import sse
from assistant.channels.http import JSON, note_answer, note_question
from assistant.channels.problem import Problem, fault
from assistant.channels.problem import body as body_of
from assistant.channels.request import Desk, Who, attended, visit
from assistant.channels.schema import answered, problems
from assistant.channels.service import Service, Settled, kept
from assistant.channels.state import window
from assistant.types import Answer

log = logging.getLogger("assistant.openai")
router = APIRouter(prefix="/v1")
_TASK = "### Task:"
_WANTED = re.compile(r'\{\s*"(title|follow_ups|tags|queries)"')
_SAID = re.compile(r"^\s*USER:\s*(.+)$", re.MULTILINE)
_EMPTY = "Please ask a question in words."
_DONE = b"data: [DONE]\n\n"
_OWNED = "assistant"
Json = dict[str, object]


class Open(BaseModel):
    """A body of which only the known part counts."""

    model_config = ConfigDict(extra="ignore")


class TextPart(Open):
    """A part of a message; only text is read."""

    type: str = "text"
    text: str | None = None


class Message(Open):
    """One message of a conversation."""

    role: str
    content: str | list[TextPart] | None = None


class StreamOptions(Open):
    """What a stream should tell besides."""

    include_usage: StrictBool = False


class ChatBody(Open):
    """A chat completion's request."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None


class ResponsesBody(Open):
    """A request for a response."""

    model: str
    input: str | list[Message]
    stream: StrictBool | None = None
    store: StrictBool | None = None
    previous_response_id: Annotated[str, Field(max_length=64)] | None = None


class Model(BaseModel):
    """A model of this server."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class Models(BaseModel):
    """The models of this server."""

    object: Literal["list"] = "list"
    data: list[Model]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said, and the answer it comes from; none where there was nothing to ask."""

    text: str
    answer: Answer | None = None

    @property
    def grounding(self) -> Json | None:
        """The whole answer without its text."""
        if self.answer is None:
            return None
        whole = self.answer.to_dict()
        del whole["text"]
        return whole


Spoken = AsyncIterator[str | Reply]
"""Pieces of text, and at last all of it."""


# ---- models


@router.get("/models", operation_id="listModels", tags=["openai"], responses=problems())
async def models(desk: Desk) -> Models:
    """The two models of this server."""
    return Models(data=[_model(name) for name in _names(desk)])


@router.get("/models/{model}", operation_id="getModel", tags=["openai"], responses=problems(404, 422))
async def model(model: str, desk: Desk) -> Model:
    """One model."""
    _known(desk, model)
    return _model(model)


def _names(desk: Service) -> tuple[str, str]:
    name = desk.helper.pack.name
    return name, f"{name}-md"


def _model(name: str) -> Model:
    return Model(id=name, created=0, owned_by=_OWNED)


def _known(desk: Service, name: str) -> None:
    if name not in _names(desk):
        names = " and ".join(_names(desk))
        raise Problem(
            404, "model_not_found", f"the model {name[:80]!r} does not exist; there are {names}", param="model"
        )


# ---- what is asked, what is said


def turns_of(messages: Sequence[Message]) -> tuple[str, ...]:
    """The texts of the user's messages, oldest first, those without words left out."""
    said = (_words(m) for m in messages if m.role == "user")
    return tuple(text for text in said if text.strip())


def _words(message: Message) -> str:
    if isinstance(message.content, list):
        return "\n".join(p.text for p in message.content if p.text)
    return message.content or ""


async def begin(request: Request, desk: Service, turns: tuple[str, ...]) -> Reply | Settled:
    """What is said to the last of these turns where no question was asked; else its answer, settled."""
    if not turns:
        return Reply(_EMPTY)
    if turns[-1].lstrip().startswith(_TASK):
        return Reply(housekeeping(turns[-1], desk.helper.pack.title))
    note_question(request, desk, turns[-1])
    return await attended(request, desk.recall(turns, "openai"))


async def reply(request: Request, desk: Service, begun: Reply | Settled, name: str) -> Reply:
    """What is said, whole."""
    if isinstance(begun, Reply):
        return begun
    return _said(request, await attended(request, desk.whole(begun)), name)


def _said(request: Request, answer: Answer, name: str) -> Reply:
    note_answer(request, answer)
    text = f"{answer.text}\n\n{answer.otherwise}" if answer.otherwise else answer.text
    return Reply(text + _sources(answer) if name.endswith("-md") else text, answer)


async def spoken(request: Request, desk: Service, begun: Reply | Settled, name: str, tale: sse.Tale) -> Spoken:
    """What is said piece by piece, each proven, and at last whole; joined, the pieces are its text."""
    if isinstance(begun, Reply):
        for text in sse.pieces(begun.text):
            yield text
        yield begun
        return
    async for piece in desk.word(begun, lambda: tale.left):
        if isinstance(piece, str):
            for text in sse.pieces(piece):
                yield text
        elif isinstance(piece, Answer):
            said = _said(request, piece, name)
            for text in sse.pieces(said.text.removeprefix(piece.text)):
                yield text
            yield said


def live(request: Request, desk: Service, tale: sse.Tale, frames: AsyncIterator[bytes], kind: str = "") -> Response:
    """These events as they come; a fault of ours is the last one, of this kind where the protocol names kinds."""

    async def tell() -> None:
        try:
            async for frame in frames:
                tale.put(frame)
        except Exception:
            here = visit(request)
            log.exception("request %s", here.id)
            error = body_of(fault(), here.path, here.id)["error"]
            tale.put(sse.event({"type": kind, "error": error} if kind else {"error": error}, kind))
        finally:
            tale.end()

    desk.go_on(tell())
    return sse.stream(tale.read(0, desk.settings.ping))


def housekeeping(prompt: str, subject: str) -> str:
    """Titles, tags and follow-ups that chat programs ask the same model for: from the prompt's own words, never a guess."""
    found = _WANTED.search(prompt)
    wanted = found[1] if found else "title"
    said = _SAID.search(prompt)
    if wanted == "title":
        return json.dumps({"title": said[1].strip()[:60] if said else subject})
    return json.dumps({wanted: [subject] if wanted == "tags" else []})


def _sources(answer: Answer) -> str:
    if not answer.citations:
        return ""
    lines = [f"{c.marker}. [{_bare(c.title)}]({c.url}): “{_bare(c.quote)}”" for c in answer.citations]
    return "\n\nSources:\n\n" + "\n".join(lines)


def _bare(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", " ".join(text.split()))


def usage(turns: Sequence[str], text: str) -> tuple[int, int]:
    """Words in and out; no model counts tokens here."""
    return sum(len(t.split()) for t in turns), len(text.split())


# ---- chat completions


@router.post(
    "/chat/completions", operation_id="createChatCompletion", tags=["openai"],
    responses={**answered("ChatCompletion", "The answer.", events=True), **problems(404, 408, 413, 415, 503)},
)  # fmt: skip
async def chat(body: ChatBody, request: Request, desk: Desk) -> Response:
    """Answer the last user message; citations are `url_citation` annotations, the whole answer is in `grounding`."""
    _known(desk, body.model)
    turns = turns_of(body.messages)
    begun = await begin(request, desk, turns)
    head: Json = {
        "id": f"chatcmpl-{uuid4().hex[:24]}", "created": int(time.time()), "model": body.model,
        "system_fingerprint": desk.helper.pack.digest[:12],
    }  # fmt: skip
    if body.stream:
        tale, counted = sse.Tale(), turns if body.stream_options and body.stream_options.include_usage else None
        told = spoken(request, desk, begun, body.model, tale)
        return live(request, desk, tale, _chunks(head, told, counted))
    said = await reply(request, desk, begun, body.model)
    message = {"role": "assistant", "content": said.text, "refusal": None, "annotations": _chat_notes(said)}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    whole = {
        **head, "object": "chat.completion", "choices": [choice], "usage": _chat_usage(turns, said), "grounding": said.grounding,
    }  # fmt: skip
    return Response(json.dumps(whole), media_type=JSON)


async def _chunks(head: Json, told: Spoken, counted: Sequence[str] | None) -> AsyncIterator[bytes]:
    """Role, sentences, annotations, the end with the grounding, and the usage of these turns where it is asked for."""

    def chunk(delta: Json, finish: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return sse.event({**head, "object": "chat.completion.chunk", "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    async for said in told:
        if isinstance(said, str):
            yield chunk({"content": said})
            continue
        if notes := _chat_notes(said):
            yield chunk({"annotations": notes})
        yield chunk({}, "stop", grounding=said.grounding)
        if counted is not None:
            spent = _chat_usage(counted, said)
            yield sse.event({**head, "object": "chat.completion.chunk", "choices": [], "usage": spent})
    yield _DONE


def _chat_notes(said: Reply) -> list[Json]:
    return [{"type": "url_citation", "url_citation": note} for note in _notes(said)]


def _notes(said: Reply) -> list[Json]:
    citations = said.answer.citations if said.answer else ()
    return [
        {"start_index": c.answer_start, "end_index": c.answer_end, "title": c.title, "url": c.url} for c in citations
    ]


def _chat_usage(turns: Sequence[str], said: Reply) -> Json:
    asked, told = usage(turns, said.text)
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}


# ---- responses


@router.post(
    "/responses", operation_id="createResponse", tags=["openai"],
    responses={**answered("Response", "The answer.", events=True), **problems(404, 408, 409, 413, 415, 503)},
)  # fmt: skip
async def responses(body: ResponsesBody, request: Request, desk: Desk, who: Who) -> Response:
    """Answer the last user message; `previous_response_id` carries on from a response of the last day."""
    _known(desk, body.model)
    before = await _before(desk, who.id, body.previous_response_id)
    now = (body.input,) if isinstance(body.input, str) else turns_of(body.input)
    turns = (*before, *(t for t in now if t.strip()))
    begun = await begin(request, desk, turns if now else ())
    name = f"resp_{uuid4().hex[:24]}"
    if body.store is not False and isinstance(begun, Settled):
        await kept(partial(desk.state.remember, who.id, name, window(turns), 0))
    made = partial(_whole, name, int(time.time()), body, turns, desk.helper.pack.digest[:12])
    if body.stream:
        tale = sse.Tale()
        told = _told(made, spoken(request, desk, begun, body.model, tale))
        return live(request, desk, tale, _numbered(told), "error")
    return Response(json.dumps(made(await reply(request, desk, begun, body.model))), media_type=JSON)


async def _before(desk: Service, owner: str, name: str | None) -> tuple[str, ...]:
    if name is None:
        return ()
    turns, _ = await kept(partial(desk.state.turns, owner, name))
    if not turns:
        detail = f"the response {name!r} is not known, or older than a day; send the whole conversation as input"
        raise Problem(404, "previous_response_not_found", detail, param="previous_response_id")
    return turns


def _whole(name: str, created: int, body: ResponsesBody, turns: Sequence[str], pack: str, said: Reply) -> Json:
    asked, told = usage(turns, said.text)
    notes = [{"type": "url_citation", **note} for note in _notes(said)]
    part = {"type": "output_text", "text": said.text, "annotations": notes, "logprobs": []}
    item = {"id": f"msg_{name[5:]}", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    return {
        "id": name, "object": "response", "created_at": created, "status": "completed", "model": body.model,
        "output": [item], "error": None, "incomplete_details": None, "instructions": None, "metadata": {"pack": pack},
        "parallel_tool_calls": False, "tool_choice": "none", "tools": [], "temperature": 0, "top_p": 1,
        "previous_response_id": body.previous_response_id, "grounding": said.grounding,
        "usage": {
            "input_tokens": asked, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": told,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": asked + told,
        },
    }  # fmt: skip


async def _numbered(told: AsyncIterator[tuple[str, Mapping[str, object]]]) -> AsyncIterator[bytes]:
    number = 0
    async for name, data in told:
        yield sse.event({"type": name, "sequence_number": number, **data}, name)
        number += 1


async def _told(made: Callable[[Reply], Json], told: Spoken) -> AsyncIterator[tuple[str, Mapping[str, object]]]:
    """The protocol's full order of events; `made` makes the response of what was said."""
    whole = made(Reply(""))
    item = whole["output"][0]  # type: ignore[index]  # made a list just now
    part = item["content"][0]
    at = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    begun = {**whole, "status": "in_progress", "output": [], "usage": None, "grounding": None}
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    yield "response.output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress", "content": []}}
    yield "response.content_part.added", {**at, "part": {**part, "text": "", "annotations": []}}
    async for said in told:
        if isinstance(said, str):
            yield "response.output_text.delta", {**at, "delta": said, "logprobs": []}
        else:
            whole = made(said)
    item = whole["output"][0]  # type: ignore[index]  # as above
    part = item["content"][0]
    for number, note in enumerate(part["annotations"]):
        yield "response.output_text.annotation.added", {**at, "annotation_index": number, "annotation": note}
    yield "response.output_text.done", {**at, "text": part["text"], "logprobs": []}
    yield "response.content_part.done", {**at, "part": part}
    yield "response.output_item.done", {"output_index": 0, "item": item}
    yield "response.completed", {"response": whole}
