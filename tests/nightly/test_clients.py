"""Programs of others at the served house: OpenAI's client libraries that the suite does not have, MCP's Inspector, Redocly's lint.

$CLIENTS is the folder that `make nightly-clients` fills: an environment with openai-python 2, and npm packages beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from served import DEPENDS, REFUSED, Served

from assistant.engine import Assistant

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = Path(os.environ.get("CLIENTS", "/tmp/clients"))
MODULES = CLIENTS / "node_modules"
NODE = MODULES / "node/bin/node"
PYTHON = """
import json, sys
import openai
url, question = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key="any", max_retries=0)
asked = {"model": "azure-backup", "messages": [{"role": "user", "content": question}]}
told = {"model": "azure-backup", "input": question}
with client.chat.completions.stream(**asked) as stream:
    streamed = stream.get_final_completion()
with client.responses.stream(**told) as stream:
    response = stream.get_final_response()
chats = [c.choices[0].message for c in (client.chat.completions.create(**asked), streamed)]
parts = [r.output[0].content[0] for r in (client.responses.create(**told), response)]
found = [(m.content, [n.url_citation for n in m.annotations]) for m in chats] + [(p.text, p.annotations) for p in parts]
print(json.dumps([openai.__version__, [[text, [[n.start_index, n.end_index, n.title, n.url] for n in notes]] for text, notes in found]]))
"""
SCRIPT = """
import OpenAI from "NAME";
import { VERSION } from "NAME/version";
const [url, question] = process.argv.slice(1);
const client = new OpenAI({ baseURL: url, apiKey: "any", maxRetries: 0 });
const asked = { model: "azure-backup", messages: [{ role: "user", content: question }] };
const told = { model: "azure-backup", input: question };
const chats = [await client.chat.completions.create(asked), await client.chat.completions.stream(asked).finalChatCompletion()];
const parts = [await client.responses.create(told), await client.responses.stream(told).finalResponse()];
const notes = (list) => list.map((n) => [n.start_index, n.end_index, n.title, n.url]);
console.log(JSON.stringify([VERSION, [
  ...chats.map((c) => c.choices[0].message).map((m) => [m.content, notes(m.annotations.map((a) => a.url_citation))]),
  ...parts.map((r) => r.output[0].content[0]).map((p) => [p.text, notes(p.annotations)]),
]]));
"""


def run(*command: str | Path, home: Path) -> str:
    """What a program prints that must end well, with a home folder of its own."""
    environment = {**os.environ, "HOME": str(home), "PATH": f"{NODE.parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CLIENTS, env=environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


# ---- OpenAI's libraries: the suite runs openai-python 3


@pytest.mark.parametrize("question", [REFUSED, DEPENDS])
@pytest.mark.parametrize(
    ("version", "command"),
    [
        ("2.", [CLIENTS / "bin/python", "-c", PYTHON]),
        ("6.", [NODE, "--input-type=module", "-e", SCRIPT.replace("NAME", "openai6")]),
        ("7.", [NODE, "--input-type=module", "-e", SCRIPT.replace("NAME", "openai")]),
    ],
    ids=["openai-python 2", "openai-node 6", "openai-node 7"],
)
def test_chats_and_responses_keep_text_and_citations_streamed_or_not(
    version: str, command: list[str | Path], question: str, house: Served, helper: Assistant, tmp_path: Path
) -> None:
    answer = helper.ask(question)
    notes = [
        [c.answer_start, c.answer_end, c.title, f"{house.url}/sources/{c.section_id.split('#')[0]}#c{c.start}-{c.end}"]
        for c in answer.citations
    ]
    found, said = json.loads(run(*command, f"{house.url}/v1", question, home=tmp_path))
    assert found.startswith(version)
    assert said == [[answer.text, notes]] * 4


# ---- MCP's Inspector


@pytest.mark.parametrize("door", ["http", "stdio"])
def test_the_inspector_lists_calls_and_reads(
    door: str, house: Served, home: Path, helper: Assistant, tmp_path: Path
) -> None:
    def inspect(*options: str) -> Any:
        command = [sys.executable, "-m", "assistant.cli", "--home", str(home), "mcp", "--state", house.settings.state]
        at = [f"{house.url}/mcp"] if door == "http" else ["-e", f"PYTHONPATH={ROOT}"]
        rest = [] if door == "http" else ["--", *command]
        return json.loads(run(MODULES / ".bin/mcp-inspector", "--cli", *at, *options, *rest, home=tmp_path))

    tools = inspect("--method", "tools/list", "--strict")["tools"]
    assert [t["name"] for t in tools] == ["ask", "check", "verify", "search"]
    expected = helper.ask(REFUSED)
    asked = inspect("--method", "tools/call", "--tool-name", "ask", "--tool-arg", f"question={REFUSED}")
    said = asked["structuredContent"]
    assert (said["id"], said["status"], said["text"]) == (expected.id, expected.status, expected.text)
    assert [(c["quote"], c["start"], c["end"]) for c in said["citations"]] == [
        (c.quote, c.start, c.end) for c in expected.citations
    ]
    read = inspect("--method", "resources/read", "--uri", "assistant://sections/features/support-matrix")
    assert "Not supported with MARS" in read["contents"][0]["text"]


# ---- the OpenAPI document


def test_redocly_finds_nothing_in_the_openapi_document(house: Served, tmp_path: Path) -> None:
    command = ["lint", f"{house.url}/openapi.json", "--format=json", "--extends=recommended"]
    found = json.loads(run(MODULES / ".bin/redocly", *command, home=tmp_path))
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}
