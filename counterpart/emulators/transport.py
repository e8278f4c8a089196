"""The seam that lets an httpx client talk to an emulator in the same process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx

from counterpart.emulators.bare import surrounded
from counterpart.emulators.outcomes import Outcome, answer
from counterpart.emulators.wire import Handler, Request, Response


class EmulatorTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers sync and async httpx clients from one emulator, whatever host they address.

    Armed faults strike as they would on a wire, as httpx's own exceptions. Waiting moves the clock; only with a
    running one it takes real time.
    """

    def __init__(self, handler: Handler) -> None:
        self._emulator = surrounded(handler)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = _call(request, request.read())
        refusal = self._emulator.enter(call)
        if refusal is not None:
            return _carried(request, refusal)
        try:
            outcome = answer(self._emulator, call)
            if outcome.wait and self._emulator.clock.running:
                time.sleep(outcome.wait)
            else:
                self._emulator.clock.advance(outcome.wait)
            return _ended(request, outcome)
        finally:
            self._emulator.leave(call)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = _call(request, await request.aread())
        refusal = self._emulator.enter(call)
        if refusal is not None:
            return _carried(request, refusal)
        try:
            outcome = answer(self._emulator, call)
            if outcome.wait and self._emulator.clock.running:
                await asyncio.sleep(outcome.wait)
            else:
                self._emulator.clock.advance(outcome.wait)
            return _ended(request, outcome)
        finally:
            self._emulator.leave(call)


class _Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body whose connection closes half way, in the words httpx has for it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise self._error()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise self._error()

    def _error(self) -> httpx.RemoteProtocolError:
        received, expected = len(self._body) // 2, len(self._body)
        return httpx.RemoteProtocolError(
            f"peer closed connection without sending complete message body "
            f"(received {received} bytes, expected {expected})"
        )


def transport(handler: Handler) -> EmulatorTransport:
    """A transport for `httpx.Client` and `httpx.AsyncClient` over an emulator in this process."""
    return EmulatorTransport(handler)


def _call(request: httpx.Request, body: bytes) -> Request:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request(request.method, path, query, headers, body)


def _ended(request: httpx.Request, outcome: Outcome) -> httpx.Response:
    if outcome.ending == "timeout":
        raise httpx.ReadTimeout("timed out", request=request)
    if outcome.response is None:
        raise httpx.ReadError("connection reset by peer", request=request)
    if outcome.ending == "truncated":
        whole = outcome.response
        headers = [*whole.headers, ("Content-Length", str(len(whole.body)))]
        return httpx.Response(whole.status, headers=headers, stream=_Cut(whole.body), request=request)
    return _carried(request, outcome.response)


def _carried(request: httpx.Request, answer: Response) -> httpx.Response:
    if request.method == "HEAD":
        return httpx.Response(answer.status, headers=answer.headers, request=request)
    return httpx.Response(answer.status, headers=answer.headers, content=answer.body, request=request)
