"""Counts and times for Prometheus; no text of any question."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MEDIA = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


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

    def page(self) -> bytes:
        """Everything in Prometheus' text form."""
        return generate_latest(self._registry)
