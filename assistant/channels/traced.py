"""OpenTelemetry's view of the corridor: spans and times of its steps, and which step it is at. No text of any question.

Without an SDK in the process the spans and times are nothing and cost some microseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Literal

from opentelemetry import metrics, trace
from opentelemetry.trace import Span

from assistant.engine import Assistant
from assistant.second import SecondReader
from assistant.types import Answer, Draft, Facts, Hit, Second, Verification
from assistant.verify import Verifier

Step = Literal["checking", "reading", "retrieving", "drafting", "verifying"]
tracer = trace.get_tracer("assistant")
_seconds = metrics.get_meter("assistant").create_histogram("assistant.step.duration", "s", "Time of a corridor's step.")
_SPANS: dict[Step, str] = {"checking": "invoke_agent assistant", "retrieving": "retrieval"}
_hears: ContextVar[Callable[[Step], None] | None] = ContextVar("hears", default=None)


@contextmanager
def telling(hear: Callable[[Step], None]) -> Iterator[None]:
    """Within it, `hear` is called with the name of each step that begins."""
    token = _hears.set(hear)
    try:
        yield
    finally:
        _hears.reset(token)


@contextmanager
def _step(step: Step) -> Iterator[Span]:
    if hear := _hears.get():
        hear(step)
    began = time.perf_counter()
    with tracer.start_as_current_span(_SPANS.get(step, step)) as span:
        try:
            yield span
        finally:
            _seconds.record(time.perf_counter() - began, {"assistant.step": step})


class Traced(Assistant):
    """The assistant, telling of its steps in the words of the GenAI conventions."""

    def settle(self, question: str, after: Answer | None = None) -> Answer:
        """As `Assistant.settle`, in a span that holds the verdict and the rules that decided."""
        with _step("checking") as span:
            answer = super().settle(question, after)
            span.set_attributes(
                {
                    "gen_ai.operation.name": "invoke_agent",
                    "gen_ai.agent.name": "assistant",
                    "gen_ai.evaluation.name": "verdict",
                    "gen_ai.evaluation.score.label": answer.status,
                    "assistant.rules": [f.rule_id for f in answer.findings],
                    "assistant.pack": answer.pack,
                    "assistant.engine": answer.engine,
                    "assistant.follow_up": after is not None,
                }
            )
            return answer

    def draft(self, answer: Answer, stopped: Callable[[], str] = str) -> Iterator[str | Answer]:
        """As `Assistant.draft`, with a chat model in a span that holds what became of its sentences."""
        if self.drafter is None:
            yield from super().draft(answer)
            return
        with _step("drafting") as span:
            for piece in super().draft(answer, stopped):
                if isinstance(piece, Answer) and (draft := piece.draft):
                    span.set_attributes(
                        {
                            **_called(draft),
                            "assistant.sentences.kept": draft.kept,
                            "assistant.sentences.replaced": draft.replaced,
                        }
                    )
                yield piece

    def search(self, query: str, k: int = 5, known: str = "") -> list[Hit]:
        """As `Assistant.search`, in a span that holds what was found."""
        with _step("retrieving") as span:
            hits = super().search(query, k, known)
            span.set_attributes(
                {
                    "gen_ai.operation.name": "retrieval",
                    "assistant.sections": [h.section.id for h in hits],
                    "assistant.degraded": self.degraded,
                }
            )
            return hits

    @cached_property
    def verifier(self) -> Verifier:
        """Reads claims in spans."""
        return _Verifier(self.pack, self.reader.vocabulary, self.checker)

    @cached_property
    def second(self) -> SecondReader | None:
        """Reads questions in spans, where that was asked for."""
        plain = super().second
        return plain and _SecondReader(plain.pack, plain.model, plain.price)


class _Verifier(Verifier):
    def verify(self, text: str) -> Verification:
        """As `Verifier.verify`, in a span that holds how many claims stand how."""
        with _step("verifying") as span:
            found = super().verify(text)
            span.set_attributes({"assistant.claims": len(found.claims)})
            return found


class _SecondReader(SecondReader):
    def read(self, question: str, before: Facts, names: Sequence[str]) -> Second:
        """As `SecondReader.read`, in a span that holds what it took."""
        with _step("reading") as span:
            found = super().read(question, before, names)
            span.set_attributes(_called(found))
            return found


def _called(told: Draft | Second) -> dict[str, str | int]:
    """What a call of a chat model took."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": told.model,
        "gen_ai.usage.input_tokens": told.input_tokens,
        "gen_ai.usage.output_tokens": told.output_tokens,
        "assistant.fault": told.fault.partition(":")[0],
    }
