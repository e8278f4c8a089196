"""The httpx seam: clients send through it, a session decides, and here alone are bytes sent anywhere."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Generator
from typing import Protocol
from weakref import WeakKeyDictionary

import httpx

Conversation = Generator[tuple["Upstream", httpx.Request], httpx.Response, httpx.Response]
"""Yields what is to be sent where, at most once, is given the answer, and returns the client's."""


class Conversing(Protocol):
    """Who decides about a request that an actor's client sends."""

    def converse(self, actor: str, request: httpx.Request) -> Conversation: ...


class SessionTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The transport of one actor's clients, sync or async, any number of them at once.

    Closing it ends its connections; a later request opens new ones.
    """

    def __init__(self, session: Conversing, actor: str) -> None:
        self._session, self._actor = session, actor
        self._connections: httpx.HTTPTransport | None = None
        # Connections of async clients belong to the event loop that opened them.
        self._of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncHTTPTransport] = WeakKeyDictionary()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        conversation = self._session.converse(self._actor, request)
        try:
            upstream, outgoing = next(conversation)
            try:
                answer = (upstream.in_process or self._connected()).handle_request(outgoing)
                answer.read()
                answer.close()
            except BaseException as error:
                conversation.throw(error)
                raise
            conversation.send(answer)
        except StopIteration as end:
            return _answered(end)
        raise AssertionError("a conversation sends at most one request")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        conversation = self._session.converse(self._actor, request)
        try:
            upstream, outgoing = next(conversation)
            try:
                answer = await (upstream.in_process or self._connected_in_loop()).handle_async_request(outgoing)
                await answer.aread()
                await answer.aclose()
            except BaseException as error:
                conversation.throw(error)
                raise
            conversation.send(answer)
        except StopIteration as end:
            return _answered(end)
        raise AssertionError("a conversation sends at most one request")

    def close(self) -> None:
        if self._connections is not None:
            self._connections.close()
            self._connections = None

    async def aclose(self) -> None:
        connections = self._of_loops.pop(asyncio.get_running_loop(), None)
        if connections is not None:
            await connections.aclose()

    def _connected(self) -> httpx.HTTPTransport:
        if self._connections is None:
            self._connections = httpx.HTTPTransport(verify=_tls())
        return self._connections

    def _connected_in_loop(self) -> httpx.AsyncHTTPTransport:
        loop = asyncio.get_running_loop()
        if loop not in self._of_loops:
            self._of_loops[loop] = httpx.AsyncHTTPTransport(verify=_tls())
        return self._of_loops[loop]


class InProcess(Protocol):
    """A transport for sync and async clients, as those of the emulators are."""

    def handle_request(self, request: httpx.Request) -> httpx.Response: ...

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response: ...


class Upstream:
    """A system that is recorded: an address to which requests for its public name go, or a transport in process."""

    def __init__(self, target: str | InProcess) -> None:
        self._address = httpx.URL(target) if isinstance(target, str) else None
        self.in_process = None if isinstance(target, str) else target

    def rebased(self, request: httpx.Request, path: bytes) -> httpx.Request:
        """The request as it goes out: `path` below this address, and an answer that is not compressed."""
        headers = httpx.Headers([(name, value) for name, value in request.headers.raw if name.lower() != b"host"])
        headers["Accept-Encoding"] = "identity"
        url = request.url
        if self._address is not None:
            url = self._address.copy_with(raw_path=self._address.raw_path.rstrip(b"/") + path)
        return httpx.Request(
            request.method, url, headers=headers, content=request.content, extensions=request.extensions
        )


@functools.cache
def _tls() -> ssl.SSLContext:
    """One context a process: httpx would read the certificates anew for each transport."""
    return ssl.create_default_context()


def _answered(end: StopIteration) -> httpx.Response:
    answer = end.value
    assert isinstance(answer, httpx.Response)
    return answer
