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
from contextlib import ExitStack
from langchain_openai import ChatOpenAI
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
sys.path.insert(0, "tests")
import httpx
from fakes import Behaviour, sentences
from fakes import served as speaking
from served import served, sqlite
from assistant.channels.generations import Generations
from assistant.channels.settings import Settings
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
behaviour = Behaviour(script=sentences("MARS backs up Linux.", "More."))
lent = ExitStack()
url = lent.enter_context(speaking(behaviour))
model = ChatOpenAI(model="fake", base_url=url, api_key="x", max_retries=0, timeout=5)
made = Generations(None, Path(sys.argv[1]), model=model if sys.argv[3] != "plain" else None, read_twice=sys.argv[3] == "twice")
made.open()
with lent, served(made, Settings(state=sqlite(Path(sys.argv[2])))) as house:
    spans.clear()
    httpx.post(f"{house.url}/v1/ask", json={"question": "How does a backup with DPM work?"})
names = {s.context.span_id: s.name for s in spans.get_finished_spans()}
steps = [p.attributes["assistant.step"] for r in reader.get_metrics_data().resource_metrics for s in r.scope_metrics
         for m in s.metrics if m.name == "assistant.step.duration" for p in m.data.data_points]
print(json.dumps(sorted(set(steps))))
print(json.dumps([[s.name, names.get(s.parent.span_id) if s.parent else None, dict(s.attributes)] for s in spans.get_finished_spans()], default=list))
"""


TWICE = SCRIPT.replace("How does a backup with DPM work?", "Can DPM back up a Linux VM?")


def traced(
    home: Path, folder: Path, *options: str
) -> tuple[list[str], list[tuple[str, str | None, dict[str, object]]], str]:
    """The steps that were timed, the spans with their parents, and all that was printed."""
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TWICE if "twice" in options else SCRIPT, str(home), str(folder), *options],
        cwd=root, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    steps, spans = map(json.loads, done.stdout.splitlines()[-2:])
    return steps, spans, done.stdout


def test_with_a_model_its_draft_and_what_is_verified_have_spans_and_no_text(home: Path, tmp_path: Path) -> None:
    steps, spans, printed = traced(home, tmp_path, "model")
    parents = {name: parent for name, parent, _ in spans}
    told = {name: attributes for name, _, attributes in spans}
    assert steps == ["checking", "drafting", "retrieving", "verifying"]
    assert (parents["verifying"], parents["drafting"]) == ("drafting", parents["invoke_agent assistant"])
    drafted = {k: told["drafting"][k] for k in ("gen_ai.request.model", "assistant.sentences.replaced")}
    assert drafted == {"gen_ai.request.model": "fake", "assistant.sentences.replaced": 4}
    assert "backs up Linux" not in printed


def test_a_second_reading_has_a_span_of_its_own_and_no_text(home: Path, tmp_path: Path) -> None:
    steps, spans, printed = traced(home, tmp_path, "twice")
    parents = {name: parent for name, parent, _ in spans}
    told = {name: attributes for name, _, attributes in spans}
    assert steps == ["checking", "drafting", "reading", "retrieving", "verifying"]
    assert (parents["reading"], told["reading"]) == (
        parents["drafting"],
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "fake",
            "gen_ai.usage.input_tokens": 50,
            "gen_ai.usage.output_tokens": 10,
            "assistant.fault": "not in the form that was asked for",
        },
    )
    assert "Can DPM" not in printed


def test_a_question_has_spans_for_the_request_the_answer_and_the_search_and_no_text(home: Path, tmp_path: Path) -> None:
    steps, spans, printed = traced(home, tmp_path, "plain")
    parents = {name: parent for name, parent, _ in spans}
    assert steps == ["checking", "retrieving"]
    line = ["retrieval"]
    while above := parents.get(line[-1]):
        line.append(above)
    assert (line[1], line[-1]) == ("invoke_agent assistant", "POST /v1/ask")
    told = {name: attributes for name, _, attributes in spans}
    assert told["invoke_agent assistant"]["gen_ai.evaluation.score.label"] == "information"
    assert told["retrieval"]["assistant.sections"] != []
    assert "backup with DPM" not in printed
