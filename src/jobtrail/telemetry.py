"""Every metric and log event of the service, declared once.

``METRICS`` says what each metric means and what to do when it moves; a name that is not declared
here cannot be counted. Counting is adding to an integer in the one thread that owns it, since it
stands on the hot path; ``prometheus-client`` only renders.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import structlog

from jobtrail.settings import Settings


class Metric(NamedTuple):
    """One metric: its kind, its labels, its meaning and what to do when it moves."""

    kind: Literal["counter", "gauge"]
    labels: tuple[str, ...]
    meaning: str
    advice: str


METRICS: dict[str, Metric] = {
    "jobtrail_requests": Metric(
        "counter",
        ("api", "outcome"),
        "Recording requests answered, by how they came and what became of the event.",
        "A growing share of rejected events: look at jobtrail_rejections by reason.",
    ),
    "jobtrail_rejections": Metric(
        "counter",
        ("reason",),
        "Events rejected, by reason; see the reference of reasons.",
        "One reason rising is usually one client's new version: read /v1/{parent}/rejectedEvents.",
    ),
    "jobtrail_checks": Metric(
        "counter",
        ("check",),
        "Admitted events that were flagged at admission, by check.",
        "create_time_* rising: a client's clock or time zone is wrong.",
    ),
    "jobtrail_failures": Metric(
        "counter",
        ("code",),
        "Recording requests that were not acknowledged for a reason of ours, by code.",
        "RESOURCE_EXHAUSTED: disk or queue is full. UNAVAILABLE: the log cannot be written.",
    ),
    "jobtrail_log_end_offset": Metric(
        "gauge",
        (),
        "Events in the log since it began: the next offset.",
        "Flat while clients record: nothing is acknowledged, look at jobtrail_log_is_writable.",
    ),
    "jobtrail_log_queued_events": Metric(
        "gauge",
        (),
        "Events that wait for the next commit.",
        "Near queue_events_max: the disk is too slow for the load.",
    ),
    "jobtrail_log_queued_bytes": Metric(
        "gauge", (), "Bytes that wait for the next commit.", "As for the queued events."
    ),
    "jobtrail_log_commits": Metric(
        "counter",
        (),
        "Transactions that became durable.",
        "events / commits is how many share one fsync.",
    ),
    "jobtrail_log_is_writable": Metric(
        "gauge",
        (),
        "1 while the log takes events, 0 while it recovers from a failure.",
        "0: free space under the data folder, or look for I/O errors in the kernel log.",
    ),
    "jobtrail_engine_is_up": Metric(
        "gauge",
        (),
        "1 while the engine answers.",
        "0: reports are away and recording goes on; the engine's messages say why.",
    ),
    "jobtrail_engine_requests": Metric(
        "counter",
        ("route", "status"),
        "Requests for pages and reports answered by the engine, by route and HTTP status.",
        "429 rising: more reports are asked for than the engine may run at once. 5xx: see its log.",
    ),
    "jobtrail_engine_queries": Metric(
        "gauge",
        (),
        "Queries of the store that run or wait now.",
        "Near queries_waiting_max: reports are slow; ask for shorter times, or less often.",
    ),
    "jobtrail_engine_streams": Metric(
        "gauge",
        (),
        "Event streams that are open now.",
        "Near streams_max: clients do not close their streams.",
    ),
    "jobtrail_engine_memory_bytes": Metric(
        "gauge",
        (),
        "Resident memory of the engine's process.",
        "Growing without an end: lower query_memory_bytes_max, and report it.",
    ),
    "jobtrail_store_loaded_offset": Metric(
        "gauge",
        (),
        "Events of the log that are in the tables: the next offset to load.",
        "Flat while jobtrail_log_end_offset grows: the engine's log says why nothing is loaded.",
    ),
    "jobtrail_store_lag_events": Metric(
        "gauge",
        (),
        "Events of the log that no report counts yet.",
        "Growing: more is recorded than can be loaded; it catches up by itself, nothing is lost.",
    ),
    "jobtrail_store_lag_ms": Metric(
        "gauge",
        (),
        "Milliseconds since all of the log was in the tables; 0 when all of it is.",
        "Above 2000: an acknowledged event is not in reports as soon as promised.",
    ),
}


class Counters:
    """Counts by metric and label values; not thread-safe, each belongs to one thread."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, tuple[str, ...]]] = Counter()

    def add(self, name: str, *labels: str, count: int = 1) -> None:
        """Add *count* to the metric *name* with its label values in declared order."""
        self._counts[name, labels] += count

    def items(self) -> Iterator[tuple[str, tuple[str, ...], int]]:
        """Yield every counted metric, its label values and its count."""
        for (name, labels), count in self._counts.items():
            yield name, labels, count


def render(counters: Counters, gauges: Mapping[str, float]) -> bytes:
    """Render counters and gauges in the text format that Prometheus reads.

    Raises:
        KeyError: For a name that is not declared in ``METRICS``.
    """
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.core import (  # noqa: PLC0415
        CounterMetricFamily,
        GaugeMetricFamily,
    )
    from prometheus_client.core import Metric as Family  # noqa: PLC0415

    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
    rows = [*counters.items(), *((name, (), value) for name, value in gauges.items())]
    for name, labels, value in rows:
        declared = METRICS[name]
        if name not in families:
            kind = CounterMetricFamily if declared.kind == "counter" else GaugeMetricFamily
            families[name] = kind(name, declared.meaning, labels=declared.labels)
        families[name].add_metric(labels, value)

    class _Snapshot:
        def collect(self) -> Iterator[Family]:
            yield from families.values()

    registry = CollectorRegistry()
    registry.register(_Snapshot())
    return generate_latest(registry)


def configure_logging(settings: Settings, *, process: str) -> structlog.stdlib.BoundLogger:
    """Write log events to standard error as text or JSON lines; return the process's logger."""
    as_text = settings.log_format == "text" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if as_text else structlog.processors.JSONRenderer()
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logger: structlog.stdlib.BoundLogger = structlog.get_logger().bind(process=process)
    return logger
