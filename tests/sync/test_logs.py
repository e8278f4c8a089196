"""What logs and telemetry say of a run: enough to operate it, and nothing of a record."""

from __future__ import annotations

import io
import json
from typing import Any

from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from counterpart.emulators import CUSTOMERP_TOKEN, INVOICED_KEY
from sync.events import CallEnded, Event
from sync.logs import logger
from sync.telemetry import measured

NAME, MAIL = "Astrid Lindgren", "astrid@example.com"


def run(world: Any) -> list[Event]:
    """The events of a run that links one customer and has one refused."""
    events: list[Event] = []
    world.erp.create("customers", number="K-1", name=NAME, email=MAIL)
    world.erp.create("customers", number="K-2", name=NAME, email="astrid@localhost")
    world.listen = events.append
    world.run()
    return events


def test_a_run_as_json_lines(world: Any) -> None:
    stream = io.StringIO()
    tell = logger(stream, level="info", form="json")
    for event in run(world):
        tell(event)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["level"], line["event"]) for line in lines] == [
        ("info", "run started"),
        ("info", "write settled"),
        ("warning", "link rested"),
        ("info", "run ended"),
    ]
    [write] = [line for line in lines if line["event"] == "write settled"]
    assert {name: write[name] for name in ("flow", "link", "system", "operation")} == {
        "flow": "customer-company",
        "link": 1,
        "system": "invoiced",
        "operation": "create",
    }


def test_the_level_decides_what_is_worth_a_line(world: Any) -> None:
    stream = io.StringIO()
    tell = logger(stream, level="warning")
    for event in run(world):
        tell(event)
    assert [" ".join(line.split("]")[1].split()[:2]) for line in stream.getvalue().splitlines()] == ["link rested"]


def test_a_call_is_worth_a_warning_unless_its_record_tells_what_became_of_it() -> None:
    stream = io.StringIO()
    tell = logger(stream, level="warning", form="json")
    for status in (200, 400, 401, 403, 404, 412, 422, 429, 500, 503, None):
        tell(CallEnded("invoiced", "POST", status, 0.1))
    told = [json.loads(line)["status"] for line in stream.getvalue().splitlines()]
    assert told == [401, 403, 429, 500, 503, None]


def test_neither_logs_nor_telemetry_say_anything_of_a_person_or_a_credential(world: Any) -> None:
    stream, reader, spans = io.StringIO(), InMemoryMetricReader(), InMemorySpanExporter()
    tell = logger(stream, level="debug")
    with measured(reader, SimpleSpanProcessor(spans)) as measure:
        for event in run(world):
            tell(event)
            measure(event)
        metrics = reader.get_metrics_data()
    said = (
        stream.getvalue()
        + (metrics.to_json() if metrics else "")
        + "".join(span.to_json() for span in spans.get_finished_spans())
    )
    assert "counterpart.call.duration" in said
    assert [word for word in (NAME, MAIL, "K-1", "K-2", CUSTOMERP_TOKEN, INVOICED_KEY) if word in said] == []


def test_a_run_in_numbers(world: Any) -> None:
    reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
    with measured(reader, SimpleSpanProcessor(spans)) as measure:
        for event in run(world):
            measure(event)
        metrics = reader.get_metrics_data()
    assert metrics is not None
    [[found]] = [resource.scope_metrics for resource in metrics.resource_metrics]
    counts = {
        (metric.name, tuple(sorted(point.attributes.items()))): getattr(point, "value", None) or point.count
        for metric in found.metrics
        for point in metric.data.data_points
    }
    written = (("flow", "customer-company"), ("operation", "create"), ("system", "invoiced"))
    assert counts["counterpart.writes", written] == 1
    assert counts["counterpart.link.duration", (("flow", "customer-company"), ("state", "needs_attention"))] == 1
    assert counts["counterpart.run.duration", (("ending", "rest"),)] == 1
    assert {span.name for span in spans.get_finished_spans()} == {
        "run",
        "reconcile",
        "GET customerp",
        "GET invoiced",
        "POST invoiced",
    }
