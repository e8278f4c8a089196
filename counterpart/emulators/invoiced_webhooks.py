"""Webhooks of the Invoiced emulator: who is told of events, and the log of the attempts."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_listing import Listing, answer, project
from counterpart.emulators.invoiced_values import boolean, invalid
from counterpart.emulators.jsontext import encode_escaped
from counterpart.emulators.outbox import Pending
from counterpart.emulators.table import Row
from counterpart.emulators.wire import Delivery

HIDDEN = frozenset({"secret"})
LISTING = Listing(columns={"id": "number", "url": "text", "enabled": "boolean"}, defaults={}, hidden=HIDDEN)
ATTEMPTS = Listing(columns={"id": "number", "event_id": "number"}, defaults={})


def create(account: Account, call: Call) -> Reply:
    if "url" not in call.body:
        raise InvoicedError("Url is missing", "url")
    row: Row = {"id": account.webhooks.next_id, "object": "webhook", "enabled": True, "events": ["*"]}
    row |= {"secret": account.random_text(32), "created_at": call.now} | _read(call.body) | {"updated_at": call.now}
    account.webhooks.add(row)
    return Reply(201, project(row, call.query, HIDDEN))


def retrieve(account: Account, call: Call) -> Reply:
    return Reply(200, project(_find(account, call), call.query, HIDDEN))


def list_(account: Account, call: Call) -> Reply:
    return answer(account, call, LISTING, account.webhooks, dict)


def change(account: Account, call: Call) -> Reply:
    row = _find(account, call)
    if call.body:
        row = row | _read(call.body) | {"updated_at": call.now}
        account.webhooks.put(row["id"], row)
    return Reply(200, project(row, call.query, HIDDEN))


def delete(account: Account, call: Call) -> Reply:
    account.webhooks.remove(_find(account, call)["id"])
    return Reply(204)


def attempts(account: Account, call: Call) -> Reply:
    return answer(account, call, ATTEMPTS, account.webhook_attempts, dict)


def retry(account: Account, call: Call) -> Reply:
    """Make a call that is still to be tried again due at once."""
    row = account.webhook_attempts.named(call.arguments[0])
    if row is None:
        raise InvoicedError(f"Webhook attempt was not found: {call.arguments[0][:80]}", status=404)
    pending = account.outbox.pending.get(row["id"])
    if pending is not None:
        pending.due = call.now
    return Reply(204)


def announce(account: Account, event: Row) -> None:
    """Put down a call for every address that wants to hear of an event."""
    body = encode_escaped(event).encode()
    now = account.clock.seconds()
    for webhook in account.webhooks:
        if not webhook["enabled"] or not {"*", event["type"]} & set(webhook["events"]):
            continue
        id_, url = account.webhook_attempts.next_id, webhook["url"]
        account.outbox.add(Pending(id_, event["type"], url, body, webhook["secret"], now))
        row: Row = {"id": id_, "object": "webhook_attempt", "event_id": event["id"], "url": url}
        account.webhook_attempts.add(row | {"attempts": [], "next_attempt": now, "created_at": now, "updated_at": now})


def due(account: Account, now: int) -> list[Delivery]:
    """The calls to make now: signed, and the same bytes at each attempt."""
    return [
        Delivery(call.id, call.name, call.url, _headers(call.body, call.secret), call.body)
        for call in account.outbox.due(now)
    ]


def settle(account: Account, id_: int, status: int | None, now: int) -> None:
    """Log an attempt; a call that is given up disables every webhook of its address."""
    pending = account.outbox.pending.get(id_)
    if pending is None:
        return
    given_up = account.outbox.settle(id_, status, now)
    row = account.webhook_attempts.get(id_)
    if row is not None:
        tried = [{"timestamp": at, "status_code": code} for at, code in pending.attempts]
        following = pending.due if id_ in account.outbox.pending else None
        account.webhook_attempts.put(row["id"], row | {"attempts": tried, "next_attempt": following, "updated_at": now})
    if given_up is not None:
        for webhook in list(account.webhooks):
            if webhook["url"] == given_up.url:
                account.webhooks.put(webhook["id"], webhook | {"enabled": False, "updated_at": now})


def _headers(body: bytes, secret: str) -> tuple[tuple[str, str], ...]:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return (
        ("Content-Type", "application/json"),
        ("User-Agent", "Invoiced/1.0"),
        ("X-Invoiced-Signature", signature),
    )


def _read(body: Mapping[str, Any]) -> Row:
    values: Row = {}
    if "url" in body:
        url = body["url"]
        if not isinstance(url, str) or not url.startswith(("http://", "https://")) or len(url.encode()) > 255:
            raise invalid("url")
        values["url"] = url
    if "enabled" in body:
        values["enabled"] = boolean("enabled", body["enabled"])
    if "events" in body:
        names = body["events"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise invalid("events")
        values["events"] = names
    return values


def _find(account: Account, call: Call) -> Row:
    row = account.webhooks.named(call.arguments[0])
    if row is None:
        raise InvoicedError(f"Webhook was not found: {call.arguments[0][:80]}", status=404)
    return row
