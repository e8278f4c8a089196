"""Webhooks as a bell: whoever rings with a valid signature starts the next round, and nothing they say is believed.

Calls come unordered, more than once, or not at all, so they carry no truth; what changed is read from the systems.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from sync.clock import Clock
from sync.links import System

SECRETS: Mapping[System, str] = {
    "customerp": "COUNTERPART_CUSTOMERP_WEBHOOK_SECRET",
    "invoiced": "COUNTERPART_INVOICED_WEBHOOK_SECRET",
}
MAX_BODY = 1024 * 1024
PATHS: Mapping[str, System] = {"/webhooks/customerp": "customerp", "/webhooks/invoiced": "invoiced"}
_PATIENCE_SECONDS = 10.0
_OLDEST_SECONDS = 300  # a signed time further away than this is a call that somebody has kept (Customerp's contract)
_REMEMBERED = 10_000


def authentic(system: System, secret: str, signature: str, body: bytes, now: float) -> bool:
    """Whether a call was signed with the secret, over its raw bytes.

    Customerp signs `<t>.<body>` and sends `t=<t>,v1=<hex>`; Invoiced signs the body alone, so its calls can be
    replayed.
    """
    signed, given = body, signature
    if system == "customerp":
        parts = re.fullmatch(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", signature)
        if parts is None or abs(now - int(parts[1])) > _OLDEST_SECONDS:
            return False
        signed, given = f"{parts[1]}.".encode() + body, parts[2]
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape"))


class Doorbell:
    """An ASGI application that rings for each new authentic call, and answers before anything is done about it.

    204 to an authentic call, new or repeated; 401 without a valid signature, 404, 405, 408 and 413 otherwise. A system
    without a secret has no address here.
    """

    def __init__(self, secrets: Mapping[System, str], ring: Callable[[], None], clock: Clock) -> None:
        self._secrets, self._ring, self._clock = secrets, ring, clock
        self._known: OrderedDict[tuple[System, str], None] = OrderedDict()

    async def __call__(self, scope: Mapping[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        if scope["type"] == "http":
            status = await self._answer(scope, receive)
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Mapping[str, Any], receive: Callable[[], Any]) -> int:
        system = PATHS.get(scope["path"])
        if system is None or system not in self._secrets:
            return 404
        if scope["method"] != "POST":
            return 405
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                body = await _bounded(receive)
        except TimeoutError:
            return 408
        if body is None:
            return 413
        name = f"x-{system}-signature".encode()
        signature = next((value for key, value in scope["headers"] if key == name), b"").decode("latin-1")
        if not authentic(system, self._secrets[system], signature, body, self._clock.now().timestamp()):
            return 401
        if self._new(system, body):
            self._ring()
        return 204

    def _new(self, system: System, body: bytes) -> bool:
        key = (system, _event(body))
        if key in self._known:
            return False
        self._known[key] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return True


async def _bounded(receive: Callable[[], Any]) -> bytes | None:
    """The whole body, or None when it is longer than any event."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _event(body: bytes) -> str:
    """What tells one event from another: Invoiced's id, Customerp's sequence number, or all of it."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    # A change of Customerp has an `id`, too: that of the record.
    number = said.get("sequence", said.get("id")) if isinstance(said, dict) else None
    return str(number) if number is not None else hashlib.sha256(body).hexdigest()
