"""From a planned change to a write: what is wanted of the connector, the intent to store, the report; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connector import Operation, Prepared, Wanted, WantedLine
from sync.lines import LineChange, summary
from sync.links import OTHER, TITLES, Intent, Link, Observation, System, key_of
from sync.plan import Change
from sync.report import Write
from sync.schema import READ_ONLY, Flow, Lines, Pair, Side
from sync.values import Raw, Value


def side_of(flow: Flow, system: System) -> Side:
    """The collection that a flow has in a system."""
    return flow.source if system == "customerp" else flow.target


def path_of(pair: Pair, system: System) -> str:
    """What a property is called in a system."""
    return pair.source if system == "customerp" else pair.target


def lines_path(flow: Flow, system: System) -> str:
    """What the list of lines is called in a system; empty where the flow has none."""
    return "" if flow.lines is None else flow.lines.source if system == "customerp" else flow.lines.target


def names_of(flow: Flow, system: System) -> dict[str, str]:
    """What the flow calls the properties of a system."""
    names = {path_of(pair, system): pair.name for pair in flow.pairs}
    return names if flow.lines is None else names | {lines_path(flow, system): flow.lines.source}


def wanted(flow: Flow, link: Link, system: System, change: Change, raw: Raw | None) -> Wanted:
    """A change in the wire's terms; `raw` is the record as just read, where a guard asked for it."""
    seen = link.observation(system)
    current = seen.values if seen is not None else {}
    assign = {path_of(flow.pair(n), system): _wire(flow.pair(n), system, v) for n, v in change.fields.items()}
    companions = {
        target: _wire(other, system, current[other.name])
        for name in change.fields
        if system == "invoiced" and seen is not None
        for target in flow.pair(name).companions
        for other in flow.pairs
        if other.target == target
    }
    whole = {
        path_of(p, system): _wire(p, system, change.fields.get(p.name, current.get(p.name)))
        for p in flow.pairs
        if p.direction != READ_ONLY[system]
    }
    lines = None
    if change.lines is not None and flow.lines is not None:
        lines = tuple(WantedLine(line.id, _wire_line(flow.lines, system, line)) for line in change.lines)
    return Wanted(
        side_of(flow, system),
        link.id_in(system),
        link.id_in(OTHER[system]) or "",
        assign,
        lines,
        lines_path(flow, system),
        companions,
        whole,
        {path_of(p, system): current.get(p.name) for p in flow.pairs},
        seen.frozen if seen is not None else None,
        seen.version if seen is not None else None,
        raw,
    )


def intent_of(
    flow: Flow,
    link: Link,
    system: System,
    change: Change,
    prepared: Prepared,
    operation: Operation,
    key: str,
    at: float,
) -> Intent:
    """What has to be known of a write to recognise or repeat it after its answer was lost; `at` is the time by now."""
    source = link.erp if system == "invoiced" else link.inv
    before = link.observation(system)
    assert source is not None
    creating = operation.id is None
    fields: dict[str, tuple[Value, Value, Value]] = {}
    for pair in flow.pairs:
        if creating and pair.direction != READ_ONLY[system] and pair.name not in change.fields:
            fields[pair.name] = (source.values[pair.name], None, None)
        elif path_of(pair, system) in prepared.covers and pair.name in change.fields:
            old = before.values[pair.name] if before is not None else None
            fields[pair.name] = (source.values[pair.name], change.fields[pair.name], old)
    lines = None
    if change.lines is not None and lines_path(flow, system) in prepared.covers:
        lines = tuple(
            {
                "id": line.id,
                "counterpart": line.counterpart,
                "values": line.values,
                "sent_from": line.sent_from,
                "whole": _whole(line, before),
            }
            for line in change.lines
        )
    return Intent(system, operation.name, operation.object, operation.id, operation.stored(), fields, lines, key, at)


def report_of(flow: Flow, link: Link, intent: Intent) -> Write:
    """A write as people read it: before and after by the property's name in that system."""
    fields: dict[str, tuple[Any, Any]] = {
        path_of(flow.pair(name), intent.system): (before, desired)
        for name, (_, desired, before) in intent.fields.items()
        if (before, desired) != (None, None)
    }
    if intent.lines is not None:
        held = link.observation(intent.system)
        fields[lines_path(flow, intent.system)] = (
            summary(held.lines) if held is not None and intent.id is not None else None,
            [dict(line["whole"]) for line in intent.lines],
        )
    kind = side_of(flow, intent.system).type
    return Write(flow.id, intent.system, intent.operation, kind, key_of(flow.match.name, link), fields)


def extra_report(flow: Flow, intent: Intent, body: Mapping[str, Any], kind: str) -> Write:
    """A record that was made on the side."""
    fields = {name: (None, _shown(value)) for name, value in body.items()}
    return Write(flow.id, intent.system, "create", kind, str(body.get("id")), fields)


def waiting_for(flow: Flow, id_: str, link: Link | None, stuck: bool) -> str:
    """Why a record waits, naming the record of Customerp that it refers to."""
    if link is None:
        return f"waits for the {flow.source.type} {id_}, which {TITLES['customerp']} has not shown"
    name = f"the {flow.source.type} {id_ if link.erp is None else link.erp.values[flow.match.name]}"
    return f"waits for {name}, which is " + (f"stuck: {link.reason}" if stuck else "not linked yet")


def _wire(pair: Pair, system: System, value: Value) -> Any:
    return (pair.converter.wire_source if system == "customerp" else pair.converter.wire_target)(value)


def _wire_line(lines: Lines, system: System, change: LineChange) -> dict[str, Any]:
    return {
        path_of(pair, system): _wire(pair, system, change.values[pair.name])
        for pair in lines.pairs
        if pair.name in change.values
    }


def _whole(change: LineChange, before: Observation | None) -> dict[str, Value]:
    old = {line.id: line.values for line in before.lines} if before is not None else {}
    return {**old.get(change.id or "", {}), **change.values}


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
