"""OpenTelemetry's view of the corridor: a span for each question and for each search. No text of any question.

Without an SDK in the process the spans are nothing and cost some microseconds.
"""

from __future__ import annotations

from opentelemetry import trace

from assistant.engine import Assistant
from assistant.types import Answer, Hit

tracer = trace.get_tracer("assistant")


class Traced(Assistant):
    """The assistant, telling of its steps in the words of the GenAI conventions."""

    def settle(self, question: str, after: Answer | None = None) -> Answer:
        """As `Assistant.settle`, in a span that holds the verdict and the rules that decided."""
        with tracer.start_as_current_span("invoke_agent assistant") as span:
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

    def search(self, query: str, k: int = 5) -> list[Hit]:
        """As `Assistant.search`, in a span that holds what was found."""
        with tracer.start_as_current_span("retrieval") as span:
            hits = super().search(query, k)
            span.set_attributes(
                {
                    "gen_ai.operation.name": "retrieval",
                    "assistant.sections": [h.section.id for h in hits],
                    "assistant.degraded": self.degraded,
                }
            )
            return hits
