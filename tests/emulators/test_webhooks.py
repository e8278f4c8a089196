"""Webhooks of both systems: signed, tried again as the clock goes on, given up in the end."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from counterpart.emulators import Courier, Delivery, Fault, Switches, deliver
from counterpart.emulators.courier import post

URL = "http://127.0.0.1:9/hook"


class Listener:
    """Somebody who is told; answers with the statuses given, then with 200."""

    def __init__(self, *statuses: int | None) -> None:
        self._statuses = list(statuses)
        self.heard: list[Delivery] = []

    def __call__(self, delivery: Delivery) -> int | None:
        self.heard.append(delivery)
        return self._statuses.pop(0) if self._statuses else 200

    @property
    def types(self) -> list[str]:
        return [delivery.name for delivery in self.heard]


@pytest.fixture
def hooked(invoiced: Any) -> Any:
    invoiced.json("POST /webhooks", {"url": URL})
    return invoiced


def test_a_delivery_is_the_event_signed(hooked: Any) -> None:
    hooked.json("PATCH /customers/70001", {"name": "Ü/Ö"})
    listener = Listener()
    assert deliver(hooked.emulator, listener) == 1
    (delivery,) = listener.heard
    secret = hooked.json("GET /webhooks/4001?include=secret")["secret"]
    assert len(secret) == 32
    assert delivery.url == URL
    assert dict(delivery.headers) == {
        "Content-Type": "application/json",
        "User-Agent": "Invoiced/1.0",
        "X-Invoiced-Signature": hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest(),
    }
    assert b'"name":"\\u00dc\\/\\u00d6"' in delivery.body
    assert json.loads(delivery.body) == hooked.json("GET /events/9300002")
    assert deliver(hooked.emulator, listener) == 0


def test_a_failed_delivery_is_tried_again_each_hour_with_the_same_bytes(hooked: Any) -> None:
    hooked.json("PATCH /customers/70001", {"name": "B"})
    listener = Listener(500, None, 302)
    for seconds in (0, 3599, 1, 3600, 3600, 3600):
        hooked.clock.advance(seconds)
        deliver(hooked.emulator, listener)
    assert len(listener.heard) == 4
    assert len({delivery.body for delivery in listener.heard}) == 1
    (attempt,) = hooked.json("GET /webhook_attempts")
    assert [entry["status_code"] for entry in attempt["attempts"]] == [500, None, 302, 200]
    assert attempt["next_attempt"] is None


@pytest.mark.parametrize(("statuses", "attempts"), [([500] * 60, 48), ([410], 1)], ids=["48 failures", "gone"])
def test_a_delivery_given_up_disables_every_webhook_of_its_address(
    hooked: Any, statuses: list[int], attempts: int
) -> None:
    hooked.json("POST /webhooks", {"url": URL, "events": ["invoice.created"]})
    hooked.json("POST /webhooks", {"url": URL + "2", "events": ["invoice.created"]})
    hooked.json("PATCH /customers/70001", {"name": "B"})
    listener = Listener(*statuses)
    for _ in range(60):
        deliver(hooked.emulator, listener)
        hooked.clock.advance(3600)
    assert len(listener.heard) == attempts
    assert [webhook["enabled"] for webhook in hooked.json("GET /webhooks")] == [False, False, True]


def test_a_retry_by_hand_does_not_wait_for_the_hour(hooked: Any) -> None:
    hooked.json("PATCH /customers/70001", {"name": "B"})
    listener = Listener(500)
    deliver(hooked.emulator, listener)
    hooked.json("POST /webhook_attempts/6001/retries", {})
    assert deliver(hooked.emulator, listener) == 1


def test_time_alone_makes_news(hooked: Any) -> None:
    hooked.json("POST /invoices", {"customer": 70001, "items": [{"unit_cost": 5}], "due_date": 1772409600})
    hooked.clock.advance(86400)
    listener = Listener()
    deliver(hooked.emulator, listener)
    assert listener.types == ["invoice.created", "invoice.updated"]
    assert json.loads(listener.heard[1].body)["data"]["previous"]["status"] == "not_sent"
    assert hooked.json("GET /events?from=invoiced")[0]["type"] == "invoice.updated"


def test_the_log_tells_people_from_programs(hooked: Any) -> None:
    hooked.json("PATCH /customers/70001", {"name": "by a program"})
    hooked.emulator.actor = 7
    hooked.json("PATCH /customers/70001", {"name": "by somebody"})
    named = {
        actor: [event["data"]["object"]["name"] for event in hooked.json(f"GET /events?from={actor}&type=customer")]
        for actor in ("api", "team", "invoiced")
    }
    assert named == {"api": ["by a program", "A"], "team": ["by somebody"], "invoiced": []}


@pytest.mark.parametrize(
    ("kind", "path", "types"),
    [
        ("webhook-duplicated", "customer.*", ["customer.updated", "customer.updated", "invoice.created"]),
        ("webhook-reordered", "customer.updated", ["invoice.created", "customer.updated"]),
        ("event-lost", "customer.*", ["invoice.created"]),
    ],
)
def test_news_can_come_twice_late_or_never(hooked: Any, kind: Any, path: str, types: list[str]) -> None:
    hooked.emulator.faults.arm(Fault(kind, path=path))
    hooked.json("PATCH /customers/70001", {"name": "B"})
    hooked.json("POST /invoices", {"customer": 70001})
    listener = Listener()
    deliver(hooked.emulator, listener)
    assert listener.types == types
    assert len(hooked.json("GET /events")) == 3 - (kind == "event-lost")


def test_customerp_tells_of_a_change_signed_with_the_moment(customerp: Any) -> None:
    customerp.emulator.subscribe(URL, "s3cret")
    customerp.json("POST /customers", {"number": "K-1", "name": "A"})
    listener = Listener(503)
    deliver(customerp.emulator, listener)
    customerp.clock.advance(60)
    deliver(customerp.emulator, listener)
    first, second = listener.heard
    assert json.loads(first.body) == customerp.json("GET /changes")["changes"][0]
    assert first.body == second.body
    for delivery, moment in ((first, 1772352000), (second, 1772352060)):
        digest = hmac.new(b"s3cret", f"{moment}.".encode() + delivery.body, hashlib.sha256).hexdigest()
        assert dict(delivery.headers)["X-Customerp-Signature"] == f"t={moment},v1={digest}"


def test_the_courier_posts_to_this_machine(hooked: Any) -> None:
    heard = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.server.body = self.rfile.read(int(self.headers["Content-Length"]))  # type: ignore[attr-defined]
            self.send_response(204)
            self.end_headers()
            heard.set()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        hooked.json("PATCH /webhooks/4001", {"url": f"http://127.0.0.1:{listener.server_port}/"})
        hooked.json("PATCH /customers/70001", {"name": "B"})
        with Courier([hooked.emulator]):
            assert heard.wait(5)
        listener.shutdown()
        thread.join()
        assert json.loads(listener.body)["type"] == "customer.updated"  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["http://example.com/", "http://127.0.0.1.example/", "http://127.0.0.1:1/", "http://["])
def test_the_courier_calls_nobody_elsewhere(url: str) -> None:
    assert post(Delivery(1, "x", url, (), b"")) is None


def test_what_is_armed_does_not_strike_calls(account: Callable[..., Any]) -> None:
    api = account(**{})
    assert api.emulator.switches == Switches()
    api.emulator.faults.arm(Fault("event-lost"), Fault("webhook-duplicated"))
    assert api.call("GET /customers").status_code == 200
    assert len(api.emulator.faults.armed) == 2
