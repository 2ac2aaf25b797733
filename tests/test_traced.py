"""Spans of the corridor as an OpenTelemetry SDK gets them, in a process of its own: its provider is set once for all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, sys
from pathlib import Path
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
sys.path.insert(0, "tests")
import httpx
from served import served, sqlite
from assistant.channels.generations import Generations
from assistant.channels.settings import Settings
made = Generations(None, Path(sys.argv[1]))
made.open()
with served(made, Settings(state=sqlite(Path(sys.argv[2])))) as house:
    spans.clear()
    httpx.post(f"{house.url}/v1/ask", json={"question": "How does a backup with DPM work?"})
names = {s.context.span_id: s.name for s in spans.get_finished_spans()}
print(json.dumps([[s.name, names.get(s.parent.span_id) if s.parent else None, dict(s.attributes)] for s in spans.get_finished_spans()], default=list))
"""


def test_a_question_has_spans_for_the_request_the_answer_and_the_search_and_no_text(home: Path, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(home), str(tmp_path)],
        cwd=root, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    spans = json.loads(done.stdout.splitlines()[-1])
    parents = {name: parent for name, parent, _ in spans}
    line = ["retrieval"]
    while parents.get(line[-1]):
        line.append(parents[line[-1]])
    assert (line[1], line[-1]) == ("invoke_agent assistant", "POST /v1/ask")
    told = {name: attributes for name, _, attributes in spans}
    assert told["invoke_agent assistant"]["gen_ai.evaluation.score.label"] == "information"
    assert told["retrieval"]["assistant.sections"] != []
    assert "backup with DPM" not in done.stdout
