"""One body for every error: problem+json (RFC 9457), with the member that OpenAI's clients read."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from assistant.errors import AssistantError, QuestionError, UnknownName

log = logging.getLogger("assistant.problem")
MEDIA = "application/problem+json"
_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES = {
    400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type",
    422: "invalid_request", 500: "internal_error",
}  # fmt: skip


class Problem(HTTPException):
    """An error that a caller is told of; raise it anywhere below a door."""

    def __init__(
        self, status: int, code: str, detail: str, *, param: str | None = None,
        errors: Sequence[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(status, detail, dict(headers or {}))
        self.code, self.param, self.errors = code, param, tuple(errors)


def of(error: HTTPException) -> Problem:
    """The problem behind a framework's own exception; its text is kept short."""
    if isinstance(error, Problem):
        return error
    code = _CODES.get(error.status_code, "error")
    return Problem(error.status_code, code, str(error.detail)[:200], headers=error.headers)


def refused(error: AssistantError, status: int = 422) -> Problem:
    """The problem behind an error that the assistant raised on purpose."""
    if isinstance(error, QuestionError):
        return Problem(status, "unreadable_question", str(error), param="question")
    if isinstance(error, UnknownName):
        return Problem(status, "unknown_name", str(error)[:300])
    log.warning("%s", error)  # it may name files and hosts, which are not the caller's business
    return Problem(
        503, "unavailable", "a part of the service is not available; send it again", headers={"retry-after": "5"}
    )


def fault() -> Problem:
    """What a caller is told when we made a mistake."""
    return Problem(500, "internal_error", "something went wrong here; the log has the details under the request id")


def body(problem: Problem, path: str, request_id: str) -> dict[str, object]:
    """The JSON of a problem."""
    status = problem.status_code
    kind = _KINDS.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
    return {
        "type": f"/errors/{problem.code}", "title": HTTPStatus(status).phrase, "status": status, "detail": problem.detail,
        "instance": path[:200], "request_id": request_id, "errors": list(problem.errors),
        "error": {"message": problem.detail, "type": kind, "param": problem.param, "code": problem.code},
    }  # fmt: skip


def response(problem: Problem, path: str, request_id: str) -> Response:
    """The response that tells a caller of a problem."""
    text = json.dumps(body(problem, path, request_id))
    return Response(text, problem.status_code, dict(problem.headers or {}), MEDIA)
