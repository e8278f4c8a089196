"""An emulator as an ASGI application, with bounds on what a request may cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any

from counterpart.emulators.bare import surrounded
from counterpart.emulators.outcomes import Outcome, answer
from counterpart.emulators.wire import Handler, Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Log = Callable[[Request, Outcome], None]

ABORT = "counterpart.abort"
"""The extension under which a server offers to break the connection off."""

_LONGEST_SILENCE = 60.0


class _RefusedBody(Exception):
    """The body is too large or came too slowly; holds the status that says so."""

    def __init__(self, status: int) -> None:
        self.status = status


def asgi(handler: Handler, *, body_seconds: float = 10.0, log: Log | None = None) -> App:
    """An ASGI application that answers HTTP requests from the emulator.

    A body that takes longer than `body_seconds` is cut off (408), one beyond the emulator's bound refused (413).
    `log` is told of each call and its outcome.
    """

    emulator = surrounded(handler)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        head = _request(scope, b"")
        refusal = emulator.enter(head)
        if refusal is not None:
            await _send(send, refusal, head=scope["method"] == "HEAD")
            if log is not None:
                log(head, Outcome(refusal))
            return
        try:
            async with asyncio.timeout(body_seconds):
                body = await _body(receive, head, emulator.largest_body)
            request = Request(head.method, head.path, head.query, head.headers, body)
            outcome = answer(emulator, request)
            if log is not None:
                log(request, outcome)
            await _end(scope, send, outcome)
        except TimeoutError:
            await _send(send, Response(408, (("Connection", "close"),), b""), head=False)
        except _RefusedBody as refused:
            told = emulator.failure(refused.status) if refused.status == 413 else Response(refused.status, (), b"")
            await _send(send, replace(told, headers=(*told.headers, ("Connection", "close"))), head=False)
        finally:
            emulator.leave(head)

    return app


def _request(scope: Scope, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        key = name.decode("latin-1").lower()
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    return Request(scope["method"], path.decode("latin-1"), scope["query_string"].decode("latin-1"), headers, body)


async def _body(receive: Receive, head: Request, largest: int) -> bytes:
    declared = head.headers.get("content-length", "")
    if declared.isdigit() and (len(declared) > 12 or int(declared) > largest):
        raise _RefusedBody(413)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _RefusedBody(400)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > largest:
            raise _RefusedBody(413)
        if not message.get("more_body"):
            return b"".join(parts)


async def _end(scope: Scope, send: Send, outcome: Outcome) -> None:
    if outcome.ending == "timeout":
        await asyncio.sleep(outcome.wait or _LONGEST_SILENCE)
    elif outcome.wait:
        await asyncio.sleep(outcome.wait)
    if outcome.response is None:
        abort = scope.get("extensions", {}).get(ABORT)
        if abort is None:
            raise ConnectionResetError("The server has no way to break off this connection.")
        await abort()
    else:
        cut = outcome.ending == "truncated"
        await _send(send, outcome.response, head=scope["method"] == "HEAD", cut=cut)


async def _send(send: Send, response: Response, *, head: bool, cut: bool = False) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = b"" if head else response.body[: len(response.body) // 2] if cut else response.body
    # A body left unfinished makes the server close the connection.
    await send({"type": "http.response.body", "body": body, "more_body": cut})
