"""An emulator as an ASGI application, with bounds on what a request may cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from counterpart.emulators.wire import Emulator, Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 25_000_000


class _RefusedBody(Exception):
    """The body is too large or came too slowly; holds the status that says so."""

    def __init__(self, status: int) -> None:
        self.status = status


def asgi(emulator: Emulator, *, body_seconds: float = 10.0) -> App:
    """An ASGI application that answers HTTP requests from the emulator; a body that takes longer is cut off (408)."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            async with asyncio.timeout(body_seconds):
                body = await _body(receive)
        except TimeoutError:
            await _send(send, Response(408, (("Connection", "close"),), b""), head=False)
            return
        except _RefusedBody as refused:
            await _send(send, Response(refused.status, (("Connection", "close"),), b""), head=False)
            return
        await _send(send, emulator.handle(_request(scope, body)), head=scope["method"] == "HEAD")

    return app


def _request(scope: Scope, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        key = name.decode("latin-1").lower()
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    return Request(scope["method"], path.decode("latin-1"), scope["query_string"].decode("latin-1"), headers, body)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _RefusedBody(400)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise _RefusedBody(413)
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, response: Response, *, head: bool) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else response.body})
