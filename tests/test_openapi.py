"""The OpenAPI document, and what schemathesis makes of it: no fault of ours, nothing that is not documented."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

if TYPE_CHECKING:
    from schemathesis.schemas import BaseSchema
    from served import Served


@pytest.fixture(scope="session")
def document(guarded: Served) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{guarded.url}/openapi.json")


OPERATIONS = [
    "POST /v1/ask",
    "POST /v1/check",
    "POST /v1/verify",
    "GET /v1/sections",
    "GET /v1/sections/{section_id}",
    "POST /v1/feedback",
    "GET /v1/models",
    "GET /v1/models/{model}",
    "POST /v1/chat/completions",
    "POST /v1/responses",
    "GET /healthz",
    "GET /readyz",
]


def test_these_are_all_operations(document: BaseSchema) -> None:
    paths = document.raw_schema["paths"]
    assert sorted(f"{m.upper()} {path}" for path, one in paths.items() for m in one) == sorted(OPERATIONS)


def test_every_reference_leads_somewhere(document: BaseSchema) -> None:
    text = json.dumps(document.raw_schema)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named - set(document.raw_schema["components"]["schemas"]) == set()
    assert {"Answer", "Answer_status", "ChatCompletion", "Problem"} <= named


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_gets_a_documented_answer(name: str, document: BaseSchema, guarded: Served) -> None:
    method, path = name.split()
    headers = {"authorization": f"Bearer {guarded.token('ask', 'feedback')}"}

    @given(case=document[path][method].as_strategy())
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def call(case: Case) -> None:  # type: ignore[type-arg]  # its parameters are not public
        # a body may have its shape and still name a dimension that does not exist: 422 is documented for that
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    call()
