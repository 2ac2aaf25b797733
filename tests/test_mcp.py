"""The door for agents, driven by the official client over HTTP and over stdio."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from mcp import Client, MCPError, StdioServerParameters
from served import DEPENDS, REFUSED

from assistant.engine import Assistant
from assistant.vocabulary import LONGEST

if TYPE_CHECKING:
    from served import Served

ROOT = Path(__file__).resolve().parents[1]


@asynccontextmanager
async def agent(door: str, house: Served, home: Path) -> AsyncIterator[Client]:
    """A client at one of the two doors."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "assistant.cli", "--home", str(home), "mcp", "--state", house.settings.state],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    async with Client(f"{house.url}/mcp" if door == "http" else command) as client:
        yield client


@pytest.mark.parametrize("door", ["http", "stdio"])
async def test_an_agent_asks_checks_searches_and_reads(door: str, house: Served, home: Path, helper: Assistant) -> None:
    async with agent(door, house, home) as client:
        tools = (await client.list_tools()).tools
        assert [(t.name, bool(t.output_schema), t.annotations and t.annotations.read_only_hint) for t in tools] == [
            ("ask", True, True),
            ("check", True, True),
            ("verify", True, True),
            ("search", True, True),
        ]
        expected = helper.ask(REFUSED)
        asked = (await client.call_tool("ask", {"question": REFUSED})).structured_content or {}
        assert (asked["id"], asked["status"], asked["text"]) == (expected.id, expected.status, expected.text)
        assert [(c["quote"], c["start"], c["end"]) for c in asked["citations"]] == [
            (c.quote, c.start, c.end) for c in expected.citations
        ]
        follow = {"question": "And if it runs Windows?", "earlier": [REFUSED]}
        after = (await client.call_tool("ask", follow)).structured_content or {}
        assert after["id"] == helper.ask("And if it runs Windows?", after=expected).id
        checked = (await client.call_tool("check", {"facts": {"os": "linux", "tool": "mars"}})).structured_content or {}
        assert checked["status"] == helper.check(os="linux", tool="mars").status
        claim = "MARS backs up Linux servers on-premises."
        verified = (await client.call_tool("verify", {"text": claim})).structured_content or {}
        assert [c["standing"] for c in verified["claims"]] == [c.standing for c in helper.verify(claim).claims]
        found = (await client.call_tool("search", {"query": "vault", "limit": 3})).structured_content or {}
        assert [h["text"] for h in found["hits"]] == [h.unit.text for h in helper.search("vault", 3)]
        text = (await client.read_resource("assistant://sections/features/support-matrix")).contents[0]
        assert "Not supported with MARS" in text.text  # type: ignore[union-attr]  # it is a text


async def test_links_lead_to_our_pages_over_http_and_to_the_public_ones_over_stdio(
    house: Served, home: Path, helper: Assistant
) -> None:
    urls = {}
    for door in ("http", "stdio"):
        async with agent(door, house, home) as client:
            asked = (await client.call_tool("ask", {"question": REFUSED})).structured_content or {}
            urls[door] = [c["url"] for c in asked["citations"]]
    assert all(u.startswith(f"{house.url}/sources/") for u in urls["http"])
    assert urls["stdio"] == [c.url for c in helper.ask(REFUSED).citations]


async def test_bad_calls_are_told_and_the_next_one_works(house: Served, home: Path) -> None:
    async with agent("http", house, home) as client:
        for name, arguments in (
            ("ask", {"question": ""}),
            ("ask", {"question": "x" * (LONGEST + 1)}),
            ("ask", {"question": "\u200b"}),
            ("ask", {}),
            ("check", {"facts": {"oss": "linux"}}),
            ("check", {"facts": {"os": "linux"}, "decision": "nope"}),
            ("search", {"query": "x", "limit": 0}),
        ):
            assert (await client.call_tool(name, arguments)).is_error, (name, arguments)
        with pytest.raises(MCPError):
            await client.read_resource("assistant://sections/features/nope")
        assert not (await client.call_tool("ask", {"question": DEPENDS})).is_error


def test_the_door_needs_a_key_where_others_do(guarded: Served) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"accept": "application/json, text/event-stream"}
    without = httpx.post(f"{guarded.url}/mcp", json=call, headers=headers)
    headers["authorization"] = f"Bearer {guarded.token('ask')}"
    assert (without.status_code, httpx.post(f"{guarded.url}/mcp", json=call, headers=headers).status_code) == (401, 200)
