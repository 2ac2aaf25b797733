"""Counts and times for Prometheus; no text of any question."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from assistant.types import GONE, Answer, Draft, Second

MEDIA = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MODEL = ("engine", "model", "task")


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "assistant_http_requests", "Requests by route, method and status.", ("route", "method", "status"),
            registry=self._registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "assistant_http_request_seconds", "Time of requests.", ("route",), buckets=_SECONDS, registry=self._registry
        )
        self.answers = Counter(
            "assistant_answers", "Answers by channel, status and engine.", ("channel", "status", "engine"),
            registry=self._registry,
        )  # fmt: skip
        self.model_results = Counter(
            "assistant_model_results",
            "What came of a chat model's tasks; draft: kept, mended, given_up; second: same, differs, given_up; both: stopped.",
            (*_MODEL, "result"), registry=self._registry,
        )  # fmt: skip
        self.model_tokens = Counter(
            "assistant_model_tokens", "Tokens that a chat model read (in) and wrote (out).", (*_MODEL, "direction"),
            registry=self._registry,
        )  # fmt: skip
        self.model_seconds = Histogram(
            "assistant_model_seconds", "Time of a chat model's tasks.", _MODEL, buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self.model_cost = Counter(
            "assistant_model_cost", "Cost of a chat model's tokens, in the currency of the price that was given.", _MODEL,
            registry=self._registry,
        )  # fmt: skip
        self.refused = Counter(
            "assistant_refused", "Questions refused because too many were waiting.", registry=self._registry
        )
        self.waiting = Gauge("assistant_waiting", "Questions waiting or being answered.", registry=self._registry)
        self.generation = Gauge(
            "assistant_generation", "1 for the pack that answers now.", ("pack",), registry=self._registry
        )

    def answers_from(self, pack: str) -> None:
        """Name the generation that answers now."""
        self.generation.clear()
        self.generation.labels(pack).set(1)

    def answered(self, channel: str, answer: Answer) -> None:
        """Count an answer that leaves."""
        self.answers.labels(channel, answer.status, answer.engine).inc()

    def spent(self, answer: Answer) -> None:
        """Count what a chat model did for an answer and what it took, whether the answer leaves or not."""
        if answer.draft:
            self._spent(answer.engine, "draft", _drafted(answer.draft), answer.draft)
        if answer.second:
            self._spent(answer.engine, "second", _read(answer.second), answer.second)

    def _spent(self, engine: str, task: str, result: str, told: Draft | Second) -> None:
        by = (engine, told.model, task)
        self.model_results.labels(*by, result).inc()
        self.model_tokens.labels(*by, "in").inc(told.input_tokens)
        self.model_tokens.labels(*by, "out").inc(told.output_tokens)
        self.model_seconds.labels(*by).observe(told.seconds)
        if told.cost is not None:
            self.model_cost.labels(*by).inc(told.cost)

    def page(self) -> bytes:
        """Everything in Prometheus' text form."""
        return generate_latest(self._registry)


def _drafted(draft: Draft) -> str:
    """Whether a draft was shown as it is, with some of its sentences replaced, not at all, or stopped by whoever had asked."""
    if draft.fault == GONE:
        return "stopped"
    return "given_up" if not draft.kept else "mended" if draft.replaced or draft.fault else "kept"


def _read(second: Second) -> str:
    if second.fault == GONE:
        return "stopped"
    return "given_up" if second.fault else "differs" if second.differs else "same"
