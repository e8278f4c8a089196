"""What becomes of a call that a fault strikes, and of the news of a change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from counterpart.emulators.emulator import Emulator
from counterpart.emulators.errors import MalformedJson
from counterpart.emulators.faults import Fault
from counterpart.emulators.jsontext import decode, encode
from counterpart.emulators.wire import Delivery, Request, Response

Ending = Literal["whole", "truncated", "reset", "timeout"]

_GATEWAY = b"<html><head><title>%d</title></head><body><h1>%d</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the caller is to see: an answer after a wait, whole or broken off, or none at all."""

    response: Response | None
    wait: float = 0.0
    ending: Ending = "whole"


def answer(emulator: Emulator, request: Request) -> Outcome:
    """What becomes of a request, with the fault that strikes it, if any."""
    fault = emulator.faults.call(request)
    if fault is None:
        response = emulator.handle(request)
        if emulator.faults.armed:
            emulator.faults.passed(request, response)
        return Outcome(response)
    match fault.kind:
        case "latency":
            return Outcome(emulator.handle(request), wait=fault.seconds)
        case "timeout-before":
            return Outcome(None, wait=fault.seconds, ending="timeout")
        case "timeout-after":
            emulator.handle(request)
            return Outcome(None, wait=fault.seconds, ending="timeout")
        case "reset-before":
            return Outcome(None, ending="reset")
        case "reset-after":
            emulator.handle(request)
            return Outcome(None, ending="reset")
        case "401" | "429" | "500":
            return Outcome(emulator.failure(int(fault.kind)))
        case "502" | "503":
            return Outcome(_of_gateway(emulator, int(fault.kind)))
        case "504":
            # The proxy gave up waiting; the API went on.
            emulator.handle(request)
            return Outcome(_of_gateway(emulator, 504))
        case "ignored-field" | "truncated-text":
            return Outcome(emulator.handle(_altered(request, fault)))
        case "overtaken":
            emulator.handle(_ahead(request, fault))
            return Outcome(emulator.handle(request))
        case "outdated":
            return Outcome(_outdated(emulator.handle(request), emulator.faults.early(request)))
        case "clock-skew":
            true, emulator.clock = emulator.clock, emulator.clock.shifted(fault.seconds)
            try:
                return Outcome(emulator.handle(request))
            finally:
                emulator.clock = true
        case _:
            return _spoilt(emulator.handle(request), fault)


def deliveries(emulator: Emulator) -> list[Delivery]:
    """The webhook calls to make now, in the order in which to make them; a duplicate stands twice."""
    made: list[Delivery] = []
    held: list[Delivery] = []
    for delivery in emulator.due():
        if emulator.faults.event("webhook-reordered", delivery.name):
            held.append(delivery)
            continue
        made.append(delivery)
        if emulator.faults.event("webhook-duplicated", delivery.name):
            made.append(delivery)
        made += held
        held.clear()
    return made + held


def _altered(request: Request, fault: Fault) -> Request:
    """The request as a service reads it that overlooks an attribute, or keeps only the start of its text."""
    try:
        body = decode(request.body) if request.body else None
    except MalformedJson:
        return request
    if not isinstance(body, dict) or fault.field not in body:
        return request
    if fault.kind == "ignored-field":
        del body[fault.field]
    elif isinstance(body[fault.field], str):
        body[fault.field] = body[fault.field][: fault.length]
    return replace(request, body=encode(body).encode())


def _of_gateway(emulator: Emulator, status: int) -> Response:
    """Not the API answers but the proxy before it, which speaks HTML."""
    headers = (("Date", emulator.clock.http_date()), ("Content-Type", "text/html"))
    return Response(status, headers, _GATEWAY % (status, status))


def _ahead(request: Request, fault: Fault) -> Request:
    """The change that somebody else makes to the same record just before; bound to no version, under no key."""
    headers = {name: value for name, value in request.headers.items() if name not in ("if-match", "idempotency-key")}
    return replace(request, method="PATCH", headers=headers, body=encode({fault.field: fault.value}).encode())


def _outdated(now: Response, early: Response | None) -> Response:
    """What a copy that lags behind answers: at the time of now what was there then."""
    if early is None:
        return now
    dates = tuple(header for header in now.headers if header[0] == "Date")
    return replace(early, headers=tuple(header for header in early.headers if header[0] != "Date") + dates)


def _without_rows(response: Response) -> Response:
    """The answer as if nothing were there: a bare list, or a page that holds one."""
    value = decode(response.body)
    if isinstance(value, dict):
        value = {name: [] if isinstance(each, list) else each for name, each in value.items()}
    return replace(response, body=encode([] if isinstance(value, list) else value).encode())


def _without_field(response: Response, name: str) -> Response:
    """The answer in which its record, or each record of its list, lacks an attribute."""

    def lacking(value: Any) -> Any:
        if isinstance(value, list):
            return [lacking(each) for each in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("data"), list):
            return value | {"data": lacking(value["data"])}
        return {key: each for key, each in value.items() if key != name}

    return replace(response, body=encode(lacking(decode(response.body))).encode())


def _spoilt(response: Response, fault: Fault) -> Outcome:
    if fault.kind == "truncated-body":
        return Outcome(response, ending="truncated")
    if fault.kind == "empty-list":
        return Outcome(_without_rows(response))
    if fault.kind == "missing-field":
        return Outcome(_without_field(response, fault.field))
    if fault.kind == "malformed-json":
        # One character short: the message is whole for HTTP, and no JSON.
        return Outcome(replace(response, body=response.body[:-1]))
    headers = tuple(
        (name, "text/html" if name.lower() == "content-type" else value) for name, value in response.headers
    )
    return Outcome(replace(response, headers=headers))
