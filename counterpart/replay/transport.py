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
    """The transport of one actor's clients, sync or async, any number of them at once."""

    def __init__(self, session: Conversing, actor: str) -> None:
        self._session, self._actor = session, actor

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        conversation = self._session.converse(self._actor, request)
        try:
            upstream, outgoing = next(conversation)
            try:
                answer = upstream.send(outgoing)
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
                answer = await upstream.asend(outgoing)
                await answer.aread()
                await answer.aclose()
            except BaseException as error:
                conversation.throw(error)
                raise
            conversation.send(answer)
        except StopIteration as end:
            return _answered(end)
        raise AssertionError("a conversation sends at most one request")


class Upstream:
    """A system that is recorded: an address to which requests for its public name go, or a transport in process."""

    def __init__(self, target: str | httpx.BaseTransport | httpx.AsyncBaseTransport) -> None:
        self._address = httpx.URL(target) if isinstance(target, str) else None
        self._sync = target if isinstance(target, httpx.BaseTransport) else None
        self._async = target if isinstance(target, httpx.AsyncBaseTransport) else None
        # Connections belong to the event loop that opened them.
        self._of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncHTTPTransport] = WeakKeyDictionary()
        self._owned: httpx.HTTPTransport | None = None

    def rebased(self, request: httpx.Request, path: bytes) -> httpx.Request:
        """The request as it goes out: `path` below this address, and an answer that is not compressed."""
        headers = httpx.Headers([(name, value) for name, value in request.headers.raw if name.lower() != b"host"])
        headers["Accept-Encoding"] = "identity"
        url = request.url
        if self._address is not None:
            base = self._address.raw_path.rstrip(b"/")
            url = self._address.copy_with(raw_path=base + path)
        return httpx.Request(
            request.method, url, headers=headers, content=request.content, extensions=request.extensions
        )

    def send(self, request: httpx.Request) -> httpx.Response:
        if self._address is None:
            if self._sync is None:
                raise TypeError("the transport in process answers async clients only")
            return self._sync.handle_request(request)
        if self._owned is None:
            self._owned = httpx.HTTPTransport(verify=_tls())
        return self._owned.handle_request(request)

    async def asend(self, request: httpx.Request) -> httpx.Response:
        if self._address is None:
            if self._async is None:
                raise TypeError("the transport in process answers sync clients only")
            return await self._async.handle_async_request(request)
        loop = asyncio.get_running_loop()
        if loop not in self._of_loops:
            self._of_loops[loop] = httpx.AsyncHTTPTransport(verify=_tls())
        return await self._of_loops[loop].handle_async_request(request)

    def close(self) -> None:
        """Close the connections of sync clients; those of async ones end with their loop."""
        if self._owned is not None:
            self._owned.close()
            self._owned = None


@functools.cache
def _tls() -> ssl.SSLContext:
    """One context a process: httpx would read the certificates anew for each transport."""
    return ssl.create_default_context()


def _answered(end: StopIteration) -> httpx.Response:
    answer = end.value
    assert isinstance(answer, httpx.Response)
    return answer
