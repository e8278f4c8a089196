"""The seam that lets an httpx client talk to an emulator in the same process."""

from __future__ import annotations

import httpx

from counterpart.emulators.wire import Emulator, Request


class EmulatorTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers sync and async httpx clients from one emulator, whatever host they address."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._emulator.handle(Request(request.method, path, query, headers, body))
        if request.method == "HEAD":
            return httpx.Response(answer.status, headers=answer.headers, request=request)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body, request=request)


def transport(emulator: Emulator) -> EmulatorTransport:
    """A transport for `httpx.Client` and `httpx.AsyncClient` over an emulator in this process."""
    return EmulatorTransport(emulator)
