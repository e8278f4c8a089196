"""Metrics and spans by OpenTelemetry, where an operator has named a collector; nothing is sent otherwise.

Attributes are flow, system, operation, state and status: no record's key, no value, no credential.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from time import time_ns
from typing import TYPE_CHECKING, Any

from sync.errors import ConfigError
from sync.events import CallEnded, Event, LinkRested, Listener, RunEnded, RunStarted, RunStopped, WriteSettled

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import SpanProcessor

SERVICE = "counterpart"


@contextmanager
def exported(endpoint: str) -> Iterator[Listener]:
    """A listener that sends to a collector (OTLP over HTTP), and on leaving sends what is left.

    Raises ConfigError where the extra `telemetry` is not installed.
    """
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter") is None:
        raise ConfigError(
            "telemetry: OpenTelemetry is not installed. Install counterpart[telemetry], or empty endpoint."
        )
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    base = endpoint.rstrip("/")
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{base}/v1/metrics"))
    with measured(reader, BatchSpanProcessor(OTLPSpanExporter(f"{base}/v1/traces"))) as listener:
        yield listener


@contextmanager
def measured(reader: MetricReader, processor: SpanProcessor) -> Iterator[Listener]:
    """A listener that counts into a metric reader and hands spans to a processor; both end with it."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    resource = Resource.create({"service.name": SERVICE, "service.version": version(SERVICE)})
    meters = MeterProvider([reader], resource=resource)
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(processor)
    try:
        yield _Instruments(meters.get_meter(SERVICE), tracers.get_tracer(SERVICE))
    finally:
        tracers.shutdown()
        meters.shutdown()


class _Instruments:
    """Turns events into measurements: durations are in seconds, as the semantic conventions have them."""

    def __init__(self, meter: Any, tracer: Any) -> None:
        self._tracer = tracer
        self._calls = meter.create_histogram("counterpart.call.duration", "s", "Calls to a system")
        self._links = meter.create_histogram("counterpart.link.duration", "s", "Bringing one link to rest")
        self._writes = meter.create_counter("counterpart.writes", "{write}", "Writes whose answer is stored")
        self._runs = meter.create_histogram("counterpart.run.duration", "s", "Runs, from start to rest")
        self._reads = meter.create_counter("counterpart.reads", "{call}", "Reading calls of whole runs")

    def __call__(self, event: Event) -> None:
        match event:
            case CallEnded(system, method, status, seconds):
                of = {"system": system, "http.request.method": method, "http.response.status_code": status or 0}
                self._calls.record(seconds, of)
                self._span(f"{method} {system}", seconds, of, failed=status is None or status >= 500)
            case LinkRested(flow, link, state, seconds):
                self._links.record(seconds, {"flow": flow, "state": str(state)})
                self._span("reconcile", seconds, {"flow": flow, "link": link, "state": str(state)})
            case WriteSettled(flow, _, system, operation, _):
                self._writes.add(1, {"flow": flow, "system": system, "operation": operation})
            case RunEnded(seconds, reads, writes, conflicts, notices):
                self._runs.record(seconds, {"ending": "rest"})
                self._reads.add(reads)
                counts = {"reads": reads, "writes": writes, "conflicts": conflicts, "notices": notices}
                self._span("run", seconds, counts)
            case RunStopped(system, _, seconds):
                self._runs.record(seconds, {"ending": "stopped"})
                self._span("run", seconds, {"system": system}, failed=True)
            case RunStarted():
                pass

    def _span(self, name: str, seconds: float, attributes: dict[str, Any], *, failed: bool = False) -> None:
        from opentelemetry.trace import Status, StatusCode

        end = time_ns()
        span = self._tracer.start_span(name, start_time=end - int(seconds * 1e9), attributes=attributes)
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)
