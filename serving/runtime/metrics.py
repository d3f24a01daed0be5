"""Metrics of the service for Prometheus; they hold no lead and no name."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from governance.rules.outcome import Outcome

# Around what DESIGN's figures allow: 15 ms for an event on SQLite, 25 on PostgreSQL.
_SECONDS = (0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class Metrics:
    """Counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Histogram(
            "frein_call_seconds",
            "Calls by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._events = Counter(
            "frein_events", "Events that were stored.", registry=self.registry
        )
        self._outcomes = Counter(
            "frein_rule_outcomes",
            "What became of rules that were set off.",
            ("fate",),
            registry=self.registry,
        )
        self._exceptions = Counter(
            "frein_exceptions",
            "Tasks opened because a person must look.",
            ("kind",),
            registry=self.registry,
        )
        self._ticked = Gauge(
            "frein_last_tick_timestamp_seconds",
            "When this process ticked last.",
            registry=self.registry,
        )
        self._is_whole = Gauge(
            "frein_audit_whole", "Is the audit's chain whole?", registry=self.registry
        )
        self._n_faults = Gauge(
            "frein_audit_faults",
            "Where the tables said otherwise than the audit, the last night.",
            registry=self.registry,
        )

    def note_call(
        self, method: str, route: str | None, status: int, seconds: float
    ) -> None:
        """`route` None: the call met none, and its method is the caller's invention."""
        labels = (method, route) if route is not None else ("none", "none")
        self._calls.labels(*labels, str(status)).observe(seconds)

    def note_events(self, n: int) -> None:
        self._events.inc(n)

    def note_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self._outcomes.labels(outcome.result.value).inc()

    def note_exceptions(self, kinds: Iterable[str]) -> None:
        for kind in kinds:
            self._exceptions.labels(kind).inc()

    def note_tick(self, timestamp: float) -> None:
        self._ticked.set(timestamp)

    def text(self, *, is_whole: bool, n_faults: int) -> bytes:
        """As Prometheus reads it; `is_whole`: the audit's chain."""
        self._is_whole.set(is_whole)
        self._n_faults.set(n_faults)
        return generate_latest(self.registry)
