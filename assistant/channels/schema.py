"""What the OpenAPI document says beyond what the framework finds out: the Answer, the problem, the event stream."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from assistant.channels.problem import MEDIA as PROBLEM
from assistant.channels.sse import MEDIA as EVENTS

_ANSWER = Path(__file__).resolve().parents[1] / "answer.schema.json"
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 with the member `error` that clients of OpenAI's protocol read.",
    "required": ["type", "title", "status", "detail", "instance", "request_id", "errors", "error"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"}, "instance": {"type": "string"}, "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object", "required": ["pointer", "detail", "code"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}, "code": {"type": "string"}},
            },
        },
        "error": {
            "type": "object", "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"}, "type": {"type": "string"}, "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        },
    },
}  # fmt: skip
_GROUNDING = {"type": ["object", "null"], "description": "The whole Answer without its text."}
_OPENAI = {
    "ChatCompletion": {
        "type": "object", "required": ["id", "object", "created", "model", "choices", "usage", "grounding"],
        "properties": {
            "id": {"type": "string"}, "object": {"const": "chat.completion"}, "created": {"type": "integer"},
            "model": {"type": "string"}, "choices": {"type": "array", "minItems": 1, "items": {"type": "object"}},
            "usage": {"type": "object"}, "system_fingerprint": {"type": "string"}, "grounding": _GROUNDING,
        },
    },
    "Response": {
        "type": "object", "required": ["id", "object", "created_at", "status", "model", "output", "usage", "grounding"],
        "properties": {
            "id": {"type": "string"}, "object": {"const": "response"}, "created_at": {"type": "integer"},
            "status": {"const": "completed"}, "model": {"type": "string"},
            "output": {"type": "array", "minItems": 1, "items": {"type": "object"}}, "usage": {"type": "object"},
            "grounding": _GROUNDING,
        },
    },
}  # fmt: skip
"""The parts of OpenAI's protocol that are always there; its own documentation has the rest."""
_WHY = {
    400: "The request cannot be read, or names a host that is not served.", 401: "No key, or none that is known.",
    403: "The key has not the scope, or a page of another origin calls.", 404: "There is no such thing.",
    405: "There is no such method here.", 408: "The body did not arrive in time.",
    409: "The same request, or another turn of the conversation, is in progress; send it again.",
    413: "The body is too large.", 415: "The body is not JSON.", 422: "The request can be read but not answered.",
    429: "More requests than the key may make; see retry-after.", 500: "A fault of ours.",
    503: "Not ready, or too many questions are waiting; see retry-after.",
}  # fmt: skip
_EVENT = {
    "type": "object", "required": ["data"],
    "properties": {"event": {"type": "string"}, "id": {"type": "string"}, "data": {"type": "string"}},
}  # fmt: skip
Responses = dict[int | str, dict[str, object]]


def ref(name: str) -> dict[str, str]:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def problems(*statuses: int) -> Responses:
    """The problems that a door may answer with; those of the gate are always among them."""
    content = {PROBLEM: {"schema": ref("Problem")}}
    return {s: {"description": _WHY[s], "content": content} for s in sorted({400, 401, 403, 429, 500, *statuses})}


def answered(name: str, text: str, *, events: bool = False) -> Responses:
    """A 200 with a schema of the document, as JSON and, where it can be streamed, as events."""
    content: dict[str, object] = {"application/json": {"schema": ref(name)}}
    if events:
        content[EVENTS] = {"itemSchema": _EVENT}
    return {200: {"description": text, "content": content}}


def describe(app: FastAPI, base: str) -> None:
    """Let the application's OpenAPI document hold the shared schemas."""

    def document() -> dict[str, object]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title, version=app.version, openapi_version="3.2.0", description=app.description,
                routes=app.routes, servers=[{"url": base}],
                license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"}, tags=app.openapi_tags,
            )  # fmt: skip
            made.setdefault("components", {}).setdefault("schemas", {}).update(_shared())
            made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            made["security"] = [{"key": []}, {}]
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the framework's documented way


def _shared() -> dict[str, object]:
    """The Answer's own schema with its definitions as schemas of the document."""
    text = _ANSWER.read_text(encoding="utf-8").replace("#/$defs/", "#/components/schemas/Answer_")
    answer: dict[str, dict[str, object]] = json.loads(text)
    parts = {f"Answer_{name}": one for name, one in answer.pop("$defs").items()}
    del answer["$schema"]
    return {"Answer": answer, "Problem": _PROBLEM, **_OPENAI, **parts}
